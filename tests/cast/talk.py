"""A repository on a day on which everything is closed, and the runs of its workflows: one object to tell with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from git_server import GitServer
from github_world import REPOSITORY, GithubWorld, Pull

from wedgate.cli.main import cli
from wedgate.errors import WedgateError

H1, MERGED = "b" * 40, "d" * 40
TREE = "7" * 40
CONFIG = """version: 1
service: venue-search
regions:
  eu: {{markets: {{berlin: {{zone: Europe/Berlin, country: DE}}}}}}
  us: {{markets: {{new-york: {{zone: America/New_York, country: US}}}}}}
rules:
  saturday: {{where: all, weekdays: monday..sunday, effect: block}}
overrides:
  approvers: {{people: [alice, bob], teams: [acme/captains]}}
  {policy}
state: {{kind: git, remote: "{remote}"}}
"""


@dataclass(frozen=True)
class Done:
    """What a step of a workflow came to."""

    exit_code: int
    output: str
    stdout: str


@dataclass
class Talk:
    """A repository on a day on which everything is closed, and the runs of its workflows."""

    world: GithubWorld
    server: GitServer
    directory: Path
    environment: dict[str, str]
    runs: int = 100
    outputs: dict[str, str] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def opened(cls, place: Path) -> Iterator[Talk]:
        """Open a pull request by dave, in a repository with two approvers by name and one by team."""
        with GithubWorld() as world, GitServer(place / "git") as server:
            world.teams["acme/captains"] = ["carol"]
            world.pulls[7] = Pull(head=H1)
            world.pushes.append(("fix", H1, "dave"))
            world.trees |= {H1: TREE, MERGED: TREE, "e" * 40: "8" * 40}
            world.brought_by |= {MERGED: [7], "e" * 40: [7]}
            own = {"GITHUB_WORKSPACE": str(place), "GITHUB_SERVER_URL": server.url.partition("/acme/")[0]}
            made = cls(world, server, place, {**world.environment(), **own})
            made.configure()
            yield made

    @classmethod
    @contextmanager
    def granted(cls, place: Path) -> Iterator[Talk]:
        """Open the same with an override that two have approved."""
        with cls.opened(place) as made:
            request = made.asks()
            for who in ("alice", "bob"):
                assert made.says(who, f"/wedgate approve {H1} {request}").exit_code == 0
            yield made

    def configure(self, policy: str = "longest: 4h") -> None:
        """Write the configuration of the default branch."""
        self.world.put("wedgate.yml", CONFIG.format(policy=policy, remote=self.server.url).encode())

    def says(self, who: str | None, body: str, **how: Any) -> Done:
        """Let somebody comment, and run the workflow for it."""
        comment = self.world.say(7, who, body, **how)
        return self.hears(comment.number)

    def hears(
        self,
        comment: int,
        *,
        action: str = "created",
        is_pull: bool = True,
        options: tuple[str, ...] = (),
        told: dict[str, Any] | None = None,
    ) -> Done:
        """Run `wedgate comment` for a comment, ``told`` as the event has it."""
        issue: dict[str, Any] = {"number": 7, **({"pull_request": {"url": "x"}} if is_pull else {})}
        event = {"action": action, "issue": issue, "comment": {"id": comment, **(told or {})}}
        path = self.directory / "event.json"
        path.write_text(json.dumps(event))
        return self.run("issue_comment", "comment", *options, GITHUB_EVENT_PATH=str(path))

    def deploys(self, commit: str, *words: str, run: int | None = None, **more: str) -> Done:
        """Run the deploy workflow's gate for a push."""
        self.runs += 1
        number = str(run or self.runs)
        return self.run("push", "check", "--format", "json", *words, GITHUB_SHA=commit, GITHUB_RUN_ID=number, **more)

    def looks(self, *words: str) -> Done:
        """Run the pull request's own check."""
        event = {
            "number": 7,
            "repository": {"default_branch": "main", "full_name": REPOSITORY},
            "pull_request": {"number": 7, "base": {"ref": "main", "sha": "a" * 40}, "head": {"sha": H1}},
        }
        path = self.directory / "pull.json"
        path.write_text(json.dumps(event))
        return self.run("pull_request", "check", *words, GITHUB_EVENT_PATH=str(path), GITHUB_SHA="c" * 40)

    def run(self, event: str, *words: str, **more: str) -> Done:
        """Run a command as a workflow's step does."""
        output = self.directory / "output"
        output.write_text("")
        self.runs += 1
        environment = {
            **self.environment,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_RUN_ID": str(self.runs),
            "GITHUB_OUTPUT": str(output),
            **more,
        }
        found = CliRunner(env=environment).invoke(cli, list(words), obj={"debug": False}, standalone_mode=False)
        if isinstance(found.exception, WedgateError):
            return Done(int(found.exception.exit_code), f"{found.output}{found.exception}", found.stdout)
        if found.exception is not None:
            raise found.exception
        return Done(int(found.return_value), found.output, found.stdout)

    def asks(self, who: str = "erin", *, rest: str = "regions=eu,us rules=saturday for=2h reason=down") -> str:
        """Let somebody ask, and return the request's id out of the answer."""
        result = self.says(who, f"/wedgate override {self.world.pulls[7].head} {rest}")
        assert result.exit_code == 0, result.output
        line = next(line for line in self.answer.splitlines() if line.startswith("/wedgate approve "))
        return line.split()[-1]

    @property
    def answer(self) -> str:
        """Return wedgate's own comment."""
        (own,) = [each.body for each in self.world.comments[7] if each.login == self.world.app]
        return str(own)

    @property
    def status(self) -> dict[str, Any]:
        """Return the last status."""
        return self.world.statuses[-1]

    def ledger(self) -> list[dict[str, Any]]:
        """Return the audit stream as the server has it."""
        text = self.server.git("show", "refs/heads/wedgate/venue-search:ledger.jsonl")
        found: list[dict[str, Any]] = []
        for line in text.splitlines():
            entry = json.loads(line)
            found += entry if isinstance(entry, list) else [entry]
        return found
