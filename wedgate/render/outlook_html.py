"""An outlook as one HTML page that needs nothing else: no network, no script, light and dark, from 320 pixels on.

Every picture is followed by its numbers as a table. What differs in colour differs in a pattern, or in lightness, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from html import escape

from wedgate.calendars.hours import Shares
from wedgate.render.local import day_words
from wedgate.render.outlook_svg import (
    bar_strip,
    most_reach,
    most_releases,
    reach_strip,
    releases_strip,
    shade,
    shade_bounds,
    way_strip,
    weeks_strip,
)
from wedgate.render.outlook_words import (
    Local,
    assumption_sentences,
    cost_sentences,
    headline,
    hours_number,
    how_long,
    name_of,
    number,
    percent,
    reach_sentences,
    release_sentences,
    replica_row,
    replica_sentences,
    replica_totals,
    together_sentence,
    unknown_sentences,
)
from wedgate.render.page import read_part, render_page
from wedgate.render.page_parts import render_axis, render_figure, render_legend, render_section, render_table
from wedgate.render.svg import pattern_definitions
from wedgate.rollout.outlook import Outlook

SHADES = 6
DRAWN_RULES = 8
"""Rules that have a bar; the table has all of them."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_YEAR = f'<div class="months">{render_axis(_MONTHS)}</div>'


def render_outlook_html(outlook: Outlook, local: Local) -> str:
    """Render the whole page; ``local`` spells an instant in a region's own time."""
    sections = (
        _head(outlook),
        _unknown(outlook),
        _hours(outlook),
        _releases(outlook),
        _reach(outlook, local),
        _costs(outlook),
        _replicas(outlook),
        render_section("counted", "What was counted", _listed(assumption_sentences(outlook))),
        _made(outlook),
    )
    body = "\n".join(part for part in sections if part)
    style = read_part("page.css") + read_part("strips.css") + read_part("outlook.css")
    return render_page(headline(outlook), f"{_patterns()}\n<main>\n{body}\n</main>", style=style)


def _patterns() -> str:
    """Return the patterns of every page, and one for what waits or is counted twice."""
    lines = '<path d="M-2 8l10-10M3 13l10-10" stroke="var(--quiet)" stroke-width="2"/>'
    return pattern_definitions().replace(
        "</defs>", f'<pattern id="lined" width="10" height="10" patternUnits="userSpaceOnUse">{lines}</pattern></defs>'
    )


def _head(outlook: Outlook) -> str:
    reach, releases, hours = outlook.reach, outlook.releases, outlook.hours[-1].whole
    calendar, static = replica_totals(outlook)
    most = outlook.costs[0] if outlook.costs and outlook.costs[0].opens else None
    cost = "no rule by itself" if most is None else f"{most.rule.id}, {hours_number(most.opens)} h"
    facts = (
        ("Open together" if len(outlook.regions) > 1 else "Open", percent(hours.usable, hours.span.duration)),
        ("Releases everywhere, of those asked for", f"{releases.done:,} of {releases.asked:,}"),
        ("At most", f"{releases.at_most:,} releases"),
        ("Urgent fix, median", how_long(reach.median)),
        ("Urgent fix, 95 %", how_long(reach.p95)),
        ("Urgent fix, worst", how_long(reach.worst)),
        ("The rule that costs most", cost),
        ("Replica-hours against a static peak", f"{100 * calendar / static:.0f} %" if static else "none"),
    )
    rows = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<header><h1>{escape(headline(outlook))}</h1>\n<dl class="bill">{rows}</dl></header>'


def _unknown(outlook: Outlook) -> str:
    sentences = unknown_sentences(outlook)
    if not sentences:
        return ""
    text = '<p class="note">Not knowing is never permission: what is not known counts as what the rule could do.</p>'
    return render_section("unknown", "What is not known", text + _listed(sentences))


