"""Act 4: what it cost, counted from the requests themselves; the timeline in the terminal and the report as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chronicle import Chronicle, Teller, instant, latency_points, p95
from expectations import Expectations
from load import Request
from parts import ShiftedClock
from stage import REGIONS, Stage

from wedgate.calendars.values import Span
from wedgate.judge.values import Outcome
from wedgate.ledger.chain import Entry
from wedgate.render.html import render_html
from wedgate.render.timeline import CalendarMap, ReleaseName, Role, Story, render_timeline

FIRST = REGIONS[0]
AT_MOST_PERCENT = 10
WITHIN = timedelta(seconds=1)

Totals = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that the bill is made from. ``totals`` are Envoys' own counters before and after the bad release."""

    stage: Stage
    chronicle: Chronicle
    clock: ShiftedClock
    entries: Sequence[Entry]
    started: datetime
    ended: datetime
    totals: tuple[Totals, Totals]
    releases: tuple[str, str, str]
    requests: list[Request] = field(default_factory=list)

    @property
    def names(self) -> Mapping[str, str]:
        """Versions by digest."""
        return {digest: version for version, digest in self.stage.digests.items()}

    def of(self, version: str) -> list[Request]:
        """Return the requests that a release answered."""
        return [request for request in self.requests if request.release == self.stage.digests[version]]

    def verdict(self) -> datetime | None:
        """Return when the judge failed the bad release, from the ledger."""
        for entry in reversed(self.entries):
            event = entry.body.get("event")
            judgement = event.get("judgement") if entry.kind == "judged" and isinstance(event, Mapping) else None
            if isinstance(judgement, Mapping) and judgement.get("outcome") == Outcome.FAIL.value:
                return self.clock.real(entry.at)
        return None

    def returned(self) -> datetime:
        """Return when the weights of the first region were read back for the last time."""
        return max(change.at for change in self.chronicle.shares if change.region == FIRST)


def present(account: Account, calendar: CalendarMap, teller: Teller, expectations: Expectations) -> None:
    """Count, draw, write the report, and hold everything to what was expected."""
    account.requests.extend(account.stage.requests())
    lines = _count(account, expectations)
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        teller.say(f"  {name:<{width}}  {value}")
    story = _story(account, calendar, lines)
    teller.say()
    teller.quote(render_timeline(story, width=96))
    report = account.stage.out / "report.html"
    report.write_text(render_html(story), encoding="utf-8")
    teller.say()
    teller.say(f"  The same as pictures: {_short(account.stage)}/report.html")


def _short(stage: Stage) -> str:
    return stage.out.name


def _count(account: Account, expectations: Expectations) -> list[tuple[str, str]]:
    before, good, bad = account.releases
    requests, spoiled = account.requests, account.of(bad)
    failed = [request for request in requests if request.failed]
    expectations.that("no request failed", not failed, f"{len(failed)}, the first: {failed[:1]}")
    seen = {region: sum(request.region == region for request in spoiled) for region in REGIONS}
    expectations.that("the first region saw the bad release", seen[FIRST] > 0, f"{seen}")
    elsewhere = {region: count for region, count in seen.items() if region != FIRST and count}
    expectations.that("the other regions never saw it, say the users", not elsewhere, f"{elsewhere}")
    moved = _moved(account.totals)
    others = {region: moved[region]["blue"] for region in REGIONS if region != FIRST and moved[region]["blue"]}
    expectations.that("the other regions never saw it, say the Envoys", not others, f"{others}")
    expectations.that(
        "users and Envoy counted the same requests to it", seen[FIRST] == moved[FIRST]["blue"], f"{seen} {moved[FIRST]}"
    )
    peak = account.chronicle.peak[FIRST, bad]
    expectations.that("it was caught at its first step", 0 < peak <= AT_MOST_PERCENT, f"{peak} %")
    verdict = account.verdict()
    last = max((request.due for request in spoiled), default=None)
    late = timedelta(0) if verdict is None or last is None else max(timedelta(0), instant(last) - verdict)
    expectations.that("the judge failed it", verdict is not None, "the ledger has no failed judgement")
    expectations.that("nobody was sent to it a second after the verdict", late < WITHIN, f"{late}")
    slow, quick = _p95_of(account.of(bad)), _p95_of(account.of(good))
    expectations.that("it was slow for the users too", slow > 2 * quick, f"{slow:.1f} ms against {quick:.1f} ms")
    back = account.returned() - verdict if verdict is not None else timedelta(0)
    exposed = instant(last) - instant(min(request.due for request in spoiled)) if last is not None else timedelta(0)
    share = 100 * len(spoiled) / max(1, len(requests))
    return [
        ("requests", f"{len(requests):,} in {(account.ended - account.started).total_seconds():.0f} s"),
        ("failed", f"{len(failed)}"),
        (f"served by {bad}", f"{len(spoiled)} ({share:.1f} %), all in {FIRST}, over {exposed.total_seconds():.1f} s"),
        ("served by it elsewhere", f"{sum(elsewhere.values())} by the users' count, {sum(others.values())} by Envoy's"),
        ("verdict to weights back", f"{back.total_seconds() * 1000:.0f} ms"),
        (
            "verdict to last request on it",
            f"{late.total_seconds() * 1000:.0f} ms" if late else "0 ms: none came after it",
        ),
        (
            "95th percentile",
            f"{before} {_p95_of(account.of(before)):.1f} ms, {good} {quick:.1f} ms, {bad} {slow:.1f} ms",
        ),
    ]


def _moved(totals: tuple[Totals, Totals]) -> Totals:
    before, after = totals
    return {
        region: {colour: after[region][colour] - before[region][colour] for colour in after[region]} for region in after
    }


def _p95_of(requests: Sequence[Request]) -> float:
    return p95(request.milliseconds for request in requests) if requests else 0.0


def _story(account: Account, calendar: CalendarMap, lines: Sequence[tuple[str, str]]) -> Story:
    before, good, bad = account.releases
    return Story(
        title="wedgate: one good release, one bad one, four regions",
        note="Real services, PostgreSQL and Envoys. Only the date is shifted, to June 2027. Times are in seconds.",
        span=Span(start=account.started, end=account.ended),
        regions=REGIONS,
        releases=(
            ReleaseName(name=before, role=Role.BEFORE, text="what ran before"),
            ReleaseName(name=good, role=Role.GOOD, text="promoted"),
            ReleaseName(name=bad, role=Role.BAD, text="caught, rolled back"),
        ),
        shares=tuple(account.chronicle.shares),
        latencies=latency_points(account.requests, account.names, account.started),
        moments=tuple(moment for moment in account.chronicle.moments if moment.at >= account.started),
        calendar=calendar,
        bill=tuple(lines),
    )
