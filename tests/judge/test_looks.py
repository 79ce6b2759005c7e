"""Looks are planned and paid for, and how many rounds would tell is foretold from those there are."""

from __future__ import annotations

import random
from dataclasses import replace
from math import comb, sqrt

import pytest

from wedgate.judge.chance import Chance
from wedgate.judge.comparison import Comparison, Margins, compare
from wedgate.judge.looks import plan_looks, rounds_needed
from wedgate.judge.reading import Direction
from wedgate.judge.values import Outcome

LOWER, HIGHER = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER


@pytest.mark.parametrize(
    ("rounds", "level", "expected"),
    [
        (20, 0.05, (5, 10, 15, 20)),  # 1 / C(10, 5) = 0.0040, below 0.8 x 0.05 / 4
        (12, 0.05, (6, 12)),  # 1 / C(8, 4) = 0.0143, above 0.8 x 0.05 / 3, and 1 / C(6, 3) is more still
        (5, 0.05, (5,)),
        (1, 0.05, (1,)),
    ],
)
def test_no_look_comes_before_it_can_tell(rounds: int, level: float, expected: tuple[int, ...]) -> None:
    """At equal distances, the last at the end, as many as have a level that the first can reach."""
    looks = plan_looks(rounds, level=level)
    assert looks.rounds == expected
    assert looks.level == pytest.approx(level / len(expected))
    if len(expected) > 1:
        assert 1 / comb(2 * expected[0], expected[0]) <= 0.8 * looks.level


def test_a_family_of_metrics_looks_less_often() -> None:
    """Each metric has its share of a look's share."""
    assert len(plan_looks(20, level=0.05).rounds) > len(plan_looks(20, level=0.05, family=50).rounds)


def test_looking_at_every_planned_round_keeps_the_level() -> None:
    """Two equal arms, 1,500 times, with four looks: false alarms stay below a level of 20 %, and chance.

    With the whole level at each of 20 looks there are far more than that: the guard is needed.
    """
    rng = random.Random(7)  # noqa: S311 - seeded on purpose
    looks = plan_looks(20, level=0.2)
    margins = Margins(worse_by=0.0, missed=0.5, level=0.2)
    paid = greedy = 0
    for _ in range(1500):
        arms = [[100 * rng.lognormvariate(0, 0.03) for _ in range(20)] for _ in range(2)]
        paid += any(_fails(arms, at, looks.margins(margins)) for at in looks.rounds)
        greedy += any(_fails(arms, at, margins) for at in range(3, 21))
    assert paid <= 1500 * 0.2 + 3 * sqrt(1500 * 0.2 * 0.8)
    assert greedy > 1500 * 0.2 + 3 * sqrt(1500 * 0.2 * 0.8)


def _fails(arms: list[list[float]], at: int, margins: Margins) -> bool:
    return compare(arms[0][:at], arms[1][:at], direction=LOWER, margins=margins).outcome is Outcome.FAIL


def marginal(estimate: float, lower: float, upper: float, n: int = 10) -> Comparison:
    """Return a marginal comparison."""
    return Comparison(
        outcome=Outcome.MARGINAL, why="", base=n, candidate=n, estimate=estimate, lower=lower, upper=upper
    )


def test_limits_draw_nearer_with_the_root_of_the_rounds() -> None:
    """A limit that is twice as far as the margin needs four times the rounds: ten become forty."""
    tolerated, estimate = 1.02, 1.06
    lower = estimate / (estimate / tolerated) ** 2
    assert rounds_needed(marginal(estimate, lower, 1.5), Margins(), LOWER) == pytest.approx(40, abs=1)


def test_the_nearer_answer_counts() -> None:
    """A candidate like the base has to be shown to be good, not bad; of throughput, lost 10 % are 1 / 0.9."""
    assert rounds_needed(marginal(1.0, 0.9, 1.1**1.5), Margins(), LOWER) == 23
    assert rounds_needed(marginal(1.0, 0.9, (1 / 0.9) ** 1.5), Margins(), HIGHER) == 23


