"""Asks croniter and dateutil.rrule what the Go peers are asked: which of four regions are closed at each instant?

usage: python_peers.py ENGINE CALENDAR < instants      ENGINE is croniter or rrule; the files are those of main.go

Both know recurrences and no windows, so each start before the instant is looked for, and its length added.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from wedgate.almanac.zones import zone

Closed = Callable[[datetime], bool]


def croniter_window(name: str, weekday: str, start: int, length: timedelta) -> Closed:
    from croniter import croniter

    line = f"{start % 60} {start // 60} * * {weekday[:3]}"
    here = zone(name)

    def is_closed(instant: datetime) -> bool:
        local = (instant + timedelta(seconds=1)).astimezone(here)
        begun: datetime = croniter(line, local).get_prev(datetime)
        return begun <= instant < begun + length

    return is_closed


def rrule_window(name: str, weekday: str, start: int, length: timedelta) -> Closed:
    from dateutil.rrule import WEEKLY, rrule, weekdays

    day = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday").index(weekday)
    here = zone(name)
    first = datetime(2020, 1, 1, start // 60, start % 60)  # noqa: DTZ001 (rrule repeats wall times)
    recurrence = rrule(WEEKLY, byweekday=weekdays[day], dtstart=first, cache=True)

    def is_closed(instant: datetime) -> bool:
        local = instant.astimezone(here).replace(tzinfo=None)
        begun = recurrence.before(local, inc=True)
        return begun is not None and local < begun + length

    return is_closed


def main(engine: str, calendar: str) -> None:
    """Answer, and print how many answers were closed and the nanoseconds that it took."""
    make = {"croniter": croniter_window, "rrule": rrule_window}[engine]
    regions: dict[str, list[Closed]] = {}
    with open(calendar, encoding="utf-8") as file:
        for line in file:
            region, name, weekday, start, end = line.split()
            length = timedelta(minutes=int(end) - int(start))
            regions.setdefault(region, []).append(make(name, weekday, int(start), length))
    instants = [datetime.fromtimestamp(int(line), UTC) for line in sys.stdin]
    began = time.perf_counter_ns()
    count = sum(
        any(is_closed(instant) for is_closed in windows) for instant in instants for windows in regions.values()
    )
    print(count, time.perf_counter_ns() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
