"""Property: whatever a file holds, it is a configuration or a ``ConfigurationError``; never a traceback."""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, example, given, settings

from wedgate.config.load import parse_configuration
from wedgate.config.nodes import parse_nodes
from wedgate.config.warnings import warnings_of
from wedgate.errors import ConfigurationError

STARTER = (resources.files("wedgate.config") / "resources" / "starter.yml").read_text(encoding="utf-8")
DATA: dict[str, Any] = parse_nodes(STARTER, name="starter").data
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", "all", "eu-central", "saturday", "{x}", "{address}", "5%", "1h", "0h", "kind", "<<", "file"]),
    st.text(st.characters(codec="utf-8"), max_size=5),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("abekmnorsw-", max_size=6), inner)),
    max_leaves=5,
)


def places_of(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in plain data."""
    found = [path]
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        found += places_of(value, (*path, key))
    return found


PLACES = [path for path in places_of(DATA) if path]


def read(content: bytes) -> None:
    """Read a file that may hold anything."""
    problems = None
    try:
        warnings_of(parse_configuration(content, name="f"))
    except ConfigurationError as error:
        problems = error.problems
    if problems is not None:
        assert problems
        assert all(problem.what and problem.remedy for problem in problems)
        assert len(problems) == len({str(problem) for problem in problems})


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(st.sampled_from(PLACES), anything, st.one_of(st.none(), st.text("abekmnorsw-", min_size=1, max_size=6)))
@example(("state", "kind"), [], None)
def test_one_value_of_the_starter_replaced_by_anything(path: tuple[Any, ...], value: Any, key: str | None) -> None:
    """Any value, and any more key beside it, in any place of a good file."""
    data = copy.deepcopy(DATA)
    parent = data
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    if key is not None and isinstance(parent, dict):
        parent[key] = value
    read(json.dumps(data).encode())


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(
    st.one_of(
        st.binary(max_size=60), st.text(max_size=60).map(str.encode), anything.map(lambda a: json.dumps(a).encode())
    )
)
@example(b"version: 1e999999999\n")
@example(b"service: 1" + b"0" * 5000)
@example(b"[" * 5000)
@example(b"a: &a\n  b: *a\n")
@example(b"%YAML 1.1\n---\na: 1\n")
@example(b"%TAG ! x\n---\n!a b\n")
def test_any_bytes(content: bytes) -> None:
    """Any text or bytes at all."""
    read(content)


@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@given(st.integers(0, len(STARTER) - 1), st.integers(0, 40), st.text("{}[]:,-#&*!|>'\"% \n\tx0", max_size=3))
def test_the_starter_with_a_stretch_cut_out(start: int, length: int, instead: str) -> None:
    """What a slip of the keyboard leaves."""
    read((STARTER[:start] + instead + STARTER[start + length :]).encode())
