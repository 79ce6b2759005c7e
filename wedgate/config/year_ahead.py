"""The year ahead of a configuration, looked at once: what is worth a change there, and what is worth knowing.

The looking is ``wedgate.calendars.observations``'; here is decided which of it is a warning, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from wedgate.calendars import observations as seen
from wedgate.calendars.facts import Facts, needs_of
from wedgate.calendars.observation_words import claimed_words, covered_words, long_words, odd_words, tight_words
from wedgate.calendars.occurrences import Occurrence, RuleRuns, occurrences, runs_of
from wedgate.calendars.sources import SourceUse, uses_of
from wedgate.calendars.timeline import Timeline, compile_timeline
from wedgate.calendars.values import Calendar, Effect, Rule, Span
from wedgate.config.complaint_places import about_file, about_rule
from wedgate.errors import Problem

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration

YEAR = timedelta(days=365)
"""What is said of a calendar is said of its next year."""
MOST = 10
"""Occurrences of a rule that are shown."""
_MOST_MONTHS = 3
_FAR = Span(start=datetime(2098, 1, 1, tzinfo=UTC), end=datetime(2098, 12, 31, tzinfo=UTC))
"""Asked about this year, a source answers with the very last date that it is verified for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A calendar compiled for the year from an instant on, and the runs of each of its rules in it.

    ``gather`` returns the facts for another span.
    """

    gather: Callable[[Span], Facts]
    calendar: Calendar
    span: Span
    facts: Facts
    timeline: Timeline
    runs: tuple[RuleRuns, ...]


def look_ahead(configuration: Configuration, now: datetime) -> Ahead:
    """Compile the year after an instant; files that rules name are read beside the configuration."""
    from wedgate.almanac.files import Shelf, WorkingFiles
    from wedgate.almanac.gather import gather_facts

    calendar = configuration.calendar
    shelf = Shelf(WorkingFiles(Path(configuration.path).parent), lambda: now)

    def gather(span: Span) -> Facts:
        return gather_facts(needs_of(calendar), span, shelf)

    span = Span(start=now, end=now + YEAR)
    facts = gather(span)
    return Ahead(
        gather=gather,
        calendar=calendar,
        span=span,
        facts=facts,
        timeline=compile_timeline(calendar, facts, span),
        runs=runs_of(calendar, facts, span),
    )


def warnings_of_year(configuration: Configuration, ahead: Ahead, repeated: Collection[str]) -> Iterator[Problem]:
    """Yield what is probably not meant: words that do not fit, blocks that add nothing, months that leave little.

    ``repeated`` are rules of which it is said already that they are another rule once more.
    """
    thresholds = ahead.calendar.thresholds
    for claimed in seen.claims(ahead.runs, ahead.facts):
        if claimed.rule.origin is not None:
            continue  # The words of a preset's row are not this file's to correct.
        yield about_rule(
            configuration, claimed.rule, claimed_words(claimed, thresholds), "correct the rule, or its id and reason"
        )
    for one in _covered(ahead):
        if _is_worth_a_change(one) and one.rule.id not in repeated:
            yield about_rule(configuration, one.rule, covered_words(one), f"delete it, or narrow {one.by.id}")
    tight = groupby(seen.tight_months(ahead.timeline, ahead.calendar), key=lambda month: month.region)
    for region, grouped in tight:
        months = list(grouped)
        if not ahead.timeline.open_runs((region,)):
            continue  # that is said by itself
        said = "; ".join(map(tight_words, months[:_MOST_MONTHS]))
        more = f"; and so in {len(months) - _MOST_MONTHS} more months" if len(months) > _MOST_MONTHS else ""
        yield about_file(configuration, f"regions.{region}: {said}{more}", "see `wedgate next` for what closes it")


def notes_of_year(configuration: Configuration, ahead: Ahead) -> Iterator[Problem]:
    """Yield what surprises, and is meant all the same: days of 29 hours, loads that decide nothing, sources' ends."""
    said: set[str] = set()
    for long in seen.long_blocks(ahead.runs, ahead.calendar, ahead.facts):
        words = long_words(long) if isinstance(long, seen.LongBlock) else odd_words(long)
        about = words.partition(": from ")[0]
        if about not in said:  # of a region with days of 29 hours every rule of days has them
            said.add(about)
            yield about_rule(configuration, long.rule, words, "nothing to do: local days are what they are")
    for one in _covered(ahead):
        if not _is_worth_a_change(one):
            yield about_rule(configuration, one.rule, covered_words(one), "keep it if it is there to be read")
    yield from _source_ends(configuration, ahead)


