"""From measurements to a regression report and on: `judge --confirm`, `bench run --confirm`, and who gives it."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from wedgate.cli.main import cli
from wedgate.errors import ExitCode, ExternalSystemError, UsageError
from wedgate.judge.report import parse_report

RELEASE = ("--service", "venue-search", "--digest", "sha256:new")


def write(path: Path, *, seed: int, hour: int, arm: int, slower: float = 1.0, commit: str | None = None) -> Path:
    """Write a measurement report of ten processes, every other second."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose
    start = datetime(2027, 6, 7, hour, tzinfo=UTC)
    plain: dict[str, Any] = {
        "schema_version": 1,
        "kind": "measurements",
        "metrics": [
            {
                "name": "search",
                "unit": "ms",
                "direction": "lower-is-better",
                "values": [rng.gauss(100, 2) * slower for _ in range(10)],
                "times": [(start + timedelta(seconds=2 * place + arm)).isoformat() for place in range(10)],
            }
        ],
    }
    path.write_text(json.dumps(plain | ({} if commit is None else {"commit": commit})), encoding="utf-8")
    return path


def pair(folder: Path, *, seed: int, hour: int = 10, slower: float = 1.0, commit: str | None = None) -> list[str]:
    """Write a base and a candidate, in turns."""
    arms = (
        write(folder / f"base{seed}.json", seed=seed, hour=hour, arm=0),
        write(folder / f"candidate{seed}.json", seed=seed + 100, hour=hour, arm=1, slower=slower, commit=commit),
    )
    return [str(arm) for arm in arms]


def judge(*words: object) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["judge", *map(str, words)], standalone_mode=False)


def test_an_alarm_that_comes_back_is_a_confirmed_report(tmp_path: Path) -> None:
    """It fails, says what the fresh runs said, and writes what a rollout takes."""
    first = pair(tmp_path, seed=1, slower=1.2)
    again = pair(tmp_path, seed=2, hour=11, slower=1.2)
    found = judge(*first, "--confirm", *again, "--regression", tmp_path / "regression.json", *RELEASE)
    assert found.return_value is ExitCode.CLOSED, found.output
    assert "and again on fresh runs" in found.stdout
    assert "fresh runs: search fail x1.2" in found.stdout
    assert "regression.json: written, confirmed: it rolls back" in found.stderr
    report = parse_report(json.loads((tmp_path / "regression.json").read_text()))
    assert (report.is_confirmed, report.digest) == (True, "sha256:new")
    valid = CliRunner().invoke(cli, ["report", "validate", str(tmp_path / "regression.json")], standalone_mode=False)
    assert valid.return_value is ExitCode.DONE


def test_an_alarm_that_does_not_come_back_is_no_report(tmp_path: Path) -> None:
    """It is marginal, and nothing is written; JSON and Markdown say what the fresh runs said."""
    words = [*pair(tmp_path, seed=1, slower=1.2), "--confirm", *pair(tmp_path, seed=2, hour=11)]
    found = judge(*words, "--regression", tmp_path / "regression.json", *RELEASE)
    assert found.return_value is ExitCode.NEEDS_HUMAN, found.output
    assert "it alarmed, and fresh runs did not" in found.stdout
    assert not (tmp_path / "regression.json").exists()
    plain = json.loads(judge(*words, "--format", "json").stdout)
    assert (plain["outcome"], plain["confirmation"]["outcome"]) == ("marginal", "pass")
    assert "- fresh runs: search pass" in judge(*words, "--format", "markdown").stdout
    assert "fresh runs" in judge(*words, "--format", "html").stdout


def test_an_alarm_that_nobody_asked_again_is_not_confirmed(tmp_path: Path) -> None:
    """The report says so itself; the candidate's own commit is the release's."""
    first = pair(tmp_path, seed=1, slower=1.2, commit="c" * 40)
    found = judge(*first, "--regression", tmp_path / "regression.json", "--service", "venue-search")
    assert "not confirmed: it pauses, and rolls nothing back" in found.stderr
    report = parse_report(json.loads((tmp_path / "regression.json").read_text()))
    assert (report.is_confirmed, report.commit) == (False, "c" * 40)
    words = ["report", "validate", str(tmp_path / "regression.json")]
    assert "it pauses and rolls nothing back" in CliRunner().invoke(cli, words, standalone_mode=False).stdout
    plain = json.loads(CliRunner().invoke(cli, [*words, "--format", "json"], standalone_mode=False).stdout)
    assert (plain["valid"], plain["confirmed"]) == (True, False)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--regression", "r.json"], "of which service"),
        (["--regression", "r.json", "--service", "a"], "of which release"),
        (["--regression", "r.json", "--service", "a", "--commit", "abc"], "the full commit"),
        (["--service", "a"], "--service is for a report"),
        (["--digest", "a"], "--digest is for a report"),
    ],
)
def test_a_report_that_could_not_be_written_is_refused_first(tmp_path: Path, words: list[str], says: str) -> None:
    """Before anything is measured or judged."""
    found = judge(*pair(tmp_path, seed=1), *words)
    assert isinstance(found.exception, UsageError)
    assert says in str(found.exception)
    bench = ["bench", "run", "--base", "false", "--candidate", "false", *words]
    found = CliRunner().invoke(cli, bench, standalone_mode=False)
    assert isinstance(found.exception, UsageError), found.output


