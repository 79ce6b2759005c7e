"""How fast a compiled calendar answers, beside the engines that other tools evaluate their windows with.

The same instants and the same question (which of four regions are closed?) go to wedgate, to Alertmanager's compiled
`timeinterval`, to `robfig/cron` windows, to `croniter` and to `dateutil.rrule`; how many answers each calls closed is
compared too. Peers in Go are built when there is a Go compiler; one that cannot be built is left out, with a line.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from wedgate.almanac.gather import gather_facts
from wedgate.calendars.facts import needs_of
from wedgate.calendars.kinds import kind_named
from wedgate.calendars.spellings import WeekdayItems
from wedgate.calendars.timeline import compile_timeline
from wedgate.calendars.values import Calendar, Effect, Market, Place, Region, Rule, Span, Verdict

NAME = "four-region verdicts beside the engines of other tools, same instants, one core"

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "peers"
SPAN = Span(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2036, 1, 1, tzinfo=UTC))
REGIONS = {
    "us-east": ("America/New_York", "America/Chicago"),
    "us-west": ("America/Los_Angeles", "America/Phoenix"),
    "eu-central": ("Europe/Berlin", "Europe/London"),
    "asia-pacific": ("Asia/Singapore", "Asia/Kolkata", "Australia/Sydney"),
}
QUESTIONS = {"wedgate": 400_000, "alertmanager": 100_000, "cron": 20_000, "croniter": 400, "rrule": 2_000}
"""How many instants each engine is asked about: enough for some tenths of a second."""


def saturdays() -> Calendar:
    """Return four regions with Saturday blocked in each market's own time."""
    regions = tuple(
        Region(name=name, markets=tuple(Market(name=zone[-8:], zone=zone, country="US") for zone in zones))
        for name, zones in REGIONS.items()
    )
    kind = kind_named("weekdays")(weekdays=WeekdayItems.parse("saturday"))  # type: ignore[call-arg]
    rule = Rule(id="saturdays", where=tuple(Place(region=name) for name in REGIONS), kind=kind, effect=Effect.BLOCK)
    return Calendar(regions=regions, rules=(rule,))


def instants(count: int) -> list[datetime]:
    """Return instants spread over the ten years, none of them at a round hour."""
    step = (SPAN.end - SPAN.start) / count
    return [SPAN.start + (place * step) + timedelta(seconds=(place * 7919) % 3000) for place in range(count - 1)]


def ask_wedgate(count: int) -> tuple[int, float]:
    """Return how many answers are closed, and nanoseconds for an instant: aware datetime in, verdicts out."""
    calendar = saturdays()
    timeline = compile_timeline(calendar, gather_facts(needs_of(calendar), SPAN), SPAN).merged()
    asked = instants(count)
    times = []
    for _ in range(5):
        began = time.perf_counter_ns()
        for instant in asked:
            timeline.at(instant)
        times.append(time.perf_counter_ns() - began)
    closed = sum(verdict is Verdict.CLOSED for instant in asked for verdict in timeline.at(instant))
    return closed, median(times) / len(asked)


def peers() -> Iterator[tuple[str, list[str]]]:
    """Yield the peers that can run here, with their commands."""
    for engine in ("croniter", "rrule"):
        yield engine, [sys.executable, str(PEERS / "python_peers.py"), engine]
    if shutil.which("go") is None:
        print("  left out: alertmanager and cron, there is no Go compiler here")
        return
    program = ROOT / ".build" / "peers"
    built = subprocess.run(["go", "build", "-o", program, "."], cwd=PEERS, capture_output=True, text=True, check=False)
    if built.returncode:
        print(f"  left out: alertmanager and cron, go build failed: {built.stderr.strip().splitlines()[-1]}")
        return
    for engine in ("alertmanager", "cron"):
        yield engine, [str(program), engine]


def ask_peer(command: list[str], count: int) -> tuple[int, float]:
    """Return what a peer answers to some of the instants."""
    rules = [f"{region} {zone} saturday 0 1440" for region, zones in REGIONS.items() for zone in zones]
    calendar = ROOT / ".build" / "saturdays.txt"
    calendar.parent.mkdir(exist_ok=True)
    calendar.write_text("\n".join(rules), encoding="utf-8")
    asked = "\n".join(str(int(instant.timestamp())) for instant in instants(count))
    done = subprocess.run([*command, str(calendar)], input=asked, capture_output=True, text=True, check=True)
    closed, nanoseconds = done.stdout.split()
    return int(closed), int(nanoseconds) / (count - 1)


def measure() -> Iterator[tuple[str, float, float | None]]:
    """Yield nanoseconds for an answer about four regions, and the ratios to the peers."""
    _, own = ask_wedgate(QUESTIONS["wedgate"])
    yield "wedgate, ns for one answer about four regions", own, 1000
    for engine, command in peers():
        closed, took = ask_peer(command, QUESTIONS[engine])
        expected, _ = ask_wedgate(QUESTIONS[engine])
        if closed != expected:
            share = abs(closed - expected) / (4 * QUESTIONS[engine])
            print(f"  {engine} calls {closed} answers closed, wedgate {expected}: apart in {share:.2%} of them")
        yield f"{engine}, ns for the same", took, None
        if engine == "alertmanager":
            yield "wedgate / alertmanager", own / took, 1
        else:
            yield f"{engine} / wedgate", took / own, None
