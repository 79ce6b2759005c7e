"""Telling people: what is told of a rollout, once across ticks and processes, and what a bad destination changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wedgate.adapters.notify.interface import Message
from wedgate.adapters.stores.interface import StoreUnreachableError
from wedgate.engine.audit import AuditBook
from wedgate.engine.book import Book
from wedgate.engine.notify import Teller, TellerParts
from wedgate.judge.values import Outcome
from wedgate.ledger.appending import Draft
from wedgate.ledger.audit import Act
from wedgate.ledger.streams import fold
from wedgate.rollout.notices import Destination, Notice, Occasion, source_expires
from wedgate.rollout.values import Release

NEW = Release(commit="1" * 40, digest="sha256:new")
NOON = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)
World = Any
"""The world of ``tests/engine/conftest.py``."""

CHAT = Destination(to="env/CHAT")


class Sent:
    """A messenger that keeps what it is given, and fails where it is told to."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.trouble = ""

    def send(self, messages: Sequence[Message], *, within: timedelta) -> tuple[str, ...]:
        self.messages += messages
        return (self.trouble,) * len(messages)

    @property
    def bodies(self) -> list[str]:
        return [each.body for each in self.messages]


def teller(world: World, sent: Sent, *destinations: Destination, **parts: Any) -> Teller:
    """Return a teller as a process of its own has it."""
    made = TellerParts(
        service="venue-search",
        destinations=destinations or (CHAT,),
        store=world.store,
        spool=world.spool,
        messenger=sent,
        clock=lambda: world.now,
        say=world.__dict__.setdefault("warnings", []).append,
        pause=lambda pause: None,
        who="host:1",
    )
    return Teller(replace(made, **parts))


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world(names=("r1",), waves=(("r1",),))


def test_a_rollback_is_told_once_whoever_looks(world: World) -> None:
    """The same thing has the same key in the process that did it, in the next, and in a tick an hour later."""
    world.verdicts["all"] = Outcome.FAIL
    world.run(NEW)
    sent = Sent()
    first = teller(world, sent)
    first.tell()
    first.tell()
    assert len(sent.messages) == 1
    assert sent.messages[0].title == "wedgate venue-search: rolled-back"
    assert "r1 was rolled back: sha256:new: " in sent.bodies[0]
    world.now += timedelta(hours=1)
    teller(world, sent).tell()
    assert len(sent.messages) == 1


def test_a_region_that_waits_for_its_calendar_is_told_once_each_time(world: World) -> None:
    """Run again and again while it is closed it is one message; the next time it closes is another."""
    world.closed["r1"] = [(NOON, NOON + timedelta(hours=8))]
    sent = Sent()
    for _ in range(3):
        world.run(NEW)
        teller(world, sent).tell()
        world.now += timedelta(hours=1)
    assert len(sent.messages) == 1
    assert "r1 is held: " in sent.bodies[0]
    assert "(until 2026-06-03 20:00:00Z)" in sent.bodies[0]
    world.closed["r1"] = [(NOON, NOON + timedelta(hours=48))]
    world.run(NEW)
    teller(world, sent).tell()
    assert len(sent.messages) == 2


def test_only_what_a_destination_asked_for_goes_there(world: World) -> None:
    """`when` chooses."""
    world.verdicts["all"] = Outcome.FAIL
    world.run(NEW)
    sent = Sent()
    people = Destination(to="env/PAGER", when=(Occasion.NEEDS_HUMAN,))
    team = Destination(to="env/TEAM", when=(Occasion.ROLLED_BACK, Occasion.HELD))
    teller(world, sent, people, team).tell()
    assert [each.to for each in sent.messages] == ["env/TEAM"]


def test_two_processes_at_the_same_moment_tell_it_once(world: World) -> None:
    """The second finds the claim of the first, which is still sending."""
    world.verdicts["all"] = Outcome.FAIL
    world.run(NEW)
    sent, other = Sent(), Sent()

    class Slow(Sent):
        def send(self, messages: Sequence[Message], *, within: timedelta) -> tuple[str, ...]:
            teller(world, other, who="host:2").tell()
            return super().send(messages, within=within)

    slow = Slow()
    teller(world, slow).tell()
    assert (len(slow.messages), len(other.messages), len(sent.messages)) == (1, 0, 0)


def test_a_process_that_dies_while_it_tells_is_followed_by_another_a_minute_later(world: World) -> None:
    """Its claim runs out."""
    world.verdicts["all"] = Outcome.FAIL
    world.run(NEW)

    class Killed(Sent):
        def send(self, messages: Sequence[Message], *, within: timedelta) -> tuple[str, ...]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        teller(world, Killed()).tell()
    sent = Sent()
    teller(world, sent).tell()
    assert sent.messages == []
    world.now += timedelta(minutes=1)
    teller(world, sent).tell()
    assert len(sent.messages) == 1


def test_a_destination_that_takes_nothing_is_tried_five_times_and_said(world: World) -> None:
    """Not within a minute, and not for ever."""
    world.verdicts["all"] = Outcome.FAIL
    world.run(NEW)
    sent = Sent()
    sent.trouble = "the server did not take it"
    for _ in range(20):
        teller(world, sent).tell()
        world.now += timedelta(seconds=30)
    assert len(sent.messages) == 5
    assert world.__dict__["warnings"] == ["env/CHAT was not told: the server did not take it"] * 5


