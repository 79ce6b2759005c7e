"""A commit with many pull requests: strangers, who may open any number of them, crowd out no grant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from github_world import Pull
from talk import H1, Talk


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository on a closed day."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        yield opened


def grant(talk: Talk) -> None:
    """Let two approve what erin asks for."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")


def crowd(talk: Talk, *, from_fork: bool, count: int = 8) -> None:
    """Open pull requests of the same head, which the forge lists before the one that was asked for."""
    for number in range(20, 20 + count):
        talk.world.pulls[number] = Pull(head=H1, head_ref=f"x{number}", author="mallory", from_fork=from_fork)
    talk.world.brought_by[H1] = [*range(20, 20 + count), 7]


@pytest.mark.parametrize("forks", ["refuse", "allow"])
def test_forks_of_strangers_crowd_nothing_out(talk: Talk, forks: str) -> None:
    """The grant is found and used, and nothing of theirs is read: it may be made so that it cannot be."""
    talk.configure(policy=f"forks: {forks}")
    grant(talk)
    crowd(talk, from_fork=True)
    talk.world.failures["issues/2"] = "500"
    done = talk.deploys(H1)
    assert done.exit_code == 0, done.output
    assert {each["pull_request"] for each in json.loads(done.stdout)["override"]} == {7}
    assert not [each for each in talk.world.asked if "/pulls/2" in each]


def test_the_pull_request_that_was_asked_for_is_looked_at_first(talk: Talk) -> None:
    """Although others of this very repository have the commit too."""
    grant(talk)
    crowd(talk, from_fork=False)
    assert talk.deploys(H1).exit_code == 0


def test_what_was_left_out_is_said(talk: Talk) -> None:
    """With its numbers, where nothing was granted on those that were looked at."""
    crowd(talk, from_fork=False)
    done = talk.deploys(H1)
    assert done.exit_code == 10
    words = {each["text"] for each in json.loads(done.stdout)["override"]}
    assert all(
        "4 more pull requests have this commit and were not looked at (#25, #26, #27, #7)" in each for each in words
    )


def test_a_fork_alone_is_told_that_it_is_one(talk: Talk) -> None:
    """Where the policy takes none, one of them says why nothing was granted."""
    talk.says("erin", f"/wedgate override {H1} regions=eu,us rules=saturday for=2h reason=x")
    talk.world.pulls[7].from_fork = True
    crowd(talk, from_fork=True)
    talk.world.brought_by[H1] = [7, 20, 21]
    done = talk.deploys(H1)
    assert done.exit_code == 10
    assert {each["pull_request"] for each in json.loads(done.stdout)["override"]} == {7}
