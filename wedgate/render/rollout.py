"""Rollouts as text and as data: progress lines, where a rollout stands, what it would do, how it ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from wedgate.ledger.audit import Frozen
from wedgate.ledger.copying import replace
from wedgate.ledger.freezes import where
from wedgate.ledger.orders import OrderLine
from wedgate.ledger.plain import to_plain
from wedgate.ledger.streams import LedgerState
from wedgate.rollout import effects as fx
from wedgate.rollout.guards import spell_duration
from wedgate.rollout.promises import not_promised, promise, spell_undrained
from wedgate.rollout.state import RegionPhase, RegionState, RolloutState
from wedgate.rollout.values import Migration, Weights

Localise = Callable[[str | None, datetime], str]
"""Spells an instant in a region's own local time, and in UTC."""


STAMP = len("2027-06-09 11:01:15 EST (15:01Z)")
"""Characters of a time as most zones are told; lines that are told in UTC alone are as wide."""

BAR = 20
"""Characters of the bar that shows a bake."""


def in_utc(region: str | None, at: datetime) -> str:
    """Spell an instant in UTC, where no region's zone is known."""
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def render_progress(
    at: datetime,
    region: str | None,
    what: str,
    *,
    why: str = "",
    until: datetime | None = None,
    weights: Weights | None = None,
    localise: Localise = in_utc,
) -> str:
    """Render one line: local time, region, what, why, until when."""
    parts = [f"{localise(region, at):<{STAMP}}  {region or '-':<14} {what}"]
    if weights is not None:
        parts.append(f"blue {weights.blue} % / green {weights.green} %")
    if why:
        parts.append(why)
    if until is not None:
        parts.append(f"until {localise(region, until)}")
    return "; ".join(parts)


def render_status(
    state: RolloutState | None, ledger: LedgerState, *, now: datetime | None = None, localise: Localise = in_utc
) -> str:
    """Render where the last rollout stands, region by region, and what is good, frozen (at ``now``) and poisoned."""
    lines: list[str] = []
    if state is None:
        lines.append("no rollout is recorded")
    else:
        release = state.plan.release
        lines.append(f"rollout {state.plan.rollout}: {state.status}")
        lines.append(f"release {release.digest} (commit {release.commit})")
        if state.plan.migration is not Migration.NONE:
            lines.append(_migration_line(state))
        if state.halted is not None:
            lines.append(f"halted: {state.halted}")
        lines += [_region_line(region, localise) + _since(region, state, ledger) for region in state.regions]
        lines += filter(None, [spell_undrained(state)])
        lines += [
            f"{line.given.order.value} by {line.given.by} ({line.given.why}) waits for the next tick"
            for line in _waiting(state, ledger)
        ]
    lines += [_freeze_line(frozen, localise) for frozen in _in_force(ledger, now)]
    lines += [
        f"last good in {good.region}: {good.release.digest} on {good.colour}"
        for good in sorted(ledger.good.values(), key=lambda good: good.region)
    ]
    lines += [
        f"poisoned: {each.digest}: {each.why}" + (f" (not in {', '.join(each.cleared)})" if each.cleared else "")
        for each in ledger.poisoned.values()
    ]
    return "\n".join(lines)


def narrowed(
    state: RolloutState | None, ledger: LedgerState, regions: Sequence[str]
) -> tuple[RolloutState | None, LedgerState]:
    """Return both with what concerns some regions alone, to be shown and nothing else."""
    here = None
    if state is not None:
        here = replace(state, regions=tuple(each for each in state.regions if each.region in regions))
    good = {name: each for name, each in ledger.good.items() if name in regions}
    freezes = tuple(each for each in ledger.freezes if each.held_of(regions))
    poisoned = {name: each for name, each in ledger.poisoned.items() if each.holds(regions)}
    return here, replace(ledger, good=good, freezes=freezes, poisoned=poisoned)


def _migration_line(state: RolloutState) -> str:
    """Say what was declared of the migration, who accepted it, and what a rollback can promise."""
    plan = state.plan
    accepted = "" if plan.accepted_by is None else f", accepted by {plan.accepted_by}"
    return f"migration {plan.migration}{accepted}: {promise(plan.migration)}"


def plain_migration(migration: Migration) -> dict[str, object]:
    """Return what a migration is, and what no rollback takes back after it, as data."""
    return {"kind": migration.value, "not_promised": not_promised(migration) or None}


def _region_line(region: RegionState, localise: Localise) -> str:
    """Render where one region stands."""
    parts = [f"  {region.region:<14} {region.phase}"]
    if region.phase is RegionPhase.ROLLED_BACK and not region.had_traffic:
        parts.append("had no traffic of it")
    if region.weight and region.phase is not RegionPhase.DONE:
        parts.append(f"candidate at {region.weight} %")
    if region.phase is RegionPhase.BAKING:
        parts.append(_bake_words(region))
    if region.why:
        parts.append(region.why)
    if region.paused is not None and not region.is_final:
        parts.append(f"paused by {region.paused}")
    if region.drained_by is not None:
        parts.append(f"drained by {region.drained_by}")
    if region.hold is not None and region.hold.until is not None:
        parts.append(f"until {localise(region.region, region.hold.until)}")
    return "; ".join(parts)


def _since(region: RegionState, state: RolloutState, ledger: LedgerState) -> str:
    """Say that a region of a rollout that is over runs another version by now: over stays over, traffic moves on."""
    good = ledger.good.get(region.region)
    if region.phase is not RegionPhase.DONE or good is None or good.release.digest == state.plan.release.digest:
        return ""
    return f"; since then it runs {good.release.digest} on {good.colour}"


