"""`wedgate report`: every problem with its line, and the right exit code."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
from click.testing import CliRunner

from wedgate.cli.report import command
from wedgate.errors import ExitCode

GOOD = """{
  "schema_version": 1,
  "service": "venue-search",
  "release": {"digest": "sha256:bad"},
  "metrics": [
    {"name": "search p95", "baseline": 7, "candidate": 61, "unit": "ms", "direction": "lower-is-better"}
  ],
  "reporter": "booking-alerts",
  "reported_at": "2027-06-07T10:00:00Z"
}
"""


def run(*arguments: str, stdin: bytes | None = None) -> tuple[int, str]:
    """Return exit code and output of one command."""
    result = CliRunner().invoke(command, list(arguments), input=stdin, standalone_mode=False)
    assert result.exception is None, result.exception
    return int(result.return_value or 0), result.output


def test_a_valid_report_says_what_it_reports(tmp_path: Path) -> None:
    """Exit 0 and one line with service, release, regions and the numbers."""
    path = tmp_path / "r.json"
    path.write_text(GOOD)
    assert run("validate", str(path)) == (
        ExitCode.DONE,
        f"{path}: valid. venue-search sha256:bad in all regions: search p95 61 ms against 7 ms (x8.71), "
        "reported by booking-alerts at 2027-06-07 10:00:00Z\n",
    )


def test_problems_come_with_line_and_column(tmp_path: Path) -> None:
    """Every mistake at once, each where it stands; what is missing, where its parent stands."""
    path = tmp_path / "r.json"
    path.write_text(GOOD.replace('"ms"', "5").replace('"direction"', '"way"').replace("10:00:00Z", "10:00:00"))
    code, said = run("validate", str(path))
    line = path.read_text().splitlines()[5]
    unit, way = line.index('"unit"') + 1, line.index('"way"') + 1
    assert code == ExitCode.USAGE
    assert f"{path}:6:{unit}: metrics[0].unit: expected a text of one line, got 5; write a text in quotes" in said
    assert f"{path}:6:{way}: metrics[0].way: is not a field" in said
    assert f"{path}:6:5: metrics[0].direction: is missing" in said
    assert f"{path}:9:3: reported_at: '2027-06-07T10:00:00' has no offset" in said
    assert said.endswith("4 problems; no rollout would act on it.\n")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "r.json:1:1: it is not JSON"),
        (b'{"schema_version": 1,}', "r.json:1:2"),
        (b"\xff\xfe{}", "is not UTF-8"),
        (b'{"service": "a", "service": "b"}', "the key 'service' stands there twice"),
        (b'{"schema_version": NaN}', "NaN is not a number of JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b" " * (1024 * 1024 + 1), "is larger than 1 MiB"),
    ],
)
def test_files_that_are_no_report_are_one_clear_message(tmp_path: Path, content: bytes, says: str) -> None:
    """Empty, broken, binary, huge: one message, exit 2, no traceback."""
    path = tmp_path / "r.json"
    path.write_bytes(content)
    code, said = run("validate", str(path))
    assert code == ExitCode.USAGE
    assert says in said


def test_no_file_and_a_directory_are_said(tmp_path: Path) -> None:
    """What cannot be read is named."""
    assert run("validate", str(tmp_path / "none.json"))[0] == ExitCode.USAGE
    code, said = run("validate", str(tmp_path))
    assert code == ExitCode.USAGE
    assert "cannot be read" in said


def test_json_output_is_for_machines(tmp_path: Path) -> None:
    """The same answer as data, problems with their places included; standard input works."""
    code, said = run("validate", "-", "--format", "json", stdin=GOOD.encode())
    assert code == ExitCode.DONE
    assert json.loads(said)["valid"] is True
    path = tmp_path / "r.json"
    path.write_text("{}")
    code, said = run("validate", str(path), "--format", "json")
    plain = json.loads(said)
    assert code == ExitCode.USAGE
    assert plain["schema_version"] == 1
    assert plain["valid"] is False
    assert {"file", "line", "column", "what", "remedy"} == set(plain["problems"][0])


def test_the_schema_is_printed_as_it_ships() -> None:
    """`wedgate report schema` prints the file of the installed package."""
    shipped = resources.files("wedgate.judge") / "resources" / "report.schema.json"
    assert run("schema") == (ExitCode.DONE, shipped.read_text(encoding="utf-8"))
