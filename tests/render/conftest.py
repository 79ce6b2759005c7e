"""Books from a few words and books to draw, pages taken apart, and a real browser to look at them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import wedgate
from wedgate.almanac.gather import gather_facts
from wedgate.calendars.book import Book, DataVersions, lay_out
from wedgate.calendars.facts import needs_of
from wedgate.calendars.timeline import compile_timeline
from wedgate.calendars.values import Calendar, Span
from wedgate.cli.wiring import PinnedAlmanac
from wedgate.config.load import load_configuration, parse_configuration
from wedgate.engine.calendar import make_book

ROOT = Path(__file__).resolve().parents[2]
EVIL = "\"'></script></title><img src=x onerror=alert(1)>&"
"""A text that would break out of an attribute, a script, a title and a cell."""
VERSIONS = DataVersions(config_digest="sha256:0", zone_data="2026f", holidays="0.109", wedgate="0")


def laid_out(calendar: Calendar, first: str, last: str, title: str = "my-service") -> Book:
    """Lay a calendar out from one UTC date to another, the second not included."""
    start, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (first, last))
    span = Span(start=start, end=end)
    timeline = compile_timeline(calendar, gather_facts(needs_of(calendar), span), span)
    return lay_out(timeline, calendar, timeline.region_names, title, VERSIONS)


@pytest.fixture(scope="session")
def starter() -> Calendar:
    """The calendar of the starter file: four regions, nine markets."""
    return load_configuration(Path(wedgate.__file__).parent / "config" / "resources" / "starter.yml").calendar


@pytest.fixture(scope="session")
def starter_year(starter: Calendar) -> Book:
    """The starter over 2027 in UTC."""
    return laid_out(starter, "2027-01-01", "2028-01-01")


@pytest.fixture(scope="session")
def one_market(starter: Calendar) -> Callable[..., Book]:
    """``one_market("Pacific/Apia", "2011-12-01", "2012-01-01")``: the starter's Saturdays in one zone."""

    def build(zone: str, first: str, last: str, **changes: Any) -> Book:
        market = replace(starter.regions[2].markets[0], zone=zone)
        region = replace(starter.regions[2], markets=(market,))
        rules = tuple(rule for rule in starter.rules if rule.id == "saturdays")
        return laid_out(replace(starter, regions=(region,), rules=rules), first, last, **changes)

    return build


@pytest.fixture(scope="session")
def evil() -> str:
    """What the words of ``strange`` end with."""
    return EVIL


@pytest.fixture(scope="session")
def strange(starter: Calendar) -> Book:
    """A June in which every word that a user may write tries to break out."""
    evil = EVIL
    market = replace(starter.regions[2].markets[0], name=f"market{evil}")
    region = replace(starter.regions[2], name=f"region{evil}", markets=(market,))
    rules = tuple(
        replace(rule, id=f"rule{evil}", reason=f"reason{evil}", load=Decimal("0.5"))
        for rule in starter.rules
        if rule.id == "saturdays"
    )
    places = tuple(
        replace(rule, where=tuple(replace(place, region=region.name) for place in rule.where[:1])) for rule in rules
    )
    return laid_out(replace(starter, regions=(region,), rules=places), "2027-06-01", "2027-07-01", title=f"title{evil}")


class Tree(HTMLParser):
    """Every element with its attributes and its own text, in order; refuses tags that are not closed in order."""

    VOID = frozenset({"meta", "link", "br", "img", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[int] = []
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))
        if tag not in self.VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.elements[self.open[-1]][2].append(data)

    def named(self, tag: str) -> list[tuple[dict[str, str], str]]:
        """Return attributes and text of the elements of one name."""
        return [(attrs, "".join(text).strip()) for name, attrs, text in self.elements if name == tag]


@pytest.fixture(scope="session")
def tree_of() -> Callable[[str], Tree]:
    """Parse a page, and see that all of it is closed."""

    def parse(page: str) -> Tree:
        tree = Tree()
        tree.feed(page)
        tree.close()
        assert tree.open == []
        return tree

    return parse


@pytest.fixture
def asked_in_browser(tmp_path: Path, tool_named: Callable[[str], Path]) -> Callable[..., Any]:
    """Ask a page something with a script, in chromium without a network; the script calls ``answer(value)``.

    The page is shown in a frame of the given width, because a window has a least width of its own. The copy that is
    asked leaves out the policy that would forbid the script. Dark is what the setting of the engine says:
    ``--force-dark-mode`` would repaint light pages instead of asking them for their own dark.
    """

    def ask(page: str, script: str, *, width: int = 1280, dark: bool = False, libraries: tuple[Path, ...] = ()) -> Any:
        free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        assert free != page
        sources = [path.read_text(encoding="utf-8") for path in libraries]
        reply = "const answer = (value) => parent.postMessage(JSON.stringify(value), '*');"
        added = "".join(f"<script>{source}</script>" for source in [*sources, reply + script])
        (tmp_path / "asked.html").write_text(free.replace("</body>", f"{added}</body>"), encoding="utf-8")
        (tmp_path / "frame.html").write_text(
            "<!doctype html><meta charset=utf-8><pre id=answer></pre><script>addEventListener('message', (event) => "
            "{ document.getElementById('answer').textContent = encodeURIComponent(event.data); });</script>"
            f"<iframe src=asked.html width={width} height=900 style='border:0'></iframe>",
            encoding="utf-8",
        )
        run = subprocess.run(
            [
                tool_named("chromium"),
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"),
                *(f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width + 50},1000"),
                *(f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--virtual-time-budget=60000"),
                *("--dump-dom", (tmp_path / "frame.html").as_uri()),
            ],
            capture_output=True,
            text=True,
            timeout=100,
            check=True,
        )
        found = re.search(r'<pre id="answer">([^<]+)</pre>', run.stdout)
        assert found is not None, run.stderr[-2000:]
        from urllib.parse import unquote

        return json.loads(unquote(found[1]))

    return ask


COUNTRIES = {"Europe/London": "GB", "Europe/Berlin": "DE", "Asia/Kolkata": "IN", "Asia/Singapore": "SG"}


@pytest.fixture(scope="session")
def book_of() -> Callable[..., Book]:
    """``book_of({"eu": {"berlin": "Europe/Berlin"}}, "  saturday: {...}", "2026-06-01", "2026-06-30")``."""

    def build(regions: Mapping[str, Mapping[str, str]], rules: str, start: str, end: str) -> Book:
        places = "\n".join(
            f"  {name}: {{markets: {{"
            + ", ".join(
                f"{market}: {{zone: {zone}, country: {COUNTRIES.get(zone, 'US')}}}" for market, zone in markets.items()
            )
            + "}}"
            for name, markets in regions.items()
        )
        text = f"version: 1\nservice: venue-search\nregions:\n{places}\nrules:\n{rules}"
        configuration = parse_configuration(text.encode(), name="wedgate.yml")
        bounds = (
            date.fromisoformat(each) if len(each) == 10 else datetime.fromisoformat(each) for each in (start, end)
        )
        return make_book(configuration, None, *bounds, almanac=PinnedAlmanac(), wedgate_version="1.2.3")

    return build
