"""What is valid but probably not meant: rules that never match or repeat another, regions that no wave names.

And what time makes of a file that nobody touched: dates that are over, sources that end, regions that never open again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from wedgate.calendars.sources import empty, expiring, partial
from wedgate.config.complaint_places import about_file, about_rule
from wedgate.config.fork_warnings import warnings_of_forks
from wedgate.config.rollout_warnings import warnings_of_rollout, warnings_of_windows
from wedgate.config.signer_warnings import warnings_of_signers
from wedgate.config.year_ahead import YEAR, Ahead, look_ahead, warnings_of_year
from wedgate.errors import Problem

if TYPE_CHECKING:
    from wedgate.calendars.values import Rule
    from wedgate.config.configuration import Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a configuration comes to: what is worth a change, and the year in which it was looked at."""

    warnings: tuple[Problem, ...]
    ahead: Ahead


def warnings_of(configuration: Configuration, *, now: datetime | None = None) -> tuple[Problem, ...]:
    """Return the warnings of ``lint``, in the order of the file; none of them changes what the gate decides.

    ``now`` is the instant from which dates are over and sources end; this instant unless given.
    """
    return review(configuration, now=now).warnings


def review(configuration: Configuration, *, now: datetime | None = None) -> Review:
    """Look at a configuration, and at the year after ``now``, once for everything that is said of it."""
    ahead = look_ahead(configuration, (now or datetime.now(UTC)).replace(microsecond=0))
    repeats = list(_repeats(configuration))
    found = [
        *(about_rule(configuration, rule, f"this rule repeats {first}", _ONE_OF_TWO) for rule, first in repeats),
        *_about_rules(configuration),
        *_about_time(configuration, ahead),
        *warnings_of_year(configuration, ahead, {rule.id for rule, _ in repeats}),
        *warnings_of_rollout(configuration),
        *warnings_of_windows(configuration, ahead.timeline),
        *warnings_of_signers(configuration),
        *warnings_of_forks(configuration),
    ]
    return Review(warnings=in_order(found), ahead=ahead)


def in_order(found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort by line, those about the file as a whole last."""
    return tuple(sorted(found, key=lambda problem: (problem.line == 0, problem.line)))


_IN_TROUBLE = "until then its days are not verified"
_ENDING = "renew it, or update wedgate if it comes with it; what it does not know is not verified"
_ONE_OF_TWO = "delete one of the two"


def _own(configuration: Configuration) -> tuple[Rule, ...]:
    """Return the rules that stand in the file: what stands in a preset is not this file's to correct."""
    return tuple(rule for rule in configuration.calendar.rules if rule.origin is None)


def _repeats(configuration: Configuration) -> Iterator[tuple[Rule, str]]:
    """Yield the rules that differ from an earlier one in their id alone, or in their order and spelling too."""
    seen: dict[Rule, str] = {}
    for rule in _own(configuration):
        bare = dataclasses.replace(rule, id="", line=None, where=tuple(sorted(rule.where, key=str)), reason=None)
        if bare in seen:
            yield rule, seen[bare]
        seen.setdefault(bare, rule.id)


def _about_rules(configuration: Configuration) -> Iterator[Problem]:
    for rule in _own(configuration):
        if rule.kind.never_matches(rule.months):
            what = f"this rule never matches ({rule.kind.words()})"
            yield about_rule(configuration, rule, what, "correct the date, or delete the rule")


def _about_time(configuration: Configuration, ahead: Ahead) -> list[Problem]:
    calendar, facts, now, found = configuration.calendar, ahead.facts, ahead.span.start, []
    for rule in calendar.rules:
        # A day more, because the date of the last time zone is up to a day behind.
        if rule.origin is None and rule.kind.since((now - timedelta(days=1)).date()) is None:
            what = f"all of this rule is over ({rule.kind.words()})"
            found.append(about_rule(configuration, rule, what, "write the next dates, or delete the rule"))
    partly: dict[tuple[str, str], tuple[Rule, list[str]]] = {}
    for use in partial(calendar, facts):
        partly.setdefault((use.rule.id, use.market.country), (use.rule, []))[1].append(str(use.place))
    for (_, country), (rule, places) in partly.items():
        what = f"{', '.join(dict.fromkeys(places))}: parts of {country} have holidays that {country} as a whole has not"
        found.append(
            about_rule(configuration, rule, what, f"give the market a subdivision, {_subdivisions_of(country)}")
        )
    for use in empty(calendar, facts):
        what = f"{use.place}: no {use.key} are known, so the rule never matches there"
        found.append(about_rule(configuration, use.rule, what, "name another category, or delete the rule"))
    found += [
        about_file(configuration, words, _IN_TROUBLE if " cannot be known: " in words else _ENDING)
        for words in expiring(calendar, facts, now)
    ]
    for name in ahead.timeline.region_names:
        if not ahead.timeline.open_runs((name,)):
            what = f"regions.{name}: it is closed for all of the next {YEAR.days} days"
            found.append(about_file(configuration, what, "check its blocks and allow windows"))
    return found


def _subdivisions_of(country: str) -> str:
    from wedgate.almanac.holidays import subdivisions

    codes = subdivisions(country)
    return f"one of {', '.join(codes)}" if len(codes) <= 8 else f"such as {', '.join(codes[:3])}"
