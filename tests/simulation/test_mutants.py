"""A simulation that finds nothing in broken code proves nothing: each of these engines is broken, and is caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from wedgate.adapters.stores.memory import MemoryStore
from wedgate.calendars.values import Verdict
from wedgate.engine import book, observe, region_gate, returning, rollback, rollout, start, tick
from wedgate.judge.values import Outcome
from wedgate.ledger import streams
from wedgate.ledger.audit import Frozen
from wedgate.ledger.streams import Stream
from wedgate.rollout import draining, endings, orders, regions, rescue, state, step, values
from wedgate.rollout.effects import Deploy, ReadWeights
from wedgate.simulation import process
from wedgate.simulation.faults import Fault, FaultKind
from wedgate.simulation.run import simulate

MOST_SEEDS = 400
Patch = Callable[[pytest.MonkeyPatch], None]
World = tuple[int, tuple[Fault, ...] | None]
"""A seed, and faults other than its own where they are named."""


def _fault(point: int, kind: FaultKind, pick: float = 0) -> Fault:
    return Fault(point=point, kind=kind, pick=pick)


LATE_SWITCHES: tuple[World, ...] = tuple(
    (
        seed,
        (
            _fault(100, FaultKind.CRASH),
            _fault(100 + after, FaultKind.SWITCH_LATE),
            _fault(100 + after + then, FaultKind.BY_HAND),
        ),
    )
    for seed in (0, 6, 22, 35, 41)
    for after in range(4, 16)
    for then in (1, 2, 4)
)
"""A process dies, the switch of the next is not confirmed, and somebody rolls back before it knows."""

SILENCES: tuple[World, ...] = tuple(
    (seed, tuple(_fault(point, FaultKind.EVIDENCE_MISSING, pick) for pick in (0.99, 0.74, 0.49)))
    for seed in (0, 6, 22, 41)
    for point in (150, 200, 250, 300)
)
"""For a quarter of an hour and longer there is no evidence from three regions."""

OVERTAKEN: tuple[World, ...] = tuple(
    (seed, (_fault(point, FaultKind.ZOMBIE),)) for seed in (0, 5, 6) for point in (47, 195)
)
"""A process stands still while it is about to deploy, and another one rolls the release out meanwhile."""

PER_REGION: tuple[World, ...] = tuple(
    (seed, (_fault(point, FaultKind.ZOMBIE, 0.98),)) for seed in (0, 7, 10) for point in (121, 126, 120, 122, 127)
)
"""A process stands still while it is about to raise a region, and a job for each region takes over."""

LATE_RETURNS: tuple[World, ...] = tuple(
    (seed, (_fault(point, FaultKind.CRASH, 0.9),)) for seed in (7, 0, 10, 16) for point in (125, 123, 127, 130)
)
"""A process that seems to be dead returns its traffic while the next one takes over."""

BY_HANDS: tuple[World, ...] = tuple(
    (seed, (_fault(point, FaultKind.BY_HAND),)) for seed in (0, 6, 22, 41) for point in (60, 100, 150, 200, 250, 300)
)
"""Somebody rolls back by hand."""

ABORTS: tuple[World, ...] = tuple(
    (seed, (_fault(point, FaultKind.ABORTED_REGION, pick),))
    for seed in (0, 6, 22, 41)
    for point in (60, 100, 150)
    for pick in (0.1, 0.3, 0.6, 0.9)
)
"""The rollout is ended in one region."""

THAWS: tuple[World, ...] = tuple(
    (seed, (_fault(point, FaultKind.FROZEN, 0.99), _fault(point + 5, FaultKind.THAWED_REGION, pick)))
    for seed in (0, 6, 22, 41)
    for point in (20, 60, 100)
    for pick in (0.1, 0.3, 0.6, 0.9)
)
"""Everything is frozen, and one region is thawed."""

GONE_COLOURS: tuple[World, ...] = tuple(
    (seed, (_fault(point, FaultKind.OLD_GONE), _fault(point + after, kind)))
    for seed in (0, 6, 22, 41)
    for point in (100, 200, 300)
    for after, kind in ((1, FaultKind.BY_HAND), (10, FaultKind.BY_HAND), (1, FaultKind.GOES_BAD))
)
"""A region's old colour is torn down once it has no traffic, and then traffic has to go back to it."""


