"""Several pull requests with one head: the commit has one status, which none of a stranger's turns red."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from github_world import Pull
from talk import H1, Talk


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A pull request that was granted what it asked for, whose head others may have too."""
    monkeypatch.chdir(tmp_path)
    with Talk.granted(tmp_path) as opened:
        opened.world.brought_by[H1] = [7, 8]
        yield opened


STRANGER = Pull(head=H1, author="mallory", from_fork=True)
OWN = Pull(head=H1, author="dave")


@pytest.mark.parametrize("other", [STRANGER, OWN], ids=["a fork's", "one's own"])
@pytest.mark.parametrize("words", [(), ("--pull-request", "7"), ("--pull-request", "8")], ids=["all", "7", "8"])
def test_a_refresh_leaves_a_granted_commit_green(talk: Talk, other: Pull, words: tuple[str, ...]) -> None:
    """And posts nothing anew: a commit takes a thousand statuses."""
    talk.world.pulls[8] = other
    talk.run("schedule", "refresh", *words)
    assert talk.status["state"] == "success"
    before = len(talk.world.statuses)
    for _ in range(2):
        talk.run("schedule", "refresh", *words)
    assert len(talk.world.statuses) == before


@pytest.mark.parametrize("other", [STRANGER, OWN], ids=["a fork's", "one's own"])
def test_an_answer_on_the_other_pull_request_leaves_it_green(talk: Talk, other: Pull) -> None:
    """Somebody asks there where it stands."""
    talk.world.pulls[8] = other
    comment = talk.world.say(8, "erin", "/wedgate status")
    event = {
        "action": "created",
        "issue": {"number": 8, "pull_request": {"url": "x"}},
        "comment": {"id": comment.number},
    }
    (talk.directory / "other.json").write_text(json.dumps(event))
    done = talk.run("issue_comment", "comment", GITHUB_EVENT_PATH=str(talk.directory / "other.json"))
    assert done.exit_code == 0, done.output
    assert talk.world.comments[8][-1].login == talk.world.app
    assert talk.status["state"] == "success"


def test_what_none_of_them_is_let_through_for_is_red(talk: Talk) -> None:
    """A denial turns the commit red, whoever else has it."""
    talk.world.pulls[8] = OWN
    request = next(line for line in talk.answer.splitlines() if line.startswith("/wedgate deny ")).split()[-1]
    talk.says("carol", f"/wedgate deny {H1} {request}")
    assert talk.status["state"] == "failure"
    talk.run("schedule", "refresh")
    assert talk.status["state"] == "failure"


def test_a_fork_alone_has_its_own_status(talk: Talk) -> None:
    """It is closed, and says so."""
    talk.world.pulls = {8: STRANGER}
    talk.run("schedule", "refresh")
    assert talk.status["state"] == "failure"


def test_what_is_not_known_of_another_is_said(talk: Talk) -> None:
    """The commit stays green, and the run tells."""
    talk.world.pulls[8] = OWN
    talk.world.failures["issues/8/comments"] = "500"
    done = talk.run("schedule", "refresh")
    assert (done.exit_code, talk.status["state"]) == (20, "success")


def test_a_fork_that_moves_to_a_granted_head_meanwhile_posts_nothing_there(talk: Talk) -> None:
    """It was listed with another."""
    talk.world.pulls[8] = STRANGER
    talk.world.heads_lie[8] = ["c" * 40]
    done = talk.run("schedule", "refresh")
    assert talk.status["state"] == "success"
    assert "moved to" in done.output
