"""What hooks are: commands of the user that run at points of a rollout. Running one never raises."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Protocol

from wedgate.rollout.hooks import HookCall, HookEnd
from wedgate.rollout.values import HookPoint


class Hooks(Protocol):
    """The hooks of one service."""

    def points(self) -> Collection[HookPoint]:
        """Return the points at which there is a hook."""

    def limit(self, point: HookPoint) -> timedelta:
        """Return how long the hook at a point may take."""

    def run(self, call: HookCall) -> HookEnd:
        """Run the hook at a point to its end or its limit. Calls may come from several threads at once."""


class NoHooks:
    """No hook at any point."""

    def points(self) -> Collection[HookPoint]:
        """Return none."""
        return ()

    def limit(self, point: HookPoint) -> timedelta:
        """Return no time at all."""
        return timedelta(0)

    def run(self, call: HookCall) -> HookEnd:
        """Do nothing."""
        return HookEnd(took=timedelta(0), output="")
