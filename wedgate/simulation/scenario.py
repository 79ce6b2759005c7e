"""Scenarios: stories in YAML that say what happens when, and what must be true then. Read here, told elsewhere.

``docs/reference/scenarios.md`` says what they are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wedgate.almanac.zones import zone
from wedgate.calendars.durations import parse_duration
from wedgate.calendars.spelling import SpellingError
from wedgate.config.nearest import remedy_for
from wedgate.config.nodes import Node, parse_nodes
from wedgate.errors import ConfigurationError, Problem, UsageError
from wedgate.rollout.values import Migration

KEYS = ("scenario", "config", "start", "ends", "release", "rate", "events", "expect")
EVENTS: Mapping[str, tuple[str, ...]] = {
    "release": ("digest", "commit", "regions", "migration", "accept"),
    "goes-bad": ("errors",),
    "recovers": (),
    "report": ("regions", "why"),
    "freeze": ("for", "reason", "regions"),
    "thaw": ("regions",),
    "pause": ("regions",),
    "resume": ("regions",),
    "abort": ("regions",),
    "drain": ("regions", "why"),
    "rollback": ("regions",),
    "grant": ("rules", "for", "regions", "strategy"),
    "revoke": (),
    "runner-down": ("for",),
    "evidence-down": ("for", "regions"),
    "balancer-down": ("for", "regions"),
    "old-gone": ("regions",),
    "old-small": ("ready", "wanted", "regions"),
    "config": ("file",),
}
"""What may happen, and what each takes."""
EXPECTATIONS = ("weights", "status", "phases", "gate", "opens", "said", "not-said", "exit")
END = "end"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happens at an instant: its kind, what it takes, and the line that says so."""

    at: datetime
    kind: str
    takes: Mapping[str, Any]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Something that must be true at an instant (``None``: when everything is over)."""

    at: datetime | None
    kind: str
    value: Any
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A story: its configuration's path, when it begins and ends, how much traffic there is, and what happens."""

    name: str
    path: Path
    config: Path
    start: datetime
    ends: datetime
    rate: float
    events: tuple[Happening, ...]
    expectations: tuple[Expectation, ...]


def read_scenario(path: Path) -> Scenario:
    """Read a scenario; ``ConfigurationError`` names every line that cannot be understood, and what to write."""
    try:
        root = parse_nodes(path.read_text(encoding="utf-8"), name=str(path))
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(file=str(path), line=0, column=0, what=f"cannot be read: {error}", remedy="name a YAML file")
        raise ConfigurationError((problem,)) from error
    return _Reader(path).read(root)


