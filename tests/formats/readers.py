"""How each tool reads its own file, written from its documentation and sources, without any code of the package.

``read(name, text, region, span)`` gives ``closed`` (what the tool would say at an instant, ``None`` for nothing) and
``edges``: every instant at which the tool could change its mind, so that trying around them tries everything.
Wall times become instants by pytz, cron lines become times by croniter.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytz
import yaml
from croniter import croniter

YEAR = timedelta(days=366)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Reading:
    closed: Callable[[datetime], bool | None]
    edges: tuple[datetime, ...]
    blinks: bool = False
    """Whether the tool takes a window for inactive at the very instant at which it begins."""


def read(name: str, text: str, region: str, start: datetime, end: datetime) -> Reading:
    return {
        "argo-cd": argo_cd,
        "keda": keda,
        "gitlab": gitlab,
        "alertmanager": alertmanager,
        "google-cloud-deploy": google_cloud_deploy,
        "prometheus": prometheus,
        "aws-change-calendar": aws_change_calendar,
    }[name](text, region, start, end)


def instant_of(wall: datetime, zone: str) -> datetime:
    """The instant of a wall time; a time that is skipped or repeated is an error, for tools disagree about it."""
    return pytz.timezone(zone).localize(wall, is_dst=None).astimezone(UTC)


def fires(cron: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """Every instant a cron line names, a year around a span included."""
    assert re.fullmatch(r"[\d,]+ [\d,]+ (?:[\d,]+ [\d,]+ \*|\* \* [\d,*]+)", cron), "only what every cron agrees about"
    walls = croniter(cron, start.replace(tzinfo=None) - YEAR * 1.1)
    found = []
    while (wall := walls.get_next(datetime)) < end.replace(tzinfo=None) + YEAR * 1.1:
        found.append(instant_of(wall, zone))
    return found


def following(times: list[datetime], at: datetime) -> datetime:
    """robfig/cron's ``Next``: the first time after an instant, never the instant itself; far away if there is none."""
    place = bisect_right(times, at)
    return times[place] if place < len(times) else at + 10 * YEAR


def preceding(times: list[datetime], at: datetime) -> datetime:
    place = bisect_left(times, at)
    return times[place - 1] if place else at - 10 * YEAR


def argo_cd(text: str, region: str, start: datetime, end: datetime) -> Reading:
    """A window is active if its next time, looked for from a duration ago, is before now. Any deny denies."""
    windows, edges = [], []
    for window in yaml.safe_load(text)["spec"]["syncWindows"]:
        assert window["kind"] == "deny"
        assert window["timeZone"] == "UTC", "Argo CD takes today's offset of a zone for every instant"
        assert window["applications"] == ["*"]
        assert window["manualSync"] is False
        hours, minutes = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?", window["duration"]).groups()
        duration = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        assert timedelta(0) < duration <= timedelta(hours=24)
        times = fires(window["schedule"], "UTC", start, end)
        windows.append((times, duration))
        edges += [*times, *(time + duration for time in times)]
    return Reading(
        lambda at: any(following(times, at - duration) < at for times, duration in windows), tuple(edges), blinks=True
    )


def keda(text: str, region: str, start: datetime, end: datetime) -> Reading:
    """cron_scaler's IsActive: inactive while the next start comes before the next end."""
    pairs, edges = [], []
    triggers = yaml.safe_load(text)["spec"]["triggers"]
    assert triggers
    for trigger in triggers:
        assert trigger["type"] == "cron"
        about = trigger["metadata"]
        assert about["start"] != about["end"]
        assert about["desiredReplicas"] == "1"
        pair = [fires(about[key], about["timezone"], start, end) for key in ("start", "end")]
        pairs.append(pair)
        edges += [*pair[0], *pair[1]]

    def closed(at: datetime) -> bool:
        nexts = [(following(starts, at), following(ends, at)) for starts, ends in pairs]
        return any(not (next_start < next_end and at < next_start) and at <= next_end for next_start, next_end in nexts)

    return Reading(closed, tuple(edges))


def gitlab(text: str, region: str, start: datetime, end: datetime) -> Reading:
    """Ci::FreezePeriodStatus: previous end < previous start <= now <= next end < next start."""
    pairs, edges = [], []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        period = json.loads(line)
        pair = [fires(period[key], period["cron_timezone"], start, end) for key in ("freeze_start", "freeze_end")]
        pairs.append(pair)
        edges += [*pair[0], *pair[1]]

    def within(starts: list[datetime], ends: list[datetime], at: datetime) -> bool:
        since, until = preceding(starts, at), following(ends, at)
        return preceding(ends, at) < since <= at <= until < following(starts, at)

    return Reading(lambda at: any(within(*pair, at) for pair in pairs), tuple(edges), blinks=True)