HELD_REGRESSIONS: tuple[World, ...] = tuple(
    (
        seed,
        (
            _fault(point, FaultKind.GOES_BAD),
            *(_fault(point + 30, FaultKind.COLOUR_CHANGES, pick) for pick in (0, 0.25, 0.5, 0.75)),
        ),
    )
    for seed in (28, 67, 79, 100)
    for point in (80, 120, 160)
)
"""Ticks hold a regression, and then another version answers on the candidate: its traffic goes back."""


KILLED_SWITCHES: tuple[World, ...] = tuple(
    (seed, (_fault(point, FaultKind.NO_TICKS, 0.9),))
    for seed, first in ((0, 58), (6, 58), (22, 58), (28, 87))
    for point in range(first, first + 8)
)
"""A process dies about when it switches traffic, and for nine hours nobody comes."""


PART_SWITCHES: tuple[World, ...] = tuple(
    (seed, (_fault(point, FaultKind.SWITCH_PARTLY),)) for seed in (28, 67, 79, 100) for point in (60, 90, 120)
)
"""A balancer takes half of a switch."""


WRONG_CLOCKS: tuple[World, ...] = tuple(
    (
        seed,
        (
            _fault(point, FaultKind.CLOCK_AHEAD, 0.9),
            *(_fault(point + 8, FaultKind.EVIDENCE_MISSING, pick) for pick in (0.99, 0.74, 0.49)),
        ),
    )
    for seed in (67, 100)
    for point in (70, 80, 90, 100, 110)
)
"""One tick has a clock that is nine hours ahead, and then there is no evidence."""


STRANGERS: tuple[World, ...] = tuple(
    (seed, (_fault(point, FaultKind.STRANGER),))
    for seed, first in ((0, 48), (6, 48), (28, 78))
    for point in (first, first + 2, first + 4, first + 6)
)
"""Somebody else switches the first region between its deploy and its first step."""

TAKE_OVERS: tuple[World, ...] = (
    (210, (_fault(144, FaultKind.STRANGER, 0.3313), _fault(162, FaultKind.NO_TICKS, 0.00595))),
    (481, (_fault(185, FaultKind.CRASH, 0.0511), _fault(200, FaultKind.STRANGER, 0.531))),
)
"""Somebody else switches a region that has begun before a process dies; another one after its successor has looked."""


@dataclass(frozen=True)
class Mutant:
    """A broken engine: what is wrong with it, the invariants of which one must show it, and how it is broken."""

    what: str
    caught_by: tuple[int, ...]
    patch: Patch
    worlds: tuple[World, ...] = tuple((seed, None) for seed in range(MOST_SEEDS))


def setting(target: object, name: str, value: object) -> Patch:
    """Replace one attribute."""
    return lambda patch: patch.setattr(target, name, value)


def around(target: Any, name: str, change: Callable[..., Any]) -> Patch:
    """Wrap one function: ``change(original, *arguments)``."""
    original = getattr(target, name)
    return lambda patch: patch.setattr(target, name, lambda *args, **kwargs: change(original, *args, **kwargs))


def _believes_any_digest(original: Any, whole: Any, plan: Any, region: Any, event: Any) -> Any:
    return original(whole, plan, region, replace(event, digest=whole.plan.release.digest))


def _passes_anything_final(original: Any, whole: Any, event: Any) -> Any:
    after, effects = original(whole, event)
    judged = replace(event, judgement=replace(event.judgement, outcome=Outcome.PASS)) if event.final else event
    return original(whole, judged) if event.judgement.outcome is not Outcome.FAIL else (after, effects)


def _asks_once(original: Any, self: Any, plan: Any, region: str, at: Any, runway: Any, **by: Any) -> Any:
    answer = original(self, plan, region, at, runway, **by)
    kept = self._looked.setdefault(f"*{region}", answer)
    return replace(kept, at=at) if kept.verdict is not Verdict.CLOSED else answer


def _loses_the_last_entry(original: Any, self: Any, entries: Any, *, revision: int) -> Any:
    original(self, entries, revision=revision)
    if revision == 20:
        self._entries = (*self._entries[:-2], self._entries[-1])


