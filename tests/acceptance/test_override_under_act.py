"""The whole conversation under a real runner: act in host mode, with the workflows that `wedgate init` writes.

Each comment is an event file for the workflow of comments; the deployment is a push to the default branch, through the
gate's own workflow. The forge is the double on loopback, the ledger a branch of a real git server.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from git_server import GitServer
from github_world import REPOSITORY, GithubWorld, Pull
from modules import module_at

pytestmark = [pytest.mark.needs_tool("act"), pytest.mark.timeout(600)]

TESTS = Path(__file__).resolve().parents[1]
HEAD = "b" * 40
TREE = "7" * 40
CONFIG = """version: 1
service: venue-search
regions: {{eu: {{markets: {{berlin: {{zone: Europe/Berlin, country: DE}}}}}}}}
rules: {{saturday: {{where: all, weekdays: monday..sunday, effect: block}}}}
overrides: {{approvers: {{people: [alice, bob]}}}}
state: {{kind: git, remote: "{remote}"}}
"""


@dataclass
class Runner:
    """Runs one of the workflows for an event."""

    place: Path
    world: GithubWorld
    runs: int = 0

    def run(self, name: str, workflow: str, event: dict[str, Any], **more: str) -> subprocess.CompletedProcess[str]:
        """Run a workflow for an event, as a run of its own."""
        self.runs += 1
        act_tests: Any = module_at(TESTS / "acceptance" / "test_action_under_act.py")
        path = self.place / "event.json"
        path.write_text(json.dumps({"repository": {"default_branch": "main"}, **event}))
        act = shutil.which("act", path=f"{TESTS.parent / '.tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
        assert act is not None
        setup_python = f"actions/setup-python@{act_tests.setup_python_reference()}"
        settings = {
            "GITHUB_API_URL": self.world.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": str(900 + self.runs),
            "STAND_IN_PYTHON": sys.executable,
            "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv"),
            **more,
        }
        return subprocess.run(
            [
                act,
                name,
                "--pull=false",
                f"--workflows=.github/workflows/{workflow}",
                "--platform=ubuntu-latest=-self-hosted",
                f"--eventpath={path}",
                f"--local-repository={setup_python}={self.place / 'setup-python'}",
                f"--local-repository=org/wedgate@v1={self.place / 'action'}",
                "--secret=GITHUB_TOKEN=a-token-of-the-test",
                *(f"--env={key}={value}" for key, value in settings.items()),
            ],
            cwd=self.place / "workspace",
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(self.place / "home"),
                "LANG": "C.UTF-8",
                **act_tests.settings_of_the_installers(),
            },
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    def says(self, who: str, body: str, *, fails: bool = False) -> subprocess.CompletedProcess[str]:
        """Let somebody comment, and run the workflow of comments, which succeeds unless it has to fail."""
        comment = self.world.say(7, who, body)
        issue = {"number": 7, "pull_request": {"url": "x"}}
        event = {"action": "created", "issue": issue, "comment": {"id": comment.number, "body": body}}
        done = self.run("issue_comment", "wedgate-override.yml", event)
        assert (done.returncode != 0) is fails, (done.stdout + done.stderr)[-4000:]
        return done

    def deploys(self) -> subprocess.CompletedProcess[str]:
        """Run the gate's workflow for a push of the squashed commit, which is what the workspace is at."""
        return self.run("push", "wedgate-gate.yml", {"ref": "refs/heads/main", "after": self.merged})

    @property
    def merged(self) -> str:
        """Return the commit that the workspace is at."""
        words = ["git", "-C", str(self.place / "workspace"), "rev-parse", "HEAD"]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Write what `wedgate init` writes for one region, with a deployment that only says so."""
    act_tests: Any = module_at(TESTS / "acceptance" / "test_action_under_act.py")
    for name in ("action", "setup-python", "home", "workspace"):
        (tmp_path / name).mkdir()
    act_tests.copy_action(tmp_path / "action")
    (tmp_path / "setup-python" / "action.yml").write_text(act_tests.STAND_IN)
    workspace = tmp_path / "workspace"
    subprocess.run([sys.executable, "-I", "-m", "wedgate", "init", workspace], check=True, capture_output=True)
    gate = workspace / ".github" / "workflows" / "wedgate-gate.yml"
    text = gate.read_text().replace("[us-east, us-west, eu-central, asia-pacific]", "[eu]")
    checkout = text.index("      - name: Check out")
    gate.write_text(text[:checkout] + "      - name: Deploy\n        run: echo deployed\n")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*git, *command], cwd=workspace, check=True)
    return tmp_path


def test_from_the_request_to_the_use_of_the_grant(place: Path) -> None:
    """Closed; asked for, approved by two; the deployment goes through once, and a second one does not."""
    with GithubWorld() as world, GitServer(place / "git") as server:
        world.put("wedgate.yml", CONFIG.format(remote=server.url).encode())
        world.pulls[7] = Pull(head=HEAD)
        world.pushes.append(("fix", HEAD, "dave"))
        runner = Runner(place, world)
        world.trees |= {HEAD: TREE, runner.merged: TREE}
        world.brought_by[runner.merged] = [7]
        closed = runner.deploys()
        assert closed.returncode != 0
        assert "saturday" in closed.stdout

        runner.says("erin", f'/wedgate override {HEAD} regions=eu rules=saturday for=4h reason="checkout is down"')
        (answer,) = [each for each in world.comments[7] if each.login == "github-actions[bot]"]
        line = next(line for line in answer.body.splitlines() if line.startswith("/wedgate approve"))
        runner.says("alice", line)
        assert world.statuses[-1]["state"] == "failure"
        runner.says("bob", line)
        assert world.statuses[-1]["state"] == "success"

        opened = runner.deploys()
        assert opened.returncode == 0, (opened.stdout + opened.stderr)[-4000:]
        assert "deployed" in opened.stdout
        used = server.git("show", "refs/heads/wedgate/venue-search:ledger.jsonl")
        assert used.count('"kind": "used"') == 1
        again = runner.deploys()
        assert again.returncode != 0
        assert "deployed" not in again.stdout
    assert "The override was used" in answer.body


def test_a_rollback_goes_on_where_the_answer_fails(place: Path) -> None:
    """The step that takes the rollout's id runs behind one that failed: a line was refused, or nobody answered."""
    with GithubWorld() as world, GitServer(place / "git") as server:
        world.put("wedgate.yml", CONFIG.format(remote=server.url).encode())
        world.pulls[7] = Pull(head=HEAD)
        world.pushes.append(("fix", HEAD, "dave"))
        runner = Runner(place, world)
        refused = runner.says("alice", '/wedgate rollback r-1 reason="bad"\n\n/wedgate statsu', fails=True)
        assert "to be rolled back - r-1" in refused.stdout
        world.failures["/activity"] = "500"
        unanswered = runner.says("alice", '/wedgate rollback r-2 reason="bad"', fails=True)
        assert "to be rolled back - r-2" in unanswered.stdout
        quiet = runner.says("alice", "/wedgate status", fails=True)
        assert "to be rolled back" not in quiet.stdout
