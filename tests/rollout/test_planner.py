"""The planner against a slow one that walks minute by minute, and against plans worked out by hand."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from wedgate.calendars.values import Verdict
from wedgate.rollout.ordering import best_order, is_exact
from wedgate.rollout.planner import Dated, Goal, Stretch, Task, plan_from, without_waiting
from wedgate.rollout.values import Step, Strategy, StrategyKind

START = datetime(2026, 3, 9, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAYS = 3 * 24 * 60


def strategy(name: str, *bakes: int) -> Strategy:
    """Make a strategy of some bakes in minutes, and all traffic at its end."""
    steps = [Step(weight=10 * (place + 1), bake=bake * MINUTE) for place, bake in enumerate(bakes)]
    last = Step(weight=100, bake=timedelta(0))
    return Strategy(name=name, kind=StrategyKind.CANARY, steps=(*steps, last), is_complete=True)


STEADY, CAREFUL = strategy("steady", 20, 20), strategy("careful", 30, 30, 30)


def task(
    windows: dict[str, list[tuple[int, int, Verdict]]],
    waves: tuple[tuple[str, ...], ...],
    *,
    in_flight: int = 1,
    reserve: int = 20,
    deploy: int = 2,
) -> Task:
    """Make a task from windows in minutes after the start."""
    return Task(
        waves=waves,
        in_flight=in_flight,
        reserve=reserve * MINUTE,
        deploy=deploy * MINUTE,
        stretches={
            name: tuple(
                Stretch(start=START + begin * MINUTE, end=START + end * MINUTE, verdict=verdict)
                for begin, end, verdict in found
            )
            for name, found in windows.items()
        },
        strategy_of=lambda region, verdict: CAREFUL if verdict is Verdict.CAUTION else STEADY,
        horizon=START + DAYS * MINUTE,
    )


def minutes(dated: Dated) -> dict[str, int]:
    """Return when each region begins, in minutes after the start."""
    return {region.region: int((region.start - START) / MINUTE) for region in dated.regions}


def walked(
    windows: dict[str, list[tuple[int, int, Verdict]]],
    waves: tuple[tuple[str, ...], ...],
    in_flight: int,
    reserve: int,
    deploy: int,
) -> dict[str, int]:
    """Walk minute by minute: at each, the first region of the wave that can go takes a free place."""
    verdicts: dict[str, list[Verdict | None]] = {name: [None] * (DAYS + 1) for name in windows}
    for name, found in windows.items():
        for begin, end, verdict in found:
            verdicts[name][begin:end] = [verdict] * (end - begin)
    begun: dict[str, int] = {}
    ends: dict[str, int] = {}
    now = 0
    for wave in waves:
        left = list(wave)
        refused: list[str] = []
        while left and now < DAYS:
            moving = sum(begun[name] <= now < ends[name] for name in begun)
            for name in [*(name for name in left if name not in refused), *(name for name in left if name in refused)]:
                if moving >= in_flight:
                    break
                verdict = verdicts[name][now]
                way = deploy + (90 if verdict is Verdict.CAUTION else 40)
                fits = now + way + reserve <= DAYS and None not in verdicts[name][now : now + way + reserve]
                if verdict is None or not fits:
                    refused.append(name)
                    continue
                begun[name], ends[name] = now, now + way
                left.remove(name)
                moving += 1
            now += 1
        if left:
            return begun
        now = max([now - 1, *(ends[name] for name in wave)])
    return begun


@st.composite
def calendars(draw: st.DrawFn) -> dict[str, list[tuple[int, int, Verdict]]]:
    """Draw windows for four regions."""
    found = {}
    for name in ("a", "b", "c", "d"):
        edges = sorted(draw(st.sets(st.integers(0, DAYS), min_size=2, max_size=12)))
        verdicts = st.sampled_from([Verdict.OPEN, Verdict.CAUTION, None])
        pieces = [(begin, end, draw(verdicts)) for begin, end in pairwise(edges)]
        found[name] = [(begin, end, verdict) for begin, end, verdict in pieces if verdict is not None]
    return found


@settings(max_examples=300, deadline=None)
@given(
    windows=calendars(),
    waves=st.sampled_from([(("a",), ("b", "c"), ("d",)), (("a", "b", "c", "d"),), (("d", "c"), ("b", "a"))]),
    in_flight=st.integers(1, 3),
    reserve=st.integers(0, 60),
    deploy=st.integers(0, 10),
)
def test_the_planner_agrees_with_one_that_walks(
    windows: dict[str, list[tuple[int, int, Verdict]]],
    waves: tuple[tuple[str, ...], ...],
    in_flight: int,
    reserve: int,
    deploy: int,
) -> None:
    """Every beginning to the minute, and both stop at the same region when one fits nowhere."""
    dated = plan_from(task(windows, waves, in_flight=in_flight, reserve=reserve, deploy=deploy), START)
    slow = walked(windows, waves, in_flight, reserve, deploy)
    found = minutes(dated)
    if dated.misfit is None:
        assert found == slow
    else:
        assert dated.misfit.region not in slow
        assert found.items() <= slow.items()


ALWAYS = [(0, DAYS, Verdict.OPEN)]


def test_a_plan_by_hand() -> None:
    """42 minutes each, one after the other, and what is left of each window."""
    dated = plan_from(task({"a": ALWAYS, "b": [(0, 600, Verdict.OPEN)]}, (("a",), ("b",))), START)
    assert minutes(dated) == {"a": 0, "b": 42}
    assert [step.start - START for step in dated.regions[0].steps] == [2 * MINUTE, 22 * MINUTE, 42 * MINUTE]
    assert dated.end - START == 84 * MINUTE
    assert (dated.regions[0].runway, dated.regions[1].runway) == (None, 516 * MINUTE)


def test_two_at_once_take_one_time() -> None:
    """With two in flight."""
    dated = plan_from(task({"a": ALWAYS, "b": ALWAYS}, (("a", "b"),), in_flight=2), START)
    assert minutes(dated) == {"a": 0, "b": 0}


def test_a_region_that_waits_lets_the_next_of_its_wave_go_first() -> None:
    """As the engine does."""
    dated = plan_from(task({"a": [(100, DAYS, Verdict.OPEN)], "b": ALWAYS}, (("a", "b"),)), START)
    assert minutes(dated) == {"b": 0, "a": 100}
    assert dated.waited == 58 * MINUTE


def test_care_takes_the_careful_way() -> None:
    """And a window that only changes its verdict does not end there."""
    windows = {"a": [(0, 50, Verdict.CAUTION), (50, 200, Verdict.OPEN)]}
    dated = plan_from(task(windows, (("a",),)), START)
    assert (dated.regions[0].strategy, dated.regions[0].closes) == ("careful", START + 200 * MINUTE)


def test_what_fits_nowhere_says_what_to_shorten() -> None:
    """It needs 62 minutes, and the longest window has 45."""
    dated = plan_from(task({"a": [(0, 30, Verdict.OPEN), (100, 145, Verdict.OPEN)]}, (("a",),)), START)
    assert dated.misfit is not None
    assert (dated.misfit.needs, dated.misfit.longest) == (62 * MINUTE, 45 * MINUTE)
    assert dated.misfit.too_long_by == 17 * MINUTE


def test_another_order_is_found_where_it_gains() -> None:
    """b closes soon: first b, then a, is done today; the other way round b waits for tomorrow."""
    windows = {"a": ALWAYS, "b": [(0, 70, Verdict.OPEN), (1440, DAYS, Verdict.OPEN)]}
    given_order = task(windows, (("a",), ("b",)))
    assert plan_from(given_order, START).end == START + (1440 + 42) * MINUTE
    best = best_order(given_order, START, Goal.EARLIEST_FINISH)
    assert best.waves == (("b",), ("a",))
    assert best.end == START + 84 * MINUTE
    roomy = best_order(given_order, START, Goal.MOST_RUNWAY)
    both = [plan_from(task(windows, waves), START).least_runway for waves in (best.waves, given_order.waves)]
    assert roomy.least_runway == max(both)


def test_nothing_is_moved_without_a_gain() -> None:
    """The file's order stays where it is as good as any."""
    planned = task({"a": ALWAYS, "b": ALWAYS}, (("a",), ("b",)))
    assert best_order(planned, START, Goal.EARLIEST_FINISH).waves == planned.waves


