"""GitLab: freeze periods, one JSON object a line, as its API takes them (GitLab's page "Freeze Periods API").

A period is a pair of cron times in one zone; a job sees ``CI_DEPLOY_FREEZE`` between them. It knows no year: periods
with dates come again every year, so that a file holds a year at most. Periods belong to a project and name no region.
"""

from __future__ import annotations

import json

from wedgate.calendars.book import Book
from wedgate.formats.closings import only_region
from wedgate.formats.heading import comment
from wedgate.formats.pairs import pairs_of

HELP = "GitLab freeze periods: a JSON object a line, for its API; one region, at most a year"

_NAME = "gitlab"


def write(book: Book) -> str:
    """Write the closings of the only region as freeze periods; lines that begin with ``#`` are comments."""
    pairs, after = pairs_of(_NAME, book, only_region(_NAME, book))
    periods = (
        json.dumps({"freeze_start": pair.start, "freeze_end": pair.end, "cron_timezone": pair.zone}) for pair in pairs
    )
    return comment(_NAME, book, after) + "".join(f"{period}\n" for period in periods)
