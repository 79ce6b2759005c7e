"""An outlook as JSON: the record of ``resources/outlook.schema.json``. Lengths are seconds, instants UTC."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from wedgate.calendars.hours import Gap, OpenHours, RuleCost, Shares
from wedgate.calendars.values import Span
from wedgate.render.json import instant, seconds
from wedgate.render.plan import plain_plan
from wedgate.rollout.outlook import Outlook, Reach, Releases
from wedgate.rollout.planner import Misfit
from wedgate.rollout.replicas import ReplicaHours

SCHEMA_VERSION = 1
SCHEMA_PATH = Path(__file__).parent / "resources" / "outlook.schema.json"


def render_outlook_json(outlook: Outlook) -> str:
    """Return the record as JSON text, without a line end after the last line."""
    return json.dumps(plain_outlook(outlook), indent=2)


def plain_outlook(outlook: Outlook) -> dict[str, Any]:
    """Return the record as plain data."""
    versions = outlook.versions
    return {
        "schema_version": SCHEMA_VERSION,
        "service": outlook.service,
        "span": _span(outlook.span),
        "waves": [list(wave) for wave in outlook.waves],
        "deploy_seconds": seconds(outlook.deploy),
        "hours": [_hours(each) for each in outlook.hours],
        "releases": _releases(outlook.releases),
        "urgent_fix": _reach(outlook.reach),
        "rules": [_cost(each) for each in outlook.costs],
        "replicas": {
            "both_colours_until": "last-promotion" if outlook.until_all else "promotion",
            "keep_old_seconds": seconds(outlook.fleet.keep_old),
            "regions": [_replicas(each) for each in outlook.replicas],
        },
        "not_known": [_gap(each) for each in outlook.gaps],
        "left_out": list(outlook.left_out),
        "versions": {
            "config_digest": versions.config_digest,
            "zone_data": versions.zone_data,
            "holidays": versions.holidays,
            "wedgate": versions.wedgate,
        },
    }


def _hours(hours: OpenHours) -> dict[str, Any]:
    return {
        "region": hours.region,
        **_shares(hours.whole),
        "longest": None if hours.longest is None else _span(hours.longest),
        "months": [_dated_shares(each) for each in hours.months],
        "weeks": [_dated_shares(each) for each in hours.weeks],
    }


def _shares(shares: Shares) -> dict[str, Any]:
    return {
        "open_seconds": seconds(shares.open),
        "caution_seconds": seconds(shares.caution),
        "closed_seconds": seconds(shares.closed),
    }


def _dated_shares(shares: Shares) -> dict[str, Any]:
    return {**_span(shares.span), **_shares(shares)}


def _releases(releases: Releases) -> dict[str, Any]:
    return {
        "wanted": str(releases.demand),
        "asked": releases.asked,
        "done": releases.done,
        "at_most": releases.at_most,
        **_quantiles(releases.median, releases.p95, releases.worst),
        "most_waiting": releases.most_waiting,
        "most_waiting_at": None if releases.most_waiting_at is None else instant(releases.most_waiting_at),
        "weeks": [{**_span(each.span), "asked": each.asked, "done": each.done} for each in releases.weeks],
        "misfit": _misfit(releases.misfit),
    }


def _quantiles(median: timedelta | None, p95: timedelta | None, worst: timedelta | None) -> dict[str, Any]:
    return {"median_seconds": seconds(median), "p95_seconds": seconds(p95), "worst_seconds": seconds(worst)}


def _reach(reach: Reach) -> dict[str, Any]:
    return {
        "every_seconds": seconds(reach.grid),
        "samples": reach.samples,
        "never": reach.never,
        "best_seconds": seconds(reach.best),
        **_quantiles(reach.median, reach.p95, reach.worst),
        "worst_plan": plain_plan(reach.worst_plan),
        "within": [{"seconds": seconds(limit), "share": round(share, 6)} for limit, share in reach.within],
        "weeks": [
            {**_span(each.span), "median_seconds": seconds(each.median), "worst_seconds": seconds(each.worst)}
            for each in reach.weeks
        ],
        "median_by_weekday_and_hour_seconds": _by_hour(reach.by_hour),
    }


def _by_hour(table: Sequence[Sequence[timedelta | None]]) -> list[list[int | None]]:
    return [[seconds(each) for each in row] for row in table]


def _cost(cost: RuleCost) -> dict[str, Any]:
    return {
        "id": cost.rule.id,
        "regions": list(cost.regions),
        "closes_seconds": seconds(cost.closed),
        "alone_seconds": seconds(cost.alone),
        "would_open_seconds": seconds(cost.opens),
        "would_open_together_seconds": seconds(cost.opens_together),
    }


def _replicas(each: ReplicaHours) -> dict[str, Any]:
    return {
        "region": each.region,
        "usual": each.base,
        "peak": _number(each.peak),
        "highest_load": _number(each.highest_load),
        "by_calendar_hours": _number(each.by_calendar),
        "by_calendar_rollout_hours": _number(each.by_calendar_rollouts),
        "static_hours": _number(each.static),
        "static_rollout_hours": _number(each.static_rollouts),
        "both_colours_seconds": seconds(each.both_colours),
        "short_seconds": seconds(each.short),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "rule": gap.rule.id,
        "sources": list(gap.sources),
        "closes_seconds": seconds(gap.closed),
        "cautions_seconds": seconds(gap.caution),
    }


def _misfit(misfit: Misfit | None) -> dict[str, Any] | None:
    if misfit is None:
        return None
    return {
        "region": misfit.region,
        "needs_seconds": seconds(misfit.needs),
        "longest_seconds": seconds(misfit.longest),
        "too_long_by_seconds": seconds(misfit.too_long_by),
        "deploy_seconds": seconds(misfit.deploy),
    }


def _span(span: Span) -> dict[str, str]:
    return {"start": instant(span.start), "end": instant(span.end)}


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else round(float(value), 3)
