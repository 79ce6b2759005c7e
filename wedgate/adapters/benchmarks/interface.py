"""What a reader of a tool's results is, and what it must hold to.

``tests/contract/test_benchmark_readers.py`` holds every reader to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from wedgate.judge.measurements import Measurements


class UnreadableError(ValueError):
    """A file that is not what its tool writes: ``what`` is wrong with it, at ``line`` (0: not known), ``remedy``."""

    def __init__(self, what: str, remedy: str, line: int = 0) -> None:
        self.what, self.remedy, self.line = what, remedy, line
        super().__init__(f"{what}; {remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Companions:
    """Files that a tool writes for one run beside the one that is read, and which are no run of their own.

    ``name`` is a pattern of their names, ``main`` the name of the file that is read, as a template of it. ``joined``
    where they go on where that one ends (a file for each thread, say).
    """

    name: str
    main: str
    joined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool by its name, and what a file of it looks like, for ``--help``."""

    name: str
    looks_like: str
    companions: Companions | None = None


class BenchmarkReader(Protocol):
    """Knows the files of one tool. It is one of the three below, by what it reads."""

    TOOL: Tool

    def knows(self, head: str) -> bool:
        """Whether a file that begins with ``head`` (its first 64 KiB) is of this tool."""


@runtime_checkable
class FileReader(BenchmarkReader, Protocol):
    """Reads a file that fits into memory."""

    def read(self, text: str) -> Measurements:
        """Return what one file says; ``UnreadableError`` where it is not what the tool writes.

        A value is of one process. What a tool repeats inside of one process becomes one value, its median; where the
        tool keeps nothing but a summary over many, the metric says so (``aggregated``). A metric of which neither unit
        nor tool says which way it is good is left out, with a word.
        """


@runtime_checkable
class StreamReader(BenchmarkReader, Protocol):
    """Reads a file line by line, in memory that does not grow with it."""

    def read_lines(self, lines: Iterable[str]) -> Measurements:
        """Return what one file says, as ``FileReader.read`` does. Lines keep their ends."""


@runtime_checkable
class DirectoryReader(BenchmarkReader, Protocol):
    """Reads what a tool keeps in many small files."""

    def holds(self, path: Path) -> bool:
        """Whether a directory is of this tool."""

    def read_directory(self, path: Path) -> Measurements:
        """Return what all runs below a directory say; ``UnreadableError`` names the file."""
