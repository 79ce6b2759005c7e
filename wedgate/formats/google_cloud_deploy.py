"""Google Cloud Deploy: a DeployPolicy for each region (Google's page "Restrict deploy behavior using policies").

Its one-time windows have dates, times to the minute and one zone, here UTC; they say nothing after their end. Weekly
windows lie within a day, which ends at 24:00, so that a week is cut at midnight; they are written only where a week is
proven exact. A policy needs a window, so that a region that never closes cannot be written.
"""

from __future__ import annotations

import re

from wedgate.calendars.book import Book, RegionPages
from wedgate.formats.closings import closings_of, in_whole_minutes
from wedgate.formats.heading import after_each, comment
from wedgate.formats.loss import LossError
from wedgate.formats.weekly import WEEKDAYS, Week, week_of, zones_of
from wedgate.formats.yaml_text import yaml_of

HELP = "Google Cloud Deploy policies, one for each region, that restrict rollouts while it is closed"

_NAME = "google-cloud-deploy"
_POLICY = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
"""The names that Cloud Deploy takes for a policy, from its API reference."""


def write(book: Book) -> str:
    """Write every region as the policy ``wedgate-REGION``, for ``gcloud deploy apply``."""
    policies, is_weekly = [], []
    for pages in book.regions:
        closings = in_whole_minutes(_NAME, book, pages)
        if not closings:
            raise LossError(
                _NAME,
                "that nothing is closed, for a policy needs a window",
                region=pages.name,
                remedy=f"delete the policy wedgate-{pages.name}, or export a span with a closing",
            )
        week = week_of(closings_of(pages), book.span, zones_of(pages))
        if week is not None:
            windows: dict[str, object] = {"timeZone": week.zone, "weeklyWindows": _weekly(week)}
        else:
            dated = [
                {"start": f"{each.start:%Y-%m-%d %H:%M}", "end": f"{each.end:%Y-%m-%d %H:%M}"} for each in closings
            ]
            windows = {"timeZone": "UTC", "oneTimeWindows": dated}
        policies.append(yaml_of(_policy(pages, windows)))
        is_weekly.append(week is not None)
    return comment(_NAME, book, after_each(book, is_weekly)) + "---\n".join(policies)


def _policy(pages: RegionPages, windows: dict[str, object]) -> dict[str, object]:
    name = f"wedgate-{pages.name}"
    if not _POLICY.fullmatch(name):
        raise LossError(
            _NAME,
            f'the name "{name}": a policy is named by up to 63 small letters, digits and dashes',
            region=pages.name,
            remedy="rename the region",
        )
    return {
        "apiVersion": "deploy.cloud.google.com/v1",
        "kind": "DeployPolicy",
        "metadata": {"name": name},
        "description": f"Restricts rollouts while wedgate has {pages.name} closed"[:255],
        "selectors": [{"target": {"labels": {"wedgate-region": pages.name}}}],
        "rules": [{"rolloutRestriction": {"id": "closed", "timeWindows": windows}}],
    }


def _weekly(week: Week) -> list[dict[str, object]]:
    groups: dict[tuple[int, int], list[str]] = {}
    for weekday, parts in week.day_parts().items():
        for part in parts:
            groups.setdefault(part, []).append(WEEKDAYS[weekday].upper())
    return [
        {"daysOfWeek": weekdays, "startTime": _clock(start), "endTime": _clock(end)}
        for (start, end), weekdays in groups.items()
    ]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
