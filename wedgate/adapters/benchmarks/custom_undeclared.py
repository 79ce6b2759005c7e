"""github-action-benchmark's JSON where nobody said which way is good: known, and refused with what to say."""

from __future__ import annotations

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.judge.measurements import Measurements

TOOL = Tool(name="github-action-benchmark", looks_like="JSON, a list of objects with name, unit and value")


def knows(head: str) -> bool:
    """By the keys of a benchmark."""
    keys = ('"name"', '"unit"', '"value"')
    return head.lstrip().startswith("[") and all(key in head for key in keys) and '"primaryMetric"' not in head


def read(text: str) -> Measurements:
    """Refuse: a direction is not guessed."""
    what = "nothing in it says which way is good"
    raise UnreadableError(what, "say --from customSmallerIsBetter or --from customBiggerIsBetter")
