"""What is found of the old colour before traffic goes back to it, and what is done beside that so that it can take it.

Every question is bounded: what does not answer within seconds is not known, and a rollback does not wait for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeAlias, TypeVar

from wedgate.adapters.targets.interface import Target
from wedgate.engine.beside import Beside, Call, has_ended, run_beside, wait
from wedgate.errors import ExternalSystemError, WedgateError
from wedgate.rollout.returns import VERIFY_WITHIN, Way, reason_gone, way_of_capacity
from wedgate.rollout.state import RegionPlan

T = TypeVar("T")
Item = TypeVar("Item")
Found = TypeVar("Found")

CAPACITY_SECONDS = 1.0
"""How long a rollback waits to hear which weights are in force, and how many instances there are."""

DIGEST_SECONDS = 3.0
"""How long it waits to hear what answers; targets give up after 2 seconds by themselves."""


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """An answer, which may well be ``None``."""

    value: T


Ask: TypeAlias = Callable[[Callable[[], object], float], Told[object] | None]
"""Asks a question for so many seconds at most; ``None`` where there is no answer, for whatever reason."""


def ask_within(call: Callable[[], object], seconds: float) -> Told[object] | None:
    """Ask in a thread, which is left alone when it takes longer."""
    found: list[Told[object]] = []
    thread = threading.Thread(target=lambda: found.extend(filter(None, [ask_now(call, seconds)])), daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else None


def ask_now(call: Callable[[], object], seconds: float) -> Told[object] | None:
    """Ask without a thread: for worlds in which nothing takes time."""
    try:
        return Told(call())
    except Exception:
        # Whatever a target answers: what it does not say well it does not say.
        return None


class Together(Protocol):
    """Calls a function with each of some items, and returns what it returned in their order."""

    def __call__(self, call: Callable[[Item], Found], items: Sequence[Item], /) -> Iterable[Found]:
        """Make the calls; raises what the first of them raised."""


def in_threads(call: Callable[[Item], Found], items: Sequence[Item]) -> Sequence[Found]:
    """Make every call at the same time; a single one needs no thread."""
    if len(items) < 2:
        return [call(item) for item in items]
    with ThreadPoolExecutor(max_workers=len(items)) as threads:
        return list(threads.map(call, items))


def one_by_one(call: Callable[[Item], Found], items: Sequence[Item]) -> Sequence[Found]:
    """Make one call after the other: for worlds in which the order of things depends on nothing else."""
    return [call(item) for item in items]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """How a rollback waits, asks, does the same in several regions, and starts what goes on beside it.

    Worlds of their own have others.
    """

    pause: Callable[[timedelta], None] = wait
    ask: Ask = ask_within
    together: Together = in_threads
    run_beside: Callable[[Call], Beside] = run_beside


def way_back(target: Target, plan: RegionPlan, *, has: int, ask: Ask, is_staged: bool = False) -> Way:
    """Return what the old colour, which ``has`` some percent, can take now."""
    if has == 0 and (gone := reason_of_loss(target, plan, ask)):
        return Way(share=0, why=gone, is_gone=True)
    ready, wanted = instances(target, plan, ask)
    needed = plan.stable_instances or wanted
    return way_of_capacity(colour=plan.stable, has=has, ready=ready, needed=needed, is_staged=is_staged)


def instances(target: Target, plan: RegionPlan, ask: Ask) -> tuple[int | None, int | None]:
    """Return how many instances of the old colour are ready, and how many there are meant to be."""
    told = ask(lambda: target.capacity(plan.stable), CAPACITY_SECONDS)
    ready, wanted = (getattr(told.value, name, None) for name in ("ready", "wanted")) if told else (None, None)
    return ready, wanted


def reason_of_loss(target: Target, plan: RegionPlan, ask: Ask, *, may_have_traffic: bool = False) -> str:
    """Say that the old version does not answer on its colour, where that is known; empty otherwise.

    A colour that may have traffic is lost only where nothing answers there: another version is not deployed over.
    """
    found = ask(lambda: target.digest(plan.stable), DIGEST_SECONDS)
    if found is None or (may_have_traffic and found.value is not None):
        return ""
    if found.value is not None:
        return reason_gone(colour=plan.stable, wanted=plan.stable_release.digest, found=str(found.value), other=None)
    other = ask(lambda: target.digest(plan.candidate), DIGEST_SECONDS)
    answers = None if other is None or other.value is None else str(other.value)
    return reason_gone(colour=plan.stable, wanted=plan.stable_release.digest, found=None, other=answers)


@dataclass(slots=True)
class _Warming:
    """A deploy of the old version: the call (``None``: not begun), and by when the version must answer."""

    call: Beside | None = None
    verify_by: datetime | None = None


class Returns:
    """What a run does beside its loop for colours that should get their traffic back."""

    def __init__(
        self,
        run_beside: Callable[[Call], Beside],
        ask: Ask,
        say: Callable[[str, str], None],
        *,
        scale_beside: Callable[[Call], Beside] | None = None,
    ) -> None:
        """``run_beside`` starts a deploy, and ``scale_beside`` (the same by default) what brings more instances."""
        self._run_beside = run_beside
        self._scale_beside = scale_beside or run_beside
        self._ask = ask
        self._say = say
        self._warming: dict[str, _Warming] = {}
        self._scaling: dict[str, Beside | None] = {}

    def way(self, target: Target, plan: RegionPlan, at: datetime, *, is_late: bool) -> tuple[Way, int]:
        """Return what goes back now, and the percent that the old colour has; start what it still lacks.

        ``is_late``: it had its time to grow, and only a colour that is gone is waited for.
        ``ExternalSystemError`` when a colour that is gone could not be deployed again. What is to be started is
        started when a region is looked at for the second time, so that no other has to wait for it.
        """
        told = self._ask(lambda: target.weights().weights.of(plan.stable), CAPACITY_SECONDS)
        if told is None or not isinstance(told.value, int):
            # What is in force is not needed to say what should be; that there is something to take it is.
            gone = reason_of_loss(target, plan, self._ask, may_have_traffic=True)
            if gone:
                self._warm(target, plan, at, gone)
            return Way(share=0, why=gone, is_gone=True) if gone else Way(), 0
        has = told.value
        if is_late:
            gone = reason_of_loss(target, plan, self._ask) if has == 0 else ""
            found = Way(share=0, why=gone, is_gone=True) if gone else Way()
        else:
            found = way_back(target, plan, has=has, ask=self._ask, is_staged=plan.region in self._scaling)
        warming = self._warming.get(plan.region)
        deploys = warming is not None and warming.call is not None and not has_ended(warming.call)
        if has == 0 and deploys and not found.is_gone:
            # What answers already may still be replaced by the deploy that is going on.
            found = Way(share=0, why=f"{plan.stable} is being deployed", is_gone=True)
        if found.is_gone:
            self._warm(target, plan, at, found.why)
            return found, has
        self._warming.pop(plan.region, None)
        if not found.is_whole:
            self._scale(target, plan)
        return found, has

    def _warm(self, target: Target, plan: RegionPlan, at: datetime, why: str) -> None:
        """Deploy the old version on its colour, which has no traffic, and give it time to answer."""
        name, release = plan.region, plan.stable_release
        warming = self._warming.get(name)
        if warming is None:
            self._warming[name] = _Warming()
            return
        if warming.call is None:
            self._say(name, f"{why}: {release.digest} is deployed on {plan.stable} first")
            warming.call = self._run_beside(lambda: target.deploy(plan.stable, release))
        try:
            if not warming.call.is_done():
                return
        except WedgateError as error:
            del self._warming[name]
            raise ExternalSystemError(f"{why}, and it could not be deployed there: {error}") from error
        warming.verify_by = warming.verify_by or at + VERIFY_WITHIN
        if at > warming.verify_by:
            del self._warming[name]
            raise ExternalSystemError(f"{release.digest} was deployed on {plan.stable}, but {why}")

    def _scale(self, target: Target, plan: RegionPlan) -> None:
        """Ask for the instances that are missing; one that cannot be had costs nothing but the wait."""
        name = plan.region
        if name not in self._scaling:
            self._scaling[name] = None
            return
        call = self._scaling[name] = self._scaling[name] or self._scale_beside(lambda: _scaled(target, plan))
        try:
            call.is_done()
        except WedgateError as error:
            self._say(name, f"{plan.stable} could not be scaled: {error}")
            self._scaling[name] = _Ended()


class _Ended:
    """A call that failed and was said."""

    def is_done(self) -> bool:
        return True


def _scaled(target: Target, plan: RegionPlan) -> None:
    target.scale(plan.stable)
