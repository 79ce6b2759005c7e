"""Plans as text with a picture, as Markdown with a Gantt chart, as SVG and as data."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from math import ceil
from pathlib import Path
from textwrap import wrap

from wedgate.rollout.guards import spell_duration
from wedgate.rollout.planner import Dated, Misfit, PlannedRegion

SCHEMA_PATH = Path(__file__).parent / "resources" / "plan.schema.json"

Local = Callable[[str, datetime], str]
"""Spells an instant in a region's own time."""

SHADES = ((0, "="), (10, "\u2591"), (50, "\u2592"), (99, "\u2593"), (100, "\u2588"))
"""The character for a weight up to so many percent; deploying is ``=``."""
WAITS, NOTHING = "\u00b7", " "


def render_text(dated: Dated, local: Local, *, width: int = 80) -> str:
    """Render a plan as a table in local times, and a picture of the same width."""
    lines = [f"{'region':<14} {'strategy':<10} {'begins':<21} {'promoted':<21} runway"]
    for region in dated.regions:
        runway = "-" if region.runway is None else spell_duration(region.runway)
        begins, ends = local(region.region, region.start), local(region.region, region.end)
        lines.append(f"{region.region:<14} {region.strategy:<10} {begins:<21} {ends:<21} {runway}")
    lines += [
        line
        for each in _misfit_lines(dated)
        for line in wrap(each, width, subsequent_indent=" " * 15, break_on_hyphens=False)
    ]
    if dated.regions:
        lines += ["", *_picture(dated, width), ""]
        if dated.misfit is None:
            waiting = f", {spell_duration(dated.waited)} of it waiting" if dated.waited else ", and nothing waits"
            lines.append(f"done in {spell_duration(dated.end - dated.start)}{waiting}")
    return "\n".join(lines)


def _misfit_lines(dated: Dated) -> list[str]:
    misfit = dated.misfit
    if misfit is None:
        return []
    needs = f"it needs {spell_duration(misfit.needs)} in one piece, {shorten_words(misfit)}"
    return [f"{misfit.region:<14} fits nowhere in the next sixty days: {needs}"]


def shorten_words(misfit: Misfit) -> str:
    """Say what there is for a way that fits nowhere, and what to shorten by how much."""
    if not misfit.longest:
        return "and there is no window at all; look at its rules (`wedgate next`)"
    what = "its bakes and the reserve"
    if misfit.is_up_to_deploy:
        both = f", and {what}, together" if misfit.is_up_to_bakes else ""
        what = f"the deploy, which alone takes {spell_duration(misfit.deploy)} (--deploy){both or ','}"
    window, by = spell_duration(misfit.longest), spell_duration(misfit.too_long_by)
    return f"and the nearest window is {window}; shorten {what} by {by}"


def _picture(dated: Dated, width: int) -> list[str]:
    """Draw one line for each region, from the start to the end of the plan."""
    columns = max(width - 17, 20)
    column = (dated.end - dated.start) / columns or timedelta(seconds=1)
    lines = []
    for region in dated.regions:
        cells = _cells(_parts(region), dated.start, column, columns)
        lines.append(f"{region.region:<14} |{cells}|")
    key = f"{WAITS} waits for its calendar  = deploys  \u2591 to 10 %  \u2592 to 50 %  \u2593 more  \u2588 all"
    return [*lines, *wrap(key, width)]


Part = tuple[str, datetime, datetime]
"""A character, and from when until when it is drawn."""


def _parts(region: PlannedRegion) -> list[Part]:
    """Return what a region's line consists of, one after the other; what looks the same is one."""
    begun = min((step.start for step in region.steps), default=region.end)
    found = [(WAITS, region.start - region.waited, region.start), (SHADES[0][1], region.start, begun)]
    found += [
        (next(shade for most, shade in SHADES if step.weight <= most), step.start, step.end) for step in region.steps
    ]
    parts: list[Part] = []
    for shade, start, end in found:
        if start == end:
            continue
        if parts and parts[-1][0] == shade:
            start = parts.pop()[1]
        parts.append((shade, start, end))
    return parts


