"""A shift that was accepted in the history is named beside the verdict on two builds that lie on its two sides."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wedgate.judge.accepted import name_accepted
from wedgate.judge.history import MetricHistory, metric_histories
from wedgate.judge.history_lines import Acceptance, Build, BuildValue
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction
from wedgate.judge.suite import MetricResult, judge_suite
from wedgate.judge.values import Outcome

LOWER, HIGHER = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER
START = datetime(2027, 6, 7, 10, tzinfo=UTC)


def value(level: float, *, unit: str = "ms", direction: Direction = LOWER) -> BuildValue:
    """Return a value of the metric."""
    return BuildValue(name="query", unit=unit, direction=direction, value=level, count=10)


def history(
    *levels: float, accepted: float | None = 110, build: str = "b20", direction: Direction = LOWER
) -> MetricHistory:
    """Return twenty builds at each level but the last, three at that; what begins with a build is accepted."""
    rng = random.Random(3)  # noqa: S311 - seeded on purpose
    values = [rng.gauss(level, 0.3) for level in levels[:-1] for _ in range(20)]
    values += [rng.gauss(levels[-1], 0.3) for _ in range(3)]
    builds = [
        Build(name=f"b{place}", at=START + timedelta(days=place), values=(value(each, direction=direction),))
        for place, each in enumerate(values)
    ]
    taken = Acceptance(
        build=build, at=START, by="ann", why="worth it", values=(value(accepted or 0, direction=direction),)
    )
    (found,) = metric_histories(builds, [] if accepted is None else [taken])
    return found


def judged(
    known: MetricHistory,
    base: float,
    candidate: float,
    *,
    unit: str = "ms",
    direction: Direction = LOWER,
    outcome: Outcome | None = None,
) -> MetricResult:
    """Return the metric of a judgement of ten processes each, with what the history says of it."""
    rng = random.Random(5)  # noqa: S311 - seeded on purpose

    def build(level: float) -> Measurements:
        values = tuple(rng.gauss(level, level / 500) for _ in range(10))
        return Measurements(metrics=(Metric(name="query", unit=unit, direction=direction, values=values),))

    before = judge_suite(build(base), build(candidate))
    if outcome is not None:
        (found,) = before.results
        before = replace(before, results=(replace(found, comparison=replace(found.comparison, outcome=outcome)),))
    after = name_accepted(before, [known])
    assert replace(after, results=before.results) == before
    assert after.results[0].comparison == before.results[0].comparison
    return after.results[0]


def test_a_base_from_before_an_accepted_shift_is_named_and_fails_all_the_same() -> None:
    """The candidate is at the level that was accepted: who did, and of what shift; the verdict stays."""
    found = judged(history(100, 110, 110), 100, 110)
    assert found.comparison.outcome is Outcome.FAIL
    assert found.accepted is not None
    assert (found.accepted.acceptance.by, found.accepted.unit) == ("ann", "ms")
    assert found.accepted.before == pytest.approx(100, rel=0.01)
    assert found.accepted.after == pytest.approx(110, rel=0.01)
    seconds = judged(history(100, 110, 110), 0.1, 0.11, unit="s")
    assert seconds.accepted == found.accepted


@pytest.mark.parametrize(
    ("base", "candidate", "why"),
    [
        (100, 114, "worse by more than what was accepted"),
        (110, 113, "another slowdown, from a base that is after the shift"),
        (100, 104, "another slowdown, of a candidate that is nearer to what was before it"),
    ],
)
def test_another_slowdown_is_nobodys(base: float, candidate: float, why: str) -> None:
    """Although there is an accepted shift in the history of the metric."""
    found = judged(history(100, 110, 110), base, candidate)
    assert found.comparison.outcome in (Outcome.FAIL, Outcome.MARGINAL), why
    assert found.accepted is None, why


@pytest.mark.parametrize(
    "known",
    [
        history(100, 110, 110, accepted=None),
        history(100, 110, 110, accepted=105),
        history(100, 110, 110, build="b10"),
        history(100, 110, 110, direction=HIGHER),
        replace(history(100, 110, 110), name="other"),
        replace(history(100, 110, 110), unit="B"),
        history(110, 100, 100, accepted=100),
    ],
    ids=[
        "nobody",
        "has-become-worse",
        "another-build",
        "another-direction",
        "another-metric",
        "bytes",
        "an-improvement",
    ],
)
def test_what_was_not_accepted_is_not_named(known: MetricHistory) -> None:
    """A shift that nobody accepted, or one that is another."""
    assert judged(known, 100, 110).accepted is None


def test_newest_builds_that_were_accepted_are_named_before_they_are_a_shift() -> None:
    """Three builds away from the level; and of two accepted shifts the one between the two builds."""
    newest = judged(history(100, 110, build="b20"), 100, 110)
    assert newest.accepted is not None
    both = history(100, 110, 121, accepted=121, build="b40")
    first = Acceptance(build="b20", at=START, by="bob", why="so be it", values=(value(121),))
    both = replace(both, accepted=(first, *both.accepted))
    found = [judged(both, base, candidate).accepted for base, candidate in ((100, 110), (110, 121), (100, 121))]
    assert [None if each is None else each.acceptance.by for each in found] == ["bob", "ann", "ann"]


def test_a_rate_is_worse_where_it_is_lower() -> None:
    """Direction and all."""
    known = history(110, 100, 100, accepted=100, direction=HIGHER)
    found = judged(known, 110, 100, direction=HIGHER)
    assert found.comparison.outcome is Outcome.FAIL
    assert found.accepted is not None
    assert judged(known, 110, 95, direction=HIGHER).accepted is None


def test_a_level_that_became_worse_since_is_accepted_no_more() -> None:
    """Though this candidate is no worse than what was accepted."""
    assert judged(history(100, 110, 110, accepted=105), 100, 107).accepted is None
    assert judged(history(100, 106, 106, accepted=105), 100, 107).accepted is not None


def test_what_got_better_explains_nothing() -> None:
    """Nor a shift that is one for the worse only the other way round."""
    better, marginal = history(110, 100, 100, accepted=100), Outcome.MARGINAL
    assert judged(better, 110, 100, outcome=marginal).accepted is None
    rate = history(110, 100, 100, accepted=100, direction=HIGHER)
    assert judged(rate, 110, 100, outcome=marginal).accepted is None
    assert judged(rate, 110, 100, outcome=marginal, direction=HIGHER).accepted is not None


def test_what_passed_has_nothing_to_explain() -> None:
    """Nor what is not known, nor what was never measured."""
    known = history(100, 110, 110)
    for outcome in Outcome:
        named = judged(known, 100, 110, outcome=outcome).accepted is not None
        assert named is (outcome in (Outcome.FAIL, Outcome.MARGINAL))
    none = Measurements(metrics=(Metric(name="query", unit="ms", direction=LOWER, values=()),))
    assert name_accepted(judge_suite(none, none), [known]).results[0].accepted is None
