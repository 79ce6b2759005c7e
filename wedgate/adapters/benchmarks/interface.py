"""What a reader of a tool's results is, and what it must hold to.

``tests/contract/test_benchmark_readers.py`` holds every reader to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from wedgate.judge.measurements import Measurements


class UnreadableError(ValueError):
    """A file that is not what its tool writes: ``what`` is wrong with it, at ``line`` (0: not known), ``remedy``."""

    def __init__(self, what: str, remedy: str, line: int = 0) -> None:
        self.what, self.remedy, self.line = what, remedy, line
        super().__init__(f"{what}; {remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool by its name, and what a file of it looks like, for ``--help``."""

    name: str
    looks_like: str


class BenchmarkReader(Protocol):
    """Reads the files of one tool."""

    TOOL: Tool

    def knows(self, head: str) -> bool:
        """Whether a file that begins with ``head`` (its first 64 KiB) is of this tool."""

    def read(self, text: str) -> Measurements:
        """Return what one file says; ``UnreadableError`` where it is not what the tool writes.

        A value is of one process. What a tool repeats inside of one process becomes one value, its median; where the
        tool keeps nothing but a summary over many, the metric says so (``aggregated``).
        """
