"""The calendar page: every local date in its place, told in words, whole by itself, and open to everybody."""

from __future__ import annotations

import itertools
import re
import statistics
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from accessible import assert_accessible, on_each_screen

from wedgate.calendars.book import Book
from wedgate.render.calendar_days import local_days, shown_dates
from wedgate.render.calendar_html import render_calendar_html
from wedgate.render.calendar_svg import render_calendar_svg
from wedgate.render.calendar_weeks import summary, weeks_of

SATURDAYS_2027 = [date(2027, 1, 2) + timedelta(weeks=number) for number in range(52)]


@pytest.fixture(scope="module")
def page(starter_year: Book) -> str:
    return render_calendar_html(starter_year)


def cells_of(tree: Any) -> list[tuple[dict[str, str], str]]:
    return [(attrs, text) for attrs, text in tree.named("td") if "title" in attrs]


def cell(tree: Any, start: str) -> tuple[dict[str, str], list[str]]:
    """Return the one cell whose title begins so: its attributes and the lines of its title."""
    ((attrs, _),) = [(attrs, text) for attrs, text in cells_of(tree) if attrs["title"].startswith(start)]
    return attrs, attrs["title"].split("\n")


def test_a_row_for_each_market_and_month_and_a_cell_for_each_local_date(page: str, tree_of: Any) -> None:
    """Nine markets x 365 dates of 2027, and none of another year; each row has the market as its header."""
    tree = tree_of(page)
    cells = cells_of(tree)
    assert len(cells) == 9 * 365
    assert all(" 2027, " in attrs["title"].split("\n")[0] for attrs, _ in cells)
    rows = Counter(text for attrs, text in tree.named("th") if attrs.get("scope") == "row")
    markets = "new-york chicago los-angeles phoenix berlin london singapore kolkata sydney"
    assert {market: rows[market] for market in markets.split()} == dict.fromkeys(markets.split(), 12)
    months = [text for attrs, text in tree.named("th") if attrs.get("scope") == "rowgroup"]
    assert len(months) == 4 * 12


def test_every_date_stands_under_its_weekday(page: str) -> None:
    """Column by column, over the gaps: the title's weekday is the header's."""
    heads = re.findall(r'<th scope="col"(?: class=w)?>(\w{3})</th>', page)[:37]
    seen = 0
    for row in re.findall(r"<tr>(?:<th scope=\"rowgroup\".*?</th>)?<th scope=\"row\">.*?</tr>", page, re.DOTALL):
        column = 0
        for span, title in re.findall(r'<td(?: colspan="(\d+)")?(?: class="[^"]*" title="(\w{3}) [^"]*")?>', row):
            if title:
                assert title == heads[column]
                seen += 1
            column += int(span or 1)
    assert seen >= 9 * 365


def test_every_local_saturday_is_closed_all_day_and_drawn_so(page: str, tree_of: Any) -> None:
    """Fifty-two Saturdays of 2027 in nine zones; the rule names itself."""
    saturdays = [attrs for attrs, _ in cells_of(tree_of(page)) if attrs["title"].startswith("Sat ")]
    assert len(saturdays) == 9 * len(SATURDAYS_2027)
    whole = [attrs for attrs in saturdays if "not covered" not in attrs["title"]]
    assert len(whole) == len(saturdays)
    for attrs in whole:
        assert attrs["class"].split()[1] == "c"
        assert "saturdays" in attrs["title"]
        assert re.search(r"^closed until (Sun|Mon) ", attrs["title"].split("\n")[-1])


def test_a_cell_tells_local_times_with_offset_utc_times_rules_load_and_until_when(page: str, tree_of: Any) -> None:
    """Saturday 5 June 2027 in Berlin, by hand: UTC+2, the surge from 08:00 to 12:00 is 06:00 to 10:00 UTC."""
    _, lines = cell(tree_of(page), "Sat 5 Jun 2027, Berlin")
    assert lines == [
        "Sat 5 Jun 2027, Berlin, UTC+02:00",
        "00:00–08:00 (Fri 4 Jun 22:00–Sat 5 Jun 06:00 UTC) closed, load 4×: saturdays, high-season",
        "08:00–12:00 (Sat 5 Jun 06:00–10:00 UTC) closed, load 6×: saturdays, booking-surge",
        "12:00–24:00 (Sat 5 Jun 10:00–22:00 UTC) closed, load 4×: saturdays, high-season",
        "closed until Sun 6 Jun 00:00 +02:00 (Sat 5 Jun 22:00 UTC)",
    ]


