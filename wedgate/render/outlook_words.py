"""The sentences of an outlook, which text, Markdown and the page share, so that they cannot say different things."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from wedgate.calendars.hours import Gap, OpenHours
from wedgate.calendars.values import Span
from wedgate.render.calendar_words import load_words
from wedgate.render.local import day_words, utc_words
from wedgate.render.plan import shorten_words
from wedgate.rollout.guards import spell_duration
from wedgate.rollout.outlook import Outlook
from wedgate.rollout.planner import Misfit, PlannedRegion
from wedgate.rollout.replicas import ReplicaHours

Local = Callable[[str, datetime], str]
"""Spells an instant in a region's own time."""

TOGETHER = "together"
"""The row for all regions at once."""
NEVER = "never"
_SOURCES = 3
"""Sources of one rule that are named; the record names all of them."""


def headline(outlook: Outlook) -> str:
    """Return what the page is about: ``venue-search: outlook for 2027, 3/week``."""
    return f"{outlook.service}: outlook for {outlook.span.start.year}, {outlook.releases.demand} releases"


def name_of(hours: OpenHours) -> str:
    """Return the name of a row of hours."""
    return TOGETHER if hours.region is None else hours.region


def hours_number(length: timedelta) -> str:
    """Spell a length in whole hours with thousands: ``4,557``."""
    return f"{length / timedelta(hours=1):,.0f}"


def percent(part: timedelta, whole: timedelta) -> str:
    """Spell a share: ``84 %``; what is little is never nothing."""
    share = 100 * (part / whole)
    return f"{share:.1f} %" if 0 < share < 1 or 99 < share < 100 else f"{share:.0f} %"


def how_long(length: timedelta | None) -> str:
    """Spell a length; ``None`` is one that never ends."""
    return NEVER if length is None else spell_duration(length)


def together_sentence(outlook: Outlook) -> str:
    """Say how long all regions are open at once, and when for the longest time."""
    hours = outlook.hours[-1]
    who = f"{hours.region} is" if hours.region is not None else "All regions are"
    if hours.longest is None:
        return f"{who} never open{'' if hours.region else ' at the same time'}."
    whole = hours.whole
    none = sum(1 for week in hours.weeks if not week.usable)
    weeks = "" if not none else f" {none} week{' has' if none == 1 else 's have'} no such hour."
    return (
        f"{who} open for {hours_number(whole.usable)} h, {percent(whole.usable, whole.span.duration)} of the year; "
        f"the longest stretch is {spell_duration(hours.longest.duration)}, {range_words(hours.longest)}.{weeks}"
    )


def range_words(span: Span) -> str:
    """Spell a stretch in UTC: ``Sun 4 Apr 07:00 to Fri 9 Apr 14:00 UTC``."""
    start, end = span.start.astimezone(UTC), span.end.astimezone(UTC)
    return f"{day_words(start)} {start:%H:%M} to {day_words(end)} {end:%H:%M} UTC"


def release_sentences(outlook: Outlook) -> list[str]:
    """Say how many releases fit, how long each takes, and how many wait at the worst."""
    found = outlook.releases
    left = found.asked - found.done
    fit = "all of them" if not left else f"{found.done:,} of them"
    lines = [
        f"{found.asked:,} releases are asked for in the year ({found.demand}, evenly, day and night); {fit} "
        f"{'are' if found.done != 1 else 'is'} everywhere before it ends. At most {found.at_most:,} would be, each "
        "begun when the one before is done."
    ]
    if found.median is not None:
        lines.append(
            f"From being asked for until everywhere: {how_long(found.median)} in the middle (median), "
            f"{how_long(found.p95)} or less for 95 %, {how_long(found.worst)} at worst."
        )
    if found.most_waiting > 1 and found.most_waiting_at is not None and found.misfit is None:
        lines.append(
            f"At most {found.most_waiting:,} are asked for and not everywhere at the same time, first on "
            f"{utc_words(found.most_waiting_at)}."
        )
    if found.misfit is not None:
        lines.append(misfit_sentence(found.misfit))
    return lines


def misfit_sentence(misfit: Misfit) -> str:
    """Say what fits nowhere, and what to shorten by how much."""
    return (
        f"{misfit.region} fits into no window any more: it needs {spell_duration(misfit.needs)} in one piece, "
        f"{shorten_words(misfit)}."
    )


def reach_sentences(outlook: Outlook) -> list[str]:
    """Say how long an urgent fix takes, and when the worst begins."""
    found = outlook.reach
    asked = (
        "Asked for as an ordinary release, without an override, once every "
        f"{spell_duration(found.grid)} ({found.samples:,} starts)"
    )
    if found.best is None:
        lines = [f"{asked}: none of them leads to every region."]
    else:
        tail = "more than 5 % never are" if found.p95 is None else f"{how_long(found.p95)} or less for 95 %"
        middle = (
            "half of them never are" if found.median is None else f"{how_long(found.median)} in the middle (median)"
        )
        lines = [f"{asked}: everywhere after {how_long(found.best)} at best, {middle}, {tail}."]
    if found.never:
        lines.append(f"From {found.never:,} of the starts it fits nowhere, first {utc_words(found.worst_plan.start)}.")
        if found.worst_plan.misfit is not None and outlook.releases.misfit is None:
            lines.append(misfit_sentence(found.worst_plan.misfit))
    else:
        lines.append(
            f"The worst is {how_long(found.worst)}, asked for on {utc_words(found.worst_plan.start)} and everywhere on "
            f"{utc_words(found.worst_plan.end)}."
        )
    return lines