def _cells(parts: Sequence[Part], origin: datetime, column: timedelta, columns: int) -> str:
    """Draw parts side by side: what is shorter than a column has one all the same, beside what it follows."""
    begins: list[int] = []
    ends: list[int] = []
    for _, start, end in parts:
        begins.append(max(ceil((start - origin) / column - 0.5), ends[-1] if ends else 0))
        ends.append(max(ceil((end - origin) / column - 0.5), begins[-1] + 1))
    room = columns
    for place in reversed(range(len(parts))):
        ends[place] = min(ends[place], room)
        room = begins[place] = min(begins[place], ends[place] - 1)
    line = [NOTHING] * columns
    for place, (shade, _, _) in enumerate(parts):
        for cell in range(begins[place], ends[place]):
            line[cell] = shade
    return "".join(line)


def render_markdown(dated: Dated, local: Local) -> str:
    """Render a plan for a pull request: a table, and a chart that GitHub draws."""
    lines = ["| region | strategy | begins | promoted | runway left |", "|---|---|---|---|---|"]
    for region in dated.regions:
        runway = "-" if region.runway is None else spell_duration(region.runway)
        begins, ends = local(region.region, region.start), local(region.region, region.end)
        lines.append(f"| {region.region} | {region.strategy} | {begins} | {ends} | {runway} |")
    lines += ["", *_misfit_lines(dated)]
    lines += ["```mermaid", "gantt", "  dateFormat YYYY-MM-DDTHH:mm", "  axisFormat %a %H:%M"]
    for region in dated.regions:
        lines.append(f"  section {region.region}")
        if region.waited:
            lines.append(f"  waits :done, {_minute(region.start - region.waited)}, {_minute(region.start)}")
        for step in region.steps:
            if step.end > step.start:
                lines.append(f"  {step.weight} % :active, {_minute(step.start)}, {_minute(step.end)}")
        lines.append(f"  promoted :milestone, {_minute(region.end)}, 0m")
    return "\n".join([*lines, "```"])


_STYLE = (
    "svg{--ink:#1d2433;--quiet:#56607a;--line:#d5dae6;--paper:#fff;--bar:#0b5394}"
    "@media(prefers-color-scheme:dark){svg{--ink:#e7ebf5;--quiet:#a3adc4;--line:#343c50;--paper:#141821;--bar:#7fb2e5}}"
    "text{fill:var(--ink)}.quiet{fill:var(--quiet)}.paper{fill:var(--paper)}.bar{fill:var(--bar)}"
    ".edge{stroke:var(--quiet);stroke-width:.5}.end{stroke:var(--ink);stroke-width:2}.line{stroke:var(--line)}"
)
_TICKS = tuple(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12, 24, 48, 168, 336))
_MOST_TICKS = 6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def render_svg(dated: Dated, local: Local, dangers: Sequence[str] = ()) -> str:
    """Draw a plan: one row for each region, darker for more traffic, hatched where it waits for its calendar.

    ``dangers`` are sentences that stand below.
    """
    row, left, width = 34, 130, 760
    foot = row * len(dated.regions) + 30
    height = foot + 56 + 18 * len(dangers)
    whole = max(dated.end - dated.start, timedelta(minutes=1))

    def x(at: datetime) -> float:
        return left + (width - left - 10) * ((at - dated.start) / whole)

    title = f"plan, {dated.start:%Y-%m-%d %H:%M} to {dated.end:%Y-%m-%d %H:%M} UTC"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="plan of a rollout">',
        f"<style>{_STYLE}</style>"
        '<defs><pattern id="waits" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="2" height="6" fill="#888"/></pattern></defs>'
        f'<rect class="paper" width="{width}" height="{height}"/>'
        f'<text x="4" y="16" font-weight="bold">{title}</text>',
    ]
    for at in _ticks(dated.start, dated.end):
        parts.append(f'<path class="line" d="M{x(at):.1f} 24 V{foot}"/>')
        anchor = "middle" if x(at) < width - 40 else "end"
        parts.append(f'<text class="quiet" x="{x(at):.1f}" y="{foot + 14}" text-anchor="{anchor}">{at:%a %H:%M}</text>')
    for place, region in enumerate(dated.regions):
        y = place * row + 28
        parts.append(f'<text x="4" y="{y + 17}">{escape(region.region)}</text>')
        bars = [(region.start - region.waited, region.start, 'fill="url(#waits)"', "waits for its calendar")]
        bars += [
            (step.start, max(step.end, step.start), _shade(step.weight), f"{step.weight} %") for step in region.steps
        ]
        for start, end, fill, what in bars:
            if end > start:
                told = f"{what}: {local(region.region, start)} to {local(region.region, end)}"
                parts.append(_bar(x(start), y, max(x(end) - x(start), 1), fill, told))
        promoted = f"promoted: {local(region.region, region.end)}"
        parts.append(f'<path class="end" d="M{x(region.end):.1f} {y} v24"><title>{escape(promoted)}</title></path>')
    parts += _legend(left, foot + 30)
    for place, danger in enumerate(dangers):
        parts.append(f'<text x="4" y="{foot + 64 + 18 * place}" font-weight="bold">{escape(danger)}</text>')
    return "".join([*parts, "</svg>"])


