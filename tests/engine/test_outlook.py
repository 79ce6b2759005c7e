"""The outlook of a configuration says what `wedgate plan` and `wedgate check` say, a year at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dateutil.rrule import SA, WEEKLY, rrule

from wedgate.cli.wiring import PinnedAlmanac, almanac_for
from wedgate.config.configuration import Configuration
from wedgate.config.load import load_configuration, parse_configuration
from wedgate.engine.horizon import timeline_for
from wedgate.engine.outlook import make_outlook
from wedgate.engine.plan import make_plan
from wedgate.errors import UsageError
from wedgate.rollout.outlook import Outlook, parse_demand
from wedgate.rollout.replicas import Fleet

ROOT = Path(__file__).resolve().parents[2]
STORIES = ROOT / "scenarios" / "wedgate.yml"
ALMANAC = PinnedAlmanac()
HOUR = timedelta(hours=1)
YEAR_END = datetime(2027, 12, 31, 23, tzinfo=UTC)


def outlook_of(configuration: Configuration, year: int = 2027, **changes: Any) -> Outlook:
    """Make an outlook of three releases a week."""
    almanac = changes.pop("almanac", ALMANAC)
    asked = {"demand": parse_demand("3/week"), "grid": timedelta(hours=6), **changes}
    return make_outlook(configuration, almanac, year, wedgate_version="0", **asked)


@pytest.fixture(scope="module")
def stories() -> Configuration:
    """The configuration that the scenarios are about: four regions, six markets."""
    return load_configuration(STORIES)


@pytest.fixture(scope="module")
def year(stories: Configuration) -> Outlook:
    """Its outlook for 2027."""
    return outlook_of(stories, grid=HOUR)


@pytest.fixture
def changed(stories: Configuration) -> Callable[[str, str], Configuration]:
    """Return the configuration with one text in it replaced."""

    def change(old: str, new: str) -> Configuration:
        text = STORIES.read_text(encoding="utf-8")
        assert old in text
        return parse_configuration(text.replace(old, new).encode(), name="wedgate.yml")

    return change


def test_an_urgent_fix_takes_as_long_as_the_plan_from_there(stories: Configuration, year: Outlook) -> None:
    """The worst start, and the median of a weekday and hour over all weeks, from `wedgate plan` asked one by one."""
    reach = year.reach
    worst = make_plan(stories, ALMANAC, reach.worst_plan.start).given
    assert (worst.regions, worst.end) == (reach.worst_plan.regions, reach.worst_plan.end)
    assert reach.worst == worst.end - worst.start
    fridays = rrule(WEEKLY, byweekday=4, dtstart=datetime(2027, 1, 1, 9, tzinfo=UTC), until=year.span.end)
    took = sorted(make_plan(stories, ALMANAC, at).given.end - at for at in fridays)
    assert reach.by_hour[4][9] == took[(len(took) + 1) // 2 - 1]
    assert reach.samples == 8760
    assert all(each <= worst.end - worst.start for each in took)


def test_open_hours_are_those_of_the_check(stories: Configuration, year: Outlook) -> None:
    """Asked hour by hour of a timeline of its own, for every region and for all of them; edges here are whole hours."""
    timeline = timeline_for(stories.calendar, ALMANAC, year.span)
    hours = [year.span.start + number * HOUR for number in range(8760)]
    for each in year.hours:
        names = year.regions if each.region is None else (each.region,)
        open_now = sum(timeline.next_open(names, at) == at for at in hours)
        assert each.whole.usable == open_now * HOUR


def test_the_price_of_the_saturdays_is_what_a_calendar_without_them_opens(
    stories: Configuration, year: Outlook, changed: Callable[[str, str], Configuration]
) -> None:
    """The rule is struck out of the file, and both years are added up."""
    without = outlook_of(changed("  saturday: {where: all, weekdays: saturday, effect: block}\n", ""))
    (cost,) = (cost for cost in year.costs if cost.rule.id == "saturday")
    gained = [after.whole.usable - before.whole.usable for before, after in zip(year.hours, without.hours, strict=True)]
    assert cost.opens == sum(gained[:-1], timedelta(0))
    assert cost.opens_together == gained[-1]
    assert year.costs[0] is cost


def test_a_year_of_one_region_counted_by_hand(changed: Callable[[str, str], Configuration]) -> None:
    """New York alone, Saturdays alone: 52 of them by a recurrence, and 42 minutes whenever it is open."""
    # 1 January 2028 is one too, but in New York it begins at 05:00 UTC, which is not in this year any more.
    saturdays = rrule(
        WEEKLY, byweekday=SA, dtstart=datetime(2027, 1, 2, tzinfo=UTC), until=datetime(2027, 12, 31, tzinfo=UTC)
    )
    valentine = "  valentine: {where: all, yearly: 02-14, pad: {before: 6h}, effect: block}\n"
    found = outlook_of(changed(valentine, ""), regions=("us-east",), grid=HOUR)
    (hours,) = found.hours
    assert hours.whole.closed == len(list(saturdays)) * 24 * HOUR
    # Two minutes of deploy and twice twenty of bake; the last start that fits is 62 minutes before Saturday, so that
    # the hour before it waits longest: 25 hours and 42 minutes.
    assert (found.reach.best, found.reach.median) == (42 * HOUR / 60, 42 * HOUR / 60)
    assert found.reach.worst == 25 * HOUR + 42 * HOUR / 60
    assert found.reach.worst_plan.start == datetime(2027, 1, 2, 4, tzinfo=UTC)
    assert (found.releases.asked, found.releases.done) == (156, 156)


def test_replica_hours_double_while_a_rollout_runs(stories: Configuration) -> None:
    """No load is stated: the usual replicas all year, and as many again for each release of 42 or, with care, 92
    minutes."""
    regions = ("eu-central", "us-west", "us-east", "asia-pacific")
    found = outlook_of(stories, fleet=Fleet(base=dict.fromkeys(regions, 5)))
    for each in found.replicas:
        assert each.by_calendar == each.static == 5 * 8760
        assert each.by_calendar_rollouts == each.static_rollouts
    west = next(each for each in found.replicas if each.region == "us-west")
    assert west.both_colours == 156 * timedelta(minutes=42)


def test_with_retreat_both_colours_stay_until_the_last_promotion(
    year: Outlook, changed: Callable[[str, str], Configuration]
) -> None:
    """The key decides it."""
    found = outlook_of(changed("judge: {", "judge: {report-fails: retreat, "))
    assert (year.until_all, found.until_all) == (False, True)
    assert found.replicas[0].both_colours > year.replicas[0].both_colours
    last = next(each for each in found.replicas if each.region == "asia-pacific")
    assert last == next(each for each in year.replicas if each.region == "asia-pacific")


@pytest.mark.parametrize(
    ("expires", "sources", "closed_in_year"),
    [
        ("2029-01-01", (), 0),
        # The last starts of Friday wait for the Saturday of Singapore, and then New York's table has ended.
        ("2027-12-31", ("rows of fairs.yml are verified until 2027-12-31",), 0),
        # New York's 1 July begins at 04:00 UTC.
        ("2027-06-30", ("rows of fairs.yml are verified until 2027-06-30",), 184 * 24 - 4),
    ],
)
def test_a_table_that_does_not_reach_the_year_or_what_follows_is_said(
    tmp_path: Path, expires: str, sources: tuple[str, ...], closed_in_year: int
) -> None:
    """Not knowing is never permission: the region is closed from there on, and the outlook says for want of what."""
    text = STORIES.read_text(encoding="utf-8")
    text = text.replace("rules:\n", "rules:\n  fairs: {where: us-east, table: fairs.yml, effect: block}\n")
    waves = "[[eu-central], [us-west, us-east], [asia-pacific]]"
    path = tmp_path / "wedgate.yml"
    path.write_text(text.replace(waves, "[[asia-pacific], [eu-central, us-west], [us-east]]"), encoding="utf-8")
    rows = "[{on: 2026-05-01, name: a}, {on: 2027-05-01, name: b}]"
    (tmp_path / "fairs.yml").write_text(f"source: us\nexpires: {expires}\ndates: {rows}\n", encoding="utf-8")
    found = make_outlook(
        load_configuration(path),
        almanac_for(path, {}),
        2027,
        demand=parse_demand("3/week"),
        wedgate_version="0",
    )
    assert [gap.sources for gap in found.gaps] == ([sources] if sources else [])
    assert (found.reach.never > 0) is bool(sources)
    cost = next((cost for cost in found.costs if cost.rule.id == "fairs"), None)
    # The one day of May is closed as well.
    assert cost is not None
    assert cost.closed == (closed_in_year + 24) * HOUR


def test_a_table_that_ends_with_the_year_is_said_where_it_keeps_the_last_fix_from_fitting(tmp_path: Path) -> None:
    """New York's 2028 begins at 05:00 UTC; eight hours of bakes begun after 20:00 would end in what is not known."""
    text = STORIES.read_text(encoding="utf-8").replace("bake: 20m", "bake: 4h")
    text = text.replace("rules:\n", "rules:\n  fairs: {where: us-east, table: fairs.yml, effect: block}\n")
    path = tmp_path / "wedgate.yml"
    path.write_text(text, encoding="utf-8")
    rows = "[{on: 2026-05-01, name: a}]"
    (tmp_path / "fairs.yml").write_text(f"source: us\nexpires: 2027-12-31\ndates: {rows}\n", encoding="utf-8")
    found = outlook_of(load_configuration(path), almanac=almanac_for(path, {}), regions=("us-east",), grid=HOUR)
    # From 21, 22 and 23 o'clock; at 20:00 the bakes and the reserve are over by 04:22.
    assert found.reach.never == 3
    assert [gap.sources for gap in found.gaps] == [("rows of fairs.yml are verified until 2027-12-31",)]


