"""Rates that the documents state of made traffic and made histories are what is measured here, or near it."""

from __future__ import annotations

import random
import re
from decimal import Decimal
from pathlib import Path

import pytest

from wedgate.judge.live import judge_live
from wedgate.judge.reading import Direction
from wedgate.judge.series import find_change_points
from wedgate.judge.values import ErrorLimits, JudgeSettings, LatencyLimits, Outcome

DOCS = Path(__file__).resolve().parents[2] / "docs"


def stated(page: str, before: str) -> float:
    """Return the number that follows some words in a page, or a name of one."""
    text = " ".join((DOCS / page).read_text(encoding="utf-8").split())
    found = re.search(re.escape(before) + r" ([\d.]+)", text)
    assert found is not None, f"{page} does not say {before!r}"
    return float(found[1])


@pytest.mark.parametrize(
    ("requests", "slices", "margin", "bakes", "words"),
    [
        (10, 12, "0.1", 600, "a margin of 10 % passes healthy bakes in"),
        (10, 12, "0.5", 600, "one of 50 % in"),
        (100, 20, "0.1", 150, "With a hundred requests and twenty slices, 10 % passes in"),
    ],
)
def test_how_many_healthy_bakes_pass_is_what_the_page_says(
    traffic, requests: int, slices: int, margin: str, bakes: int, words: str
) -> None:
    """Of a hundred, within four."""
    latency = LatencyLimits(worse_by=Decimal(margin), slices=8)
    settings = JudgeSettings(errors=ErrorLimits(requests=20), latency=latency)
    shape, rng = traffic(stable_requests=5 * requests, candidate_requests=requests), random.Random(1)  # noqa: S311
    judged = [
        judge_live(shape.bake(slices, rng), settings, level=Decimal("0.05"), final=True).outcome for _ in range(bakes)
    ]
    passed = 100 * judged.count(Outcome.PASS) / bakes
    assert abs(passed - stated("reference/judge.md", words)) <= 4
    assert judged.count(Outcome.FAIL) <= 0.05 * bakes


@pytest.mark.parametrize(
    ("repeated", "words"), [(0.7, "seven tenths of what the build before was off had"), (0.3, "with three tenths")]
)
def test_shifts_of_series_that_hang_together_are_as_many_as_the_page_says(repeated: float, words: str) -> None:
    """In 20,000 builds, as so many in a thousand; within one."""
    found = 0
    for seed in range(80):
        rng, off = random.Random(seed), 0.0  # noqa: S311 - seeded on purpose
        values = []
        for _ in range(250):
            off = repeated * off + rng.gauss(0, (1 - repeated**2) ** 0.5)
            values.append(100 * (1 + 0.03 * off))
        found += len(find_change_points(values, direction=Direction.LOWER_IS_BETTER))
    assert abs(found / 20 - stated("history.md", words)) <= 1