def _hours(outlook: Outlook) -> str:
    legend = render_legend(
        (_swatch(kind), words)
        for kind, words in (("open", "open"), ("caution", "open with care"), ("closed", "closed"))
    )
    text = f"<p>{escape(together_sentence(outlook))} A column is a week, from Monday 00:00 UTC.</p>"
    strips = "".join(render_figure(name_of(each), weeks_strip(each)) for each in outlook.hours)
    rows = [[name_of(each), *_hours_cells(each.whole)] for each in outlook.hours]
    heads = ("region", "open", "with care", "closed", "usable")
    months = [
        [f"{month.span.start:%b}", *(hours_number(each.months[place].usable) for each in outlook.hours)]
        for place, month in enumerate(outlook.hours[-1].months)
    ]
    return render_section(
        "hours",
        "Open hours",
        text
        + legend
        + strips
        + _YEAR
        + render_table("Hours of the year", heads, rows, folded=False)
        + render_table("Hours open or open with care, by month", ("month", *map(name_of, outlook.hours)), months),
    )


def _hours_cells(shares: Shares) -> tuple[str, ...]:
    cells = (shares.open, shares.caution, shares.closed)
    return (*map(hours_number, cells), percent(shares.usable, shares.span.duration))


def _releases(outlook: Outlook) -> str:
    found = outlook.releases
    legend = render_legend(((_swatch("good"), "everywhere in the week"), (_swatch("asked-key"), "asked for in it")))
    strip = render_figure(f"all regions; the full height is {most_releases(found)}", releases_strip(found))
    rows = [[day_words(week.span.start), f"{week.asked}", f"{week.done}"] for week in found.weeks]
    table = render_table("Releases by week", ("week of", "asked for", "everywhere"), rows)
    return render_section(
        "releases", "Releases that fit", _paragraphs(release_sentences(outlook)) + legend + strip + _YEAR + table
    )


def _reach(outlook: Outlook, local: Local) -> str:
    reach = outlook.reach
    legend = render_legend(((_swatch("middle"), "median of the week"), (_swatch("worst"), "worst of the week")))
    height = how_long(most_reach(reach))
    strip = render_figure(f"until every region has it; the full height is {height}", reach_strip(reach))
    weeks = [[day_words(each.span.start), how_long(each.median), how_long(each.worst)] for each in reach.weeks]
    within = [
        [how_long(limit), percent(timedelta(seconds=share), timedelta(seconds=1))] for limit, share in reach.within
    ]
    return render_section(
        "urgent",
        "How long an urgent fix takes",
        _paragraphs(reach_sentences(outlook))
        + legend
        + strip
        + _YEAR
        + _worst(outlook, local)
        + _by_hour(outlook)
        + "<h3>Everywhere within</h3>\n"
        + render_table("Everywhere within", ("within", "of all starts"), within, folded=False)
        + render_table("By week", ("week of", "median", "worst"), weeks),
    )


def _worst(outlook: Outlook, local: Local) -> str:
    dated = outlook.reach.worst_plan
    if not dated.regions:
        return ""
    title = "The first that leads nowhere" if outlook.reach.never else "The worst"
    legend = render_legend(((_swatch("waits"), "waits for its calendar"), (_swatch("good"), "deploys and bakes")))
    strips = "".join(
        f'<div class="slim">{render_figure(region.region, way_strip(dated, region))}</div>' for region in dated.regions
    )
    rows = [
        [
            region.region,
            how_long(region.waited) if region.waited else "-",
            local(region.region, region.start),
            local(region.region, region.end),
        ]
        for region in dated.regions
    ]
    table = render_table(f"{title}, in local time", ("region", "waits", "begins", "promoted"), rows, folded=False)
    return f"<h3>{title}</h3>\n{legend}{strips}{table}"


