"""Instants in words: local time first, because that is what a market lives by, and UTC beside it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from wedgate.calendars.values import MarketAnswer, RegionAnswer


def city_of(zone_name: str) -> str:
    """Return the city of a zone as a person writes it: ``New York``."""
    return zone_name.rpartition("/")[2].replace("_", " ")


def utc_words(instant: datetime) -> str:
    """Spell an instant in UTC: ``Sat 5 Jun 2027 12:00 UTC``."""
    return f"{day_words(instant.astimezone(UTC))} {instant.astimezone(UTC):%Y %H:%M} UTC"


def day_words(moment: datetime) -> str:
    """Spell a date without its year: ``Sat 5 Jun``."""
    return f"{moment:%a} {moment.day} {moment:%b}"


def local_words(instant: datetime, zone_name: str, *, asked_at: datetime) -> str:
    """Spell an instant in a zone and in UTC: ``Sun 6 Jun 00:00 in New York (04:00 UTC)``.

    The year is written where it is another than the one asked at, the UTC date where it is another than the local.
    """
    from wedgate.almanac.zones import zone

    local = instant.astimezone(zone(zone_name))
    utc = instant.astimezone(UTC)
    year = f" {local.year}" if local.year != asked_at.year else ""
    utc_day = f"{day_words(utc)} " if utc.date() != local.date() else ""
    return f"{day_words(local)}{year} {_clock(local)} in {city_of(zone_name)} ({utc_day}{utc:%H:%M} UTC)"


def weekday_words(instant: datetime, zone_name: str) -> str:
    """Spell an instant as the weekday and time of a zone: ``Sat 08:00``, ``Sun 01:30 EDT`` where that comes twice."""
    from wedgate.almanac.zones import zone

    local = instant.astimezone(zone(zone_name))
    return f"{local:%a} {_clock(local)}"


def _clock(local: datetime) -> str:
    """Spell a time of day, with the zone's letters or offset where the clock shows it twice on that date."""
    is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M %Z}" if is_twice else f"{local:%H:%M}"


def offset_words(offset: timedelta) -> str:
    """Spell an offset: ``+05:30``."""
    return (
        f"{datetime(2000, 1, 1, tzinfo=timezone(offset)):%z}"[:3]
        + ":"
        + (f"{datetime(2000, 1, 1, tzinfo=timezone(offset)):%z}"[3:5])
    )


def market_of(answer: RegionAnswer, instant: datetime) -> MarketAnswer:
    """Return the market by whose clock an opening or closing is best told.

    It is one whose cause ends then; else one in which a day begins then; else the region's first.
    """
    for cause in answer.causes:
        if cause.span is not None and cause.span.end == instant:
            for market in answer.markets:
                if market.market == cause.market:
                    return market
    told = telling_zone(tuple(market.zone for market in answer.markets), instant)
    return next(market for market in answer.markets if market.zone == told)


def telling_zone(zones: tuple[str, ...], instant: datetime) -> str:
    """Return the zone in which a day begins at the instant, else the first of them."""
    from wedgate.almanac.zones import zone

    for name in zones:
        local = instant.astimezone(zone(name))
        if (local.hour, local.minute) == (0, 0):
            return name
    return zones[0]
