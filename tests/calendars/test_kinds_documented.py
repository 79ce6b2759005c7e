"""docs/reference/calendars.md has a section with an example for every rule kind, and the examples are valid."""

import re
from pathlib import Path

import pytest

from wedgate.calendars.kinds import kind_keys
from wedgate.config.load import parse_configuration

REGIONS = """version: 1
service: x
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  eu-central: {markets: {berlin: {zone: Europe/Berlin, country: DE}, athens: {zone: Europe/Athens, country: GR}}}
  us-east: {markets: {new-york: {zone: America/New_York, country: US}}}
  us-west: {markets: {los-angeles: {zone: America/Los_Angeles, country: US}}}
  asia-pacific:
    markets:
      singapore: {zone: Asia/Singapore, country: SG}
      sydney: {zone: Australia/Sydney, country: AU}
      tokyo: {zone: Asia/Tokyo, country: JP}
      seoul: {zone: Asia/Seoul, country: KR}
      mumbai: {zone: Asia/Kolkata, country: IN}
rules:
"""


@pytest.fixture(scope="module")
def sections(repository_root: Path) -> list[str]:
    """Return the sections of the page, each with its heading."""
    page = (repository_root / "docs" / "reference" / "calendars.md").read_text(encoding="utf-8")
    return re.split(r"^## ", page, flags=re.MULTILINE)[1:]


def examples(section: str) -> list[str]:
    """Return the rules that a section shows, a line each."""
    return re.findall(r"^ {4,6}([a-z-]+: +\{where: .*\})$", section, re.MULTILINE)


@pytest.mark.parametrize("key", kind_keys())
def test_every_kind_has_a_section_with_an_example(key: str, sections: list[str]) -> None:
    """A new kind is not done before somebody can read how it is written."""
    assert any(re.search(rf"\b{key}: ", rule) for section in sections for rule in examples(section)), key


def test_every_example_is_valid(sections: list[str]) -> None:
    """What the page shows can be pasted."""
    shown = list(dict.fromkeys(rule for section in sections for rule in examples(section)))
    named = [re.sub(r"^[a-z-]+", f"rule-{number}", rule) for number, rule in enumerate(shown)]
    text = REGIONS + "".join(f"  {rule}\n" for rule in named)
    parse_configuration(text.encode(), name="calendars.md")
    assert len(shown) > len(kind_keys())