def _by_hour(outlook: Outlook) -> str:
    """Return the medians by weekday and hour as a table that is a picture as well: the darker, the longer."""
    table = outlook.reach.by_hour
    known = [each for row in table for each in row if each is not None]
    if not known or len({hour for row in table for hour, each in enumerate(row) if each is not None}) < 12:
        return ""
    longest = max(known)
    heads = "".join(f'<th scope="col">{hour}</th>' for hour in range(24))
    lines = "".join(
        f'<tr><th scope="row">{day}</th>{"".join(_cell(each, longest, outlook) for each in row)}</tr>'
        for day, row in zip(_DAYS, table, strict=True)
    )
    entries = [
        (f'<span class="key s{place}" aria-hidden="true"></span>', words)
        for place, words in enumerate(shade_bounds(longest, SHADES))
    ]
    label = "Median in hours, by weekday and hour of UTC at which it is asked for"
    return (
        f"<h3>When it is asked for</h3>\n{render_legend(entries)}"
        f'<div class="scroll" role="region" aria-label="{label}" tabindex="0"><table class="heat">'
        f"<caption>{label}</caption><thead><tr><td></td>{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _cell(length: timedelta | None, longest: timedelta, outlook: Outlook) -> str:
    if length is None:
        return "<td>never</td>" if outlook.reach.never else "<td></td>"
    return f'<td class="s{shade(length, longest, SHADES)}">{length / timedelta(hours=1):.0f}</td>'


def _costs(outlook: Outlook) -> str:
    legend = render_legend(
        ((_swatch("good"), "would be open if the rule were dropped"), (_swatch("waits"), "closed by others as well"))
    )
    most = max((cost.closed for cost in outlook.costs), default=timedelta(0))
    strips = "".join(
        render_figure(
            f"{cost.rule.id}: {hours_number(cost.opens)} of {hours_number(cost.closed)} h",
            bar_strip(
                (("good", cost.opens / most), ("waits", (cost.closed - cost.opens) / most)),
                title=f"{cost.rule.id}: {hours_number(cost.opens)} h would be open without it",
            ),
        )
        for cost in outlook.costs[:DRAWN_RULES]
    )
    rows = [
        [
            cost.rule.id,
            *map(hours_number, (cost.closed, cost.alone, cost.opens, cost.opens_together)),
            ", ".join(cost.regions),
            cost.rule.reason or "",
        ]
        for cost in outlook.costs
    ]
    heads = ("rule", "closes", "alone", "would open", "of it together", "regions", "reason")
    shown = "" if not outlook.costs else legend + f'<div class="slim">{strips}</div>'
    table = render_table("Hours of the year, regions added up", heads, rows, folded=False) if rows else ""
    return render_section("rules", "Which rule costs most", _paragraphs(cost_sentences(outlook)) + shown + table)


def _replicas(outlook: Outlook) -> str:
    legend = render_legend(
        ((_swatch("good"), "by calendar"), (_swatch("before"), "static peak"), (_swatch("waits"), "second colour"))
    )
    most = max(max(e.static + e.static_rollouts, e.by_calendar + e.by_calendar_rollouts) for e in outlook.replicas)
    strips = []
    for each in outlook.replicas:
        for name, kind, first, second in (
            (f"{each.region}, by calendar", "good", each.by_calendar, each.by_calendar_rollouts),
            (f"{each.region}, static peak", "before", each.static, each.static_rollouts),
        ):
            parts = ((kind, float(first / most)), ("waits", float(second / most)))
            words = f"{name}: {number(first + second)}"
            strips.append(render_figure(words, bar_strip(parts, title=words)))
    rows = [[each.region, *replica_row(each)] for each in outlook.replicas]
    heads = ("region", "usual", "peak", "by calendar", "its second colour", "static peak", "its second colour")
    return render_section(
        "replicas",
        "Replica-hours",
        _paragraphs(replica_sentences(outlook))
        + legend
        + f'<div class="slim">{"".join(strips)}</div>'
        + render_table("Replica-hours of the year", heads, rows, folded=False),
    )


def _made(outlook: Outlook) -> str:
    made = outlook.versions
    facts = (
        ("Zones, holidays", f"zones {made.zone_data}, holidays {made.holidays}"),
        ("Made by", f"wedgate {made.wedgate}"),
        ("Configuration", made.config_digest),
    )
    rows = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return render_section("made", "Made from", f'<dl class="bill made">{rows}</dl>')


def _paragraphs(sentences: Iterable[str]) -> str:
    return "".join(f"<p>{escape(words)}</p>\n" for words in sentences)


def _listed(sentences: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(words)}</li>' for words in sentences)}</ul>\n"


def _swatch(kind: str) -> str:
    return (
        '<svg class="swatch" viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        f'<rect class="{kind}" width="16" height="16"/></svg>'
    )
