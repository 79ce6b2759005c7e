"""Two arms: what fails, what passes, what is not known; the same in every unit; and how often it cries wolf."""

from __future__ import annotations

import math
import random
from statistics import median

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from wedgate.judge.comparison import SHARES, Comparison, Margins, Rule, compare
from wedgate.judge.rank_sums import capped_tail, lowest_counted
from wedgate.judge.reading import Direction
from wedgate.judge.values import Outcome

LOWER, HIGHER = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER


def quiet(count: int, *, seed: int, times: float = 1.0, spread: float = 0.02) -> list[float]:
    """Return values of a machine that does nothing else."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose
    return [rng.gauss(100, 100 * spread) * times for _ in range(count)]


def busy(count: int, *, seed: int, times: float = 1.0) -> list[float]:
    """Return values of a machine on which others run: never faster than the work, and often much slower."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose
    return [(100 * rng.gauss(1, 0.01) + rng.choice((0, 1)) * rng.expovariate(1 / 60)) * times for _ in range(count)]


def test_a_slower_candidate_fails_and_an_equal_one_passes() -> None:
    """On a quiet machine, by all ranks."""
    base = quiet(10, seed=1)
    worse = compare(base, quiet(10, seed=2, times=1.1), direction=LOWER)
    assert (worse.outcome, worse.rule) == (Outcome.FAIL, Rule.ALL_RANKS)
    assert worse.p is not None
    assert worse.p <= 0.025
    assert worse.lower is not None
    assert worse.lower > 1.02
    same = compare(base, quiet(10, seed=3), direction=LOWER)
    assert same.outcome is Outcome.PASS
    assert same.upper is not None
    assert same.upper < 1.1


def test_what_neither_is_shown_nor_ruled_out_is_marginal() -> None:
    """Six per cent slower, in much noise."""
    found = compare(quiet(8, seed=1, spread=0.06), quiet(8, seed=2, times=1.06, spread=0.06), direction=LOWER)
    assert found.outcome is Outcome.MARGINAL
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower <= 1.02 < 1.1 <= found.upper


def test_the_estimate_is_the_median_of_all_ratios() -> None:
    """Hodges and Lehmann, by hand."""
    base, candidate = [1.0, 2.0, 4.0, 5.0, 8.0], [3.0, 6.0, 7.0, 9.0, 10.0]
    found = compare(base, candidate, direction=LOWER)
    assert found.estimate == median(worse / value for worse in candidate for value in base)


def test_higher_is_better_turns_everything_around() -> None:
    """A tenth less throughput fails, a tenth more passes."""
    base = quiet(10, seed=1)
    assert compare(base, quiet(10, seed=2, times=0.9), direction=HIGHER).outcome is Outcome.FAIL
    assert compare(base, quiet(10, seed=2, times=1.1), direction=HIGHER).outcome is Outcome.PASS
    assert compare(base, quiet(10, seed=2, times=0.9), direction=LOWER).outcome is Outcome.PASS


def test_a_contended_machine_is_asked_by_its_lowest_values() -> None:
    """A tenth slower is found where all ranks see nothing but noise."""
    found = [compare(busy(15, seed=seed), busy(15, seed=seed + 500, times=1.1), direction=LOWER) for seed in range(40)]
    assert sum(each.rule is Rule.LOWEST_RANKS for each in found) >= 35
    assert sum(each.outcome is Outcome.FAIL for each in found) >= 30
    for each in found:
        assert each.lower is not None
        assert each.upper is not None
        assert each.lower <= each.upper
        assert (each.outcome is Outcome.FAIL) == (each.lower > 1.02)


ARMS = st.integers(8, 20).flatmap(
    lambda count: st.tuples(
        *[st.lists(st.one_of(st.floats(0.97, 1.03), st.floats(0.5, 4.0)), min_size=count, max_size=count)] * 2
    )
)


@given(ARMS, st.lists(st.sampled_from((1.0, 1.0, 1.1, 1.5, 10.0)), min_size=20, max_size=20), st.booleans())
@settings(max_examples=600, deadline=None)
def test_a_worse_candidate_never_gets_a_better_verdict(
    arms: tuple[list[float], list[float]], times: list[float], turns: bool
) -> None:
    """Whichever of its values get worse; and the same holds where the base gets better than its bounds say."""
    base, candidate = arms
    worse = [value * each for value, each in zip(candidate, times, strict=False)]
    order = (Outcome.PASS, Outcome.MARGINAL, Outcome.FAIL)
    found, then = (compare(base, each, direction=LOWER, in_turns=turns) for each in (candidate, worse))
    assert order.index(found.outcome) <= order.index(then.outcome)


