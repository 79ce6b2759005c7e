"""A rollout over regions that all move at once, by the shipped engine on a virtual clock, with its ledger in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from wedgate.adapters.stores.file import FileStore
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.rollout.values import (
    Choice,
    ReportFails,
    RolloutSettings,
    Step,
    Strategy,
    StrategyKind,
    TargetSettings,
    WindowCloses,
)
from wedgate.simulation.process import Process


@dataclass
class InAFile(Process):
    """A process whose ledger is a file, flushed to the disk at each append."""

    path: Path | None = None

    def parts(self) -> RolloutParts:
        """Return the engine's parts, with the store that ships."""
        assert self.path is not None
        return replace(super().parts(), store=FileStore(self.path))


def settings_of(names: Sequence[str], steps: Sequence[Step], *, reserve: timedelta) -> RolloutSettings:
    """Return one wave of all regions, all of them in flight."""
    only = Strategy(name="only", kind=StrategyKind.CANARY, steps=tuple(steps), is_complete=True)
    return RolloutSettings(
        waves=(tuple(names),),
        in_flight=len(names),
        window_closes=WindowCloses.HOLD,
        reserve=reserve,
        strategies={"only": only},
        choose=(Choice(use="only"),),
        targets={name: TargetSettings(kind="virtual", region=name, options={}) for name in names},
        report_fails=ReportFails.ROLLBACK,
    )
