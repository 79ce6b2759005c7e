"""docs/reference/configuration.md names every key of the schema, no other, and its examples are valid."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wedgate.config.load import parse_configuration
from wedgate.config.schema import committed_schema

# Of a word in the first column that is not a key of the file.
NOT_KEYS = {"key"}


def keys_in(plain: Any) -> Iterator[str]:
    """Yield every key that the schema names."""
    if isinstance(plain, dict):
        yield from plain.get("properties", {})
        for value in plain.values():
            yield from keys_in(value)


@pytest.fixture
def page(repository_root: Path) -> str:
    """Return the text of the page."""
    return (repository_root / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")


def documented(page: str) -> set[str]:
    """Return the words in backticks in the first column of the tables."""
    cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ")]
    return {word for cell in cells for word in re.findall(r"`([a-z0-9-]+)`", cell)} - NOT_KEYS


def test_every_key_is_documented_and_nothing_else(page: str) -> None:
    """The tables and the schema name the same keys."""
    assert documented(page) == set(keys_in(json.loads(committed_schema())))


def test_the_defaults_are_those_of_the_schema(page: str) -> None:
    """A default in a table is the one that an editor shows."""
    defaults: dict[str, set[str]] = {}
    for section in json.loads(committed_schema())["$defs"].values():
        for key, value in section.get("properties", {}).items():
            if "default" in value:
                defaults.setdefault(key, set()).add(str(value["default"]))
    shown = {
        key: set(re.findall(r"[\w.%]+", row.split("|")[2]))
        for row in page.splitlines()
        if row.startswith("| `") and row.count("|") == 4
        for key in re.findall(r"`([a-z0-9-]+)`", row.split("|")[1])
    }
    for key in ("caution-from", "block-from", "in-flight", "window-closes", "reserve", "slice", "worse-by",
                "never-above", "requests", "slices", "false-alarms", "report-fails"):  # fmt: skip
        assert shown[key] == defaults[key], key


def test_the_rules_of_the_page_are_valid(page: str) -> None:
    """The example of rules is read by the loader."""
    block = re.search(r"## Rules\n\n((?:    .*\n)+)", page)
    assert block
    rules = "\n".join(line[4:] for line in block[1].splitlines())
    regions = """regions:
  us-east: {markets: {new-york: {zone: America/New_York, country: US}}}
  eu-central: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
"""
    read = parse_configuration(f"version: 1\nservice: x\n{regions}{rules}\n".encode(), name="page")
    assert len(read.calendar.rules) == 7


@pytest.mark.parametrize("name", ["envoy", "haproxy", "nginx", "command-target"])
def test_the_example_of_each_target_is_valid(repository_root: Path, name: str) -> None:
    """The block of the page, in a file with a region and a strategy."""
    text = (repository_root / "docs" / "reference" / f"{name}.md").read_text(encoding="utf-8")
    found = re.search(r"```yaml\n(rollout:\n.*?)```", text, re.DOTALL)
    assert found is not None
    head = "version: 1\nservice: x\nregions: {us-west: {markets: {b: {zone: UTC, country: US}}}}\n"
    body = found[1].replace("rollout:\n", "rollout:\n  strategies: {s: {kind: blue-green, bake: 45m}}\n")
    rollout = parse_configuration((head + body).encode(), name="f").rollout
    assert rollout is not None
    assert rollout.targets["us-west"].kind == name.removesuffix("-target")
