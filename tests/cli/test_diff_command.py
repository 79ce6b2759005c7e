"""`wedgate diff`: what a change opens and closes, from files, git revisions and recorded calendars."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from wedgate.cli.calendar import command as calendar_command
from wedgate.cli.diff import command
from wedgate.errors import ConfigurationError, ExitCode, UsageError
from wedgate.render.diff_json import SCHEMA_PATH
from wedgate.render.diff_markdown import LIMIT, MARKER

BASE = """version: 1
service: venue-search
regions:
  eu-central:
    markets:
      berlin: {zone: Europe/Berlin, country: DE, subdivision: BE}
rules:
  saturdays: {where: all, weekdays: saturday, effect: block}
"""
JUNE = ["--from", "2027-06-01", "--to", "2027-06-30"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory with both sides of a change: from every Saturday to the third one of each month."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yml").write_text(BASE)
    (tmp_path / "new.yml").write_text(BASE.replace("saturday,", "third saturday,"))
    return tmp_path


def diff(*arguments: str) -> Result:
    result = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_it_says_which_saturdays_open_in_the_words_of_a_person() -> None:
    """Saturdays of June 2027 are the 5th, 12th, 19th (the third) and 26th; Berlin is two hours ahead of UTC."""
    text = " ".join(diff("old.yml", "new.yml", *JUNE).output.split())
    assert text.startswith("This change opens 3 Saturdays in eu-central. It loosens:")
    assert "opens 3 Saturdays: 2027-06-05, 2027-06-12, 2027-06-26; 72 h" in text
    assert "from Sat 5 Jun 00:00 in Berlin (Fri 4 Jun 22:00 UTC)" in text
    assert "saturdays was saturday, block in eu-central, and is third saturday" in text


def test_the_other_way_round_it_tightens() -> None:
    text = " ".join(diff("new.yml", "old.yml", *JUNE).output.split())
    assert text.startswith("This change closes 3 Saturdays in eu-central. It tightens:")


def test_json_follows_its_schema_and_holds_every_stretch() -> None:
    record = json.loads(diff("old.yml", "new.yml", *JUNE, "--format", "json").output)
    jsonschema.validate(record, json.loads(SCHEMA_PATH.read_text()))
    assert record["direction"] == "loosens"
    assert [change["start"] for change in record["regions"][0]["changes"]] == [
        "2027-06-04T22:00:00Z",
        "2027-06-11T22:00:00Z",
        "2027-06-25T22:00:00Z",
    ]
    assert record["regions"][0]["hours"]["opens"] == 72


def test_a_freeze_dated_years_ahead_does_not_vanish_unseen(place: Path) -> None:
    """Nothing else changes: it is found although it lies far behind the year that is compared."""
    freeze = "  freeze: {where: all, dates: 2031-05-07, effect: block}\n"
    (place / "old.yml").write_text(BASE + freeze)
    (place / "new.yml").write_text(BASE)
    text = " ".join(diff("old.yml", "new.yml").output.split())
    assert "opens 1 stretch after that, the first from 2031-05-06 22:00 to 2031-05-07 22:00 UTC" in text
    assert "It loosens" in text


def test_the_first_opening_of_another_region_does_not_hide_a_later_one(place: Path) -> None:
    """Asked about one region alone, its freeze of 2031 is found behind another region's of 2029."""
    us = "  us-east:\n    markets:\n      ny: {zone: America/New_York, country: US}\nrules:"
    both = BASE.replace("rules:", us)
    freezes = (
        "  us: {where: us-east, dates: 2029-05-07, effect: block}\n"
        "  eu: {where: eu-central, dates: 2031-05-07, effect: block}\n"
    )
    (place / "old.yml").write_text(both + freezes)
    (place / "new.yml").write_text(both)
    result = diff("old.yml", "new.yml", "--region", "eu-central", "--exit-code")
    assert "the first from 2031-05-06 22:00 to 2031-05-07 22:00 UTC" in " ".join(result.output.split())
    assert result.return_value is ExitCode.REFUSED


def test_a_broken_old_side_is_repaired(place: Path) -> None:
    (place / "old.yml").write_text(BASE.replace("weekdays", "weekdayz"))
    result = diff("old.yml", "new.yml", *JUNE)
    assert "It repairs: there was no valid configuration" in result.output


def test_a_broken_new_side_is_an_error_with_its_line(place: Path) -> None:
    (place / "new.yml").write_text(BASE.replace("weekdays", "weekdayz"))
    with pytest.raises(ConfigurationError, match=r"new\.yml:8:\d+: rules\.saturdays\.weekdayz"):
        diff("old.yml", "new.yml")


def test_an_old_side_that_is_not_there_is_no_repair() -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        diff("nowhere.yml", "new.yml")


def test_a_revision_of_git_is_a_side(place: Path) -> None:
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    (place / "wedgate.yml").write_text(BASE)
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], cwd=place, check=True)
    (place / "wedgate.yml").write_text(BASE.replace("saturday,", "third saturday,"))
    assert "opens 3 Saturdays" in diff("HEAD:wedgate.yml", "wedgate.yml", *JUNE).output
    with pytest.raises(ConfigurationError, match="git has no such revision"):
        diff("HEAD~9:wedgate.yml", "wedgate.yml")
    with pytest.raises(UsageError, match="names no revision"):
        diff("--", "--upload-pack=x:y", "wedgate.yml")


