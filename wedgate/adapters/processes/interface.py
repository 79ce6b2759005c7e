"""What it is to run a command once and measure it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run of a command in a fresh process.

    ``wall_seconds`` is from before its start until it was gone, ``cpu_seconds`` what it and the children that it waited
    for used, ``peak_bytes`` the most memory any one of them held; ``None`` where that is not known. ``trouble`` is
    what went wrong (an exit code, a signal, a timeout, no such program): then the numbers mean nothing.
    """

    started: datetime
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int | None
    output: str
    trouble: str | None = None


class Launcher(Protocol):
    """Runs commands, one at a time."""

    def launch(self, words: Sequence[str], folder: Path | None = None) -> Trial:
        """Run a command in a directory, or else in this process's own, and wait for it.

        ``KeyboardInterrupt`` ends it first, and is raised again.
        """
