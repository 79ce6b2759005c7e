"""Scenarios: those that ship hold, those that cannot be met say where, and those that cannot be read say which line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from wedgate.calendars.spelling import SpellingError
from wedgate.cli.main import cli
from wedgate.errors import ConfigurationError, UsageError
from wedgate.simulation.scenario import EVENTS, read_instant, read_scenario

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path for path in (ROOT / "scenarios").glob("*.yml") if not path.name.startswith("wedgate"))


def run(*words: str) -> tuple[int, str]:
    """Run the command."""
    found = CliRunner().invoke(cli, ["scenario", "run", *words], standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return int(found.return_value), found.output


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_holds(path: Path) -> None:
    """Each is documentation and an acceptance test."""
    code, output = run(str(path))
    assert (code, output.splitlines()[-1]) == (0, "1 of 1 scenarios hold"), output


def test_there_are_at_least_forty_and_every_kind_of_event_is_in_one() -> None:
    """What nobody tells a story of, nobody tests."""
    assert len(SHIPPED) >= 40
    told = {event.kind for path in SHIPPED for event in read_scenario(path).events}
    assert told == set(EVENTS)


def written(place: Path, *changes: tuple[str, str]) -> Path:
    """Write a quiet Tuesday with changes, beside its configuration."""
    for name in ("wedgate.yml", "a-quiet-tuesday.yml"):
        text = (ROOT / "scenarios" / name).read_text()
        for old, new in changes:
            text = text.replace(old, new)
        (place / name).write_text(text)
    return place / "a-quiet-tuesday.yml"


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        (
            ("weekdays: saturday", "weekdays: tuesday"),
            "weight of eu-central at 2026-03-10 08:10:00Z: expected 10, found 0",
        ),
        (("bake: 20m", "bake: 40m"), "weight of eu-central at 2026-03-10 08:30:00Z: expected 50, found 10"),
        (("status: done", "status: halted"), "status at the end: expected halted, found done"),
        (("exit: 0", "exit: 12"), "exit code at the end: expected 12, found 0"),
    ],
)
def test_an_expectation_that_is_not_met_is_named_with_its_line(
    tmp_path: Path, change: tuple[str, str], missed: str
) -> None:
    """The line of the file, what was expected, and what was found; exit 1."""
    path = written(tmp_path, change)
    code, output = run(str(path))
    assert code == 1
    assert missed in output
    assert f"{path}:" in output


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("release:", "realease:"), "a scenario has no 'realease'"),
        (("status: done", "statsu: done"), "an expectation has no 'statsu'"),
        (("at: +10m", "at: tomorrow"), "Invalid isoformat string"),
        (("at: +10m", "at: +10"), "+"),
        (("09:00 Europe/Berlin", "09:00 Europe/Berlim"), "is not a time zone"),
        (("09:00 Europe/Berlin", "09:00"), "no zone"),
        (("expect:", "events:"), "expects nothing"),
        (('digest: "', 'migration: back, digest: "'), "there is no migration 'back'"),
        (("release: {digest", "events: [{at: +1m, freeze: {reason: x}}]\nrelease: {digest"), "for how long"),
        (("release: {digest", "events: [{at: +1m}]\nrelease: {digest"), "not one thing that happens"),
        (("release: {digest", "events: {at: +1m}\nrelease: {digest"), "events is a list"),
    ],
)
def test_a_scenario_that_cannot_be_read_says_which_line(
    tmp_path: Path, change: tuple[str, str], complaint: str
) -> None:
    """File, line, column, what, and what to write."""
    path = written(tmp_path, change)
    with pytest.raises(ConfigurationError) as refused:
        run(str(path))
    assert complaint in str(refused.value)
    assert f"{path}:" in str(refused.value)
    assert "; " in str(refused.value)


def test_a_region_that_is_none_is_named(tmp_path: Path) -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match="there is no region mars; there are eu-central"):
        run(str(written(tmp_path, ("us-west: 0, us-east: 0, asia-pacific: 0", "mars: 0"))))


def test_a_folder_without_scenarios_says_where_to_read_more(tmp_path: Path) -> None:
    """And so does a path that is not there."""
    with pytest.raises(UsageError, match=r"scenarios\.md"):
        run(str(tmp_path))
    with pytest.raises(UsageError, match=r"there is no file or folder .*none\.yml here; .*scenarios\.md"):
        run(str(tmp_path / "none.yml"))


def test_the_trace_tells_what_happened(tmp_path: Path) -> None:
    """Every change of traffic, and how it ended."""
    _, output = run(str(written(tmp_path)), "--trace")
    assert "eu-central: blue 90 / green 10" in output
    assert "exit 0: done" in output


@pytest.mark.parametrize(("order", "refused"), [("resume", "nothing of rollout r-"), ("thaw", "nothing is frozen")])
def test_the_trace_says_what_was_refused_and_the_story_goes_on(tmp_path: Path, order: str, refused: str) -> None:
    """A resume where nothing is paused, a thaw where nothing is frozen: as the commands say it."""
    path = written(tmp_path, ("release: {digest", f"events: [{{at: +1m, {order}: }}]\nrelease: {{digest"))
    code, output = run(str(path), "--trace")
    assert f"REFUSED {refused}" in output
    assert code == 0


@pytest.mark.parametrize(
    ("text", "what", "offsets"),
    [
        ("2026-10-25 02:30 Europe/Berlin", "comes twice", "2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"),
        ("2026-11-01 01:30 America/New_York", "comes twice", "2026-11-01T01:30:00-04:00 or 2026-11-01T01:30:00-05:00"),
        ("2026-03-29 02:30 Europe/Berlin", "does not exist", "2026-03-29T01:30:00+01:00 or 2026-03-29T03:30:00+02:00"),
        # Half an hour alone is skipped on Lord Howe Island.
        ("2026-10-04 02:15 Australia/Lord_Howe", "does not exist", "2026-10-04T01:45:00+10:30 or 2026-10-04T02:45"),
    ],
)
def test_a_wall_time_that_is_no_instant_or_two_asks_for_the_offset(
    tmp_path: Path, text: str, what: str, offsets: str
) -> None:
    """As the start or an event, with its line; both instants that could be meant are there to be copied."""
    path = written(tmp_path, ("start: 2026-03-10 09:00 Europe/Berlin", f"start: {text}"))
    with pytest.raises(ConfigurationError, match=what) as refused:
        run(str(path))
    assert offsets in str(refused.value)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(SpellingError, match=what):
        read_instant(text, start)


@pytest.mark.parametrize("text", ["2026-03-29 01:59 Europe/Berlin", "2026-03-29 03:00 Europe/Berlin"])
def test_a_wall_time_beside_a_change_of_clocks_is_read(text: str) -> None:
    """01:59 is the last minute before the gap, 03:00 the first after it: a minute lies between them."""
    found = read_instant(text, datetime(2026, 1, 1, tzinfo=UTC))
    assert found.astimezone(UTC).strftime("%H:%M") == ("00:59" if "01:59" in text else "01:00")


@pytest.mark.parametrize(
    "change",
    [
        ("release: {digest", 'events: [{at: "2020-01-01T00:00:00Z", thaw: }]\nrelease: {digest'),
        ("at: +10m", "at: 2026-03-10 08:59 Europe/Berlin"),
    ],
)
def test_what_is_before_the_start_is_a_problem(tmp_path: Path, change: tuple[str, str]) -> None:
    """An event would have happened at the start, an expectation would have been looked at there."""
    with pytest.raises(ConfigurationError, match="is before the start, 2026-03-10 08:00:00 UTC") as refused:
        run(str(written(tmp_path, change)))
    assert "write an instant from the start on" in str(refused.value)


def test_a_story_ends_when_it_says_so_whatever_is_still_on(tmp_path: Path) -> None:
    """A rollout that outlasts it is left where it is."""
    path = written(
        tmp_path, ("start: 2026-03-10 09:00 Europe/Berlin", "start: 2026-03-10 09:00 Europe/Berlin\nends: 45m")
    )
    path.write_text(path.read_text().split("expect:")[0] + "expect:\n  - {at: end, weights: {us-west: 10}}\n")
    code, output = run(str(path))
    assert code == 0, output