@pytest.mark.parametrize(
    ("zone", "start", "first", "line"),
    [
        # Berlin's clocks go forward on Sunday 28 March 2027, and back on Sunday 31 October.
        ("Europe/Berlin", "Sun 28 Mar", "UTC+01:00 to UTC+02:00, 23 h long", "00:00+01:00–24:00+02:00"),
        ("Europe/Berlin", "Sun 31 Oct", "UTC+02:00 to UTC+01:00, 25 h long", "00:00+02:00–24:00+01:00"),
        # Cairo's go forward at midnight on Friday 30 April 2027: the date begins at 01:00.
        ("Africa/Cairo", "Fri 30 Apr", "UTC+03:00, 23 h long", "01:00–24:00"),
    ],
)
def test_a_date_is_as_long_as_its_zone_makes_it(
    one_market: Any, tree_of: Any, zone: str, start: str, first: str, line: str
) -> None:
    _, lines = cell(tree_of(render_calendar_html(one_market(zone, "2027-01-01", "2028-01-01"))), start)
    assert lines[0].endswith(first)
    assert lines[1].startswith(line)


def test_days_follow_one_another_without_hole_in_every_zone(starter_year: Book) -> None:
    """The first instants are those at which the standard library first reads the date, asked hour by hour."""
    for region in starter_year.regions:
        for pages in region.markets:
            zone = ZoneInfo(pages.market.zone)
            days = local_days(pages, shown_dates(starter_year))
            assert all(one.end == two.start for one, two in itertools.pairwise(days))
            for day in days:
                assert day.start.astimezone(zone).date() == day.day
                assert (day.start - timedelta(minutes=1)).astimezone(zone).date() < day.day
            assert statistics.mode(day.end - day.start for day in days) == timedelta(days=1)


def test_a_date_that_the_zone_skipped_is_crossed_out(one_market: Any, tree_of: Any) -> None:
    """Pacific/Apia had no 30 December 2011."""
    tree = tree_of(render_calendar_html(one_market("Pacific/Apia", "2011-12-01", "2012-01-01")))
    attrs, lines = cell(tree, "Fri 30 Dec 2011")
    assert attrs["class"] == "x"
    assert lines[1:] == ["this date did not exist here"]
    assert cell(tree, "Sat 31 Dec 2011")[1][0].endswith("UTC+14:00")


def test_a_date_that_the_book_covers_in_part_says_so(page: str, tree_of: Any) -> None:
    """The year ends in UTC when it is 19:00 of 31 December in New York: the rest is not on the page."""
    _, lines = cell(tree_of(page), "Fri 31 Dec 2027, New York")
    assert lines[1].startswith("00:00–19:00 (Fri 31 Dec 05:00–Sat 1 Jan 00:00 UTC) closed, load 8×")
    assert lines[-2:] == [
        "the rest of this date is not covered by this page",
        "closed until the end of this page or later",
    ]


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        ("2027-01-01", "2028-01-01", ("2027-01-01", "2027-12-31")),
        ("2026-12-31T05:00", "2028-01-01T12:00", ("2027-01-01", "2027-12-31")),  # a margin for every zone
        ("2027-06-01", "2027-07-01", ("2027-06-01", "2027-06-30")),
        ("2026-06-15", "2028-02-10", ("2026-06-15", "2028-02-09")),
        ("2027-06-05T08:00", "2027-06-05T09:00", ("2027-06-05", "2027-06-05")),
    ],
)
def test_the_dates_shown_are_those_that_the_span_means(
    starter: Any, one_market: Any, first: str, last: str, shown: tuple[str, str]
) -> None:
    dates = shown_dates(one_market("Europe/Berlin", first, last))
    assert (dates[0].isoformat(), dates[-1].isoformat()) == shown
    assert len(dates) == (dates[-1] - dates[0]).days + 1


