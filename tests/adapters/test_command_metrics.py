"""Evidence from a command: what it sees, what it prints, and how it may fail."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wedgate.adapters.metrics.command import CommandMetrics
from wedgate.cli.rollout_wiring import open_metrics
from wedgate.config.load import load_configuration
from wedgate.errors import ExternalSystemError

AT = datetime(2027, 6, 7, 10, tzinfo=UTC)
COUNTS = {"requests": 9, "errors": 1, "timeouts": 0, "latency": [{"lower_ms": 7, "upper_ms": 8, "count": 9}]}
READING = {
    "schema_version": 1,
    "at": "2027-06-07T09:59:58Z",
    "since": "2027-06-01T00:00:00Z",
    "colours": {"blue": COUNTS, "green": COUNTS},
}


def command(script: str, *, seconds: float = 20, env: tuple[str, ...] = (), **environment: str) -> CommandMetrics:
    """Return the source that runs a Python script."""
    return CommandMetrics(
        (sys.executable, "-I", "-c", script),
        region="eu",
        limit=timedelta(seconds=seconds),
        env=env,
        environment=environment,
    )


def test_what_it_prints_is_the_reading() -> None:
    """In the form of the file, with its own instant."""
    reading = command(f"print({json.dumps(READING)!r})").read(AT)
    assert reading.at == AT - timedelta(seconds=2)
    assert (reading.colours["green"].requests, reading.colours["green"].errors) == (9, 1)


def test_it_gets_no_variable_that_it_did_not_ask_for(tmp_path: Path) -> None:
    """The region, the usual and what was asked for, and no token of the runner."""
    seen = tmp_path / "seen"
    script = f"import os; open({str(seen)!r}, 'w').write(' '.join(sorted(os.environ))); print({json.dumps(READING)!r})"
    secrets = {"GITHUB_TOKEN": "geheim", "WEDGATE_GUARD_TOKEN": "geheim"}
    command(script, env=("DATADOG_KEY", "NOT_SET"), PATH="/bin", DATADOG_KEY="k", **secrets).read(AT)
    assert set(seen.read_text().split()) - {"LC_CTYPE"} == {"DATADOG_KEY", "PATH", "WEDGATE_REGION"}


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("", "cannot be used"),
        ("print('{')", "cannot be used"),
        (f"print({json.dumps({**READING, 'schema_version': 2})!r})", "schema_version is 2"),
        (f"print({json.dumps({**READING, 'at': '2027-06-07T12:00:00Z'})!r})", "one of the two clocks is wrong"),
        ("import sys; sys.exit('no key')", "no key"),
        ("print('x' * 2_000_000)", "more than 1 MiB"),
        ("import time; time.sleep(60)", "was not done after 0.5 s"),
    ],
)
def test_whatever_else_it_does_is_an_error(script: str, says: str) -> None:
    """One that names the region, and is never a reading of nothing."""
    with pytest.raises(ExternalSystemError, match="eu: the command for evidence") as caught:
        command(script, seconds=0.5 if "sleep" in script else 20).read(AT)
    assert says in str(caught.value)


def test_a_command_that_is_not_there_is_an_error() -> None:
    """And no crash."""
    source = CommandMetrics(("/none/there",), region="eu", limit=timedelta(seconds=1), environment={})
    with pytest.raises(ExternalSystemError, match="cannot run"):
        source.read(AT)


CONFIGURATION = """\
version: 1
service: x
regions: {eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}}
rollout:
  strategies: {steady: {kind: canary, steps: [{weight: 10, bake: 10m}]}}
  target: {kind: simulated}
judge: {evidence: EVIDENCE}
"""


def test_a_configuration_opens_the_command_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From whatever directory wedgate runs; `{region}` is filled in."""
    script = tmp_path / "read"
    text = json.dumps(READING)
    script.write_text(f"#!/bin/sh\n[ \"$1\" = 'of eu' ] && echo '{text}'\n")
    script.chmod(0o755)
    evidence = '{kind: command, read: [./read, "of {region}"], timeout: 20s}'
    (tmp_path / "wedgate.yml").write_text(CONFIGURATION.replace("EVIDENCE", evidence))
    monkeypatch.chdir("/")
    source = open_metrics(load_configuration(tmp_path / "wedgate.yml"), "eu")
    assert source.read(AT).colours["blue"].requests == 9


def test_a_configuration_opens_prometheus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`{region}` is filled into the address; without its token there is no evidence, which says so."""
    evidence = '{kind: prometheus, url: "http://127.0.0.1:9/{region}", token: env/A_TOKEN, timeout: 1s}'
    (tmp_path / "wedgate.yml").write_text(CONFIGURATION.replace("EVIDENCE", evidence))
    configuration = load_configuration(tmp_path / "wedgate.yml")
    monkeypatch.delenv("A_TOKEN", raising=False)
    with pytest.raises(ExternalSystemError, match="A_TOKEN is not set"):
        open_metrics(configuration, "eu")
    monkeypatch.setenv("A_TOKEN", "secret")
    with pytest.raises(ExternalSystemError, match=r"http://127\.0\.0\.1:9/eu did not answer") as caught:
        open_metrics(configuration, "eu").read(AT)
    assert "secret" not in str(caught.value)


def test_a_configuration_asks_for_a_baseline(tmp_path: Path) -> None:
    """Named for the region, of a command or a file; one that says nothing of it is no evidence."""
    counts = {"blue": COUNTS, "green": COUNTS, "fresh-eu": {**COUNTS, "requests": 30}}
    baseline = 'baseline: {name: "fresh-{region}"}'
    for kind in ("kind: command, read: [cat, SHOWN]", "kind: file, path: SHOWN"):
        shown = tmp_path / "shown.json"
        evidence = f"{{{kind.replace('SHOWN', str(shown))}, {baseline}}}"
        (tmp_path / "wedgate.yml").write_text(CONFIGURATION.replace("EVIDENCE", evidence))
        source = open_metrics(load_configuration(tmp_path / "wedgate.yml"), "eu")
        shown.write_text(json.dumps({**READING, "colours": counts}))
        assert source.read(AT).colours["baseline"].requests == 30
        shown.write_text(json.dumps(READING))
        with pytest.raises(ExternalSystemError, match="lacks 'fresh-eu'"):
            source.read(AT)
