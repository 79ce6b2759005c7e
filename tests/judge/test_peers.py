"""Other rules that docs/judge.md compares the judge with are run on its data, not copied."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module of the benchmarks folder that runs them."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    for name in ("judge_peers", "judge_power"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("judge_peers")


def test_each_rule_is_the_one_that_it_is_called(peers: ModuleType) -> None:
    """By hand: a mean above 105 %, ranks that lie apart, medians that do; and none of it where nothing differs."""
    base = [100.0 + each for each in range(10)]
    for rule in (peers.mean_threshold, peers.mann_whitney, peers.bootstrap):
        assert rule((base, [value * 1.2 for value in base]))
        assert not rule((base, base))
        assert not rule((base, [value / 1.2 for value in base]))
    # Four times as slow in a single run: the mean alone sees it.
    one = (base, [*base[:9], 436.0])
    assert [peers.mean_threshold(one), peers.mann_whitney(one), peers.bootstrap(one)] == [True, False, False]


def test_the_page_has_what_the_run_says(peers: ModuleType) -> None:
    """For the identical builds, of both rules that take no resampling; the rest is written by the same run."""
    page = (ROOT / "docs" / "judge.md").read_text(encoding="utf-8")
    for name, rule in ((each, peers.RULES[each][1]) for each in list(peers.RULES)[:2]):
        alarms = [rule(pair) for pair in peers.same_builds(peers.COUNT, 1.0)]
        row = re.search(rf"^\| {re.escape(name)} \| ([\d.]+) \|", page, re.MULTILINE)
        assert row is not None
        assert row[1] == f"{100 * sum(alarms) / len(alarms):.1f}"
