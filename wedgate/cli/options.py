"""Values of the command line that several commands take: instants, durations, and what the terminal can show."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from wedgate.errors import UsageError
from wedgate.render.text import Style

Command = Callable[..., Any]

WIDEST = 100
"""Longer lines than this are hard to read, however wide the terminal is."""


def duration_option(name: str) -> Callable[[str], timedelta]:
    """Return the reader of an option that is a duration as in wedgate.yml (45m, 1h30m, 2d).

    It raises ``UsageError``, which names the option and says how a duration is spelled.
    """

    def parse_duration_option(text: str) -> timedelta:
        from wedgate.calendars.durations import parse_duration
        from wedgate.calendars.spelling import SpellingError

        try:
            return parse_duration(text)
        except SpellingError as error:
            raise UsageError(f"{name}: {error.what}; {error.remedy}") from None

    return parse_duration_option


def parse_instant(text: str, *, option: str = "--at") -> datetime:
    """Read an ISO 8601 instant with an offset; ``UsageError`` says how it would be spelled."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"{option}: {ascii(text)[:60]} is not an instant; write one such as 2026-06-06T12:00:00Z "
            "or 2026-06-06T12:00:00+02:00"
        ) from None
    if instant.tzinfo is None:
        plain = instant.isoformat(timespec="seconds")
        raise UsageError(
            f"{option}: {text.strip()} has no offset, and would be another instant in every zone; "
            f"write {plain}Z for UTC, or {plain}+02:00 with the offset that you mean"
        )
    return instant


def _bound_option(name: str) -> Callable[[str], date | datetime]:
    """Return the reader of an option that is a date, or an instant with an offset.

    A date means that local date in every market. It raises ``UsageError``, which names the option.
    """

    def parse_bound_option(text: str) -> date | datetime:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip(), re.ASCII) is None:
            return parse_instant(text, option=name)
        try:
            return date.fromisoformat(text.strip())
        except ValueError:
            raise UsageError(
                f"{name}: there is no date {text.strip()}; write one such as 2026-06-30, or an instant with its offset"
            ) from None

    return parse_bound_option


def span_options(start: str) -> Callable[[Command], Command]:
    """Give a command ``--from`` and ``--to``, each a local date or an instant; ``start`` is the help of ``--from``."""
    import click

    bound = "DATE|INSTANT"
    end = "To this local date, which is included, or to this instant, which is not."

    def give(command: Command) -> Command:
        command = click.option("--to", "end", type=_bound_option("--to"), metavar=bound, help=end)(command)
        return click.option("--from", "start", type=_bound_option("--from"), metavar=bound, help=start)(command)

    return give


def terminal_style() -> Style:
    """Return what standard output can show; NO_COLOR and FORCE_COLOR are obeyed."""
    out = sys.stdout
    is_terminal = out.isatty()
    if os.environ.get("NO_COLOR"):
        colour = False
    elif os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        colour = True
    else:
        colour = is_terminal and os.environ.get("TERM") != "dumb"
    try:
        "✓✗•".encode(out.encoding or "ascii")
        can_unicode = True
    except (UnicodeEncodeError, LookupError):
        can_unicode = False
    return Style(colour=colour, unicode=can_unicode, width=_width(is_terminal=is_terminal))


def _width(*, is_terminal: bool) -> int:
    """Return how wide text may be: as the terminal, or as ``COLUMNS`` says where there is none."""
    if not is_terminal and "COLUMNS" not in os.environ:
        return 80
    import shutil

    return min(shutil.get_terminal_size((80, 24)).columns, WIDEST)


def full_commit(text: str, option: str) -> str:
    """Return a commit that is spelled in full; ``UsageError`` names the option."""
    if len(text) not in (40, 64) or set(text) - set("0123456789abcdef"):
        raise UsageError(f"{option} takes the full commit, 40 hexadecimal digits, not {ascii(text)[:70]}")
    return text


def percentage(text: str, option: str) -> float:
    """Read a percentage below 100 % as a fraction; ``UsageError`` names the option."""
    try:
        found = float(text.strip().removesuffix("%")) / 100
    except ValueError:
        found = -1.0
    if not 0 <= found < 1 or not text.strip().endswith("%"):
        raise UsageError(f"{option} takes a percentage such as 2%, not {ascii(text)[:20]}")
    return found
