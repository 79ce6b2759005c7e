"""Whose rollout a comment names: every service of a repository reads it, and each returns its own to stable alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from wedgate.calendars.wording import nearest
from wedgate.engine.audit import AuditBook
from wedgate.engine.recording import within
from wedgate.errors import ConfigurationError, ExternalSystemError
from wedgate.ledger.plain import PlainError
from wedgate.ledger.streams import LedgerState
from wedgate.overrides.anchors import is_another
from wedgate.overrides.place import Place
from wedgate.overrides.refusals import Refusal, RefusalCode

LOOK_SECONDS = 10.0
"""So long this service's ledger is waited for, and once more as long those of all others at once."""

NEWEST = 8
"""So many rollouts are named at most."""

Reading = Callable[[], Sequence[str] | None]
"""Reads the rollouts that a service's ledger knows, the newest last; ``None`` where it cannot be read."""

Elsewhere = Callable[[], Mapping[str, Reading]]
"""Returns the other services of a repository by the paths of their configurations, no ledger read yet.
``ExternalSystemError`` where the services are not known."""

Anchors = Callable[[], Sequence[tuple[int, str]]]
"""Reads what wedgate wrote elsewhere of a ledger; ``ExternalSystemError`` where that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whether a rollout is to be returned here; where it is not, ``refusal`` says so if no other service answers."""

    is_own: bool
    refusal: Refusal | None = None


def whose_rollout(
    rollout: str,
    ledger: AuditBook | None,
    elsewhere: Elsewhere,
    place: Place,
    anchors: Anchors = tuple,
    *,
    seconds: float = LOOK_SECONDS,
) -> Whose:
    """Hold a rollout's id to the ledger. What is not known, or not within ``seconds``, never blocks a rollback.

    Where there is no other service it is this one's, whatever its ledger says, and no ledger is read.
    """
    try:
        others = elsewhere()
    except ExternalSystemError:
        others = None
    if not others and (others is not None or not place.path):
        return Whose(is_own=True)
    own = _own(rollout, ledger, anchors, seconds)
    if own is not None and rollout in own:
        return Whose(is_own=True)
    there = _at_once(others or {}, seconds)
    if any(each is not None and rollout in each for each in there.values()):
        return Whose(is_own=False)
    if not own:
        return Whose(is_own=True)
    unread = tuple(path for path, each in there.items() if each is None)
    # Those that know of no rollout hand it over. Of the others the first answers, where each reads them all.
    if not unread and place.path > min((path for path, each in there.items() if each), default=place.path):
        return Whose(is_own=False)
    known = [*own, *(name for each in there.values() for name in each or ())]
    return Whose(is_own=False, refusal=_refused(rollout, known, unread))


def _refused(rollout: str, known: Sequence[str], unread: Sequence[str]) -> Refusal:
    what = f"no ledger knows a rollout {rollout}, and nothing was returned to stable"
    remedy = "`wedgate rollback` asks for no id"
    if unread:
        names = ", ".join(path or "the configuration of the root" for path in unread)
        what = f"this ledger knows no rollout {rollout}, and nothing was returned to stable here"
        remedy = f"whether {names} knows it could not be read here, and its own run says; {remedy}"
    return Refusal(code=RefusalCode.UNKNOWN_ROLLOUT, what=what, remedy=f"{_meant(rollout, known)}; {remedy}")


def doubt_of(rollout: str, ledger: LedgerState) -> str | None:
    """Say that a rollout which is handed over is none that the ledger knows; ``None`` where it is, or none is known."""
    known = _named(ledger)
    if not known or rollout in known:
        return None
    return f"the ledger knows no rollout {rollout} ({_meant(rollout, known)}): what is under way here goes back"


def rollouts_of(ledger: AuditBook | None) -> tuple[str, ...] | None:
    """Return the rollouts that a ledger knows, the newest last; ``None`` where it cannot be read."""
    state = _read(ledger, LOOK_SECONDS)
    return None if state is None else _named(state)


def _at_once(readings: Mapping[str, Reading], seconds: float) -> dict[str, Sequence[str] | None]:
    """Read several ledgers at the same time; ``None`` for one that has not answered by then."""
    found: dict[str, Sequence[str] | None] = {}

    def keep(path: str) -> None:
        found[path] = readings[path]()

    def read() -> None:
        threads = [threading.Thread(target=keep, args=(path,), daemon=True) for path in readings]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with suppress(ExternalSystemError):
        within(seconds, read)
    return {path: found.get(path) for path in readings}


def _own(rollout: str, ledger: AuditBook | None, anchors: Anchors, seconds: float) -> tuple[str, ...] | None:
    """Return the rollouts of this service; ``None``, too, where its ledger was cut: what is missing may be there."""
    state = _read(ledger, seconds)
    if state is None or rollout in _named(state):
        return None if state is None else _named(state)
    try:
        found = anchors()
    except (ConfigurationError, ExternalSystemError):
        return None
    if is_another(state.hashes, found):
        # A run may have written between the look at the ledger and the look at the anchors.
        state = _read(ledger, seconds)
    return None if state is None or is_another(state.hashes, found) else _named(state)


def _read(ledger: AuditBook | None, seconds: float) -> LedgerState | None:
    try:
        return None if ledger is None else within(seconds, ledger.read)
    except (ConfigurationError, ExternalSystemError, PlainError):
        return None


def _named(state: LedgerState) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*state.journals, *state.claims.values())))


def _meant(rollout: str, known: Sequence[str]) -> str:
    return nearest(rollout, tuple(dict.fromkeys(reversed(known)))[:NEWEST])
