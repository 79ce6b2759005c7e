"""Configurations as files: ``positive/*.yml`` read, ``negative/*.yml`` say exactly what stands in the ``.txt`` beside.

A new case is a new file.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from wedgate.config.load import parse_configuration
from wedgate.config.spell import spell_configuration
from wedgate.errors import ConfigurationError

HERE = Path(__file__).parent
POSITIVE = sorted((HERE / "positive").glob("*.yml"))
NEGATIVE = sorted((HERE / "negative").glob("*.yml"))


@pytest.mark.parametrize("path", NEGATIVE, ids=lambda path: path.stem)
def test_everything_wrong_is_said_at_its_place(path: Path) -> None:
    """A broken file is refused with every problem, each with line, column, what is wrong and what to do."""
    with pytest.raises(ConfigurationError) as raised:
        parse_configuration(path.read_bytes(), name="wedgate.yml")
    assert f"{raised.value}\n" == path.with_suffix(".txt").read_text(encoding="utf-8")
    assert int(raised.value.exit_code) == 2


@pytest.mark.parametrize("path", POSITIVE, ids=lambda path: path.stem)
def test_a_good_file_is_the_same_when_printed_and_read_again(path: Path) -> None:
    """A valid file is accepted; printed back and read again it is the same configuration."""
    read = parse_configuration(path.read_bytes(), name="wedgate.yml")
    again = parse_configuration(spell_configuration(read).encode(), name="wedgate.yml")
    rules = tuple(dataclasses.replace(rule, line=None) for rule in read.calendar.rules)
    assert tuple(dataclasses.replace(rule, line=None) for rule in again.calendar.rules) == rules
    for name in ("service", "mode", "rollout", "judge", "evidence", "state"):
        assert getattr(again, name) == getattr(read, name)
    assert (again.calendar.regions, again.calendar.thresholds) == (read.calendar.regions, read.calendar.thresholds)


def test_there_are_examples_of_both() -> None:
    """The directories are found; an empty parametrisation would prove nothing."""
    assert len(POSITIVE) >= 5
    assert len(NEGATIVE) >= 40
    assert {path.stem for path in NEGATIVE} == {path.stem for path in (HERE / "negative").glob("*.txt")}
