"""`wedgate bench`: real commands in, lines and files out."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from wedgate.cli.main import cli
from wedgate.errors import ExitCode, ExternalSystemError, UsageError
from wedgate.judge.measurements import parse_measurements


def sleeping(seconds: float, *, then: str = "") -> str:
    """Return a command that does nothing for a while: what its time is does not depend on a busy machine much."""
    return f"sh -c {shlex.quote(f'sleep {seconds}; {then}:')}"


def bench(*words: str) -> Result:
    """Run the command with a known seed."""
    return CliRunner().invoke(cli, ["bench", *words, "--seed", "5"], standalone_mode=False)


def written(path: Path, kind: str) -> Any:
    """Return what was written, which the committed schemas take: of all of it, and of each report in it."""
    plain = json.loads(path.read_text())
    jsonschema.validate(plain, schema(kind))
    for report in plain["arms"].values() if kind == "bench" else [plain["measured"]]:
        jsonschema.validate(report, schema("measurements"))
    return plain


def schema(kind: str) -> Any:
    """Return a schema as the command prints it."""
    found = json.loads(CliRunner().invoke(cli, ["report", "schema", "--kind", kind], standalone_mode=False).stdout)
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def test_a_slower_candidate_fails_and_everything_is_written(tmp_path: Path) -> None:
    """Ten times as slow: exit 10, before all rounds are over, and reports that `wedgate judge` reads."""
    found = bench(
        "run", "--base", sleeping(0.02), "--candidate", sleeping(0.4), "--rounds", "12", "--aa",
        "--json", str(tmp_path / "all.json"), "--reports", str(tmp_path / "runs"),
    )  # fmt: skip
    assert found.return_value is ExitCode.CLOSED, found.output
    assert "6 of 12 rounds (the answer was sure), seed 5, looks after 6, 12, each at a level of 0.025" in found.stdout
    assert "\nwall time" in found.stdout
    assert "base against itself: x" in found.stdout
    plain = written(tmp_path / "all.json", "bench")
    assert plain["judgement"]["outcome"] == "fail"
    assert (plain["seed"], plain["rounds"]["done"], plain["rounds"]["looks"]) == (5, 6, [6, 12])
    assert {"cpus", "load before", "load after", "pinned"} <= set(plain["environment"])
    for name in ("base", "candidate", "base-again"):
        report = parse_measurements(json.loads((tmp_path / "runs" / f"{name}.json").read_text()))
        wall = report.named("wall time")
        assert wall is not None
        assert (wall.unit, len(wall.values), len(wall.times)) == ("s", 6, 6)
    files = [str(tmp_path / "runs" / f"{name}.json") for name in ("base", "candidate")]
    judged = CliRunner().invoke(cli, ["judge", *files, "--advisory", "CPU time"], standalone_mode=False)
    assert judged.return_value is ExitCode.CLOSED, judged.output


def test_a_number_that_is_printed_decides() -> None:
    """The candidate takes longer and prints a better rate: it passes."""
    words = ["--metric", r"([\d.]+) req/s", "--metric-unit", "1/s", "--higher-is-better", "--metric-name", "rate"]
    base, candidate = sleeping(0.01, then="echo 100 req/s;"), sleeping(0.05, then="echo 101 req/s;")
    found = bench("run", "--base", base, "--candidate", candidate, "--rounds", "8", *words)
    assert found.return_value is ExitCode.DONE, found.output
    assert "pass: 1 of 1 metrics" in found.stdout


HALF = ["--base", "echo 100 x", "--candidate", "echo 50 x", "--metric", r"(\d+) x", "--rounds", "8", "--looks", "1"]


@pytest.mark.parametrize("unit", ["1/s", "ops/s", "MB/s", "req/s", "ops/ms"])
def test_half_the_rate_fails_by_its_unit(unit: str) -> None:
    """It passed, as less of everything that is printed was better."""
    found = bench("run", *HALF, "--metric-unit", unit)
    assert found.return_value is ExitCode.CLOSED, found.output


@pytest.mark.parametrize("words", [["--metric-unit", "ms"], ["--metric-unit", "B/op"], ["--lower-is-better"]])
def test_half_of_a_time_or_a_size_passes(words: list[str]) -> None:
    """By the unit, or because it is said."""
    found = bench("run", *HALF, *words)
    assert found.return_value is ExitCode.DONE, found.output


def test_a_unit_that_nobody_knows_takes_what_is_said() -> None:
    """Half the score is worse where higher is better."""
    found = bench("run", *HALF, "--metric-unit", "points", "--higher-is-better")
    assert found.return_value is ExitCode.CLOSED, found.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], 'nothing says which way a number in "1" is good; say --higher-is-better or --lower-is-better, or'),
        (["--metric-unit", "errors/s"], "say --higher-is-better or --lower-is-better"),
        (["--metric-unit", "points"], "say --higher-is-better or --lower-is-better"),
        (["--metric-unit", "1/s", "--lower-is-better"], '"1/s" is higher-is-better'),
        (["--metric-unit", "ms", "--higher-is-better"], '"ms" is lower-is-better'),
        (["--higher-is-better", "--lower-is-better"], "give --higher-is-better or --lower-is-better, not both"),
    ],
)
def test_which_way_is_good_is_not_guessed(words: list[str], said: str) -> None:
    """What neither the unit nor an option says, and what they say differently, is refused before a run."""
    for command in (["run", *HALF], ["aa", "echo 50 x", "--metric", r"(\d+) x"]):
        found = bench(*command, *words)
        assert isinstance(found.exception, UsageError), found.output
        assert said in str(found.exception)


def test_time_asleep_does_not_decide_by_the_cpu() -> None:
    """A command that burns CPU time until it has used a tenth of a second, and a candidate that sleeps besides."""
    burn = "import time\nwhile time.process_time() < 0.1: pass"
    words = [sys.executable, "-I", "-S", "-c"]
    base, candidate = shlex.join([*words, burn]), shlex.join([*words, f"{burn}\ntime.sleep(0.2)"])
    found = bench("run", "--base", base, "--candidate", candidate, "--rounds", "6", "--by", "cpu", "--looks", "1")
    assert found.return_value is ExitCode.DONE, found.output
    assert "(advisory)" in next(line for line in found.stdout.splitlines() if line.startswith("wall time"))


def test_a_failing_command_is_one_error_with_its_output(tmp_path: Path) -> None:
    """And what was measured before is written all the same."""
    found = bench(
        "run", "--base", "true", "--candidate", "sh -c 'echo no database; exit 4'", "--json", str(tmp_path / "o.json")
    )
    assert isinstance(found.exception, ExternalSystemError)
    assert str(found.exception) == ("the command of the candidate failed: it exited with 4; it printed:\n  no database")
    plain = written(tmp_path / "o.json", "bench")
    assert plain["judgement"]["outcome"] == "not_enough_data"


def test_an_interrupt_keeps_what_was_measured(tmp_path: Path) -> None:
    """A real ^C to the real program: exit 13, a file with the rounds that were whole, and no child left."""
    kept = tmp_path / "kept.json"
    words = ["bench", "run", "--base", "sleep 0.05", "--candidate", "sleep 0.05", "--rounds", "200", "--looks", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "wedgate", *words, "--json", str(kept)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # A shell that starts the tests in the background lets them ignore ^C, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stderr.readline().startswith("round 20 of 200")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.NEEDS_HUMAN, err
    assert "(cut short)" in out
    assert "interrupted, after" in out
    plain = written(kept, "bench")
    assert plain["rounds"]["stopped"] == "interrupted"
    assert len(plain["arms"]["base"]["metrics"][0]["values"]) == plain["rounds"]["done"] > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--base", "", "--candidate", "true"], "--base is empty"),
        (["--base", "true 'x", "--candidate", "true"], "--base cannot be split into words"),
        (["--base", "true", "--candidate", "true", "--rounds", "0"], "--rounds takes a number"),
        (["--base", "true", "--candidate", "true", "--looks", "0"], "--looks takes a number"),
        (["--base", "true", "--candidate", "true", "--metric", "(x"], "--metric is no regular expression"),
        (["--base", "true", "--candidate", "true", "--worse-by", "2"], "--worse-by takes a percentage"),
        (["--base", "true", "--candidate", "true", "--worse-by", "10%"], "--missed must be more"),
        (["--base", "true", "--candidate", "true", "--timeout", "soon"], "--timeout"),
    ],
)
def test_what_cannot_be_run_is_refused(words: list[str], said: str) -> None:
    """Before anything is measured."""
    found = bench("run", *words)
    assert isinstance(found.exception, UsageError)
    assert said in str(found.exception)


def test_a_command_against_itself_tells_its_false_alarms(tmp_path: Path) -> None:
    """Two arrangements of each rule, what is found of each slowdown, and the values in the file."""
    found = bench("aa", sleeping(0.01), "--rounds", "12", "--json", str(tmp_path / "aa.json"))
    assert found.return_value is ExitCode.DONE, found.output
    assert "wedgate's rule, in turns" in found.stdout
    assert "mean 5 % above, in blocks" in found.stdout
    assert "With n = 5, " in found.stdout
    plain = written(tmp_path / "aa.json", "bench-aa")
    assert len(plain["measured"]["metrics"][0]["values"]) == 12
    assert {rate["slowdown"] for rate in plain["found"]} == {1.02, 1.05, 1.1, 1.25}


def test_what_a_tool_measured_can_be_split_in_the_order_of_time(tmp_path: Path) -> None:
    """Values by their times, not as they stand; a rate that falls is a cost that rises."""
    order = list(range(20))[::-1]
    metric = {
        "name": "rate", "unit": "1/s", "direction": "higher-is-better",
        "values": [100 / (1 + place / 10) for place in order],
        "times": [f"2027-06-07T10:00:{place:02}Z" for place in order],
    }  # fmt: skip
    other = metric | {"name": "other", "values": [1.0] * 20}
    path = tmp_path / "runs.json"
    path.write_text(json.dumps({"schema_version": 1, "kind": "measurements", "metrics": [metric, other]}))
    found = bench("aa", "--from", str(path), "--of", "rate")
    line = next(line for line in found.stdout.splitlines() if line.startswith("mean 5 % above, in blocks"))
    assert line.split()[-4:] == ["100.0", "%", "100.0", "%"]
    unnamed = bench("aa", "--from", str(path))
    assert str(unnamed.exception) == "--of: which metric? There are rate, other"


def test_a_command_or_a_file_is_split_not_both() -> None:
    """Nor neither."""
    for words in ([], ["true", "--from", "x.json"]):
        assert "either a command or --from" in str(bench("aa", *words).exception)
    assert "too few to split" in str(bench("aa", "true", "--rounds", "3").exception)
