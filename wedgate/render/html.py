"""A story as one HTML page that needs nothing else: no network, no script, light and dark, from 320 pixels on.

Every picture is followed by its numbers as a table, for those who cannot see it and those who want to copy it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape

from wedgate.calendars.values import Verdict
from wedgate.render.page import read_part, render_page
from wedgate.render.page_parts import render_axis, render_figure, render_legend, render_section, render_table
from wedgate.render.svg import (
    latency_ceiling,
    latency_strip,
    map_strip,
    pattern_definitions,
    shares_strip,
    swatch,
)
from wedgate.render.timeline import CalendarMap, Role, Story


def render_html(story: Story) -> str:
    """Render the whole page."""
    body = "\n".join((_head(story), _bill(story), _shares(story), _latencies(story), _calendar(story), _moments(story)))
    return render_page(
        story.title,
        f"{pattern_definitions()}\n<main>\n{body}\n</main>",
        style=read_part("page.css") + read_part("strips.css") + read_part("report.css"),
    )


def _head(story: Story) -> str:
    return f'<header><h1>{escape(story.title)}</h1>\n<p class="note">{escape(story.note)}</p></header>'


def _bill(story: Story) -> str:
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in story.bill)
    return render_section("bill", "The bill", f'<dl class="bill">{rows}</dl>')


def _shares(story: Story) -> str:
    legend = render_legend(
        (swatch(each.role), f"{each.name}{f', {each.text}' if each.text else ''}") for each in story.releases
    )
    bad = [release.name for release in story.releases if release.role is Role.BAD]
    if bad:
        legend += (
            f"<p>While {escape(' or '.join(bad))} had traffic is tinted; the red line is where it was taken back.</p>\n"
        )
    strips = "".join(render_figure(region, shares_strip(story, region)) for region in story.regions)
    names = [release.name for release in story.releases]
    rows = [
        [_second(story, change.at), change.region, *(f"{change.percent.get(name, 0)} %" for name in names)]
        for change in sorted(story.shares, key=lambda each: each.at)
    ]
    table = render_table("Every change of weights", ["second", "region", *names], rows)
    return render_section("shares", "Which release served", legend + strips + _seconds(story.span.duration) + table)


def _latencies(story: Story) -> str:
    legend = render_legend((swatch(each.role), each.name) for each in story.releases)
    ceiling = latency_ceiling(story)
    strips = "".join(
        render_figure(region, latency_strip(story, region), scale=(f"{ceiling:g} ms", "1 ms"))
        for region in story.regions
    )
    rows = []
    for region in story.regions:
        for release in story.releases:
            points = [each for each in story.latencies if (each.region, each.release) == (region, release.name)]
            if points:
                values = sorted(each.p95_ms for each in points)
                requests = sum(each.requests for each in points)
                middle = values[len(values) // 2]
                rows.append([region, release.name, f"{requests}", f"{middle:.1f} ms", f"{values[-1]:.1f} ms"])
    table = render_table(
        "Latency of each release",
        ["region", "release", "requests", "p95 of the middle second", "p95 of the worst"],
        rows,
    )
    text = "<p>The slowest one request in twenty, second by second, as the users saw it. The scale is logarithmic.</p>"
    return render_section("latency", "How fast it was", text + legend + strips + _seconds(story.span.duration) + table)


def _calendar(story: Story) -> str:
    calendar = story.calendar
    legend = render_legend((swatch(verdict), verdict.value) for verdict in Verdict)
    strips = "".join(render_figure(region, map_strip(calendar, region)) for region in calendar.rows)
    rows = [
        [region, each.verdict.value, f"{each.span.start:%a %H:%M}Z", f"{each.span.end:%a %H:%M}Z", each.text]
        for region in calendar.rows
        for each in calendar.rows[region]
        if each.verdict is not Verdict.OPEN
    ]
    table = render_table("When and why", ["region", "verdict", "from", "until", "why"], rows)
    text = f"<p>{calendar.span.start:%d %B %Y, %H:%M}Z to {calendar.span.end:%d %B %Y, %H:%M}Z.</p>"
    return render_section("calendar", "Saturday crosses the world", text + legend + strips + _hours(calendar) + table)


def _moments(story: Story) -> str:
    rows = [[_second(story, each.at), each.region or "all", each.text] for each in story.moments]
    return render_section(
        "moments", "What happened", render_table("", ["second", "region", "what"], rows, folded=False)
    )


def _seconds(duration: timedelta) -> str:
    total = duration.total_seconds()
    return render_axis([f"{total * part / 4:.0f} s" for part in range(5)])


def _hours(calendar: CalendarMap) -> str:
    span = calendar.span
    return render_axis([f"{span.start + span.duration * part / 4:%a %H}Z" for part in range(5)])


def _second(story: Story, at: datetime) -> str:
    return f"{(at - story.span.start).total_seconds():.1f}"
