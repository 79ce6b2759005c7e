"""`wedgate rollout status --watch` in a real terminal: it draws in one place, and Ctrl-C is how it ends."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_service import exposed

from wedgate.cli import rollout_status
from wedgate.cli.main import cli
from wedgate.errors import ExternalSystemError

CLEAR = "\x1b[2J\x1b[1;1H"
CTRL_C = b"\x03"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A rollout whose candidate has 10 %, and which nobody drives."""
    return exposed(tmp_path / "service")


def watched(place: Path, term: str) -> tuple[int, str]:
    """Watch until there is something to see, press Ctrl-C, and return the exit code and all that was shown."""
    mine, its = pty.openpty()
    words = [sys.executable, "-m", "wedgate", "rollout", "status", "--watch"]

    def take_terminal() -> None:
        os.setsid()
        os.close(os.open(os.ttyname(0), os.O_RDWR))

    process = subprocess.Popen(
        words,
        cwd=place,
        stdin=its,
        stdout=its,
        stderr=its,
        env={**os.environ, "TERM": term},
        preexec_fn=take_terminal,
    )
    os.close(its)
    shown = bytearray()

    def read() -> None:
        try:
            while piece := os.read(mine, 65536):
                shown.extend(piece)
        except OSError:
            return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    until = time.monotonic() + 30
    while b"last good" not in shown and time.monotonic() < until:
        time.sleep(0.05)
    os.write(mine, CTRL_C)
    code = process.wait(timeout=30)
    reader.join(timeout=5)
    os.close(mine)
    return code, shown.decode()


def test_it_draws_in_one_place_and_ctrl_c_ends_it_without_a_complaint(place: Path) -> None:
    """Exit 0: to look no more is no failure."""
    code, shown = watched(place, "xterm-256color")
    assert shown.startswith(CLEAR)
    assert "candidate at 10 %" in shown
    assert (code, "interrupted" in shown) == (0, False)


def test_a_terminal_that_can_do_nothing_gets_plain_lines(place: Path) -> None:
    """No escape sequence at all."""
    code, shown = watched(place, "dumb")
    assert "candidate at 10 %" in shown
    assert (code, "\x1b" in shown) == (0, False)


def test_a_ledger_that_does_not_answer_for_a_while_ends_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was seen last stays, with what is wrong; the first look has nothing to show."""
    monkeypatch.chdir(place)
    real, looks = rollout_status._status_text, [0]

    def status_text(*given: object) -> tuple[str, bool]:
        looks[0] += 1
        if looks[0] == 2:
            raise ExternalSystemError("connection refused")
        text, _ = real(*given)  # type: ignore[arg-type]
        return text, looks[0] == 3

    monkeypatch.setattr(rollout_status, "_status_text", status_text)
    monkeypatch.setattr(rollout_status, "WATCH_SECONDS", 0.0)
    found = CliRunner().invoke(cli, ["rollout", "status", "--watch"], standalone_mode=False)
    assert found.return_value == 0
    assert "the ledger does not answer now: connection refused" in found.output
    assert (looks[0], found.output.count("candidate at 10 %")) == (3, 3)
    looks[0] = 1
    found = CliRunner().invoke(cli, ["rollout", "status", "--watch"], standalone_mode=False)
    assert isinstance(found.exception, ExternalSystemError)