def minutes_of(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def numbers(ranges: Iterable[str]) -> set[int]:
    found: set[int] = set()
    for text in ranges:
        first, _, last = text.partition(":")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def alertmanager(text: str, region: str, start: datetime, end: datetime) -> Reading:
    """timeinterval.ContainsTime: every field that is given must hold, in the interval's location."""
    (intervals,) = [
        entry["time_intervals"]
        for entry in yaml.safe_load(text)["time_intervals"]
        if entry["name"] == f"closed-{region}"
    ]

    def holds(fields: dict[str, Any], local: datetime) -> bool:
        now = local.hour * 60 + local.minute
        return (
            ("times" not in fields or any(start <= now < end for start, end in fields["times"]))
            and local.weekday() in fields.get("weekdays", range(7))
            and local.day in fields.get("days_of_month", range(32))
            and local.month in fields.get("months", range(13))
            and local.year in fields.get("years", range(2400))
        )

    def parsed(interval: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        fields: dict[str, Any] = {
            key: numbers(interval[key]) for key in ("days_of_month", "months", "years") if key in interval
        }
        if "times" in interval:
            fields["times"] = [
                (minutes_of(each["start_time"]), minutes_of(each["end_time"])) for each in interval["times"]
            ]
        if interval.get("weekdays", ["sunday:saturday"]) != ["sunday:saturday"]:
            fields["weekdays"] = {WEEKDAYS.index(name) for name in interval["weekdays"]}
        assert interval.keys() <= {*fields, "location", "weekdays"}
        return pytz.timezone(interval.get("location", "UTC")), fields

    for interval in intervals:
        assert interval, "an interval without a field holds always"
        for time in interval.get("times", ()):
            assert 0 <= minutes_of(time["start_time"]) < minutes_of(time["end_time"]) <= 1440
    clocks = {0} | {minutes_of(time[key]) for each in intervals for time in each.get("times", ()) for key in time}
    zones = {each.get("location", "UTC") for each in intervals}
    known = [parsed(interval) for interval in intervals]
    return Reading(
        lambda at: any(holds(fields, at.astimezone(zone)) for zone, fields in known),
        wall_edges(start, end, clocks, zones),
    )


def wall_edges(start: datetime, end: datetime, clocks: Iterable[int], zones: Iterable[str]) -> tuple[datetime, ...]:
    """Every instant of some wall times in some zones, both of them where they come twice."""
    midnight = start.replace(hour=0, minute=0, second=0, tzinfo=None)
    days = [midnight + timedelta(days=day) for day in range(-2, (end - start).days + 3)]
    return tuple(
        pytz.timezone(zone).localize(day + timedelta(minutes=clock), is_dst=is_dst).astimezone(UTC)
        for zone in zones
        for day in days
        for clock in clocks
        for is_dst in (False, True)
    )


def google_cloud_deploy(text: str, region: str, start: datetime, end: datetime) -> Reading:
    """A policy restricts inside of any of its windows; ends are exclusive, 24:00 is the end of a day."""
    (policy,) = [each for each in yaml.safe_load_all(text) if each["metadata"]["name"] == f"wedgate-{region}"]
    assert (policy["apiVersion"], policy["kind"]) == ("deploy.cloud.google.com/v1", "DeployPolicy")
    assert policy["selectors"]
    (rule,) = policy["rules"]
    windows = rule["rolloutRestriction"]["timeWindows"]
    zone = windows["timeZone"]
    stamps = [window[key] for window in windows.get("oneTimeWindows", ()) for key in ("start", "end")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", stamp) for stamp in stamps)
    once = [
        tuple(instant_of(datetime.fromisoformat(window[key]), zone) for key in ("start", "end"))
        for window in windows.get("oneTimeWindows", ())
    ]
    weekly = [
        (window["daysOfWeek"], minutes_of(window["startTime"]), minutes_of(window["endTime"]))
        for window in windows.get("weeklyWindows", ())
    ]
    assert bool(once) != bool(weekly)
    assert all(0 <= first < last <= 1440 for _, first, last in weekly)

    def closed(at: datetime) -> bool:
        local = at.astimezone(pytz.timezone(zone))
        now, weekday = local.hour * 60 + local.minute, WEEKDAYS[local.weekday()].upper()
        return any(first <= at < last for first, last in once) or any(
            weekday in days and first <= now < last for days, first, last in weekly
        )

    clocks = {clock for _, *pair in weekly for clock in pair}
    return Reading(closed, (*(edge for pair in once for edge in pair), *wall_edges(start, end, clocks, {zone})))


def prometheus(text: str, region: str, start: datetime, end: datetime) -> Reading:
    """The sum of products of comparisons that the rule is, and the comparison that leaves it without a sample."""
    (group,) = yaml.safe_load(text)["groups"]
    (rule,) = [rule for rule in group["rules"] if rule["labels"]["region"] == region]
    assert rule["record"] == "wedgate:closed"
    windows = [
        tuple(datetime.fromtimestamp(int(number), UTC) for number in pair)
        for pair in re.findall(r"\+ \(time\(\) >= bool (\d+)\) \* \(time\(\) < bool (\d+)\)", rule["expr"])
    ]
    first, last = (
        datetime.fromtimestamp(int(number), UTC)
        for number in re.search(r"and on\(\) \(vector\(time\(\)\) >= (\d+) < (\d+)\)", rule["expr"]).groups()
    )

    def closed(at: datetime) -> bool | None:
        value = sum(since <= at < until for since, until in windows)
        assert value in (0, 1)
        return bool(value) if first <= at < last else None

    return Reading(closed, (first, last, *(edge for pair in windows for edge in pair)))


def aws_change_calendar(text: str, region: str, start: datetime, end: datetime) -> Reading:
    """A calendar that is open by default is closed during its events; read by icalendar and by vobject."""
    import icalendar
    import vobject

    calendar = icalendar.Calendar.from_ical(text)
    assert calendar["X-CALENDAR-TYPE"] == "DEFAULT_OPEN"
    events = [(event.decoded("DTSTART"), event.decoded("DTEND")) for event in calendar.walk("VEVENT")]
    second = [(event.dtstart.value, event.dtend.value) for event in getattr(vobject.readOne(text), "vevent_list", ())]
    assert events == second
    assert len({event["UID"] for event in calendar.walk("VEVENT")}) == len(events)
    return Reading(
        lambda at: any(first <= at < last for first, last in events), tuple(edge for pair in events for edge in pair)
    )
