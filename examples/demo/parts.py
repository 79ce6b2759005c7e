"""wedgate's own parts, put together over the demo's stage: the real engine, judge, ledger, targets and calendars.

The one thing that is not as in a production run is the clock: it is shifted to a fixed date, so that the demo tells
the same story on every day. The command line has no option for that, on purpose.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stage import Stage

from wedgate.adapters.metrics.envoy import EnvoyMetrics
from wedgate.adapters.stores.file import FileStore
from wedgate.adapters.stores.rescue import save_rescue
from wedgate.adapters.stores.spool import FileSpool
from wedgate.adapters.targets.envoy import EnvoyTarget
from wedgate.almanac.gather import gather_facts
from wedgate.calendars.facts import needs_of
from wedgate.calendars.timeline import Timeline, compile_timeline
from wedgate.calendars.values import Span
from wedgate.cli.wiring import ask_region
from wedgate.config.configuration import Configuration
from wedgate.config.load import load_configuration
from wedgate.engine.progress import Observer
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.judge.live import judge_live
from wedgate.judge.slices import slice_between
from wedgate.rollout.rescue import Rescue


class ShiftedClock:
    """A clock that runs as fast as the real one, at another date."""

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def shift_to(self, instant: datetime) -> None:
        """Let it be ``instant`` now."""
        self._offset = instant - datetime.now(UTC)

    def __call__(self) -> datetime:
        """Return the shifted instant."""
        return datetime.now(UTC) + self._offset

    def real(self, shifted: datetime) -> datetime:
        """Return the real instant of a shifted one, as long as the clock was not shifted since."""
        return shifted - self._offset


def load(stage: Stage) -> Configuration:
    """Load the configuration that the stage wrote."""
    return load_configuration(stage.configuration)


def timeline_of(configuration: Configuration, span: Span) -> Timeline:
    """Compile the calendars over a span."""
    facts = gather_facts(needs_of(configuration.calendar), span)
    return compile_timeline(configuration.calendar, facts, span)


def rollout_parts(
    stage: Stage, configuration: Configuration, clock: Callable[[], datetime], observe: Observer
) -> RolloutParts:
    """Return what the rollout engine takes."""
    settings = configuration.rollout
    if settings is None:
        raise RuntimeError("the demo's wedgate.yml has no rollout")
    ledger = stage.out / "ledger"
    ledger.mkdir(parents=True, exist_ok=True)

    def save(rescue: Rescue) -> str:
        return save_rescue(stage.out / "rescue.json", rescue)

    return RolloutParts(
        service=configuration.service,
        settings=settings,
        judge=configuration.judge,
        store=FileStore(_ledger_file(ledger)),
        spool=FileSpool(ledger / "spool.jsonl"),
        open_target=EnvoyTarget,
        open_metrics=lambda region: EnvoyMetrics.beside(settings.targets[region]),
        ask_gate=lambda region, at, runway: ask_region(configuration, region, at, runway),
        clock=clock,
        pause=lambda duration: time.sleep(duration.total_seconds()),
        observe=observe,
        save_rescue=save,
        slice_between=slice_between,
        judge_live=judge_live,
    )


def _ledger_file(ledger: Path) -> Path:
    return ledger / "ledger.jsonl"
