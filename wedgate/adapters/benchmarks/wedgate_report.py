"""wedgate's own measurement report (docs/reference/measurements.md)."""

from __future__ import annotations

import re

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.adapters.benchmarks.plain_json import load
from wedgate.judge.measurements import Measurements, parse_measurements
from wedgate.judge.reading import ReportError

TOOL = Tool(name="wedgate", looks_like='JSON with "kind": "measurements"')
_KIND = re.compile(r'"kind"\s*:\s*"measurements"')


def knows(head: str) -> bool:
    """By its kind."""
    return _KIND.search(head) is not None


def read(text: str) -> Measurements:
    """Return the report."""
    try:
        return parse_measurements(load(text, "wedgate report convert"))
    except ReportError as error:
        first = error.complaints[0]
        more = f" (and {len(error.complaints) - 1} more)" if len(error.complaints) > 1 else ""
        what = str(first).removesuffix(f"; {first.remedy}")
        raise UnreadableError(f"{what}{more}", first.remedy) from None