def test_a_span_of_several_years_has_a_table_for_each(one_market: Any, tree_of: Any) -> None:
    tree = tree_of(render_calendar_html(one_market("Europe/Berlin", "2026-06-15", "2028-02-10")))
    captions = [text for _, text in tree.named("span")]
    assert [text.split(":")[0] for text in captions if text.startswith("eu-central, ")] == [
        f"eu-central, {year}" for year in (2026, 2027, 2028)
    ]


def test_the_hours_of_a_week_are_those_in_which_all_are_open(starter_year: Book, page: str, tree_of: Any) -> None:
    """The week of 7 June 2027, by hand: closed from Sydney's Saturday (Fri 14:00Z) to Los Angeles' end (Sun 07:00Z)."""
    week = next(each for each in weeks_of(starter_year) if each.monday == datetime(2027, 6, 7, tzinfo=UTC))
    assert week.hours == timedelta(hours=24 * 7 - 41)
    assert week.longest == timedelta(hours=24 * 4 + 14)
    tree = tree_of(page)
    cells = [text for _, text in tree.named("td")]
    assert cells.count("127 h") >= 20
    labels = [attrs.get("aria-label", "") for attrs, _ in tree.named("svg")]
    assert "week 23: all open Mon 7 Jun 00:00–Fri 11 Jun 14:00 UTC; Sun 13 Jun 07:00–Mon 14 Jun 00:00 UTC" in labels


def test_the_summary_speaks_of_one_region_by_its_name(one_market: Any) -> None:
    """June 2027 has 720 hours and four Saturdays in Berlin; between two of them lie six days."""
    assert summary(one_market("Europe/Berlin", "2027-06-01", "2027-07-01")) == (
        "eu-central is open for 624 h, 87 % of the time; the longest run is 144 h, "
        "Sat 5 Jun 22:00–Fri 11 Jun 22:00 UTC 2027."
    )


def test_the_summary_says_when_there_is_no_such_hour(one_market: Any) -> None:
    """A Saturday of Berlin and nothing else."""
    book = one_market("Europe/Berlin", "2027-06-05", "2027-06-05T22:00")
    assert summary(book) == "eu-central is never open."
    assert "eu-central is never open." in render_calendar_html(book)
    assert "eu-central is never open." in render_calendar_svg(book)


def test_the_weeks_add_up_to_the_whole(starter_year: Book) -> None:
    weeks = weeks_of(starter_year)
    total = sum((run.end - run.start for run in starter_year.together), timedelta(0))
    assert sum((week.hours for week in weeks), timedelta(0)) == total
    assert len(weeks) == 53  # from Monday 28 December 2026 to Sunday 2 January 2028


