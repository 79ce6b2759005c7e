"""An override that is granted and opens nothing now: who asks where it stands is told that, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from talk import MERGED, Done, Talk

BRANCH = "refs/heads/wedgate/venue-search"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository on a closed day, with an override that two have approved."""
    monkeypatch.chdir(tmp_path)
    with Talk.granted(tmp_path) as opened:
        yield opened


def handed(talk: Talk) -> str:
    """Return the output ``granted`` of the last answer."""
    text = (talk.directory / "output").read_text()
    return text.partition("granted<<")[2].splitlines()[1]


def status(talk: Talk, *words: str) -> Done:
    """Ask from a terminal."""
    return talk.run("push", "override", "status", "--pull-request", "7", *words)


def spoil(talk: Talk, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the grant, or let its time or its ledger go."""
    if how == "used":
        assert talk.deploys(MERGED, "--region", "eu").exit_code == 0
    elif how == "over":
        monkeypatch.setattr("wedgate.cli.wiring.utc_now", lambda: talk.world.date() + timedelta(hours=3))
    else:
        talk.server.git("update-ref", "-d", BRANCH)


def test_what_is_granted_is_in_force(talk: Talk) -> None:
    """Until something happens."""
    assert handed(talk) == "true"
    done = status(talk, "--format", "json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["granted"], told["idle"], told["uses"]) == (0, True, None, [])


@pytest.mark.parametrize(
    ("how", "why"), [("used", "it was used"), ("over", "its time is over"), ("cut", "this is not the ledger that")]
)
def test_what_opens_nothing_is_not_said_to_be_granted(
    talk: Talk, how: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither to the next step of a workflow, nor in a terminal, by word or exit code."""
    spoil(talk, how, monkeypatch)
    talk.says("alice", "/wedgate status")
    assert handed(talk) == "false"
    done = status(talk)
    assert done.exit_code == 11
    assert f"opens nothing now: {why}" in done.stdout
    told = json.loads(status(talk, "--format", "json").stdout)
    assert (told["granted"], told["idle"][: len(why)]) == (False, why)
    if how == "used":
        assert f"used in eu by {told['uses'][0]['binding']} for {MERGED} at " in done.stdout
        assert [(use["region"], use["commit"]) for use in told["uses"]] == [("eu", MERGED)]


def test_the_comment_says_that_the_ledger_is_another(talk: Talk) -> None:
    """There is no line to copy: another request would open nothing either."""
    talk.server.git("update-ref", "-d", BRANCH)
    talk.says("alice", "/wedgate status")
    assert "The override was granted, and opens nothing now" in talk.answer
    assert "- eu, us: this is not the ledger that the comment" in talk.answer
    assert "/wedgate override " not in talk.answer


def test_the_comment_says_that_another_rule_closes_too(talk: Talk) -> None:
    """With the line that asks for both."""
    text = talk.world.commits["a" * 40]["wedgate.yml"].decode()
    season = "rules:\n  season: {where: us, weekdays: monday..sunday, effect: block}\n"
    talk.world.put("wedgate.yml", text.replace("rules:\n", season.replace("where: us", "where: all")).encode())
    talk.says("alice", "/wedgate status")
    assert "The override was granted, and opens nothing now" in talk.answer
    assert "rules=saturday,season" in talk.answer
    talk.world.put("wedgate.yml", text.replace("rules:\n", season).encode())
    talk.says("alice", "/wedgate status")
    assert "The override is granted\n" in talk.answer
    (line,) = [each for each in talk.answer.splitlines() if each.startswith("- us: ")]
    assert "season" in line


def test_the_comment_says_that_what_is_granted_is_frozen(talk: Talk) -> None:
    """And who may end that."""
    talk.says("alice", "/wedgate freeze for=2h reason=x")
    talk.says("alice", "/wedgate status")
    assert "The override was granted, and opens nothing now" in talk.answer
    assert "`/wedgate thaw` ends a freeze" in talk.answer
