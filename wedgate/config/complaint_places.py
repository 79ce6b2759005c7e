"""Where a warning points: at the line of a rule, or at the file as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wedgate.errors import Problem

if TYPE_CHECKING:
    from wedgate.calendars.values import Rule
    from wedgate.config.configuration import Configuration


def about_rule(configuration: Configuration, rule: Rule, what: str, remedy: str) -> Problem:
    """Return a warning at the line of a rule."""
    line = rule.line or 0
    return Problem(
        file=configuration.path, line=line, column=3 if line else 0, what=f"rules.{rule.id}: {what}", remedy=remedy
    )


def about_file(configuration: Configuration, what: str, remedy: str) -> Problem:
    """Return a warning about the file as a whole."""
    return Problem(file=configuration.path, line=0, column=0, what=what, remedy=remedy)
