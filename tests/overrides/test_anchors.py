"""Anchors: what is written is read again, and a ledger that was cut or rewritten is another one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wedgate.ledger.audit import AuditLine
from wedgate.overrides.anchors import anchor_in_comment, anchor_in_status, anchors_in, is_another

HEAD = "0123456789abcdef" * 4
LINES = tuple(
    AuditLine(revision=number, kind="requested", at=datetime(2026, 6, 6, tzinfo=UTC), body={}, hash=f"{number:064x}")
    for number in (1, 2, 4)
)


def test_what_is_written_is_read_again() -> None:
    """In a comment whole, in a status its beginning."""
    assert anchors_in(f"x {anchor_in_comment(7, HEAD)} y") == ((7, HEAD),)
    assert anchors_in(f"closed {anchor_in_status(7, HEAD)}") == ((7, HEAD[:16]),)
    assert anchors_in("ledger: revision 7") == ()


def test_a_ledger_that_was_cut_is_another() -> None:
    """It has fewer entries than were anchored."""
    assert is_another(3, LINES, [(4, f"{4:064x}")])
    assert not is_another(4, LINES, [(4, f"{4:064x}")])
    assert not is_another(9, LINES, [])


@pytest.mark.parametrize("anchored", [f"{5:064x}", "f" * 16])
def test_a_ledger_with_another_entry_is_another(anchored: str) -> None:
    """An entry of another stream is not known here, and says nothing."""
    assert is_another(4, LINES, [(2, anchored)])
    assert not is_another(4, LINES, [(3, anchored)])
