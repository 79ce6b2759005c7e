"""`wedgate lint` warns of names that drop no holiday, and of a second configuration that nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from wedgate.cli.lint import command

HEAD = """version: 1
service: x
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE, subdivision: BB}}}
  gb: {markets: {london: {zone: Europe/London, country: GB, subdivision: ENG}}}
  pacific: {markets: {suva: {zone: Pacific/Fiji, country: FJ}}}
"""


def said(*arguments: str) -> list[str]:
    """Return the lines that lint prints here."""
    return CliRunner().invoke(command, list(arguments), standalone_mode=False).output.splitlines()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rule(where: str, name: str) -> str:
    """Return a configuration with one rule that drops a holiday."""
    return f"{HEAD}rules:\n  a: {{where: {where}, holidays: public, except: [{name}], effect: caution}}\n"


@pytest.mark.parametrize(
    ("where", "name", "remedy"),
    [
        ("eu", "Reformaton Day", "did you mean Reformation Day?"),
        ("gb", "Reformation Day", "names a day's holidays"),
        ("[eu, gb]", "Boxing-Dya", "did you mean Boxing Day?"),
        ("pacific", "Fji Day", "did you mean Fiji Day?"),
    ],
)
def test_a_name_that_is_no_holiday_of_the_rule_is_said(here: Path, where: str, name: str, remedy: str) -> None:
    """It would drop nothing, and nobody would see; the nearest name of those markets is offered."""
    (here / "wedgate.yml").write_text(rule(where, name))
    (line,) = [line for line in said() if ".except: " in line]
    assert line.startswith(f"wedgate.yml:8:3: warning: rules.a.except: '{name}' is no holiday of its markets; ")
    assert line.endswith(remedy)


@pytest.mark.parametrize(
    ("where", "name"),
    [("eu", "reformation day"), ("all", "Boxing Day"), ("gb", "Boxing Day (observed)"), ("pacific", "Fiji Day")],
)
def test_a_name_that_drops_a_day_is_fine(here: Path, where: str, name: str) -> None:
    """In any case, of any of the rule's markets, with or without what stands in brackets after it."""
    (here / "wedgate.yml").write_text(rule(where, name))
    assert not [line for line in said() if ".except" in line]


def test_of_two_files_that_differ_the_one_not_read_is_said(here: Path) -> None:
    """wedgate.yml is used; an equal copy, or a file that was named, is nobody's surprise."""
    (here / ".github").mkdir()
    (here / "wedgate.yml").write_text(HEAD)
    (here / ".github/wedgate.yml").write_text(HEAD)
    assert len(said()) == 1
    (here / ".github/wedgate.yml").write_text(HEAD + "mode: observe\n")
    assert said()[0] == (
        ".github/wedgate.yml: warning: wedgate.yml is there too and differs; that one is used, and this one is not; "
        "delete one of the two"
    )
    assert len(said("wedgate.yml")) == 1
    (here / "wedgate.yml").write_text("version: 2\n")
    assert any(line.startswith(".github/wedgate.yml: warning: ") for line in said())
