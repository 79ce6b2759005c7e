"""`wedgate next` and `wedgate plan` know what is frozen; the plan's JSON keeps to its schema."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from small_service import told

from wedgate.cli import wiring
from wedgate.engine.plan import make_plan
from wedgate.ledger.audit import Frozen
from wedgate.render.plan import SCHEMA_PATH

CONFIG = """version: 1
service: venue-search
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  us: {markets: {ny: {zone: America/New_York, country: US}}}
rules: {saturday: {where: all, weekdays: saturday, effect: block}}
rollout:
  waves: [[eu], [us]]
  reserve: 10m
  strategies: {steady: {kind: canary, steps: [{weight: 10, bake: 1h}]}}
  target: {kind: simulated}
"""
MONDAY = datetime(2027, 6, 7, 8, tzinfo=UTC)
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))


def plain(*words: str) -> Any:
    """Run a command and return the record that it printed."""
    return json.loads(told(*words, "--format", "json")[1])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with a configuration, on a Monday, and stay in it."""
    (tmp_path / "wedgate.yml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(wiring, "utc_now", lambda: MONDAY)
    monkeypatch.setattr("wedgate.cli.rollout_wiring.utc_now", lambda: MONDAY)
    return tmp_path


def test_next_opens_when_the_freeze_ends(place: Path) -> None:
    """One region, the set, and all of them; and the freeze is what closes before."""
    assert plain("next")["regions"][0]["opens"] == "2027-06-07T08:00:00Z"
    told("freeze", "--region", "eu", "--reason", "INC-7", "--for", "5h")
    found = plain("next")
    eu, us = found["regions"]
    assert (eu["opens"], us["opens"]) == ("2027-06-07T13:00:00Z", "2027-06-07T08:00:00Z")
    assert found["together"]["opens"] == "2027-06-07T13:00:00Z"
    assert [each["code"] for each in eu["opens_after"]] == ["frozen"]
    assert eu["closes"] == "2027-06-11T22:00:00Z"
    assert "INC-7" in told("next", "--region", "eu")[1]


def test_next_opens_after_a_saturday_into_which_a_freeze_runs(place: Path) -> None:
    """Saturday in Berlin ends at 22:00 UTC; the freeze ends inside of it."""
    told("freeze", "--region", "eu", "--reason", "INC-7", "--for", f"{4 * 24 + 20}h")
    (eu,) = plain("next", "--region", "eu")["regions"]
    assert eu["opens"] == "2027-06-12T22:00:00Z"
    assert [each["code"] for each in eu["opens_after"]] == ["frozen", "rule_blocks"]


def test_next_leaves_a_freeze_of_a_year_behind(place: Path) -> None:
    """However far it reaches."""
    told("freeze", "--reason", "INC-7", "--for", "365d")
    assert plain("next", "--region", "us")["regions"][0]["opens"] == "2028-06-06T08:00:00Z"


def test_next_does_not_open_by_a_ledger_that_cannot_be_read(place: Path) -> None:
    """Not knowing is no permission."""
    told("freeze", "--reason", "INC-7", "--for", "5h")
    (place / ".wedgate" / "venue-search.jsonl").write_text('{"garbage": 1}\n' * 3)
    code, said = told("next")
    assert code == 2
    assert "venue-search.jsonl" in said


def test_a_plan_starts_after_the_freeze(place: Path) -> None:
    """It waits as for a calendar, says until when, and that is in its JSON."""
    told("freeze", "--region", "eu", "--reason", "INC-7", "--for", "5h")
    found = plain("plan")
    eu, us = found["plan"]["regions"]
    assert (eu["start"], eu["waited_seconds"]) == ("2027-06-07T13:00:00Z", 5 * 3600)
    assert us["start"] == eu["end"]
    (frozen,) = found["frozen"]
    assert (frozen["regions"], frozen["until"], frozen["reason"]) == (["eu"], "2027-06-07T13:00:00Z", "INC-7")
    assert found["next_start_without_waiting"] == "2027-06-07T13:00:00Z"
    output = " ".join(told("plan")[1].split())
    assert "eu is frozen until 2027-06-07 13:00:00 UTC by" in output
    assert "frozen" not in told("plan", "--region", "us")[1]
    assert "frozen" not in told("plan", "--start", "2027-06-08T08:00:00Z")[1]


def test_a_plan_says_that_freezes_are_not_known(place: Path) -> None:
    """It lets nothing go, and is still of use."""
    told("freeze", "--reason", "INC-7", "--for", "5h")
    (place / ".wedgate" / "venue-search.jsonl").write_text('{"garbage": 1}\n' * 3)
    assert told("plan")[0] == 0
    assert "whether anything is frozen is not known" in told("plan")[1]
    found = plain("plan")
    assert "venue-search.jsonl" in found["frozen_unknown"]
    assert list(VALIDATOR.iter_errors(found)) == []


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--optimise", "most-runway", "--release", "1.4.2"),
        ("--migration", "contract", "--traffic", "1"),
        ("--start", "2027-06-11T20:00:00Z"),
        ("--deploy", "100d"),
    ],
)
def test_json_keeps_to_its_schema(place: Path, words: tuple[str, ...]) -> None:
    """Whatever is asked for, frozen or not."""
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)
    for freezes in (0, 1):
        if freezes:
            told("freeze", "--reason", "INC-7", "--for", "5h")
        found = plain("plan", *words)
        assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(found)] == []


def test_the_page_names_the_schema(repository_root: Path) -> None:
    page = (repository_root / "docs" / "reference" / "plan.md").read_text(encoding="utf-8")
    assert f"wedgate/render/resources/{SCHEMA_PATH.name}" in page


def test_a_deploy_that_is_too_long_is_what_must_be_shortened(place: Path) -> None:
    """No bake of an hour can make up for it: 100 days, into six days between two Saturdays."""
    code, output = told("plan", "--deploy", "100d")
    words = " ".join(output.split())
    assert code == 10
    assert "shorten the deploy, which alone takes 100d (--deploy), by 94d 1h" in words
    assert "its bakes" not in words
    (place / "wedgate.yml").write_text(CONFIG.replace("bake: 1h", "bake: 300d"))
    both = "shorten the deploy, which alone takes 100d (--deploy), and its bakes and the reserve, together by 394d"
    assert both in " ".join(told("plan", "--deploy", "100d")[1].split())
    (place / "wedgate.yml").write_text(CONFIG.replace("bake: 1h", "bake: 8d"))
    assert "shorten its bakes and the reserve by" in " ".join(told("plan")[1].split())
    (place / "wedgate.yml").write_text(CONFIG.replace("weekdays: saturday", "weekdays: monday..sunday"))
    assert "there is no window at all" in " ".join(told("plan")[1].split())


def test_a_freeze_of_the_middle_leaves_both_ends_of_a_window(place: Path) -> None:
    """A region that gets through before it begins does not wait for its end."""
    from wedgate.cli.wiring import almanac_for
    from wedgate.config.load import load_configuration

    configuration = load_configuration(place / "wedgate.yml")
    later = Frozen(
        regions=None, since=MONDAY + timedelta(hours=3), until=MONDAY + timedelta(hours=9), reason="x", by="zoe"
    )
    given = make_plan(configuration, almanac_for(None), MONDAY, freezes=[later]).given
    assert [each.start for each in given.regions] == [MONDAY, MONDAY + timedelta(hours=1, minutes=2)]
    longer = make_plan(configuration, almanac_for(None), MONDAY + timedelta(hours=2), freezes=[later]).given
    assert longer.regions[0].start == MONDAY + timedelta(hours=9)
