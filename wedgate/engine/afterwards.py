"""Work that waits for nobody and that nobody waits for: telling people, writing metrics.

It runs in a thread of its own, after the effects that it is about. What it does may hang or fail: whoever watches
traffic does not notice, and a command that ends waits for it only so long.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

GATHER = 0.5
"""Seconds to wait after something happened, so that what happens together is one message."""

END_WITHIN = timedelta(seconds=7)
"""How long a command that has done everything else waits for this work."""

Job = Callable[[], None]


class Afterwards:
    """Does some jobs after each ``poke``, one after another. ``say`` is told what a job raised, and nobody else is."""

    def __init__(self, jobs: Sequence[Job], *, say: Callable[[str], None]) -> None:
        self._jobs = tuple(jobs)
        self._say = say
        self._wanted = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def poke(self) -> None:
        """Say that something happened. Returns at once."""
        if not self._jobs:
            return
        self._wanted.set()
        if self._thread is None:
            # A daemon: what hangs in it does not keep the process alive.
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def finish(self, within: timedelta = END_WITHIN) -> None:
        """Do the jobs for the last time, and wait for them, but not longer than ``within``."""
        self._ending.set()
        self.poke()
        if self._thread is not None:
            self._thread.join(within.total_seconds())

    def _work(self) -> None:
        while True:
            self._wanted.wait()
            self._ending.wait(GATHER)
            is_last = self._ending.is_set()
            self._wanted.clear()
            for job in self._jobs:
                try:
                    job()
                except Exception as error:
                    self._say(f"{error or type(error).__name__}")
            if is_last:
                return
