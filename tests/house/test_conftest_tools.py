"""The rule that an absent program is named, and that it fails where programs are required."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

SAMPLE = """
import pytest

@pytest.mark.needs_tool("no-such-program")
def test_needs_it():
    pass
"""


def run_sample(directory: Path, root: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one test that needs an absent program, under the repository's own conftest."""
    (directory / "conftest.py").write_text((root / "tests" / "conftest.py").read_text())
    (directory / "test_sample.py").write_text(SAMPLE)
    (directory / "pytest.ini").write_text("[pytest]\nmarkers =\n    needs_tool(name): sample\n")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "-p", "no:randomly", str(directory)],
        cwd=directory,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_absent_program_is_a_skip_that_says_how_to_get_it(tmp_path: Path, repository_root: Path) -> None:
    """A skip names the program and the command that installs it."""
    run = run_sample(tmp_path, repository_root)
    assert run.returncode == 0, run.stdout
    assert "no-such-program is not installed; run `make tools`" in run.stdout
    assert "1 skipped" in run.stdout


def test_an_absent_program_fails_where_programs_are_required(tmp_path: Path, repository_root: Path) -> None:
    """With WEDGATE_REQUIRE_TOOLS=1 nothing is skipped for want of a program."""
    run = run_sample(tmp_path, repository_root, WEDGATE_REQUIRE_TOOLS="1")
    assert run.returncode == 1, run.stdout
    assert "no-such-program is not installed" in run.stdout
    assert "1 passed" not in run.stdout


def test_the_network_is_blocked() -> None:
    """A connection to anything but loopback fails before a packet leaves."""
    with socket.socket() as outside, pytest.raises(SocketConnectBlockedError):
        outside.connect(("wedgate.invalid", 80))
