"""What a resume lets go on, what it says of the rest, and that one with nothing to do is no order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from wedgate.engine.audit import AuditBook
from wedgate.errors import RefusedError
from wedgate.ledger.orders import Order

HALF_A_MINUTE = timedelta(seconds=30)
NOTHING = "nothing of rollout .* is paused{}, or held until somebody has looked"


def told(world: Any) -> list[tuple[str | None, str]]:
    """Return what was said about pauses, in order."""
    words = ("paused", "resumed", "tried again", "nothing to resume")
    return [(said.region, said.what) for said in world.said if said.what in words]


def test_a_resume_without_a_region_names_only_what_was_paused(world: Any) -> None:
    """The other regions were never told to wait, so nothing is said of them."""
    world.start()
    world.tick()
    world.order(Order.PAUSE, regions=("r1",))
    world.tick(after=HALF_A_MINUTE)
    world.order(Order.RESUME)
    world.tick(after=HALF_A_MINUTE)
    assert told(world) == [("r1", "paused"), ("r1", "resumed")]


def test_what_was_held_and_not_paused_is_tried_again(world: Any) -> None:
    """It is another word, because nobody paused it."""
    world.close("r1", timedelta(0), timedelta(hours=1))
    world.start()
    world.tick()
    world.order(Order.RESUME)
    world.tick(after=HALF_A_MINUTE)
    assert told(world) == [("r1", "tried again")]


def test_a_resume_where_nothing_is_paused_is_refused_and_says_so(world: Any) -> None:
    """It is written nowhere, and names the region that was asked about."""
    world.start()
    world.tick()
    with pytest.raises(RefusedError, match=NOTHING.format("")):
        world.order(Order.RESUME)
    world.order(Order.PAUSE, regions=("r1",))
    with pytest.raises(RefusedError, match=NOTHING.format(" in r2")):
        world.order(Order.RESUME, regions=("r2",))
    assert [line.given.order for line in AuditBook(world.store, lambda pause: None).read().orders] == [Order.PAUSE]


def test_a_pause_that_no_tick_has_obeyed_yet_can_be_resumed(world: Any) -> None:
    """The next tick obeys both; a second resume then has nothing to do any more."""
    world.start()
    world.order(Order.PAUSE)
    world.order(Order.RESUME)
    with pytest.raises(RefusedError, match=NOTHING.format("")):
        world.order(Order.RESUME)
    world.tick()
    assert told(world) == [(name, word) for word in ("paused", "resumed") for name in ("r1", "r2", "r3", "r4")]
