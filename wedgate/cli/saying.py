"""What a command says while it does something that must happen, whoever can read it: saying never stops doing."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from wedgate.errors import ExitCode


def say(text: str, *, err: bool = False) -> bool:
    """Print a line; return whether that could be done (the reader may be gone, the disk behind it full)."""
    try:
        click.echo(text, err=err)
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            # What Python still holds must not fail again when the process ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), (sys.stderr if err else sys.stdout).fileno())
        return False
    return True


class Voice:
    """Says lines to standard output, or with ``err`` to standard error, and knows whether all of them could be said."""

    def __init__(self, *, err: bool = False) -> None:
        self._err = err
        self._is_heard = True

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of what was done well: an answer that nobody can read is no success."""
        return ExitCode.DONE if self._is_heard else ExitCode.UNEXPECTED

    def say(self, text: str, *, err: bool | None = None) -> None:
        """Say a line."""
        self._is_heard = say(text, err=self._err if err is None else err) and self._is_heard