def _bake_words(region: RegionState) -> str:
    """Say how far a bake is: a bar, and the time that was observed as far as the journal knows."""
    seen, needed = _observed(region), region.bake_needed
    part = 1.0 if needed <= timedelta(0) else min(seen / needed, 1.0)
    full = int(part * BAR)
    steps = 0 if region.strategy is None else len(region.strategy.steps)
    bar = "#" * full + "." * (BAR - full)
    return f"step {region.at_step + 1} of {steps} [{bar}] {spell_duration(seen)} of {spell_duration(needed)}"


def _observed(region: RegionState) -> timedelta:
    """Return the observed time of a bake that is written down; a run that goes on writes it down when it ends."""
    slices = () if region.evidence is None else region.evidence.slices
    return sum((each.end - each.start for each in slices if each.trouble is None), timedelta(0))


def _waiting(state: RolloutState, ledger: LedgerState) -> list[OrderLine]:
    """Return the orders that nobody has obeyed yet."""
    if state.is_over:
        return []
    rollout = state.plan.rollout
    return [line for line in ledger.orders if line.given.rollout == rollout and line.revision > state.obeyed]


def _in_force(ledger: LedgerState, now: datetime | None) -> list[Frozen]:
    """Return the freezes that nobody has ended, and that are not over by themselves."""
    return [frozen for frozen in ledger.freezes if now is None or now < frozen.until]


def _freeze_line(frozen: Frozen, localise: Localise) -> str:
    """Render one freeze."""
    number = "" if frozen.entry is None else f" (freeze {frozen.entry})"
    return f"frozen: {where(frozen)} by {frozen.by} until {localise(None, frozen.until)}: {frozen.reason}{number}"


def plain_status(state: RolloutState | None, ledger: LedgerState, *, now: datetime | None = None) -> dict[str, object]:
    """Return the status as data, under its own schema version."""
    return {
        "schema_version": 1,
        "rollout": None if state is None else plain_rollout(state),
        "last_good": {
            name: {"colour": good.colour.value, "commit": good.release.commit, "digest": good.release.digest}
            for name, good in sorted(ledger.good.items())
        },
        "poisoned": {digest: poisoned.why for digest, poisoned in ledger.poisoned.items()},
        "frozen": [to_plain(frozen) for frozen in _in_force(ledger, now)],
        "orders_waiting": [] if state is None else [to_plain(line) for line in _waiting(state, ledger)],
    }


def plain_rollout(state: RolloutState) -> dict[str, object]:
    """Return where a rollout stands as data."""
    return {
        "id": state.plan.rollout,
        "status": state.status.value,
        "commit": state.plan.release.commit,
        "digest": state.plan.release.digest,
        "migration": {**plain_migration(state.plan.migration), "accepted_by": state.plan.accepted_by},
        "halted": state.halted,
        "regions": [
            {
                "region": region.region,
                "phase": region.phase.value,
                "weight_percent": region.weight,
                "why": region.why or None,
                "held": None if region.hold is None else region.hold.kind.value,
                "until": None if region.hold is None else to_plain(region.hold.until),
                "paused": region.paused,
                "awaits_drain": state.awaits_drain(region),
                "drained_by": region.drained_by,
                "step": region.at_step + 1,
                "steps": None if region.strategy is None else len(region.strategy.steps),
                "bake_seconds": region.bake_needed.total_seconds(),
                "observed_seconds": _observed(region).total_seconds(),
            }
            for region in state.regions
        ],
    }


def plain_effect(at: datetime, effect: fx.Effect) -> dict[str, object]:
    """Return one foreseen effect as data."""
    body = to_plain(effect)
    return {"at": at.isoformat(), "effect": type(effect).__name__, **(body if isinstance(body, dict) else {})}


def render_effects(foreseen: Iterable[tuple[datetime, fx.Effect]], *, localise: Localise = in_utc) -> str:
    """Render what a rollout would do, one line for each effect that a person would care about."""
    lines = []
    for at, effect in foreseen:
        region = getattr(effect, "region", None)
        text = _spell_effect(effect, localise)
        if text:
            lines.append(f"{localise(region, at)}  {region or '-':<14} {text}")
    return "\n".join(lines)


def _spell_effect(effect: fx.Effect, localise: Localise) -> str:
    """Spell one effect; nothing for mere looks at the world."""
    match effect:
        case fx.AskGate(runway=runway):
            return "ask the gate" + (f" for {spell_duration(runway)} of runway" if runway else "")
        case fx.Deploy(colour=colour, release=release):
            return f"deploy {release.digest} on {colour}"
        case fx.SetWeights(weights=weights, why=why):
            return f"set weights blue {weights.blue} % / green {weights.green} % ({why})"
        case fx.Judge(bake=bake):
            return f"judge at the end of a bake of {spell_duration(bake)}"
        case fx.HoldRegion(why=why, until=until, region=region):
            return f"hold: {why}" + (f", until {localise(region, until)}" if until else "")
        case fx.RecordGood(release=release, colour=colour):
            return f"record {release.digest} on {colour} as the last good version"
        case fx.Poison(digest=digest, why=why):
            return f"poison {digest}: {why}"
        case _:
            return ""


def render_json(plain: object) -> str:
    """Render data as JSON text."""
    return json.dumps(plain, indent=2, ensure_ascii=False)