def _ticks(start: datetime, end: datetime) -> list[datetime]:
    """Return round hours or midnights in UTC between two instants, no more than fit beside one another."""
    every = next((each for each in _TICKS if (end - start) / each <= _MOST_TICKS), _TICKS[-1])
    first = _EPOCH + -(-(start - _EPOCH) // every) * every
    return [first + number * every for number in range(int((end - first) / every) + 1)] if first <= end else []


def _shade(weight: int) -> str:
    return f'class="bar" fill-opacity="{round(0.2 + 0.8 * weight / 100, 2)}"'


def _bar(x: float, y: float, width: float, fill: str, told: str) -> str:
    """Return a bar; ``told`` is what a pointer over it shows."""
    edge = f'<rect class="edge" fill="none" x="{x:.1f}" y="{y}" width="{width:.1f}" height="24"/>'
    bar = f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="24" {fill}><title>{escape(told)}</title></rect>'
    return edge + bar


def _legend(x: float, y: float) -> list[str]:
    """Return what the shades mean, in a row."""
    parts = []
    for fill, what, room in (
        ('fill="url(#waits)"', "waits for its calendar", 168),
        (_shade(10), "10 %", 70),
        (_shade(50), "50 %", 70),
        (_shade(100), "all", 58),
    ):
        parts.append(f'<rect class="edge" x="{x}" y="{y}" width="18" height="12" fill="none"/>')
        parts.append(
            f'<rect x="{x}" y="{y}" width="18" height="12" {fill}/><text x="{x + 24}" y="{y + 11}">{what}</text>'
        )
        x += room
    parts.append(f'<path class="end" d="M{x + 4} {y} v12"/><text x="{x + 12}" y="{y + 11}">promoted</text>')
    return [*parts, f'<text class="quiet" x="{x + 90}" y="{y + 11}">times in UTC</text>']


def plain_plan(dated: Dated) -> dict[str, object]:
    """Return a plan as data."""
    misfit = dated.misfit
    return {
        "start": _second(dated.start),
        "end": _second(dated.end),
        "waited_seconds": dated.waited.total_seconds(),
        "waves": [list(wave) for wave in dated.waves],
        "regions": [_plain_region(region) for region in dated.regions],
        "misfit": None
        if misfit is None
        else {
            "region": misfit.region,
            "needs_seconds": misfit.needs.total_seconds(),
            "longest_seconds": misfit.longest.total_seconds(),
            "too_long_by_seconds": misfit.too_long_by.total_seconds(),
            "deploy_seconds": misfit.deploy.total_seconds(),
        },
    }


def _plain_region(region: PlannedRegion) -> dict[str, object]:
    return {
        "region": region.region,
        "wave": region.wave + 1,
        "strategy": region.strategy,
        "start": _second(region.start),
        "steps": [
            {"weight_percent": step.weight, "start": _second(step.start), "end": _second(step.end)}
            for step in region.steps
        ],
        "end": _second(region.end),
        "closes": None if region.closes is None else _second(region.closes),
        "runway_seconds": None if region.runway is None else region.runway.total_seconds(),
        "waited_seconds": region.waited.total_seconds(),
    }


def render_json(plain: object) -> str:
    """Render data as JSON text."""
    return json.dumps(plain, indent=2)


def order_words(waves: Sequence[Sequence[str]]) -> str:
    """Spell an order of waves: ``us-west, then eu-central and us-east``."""
    return ", then ".join(" and ".join(wave) for wave in waves)


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


def _second(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
