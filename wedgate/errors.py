"""The errors that wedgate raises, and the exit code of each.

::

    WedgateError                      1  unexpected
    ├── UsageError                    2  the command line cannot be carried out as written
    ├── ConfigurationError            2  wedgate.yml (or a state or report file) cannot be used
    ├── RefusedError                 11  somebody or something does not allow this
    ├── NeedsHumanError              13  wedgate found a state that only a person can judge
    └── ExternalSystemError          20  an outside system failed (forge, target, store, metrics)
        └── SharedUnknownError       20  nobody says what a shared calendar holds

A refusal of the gate is a decision (a value), never an exception: these classes are for what could not be
asked or carried out. Only ``wedgate.cli.main`` prints them and exits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command. All others are reserved."""

    DONE = 0
    """Open, or done. A waiting tick too."""
    UNEXPECTED = 1
    USAGE = 2
    """Usage or configuration."""
    CLOSED = 10
    REFUSED = 11
    ROLLED_BACK = 12
    NEEDS_HUMAN = 13
    EXTERNAL = 20
    """An outside system failed."""


class WedgateError(Exception):
    """Base of all errors that wedgate raises on purpose; the text is one message made for a person."""

    exit_code: ExitCode = ExitCode.UNEXPECTED


class UsageError(WedgateError):
    """The command line cannot be carried out as written."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong in one file: where, what, and what to do.

    ``line`` and ``column`` count from 1; 0 means the file as a whole.
    """

    file: str
    line: int
    column: int
    what: str
    remedy: str

    def __str__(self) -> str:
        """``file:line:column: what; what to do``, without the position where there is none."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.what}; {self.remedy}"


class ConfigurationError(WedgateError):
    """A file that wedgate reads cannot be used; ``problems`` names everything wrong with it at once."""

    exit_code = ExitCode.USAGE

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class RefusedError(WedgateError):
    """Somebody or something does not allow this; the message says who or what, and what to do."""

    exit_code = ExitCode.REFUSED


class NeedsHumanError(WedgateError):
    """wedgate found a state that only a person can judge; the message says what was found."""

    exit_code = ExitCode.NEEDS_HUMAN


class ExternalSystemError(WedgateError):
    """An outside system failed; the message names it and what was asked of it."""

    exit_code = ExitCode.EXTERNAL


class SharedUnknownError(ExternalSystemError):
    """Nobody says what a shared calendar holds. The configuration that extends it is not broken for that."""
