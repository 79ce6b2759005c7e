"""A year of releases on paper: counted by hand, and against a slow count that asks the planner one start at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil

import pytest
from dateutil.rrule import HOURLY, rrule

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.values import Interval, Span, Verdict
from wedgate.rollout.outlook import Demand, Per, fit_releases, parse_demand, quantile, reach_of
from wedgate.rollout.planner import Planner, Stretch, Task, plan_from
from wedgate.rollout.replicas import Fleet, needed, replica_hours
from wedgate.rollout.values import Step, Strategy, StrategyKind

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
START = datetime(2027, 1, 4, tzinfo=UTC)
"""A Monday."""
WEEK = Span(start=START, end=START + timedelta(days=7))
YEAR = Span(start=datetime(2027, 1, 1, tzinfo=UTC), end=datetime(2028, 1, 1, tzinfo=UTC))
STEADY = Strategy(
    name="steady",
    kind=StrategyKind.CANARY,
    steps=(Step(weight=10, bake=40 * MINUTE), Step(weight=100, bake=timedelta(0))),
    is_complete=True,
)
"""With two minutes for the deploy 42 minutes; with the reserve 62 have to fit."""


def task_of(windows: dict[str, list[tuple[float, float]]], waves: tuple[tuple[str, ...], ...], until: float) -> Task:
    """Make a task from windows in hours after the start."""
    return Task(
        waves=waves,
        in_flight=1,
        reserve=20 * MINUTE,
        deploy=2 * MINUTE,
        stretches={
            name: tuple(
                Stretch(start=START + begin * HOUR, end=START + end * HOUR, verdict=Verdict.OPEN)
                for begin, end in found
            )
            for name, found in windows.items()
        },
        strategy_of=lambda region, verdict: STEADY,
        horizon=START + until * HOUR,
    )


@pytest.mark.parametrize(
    ("text", "count", "per"),
    [("3/week", 3, Per.WEEK), (" 10 / Month ", 10, Per.MONTH), ("1 per day", 1, Per.DAY), ("150/year", 150, Per.YEAR)],
)
def test_how_often_is_read_as_people_write_it(text: str, count: int, per: Per) -> None:
    """And is written back in one way."""
    found = parse_demand(text)
    assert (found.count, found.per) == (count, per)
    assert parse_demand(str(found)) == found


@pytest.mark.parametrize(
    "text", ["", "3", "/week", "3/fortnight", "three/week", "-3/week", "3.5/week", "0/week", "1001/day", "٣/week", "3/"]
)
def test_nonsense_is_refused_with_an_example(text: str) -> None:
    """What it is not, and how it would be written."""
    with pytest.raises(SpellingError, match=r"write (such as 3/week|a number from 1 to 1000)"):
        parse_demand(text)


def test_releases_are_asked_for_evenly_and_in_the_middle() -> None:
    """Three a week are one in 56 hours: 156 in 2027, the first after 28 hours, as a recurrence has them."""
    asked = Demand(count=3, per=Per.WEEK).instants(YEAR)
    theirs = list(rrule(HOURLY, interval=56, dtstart=YEAR.start + 28 * HOUR, until=YEAR.end - timedelta(seconds=1)))
    assert list(asked) == theirs
    assert len(asked) == 156
    counts = {per: len(Demand(count=2, per=per).instants(YEAR)) for per in Per}
    assert counts == {Per.DAY: 730, Per.WEEK: 104, Per.MONTH: 24, Per.YEAR: 2}


@pytest.mark.parametrize(
    ("known", "never", "part", "place"),
    [(20, 0, 0.5, 10), (20, 0, 0.95, 19), (21, 0, 0.5, 11), (1, 0, 0.95, 1), (15, 5, 0.5, 10), (19, 1, 0.95, 19)],
)
def test_a_quantile_is_the_smallest_value_that_so_many_do_not_exceed(
    known: int, never: int, part: float, place: int
) -> None:
    """The nearest rank, by hand; what never ends is longer than anything."""
    assert quantile([number * HOUR for number in range(1, known + 1)], part, never=never) == place * HOUR


def test_a_quantile_among_those_that_never_end_is_none() -> None:
    """Eighteen that end and two that do not: 95 of a hundred do not all end."""
    hours = [number * HOUR for number in range(18)]
    assert quantile(hours, 0.95, never=2) is None
    assert quantile([], 0.5, never=3) is None
    assert quantile([], 0.5) is None


def test_how_long_a_fix_takes_by_hand() -> None:
    """Closed from hour 100 to 150 of 168: at hour 99 the 62 minutes do not fit any more, so it takes 51 h 42 min."""
    planner = Planner(task_of({"a": [(0, 100), (150, 400)]}, (("a",),), 400))
    found = reach_of(planner, WEEK, HOUR)
    assert (found.samples, found.never) == (168, 0)
    assert (found.best, found.median) == (42 * MINUTE, 42 * MINUTE)
    assert (found.worst, found.worst_plan.start) == (51 * HOUR + 42 * MINUTE, START + 99 * HOUR)
    # 51 of 168 starts wait, for 1 to 51 hours: 95 % of 168 is the 160th, the ninth longest: 43 hours.
    assert found.p95 == 43 * HOUR + 42 * MINUTE
    shares = dict(found.within)
    assert shares[2 * HOUR] == pytest.approx((168 - 50) / 168)
    assert shares[72 * HOUR] == 1
    # Thursday 04:00 is hour 76, Friday 03:00 hour 99, Saturday 00:00 hour 120.
    assert found.by_hour[3][4] == 42 * MINUTE
    assert found.by_hour[4][3] == 51 * HOUR + 42 * MINUTE
    assert found.by_hour[5][0] == 30 * HOUR + 42 * MINUTE
    assert [(week.median, week.worst) for week in found.weeks] == [(42 * MINUTE, found.worst)]
    assert found.until == START + 167 * HOUR + 42 * MINUTE


def test_every_start_is_one_plan() -> None:
    """Two waves, one region open for half of each day: the same numbers from plans that are asked for one by one."""
    windows = {"a": [(0.0, 500.0)], "b": [(24.0 * day, 24.0 * day + 12) for day in range(20)]}
    task = task_of(windows, (("a",), ("b",)), 500)
    grid = 30 * MINUTE
    found = reach_of(Planner(task), WEEK, grid)
    starts = [START + number * grid for number in range(7 * 48)]
    took = [plan_from(task, start).end - start for start in starts]
    assert found.worst == max(took)
    assert found.worst_plan.start == starts[took.index(max(took))]
    assert found.median == sorted(took)[ceil(len(took) * 0.5) - 1]
    assert found.p95 == sorted(took)[ceil(len(took) * 0.95) - 1]


def test_what_fits_nowhere_is_never() -> None:
    """The last window ends at hour 100: 99 starts fit, the other 69 never do, and the worst is the first of them."""
    found = reach_of(Planner(task_of({"a": [(0, 100)]}, (("a",),), 400)), WEEK, HOUR)
    assert (found.samples, found.never, found.worst, found.p95) == (168, 69, None, None)
    assert found.median == 42 * MINUTE
    assert found.worst_plan.start == START + 99 * HOUR
    assert found.worst_plan.misfit is not None
    assert found.by_hour[4][3] is None
    assert found.weeks[0].worst is None


def test_releases_wait_for_one_another_by_hand() -> None:
    """Seven a week are one a day at noon. Closed from Tuesday 06:00 to Thursday 00:00: Tuesday's and Wednesday's go one
    after the other then, and Thursday's at noon."""
    planner = Planner(task_of({"a": [(0, 30), (72, 400)]}, (("a",),), 400))
    found, plans = fit_releases(planner, parse_demand("7/week"), WEEK)
    assert (found.asked, found.done) == (7, 7)
    begun = [int((dated.regions[0].start - START) / MINUTE) for dated in plans]
    assert begun == [720, 4320, 4362, 5040, 6480, 7920, 9360]
    # Tuesday's is asked for at minute 2,160 and everywhere at 4,362: 36 h 42 min.
    assert (found.median, found.worst) == (42 * MINUTE, 36 * HOUR + 42 * MINUTE)
    assert (found.most_waiting, found.most_waiting_at) == (2, START + 60 * HOUR)
    # Back to back: 43 times 42 minutes begin by hour 30 - 62 min and end after 30.1 h; the rest of 96 hours has 137.
    last_start = 30 * 60 - 62
    first_stretch = last_start // 42 + 1
    assert found.at_most == first_stretch + (96 * 60) // 42
    assert [(week.asked, week.done) for week in found.weeks] == [(7, 7)]
    assert found.misfit is None


