"""The whole action under a real runner: nektos/act in host mode, against a forge on loopback.

One run of one job asks everything, because a runner is slow to start; each test then looks at one answer. The
workspace is hostile: it holds modules with the names of ours, in the first place in which Python looks, and says so
in PYTHONPATH too. `actions/setup-python` is replaced by a stand-in that names the interpreter of the tests.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml

pytestmark = [pytest.mark.needs_tool("act"), pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "acme/venue-search"
HEAD = "5" * 40

REGIONS = """
version: 1
service: venue-search
regions:
  eu-central:
    markets:
      berlin: {zone: Europe/Berlin, country: DE}
  us-east:
    markets:
      new-york: {zone: America/New_York, country: US}
"""
# One configuration for each answer; none of them depends on the day on which the test runs.
CONFIGURATIONS = {
    "open.yml": REGIONS,
    "closed.yml": REGIONS + "rules:\n  always: {where: eu-central, weekdays: monday..sunday, effect: block}\n",
    "bad.yml": REGIONS + "rulez:\n  always: {where: eu-centrall, weekdays: blurgsday}\n",
}
# What the pull request's checkout says: everything is open. Nobody must believe it.
IN_THE_CHECKOUT = REGIONS

HOSTILE = 'import pathlib\npathlib.Path(r"{record}").joinpath("{name}").touch()\n'
HOSTILE_FILES = (
    "click.py",
    "yaml.py",
    "sitecustomize.py",
    "usercustomize.py",
    "venv.py",
    "ensurepip.py",
    "pip.py",
    "hatchling.py",
    "wedgate/__init__.py",
    "wedgate/__main__.py",
)
COMMENT = "2027-06-05T12:00:00Z\ndecision=allow\nverdict=open\n::set-output name=decision::allow\n::error::forged"

STAND_IN = """
name: stand-in for actions/setup-python
description: Names the interpreter that the tests run with
outputs:
  python-path:
    value: ${{ steps.name.outputs.python-path }}
runs:
  using: composite
  steps:
    - id: name
      shell: bash
      run: echo "python-path=$STAND_IN_PYTHON" >>"$GITHUB_OUTPUT"
"""

# Step id -> inputs. Every step goes on after a failure, so that all of them are asked.
QUESTIONS: dict[str, dict[str, str]] = {
    "open": {"config": "open.yml"},
    "closed": {"config": "closed.yml"},
    "one-region": {"config": "closed.yml", "regions": "us-east"},
    "bad": {"config": "bad.yml"},
    "hypothetical": {"config": "open.yml", "at": "2027-06-09T12:00:00Z"},
    "comment": {"config": "open.yml", "at": "${{ github.event.comment.body }}"},
    "comment-regions": {"config": "open.yml", "regions": "${{ github.event.comment.body }}"},
    "no-such-region": {"config": "open.yml", "regions": "atlantis"},
}


class ForgeHandler(BaseHTTPRequestHandler):
    """Answers the few questions that a gate asks of a forge, from a table of files."""

    protocol_version = "HTTP/1.1"
    files: ClassVar[dict[str, bytes]] = {}

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def answer(self, status: int, body: object) -> None:
        """Send one answer with the `Date` that the gate compares its clock with."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        """Answer for the repository, its default branch and its files."""
        address = urlsplit(self.path)
        place = f"/repos/{REPOSITORY}"
        path = unquote(address.path)
        if path == place:
            self.answer(200, {"name": "venue-search", "full_name": REPOSITORY, "default_branch": "main", "url": place})
        elif path in {f"{place}/branches/main", f"{place}/commits/main"}:
            commit = {"sha": HEAD, "commit": {"tree": {"sha": "7" * 40}}}
            self.answer(200, {"name": "main", "sha": HEAD, "commit": commit})
        elif path in {f"{place}/git/ref/heads/main", f"{place}/git/refs/heads/main"}:
            self.answer(200, {"ref": "refs/heads/main", "object": {"type": "commit", "sha": HEAD}})
        elif path.startswith(f"{place}/contents/"):
            name = path.removeprefix(f"{place}/contents/")
            if parse_qs(address.query).get("ref", ["main"])[0] not in {"main", HEAD} or name not in self.files:
                self.answer(404, {"message": "Not Found"})
                return
            content = self.files[name]
            if "raw" in self.headers.get("Accept", ""):
                self.answer(200, content)
                return
            encoded = base64.b64encode(content).decode()
            described = {"type": "file", "encoding": "base64", "size": len(content), "content": encoded}
            self.answer(200, {"name": name, "path": name, "sha": "6" * 40, **described})
        else:
            self.answer(404, {"message": "Not Found"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of the run: each step's outcome and outputs, the log, and traces of hostile code."""

    steps: dict[str, dict[str, Any]]
    log: str
    hostile: list[str]

    def outputs(self, step: str) -> dict[str, str]:
        """Return the outputs of a step."""
        found: dict[str, str] = self.steps[step]["outputs"]
        return found

    def log_of(self, step: str) -> str:
        """Return what a step printed, between its first and its last line."""
        start = self.log.index(f"⭐ Run Main Question {step}\n")
        ends = [
            position
            for mark in ("⭐ Run Main Question ", "⭐ Run Main Write")
            if (position := self.log.find(mark, start + 5)) > 0
        ]
        return self.log[start : min(ends)]


