"""What docs/reference says about the judge and its files is what they do."""

from __future__ import annotations

import json
import os
import re
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from wedgate.cli.report import command
from wedgate.judge.live import slices_needed
from wedgate.judge.report import parse_report
from wedgate.judge.values import JudgeSettings, LatencyLimits

PAGES = Path(__file__).resolve().parents[2] / "docs" / "reference"


def test_the_table_of_slices_is_true() -> None:
    """Each level of the page needs as many slices as the page says."""
    text = (PAGES / "judge.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([0-9.]+) % \| (\d+) \|$", text, re.MULTILINE)
    settings = JudgeSettings(latency=LatencyLimits(slices=1))
    assert len(rows) == 6
    for percent, slices in rows:
        assert slices_needed(settings, level=Decimal(percent) / 100) == int(slices)


def test_the_example_of_a_report_is_valid_and_answered_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's report parses, and the command says what the page shows."""
    text = (PAGES / "report.md").read_text(encoding="utf-8")
    example = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    shown = re.search(r"\$ wedgate report validate regression.json\n(.*)\n", text)
    assert example is not None
    assert shown is not None
    parse_report(json.loads(example[1]))
    monkeypatch.chdir(tmp_path)
    Path("regression.json").write_text(example[1])
    result = CliRunner().invoke(command, ["validate", "regression.json"], standalone_mode=False)
    assert result.output == shown[1] + "\n"


def test_the_loop_of_the_page_measures_both_builds(tmp_path: Path) -> None:
    """Pasted as it stands it leaves ten files of each build, and takes the two in random order."""
    text = (PAGES / "measurements.md").read_text(encoding="utf-8")
    loop = next(each for each in re.findall(r"```bash\n(.*?)```", text, re.DOTALL) if "--benchmark-json" in each)
    tool = tmp_path / "bin" / "pytest"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\ncase "$2" in --benchmark-json=*) echo "$PWD" > "${2#--benchmark-json=}";; esac\n')
    tool.chmod(0o755)
    for build in ("main", "pull-request"):
        (tmp_path / build).mkdir()
    path = f"{tool.parent}:{os.environ['PATH']}"
    subprocess.run(["bash", "-euc", loop], cwd=tmp_path, env={"PATH": path}, check=True)
    for build in ("main", "pull-request"):
        found = sorted((tmp_path / "runs" / build).glob("*.json"))
        assert len(found) == 10
        assert {Path(each.read_text().strip()).name for each in found} == {build}
    assert "$(shuf -e main pull-request)" in loop


def test_the_example_of_evidence_is_read(tmp_path: Path) -> None:
    """The page's evidence file is one that wedgate reads."""
    from datetime import UTC, datetime

    from wedgate.adapters.metrics.file import FileMetrics

    text = (PAGES / "judge.md").read_text(encoding="utf-8")
    example = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert example is not None
    (tmp_path / "evidence.json").write_text(example[1])
    reading = FileMetrics(tmp_path / "evidence.json").read(datetime(2027, 6, 7, 10, tzinfo=UTC))
    assert reading.colours["blue"].requests == 9
