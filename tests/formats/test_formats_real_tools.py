"""The tools themselves take what is written: amtool and promtool from Debian, actionlint for the schedule."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from wedgate.calendars.values import Verdict
from wedgate.formats import write

REGIONS = {
    "us": ["America/New_York"],
    "eu": ["Europe/London", "Europe/Berlin"],
    "asia": ["Asia/Singapore", "Asia/Kolkata", "Australia/Sydney"],
    "levant": ["Asia/Beirut"],
}
RULES = ["where: all, weekdays: saturday, effect: block", "where: eu, yearly: 12-23..01-03, effect: block"]
YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture
def year_book(book_of: Callable[..., Any]) -> Any:
    return book_of(REGIONS, RULES, *YEAR)


def run(program: Path, *arguments: str | Path, cwd: Path) -> str:
    done = subprocess.run([program, *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.needs_tool("amtool")
@pytest.mark.parametrize("which", ["a year", "always and never"])
def test_amtool_takes_the_time_intervals(
    which: str, year_book: Any, plain_book: Callable[..., Any], tool_named: Callable[[str], Path], tmp_path: Path
) -> None:
    """And a route may use every one of them."""
    book = year_book if which == "a year" else plain_book(*YEAR, {"always": [YEAR], "never": []})
    names = ", ".join(f"closed-{pages.name}" for pages in book.regions)
    (tmp_path / "alertmanager.yml").write_text(
        "receivers: [{name: nobody}]\n"
        f"route: {{receiver: nobody, routes: [{{receiver: nobody, mute_time_intervals: [{names}]}}]}}\n"
        + write("alertmanager", book)
    )
    assert "SUCCESS" in run(tool_named("amtool"), "check-config", "alertmanager.yml", cwd=tmp_path)


@pytest.mark.needs_tool("promtool")
def test_promtool_takes_the_rules(year_book: Any, tool_named: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(write("prometheus", year_book))
    assert "SUCCESS: 4 rules found" in run(tool_named("promtool"), "check", "rules", "rules.yml", cwd=tmp_path)


@pytest.mark.needs_tool("promtool")
def test_prometheus_evaluates_the_rule_to_what_the_calendar_says(
    book_of: Callable[..., Any], tool_named: Callable[[str], Path], tmp_path: Path
) -> None:
    """Around every boundary of nine days, the Saturdays of New York and of three zones among them; absent after them.

    promtool's tests begin at the epoch, and so does this calendar: Saturdays are Saturdays in 1970, too.
    """
    epoch, end = datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 10, tzinfo=UTC)
    regions = {"us": ["America/New_York"], "asia": ["Asia/Singapore", "Asia/Kolkata", "Australia/Sydney"]}
    book = book_of(regions, ["where: all, weekdays: saturday, effect: block"], epoch, end)
    (tmp_path / "rules.yml").write_text(write("prometheus", book))
    minute = timedelta(minutes=1)
    tests = []
    for pages in book.regions:
        for each in pages.intervals:
            value = 1 if each.verdict is Verdict.CLOSED else 0
            tests += [(pages.name, at, value) for at in (each.start, each.start + minute, each.end - minute)]
        tests.append((pages.name, end, None))
    assert {value for _, _, value in tests} == {0, 1, None}
    lines = [
        "rule_files: [rules.yml]",
        "evaluation_interval: 1m",
        "tests:",
        "  - interval: 1m",
        "    promql_expr_test:",
    ]
    for region, at, value in tests:
        labels = f'wedgate:closed{{region="{region}"}}'
        samples = [] if value is None else [f"{{labels: '{labels}', value: {value}}}"]
        seconds = int((at - epoch).total_seconds())
        lines.append(f"      - {{expr: '{labels}', eval_time: {seconds}s, exp_samples: [{', '.join(samples)}]}}")
    (tmp_path / "tests.yml").write_text("\n".join(lines))
    assert "SUCCESS" in run(tool_named("promtool"), "test", "rules", "tests.yml", cwd=tmp_path)
    wrong = re.sub(r"value: 1\}", "value: 0}", "\n".join(lines), count=1)
    (tmp_path / "tests.yml").write_text(wrong)
    with pytest.raises(AssertionError, match="FAILED"):
        run(tool_named("promtool"), "test", "rules", "tests.yml", cwd=tmp_path)


@pytest.mark.needs_tool("actionlint")
@pytest.mark.parametrize("regions", [["us"], ["us", "eu", "asia"]])
def test_actionlint_takes_the_schedule(
    regions: list[str], book_of: Callable[..., Any], tool_named: Callable[[str], Path], tmp_path: Path
) -> None:
    book = book_of({name: REGIONS[name] for name in regions}, RULES[:1], *YEAR)
    job = "jobs:\n  refresh:\n    runs-on: ubuntu-latest\n    steps: [{run: wedgate check}]\n"
    (tmp_path / "refresh.yml").write_text(write("github-cron", book) + job)
    run(tool_named("actionlint"), "refresh.yml", cwd=tmp_path)
