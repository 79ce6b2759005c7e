"""The report page and the pictures: whole, self-contained, true to the story, and escaped."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from wedgate.calendars.values import Span, Verdict
from wedgate.render.html import render_html
from wedgate.render.svg import latency_strip, map_strip, shares_strip
from wedgate.render.timeline import (
    CalendarMap,
    LatencyPoint,
    Moment,
    ReleaseName,
    Role,
    Shares,
    Story,
    Stretch,
    render_map,
    render_timeline,
)

START = datetime(2027, 6, 9, 9, tzinfo=UTC)
FRIDAY = datetime(2027, 6, 4, 18, tzinfo=UTC)


def second(number: float) -> datetime:
    return START + timedelta(seconds=number)


def story(**changes: object) -> Story:
    closed = Span(start=FRIDAY + timedelta(hours=6), end=FRIDAY + timedelta(hours=30))
    return replace(
        Story(
            title="One & two",
            note="a <note>",
            span=Span(start=START, end=second(100)),
            regions=("west", "east"),
            releases=(
                ReleaseName(name="v1", role=Role.BEFORE),
                ReleaseName(name="v2", role=Role.GOOD, text="promoted"),
                ReleaseName(name="v3", role=Role.BAD, text="caught"),
            ),
            shares=(
                Shares(at=START, region="west", percent={"v1": 100}),
                Shares(at=second(20), region="west", percent={"v1": 90, "v2": 10}),
                Shares(at=second(40), region="west", percent={"v2": 100}),
                Shares(at=second(60), region="west", percent={"v2": 90, "v3": 10}),
                Shares(at=second(61), region="west", percent={"v2": 100}),
                Shares(at=START, region="east", percent={"v1": 100}),
            ),
            latencies=(
                LatencyPoint(at=second(1), region="west", release="v1", p95_ms=2.0, requests=50),
                LatencyPoint(at=second(60), region="west", release="v3", p95_ms=48.0, requests=6),
            ),
            moments=(Moment(at=second(61), region="west", text="back <on> stable"),),
            calendar=CalendarMap(
                span=Span(start=FRIDAY, end=FRIDAY + timedelta(hours=36)),
                rows={"west": (Stretch(span=closed, verdict=Verdict.CLOSED, text="saturday"),), "east": ()},
            ),
            bill=(("failed", "0"),),
        ),
        **changes,
    )


class Page(HTMLParser):
    """Collects what the checks look at, and refuses tags that are not closed in order."""

    VOID = frozenset({"meta", "link", "br", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page() -> Page:
    parsed = Page()
    parsed.feed(render_html(story()))
    parsed.close()
    return parsed


def test_the_page_is_whole_and_says_its_language(page: Page) -> None:
    assert page.open == []
    assert ("html", {"lang": "en"}) in page.tags
    assert [tag for tag, _ in page.tags].count("h1") == 1


def test_the_page_needs_nothing_from_anywhere_and_runs_nothing(page: Page) -> None:
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    text = render_html(story())
    assert not re.search(r"https?:|@import|url\((?!#)|javascript:", text)
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_the_page_follows_the_light_and_the_width_of_the_reader() -> None:
    text = render_html(story())
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport" content="width=device-width' in text


def test_every_picture_has_words_for_those_who_cannot_see_it(page: Page) -> None:
    pictures = [attrs for tag, attrs in page.tags if tag == "svg"]
    named = [attrs for attrs in pictures if attrs.get("role") == "img"]
    assert len(named) == 6
    assert all(attrs.get("aria-label") for attrs in named)
    assert all(attrs.get("aria-hidden") == "true" for attrs in pictures if attrs not in named)


def test_what_the_story_says_is_escaped(page: Page) -> None:
    assert "One & two" in page.text
    assert "back <on> stable" in page.text
    assert "a <note>" in page.text


def test_the_bill_and_every_change_of_weights_are_there_as_text(page: Page) -> None:
    assert "failed" in page.text
    for cell in ("20.0", "10 %", "90 %", "48.0 ms", "Sat 00:00Z", "Sun 00:00Z", "saturday"):
        assert cell in page.text


def boxes(picture: str, kind: str) -> list[tuple[float, float, float]]:
    """Return (x, width, height) of the rectangles of one class."""
    root = ElementTree.fromstring(picture)  # noqa: S314 - made by the code under test
    found = [each for each in root.iter("rect") if each.get("class") == kind]
    return [tuple(float(each.attrib[name]) for name in ("x", "width", "height")) for each in found]  # type: ignore[misc]


def test_shares_are_drawn_to_scale() -> None:
    picture = shares_strip(story(), "west")
    assert boxes(picture, "before") == [(0, 200, 100), (200, 200, 90)]
    assert boxes(picture, "good") == [(200, 200, 10), (400, 200, 100), (600, 10, 90), (610, 390, 100)]
    assert boxes(picture, "bad") == [(600, 10, 10)]


def test_the_time_of_a_bad_release_is_marked_over_the_whole_height() -> None:
    """One second of a hundred is a hundredth of the width, with a line where it ended, and only where it served."""
    west = shares_strip(story(), "west")
    assert boxes(west, "exposed") == [(600, 10, 100)]
    assert re.findall(r'class="verdict" x1="([\d.]+)"', west) == ["610.0"]
    assert boxes(shares_strip(story(), "east"), "exposed") == []


def test_closed_hours_are_drawn_to_scale() -> None:
    ((x, width, _),) = boxes(map_strip(story().calendar, "west"), "closed")
    assert (x, width) == (pytest.approx(166.67), pytest.approx(666.66, abs=0.02))
    assert boxes(map_strip(story().calendar, "east"), "closed") == []


def test_a_slower_release_is_drawn_higher() -> None:
    picture = latency_strip(story(), "west")
    heights = [float(y) for y in re.findall(r'points="[\d.]+,([\d.]+)"', picture)]
    assert len(heights) == 2
    assert heights[1] < heights[0]


def test_a_story_without_requests_is_still_a_page() -> None:
    empty = story(latencies=(), shares=(), moments=(), bill=())
    parsed = Page()
    parsed.feed(render_html(empty))
    assert parsed.open == []
    assert render_timeline(empty)


def test_the_timeline_shows_a_bad_release_however_short_it_was() -> None:
    lines = render_timeline(story(), width=46).splitlines()
    west, east = (line.split()[1] for line in lines[:2])
    assert west == "········▁▁▁▁▁▁▁▁████████!███████████████"
    assert east == "·" * 40
    assert "v3: caught" in lines[-1]


def test_the_map_has_a_column_for_each_hour_and_the_days_above() -> None:
    lines = render_map(story().calendar).splitlines()
    assert lines[0].split() == ["Fri", "Sat", "Sun"]
    assert lines[2].split()[1] == "·" * 6 + "█" * 24 + "·" * 6
    assert lines[3].split()[1] == "·" * 36
    assert "closed" in lines[-1]


def test_verdicts_of_a_map_are_the_gravest_at_each_instant() -> None:
    calendar = story().calendar
    at = {hour: calendar.verdict("west", FRIDAY + timedelta(hours=hour)) for hour in (0, 5, 6, 29, 30)}
    assert [at[hour] for hour in (0, 5, 6, 29, 30)] == [
        Verdict.OPEN,
        Verdict.OPEN,
        Verdict.CLOSED,
        Verdict.CLOSED,
        Verdict.OPEN,
    ]