def test_releases_that_do_not_fit_are_left() -> None:
    """Nothing fits after hour 100; what is under way when the year ends is not done in it."""
    planner = Planner(task_of({"a": [(0, 100)]}, (("a",),), 400))
    found, _ = fit_releases(planner, parse_demand("7/week"), WEEK)
    # At noon of Monday to Thursday; Friday noon is hour 108.
    assert (found.asked, found.done) == (7, 4)
    assert found.misfit is not None
    assert found.misfit.region == "a"
    late, plans = fit_releases(
        Planner(task_of({"a": [(0, 10), (167.5, 400)]}, (("a",),), 400)), parse_demand("7/week"), WEEK
    )
    assert (late.done, len(plans)) == (0, 1)
    assert (late.asked, late.most_waiting) == (7, 7)


def test_a_rollout_without_any_length_ends_all_the_same() -> None:
    """One a minute is the most: 24 hours have 1,440."""
    nothing = Strategy(
        name="now", kind=StrategyKind.ALL_AT_ONCE, steps=(Step(weight=100, bake=timedelta(0)),), is_complete=True
    )
    task = Task(
        waves=(("a",),),
        in_flight=1,
        reserve=timedelta(0),
        deploy=timedelta(0),
        stretches={"a": (Stretch(start=START, end=START + 100 * HOUR, verdict=Verdict.OPEN),)},
        strategy_of=lambda region, verdict: nothing,
        horizon=START + 100 * HOUR,
    )
    found, _ = fit_releases(Planner(task), parse_demand("1/day"), Span(start=START, end=START + 24 * HOUR))
    assert found.at_most == 1440


