"""The rollout's words as values: releases, colours, weights, strategies, and the settings of one service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from wedgate.calendars.values import Verdict

DEFAULT_UNWATCHED = timedelta(minutes=10)
"""How long a candidate may have traffic without a judgement before it goes back to stable."""


class Colour(StrEnum):
    """One of the two sides in a region."""

    BLUE = "blue"
    GREEN = "green"

    @property
    def other(self) -> Colour:
        """The opposite side."""
        return Colour.GREEN if self is Colour.BLUE else Colour.BLUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What is rolled out: the commit is what people approve, the digest is what the target must report back."""

    commit: str
    digest: str


class Migration(StrEnum):
    """What a release does to the schema of the database that both colours share."""

    NONE = "none"
    EXPAND = "expand"
    """It only adds: the old version works with the new schema."""
    CONTRACT = "contract"
    """It takes something away that older versions may use."""
    IRREVERSIBLE = "irreversible"
    """It changes data in a way that nobody can take back."""

    @property
    def limits_rollback(self) -> bool:
        """Whether the old version may not work any more once the migration has run."""
        return self in (Migration.CONTRACT, Migration.IRREVERSIBLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Shares of traffic in percent: integers >= 0 that sum to 100. Anything else cannot be constructed."""

    blue: int
    green: int

    def __post_init__(self) -> None:
        """Refuse weights that no region may have."""
        if self.blue < 0 or self.green < 0 or self.blue + self.green != 100:
            raise ValueError(f"weights must be >= 0 and sum to 100, got blue={self.blue} green={self.green}")

    @classmethod
    def giving(cls, colour: Colour, percent: int) -> Weights:
        """Return the weights that give ``percent`` to ``colour`` and the rest to the other."""
        return (
            cls(blue=percent, green=100 - percent) if colour is Colour.BLUE else cls(blue=100 - percent, green=percent)
        )

    def of(self, colour: Colour) -> int:
        """Return the percent of one colour."""
        return self.blue if colour is Colour.BLUE else self.green


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fence:
    """Who writes: a target keeps it beside the weights and refuses a lower (epoch, revision)."""

    epoch: int
    revision: int
    rollout: str

    @property
    def is_by_hand(self) -> bool:
        """Whether a rollback by hand wrote: it has no ledger to count by. A run counts from its lease on, so from 1."""
        return self.revision == 0

    def __str__(self) -> str:
        """``rollout/epoch/revision``."""
        return f"{self.rollout}/{self.epoch}/{self.revision}"


class StrategyKind(StrEnum):
    """Kinds of strategy; each has its module in ``wedgate.rollout.strategies``."""

    CANARY = "canary"
    BLUE_GREEN = "blue-green"
    LINEAR = "linear"
    ALL_AT_ONCE = "all-at-once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One candidate weight in percent with its bake (observed time at that weight)."""

    weight: int
    bake: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A named way to release one region.

    ``steps`` are as the kind spells them; of one that ``is_complete`` they are all there, and end with weight 100.
    ``against_limits`` judges by absolute limits alone: stable may be what is broken.
    """

    name: str
    kind: StrategyKind
    steps: tuple[Step, ...]
    against_limits: bool = False
    is_complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One line of ``choose``: the first whose conditions all hold names the strategy."""

    use: str
    verdict: Verdict | None = None
    where: tuple[str, ...] | None = None


class WindowCloses(StrEnum):
    """What a region in flight does when its window closes. Nothing increases."""

    HOLD = "hold"
    FINISH = "finish"
    """Promote what has passed its last step; otherwise hold."""
    RETREAT = "retreat"
    """Give stable all traffic for as long as it is closed."""


class ReportFails(StrEnum):
    """What a failed judgement or regression report does."""

    ROLLBACK = "rollback"
    HOLD = "hold"
    RETREAT = "retreat"
    """As rollback, and regions that are promoted already go back too, the last one first."""


class HookPoint(StrEnum):
    """The points of a region's way at which a command of the user runs."""

    BEFORE_DEPLOY = "before-deploy"
    AFTER_DEPLOY = "after-deploy"
    BEFORE_SHIFT = "before-shift"
    AFTER_SHIFT = "after-shift"
    BEFORE_PROMOTE = "before-promote"
    AFTER_PROMOTE = "after-promote"
    BEFORE_ROLLBACK = "before-rollback"
    AFTER_ROLLBACK = "after-rollback"

    @property
    def longest(self) -> timedelta:
        """The longest limit that a hook there may have."""
        return LONGEST_BEFORE_ROLLBACK if self is HookPoint.BEFORE_ROLLBACK else LONGEST_HOOK

    @property
    def usual(self) -> timedelta:
        """The limit of a hook there that does not say one."""
        return timedelta(seconds=2) if self is HookPoint.BEFORE_ROLLBACK else timedelta(seconds=30)


LONGEST_HOOK = timedelta(minutes=10)
LONGEST_BEFORE_ROLLBACK = timedelta(seconds=5)
"""Traffic is on a bad version meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSettings:
    """One hook: the command word by word, how long it may take, and the variables that it gets besides the usual."""

    command: tuple[str, ...]
    limit: timedelta
    env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """How one region's target is reached, every template already filled in but ``{colour}``, ``{digest}``,
    ``{commit}`` and ``{address}`` (which depend on the call)."""

    kind: str
    region: str
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSettings:
    """The ``rollout:`` part of wedgate.yml for one service."""

    waves: tuple[tuple[str, ...], ...]
    in_flight: int
    window_closes: WindowCloses
    reserve: timedelta
    strategies: Mapping[str, Strategy]
    choose: tuple[Choice, ...]
    targets: Mapping[str, TargetSettings]
    report_fails: ReportFails
    max_unwatched: timedelta = DEFAULT_UNWATCHED
    hooks: Mapping[HookPoint, HookSettings] = field(default_factory=dict)
    order: tuple[tuple[str, str], ...] = ()
    """Pairs of regions: the second begins only when the first runs the release, in whatever order the waves are."""
