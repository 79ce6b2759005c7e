"""`wedgate calendar`: a month, a year or any span of the calendars, to look at or for other programs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.options import span_options, terminal_style
from wedgate.errors import ExitCode, UsageError
from wedgate.render.text import Style

if TYPE_CHECKING:
    from wedgate.calendars.book import Book
    from wedgate.calendars.values import Span

PAGES = ("text", "json", "html", "svg", "ics")
FOREIGN = (
    *("argo-cd", "alertmanager", "keda", "gitlab", "aws-change-calendar", "google-cloud-deploy"),
    *("prometheus", "github-cron"),
)
"""Other tools' files: ``wedgate.formats.FORMATS``, which is imported only where one of them is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """From when to when: a date is included, in the local time of every market; an instant bounds half-open."""

    start: date | datetime
    end: date | datetime


@click.command("calendar")
@click.option("--month", metavar="YYYY-MM", help="This month, in the local time of each market.")
@click.option("--year", metavar="YYYY", help="This year, in the local time of each market.")
@span_options("From this local date, or from this instant (with its offset), on.")
@click.option("--region", "regions", multiple=True, help="Show this region alone; may be repeated.")
@click.option("--format", "form", type=click.Choice((*PAGES, *FOREIGN)), default="text", help="Text by default.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration, instead of wedgate.yml here.")
@click.option("--output", type=click.Path(path_type=Path), help="Write this file, whole or not at all.")
def command(
    month: str | None,
    year: str | None,
    start: date | datetime | None,
    end: date | datetime | None,
    regions: tuple[str, ...],
    form: str,
    config: Path | None,
    output: Path | None,
) -> ExitCode:
    """See when regions are closed, careful and open: this month, or the time you name.

    Exits with 0 when there is something to see, whatever it says, with 2 when the command or the configuration cannot
    be used, and with 20 when the forge did not answer. On a runner the configuration is read from the default branch.

    \b
    Examples:
      wedgate calendar
      wedgate calendar --year 2027 --region eu-central
      wedgate calendar --from 2027-06-04 --to 2027-06-07
      wedgate calendar --year 2027 --format json --output calendar.json
      wedgate calendar --year 2027 --format ics --output calendar.ics
    """
    from wedgate import __version__
    from wedgate.cli.reading import read_configuration
    from wedgate.cli.wiring import almanac_for, utc_now
    from wedgate.engine.calendar import make_book, make_whole_book

    asked = asked_bounds(month, year, start, end)
    configuration = read_configuration(config, trust_clock=asked is not None)
    if configuration is None:
        return ExitCode.DONE
    bounds = asked or month_bounds(f"{utc_now():%Y-%m}")
    bounds = in_utc(bounds) if form == "svg" else bounds
    almanac = almanac_for(config)
    book = make_book(configuration, regions, bounds.start, bounds.end, almanac=almanac, wedgate_version=__version__)
    if form == "ics":
        text = _subscribed(make_whole_book(book, configuration, almanac=almanac), book.span, output)
    else:
        text = rendered(book, form, terminal_style() if output is None else Style())
    if output is None:
        click.echo(text, nl=not text.endswith("\n"), color=True)
    else:
        from wedgate.cli.files import write_whole

        write_whole(output, text if text.endswith("\n") else f"{text}\n")
    return ExitCode.DONE


def rendered(book: Book, form: str, style: Style) -> str:
    """Return a book in one of ``PAGES`` but ics, or of ``FOREIGN``; the style is for text."""
    if form == "json":
        from wedgate.render.calendar_json import render_calendar_json

        return render_calendar_json(book)
    if form == "html":
        from wedgate.render.calendar_html import render_calendar_html

        return render_calendar_html(book)
    if form == "svg":
        from wedgate.render.calendar_svg import render_calendar_svg

        return render_calendar_svg(book)
    if form in FOREIGN:
        from wedgate.formats import write

        return write(form, book)
    from wedgate.render.calendar_text import render_calendar_text

    return render_calendar_text(book, style)


def _subscribed(whole: Book, shown: Span, output: Path | None) -> str:
    """Return a book as iCalendar text; a file that is written anew is the last state of what its readers know."""
    from wedgate.cli.files import read_text
    from wedgate.cli.wiring import utc_now
    from wedgate.render.calendar_ics import render_calendar_ics
    from wedgate.render.calendar_revisions import parse_published

    published = None
    if output is not None and output.is_file() and output.stat().st_size:
        published = parse_published(read_text(output), str(output))
    return render_calendar_ics(whole, shown=shown, published=published, now=utc_now())


def asked_bounds(
    month: str | None, year: str | None, start: date | datetime | None, end: date | datetime | None
) -> Bounds | None:
    """Return the bounds that were asked for, ``None`` for none; ``UsageError`` for two ways, or half of one."""
    given = [
        name
        for name, value in (("--month", month), ("--year", year), ("--from and --to", start or end))
        if value is not None
    ]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} say two times; give one of them")
    if month is not None:
        return month_bounds(month)
    if year is not None:
        if re.fullmatch(r"\d{4}", year, re.ASCII) is None or year == "0000":
            raise UsageError(f"--year: {ascii(year)[:60]} is not a year; write one such as 2027")
        return Bounds(start=date(int(year), 1, 1), end=date(int(year), 12, 31))
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise UsageError("--from and --to belong together; give both, such as --from 2027-06-01 --to 2027-06-30")
    return Bounds(start=start, end=end)


def in_utc(bounds: Bounds) -> Bounds:
    """Return bounds whose dates are those of UTC, for a picture that shows UTC: local dates would reach beyond it."""

    def midnight(bound: date | datetime, days: int) -> date | datetime:
        if isinstance(bound, datetime):
            return bound
        return datetime.combine(bound, time(0), UTC) + timedelta(days=days)

    return Bounds(start=midnight(bounds.start, 0), end=midnight(bounds.end, 1))


def month_bounds(text: str) -> Bounds:
    """Return the first and the last date of a month such as ``2027-06``."""
    from calendar import monthrange

    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text, re.ASCII) is None or text.startswith("0000"):
        raise UsageError(f"--month: {ascii(text)[:60]} is not a month; write one such as 2027-06")
    year, month = map(int, text.split("-"))
    return Bounds(start=date(year, month, 1), end=date(year, month, monthrange(year, month)[1]))