@pytest.mark.parametrize(
    "base", [[66.0, 41.0, 91.0], [0.5, 0.3, 0.7], [2e-308, 1e-308, 3e-308], quiet(10, seed=1), busy(10, seed=1)]
)
def test_a_candidate_that_costs_nothing_is_no_worse_than_one_that_costs_a_little(base: list[float]) -> None:
    """Nothing is the least there is, on a quiet machine and on a contended one."""
    for count in (5, 10):
        little = compare(base, [min(base) / 41] * count, direction=LOWER)
        some = compare(base, [0.0, *[min(base) / 41] * (count - 1)], direction=LOWER)
        nothing = compare(base, [0.0] * count, direction=LOWER)
        assert nothing.outcome is little.outcome
        assert some.outcome is little.outcome
        assert nothing.upper is not None
        assert little.upper is not None
        assert nothing.upper <= little.upper


@given(ARMS, st.sampled_from((LOWER, HIGHER)), st.booleans())
@settings(max_examples=600, deadline=None)
def test_what_passes_is_not_worse_in_the_middle_either(
    arms: tuple[list[float], list[float]], way: Direction, turns: bool
) -> None:
    """The estimate lies between the limits, and that of all ratios, counted here, below what a pass rules out."""
    base, candidate = arms
    found = compare(base, candidate, direction=way, in_turns=turns)
    assert found.estimate is not None
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower <= found.estimate <= found.upper
    if found.outcome is Outcome.PASS:
        middle = median(each / value if way is LOWER else value / each for each in candidate for value in base)
        assert middle < (1.1 if way is LOWER else 1 / 0.9)


@pytest.mark.parametrize("slow", range(6, 20))
@pytest.mark.parametrize("times", [2.0, 10.0])
def test_runs_that_are_many_times_as_slow_do_not_pass(slow: int, times: float) -> None:
    """From six of twenty on: the lowest ranks see nothing of it, and the candidate once chose to be asked by them."""
    base = quiet(20, seed=1, spread=0.005)
    rest, bad = quiet(20, seed=2, spread=0.005), quiet(20, seed=3, spread=0.005, times=times)
    found = compare(base, [*rest[slow:], *bad[:slow]], direction=LOWER)
    assert found.outcome in (Outcome.MARGINAL, Outcome.FAIL)
    nothing = compare([1000.0 + each for each in range(20)], [1000.0] * (20 - slow) + [0.0] * slow, direction=HIGHER)
    assert nothing.outcome in (Outcome.MARGINAL, Outcome.FAIL)


@pytest.mark.parametrize("count", [5, 8, 10, 20, 30])
@pytest.mark.parametrize("slow", [2, 4, 7])
@pytest.mark.parametrize("contended", [False, True])
def test_a_few_runs_that_are_far_beyond_the_worst_of_the_base_do_not_pass(
    count: int, slow: int, contended: bool
) -> None:
    """Two of ten that took a hundred times as long passed; a single one may be chance, and so does pass."""
    base, rest = quiet(count, seed=1, spread=0.005), quiet(count, seed=2, spread=0.005)
    for times in (1.2, 100.0):
        some = [*rest[slow:], *(value * times for value in rest[:slow])]
        found = compare(base, some[:count], direction=LOWER, in_turns=True, contended=contended)
        assert found.outcome in (Outcome.MARGINAL, Outcome.FAIL, Outcome.NOT_ENOUGH_DATA)
    if count >= 20:
        alone = compare(base, [*rest[1:], rest[0] * 100], direction=LOWER, in_turns=True, contended=contended)
        assert alone.outcome is Outcome.PASS


def test_the_highest_two_of_many_more_candidate_values_are_left_to_chance() -> None:
    """Of thirty values against ten the two highest are the candidate's in more than one of two identical pairs."""
    base, rest = quiet(10, seed=1, spread=0.005), quiet(30, seed=2, spread=0.005)
    found = compare(base, [*rest[2:], *(value * 1.3 for value in rest[:2])], direction=LOWER, in_turns=True)
    assert found.outcome is Outcome.PASS


