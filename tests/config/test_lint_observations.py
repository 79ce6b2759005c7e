"""What lint finds by looking at the year ahead: each is said where it is so, and not where it is not.

Numbers are counted by hand from a calendar of 2027 (a Friday is 1 January) and the offsets of the zones.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from wedgate.cli.lint import command
from wedgate.cli.lint_words import occurrence_lines, render_lint_json, year_lines
from wedgate.config.load import parse_configuration
from wedgate.config.warnings import review
from wedgate.config.year_ahead import notes_of_year

NOW = datetime(2026, 12, 31, 12, tzinfo=UTC)
REGIONS = """version: 1
service: x
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE, subdivision: BE}}}
  apac:
    markets:
      sydney: {zone: Australia/Sydney, country: AU, subdivision: NSW}
      kolkata: {zone: Asia/Kolkata, country: IN, subdivision: MH}
rules:
"""


def reviewed(*rules: str) -> Any:
    text = REGIONS + "".join(f"  {rule}\n" for rule in rules)
    configuration = parse_configuration(text.encode(), name="f")
    return configuration, review(configuration, now=NOW)


def warned(*rules: str) -> list[str]:
    return [f"{found.line}: {found.what}" for found in reviewed(*rules)[1].warnings]


def noted(*rules: str) -> list[str]:
    configuration, found = reviewed(*rules)
    return [note.what for note in notes_of_year(configuration, found.ahead)]


SATURDAY = "where: eu, weekdays: saturday"


@pytest.mark.parametrize(
    ("id_", "rule", "said"),
    [
        ("third-saturday", f"{SATURDAY}, effect: block", "blocks 52 Saturdays a year, you wrote third Saturday"),
        (
            "a",
            f"{SATURDAY}, effect: block, reason: Last Saturday",
            "blocks 52 Saturdays a year, you wrote last Saturday",
        ),
        (
            "saturdays",
            "where: eu, weekdays: sunday, effect: block",
            "blocks 52 days a year, all of them Sundays, you wrote Saturday",
        ),
        (
            "december-freeze",
            "where: eu, yearly: 11-20..11-30, effect: block",
            "blocks 11 days a year, all of them in November, you wrote December",
        ),
        (
            "third-saturday",
            "where: eu, weekdays: second saturday, effect: allow",
            "allows 12 Saturdays a year, you wrote third Saturday",
        ),
        ("third-saturday", f"{SATURDAY}, load: 2", "asks for care on 52 Saturdays a year, you wrote third Saturday"),
    ],
)
def test_words_that_contradict_the_rule_are_a_warning(id_: str, rule: str, said: str) -> None:
    """2027 has 52 Saturdays and 52 Sundays; the year is looked at from the last noon of 2026 on."""
    assert f"10: rules.{id_}: {said}" in warned(f"{id_}: {{{rule}}}")


@pytest.mark.parametrize(
    "rule",
    [
        "third-saturday: {where: eu, weekdays: third saturday, effect: block}",
        "last-friday: {where: eu, weekdays: last friday, effect: block}",
        "first-and-third-saturday: {where: eu, weekdays: [first saturday, third saturday], effect: block}",
        "weekend: {where: eu, weekly: 'friday 17:00..monday 09:00', effect: block, reason: Saturday and Sunday}",
        "eve: {where: eu, weekdays: friday, effect: block, reason: the night before Saturday}",
        "prepare: {where: eu, weekdays: friday, effect: block, reason: not on Saturdays}",
        "freeze: {where: eu, yearly: 12-18..01-04, effect: block, reason: December peak}",
        "x: {where: eu, yearly: 02-10, effect: block, reason: customers march and may call}",
        "second: {where: eu, weekdays: saturday, effect: block, reason: the second largest market}",
        "may-day: {where: eu, yearly: 05-01, effect: block}",
    ],
)
def test_words_that_may_be_true_are_no_warning(rule: str) -> None:
    assert not [found for found in warned(rule) if "you wrote" in found]


def test_a_block_inside_another_is_a_warning_and_a_load_there_a_note() -> None:
    """Fourth of May 2027 is a Tuesday and no Saturday; a fixed Saturday is one; of two alike the later is named."""
    saturdays = "s: {where: all, weekdays: saturday, effect: block}"
    covered = "rules.b: is covered by s: all of its time lies inside of that rule, which closes"
    assert f"11: {covered}" in warned(
        saturdays, "b: {where: eu, weekdays: saturday, time: 08:00..12:00, effect: block}"
    )
    assert f"11: {covered}" in warned(saturdays, "b: {where: all, dates: 2027-05-08, effect: block}")
    surge = "b: {where: eu, weekdays: saturday, time: 08:00..12:00, load: 6}"
    assert not [found for found in warned(saturdays, surge) if "covered" in found]
    assert covered in noted(saturdays, surge)
    for other in (
        "b: {where: all, dates: 2027-05-04, effect: block}",
        "b: {where: eu, yearly: 05-08, effect: block}",
        "b: {where: eu, weekdays: saturday, pad: {before: 1h}, effect: block}",
        "b: {where: eu, weekdays: saturday, time: 08:00..12:00, effect: allow}",
    ):
        assert not [found for found in (*warned(saturdays, other), *noted(saturdays, other)) if "covered" in found], (
            other
        )
    narrow = "s: {where: eu, weekdays: saturday, effect: block}"
    assert not [
        found for found in warned(narrow, "b: {where: all, weekdays: saturday, effect: block}") if "b: is" in found
    ]


def test_a_repeated_rule_is_not_said_to_be_covered_too() -> None:
    rules = ("a: {where: all, weekdays: saturday, effect: block}", "b: {where: all, weekdays: sat, effect: block}")
    assert warned(*rules) == ["11: rules.b: this rule repeats a"]


def test_a_saturday_of_several_markets_is_longer_than_a_day() -> None:
    """Sydney's midnight comes 5 h 30 min (summer there, UTC+11) before Kolkata's (UTC+05:30): 29 h 30 min."""
    (found,) = [note for note in noted("s: {where: all, weekdays: saturday, effect: block}") if "29 h" in note]
    assert found == (
        "rules.s: blocks apac for 29 h 30 min, not 24 h, because its markets' days are not at one time: from Sat 00:00 "
        "(UTC+11:00) in sydney to Sun 00:00 (UTC+05:30) in kolkata"
    )


def test_a_day_on_which_clocks_change_is_said() -> None:
    """28 March and 31 October 2027 in Berlin; a Saturday there has none."""
    assert noted("s: {where: eu, weekdays: sunday, effect: block}") == [
        "rules.s: blocks 23 h, not 24 h, in eu/berlin on Sun 2027-03-28, because clocks change",
        "rules.s: blocks 25 h, not 24 h, in eu/berlin on Sun 2027-10-31, because clocks change",
    ]
    assert noted("s: {where: eu, weekdays: saturday, effect: block}") == []


def test_a_month_that_leaves_almost_nothing_is_a_warning() -> None:
    """All of December but three hours on the 1st and eight on the 9th, 2027: 11 h, the longest run 8 h; a region that
    never opens is said once."""
    dates = "['2027-12-01T03:00..2027-12-09T00:00', '2027-12-09T08:00..2028-01-01T00:00']"
    said = "0: regions.eu: leaves 11 open hours in December 2027, the longest run 8 h"
    configuration = parse_configuration(
        (REGIONS + f"  a: {{where: eu, dates: {dates}, effect: block}}\n").encode(), name="f"
    )
    later = review(configuration, now=datetime(2027, 3, 31, tzinfo=UTC)).warnings
    assert said in [f"{found.line}: {found.what}" for found in later]
    never = warned("a: {where: eu, weekdays: monday..sunday, effect: block}")
    assert never == ["0: regions.eu: it is closed for all of the next 365 days"]
    often = warned("a: {where: eu, weekdays: monday..sunday, time: 02:00..24:00, effect: block}")
    assert [found.partition(" in ")[0] for found in often] == ["0: regions.eu: leaves 62 open hours"]
    assert "; and so in 8 more months" in often[0]


def test_open_hours_of_a_week() -> None:
    """168 less the 24 hours of a Saturday, 23 or 25 of a Sunday on which clocks change; all at once less both."""
    _, found = reviewed(
        "s: {where: eu, weekdays: sunday, effect: block}", "t: {where: apac/kolkata, weekdays: tuesday, effect: block}"
    )
    assert list(year_lines(found.ahead)) == [
        "In the next 12 months, open hours of a week:",
        "  eu           144 h, between 143 and 145",
        "  apac         144 h, always",
        "  all at once  120 h, between 119 and 121",
    ]


def test_what_happens_when_a_source_ends_is_said() -> None:
    """The pinned horizon is the end of 2035; a block counts as closed then, a caution as caution."""
    (caution,) = [note for note in noted("h: {where: eu, holidays: public, effect: caution}") if "from" in note]
    assert caution == (
        "rules.h: from 2036 on: public holidays of DE-BE are unverified, and eu counts as caution whenever this rule "
        "could apply"
    )
    (closed,) = [note for note in noted("h: {where: all, holidays: public, effect: block}") if "from 2036" in note]
    assert "public holidays of DE-BE, AU-NSW, IN-MH are unverified, and eu, apac count as closed" in closed


def test_the_next_ten_times_of_a_rule_are_told_by_its_own_clock() -> None:
    """29 February is rare: three times in twelve years; the offset is the one of that day."""
    _, found = reviewed(
        "leap: {where: eu, yearly: 02-29, effect: block}",
        "s: {where: eu, weekdays: sunday, time: 22:00..06:00, load: 2}",
    )
    lines = list(occurrence_lines(found.ahead))
    assert lines[:5] == [
        "leap:",
        "  eu/berlin (Europe/Berlin)",
        "    Tue 2028-02-29 00:00 (UTC+01:00) to Wed 2028-03-01 00:00 (UTC+01:00)",
        "    Sun 2032-02-29 00:00 (UTC+01:00) to Mon 2032-03-01 00:00 (UTC+01:00)",
        "    Fri 2036-02-29 00:00 (UTC+01:00) to Sat 2036-03-01 00:00 (UTC+01:00)",
    ]
    assert len(lines) == 5 + 2 + 10
    assert lines[7] == "    Sun 2027-01-03 22:00 (UTC+01:00) to Mon 2027-01-04 06:00 (UTC+01:00)"


def test_json_holds_everything() -> None:
    configuration, found = reviewed("h: {where: apac, holidays: public, effect: block}")
    record = json.loads(render_lint_json((), found.warnings, configuration, found.ahead))
    first = record["occurrences"][0]
    assert (first["start"], first["start_utc"]) == ("2027-01-01T00:00:00+11:00", "2026-12-31T13:00:00Z")
    assert len([each for each in record["occurrences"] if each["market"] == "sydney"]) == 10
    assert [each["region"] for each in record["week_hours"]] == ["apac", None]
    assert any("from 2036 on" in note["what"] for note in record["notes"])


def test_notes_are_said_when_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default they are not; on a runner they are notices; the exit code is 0 all the same."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wedgate.yml").write_text(REGIONS + "  s: {where: all, weekdays: saturday, effect: block}\n")

    def lint(*arguments: str) -> list[str]:
        result = CliRunner().invoke(command, list(arguments), standalone_mode=False)
        assert result.return_value == 0
        return result.output.splitlines()

    assert not [line for line in lint() if "note:" in line]
    assert [
        line for line in lint("--notes") if line.startswith("wedgate.yml:10:3: note: rules.s: blocks apac for 29 h")
    ]
    assert [
        line for line in lint("--notes", "--format", "github") if line.startswith("::notice file=wedgate.yml,line=10")
    ]
    assert [line for line in lint("--occurrences") if re.match(r"    Sat \d{4}-\d\d-\d\d 00:00 \(UTC", line)]
