"""Reads plain JSON data field by field, and names everything that is wrong with it by its path, all at once."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Place = tuple[str | int, ...]
"""Where in a document: keys and positions from its top."""


class Direction(StrEnum):
    """Which way a metric is good."""

    LOWER_IS_BETTER = "lower-is-better"
    HIGHER_IS_BETTER = "higher-is-better"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One thing wrong in a report: where, what, and what to do."""

    place: Place
    what: str
    remedy: str

    def __str__(self) -> str:
        """``metrics[0].unit: is missing; write ...``."""
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.place).lstrip(".")
        return f"{path}: {self.what}; {self.remedy}" if path else f"{self.what}; {self.remedy}"


class ReportError(ValueError):
    """Plain data that is not the report it should be; ``complaints`` names everything wrong with it."""

    def __init__(self, complaints: tuple[Complaint, ...]) -> None:
        self.complaints = complaints
        super().__init__("\n".join(str(complaint) for complaint in complaints))


class Reader:
    """Reads fields and collects what is wrong with them, so that a person mends all of it at once."""

    def __init__(self) -> None:
        self.complaints: list[Complaint] = []

    def finish(self) -> None:
        """Raise ``ReportError`` if anything was wrong."""
        if self.complaints:
            raise ReportError(tuple(self.complaints))

    def wrong(self, place: Place, what: str, remedy: str) -> None:
        """Note what is wrong at a place."""
        self.complaints.append(Complaint(place=place, what=what, remedy=remedy))

    def version(self, plain: Mapping[str, Any], expected: int) -> None:
        """Read ``schema_version``."""
        found = plain.get("schema_version")
        if isinstance(found, bool) or found != expected:
            what = "is missing" if found is None else f"is {found!r}"
            self.wrong(("schema_version",), what, f"write {expected}")

    def known(self, plain: Mapping[str, Any], place: Place, names: Collection[str]) -> None:
        """Complain about every key that is none of ``names``."""
        for key in plain:
            if key not in names:
                self.wrong((*place, str(key)), "is not a field of a report", f"use one of {', '.join(sorted(names))}")

    def text(
        self, plain: Mapping[str, Any], key: str, place: Place, *, required: bool = True, shape: str | None = None
    ) -> str | None:
        """Read a text of one line, of a shape if one is given."""
        value = plain.get(key)
        if value is None and key not in plain:
            if required:
                self.wrong((*place, key), "is missing", "write a text")
            return None
        if self.line(value, (*place, key)) is None:
            return None
        if shape is not None and not re.fullmatch(shape, str(value)):
            remedy = "write the full commit, 40 hexadecimal digits" if key == "commit" else "write http:// or https://"
            self.wrong((*place, key), f"{value!r} has another shape", remedy)
            return None
        return str(value)

    def line(self, value: object, place: Place) -> str | None:
        """Read a text of one line that stands at a place."""
        if isinstance(value, str) and value.strip() and not any(ord(letter) < 32 for letter in value):
            return value
        got = "an odd text" if isinstance(value, str) else kind_of(value)
        self.wrong(place, f"expected a text of one line, got {got}", "write a text in quotes")
        return None

    def mapping(self, plain: Mapping[str, Any], key: str, remedy: str) -> Mapping[str, Any] | None:
        """Read an object."""
        value = plain.get(key)
        if isinstance(value, Mapping):
            return value
        self.wrong((key,), "is missing" if key not in plain else f"expected an object, got {kind_of(value)}", remedy)
        return None

    def some(self, plain: Mapping[str, Any], key: str, remedy: str) -> Sequence[object]:
        """Read a list with something in it."""
        value = plain.get(key)
        if isinstance(value, list) and value:
            return value
        got = "is missing" if key not in plain else f"expected a list of {key}, got {kind_of(value)}"
        got = "is an empty list" if isinstance(value, list) else got
        self.wrong((key,), got, remedy)
        return ()

    def direction(self, plain: Mapping[str, Any], place: Place) -> Direction | None:
        """Read which way a metric is good."""
        found = plain.get("direction")
        if found in list(Direction):
            return Direction(str(found))
        got = "is missing" if "direction" not in plain else f"{found!r} is not a direction"
        self.wrong((*place, "direction"), got, f"write {' or '.join(Direction)}")
        return None

    def number(self, plain: Mapping[str, Any], key: str, place: Place) -> float | None:
        """Read a finite number."""
        value = plain.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not is_finite(value):
            got = "is missing" if key not in plain else f"expected a number, got {kind_of(value)}"
            self.wrong((*place, key), got, "write a number without its unit")
            return None
        return float(value)

    def instant(self, value: object, place: Place) -> datetime | None:
        """Read an instant with its offset."""
        text = self.line(value, place)
        if text is None:
            return None
        try:
            found = datetime.fromisoformat(text)
            if found.tzinfo is not None:
                return found.astimezone(UTC)
            what = f"{text!r} has no offset"
        except (ValueError, OverflowError):
            what = f"{text!r} is not an instant"
        self.wrong(place, what, "write it with an offset, such as 2027-06-07T10:00:00Z")
        return None


def is_finite(value: float) -> bool:
    """Whether a number is finite as a float."""
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def kind_of(value: object) -> str:
    """Return what a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), f"{value!r}"[:40])
