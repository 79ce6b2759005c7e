"""Prometheus: a recording rule, ``wedgate:closed{region=...}``, 1 while the region is closed and 0 while it is open.

It is computed from timestamps and so needs no zone and loses nothing, seconds included (Prometheus' page "Recording
rules"; ``time()`` in "Query functions"). Outside of its span it yields no sample at all: ``absent(wedgate:closed)``
tells that the file must be written anew, and an alert or a gate that reads the rule can treat that as closed.
"""

from __future__ import annotations

from datetime import datetime

from wedgate.calendars.book import Book, RegionPages
from wedgate.formats.closings import closings_of
from wedgate.formats.heading import comment
from wedgate.formats.yaml_text import yaml_of

HELP = "Prometheus recording rule wedgate:closed, 1 or 0 for each region, and absent outside its span"

_NAME = "prometheus"
_AFTER = (
    "After that, and before, the rule yields no sample: alert on absent(wedgate:closed), and replace it before then."
)


def write(book: Book) -> str:
    """Write a rule file with one rule for each region."""
    rules = [
        {"record": "wedgate:closed", "labels": {"region": pages.name}, "expr": _expression(book, pages)}
        for pages in book.regions
    ]
    return comment(_NAME, book, _AFTER) + yaml_of({"groups": [{"name": "wedgate", "rules": rules}]})


def _expression(book: Book, pages: RegionPages) -> str:
    terms = [
        f"    + (time() >= bool {_seconds(each.start)}) * (time() < bool {_seconds(each.end)})"
        f"  # {each.start:%Y-%m-%dT%H:%M:%SZ} to {each.end:%Y-%m-%dT%H:%M:%SZ}"
        for each in closings_of(pages)
    ]
    inside = f"and on() (vector(time()) >= {_seconds(book.span.start)} < {_seconds(book.span.end)})"
    return "\n".join(("vector(", "    0", *terms, ")", inside, ""))


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())
