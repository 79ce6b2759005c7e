"""`--explain` for a person: where a rule is written, what it was matched with, and what its row cites."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from wedgate.calendars.values import Effect, Origin, RuleLook, SourceLook
from wedgate.render.looks import defined_at, source_words

SOURCE = SourceLook(
    name="rows of fairs.yml",
    source="Messe Berlin, 3 May 2026",
    digest="sha256:" + "ab" * 32,
    verified_from=date(2026, 1, 1),
    verified_until=date(2027, 12, 31),
    trouble=None,
)
LOOK = RuleLook(
    rule="fairs",
    region="eu",
    market="berlin",
    matched=True,
    zone="Europe/Berlin",
    local_date=date(2026, 6, 6),
    offset=timedelta(hours=2),
    effect=Effect.BLOCK,
    load=Decimal(4),
    line=14,
    text="matches: saturday",
    origin=None,
)


def test_a_rule_is_found_in_the_file_or_in_the_preset_it_came_from() -> None:
    origin = Origin(file="wedding/us-east", line=31, source="CDC", confidence="high")
    assert defined_at(LOOK, "calendars/wedgate.yml") == "calendars/wedgate.yml:14"
    assert defined_at(replace(LOOK, origin=origin), "wedgate.yml") == "wedding/us-east:31"


def test_a_source_says_its_version_and_until_when_it_holds() -> None:
    """The digest is shortened as a commit is; a source that could not be read says why."""
    assert source_words(SOURCE) == (
        "rows of fairs.yml: Messe Berlin, 3 May 2026, sha256:abababababab, verified until 2027-12-31"
    )
    broken = replace(SOURCE, verified_until=date.min, trouble="the page is HTML")
    assert source_words(broken) == "rows of fairs.yml: cannot be known, the page is HTML"