def _half_way_back(patch: pytest.MonkeyPatch) -> None:
    """Give stable 95 %, and take that for all."""

    def back(original: Any, plan: Any, region: Any, **late: Any) -> Any:
        return replace(original(plan, region, **late), weights=values.Weights.giving(plan.candidate, 5))

    def believed(original: Any, whole: Any, plan: Any, region: Any, event: Any) -> Any:
        if region.phase is state.RegionPhase.ROLLING_BACK:
            event = replace(event, weights=values.Weights.giving(plan.stable, 100))
        return original(whole, plan, region, event)

    around(regions, "return_effect", back)(patch)
    around(step, "_weights_read", believed)(patch)


def _deploys_anywhere(patch: pytest.MonkeyPatch) -> None:
    """Targets that do not mind whether a colour has traffic."""
    patch.setattr(process, "refuse_live", lambda reading, colour, region: None)


def _deploys_on_the_other(patch: pytest.MonkeyPatch) -> None:
    def deploy(region: str, colour: values.Colour, release: values.Release) -> Deploy:
        return Deploy(region=region, colour=colour.other, release=release)

    _deploys_anywhere(patch)
    patch.setattr(step, "Deploy", deploy)


def _stops_at_a_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rollback, "FENCES", 0)
    patch.setattr(rollback, "AHEAD", 1)


def _drains_unasked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(draining, "asked_before", lambda whole, region: (ReadWeights(region=region.region),))
    around(step, "_weights_read", _drains_what_is_read)(patch)


def _drains_what_is_read(original: Any, whole: Any, plan: Any, region: Any, event: Any) -> Any:
    promoted = region.phase is state.RegionPhase.PROMOTED
    return original(whole, plan, replace(region, verified=True) if promoted else region, event)


def _poison_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(start, "refuse_poisoned", lambda *args: None)
    patch.setattr(rollout, "refuse_poisoned", lambda *args: None)
    patch.setattr(tick.Ticker, "_heed", lambda self, poisoned: None)


def _forgets(original: Any, whole: Any, event: Any) -> Any:
    after, effects = original(replace(whole, obeyed=0), event)
    return replace(after, obeyed=0), effects


def _forgets_what_was_held(original: Any, plan: Any, region: Any, why: str, **then: Any) -> Any:
    return original(plan, replace(region, hold=None, returning=None), why, **then)


def _trusts_every_switch(original: Any, region: Any, *when: Any) -> Any:
    return region.phase is not state.RegionPhase.SHIFTING and original(region, *when)


def _calls_a_person(whole: Any, plan: Any, region: Any, event: Any, why: str) -> Any:
    return regions.needs_human(region, why), ()


def _minds_no_stranger(original: Any, whole: Any, plan: Any, region: Any, event: Any) -> Any:
    if region.phase in (state.RegionPhase.PREPARING, state.RegionPhase.VERIFIED):
        return region, ()
    return original(whole, plan, region, event)


def _counts_what_has_begun(self: Any, plan: Any, read: Any) -> bool:
    has_begun = self.state.region(plan.region).phase is not state.RegionPhase.PENDING
    return not has_begun and read.weights.of(plan.candidate) > 0


def _fences_what_it_finds(original: Any, self: Any, plan: Any, read: Any) -> Any:
    self._is_strangers = lambda plan, read: False
    try:
        return original(self, plan, read)
    finally:
        del self._is_strangers


def _begins_again(whole: Any, names: Any, why: str, at: Any) -> Any:
    after, effects = endings.given_up(whole, names, why, at)
    for region in after.regions:
        if region.region in names and region.phase is state.RegionPhase.ROLLED_BACK:
            after = after.having(regions.begin_again(region))
    return after, effects


def _thaws_every_region(original: Any, frozen: Any, body: Any, at: Any) -> Any:
    return original(frozen, {**body, "regions": None}, at)


