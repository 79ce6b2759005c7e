"""`wedgate next`: when regions open and for how long, in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from wedgate.cli.next import command
from wedgate.engine.check import Trouble
from wedgate.errors import ConfigurationError, UsageError
from wedgate.gate.decision import Reason
from wedgate.gate.reasons import ReasonCode

SATURDAY = """
version: 1
service: venue-search
regions:
  eu-central: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  us-east: {markets: {new-york: {zone: America/New_York, country: US}}}
  asia-pacific: {markets: {kolkata: {zone: Asia/Kolkata, country: IN}}}
rules:
  saturdays: {where: all, weekdays: saturday, effect: block}
"""
ON_SATURDAY = "2026-06-06T12:00:00Z"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work beside a configuration."""
    (tmp_path / "wedgate.yml").write_text(SATURDAY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def ask(*arguments: str) -> str:
    """Run the command, and return what it printed."""
    result = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    assert result.return_value == 0
    return result.output


def test_each_region_the_set_and_all_are_told(place: Path) -> None:
    """Saturday ends at 18:30, 22:00 and 04:00 UTC, and begins again six days later."""
    found = json.loads(
        ask("--at", ON_SATURDAY, "--format", "json", "--region", "eu-central", "--region", "asia-pacific")
    )
    spans = {tuple(each["regions"]): (each["opens"], each["closes"]) for each in found["regions"]}
    assert spans == {
        ("eu-central",): ("2026-06-06T22:00:00Z", "2026-06-12T22:00:00Z"),
        ("asia-pacific",): ("2026-06-06T18:30:00Z", "2026-06-12T18:30:00Z"),
    }
    assert (found["together"]["opens"], found["together"]["closes"]) == ("2026-06-06T22:00:00Z", "2026-06-12T18:30:00Z")
    assert (found["all"]["opens"], found["all"]["lasts_seconds"]) == ("2026-06-07T04:00:00Z", 134 * 3600 + 1800)


def test_the_words_give_local_time_first(place: Path) -> None:
    """A person reads the hour of the place, and UTC beside it."""
    words = " ".join(ask("--at", ON_SATURDAY).split())
    assert "us-east opens Sun 7 Jun 00:00 in New York (04:00 UTC), for 6 d, until Sat 13 Jun 00:00 in New York" in words
    assert "all at once opens Sun 7 Jun 00:00 in New York (04:00 UTC)" in words


def test_what_closes_before_and_after_is_named_and_what_is_not_verified(place: Path) -> None:
    """O03, and no answer rests silently on a source that does not reach so far: China's days end with 2026."""
    rules = (
        SATURDAY.replace("country: DE", "country: CN")
        + "  days-off: {where: eu-central, holidays: public, effect: block}\n"
    )
    (place / "wedgate.yml").write_text(rules)
    found = json.loads(ask("--at", "2027-02-01T12:00:00Z", "--format", "json", "--region", "eu-central"))["regions"][0]
    assert [reason["code"] for reason in found["opens_after"]] == ["calendar_unverified"]
    words = " ".join(ask("--at", "2027-02-01T12:00:00Z").split())
    assert "its source does not cover this date" in words
    lines = [line.strip() for line in ask("--at", ON_SATURDAY).splitlines()]
    assert lines[-2:] == ["before: saturdays: Saturday", "after: saturdays: Saturday"]
    (later,) = json.loads(ask("--at", ON_SATURDAY, "--format", "json", "--region", "us-east"))["regions"]
    assert [reason["rule"] for reason in later["closes_for"]] == ["saturdays"]


def test_lines_end_at_the_width(place: Path) -> None:
    """As `check` does."""
    assert max(len(line) for line in ask("--at", ON_SATURDAY).splitlines()) <= 80


def test_a_time_that_comes_twice_says_which(place: Path) -> None:
    """New York's 1 November 2026 has 01:30 in summer time and, an hour later, in standard time."""
    (place / "wedgate.yml").write_text(
        SATURDAY.replace("weekdays: saturday", "dates: 2026-11-01T00:00..2026-11-01T01:30")
    )
    assert "01:30 EST in New York (06:30 UTC)" in " ".join(ask("--at", "2026-11-01T05:30:00Z").split())


def test_the_joint_opening_is_told_by_the_clock_of_the_region_that_opens_last(place: Path) -> None:
    """All wait for New York, which is neither the first region nor at midnight."""
    (place / "wedgate.yml").write_text(
        SATURDAY.replace("saturdays: {where: all, weekdays: saturday", "evening: {where: us-east, time: '08:00..18:00'")
    )
    assert "all at once opens Sat 6 Jun 18:00 in New York" in " ".join(ask("--at", ON_SATURDAY).split())


@pytest.mark.parametrize(("code", "exit_code"), [(ReasonCode.CLOCK_UNTRUSTED, 10), (ReasonCode.CONFIG_REPAIRED, 0)])
def test_without_a_calendar_the_exit_code_is_the_gates(
    place: Path, monkeypatch: pytest.MonkeyPatch, code: ReasonCode, exit_code: int
) -> None:
    """A clock that is not trusted closes; a change that repairs the configuration may go."""

    class Reading:
        def read(self, *, trust_clock: bool) -> Trouble:
            return Trouble(reasons=(Reason(code=code, text="because"),))

    monkeypatch.setattr("wedgate.cli.wiring.open_gate", lambda config: Reading())
    result = CliRunner().invoke(command, [], standalone_mode=False)
    found = getattr(result.exception, "exit_code", result.return_value)
    assert (found, "because" in (result.output + str(result.exception))) == (exit_code, True)


def test_there_may_be_none_long_enough(place: Path) -> None:
    """A week without a Saturday does not come, and is not promised."""
    assert "no known opening before 2038-" in ask("--at", ON_SATURDAY, "--needs", "7d")


def test_an_unknown_region_and_a_missing_file_are_refused(place: Path) -> None:
    """With the nearest name, and with the way out."""
    with pytest.raises(UsageError, match="did you mean us-east"):
        ask("--region", "us-eats")
    with pytest.raises(UsageError, match="--needs: "):
        ask("--needs", "3 fortnights")
    (place / "wedgate.yml").unlink()
    with pytest.raises(ConfigurationError, match="wedgate init"):
        ask()
