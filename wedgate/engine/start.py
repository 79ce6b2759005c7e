"""Before the first write: what must hold for a rollout to start, and the plan that pins it by value."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from wedgate.adapters.targets.interface import Target
from wedgate.engine.returning import instances
from wedgate.engine.rollout_parts import RolloutParts
from wedgate.engine.traffic import spell_traffic
from wedgate.errors import RefusedError, UsageError
from wedgate.ledger.streams import Good, LedgerState, Poisoned
from wedgate.rollout.promises import Declared, refusal_to_start
from wedgate.rollout.state import Plan, RegionPlan, RolloutState
from wedgate.rollout.values import Migration, Release, RolloutSettings, TargetSettings, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, and the regions left out because they run the release already."""

    plan: Plan | None
    already: tuple[str, ...]


def requested_regions(settings: RolloutSettings, regions: Sequence[str]) -> tuple[str, ...]:
    """Return the regions to roll out over in the order of the waves: those asked for, or all.

    Raises ``UsageError`` for a region that no wave names.
    """
    known = [region for wave in settings.waves for region in wave]
    unknown = [region for region in regions if region not in known]
    if unknown:
        raise UsageError(f"region {unknown[0]} is in no wave; the waves name {', '.join(known)}")
    return tuple(region for region in known if not regions or region in regions)


def is_poisoned(state: LedgerState, release: Release, regions: Sequence[str]) -> bool:
    """Whether the release's digest failed before, and nobody has cleared it in all of some regions."""
    poisoned = state.poisoned.get(release.digest)
    return poisoned is not None and poisoned.holds(regions)


def refuse_poisoned(parts: RolloutParts, state: LedgerState, release: Release, regions: Sequence[str]) -> None:
    """Raise ``RefusedError``, which says where traffic is, when the release's digest failed before."""
    poisoned = state.poisoned.get(release.digest)
    if poisoned is None or not poisoned.holds(regions):
        return
    targets = {region: parts.settings.targets[region] for region in regions if region in parts.settings.targets}
    raise RefusedError(
        f"digest {release.digest} is poisoned since rollout {poisoned.rollout}: {poisoned.why}{_cleared(poisoned)}; "
        "build a new version. "
        f"Traffic now: {spell_traffic(targets, parts.open_target)}"
    )


def _cleared(poisoned: Poisoned) -> str:
    """Say where somebody has taken a digest off the list."""
    return f" (cleared in {', '.join(poisoned.cleared)} alone)" if poisoned.cleared else ""


def plan_rollout(
    parts: RolloutParts,
    state: LedgerState,
    release: Release,
    regions: Sequence[str],
    declared: Declared | None = None,
) -> Planned:
    """Check every region against its target, and return the plan.

    Raises ``RefusedError`` when a region has no last good version, or does not run it now with all traffic, or when
    nobody has accepted what a rollback cannot promise; ``ExternalSystemError`` when a target does not answer.
    """
    declared = declared or Declared()
    requested = requested_regions(parts.settings, regions)
    refuse_poisoned(parts, state, release, requested)
    missing = [region for region in requested if region not in state.good]
    if missing:
        is_all = set(missing) >= set(parts.settings.targets)
        raise RefusedError(
            f"no last good version is known for {', '.join(missing)}, so there is nothing to return to; record what "
            "runs there now: wedgate rollout adopt --digest DIGEST"
            + "".join(f" --region {region}" for region in missing if not is_all)
        )
    already = tuple(region for region in requested if state.good[region].release.digest == release.digest)
    rest = [region for region in requested if region not in already]
    if not rest:
        return Planned(plan=None, already=already)
    refuse_out_of_order(parts.settings, state, release, rest)
    if (refusal := refusal_to_start(declared, digest=release.digest)) is not None:
        raise RefusedError(f"{refusal} with --accept-migration")
    never = parts.fits_nowhere(parts.settings, rest)
    if never is not None and not never.may_be_opened:
        raise RefusedError(f"it would be held for ever: {never.text}; `wedgate plan` says more")
    for region in rest:
        refuse_unhealthy(parts.open_target(_target_settings(parts.settings, region)), state.good[region])
    plan = Plan(
        rollout=f"r-{parts.clock():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        service=parts.service,
        release=release,
        regions=tuple(_region_plan(parts, region, state.good[region]) for region in rest),
        in_flight=parts.settings.in_flight,
        reserve=parts.settings.reserve,
        report_fails=parts.settings.report_fails,
        strategies=tuple(parts.settings.strategies.values()),
        choose=parts.settings.choose,
        judge=parts.judge,
        max_unwatched=parts.settings.max_unwatched,
        window_closes=parts.settings.window_closes,
        migration=declared.migration or Migration.NONE,
        accepted_by=declared.accepted_by,
        repository=parts.repository,
    )
    return Planned(plan=plan, already=already)


