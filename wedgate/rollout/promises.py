"""What a rollback can promise when a release changes the schema of the database that both colours share.

wedgate moves traffic, never data: a rollback is the same one call of weights whatever a migration did. What differs is
what the old version finds when it has the traffic again, and that is said before the start, on the way, and after it.
"""

from __future__ import annotations

from dataclasses import dataclass

from wedgate.rollout.state import RolloutState
from wedgate.rollout.values import Migration

_PROMISED = {
    Migration.NONE: "a rollback returns traffic to the old version at any time",
    Migration.EXPAND: (
        "a rollback returns traffic to the old version at any time, and it works with the larger schema; what the "
        "migration added stays"
    ),
}
_NOT_PROMISED = {
    Migration.CONTRACT: (
        "a rollback returns traffic to the old version at any time, but not what the migration takes away: from when "
        "it has run, whatever the old version still reads or writes there fails until somebody puts the schema back"
    ),
    Migration.IRREVERSIBLE: (
        "a rollback returns traffic to the old version at any time, but not the data: from when the migration has run, "
        "the old version may fail on what it finds, and only a backup brings the old data back, without what was "
        "written since"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What whoever starts a rollout says of its release.

    ``migration`` is ``None`` where nothing was said. ``accepted_by`` is who takes what a rollback cannot promise then.
    """

    migration: Migration | None = None
    accepted_by: str | None = None


def promise(migration: Migration) -> str:
    """Say what a rollback can promise, whatever the migration is."""
    return not_promised(migration) or _PROMISED[migration]


def not_promised(migration: Migration) -> str:
    """Say what a rollback cannot promise; empty where it can promise everything."""
    return _NOT_PROMISED.get(migration, "")


def refusal_to_start(declared: Declared, *, digest: str) -> str | None:
    """Return why a rollout may not start as it is declared, ``None`` if it may."""
    migration = declared.migration or Migration.NONE
    if not migration.limits_rollback or declared.accepted_by is not None:
        return None
    return (
        f"{digest} declares its migration as {migration}: {not_promised(migration)}. To start it all the same, say so"
    )


def undrained(state: RolloutState) -> tuple[str, ...]:
    """Return the regions that keep their old colour until somebody has seen that the way back ends with it."""
    return tuple(region.region for region in state.regions if state.awaits_drain(region))


def spell_undrained(state: RolloutState) -> str:
    """Say which regions wait for that, and what to do; empty where none does."""
    names = undrained(state)
    if not names:
        return ""
    verb = "keeps its" if len(names) == 1 else "keep their"
    return (
        f"{', '.join(names)} {verb} old colour, because the migration of {state.plan.release.digest} is "
        f"{state.plan.migration}: after this the old version is not returned to. When you have seen that the new one "
        "holds: wedgate rollout drain --reason TEXT"
    )
