"""The page of an outlook: whole, self-contained, escaped, and readable for whoever looks at it, however."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from accessible import assert_accessible, on_each_screen

import wedgate
from wedgate.cli.wiring import PinnedAlmanac
from wedgate.config.load import load_configuration
from wedgate.engine.outlook import make_outlook
from wedgate.render.outlook_html import SHADES, render_outlook_html
from wedgate.render.outlook_markdown import render_outlook_markdown
from wedgate.render.outlook_svg import shade, shade_bounds
from wedgate.render.outlook_words import assumption_sentences, unknown_sentences
from wedgate.rollout.outlook import Outlook, parse_demand
from wedgate.rollout.replicas import Fleet

HOUR = timedelta(hours=1)


def local(region: str, at: datetime) -> str:
    """Spell an instant as no zone does."""
    return f"{region} {at:%d.%m. %H:%M}"


@pytest.fixture(scope="module")
def outlook() -> Outlook:
    """The starter's year, with twelve replicas."""
    configuration = load_configuration(Path(wedgate.__file__).parent / "config" / "resources" / "starter.yml")
    names = [region.name for region in configuration.calendar.regions]
    return make_outlook(
        configuration,
        PinnedAlmanac(),
        2027,
        demand=parse_demand("3/week"),
        wedgate_version="1.2.3",
        grid=timedelta(hours=1),
        fleet=Fleet(base=dict.fromkeys(names, 12)),
    )


@pytest.fixture(scope="module")
def page(outlook: Outlook) -> str:
    """Its page."""
    return render_outlook_html(outlook, local)


