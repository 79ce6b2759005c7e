"""A calendar as one HTML page: each region in its markets' own dates, and all of them against UTC.

Every date says in its title what it holds, so that the page tells everything without its script; the script moves that
into a panel and lets the arrow keys walk over the dates. ``calendar_grid`` and ``calendar_weeks`` draw the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from itertools import groupby

from wedgate.calendars.book import Book, RegionPages
from wedgate.calendars.rule_words import rule_words
from wedgate.calendars.values import Rule, Verdict
from wedgate.render.calendar_days import shown_dates
from wedgate.render.calendar_grid import LEVELS, Shapes, year_table
from wedgate.render.calendar_weeks import render_weeks, summary
from wedgate.render.calendar_words import load_words, span_words, utc_range
from wedgate.render.page import read_part, render_page


def render_calendar_html(book: Book) -> str:
    """Render a book as one page that needs no network: hover or arrow keys give the rules and times of each date."""
    shapes = Shapes()
    dates = shown_dates(book)
    title = f"{book.title}: when it may be deployed, {_years(dates)}"
    sections = [
        *(_region(number, region, dates, shapes) for number, region in enumerate(book.regions)),
        _together(book),
    ]
    body = "\n".join(
        (
            '<a class="skip" href="#content">Skip to the calendars</a>',
            f'<header class="top">{_head(title, book)}</header>',
            f'<main id="content">\n{_legend()}\n'
            + "\n".join(sections)
            + f"\n{_rules(book.rules)}\n{_made(book)}\n</main>",
            '<aside id="detail" aria-label="The date that is pointed at" aria-live="polite" aria-atomic="true" '
            'tabindex="0"></aside>',
        )
    )
    style = read_part("page.css") + read_part("calendar.css") + shapes.style() + "\n"
    return render_page(title, body, style=style, script=read_part("calendar.js"))


def _years(dates: Sequence[date]) -> str:
    first, last = dates[0].year, dates[-1].year
    return f"{first}" if first == last else f"{first} to {last}"


def _head(title: str, book: Book) -> str:
    links = [(f"region-{number}", region.name) for number, region in enumerate(book.regions)]
    links += [("together", "All regions together"), ("rules", "Rules"), ("made", "Made from")]
    items = "".join(f'<li><a href="#{ident}">{escape(text)}</a></li>' for ident, text in links)
    return (
        f"<h1>{escape(title)}</h1>\n<p>{escape(summary(book))}</p>\n"
        f'<nav aria-label="On this page"><ul>{items}</ul></nav>'
    )


def _made(book: Book) -> str:
    made = book.versions
    facts = (
        ("Service", book.title),
        ("Span", span_words(book)),
        ("Zones, holidays", f"zones {made.zone_data}, holidays {made.holidays}"),
        ("Made by", f"wedgate {made.wedgate}"),
        ("Configuration", made.config_digest),
    )
    rows = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<section aria-labelledby="made"><h2 id="made">Made from</h2>\n<dl class="bill">{rows}</dl></section>'


def _legend() -> str:
    verdicts = (
        ("open", "open"),
        ("caution", "caution: lines across"),
        ("closed", "closed: hatched, white number"),
        ("part", "closed for a part of the date, to scale"),
    )
    loads = [(f"load{level}", words) for level, (_, words) in enumerate(LEVELS)]
    loads.append((f"load{len(LEVELS)}", f"{LEVELS[-1][1].rpartition(' ')[2]} and more"))
    entries = [_key(kind, words) for kind, words in verdicts]
    heat = [_key(kind, f"load {words}") for kind, words in loads]
    keys = (
        '<p class="keys">Point at a date, or reach the table with <kbd>Tab</kbd> and walk with the arrow keys, '
        "<kbd>Home</kbd>, <kbd>End</kbd>, <kbd>Page Up</kbd> and <kbd>Page Down</kbd> (a month). <kbd>Esc</kbd> "
        "empties the panel.</p>"
    )
    return (
        '<section aria-labelledby="legend"><h2 id="legend">How to read it</h2>\n'
        "<p>A cell is one date in the market's own zone, from its first instant to the next date's. The bar at its "
        "foot is the expected load, as a multiple of the usual: the higher the bar, the higher the load.</p>\n"
        f'<ul class="legend">{"".join(entries)}</ul>\n<ul class="legend">{"".join(heat)}</ul>\n{keys}</section>'
    )


def _key(kind: str, words: str) -> str:
    return f'<li><span class="key key-{kind}" aria-hidden="true"></span> {escape(words)}</li>'


def _together(book: Book) -> str:
    lanes = ", ".join(region.name for region in book.regions)
    key = (
        _key("closed", "closed: the whole lane"),
        _key("caution", "caution: its lower half"),
        _key("together", "all regions open"),
    )
    return (
        '<section class="together" aria-labelledby="together"><h2 id="together">All regions together, in UTC</h2>\n'
        f"<p>The thin lanes of a week are, from the top, {escape(lanes)}; the thick "
        "one below shows when all of them are open.</p>\n"
        f'<ul class="legend">{"".join(key)}</ul>\n{render_weeks(book)}</section>'
    )


def _region(number: int, region: RegionPages, dates: Sequence[date], shapes: Shapes) -> str:
    tables = "".join(
        year_table(region, list(year), shapes) for _, year in groupby(dates, key=lambda day: day.year) if region.markets
    )
    head = f'<h2 id="region-{number}">{escape(region.name)}</h2>'
    return f'<section class="region" aria-labelledby="region-{number}">{head}\n{tables}{_stretches(region)}</section>\n'


def _stretches(region: RegionPages) -> str:
    """List every stretch in which the region is not plainly open: the same as text, to read or to copy."""
    rows = [
        (
            str(each.verdict),
            f"{utc_range(each)} {each.start.year}",
            load_words(each.load),
            ", ".join(each.rules),
        )
        for each in region.intervals
        if each.verdict is not Verdict.OPEN
    ]
    label = f"{region.name}: every stretch of caution or closed, in UTC"
    table = _table(label, ("verdict", "when", "load", "rules"), rows)
    return f"<details><summary>{escape(label)}</summary>{table}</details>"


def _rules(rules: Sequence[Rule]) -> str:
    rows = [
        (
            rule.id,
            ", ".join(map(str, rule.where)),
            rule_words(rule),
            str(rule.effect or ""),
            "" if rule.load is None else load_words(rule.load),
            rule.reason or "",
        )
        for rule in rules
    ]
    heads = ("rule", "where", "when", "effect", "load", "reason")
    return (
        '<section aria-labelledby="rules"><h2 id="rules">Rules</h2>\n'
        f"{_table('The rules of these regions', heads, rows)}</section>"
    )


def _table(label: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    return (
        f'<div class="scroll" role="region" aria-label="{escape(label)}, table" tabindex="0"><table class="rules">'
        f"<caption>{escape(label)}</caption><thead><tr>{head}</tr></thead>\n<tbody>{lines}</tbody></table></div>"
    )