def next_occurrences(ahead: Ahead) -> tuple[Occurrence, ...]:
    """Return the next ten of each rule in each market; of rules that are rare, those of the next twelve years."""
    rare = [rule for rule, found in _by_rule(ahead.runs) if any(len(one.runs) < MOST for one in found)]
    span = Span(start=ahead.span.start, end=ahead.span.start + seen.CERTAIN)
    facts = ahead.gather(span) if rare else ahead.facts
    longer = {rule.id: found for rule, found in _by_rule(runs_of(ahead.calendar, facts, span, rare))}
    return tuple(
        occurrence
        for rule, found in _by_rule(ahead.runs)
        for one in longer.get(rule.id, found)
        for occurrence in occurrences(one, facts, most=MOST)
    )


def _covered(ahead: Ahead) -> Iterator[seen.Covered]:
    span = Span(start=ahead.span.start, end=ahead.span.start + seen.CERTAIN)
    facts: list[Facts] = []

    def runs_for(rules: tuple[Rule, Rule]) -> Sequence[RuleRuns]:
        if not facts:
            facts.append(ahead.gather(span))
        return runs_of(ahead.calendar, facts[0], span, rules)

    return seen.covered(ahead.runs, ahead.calendar.thresholds, runs_for)


def _is_worth_a_change(one: seen.Covered) -> bool:
    """Whether a covered rule is a block of this file itself: loads are there to be read, rows of presets for others."""
    return one.rule.effect is Effect.BLOCK and one.rule.origin is None


def _source_ends(configuration: Configuration, ahead: Ahead) -> Iterator[Problem]:
    calendar = ahead.calendar
    ends: dict[tuple[date, str], tuple[Rule, list[SourceUse]]] = {}
    for use in uses_of(calendar, ahead.gather(_FAR), None):
        if use.table.trouble is None and use.table.verified_until < _FAR.end.date():
            end = use.table.verified_until, use.rule.id
            ends.setdefault(end, (use.rule, []))[1].append(use)
    for (until, _), (rule, uses) in sorted(ends.items(), key=lambda item: item[0]):
        since = until + timedelta(days=1)
        when = f"{since.year}" if (since.month, since.day) == (1, 1) else f"{since}"
        regions = list(dict.fromkeys(use.place.region for use in uses))
        verdict = "closed" if _may_close(rule, calendar) else "caution"
        what = (
            f"from {when} on: {_names_of(uses)} are unverified, and {', '.join(regions)} "
            f"{'counts' if len(regions) == 1 else 'count'} as {verdict} whenever this rule could apply"
        )
        yield about_rule(configuration, rule, what, "update wedgate, or the source, before then")


def _names_of(uses: Sequence[SourceUse]) -> str:
    """Return the names of sources, what they have in common said once: ``public holidays of DE-BE, GB-ENG``."""
    by_kind: dict[str, dict[str, None]] = {}
    for use in uses:
        kind, _, place = str(use.key).rpartition(" of ")
        by_kind.setdefault(kind, {})[place] = None
    return " and ".join(f"{kind} of {', '.join(places)}" for kind, places in by_kind.items())


def _may_close(rule: Rule, calendar: Calendar) -> bool:
    """Whether what a rule's source does not know closes."""
    if rule.effect in (Effect.BLOCK, Effect.ALLOW):
        return True
    return seen.closes(rule, calendar.thresholds) and not rule.kind.EXPIRES_SOFTLY


def _by_rule(each: Sequence[RuleRuns]) -> Iterator[tuple[Rule, list[RuleRuns]]]:
    for _, grouped in groupby(each, key=lambda one: one.rule.id):
        found = list(grouped)
        yield found[0].rule, found
