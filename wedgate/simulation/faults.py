"""What goes wrong in a virtual world, and when: a list drawn from a seed, so that a failure can be made smaller.

Everything that the engine does to the world passes a numbered point. A fault waits for its point, and happens there.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Kinds of faults. Those of the first group are of the process, of the second of its surroundings."""

    CRASH = "crash"
    """The process dies here, as by SIGKILL. From ``RETURNS_LATE`` on it only seemed to, and returns traffic while the
    next one takes over."""
    ZOMBIE = "zombie"
    """The process stands still here, another one takes over and works; then the first one goes on. From ``PER_REGION``
    on it is a job for each region."""
    DOUBLE = "double"
    """Another tick runs here while this one is alive."""
    BY_HAND = "by-hand"
    """Somebody runs `wedgate rollback` here."""

    SWITCH_REFUSES = "switch-refuses"
    """The next switch of traffic fails, and changes nothing."""
    SWITCH_LATE = "switch-late"
    """The next switch of traffic is not confirmed, and takes effect later."""
    SWITCH_PARTLY = "switch-partly"
    """The next switch of traffic is applied half."""
    SWITCH_ANSWER_LOST = "switch-answer-lost"
    """The next switch of traffic takes effect, and its answer is lost."""
    STORE_REFUSES = "store-refuses"
    """The next write of the ledger fails."""
    STORE_ANSWER_LOST = "store-answer-lost"
    """The next write of the ledger is done, and its answer is lost."""
    EVIDENCE_MISSING = "evidence-missing"
    """No reading can be had for a while."""
    COUNTERS_RESET = "counters-reset"
    """The source of evidence restarts."""
    DEPLOY_FAILS = "deploy-fails"
    COLOUR_CHANGES = "colour-changes"
    """Somebody puts another version on the candidate's colour."""

    OLD_GONE = "old-gone"
    """The old colour, which has no traffic any more, is torn down."""
    OLD_SMALL = "old-small"
    """The old colour loses instances."""

    STRANGER = "stranger"
    """Somebody else gives the candidate of a region traffic that has none."""
    GOES_BAD = "goes-bad"
    """From here on the new version fails requests."""
    REPORTED = "reported"
    """A regression is reported."""
    CALENDAR_CLOSES = "calendar-closes"
    """Somebody edits the calendar: a region closes from now on, for a while."""
    FROZEN = "frozen"
    FROZEN_REGION = "frozen-region"
    """One region is frozen, and thawed a while later."""
    THAWED = "thawed"
    THAWED_REGION = "thawed-region"
    """Whatever freezes one region holds there no more, and in the others still."""
    GRANTED = "granted"
    """An override opens what is closed, for a while."""
    REVOKED = "revoked"
    PAUSED = "paused"
    RESUMED = "resumed"
    ABORTED = "aborted"
    ABORTED_REGION = "aborted-region"
    """The rollout ends in one region, and goes on in the others."""
    CLOCK_JUMPS = "clock-jumps"
    """The clock goes forward by minutes."""
    CLOCK_AHEAD = "clock-ahead"
    """This process's machine has a clock that is hours ahead from here on; every other one's is right."""
    NO_TICKS = "no-ticks"
    """Nobody ticks for a long time: the runner is down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault at a point; ``pick`` chooses a region, a length or whatever the kind needs, from 0 to 1."""

    point: int
    kind: FaultKind
    pick: float

    def __str__(self) -> str:
        """``crash@37``."""
        return f"{self.kind}@{self.point}"


RETURNS_LATE = 0.8
"""From which pick on a process that seems to be dead has a return on its way."""

PER_REGION = 0.7
"""From which pick on a process that stands still is taken over region by region."""

LATEST_POINT = 400
"""Points at which faults may wait; a rollout without faults passes about two hundred."""


def draw_faults(rng: random.Random) -> tuple[Fault, ...]:
    """Return between none and eight faults; in one world of ten nothing goes wrong."""
    count = rng.choice((0, 1, 1, 2, 2, 3, 4, 5, 6, 8))
    drawn = [
        Fault(point=rng.randrange(LATEST_POINT), kind=rng.choice(tuple(FaultKind)), pick=rng.random())
        for _ in range(count)
    ]
    return tuple(sorted(drawn, key=lambda fault: fault.point))
