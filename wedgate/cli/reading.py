"""The configuration that decides, for commands that ask the calendar without deciding: read it, or end with its error.

On a runner it is the default branch's, in a terminal the working file, exactly as for `wedgate check`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.errors import ConfigurationError, ExitCode, ExternalSystemError, Problem, WedgateError
from wedgate.gate.reasons import ReasonCode

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.engine.check import Trouble


def read_configuration(config: Path | None, *, trust_clock: bool) -> Configuration | None:
    """Return the configuration, or ``None`` (and say so) where a change that repairs it is not merged yet.

    ``trust_clock`` where the question names its own instant. Raises the error with which a command ends that has no
    closed answer to give.
    """
    from wedgate.cli.wiring import open_gate
    from wedgate.engine.check import Trouble

    read = open_gate(config).read(trust_clock=trust_clock)
    if not isinstance(read, Trouble):
        return read[1]
    if read.reasons[0].code is ReasonCode.CONFIG_REPAIRED:
        click.echo(f"wedgate: {read.reasons[0].text}; ask again when it is merged", err=True)
        return None
    raise _error_for(read)


def _error_for(trouble: Trouble) -> WedgateError:
    """Turn trouble into the error that ends a command which has no closed answer to give."""
    text = "\n".join(reason.text for reason in trouble.reasons)
    code = trouble.reasons[0].code
    if code is ReasonCode.FORGE_UNREACHABLE:
        return ExternalSystemError(text)
    if code is ReasonCode.CONFIG_MISSING:
        what, remedy = text.split("; ", 1)
        return ConfigurationError((Problem(file="wedgate.yml", line=0, column=0, what=what, remedy=remedy),))
    if code is ReasonCode.CONFIG_INVALID:
        return _UnusableError(text)
    return _ClosedError(f"{text}; nothing is open until then")


class _ClosedError(WedgateError):
    """There is no calendar to ask, and so nothing is open."""

    exit_code = ExitCode.CLOSED


class _UnusableError(WedgateError):
    """Several problems, already spelled."""

    exit_code = ExitCode.USAGE
