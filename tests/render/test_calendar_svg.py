"""The picture for job summaries: plain SVG, drawn to scale, legible by itself."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wedgate.calendars.book import Book
from wedgate.render.calendar_svg import render_calendar_svg

NAMESPACE = "{http://www.w3.org/2000/svg}"
JUNE = datetime(2027, 6, 1, tzinfo=UTC)
HOUR = (1000 - 130 - 12) / (31 * 24)


def parsed(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)  # noqa: S314 - made by the code under test


def boxes(picture: str, kind: str) -> list[list[tuple[float, float, float]]]:
    """Return (left, width, height) of the boxes of each path of one class, in order."""
    paths = [each.attrib["d"] for each in parsed(picture).iter(f"{NAMESPACE}path") if each.get("class") == kind]
    shape = re.compile(r"M([\d.]+) [\d.]+h([\d.]+)v([\d.]+)")
    return [[tuple(map(float, found)) for found in shape.findall(data)] for data in paths]  # type: ignore[misc]


def test_closed_hours_are_drawn_to_scale_in_utc(one_market: Any) -> None:
    """Berlin's Saturdays in June 2027 run from Friday 22:00Z to Saturday 22:00Z; 30 days lie under 31 columns."""
    picture = render_calendar_svg(one_market("Europe/Berlin", "2027-06-01", "2027-07-01"))
    (closed,) = boxes(picture, "h")
    starts = [JUNE + timedelta(days=3 + 7 * week, hours=22) for week in range(4)]
    expected = [130 + (start - JUNE) / timedelta(hours=1) * HOUR for start in starts]
    assert [left for left, _, _ in closed] == [pytest.approx(x, abs=0.01) for x in expected]
    assert [width for _, width, _ in closed] == [pytest.approx(24 * HOUR, abs=0.01)] * 4
    (together,) = boxes(picture, "t")
    assert sum(width for _, width, _ in together) == pytest.approx((720 - 96) * HOUR, abs=0.1)


def test_caution_is_half_as_high_as_closed(starter_year: Book) -> None:
    picture = render_calendar_svg(starter_year)
    heights = {kind: {height for lane in boxes(picture, kind) for _, _, height in lane} for kind in "hu"}
    assert heights == {"h": {10}, "u": {5}}


def test_a_year_is_twelve_months_under_one_another_and_a_month_is_large(starter_year: Book, one_market: Any) -> None:
    names = [each.text or "" for each in parsed(render_calendar_svg(starter_year)).iter(f"{NAMESPACE}text")]
    months = [name for name in names if re.fullmatch(r"\w{3} 2027", name)]
    assert months == [f"{datetime(2027, month, 1, tzinfo=UTC):%b} 2027" for month in range(1, 13)]
    for label in ("us-east", "us-west", "eu-central", "asia-pacific", "all open"):
        assert names.count(label) == 12
    assert "Sat" not in names
    large = [
        each.text or ""
        for each in parsed(render_calendar_svg(one_market("Europe/Berlin", "2027-06-01", "2027-07-01"))).iter(
            f"{NAMESPACE}text"
        )
    ]
    assert large.count("Sat") == 4


def test_it_holds_nothing_that_a_picture_may_not_hold(starter_year: Book) -> None:
    """Pictures in job summaries run no script and fetch nothing."""
    picture = render_calendar_svg(starter_year)
    tags = {each.tag.removeprefix(NAMESPACE) for each in parsed(picture).iter()}
    assert tags == {"svg", "title", "desc", "style", "defs", "pattern", "rect", "path", "text", "g"}
    assert not re.search(r"href|@import|https?:(?!//www\.w3\.org/2000/svg)|url\((?!#)| on\w+=", picture)
    assert len(picture.encode()) < 100_000


def test_it_says_in_words_what_it_shows_and_follows_the_reader(starter_year: Book) -> None:
    root = parsed(render_calendar_svg(starter_year))
    assert root.get("role") == "img"
    title, desc = (root.findtext(f"{NAMESPACE}{name}") or "" for name in ("title", "desc"))
    assert title == "my-service: when it may be deployed, 2027-01-01 00:00 to 2028-01-01 00:00 UTC"
    assert desc.startswith("All regions are open for ")
    assert "prefers-color-scheme: dark" in (root.findtext(f"{NAMESPACE}style") or "")


def test_what_a_user_writes_stays_text(strange: Book, evil: str) -> None:
    root = parsed(render_calendar_svg(strange))
    assert not [each for each in root.iter() if each.tag.endswith(("script", "img"))]
    assert (root.findtext(f"{NAMESPACE}title") or "").startswith(f"title{evil}")


@pytest.mark.needs_tool("chromium")
def test_a_browser_draws_it(starter_year: Book, asked_in_browser: Callable[..., Any]) -> None:
    """As a picture in a page, the way that a job summary shows it."""
    from urllib.parse import quote

    source = f"data:image/svg+xml,{quote(render_calendar_svg(starter_year))}"
    page = f'<meta http-equiv="Content-Security-Policy" content=""><body><img id="picture" src="{source}"></body>'
    script = (
        "const picture = document.getElementById('picture');"
        "picture.decode().then(() => answer(picture.naturalWidth), () => answer('broken'));"
    )
    assert asked_in_browser(page, script) == 1000
