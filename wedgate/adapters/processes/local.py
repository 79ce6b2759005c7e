"""Runs a command in a fresh process of this machine, and measures it by what the kernel counted."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from wedgate.adapters.processes.interface import Trial

MOST_OUTPUT = 1024 * 1024
"""Bytes of a command's output that are kept: the last ones."""
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


class LocalLauncher:
    """Runs each command in a session of its own, without input; what it leaves running in it is ended with it.

    One that is not done within ``timeout_seconds`` is ended.
    """

    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds

    def launch(self, words: Sequence[str], folder: Path | None = None) -> Trial:
        """Run a command, and wait for it."""
        with tempfile.TemporaryFile() as output:
            started, before = datetime.now(UTC), time.perf_counter()
            try:
                process = subprocess.Popen(
                    words,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            except OSError as error:
                return _nothing(started, f"{words[0]} cannot be started: {error.strerror or error}")
            late = threading.Event()
            timer = threading.Timer(self._timeout, _end, (process.pid, late))
            timer.daemon = True
            try:
                timer.start()  # which waits for the thread: ^C may come in it
                _, status, used = os.wait4(process.pid, 0)
                wall = time.perf_counter() - before
            except BaseException:
                _end(process.pid)
                process.wait()
                raise
            finally:
                timer.cancel()
                _end(process.pid)
            # It is gone: told to Popen, so that it does not wait for it again.
            process.returncode = os.waitstatus_to_exitcode(status)
            return Trial(
                started=started,
                wall_seconds=wall,
                cpu_seconds=used.ru_utime + used.ru_stime,
                peak_bytes=_peak(used.ru_maxrss),
                output=_tail(output),
                trouble=self._trouble(process.returncode, late),
            )

    def _trouble(self, code: int, late: threading.Event) -> str | None:
        if late.is_set():
            return f"it was not done after {self._timeout:g} s"
        if code < 0:
            return f"it was ended by {signal.Signals(-code).name}"
        return f"it exited with {code}" if code else None


@contextmanager
def interrupted_by_ends() -> Iterator[None]:
    """Let a signal that ends this process (a cancelled job, a closed terminal) interrupt it as ^C does.

    The command that runs is in another session, and would otherwise go on for ever.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, signal.default_int_handler) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def pinned(cpu: int | None) -> Iterator[None]:
    """Keep this process, and so all that it starts, on one CPU; ``None`` changes nothing."""
    if cpu is None:
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def quiet_cpu() -> int | None:
    """Return the CPU to pin to: the last that this process may use, as the first serves most interrupts.

    ``None`` where the system pins nothing, or leaves no choice.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None
    allowed = os.sched_getaffinity(0)
    return max(allowed) if len(allowed) > 1 else None


def _peak(measured: int) -> int | None:
    """Return the peak memory, if it is the command's.

    A new process begins as a copy of this one, and the kernel counts that; below it, nothing can be told.
    """
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return measured * _RSS_UNIT if measured > own else None


def _end(pid: int, late: threading.Event | None = None) -> None:
    """End a command and all that it started in its session."""
    if late is not None:
        late.set()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _tail(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - MOST_OUTPUT))
    return output.read().decode("utf-8", "replace")


def _nothing(started: datetime, trouble: str) -> Trial:
    return Trial(started=started, wall_seconds=0.0, cpu_seconds=0.0, peak_bytes=None, output="", trouble=trouble)
