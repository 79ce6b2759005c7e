"""`wedgate report convert`, `show`, and `validate` and `schema` of measurement reports."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner

from wedgate.cli.main import cli
from wedgate.errors import ConfigurationError, ExitCode, UsageError, WedgateError
from wedgate.judge.measurements import parse_measurements

FILES = Path(__file__).resolve().parents[1] / "benchmark_files"
COMMIT = "b" * 40


def run(*arguments: str, stdin: bytes | None = None) -> tuple[int, str, str]:
    """Return exit code, output and what went to standard error, of one `wedgate report`."""
    result = CliRunner().invoke(cli, ["report", *arguments], input=stdin, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return int(result.return_value or 0), result.stdout, result.stderr


def test_what_is_converted_is_valid_and_the_same(tmp_path: Path) -> None:
    """A directory of a tool's files becomes one report, which `validate` takes and `show` shows alike."""
    code, out, said = run("convert", str(FILES / "pytest-benchmark"), "--commit", COMMIT)
    path = tmp_path / "base.json"
    path.write_text(out)
    assert (code, said) == (ExitCode.DONE, "")
    report = parse_measurements(json.loads(out))
    assert report.commit == COMMIT
    assert [len(metric.values) for metric in report.metrics] == [2, 2]
    assert run("validate", str(path))[:2] == (
        ExitCode.DONE,
        f"{path}: valid. 2 metrics of {COMMIT}, 2 values each\n",
    )
    again = run("convert", str(path))[1]
    assert again == out


def test_standard_input_is_a_file() -> None:
    """`go test -bench . | wedgate report convert -`."""
    path = FILES / "go" / "three_processes.txt"
    assert run("convert", "-", stdin=path.read_bytes())[1] == run("convert", str(path))[1]


def test_several_files_are_several_runs() -> None:
    """In the order of the command line."""
    runs = [str(FILES / "pytest-benchmark" / f"run{at}.json") for at in (2, 1)]
    own = [json.loads(Path(each).read_text())["benchmarks"][0]["stats"]["median"] for each in runs]
    assert json.loads(run("convert", *runs)[1])["metrics"][0]["values"] == own


def test_what_cannot_be_judged_is_said_on_standard_error() -> None:
    """The report goes to the file, the words to the person."""
    _, out, said = run("convert", str(FILES / "k6" / "summary_export.json"))
    assert "wedgate: http_req_duration p95 cannot be judged: k6's summary keeps no distribution" in said
    assert "wedgate: venues_found is left out: neither k6 nor its unit says which way it is good" in said
    plain = json.loads(out)
    assert plain["left_out"]["venues_found"]
    assert any("aggregated" in metric for metric in plain["metrics"])


def test_convert_says_which_way_is_good_where_the_file_does_not() -> None:
    """`--from` is the declaration."""
    path = str(FILES / "custom" / "smaller.json")
    with pytest.raises(ConfigurationError, match="say --from customSmallerIsBetter"):
        run("convert", path)
    plain = json.loads(run("convert", path, "--from", "customBiggerIsBetter")[1])
    assert {metric["direction"] for metric in plain["metrics"]} == {"higher-is-better"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--from", "gatling"), "--from: wedgate reads nothing of 'gatling'; name one of wedgate, pytest-benchmark"),
        (("--commit", "abc"), "--commit takes the full commit, 40 hexadecimal digits, not 'abc'"),
        (("--commit", COMMIT), "the files are of 3f1c9b6f6a0d4f4f8f6f0f0c1d2e3a4b5c6d7e8f"),
    ],
)
def test_options_that_cannot_be_are_refused(arguments: tuple[str, ...], says: str) -> None:
    """One clear message, and nothing is written."""
    with pytest.raises(UsageError) as caught:
        run("convert", str(FILES / "wedgate" / "measurements.json"), *arguments)
    assert says in str(caught.value)