@pytest.fixture(scope="module")
def forge() -> Iterator[str]:
    """Serve the configurations as the default branch's, on loopback."""
    files = {name: content.encode() for name, content in CONFIGURATIONS.items()}
    handler = type("Handler", (ForgeHandler,), {"files": files})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def copy_action(directory: Path) -> None:
    """Copy what a released commit would hold of the action, without what a work tree collects."""
    for name in ("action.yml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, directory / name)
    for name in ("wedgate", "requirements"):
        shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__", "dev.txt"))


def write_workspace(directory: Path, record: Path) -> None:
    """Write a checkout that is against us, with the workflow that asks."""
    for name in HOSTILE_FILES:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HOSTILE.format(record=record, name=name.replace("/", "-")))
    for name in (*CONFIGURATIONS, "wedgate.yml"):
        (directory / name).write_text(IN_THE_CHECKOUT)
    (directory / "uv.toml").write_text('no-verify-hashes = true\nindex-url = "http://127.0.0.1:9/hostile"\n')
    # act copies the workspace here instead of fetching anything.
    steps: list[dict[str, Any]] = [{"name": "Check out", "uses": "actions/checkout@v7"}]
    steps += [
        {
            "name": f"Question {name}",
            "id": name,
            "uses": "org/wedgate@v1",
            "continue-on-error": True,
            "with": inputs,
        }
        for name, inputs in QUESTIONS.items()
    ]
    steps.append(
        {
            "name": "Write down what came of it",
            "shell": "bash",
            "env": {"STEPS": "${{ toJSON(steps) }}", "RECORD": str(record)},
            "run": 'printf "%s" "$STEPS" >"$RECORD/steps.json"',
        }
    )
    workflow = {
        "on": "issue_comment",
        "permissions": {"contents": "read"},
        "jobs": {
            "ask": {
                "runs-on": "ubuntu-latest",
                "env": {"PYTHONPATH": "${{ github.workspace }}"},
                "steps": steps,
            }
        },
    }
    (directory / ".github" / "workflows").mkdir(parents=True)
    (directory / ".github" / "workflows" / "ask.yml").write_text(yaml.safe_dump(workflow, sort_keys=False))
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Hostile"]):
        subprocess.run([*git, *command], cwd=directory, check=True)


def setup_python_reference() -> str:
    """Return the commit at which action.yml pins actions/setup-python: act replaces exactly that."""
    found = re.search(r"actions/setup-python@([0-9a-f]{40})", (ROOT / "action.yml").read_text())
    assert found
    return found[1]


def settings_of_the_installers() -> dict[str, str]:
    """Pass on how this machine reaches its package index, and nothing else of the environment."""
    names = ("PIP_", "UV_", "HTTP", "HTTPS", "NO_PROXY", "http", "https", "no_proxy", "SSL_", "REQUESTS_CA")
    return {name: value for name, value in os.environ.items() if name.startswith(names)}


