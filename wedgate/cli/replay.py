"""`wedgate check --replay`: a decision made earlier is asked again, and what changed since is named."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from wedgate.calendars.values import Verdict
from wedgate.cli.options import parse_instant, terminal_style
from wedgate.errors import ExitCode, UsageError
from wedgate.gate.decision import Mode
from wedgate.gate.reasons import ReasonCode
from wedgate.gate.replay import INPUTS, Recorded, RecordedRegion, compare, source_version
from wedgate.render.replay import render_replay, render_replay_json

LARGEST = 10_000_000
"""In bytes: a record of a hundred regions with every rule looked at has less."""


class _ForeignError(Exception):
    """The record lacks something, or has something else in its place; the text names the key."""


def replay_file(name: str, config: Path | None, *, as_json: bool, on_runner: bool) -> ExitCode:
    """Ask again what a record answered, against the configuration now; exits with 13 if a verdict is another.

    On a runner it exits with 10 otherwise: a replay lets no job go on.
    """
    from wedgate.cli.reading import read_configuration
    from wedgate.cli.wiring import open_gate

    then = _recorded(name)
    configuration = read_configuration(config, trust_clock=True)
    if configuration is None:
        return ExitCode.CLOSED
    known = [region.name for region in configuration.calendar.regions]
    names = [region for region in then.regions if region in known]
    if not names:
        gone = ", ".join(then.regions)
        raise UsageError(
            f"--replay: the configuration has no region of the record ({ascii(gone)[:200]}); is it the right one?"
        )
    decision = open_gate(config).decide(names, at=then.at, runway=then.runway, by_calendar=True)
    found = compare(then, decision)
    click.echo(render_replay_json(found) if as_json else render_replay(found, width=terminal_style().width))
    if not found.is_same:
        return ExitCode.NEEDS_HUMAN
    return ExitCode.CLOSED if on_runner and decision.mode is not Mode.OBSERVE else ExitCode.DONE


def _recorded(name: str) -> Recorded:
    try:
        content = sys.stdin.buffer.read(LARGEST + 1) if name == "-" else _content(Path(name))
        record = json.loads(content) if len(content) <= LARGEST else None
        return _parse(record)
    except OSError as error:
        what = f"cannot be read ({os.strerror(error.errno) if error.errno else error})"
    except (ValueError, RecursionError):
        what = "is no JSON"
    except _ForeignError as error:
        what = f"is no decision of wedgate: {error}"
    raise UsageError(
        f"--replay: {ascii(name)[:200]} {what}; give what `wedgate check --format json` printed, or the output `result`"
    )


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _parse(record: object) -> Recorded:
    if not isinstance(record, dict):
        raise _ForeignError("it is no JSON object")
    if record.get("schema_version") != 1:
        raise _ForeignError("its schema_version is not 1")
    regions = _list(record, "regions")
    if not regions:
        raise UsageError(
            f"--replay: no calendar was asked for this record ({record.get('reason_code')!a}), so there is "
            "nothing to ask again"
        )
    reasons = [_text(reason, "code") for reason in _list(record, "reasons")]
    needed = record.get("runway_needed_seconds")
    if needed is not None and (not isinstance(needed, int) or isinstance(needed, bool) or not 0 <= needed < 10**9):
        raise _ForeignError("runway_needed_seconds is no number of seconds")
    inputs = record.get("inputs")
    if not isinstance(inputs, dict):
        raise _ForeignError("inputs is missing")
    return Recorded(
        at=_instant(record, "at"),
        runway=None if needed is None else timedelta(seconds=needed),
        regions={_text(region, "region"): _region(region) for region in regions},
        verdict=_verdict(record),
        inputs={field: _maybe_text(inputs, field) for field in INPUTS},
        extends=_extends(inputs),
        sources=_sources(inputs),
        is_bound=ReasonCode.HYPOTHETICAL.value in reasons,
    )


def _region(record: Mapping[str, Any]) -> RecordedRegion:
    reasons = _list(record, "reasons")
    return RecordedRegion(
        verdict=_verdict(record),
        reasons=frozenset((_text(reason, "code"), _maybe_text(reason, "rule")) for reason in reasons),
        next_open=_maybe_instant(record, "next_open"),
        next_close=_maybe_instant(record, "next_close"),
    )


def _extends(inputs: Mapping[str, Any]) -> dict[str, str] | None:
    found = inputs.get("extends")
    if found is not None and not isinstance(found, dict):
        raise _ForeignError("extends is no object")
    return None if found is None else {name: _text(found, name) for name in found}


def _sources(inputs: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the version of each source; records of the first versions did not name any."""
    if "sources" not in inputs:
        return None
    return {
        _text(each, "name"): source_version(_text(each, "source"), _maybe_text(each, "digest"))
        for each in _list(inputs, "sources")
    }


def _list(record: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = record.get(key)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _ForeignError(f"{key} is missing, or no list of objects")
    return found


def _text(record: Mapping[str, Any], key: str) -> str:
    found = record.get(key)
    if not isinstance(found, str):
        raise _ForeignError(f"{key} is missing, or no text")
    return found


def _maybe_text(record: Mapping[str, Any], key: str) -> str | None:
    return None if record.get(key) is None else _text(record, key)


def _verdict(record: Mapping[str, Any]) -> Verdict:
    try:
        return Verdict(_text(record, "verdict"))
    except ValueError:
        raise _ForeignError("verdict is none of open, caution and closed") from None


def _instant(record: Mapping[str, Any], key: str) -> datetime:
    try:
        return parse_instant(_text(record, key), option=key).astimezone(UTC)
    except (UsageError, OverflowError):
        raise _ForeignError(f"{key} is no instant with an offset") from None


def _maybe_instant(record: Mapping[str, Any], key: str) -> datetime | None:
    return None if record.get(key) is None else _instant(record, key)
