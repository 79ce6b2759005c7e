"""Observation: which readings count for the weight in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from wedgate.engine.observe import Watcher
from wedgate.judge.live import judge_live
from wedgate.judge.slices import slice_between
from wedgate.judge.values import ColourSample, JudgeSettings, Outcome, Reading
from wedgate.rollout.effects import Judge
from wedgate.rollout.values import Colour

AT = datetime(2027, 6, 7, 10, tzinfo=UTC)
EFFECT = Judge(
    region="eu",
    step=0,
    weight=10,
    since=AT,
    bake=timedelta(minutes=10),
    stable=Colour.BLUE,
    level=Decimal("0.01"),
)


class Late:
    """A source whose readings are of ``late`` ago."""

    def __init__(self, late: timedelta) -> None:
        self._late = late

    def read(self, at: datetime) -> Reading:
        """Read 50 requests a second."""
        count = int((at - AT).total_seconds() * 50) + 50_000
        sample = ColourSample(requests=count, errors=0, timeouts=0, latency=())
        return Reading(at=at - self._late, since=AT - timedelta(days=1), colours={"blue": sample, "green": sample})


def watching(late: timedelta) -> Watcher:
    """Return a watcher of one such source."""
    return Watcher(lambda region: Late(late), JudgeSettings(), slice_between=slice_between, judge_live=judge_live)


def test_what_is_from_before_the_weight_is_not_observed() -> None:
    """With data that is 40 s late the first slice begins after the weight did, not 40 s before."""
    watcher = watching(timedelta(seconds=40))
    assert watcher.judge(EFFECT, AT + timedelta(seconds=5)) is None
    assert watcher.judge(EFFECT, AT + timedelta(seconds=35)) is None
    assert watcher.judge(EFFECT, AT + timedelta(seconds=65)) is None
    judged = watcher.judge(EFFECT, AT + timedelta(seconds=95))
    assert judged is not None
    assert judged.observed == timedelta(seconds=30)


def test_evidence_that_stays_before_the_weight_is_an_error() -> None:
    """A source whose clock is an hour behind says so instead of waiting in silence."""
    watcher = watching(timedelta(hours=1))
    assert watcher.judge(EFFECT, AT + timedelta(seconds=60)) is None
    judged = watcher.judge(EFFECT, AT + timedelta(seconds=150))
    assert judged is not None
    assert judged.judgement.outcome is Outcome.ERROR
    assert "is a clock wrong?" in judged.judgement.text
    assert judged.observed == timedelta(0)
