"""The page of overrides names every refusal code and every command, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from wedgate.overrides.grammar import USAGE
from wedgate.overrides.refusals import RefusalCode


def test_every_refusal_code_is_documented_and_nothing_else(repository_root: Path) -> None:
    """The table and the code are one list."""
    page = (repository_root / "docs" / "reference" / "overrides.md").read_text(encoding="utf-8")
    table = page[page.index("| code | what it means |") :]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)) == set(RefusalCode)


def test_the_commands_of_the_page_are_those_of_the_grammar(repository_root: Path) -> None:
    """Each line of the page is how the grammar says that it is written."""
    page = (repository_root / "docs" / "reference" / "overrides.md").read_text(encoding="utf-8")
    block = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    assert block is not None
    assert block[1].splitlines() == list(USAGE.values())
