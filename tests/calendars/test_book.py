"""A book holds what the timeline says: every region and market over one span, and when all are open."""

from collections.abc import Callable
from typing import Any

import pytest

from wedgate.calendars.book import DataVersions, lay_out

VERSIONS = DataVersions(config_digest="sha256:0", zone_data="2026f", holidays="0.109", wedgate="0")


def test_a_book_is_the_timeline_laid_out(calendar_of: Any, timeline_of: Any, utc: Callable[[str], Any]) -> None:
    calendar = calendar_of(
        {"eu": ["Europe/Berlin", "Europe/London"], "asia": ["Asia/Kolkata"]},
        [
            {"id": "saturday", "weekdays": "saturday", "effect": "block"},
            {"id": "eu-only", "where": ["eu"], "load": 2, "months": "june"},
        ],
    )
    timeline = timeline_of(calendar, utc("2026-06-05T00:00:00Z"), days=7)
    book = lay_out(timeline, calendar, ("asia",), "venue-search", VERSIONS)
    assert [region.name for region in book.regions] == ["asia"]
    assert book.regions[0].intervals == timeline.intervals("asia")
    assert [pages.market.zone for pages in book.regions[0].markets] == ["Asia/Kolkata"]
    # Kolkata's Saturday is Fri 18:30Z to Sat 18:30Z, and the rule of another region is not in the book.
    assert [(span.start, span.end) for span in book.together] == [
        (utc("2026-06-05T00:00:00Z"), utc("2026-06-05T18:30:00Z")),
        (utc("2026-06-06T18:30:00Z"), utc("2026-06-12T00:00:00Z")),
    ]
    assert [rule.id for rule in book.rules] == ["saturday"]
    assert book.rule("saturday").id == "saturday"
    with pytest.raises(KeyError):
        book.rule("eu-only")