def _unchecked_weights(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(values.Weights, "__post_init__", lambda self: None)
    given = values.Weights.giving.__func__  # type: ignore[attr-defined]

    def giving(cls: Any, colour: Any, percent: int) -> Any:
        whole = given(cls, colour, percent)
        return replace(whole, blue=whole.blue - 1) if 0 < percent < 100 else whole

    patch.setattr(values.Weights, "giving", classmethod(giving))


def _everybody_writes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(book, "WITHOUT_LEASE", tuple(Stream))


def _any_epoch(original: Any, self: Any, entries: Any, *, revision: int) -> Any:
    from wedgate.adapters.stores import memory

    kept = memory.refusal_to_append
    memory.refusal_to_append = lambda existing, new, revision: None if len(existing) == revision else "moved"  # type: ignore[assignment]
    try:
        original(self, entries, revision=revision)
    finally:
        memory.refusal_to_append = kept


def _never_lost(patch: pytest.MonkeyPatch) -> None:
    """Write on whatever was written since, under the old epoch."""
    _everybody_writes(patch)
    around(MemoryStore, "append", _any_epoch)(patch)


def _given_back_everywhere(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    reconciled = original(self, *args, **kwargs)
    if self.was_given_back:
        self.state = replace(self.state, lost=0)
    return reconciled


def _writes_over_anything(original: Any, self: Any, weights: Any, fence: Any, *, over: Any = None) -> Any:
    return original(self, weights, fence)


def _barely_ahead(patch: pytest.MonkeyPatch) -> None:
    """A rollback one epoch ahead, of a target that does not look what it writes over, as a command may."""
    patch.setattr(rollback, "AHEAD", 1)
    around(process.ProcessTarget, "set_weights", _writes_over_anything)(patch)


def _counts_gaps(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        observe.Watcher,
        "_slice",
        lambda self, before, after, effect: self._slice_between(before, after, stable=effect.stable.value),
    )


MUTANTS = (
    Mutant("a writer that lost its lease writes on", (1,), _never_lost),
    Mutant(
        "what somebody else wrote before the first step is written over",
        (1,),
        around(step, "_weights_read", _minds_no_stranger),
        STRANGERS,
    ),
    Mutant(
        "a take-over puts its fence on a stranger's traffic where a region has begun",
        (1,),
        lambda patch: patch.setattr(tick.Ticker, "_is_strangers", _counts_what_has_begun),
        TAKE_OVERS,
    ),
    Mutant(
        "a take-over does not ask whose it is what was written since it looked",
        (1,),
        around(tick.Ticker, "_fenced", _fences_what_it_finds),
        TAKE_OVERS,
    ),
    Mutant(
        "a take-over writes back what it has read",
        (2, 6),
        around(process.ProcessTarget, "set_weights", _writes_over_anything),
        LATE_RETURNS,
    ),
    Mutant(
        "a lease that was given back is taken for a fence in every region",
        (1,),
        around(book.Book, "take_lease", _given_back_everywhere),
        PER_REGION,
    ),
    Mutant(
        "whatever answers on the candidate is taken for the release",
        (2,),
        around(step, "_digest_read", _believes_any_digest),
    ),
    Mutant("weights need not sum to a hundred", (3,), _unchecked_weights),
    Mutant("the release is deployed on the colour that has traffic", (4,), _deploys_on_the_other),
    Mutant("a run that was overtaken deploys all the same", (4,), _deploys_anywhere, OVERTAKEN),
    Mutant(
        "nobody needs to have seen what no rollback takes back",
        (4,),
        setting(state.RolloutState, "awaits_drain", lambda whole, region: False),
    ),
    Mutant("an old colour goes while the gate is closed", (4,), _drains_unasked),
    Mutant(
        "a rollback by hand gives the new version everything",
        (2, 5, 6),
        setting(rescue.Rescue, "weights_for", lambda self, region: values.Weights.giving(region.candidate, 100)),
        BY_HANDS,
    ),
    Mutant("a rollback by hand stops at a fence that it cannot see", (5,), _stops_at_a_fence, LATE_SWITCHES),
    Mutant("a run that began meanwhile writes over a rollback", (2,), _barely_ahead, LATE_SWITCHES),
    Mutant(
        "a closed gate is taken for an open one", (6,), setting(step, "refusal_of_gate", lambda answer, needed: None)
    ),
    Mutant(
        "a bake may reach into a closed window",
        (6,),
        setting(regions, "runway_needed", lambda plan, region: timedelta(0)),
    ),
    Mutant("the gate is asked once for each region", (6,), around(region_gate.RegionGate, "ask", _asks_once)),
    Mutant("a freeze concerns nobody", (6,), setting(region_gate, "frozen_region", lambda region, freezes, at: region)),
    Mutant(
        "a freeze of one region concerns nobody", (6,), setting(Frozen, "names", lambda self, region: not self.regions)
    ),
    Mutant("a thaw of one region thaws every region", (6,), around(streams, "after_thaw", _thaws_every_region), THAWS),
    Mutant("a poisoned digest may be rolled out again", (6,), _poison_forgotten),
    Mutant(
        "a regression that is held is forgotten when its traffic goes back",
        (6,),
        around(regions, "give_back", _forgets_what_was_held),
        HELD_REGRESSIONS,
    ),
    Mutant(
        "any number of regions moves",
        (7,),
        setting(state.RegionState, "is_in_flight", property(lambda self: False)),
    ),
    Mutant(
        "waves do not wait for one another",
        (7,),
        setting(
            step,
            "regions_to_begin",
            lambda whole: tuple(
                each.region
                for each in whole.regions
                if each.phase is state.RegionPhase.PENDING and whole.halted is None
            )[:1],
        ),
    ),
    Mutant("an order is obeyed again by each tick", (8,), around(step, "obeyed", _forgets)),
    Mutant(
        "a region in which the rollout was ended takes part again",
        (9,),
        setting(orders, "given_up", _begins_again),
        ABORTS,
    ),
    Mutant("the ledger loses an entry", (9,), around(MemoryStore, "append", _loses_the_last_entry)),
    Mutant("no answer is as good as a pass", (10,), around(step, "_judged", _passes_anything_final)),
    Mutant(
        "traffic goes back to a colour that is gone",
        (11,),
        setting(returning, "reason_gone", lambda **found: ""),
        GONE_COLOURS,
    ),
    Mutant("traffic goes back most of the way", (11,), _half_way_back),
    Mutant("time in which nobody looked counts as observed", (12,), _counts_gaps),
    Mutant(
        "nobody minds a candidate that nobody watches", (13,), setting(step, "_unwatched", lambda *args: None), SILENCES
    ),
    Mutant(
        "a switch that is read back hours later is a bake that begins",
        (13,),
        around(regions, "is_unwatched", _trusts_every_switch),
        KILLED_SWITCHES,
    ),
    Mutant(
        "what was applied in part is left to a person",
        (13,),
        setting(step, "_found_otherwise", _calls_a_person),
        PART_SWITCHES,
    ),
    Mutant(
        "a mark from the future is believed",
        (13,),
        setting(regions, "CLOCKS_DIFFER", timedelta(days=100)),
        WRONG_CLOCKS,
    ),
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_a_broken_engine_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some world shows it, by the invariant that it breaks."""
    mutant.patch(monkeypatch)
    seen = []
    for seed, faults in mutant.worlds:
        try:
            outcome = simulate(seed, faults)
        except Exception as error:
            seen.append(f"{type(error).__name__}: {error}")
            continue
        if outcome.violation is not None:
            number = int(outcome.violation.split()[1].rstrip(":"))
            if number in mutant.caught_by:
                return
            seen.append(outcome.violation)
    pytest.fail(f"{mutant.what}: not caught by {mutant.caught_by}; {seen[:3]}")


@pytest.mark.parametrize(
    "worlds",
    [
        LATE_SWITCHES,
        SILENCES,
        OVERTAKEN,
        PER_REGION,
        LATE_RETURNS,
        BY_HANDS,
        GONE_COLOURS,
        ABORTS,
        THAWS,
        HELD_REGRESSIONS,
        KILLED_SWITCHES,
        PART_SWITCHES,
        WRONG_CLOCKS,
        STRANGERS,
        TAKE_OVERS,
    ],
    ids=[
        "late switches",
        "silences",
        "overtaken",
        "region by region",
        "late returns",
        "rollbacks by hand",
        "gone colours",
        "aborts",
        "thaws",
        "held regressions",
        "killed switches",
        "switches in part",
        "wrong clocks",
        "strangers",
        "take-overs",
    ],
)
def test_the_engine_itself_holds_in_the_worlds_that_catch_them(worlds: tuple[World, ...]) -> None:
    """What catches a broken engine lets a whole one pass."""
    outcomes = [simulate(seed, faults) for seed, faults in worlds]
    assert [(each.seed, each.faults, each.violation) for each in outcomes if each.violation is not None] == []


def test_every_invariant_has_a_mutant() -> None:
    """All thirteen."""
    assert {number for mutant in MUTANTS for number in mutant.caught_by} == set(range(1, 14))
