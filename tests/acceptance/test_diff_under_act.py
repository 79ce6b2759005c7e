"""The workflow that comes with `wedgate diff`, as `wedgate init` writes it, under a real runner: act in host mode.

The forge is the double on loopback; the action is installed as a release would be. See test_action_under_act.py for how
the runner is held to this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from github_world import REPOSITORY, GithubWorld, Pull
from modules import module_at

pytestmark = [pytest.mark.needs_tool("act"), pytest.mark.timeout(300)]

TESTS = Path(__file__).resolve().parents[1]
HEAD = "b" * 40


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Write what `wedgate init` writes, and keep the workflow of a change alone."""
    place = tmp_path / "workspace"
    place.mkdir()
    subprocess.run([sys.executable, "-I", "-m", "wedgate", "init", place], check=True, capture_output=True)
    for other in ("wedgate-gate.yml", "wedgate-rollout.yml"):
        (place / ".github" / "workflows" / other).unlink()
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*git, *command], cwd=place, check=True)
    return place


def test_the_workflow_comments_what_the_pull_request_opens(workspace: Path, tmp_path: Path) -> None:
    """The starter's Saturdays become third Saturdays: the comment says what that opens, and that it loosens."""
    act_tests: Any = module_at(TESTS / "acceptance" / "test_action_under_act.py")
    for name in ("action", "setup-python", "home"):
        (tmp_path / name).mkdir()
    act_tests.copy_action(tmp_path / "action")
    (tmp_path / "setup-python" / "action.yml").write_text(act_tests.STAND_IN)
    event = {
        "repository": {"default_branch": "main"},
        "number": 7,
        "pull_request": {"number": 7, "base": {"ref": "main", "sha": "a" * 40}, "head": {"ref": "change", "sha": HEAD}},
    }
    (tmp_path / "event.json").write_text(json.dumps(event))
    base = (workspace / "wedgate.yml").read_text()
    head = base.replace("weekdays: saturday, effect: block", "weekdays: third saturday, effect: block")
    assert head != base
    act = shutil.which("act", path=f"{TESTS.parent / '.tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    assert act is not None
    setup_python = f"actions/setup-python@{act_tests.setup_python_reference()}"
    cache = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")
    with GithubWorld() as world:
        world.put("wedgate.yml", base.encode())
        world.put("wedgate.yml", head.encode(), ref=HEAD)
        world.pulls[7] = Pull(head=HEAD, files=[("wedgate.yml", None)])
        run = subprocess.run(
            [
                act,
                "pull_request",
                "--pull=false",
                "--platform=ubuntu-latest=-self-hosted",
                f"--eventpath={tmp_path / 'event.json'}",
                f"--local-repository={setup_python}={tmp_path / 'setup-python'}",
                f"--local-repository=org/wedgate@v1={tmp_path / 'action'}",
                "--secret=GITHUB_TOKEN=a-token-of-the-test",
                f"--env=GITHUB_API_URL={world.url}",
                f"--env=GITHUB_REPOSITORY={REPOSITORY}",
                f"--env=STAND_IN_PYTHON={sys.executable}",
                f"--env=UV_CACHE_DIR={cache}",
            ],
            cwd=workspace,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(tmp_path / "home"),
                "LANG": "C.UTF-8",
                **act_tests.settings_of_the_installers(),
            },
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert run.returncode == 0, (run.stdout + run.stderr)[-6000:]
        # The workflow beside it says when a rollout would go where.
        (comment,) = [each for each in world.comments[7] if "Saturdays in us-east" in each.body]
    assert comment.login == "github-actions[bot]"
    assert "Saturdays in us-east" in comment.body
    assert "**loosens**" in comment.body
