"""Scenarios: those that ship hold, those that cannot be met say where, and those that cannot be read say which line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

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


def test_a_wall_time_that_comes_twice_is_the_earlier_one() -> None:
    """02:30 on the night in which Berlin's clocks go back."""
    start = read_instant("2026-10-24 12:00 Europe/Berlin", read_instant("2026-01-01T00:00:00+00:00", None))  # type: ignore[arg-type]
    assert read_instant("2026-10-25 02:30 Europe/Berlin", start).utcoffset().total_seconds() == 7200  # type: ignore[union-attr]


def test_a_story_ends_when_it_says_so_whatever_is_still_on(tmp_path: Path) -> None:
    """A rollout that outlasts it is left where it is."""
    path = written(
        tmp_path, ("start: 2026-03-10 09:00 Europe/Berlin", "start: 2026-03-10 09:00 Europe/Berlin\nends: 45m")
    )
    path.write_text(path.read_text().split("expect:")[0] + "expect:\n  - {at: end, weights: {us-west: 10}}\n")
    code, output = run(str(path))
    assert code == 0, output
