"""The action's installing step, run in bash as a runner does: where there is no uv, and where a hash does not fit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def install(action: Path, runner_temp: Path, *, with_uv: bool) -> subprocess.CompletedProcess[str]:
    """Run the step for a copy of the action; the runner has a uv, or has none."""
    (script,) = [
        step["run"]
        for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
        if step["name"] == "Install wedgate"
    ]
    binaries = runner_temp / "binaries"
    binaries.mkdir(parents=True)
    if with_uv:
        (binaries / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    settings = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_", "HTTP"))}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=runner_temp,
        env={
            **settings,
            "PATH": f"{binaries}:/usr/bin:/bin",
            "HOME": os.environ.get("HOME", str(runner_temp)),
            "RUNNER_TEMP": str(runner_temp),
            "GITHUB_ACTION_PATH": str(action),
            "BASE_PYTHON": sys.executable,
        },
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.fixture
def action(tmp_path: Path) -> Path:
    """Copy what the installation reads."""
    directory = tmp_path / "action"
    directory.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, directory)
    for name in ("wedgate", "requirements"):
        shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    return directory


def test_without_uv_it_is_fetched_and_held_to_its_hash(action: Path, tmp_path: Path) -> None:
    """A runner without uv ends with the same environment."""
    run = install(action, tmp_path / "runner", with_uv=False)
    assert run.returncode == 0, run.stdout + run.stderr
    environment = tmp_path / "runner" / "wedgate-venv"
    assert (environment / "bin" / "uv").exists()
    answer = subprocess.run(
        [environment / "bin" / "python", "-I", "-X", "utf8", "-m", "wedgate", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.startswith("wedgate, version ")


def test_a_package_that_is_not_the_one_we_saw_stops_the_job(action: Path, tmp_path: Path) -> None:
    """With a wrong hash the step fails before anything is asked: a gate that is not there does not open."""
    lock = action / "requirements" / "action.txt"
    lock.write_text(re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, lock.read_text()))
    run = install(action, tmp_path / "runner", with_uv=True)
    assert run.returncode != 0
    assert not list((tmp_path / "runner" / "wedgate-venv").glob("lib/*/site-packages/wedgate"))


def test_an_environment_that_somebody_left_there_is_not_used(action: Path, tmp_path: Path) -> None:
    """What lies in the place of ours is removed first."""
    left = tmp_path / "runner" / "wedgate-venv" / "bin"
    left.mkdir(parents=True)
    (left / "python").write_text("#!/bin/sh\nexit 0\n")
    (left.parent / "leftover").touch()
    lock = action / "requirements" / "action.txt"
    lock.write_text("# nothing to install\n")
    install(action, tmp_path / "runner", with_uv=True)
    assert not (left.parent / "leftover").exists()


def test_what_is_installed_can_drive_a_rollout_and_ask_the_forge(action: Path, tmp_path: Path) -> None:
    """The workflow that `wedgate init` writes for rollouts has nothing else: the forge's client is among the locked."""
    template = resources.files("wedgate.config") / "resources" / "wedgate-rollout.yml"
    (job,) = yaml.safe_load(re.sub(r"@[A-Z_]+@", "", template.read_text(encoding="utf-8")))["jobs"].values()
    assert [step["uses"].partition("@")[0] for step in job["steps"]] == ["actions/checkout", "org/wedgate"]
    run = install(action, tmp_path / "runner", with_uv=True)
    assert run.returncode == 0, run.stdout + run.stderr
    answer = subprocess.run(
        [
            tmp_path / "runner/wedgate-venv/bin/python",
            "-I",
            "-c",
            "import github, wedgate.cli.rollout; print(wedgate.__file__)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(tmp_path / "runner") in answer.stdout