def test_the_starts_without_waiting_are_exact_to_the_minute() -> None:
    """b is open from 1000 to 2000: a must begin 42 minutes before that, and 104 before its end at the latest."""
    planned = task(
        {"a": [(-20000, DAYS, Verdict.OPEN)], "b": [(1000, 2000, Verdict.OPEN), (3000, DAYS, Verdict.OPEN)]},
        (("a",), ("b",)),
    )
    before, after = without_waiting(planned, START + 2400 * MINUTE)
    assert before == START + (2000 - 62 - 42) * MINUTE
    assert after == START + (3000 - 42) * MINUTE
    assert without_waiting(planned, START)[0] is None


@settings(max_examples=60, deadline=None)
@given(windows=calendars(), in_flight=st.integers(1, 2))
def test_the_best_order_is_the_best_of_all_that_there_are(
    windows: dict[str, list[tuple[int, int, Verdict]]], in_flight: int
) -> None:
    """Found by a second way of going through them: every order of four regions, cut into the same waves."""
    given_order = task(windows, (("a",), ("b", "c"), ("d",)), in_flight=in_flight)
    plans = []
    for names in permutations("abcd"):
        for cut in ((1, 2, 1), (2, 1, 1), (1, 1, 2)):
            ends = [0, cut[0], cut[0] + cut[1], 4]
            waves = tuple(names[begin:end] for begin, end in pairwise(ends))
            if {frozenset(wave) for wave in waves} == {frozenset("a"), frozenset("bc"), frozenset("d")}:
                plans.append(plan_from(task(windows, waves, in_flight=in_flight), START))
    assert len(plans) == 12
    fitting = [dated for dated in plans if dated.misfit is None]
    soonest = best_order(given_order, START, Goal.EARLIEST_FINISH)
    roomiest = best_order(given_order, START, Goal.MOST_RUNWAY)
    if not fitting:
        assert soonest.misfit is not None
        assert roomiest.misfit is not None
    else:
        assert soonest.end == min(dated.end for dated in fitting)
        assert roomiest.least_runway == max(dated.least_runway for dated in fitting)


