"""Act 1: a Saturday in June. The gate is asked from the command line, then by a deployment, and both are refused."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chronicle import Teller
from expectations import Expectations
from parts import timeline_of
from stage import REGIONS, Stage

from wedgate.calendars.values import CauseKind, RegionAnswer, Span, Verdict
from wedgate.config.configuration import Configuration
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.errors import ExitCode
from wedgate.render.timeline import CalendarMap, Stretch, render_map
from wedgate.rollout.values import Release

SATURDAY = datetime(2027, 6, 5, 12, tzinfo=UTC)
MAP = Span(start=datetime(2027, 6, 4, 6, tzinfo=UTC), end=datetime(2027, 6, 6, 18, tzinfo=UTC))
COLUMN = timedelta(hours=1)

SUNDAY_IN_PHOENIX = datetime(2027, 6, 6, 7, tzinfo=UTC)
"""Los Angeles and Phoenix are both at UTC-7 in June: their Saturday ends at this instant."""


def ask_on_the_command_line(stage: Stage, teller: Teller, expectations: Expectations) -> None:
    """Run ``wedgate check --at`` as a person does, and show what it says."""
    command = [sys.executable, "-I", "-X", "utf8", "-m", "wedgate", "check", "--config", _short(stage.configuration)]
    command += ["--at", f"{SATURDAY:%Y-%m-%dT%H:%M:%SZ}"]
    teller.say(f"$ wedgate check --at {SATURDAY:%Y-%m-%dT%H:%M:%SZ}")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "WEDGATE_"))}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={**kept, "NO_COLOR": "1"}
    )
    teller.quote(done.stdout + done.stderr)
    teller.say(f"  (exit code {done.returncode})")
    expectations.that("wedgate check ends with 10, closed", done.returncode == ExitCode.CLOSED, f"{done.returncode}")
    missing = [region for region in REGIONS if region not in done.stdout]
    expectations.that("wedgate check names every region", not missing, f"not named: {', '.join(missing)}")


def _short(path: Path) -> str:
    """Return a path as a person would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def map_of(configuration: Configuration) -> CalendarMap:
    """Ask the calendars for every stretch of the weekend."""
    timeline = timeline_of(configuration, Span(start=MAP.start - timedelta(days=2), end=MAP.end + timedelta(days=9)))
    return CalendarMap(
        span=MAP,
        rows={region: _stretches([timeline.region_at(region, at) for at in _instants()]) for region in REGIONS},
    )


def _instants() -> list[datetime]:
    return [MAP.start + COLUMN * column for column in range(MAP.duration // COLUMN)]


def _stretches(answers: list[RegionAnswer]) -> tuple[Stretch, ...]:
    """Join hours with the same verdict and the same reasons."""
    found: list[Stretch] = []
    for at, answer in zip(_instants(), answers, strict=True):
        text = _reasons(answer)
        last = found[-1] if found else None
        if last is not None and (last.verdict, last.text) == (answer.verdict, text):
            found[-1] = Stretch(span=Span(start=last.span.start, end=at + COLUMN), verdict=last.verdict, text=text)
        else:
            found.append(Stretch(span=Span(start=at, end=at + COLUMN), verdict=answer.verdict, text=text))
    return tuple(found)


def _reasons(answer: RegionAnswer) -> str:
    """Return the rules that close a region with their markets, or those that call for caution."""
    closing = [cause for cause in answer.causes if cause.closes]
    causes = closing if answer.verdict is Verdict.CLOSED else answer.causes
    words = []
    for cause in causes:
        name = cause.rule or ("outside every allow window" if cause.kind is CauseKind.OUTSIDE_ALLOW_WINDOW else "load")
        word = f"{name} in {cause.market}" if cause.market else name
        if word not in words:
            words.append(word)
    return ", ".join(words)


def show_map(calendar: CalendarMap, teller: Teller, expectations: Expectations) -> None:
    """Show how the answer changes as Saturday crosses the world."""
    teller.say()
    teller.say(f"  The weekend of {MAP.start:%d %B %Y}, as Saturday crosses the world:")
    teller.say()
    teller.quote(render_map(calendar, step=COLUMN))
    noon = {region: calendar.verdict(region, SATURDAY) for region in REGIONS}
    closed = all(verdict is Verdict.CLOSED for verdict in noon.values())
    expectations.that("every region is closed on Saturday at 12:00Z", closed, f"{noon}")
    friday = datetime(2027, 6, 4, 16, tzinfo=UTC)
    order = {region: calendar.verdict(region, friday) is Verdict.CLOSED for region in REGIONS}
    expected = {"us-west": False, "eu-central": True, "asia-pacific": True, "us-east": False}
    expectations.that("Friday at 16:00Z only asia-pacific and eu-central are closed", order == expected, f"{order}")


def refuse_a_deployment(
    parts: RolloutParts, release: Release, teller: Teller, expectations: Expectations, version: str
) -> None:
    """Try to roll out on that Saturday: the gate refuses, says why and until when, and nothing is changed."""
    teller.say()
    teller.say(f"  Somebody starts a rollout of {version} at that hour:")
    teller.say()
    end = RolloutEngine(parts).run(release)
    teller.say(f"  (exit code {int(end.exit_code)})")
    expectations.that("the rollout is refused with 10, closed", end.exit_code is ExitCode.CLOSED, end.text)
    held = end.state.region("us-west").hold if end.state is not None else None
    until = None if held is None else held.until
    expectations.that(
        "the refusal says until when: Sunday begins in Los Angeles and Phoenix", until == SUNDAY_IN_PHOENIX, f"{until}"
    )
    named = held is not None and "wedding-saturday" in held.why
    expectations.that("the refusal names its rule", named, "no hold" if held is None else held.why)
