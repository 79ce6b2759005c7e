"""KEDA: triggers of its cron scaler, active exactly while the region is closed (KEDA's page "Cron", under Scalers).

A trigger is a pair of cron times in one zone, and is active when its next end comes before its next start. It knows no
year: pairs with dates come again every year, so that a file holds a year at most. Start and end must differ, and a
ScaledObject needs a trigger. An end that a clock change skips leaves a trigger inactive for a whole night, so pairs in
a zone are written only where no change of the calendar meets a clock change; all others are in UTC.
"""

from __future__ import annotations

from wedgate.calendars.book import Book
from wedgate.formats.closings import only_region
from wedgate.formats.heading import comment
from wedgate.formats.loss import LossError
from wedgate.formats.pairs import pairs_of
from wedgate.formats.yaml_text import yaml_of

HELP = "KEDA cron triggers, active while the region is closed; one region, at most a year"

_NAME = "keda"


def write(book: Book) -> str:
    """Write the closings of the only region as ``spec.triggers``, for ``kubectl patch --type merge``."""
    pages = only_region(_NAME, book)
    pairs, after = pairs_of(_NAME, book, pages)
    if not pairs:
        raise LossError(
            _NAME,
            "that nothing is closed, for a ScaledObject needs a trigger",
            region=pages.name,
            remedy="delete the ScaledObject, or export a span with a closing",
        )
    triggers = [
        {
            "type": "cron",
            "metadata": {"timezone": pair.zone, "start": pair.start, "end": pair.end, "desiredReplicas": "1"},
        }
        for pair in pairs
    ]
    return comment(_NAME, book, after) + yaml_of({"spec": {"triggers": triggers}})