class _Reader:
    """Reads one file, and gathers what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems: list[Problem] = []
        self._start = EPOCH

    def read(self, root: Node) -> Scenario:
        items = self._mapping(root, KEYS, "a scenario")
        start = self._instant(items, "start", root)
        self._start = start or EPOCH
        ends = self._duration(items, "ends", timedelta(days=3))
        events = [each for node in self._elements(items, "events") for each in self._events(node)]
        if "release" in items:
            events.insert(0, self._happening(self._start, "release", items["release"]))
        expectations = [each for node in self._elements(items, "expect") for each in self._expectations(node)]
        if not expectations:
            self._complain(root, "expects nothing, so it proves nothing", "add expect: [{at: end, status: done}]")
        config = self._path.parent / str(items["config"].data if "config" in items else "wedgate.yml")
        if self._problems:
            raise ConfigurationError(tuple(self._problems))
        return Scenario(
            name=str(items["scenario"].data) if "scenario" in items else self._path.stem,
            path=self._path,
            config=config,
            start=self._start,
            ends=self._start + ends,
            rate=float(items["rate"].data) if "rate" in items else 200.0,
            events=tuple(sorted(events, key=lambda event: event.at)),
            expectations=tuple(sorted(expectations, key=lambda each: (each.at is None, each.at))),
        )

    def _events(self, node: Node) -> list[Happening]:
        items = self._mapping(node, ("at", *EVENTS), "an event")
        at = self._after_start(items, "at", node)
        kinds = [key for key in items if key != "at"]
        if at is None or len(kinds) != 1:
            if len(kinds) != 1:
                self._complain(node, "says not one thing that happens", f"write one of {', '.join(EVENTS)}")
            return []
        return [self._happening(at, kinds[0], items[kinds[0]])]

    def _happening(self, at: datetime, kind: str, node: Node) -> Happening:
        takes: dict[str, Any] = {}
        if node.data is not None:
            for key, value in self._mapping(node, EVENTS[kind], kind).items():
                takes[key] = self._duration({key: value}, key, timedelta(0)) if key == "for" else value.data
        if "migration" in takes and takes["migration"] not in tuple(Migration):
            known = ", ".join(Migration)
            self._complain(node, f"there is no migration {takes['migration']!r}", f"write one of {known}")
        if "for" in EVENTS[kind] and "for" not in takes:
            self._complain(node, f"{kind} does not say for how long", f"{kind}: {{for: 1h}}")
        return Happening(at=at, kind=kind, takes=takes, line=node.line)

    def _expectations(self, node: Node) -> list[Expectation]:
        items = self._mapping(node, ("at", *EXPECTATIONS), "an expectation")
        at = None if "at" in items and items["at"].data == END else self._after_start(items, "at", node)
        found = [
            Expectation(at=at, kind=key, value=value.data, line=value.line)
            for key, value in items.items()
            if key != "at"
        ]
        if not found:
            self._complain(node, "expects nothing", f"write one of {', '.join(EXPECTATIONS)}")
        return found

    def _mapping(self, node: Node, known: tuple[str, ...], what: str) -> dict[str, Node]:
        if not isinstance(node.data, dict):
            self._complain(node, f"{what} is a mapping", f"write {known[0]}: ...")
            return {}
        for key, (name, _) in node.items.items():
            if key not in known:
                self._complain(name, f"{what} has no {key!r}", remedy_for(key, known))
        return {key: value for key, (_, value) in node.items.items() if key in known}

    def _elements(self, items: Mapping[str, Node], key: str) -> list[Node]:
        if key not in items:
            return []
        if not isinstance(items[key].data, list):
            self._complain(items[key], f"{key} is a list", f"write {key}: [{{at: +10m, ...}}]")
        return items[key].elements

    def _instant(self, items: Mapping[str, Node], key: str, parent: Node) -> datetime | None:
        if key not in items:
            self._complain(parent, f"{key!r} is missing", f"{key}: 2026-06-05 18:00 Europe/Berlin")
            return None
        node = items[key]
        instant: datetime | None = self._try(node, lambda: read_instant(str(node.data), self._start))
        return instant

    def _after_start(self, items: Mapping[str, Node], key: str, parent: Node) -> datetime | None:
        instant = self._instant(items, key, parent)
        if instant is not None and instant < self._start:
            what = f"{items[key].data} is before the start, {self._start.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            self._complain(items[key], what, "write an instant from the start on, such as +10m")
        return instant

    def _duration(self, items: Mapping[str, Node], key: str, default: timedelta) -> timedelta:
        if key not in items:
            return default
        return self._try(items[key], lambda: parse_duration(items[key].data)) or default

    def _try(self, node: Node, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except SpellingError as error:
            self._complain(node, error.what, error.remedy)
        except (ValueError, UsageError) as error:
            self._complain(node, str(error), "write +1h30m, 2026-06-05T18:00:00Z or 2026-06-05 18:00 Europe/Berlin")
        return None

    def _complain(self, node: Node, what: str, remedy: str) -> None:
        place = Problem(file=str(self._path), line=node.line, column=node.column, what=what, remedy=remedy)
        self._problems.append(place)


def read_instant(text: str, start: datetime) -> datetime:
    """Read ``+1h30m`` after ``start``, an instant with an offset, or a wall time with a zone.

    ``ValueError`` where it is none of them, ``SpellingError`` where that zone's clock never shows the wall time, or
    shows it twice.
    """
    text = text.strip()
    if text.startswith("+"):
        return start + parse_duration(text[1:])
    day, _, rest = text.partition(" ")
    clock, _, name = rest.partition(" ")
    if name:
        return _only_reading(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone(name.strip())), text)
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return instant


def _only_reading(wall: datetime, text: str) -> datetime:
    """Return a wall time with its zone, if the clock there shows it exactly once."""
    first, second = (wall.replace(fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return wall
    # In a gap each offset leads to a time on the other side of it.
    readings = sorted(each.astimezone(UTC) for each in (first, second))
    early, late = (each.astimezone(wall.tzinfo) for each in readings)
    is_gap = early.replace(tzinfo=None) != wall.replace(tzinfo=None)
    what = "does not exist: clocks go forward over it" if is_gap else "comes twice: clocks go back over it"
    raise SpellingError(f"{text} {what}", f"write the offset: {early.isoformat()} or {late.isoformat()}")
