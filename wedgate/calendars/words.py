"""The English names of weekdays and months, and how one is read: in full or by three letters, in any case."""

from __future__ import annotations

from collections.abc import Sequence

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import nearest, shown

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)


def position_of(raw: str, words: Sequence[str], noun: str) -> int:
    """Return the index of a word; ``SpellingError`` with the nearest one if it is unknown."""
    word = raw.strip().lower()
    for index, name in enumerate(words):
        if word in (name, name[:3]):
            return index
    raise SpellingError(f"{shown(raw.strip())} is not a {noun}", nearest(word, words))
