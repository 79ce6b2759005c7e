"""Several comments within a moment: each has a run of its own, none is lost, and what is left to read is the newest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from github_world import Comment
from talk import H1, MERGED, Talk


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """Open a pull request by dave, in a repository with two approvers by name and one by team."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as made:
        yield made


def started(talk: Talk, comment: int) -> subprocess.Popen[str]:
    """Start the run of a comment as a process of its own."""
    event = {
        "action": "created",
        "issue": {"number": 7, "pull_request": {"url": "x"}},
        "comment": {"id": comment},
    }
    path = talk.directory / f"event-{comment}.json"
    path.write_text(json.dumps(event))
    environment = {
        **os.environ,
        **talk.environment,
        "GITHUB_EVENT_NAME": "issue_comment",
        "GITHUB_EVENT_PATH": str(path),
        "GITHUB_RUN_ID": str(comment),
        "GITHUB_OUTPUT": str(talk.directory / f"output-{comment}"),
    }
    return subprocess.Popen(
        [sys.executable, "-X", "utf8", "-m", "wedgate", "comment"],
        cwd=talk.directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def ended(run: subprocess.Popen[str]) -> None:
    """Wait for a run that has to succeed."""
    output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output


def happens_at(talk: Talk, late: Comment, request: str) -> None:
    """Let the last comment, and all of its run, come just before a request is answered."""
    talk.world.comments[7].remove(late)

    def meanwhile() -> None:
        talk.world.comments[7].append(late)
        done = talk.hears(late.number)
        assert done.exit_code == 0, done.output

    talk.world.meanwhile[request] = meanwhile


def own(talk: Talk) -> list[str]:
    """Return wedgate's own comments."""
    return [each.body for each in talk.world.comments[7] if each.login == "github-actions[bot]"]


@pytest.mark.parametrize(
    "at", ["PATCH /repos/acme/venue-search/issues/comments", "POST /repos/acme/venue-search/statuses"]
)
def test_a_run_that_was_overtaken_leaves_the_newest(talk: Talk, at: str) -> None:
    """Alice's approval is answered late, behind Bob's, which completed the quorum: that answer stays."""
    request = talk.asks()
    first = talk.world.say(7, "alice", f"/wedgate approve {H1} {request}")
    late = talk.world.say(7, "bob", f"/wedgate approve {H1} {request}")
    happens_at(talk, late, at)
    assert talk.hears(first.number).exit_code == 0
    assert talk.world.meanwhile == {}
    assert "The override is granted" in talk.answer
    assert talk.status["state"] == "success"
    assert [entry["kind"] for entry in talk.ledger()] == ["requested", "approved", "approved", "granted", "granted"]


def test_two_first_answers_at_once_become_one(talk: Talk) -> None:
    """Both runs find no comment of wedgate's: the first stays, with the newest text."""
    first = talk.world.say(7, "alice", "/wedgate status")
    late = talk.world.say(7, "alice", '/wedgate freeze for=2h reason="prod is burning"')
    happens_at(talk, late, "POST /repos/acme/venue-search/issues/7/comments")
    assert talk.hears(first.number).exit_code == 0
    (left,) = own(talk)
    assert "frozen" in left
    assert [each.number for each in talk.world.comments[7] if each.body == left] == [late.number + 1]


def test_of_many_runs_at_once_none_is_lost(talk: Talk) -> None:
    """Two approvals, a freeze and a rollback, all at once."""
    request = talk.asks()
    bodies = [
        f"/wedgate approve {H1} {request}",
        '/wedgate freeze for=2h reason="prod is burning"',
        '/wedgate rollback r-20261128 reason="bad"',
        f"/wedgate approve {H1} {request}",
    ]
    said = [talk.world.say(7, who, body) for who, body in zip(("alice", "bob", "alice", "carol"), bodies, strict=True)]
    runs = [started(talk, each.number) for each in said]
    for run in runs:
        ended(run)
    kinds = [entry["kind"] for entry in talk.ledger()]
    assert sorted(kinds) == ["approved", "approved", "frozen", "granted", "granted", "requested"]
    assert "r-20261128" in (talk.directory / f"output-{said[2].number}").read_text()
    (left,) = own(talk)
    assert "frozen" in left
    assert f"[ledger {len(kinds)}:" in talk.status["description"]


@pytest.mark.parametrize("request_of", ["issues/7/comments", f"commits/{H1}/statuses"])
def test_an_anchor_that_is_newer_than_the_ledger_makes_it_no_other(talk: Talk, request_of: str) -> None:
    """A run writes behind the look at the ledger, before that at its anchors: it is asked again before that counts."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    late = talk.world.say(7, "carol", f"/wedgate approve {H1} {request}")
    happens_at(talk, late, f"GET /repos/acme/venue-search/{request_of}")
    done = talk.deploys(MERGED)
    assert not talk.world.meanwhile
    assert done.exit_code == 0, done.output
    assert "used" in [entry["kind"] for entry in talk.ledger()]
