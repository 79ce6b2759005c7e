"""`wedgate check --batch`: many questions in one process, as JSON Lines in and out.

All lines are read before the first is answered, because the calendar is compiled once for all of them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wedgate.cli.options import parse_instant
from wedgate.engine.check import instant_to_answer, regions_to_ask
from wedgate.errors import ExitCode, UsageError
from wedgate.gate.brief import BriefQuestion
from wedgate.gate.decision import Mode

if TYPE_CHECKING:
    from wedgate.calendars.values import Calendar

LONGEST_LINE = 100_000
"""In bytes: a question that names a hundred regions takes some 3,000."""
_EXAMPLE = '{"at": "2027-06-05T12:00:00Z", "regions": ["us-east"]}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that was read: a question, or what is wrong with it. ``number`` counts from 1."""

    number: int
    echoed: dict[str, Any]
    question: BriefQuestion | None = None
    error: str = ""


def answer_file(name: str, config: Path | None, *, on_runner: bool) -> ExitCode:
    """Answer each line of a file (``-``: standard input) on standard output; exits with 2 if one is no question.

    On a runner every verdict is closed, and the exit code too, as for any instant that is given by hand.
    """
    from wedgate.cli.reading import read_configuration
    from wedgate.cli.wiring import almanac_for
    from wedgate.engine.batch import answer_all
    from wedgate.render.batch import render_answer, render_refusal

    configuration = read_configuration(config, trust_clock=True)
    if configuration is None:
        return ExitCode.CLOSED
    lines = list(_lines(name, configuration.calendar))
    questions = [line.question for line in lines if line.question is not None]
    answers = answer_all(configuration.calendar, questions, almanac_for(config), binding=on_runner)
    for line in lines:
        if line.question is None:
            sys.stdout.write(f"{render_refusal(line.number, line.error, line.echoed)}\n")
        else:
            sys.stdout.write(f"{render_answer(next(answers), line.echoed)}\n")
    sys.stdout.flush()
    wrong = len(lines) - len(questions)
    if wrong:
        first = next(line.number for line in lines if line.question is None)
        noun = "line is no question" if wrong == 1 else "lines are no questions"
        click.echo(f"wedgate: {wrong} {noun}, the first is line {first}; the others were answered", err=True)
        return ExitCode.USAGE
    return ExitCode.CLOSED if on_runner and configuration.mode is not Mode.OBSERVE else ExitCode.DONE


def _lines(name: str, calendar: Calendar) -> Iterator[Line]:
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    for number, raw in enumerate(_read(name), start=1):
        if not raw.strip():
            continue
        echoed: dict[str, Any] = {}
        try:
            record = _record(raw)
            if "id" in record:
                echoed["id"] = record["id"]
            question = _question(record, calendar, known)
        except UsageError as error:
            yield Line(number=number, echoed=echoed, error=str(error))
        else:
            yield Line(number=number, echoed=echoed, question=question)


def _read(name: str) -> Iterable[bytes]:
    if name == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as file:
            yield from file
    except (OSError, ValueError) as error:
        words = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise UsageError(
            f"--batch: {name[:200]} cannot be read ({words}); name a file, or - for standard input"
        ) from None


def _record(raw: bytes) -> dict[str, Any]:
    if len(raw) > LONGEST_LINE:
        raise UsageError(
            f"the line is longer than {LONGEST_LINE:,} bytes; write one question a line, such as {_EXAMPLE}"
        )
    try:
        record = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the line is no JSON ({str(error)[:80]}); write {_EXAMPLE}") from None
    if not isinstance(record, dict):
        raise UsageError(f"the line is no JSON object; write {_EXAMPLE}")
    return record


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is no value of JSON")


def _question(
    record: dict[str, Any], calendar: Calendar, known: dict[tuple[str, ...], tuple[str, ...]]
) -> BriefQuestion:
    for key in record:
        if key not in ("id", "at", "regions"):
            raise UsageError(f"unknown key {ascii(key)[:60]}; a question has at, regions and id")
    at, regions = record.get("at"), record.get("regions")
    if not isinstance(at, str):
        raise UsageError(f"at is missing, or no text; write {_EXAMPLE}")
    if regions is not None and not (
        isinstance(regions, list) and regions and all(isinstance(each, str) for each in regions)
    ):
        raise UsageError('regions is no list of names; write ["us-east"], or leave it out to ask about all')
    asked = tuple(regions or ())
    names = known.get(asked)
    if names is None:
        names = known[asked] = regions_to_ask(calendar, asked)
    return BriefQuestion(at=instant_to_answer(parse_instant(at, option="at")), regions=names)
