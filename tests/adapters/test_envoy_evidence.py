"""From real requests to a verdict: Envoy's weights, Envoy's statistics, slices and the judge, end to end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from wedgate.adapters.metrics.envoy import EnvoyMetrics
from wedgate.adapters.targets.envoy import EnvoyTarget
from wedgate.judge.live import judge_live
from wedgate.judge.slices import slice_between
from wedgate.judge.values import ErrorLimits, Judgement, JudgeSettings, LatencyLimits, Outcome
from wedgate.rollout.values import Fence, Weights

SETTINGS = JudgeSettings(errors=ErrorLimits(requests=30), latency=LatencyLimits(worse_by=Decimal(1), slices=8))
LEVEL = Decimal("0.01")
SLICE_SECONDS = 0.3
"""Real time must pass for real traffic; Envoy publishes its histograms every 0.1 s here."""


def judgements(region, most: int) -> Iterator[Judgement]:
    """Judge after every slice, as the engine does."""
    source, pieces = EnvoyMetrics.beside(region.settings()), []
    before = source.read(datetime.now(UTC))
    for _ in range(most):
        threading.Event().wait(SLICE_SECONDS)
        after = source.read(datetime.now(UTC))
        pieces.append(slice_between(before, after, stable="blue"))
        before = after
        yield judge_live(pieces, SETTINGS, level=LEVEL, final=False)


def test_a_slow_candidate_is_caught_and_taken_back_without_a_failed_request(region, capsys) -> None:
    """A candidate that takes 25 ms where stable takes a few is failed within 20 slices at a tenth of the traffic."""
    target = EnvoyTarget(region.settings())
    region.services["green"].delay_seconds = 0.025
    with region.under_load() as load:
        target.set_weights(Weights(blue=90, green=10), Fence(epoch=1, revision=1, rollout="r-1"))
        verdicts = []
        for verdict in judgements(region, 20):
            verdicts.append(verdict)
            if verdict.outcome is Outcome.FAIL:
                break
        target.set_weights(Weights(blue=100, green=0), Fence(epoch=1, revision=2, rollout="r-1"))
        # The client asks one thing at a time: the answer after next was asked for after the weights were back.
        returned = len(load.answers) + 2
        load.wait_for(returned + 10)
    assert verdicts[-1].outcome is Outcome.FAIL, verdicts[-1].text
    assert verdicts[-1].text.startswith("latency-p95: candidate ")
    assert load.failures == []
    assert {colour for _, colour in load.answers[returned:]} == {"blue"}
    with capsys.disabled():
        print(f" [{len(verdicts)} slices: {verdicts[-1].text}]", end="")
