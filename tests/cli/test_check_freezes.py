"""`wedgate check` in a terminal, or in another CI: a freeze closes it, and so does a ledger that cannot be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from wedgate.cli.main import cli
from wedgate.errors import ConfigurationError

CONFIG = """version: 1
service: venue-search
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  us: {markets: {ny: {zone: America/New_York, country: US}}}
rules: {long-ago: {where: all, dates: 2001-01-01, effect: block}}
"""


def run(*words: str) -> tuple[int, str]:
    """Run a command as in a terminal."""
    done = CliRunner().invoke(cli, list(words), obj={"debug": False}, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return int(done.return_value), done.stdout


@pytest.fixture(params=["", "state: {kind: file, path: ledger}\n"], ids=["no state", "a file"])
def place(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with a configuration, and stay in it."""
    (tmp_path / "wedgate.yml").write_text(CONFIG + request.param)
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_a_freeze_closes_the_check_until_it_ends_or_is_thawed(place: Path) -> None:
    """Here as on a runner, with the instant at which it opens again."""
    assert run("check")[0] == 0
    run("freeze", "--reason", "INC-7", "--for", "2h")
    code, output = run("check", "--format", "json")
    record = json.loads(output)
    assert (code, record["verdict"], record["reasons"][0]["code"]) == (10, "closed", "frozen")
    ends = datetime.fromisoformat(json.loads(next(place.rglob("*.jsonl")).read_text())["body"]["until"])
    assert datetime.fromisoformat(record["next_open"]) == ends
    assert datetime.fromisoformat(record["regions"][0]["next_open"]) == ends
    run("thaw", "--reason", "over")
    assert run("check")[0] == 0


def test_a_freeze_of_one_region_closes_that_one(place: Path) -> None:
    """And no other."""
    run("freeze", "--reason", "INC-7", "--for", "2h", "--region", "eu")
    assert run("check", "--region", "us")[0] == 0
    assert run("check", "--region", "eu")[0] == 10


def test_a_ledger_that_cannot_be_read_opens_nothing(place: Path) -> None:
    """Not knowing is no permission: the entry is named, and the exit code is not 0."""
    run("freeze", "--reason", "INC-7", "--for", "2h")
    (ledger,) = place.rglob("venue-search.jsonl")
    ledger.write_text('{"garbage": 1}\n' * 3)
    with pytest.raises(ConfigurationError, match=r"venue-search\.jsonl"):
        run("check")


@pytest.mark.parametrize("ci", [False, True])
@pytest.mark.parametrize(("minutes", "code"), [(-5, 0), (1, 10), (119, 10), (121, 0), (100_000, 0)])
def test_another_instant_is_closed_where_it_lies_within_the_freeze(
    place: Path, monkeypatch: pytest.MonkeyPatch, ci: bool, minutes: int, code: int
) -> None:
    """By its own time. In a CI that is not GitHub's a job may go on because of the exit code, whatever --at says."""
    if ci:
        monkeypatch.setenv("CI", "true")
        monkeypatch.setenv("GITLAB_CI", "true")
    run("freeze", "--reason", "INC-7", "--for", "2h")
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    found, output = run("check", "--at", f"{at:%Y-%m-%dT%H:%M:%SZ}")
    assert found == code
    assert ("INC-7" in output) is (code == 10)


def test_a_ledger_that_cannot_be_read_closes_another_instant_too(place: Path) -> None:
    """Whether a freeze holds there is not known."""
    run("freeze", "--reason", "INC-7", "--for", "2h")
    next(place.rglob("venue-search.jsonl")).write_text('{"garbage": 1}\n' * 3)
    with pytest.raises(ConfigurationError, match=r"venue-search\.jsonl"):
        run("check", "--at", "2027-06-03T12:00:00Z")
