"""The record of a calendar keeps to its schema, says what the timeline says, and reads back as the same value."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from wedgate.calendars.book import Book
from wedgate.calendars.record import record_of
from wedgate.errors import ConfigurationError
from wedgate.render.calendar_json import SCHEMA_PATH, parse_calendar_json, render_calendar_json

VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))


@pytest.fixture
def book(book_of: Callable[..., Book]) -> Book:
    """Berlin's and Kolkata's Saturday of 6 June 2026 in a week of a fourfold season, with a lull of a third decimal."""
    return book_of(
        {"eu": {"berlin": "Europe/Berlin"}, "asia": {"kolkata": "Asia/Kolkata"}},
        """
  saturday: {where: all, weekdays: saturday, effect: block, reason: "weddings, ümlaut"}
  season: {where: eu, months: june, load: 4}
  lull: {where: eu, weekdays: sunday, load: 0.125}
""",
        "2026-06-04",
        "2026-06-08",
    )


def test_it_keeps_to_its_schema(book: Book) -> None:
    """The committed schema is of its dialect, and takes the record."""
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(render_calendar_json(book)))] == []


def test_it_says_the_intervals_by_hand(book: Book) -> None:
    """Berlin's Saturday begins at 22:00Z on Friday; Sunday's load is 4 times 0.125."""
    plain = json.loads(render_calendar_json(book))
    eu = plain["regions"][0]["intervals"]
    assert plain["span"] == {"start": "2026-06-03T18:30:00Z", "end": "2026-06-08T22:00:00Z"}
    assert [(each["start"], each["verdict"], each["load"], each["rules"]) for each in eu] == [
        ("2026-06-03T18:30:00Z", "caution", 4, ["season"]),
        ("2026-06-05T22:00:00Z", "closed", 4, ["saturday", "season"]),
        ("2026-06-06T22:00:00Z", "open", 0.5, []),
        ("2026-06-07T22:00:00Z", "caution", 4, ["season"]),
    ]
    assert [(span["start"], span["end"]) for span in plain["together"]] == [
        ("2026-06-03T18:30:00Z", "2026-06-05T18:30:00Z"),
        ("2026-06-06T22:00:00Z", "2026-06-08T22:00:00Z"),
    ]
    saturday, season, _ = plain["rules"]
    assert (saturday["where"], saturday["effect"], saturday["load"]) == (["eu", "asia"], "block", None)
    assert (season["words"], season["effect"], season["load"]) == ("every day, in june", None, 4)


def test_it_reads_back_as_the_same_record(book: Book) -> None:
    """A snapshot loses nothing that a comparison needs, loads to the last digit included."""
    text = render_calendar_json(book)
    assert parse_calendar_json(text, "snapshot.json") == record_of(book)
    assert parse_calendar_json(text.encode(), "snapshot.json") == record_of(book)
    assert text.isascii()


def without(*path: str | int) -> Callable[[Any], None]:
    """Return a change that takes one field away."""

    def change(plain: Any) -> None:
        for step in path[:-1]:
            plain = plain[step]
        del plain[path[-1]]

    return change


def having(value: object, *path: str | int) -> Callable[[Any], None]:
    """Return a change that writes one field."""

    def change(plain: Any) -> None:
        for step in path[:-1]:
            plain = plain[step]
        plain[path[-1]] = value

    return change


BROKEN = {
    "another version": (having(2, "schema_version"), "schema_version 1"),
    "no version": (without("schema_version"), "schema_version 1"),
    "no span": (without("span"), "span"),
    "an unknown field": (having(1, "colour"), "colour"),
    "no region": (having([], "regions"), "regions"),
    "a region twice": (having("asia", "regions", 0, "name"), "a name occurs twice"),
    "a verdict that is none": (having("ajar", "regions", 0, "intervals", 0, "verdict"), "ajar"),
    "a load as text": (having("4", "regions", 0, "intervals", 0, "load"), "load: expected a number"),
    "a load as a truth": (having(True, "regions", 0, "intervals", 0, "load"), "load"),
    "a hole": (without("regions", 0, "intervals", 1), "eu: no interval goes on at 2026-06-05T22:00:00Z"),
    "a hole in a market": (without("regions", 1, "markets", 0, "intervals", 0), "asia/kolkata: no interval goes on"),
    "an early end": (without("regions", 0, "intervals", 3), "eu: the intervals end at 2026-06-07T22:00:00Z"),
    "an unlisted rule": (having([], "rules"), "'season' is not listed"),
    "a local time": (having("2026-06-03T18:30:00", "span", "start"), "an instant needs an offset"),
    "spans out of order": (having("2026-06-01T00:00:00Z", "together", 1, "start"), "together"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_none_is_one_clear_error(book: Book, case: str) -> None:
    """Where, what, and what to do; and the schema or the reader's own checks say no."""
    change, words = BROKEN[case]
    plain = json.loads(render_calendar_json(book))
    change(plain)
    with pytest.raises(ConfigurationError) as raised:
        parse_calendar_json(json.dumps(plain), "snapshot.json")
    (problem,) = raised.value.problems
    assert problem.file == "snapshot.json"
    assert words in problem.what
    assert "wedgate calendar --format json" in problem.remedy


@pytest.mark.parametrize("text", ["", "[]", "null", "<html>", '{"schema_version": 1', "[" * 100_000, b"\xff\xfe"])
def test_any_other_text_is_one_clear_error(text: str | bytes) -> None:
    """A page, half a file, too deep a file, another encoding."""
    with pytest.raises(ConfigurationError, match=r"snapshot\.json: is no calendar that wedgate wrote"):
        parse_calendar_json(text, "snapshot.json")


def test_the_schema_is_where_the_page_says() -> None:
    """docs/reference names the file."""
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs" / "reference" / "calendar-command.md").read_text(encoding="utf-8")
    assert SCHEMA_PATH.relative_to(root).as_posix() in page