def test_the_page_needs_nothing_and_its_policy_lets_nothing_else_run(page: str, tree_of: Any) -> None:
    tree = tree_of(page)
    assert not {"link", "img", "iframe", "object"} & {name for name, _, _ in tree.elements}
    assert not re.search(r"https?:|@import|url\(|javascript:| style=| on\w+=", page)
    policy = next(attrs["content"] for attrs, _ in tree.named("meta") if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_page_is_light(page: str) -> None:
    """Four regions, nine markets, a year: well under 3 MB, and a few thousand elements."""
    assert len(page.encode()) < 1_500_000
    assert page.count("<") < 20_000


def test_what_a_user_writes_stays_text(strange: Book, evil: str, tree_of: Any) -> None:
    tree = tree_of(render_calendar_html(strange))
    assert tree.named("img") == []
    assert len(tree.named("script")) == 1
    text = "".join("".join(parts) for _, _, parts in tree.elements)
    for word in ("title", "region", "market", "rule", "reason"):
        assert f"{word}{evil}" in text
    assert any(f"rule{evil}" in attrs["title"] for attrs, _ in cells_of(tree))
    assert any(f"region{evil}" in attrs.get("aria-label", "") for _, attrs, _ in tree.elements)
    known = {
        "class",
        "title",
        "colspan",
        "rowspan",
        "scope",
        "role",
        "tabindex",
        "id",
        "href",
        "lang",
        "charset",
        "name",
    }
    known |= {"content", "http-equiv", "datetime", "viewbox", "preserveaspectratio", "d"}
    assert all(name in known or name.startswith("aria-") for _, attrs, _ in tree.elements for name in attrs)


def brightness(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True])
def test_numbers_can_be_read_on_every_look(page: str, dark: bool) -> None:
    """axe cannot judge letters on a pattern: each colour of each pattern is held to 4.5 to 1 here."""
    blocks = re.findall(r"(prefers-color-scheme: dark\) \{\s*)?:root \{(.*?)\}", page, re.DOTALL)
    colours: dict[str, str] = {}
    for is_dark, block in blocks:
        if dark or not is_dark:
            colours |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    pairs = [
        ("on-closed", "closed-a"),
        ("on-closed", "closed-b"),
        ("ink", "open-a"),
        ("ink", "paper"),
        ("ink", "panel"),
    ]
    pairs += [("ink", "caution-a"), ("ink", "caution-b"), ("quiet", "paper"), ("quiet", "panel")]
    for front, back in pairs:
        high, low = sorted((brightness(colours[front]), brightness(colours[back])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (front, back)


def test_the_page_names_its_service_span_and_data(page: str, tree_of: Any) -> None:
    tree = tree_of(page)
    (head,) = tree.named("h1")
    assert head[1] == "my-service: when it may be deployed, 2027"
    assert [text for _, text in tree.named("dd")] == [
        "my-service",
        "2027-01-01 00:00 to 2028-01-01 00:00 UTC",
        "zones 2026f, holidays 0.109",
        "wedgate 0",
        "sha256:0",
    ]


@on_each_screen
def test_axe_finds_nothing_wrong(
    starter: Any, one_market: Any, asked_in_browser: Callable[..., Any], dark: bool, width: int
) -> None:
    """WCAG 2 A and AA and the best practices, in light and dark, wide and narrow."""
    page = render_calendar_html(one_market("Europe/Berlin", "2027-03-01", "2027-05-01"))
    assert_accessible(page, asked_in_browser, width=width, dark=dark, passes=25)


@pytest.mark.needs_tool("chromium")
def test_the_page_does_not_scroll_sideways_at_320_pixels(
    starter_year: Book, page: str, strange: Book, asked_in_browser: Callable[..., Any]
) -> None:
    """Not with long names either, and not while the panel is full; tables scroll inside of their own boxes."""
    script = """document.querySelector(".year td[tabindex='0']").focus();
    const root = document.documentElement;
    answer([innerWidth, root.scrollWidth <= root.clientWidth, document.querySelector(".scroll").scrollWidth > 320])"""
    for each in (page, render_calendar_html(strange)):
        assert asked_in_browser(each, script, width=320) == [320, True, True]


KEYS = """
const said = [];
const press = (key, more) => {
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, ...more}));
  said.push(document.querySelector("#detail strong")?.textContent.slice(0, 21) ?? "");
};
document.querySelector(".year td[tabindex='0']").focus();
press(""); press("ArrowRight"); press("ArrowDown"); press("End"); press("ArrowRight"); press("ArrowLeft");
press("Home"); press("ArrowUp"); press("PageDown"); press("PageUp");
press("End", {ctrlKey: true}); press("Home", {ctrlKey: true});
press("Escape");
answer({said, stops: document.querySelectorAll(".year td[tabindex='0']").length,
  titles: document.querySelectorAll(".year td[title]").length, live: document.getElementById("detail").ariaLive});
"""


@pytest.mark.needs_tool("chromium")
def test_the_arrow_keys_walk_over_the_dates_and_the_panel_tells_them(
    page: str, asked_in_browser: Callable[..., Any]
) -> None:
    """One stop of the tab key for each table; along a market's dates, up and down a weekday, by month, to the ends."""
    found = asked_in_browser(page, KEYS)
    assert found["said"] == [
        "Fri 1 Jan 2027, New Y",
        "Sat 2 Jan 2027, New Y",
        "Sat 2 Jan 2027, Chica",
        "Sun 31 Jan 2027, Chic",
        "Mon 1 Feb 2027, Chica",
        "Sun 31 Jan 2027, Chic",
        "Fri 1 Jan 2027, Chica",
        "Fri 1 Jan 2027, New Y",
        "Mon 1 Feb 2027, New Y",
        "Fri 1 Jan 2027, New Y",
        "Fri 31 Dec 2027, Chic",
        "Fri 1 Jan 2027, New Y",
        "",
    ]
    assert found["stops"] == 4
    assert found["titles"] == 0
    assert found["live"] == "polite"
