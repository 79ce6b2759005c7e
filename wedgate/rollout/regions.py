"""Transitions of one region: small pure functions from a region's state to the next.

``wedgate.rollout.step`` decides which of them an event calls for; nothing here looks at other regions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from wedgate.calendars.values import Verdict
from wedgate.judge.values import Outcome
from wedgate.ledger.copying import replace
from wedgate.rollout.effects import Announce, Effect, HoldRegion, Judge, ReadDigest, ReadWeights, SetWeights
from wedgate.rollout.events import ReturnWaits
from wedgate.rollout.guards import Refusal
from wedgate.rollout.returns import LOOK_AGAIN
from wedgate.rollout.state import (
    Hold,
    HoldKind,
    Plan,
    RegionPhase,
    RegionPlan,
    RegionState,
    Return,
    RolloutState,
    step_in_force,
)
from wedgate.rollout.strategies import completed, path_of
from wedgate.rollout.values import Choice, Step, Strategy, Weights

VERIFY_WITHIN = timedelta(minutes=2)
"""How long a deployed colour may take until it answers with the new digest."""

WATCH_MARK = timedelta(minutes=1)
"""How often a judgement that decides nothing is written down as proof that somebody watches."""

CLOCKS_DIFFER = timedelta(minutes=1)
"""How far the clocks of two machines may be apart; what is later than that was written by one that was wrong."""

MAX_EXTENSIONS = 2
"""How many times a bake without an answer is lengthened by its own length before the region is held."""

RETURN_WITHIN = timedelta(minutes=5)
"""How long a return to stable that fails is tried again before a person is called; each new run tries it anew."""

CONFIRM_TRIES = 30
"""How often what was promoted is asked for before it is the last good version, a second apart in a run."""

MOST_BETWEEN_RETURNS = timedelta(seconds=30)
"""The longest pause between two tries to return traffic; they begin a second apart and double."""

Moved = tuple[RegionState, tuple[Effect, ...]]


def chosen_strategy(
    strategies: Sequence[Strategy],
    choose: Sequence[Choice],
    region: str,
    verdict: Verdict,
    asked: str | None = None,
) -> Strategy:
    """Return the strategy that an override ``asked`` for, or the first matching line of ``choose`` names.

    Every step of it is spelled out. Without a matching line it is the first strategy listed.
    """
    by_name = {strategy.name: strategy for strategy in strategies}
    if asked in by_name:
        return completed(by_name[asked])
    for choice in choose:
        if _matches(choice, region, verdict) and choice.use in by_name:
            return completed(by_name[choice.use])
    return completed(strategies[0])


def _matches(choice: Choice, region: str, verdict: Verdict) -> bool:
    """Whether every condition of one line of ``choose`` holds."""
    return (choice.verdict is None or choice.verdict is verdict) and (choice.where is None or region in choice.where)


def next_step(region: RegionState) -> Step | None:
    """Return the step that follows the one in force; ``None`` when only promotion is left."""
    if region.strategy is None:
        return None
    index = path_of(region.strategy).next_step(region.strategy, region.at_step)
    return None if index is None else region.strategy.steps[index]


def runway_needed(plan: Plan, region: RegionState) -> timedelta:
    """Return how long the region must stay open for what comes next: the next bake and the reserve.

    Before the first step every bake on the way must fit. A promotion moves no traffic and needs no runway.
    """
    if region.strategy is None:
        return timedelta(0)
    if region.at_step < 0:
        return sum((step.bake for step in region.strategy.steps), timedelta(0)) + plan.reserve
    step = next_step(region)
    return timedelta(0) if step is None else step.bake + plan.reserve


def is_ready(region: RegionState) -> bool:
    """Whether the region waits for the gate to increase, or to be promoted."""
    return region.phase is RegionPhase.VERIFIED or (
        region.phase is RegionPhase.BAKING and region.judged is Outcome.PASS
    )


def resumes_at(region: RegionState) -> RegionPhase | None:
    """Return where a held region goes on; ``None`` when it is not held."""
    return region.hold.resume if region.phase is RegionPhase.HELD and region.hold is not None else None


def hold(region: RegionState, kind: HoldKind, refusal: Refusal, at: datetime, *, resume: RegionPhase) -> Moved:
    """Hold the region at its present weight. Holding it again for the same reason changes and says nothing."""
    before = region.hold if region.phase is RegionPhase.HELD else None
    since = before.since if before is not None and before.kind is kind else at
    held = Hold(kind=kind, why=refusal.why, since=since, until=refusal.until, resume=resume)
    # A pass from before the wait must not open the way after it.
    moved = replace(region, phase=RegionPhase.HELD, hold=held, verified=False, judged=None, why=refusal.why)
    if held == before:
        return moved, ()
    return moved, (HoldRegion(region=region.region, kind=kind, why=refusal.why, until=refusal.until),)


def is_unwatched(region: RegionState, at: datetime, allowed: timedelta) -> bool:
    """Whether nobody has judged the candidate for longer than ``allowed``, or nobody can tell.

    A mark from the future was made by a clock that was wrong, and says nothing about when that was.
    """
    return region.watched_at is None or not -CLOCKS_DIFFER <= at - region.watched_at <= allowed


def shift(plan: RegionPlan, region: RegionState, at: datetime) -> Moved:
    """Ask for the next step's weight; the read-back decides where the region stands.

    From ``at`` on the candidate may have traffic, whether or not anybody lives to read it back.
    """
    strategy = region.strategy
    index = None if strategy is None else path_of(strategy).next_step(strategy, region.at_step)
    if strategy is None or index is None:
        raise ValueError(f"{region.region} has no step to shift to")
    weight = strategy.steps[index].weight
    moved = replace(
        region,
        phase=RegionPhase.SHIFTING,
        at_step=index,
        verified=False,
        judged=None,
        watched_at=region.watched_at or at,
        hold=None,
        attempts=0,
        why="",
        had_traffic=True,
    )
    effect = SetWeights(
        region=region.region,
        weights=Weights.giving(plan.candidate, weight),
        is_decrease=False,
        why=f"step {index + 1} of {len(strategy.steps)}: {weight} %",
    )
    return moved, (effect,)


def bake(region: RegionState, at: datetime) -> RegionState:
    """Begin the bake of the step in force, counted from the verified read-back at ``at``."""
    step = step_in_force(region)
    if step is None:
        raise ValueError(f"{region.region} has no step to bake")
    return replace(
        region,
        phase=RegionPhase.BAKING,
        weight=step.weight,
        bake_from=at,
        bake_needed=step.bake,
        extensions=0,
        watched_at=at,
        judged=None,
        attempts=0,
        evidence=None,
    )


def give_back(
    plan: RegionPlan,
    region: RegionState,
    why: str,
    *,
    then: RegionPhase,
    kind: HoldKind | None = None,
    until: datetime | None = None,
) -> Moved:
    """Return all traffic to stable. Needs no gate, no judgement, no configuration.

    A regression that is held here stays so, whatever takes the traffic away now.
    """
    if then is RegionPhase.HELD and region.holds_regression:
        kind, until = HoldKind.REGRESSION, None
        found = region.why if region.hold is None else region.hold.why
        why = why if why.endswith(found) else f"{why}; {found}"
    moved = replace(
        region,
        phase=RegionPhase.ROLLING_BACK,
        returning=Return(why=why, then=then, kind=kind, until=until),
        hold=None,
        verified=False,
        judged=None,
        attempts=0,
        why=why,
    )
    return moved, (return_effect(plan, moved),)


def returns_for_regression(region: RegionState, why: str) -> RegionState:
    """Take note of a regression where traffic goes back already: the region is held for it then, if it may go on."""
    returning = region.returning
    if returning is None or returning.then is RegionPhase.ROLLED_BACK:
        return region
    said = f"{returning.why}; {why}"
    back = replace(returning, then=RegionPhase.HELD, kind=HoldKind.REGRESSION, until=None, why=said)
    return replace(region, returning=back, why=back.why)


def return_effect(plan: RegionPlan, region: RegionState, *, is_late: bool = False) -> SetWeights:
    """Return the one call that gives stable all traffic."""
    why = region.returning.why if region.returning is not None else region.why
    return SetWeights(
        region=region.region,
        weights=Weights.giving(plan.stable, 100),
        is_decrease=True,
        why=f"back to stable: {why}",
        is_late=is_late,
    )


def give_back_again(plan: RegionPlan, region: RegionState, at: datetime) -> Moved:
    """Ask once more for what is not back yet; a colour that had its time to grow gets everything now."""
    returning = region.returning
    is_late = returning is not None and returning.all_at is not None and at >= returning.all_at
    if returning is not None and is_late:
        region = replace(region, returning=replace(returning, waits=""))
    return region, (return_effect(plan, region, is_late=is_late),)


def return_waits(region: RegionState, event: ReturnWaits) -> Moved:
    """Take note that stable cannot take everything yet: that is no failure."""
    returning = region.returning
    if region.phase is not RegionPhase.ROLLING_BACK or returning is None:
        return region, ()
    waits = replace(returning, waits=event.why, all_at=returning.all_at or event.until)
    said = Announce(region=region.region, what="not all back yet", why=event.why, until=waits.all_at)
    return replace(region, returning=waits), (said,) if waits != returning else ()


def return_failed(region: RegionState, why: str, at: datetime) -> Moved:
    """Take note that traffic is not back yet; after ``RETURN_WITHIN`` a person is called, who need not be awake."""
    returning = replace(region.returning or Return(why=region.why, then=RegionPhase.ROLLED_BACK), waits="")
    since = returning.failing_since or at
    if at - since >= RETURN_WITHIN:
        stuck = needs_human(region, f"traffic could not be returned to stable: {why}; each new run tries it again")
        return replace(stuck, returning=replace(returning, failing_since=None)), ()
    said: tuple[Effect, ...] = ()
    if returning.failing_since is None:
        said = (Announce(region=region.region, what="not back yet", why="tried again", until=since + RETURN_WITHIN),)
    returning = replace(returning, failing_since=since)
    return replace(region, returning=returning, attempts=region.attempts + 1), said


def pause_before_return(region: RegionState) -> timedelta:
    """Return how long to wait before traffic is given back again after so many failures."""
    if region.returning is not None and region.returning.waits:
        return LOOK_AGAIN
    return min(timedelta(seconds=2 ** min(max(region.attempts - 1, 0), 10)), MOST_BETWEEN_RETURNS)


def given_back(region: RegionState, at: datetime) -> RegionState:
    """Take note that stable has all traffic again."""
    returning = region.returning
    rested = replace(
        region,
        weight=0,
        at_step=-1,
        strategy=None,
        bake_from=None,
        watched_at=None,
        deployed_at=None,
        attempts=0,
        evidence=None,
    )
    if returning is None or returning.then is not RegionPhase.HELD:
        then = RegionPhase.ROLLED_BACK if returning is None else returning.then
        return replace(rested, phase=then, returning=None)
    return replace(
        rested,
        phase=RegionPhase.HELD,
        returning=None,
        hold=Hold(
            kind=returning.kind or HoldKind.INTERRUPTED,
            why=returning.why,
            since=at,
            until=returning.until,
            resume=RegionPhase.PENDING,
        ),
    )


def begin_again(region: RegionState) -> RegionState:
    """Forget how far the region was: it has no candidate traffic, and everything is asked and verified anew."""
    return RegionState(region=region.region, paused=region.paused, had_traffic=region.had_traffic)


def extend_or_hold(region: RegionState, why: str, at: datetime) -> Moved:
    """Lengthen a bake that ended without an answer; after a bounded number of times hold, and say why."""
    step = step_in_force(region)
    if step is not None and region.extensions < MAX_EXTENSIONS and step.bake > timedelta(0):
        longer = replace(
            region,
            extensions=region.extensions + 1,
            bake_needed=region.bake_needed + step.bake,
            judged=None,
            verified=False,
            why=f"bake extended ({region.extensions + 1} of {MAX_EXTENSIONS}): {why}",
        )
        return longer, ()
    refusal = Refusal(why=f"no pass after {region.extensions} extensions of the bake: {why}")
    return hold(region, HoldKind.EVIDENCE, refusal, at, resume=RegionPhase.BAKING)


def needs_human(region: RegionState, why: str) -> RegionState:
    """Stop touching the region: what was found is not what wedgate did."""
    hold = region.hold if region.holds_regression else None
    return replace(
        region, phase=RegionPhase.NEEDS_HUMAN, why=why, hold=hold, returning=None, verified=False, watched_at=None
    )


def not_confirmed(region: RegionState, why: str) -> RegionState:
    """Take note that what was promoted could not be read back; after some tries a person is called."""
    if region.attempts + 1 >= CONFIRM_TRIES:
        return needs_human(region, f"it was promoted, and is not known to run there: {why}")
    return replace(region, attempts=region.attempts + 1, why=why)


def watch_effects(state: RolloutState, plan: RegionPlan, region: RegionState) -> Sequence[Effect]:
    """Return what is looked at on every tick while the candidate has traffic: weights, digest, evidence."""
    if region.bake_from is None:
        return ()
    return (
        ReadWeights(region=region.region),
        ReadDigest(region=region.region, colour=plan.candidate),
        Judge(
            region=region.region,
            step=region.at_step,
            weight=region.weight,
            since=region.bake_from,
            bake=region.bake_needed,
            stable=plan.stable,
            level=state.plan.level,
            against_limits=region.strategy is not None and region.strategy.against_limits,
        ),
    )
