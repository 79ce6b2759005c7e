"""Adoption: a person says what runs today, wedgate verifies it and records it as the last good version."""

from __future__ import annotations

from collections.abc import Sequence

from wedgate.engine.book import Book
from wedgate.engine.holder import refuse_while_held
from wedgate.engine.recording import drafts_of_adoption
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.engine.start import requested_regions
from wedgate.engine.tick import release_claims
from wedgate.errors import RefusedError, UsageError
from wedgate.ledger.appending import Draft
from wedgate.ledger.streams import Good, LedgerState
from wedgate.rollout.effects import SetWeights
from wedgate.rollout.events import Superseded
from wedgate.rollout.journal import draft_of
from wedgate.rollout.promises import spell_undrained
from wedgate.rollout.state import ADVANCED, RolloutState
from wedgate.rollout.step import step
from wedgate.rollout.values import Colour, Release, Weights

WHY = "a person recorded what runs"


def adopt(
    parts: RolloutParts, release: Release, *, regions: Sequence[str] = (), colour: Colour | None = None
) -> tuple[Good, ...]:
    """Record ``release`` as the last good version of ``regions`` (all by default), and return what was recorded.

    ``colour`` is the side it runs on; without it, the side that has all traffic. Raises ``RefusedError`` unless the
    digest answers there and has all traffic in every region: then nothing is recorded. A rollout that waits, or
    that needs a human, ends with it; one that has candidate traffic elsewhere keeps it from being recorded, and so does
    a run that is alive.
    """
    requested = requested_regions(parts.settings, regions)
    goods = tuple(_verified(parts, region, release, colour) for region in requested)
    book = Book(parts.store, parts.spool, parts.known)
    book.refresh()
    epochs = [_epoch(parts, region) for region in requested]
    at = parts.clock()
    for found in _concerned(book, requested):
        _ended(parts, found, requested)

    def allow(state: LedgerState) -> None:
        refuse_while_held(state, at, parts.is_alive)

    book.take_lease(at, above=max(epochs, default=0), who="adoption", allow=allow)
    drafts: list[Draft] = []
    for running in _concerned(book, requested):
        after = _ended(parts, running, requested)
        superseded = Superseded(at=at, why=WHY, seen=tuple(requested))
        drafts += [draft_of(superseded, rollout=running.plan.rollout), release_claims(after, at)]
        drafts += drafts_of_adoption(_promoted(after, requested), at)
    book.append([*drafts, *drafts_of_adoption(goods, at)])
    return goods


def _promoted(ended: RolloutState, requested: Sequence[str]) -> list[Good]:
    """Return what a rollout that ends has promoted in other regions and not recorded yet: nobody else will."""
    release, rollout = ended.plan.release, ended.plan.rollout
    return [
        Good(region=plan.region, colour=plan.candidate, release=release, rollout=rollout)
        for plan in ended.plan.regions
        if plan.region not in requested and ended.region(plan.region).phase in ADVANCED
    ]


def _concerned(book: Book, requested: Sequence[str]) -> tuple[RolloutState, ...]:
    """Return the unfinished rollouts that hold one of these regions."""
    found = [book.rollout(name) for name in book.state.unfinished]
    return tuple(
        each for each in found if each is not None and {plan.region for plan in each.plan.regions} & {*requested}
    )


def _ended(parts: RolloutParts, running: RolloutState, requested: Sequence[str]) -> RolloutState:
    """Return the rollout that runs, ended; ``RefusedError`` when it still has candidate traffic."""
    after, effects = step(running, Superseded(at=parts.clock(), why=WHY, seen=tuple(requested)))
    if waits := spell_undrained(running):
        raise RefusedError(f"rollout {running.plan.rollout} is not over: {waits}")
    owed = [region for region in running.regions if region.owes_return and region.region not in requested]
    if owed or any(isinstance(effect, SetWeights) for effect in effects):
        raise RefusedError(
            f"rollout {running.plan.rollout} has candidate traffic: run it again to go on, or return it with "
            "`wedgate rollback` first"
        )
    return after


def _verified(parts: RolloutParts, region: str, release: Release, colour: Colour | None) -> Good:
    """Return what to record for one region, after asking its target."""
    if region not in parts.settings.targets:
        raise UsageError(f"region {region} has no target; say how its traffic is switched under rollout.target")
    target = parts.open_target(parts.settings.targets[region])
    weights = target.weights().weights
    side = colour or (Colour.BLUE if weights.blue >= weights.green else Colour.GREEN)
    if weights != Weights.giving(side, 100):
        raise RefusedError(
            f"{region}: {side} has {weights.of(side)} % of the traffic, and only a version with all of it can be "
            "adopted; nothing was recorded"
        )
    found = target.digest(side)
    if found != release.digest:
        raise RefusedError(
            f"{region}: {side} answers {found or 'nothing healthy'}, not {release.digest}; nothing was recorded"
        )
    return Good(region=region, colour=side, release=release, rollout=None)


def _epoch(parts: RolloutParts, region: str) -> int:
    """Return the epoch that a target holds."""
    return parts.open_target(parts.settings.targets[region]).weights().highest
