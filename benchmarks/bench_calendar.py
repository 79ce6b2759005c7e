"""How long a calendar takes to compile, and what grows with it: rules, not the stretch of time that is asked about.

Ten years of four regions with every wedding preset, merged into one timeline, in this process (sources read before) and
in a new one (every source cold); the next opening; memory over the bare interpreter; and 10 to 10,000 rules.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from wedgate.almanac.gather import gather_facts
from wedgate.calendars.facts import needs_of
from wedgate.calendars.kinds import kind_named
from wedgate.calendars.spellings import DateItems
from wedgate.calendars.timeline import Timeline, compile_timeline
from wedgate.calendars.values import Calendar, Effect, Market, Place, Region, Rule, Span
from wedgate.config.load import load_configuration

NAME = "compiling calendars, and asking them for the next opening"

HERE = Path(__file__).resolve().parent
WEDDINGS = HERE / "weddings.yml"
DECADE = Span(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2036, 1, 1, tzinfo=UTC))

IN_A_NEW_PROCESS = """
import sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from bench_calendar import DECADE, WEDDINGS, compiled, peak
from wedgate.config.load import load_configuration
calendar = load_configuration(WEDDINGS).calendar
before = time.perf_counter()
timeline = compiled(calendar, DECADE).merged()
print(time.perf_counter() - before, peak())
"""


_PEAK = "next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))"
"""The highest memory of this process in kilobytes; what ``resource`` tells holds that of the parent, too."""


def peak() -> int:
    """Return the highest memory of this process in kilobytes."""
    return int(eval(_PEAK))  # noqa: S307 (a constant of this file)


def compiled(calendar: Calendar, span: Span) -> Timeline:
    """Gather the facts and compile."""
    return compile_timeline(calendar, gather_facts(needs_of(calendar), span), span)


def seconds_of(work: Callable[[], object], rounds: int = 5) -> float:
    """Return the median of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return median(times)


def of_dated_rules(count: int) -> Calendar:
    """Return one market with so many rules, each a freeze of two hours somewhere in ten years."""
    dice = random.Random(7)  # noqa: S311 (the same rules each time)
    rules = []
    for number in range(count):
        day = date(2026, 1, 1) + timedelta(days=dice.randrange(3650))
        hour = dice.randrange(22)
        items = DateItems.parse(f"{day}T{hour:02}:00..{day}T{hour + 2:02}:00")
        kind = kind_named("dates")(dates=items)  # type: ignore[call-arg]
        rules.append(Rule(id=f"freeze-{number}", where=(Place(region="here"),), kind=kind, effect=Effect.BLOCK))
    market = Market(name="berlin", zone="Europe/Berlin", country="DE")
    return Calendar(regions=(Region(name="here", markets=(market,)),), rules=tuple(rules))


def measure() -> Iterator[tuple[str, float, float | None]]:
    """Yield milliseconds, and what one thing costs beside another."""
    calendar = load_configuration(WEDDINGS).calendar
    names = tuple(region.name for region in calendar.regions)
    compiled(calendar, DECADE)
    warm = min(seconds_of(lambda: compiled(calendar, DECADE).merged(), rounds=1) for _ in range(15))
    yield f"{len(calendar.rules)} rules, 10 years, 4 regions, merged (ms, best of 15)", warm * 1000, 100
    cold, highest = new_process(IN_A_NEW_PROCESS.format(here=str(HERE)))
    yield "the same in a new process, every source cold (ms)", cold * 1000, 1500
    _, bare = new_process(f"print(0, {_PEAK})")
    yield "memory over the bare interpreter (MB)", (highest - bare) / 1024, 60

    timeline = compiled(calendar, DECADE)
    instants = [DECADE.start + timedelta(hours=1009 * place) for place in range(80)]
    for named, regions in (("one region", names[-1:]), ("all four", names)):
        taken = seconds_of(lambda regions=regions: [timeline.next_open(regions, at) for at in instants])  # type: ignore[misc]
        yield f"next open of {named} (microseconds)", taken / len(instants) * 1e6, 1000

    year = Span(start=DECADE.start, end=DECADE.start + timedelta(days=365))
    few = None
    for count in (10, 100, 1_000, 10_000):
        calendar = of_dated_rules(count)
        taken = seconds_of(partial(compiled, calendar, DECADE), rounds=3)
        yield f"{count:,} rules, 10 years: compile, microseconds for a rule", taken / count * 1e6, None
        at = compiled(calendar, DECADE).merged().at
        asked = seconds_of(lambda at=at: [at(instant) for instant in instants * 50])  # type: ignore[misc]
        few = few or asked
        yield f"{count:,} rules: one answer / one answer with 10 rules", asked / few, None
    short = seconds_of(lambda: compiled(calendar, year), rounds=3)
    yield "10,000 rules: 10 years / 1 year to compile", taken / short, None


def new_process(program: str) -> tuple[float, int]:
    """Run a program that prints seconds and its peak memory in kilobytes."""
    done = subprocess.run([sys.executable, "-X", "utf8", "-c", program], capture_output=True, text=True, check=True)
    seconds, kilobytes = done.stdout.split()
    return float(seconds), int(kilobytes)