def refuse_out_of_order(
    settings: RolloutSettings, state: LedgerState, release: Release, regions: Sequence[str]
) -> None:
    """Raise ``RefusedError`` where a region must run the release before one of these may, and is not part of it."""
    for first, then in settings.order:
        runs = first in state.good and state.good[first].release.digest == release.digest
        if then in regions and first not in regions and not runs:
            raise RefusedError(
                f"{then} comes after {first} (rollout.order), which does not run {release.digest} yet; roll it out "
                f"there first, or both together: --region {first} --region {then}"
            )


def refuse_beside(running: RolloutState, state: LedgerState, release: Release, regions: Sequence[str]) -> None:
    """Raise ``RefusedError`` where some regions, of others than those of a rollout under way, do not run a release yet.

    A service has one rollout at a time: one rescue file returns it, one report and one poison list speak of it.
    """
    good = state.good
    rest = [name for name in regions if name not in good or good[name].release.digest != release.digest]
    over = [region.region for region in running.plan.regions]
    if running.is_over or not rest or set(rest) & set(over):
        return
    both = " ".join(f"--region {name}" for name in (*over, *rest))
    raise RefusedError(
        f"rollout {running.plan.rollout} of {running.plan.release.digest} is under way in {', '.join(over)}, and a "
        "service has one at a time, so that one rollback returns all of it; wait until it is over, end it "
        f"(wedgate rollout abort), or start one over all of them: {both}"
    )


def refuse_unhealthy(target: Target, good: Good) -> None:
    """Raise ``RefusedError`` unless the last good version answers on its colour and has all traffic."""
    reading = target.weights()
    if reading.weights != Weights.giving(good.colour, 100):
        raise RefusedError(
            f"{good.region}: {good.colour} should have all traffic, but weights are blue {reading.weights.blue} / "
            f"green {reading.weights.green}; return traffic first (wedgate rollback), or record what is right "
            f"(wedgate rollout adopt --region {good.region})"
        )
    digest = target.digest(good.colour)
    if digest != good.release.digest:
        raise RefusedError(
            f"{good.region}: {good.colour} answers {digest or 'nothing healthy'}, the last good version is "
            f"{good.release.digest}; repair it, or record what runs there: wedgate rollout adopt --digest "
            f"{digest or 'DIGEST'} --region {good.region}"
        )


def _target_settings(settings: RolloutSettings, region: str) -> TargetSettings:
    """Return the target settings of one region; ``UsageError`` where it has none."""
    try:
        return settings.targets[region]
    except KeyError:
        raise UsageError(
            f"region {region} has no target; say how its traffic is switched under rollout.target"
        ) from None


def _region_plan(parts: RolloutParts, region: str, good: Good) -> RegionPlan:
    """Return the plan of one region, with the instances that serve all its traffic now."""
    settings = parts.settings
    wave = next(index for index, wave in enumerate(settings.waves) if region in wave)
    plan = RegionPlan(
        region=region,
        wave=wave,
        stable=good.colour,
        stable_release=good.release,
        target=_target_settings(settings, region),
    )
    ready, _ = instances(parts.open_target(plan.target), plan, parts.ask)
    return replace(plan, stable_instances=ready)