def test_other_commits_than_those_that_alarmed_confirm_nothing(tmp_path: Path) -> None:
    """Fresh runs of another build are a mistake; so is a report of another commit than the files'."""
    first = pair(tmp_path, seed=1, slower=1.2, commit="c" * 40)
    found = judge(*first, "--confirm", *pair(tmp_path, seed=2, hour=11, slower=1.2, commit="d" * 40))
    assert isinstance(found.exception, UsageError)
    assert "its fresh runs are of dddd" in str(found.exception)
    found = judge(*first, "--regression", "r.json", "--service", "a", "--commit", "d" * 40)
    assert "the candidate was measured of cccc" in str(found.exception)


def bench(folder: Path, base: str, candidate: str, *words: str) -> Result:
    """Measure two commands that print how long they took."""
    arms = ["--base", f"sh -c '{base}'", "--candidate", f"sh -c '{candidate}'"]
    metric = ["--metric", "took ([0-9.]+)", "--metric-unit", "ms", "--rounds", "10", "--seed", "5", "--no-pin"]
    report = ["--regression", str(folder / "regression.json"), *RELEASE]
    return CliRunner().invoke(cli, ["bench", "run", *arms, *metric, *report, *words], standalone_mode=False)


def counting(folder: Path, *, after: int, then: str) -> str:
    """Return a command that is slow for its first runs, and then something else."""
    count = folder / "count"
    return f"echo >>{count}; if [ $(wc -l <{count}) -le {after} ]; then echo took 120; else {then}; fi"


def test_bench_asks_an_alarm_again_on_fresh_rounds(tmp_path: Path) -> None:
    """As many as there were rounds, once it is to be reported; all of it is kept."""
    kept = ["--reports", str(tmp_path / "runs"), "--json", str(tmp_path / "bench.json")]
    found = bench(tmp_path, "echo took 100", "echo took 120", *kept)
    assert found.return_value is ExitCode.CLOSED, found.output
    assert "an alarm: 10 fresh rounds have to say the same" in found.stdout
    report = parse_report(json.loads((tmp_path / "regression.json").read_text()))
    assert report.is_confirmed
    assert report.benchmark is not None
    assert [run.metrics[0].base for run in report.benchmark.runs] == [5, 10]
    words = [str(tmp_path / "runs" / name) for name in ("base.json", "candidate.json")]
    fresh = [str(tmp_path / "runs" / "fresh" / name) for name in ("base.json", "candidate.json")]
    advisory = [word for name in ("wall time", "CPU time") for word in ("--advisory", name)]
    judged = judge(*words, "--confirm", *fresh, *advisory)
    assert "and again on fresh runs" in judged.stdout
    plain = json.loads((tmp_path / "bench.json").read_text())
    schema = CliRunner().invoke(cli, ["report", "schema", "--kind", "bench"], standalone_mode=False).stdout
    jsonschema.validate(plain, json.loads(schema))
    assert plain["judgement"]["confirmation"]["outcome"] == "fail"
    assert len(plain["fresh_arms"]["base"]["metrics"][0]["values"]) == 10


def test_bench_takes_an_alarm_back_that_does_not_repeat_itself(tmp_path: Path) -> None:
    """A hiccup of the first run is no regression."""
    slow = counting(tmp_path, after=6, then="echo took 100")
    found = bench(tmp_path, "echo took 100", slow)
    assert found.return_value is ExitCode.NEEDS_HUMAN, found.output
    assert "it alarmed, and fresh runs did not" in found.stdout
    assert not (tmp_path / "regression.json").exists()


def test_bench_confirms_nothing_where_the_command_breaks_meanwhile(tmp_path: Path) -> None:
    """The fresh rounds fail: one error, and no report."""
    slow = counting(tmp_path, after=6, then="exit 3")
    found = bench(tmp_path, "echo took 100", slow)
    assert isinstance(found.exception, ExternalSystemError), found.output
    assert not (tmp_path / "regression.json").exists()


def test_bench_asks_nothing_again_where_it_was_not_asked_to(tmp_path: Path) -> None:
    """The report then is not confirmed."""
    found = bench(tmp_path, "echo took 100", "echo took 120", "--confirm", "0")
    assert "fresh rounds" not in found.stdout
    assert not parse_report(json.loads((tmp_path / "regression.json").read_text())).is_confirmed
    assert isinstance(bench(tmp_path, "true", "true", "--confirm", "-1").exception, UsageError)
