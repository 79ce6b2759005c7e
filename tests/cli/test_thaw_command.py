"""`wedgate thaw` and `/wedgate thaw`: one freeze of several, one region of a freeze, and never more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from small_service import told
from talk import Talk

CONFIG = """version: 1
service: venue-search
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  us: {markets: {ny: {zone: America/New_York, country: US}}}
rules: {long-ago: {where: all, dates: 2001-01-01, effect: block}}
"""


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    """Open a pull request."""
    with Talk.opened(tmp_path) as opened:
        yield opened


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with a configuration, and stay in it."""
    (tmp_path / "wedgate.yml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def closed() -> list[str]:
    """Return the regions that are closed now."""
    return [region for region in ("eu", "us") if told("check", "--region", region)[0] == 10]


def test_one_of_two_freezes_is_ended_by_its_region(place: Path) -> None:
    """Without a region nothing is, and both are listed."""
    told("freeze", "--region", "eu", "--reason", "INC-1")
    told("freeze", "--region", "us", "--reason", "INC-2")
    code, said = told("thaw", "--reason", "over")
    assert code == 11
    assert "1: eu by" in said
    assert "2: us by" in said
    assert closed() == ["eu", "us"]
    code, said = told("thaw", "--region", "eu", "--reason", "INC-1 is over")
    assert (code, closed()) == (0, ["us"])
    assert said.startswith("eu thawed: was frozen by")
    assert told("thaw", "--reason", "INC-2 is over")[0] == 0
    assert closed() == []
    assert told("thaw", "--reason", "again")[0] == 11


def test_a_region_of_a_freeze_of_everything_is_opened_alone(place: Path) -> None:
    told("freeze", "--reason", "INC-1")
    assert told("thaw", "--region", "us", "--reason", "checked there")[0] == 0
    assert closed() == ["eu"]
    assert "frozen: every region but us by" in told("rollout", "status")[1]
    assert told("thaw", "--region", "nowhere", "--reason", "x")[0] == 2


def test_freezes_that_overlap_are_ended_by_their_numbers_or_all(place: Path) -> None:
    told("freeze", "--reason", "INC-1")
    told("freeze", "--region", "eu", "--reason", "INC-2")
    assert told("thaw", "--region", "eu", "--reason", "x")[0] == 11
    assert closed() == ["eu", "us"]
    assert told("thaw", "--freeze", "1", "--reason", "x")[0] == 0
    assert closed() == ["eu"]
    told("freeze", "--reason", "INC-3")
    assert told("thaw", "--all", "--reason", "x")[0] == 0
    assert closed() == []


def test_a_number_and_a_region_that_do_not_go_together_end_nothing(place: Path) -> None:
    """The region is frozen, by another one: both are said. A number that is over, or was never there, neither."""
    told("freeze", "--region", "eu", "--reason", "INC-1")
    told("freeze", "--region", "us", "--reason", "INC-2")
    code, said = told("thaw", "--freeze", "1", "--region", "us", "--reason", "x")
    assert (code, said.startswith("us is not frozen by 1; there are: 1: eu by ")) == (11, True)
    assert closed() == ["eu", "us"]
    # With both numbers the region says how far: the freeze of the other one stays.
    assert told("thaw", "--freeze", "1", "--freeze", "2", "--region", "us", "--reason", "x")[0] == 0
    assert closed() == ["eu"]
    for number in ("2", "3", "99"):
        assert told("thaw", "--freeze", number, "--freeze", "1", "--reason", "x")[0] == 11
    assert closed() == ["eu"]
    assert told("thaw", "--freeze", "1", "--freeze", "1", "--reason", "x")[0] == 0
    assert closed() == []


def test_a_comment_ends_freezes_by_their_numbers(talk: Talk) -> None:
    """One of two that overlap, whichever way its number is written; what is no number ends nothing."""
    talk.says("zoe", "/wedgate freeze for=2h reason=one")
    talk.says("zoe", "/wedgate freeze for=2h reason=two regions=us")
    first, second = (entry["revision"] for entry in talk.ledger() if entry["kind"] == "frozen")
    for words in ("freeze=", "freeze=0", "freeze=x", "freeze=1,,2", "freeze=\u0661", f"freeze={first} regions=mars"):
        assert talk.says("alice", f"/wedgate thaw reason=over {words}").exit_code == 11, words
    assert frozen(talk) == {"eu", "us"}
    assert talk.says("alice", f"/wedgate thaw reason=over freeze=0{first}").exit_code == 0
    assert frozen(talk) == {"us"}
    assert talk.says("alice", f"/wedgate thaw reason=over regions=eu freeze={second}").exit_code == 11
    assert talk.says("alice", f"/wedgate thaw reason=over freeze={second}").exit_code == 0
    assert frozen(talk) == set()


def test_a_reason_says_something(place: Path) -> None:
    """Of a freeze, a thaw, and whatever else asks for one."""
    for words in (("freeze",), ("thaw",), ("rollout", "pause")):
        code, said = told(*words, "--reason", " ")
        assert (code, "--reason is empty" in said) == (2, True), words
    assert closed() == []


def test_a_comment_ends_what_it_names(talk: Talk) -> None:
    """And without a name, of several none: not even when somebody runs it again, and only one is left."""
    talk.says("zoe", "/wedgate freeze for=2h reason=one regions=eu")
    talk.says("zoe", "/wedgate freeze for=2h reason=two regions=us")
    vague = talk.world.say(7, "alice", "/wedgate thaw reason=over")
    done = talk.hears(vague.number)
    assert done.exit_code == 11
    assert "several_freezes" in done.stdout
    assert talk.says("alice", "/wedgate thaw reason=over regions=us freeze=77").exit_code == 11
    assert frozen(talk) == {"eu", "us"}
    assert talk.says("alice", "/wedgate thaw reason=over regions=eu").exit_code == 0
    assert frozen(talk) == {"us"}
    talk.hears(vague.number)
    assert frozen(talk) == {"us"}
    assert talk.says("alice", "/wedgate thaw reason=over regions=all").exit_code == 0
    assert frozen(talk) == set()


def frozen(talk: Talk) -> set[str]:
    """Return the regions that a deployment finds frozen."""
    return {region for region in ("eu", "us") if '"frozen"' in talk.deploys("d" * 40, "--region", region).stdout}


def test_a_freeze_whose_run_is_run_again_says_what_stands(talk: Talk) -> None:
    """It writes nothing a second time, and does not say that it did."""
    comment = talk.world.say(7, "erin", "/wedgate freeze for=2h reason=INC-1")
    talk.hears(comment.number)
    first = re.search(r"froze every region until [0-9: -]+ UTC", talk.answer)
    assert first
    talk.hears(comment.number)
    assert first[0] in talk.answer
    thaw = talk.says("alice", "/wedgate thaw reason=over regions=eu")
    assert thaw.exit_code == 0
    talk.hears(comment.number)
    assert first[0].replace("every region", "every region but eu") in talk.answer
    assert talk.says("alice", "/wedgate thaw reason=over").exit_code == 0
    talk.hears(comment.number)
    assert "what erin froze here is not frozen any more, and was not frozen again" in talk.answer
    assert "froze every region" not in talk.answer
    assert frozen(talk) == set()


def test_a_thaw_whose_run_is_run_again_does_not_say_that_it_ended_anything(talk: Talk) -> None:
    """It was not clear which freeze it meant; now it would be, and nothing is ended."""
    talk.says("zoe", "/wedgate freeze for=2h reason=one regions=eu")
    talk.says("zoe", "/wedgate freeze for=2h reason=two regions=us")
    vague = talk.world.say(7, "alice", "/wedgate thaw reason=over")
    talk.hears(vague.number)
    talk.says("alice", "/wedgate thaw reason=over regions=eu")
    talk.hears(vague.number)
    assert "what alice asked to thaw here was answered before: it ends nothing now" in talk.answer
    assert "ended freeze" not in talk.answer
    assert frozen(talk) == {"us"}


def test_a_thaw_is_for_a_freeze_that_was_asked_for_before_it(talk: Talk) -> None:
    """Though the run of the freeze began after the thaw was written; one that was asked for later stays."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=60)
    freeze = talk.world.say(7, "erin", "/wedgate freeze for=2h reason=INC-1", at=at)
    thaw = talk.world.say(7, "alice", "/wedgate thaw reason=over", at=at + timedelta(seconds=5))
    later = talk.world.say(7, "erin", "/wedgate freeze for=2h reason=INC-2 regions=us", at=at + timedelta(seconds=9))
    talk.hears(freeze.number)
    talk.hears(later.number)
    assert talk.hears(thaw.number).exit_code == 0
    assert "alice ended freeze" in talk.answer
    assert frozen(talk) == {"us"}
