"""`wedgate rollout status` by the journal alone: by a rescue file, a ledger's file, and in one region."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from small_service import NEW, told

CONFIG = """\
version: 1
service: venue-search
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  us: {markets: {ny: {zone: America/New_York, country: US}}}
rules: {long-ago: {where: all, dates: 2001-01-01, effect: block}}
rollout:
  waves: [[eu], [us]]
  reserve: 1m
  strategies: {steady: {kind: canary, steps: [{weight: 10, bake: 10m}]}}
  target: {kind: simulated}
judge: {slice: 30s, errors: {requests: 20}, false-alarms: 20%}
state: {kind: file, path: ledger}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory in which a rollout was started, and stay in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    Path("wedgate.yml").write_text(CONFIG)
    Path(".wedgate").mkdir()
    colours = {"colours": {"blue": "sha256:old", "green": None}}
    Path(".wedgate/simulated.json").write_text(json.dumps({"eu": colours, "us": colours}))
    told("rollout", "adopt", "--digest", "sha256:old")
    assert told("rollout", "start", *NEW)[0] == 0
    return tmp_path


def rollout_in(text: str) -> object:
    """Return the rollout of a status in JSON, which may stand behind lines for people."""
    return json.loads(text[text.index("{\n") :])["rollout"]["id"]


@pytest.mark.parametrize("content", [None, "version: 1\nrules: nonsense\n", "\x00"])
def test_a_configuration_that_cannot_be_used_is_not_needed(place: Path, content: str | None) -> None:
    """The rescue file says where the ledger is."""
    expected = rollout_in(told("rollout", "status", "--format", "json")[1])
    shutil.copy("ledger/venue-search.rescue.json", ".wedgate/venue-search.rescue.json")
    Path("wedgate.yml").unlink() if content is None else Path("wedgate.yml").write_text(content)
    code, said = told("rollout", "status", "--format", "json")
    assert (code, rollout_in(said)) == (0, expected)
    assert "by the ledger that" in said
    assert told("rollout", "status", "--rescue", "ledger/venue-search.rescue.json")[0] == 0


def test_without_a_configuration_and_a_rescue_file_it_says_what_to_do(place: Path) -> None:
    """As before: the error is that of the configuration."""
    Path("wedgate.yml").unlink()
    Path("ledger").rename(place / "kept")
    shutil.rmtree(".wedgate")
    (place / "kept" / "venue-search.rescue.json").unlink()
    code, said = told("rollout", "status")
    assert (code, "no wedgate.yml here" in said) == (2, True)
    assert told("rollout", "status", "--ledger", "kept/venue-search.jsonl")[0] == 0
    assert "sha256:new" in told("rollout", "status", "--ledger", "kept")[1]
    shutil.copy("kept/venue-search.jsonl", "kept/other.jsonl")
    assert "other.jsonl, venue-search.jsonl" in told("rollout", "status", "--ledger", "kept")[1]
    assert told("rollout", "status", "--ledger", "kept", "--rescue", "x")[0] == 2


def test_one_region_is_shown_alone(place: Path) -> None:
    """In text and in JSON; one that nobody knows is refused."""
    told("freeze", "--region", "us", "--reason", "INC-1")
    said = told("rollout", "status", "--region", "eu")[1]
    assert "last good in eu" in said
    assert not [line for line in said.splitlines() if "us" in line.split()]
    assert "frozen: us" in told("rollout", "status", "--region", "us")[1]
    plain = json.loads(told("rollout", "status", "--region", "eu", "--format", "json")[1])
    assert [each["region"] for each in plain["rollout"]["regions"]] == ["eu"]
    assert list(plain["last_good"]) == ["eu"]
    assert plain["frozen"] == []
    assert told("rollout", "status", "--region", "nowhere")[0] == 2
    assert told("rollout", "status", "--region", "nowhere", "--ledger", "ledger")[0] == 2


def test_an_abort_and_a_clear_are_of_one_region(place: Path) -> None:
    """The job that gives them needs nothing of the other."""
    code, said = told("rollout", "abort", "--region", "us", "--reason", "not now")
    assert (code, "abort: rollout" in said) == (0, True)
    regions = json.loads(told("rollout", "status", "--format", "json")[1])["rollout"]["regions"]
    assert [(each["region"], each["phase"]) for each in regions] == [("eu", "pending"), ("us", "rolled_back")]
    assert told("rollout", "abort", "--region", "nowhere", "--reason", "x")[0] == 2
    assert told("rollout", "clear", "--digest", "sha256:new", "--region", "us", "--reason", "x")[0] == 11
