"""github-action-benchmark: the JSON of ``customSmallerIsBetter``, on request only: the file does not say it."""

from __future__ import annotations

from wedgate.adapters.benchmarks.custom import read_custom
from wedgate.adapters.benchmarks.interface import Tool
from wedgate.judge.measurements import Measurements
from wedgate.judge.reading import Direction

TOOL = Tool(name="customSmallerIsBetter", looks_like="JSON, a list of objects with name, unit and value")


def knows(head: str) -> bool:
    """Never: nothing in the file says which way is good."""
    return False


def read(text: str) -> Measurements:
    """Return the values."""
    return read_custom(text, TOOL.name, Direction.LOWER_IS_BETTER)
