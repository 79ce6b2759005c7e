"""A feed in a calendar, from the file to the answer: floating days, deleted occurrences, and trouble that closes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from wedgate.almanac.files import Shelf, WorkingFiles
from wedgate.almanac.gather import gather_facts
from wedgate.calendars.facts import needs_of
from wedgate.calendars.timeline import Timeline, compile_timeline
from wedgate.calendars.values import Span
from wedgate.cli.check import command
from wedgate.config.load import parse_configuration
from wedgate.config.warnings import warnings_of
from wedgate.render.json import SCHEMA_PATH

HEAD = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\nSUMMARY:The fair\n"
FOOT = "\nEND:VEVENT\nEND:VCALENDAR\n"
SATURDAYS = f"{HEAD}DTSTART;VALUE=DATE:20260606\nRRULE:FREQ=WEEKLY\nEXDATE;VALUE=DATE:20260613{FOOT}"
REGIONS = (
    "{r: {markets: {utc: {zone: UTC, country: US}}}, s: {markets: {sydney: {zone: Australia/Sydney, country: AU}}}}"
)


def written(rule: str) -> str:
    return f"version: 1\nservice: x\nregions: {REGIONS}\nrules: {{fairs: {{where: all, feed: fairs.ics, {rule}}}}}\n"


def timeline(directory: Path, text: str, rule: str, at: datetime, now: datetime | None = None) -> Timeline:
    (directory / "fairs.ics").write_text(text)
    calendar = parse_configuration(written(rule).encode(), name="f").calendar
    span = Span(start=at, end=at + timedelta(days=30))
    shelf = Shelf(WorkingFiles(directory), lambda: now or at)
    return compile_timeline(calendar, gather_facts(needs_of(calendar), span, shelf), span)


def test_a_deleted_occurrence_of_a_weekly_event_is_open(tmp_path: Path) -> None:
    """T64: Saturday 13 June 2026 is deleted from the series, so it is open until the 20th."""
    at = datetime(2026, 6, 13, 12, tzinfo=UTC)
    answer = timeline(tmp_path, SATURDAYS, "effect: block", at).region_at("r", at)
    assert (answer.verdict.value, answer.next_close) == ("open", datetime(2026, 6, 20, tzinfo=UTC))


def test_an_all_day_event_floats_in_each_market(tmp_path: Path) -> None:
    """6 June in Sydney (UTC+10) begins at 14:00 UTC of the 5th."""
    found = timeline(tmp_path, SATURDAYS, "effect: block", datetime(2026, 6, 1, tzinfo=UTC))
    assert found.closed_runs("r")[0].start == datetime(2026, 6, 6, tzinfo=UTC)
    assert found.closed_runs("s")[0].start == datetime(2026, 6, 5, 14, tzinfo=UTC)


def test_only_events_with_the_words(tmp_path: Path) -> None:
    at = datetime(2026, 6, 6, 12, tzinfo=UTC)
    for only, verdict in (("FAIR", "closed"), ("[gala, fair]", "closed"), ("gala", "open")):
        found = timeline(tmp_path, SATURDAYS, f"only: {only}, effect: block", at).region_at("r", at)
        assert found.verdict.value == verdict


@pytest.mark.parametrize(
    ("rule", "day", "verdict"),
    [
        ("effect: block", "2027-07-06", "open"),
        # 400 days after 1 June 2026 is 6 July 2027.
        ("effect: block", "2027-07-07", "closed"),
        ("effect: caution", "2027-07-07", "caution"),
        ("effect: block, expires: 2026-12-31", "2026-12-31", "open"),
        ("effect: block, expires: 2026-12-31", "2027-01-01", "closed"),
        ("effect: block, expires: 2030-12-31", "2029-01-01", "open"),
        ("effect: block", "2099-06-01", "closed"),
    ],
)
def test_a_feed_is_complete_for_a_while_only(tmp_path: Path, rule: str, day: str, verdict: str) -> None:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC, hour=12)
    once = f"{HEAD}DTSTART;VALUE=DATE:20260606{FOOT}"
    found = timeline(tmp_path, once, rule, at, now=datetime(2026, 6, 1, tzinfo=UTC)).region_at("r", at)
    assert found.verdict.value == verdict


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html>", "it is a web page"),
        (f"{HEAD}DTSTART;TZID=Mars/Phobos:20260606T100000{FOOT}", "Mars/Phobos"),
        (SATURDAYS.replace("WEEKLY", "SECONDLY"), "finer than a calendar of days"),
    ],
)
def test_a_bad_feed_closes_says_why_and_lint_warns(tmp_path: Path, text: str, words: str) -> None:
    at = datetime(2026, 6, 10, tzinfo=UTC)
    answer = timeline(tmp_path, text, "effect: block", at).region_at("r", at)
    assert answer.verdict.value == "closed"
    assert answer.causes[0].kind.value == "calendar_unverified"
    assert words in answer.causes[0].detail
    configuration = parse_configuration(written("effect: block").encode(), name=str(tmp_path / "wedgate.yml"))
    assert any(words in str(warning) for warning in warnings_of(configuration, now=at))


def test_the_record_has_the_digest_of_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest is that of ``sha256sum fairs.ics``; a feed that is missing has none."""
    import hashlib

    monkeypatch.chdir(tmp_path)
    (tmp_path / "wedgate.yml").write_text(written("expires: 2030-12-31, effect: block"))
    runner = CliRunner()

    def sources() -> list[dict[str, object]]:
        said = runner.invoke(
            command, ["--at", "2026-06-10T00:00:00Z", "--format", "json"], standalone_mode=False
        ).output
        record = json.loads(said)
        jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text())).validate(record)
        kept = ("name", "source", "digest", "verified_until")
        return [{key: source[key] for key in kept} for source in record["inputs"]["sources"]]

    named = {"name": "events of fairs.ics", "source": "fairs.ics"}
    assert sources() == [{**named, "digest": None, "verified_until": None}]
    (tmp_path / "fairs.ics").write_text(SATURDAYS)
    digest = hashlib.sha256(SATURDAYS.encode()).hexdigest()
    assert sources() == [{**named, "digest": f"sha256:{digest}", "verified_until": "2030-12-31"}]