def test_the_page_needs_nothing_from_anywhere_and_runs_nothing(page: str, tree_of: Any) -> None:
    """No script at all, no address, no style but the one whose hash the policy names."""
    tree = tree_of(page)
    assert not {"script", "link", "img", "iframe", "object"} & {name for name, _, _ in tree.elements}
    assert not re.search(r"https?:|@import|url\((?!#)|javascript:", page)
    assert [name for name, attrs, _ in tree.elements if "style" in attrs] == []
    policy = next(attrs["content"] for attrs, _ in tree.named("meta") if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src 'none'" in policy


def test_every_pattern_and_shade_that_is_used_exists(page: str, tree_of: Any) -> None:
    """A picture must not refer to a fill that the page lacks."""
    tree = tree_of(page)
    used = set(re.findall(r"url\(#(\w+)\)", page))
    assert used <= {attrs["id"] for attrs, _ in tree.named("pattern")}
    kinds = {attrs["class"] for name, attrs, _ in tree.elements if name in ("rect", "line") and "class" in attrs}
    assert {kind for kind in kinds if not re.search(rf"\.{kind}[ ,]", page)} == set()


def test_every_picture_has_words_and_every_number_a_table(page: str, outlook: Outlook, tree_of: Any) -> None:
    """For those who cannot see it and those who want to copy it."""
    tree = tree_of(page)
    for attrs, _ in tree.named("svg"):
        assert attrs.get("aria-hidden") == "true" or (attrs["role"] == "img" and attrs["aria-label"])
    cells = [text for _, text in tree.named("td")]
    for cost in outlook.costs:
        assert cost.rule.id in cells
        assert f"{cost.opens / HOUR:,.0f}" in cells
    for each in outlook.hours:
        assert f"{each.whole.closed / HOUR:,.0f}" in cells
    text = "".join(words for _, words in tree.named("p") + tree.named("li"))
    assert all(words in text for words in [*assumption_sentences(outlook), *unknown_sentences(outlook)])


def test_a_column_is_a_week_and_as_high_as_its_hours(page: str, outlook: Outlook) -> None:
    """The second week of us-west, by hand: 143 of 168 hours are open, because Phoenix is an hour ahead in winter."""
    picture = re.search(r'<svg class="strip"[^>]*aria-label="us-west: open[^>]*>.*?</svg>', page, re.DOTALL)
    assert picture is not None
    box = r'<rect class="(\w+)" x="([\d.]+)" y="[\d.]+" width="[\d.]+" height="([\d.]+)"'
    second = [
        (kind, float(height)) for kind, x, height in re.findall(box, picture[0]) if 1000 / 53 < float(x) < 2000 / 53
    ]
    # Los Angeles is UTC-8 and Phoenix UTC-7: their Saturday lasts from 07:00 to 08:00 UTC the next day, 25 hours.
    assert [kind for kind, _ in second] == ["open", "closed"]
    assert second[1][1] == pytest.approx(100 * 25 / 168, abs=0.01)
    assert sum(height for _, height in second) == pytest.approx(100, abs=0.01)
    west = next(each for each in outlook.hours if each.region == "us-west")
    assert west.weeks[1].closed == 25 * HOUR


@pytest.mark.parametrize(
    ("hours", "longest", "place"),
    [(0, 60, 0), (9.9, 60, 0), (10, 60, 1), (59, 60, 5), (60, 60, 5), (0, 0, 0), (None, 60, 6)],
)
def test_the_longest_has_the_last_shade(hours: float | None, longest: float, place: int) -> None:
    """Six shades over sixty hours begin at 0, 10, 20, 30, 40 and 50; what never ends has none of them."""
    length = None if hours is None else hours * HOUR
    assert shade(length, longest * HOUR, SHADES) == place
    assert shade_bounds(60 * HOUR, SHADES) == [f"from {each} h" for each in (0, 10, 20, 30, 40, 50)]


def brightness(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours."""
    high, low = sorted((brightness(one), brightness(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_shades_are_told_apart_by_lightness_and_numbers_on_them_are_read(page: str, dark: bool) -> None:
    """Whoever sees no colours sees them: each is lighter or darker than the one before, letters at 4.5 to 1."""
    colours: dict[str, str] = {}
    for is_dark, block in re.findall(r"(prefers-color-scheme: dark\) \{\s*)?:root \{(.*?)\}", page, re.DOTALL):
        if dark or not is_dark:
            colours |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    shades = [brightness(colours[f"s{place}"]) for place in range(SHADES)]
    assert shades == sorted(shades, reverse=not dark)
    for place in range(SHADES):
        ink = colours["pale-ink" if place < 3 else "deep-ink"]
        assert contrast(ink, colours[f"s{place}"]) >= 4.5, place
    for one, other in (("middle", "panel"), ("worst", "middle"), ("good", "panel"), ("before", "panel")):
        assert contrast(colours[one], colours[other]) >= 1.5, (one, other)


def test_words_of_the_file_stay_words(outlook: Outlook, evil: str, tree_of: Any) -> None:
    """In the page and in Markdown: names of services and reasons break out of nothing."""
    cost = outlook.costs[0]
    strange = replace(
        outlook,
        service=f"service{evil}",
        costs=(replace(cost, rule=replace(cost.rule, reason=f"reason{evil}", id=f"rule{evil}")),),
        left_out=(f"left out{evil}",),
    )
    tree = tree_of(render_outlook_html(strange, local))
    assert {"img", "script"} & {name for name, _, _ in tree.elements} == set()
    assert any(f"reason{evil}" == text for _, text in tree.named("td"))
    assert "<img" not in render_outlook_markdown(strange, local)


@on_each_screen
def test_axe_finds_nothing_wrong(page: str, asked_in_browser: Callable[..., Any], dark: bool, width: int) -> None:
    """WCAG 2 A and AA and the best practices, in light and dark, wide and narrow."""
    assert_accessible(page, asked_in_browser, width=width, dark=dark, passes=15)


@pytest.mark.needs_tool("chromium")
def test_the_page_does_not_scroll_sideways_at_320_pixels(page: str, asked_in_browser: Callable[..., Any]) -> None:
    """Tables scroll inside of their own boxes."""
    script = """const root = document.documentElement;
    answer([innerWidth, root.scrollWidth <= root.clientWidth, document.querySelector(".heat").scrollWidth > 320])"""
    assert asked_in_browser(page, script, width=320) == [320, True, True]
