"""The plain events of an iCalendar text, read quickly: those that happen once, at a date or time written out.

A feed may hold a hundred thousand of them, for which the libraries take minutes. Only what is beyond doubt is read
here; one that repeats, changes another, shares its UID, has a DURATION or anything unusual is left to them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from wedgate.almanac.zones import zone_of_feed

_EVENT = re.compile(r"BEGIN:VEVENT\n(.*?)END:VEVENT(?:\n|$)", re.DOTALL)
_DAY = re.compile(r";VALUE=DATE:([0-9]{8})")
_TIME = re.compile(r"(?:;VALUE=DATE-TIME)?(?:;TZID=([A-Za-z0-9_+/-]+))?:([0-9]{8}T[0-9]{6})(Z?)")
_NAME = re.compile(r"[A-Za-z-]+")
"""Names of properties are the same in any case (RFC 5545, section 1.3): ``rrule`` repeats an event too."""
_UNUSUAL = frozenset(("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "DURATION", "BEGIN"))


@dataclass(frozen=True, slots=True)
class PlainEvent:
    """One event: dates, or times with or without a zone; ``end`` is ``None`` where it was not written."""

    start: date
    end: date | None
    title: str


def take_plain(text: str) -> tuple[list[PlainEvent], str, int]:
    """Return the plain events, the text without them, and how many events are left in it."""
    text = re.sub(r"\n[ \t]", "", text.replace("\r\n", "\n"))
    blocks = _EVENT.findall(text)
    uids = Counter(uid for block in blocks for uid in re.findall(r"^UID[;:](.*)$", block, re.MULTILINE | re.IGNORECASE))
    found: list[PlainEvent] = []
    left = 0

    def take(match: re.Match[str]) -> str:
        nonlocal left
        events = _events_in(match[1], uids)
        if events is None:
            left += 1
            return match[0]
        found.extend(events)
        return ""

    rest = _EVENT.sub(take, text)
    return found, rest, left


def _events_in(block: str, uids: Counter[str]) -> list[PlainEvent] | None:
    """Return the event of a block, none if it is cancelled, ``None`` if it is not plain."""
    values: dict[str, str] = {}
    for line in block.rstrip("\n").split("\n"):
        name = _NAME.match(line)
        if name is None:
            return None
        key = name[0].upper()
        if key in _UNUSUAL or (key in values and key in ("UID", "DTSTART", "DTEND", "STATUS", "SUMMARY")):
            return None
        values[key] = line[len(key) :]
    uid = values.get("UID", "")
    start, end = _moment(values.get("DTSTART", "")), _moment(values["DTEND"]) if "DTEND" in values else None
    status = values.get("STATUS", ":CONFIRMED")
    title = values.get("SUMMARY", ":")
    one_of_a_kind = uid.startswith(":") and uids[uid[1:]] == 1
    is_sound = start is not None and (end is not None or "DTEND" not in values) and _go_together(start, end)
    if not (one_of_a_kind and is_sound and start is not None and title.startswith(":") and "\\" not in title):
        return None
    if status == ":CANCELLED":
        return []
    return [PlainEvent(start, end, title[1:])] if status in (":CONFIRMED", ":TENTATIVE") else None


def _go_together(start: date | None, end: date | None) -> bool:
    if start is None or end is None:
        return True
    if isinstance(start, datetime) and isinstance(end, datetime):
        return (start.tzinfo is None) == (end.tzinfo is None) and start <= end
    return not isinstance(start, datetime) and not isinstance(end, datetime) and start < end


def _moment(written: str) -> date | None:
    try:
        day = _DAY.fullmatch(written)
        if day is not None:
            return date.fromisoformat(day[1])
        found = _TIME.fullmatch(written)
        if found is None or (found[1] and found[3]):
            return None
        # Without a zone it floats: it is local wherever the market is.
        local = datetime.fromisoformat(found[2])
        name = found[1] or ("UTC" if found[3] else None)
        zone = None if name is None else zone_of_feed(name)
        return local if name is None else None if zone is None else local.replace(tzinfo=zone)
    except ValueError:
        return None
