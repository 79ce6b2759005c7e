"""What lint prints besides problems: the next times of each rule, the open hours of the year, and all of it as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from wedgate.calendars.observation_words import week_words
from wedgate.calendars.observations import week_hours
from wedgate.calendars.occurrences import Occurrence
from wedgate.config.year_ahead import Ahead, next_occurrences, notes_of_year
from wedgate.errors import Problem
from wedgate.render.decision_words import clean
from wedgate.render.json import instant

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration


def year_lines(ahead: Ahead) -> Iterator[str]:
    """Yield the open hours of a week in the next 12 months, region by region; nothing where there is no rule."""
    found = week_hours(ahead.timeline)
    if not found:
        return
    names = ["all at once" if each.region is None else each.region for each in found]
    widest = max(map(len, names))
    yield "In the next 12 months, open hours of a week:"
    for name, each in zip(names, found, strict=True):
        yield f"  {name:<{widest}}  {week_words(each)}"


def occurrence_lines(ahead: Ahead) -> Iterator[str]:
    """Yield the next times of each rule by the clock of its zone; markets that share them stand in one list."""
    for rule, grouped in groupby(next_occurrences(ahead), key=lambda each: each.rule):
        yield f"{clean(rule)}:"
        lists: dict[tuple[tuple[datetime, datetime, str], ...], list[str]] = {}
        for place, times in groupby(grouped, key=lambda each: f"{each.region}/{each.market}"):
            key = tuple((each.start, each.end, each.zone) for each in times)
            lists.setdefault(key, []).append(place)
        for times_of, places in lists.items():
            yield f"  {', '.join(places)} ({times_of[0][2]})"
            for start, end, _ in times_of:
                yield f"    {_local(start)} to {_local(end)}"


def render_lint_json(
    problems: tuple[Problem, ...],
    warnings: tuple[Problem, ...],
    configuration: Configuration | None,
    ahead: Ahead | None,
) -> str:
    """Return everything that lint finds as JSON text."""
    notes = [] if configuration is None or ahead is None else list(notes_of_year(configuration, ahead))
    record = {
        "schema_version": 1,
        "problems": [_plain(problem) for problem in problems],
        "warnings": [_plain(warning) for warning in warnings],
        "notes": [_plain(note) for note in notes],
        "week_hours": [] if ahead is None else _week_hours(ahead),
        "occurrences": [] if ahead is None else [_occurrence(each) for each in next_occurrences(ahead)],
        "read": None if configuration is None else _counted(configuration),
    }
    return json.dumps(record, indent=2)


def _week_hours(ahead: Ahead) -> list[dict[str, object]]:
    return [
        {name: getattr(each, name) for name in ("region", "least", "usual", "most")}
        for each in week_hours(ahead.timeline)
    ]


def _occurrence(each: Occurrence) -> dict[str, object]:
    return {
        "rule": each.rule,
        "region": each.region,
        "market": each.market,
        "zone": each.zone,
        "start": each.start.isoformat(),
        "end": each.end.isoformat(),
        "start_utc": instant(each.start),
        "end_utc": instant(each.end),
    }


def _counted(configuration: Configuration) -> dict[str, object]:
    calendar = configuration.calendar
    return {
        "file": configuration.path,
        "digest": configuration.digest,
        "rules": len(calendar.rules),
        "regions": len(calendar.regions),
        "markets": sum(len(region.markets) for region in calendar.regions),
    }


def _plain(problem: Problem) -> dict[str, object]:
    return {name: getattr(problem, name) for name in ("file", "line", "column", "what", "remedy")}


def _local(moment: datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M} (UTC{moment.isoformat()[-6:]})"
