"""Says what stays the same once, and again every hour: a guard looks every few seconds, and says it each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

SAY_AGAIN = timedelta(hours=1)


class Once:
    """Wraps whoever says something. What one look says that the look before said too is not said again so soon."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], datetime]) -> None:
        self._say, self._clock = say, clock
        self._said: dict[str, datetime] = {}
        self._of_this_look: set[str] = set()

    def looks(self) -> None:
        """Begin another look: what the last one did not say is new when it is said again."""
        self._said = {text: at for text, at in self._said.items() if text in self._of_this_look}
        self._of_this_look = set()

    def __call__(self, text: str) -> None:
        """Say it, unless the look before did, less than an hour ago."""
        now = self._clock()
        self._of_this_look.add(text)
        last = self._said.get(text)
        if last is None or not timedelta(0) <= now - last < SAY_AGAIN:
            self._said[text] = now
            self._say(text)
