"""What the rollout engine is built from: interfaces and callables, wired by the command line or a virtual world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wedgate.adapters.hooks.interface import Hooks, NoHooks
from wedgate.adapters.metrics.interface import MetricSource
from wedgate.adapters.stores.interface import Spool, Store
from wedgate.adapters.targets.interface import Target
from wedgate.engine.beside import Beside, run_beside
from wedgate.engine.holder import is_alive, own_name
from wedgate.engine.known import Known
from wedgate.engine.observe import JudgeLive, SliceBetween
from wedgate.engine.progress import Observer
from wedgate.engine.returning import Ask, Together, ask_within, in_threads
from wedgate.errors import ExitCode
from wedgate.gate.decision import RegionDecision
from wedgate.judge.values import JudgeSettings
from wedgate.making import quick
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import Plan, RolloutState
from wedgate.rollout.values import RolloutSettings, TargetSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A regression reported from outside; ``region`` is ``None`` when it concerns the release as such.

    What is not confirmed, a benchmark's alarm that no fresh runs have repeated, pauses and rolls nothing back.
    """

    region: str | None
    why: str
    is_confirmed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What an override does for a rollout in a closed region, half-open until something closes that it does not open.

    ``strategy`` is the one that it asked for, if any.
    """

    until: datetime
    words: str
    strategy: str | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutParts:
    """Everything that a rollout touches.

    ``ask_gate(region, at, runway)`` reads the calendar anew each time. ``open_target`` gets the settings that the
    start pinned. ``pause`` returns after the duration, or earlier when the run is interrupted; ``interrupted``
    then says why. ``let_through(decision, plan, at)`` looks whether an override opens a closed region for a rollout,
    and records its use before it says so. ``reports`` returns every regression reported so far. ``who`` is this run's
    name in the lease (``machine:pid``), and ``is_alive`` tells whether another of that form still runs (``None``: not
    known). ``run_beside`` starts a deploy and returns without waiting for its end. ``ask`` bounds how long a rollback
    waits to hear of the old colour, and ``together`` returns several regions at the same time. ``is_fleet`` says that
    the store holds other services as well, which may share a target by mistake. ``known`` is what was made of the
    ledger when it was last read. ``repository`` is the one whose runner this is (``owner/name``); empty elsewhere.
    """

    service: str
    settings: RolloutSettings
    judge: JudgeSettings
    store: Store
    spool: Spool
    open_target: Callable[[TargetSettings], Target]
    open_metrics: Callable[[str], MetricSource]
    ask_gate: Callable[[str, datetime, timedelta | None], RegionDecision]
    clock: Callable[[], datetime]
    pause: Callable[[timedelta], None]
    observe: Observer
    save_rescue: Callable[[Rescue], str]
    rescued: Callable[[], str | None] = lambda: None
    """Returns the name of the rollout that the rescue file is of; ``None`` without one that can be read."""
    slice_between: SliceBetween
    judge_live: JudgeLive
    let_through: Callable[[RegionDecision, Plan, datetime], Passage | None] = lambda decision, plan, at: None
    fits_nowhere: Callable[[RolloutSettings, Sequence[str]], Nowhere | None] = lambda settings, regions: None
    """Says which of some regions no rollout with such settings could ever get through; ``None`` where each can."""
    interrupted: Callable[[], str | None] = lambda: None
    listen: Callable[[timedelta], bool] | None = None
    """Waits so long for somebody to append to the ledger, and says whether; ``None`` where the store cannot tell."""
    reports: Callable[[], Sequence[Regression]] = tuple
    who: str = field(default_factory=own_name)
    is_alive: Callable[[str], bool | None] = is_alive
    run_beside: Callable[[Callable[[], None]], Beside] = run_beside
    ask: Ask = ask_within
    together: Together = in_threads
    known: Known = field(default_factory=Known)
    is_fleet: bool = False
    hooks: Hooks = field(default_factory=NoHooks)
    repository: str = ""
    store_kind: str = "file"
    store_options: tuple[tuple[str, object], ...] = ()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Nowhere:
    """Why the way through a region fits into no window of the coming year, and what to shorten.

    ``may_be_opened``: an override could open a window that is long enough.
    """

    text: str
    may_be_opened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended: the exit code, one sentence, and where the rollout stands (``None``: it did not start).

    ``is_handed_over``: its time was up before the rollout was, and the next run should go on at once.
    """

    exit_code: ExitCode
    text: str
    state: RolloutState | None
    rescue: str | None = None
    is_handed_over: bool = False