NEW_YORK = "TZID=America/New_York:2026"


@pytest.mark.parametrize(
    ("event", "closed", "allowed"),
    [
        # 01:30 comes twice on 1 November: at 05:30Z and at 06:30Z.
        ("DTSTART;{0}1031T220000\nDTEND;{0}1101T013000", ("2026-11-01T02:00", "06:30"), ("2026-11-01T02:00", "05:30")),
        ("DTSTART;{0}1101T013000\nDTEND;{0}1101T040000", ("2026-11-01T05:30", "09:00"), ("2026-11-01T06:30", "09:00")),
        ("DTSTART;{0}1025T003000\nDTEND;{0}1025T013000\nRRULE:FREQ=WEEKLY",
         ("2026-11-01T04:30", "06:30"), ("2026-11-01T04:30", "05:30")),
        # 02:30 does not exist on 8 March: the gap is at 07:00Z, and the time moved on by it 07:30Z.
        ("DTSTART;{0}0308T023000\nDTEND;{0}0308T050000", ("2026-03-08T07:00", "09:00"), ("2026-03-08T07:30", "09:00")),
        ("DTSTART;{0}0301T023000\nDTEND;{0}0301T050000\nRRULE:FREQ=WEEKLY",
         ("2026-03-08T07:00", "09:00"), ("2026-03-08T07:30", "09:00")),
        ("DTSTART;{0}0307T220000\nDTEND;{0}0308T023000", ("2026-03-08T03:00", "07:30"), ("2026-03-08T03:00", "07:00")),
        # Two hours are two hours (RFC 5545, section 3.8.2.5).
        ("DTSTART;{0}0308T013000\nDURATION:PT2H", ("2026-03-08T06:30", "08:30"), ("2026-03-08T06:30", "07:30")),
    ],
)  # fmt: skip
def test_an_event_with_a_zone_has_no_hole_where_the_clock_is_odd(
    tmp_path: Path, event: str, closed: tuple[str, str], allowed: tuple[str, str]
) -> None:
    text = f"{HEAD}{event.format(NEW_YORK)}{FOOT}"
    for effect, (start, end) in (("block", closed), ("allow", allowed)):
        begins = datetime.fromisoformat(f"{start}Z")
        ends = datetime.fromisoformat(f"{start[:11]}{end}Z")
        found = timeline(tmp_path, text, f"effect: {effect}", begins - timedelta(hours=6))
        runs = found.closed_runs("r") if effect == "block" else found.open_runs(("r",))
        assert (begins, ends) in [(run.start, run.end) for run in runs]


@pytest.mark.parametrize("text", ["<html></html>", SATURDAYS])
def test_what_a_feed_does_not_know_may_be_at_any_hour(tmp_path: Path, text: str) -> None:
    """An event with times of its own keeps them, so a time of day does not bound the doubt."""
    at = datetime(2027, 1, 4, 21, tzinfo=UTC)
    rule = "effect: block, expires: 2026-12-31, time: 08:00..12:00"
    found = timeline(tmp_path, text, rule, at).region_at("r", at)
    assert [cause.kind.value for cause in found.causes] == ["calendar_unverified"]
