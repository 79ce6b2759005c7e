"""The rescue file as a value: all that a rollback needs when nothing but the targets can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from wedgate.making import quick
from wedgate.rollout.state import RegionPlan
from wedgate.rollout.values import DEFAULT_UNWATCHED, Migration, Release, Weights


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """What was pinned at the start of a rollout: targets by value, and what each region returns to.

    ``at`` and ``epoch`` are those of the run or tick that wrote it last.

    ``store_kind`` and ``store_options`` say where the ledger is, so that a rollback can be recorded if it is there.
    """

    service: str
    rollout: str
    release: Release
    at: datetime
    epoch: int
    regions: tuple[RegionPlan, ...]
    store_kind: str
    store_options: Mapping[str, object]
    migration: Migration = Migration.NONE
    max_unwatched: timedelta = DEFAULT_UNWATCHED
    """How long nobody may watch a candidate: a guard goes by it where it cannot read the ledger."""

    def weights_for(self, region: RegionPlan) -> Weights:
        """Return the weights that a region returns to."""
        return Weights.giving(region.stable, 100)
