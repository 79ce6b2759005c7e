"""Every rule that was looked at for an instant, matched or not, with the local date and a sentence that says why."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from wedgate.calendars.facts import Facts, markets_of
from wedgate.calendars.local_time import instant_of, seconds_of
from wedgate.calendars.rule_words import months_words, rule_words
from wedgate.calendars.tracks import Track, TrackMaker
from wedgate.calendars.values import Calendar, Market, Rule, RuleLook


def look_at(calendar: Calendar, facts: Facts, region: str, instant: datetime) -> tuple[RuleLook, ...]:
    """Return a look for each rule that applies to the region, in each of its markets, in the order of the file."""
    seconds = seconds_of(instant)
    maker = TrackMaker(facts, seconds, seconds + 1)
    found = calendar.region(region)
    looks: list[RuleLook] = []
    for order, rule in enumerate(calendar.rules):
        markets = markets_of(calendar, rule, found.name)
        tracks = maker.tracks(order, rule, markets, region=found.name) if markets else ()
        once = markets if rule.zone is None else markets[:1]
        for market in once:
            own = [track for place, track in tracks if place == market]
            looks.append(_look(rule, found.name, market, own, maker, facts, instant))
    return tuple(looks)


def _look(
    rule: Rule, region: str, market: Market, tracks: list[Track], maker: TrackMaker, facts: Facts, instant: datetime
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
        until = instant_of(run[1]).astimezone(local.tzinfo)
        what = "cannot be known" if track.unverified else "matches"
        when = rule_words(rule)
        named = "" if note.casefold() in when.casefold() else f" ({note})"
        words = f"{what}: {when}{named}, until {until:%a %Y-%m-%d %H:%M}"
    else:
        words = f"does not match: {_why_not(rule, market, facts, local.replace(tzinfo=None))}"
    return RuleLook(
        rule=rule.id,
        region=region,
        market=tracks[0].market if tracks else market.name,
        matched=bool(active),
        local_date=local.date(),
        offset=offset,
        effect=rule.effect,
        load=rule.load,
        line=rule.line,
        text=words,
    )


def _why_not(rule: Rule, market: Market, facts: Facts, local: datetime) -> str:
    """Name the first thing that keeps a rule from matching: the date, the month, or the time of day."""
    today = local.date()
    moment = f"{local:%a %Y-%m-%d %H:%M}"
    if not _matches_date(rule, market, facts, today):
        yesterday = today - timedelta(days=1)
        if rule.clock is not None and rule.clock.wraps and _matches_date(rule, market, facts, yesterday):
            return f"it is {moment} there, after {rule.clock} of the night before"
        return f"it is {moment} there, the rule is for {rule.kind.words()}"
    if rule.months is not None and today.month not in rule.months:
        return f"it is {moment} there, the rule is for {months_words(rule.months)}"
    if rule.clock is not None:
        return f"it is {moment} there, outside of {rule.clock}"
    return f"it is {moment} there, and a clock change leaves nothing of {rule_words(rule)}"


def _matches_date(rule: Rule, market: Market, facts: Facts, day: date) -> bool:
    """Whether the kind matches a whole local date, whatever the modifiers say."""
    return any(run.first <= day <= run.last for run in rule.kind.matches(facts, market, day, day).days)
