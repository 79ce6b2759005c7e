"""Days of the Hijri calendar: ``hijri: 09-01..09-last`` is Ramadan, ``hijri: 10-01`` Eid al-Fitr.

The dates are those of Umm al-Qura, the civil calendar of Saudi Arabia, which is computed years ahead. Other countries
wait for the moon to be sighted, and are a day later in some months, or a day earlier: ``sighting: 1`` says that each
beginning and each end may be a day off, and those days are unverified. A Hijri day begins at sunset of the evening
before; a rule matches the local date that it is reckoned as, and ``pad: {before: 6h}`` adds the evening.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Self

from wedgate.calendars.facts import Facts, MonthKey, Needs
from wedgate.calendars.kinds import RuleKind
from wedgate.calendars.matches import Matches
from wedgate.calendars.month_date_items import MonthDateItems
from wedgate.calendars.month_runs import month_matches
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.values import Market
from wedgate.calendars.wording import shown

_MOST = 2
_KEY = MonthKey(calendar="umm-al-qura")


class SightingDays(int):
    """How many days a sighting of the moon may move the beginning and the end of a month."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read a whole number from 0 to 2; no sighting has been further from Umm al-Qura."""
        if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= _MOST:
            raise SpellingError(f"expected a number of days from 0 to {_MOST}, got {shown(raw)}", "write sighting: 1")
        return cls(raw)

    def spell(self) -> object:
        """Write the number."""
        return int(self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a number."""
        return {"type": "integer", "minimum": 0, "maximum": _MOST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hijri(RuleKind):
    """Matches whole local days by their month and day in the year of Umm al-Qura."""

    KEY: ClassVar[str] = "hijri"
    hijri: MonthDateItems = field(metadata={"description": "Month and day of the Hijri year, as Umm al-Qura has it."})
    sighting: SightingDays = field(
        default=SightingDays(),
        metadata={"description": "With `hijri`: days that a sighting may move each edge; they are unverified."},
    )

    def needs(self, market: Market) -> Needs:
        """Ask for the months of Umm al-Qura."""
        return Needs.of(_KEY)

    def matches(self, facts: Facts, market: Market, first: date, last: date) -> Matches:
        """Return the runs of the stretch, and the days of it that wait for a moon or lie beyond the table."""
        return month_matches(self.hijri, facts.of(_KEY), ("Umm al-Qura", str(_KEY)), (first, last), loose=self.sighting)

    def words(self) -> str:
        """Say it for a person."""
        days = ", ".join(str(item) for item in self.hijri)
        moved = f", a sighting may move it by {self.sighting} day{'s' if self.sighting > 1 else ''}"
        return f"{days} of the Hijri calendar (Umm al-Qura){moved if self.sighting else ''}"


KIND = Hijri