def test_a_contended_base_passes_nothing_that_all_ranks_find_far_worse() -> None:
    """Half of the runs twice as slow, on a machine that is busy anyway."""
    outcomes = []
    for seed in range(60):
        base, rest, bad = busy(20, seed=seed), busy(10, seed=500 + seed), busy(10, seed=900 + seed, times=2)
        found = compare(base, [*rest, *bad], direction=LOWER)
        outcomes += [found.outcome] if found.rule is Rule.LOWEST_RANKS else []
    assert len(outcomes) > 40
    assert Outcome.PASS not in outcomes


@pytest.mark.parametrize("machine", [quiet, busy], ids=["quiet", "contended"])
def test_a_candidate_that_is_worse_by_the_margin_fails_no_more_often_than_the_level_says(machine: object) -> None:
    """The risk is exact, whatever rule is asked: of 600 the level allows 30, and chance a few more."""
    arm = quiet if machine is quiet else busy
    fails = sum(
        compare(arm(10, seed=seed), arm(10, seed=10_000 + seed, times=1.02), direction=LOWER).outcome is Outcome.FAIL
        for seed in range(600)
    )
    assert fails <= 45


@given(
    st.lists(st.floats(0.5, 2.0), min_size=5, max_size=12),
    st.lists(st.floats(0.5, 2.0), min_size=5, max_size=12),
    st.sampled_from((1e-9, 1e-3, 0.1, 3.0, 60.0, 1024.0, 1e6)),
    st.sampled_from((LOWER, HIGHER)),
)
@settings(max_examples=300, deadline=None)
def test_the_unit_changes_nothing(base: list[float], candidate: list[float], factor: float, way: Direction) -> None:
    """In seconds, milliseconds or hours the answer is the same, ties included."""
    one = compare(base, candidate, direction=way)
    other = compare([value * factor for value in base], [value * factor for value in candidate], direction=way)
    assert (one.outcome, one.rule, one.p) == (other.outcome, other.rule, other.p)
    assert one.estimate == pytest.approx(other.estimate, rel=1e-8)


WHOLE = st.lists(st.integers(90, 115), min_size=5, max_size=12)


@given(WHOLE, WHOLE, st.sampled_from((LOWER, HIGHER)))
@settings(max_examples=600, deadline=None)
@example([100] * 10, [110] * 8 + [109] * 2, LOWER)
@example([97, 97, 97, 100, 100, 100, 104, 104, 104], [100] * 9, LOWER)
def test_whole_milliseconds_are_judged_alike_in_seconds(base: list[int], candidate: list[int], way: Direction) -> None:
    """Ratios that lie on a margin, and spreads on that of a contended machine, are common among whole numbers."""
    one = compare(base, candidate, direction=way)
    for factor in (0.001, 0.01, 1e-9):
        other = compare([value * factor for value in base], [value * factor for value in candidate], direction=way)
        assert (one.outcome, one.rule, one.p) == (other.outcome, other.rule, other.p)


def test_values_that_only_look_equal_after_a_division_are_ties() -> None:
    """Three tenths of a millisecond are 0.0003 s; as floats one of the two is greater."""
    base, candidate = [0.1 * each for each in (1, 2, 3, 6, 7)], [0.1, 0.2, 0.3, 0.6, 0.7]
    assert base != candidate
    one = compare(base, candidate, direction=LOWER, margins=Margins(worse_by=0.0))
    other = compare(candidate, base, direction=LOWER, margins=Margins(worse_by=0.0))
    assert one.outcome is not Outcome.FAIL
    assert (one.outcome, one.p, one.rule) == (other.outcome, other.p, other.rule)


def test_a_difference_too_small_to_matter_does_not_fail() -> None:
    """A microsecond on three is a third, and still a microsecond."""
    base, candidate = [3.0, 3.1, 3.2, 3.0, 3.1, 3.2], [4.0, 4.1, 4.2, 4.0, 4.1, 4.2]
    assert compare(base, candidate, direction=LOWER).outcome is Outcome.FAIL
    assert compare(base, candidate, direction=LOWER, margins=Margins(at_least=2)).outcome is not Outcome.FAIL


