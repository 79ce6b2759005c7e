"""What virtual worlds remember of the judge is what the judge would say again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wedgate.judge.live import judge_live
from wedgate.judge.values import Bucket, ColourSample, JudgeSettings, Outcome, Slice
from wedgate.simulation import judging
from wedgate.simulation.judging import Judging
from wedgate.simulation.run import simulate

START = datetime(2026, 6, 1, 9, tzinfo=UTC)


@st.composite
def samples(draw: st.DrawFn) -> ColourSample:
    """What one colour may have counted."""
    counts = {lower: draw(st.integers(0, 400)) for lower in draw(st.sets(st.sampled_from((5, 20, 80)), max_size=3))}
    latency = tuple(Bucket(lower_ms=low, upper_ms=low + 1, count=counts[low]) for low in sorted(counts))
    requests = sum(counts.values())
    errors = draw(st.integers(0, requests // 4))
    return ColourSample(requests=requests, errors=errors, timeouts=draw(st.integers(0, errors)), latency=latency)


@st.composite
def bakes(draw: st.DrawFn) -> list[Slice]:
    """Some slices in order, with gaps."""
    at, found = START, []
    for _ in range(draw(st.integers(0, 9))):
        start = at + timedelta(seconds=draw(st.integers(0, 40)))
        at = start + timedelta(seconds=draw(st.integers(10, 60)))
        found.append(Slice(start=start, end=at, stable=draw(samples()), candidate=draw(samples())))
    return found


def _moved(slices: list[Slice], by: timedelta) -> list[Slice]:
    parts = [(each.start + by, each.end + by, each.stable, each.candidate) for each in slices]
    return [Slice(start=start, end=end, stable=stable, candidate=new) for start, end, stable, new in parts]


@given(bakes(), st.integers(-(10**7), 10**7), st.booleans(), st.booleans(), st.integers(0, 90))
def test_a_judgement_is_the_same_whenever_its_slices_were(
    slices: list[Slice], later: int, final: bool, against_limits: bool, noise: int
) -> None:
    """To the last word; so what was said once may be said again."""
    settings = JudgeSettings(noise_lasts=timedelta(seconds=noise), false_alarms=Decimal("0.9"))
    how = {"level": Decimal("0.2"), "final": final, "against_limits": against_limits}
    said = judge_live(slices, settings, **how)  # type: ignore[arg-type]
    moved = _moved(slices, timedelta(seconds=later))
    assert judge_live(moved, settings, **how) == said  # type: ignore[arg-type]
    remembers = Judging()
    assert [remembers.judge_live(each, settings, **how) for each in (slices, moved)] == [said, said]  # type: ignore[arg-type]


def _slice(*, begins: int = 0, errors: int = 0, trouble: str | None = None) -> Slice:
    start = START + timedelta(seconds=begins)
    sample = ColourSample(requests=100, errors=errors, timeouts=0, latency=())
    return Slice(start=start, end=start + timedelta(seconds=30), stable=sample, candidate=sample, trouble=trouble)


def test_the_judge_is_asked_for_what_is_not_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other counts, another gap, another level, the end of a bake; and always where a slice is in trouble."""
    asked = []

    def counted(*args: object, **kwargs: object) -> object:
        asked.append(args)
        return judge_live(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(judging, "judge_live", counted)
    remembers, settings = Judging(), JudgeSettings()
    once: list[tuple[list[Slice], dict[str, object]]] = [
        ([_slice(), _slice(begins=30)], {}),
        ([_slice(), _slice(begins=40)], {}),
        ([_slice(), _slice(begins=30, errors=1)], {}),
        ([_slice(), _slice(begins=30)], {"level": Decimal("0.3")}),
        ([_slice(), _slice(begins=30)], {"final": True}),
        ([_slice(), _slice(begins=30)], {"against_limits": True}),
    ]
    for slices, other in once * 2:
        remembers.judge_live(slices, settings, **{"level": Decimal("0.2"), "final": False, **other})  # type: ignore[arg-type]
    assert len(asked) == len(once)
    troubled, nonsense = [_slice(), _slice(begins=30, trouble="a restart")], [_slice(), _slice(begins=10)]
    for slices in (troubled, troubled, nonsense, nonsense):
        said = remembers.judge_live(slices, settings, level=Decimal("0.2"), final=False)
    assert (len(asked), said.outcome) == (len(once) + 4, Outcome.ERROR)


def test_it_forgets_before_it_grows_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says the same afterwards."""
    monkeypatch.setattr(judging, "MOST", 5)
    remembers, settings = Judging(), JudgeSettings()
    for errors in [*range(20), *range(20)]:
        slices = [_slice(errors=errors)]
        said = remembers.judge_live(slices, settings, level=Decimal("0.2"), final=False)
        assert said == judge_live(slices, settings, level=Decimal("0.2"), final=False)


def test_worlds_that_share_what_was_judged_tell_the_same_stories() -> None:
    """As those that do not."""
    shared = Judging()
    for seed in (0, 3, 3, 7, 0):
        alone, among = simulate(seed), simulate(seed, judging=shared)
        assert (alone.status, alone.violation, alone.points) == (among.status, among.violation, among.points)
        assert len(alone.trace) == len(among.trace)
