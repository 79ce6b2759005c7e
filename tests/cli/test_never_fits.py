"""A rollout that fits into no window of the year is refused before it starts, and a dry run comes to its end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_service import NEW, told

from wedgate.cli import rollout_wiring
from wedgate.cli.wiring import _terminal_parts
from wedgate.config.load import load_configuration
from wedgate.engine.check import Gate

CONFIG = """version: 1
service: venue-search
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  us: {markets: {ny: {zone: America/New_York, country: US}}}
rules: {friday: {where: eu, weekdays: friday, effect: block}}
rollout:
  waves: [us, eu]
  reserve: 1h
  strategies: {steady: {kind: canary, steps: [{weight: 10, bake: BAKE}]}}
  target: {kind: simulated}
judge: {slice: 30s, errors: {requests: 20}, false-alarms: 20%}
state: {kind: file, path: .wedgate}
"""
SUNDAY = datetime(2027, 6, 6, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with an adopted version, and stay in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(rollout_wiring, "utc_now", lambda: SUNDAY)
    Path("wedgate.yml").write_text(CONFIG.replace("BAKE", "10m"))
    Path(".wedgate").mkdir()
    colours = {"colours": {"blue": "sha256:old", "green": None}}
    Path(".wedgate/simulated.json").write_text(json.dumps({"eu": colours, "us": colours}))
    assert told("rollout", "adopt", "--digest", "sha256:old")[0] == 0
    return tmp_path


def test_where_nothing_is_known_to_run_no_region_need_be_named(place: Path) -> None:
    """Of some regions those are named that are missing."""
    Path(".wedgate/venue-search.jsonl").unlink()
    code, said = told("rollout", "start", *NEW)
    assert code == 11
    assert said.rstrip().endswith("what runs there now: wedgate rollout adopt --digest DIGEST")
    assert told("rollout", "adopt", "--digest", "sha256:old", "--region", "us")[0] == 0
    assert told("rollout", "start", *NEW)[1].rstrip().endswith("wedgate rollout adopt --digest DIGEST --region eu")


@pytest.mark.parametrize("words", [("start",), ("run",), ("run", "--dry-run"), ("start", "--region", "eu")])
def test_a_bake_longer_than_every_window_is_refused_with_what_to_shorten(place: Path, words: tuple[str, ...]) -> None:
    """Six days lie between two Fridays, and a seventh hour when the clocks go back."""
    Path("wedgate.yml").write_text(CONFIG.replace("BAKE", "300d"))
    code, said = told("rollout", *words, *NEW)
    assert code == 11
    assert "bakes and reserve take 300d 1h in eu, and it is open for 6d 1h at most in the coming year" in said
    assert "shorten them by 294d" in said
    assert "no rollout is recorded" in told("rollout", "status")[1]
    assert told("rollout", "start", *NEW, "--region", "us")[0] == 0


def test_a_region_that_never_opens_is_refused(place: Path) -> None:
    """And is no reason to shorten anything."""
    Path("wedgate.yml").write_text(
        CONFIG.replace("BAKE", "10m").replace("weekdays: friday", "weekdays: monday..sunday")
    )
    code, said = told("rollout", "start", *NEW)
    assert code == 11
    assert "eu opens at no instant of the coming year" in said


def test_what_fits_once_in_the_year_starts(place: Path) -> None:
    """Closed but for a week in the spring of next year: the dry run ends after sixty days, as a plan does."""
    rules = "rules: {shut: {where: eu, dates: 2001-01-01..2028-03-01, effect: block}}"
    text = CONFIG.replace("BAKE", "10m").replace(CONFIG[CONFIG.index("rules:") : CONFIG.index("\nrollout:")], rules)
    Path("wedgate.yml").write_text(text)
    code, said = told("rollout", "run", *NEW, "--dry-run")
    assert code == 0
    assert "it does not begin within 60 days, and nothing later is looked at, until 2028-03-02 00:00:00 CET" in said
    assert len(said.splitlines()) < 40
    assert not [line for line in said.splitlines() if "eu" in line.split() and "deploy" in line]
    assert told("rollout", "start", *NEW)[0] == 0


def test_on_a_runner_with_a_policy_for_overrides_it_may_start(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An override can open a window for long enough; without such a policy nothing can."""
    policy = "overrides: {approvers: {people: [alice]}, approvals: 1}\n"
    for text, may in (("", False), (policy, True)):
        Path("wedgate.yml").write_text(CONFIG.replace("BAKE", "300d") + text)
        configuration = load_configuration(Path("wedgate.yml"))
        assert configuration.rollout is not None
        with monkeypatch.context() as on_a_runner:
            gate = Gate(_terminal_parts(None))
            on_a_runner.setattr("wedgate.cli.wiring.open_gate", lambda config, gate=gate: gate)
            on_a_runner.setattr("wedgate.adapters.forge.runner.is_runner", lambda environment: True)
            never = rollout_wiring.never_of(None)(configuration.rollout, ["us", "eu"])
        assert never is not None
        assert never.may_be_opened is may
        assert never.text.endswith("; shorten them by 294d")
