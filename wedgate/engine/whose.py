"""Whose rollout a comment names: every service of a repository reads it, and each returns its own to stable alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from wedgate.calendars.wording import nearest
from wedgate.engine.audit import AuditBook
from wedgate.errors import ConfigurationError, ExternalSystemError
from wedgate.ledger.plain import PlainError
from wedgate.ledger.streams import LedgerState
from wedgate.overrides.place import Place
from wedgate.overrides.refusals import Refusal, RefusalCode

NEWEST = 8
"""So many rollouts are named at most."""

Elsewhere = Callable[[], Mapping[str, Sequence[str] | None]]
"""Returns the rollouts of the other services of a repository by the paths of their configurations, the newest last;
``None`` for a service whose ledger cannot be read. ``ExternalSystemError`` where the services are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whether a rollout is to be returned here; where it is not, ``refusal`` says so if no other service answers."""

    is_own: bool
    refusal: Refusal | None = None


def whose_rollout(rollout: str, ledger: AuditBook | None, elsewhere: Elsewhere, place: Place) -> Whose:
    """Hold a rollout's id to the ledger. What cannot be read, or has had no rollout at all, never blocks a rollback."""
    own = rollouts_of(ledger)
    if own is None or rollout in own:
        return Whose(is_own=True)
    try:
        others = elsewhere()
    except ExternalSystemError:
        others = {}
    if any(each is None or rollout in each for each in others.values()):
        return Whose(is_own=False)
    known = [*own, *(name for each in others.values() for name in each or ())]
    if not known:
        return Whose(is_own=True)
    if place.path > min(others, default=place.path):
        return Whose(is_own=False)
    refusal = Refusal(
        code=RefusalCode.UNKNOWN_ROLLOUT,
        what=f"no ledger knows a rollout {rollout}, and nothing was returned to stable",
        remedy=f"{nearest(rollout, tuple(dict.fromkeys(reversed(known)))[:NEWEST])}; `wedgate rollback` asks for no id",
    )
    return Whose(is_own=False, refusal=refusal)


def rollouts_of(ledger: AuditBook | None) -> tuple[str, ...] | None:
    """Return the rollouts that a ledger knows, the newest last; ``None`` where it cannot be read."""
    if ledger is None:
        return None
    try:
        return _named(ledger.read())
    except (ConfigurationError, ExternalSystemError, PlainError):
        return None


def _named(state: LedgerState) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*state.journals, *state.claims.values())))