def test_a_recorded_calendar_is_compared_over_its_own_span(place: Path) -> None:
    """That is how two versions of the holidays or the zones are compared."""
    written = CliRunner().invoke(
        calendar_command,
        ["--month", "2027-06", "--format", "json", "--config", "old.yml", "--output", "before.json"],
        standalone_mode=False,
    )
    assert written.exception is None
    record = json.loads((place / "before.json").read_text())
    record["versions"]["holidays"] = "0.88"
    (place / "before.json").write_text(json.dumps(record))
    text = diff("before.json", "new.yml").output
    assert "opens 3 Saturdays" in text
    assert "holidays 0.88 -> " in text
    assert "(compared from 2027-05-31 22:00 to 2027-06-30 22:00 UTC)" in text


def write_record(config: str, to: str) -> None:
    """Write a calendar of June 2027 to a file."""
    options = ["--month", "2027-06", "--format", "json", "--config", config, "--output", to]
    assert CliRunner().invoke(calendar_command, options, standalone_mode=False).exception is None


def test_bounds_narrow_two_recorded_calendars() -> None:
    """Of the Saturdays of June 2027 that open (5, 12, 26) only the 12th lies between the 10th and the 15th."""
    write_record("old.yml", "before.json")
    write_record("new.yml", "after.json")
    text = " ".join(diff("before.json", "after.json", "--from", "2027-06-10", "--to", "2027-06-15").output.split())
    assert "opens 1 Saturday: 2027-06-12; 24 h" in text
    assert "(compared from 2027-06-09 22:00 to 2027-06-15 22:00 UTC)" in text
    assert "opens 3 Saturdays" in diff("before.json", "after.json").output


def test_a_record_that_lies_elsewhere_does_not_move_the_files_of_the_other_side(place: Path) -> None:
    """A configuration's tables stand beside it, wherever the calendar it is compared with was written."""
    (place / "elsewhere").mkdir()
    (place / "fairs.yml").write_text("source: s\nexpires: 2028-06-30\nfrom: 2026-01-01\ndates: [{on: 2027-06-09}]\n")
    (place / "old.yml").write_text(BASE + "  fairs: {where: all, table: fairs.yml, effect: block}\n")
    write_record("old.yml", "elsewhere/after.json")
    assert "It changes nothing" in diff("old.yml", "elsewhere/after.json").output


def test_a_file_of_another_kind_is_refused(place: Path) -> None:
    (place / "before.json").write_text('{"schema_version": 7}')
    with pytest.raises(ConfigurationError, match=r"before\.json"):
        diff("before.json", "new.yml")


def test_an_unknown_region_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean eu-central"):
        diff("old.yml", "new.yml", "--region", "eu-centrl")


@pytest.mark.parametrize(
    ("sides", "code"), [(("old.yml", "new.yml"), ExitCode.REFUSED), (("new.yml", "old.yml"), ExitCode.DONE)]
)
def test_the_exit_code_tells_loosening_where_it_is_asked_for(sides: tuple[str, str], code: ExitCode) -> None:
    assert diff(*sides, *JUNE).return_value is ExitCode.DONE
    assert diff(*sides, *JUNE, "--exit-code").return_value is code


def test_an_observer_and_a_region_that_is_gone_loosen(place: Path) -> None:
    (place / "new.yml").write_text(BASE.replace("service:", "mode: observe\nservice:"))
    assert "turns the gate into an observer" in diff("old.yml", "new.yml", *JUNE).output
    (place / "new.yml").write_text(BASE.replace("eu-central", "eu-west"))
    text = diff("old.yml", "new.yml", *JUNE).output
    assert "takes away the region eu-central" in text
    assert "eu-west: this region is new" in text


def test_markdown_is_inert_and_fits_into_a_comment(place: Path) -> None:
    """A reason or a pattern of the file is never markup; very many changed rules are cut, and that is said."""
    rules = "".join(
        f"  r-{number}: {{where: all, dates: 2027-06-{number % 30 + 1:02}, effect: block, reason: x}}\n"
        for number in range(900)
    )
    (place / "new.yml").write_text(BASE + rules)
    text = diff("old.yml", "new.yml", *JUNE, "--format", "markdown").output
    assert text.startswith(MARKER)
    assert len(text) < LIMIT
    assert "more" in text.splitlines()[-5]
    assert "2027-06-01..2027-06-30" not in text


def test_thresholds_and_extended_calendars_are_named_as_causes(place: Path) -> None:
    """They stand in no rule, and change what every rule comes to."""
    (place / "new.yml").write_text(BASE.replace("rules:", "loads: {caution-from: 3, block-from: 9}\nrules:"))
    text = diff("old.yml", "new.yml", *JUNE).output
    assert "caution-from was 2, and is 3" in text
    assert "block-from was 6, and is 9" in text
    (place / "new.yml").write_text(BASE.replace("    markets:", "    extends: retail\n    markets:"))
    assert "retail is extended" in diff("old.yml", "new.yml", *JUNE).output


def test_a_configuration_in_flow_style_is_a_configuration(place: Path) -> None:
    """A brace alone does not make a recorded calendar."""
    (place / "old.yml").write_text(
        "{version: 1, service: venue-search, regions: {eu-central: {markets: {berlin: {zone: Europe/Berlin, "
        "country: DE, subdivision: BE}}}}, rules: {saturdays: {where: all, weekdays: saturday, effect: block}}}"
    )
    assert "opens 3 Saturdays" in diff("old.yml", "new.yml", *JUNE).output
