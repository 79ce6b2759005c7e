"""A repository that rolls out with the workflows that others call, under nektos/act in host mode.

The forge is the double on loopback, the ledger a branch of a real git server, the region a simulated target in a file
outside of the checkout. ``actions/setup-python`` is replaced by a stand-in that names the interpreter of the tests.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from git_server import GitServer
from github_world import REPOSITORY, GithubWorld
from modules import module_at

ROOT = Path(__file__).resolve().parents[2]


act_tests: Any = module_at(ROOT / "tests" / "acceptance" / "test_action_under_act.py")
CALLED = ("rollout", "rollback", "plan", "check", "override", "report")
CONFIGURATION = """\
version: 1
service: venue-search
regions:
  us-west:
    markets:
      los-angeles: {{zone: America/Los_Angeles, country: US, subdivision: CA}}
rules: {rules}
rollout:
  reserve: 1s
  strategies:
    steady: {{kind: canary, steps: [{{weight: 10, bake: {bake}}}]}}
  target: {{kind: simulated, path: {target}}}
judge:
  slice: {slice}
  errors: {{requests: 20}}
  latency-p95: {{slices: 3}}
  false-alarms: 20%
overrides: {{approvers: {{people: [alice, bob]}}}}
state: {{kind: git, remote: "{remote}"}}
"""
DRIVE = {
    "on": {
        "workflow_dispatch": {"inputs": {"digest": {"type": "string"}}},
        "schedule": [{"cron": "*/15 * * * *"}],
        "repository_dispatch": {"types": ["wedgate-rollout"]},
    },
    "permissions": {},
}
OTHERS: dict[str, dict[str, Any]] = {
    "back": {"on": "workflow_dispatch", "with": {"reason": "bookings fail"}, "uses": "rollback"},
    "planned": {"on": "pull_request", "uses": "plan"},
    "gate": {"on": "push", "uses": "check"},
    "comments": {"on": "issue_comment", "uses": "override"},
    "reports": {"on": {"repository_dispatch": {"types": ["wedgate-report"]}}, "uses": "report"},
}


@dataclass
class Done:
    """A run that has ended: its exit code, and its log without act's own words at the start of each line."""

    code: int
    log: str