def test_what_lies_on_a_margin_is_not_foretold() -> None:
    """Nor is what is no question."""
    narrow = Margins(worse_by=0.02, missed=0.0201)
    assert rounds_needed(marginal(1.0200001, 0.9, 1.2), narrow, LOWER) is None
    assert rounds_needed(Comparison(outcome=Outcome.PASS, why="", base=1, candidate=1), Margins(), LOWER) is None


def test_more_rounds_do_not_help_a_candidate_that_is_slow_now_and_then() -> None:
    """Five of twenty values a hundred times as long never pass, however many there are; nor do they ever fail."""
    rng = random.Random(3)  # noqa: S311 - seeded on purpose
    base, candidate = ([rng.lognormvariate(0, 0.005) for _ in range(20)] for _ in range(2))
    found = compare(base, [*(100 * each for each in candidate[:5]), *candidate[5:]], direction=LOWER, in_turns=True)
    assert (found.outcome, found.beyond) == (Outcome.MARGINAL, 5)
    assert rounds_needed(found, Margins(), LOWER) is None
    # One alone, of a base that spreads as far, is no fault yet.
    assert rounds_needed(replace(marginal(1.0, 0.9, 1.1**1.5), beyond=1), Margins(), LOWER) == 23
    # What is worse all in all may still be shown to be so.
    worse = marginal(1.06, 1.06 / (1.06 / 1.02) ** 2, 1.5)
    assert rounds_needed(replace(worse, beyond=5), Margins(), LOWER) == pytest.approx(40, abs=1)


@pytest.mark.parametrize("slow", [10, 11, 12, 13])
def test_rounds_that_would_tell_of_two_levels_do(slow: int) -> None:
    """Of 20 values about half a hundred times as long: the same values again and again fail when it says, or never.

    The limits of two levels are on one of them or the other, and said 21 rounds, which tell nothing.
    """
    rng = random.Random(3)  # noqa: S311 - seeded on purpose
    base, quick = ([rng.lognormvariate(0, 0.005) for _ in range(20)] for _ in range(2))
    candidate, margins = [*(100 * each for each in quick[:slow]), *quick[slow:]], Margins(level=0.0125)
    found = compare(base, candidate, direction=LOWER, in_turns=True, margins=margins)
    needed = rounds_needed(found, margins, LOWER)

    def repeated(times: int) -> Outcome:
        return compare(base * times, candidate * times, direction=LOWER, in_turns=True, margins=margins).outcome

    assert found.outcome is Outcome.MARGINAL
    failing = next((times for times in range(2, 20) if repeated(times) is Outcome.FAIL), None)
    if failing is None:
        assert needed is None or needed > 20 * 19
    else:
        assert needed is not None
        assert 20 * (failing - 1) - 10 <= needed <= 20 * failing + 10


@pytest.mark.parametrize(
    ("rounds", "passes_at"),
    [(20, (15, 20)), (40, (20, 30, 40)), (100, (50, 75, 100)), (12, (12,)), (1, (1,))],
)
def test_no_early_pass_comes_before_a_fault_of_a_fifth_of_the_runs_is_seen(
    rounds: int, passes_at: tuple[int, ...]
) -> None:
    """Half of the rounds, and so many that it is unseen in less than 5 % of cases: 0.8 to the power of 14."""
    looks = plan_looks(rounds, level=0.05)
    assert tuple(at for at in looks.rounds if looks.may_pass(at)) == passes_at
    assert all(0.8**at < 0.05 for at in passes_at[:-1])


def test_chance_is_the_published_splitmix64() -> None:
    """The first numbers from the seed 1234567, as Rosetta Code's task on it gives them."""
    chance = Chance(1234567)
    found = [chance._next() for _ in range(5)]
    assert found == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_every_order_is_as_likely_as_any_other() -> None:
    """6,000 shuffles of three: each of six orders about 1,000 times (four standard deviations)."""
    chance, counts = Chance(1), {}
    for _ in range(6000):
        order = tuple(chance.shuffled("abc"))
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    assert all(abs(count - 1000) <= 4 * sqrt(1000 * 5 / 6) for count in counts.values())
    assert Chance(5).shuffled(range(20)) == Chance(5).shuffled(range(20))
