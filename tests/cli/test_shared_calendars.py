"""A calendar that an organisation shares, through a forge on loopback: fetched once, kept, never left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.github_world.github_world import REPOSITORY, GithubWorld
from wedgate.cli.sharing import SharedCalendars
from wedgate.cli.wiring import open_gate
from wedgate.config.extends import SharedRef, parse_extended
from wedgate.errors import ExternalSystemError
from wedgate.gate.reasons import ReasonCode
from wedgate.render.json import plain_decision

SHA = "b" * 40
TEXT = f"{REPOSITORY}//calendars/fairs.yml@{SHA}"
FAIRS = b"""title: Fairs
version: 1
rules:
  every-monday: {weekdays: monday, effect: block, confidence: high, source: the venue team}
"""
CONFIG = f"""version: 1
service: x
regions:
  eu:
    extends: {TEXT}
    markets: {{berlin: {{zone: Europe/Berlin, country: DE}}}}
"""
MONDAY = datetime(2026, 6, 8, 12, 0, tzinfo=UTC)


@pytest.fixture
def world() -> Iterator[GithubWorld]:
    """Return a forge with the shared calendar at its commit and a configuration on main that extends it."""
    with GithubWorld() as found:
        found.put("calendars/fairs.yml", FAIRS, ref=SHA)
        found.put("wedgate.yml", CONFIG.encode())
        yield found


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the user a cache of this test, on a machine that is no runner."""
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "wedgate"


def ref() -> SharedRef:
    """Return the calendar of the tests."""
    found = parse_extended(TEXT)
    assert isinstance(found, SharedRef)
    return found


def test_a_runner_decides_by_it_and_records_its_digest(world: GithubWorld) -> None:
    """Monday is blocked by its row, from midnight to midnight in Berlin; the record says which content that was."""
    decision = open_gate(None, world.environment()).decide(None, at=MONDAY)
    plain = plain_decision(decision)
    assert [reason.code for reason in decision.reasons] == [ReasonCode.RULE_BLOCKS]
    assert decision.next_open == datetime(2026, 6, 8, 22, 0, tzinfo=UTC)
    open_again = open_gate(None, world.environment()).decide(None, at=MONDAY + timedelta(days=1))
    assert open_again.next_close == datetime(2026, 6, 14, 22, 0, tzinfo=UTC)
    # printf of the bytes above | sha256sum
    import hashlib

    assert plain["inputs"]["extends"] == {TEXT: f"sha256:{hashlib.sha256(FAIRS).hexdigest()}"}


def test_a_forge_that_does_not_hand_it_out_closes_the_gate(world: GithubWorld) -> None:
    """The rest of the calendar is not asked alone: forge_unreachable."""
    world.failures["fairs.yml"] = "drop"
    decision = open_gate(None, world.environment()).decide(None)
    assert decision.reasons[0].code is ReasonCode.FORGE_UNREACHABLE
    assert not decision.may_deploy
    assert "calendars/fairs.yml" in decision.reasons[0].text


def test_a_commit_without_the_file_closes_the_gate(world: GithubWorld) -> None:
    """config_invalid, at the line that names it."""
    del world.commits[SHA]["calendars/fairs.yml"]
    decision = open_gate(None, world.environment()).decide(None)
    assert decision.reasons[0].code is ReasonCode.CONFIG_INVALID
    assert decision.reasons[0].text.startswith("wedgate.yml:5:14: ")


def test_a_broken_one_closes_the_gate_at_its_own_line(world: GithubWorld) -> None:
    """config_invalid, in the words of the shared file."""
    world.put("calendars/fairs.yml", FAIRS.replace(b"monday", b"mondai"), ref=SHA)
    decision = open_gate(None, world.environment()).decide(None)
    assert decision.reasons[0].code is ReasonCode.CONFIG_INVALID
    assert decision.reasons[0].text.startswith(f"{TEXT}:4:28: ")


def test_it_is_fetched_once_and_then_read_from_this_machine(world: GithubWorld) -> None:
    """A file at a commit does not change, so the copy serves without any forge."""
    environment = {"GITHUB_API_URL": world.url}
    assert SharedCalendars(environment)(ref()) == FAIRS
    asked = len(world.asked)
    assert SharedCalendars(environment)(ref()) == FAIRS
    assert SharedCalendars(offline=True)(ref()) == FAIRS
    assert len(world.asked) == asked


def test_a_copy_that_was_changed_is_not_believed(world: GithubWorld, own_cache: Path) -> None:
    """It is kept with its digest."""
    environment = {"GITHUB_API_URL": world.url}
    SharedCalendars(environment)(ref())
    (copy,) = own_cache.glob("*.calendar")
    copy.write_bytes(copy.read_bytes().replace(b"block", b"allow"))
    assert SharedCalendars(environment)(ref()) == FAIRS


def test_nothing_is_kept_on_a_runner(world: GithubWorld, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another job left behind decides nothing."""
    monkeypatch.setenv("CI", "true")
    assert SharedCalendars({"GITHUB_API_URL": world.url})(ref()) == FAIRS
    assert not own_cache.exists()


def test_without_a_copy_and_a_forge_there_is_one_clear_error(world: GithubWorld) -> None:
    """What, where, what to do."""
    with pytest.raises(ExternalSystemError, match=r"is not on this machine; `wedgate lint` fetches it"):
        SharedCalendars(offline=True)(ref())
    world.failures["fairs.yml"] = "drop"
    with pytest.raises(ExternalSystemError, match=r"cannot be had: .*GITHUB_TOKEN"):
        SharedCalendars({"GITHUB_API_URL": world.url})(ref())


def test_the_schema_of_the_record_knows_the_digests(world: GithubWorld) -> None:
    """``inputs.extends`` is part of the published record: a digest for each calendar."""
    import jsonschema

    from wedgate.render.json import SCHEMA_PATH

    plain = plain_decision(open_gate(None, world.environment()).decide(None))
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text()))
    assert list(plain["inputs"]["extends"]) == [TEXT]
    assert schema.is_valid(plain)
    plain["inputs"]["extends"] = {TEXT: "sha256:short"}
    assert not schema.is_valid(plain)