@dataclass
class ActPlace:
    """A workspace with everything around it. ``budget`` is that of the rollout's workflow: without it, each is a tick.

    ``rules`` are those of the configuration; by default nothing closes.
    """

    base: Path
    world: GithubWorld
    server: GitServer
    bake: str = "8s"
    slice: str = "1s"
    budget: str = ""
    rules: str = "{long-ago: {where: all, dates: 2020-01-01..2020-01-02, effect: block}}"
    runs: int = 0
    started: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("action", "setup-python", "workspace/.github/workflows", "home", "bin", "target"):
            (self.base / name).mkdir(parents=True)
        act_tests.copy_action(self.base / "action")
        (self.base / "setup-python" / "action.yml").write_text(act_tests.STAND_IN)
        (self.base / "bin" / "uv").symlink_to(Path(sys.executable).with_name("uv"))
        self.target.write_text(
            json.dumps(
                {
                    "us-west": {"colours": {"blue": "sha256:old", "green": None}},
                    "*traffic": {"rate": 200, "digests": {"sha256:bad": {"errors": 0.4}}},
                }
            )
        )
        own = {"bake": self.bake, "slice": self.slice, "rules": self.rules}
        text = CONFIGURATION.format(**own, target=self.target, remote=self.server.url)
        self.world.put("wedgate.yml", text.encode())
        self.world.workflows = {"drive.yml": True}
        (self.workspace / "wedgate.yml").write_text(text)
        self._write_workflows()
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Begin"]):
            subprocess.run([*git, *command], cwd=self.workspace, check=True)
        adopted = self.wedgate("rollout", "adopt", "--digest", "sha256:old")
        assert adopted.returncode == 0, adopted.stderr

    def _write_workflows(self) -> None:
        directory = self.workspace / ".github" / "workflows"
        for name in CALLED:
            shutil.copy2(ROOT / ".github" / "workflows" / f"{name}.yml", directory)
        call = {"digest": "${{ inputs.digest || '' }}", "budget": self.budget, "regions": "us-west"}
        own = {"uses": "./.github/workflows/rollout.yml", "with": call}
        (directory / "drive.yml").write_text(yaml.safe_dump({**DRIVE, "jobs": {"rollout": own}}))
        for name, other in OTHERS.items():
            own = {"uses": f"./.github/workflows/{other['uses']}.yml", "with": other.get("with", {})}
            (directory / f"{name}.yml").write_text(yaml.safe_dump({"on": other["on"], "jobs": {name: own}}))

    def add_documented(self, name: str, page: str, has: str, on: str) -> None:
        """Add a workflow whose jobs a page of the documentation has, in the block that ``has`` a line."""
        blocks = re.findall(r"^```yaml\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
        (block,) = [block for block in blocks if f"{has}\n" in block]
        called = block.replace("org/wedgate/.github/", "./.github/").replace(".yml@v1", ".yml")
        path = self.workspace / ".github" / "workflows" / f"{name}.yml"
        path.write_text(yaml.safe_dump({"on": on, "permissions": {}, **yaml.safe_load(called)}))

    @property
    def workspace(self) -> Path:
        """The checkout."""
        return self.base / "workspace"

    @property
    def target(self) -> Path:
        """The file in which the region lives."""
        return self.base / "target" / "simulated.json"

    @property
    def head(self) -> str:
        """The commit that the workspace is at."""
        words = ["git", "-C", str(self.workspace), "rev-parse", "HEAD"]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()

    def region(self) -> dict[str, Any]:
        """Return the region as its target has it; an error where its weights are not lawful."""
        found: dict[str, Any] = json.loads(self.target.read_text())["us-west"]
        weights = found.setdefault("weights", {"blue": 100, "green": 0})
        assert weights["blue"] + weights["green"] == 100, weights
        assert weights["green"] == 0 or found["colours"]["green"] is not None
        return found

    def green(self) -> int:
        """Return the percent that green has."""
        return int(self.region()["weights"]["green"])

    def writes(self) -> list[int]:
        """Return the percents that green was given, one for each change."""
        given = [call[2] for call in self.region().get("calls", []) if call[0] == "set_weights"]
        return [weight for place, weight in enumerate(given) if place == 0 or weight != given[place - 1]]

    def status(self) -> dict[str, Any]:
        """Return where the last rollout stands, by the ledger alone."""
        shown = self.wedgate("rollout", "status", "--format", "json")
        assert shown.returncode == 0, shown.stderr
        found: dict[str, Any] = json.loads(shown.stdout)["rollout"]
        return found

    def wedgate(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a person at a clone of the repository."""
        return subprocess.run(
            [sys.executable, "-I", "-X", "utf8", "-m", "wedgate", *words],
            cwd=self.workspace,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.base / "home"), "GITHUB_TOKEN": "a-token-of-the-test"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def driver(self) -> int:
        """Return the process that holds the lease, by the ledger."""
        lines = self.server.git("show", "refs/heads/wedgate/venue-search:ledger.jsonl").splitlines()
        appended = [json.loads(line) for line in lines]
        entries = [entry for each in appended for entry in (each if isinstance(each, list) else [each])]
        taken = [entry["body"]["who"] for entry in entries if (entry["stream"], entry["kind"]) == ("lease", "taken")]
        return int(taken[-1].rpartition(":")[2])

    def start(self, name: str, workflow: str, event: dict[str, Any] | None = None, **settings: str) -> Run:
        """Start a run of a workflow for an event."""
        self.runs += 1
        # A home for each run: what act keeps there belongs to one machine of many.
        home = self.base / f"home-{self.runs}"
        home.mkdir()
        path = home / "event.json"
        path.write_text(json.dumps({"repository": {"default_branch": "main"}, **(event or {})}))
        act = shutil.which("act", path=f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
        assert act is not None
        known = {
            "GITHUB_API_URL": self.world.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": str(900 + self.runs),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_WORKFLOW_REF": f"{REPOSITORY}/.github/workflows/{workflow}@refs/heads/main",
            "STAND_IN_PYTHON": sys.executable,
            "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv"),
            **settings,
        }
        setup_python = f"actions/setup-python@{act_tests.setup_python_reference()}"
        with (home / "log").open("w") as log:
            process = subprocess.Popen(
                [
                    act,
                    name,
                    "--pull=false",
                    f"--workflows=.github/workflows/{workflow}",
                    "--platform=ubuntu-latest=-self-hosted",
                    f"--eventpath={path}",
                    f"--local-repository={setup_python}={self.base / 'setup-python'}",
                    f"--local-repository=org/wedgate@v1={self.base / 'action'}",
                    "--secret=GITHUB_TOKEN=a-token-of-the-test",
                    *(f"--env={key}={value}" for key, value in known.items()),
                ],
                cwd=self.workspace,
                env={
                    "PATH": f"{self.base / 'bin'}:/usr/local/bin:/usr/bin:/bin",
                    "HOME": str(home),
                    "LANG": "C.UTF-8",
                    **act_tests.settings_of_the_installers(),
                },
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        run = Run(process, home / "log")
        self.started.append(run)
        return run

    def drive(self, name: str = "schedule", *, digest: str = "", **settings: str) -> Done:
        """Let the rollout's workflow run for an event to its end."""
        return self.start_driving(name, digest=digest, **settings).done()

    def start_driving(self, name: str = "schedule", *, digest: str = "", **settings: str) -> Run:
        """Start a run of the rollout's workflow."""
        event = {"inputs": {"digest": digest}} if digest else {}
        return self.start(name, "drive.yml", event, **settings)


@dataclass
class Run:
    """A run that goes on."""

    process: subprocess.Popen[str]
    path: Path

    @property
    def log(self) -> str:
        """What it has printed so far."""
        return re.sub(r"^\[[^]]*\] *", "", self.path.read_text(), flags=re.MULTILINE)

    def done(self) -> Done:
        """Wait for its end."""
        code = self.process.wait(timeout=280)
        return Done(code, self.log)

    def until(self, text: str) -> None:
        """Wait until it has printed something."""
        deadline = time.monotonic() + 120
        while text not in self.log:
            assert self.process.poll() is None, self.log[-4000:]
            assert time.monotonic() < deadline, self.log[-4000:]
            time.sleep(0.05)


@contextmanager
def act_place(base: Path, **settings: Any) -> Iterator[ActPlace]:
    """Make a place, and end what was started there."""
    with GithubWorld() as world, GitServer(base / "git") as server:
        place = ActPlace(base, world, server, **settings)
        try:
            yield place
        finally:
            for run in place.started:
                if run.process.poll() is None:
                    run.process.kill()
                    run.process.wait()
