"""What a source leaves out, and when it ends, is said before it matters: sixty days ahead, and at every answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from wedgate.almanac.gather import gather_facts
from wedgate.calendars.facts import needs_of
from wedgate.calendars.sources import expiring
from wedgate.calendars.values import Calendar, Span
from wedgate.cli.check import command
from wedgate.config.load import parse_configuration
from wedgate.render.json import SCHEMA_PATH

MARKETS = {
    "cn": "{shanghai: {zone: Asia/Shanghai, country: CN}}",
    "gb": "{london: {zone: Europe/London, country: GB}}",
    "en": "{london: {zone: Europe/London, country: GB, subdivision: ENG}}",
    "sg": "{singapore: {zone: Asia/Singapore, country: SG}}",
}


def written(*regions: str, rule: str = "holidays: public, effect: block") -> str:
    places = "".join(f"  {name}: {{markets: {MARKETS[name]}}}\n" for name in regions)
    return f"version: 1\nservice: x\nregions:\n{places}rules:\n  days: {{where: all, {rule}}}\n"


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run check over a text."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *arguments: str) -> str:
        (tmp_path / "wedgate.yml").write_text(text)
        return CliRunner().invoke(command, list(arguments), standalone_mode=False).output

    return run


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-10-31", ()),
        ("2026-11-01", ("public holidays of CN are verified until 2026-12-31, 60 days from now",)),
        ("2026-12-30", ("public holidays of CN are verified until 2026-12-31, 1 day from now",)),
        ("2026-12-31", ("public holidays of CN are verified until 2026-12-31, today",)),
        ("2027-01-01", ("public holidays of CN were verified until 2026-12-31",)),
    ],
)
def test_a_source_says_sixty_days_ahead_that_it_ends(at: str, words: tuple[str, ...]) -> None:
    calendar: Calendar = parse_configuration(written("cn", "sg").encode(), name="f").calendar
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC)
    facts = gather_facts(needs_of(calendar), Span(start=instant, end=instant.replace(year=instant.year + 1)))
    assert expiring(calendar, facts, instant) == words
    assert expiring(calendar, facts, instant, ["sg"]) == ()


def test_check_says_what_ends_soon_in_text_and_record(check: Callable[..., str]) -> None:
    at = ("--at", "2026-11-23T12:00:00Z")
    said = "public holidays of CN are verified until 2026-12-31, 38 days from now"
    assert said in " ".join(check(written("cn"), *at).split())
    assert said in check(written("cn"), *at, "--format", "markdown")
    record: dict[str, Any] = json.loads(check(written("cn"), *at, "--format", "json", "--explain"))
    jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text())).validate(record)
    assert record["expiring"] == [said]
    assert record["looks"][0]["zone"] == "Asia/Shanghai"
    assert "UTC+08:00 in Asia/Shanghai" in " ".join(check(written("cn"), *at, "--explain").split())
    assert json.loads(check(written("sg"), *at, "--format", "json"))["expiring"] == []


def test_check_says_what_a_country_without_its_parts_leaves_out(check: Callable[..., str]) -> None:
    """The Summer Bank Holiday is one of England, Wales and Northern Ireland: GB alone does not have it."""
    at = ("--at", "2026-08-31T12:00:00Z", "--format", "json")
    record = json.loads(check(written("gb"), *at))
    assert record["verdict"] == "open"
    assert record["not_verified"] == ["gb/london: days leaves out what is a holiday in parts of GB only"]
    assert "not verified: gb/london: days leaves out" in " ".join(check(written("gb"), *at[:2]).split())
    assert json.loads(check(written("en"), *at))["verdict"] == "closed"
    for text in (written("en"), written("sg"), written("gb", rule="weekdays: saturday, effect: block")):
        assert json.loads(check(text, *at))["not_verified"] == []
