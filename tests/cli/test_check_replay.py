"""`wedgate check --replay`: the same verdict as then, or which input changed and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from wedgate.cli.check import command
from wedgate.errors import UsageError
from wedgate.gate.decide import binding
from wedgate.render.json import plain_decision

CONFIG = """version: 1
service: venue-search
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE, subdivision: BE}}}
  us: {markets: {new-york: {zone: America/New_York, country: US, subdivision: NY}}}
rules:
  saturdays: {where: all, weekdays: saturday, effect: block, reason: weddings}
  holidays: {where: eu, holidays: public, effect: caution}
"""
SATURDAY = "2026-06-06T12:00:00Z"
FRIDAY = "2026-06-05T12:00:00Z"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory with a configuration."""
    (tmp_path / "wedgate.yml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def ask(*arguments: str) -> Result:
    """Run the command."""
    result = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def record(*arguments: str) -> dict[str, Any]:
    """Decide, and keep the record as a file."""
    found: dict[str, Any] = json.loads(ask("--format", "json", *arguments).output)
    Path("decision.json").write_text(json.dumps(found))
    return found


def replay() -> tuple[int, dict[str, Any]]:
    """Replay the kept record."""
    result = ask("--replay", "decision.json", "--format", "json")
    return int(result.return_value), json.loads(result.output)


@pytest.mark.parametrize("arguments", [("--at", SATURDAY), ("--at", FRIDAY), ("--at", FRIDAY, "--runway", "20h"), ()])
def test_nothing_changed_and_the_answer_is_the_same(place: Path, arguments: tuple[str, ...]) -> None:
    """Closed, open, too short a runway, and one that was asked about now: 0 says the same, whatever it is."""
    told = record(*arguments)
    code, found = replay()
    assert (code, found["same"], found["verdict"]) == (0, True, told["verdict"])
    assert (found["inputs"], found["verdicts"], found["others"]) == ([], [], [])
    assert "No input that the record names has changed." in ask("--replay", "decision.json").output


def test_a_changed_configuration_is_named_with_what_it_does(place: Path) -> None:
    """By its digest; the verdicts then and now; the exit code is 13."""
    told = record("--at", SATURDAY)
    (place / "wedgate.yml").write_text(CONFIG.replace("weekdays: saturday", "weekdays: sunday"))
    code, found = replay()
    assert (code, found["same"]) == (13, False)
    assert found["verdicts"][0] == {"name": "all together", "then": "closed", "now": "open"}
    (changed,) = found["inputs"]
    assert (changed["name"], changed["then"]) == ("configuration", told["inputs"]["config_digest"])
    words = " ".join(ask("--replay", "decision.json").output.split())
    assert "Sat 6 Jun 2026 12:00 UTC: not the same" in words
    assert "us: closed, now open" in words
    assert "eu: reasons: rule_blocks by saturdays, now open" in words


def test_changed_inputs_are_named_even_when_the_verdict_is_the_same(place: Path) -> None:
    """A record of other versions: of the zones, of holidays, of wedgate, and of a source by itself."""
    told = record("--at", SATURDAY)
    told["inputs"] |= {"zone_data": "2019a", "holidays": "0.1", "wedgate": "0.0.1"}
    (source,) = told["inputs"]["sources"]
    source["source"], source["digest"] = "generated from holidays 0.1", "sha256:00"
    told["inputs"]["extends"] = {"org/repo//calendar.yml@0123": "sha256:11"}
    (place / "decision.json").write_text(json.dumps(told))
    code, found = replay()
    assert (code, found["same"]) == (0, True)
    assert {(each["name"], each["then"]) for each in found["inputs"]} == {
        ("zone data", "2019a"),
        ("holidays", "0.1"),
        ("wedgate", "0.0.1"),
        ("org/repo//calendar.yml@0123", "sha256:11"),
        ("public holidays of DE-BE", "generated from holidays 0.1 (sha256:00)"),
    }


def test_a_record_without_sources_is_compared_by_what_it_has(place: Path) -> None:
    """Records of the first versions name none."""
    told = record("--at", SATURDAY)
    del told["inputs"]["sources"]
    (place / "decision.json").write_text(json.dumps(told))
    assert replay()[1]["inputs"] == []


def test_a_region_that_is_gone_is_a_difference(place: Path) -> None:
    record("--at", SATURDAY)
    (place / "wedgate.yml").write_text(CONFIG.replace("  us: {markets: {new-york", "  usa: {markets: {new-york"))
    code, found = replay()
    assert (code, found["verdicts"]) == (13, [{"name": "us", "then": "closed", "now": None}])


def test_what_a_runner_was_given_for_a_hypothetical_question_is_compared_as_such(place: Path) -> None:
    """The output `result` of an --at is closed whatever the calendar says, and so is its replay."""
    from wedgate.cli.options import parse_instant
    from wedgate.cli.wiring import open_gate

    bound = plain_decision(binding(open_gate(None).decide((), at=parse_instant(FRIDAY))))
    assert bound["verdict"] == "closed"
    (place / "decision.json").write_text(json.dumps(bound))
    code, found = replay()
    assert (code, found["same"], found["verdict"], found["others"]) == (0, True, "closed", [])


def test_on_a_runner_a_replay_opens_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step fails even where an open answer is open again, and no outputs are written."""
    record("--at", FRIDAY)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setattr("wedgate.adapters.forge.runner.is_runner", lambda environment: False)
    result = ask("--replay", "decision.json")
    assert result.return_value == 10
    assert "this step fails: --replay is hypothetical" in result.stderr
    with pytest.raises(UsageError, match="has no format github"):
        ask("--replay", "decision.json", "--format", "github")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "it is no JSON object"),
        (b'{"schema_version": 2}', "its schema_version is not 1"),
        (b'{"schema_version": 1}', "regions is missing"),
        (b'{"schema_version": 1, "regions": [], "reason_code": "config_invalid"}', "no calendar was asked"),
        (b'{"schema_version": 1, "regions": [{}], "reasons": []}', "inputs is missing"),
        (b'{"schema_version": 1, "regions": [{"region": "eu", "verdict": "shut"}], "reasons": [], "inputs": {}, '
         b'"at": "2026-06-06T12:00:00Z"}', "reasons is missing"),
        (b'{"schema_version": 1, "regions": [{}], "reasons": [], "inputs": {}, "at": "2026-06-06T12:00:00"}',
         "at is no instant with an offset"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_record_is_one_clear_error(place: Path, content: bytes, said: str) -> None:
    (place / "decision.json").write_bytes(content)
    with pytest.raises(UsageError, match=said) as raised:
        ask("--replay", "decision.json")
    assert "\n" not in str(raised.value)


def test_a_record_of_another_configuration_is_said(place: Path) -> None:
    told = record("--at", SATURDAY)
    for region in told["regions"]:
        region["region"] = f"other-{region['region']}"
    (place / "decision.json").write_text(json.dumps(told))
    with pytest.raises(UsageError, match="has no region of the record"):
        replay()
    with pytest.raises(UsageError, match="cannot be read"):
        ask("--replay", "none.json")
