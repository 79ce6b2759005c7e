"""Tables of dates in a file: rows with loads of their own, an expiry, and one mistake closes instead of opening."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wedgate.almanac.files import MAX_BYTES, Shelf, WorkingFiles
from wedgate.almanac.gather import gather_facts
from wedgate.almanac.tables import parse_table
from wedgate.calendars.facts import TableKey, needs_of
from wedgate.calendars.source_items import FilePath
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.timeline import compile_timeline
from wedgate.calendars.values import RegionAnswer, Span
from wedgate.config.load import parse_configuration
from wedgate.errors import ConfigurationError

FAIRS = """source: the city's list of fairs
expires: 2027-06-30
from: 2026-01-01
dates:
  - {on: 2026-12-05, name: harbour fair, load: 6}
  - {on: 2027-05-01..2027-05-03, name: autumn fair, load: 3}
  - {on: [2027-06-01, 2027-06-03]}
"""
SYDNEY = "regions: {ap: {markets: {sydney: {zone: Australia/Sydney, country: AU}}}}"


def answer(directory: Path, rule: str, at: str, table: str | None = FAIRS) -> RegionAnswer:
    if table is not None:
        (directory / "fairs.yml").write_text(table)
    text = f"version: 1\nservice: x\n{SYDNEY}\nrules: {{fairs: {{where: all, table: fairs.yml{rule}}}}}\n"
    calendar = parse_configuration(text.encode(), name="f").calendar
    instant = datetime.fromisoformat(at)
    span = Span(start=instant - timedelta(days=5), end=instant + timedelta(days=30))
    facts = gather_facts(needs_of(calendar), span, Shelf(WorkingFiles(directory)))
    return compile_timeline(calendar, facts, span).region_at("ap", instant)


@pytest.mark.parametrize(
    ("at", "verdict", "load"),
    [
        ("2026-12-04T12:59:00Z", "open", 1),
        # Sydney is at UTC+11 in December: its 5 December begins at 13:00 UTC of the 4th.
        ("2026-12-04T13:00:00Z", "closed", 6),
        ("2026-12-05T13:00:00Z", "open", 1),
        ("2027-05-02T12:00:00Z", "caution", 3),
        ("2027-06-02T12:00:00Z", "open", 1),
        # From 1 July on nobody knows: the highest load of the table is 6, and that closes.
        ("2027-07-01T12:00:00Z", "closed", 6),
        ("2099-07-01T12:00:00Z", "closed", 6),
        ("2025-12-30T12:00:00Z", "closed", 6),
    ],
)
def test_rows_bring_their_loads(tmp_path: Path, at: str, verdict: str, load: int) -> None:
    found = answer(tmp_path, "", at)
    assert (found.verdict.value, found.load) == (verdict, load)


def test_an_expired_table_is_what_its_rule_could_do(tmp_path: Path) -> None:
    low = FAIRS.replace("load: 6", "load: 4")
    for rule, verdict in ((", effect: block", "closed"), (", effect: caution", "caution"), ("", "caution")):
        assert answer(tmp_path, rule, "2027-08-01T00:00:00Z", low).verdict.value == verdict
    assert answer(tmp_path, "", "2027-08-01T00:00:00Z", low).load == 4


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("load: 6", "load: six", "line 5, column 48: dates[0].load: expected a number"),
        ("expires: 2027-06-30\n", "", "it has no expires"),
        ("source: the city's list of fairs\n", "", "it has no source"),
        ("expires: 2027-06-30", "expires: 2025-06-30", "it expires before it begins"),
        ("on: 2026-12-05", "on: 2026-13-05", "there is no day 2026-13-05"),
        ("on: 2026-12-05", "on: 2026-12-05T10:00..2026-12-05T12:00", "has times"),
        ("name: harbour fair", "nam: harbour fair", "it takes on, name, load"),
        ("on: 2026-12-05", "at: 2026-12-05", "(and 1 more)"),
        ("dates:", "dates: none\nrows:", "a table has a list of dates"),
        (FAIRS, "- 1", "a table has source, expires and dates"),
        (FAIRS, "", "the file is empty"),
        (FAIRS, "a: [", "this is not YAML"),
    ],
)
def test_a_mistake_in_the_table_closes_and_says_where(tmp_path: Path, before: str, after: str, words: str) -> None:
    """Half of a table would leave days open that somebody meant to close."""
    found = answer(tmp_path, "", "2026-11-27T00:00:00Z", FAIRS.replace(before, after))
    assert found.verdict.value == "closed"
    assert words in found.causes[0].detail


def test_all_mistakes_of_a_table_are_said_at_once() -> None:
    text = FAIRS.replace("load: 6", "load: six").replace("2027-05-01..", "2027-05-41..")
    with pytest.raises(ConfigurationError) as raised:
        parse_table(text.encode(), name="fairs.yml")
    assert [problem.line for problem in raised.value.problems] == [5, 6]


def test_a_file_that_cannot_be_read_closes(tmp_path: Path) -> None:
    """Missing, a directory, a link out of the directory, a pipe, or longer than any table."""
    place = tmp_path / "inside"
    place.mkdir()
    (tmp_path / "outside.yml").write_text(FAIRS)
    path = place / "fairs.yml"
    for make, words in (
        (lambda: None, "there is no such file"),
        (path.mkdir, "it is not a file"),
        (lambda: path.symlink_to(tmp_path / "outside.yml"), "leads out of where the configuration is"),
        (lambda: path.symlink_to(path), "its path loops|no such file"),
        (lambda: os.mkfifo(path), "it is not a file"),
        (lambda: path.write_bytes(b"#" * (MAX_BYTES + 1)), "longer than 10 MB"),
    ):
        make()
        found = answer(place, "", "2026-11-27T00:00:00Z", table=None)
        assert found.verdict.value == "closed"
        assert any(word in found.causes[0].detail for word in words.split("|")), found.causes[0].detail
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)


def test_no_shelf_is_trouble_and_not_an_empty_table() -> None:
    key = TableKey(path="fairs.yml")
    span = Span(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 2, 1, tzinfo=UTC))
    needs = needs_of(parse_configuration(
        f"version: 1\nservice: x\n{SYDNEY}\nrules: {{a: {{where: all, table: fairs.yml}}}}".encode(), name="f"
    ).calendar)  # fmt: skip
    found = gather_facts(needs, span).of(key)
    assert found.trouble == "there is no directory to read it from; ask with --config"


@pytest.mark.parametrize("text", ["../fairs.yml", "a/../../fairs.yml", "/etc/passwd", "~/x.yml", "C:\\x", "a\\b", "a/",
                                  "shipped:../x", "", 5, "c:x"])  # fmt: skip
def test_a_path_stays_beside_the_configuration(text: object) -> None:
    with pytest.raises(SpellingError):
        FilePath.parse(text)


@pytest.mark.parametrize(
    ("at", "kinds"),
    [
        # Monday 28 June matches, and Thursday 1 July may: then the two days between them are bridge days.
        ("2027-06-28T02:00:00Z", {"rule_blocks"}),
        ("2027-06-29T02:00:00Z", {"calendar_unverified"}),
        ("2027-06-30T02:00:00Z", {"calendar_unverified"}),
        ("2027-07-01T02:00:00Z", {"calendar_unverified"}),
        ("2027-06-25T02:00:00Z", set()),
    ],
)
def test_a_day_between_a_match_and_what_is_not_known_may_be_a_bridge_day(
    tmp_path: Path, at: str, kinds: set[str]
) -> None:
    table = "source: x\nexpires: 2027-06-30\nfrom: 2026-01-01\ndates: [{on: 2027-06-28}]\n"
    assert {cause.kind.value for cause in answer(tmp_path, ", bridge: 2, effect: block", at, table).causes} == kinds


@pytest.mark.parametrize(
    ("at", "rule", "load"),
    [
        ("2027-06-03T02:00:00Z", "", 8),
        ("2027-06-04T02:00:00Z", "", 8),
        ("2027-06-04T02:00:00Z", ", load: 1.5", 8),
        # Tuesday lies between Monday's 2 and Wednesday's 4: the higher one counts.
        ("2027-06-15T02:00:00Z", "", 4),
        ("2027-06-11T02:00:00Z", "", 1),
    ],
)
def test_a_bridge_day_brings_the_load_of_the_days_beside_it(tmp_path: Path, at: str, rule: str, load: int) -> None:
    """3 June 2027 is a Thursday; the Friday after it is as full, not free."""
    rows = "[{on: 2027-06-03, load: 8}, {on: 2027-06-14, load: 2}, {on: 2027-06-16, load: 4}]"
    table = f"source: x\nexpires: 2027-12-30\nfrom: 2026-01-01\ndates: {rows}\n"
    assert answer(tmp_path, f", bridge: 1{rule}", at, table).load == load
