"""The calendar in a terminal: every mark is what the local day is like, and no line is wider than the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from wedgate.calendars.book import Book
from wedgate.render.calendar_marks import Shade, clipped, common_days, region_days, shown_dates
from wedgate.render.calendar_text import render_calendar_text
from wedgate.render.text import Style

WORLD = {
    "eu": {"berlin": "Europe/Berlin", "london": "Europe/London"},
    "asia-pacific-and-more": {"kolkata": "Asia/Kolkata", "sydney": "Australia/Sydney"},
}
RULES = """
  saturday: {where: all, weekdays: saturday, effect: block, reason: weddings are today}
  season: {where: eu, months: [may, june], load: 4}
  night: {where: asia-pacific-and-more/kolkata, weekdays: monday, time: 00:00..01:30, effect: block}
"""
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def june(book_of: Callable[..., Book]) -> Book:
    return book_of(WORLD, RULES, "2026-06-01", "2026-06-30")


def row_of(text: str, region: str, day: int) -> str:
    """Return the line of a region's grid that holds a day of the month."""
    block = text[text.index(f"{region}  ") :].splitlines()[2:8]
    return next(line for line in block if re.search(rf"(^|\D){day:>2} \S{{4}}", line))


def test_a_grid_says_what_the_local_day_is_like(june: Book) -> None:
    """Berlin's Saturday of 6 June begins at 23:00 on Friday in London, which ends it at 01:00 on Sunday in Berlin."""
    text = render_calendar_text(june, Style(width=80))
    assert text.startswith("venue-search: June 2026\n")
    assert row_of(text, "eu", 6) == "Jun  1 ░░░░  2 ░░░░  3 ░░░░  4 ░░░░  5 ░░░▓  6 ████  7 ▓░░░  4x"
    # Monday's block until 01:30 in Kolkata is 04:30 to 06:00 (+10:00) in Sydney: the first part of both days.
    assert row_of(text, "asia-pacific-and-more", 6) == "Jun  1 ▓···  2 ····  3 ····  4 ····  5 ···▓  6 ████  7 ▓···"


def test_without_unicode_there_is_a_mark_for_each_shade_too(june: Book) -> None:
    text = render_calendar_text(june, Style(width=80, unicode=False))
    assert text.isascii()
    assert row_of(text, "eu", 6) == "Jun  1 ----  2 ----  3 ----  4 ----  5 ---+  6 ####  7 +---  4x"
    assert ". open  - caution  + closed in part  # closed" in text


def test_colour_changes_no_character(june: Book) -> None:
    """What is told by colour is told by marks as well; without colour there is no escape."""
    plain, painted = (render_calendar_text(june, Style(width=80, colour=colour)) for colour in (False, True))
    assert "\x1b" not in plain
    assert painted != plain
    assert ESCAPE.sub("", painted) == plain


@pytest.mark.parametrize("width", [40, 50, 60, 72, 80, 88, 100])
@pytest.mark.parametrize("dates", [("2026-06-01", "2026-06-30"), ("2026-01-01", "2026-12-31")])
def test_no_line_is_wider_than_the_terminal(book_of: Callable[..., Book], width: int, dates: tuple[str, str]) -> None:
    text = render_calendar_text(book_of(WORLD, RULES, *dates), Style(width=width, colour=True))
    assert max(len(ESCAPE.sub("", line)) for line in text.splitlines()) <= width


def test_what_closes_is_told_in_local_time_with_offset_and_rule(june: Book) -> None:
    """By the clock in which a day begins or ends then; Kolkata's Saturday ends 5.5 h after its UTC midnight."""
    words = " ".join(render_calendar_text(june, Style(width=80)).split())
    assert "eu: saturday Sat 6 Jun 00:00 Berlin +02:00 to Sun 7 Jun 00:00 London +01:00, 25 h" in words
    assert "saturday Sat 6 Jun 00:00 Sydney +10:00 to Sun 7 Jun 00:00 Kolkata +05:30, 28.5 h" in words
    assert "night Mon 1 Jun 00:00 to Mon 1 Jun 01:30 Kolkata +05:30, 1.5 h" in words
    assert "saturday saturday: block (weddings are today), line 8" in words


def test_a_bound_that_is_only_the_end_of_the_page_is_said_to_be_one(book_of: Callable[..., Book]) -> None:
    """Berlin's Saturday, seen from 12:00 to 13:00 UTC."""
    book = book_of({"eu": {"berlin": "Europe/Berlin"}}, RULES.splitlines()[1], "2026-06-06T12:00Z", "2026-06-06T13:00Z")
    words = " ".join(render_calendar_text(book, Style(width=100)).split())
    assert "Sat 6 Jun 14:00 or before to Sat 6 Jun 15:00 Berlin +02:00 or later, 1 h" in words
    assert "eu is never open." in words