SHAPES = (
    (("a", "b", "c", "d"),),
    (("a",), ("b",), ("c",), ("d",)),
    (("a", "b"), ("c", "d")),
    (("a",), ("b", "c", "d")),
)


@settings(max_examples=120, deadline=None)
@given(
    windows=calendars(),
    in_flight=st.integers(1, 3),
    waves=st.sampled_from(SHAPES),
    goal=st.sampled_from(Goal),
    slow=st.sets(st.sampled_from("abcd")),
)
def test_the_search_finds_what_planning_every_order_finds(
    windows: dict[str, list[tuple[int, int, Verdict]]],
    in_flight: int,
    waves: tuple[tuple[str, ...], ...],
    goal: Goal,
    slow: set[str],
) -> None:
    """Every permutation of the waves and inside them, planned one by one; some regions take longer than others."""
    whole = replace(
        task(windows, waves, in_flight=in_flight),
        strategy_of=lambda region, verdict: CAREFUL if verdict is Verdict.CAUTION or region in slow else STEADY,
    )
    plans = [
        plan_from(replace(whole, waves=inner), START)
        for order in permutations(waves)
        for inner in product(*(permutations(wave) for wave in order))
    ]
    found = best_order(whole, START, goal)
    fitting = [(dated.end, -dated.least_runway) for dated in plans if dated.misfit is None]
    assert (found.misfit is None) == bool(fitting)
    if fitting:
        key = slice(None) if goal is Goal.EARLIEST_FINISH else slice(None, None, -1)
        assert (found.end, -found.least_runway)[key] == min(each[key] for each in fitting)
        given_order = plan_from(whole, START)
        if given_order.misfit is None and (given_order.end, given_order.least_runway) == (
            found.end,
            found.least_runway,
        ):
            assert found.waves == waves


