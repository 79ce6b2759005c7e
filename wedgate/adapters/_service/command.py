"""Run a user's command: no shell, a time limit, and its last words when it fails.

Output goes through a file and not a pipe, so that a service which the command leaves running may keep its output open.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import signal
import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import IO

from wedgate.errors import ExternalSystemError

LAST_LINES = 12
LAST_BYTES = 64 * 1024
"""Bytes of an output of which the end is wanted."""

LARGEST = 1024 * 1024
"""Bytes of an answer that are read at most."""

PASSED_ON = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NUMERIC",
    "LC_TIME",
    "TZ",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "COMSPEC",
    "PATHEXT",
)
"""Variables that every command may need and that hold no secret: each by name, for LC_SECRET may be one."""


def passed_on(names: Collection[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a command sees of an environment: what every command needs, and what it asked for by name."""
    wanted = {*PASSED_ON, *names}
    return {name: value for name, value in environment.items() if name in wanted}


def run(argv: Sequence[str], *, limit: timedelta, what: str) -> None:
    """Run ``argv`` to its end; ``ExternalSystemError`` with its last lines when it fails or takes too long.

    What it started is killed with it when it takes too long, wedgate is interrupted, or this process ends.
    """
    with tempfile.TemporaryFile() as output:
        _run(argv, limit=limit, what=what, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def ask(
    argv: Sequence[str],
    question: bytes,
    *,
    limit: timedelta,
    what: str,
    environment: Mapping[str, str] | None = None,
    inherits: Sequence[int] = (),
) -> bytes:
    """Run ``argv`` with ``question`` on its standard input, and return what it wrote to its standard output.

    It gets no variables but those of ``environment``; wedgate's own where there is none. ``inherits`` are descriptors
    that stay open in it.

    Fails and ends as ``run`` does; the last lines are those of the error output, or of the answer where there are none.
    """
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as words:
        told.write(question)
        told.seek(0)
        _run(
            argv,
            limit=limit,
            what=what,
            stdin=told,
            stdout=answer,
            stderr=words,
            environment=environment,
            inherits=inherits,
        )
        size = os.fstat(answer.fileno()).st_size
        if size > LARGEST:
            raise ExternalSystemError(f"{what}: {argv[0]!r} answered with {size} bytes, more than {LARGEST >> 20} MiB")
        return os.pread(answer.fileno(), size, 0)


def hear(argv: Sequence[str], *, limit: timedelta, environment: Mapping[str, str]) -> tuple[str, bytes]:
    """Run ``argv`` with no variables but these; return how it failed (empty: it did not) and the end of what it said.

    It ends as with ``run``. Nothing is raised but what interrupts wedgate itself.
    """
    with tempfile.TemporaryFile() as output:
        try:
            _wait(argv, limit, stdin=subprocess.DEVNULL, stdout=output, stderr=output, environment=environment)
        except _EndedError as ended:
            trouble = str(ended)
        else:
            trouble = ""
        size = os.fstat(output.fileno()).st_size
        start = max(0, size - LAST_BYTES)
        return trouble, os.pread(output.fileno(), size - start, start)


class _EndedError(Exception):
    """A command did not end well; the text says how, without what it printed."""


def _run(
    argv: Sequence[str],
    *,
    limit: timedelta,
    what: str,
    stdin: int | IO[bytes],
    stdout: IO[bytes],
    stderr: IO[bytes],
    environment: Mapping[str, str] | None = None,
    inherits: Sequence[int] = (),
) -> None:
    try:
        _wait(argv, limit, stdin=stdin, stdout=stdout, stderr=stderr, environment=environment, inherits=inherits)
    except _EndedError as ended:
        said = "" if isinstance(ended.__cause__, OSError) else f"; its last lines:\n{_last_lines(stderr, stdout)}"
        raise ExternalSystemError(f"{what}: {ended}{said}") from ended.__cause__


def _wait(
    argv: Sequence[str],
    limit: timedelta,
    *,
    stdin: int | IO[bytes],
    stdout: IO[bytes],
    stderr: IO[bytes],
    environment: Mapping[str, str] | None = None,
    inherits: Sequence[int] = (),
) -> None:
    """Run ``argv`` to its end; ``_EndedError`` when that is not a good one."""
    try:
        process = subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=environment,
            pass_fds=inherits,
            start_new_session=True,
        )
    except OSError as error:
        raise _EndedError(f"cannot run {argv[0]!r}: {error.strerror}") from error
    # A run that is interrupted ends without waiting for the thread that waits here.
    kill = functools.partial(_kill, process)
    atexit.register(kill)
    try:
        status = process.wait(limit.total_seconds())
    except subprocess.TimeoutExpired:
        _kill(process)
        raise _EndedError(f"{argv[0]!r} was not done after {limit.total_seconds():g} s and was killed") from None
    except BaseException:
        _kill(process)
        raise
    finally:
        atexit.unregister(kill)
    if status != 0:
        ended = f"exited with {status}" if status > 0 else f"was ended by signal {-status}"
        raise _EndedError(f"{argv[0]!r} {ended}")


def _last_lines(*outputs: IO[bytes]) -> str:
    for output in outputs:
        if tail := _tail(output.fileno()):
            return tail
    return "  (it printed nothing)"


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    start = max(0, size - 4096)
    text = os.pread(descriptor, size - start, start).decode("utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip()][-LAST_LINES:]
    return "\n".join(f"  {line}" for line in lines)
