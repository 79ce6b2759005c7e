"""What a target is: one region's traffic switch with its two colours.

Every implementation passes ``tests/contract/test_targets.py``. Calls raise ``ExternalSystemError`` when the outside
did not do what was asked or did not answer, and ``FenceError`` when somebody with a higher fence wrote since.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from wedgate.errors import ExternalSystemError, NeedsHumanError
from wedgate.rollout.values import Colour, Fence, Release, Weights


class FenceError(NeedsHumanError):
    """A newer writer holds this target: ``held`` is its fence, and the message names both."""

    def __init__(self, message: str, *, held: Fence) -> None:
        self.held = held
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsReading:
    """The weights that the data plane has in force, and who wrote them (``None``: nobody that wedgate knows).

    ``refuses_below`` is the fence below which the target refuses, where it is kept apart from the weights.
    """

    weights: Weights
    fence: Fence | None
    refuses_below: Fence | None = field(default=None, compare=False)

    @property
    def highest(self) -> int:
        """The epoch above which a writer must be; 0 where nobody is known to have written."""
        return max((fence.epoch for fence in (self.fence, self.refuses_below) if fence is not None), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Instances of one colour: how many could serve now, and how many there are meant to be."""

    ready: int
    wanted: int


class ChangedError(ExternalSystemError):
    """Weights were to be written over others that are not the last ones any more: those are ``found``."""

    def __init__(self, message: str, *, found: WeightsReading) -> None:
        self.found = found
        super().__init__(message)


def refuse_changed(region: str, over: WeightsReading | None, last: WeightsReading | None) -> None:
    """Raise ``ChangedError`` where ``last``, what was written last, is not what somebody wants to write over."""
    if over is not None and last is not None and last != over:
        raise ChangedError(
            f"{region}: {last.fence} has written blue {last.weights.blue} / green {last.weights.green} since it was "
            "looked at; nothing was changed",
            found=last,
        )


class Target(Protocol):
    """One region's traffic switch."""

    @property
    def region(self) -> str:
        """The region that this target serves."""

    def deploy(self, colour: Colour, release: Release) -> None:
        """Put ``release`` on ``colour``; returns when the deploy command is done. Never touches weights.

        A colour that has traffic is left alone: whoever asks for that was overtaken, and does not know it yet.
        """

    def digest(self, colour: Colour) -> str | None:
        """Read back which digest answers on ``colour``; ``None`` when nothing healthy answers there."""

    def capacity(self, colour: Colour) -> Capacity | None:
        """Read how many instances of ``colour`` could serve; ``None`` where the data plane cannot know that.

        What nobody checks is not known: an instance that is only listed is not counted as one that could serve.
        """

    def scale(self, colour: Colour) -> bool:
        """Bring ``colour`` up to the instances that it is meant to have, whatever it has now; ``False`` if nobody can.

        Never touches weights or versions, so it may be asked of a colour that has traffic.
        """

    def weights(self) -> WeightsReading:
        """Read the weights in force from the data plane itself, not from the file that asked for them."""

    def set_weights(self, weights: Weights, fence: Fence, *, over: WeightsReading | None = None) -> WeightsReading:
        """Write absolute weights in one call, wait until the data plane reports them, and return that reading.

        Idempotent: the same weights and fence again change nothing. With ``over`` nothing is written where that is not
        what was written last (``ChangedError``), so that a fence can be put on weights without changing them.
        """


def refuse_live(reading: WeightsReading, colour: Colour, region: str) -> None:
    """Raise ``ExternalSystemError`` where ``colour`` has traffic: nothing is deployed there."""
    percent = reading.weights.of(colour)
    if percent > 0:
        raise ExternalSystemError(f"{region}: {colour} has {percent} % of the traffic, so nothing is deployed on it")
