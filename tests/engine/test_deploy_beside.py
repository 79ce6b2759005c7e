"""A deploy runs beside the loop in a real thread: it is not waited for, and it does not outlive the run."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wedgate.engine.beside import Beside, Call, run_beside, run_now
from wedgate.errors import ExternalSystemError

SCRIPT = """
import sys
from datetime import timedelta
from wedgate.adapters._service.command import run
from wedgate.engine.beside import run_beside
shell = ["sh", "-c", "echo $$ > pid.new; mv pid.new pid; exec sleep 60"]
beside = run_beside(lambda: run(shell, limit=timedelta(minutes=5), what="deploying"))
assert not beside.is_done()
sys.stdin.read()
"""


def test_call_beside_is_not_waited_for() -> None:
    """It is done when it is done, not before."""
    end = threading.Event()
    beside = run_beside(lambda: end.wait(30) and None)
    assert not beside.is_done()
    end.set()
    deadline = time.monotonic() + 10
    while not beside.is_done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("start", [run_beside, run_now])
def test_what_the_call_raised_is_raised_where_it_is_looked_at(start: Callable[[Call], Beside]) -> None:
    """An error in the thread is not lost."""

    def fail() -> None:
        raise ExternalSystemError("no such image")

    with pytest.raises(ExternalSystemError, match="no such image"):
        start(fail).is_done()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at /proc")
def test_deploy_command_ends_with_the_run(tmp_path: Path) -> None:
    """A run that ends while a deploy is going on leaves nobody behind who still deploys."""
    run = subprocess.Popen([sys.executable, "-c", SCRIPT], cwd=tmp_path, stdin=subprocess.PIPE)
    deadline = time.monotonic() + 20
    while not (tmp_path / "pid").exists():
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    pid = int((tmp_path / "pid").read_text())
    assert is_running(pid)
    run.communicate(b"")
    assert run.returncode == 0
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
