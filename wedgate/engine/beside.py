"""A call that runs beside the loop: a deploy may take minutes, and nobody may wait for it who has traffic to watch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol, TypeAlias

Call: TypeAlias = Callable[[], None]

AT_FIRST = 0.1
"""Seconds for which a call is waited for before it is left alone, so that quick ones cost no tick."""


class Beside(Protocol):
    """A call that was started."""

    def is_done(self) -> bool:
        """Whether it came to its end; raises what it raised, if that was an error."""


class _Done:
    """A call that was made at once."""

    def __init__(self, call: Call) -> None:
        self._error = _error_of(call)

    def is_done(self) -> bool:
        if self._error is not None:
            raise self._error
        return True


class _Thread:
    """A call in a thread of its own, which does not keep the process alive: a run that ends does not wait for it."""

    def __init__(self, call: Call) -> None:
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()
        self._thread.join(AT_FIRST)

    def _run(self, call: Call) -> None:
        self._error = _error_of(call)

    def is_done(self) -> bool:
        if self._thread.is_alive():
            return False
        if self._error is not None:
            raise self._error
        return True


def run_beside(call: Call) -> Beside:
    """Start ``call`` in a thread."""
    return _Thread(call)


def run_now(call: Call) -> Beside:
    """Make ``call`` before returning: for worlds whose clock only moves when they are told."""
    return _Done(call)


def to_the_end(start: Callable[[Call], Beside], meanwhile: Callable[[], bool]) -> Callable[[Call], Beside]:
    """Return what starts a call and returns when it has ended, or when ``meanwhile`` says that nobody waits for it."""

    def run(call: Call) -> Beside:
        beside = start(call)
        while not has_ended(beside) and meanwhile():
            pass
        return beside

    return run


def has_ended(beside: Beside) -> bool:
    """Whether a call came to an end, whichever."""
    try:
        return beside.is_done()
    except Exception:
        return True


def wait(duration: timedelta) -> None:
    """Let time pass."""
    threading.Event().wait(duration.total_seconds())


def _error_of(call: Call) -> Exception | None:
    """Make the call; return what it raised."""
    try:
        call()
    except Exception as error:
        return error
    return None
