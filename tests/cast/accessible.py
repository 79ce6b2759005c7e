"""Pages as axe-core judges them in a real browser: WCAG 2 A and AA and the best practices, everything unfolded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., None])

LIBRARY = ".tools/npm/node_modules/axe-core/axe.min.js"
"""The source of axe-core as ``make tools`` puts it into the tree."""

_JUDGE = """for (const each of document.querySelectorAll("details")) each.open = true;
axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  resultTypes: ["violations"]}).then((found) => answer({
    dark: matchMedia("(prefers-color-scheme: dark)").matches, passes: found.passes.length,
    wrong: found.violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 200)}`)}));"""


def on_each_screen(test: Test) -> Test:
    """Ask a test with the arguments ``width`` and ``dark`` for wide and narrow screens, in light and in dark."""
    for mark in (
        pytest.mark.parametrize("width", [1280, 320]),
        pytest.mark.parametrize("dark", [False, True]),
        pytest.mark.needs_file(LIBRARY),
        pytest.mark.needs_tool("chromium"),
    ):
        test = mark(test)
    return test


def assert_accessible(page: str, ask: Callable[..., Any], *, width: int, dark: bool, passes: int) -> None:
    """Let axe find nothing wrong; of its rules more than ``passes`` must have had something to look at."""
    library = Path(__file__).resolve().parents[2] / LIBRARY
    found = ask(page, _JUDGE, width=width, dark=dark, libraries=(library,))
    assert found["wrong"] == [], found["wrong"]
    assert found["dark"] is dark, found
    assert found["passes"] > passes, found