@pytest.mark.parametrize(
    ("way", "base", "candidate", "least", "outcome"),
    [
        (LOWER, [0.1, 0.11, 0.12] * 4, [0.2, 0.21, 0.22] * 4, 0.5, Outcome.PASS),
        (LOWER, [0.1, 0.11, 0.12] * 4, [0.7, 0.71, 0.72] * 4, 0.5, Outcome.FAIL),
        (LOWER, [0.0] * 10, [0.4] * 10, 0.5, Outcome.PASS),
        (LOWER, [0.0] * 10, [0.6] * 10, 0.5, Outcome.FAIL),
        (HIGHER, [100.0, 101.0] * 5, [80.0, 81.0] * 5, 50, Outcome.PASS),
        (HIGHER, [100.0, 101.0] * 5, [40.0, 41.0] * 5, 50, Outcome.FAIL),
        (HIGHER, [40.0, 41.0] * 5, [0.0] * 10, 50, Outcome.PASS),
        (HIGHER, [100.0, 101.0] * 5, [97.0, 96.0] * 5, 0, Outcome.FAIL),
    ],
)
def test_a_difference_that_is_too_small_to_matter_passes(
    way: Direction, base: list[float], candidate: list[float], least: float, outcome: Outcome
) -> None:
    """Whichever way is good, and whatever its ratio; one that is large enough fails."""
    assert compare(base, candidate, direction=way, margins=Margins(at_least=least)).outcome is outcome


@given(ARMS, st.lists(st.sampled_from((1.0, 1.1, 2.0)), min_size=20, max_size=20), st.sampled_from((LOWER, HIGHER)))
@settings(max_examples=300, deadline=None)
def test_a_worse_candidate_gets_no_better_verdict_where_small_differences_do_not_matter(
    arms: tuple[list[float], list[float]], times: list[float], way: Direction
) -> None:
    """In its own unit."""
    base, candidate = arms
    worse = [value * each if way is LOWER else value / each for value, each in zip(candidate, times, strict=False)]
    order = (Outcome.PASS, Outcome.MARGINAL, Outcome.FAIL)
    margins = Margins(at_least=0.3)
    found, then = (compare(base, each, direction=way, margins=margins) for each in (candidate, worse))
    assert order.index(found.outcome) <= order.index(then.outcome)


@pytest.mark.parametrize(
    ("base", "candidate", "outcome", "word"),
    [
        ([], [1.0] * 9, Outcome.NOT_ENOUGH_DATA, "the base has no values"),
        ([1.0] * 9, [], Outcome.NOT_ENOUGH_DATA, "the candidate has no values"),
        ([1.0], [2.0], Outcome.NOT_ENOUGH_DATA, "of each are needed"),
        ([1.0], [1.0] * 100, Outcome.NOT_ENOUGH_DATA, "one value of the base"),
        ([1.0] * 100, [1.0], Outcome.NOT_ENOUGH_DATA, "one value of the candidate"),
        ([1.0] * 100, [2.0], Outcome.NOT_ENOUGH_DATA, "one value of the candidate"),
        ([1.0] * 100, [2.0, 2.0], Outcome.NOT_ENOUGH_DATA, "2 values of the candidate"),
        ([1.0] * 9, [1.0] * 8 + [math.nan], Outcome.ERROR, "nan"),
        ([1.0] * 9, [1.0] * 8 + [math.inf], Outcome.ERROR, "inf"),
        ([-1.0] * 9, [1.0] * 9, Outcome.ERROR, "the base has the value -1"),
        ([1.0] * 9, [1.0] * 9, Outcome.PASS, "would have been seen"),
        ([0.0] * 9, [0.0] * 9, Outcome.PASS, "would have been seen"),
        ([0.0] * 9, [1.0] * 9, Outcome.FAIL, "more than"),
        ([1.0] * 9, [2.0] * 9, Outcome.FAIL, "more than"),
    ],
)
def test_odd_arms(base: list[float], candidate: list[float], outcome: Outcome, word: str) -> None:
    """Nothing in them passes by accident."""
    found = compare(base, candidate, direction=LOWER)
    assert found.outcome is outcome
    assert word in found.why


def test_how_many_are_needed_is_what_then_suffices() -> None:
    """With so many of each an answer can be had, with one less it cannot."""
    few = compare([1.0] * 4, [2.0] * 4, direction=LOWER, family=50)
    needed = int(few.why.split("and ")[-1].split()[0])
    assert compare([1.0] * needed, [2.0] * needed, direction=LOWER, family=50).outcome is Outcome.FAIL
    less = compare([1.0] * (needed - 1), [2.0] * (needed - 1), direction=LOWER, family=50)
    assert less.outcome is Outcome.NOT_ENOUGH_DATA


def test_a_comparison_says_what_it_was_made_of() -> None:
    """Counts of both arms, whatever comes of them."""
    assert compare([1.0, 2.0], [], direction=LOWER) == Comparison(
        outcome=Outcome.NOT_ENOUGH_DATA, why="the candidate has no values", base=2, candidate=0
    )


