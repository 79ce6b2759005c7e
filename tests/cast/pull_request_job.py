"""The job that a runner starts for a pull request, as the environment of a test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from github_world import GithubWorld


def be_its_job(world: GithubWorld, place: Path, monkeypatch: pytest.MonkeyPatch, *, head: str) -> None:
    """Be the job of pull request 7 in a directory: its event, where its summary and its outputs go, and its token."""
    event = {
        "repository": {"default_branch": "main"},
        "number": 7,
        "pull_request": {"number": 7, "base": {"ref": "main", "sha": "a" * 40}, "head": {"sha": head}},
    }
    (place / "event.json").write_text(json.dumps(event))
    own = {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(place / "event.json"),
        "GITHUB_STEP_SUMMARY": str(place / "summary.md"),
        "GITHUB_OUTPUT": str(place / "output"),
    }
    for name, value in {**world.environment(), **own}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(place)
