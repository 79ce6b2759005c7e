"""YAML as wedgate reads it: scalars of version 1.2, positions, bounds. Source: YAML 1.2.2, section 10.3.2."""

from __future__ import annotations

import math

import pytest

from wedgate.config.nodes import MAX_DEPTH, parse_nodes
from wedgate.errors import ConfigurationError

TEXTS = (
    "NO",
    "no",
    "yes",
    "on",
    "Off",
    "10:30",
    "08:00..12:00",
    "2026-02-14",
    "1_000",
    "0b11",
    "1e",
    "0o8",
    "nan",
    "y",
)


@pytest.mark.parametrize("word", TEXTS)
def test_what_only_version_1_1_would_convert_is_text(word: str) -> None:
    """Norway, times of day and dates are text."""
    assert parse_nodes(f"a: {word}", name="f").data == {"a": word}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_the_core_schema_names_numbers_booleans_and_null(word: str, value: object) -> None:
    """Everything else that the core schema names has its own type."""
    assert parse_nodes(f"a: {word}", name="f").data == {"a": value}
    assert type(value) in type(parse_nodes(f"a: {word}", name="f").data["a"]).__mro__


def test_infinity_is_a_number_so_that_a_load_can_refuse_it() -> None:
    """``.inf`` is a float of the core schema."""
    assert math.isinf(parse_nodes("a: -.inf", name="f").data["a"])


def test_quotes_and_the_text_tag_make_text() -> None:
    """Quoted numbers and ``!!str`` are text; keys are text as they stand."""
    read = parse_nodes("a: '1'\nb: !!str 2\nNO: 3\n4: x\n", name="f").data
    assert read == {"a": "1", "b": "2", "NO": 3, "4": "x"}


def test_positions_count_from_one() -> None:
    """Every key and value knows its line and column, through an alias too."""
    root = parse_nodes("a:\n  - {x: 1,  yy: 22}\nb: &k {z: 3}\nc: *k\n", name="f")
    assert (root.at(("a", 0, "yy")).line, root.at(("a", 0, "yy")).column) == (2, 17)
    assert (root.key_at(("a", 0, "yy")).line, root.key_at(("a", 0, "yy")).column) == (2, 13)
    assert root.at(("c", "z")).line == 3
    assert root.at(("nowhere", "z")).line == 1


BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "expands to more than 100,000 values"),
        ("[" * 100_000, f"nested more than {MAX_DEPTH} levels deep"),
        ("- " * 100_000, f"nested more than {MAX_DEPTH} levels deep"),
        ("a: &a [*a]", "f:1:8: the alias *a stands inside what it names"),
        ("a: *b", "f:1:4: nothing is anchored as &b"),
        ("a: 1\n---\nb: 2", "f:2:1: a second YAML document starts here"),
        ("a: !!python/object:os.system 1", "the tag tag:yaml.org,2002:python/object:os.system means nothing here"),
        ("a: !!binary aGk=", "the tag tag:yaml.org,2002:binary means nothing here"),
        ("? [a]\n: 1", "f:1:3: a mapping or list cannot be a key"),
        ("a: {b: 1", "this is not YAML"),
        ("a: \x01", "f:1:4: the character U+0001 may not stand in YAML"),
        ("# only\n# comments\n", "the file says nothing"),
    ],
    ids=range(12),
)
def test_what_cannot_be_read_gives_one_message(text: str, said: str) -> None:
    """Bombs, deep nests, cycles, tags, several documents and plain nonsense: one problem that says what and where."""
    with pytest.raises(ConfigurationError) as raised:
        parse_nodes(text, name="f")
    assert len(raised.value.problems) == 1
    assert said in str(raised.value)


def test_every_double_key_is_said() -> None:
    """A key given twice is an error even with the same value, and all of them are named."""
    with pytest.raises(ConfigurationError) as raised:
        parse_nodes("a: 1\na: 1\nb: {c: 1, c: 2}\n", name="f")
    assert [(problem.line, problem.column) for problem in raised.value.problems] == [(2, 1), (3, 11)]


def test_the_pure_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyYAML has no C parser the result is the same."""
    import yaml

    text = "a: {b: [NO, 010, 'x'], c: &k 1.5}\nd: *k\n"
    fast = parse_nodes(text, name="f")
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    slow = parse_nodes(text, name="f")
    assert (slow.data, slow.at(("a", "b", 1)).column) == (fast.data, fast.at(("a", "b", 1)).column)