@pytest.mark.parametrize("times", [0.7, 0.95, 1.0, 1.02, 1.2])
def test_the_p_of_the_lowest_ranks_is_that_of_all_values_put_in_order(times: float) -> None:
    """Counted here from the order of all of them, whichever arm has the more among the lowest."""
    for seed in range(20):
        base, candidate = busy(9, seed=seed), busy(14, seed=100 + seed, times=times)
        found = compare(base, candidate, direction=LOWER, margins=Margins(worse_by=0.0))
        if found.rule is not Rule.LOWEST_RANKS:
            continue
        cap = lowest_counted(9, 14, SHARES[Rule.LOWEST_RANKS] * 0.05)
        ordered = sorted([*((value, 1) for value in base), *((value, 0) for value in candidate)])
        score = sum(cap - rank for rank, (_, arm) in enumerate(ordered, 1) if arm == 0 and rank < cap)
        assert found.p == capped_tail(9, 14, cap, score)


def test_from_a_few_values_identical_builds_fail_once_in_two_hundred_at_the_most() -> None:
    """Five of each, from noise in which a margin of 2 % is nothing: without that a fortieth of them would fail.

    Of 4,000 the risk of 0.5 % allows 20, and chance up to 34 (three standard deviations).
    """
    for spread in (0.06, 0.15):
        fails = sum(
            compare(
                quiet(5, seed=seed, spread=spread), quiet(5, seed=90_000 + seed, spread=spread), direction=LOWER
            ).outcome
            is Outcome.FAIL
            for seed in range(4000)
        )
        assert fails <= 34


def test_a_few_values_still_tell_what_lies_apart() -> None:
    """Every value of the candidate above all of the base's; one in between, and it says why it does not know."""
    base = [100.0, 101.0, 102.0, 103.0, 110.0]
    assert compare(base, [value * 1.2 for value in base], direction=LOWER).outcome is Outcome.FAIL
    near = compare(base, [109.0, 111.0, 113.0, 113.0, 114.0], direction=LOWER)
    assert near.outcome is Outcome.MARGINAL
    assert near.lower is not None
    assert near.lower > 1.02
    assert near.why == "it looks worse, and so would identical builds now and then with so few values"
    six = compare([*base, 103.0], [109.0, 111.0, 112.0, 113.0, 114.0, 114.0], direction=LOWER)
    assert six.outcome is Outcome.FAIL


def test_more_values_make_surer_only_what_was_measured_in_turns() -> None:
    """Forty of each are as sure as twenty, where nothing says that they were measured in turns: what drifts stays.

    A test of n values that is to be as sure as one of twenty needs a z-value that is larger by the root of n / 20.
    """
    base, candidate = quiet(40, seed=1002, spread=0.03), quiet(40, seed=2, spread=0.03, times=1.04)
    unknown = compare(base, candidate, direction=LOWER)
    known = compare(base, candidate, direction=LOWER, in_turns=True)
    assert (known.outcome, unknown.outcome) == (Outcome.FAIL, Outcome.PASS)
    assert known.p is not None
    assert unknown.p is not None
    assert stats.norm.sf(stats.norm.isf(0.025) * math.sqrt(2)) < known.p < 0.025
    assert (unknown.rule, known.p < unknown.p) == (Rule.BOTH, True)
    assert known.lower is not None
    assert known.upper is not None
    assert unknown.lower is not None
    assert unknown.upper is not None
    assert unknown.lower < known.lower < known.upper < unknown.upper
    for count in (10, 20):
        arms = base[:count], candidate[:count]
        assert compare(*arms, direction=LOWER) == compare(*arms, direction=LOWER, in_turns=True)


def test_a_drift_between_two_long_blocks_is_no_regression_that_more_values_prove() -> None:
    """The machine gets slower by 3 % in between: the more values, the surer a test is of what is not the build's.

    With times it would not be judged at all. Without, a hundred values alarm no more often than twenty do.
    """
    fails = {
        count: sum(
            compare(
                quiet(count, seed=seed, spread=0.04),
                quiet(count, seed=5000 + seed, spread=0.04, times=1.03),
                direction=LOWER,
            ).outcome
            is Outcome.FAIL
            for seed in range(100)
        )
        for count in (20, 100)
    }
    assert fails[100] <= fails[20] + 5
