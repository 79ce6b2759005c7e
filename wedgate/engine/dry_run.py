"""What a rollout would do, if everything goes well: the machine's own effects, with the hours the calendars allow.

Nothing is written and no target is changed. Each gate is really asked, at the hour at which its turn would come; the
deploys are taken to be instant, and every judgement to be a pass at the end of its bake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wedgate.engine.book import Book
from wedgate.engine.plan import HORIZON
from wedgate.engine.region_gate import RegionGate
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.engine.start import plan_rollout, requested_regions
from wedgate.judge.values import Judgement, Outcome
from wedgate.rollout import effects as fx
from wedgate.rollout import events as ev
from wedgate.rollout.promises import Declared
from wedgate.rollout.state import HoldKind, RolloutState
from wedgate.rollout.step import begin, step
from wedgate.rollout.values import Migration, Release, Weights

MOST_TICKS = 2000
"""A bound against a plan that never ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """One effect and the hour at which its turn would come."""

    at: datetime
    effect: fx.Effect


def foresee(
    parts: RolloutParts, release: Release, *, regions: Sequence[str] = (), migration: Migration | None = None
) -> tuple[Foreseen, ...]:
    """Return every effect of the rollout in order; ``()`` when every region runs the release already.

    Stops at the first wait whose end nobody knows, and after as many days as a plan does.

    Raises as ``RolloutEngine.run`` does when it may not start.
    """
    book = Book(parts.store, parts.spool, parts.known)
    book.refresh()
    declared = Declared(migration=migration, accepted_by="nobody yet: nothing is done")
    planned = plan_rollout(parts, book.state, release, requested_regions(parts.settings, regions), declared)
    if planned.plan is None:
        return ()
    world = _Imagined(parts, book, begin(ev.Started(at=parts.clock(), plan=planned.plan)))
    for _ in range(MOST_TICKS):
        before, at = world.state, world.now
        world.feed(ev.Ticked(at=world.now))
        if world.state.is_over or not world.moves_on(before, at):
            break
    return tuple(world.foreseen)


class _Imagined:
    """A world in which everything that is asked for goes well."""

    def __init__(self, parts: RolloutParts, book: Book, state: RolloutState) -> None:
        self._gate = RegionGate(parts, book, uses_overrides=False)
        self.state = state
        self.now = parts.clock()
        self._end = self.now + HORIZON
        self.foreseen: list[Foreseen] = []
        self._weights: dict[str, Weights] = {}
        self._deployed: set[str] = set()

    def feed(self, event: ev.Event) -> None:
        """Let the machine take in an event, and imagine what its effects find."""
        self.state, effects = step(self.state, event)
        for effect in effects:
            self.foreseen.append(Foreseen(at=self.now, effect=effect))
            found = self._imagine(effect)
            if found is not None:
                self.feed(found)

    def moves_on(self, before: RolloutState, at: datetime) -> bool:
        """Let time pass to the next opening when nothing else moves; ``False`` when there is none to wait for."""
        if self.state != before or self.now != at:
            return True
        later = [
            (region.hold.until, region.region)
            for region in self.state.regions
            if region.hold is not None and region.hold.kind is HoldKind.CLOSED and region.hold.until is not None
            if region.hold.until > self.now
        ]
        if not later:
            return False
        until, region = min(later)
        if until >= self._end:
            why = f"it does not begin within {HORIZON.days} days, and nothing later is looked at"
            held = fx.HoldRegion(region=region, kind=HoldKind.CLOSED, why=why, until=until)
            self.foreseen.append(Foreseen(at=self.now, effect=held))
            return False
        self.now = until
        return True

    def _imagine(self, effect: fx.Effect) -> ev.Event | None:
        """Return what an effect would find."""
        plan = self.state.plan
        match effect:
            case fx.AskGate():
                return self._gate.ask(plan, effect.region, self.now, effect.runway)
            case fx.Deploy(region=region):
                self._deployed.add(region)
                return ev.Deployed(at=self.now, region=region)
            case fx.ReadDigest(region=region, colour=colour):
                digest = plan.release.digest if region in self._deployed else None
                return ev.DigestRead(at=self.now, region=region, colour=colour, digest=digest)
            case fx.ReadWeights(region=region):
                weights = self._weights.get(region, Weights.giving(plan.region(region).stable, 100))
                return ev.WeightsRead(at=self.now, region=region, weights=weights, fence=None)
            case fx.SetWeights(region=region, weights=weights):
                self._weights[region] = weights
                return ev.WeightsRead(at=self.now, region=region, weights=weights, fence=None)
            case fx.Judge(region=region):
                return self._pass(effect)
            case _:
                return None

    def _pass(self, effect: fx.Judge) -> ev.Judged:
        """Let the bake go by, and pass."""
        self.now = max(self.now, effect.since + effect.bake)
        text = "taken to pass"
        judgement = Judgement(outcome=Outcome.PASS, metrics=(), slices=0, usable=0, text=text)
        return ev.Judged(
            at=self.now, region=effect.region, step=effect.step, observed=effect.bake, final=True, judgement=judgement
        )
