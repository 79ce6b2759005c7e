"""Read an iCalendar feed, from a file or the web, as occurrences over a span; a feed that cannot be read is in trouble.

A feed says nothing about years ahead: unless the rule says until when it is complete, it counts for ``HORIZON`` from
the day it is read.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

from wedgate.almanac.files import Shelf, Unread
from wedgate.calendars.facts import FeedKey
from wedgate.calendars.tables import NEVER_VERIFIED, OccurrenceTable
from wedgate.calendars.values import Span

HORIZON = timedelta(days=400)


def feed_table(key: FeedKey, span: Span, shelf: Shelf) -> OccurrenceTable:
    """Return the occurrences near a span; never raises for a bad feed, but says what the trouble is."""
    content = shelf.page(key) if "://" in key.location else shelf.read(key.location)
    from wedgate.almanac.feed_events import FeedError, occurrences_of, one_line

    if isinstance(content, Unread):
        return _unusable(key, one_line(content.trouble), None)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    try:
        found = occurrences_of(content, span)
    except FeedError as error:
        return _unusable(key, one_line(str(error)), digest)
    return OccurrenceTable(
        verified_from=date.min,
        verified_until=key.expires or (shelf.now() + HORIZON).date(),
        source=key.location,
        digest=digest,
        days=found.days,
        walls=found.walls,
        instants=found.instants,
    )


def _unusable(key: FeedKey, trouble: str, digest: str | None) -> OccurrenceTable:
    first, last = NEVER_VERIFIED
    return OccurrenceTable(
        verified_from=first, verified_until=last, source=key.location, digest=digest, trouble=trouble
    )
