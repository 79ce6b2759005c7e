"""The state of a rollout: what is planned, and where each region stands.

A state is only ever made by ``wedgate.rollout.step``; the journal holds the events, and folding them gives the
state back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from wedgate.judge.values import JudgeSettings, Outcome, Reading, Slice
from wedgate.ledger.copying import replace
from wedgate.making import quick
from wedgate.rollout.values import (
    DEFAULT_UNWATCHED,
    Choice,
    Colour,
    Migration,
    Release,
    ReportFails,
    Step,
    Strategy,
    TargetSettings,
    Weights,
    WindowCloses,
)


class RolloutStatus(StrEnum):
    """Where the rollout as a whole stands."""

    PLANNED = "planned"
    RUNNING = "running"
    HALTED = "halted"
    """Nothing increases any more: a regression, a rollback by hand, or a newer rollout took its place. Final."""
    RETREATING = "retreating"
    """Every region goes back, promoted ones too, the last one first."""
    RETREATED = "retreated"
    """Every region is back. Final."""
    NEEDS_HUMAN = "needs_human"
    DONE = "done"
    """Every region is done. Final."""


class RegionPhase(StrEnum):
    """Where one region stands. ``done`` and ``rolled_back`` are final."""

    PENDING = "pending"
    GATED = "gated"
    """The gate answered open, and the whole way through the region fits before it closes."""
    PREPARING = "preparing"
    VERIFIED = "verified"
    SHIFTING = "shifting"
    BAKING = "baking"
    PROMOTED = "promoted"
    DRAINING = "draining"
    DONE = "done"
    HELD = "held"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    NEEDS_HUMAN = "needs_human"


FINAL = frozenset({RegionPhase.DONE, RegionPhase.ROLLED_BACK})
"""Phases that a region never leaves."""

ADVANCED = frozenset({RegionPhase.PROMOTED, RegionPhase.DRAINING})
"""Phases of a region that has all traffic on the new version, and is not recorded yet."""

PROMOTED = ADVANCED | {RegionPhase.DONE}
"""Phases in which a region has the new version for good, as far as this rollout is concerned."""

PREPARING = frozenset({RegionPhase.GATED, RegionPhase.PREPARING, RegionPhase.VERIFIED})
"""Phases in which a region has begun, and its candidate has no traffic yet."""

_EXPOSED = frozenset({RegionPhase.BAKING, RegionPhase.SHIFTING, RegionPhase.ROLLING_BACK})

_MOVING = PROMOTED - FINAL | PREPARING

_NOT_IN_FLIGHT = PROMOTED | {RegionPhase.PENDING, RegionPhase.ROLLED_BACK}


class HoldKind(StrEnum):
    """Why a region is held; decides how a run ends when nothing else can move."""

    CLOSED = "closed"
    """The gate is closed, or closes too soon. Ends by itself when it opens."""
    EVIDENCE = "evidence"
    """The bake ended, extensions included, without evidence that is good enough."""
    REGRESSION = "regression"
    """A regression was found and ``report-fails: hold`` is set."""
    OUTSIDE = "outside"
    """Something outside did not do its part: the deploy command, the version check, the traffic switch."""
    INTERRUPTED = "interrupted"
    """The run ended while the region was in motion; traffic went back to stable."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why nothing increases in a region, since and until when (``None``: nobody knows), and where it goes on."""

    kind: HoldKind
    why: str
    since: datetime
    until: datetime | None
    resume: RegionPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Why traffic goes back to stable, and the phase that follows.

    ``kind`` is set where that is ``held``, and ``until`` where it is known when that ends. ``failing_since`` is when it
    first could not be done. ``waits`` says why not all of it goes back yet, and ``all_at`` when it goes all the same.
    """

    why: str
    then: RegionPhase
    kind: HoldKind | None = None
    until: datetime | None = None
    failing_since: datetime | None = None
    waits: str = ""
    all_at: datetime | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPlan:
    """One region of a plan: its wave (from 0), what runs there as stable, and its target by value.

    ``stable_instances`` is how many instances of stable served all traffic at the start, where that was known.
    """

    region: str
    wave: int
    stable: Colour
    stable_release: Release
    target: TargetSettings
    stable_instances: int | None = None

    @property
    def candidate(self) -> Colour:
        """The colour that gets the new version."""
        return self.stable.other


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a rollout is, pinned by value at its start. Calendars are not part of it: they are read anew.

    ``accepted_by`` is who took what a rollback cannot promise after the ``migration``. ``repository`` is the one on
    whose runner it was started (``owner/name``); empty where that is not known.
    """

    rollout: str
    service: str
    release: Release
    regions: tuple[RegionPlan, ...]
    in_flight: int
    reserve: timedelta
    report_fails: ReportFails
    strategies: tuple[Strategy, ...]
    choose: tuple[Choice, ...]
    judge: JudgeSettings
    max_unwatched: timedelta = DEFAULT_UNWATCHED
    window_closes: WindowCloses = WindowCloses.HOLD
    migration: Migration = Migration.NONE
    accepted_by: str | None = None
    repository: str = ""
    places: Mapping[str, int] = field(init=False, repr=False, compare=False)
    """Where each region stands in ``regions``, and in those of every state."""
    level: Decimal = field(init=False, repr=False, compare=False)
    """The false-alarm budget of one step: the rollout's, shared out over all its regions and steps."""

    def __post_init__(self) -> None:
        """Note the place of each region, and the budget of a step."""
        object.__setattr__(self, "places", {region.region: place for place, region in enumerate(self.regions)})
        most = max((len(strategy.steps) for strategy in self.strategies), default=1)
        level = self.judge.level_of_step(regions=len(self.regions), steps=most)
        object.__setattr__(self, "level", level)

    def region(self, name: str) -> RegionPlan:
        """Return the plan of one region; ``KeyError`` if it is not part of the rollout."""
        return self.regions[self.places[name]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was observed of a step by runs that ended before its bake did: slices in order, and the last reading."""

    last: Reading
    slices: tuple[Slice, ...] = ()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class RegionState:
    """Where one region stands.

    ``weight`` is the candidate's percent as last read back. ``at_step`` is the step in force (-1 before the first),
    while shifting the one being shifted to. ``verified`` says that the candidate's digest was read back since the
    last change; every increase uses it up. ``judged`` is the last final judgement of the step in force. ``evidence`` is
    what an earlier run observed of it and wrote down. ``paused`` is who told the region to wait, and why.
    ``drained_by`` is who saw, and why, that after a migration no rollback takes back the old colour may go.
    ``had_traffic`` says that the candidate had, or may have had, traffic here at any time of this rollout.
    """

    region: str
    phase: RegionPhase = RegionPhase.PENDING
    strategy: Strategy | None = None
    at_step: int = -1
    weight: int = 0
    verified: bool = False
    deployed_at: datetime | None = None
    bake_from: datetime | None = None
    bake_needed: timedelta = timedelta(0)
    extensions: int = 0
    judged: Outcome | None = None
    watched_at: datetime | None = None
    hold: Hold | None = None
    returning: Return | None = None
    attempts: int = 0
    why: str = ""
    paused: str | None = None
    evidence: Evidence | None = None
    drained_by: str | None = None
    had_traffic: bool = False

    @property
    def is_final(self) -> bool:
        """Whether the region never changes again in this rollout."""
        return self.phase in FINAL

    @property
    def is_exposed(self) -> bool:
        """Whether the candidate has, or may have, traffic that must be watched."""
        return self.phase in _EXPOSED or (self.weight > 0 and self.phase is RegionPhase.HELD)

    @property
    def holds_regression(self) -> bool:
        """Whether a regression was found here and is held: with traffic, on its way back, or without."""
        held = self.hold is not None and self.hold.kind is HoldKind.REGRESSION
        return held or (self.returning is not None and self.returning.kind is HoldKind.REGRESSION)

    @property
    def owes_return(self) -> bool:
        """Whether traffic should have gone back to stable and could not: each new run tries it again."""
        return self.phase is RegionPhase.NEEDS_HUMAN and self.returning is not None

    @property
    def is_stranded(self) -> bool:
        """Whether a person was called for a candidate that has traffic, and nobody else is known to look after it."""
        return self.phase is RegionPhase.NEEDS_HUMAN and self.watched_at is not None

    @property
    def is_moving(self) -> bool:
        """Whether something will still happen here by itself, even in a rollout that is halted."""
        return self.phase in _MOVING or self.is_exposed

    @property
    def is_in_flight(self) -> bool:
        """Whether the region counts against ``in-flight``: it has begun and is not promoted yet."""
        if self.phase in _NOT_IN_FLIGHT:
            return False
        if self.phase is not RegionPhase.HELD:
            return True
        return self.weight > 0 or (self.hold is not None and self.hold.resume is not RegionPhase.PENDING)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutState:
    """A rollout: its plan, its status, and one state for each region in the plan's order."""

    plan: Plan
    status: RolloutStatus
    regions: tuple[RegionState, ...]
    halted: str | None = None
    """Why nothing increases any more; ``None`` while the rollout runs."""
    retreats: bool = False
    """Whether it was halted by a regression that returns promoted regions too."""
    obeyed: int = 0
    """The place in the ledger of the last order that was obeyed."""
    has_returned: bool = field(default=False, repr=False, compare=False)
    """Whether a region is back on stable for good, as of when the status was worked out."""
    is_stale: bool = field(default=True, repr=False, compare=False)
    """Whether a phase changed since the status was worked out: of a thousand regions that takes a look at each."""

    def region(self, name: str) -> RegionState:
        """Return the state of one region; ``KeyError`` if it is not part of the rollout."""
        return self.regions[self.plan.places[name]]

    def having(self, region: RegionState) -> RolloutState:
        """Return this state with one region's state replaced; the state itself where that changes nothing."""
        place, regions = self.plan.places[region.region], self.regions
        before = regions[place]
        if before is region:
            return self
        is_stale = self.is_stale or region.phase is not before.phase
        return replace(self, regions=(*regions[:place], region, *regions[place + 1 :]), is_stale=is_stale)

    @property
    def keeps_promoted(self) -> bool:
        """Whether promoted regions wait with draining until all are: a regression would return them too."""
        if self.plan.report_fails is not ReportFails.RETREAT or self.halted is not None:
            return False
        return not all(region.phase in PROMOTED for region in self.regions)

    def awaits_drain(self, region: RegionState) -> bool:
        """Whether a promoted region keeps its old colour until somebody has seen what no rollback takes back."""
        limited = self.plan.migration.limits_rollback and region.drained_by is None
        return limited and region.phase is RegionPhase.PROMOTED

    def still_judges(self, region: RegionState) -> bool:
        """Whether a promoted region is judged on until it drains, because a retreat could return it: what fails there
        begins one."""
        retreats = self.plan.report_fails is ReportFails.RETREAT and self.halted is None
        return region.phase is RegionPhase.PROMOTED and retreats and not self.awaits_drain(region)

    def keeps_old(self, region: RegionState) -> bool:
        """Whether a promoted region waits with draining, for the others or for a person."""
        return region.phase is RegionPhase.PROMOTED and (self.keeps_promoted or self.awaits_drain(region))

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen any more: done, or halted with every region at rest."""
        if self.halted is None:
            return self.status is RolloutStatus.DONE
        return self.status is RolloutStatus.DONE or not any(
            region.is_moving or region.owes_return for region in self.regions
        )


def weights_expected(plan: RegionPlan, region: RegionState) -> Weights:
    """Return the weights that the region's last read-back left in force."""
    return Weights.giving(plan.candidate, region.weight)


def step_in_force(region: RegionState) -> Step | None:
    """Return the step whose weight is in force, ``None`` before the first."""
    if region.strategy is None or region.at_step < 0:
        return None
    return region.strategy.steps[region.at_step]
