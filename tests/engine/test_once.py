"""What a guard says again and again is said once, when it changes, and every hour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from wedgate.engine.book import Book
from wedgate.engine.guard import Guard, GuardParts
from wedgate.engine.once import Once
from wedgate.ledger.appending import Draft

NOON = datetime(2027, 6, 3, 12, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    now = NOON

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


def test_a_line_is_said_once_until_it_changes_or_an_hour_has_passed() -> None:
    said, clock = [], Clock()
    say = Once(said.append, clock)

    def look(*texts: str, after: timedelta = timedelta(seconds=5)) -> list[str]:
        said.clear()
        clock.now += after
        say.looks()
        for text in texts:
            say(text)
        return list(said)

    assert look("a", "b") == ["a", "b"]
    assert look("a", "b") == []
    assert look("a") == []
    # b was gone, and is there again.
    assert look("a", "b") == ["b"]
    assert look("a", "b", after=timedelta(minutes=58)) == []
    assert look("a", "b", after=timedelta(minutes=2)) == ["a", "b"]
    # A clock that was set back says it rather than nothing.
    assert look("a", after=-timedelta(days=1)) == ["a"]


def test_a_guard_beside_a_driver_that_hangs_says_so_once(make_world: Callable[..., Any]) -> None:
    """It holds the lease, lives, and watches nothing: as long as it may, the guard asks every five seconds."""
    world = make_world()
    world.start()
    while world.weights()["r1"] != 10:
        world.tick(after=timedelta(seconds=30))
    book = Book(world.store, world.spool)
    book.take_lease(world.now, above=0, who="elsewhere:7")
    said: list[str] = []
    guard = Guard(
        GuardParts(
            parts=lambda: replace(world.parts(), is_alive=lambda who: True),
            rescue=lambda: world.rescues[-1],
            open_target=lambda settings: world.targets[settings.region],
            clock=lambda: world.now,
            say=said.append,
        )
    )
    for seconds in range(0, 645, 5):
        if seconds % 60 == 0:
            book.append([Draft(stream="lease", kind="renewed", at=world.now, body={"who": "elsewhere:7"})])
        guard.look()
        world.now += timedelta(seconds=5)
    assert len([text for text in said if "elsewhere:7" in text]) == 1