def test_the_ledger_names_the_variable_and_nothing_of_the_message(world: World) -> None:
    """An address is a secret, and what is told stands in the ledger already."""
    world.verdicts["all"] = Outcome.FAIL
    world.run(NEW)
    teller(world, Sent()).tell()
    notices = [entry for entry in world.store.read() if entry.stream == "notices"]
    assert [(entry.kind, entry.body["to"]) for entry in notices] == [
        ("claimed", "env/CHAT"),
        ("told", "env/CHAT"),
        ("told", ""),
    ]
    rollout = fold(world.store.read()).latest
    assert notices[0].body == {"to": "env/CHAT", "about": [f"rolled-back/{rollout}/r1"], "by": "host:1"}


def test_telling_takes_nothing_from_a_run_that_holds_the_lease(world: World) -> None:
    """Entries about notices come between those of a run, and it goes on to its end."""
    sent = Sent()
    world.on_pause.append(lambda world: teller(world, sent, more=lambda at: [source_expires(f"x {at:%M}")]).tell())
    end = world.run(NEW)
    assert end.exit_code == 0, end.text
    assert any(entry.stream == "notices" for entry in world.store.read())


def test_telling_is_no_sign_of_life_of_a_run(world: World) -> None:
    """A run that died does not seem to live on because somebody tells of it under its epoch."""
    world.interrupt_at = NOON
    world.verdicts["all"] = Outcome.FAIL
    world.run(NEW)
    book = Book(world.store, world.spool)
    book.take_lease(world.now, above=0, who="gone:77")
    world.now += timedelta(minutes=2)
    teller(world, Sent(), more=lambda at: [source_expires("x are verified until 2026-06-30")]).tell()
    ledger = fold(world.store.read())
    assert ledger.told
    assert ledger.lease is not None
    assert (ledger.lease.who, ledger.lease.seen) == ("gone:77", world.now - timedelta(minutes=2))


def test_a_ledger_that_cannot_be_written_keeps_nobody_from_being_told(world: World) -> None:
    """What waits in the spool is told, by this process once, and the ledger's trouble is said."""
    world.verdicts["all"] = Outcome.FAIL
    world.run(NEW)

    class Full(type(world.store)):  # type: ignore[misc]
        def append(self, entries: object, *, revision: int) -> None:
            raise StoreUnreachableError("the disk is full")

    full = Full()
    full.__dict__.update(world.store.__dict__)
    sent = Sent()
    told = teller(world, sent, store=full)
    told.tell()
    told.tell()
    assert len(sent.messages) == 1
    assert "the ledger could not be written, so others may tell this again" in world.__dict__["warnings"][0]
    looking = teller(world, sent, store=full, insists=False)
    looking.tell()
    assert len(sent.messages) == 1
    assert "so nothing is told" in world.__dict__["warnings"][-2]


def test_an_override_that_was_used_or_refused_is_told_with_who_approved_it(world: World) -> None:
    """From the audit stream, each entry once; what is older than a day is not told."""

    def say(kind: Act, at: datetime, **body: object) -> None:
        AuditBook(world.store, lambda pause: None).transact(
            lambda state: [Draft(stream="audit", kind=kind, at=at, body=body)]
        )

    people = [{"id": 1, "login": "zoe"}, {"id": 2, "login": "max"}]
    use = {"region": "r1", "commit": "c" * 40, "approvers": people, "reason": "it is\x1b[31m down"}
    say(Act.USED, world.now - timedelta(days=2), **use)
    say(Act.USED, world.now, **use)
    refused = {"who": "eve", "what": "eve may not approve", "code": "not_an_approver"}
    say(Act.REFUSED, world.now, pull_request=7, **refused)
    say(Act.REFUSED, world.now, pull_request=0, **refused)
    sent = Sent()
    teller(world, sent).tell()
    teller(world, sent).tell()
    assert sent.bodies == [
        "an override was used: r1 for cccccccccccc, approved by zoe, max: it is [31m down\n"
        "an override was refused: #7 eve: eve may not approve (not_an_approver)\n"
        "an override was refused: a statement eve: eve may not approve (not_an_approver)"
    ]


def test_a_source_that_expires_is_looked_for_once_a_day_and_told_once(world: World) -> None:
    """How many days are left changes every day, and is no news."""
    looked: list[datetime] = []
    until = datetime(2026, 6, 30, tzinfo=NOON.tzinfo)

    def more(at: datetime) -> list[Notice]:
        looked.append(at)
        return [source_expires(f"public/DE are verified until {until:%Y-%m-%d}, {(until - at).days} days from now")]

    sent = Sent()
    for _ in range(6):
        teller(world, sent, more=more).tell()
        world.now += timedelta(hours=12)
    assert [f"{at:%d}" for at in looked] == ["03", "04", "05", "06"]
    assert sent.bodies == ["a source expires: public/DE are verified until 2026-06-30, 26 days from now"]