def test_inside_a_wave_nothing_is_moved_without_a_gain() -> None:
    """a closes soon, so its wave goes first; that b opens after c is no reason to write c before b."""
    windows = {"d": ALWAYS, "a": [(0, 300, Verdict.OPEN)], "b": [(50, 4000, Verdict.OPEN)], "c": ALWAYS}
    waves = (("d",), ("b", "c"), ("a",))
    best = best_order(task(windows, waves, reserve=150), START, Goal.EARLIEST_FINISH)
    assert best.waves.index(("a",)) < 2
    assert ("b", "c") in best.waves


def test_eight_regions_are_exact_and_take_no_time() -> None:
    """Every one of them with windows and a way of its own, in one wave and in eight."""
    windows = {
        name: [(day * 1440 + 97 * place, day * 1440 + 97 * place + 600 + 31 * place, Verdict.OPEN) for day in range(9)]
        for place, name in enumerate("abcdefgh")
    }
    ways = {name: strategy(name, 20 + 7 * place) for place, name in enumerate("abcdefgh")}
    for waves in ((tuple("abcdefgh"),), tuple((name,) for name in "abcdefgh"), (tuple("abcd"), tuple("efgh"))):
        for in_flight in (1, 2):
            whole = replace(
                task(windows, waves, in_flight=in_flight),
                strategy_of=lambda region, verdict: ways[region],
                horizon=START + 9 * 1440 * MINUTE,
            )
            assert is_exact(waves)
            for goal in Goal:
                began = time.process_time()
                best_order(whole, START, goal)
                assert time.process_time() - began < 2


def test_beyond_eight_regions_the_search_is_bounded() -> None:
    """Sixty regions in one wave: not exact, never worse than the order given, and done in seconds."""
    names = tuple(f"r{number}" for number in range(60))
    windows = {name: [(7 * place, DAYS, Verdict.OPEN)] for place, name in enumerate(names)}
    whole = replace(task(windows, (names,)), horizon=START + 60 * 62 * MINUTE)
    assert not is_exact(whole.waves)
    assert best_order(whole, START, Goal.EARLIEST_FINISH).end <= plan_from(whole, START).end


def test_what_care_needs_is_compared_with_the_window_in_which_care_is_needed() -> None:
    """With care it needs 112 of 80 minutes, without 62 of 30: equally far from fitting, never less than nothing."""
    windows = {"a": [(0, 80, Verdict.CAUTION), (100, 130, Verdict.OPEN)]}
    misfit = plan_from(task(windows, (("a",),)), START).misfit
    assert misfit is not None
    assert (misfit.needs, misfit.longest, misfit.too_long_by) == (112 * MINUTE, 80 * MINUTE, 32 * MINUTE)


def test_a_region_that_never_opens_needs_its_whole_way() -> None:
    """There is no window at all."""
    misfit = plan_from(task({"a": []}, (("a",),)), START).misfit
    assert misfit is not None
    assert (misfit.needs, misfit.longest) == (62 * MINUTE, timedelta(0))


def test_a_start_in_care_needs_what_care_needs() -> None:
    """Open until minute 50, with care until 150: at 60 the careful 112 minutes do not fit, though 62 would have."""
    windows = {"a": [(0, 50, Verdict.OPEN), (50, 150, Verdict.CAUTION), (300, DAYS, Verdict.OPEN)]}
    planned = task(windows, (("a",),))
    begins = {at: minutes(plan_from(planned, START + at * MINUTE))["a"] for at in (0, 49, 50, 60, 88, 200)}
    assert begins == {0: 0, 49: 49, 50: 300, 60: 300, 88: 300, 200: 300}