def way_words(region: PlannedRegion, local: Local) -> str:
    """Say how one region fares in the worst plan: ``waits 1d 3h, begins Sat ..., promoted Sat ...``."""
    waits = f"waits {spell_duration(region.waited)}, " if region.waited else ""
    begins, ends = local(region.region, region.start), local(region.region, region.end)
    return f"{waits}begins {begins}, promoted {ends}"


def cost_sentences(outlook: Outlook) -> list[str]:
    """Say which rule costs most, and how much is closed by several rules at once."""
    if not outlook.costs:
        return ["No rule closes anything this year."]
    added = " (regions added up)" if len(outlook.regions) > 1 else ""
    closed = sum((each.whole.closed for each in outlook.hours if each.region is not None), timedelta(0))
    several = closed - sum((cost.alone for cost in outlook.costs), timedelta(0))
    both = (
        f"Of {hours_number(closed)} closed hours{added} {hours_number(several)} are closed by several rules at once: "
        "no one of them opens those."
    )
    most = outlook.costs[0]
    if not most.opens:
        return ["No rule by itself keeps anything closed.", both]
    together = f", {hours_number(most.opens_together)} h of them in every region at once" if added else ""
    costs = (
        f"{most.rule.id} costs most: {hours_number(most.alone)} h are closed by it alone, and without it "
        f"{hours_number(most.opens)} h would be open{added}{together}."
    )
    return [costs, both] if several else [costs]


def replica_sentences(outlook: Outlook) -> list[str]:
    """Say what a fleet that follows the calendar saves, and what was counted."""
    calendar, static = replica_totals(outlook)
    unit = "replica-hours" if outlook.fleet.base is not None else "times the hours of the usual traffic's replicas"
    saved = 100 * (1 - calendar / static) if static else Decimal(0)
    words = "the same" if round(saved) == 0 else f"{abs(saved):.0f} % {'less' if saved > 0 else 'more'}"
    lines = [f"By calendar {number(calendar)}, for a static peak {number(static)} {unit}: {words}."]
    extra = sum((each.by_calendar_rollouts for each in outlook.replicas), Decimal(0))
    both = sum((each.both_colours for each in outlook.replicas), timedelta(0))
    lines.append(
        f"Of the first, {number(extra)} are the second colour of the releases above: {hours_number(both)} h of a "
        f"region with both colours, from each deploy until {_until_words(outlook)}."
    )
    if all(each.highest_load <= 1 for each in outlook.replicas):
        lines.append("No rule of this year states a load above the usual, so the calendar has no peak to follow.")
    lines += [
        f"The static peak of {each.region} has {number(each.peak)}, too few for {spell_duration(each.short)} of the "
        f"year: a load of {load_words(each.highest_load)} asks for more."
        for each in outlook.replicas
        if each.short
    ]
    return lines


def _until_words(outlook: Outlook) -> str:
    end = "the last region is promoted" if outlook.until_all else "the region is promoted"
    return f"{end} and {spell_duration(outlook.fleet.keep_old)} more" if outlook.fleet.keep_old else end


def replica_totals(outlook: Outlook) -> tuple[Decimal, Decimal]:
    """Return the replica-hours of all regions by calendar and for a static peak, rollouts included."""
    return (
        sum((each.by_calendar + each.by_calendar_rollouts for each in outlook.replicas), Decimal(0)),
        sum((each.static + each.static_rollouts for each in outlook.replicas), Decimal(0)),
    )


def replica_row(each: ReplicaHours) -> tuple[str, ...]:
    """Return a region's replicas as cells: usual, peak, by calendar, its rollouts, static, its rollouts."""
    return (
        "1×" if each.base is None else f"{each.base:,}",
        f"{number(each.peak)}×" if each.base is None else number(each.peak),
        number(each.by_calendar),
        number(each.by_calendar_rollouts),
        number(each.static),
        number(each.static_rollouts),
    )


def number(value: Decimal) -> str:
    """Spell a number with thousands, with one decimal where it is small and no whole one."""
    return f"{value:,.0f}" if value >= 100 or value == value.to_integral_value() else f"{value:,.1f}"


def unknown_sentences(outlook: Outlook) -> list[str]:
    """Say what is not known of the year: nothing of it is counted as open."""
    return [*map(_gap_sentence, outlook.gaps), *(f"{words}." for words in outlook.left_out)]


def _gap_sentence(gap: Gap) -> str:
    parts = [
        f"{verb} {hours_number(length)} h"
        for verb, length in (("closes", gap.closed), ("asks for care for", gap.caution))
        if length
    ]
    listed = gap.sources[:_SOURCES]
    listed += (f"and {len(gap.sources) - _SOURCES} more sources",) if len(gap.sources) > _SOURCES else ()
    why = "; ".join(listed) or "the dates of some of its days are not settled yet"
    return f"{gap.rule.id}: {why}. For want of knowledge it {' and '.join(parts)} (regions added up)."


def assumption_sentences(outlook: Outlook) -> list[str]:
    """Say what was assumed, for whoever takes a number from here."""
    keys = "rollout.waves, in-flight, reserve, strategies and choose"
    return [
        f"The year is the one of UTC. Every rollout is the one that `wedgate plan` would print ({keys}), with "
        f"{spell_duration(outlook.deploy)} for a deploy; each deploy works, and each judgement passes.",
        "One rollout at a time, in the order in which they were asked for; plans may reach sixty days beyond the year.",
        f"What lies between two starts, {spell_duration(outlook.reach.grid)} apart, was not asked: the worst may be as "
        "much longer.",
        "A load of 4× needs four times the replicas, at once, and no region has less than one. Both colours are at "
        f"full size from a deploy until {_until_words(outlook)} (judge.report-fails); wedgate takes no colour down.",
    ]
