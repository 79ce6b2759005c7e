"""Whose rollout a comment names: what is not known within seconds keeps no rollback back."""

from __future__ import annotations

import threading
import time

from wedgate.adapters.stores.interface import Store
from wedgate.engine.audit import AuditBook
from wedgate.engine.whose import Whose, whose_rollout
from wedgate.ledger.chain import Entry
from wedgate.overrides.place import Place

SHOP = Place(path="shop/wedgate.yml")
NEVER = threading.Event()


class Silent(Store):
    """A ledger that takes the question and never answers."""

    def read(self) -> tuple[Entry, ...]:
        """Wait for ever."""
        NEVER.wait()
        return ()


def silent() -> None:
    """Wait for ever."""
    NEVER.wait()


def test_ledgers_that_say_nothing_are_waited_for_once() -> None:
    """This one's for so long, and all the others' together; then what nobody knows is returned."""
    started = time.monotonic()
    others = {f"{name}/wedgate.yml": silent for name in "abcdefgh"}
    found = whose_rollout("r-1", AuditBook(Silent(), lambda _: None), lambda: others, SHOP, seconds=0.2)
    assert found == Whose(is_own=True)
    assert 0.4 <= time.monotonic() - started < 1.2


def test_what_one_knows_counts_though_another_says_nothing() -> None:
    """The answer that came in time is not lost with the one that did not."""
    others = {"a/wedgate.yml": silent, "b/wedgate.yml": lambda: ("r-1",)}
    found = whose_rollout("r-1", None, lambda: others, SHOP, seconds=0.2)
    assert found == Whose(is_own=False)


def test_where_there_is_no_other_service_no_ledger_is_read() -> None:
    """Whatever it says, the rollout is this service's."""
    started = time.monotonic()
    assert whose_rollout("r-1", AuditBook(Silent(), lambda _: None), dict, SHOP, seconds=9) == Whose(is_own=True)
    assert time.monotonic() - started < 1