def test_the_open_hours_of_a_week_are_counted(june: Book) -> None:
    """8 to 14 June: closed from Fri 14:00Z (Sydney) to Sat 23:00Z (London), and Sun 18:30Z to 20:00Z, when it is Monday
    in Kolkata: 168 - 33 - 1.5 = 133.5 h, of which Mon 00:00Z to Fri 14:00Z are 110."""
    text = render_calendar_text(june, Style(width=80))
    together = text[text.index("together  ") :].splitlines()
    assert together[3].endswith("133.5 h, run 110 h")
    assert "All regions are open for" in text


def test_a_year_has_a_row_for_each_month_with_its_days_under_their_weekdays(book_of: Callable[..., Book]) -> None:
    """2026: 1 January is a Thursday; Saturdays stand in every seventh column; February ends with the 28th."""
    book = book_of({"eu": {"berlin": "Europe/Berlin"}}, RULES.splitlines()[1], "2026-01-01", "2026-12-31")
    text = render_calendar_text(book, Style(width=80))
    rows = [line for line in text.splitlines() if re.match(r"[A-Z]\s+[·█]", line)]
    assert [row[0] for row in rows] == list("JFMAMJJASOND")
    for month, row in enumerate(rows, start=1):
        first = date(2026, month, 1)
        length = ((first.replace(day=28) + timedelta(days=4)).replace(day=1) - first).days
        days = [first + timedelta(days=number) for number in range(length)]
        assert row[2:] == " " * first.weekday() + "".join("█" if day.weekday() == 5 else "·" for day in days)


def test_every_shade_agrees_with_a_walk_through_the_hours(book_of: Callable[..., Book]) -> None:
    """Another way to the same marks: every quarter of an hour of October 2026, both clock changes in it, by each
    clock of the region (here zoneinfo's own data), is looked up in the intervals."""
    book = book_of(WORLD, RULES, "2026-10-01", "2026-10-31")
    for pages in book.regions:
        seen: dict[tuple[date, int], set[str]] = {}
        instant = datetime(2026, 9, 29, tzinfo=UTC)
        verdicts: dict[datetime, str] = {}
        while instant < datetime(2026, 11, 3, tzinfo=UTC):
            here = [each.verdict.value for each in pages.intervals if each.start <= instant < each.end]
            if here:
                verdicts[instant] = here[0]
            instant += timedelta(minutes=15)
        for market in pages.markets:
            clock = ZoneInfo(market.market.zone)
            for moment, verdict in verdicts.items():
                local = moment.astimezone(clock)
                seen.setdefault((local.date(), local.hour // 6), set()).add(verdict)
        for day in region_days(pages, shown_dates(book), 4):
            for part, shade in enumerate(day.parts):
                found = seen[day.day, part]
                expected = (
                    Shade.CLOSED if found == {"closed"}
                    else Shade.PARTLY if "closed" in found
                    else Shade.CAUTION if "caution" in found
                    else Shade.OPEN
                )  # fmt: skip
                assert shade is expected, (pages.name, day.day, part)


def test_days_together_are_closed_while_any_region_is(june: Book) -> None:
    """Friday 5 June: open until 14:00Z, when Sydney's Saturday begins; so its third part is closed in part."""
    (friday,) = common_days(june, [date(2026, 6, 5)], 4)
    assert friday.parts == (Shade.CAUTION, Shade.CAUTION, Shade.PARTLY, Shade.CLOSED)


def test_the_dates_shown_are_those_asked_for(book_of: Callable[..., Book], june: Book) -> None:
    """Not the 31 May and 1 July that other markets have during them; for instants, every date they touch."""
    assert (shown_dates(june)[0], shown_dates(june)[-1]) == (date(2026, 6, 1), date(2026, 6, 30))
    book = book_of(WORLD, RULES, "2026-06-05T20:00Z", "2026-06-06T00:00Z")
    assert shown_dates(book) == (date(2026, 6, 5), date(2026, 6, 6))


def test_a_date_that_a_zone_skipped_is_left_blank(book_of: Callable[..., Book]) -> None:
    """Samoa had no 30 December 2011."""
    book = book_of({"apia": {"apia": "Pacific/Apia"}}, RULES.splitlines()[1], "2011-12-29", "2011-12-31")
    days = region_days(book.regions[0], shown_dates(book), 2)
    assert [day.parts for day in days] == [(Shade.OPEN,) * 2, (Shade.NONE,) * 2, (Shade.CLOSED,) * 2]


def test_clipping_takes_what_lies_between(june: Book) -> None:
    """As a search through all of them does."""
    start, end = datetime(2026, 6, 4, tzinfo=UTC), datetime(2026, 6, 8, tzinfo=UTC)
    slow = [(max(s.start, start), min(s.end, end)) for s in june.together if s.start < end and s.end > start]
    assert [(span.start, span.end) for span in clipped(june.together, start, end)] == slow


def test_no_rule_at_all_says_so(book_of: Callable[..., Book]) -> None:
    book = book_of({"eu": {"berlin": "Europe/Berlin"}}, "  {}", "2026-06-01", "2026-06-02")
    text = render_calendar_text(book, Style(width=80))
    assert "none: every hour is open" in text
    assert "eu: nothing" in text
