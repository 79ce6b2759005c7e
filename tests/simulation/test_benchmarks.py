"""The benchmarks of rollouts go on the simulation's parts, and run with what it is now."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest


def test_the_benchmarks_of_rollouts_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository_root: Path) -> None:
    """In small: three regions to their end, and a tick behind a ledger that was filled up."""
    monkeypatch.syspath_prepend(str(repository_root / "benchmarks"))
    found = importlib.import_module("bench_many_regions").roll_out(3, str(tmp_path))
    assert found["entries"] > 100
    assert found["percent"] > 0
    module = importlib.import_module("bench_tick")
    ticker = module._Ticker(tmp_path / "ticked.jsonl")
    before = ticker.entries()
    ticker.fill(before + 100)
    assert ticker.entries() >= before + 100
    ticker.tick(ticker.parts())
