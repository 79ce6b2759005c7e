"""Each attack is stopped by a line of wedgate: without it, the test of it fails. The page of attacks tells of each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from modules import module_at

ROOT = Path(__file__).resolve().parents[2]


EVENTS = "tests/cli/test_report_receive.py"
EXAMPLES = ".tools/npm/node_modules/@octokit/webhooks-examples/api.github.com/index.json"
"""Events as GitHub published them, which the tests of reports begin with."""


def listed() -> tuple[Any, ...]:
    """Load the list, which lies beside this file and in no package."""
    found = module_at(Path(__file__).with_name("attacks.py"))
    return (*found.ATTACKS, *found.REPORTS)


ATTACKS = listed()


def runnable(attack: Any) -> Any:
    """Return an attack as a parameter, with what its test needs."""
    needs = [pytest.mark.needs_file(EXAMPLES)] if attack.test.startswith(EVENTS) else []
    return pytest.param(attack, id=attack.ident, marks=needs)


@pytest.fixture(scope="module")
def weakened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the package to where it can be weakened."""
    place = tmp_path_factory.mktemp("weakened")
    shutil.copytree(ROOT / "wedgate", place / "wedgate", ignore=shutil.ignore_patterns("__pycache__"))
    return place


def run(place: Path, test: str) -> subprocess.CompletedProcess[str]:
    """Run a test against the package of a place."""
    words = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", test]
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [sys.executable, "-X", "utf8", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("attack", [runnable(each) for each in ATTACKS])
def test_without_its_line_the_attack_succeeds(weakened: Path, attack: Any) -> None:
    """The line is there once, and the test of the attack fails without it."""
    path = weakened / attack.file
    whole = path.read_text(encoding="utf-8")
    assert whole.count(attack.old) == 1, "the line of the defence has moved; find it again"
    path.write_text(whole.replace(attack.old, attack.new), encoding="utf-8")
    try:
        done = run(weakened, attack.test)
    finally:
        path.write_text(whole, encoding="utf-8")
    assert done.returncode == 1, done.stdout[-3000:]
    assert "failed" in done.stdout


def test_the_copy_as_it_is_passes(weakened: Path) -> None:
    """It is this copy that the tests above ran against, and nothing else fails in it."""
    tests = sorted({attack.test.partition("::")[0] for attack in ATTACKS if "overrides" in attack.test})
    for test in tests:
        assert run(weakened, test).returncode == 0


def test_the_page_tells_of_every_attack() -> None:
    """In the words of the list, and of no other."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [f"| `{attack.ident}` | {attack.tries} | {attack.does} |" for attack in ATTACKS]
    assert [line for line in page.splitlines() if line.startswith("| `")] == rows
    assert len(rows) >= 30