@pytest.fixture(scope="module")
def asked(forge: str, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """Run the workflow once."""
    act = shutil.which("act", path=f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    assert act is not None
    base = tmp_path_factory.mktemp("act")
    for name in ("action", "setup-python", "workspace", "record", "home", "bin"):
        (base / name).mkdir()
    copy_action(base / "action")
    (base / "setup-python" / "action.yml").write_text(STAND_IN)
    write_workspace(base / "workspace", base / "record")
    (base / "event.json").write_text(
        json.dumps({"action": "created", "comment": {"body": COMMENT}, "issue": {"number": 7, "pull_request": {}}})
    )
    # The uv of the tests stands in for a runner that has one, with the cache that is already filled.
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        (base / "bin" / "uv").symlink_to(uv)
    cache = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")
    run = subprocess.run(
        [
            act,
            "issue_comment",
            "--pull=false",
            "--platform=ubuntu-latest=-self-hosted",
            f"--eventpath={base / 'event.json'}",
            f"--local-repository=actions/setup-python@{setup_python_reference()}={base / 'setup-python'}",
            f"--local-repository=org/wedgate@v1={base / 'action'}",
            "--secret=GITHUB_TOKEN=a-token-of-the-test",
            f"--env=GITHUB_API_URL={forge}",
            f"--env=GITHUB_REPOSITORY={REPOSITORY}",
            f"--env=STAND_IN_PYTHON={sys.executable}",
            f"--env=UV_CACHE_DIR={cache}",
        ],
        cwd=base / "workspace",
        env={
            "PATH": f"{base / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(base / "home"),
            "LANG": "C.UTF-8",
            **settings_of_the_installers(),
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    log = re.sub(r"^\[[^]]*\] *", "", run.stdout, flags=re.MULTILINE) + run.stderr
    written = base / "record" / "steps.json"
    assert written.exists(), log[-6000:]
    steps = json.loads(written.read_text())
    assert set(QUESTIONS) <= set(steps), log[-6000:]
    hostile = sorted(path.name for path in (base / "record").iterdir() if path.name.endswith(".py"))
    return Asked(steps=steps, log=log, hostile=hostile)


def test_open_lets_the_job_go_on(asked: Asked) -> None:
    """Without a closing rule the step succeeds, and every output says so."""
    outputs = asked.outputs("open")
    assert asked.steps["open"]["outcome"] == "success", asked.log_of("open")
    assert outputs["verdict"] == "open"
    result = json.loads(outputs["result"])
    assert result["schema_version"] == 1
    assert result["verdict"] == "open"


def test_closed_stops_the_job_with_the_reason(asked: Asked) -> None:
    """A blocked region fails the step; the outputs say why, and that no opening is known."""
    outputs = asked.outputs("closed")
    assert asked.steps["closed"]["outcome"] == "failure"
    assert outputs["verdict"] == "closed"
    assert outputs["decision"] != asked.outputs("open")["decision"]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", outputs["reason-code"])
    assert outputs["next-open"] == ""
    assert "exit status 10" in asked.log_of("closed")


def test_the_default_branch_decides_not_the_checkout(asked: Asked) -> None:
    """The checkout's own file has no rule at all: a pull request that deletes the block stays closed."""
    result = json.loads(asked.outputs("closed")["result"])
    assert result["inputs"]["config_origin"] == "default-branch"


def test_a_job_can_ask_about_its_own_region_alone(asked: Asked) -> None:
    """One region is closed; the other one's job goes on."""
    assert asked.steps["one-region"]["outcome"] == "success", asked.log_of("one-region")
    assert asked.outputs("one-region")["verdict"] == "open"


def test_a_bad_configuration_never_opens_the_gate(asked: Asked) -> None:
    """Everything wrong with it is said; no output says open."""
    assert asked.steps["bad"]["outcome"] == "failure"
    assert asked.outputs("bad")["verdict"] in {"", "closed"}
    assert "allow" not in asked.outputs("bad")["decision"]
    assert "rulez" in asked.log_of("bad")


def test_a_hypothetical_answer_opens_nothing(asked: Asked) -> None:
    """The instant asked about is open, and still no output calls it allowed."""
    outputs = asked.outputs("hypothetical")
    assert outputs["decision"] != asked.outputs("open")["decision"]
    assert outputs["verdict"] != "open"


@pytest.mark.parametrize("step", ["comment", "comment-regions"])
def test_a_comment_with_newlines_sets_no_output(asked: Asked, step: str) -> None:
    """Whoever writes `decision=allow` on a line of a comment gets a refusal, and is not quoted to the runner."""
    assert asked.steps[step]["outcome"] == "failure"
    assert set(asked.outputs(step).values()) == {""}
    assert "forged" not in asked.log_of(step)


def test_an_unknown_region_never_opens_the_gate(asked: Asked) -> None:
    """V04: what is not listed is not open."""
    assert asked.steps["no-such-region"]["outcome"] == "failure"
    assert asked.outputs("no-such-region")["verdict"] in {"", "closed"}
    assert "atlantis" in asked.log_of("no-such-region")


def test_nothing_of_the_workspace_is_run(asked: Asked) -> None:
    """Modules with our names, first on the path and in PYTHONPATH, leave no trace."""
    assert asked.hostile == []


def test_the_hostile_modules_would_leave_a_trace(tmp_path: Path) -> None:
    """The check above can fail: without -I the workspace's sitecustomize.py runs."""
    (tmp_path / "record").mkdir()
    (tmp_path / "sitecustomize.py").write_text(HOSTILE.format(record=tmp_path / "record", name="sitecustomize.py"))
    subprocess.run([sys.executable, "-c", ""], env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=False)
    assert (tmp_path / "record" / "sitecustomize.py").exists()


def test_the_summary_has_a_row_for_each_region(forge: str, tmp_path: Path) -> None:
    """The job summary is made for a person: one row a region. (act throws summaries away: asked without it.)"""
    summary = tmp_path / "summary.md"
    run = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-m", "wedgate", "check", "--format", "github", "--config=closed.yml"],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": forge,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": "a-token-of-the-test",
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 10, run.stdout + run.stderr
    text = summary.read_text()
    for region in ("eu-central", "us-east"):
        assert re.search(rf"^\|.*{region}.*\|", text, re.MULTILINE)


def test_the_token_is_not_in_the_log(asked: Asked) -> None:
    """Secrets stay out of what is printed."""
    assert "a-token-of-the-test" not in asked.log
