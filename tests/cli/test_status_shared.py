"""A shared calendar that cannot be had, and versions that nobody can use: not known, which opens nothing by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from github_world import REPOSITORY
from talk import CONFIG, H1, MERGED, Talk

GONE = f"{REPOSITORY}//calendars/fairs.yml@{'c' * 40}"
HIDDEN = f"acme/calendars//fairs.yml@{'c' * 40}"
RULE = "  saturday: {where: all, weekdays: monday..sunday, effect: block}"
QUORUM = "approvers: {people: [alice, bob], teams: [acme/captains]}"
TAKEN = "approvers: {people: [mallory, friend]}"
BROKEN = b"version: [broken"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository with approvers by name and by team."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        yield opened


def text_of(talk: Talk, extends: str | None, *changes: tuple[str, str]) -> str:
    """Return a configuration that is open but for what it shares."""
    text = CONFIG.format(policy="longest: 4h", remote=talk.server.url).replace(f"rules:\n{RULE}\n", "")
    if extends is not None:
        text = text.replace("{markets:", f'{{extends: "{extends}", markets:')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def holds(talk: Talk, base: str, head: str, *versions: bytes) -> None:
    """Put a configuration on main, behind earlier versions, and let the pull request change it."""
    talk.world.put("wedgate.yml", base.encode())
    talk.world.put("wedgate.yml", head.encode(), ref=H1)
    talk.world.pulls[7].files = [("wedgate.yml", None)]
    listed = [f"{number:040x}" for number in range(len(versions))]
    talk.world.commits |= {commit: {"wedgate.yml": text} for commit, text in zip(listed, versions, strict=True)}
    talk.world.history["wedgate.yml"] = ["a" * 40, *listed]


def refreshed(talk: Talk) -> str:
    """Return what the status says; the pull request's own check goes where it is green, and there alone."""
    talk.run("schedule", "refresh")
    said = f"{talk.status['state']} {re.split(r'[ ,;]', talk.status['description'])[0]}"
    assert (talk.looks().exit_code == 0) == said.startswith("success")
    return said


@pytest.mark.parametrize(
    ("extends", "failure"),
    [(HIDDEN, None), (HIDDEN, "403"), (HIDDEN, "500"), (HIDDEN, "drop"), (GONE, None)],
    ids=["not shown", "forbidden", "broken", "cut off", "gone"],
)
def test_a_change_that_takes_an_unknown_calendar_away_needs_the_quorum(
    talk: Talk, extends: str, failure: str | None
) -> None:
    """What it closed is not known; who may say that it goes is in the file itself, and nobody who comes with it."""
    if failure is not None:
        talk.world.failures["/repos/acme/calendars"] = failure
    holds(talk, text_of(talk, extends), text_of(talk, None, (QUORUM, TAKEN)))
    assert refreshed(talk).startswith("failure config_loosened")
    request = talk.asks(rest="regions=eu,us rules=config_loosened for=2h reason=gone")
    talk.says("mallory", f"/wedgate approve {H1} {request}")
    talk.says("alice", f"/wedgate approve {H1} {request}")
    assert refreshed(talk).startswith("failure")
    talk.says("bob", f"/wedgate approve {H1} {request}")
    assert refreshed(talk) == "success open"


def test_a_change_that_closes_always_what_an_unknown_calendar_may_have_closed_needs_nobody(talk: Talk) -> None:
    """There is a way out by oneself as well: nothing that may have been closed is open after it."""
    closed = f"rules:\n{RULE}\noverrides:"
    holds(talk, text_of(talk, HIDDEN), text_of(talk, None, ("overrides:", closed)))
    assert refreshed(talk) == "success open:"


def test_every_pull_request_is_told_while_a_shared_calendar_is_unknown(talk: Talk) -> None:
    """No green status of before stays: this is red, and the deployment is as closed as before."""
    holds(talk, text_of(talk, HIDDEN), text_of(talk, HIDDEN))
    talk.world.pulls[7].files = [("src/api.py", None)]
    assert (talk.run("schedule", "refresh").exit_code, talk.status["state"]) == (20, "failure")
    assert talk.status["description"].startswith("forge_unreachable")
    assert talk.deploys(MERGED).exit_code == 20


def test_rows_that_the_file_changes_keep_nobody_from_the_policy(talk: Talk) -> None:
    """The file names rows of a calendar that nobody can see: it still says who may approve."""
    rows = "acme/calendars//fairs.yml"
    more = f"rules:\n  {rows}/expo: disabled\n  {rows}/fair: {{load: 3}}\noverrides:"
    untouchable = ("longest: 4h", f"untouchable: [{rows}/gala]")
    holds(talk, text_of(talk, HIDDEN, ("overrides:", more), untouchable), text_of(talk, None))
    assert refreshed(talk).startswith("failure config_loosened")
    talk.asks(rest="regions=eu,us rules=config_loosened for=2h reason=gone")