@pytest.mark.parametrize(
    ("base", "load", "replicas"),
    [(12, "4", 48), (12, "0.1", 2), (3, "0.1", 1), (1, "1.5", 2), (10, "2.5", 25), (None, "2.5", Decimal("2.5"))],
)
def test_replicas_are_whole_and_at_least_one(base: int | None, load: str, replicas: int | Decimal) -> None:
    """Rounded up; without a number they are multiples of the usual."""
    assert needed(base, Decimal(load)) == replicas


def loads_of(*pieces: tuple[float, float, str]) -> list[Interval]:
    """Make intervals of loads from hours after the start."""
    return [
        Interval(start=START + begin * HOUR, end=START + end * HOUR, verdict=Verdict.OPEN, load=Decimal(load), rules=())
        for begin, end, load in pieces
    ]


def test_replica_hours_by_hand() -> None:
    """Ten replicas; four times the load from hour 100 to 110. A rollout of 42 minutes at hour 20, one into the peak."""
    loads = {"a": loads_of((-5, 100, "1"), (100, 110, "4"), (110, 300, "1"))}
    planner = Planner(task_of({"a": [(0, 400)]}, (("a",),), 400))
    plans = [planner.plan(START + 20 * HOUR), planner.plan(START + 99.5 * HOUR)]
    (found,) = replica_hours(loads, plans, WEEK, Fleet(base={"a": 10}), until_all=False)
    assert (found.peak, found.highest_load, found.short) == (40, 4, timedelta(0))
    assert found.by_calendar == 158 * 10 + 10 * 40
    assert found.static == 168 * 40
    assert found.both_colours == 84 * MINUTE
    # 42 + 30 minutes with ten more, and 12 with forty more.
    assert found.by_calendar_rollouts == Decimal(72 * 10 + 12 * 40) / 60
    assert found.static_rollouts == Decimal(84 * 40) / 60


def test_a_peak_of_ones_own_may_be_too_small_and_an_old_colour_kept() -> None:
    """Thirty are too few for ten hours at four times; an hour more of both colours, and two that touch are one."""
    loads = {"a": loads_of((0, 100, "1"), (100, 110, "4"), (110, 300, "1"))}
    planner = Planner(task_of({"a": [(0, 400)]}, (("a",),), 400))
    fleet = Fleet(base={"a": 10}, peak={"a": 30}, keep_old=HOUR)
    plans = [planner.plan(START + 20 * HOUR), planner.plan(START + 21 * HOUR), planner.plan(START + 167 * HOUR)]
    (found,) = replica_hours(loads, plans, WEEK, fleet, until_all=False)
    assert (found.short, found.static) == (10 * HOUR, 168 * 30)
    # From hour 20 to 22:42, and the last hour of the week, which the rest of the third rollout lies beyond.
    assert found.both_colours == (2 * 60 + 42 + 60) * MINUTE


def test_old_colours_that_stay_until_the_last_promotion() -> None:
    """With `report-fails: retreat` the first of two regions has both colours for 84 minutes, and the second for 42."""
    loads = {name: loads_of((0, 300, "1")) for name in ("a", "b")}
    planner = Planner(task_of({"a": [(0, 400)], "b": [(0, 400)]}, (("a",), ("b",)), 400))
    found = replica_hours(loads, [planner.plan(START)], WEEK, Fleet(), until_all=True)
    assert [each.both_colours for each in found] == [84 * MINUTE, 42 * MINUTE]
    assert found[0].base is None
    assert found[0].by_calendar == 168
