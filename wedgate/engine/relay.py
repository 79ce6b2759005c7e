"""Handing a rollout over to the next run: it is started once the lease was given back, never before.

A start whose answer was lost may have been carried out: starting it again then makes two runs, of which the second
finds the first at work and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from wedgate.adapters.forge.interface import Runs
from wedgate.errors import ExternalSystemError

PAUSES = (timedelta(seconds=5), timedelta(seconds=20), timedelta(seconds=60))
"""Before the second, third and fourth try."""


def start_next_run(runs: Runs, workflow: str, ref: str, *, pause: Callable[[timedelta], None]) -> None:
    """Start the next run of a workflow; ``ExternalSystemError`` when the forge did not take it in four tries."""
    for again in PAUSES:
        try:
            return runs.dispatch(workflow, ref)
        except ExternalSystemError:
            pause(again)
    return runs.dispatch(workflow, ref)