@pytest.mark.parametrize(
    "change",
    ["{except: [2026-03-01]}", "{also: [2026-03-01]}", "{only: [2026-03-01]}", "{days: 2}", "{lasts: 2d}", "disabled"],
)
def test_what_a_file_changes_in_an_unknown_row_brings_no_older_version_back(talk: Talk, change: str) -> None:
    """A key that only fits the kind of the row is no mistake: nobody knows that kind, and the version decides."""
    more = f"rules:\n  acme/calendars//fairs.yml/holidays: {change}\noverrides:"
    base = text_of(talk, HIDDEN, ("overrides:", more)).encode()
    open_before = text_of(talk, None, (QUORUM, TAKEN)).encode()
    holds(talk, "", text_of(talk, None, (QUORUM, TAKEN)), base, open_before)
    talk.world.put("wedgate.yml", BROKEN)
    assert refreshed(talk).startswith("failure config_loosened")


def test_a_version_that_seems_broken_without_what_it_shares_is_not_known(talk: Talk) -> None:
    """An older one decides nothing instead: with the calendar the newer one may have been valid."""
    base = text_of(talk, HIDDEN, ("longest: 4h", "untouchable: [no-such-rule]")).encode()
    holds(talk, "", text_of(talk, None, (QUORUM, TAKEN)), base, text_of(talk, None, (QUORUM, TAKEN)).encode())
    talk.world.put("wedgate.yml", BROKEN)
    done = talk.run("schedule", "refresh")
    assert (done.exit_code, talk.status["state"]) == (20, "error")
    assert talk.looks().exit_code == 20


@pytest.mark.parametrize(
    "change",
    [
        ("longest: 4h", "longest: 10m"),
        ("longest: 4h", 'links: ["https://incidents.example/(x)/"]'),
        ("  saturday:", "  config_loosened:"),
    ],
    ids=["longest", "links", "rule"],
)
@pytest.mark.parametrize("is_now", [True, False])
def test_a_version_that_was_valid_before_a_limit_came_still_decides(
    talk: Talk, change: tuple[str, str], *, is_now: bool
) -> None:
    """The limit is for what a change brings: a repair takes nobody's say for a file that was never valid."""
    valid = CONFIG.format(policy="longest: 4h", remote=talk.server.url)
    assert change[0] in valid
    earlier = valid.replace(*change)
    holds(talk, earlier if is_now else "", text_of(talk, None, (QUORUM, TAKEN)), earlier.encode())
    if not is_now:
        talk.world.put("wedgate.yml", BROKEN)
    assert refreshed(talk).startswith("failure config_loosened")
    holds(talk, valid, earlier)
    assert refreshed(talk).startswith("failure config_invalid")


def test_broken_versions_in_a_row_hide_no_valid_one(talk: Talk) -> None:
    """A valid version behind more than twenty broken ones still says what is closed and who approves."""
    valid = CONFIG.format(policy="longest: 4h", remote=talk.server.url)
    holds(talk, "", text_of(talk, None, (QUORUM, TAKEN)), *[BROKEN] * 120, valid.encode())
    talk.world.put("wedgate.yml", BROKEN)
    assert refreshed(talk).startswith("failure config_loosened")


def test_more_broken_versions_than_are_read_are_no_first_configuration(talk: Talk) -> None:
    """Nobody knows whether one of them was valid: every status is an error, until a valid file is there again."""
    holds(talk, "", text_of(talk, None, (QUORUM, TAKEN)), *[BROKEN] * 200)
    talk.world.put("wedgate.yml", BROKEN)
    done = talk.run("schedule", "refresh")
    assert (done.exit_code, talk.status["state"]) == (20, "error")
    assert "the last 200 versions of wedgate.yml are read" in talk.status["description"]
    assert talk.looks().exit_code == 20
    assert talk.says("erin", "/wedgate status").exit_code == 20
    talk.world.put("wedgate.yml", text_of(talk, None).encode())
    assert refreshed(talk).startswith("failure config_loosened")
    assert talk.says("erin", "/wedgate status").exit_code == 0


def test_versions_that_were_never_valid_are_repaired_by_anyone(talk: Talk) -> None:
    """Each of them is broken in itself: there is nothing that a repair could open."""
    holds(talk, "", text_of(talk, None), *[BROKEN] * 3)
    talk.world.put("wedgate.yml", BROKEN)
    assert refreshed(talk) == "success open:"
