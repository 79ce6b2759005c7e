"""Anchors: what is written is read again, and a ledger that was cut or rewritten is another one."""

from __future__ import annotations

import pytest

from wedgate.overrides.anchors import anchor_in_comment, anchor_in_status, anchors_in, is_another

HEAD = "0123456789abcdef" * 4
HASHES = tuple(f"{number:064x}" for number in (1, 2, 3, 4))
"""Of four entries, whatever their streams."""


def test_what_is_written_is_read_again() -> None:
    """In a comment whole, in a status its beginning."""
    assert anchors_in(f"x {anchor_in_comment(7, HEAD)} y") == ((7, HEAD),)
    assert anchors_in(f"closed {anchor_in_status(7, HEAD)}") == ((7, HEAD[:16]),)
    assert anchors_in("ledger: revision 7") == ()


def test_a_ledger_that_was_cut_is_another() -> None:
    """It has fewer entries than were anchored."""
    assert is_another(HASHES[:3], [(4, HASHES[3])])
    assert not is_another(HASHES, [(4, HASHES[3])])
    assert not is_another(HASHES, [])


@pytest.mark.parametrize("anchored", [f"{5:064x}", "f" * 16])
def test_a_ledger_with_another_entry_is_another(anchored: str) -> None:
    """Every entry is compared, of whatever stream it is."""
    assert is_another(HASHES, [(2, anchored)])
    assert is_another(HASHES, [(3, anchored)])
    assert is_another(HASHES, [(0, anchored)])
    assert not is_another(HASHES, [(3, HASHES[2]), (4, HASHES[3][:16])])
