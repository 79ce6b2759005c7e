"""Events: what was found in the world, as facts.

Every event that changes the state is an entry of the journal under its ``kind``; ``wedgate.rollout.journal`` turns
them into data and back. Each carries ``at``, the instant at which it was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from wedgate.calendars.values import Verdict
from wedgate.judge.values import Judgement, Reading, Slice
from wedgate.ledger.orders import Order
from wedgate.making import quick
from wedgate.rollout.state import Plan
from wedgate.rollout.values import Colour, Fence, HookPoint, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A rollout begins; everything it depends on is pinned by value."""

    at: datetime
    plan: Plan


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class RunBegan:
    """A process took the lease to work on the rollout. What an earlier one left is found out now.

    ``handed_over`` says that the earlier one gave its lease back, so that it left nothing half done. ``regions`` are
    those that this run works on (``None``: all). ``anew`` says that what is held is tried again, whatever held it:
    somebody asked for that. Without it only what waits for its calendar is.
    """

    at: datetime
    epoch: int
    handed_over: bool = False
    anew: bool = True
    regions: tuple[str, ...] | None = None

    def concerns(self, region: str) -> bool:
        """Whether the run works on a region."""
        return self.regions is None or region in self.regions


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """Time passed: every region, or those named, may take its next step."""

    at: datetime
    regions: tuple[str, ...] | None = None

    def concerns(self, region: str) -> bool:
        """Whether a region may take a step."""
        return self.regions is None or region in self.regions


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswered:
    """The gate answered for a region.

    ``closes`` is when the region next closes (``None``: not within the calendar's horizon). ``reopens`` is when it
    next opens after being closed, or after ``closes``; ``None`` where nobody knows. ``why`` is the gate's reason.
    ``strategy`` is the one that an override asked for.
    """

    at: datetime
    region: str
    verdict: Verdict
    closes: datetime | None
    reopens: datetime | None
    why: str
    strategy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The deploy command for the candidate colour ended well."""

    at: datetime
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployFailed:
    """The deploy command did not end well."""

    at: datetime
    region: str
    why: str


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class DigestRead:
    """The digest that answers on a colour was read back; ``None`` when nothing healthy answers."""

    at: datetime
    region: str
    colour: Colour
    digest: str | None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsRead:
    """The weights in force were read from the data plane, with the fence of who wrote them."""

    at: datetime
    region: str
    weights: Weights
    fence: Fence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFailed:
    """The target did not answer, or did not do what it was asked (``asked`` says what)."""

    at: datetime
    region: str
    asked: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnWaits:
    """Not all traffic goes back yet: the old colour is too small or gone, as ``why`` says.

    ``until`` is when it goes all the same; ``None`` where it would find nothing there.
    """

    at: datetime
    region: str
    why: str
    until: datetime | None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The judge answered for the step in force.

    ``observed`` is the time covered by evidence without gaps since the verified read-back of the step's weight.
    ``final`` says that the judge was asked for its answer at the end of the bake.
    """

    at: datetime
    region: str
    step: int
    observed: timedelta
    final: bool
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionReported:
    """A regression was reported from outside; ``region`` is ``None`` when it concerns the release as such."""

    at: datetime
    region: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """The run is about to end while regions are in motion: nobody will watch any more, in ``regions`` or in all."""

    at: datetime
    why: str
    regions: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedByHand:
    """Somebody ran ``wedgate rollback``: these regions have all traffic on stable."""

    at: datetime
    regions: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """Another release, or an adoption by a person, takes the place of this rollout.

    ``seen`` are the regions of which that person has said what runs, with all traffic.
    """

    at: datetime
    why: str
    seen: tuple[str, ...] = ()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a run that ends observed of a step since the last such entry, for the next one to go on from."""

    at: datetime
    region: str
    step: int
    since: datetime
    last: Reading
    slices: tuple[Slice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A person told this rollout something; ``revision`` is the order's place in the ledger, so it is obeyed once."""

    at: datetime
    revision: int
    order: Order
    by: str
    why: str
    regions: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRan:
    """A hook came to its end. ``trouble`` says how it failed; ``output`` is the end of what it printed."""

    at: datetime
    region: str
    point: HookPoint
    took: timedelta
    output: str = ""
    trouble: str = ""


Event: TypeAlias = (
    Started
    | RunBegan
    | Ticked
    | GateAnswered
    | Deployed
    | DeployFailed
    | DigestRead
    | WeightsRead
    | TargetFailed
    | ReturnWaits
    | Judged
    | RegressionReported
    | Interrupted
    | ReturnedByHand
    | Superseded
    | Observed
    | Ordered
    | HookRan
)
