"""What another program may ask of a configuration, in its own process: the answers of the command line as values.

The calendar is asked, and nothing else: no forge, no clock, no policy of a job. An answer is for the instant it is
asked about, and whether something may start because of it is the caller's to decide.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from wedgate.almanac.files import WorkingFiles
from wedgate.calendars.merged import MergedTimeline
from wedgate.calendars.timeline import Timeline
from wedgate.calendars.values import Interval, Span, Verdict
from wedgate.cli.sharing import SharedCalendars
from wedgate.cli.wiring import PinnedAlmanac
from wedgate.config.configuration import Configuration
from wedgate.config.load import CONFIG_PATHS, find_configuration, load_configuration
from wedgate.engine.check import decide_regions, instant_to_answer, is_answered, regions_to_ask, timeline_to_answer
from wedgate.engine.horizon import first_opening, timeline_for
from wedgate.errors import UsageError
from wedgate.gate.decide import Question
from wedgate.gate.decision import RegionDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One reason: a code of ``docs/reference/reason-codes.md``, a sentence, the rule and the market if one is named."""

    code: str
    text: str
    rule: str | None
    market: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionAnswer:
    """One region at one instant.

    ``next_open`` is the instant asked about where the region is open, ``next_close`` where it is closed; ``None`` means
    that it does not happen within twelve years. ``load`` is in multiples of base.
    """

    region: str
    verdict: Verdict
    load: Decimal
    reasons: tuple[Why, ...]
    next_open: datetime | None
    next_close: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Some regions at one instant: the worst verdict, each region's own, and when all are open and the first closes."""

    at: datetime
    verdict: Verdict
    regions: tuple[RegionAnswer, ...]
    next_open: datetime | None
    next_close: datetime | None

    def __getitem__(self, region: str) -> RegionAnswer:
        """Return one region's answer; ``KeyError`` if it was not asked about."""
        for answer in self.regions:
            if answer.region == region:
                return answer
        raise KeyError(region)

    def __iter__(self) -> Iterator[RegionAnswer]:
        """Iterate over the regions in the order of the file."""
        return iter(self.regions)


class Schedule:
    """A configuration's calendar, ready to be asked; made by ``load``."""

    def __init__(self, configuration: Configuration) -> None:
        self._calendar = configuration.calendar
        self._almanac = PinnedAlmanac(WorkingFiles(Path(configuration.path).parent))
        self._known: Timeline | None = None
        self.regions: tuple[str, ...] = regions_to_ask(self._calendar, None)

    def at(self, instant: datetime, regions: Sequence[str] | None = None) -> Answer:
        """Answer for some regions (``None``: all of them) at an instant with an offset.

        Raises ``UsageError`` for an instant without one or beyond 1970 to 2099, and for an unknown region.
        """
        at, names = _instant(instant), regions_to_ask(self._calendar, _names(regions))
        question = Question(at=at)
        decided, together = decide_regions(self._timeline(names, question), names, question)
        return Answer(
            at=at,
            verdict=max((each.verdict for each in decided), key=lambda verdict: verdict.severity),
            regions=tuple(map(_region, decided)),
            next_open=together.next_open,
            next_close=together.next_close,
        )

    def next_open(
        self, regions: Sequence[str] | None = None, *, after: datetime, needs: timedelta | None = None
    ) -> datetime | None:
        """Return the first instant, not before ``after``, at which all the regions are open for at least ``needs``.

        ``None``: there is none within twelve years.
        """
        at, names = _instant(after), regions_to_ask(self._calendar, _names(regions))
        question = Question(at=at, runway_needed=needs)
        found = first_opening(self._timeline(names, question), names, at, needs)
        return None if found is None else found.start

    def next_close(self, regions: Sequence[str] | None = None, *, after: datetime) -> datetime | None:
        """Return the first instant, not before ``after``, at which one of the regions is closed; ``None`` likewise."""
        at, names = _instant(after), regions_to_ask(self._calendar, _names(regions))
        return self._timeline(names, Question(at=at)).next_close(names, at)

    def intervals(self, region: str, start: datetime, end: datetime, market: str | None = None) -> tuple[Interval, ...]:
        """Return a region, or one market of it, from ``start`` to ``end`` as intervals that follow one another.

        Each holds the verdict, the load and the rules behind them. ``UsageError`` for an unknown name or an end that
        is not after the start.
        """
        (name,) = regions_to_ask(self._calendar, (region,))
        markets = [each.name for each in self._calendar.region(name).markets]
        if market not in (None, *markets):
            raise UsageError(f"{name} has no market {market!r}; it has {', '.join(markets)}")
        return timeline_for(self._calendar, self._almanac, _span(start, end)).intervals(name, market)

    def verdicts(self, start: datetime, end: datetime, regions: Sequence[str] | None = None) -> MergedTimeline:
        """Return the verdicts of some regions from ``start`` to ``end``, for very many questions: ``.at(instant)``.

        It answers with one verdict for each of its ``regions``, in their order, by one binary search.
        """
        names = regions_to_ask(self._calendar, _names(regions))
        return timeline_for(self._calendar, self._almanac, _span(start, end)).merged(names)

    def _timeline(self, names: tuple[str, ...], question: Question) -> Timeline:
        """Return a timeline that answers: the one at hand, or a new one, which is kept for the next question."""
        known = self._known
        if (
            known is not None
            and known.span.start <= question.at < known.span.end
            and is_answered(known, names, question)
        ):
            return known
        self._known = timeline_to_answer(self._calendar, names, question, self._almanac, at_least=_KEPT)
        return self._known


_KEPT = timedelta(days=400)
"""A program that asks once will ask again, and about some instant of the year to come."""


def load(path: str | os.PathLike[str] | None = None) -> Schedule:
    """Read a configuration (a file, or a directory that holds one; this directory unless given).

    Raises ``ConfigurationError`` with everything that is wrong with it, and ``ExternalSystemError`` if it extends a
    calendar of another repository that is not on this machine and cannot be fetched.
    """
    found = Path() if path is None else Path(path)
    if found.is_dir():
        inside = find_configuration(found)
        if inside is None:
            raise UsageError(f"there is no {' and no '.join(CONFIG_PATHS)} in {found}; write one with `wedgate init`")
        found = inside
    return Schedule(load_configuration(found, shared=SharedCalendars()))


def _instant(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise UsageError(f"{instant.isoformat()} has no offset; give an aware datetime, such as one in UTC")
    return instant_to_answer(instant)


def _span(start: datetime, end: datetime) -> Span:
    span = Span(start=_instant(start), end=_instant(end))
    if span.start >= span.end:
        raise UsageError(f"{end.isoformat()} is not after {start.isoformat()}; give a later end")
    return span


def _names(regions: Sequence[str] | None) -> Sequence[str] | None:
    if isinstance(regions, str):
        return (regions,)
    if regions is not None and not regions:
        raise UsageError("asked about no region at all; leave regions out to ask about all of them")
    return regions


def _region(decided: RegionDecision) -> RegionAnswer:
    answer = decided.answer
    assert answer is not None
    return RegionAnswer(
        region=decided.region,
        verdict=decided.verdict,
        load=answer.load,
        reasons=tuple(
            Why(code=each.code.value, text=each.text, rule=each.rule, market=each.market) for each in decided.reasons
        ),
        next_open=decided.next_open,
        next_close=answer.next_close,
    )