def test_what_makes_no_sense_is_refused(stories: Configuration) -> None:
    """Each in one sentence that says what to write."""
    fleet = Fleet(base={"us-east": 3})
    cases: list[tuple[dict[str, Any], str]] = [
        ({"year": 1969}, "answers for the years 1970 to 2099, not for 1969"),
        ({"year": 2100}, "answers for the years 1970 to 2099, not for 2100"),
        ({"regions": ("mars",)}, "region mars is in no wave"),
        ({"grid": timedelta(minutes=1)}, "--every: 1m is not from 5m to 1d"),
        ({"grid": timedelta(days=2)}, "--every: 2d is not from 5m to 1d"),
        ({"fleet": fleet}, "--replicas: nothing is said of eu-central"),
        ({"fleet": Fleet(base={"mars": 3})}, "--replicas: mars is no region"),
        ({"fleet": replace(fleet, base=None, peak={"us-east": 3})}, "--peak-replicas: nothing is said of eu-central"),
    ]
    for changes, words in cases:
        with pytest.raises(UsageError, match=words):
            outlook_of(stories, **changes)


def test_a_gate_without_a_rollout_has_no_release_to_plan() -> None:
    """It says which command shows its hours."""
    text = STORIES.read_text(encoding="utf-8")
    gate = parse_configuration(text[: text.index("rollout:")].encode(), name="wedgate.yml")
    with pytest.raises(UsageError, match=r"no `rollout:`.*wedgate calendar --year 2027"):
        outlook_of(gate)


@pytest.mark.parametrize("first_or_last", [1970, 2099])
def test_the_first_and_the_last_year_can_be_looked_at(stories: Configuration, first_or_last: int) -> None:
    """Plans reach beyond the last."""
    found = outlook_of(stories, first_or_last, grid=timedelta(days=1))
    assert found.reach.never == 0
    assert found.releases.done == found.releases.asked
