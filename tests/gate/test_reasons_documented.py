"""Every reason code is explained once in the documents, and every cause of the calendar has one."""

from __future__ import annotations

import re
from pathlib import Path

from wedgate.calendars.values import CauseKind
from wedgate.gate.reasons import ReasonCode


def test_the_table_lists_every_reason_code_once(repository_root: Path) -> None:
    """The table has the codes of the enumeration, in its order."""
    text = (repository_root / "docs" / "reference" / "reason-codes.md").read_text()
    assert re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE) == [code.value for code in ReasonCode]


def test_every_cause_has_a_reason_code_of_the_same_spelling() -> None:
    """The gate turns one into the other without a table."""
    assert {kind.value for kind in CauseKind} <= {code.value for code in ReasonCode}