@pytest.mark.parametrize("command", ["convert", "show"])
@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\xfe\x00", b'{"kind": "measurements"}', b"[" * 100_000])
def test_files_that_are_no_results_are_one_error(tmp_path: Path, command: str, content: bytes) -> None:
    """Exit 2 with the file's name, whatever is in it."""
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(WedgateError) as caught:
        run(command, str(path))
    assert caught.value.exit_code is ExitCode.USAGE
    assert str(path) in str(caught.value)


def test_show_is_a_table() -> None:
    """Count, median and spread of each metric, unit and direction; what is not judged says why."""
    code, out, _ = run("show", str(FILES / "wedgate" / "measurements.json"))
    # Of 40.9, 41.5 and 43 the middle half goes from 41.2 to 42.25: 2.5 % of the median.
    assert code == ExitCode.DONE
    assert out.splitlines() == [
        "metric        n  median  spread  unit  better",
        "search p95    3    41.5    2.5%  ms    lower",
        "bookings      3    20.1    1.7%  1/s   higher",
        "mean latency  1   12.25       -  ms    lower   not judged: a mean over all requests",
        "left out: venues: nobody says which way it is good",
        "of commit 3f1c9b6f6a0d4f4f8f6f0f0c1d2e3a4b5c6d7e8f, by hyperfine, machine runner-7, cpu some processor",
    ]


def test_show_for_machines() -> None:
    """The same as data, a spread as a fraction, and nothing where it says nothing."""
    plain = json.loads(run("show", str(FILES / "wedgate" / "measurements.json"), "--format", "json")[1])
    first, _, third = plain["metrics"]
    assert plain["schema_version"] == 1
    assert (first["n"], first["median"], first["direction"]) == (3, 41.5, "lower-is-better")
    assert first["spread"] == pytest.approx(1.05 / 41.5)
    assert third["spread"] is None
    assert third["aggregated"] == "a mean over all requests"


def test_show_leaves_no_odd_letter_to_the_terminal(tmp_path: Path) -> None:
    """A name that a file brings cannot move the cursor."""
    plain = json.loads((FILES / "wedgate" / "measurements.json").read_text())
    plain["metrics"][0]["name"] = "search\u009b2J\u202ep95"
    path = tmp_path / "r.json"
    path.write_text(json.dumps(plain))
    out = run("show", str(path))[1]
    assert "\u009b" not in out
    assert "\u202e" not in out


def test_problems_come_with_line_and_column(tmp_path: Path) -> None:
    """Every mistake at once, each where it stands."""
    path = tmp_path / "base.json"
    path.write_text(
        (FILES / "wedgate" / "measurements.json").read_text().replace('"ms"', "5", 1).replace("20.1", '"20.1"')
    )
    code, out, _ = run("validate", str(path))
    assert code == ExitCode.USAGE
    lines = path.read_text().splitlines()
    unit, value = lines[9].index('"unit"') + 1, lines[14].index('"20.1"') + 1
    assert f"{path}:10:{unit}: metrics[0].unit: expected a text of one line, got 5; write a text in quotes" in out
    assert f"{path}:15:{value}: metrics[1].values[0]: expected a number, got text" in out
    assert out.endswith("2 problems; no judge would take it.\n")


def test_validate_answers_machines(tmp_path: Path) -> None:
    """The same answer as data, from standard input too."""
    content = (FILES / "wedgate" / "measurements.json").read_bytes()
    plain = json.loads(run("validate", "-", "--format", "json", stdin=content)[1])
    assert plain["valid"] is True
    assert plain["text"] == "3 metrics of 3f1c9b6f6a0d4f4f8f6f0f0c1d2e3a4b5c6d7e8f, 1 to 3 values each"
    path = tmp_path / "base.json"
    path.write_text('{"kind": "benchmarks"}')
    code, out, _ = run("validate", str(path), "--format", "json")
    assert code == ExitCode.USAGE
    assert any("kind: is 'benchmarks'" in problem["what"] for problem in json.loads(out)["problems"])


def test_a_large_measurement_report_is_taken(tmp_path: Path) -> None:
    """Above the limit of regression reports, which names a handful of metrics."""
    plain = json.loads((FILES / "wedgate" / "measurements.json").read_text())
    plain["metrics"][1]["values"] = [0.123456789] * 120_000
    path = tmp_path / "base.json"
    path.write_text(json.dumps(plain))
    assert path.stat().st_size > 1024 * 1024
    assert run("validate", str(path))[0] == ExitCode.DONE


def test_the_schema_is_printed_as_it_ships() -> None:
    """`--kind measurements` prints the other file of the installed package."""
    shipped = resources.files("wedgate.judge") / "resources" / "measurements.schema.json"
    assert run("schema", "--kind", "measurements")[:2] == (ExitCode.DONE, shipped.read_text(encoding="utf-8"))
