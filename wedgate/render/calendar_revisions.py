"""What was published last of a calendar: the number and the date of each event, read from the file itself.

Only files that wedgate wrote are read, line by line; nothing of a client's is understood here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from wedgate.errors import ConfigurationError, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """How an event was published: its SEQUENCE, the instant of that, and the digest of what it said."""

    sequence: int
    stamp: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A file as it was published: the number of its revision, and each event's by UID."""

    number: int
    revisions: Mapping[str, Revision]


def parse_published(text: str, name: str) -> Published:
    """Read a file that ``render_calendar_ics`` wrote; ``ConfigurationError`` for anything else."""
    lines = re.sub(r"\r?\n[ \t]", "", text).splitlines()
    try:
        if not lines or lines[0] != "BEGIN:VCALENDAR" or lines[-1] != "END:VCALENDAR":
            raise ValueError("it does not begin and end as an iCalendar file")
        revisions: dict[str, Revision] = {}
        number: int | None = None
        event: dict[str, str] | None = None
        for line in lines:
            key, _, value = line.partition(":")
            if line == "BEGIN:VEVENT":
                event = {}
            elif line == "END:VEVENT" and event is not None:
                revisions[event["UID"]] = _revision(event)
                event = None
            elif event is not None:
                event[key] = value
            elif key == "X-WEDGATE-REVISION":
                number = int(value)
        if number is None:
            raise ValueError("it does not say its revision")
    except (ValueError, KeyError) as error:
        what = f"is there already, and is no calendar that wedgate wrote: {error}"
        remedy = "move it away, or name another file"
        raise ConfigurationError((Problem(file=name, line=0, column=0, what=what[:300], remedy=remedy),)) from error
    return Published(number=number, revisions=revisions)


def _revision(event: Mapping[str, str]) -> Revision:
    return Revision(
        sequence=int(event["SEQUENCE"]),
        stamp=datetime.strptime(event["DTSTAMP"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
        digest=event["X-WEDGATE-DIGEST"],
    )
