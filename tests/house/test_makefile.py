"""`make` says what it does, what it needs, and what it skipped."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROMISED = ("demo", "test", "lint", "bench", "tools")


def run_tool(script: str, tree: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one of tools/*.sh in a tree, with a PATH that holds only what the test put there and the system's own."""
    return subprocess.run(
        ["/usr/bin/env", "bash", tree / "tools" / script, *([] if script != "venv.sh" else ["dev"])],
        cwd=tree,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tree), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def bare_tree(tmp_path: Path) -> Path:
    """Copy what the scripts need, and nothing that is already installed."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def fake_python(directory: Path, version: str) -> Path:
    """Write a program that answers as an interpreter of some version would."""
    program = directory / "python-of-another-age"
    program.write_text(
        "#!/usr/bin/env bash\n"
        'case "$*" in\n'
        f'  *"is Python"*) echo "/opt/python is Python {version}" ;;\n'
        "  *) exit 1 ;;\n"
        "esac\n"
    )
    program.chmod(0o755)
    return program


def test_every_promised_target_is_there_and_explained() -> None:
    """`make` alone lists them."""
    text = (ROOT / "Makefile").read_text()
    for target in PROMISED:
        assert re.search(rf"^{target}:", text, re.MULTILINE)
        assert re.search(rf"^#   make {target}\b", text, re.MULTILINE)
    phony = next(line for line in text.splitlines() if line.startswith(".PHONY:"))
    assert set(PROMISED) <= set(phony.split())


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_alone_is_help() -> None:
    """Nobody who only looks installs anything."""
    run = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert run.returncode == 0
    assert "make demo" in run.stdout


@pytest.mark.parametrize("version", ["3.10", "3.15"])
def test_an_unsupported_python_is_one_clear_message(bare_tree: Path, version: str) -> None:
    """It says what is needed, what was found, and what to do; and makes nothing."""
    run = run_tool("venv.sh", bare_tree, PYTHON=str(fake_python(bare_tree, version)))
    assert run.returncode == 1
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    assert "Python 3.11 to 3.14 is needed" in line
    assert f"Python {version}" in line
    assert "make PYTHON=" in line
    assert not (bare_tree / ".venv").exists()


def python_that_says(program: Path, version: str) -> Path:
    """Write a program that is a Python of a version, can do everything but make an environment, and does nothing."""
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(
        "#!/usr/bin/env bash\n"
        'case "$*" in\n'
        f'  *print*version_info*) echo "{version}" ;;\n'
        "  *ensurepip*) exit 1 ;;\n"
        "esac\n"
    )
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(("named", "anew"), [("(3, 12)", False), ("(3, 14)", True)])
def test_an_environment_of_another_python_than_the_one_named_is_made_anew(
    bare_tree: Path, named: str, anew: bool
) -> None:
    """`make PYTHON=...` is not ignored because there is an environment already; of the same version it stays."""
    shutil.copy2(ROOT / "Makefile", bare_tree)
    environment = bare_tree / ".venv"
    python_that_says(environment / "bin" / "python", "(3, 12)")
    (bare_tree / "requirements").mkdir()
    for name in ("requirements/dev.txt", "requirements/demo.txt", "pyproject.toml"):
        (bare_tree / name).touch()
    for stamp in (".wedgate-demo", ".wedgate-dev"):
        (environment / stamp).touch()
    python = python_that_says(bare_tree / "another" / "python", named)
    run = subprocess.run(
        ["make", f"PYTHON={python}", "test"], cwd=bare_tree, capture_output=True, text=True, timeout=20, check=False
    )
    assert ("cannot make virtual environments" in run.stderr) is anew, run.stdout + run.stderr
    assert (run.returncode != 0) is anew


def bare_path(directory: Path) -> str:
    """Make a PATH with the basic programs and neither Go nor apt-get."""
    binaries = directory / "bare-bin"
    binaries.mkdir()
    for name in ("bash", "env", "mkdir", "rm", "touch", "tail", "dirname", "id", "mktemp", "cat"):
        found = shutil.which(name, path="/usr/bin:/bin")
        assert found is not None
        (binaries / name).symlink_to(found)
    return str(binaries)


def test_a_tool_that_cannot_be_had_is_one_line_with_the_reason(bare_tree: Path) -> None:
    """Without Go and apt-get everything is skipped, each in one line, and that is no failure."""
    run = run_tool("get_tools.sh", bare_tree, PATH=bare_path(bare_tree))
    assert run.returncode == 0, run.stderr
    skipped = [line for line in run.stderr.splitlines() if line.startswith("wedgate: skipped ")]
    assert [line.split()[2] for line in skipped] == [
        *("act:", "actionlint:", "vegeta:"),
        *("wrk:", "amtool:", "promtool:", "prometheus:", "prometheus-alertmanager:", "haproxy:", "nginx:"),
        *("chromium:", "npm-packages:"),
    ]
    assert all("there is no Go here" in line for line in skipped[:3])
    assert all("there is no apt-get here" in line for line in (*skipped[3:6], *skipped[8:11]))
    assert all("which is not there" in line for line in skipped[6:8])
    assert "there is no npm here" in skipped[-1]


def test_where_tools_are_required_a_skipped_one_is_a_failure(bare_tree: Path) -> None:
    """WEDGATE_REQUIRE_TOOLS=1 is what CI sets."""
    run = run_tool("get_tools.sh", bare_tree, PATH=bare_path(bare_tree), WEDGATE_REQUIRE_TOOLS="1")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("wedgate: WEDGATE_REQUIRE_TOOLS=1 is set")


def test_ci_requires_the_tools_and_runs_everything() -> None:
    """.ci/run skips nothing, and stops at the first failure."""
    text = (ROOT / ".ci" / "run").read_text()
    assert "set -euo pipefail" in text
    assert "export WEDGATE_REQUIRE_TOOLS=1" in text
    assert re.search(r"^make tools lint test$", text, re.MULTILINE)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize("script", sorted((ROOT / "tools").glob("*.sh")), ids=lambda path: path.name)
def test_every_script_says_what_it_is_for_and_stops_on_errors(script: Path) -> None:
    """A script begins with its purpose; unset names are errors."""
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert lines[1].startswith("# ")
    assert any(line.startswith(("set -euo pipefail", "set -uo pipefail")) for line in lines)
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
