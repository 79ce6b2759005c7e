"""Many repositories, one fleet: the ledger in PostgreSQL keeps two rollouts out of one region, and services apart."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from postgres_server import PostgresServer, wire_to

from wedgate.adapters.stores.interface import StoreUnreachableError
from wedgate.adapters.stores.memory import MemorySpool
from wedgate.adapters.stores.postgres import PostgresStore
from wedgate.engine.book import Book
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import RunEnd
from wedgate.errors import ExitCode, RefusedError
from wedgate.ledger.appending import Draft
from wedgate.ledger.plain import from_plain
from wedgate.ledger.streams import Claim, Stream, fold
from wedgate.rollout.values import Colour, Release, Weights

NEW = Release(commit="1" * 40, digest="sha256:new")
OTHER = Release(commit="2" * 40, digest="sha256:other")
VENUES, GUESTS = "venue-search", "guest-lists"

# Who got past the start stays in the middle of its rollout until the other has ended, or for so many seconds.
STAYS = 20.0


class Racer:
    """One process that rolls a release out: its own view of the world, its own connection."""

    def __init__(self, world: Any, url: str, service: str, who: str, release: Release) -> None:
        self.world = world
        self.world.store = PostgresStore(lambda: url, service)
        self.service, self.who, self.release = service, who, release
        self.ended = threading.Event()
        self.end: RunEnd | Exception | None = None

    def run(self, start: threading.Barrier) -> None:
        """Start when all do; keep how it ended."""
        parts = replace(
            self.world.parts(), service=self.service, who=self.who, is_alive=lambda name: True, is_fleet=True
        )
        start.wait()
        try:
            self.end = RolloutEngine(parts).run(self.release, regions=())
        except Exception as error:
            self.end = error
        self.ended.set()


def race(one: Racer, two: Racer) -> None:
    """Let both start at once; neither ends its rollout before the other's start was decided."""
    for own, other in ((one, two), (two, one)):
        own.world.on_pause.append(lambda there, own=own, other=other: own.ended.is_set() or other.ended.wait(STAYS))
    start = threading.Barrier(2)
    threads = [threading.Thread(target=racer.run, args=(start,)) for racer in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def claimed(url: str, service: str) -> list[Claim]:
    """Return every claim of the ledger."""
    entries = PostgresStore(lambda: url, service).read()
    claims = [entry for entry in entries if entry.stream == Stream.CLAIMS and entry.kind == "claimed"]
    return [from_plain(Claim, dict(entry.body)) for entry in claims]


@pytest.mark.parametrize("turn", range(3))
def test_of_two_starts_at_once_one_has_the_regions(
    postgres_server: PostgresServer, make_world: Callable[..., Any], turn: int
) -> None:
    """Two repositories release one service, each its own version: one rolls out, the other is told who does."""
    url = postgres_server.database()
    first, second = make_world(adopted=False), make_world(adopted=False)
    second.targets = first.targets
    racers = [
        Racer(first, url, VENUES, "a:1", NEW),
        Racer(second, url, VENUES, "b:2", OTHER),
    ]
    first.adopt()
    race(*racers)
    (loser,) = [racer for racer in racers if isinstance(racer.end, RefusedError)]
    (winner,) = [racer for racer in racers if racer is not loser]
    assert isinstance(winner.end, RunEnd)
    assert winner.end.exit_code is ExitCode.DONE
    assert f"of {winner.who} is running there" in str(loser.end)
    (claim,) = claimed(url, VENUES)
    assert set(claim.regions) == {"r1", "r2", "r3", "r4"}
    assert {target.weights().weights for target in first.targets.values()} == {Weights.giving(Colour.GREEN, 100)}
    assert {target.digest(Colour.GREEN) for target in first.targets.values()} == {winner.release.digest}
    ledger = fold(PostgresStore(lambda: url, VENUES).read())
    assert ledger.claims == {}


def test_rollouts_of_two_services_in_one_region_do_not_touch_each_other(
    postgres_server: PostgresServer, make_world: Callable[..., Any]
) -> None:
    """One database, regions of one name, targets of their own: both start at once, both are in the middle, both end."""
    url = postgres_server.database()
    racers = [
        Racer(make_world(adopted=False), url, VENUES, "a:1", NEW),
        Racer(make_world(adopted=False), url, GUESTS, "b:2", OTHER),
    ]
    for racer in racers:
        racer.world.adopt()
    middle = threading.Barrier(2, timeout=STAYS)
    met: set[str] = set()

    def meet(racer: Racer) -> None:
        if racer.who not in met:
            met.add(racer.who)
            middle.wait()

    for racer in racers:
        racer.world.on_pause.append(lambda there, racer=racer: meet(racer))
    start = threading.Barrier(2)
    threads = [threading.Thread(target=racer.run, args=(start,)) for racer in racers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for racer in racers:
        assert isinstance(racer.end, RunEnd), racer.end
        assert racer.end.exit_code is ExitCode.DONE
        (claim,) = claimed(url, racer.service)
        journals = fold(PostgresStore(lambda: url, racer.service).read()).journals
        assert set(journals) == {claim.rollout}
    assert met == {"a:1", "b:2"}


@pytest.mark.parametrize("turn", range(3))
def test_of_two_services_that_share_their_targets_one_stops(
    postgres_server: PostgresServer, make_world: Callable[..., Any], turn: int
) -> None:
    """No claim knows of the other, but the fences do: one at most ends its rollout, and nothing strange has traffic."""
    url = postgres_server.database()
    first, second = make_world(adopted=False), make_world(adopted=False)
    second.targets = first.targets
    racers = [Racer(first, url, VENUES, "a:1", NEW), Racer(second, url, GUESTS, "b:2", OTHER)]
    for racer in racers:
        racer.world.adopt()
    race(*racers)
    done = [racer for racer in racers if isinstance(racer.end, RunEnd) and racer.end.exit_code is ExitCode.DONE]
    assert len(done) <= 1, [racer.end for racer in racers]
    for target in first.targets.values():
        weights = target.weights().weights
        assert weights in (Weights.giving(Colour.BLUE, 100), Weights.giving(Colour.GREEN, 100))
        if weights.green:
            assert [target.digest(Colour.GREEN)] == [racer.release.digest for racer in done]


def test_a_record_whose_both_answers_were_lost_is_written_once(postgres_server: PostgresServer) -> None:
    """It was carried out, nobody was told, so it waits in the spool as well: the next run finds it in the ledger."""
    url = postgres_server.database()
    at = datetime(2026, 6, 3, 12, tzinfo=UTC)
    poisoned = Draft(stream=Stream.POISON, kind="poisoned", at=at, body={"digest": "d", "why": "w", "rollout": "r"})
    spool = MemorySpool()
    with wire_to(postgres_server) as wire:
        book = Book(PostgresStore(lambda: wire.url(url), VENUES), spool)
        book.take_lease(at, above=0, who="a:1")
        book.keep([poisoned])
        wire.lose_answers = 2
        with pytest.raises(StoreUnreachableError):
            book.append([poisoned])
        assert wire.lose_answers == 0
    assert spool.waiting() == (poisoned,)
    assert Book(PostgresStore(lambda: url, VENUES), spool).take_lease(at, above=0, who="b:2") == 0
    kinds = [entry.kind for entry in PostgresStore(lambda: url, VENUES).read()]
    assert kinds == ["taken", "poisoned", "taken"]
    assert spool.waiting() == ()
