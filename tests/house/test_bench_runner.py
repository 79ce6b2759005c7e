"""`make bench` prints every row, and fails where a limit is exceeded."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

KEPT = """NAME = "one against two"
def measure():
    yield "one / two", 0.5, 4.0
    yield "for information", 7.0, None
"""
EXCEEDED = """NAME = "too slow"
def measure():
    yield "five / one", 5.0, 4.0
"""
SKIPPED = """import unittest
NAME = "needs wrk"
def measure():
    raise unittest.SkipTest("wrk is not installed; run make tools")
    yield
"""


@pytest.fixture
def folder(tmp_path: Path, repository_root: Path) -> Path:
    """Copy the runner beside three benchmarks of known results."""
    shutil.copy2(repository_root / "benchmarks" / "run.py", tmp_path)
    for name, source in (("kept", KEPT), ("exceeded", EXCEEDED), ("skipped", SKIPPED)):
        (tmp_path / f"bench_{name}.py").write_text(source)
    return tmp_path


def run(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Run some benchmarks, or all."""
    return subprocess.run(
        [sys.executable, folder / "run.py", *names], capture_output=True, text=True, timeout=30, check=False
    )


def test_all_rows_are_printed_and_an_exceeded_limit_fails(folder: Path) -> None:
    """One bad row is exit code 1, and the others are still shown."""
    outcome = run(folder)
    assert outcome.returncode == 1
    assert "limit 4: kept" in outcome.stdout
    assert "limit 4: EXCEEDED" in outcome.stdout
    assert "for information" in outcome.stdout
    assert "skipped: wrk is not installed; run make tools" in outcome.stdout


def test_one_can_be_run_alone(folder: Path) -> None:
    """Naming one leaves the others out."""
    outcome = run(folder, "bench_kept")
    assert outcome.returncode == 0
    assert "too slow" not in outcome.stdout


def test_an_unknown_name_says_which_there_are(folder: Path) -> None:
    """A typo is one clear line."""
    outcome = run(folder, "bench_keep")
    assert outcome.returncode == 1
    assert outcome.stderr == "there is no benchmark bench_keep; there are: bench_exceeded, bench_kept, bench_skipped\n"
