"""Every rule that was looked at for an instant, matched or not, with the local date and a sentence that says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from wedgate.calendars.facts import Facts, markets_of, needs_in
from wedgate.calendars.local_time import instant_of, seconds_of
from wedgate.calendars.rule_words import months_words, rule_words
from wedgate.calendars.sources import looked_at
from wedgate.calendars.tables import DatedSource
from wedgate.calendars.tracks import Track, TrackMaker
from wedgate.calendars.values import Calendar, Market, Rule, RuleLook, SourceLook


def look_at(
    calendar: Calendar, facts: Facts, region: str, instant: datetime, horizon: datetime
) -> tuple[RuleLook, ...]:
    """Return a look for each rule that applies to the region, in each of its markets, in the order of the file.

    ``facts`` must reach to the horizon; an end that lies beyond it is not known, and not named.
    """
    maker = TrackMaker(facts, seconds_of(instant), seconds_of(horizon))
    found = calendar.region(region)
    looks: list[RuleLook] = []
    for order, rule in enumerate(calendar.rules):
        markets = markets_of(calendar, rule, found.name)
        tracks = maker.tracks(order, rule, markets, region=found.name) if markets else ()
        once = markets if rule.zone is None else markets[:1]
        for market in once:
            own = [track for place, track in tracks if place == market]
            look = _look(rule, found.name, market, own, maker, facts, instant, horizon)
            # A rule in a zone of its own goes by what is known of each of its markets.
            asked = (market,) if rule.zone is None else markets
            looks.append(replace(look, sources=_sources(rule, asked, facts)))
    return tuple(looks)


def _look(
    rule: Rule,
    region: str,
    market: Market,
    tracks: list[Track],
    maker: TrackMaker,
    facts: Facts,
    instant: datetime,
    horizon: datetime,
) -> RuleLook:
    zone = rule.zone or market.zone
    local = instant.astimezone(maker.local(zone).zone)
    offset = local.utcoffset()
    assert offset is not None
    seconds = seconds_of(instant)
    active = [(track, run) for track in tracks if (run := track.run_at(seconds)) is not None]
    if active:
        track, run = min(active, key=lambda pair: pair[0].unverified)
        note = track.note_at(seconds)
        end = instant_of(run[1])
        until = f", until {end.astimezone(local.tzinfo):%a %Y-%m-%d %H:%M}" if end <= horizon else ""
        what = "cannot be known" if track.unverified else "matches"
        when = rule_words(rule)
        named = "" if note.casefold() in when.casefold() else f" ({note})"
        words = f"{what}: {when}{named}{until}"
    else:
        words = f"does not match: {_why_not(rule, market, facts, local.replace(tzinfo=None))}"
    return RuleLook(
        rule=rule.id,
        region=region,
        market=tracks[0].market if tracks else market.name,
        matched=bool(active),
        zone=zone,
        local_date=local.date(),
        offset=offset,
        effect=rule.effect,
        load=rule.load,
        line=rule.line,
        text=words,
        origin=rule.origin,
    )


def _sources(rule: Rule, markets: tuple[Market, ...], facts: Facts) -> tuple[SourceLook, ...]:
    """Return the dated sources that a rule needs in some markets, each once."""
    keys = {str(key): key for market in markets for key in needs_in(rule, market).sources}
    found = ((name, facts.sources[keys[name]]) for name in sorted(keys))
    return tuple(looked_at(name, table) for name, table in found if isinstance(table, DatedSource))


def _why_not(rule: Rule, market: Market, facts: Facts, local: datetime) -> str:
    """Name the first thing that keeps a rule from matching: the date, the month, or the time of day."""
    moment = f"it is {local:%a %Y-%m-%d %H:%M} there"
    begun = _begun(rule, market, facts, local)
    if not begun:
        yesterday = local - timedelta(days=1)
        if rule.clock is not None and rule.clock.wraps and _begun(rule, market, facts, yesterday):
            return f"{moment}, after {rule.clock} of the night before"
        return f"{moment}, the rule is for {rule.kind.words()}"
    if rule.months is not None and all(day.month not in rule.months for day in begun):
        since = "" if local.date() in begun else f" and {rule.kind.words()} began on {begun[0]:%a %Y-%m-%d}"
        return f"{moment}{since}, the rule is for {months_words(rule.months)}"
    if rule.clock is not None:
        return f"{moment}, outside of {rule.clock}"
    return f"{moment}, and a clock change leaves nothing of {rule_words(rule)}"


def _begun(rule: Rule, market: Market, facts: Facts, local: datetime) -> list[date]:
    """Return the dates by which months count, for all that the kind matches then whatever the modifiers say.

    For whole dates it is the date itself, for a stretch with times of its own the one on which it began.
    """
    today = local.date()
    found = rule.kind.matches(facts, market, today, today)
    days = [today for run in found.days if run.first <= today <= run.last]
    return days + [run.start.date() for run in found.walls if run.start <= local < run.end]
