"""The measured false-alarm rate: healthy candidates, thousands of bakes, a look after every slice."""

from __future__ import annotations

import random
from decimal import Decimal

from wedgate.judge.live import judge_live
from wedgate.judge.values import ErrorLimits, JudgeSettings, LatencyLimits, Outcome

BAKES = 2000
LEVEL = Decimal("0.05")


def test_equal_colours_are_failed_no_more_often_than_the_level_says(traffic) -> None:
    """Colours that are equal, with noise that lasts over slices, judged at every slice without any margin.

    The margin is set to nothing, which is the hardest case: 2,000 bakes of 16 slices at a level of 5 % may give 100
    alarms, and chance up to 130.
    """
    settings = JudgeSettings(
        errors=ErrorLimits(requests=20, worse_by=Decimal(0)), latency=LatencyLimits(worse_by=Decimal(0), slices=8)
    )
    shape = traffic(stable_requests=25, candidate_requests=6, failing=0.01, stable_failing=0.01)
    rng = random.Random(20270605)  # noqa: S311 - seeded on purpose
    alarms = sum(
        judge_live(shape.bake(16, rng), settings, level=LEVEL, final=False).outcome is Outcome.FAIL
        for _ in range(BAKES)
    )
    assert alarms <= 130
