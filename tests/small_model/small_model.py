"""A small model of a rollout: one region, three steps; written from section 7 of the design, and knowing no engine.

A state is a tuple of words and small numbers, an event is a tuple, and ``after(state, event, policy)`` says the state
that follows and what is to be done. Instants are ages: what happened just now, and what happened longer ago than
anything may take. ``reachable`` walks through every state that any order of events leads to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

WEIGHTS = (10, 50, 100)
"""The three steps: two that bake, and all traffic, which rests on the judgement before it."""
BAKES = (1, 1, 0)
FOREIGN = 33
"""A weight that no step has."""
EXTENSIONS, TRIES = 2, 3
NEVER, NOW, LONG_AGO = 0, 1, 2

Did = tuple[tuple[object, ...], ...]
Event = tuple[object, ...]


class Policy(NamedTuple):
    """What the configuration chooses: what a closing window does, and what a regression does."""

    closes: str = "hold"
    fails: str = "rollback"


class Hold(NamedTuple):
    """Why a region is held, and where it goes on."""

    kind: str
    cause: str
    resume: str


class Back(NamedTuple):
    """Why traffic goes back: what follows, of which kind the hold is then, and since when it fails."""

    then: str
    kind: str | None
    cause: str
    failing: int = NEVER


class State(NamedTuple):
    """Where the region stands, and whether the rollout is halted. Since when it is deployed only matters while the
    read-back is waited for."""

    phase: str = "pending"
    step: int = -1
    weight: int = 0
    has_way: bool = False
    verified: bool = False
    passed: bool = False
    deployed: int = NEVER
    bakes: bool = False
    longer: int = 0
    watched: int = NEVER
    hold: Hold | None = None
    back: Back | None = None
    tries: int = 0
    paused: bool = False
    evidence: bool = False
    halted: bool = False
    retreats: bool = False


STABLE_SIDE = ("gated", "preparing", "verified")
ADVANCED = ("promoted", "draining")


def is_exposed(state: State) -> bool:
    """Whether the candidate has traffic that must be watched."""
    return state.phase in ("shifting", "baking", "rolling_back") or (state.phase == "held" and state.weight > 0)


def is_in_flight(state: State) -> bool:
    """Whether the region has begun and is not promoted."""
    if state.phase == "held":
        return state.weight > 0 or (state.hold is not None and state.hold.resume != "pending")
    return state.phase in (*STABLE_SIDE, "shifting", "baking", "rolling_back", "needs_human")


def holds_regression(state: State) -> bool:
    """Whether a regression is held here, with traffic, on its way back or without."""
    held = state.hold is not None and state.hold.kind == "regression"
    return held or (state.back is not None and state.back.kind == "regression")


def owes(state: State) -> bool:
    """Whether a person was called because traffic could not be returned."""
    return state.phase == "needs_human" and state.back is not None


def is_over(state: State) -> bool:
    """Whether nothing happens any more."""
    moves = state.phase in (*STABLE_SIDE, *ADVANCED) or is_exposed(state) or owes(state)
    return state.phase == "done" or (state.halted and not moves)


def status(state: State) -> str:
    """Return what the rollout as a whole is."""
    if state.halted and state.retreats:
        return "retreating" if state.phase == "rolling_back" else "retreated"
    if state.halted:
        return "halted"
    names = {"done": "done", "needs_human": "needs_human", "pending": "planned"}
    return names.get(state.phase, "running")


def may_begin(state: State) -> bool:
    """Whether the region's turn has come: nothing stops the rollout, and it waits for its calendar at the most."""
    if state.halted or state.paused:
        return False
    waits = state.phase == "held" and state.hold is not None and state.hold[::2] == ("closed", "pending")
    return state.phase == "pending" or waits


def runway(state: State) -> int:
    """Return how many bakes must fit: all of them before the first step, then the next one; the reserve is one."""
    if not state.has_way:
        return 0
    if state.step < 0:
        return sum(BAKES) + 1
    return BAKES[state.step + 1] + 1 if state.step + 1 < len(WEIGHTS) else 0


def after(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    """Return the state after an event, and what is to be done."""
    if event[0] == "time":
        return _older(state), ()
    if is_over(state):
        return state, ()
    then, did = _RULES[str(event[0])](state, event, policy)
    if then.phase != "preparing":
        then = then._replace(deployed=NEVER)
    if status(then) == "done":
        did = (*did, ("say", "done"))
    return then, did


def _older(state: State) -> State:
    def aged(age: int) -> int:
        return LONG_AGO if age == NOW else age

    back = state.back and state.back._replace(failing=aged(state.back.failing))
    return state._replace(deployed=aged(state.deployed), watched=aged(state.watched), back=back)


def _held(state: State, kind: str, cause: str, resume: str) -> tuple[State, Did]:
    hold = Hold(kind, cause, resume)
    is_new = state.phase != "held" or state.hold != hold
    then = state._replace(phase="held", hold=hold, verified=False, passed=False)
    return then, (("hold", kind),) if is_new else ()


def _returned(state: State, then: str, kind: str | None, cause: str) -> tuple[State, Did]:
    if then == "held" and holds_regression(state):
        kind = "regression"
    moved = state._replace(
        phase="rolling_back", back=Back(then, kind, cause), hold=None, verified=False, passed=False, tries=0
    )
    return moved, (("set", 0, "decrease"),)


def _stuck(state: State) -> State:
    hold = state.hold if holds_regression(state) else None
    return state._replace(phase="needs_human", hold=hold, back=None, verified=False, tries=0, watched=NEVER)


def _otherwise(state: State, found: object, by: object) -> tuple[State, Did]:
    """Weights that nobody asked for: our own go back, for others a person is called, and the time counts."""
    if by == "us":
        return _returned(state, "held", "outside", f"found {found}")
    if by == "another" or not found:
        return _stuck(state), ()
    assert isinstance(found, int)
    return _stuck(state)._replace(weight=found, watched=state.watched or NOW), ()


def is_stranded(state: State) -> bool:
    """Whether a person was called for a candidate that has traffic, and that nobody else looks after."""
    return state.phase == "needs_human" and state.watched != NEVER


def _baked(state: State, step: int) -> State:
    return state._replace(
        phase="baking",
        step=step,
        weight=WEIGHTS[step],
        bakes=True,
        longer=0,
        watched=NOW,
        passed=False,
        tries=0,
        evidence=False,
    )


def _extended(state: State, cause: str) -> tuple[State, Did]:
    if state.longer < EXTENSIONS and BAKES[state.step]:
        return state._replace(longer=state.longer + 1, passed=False, verified=False), ()
    return _held(state, "evidence", f"extended {cause}", "baking")


def _return_failed(state: State) -> tuple[State, Did]:
    back = state.back or Back("rolled_back", None, "")
    if back.failing == LONG_AGO:
        return _stuck(state)._replace(back=back._replace(failing=NEVER)), ()
    did: Did = () if back.failing else (("say", "not back yet"),)
    return state._replace(back=back._replace(failing=NOW)), did


def _not_confirmed(state: State) -> State:
    return _stuck(state) if state.tries + 1 >= TRIES else state._replace(tries=state.tries + 1)


def _watch(state: State) -> Did:
    return (("read",), ("digest",), ("judge", state.step, state.weight, 1 + state.longer)) if state.bakes else ()


def _ticked(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    if may_begin(state):
        return state, (("gate", None),)
    if is_stranded(state) and state.watched == LONG_AGO:
        return state, (("read",),)
    if state.paused and state.phase in STABLE_SIDE:
        return state, ()
    is_watched = state.phase == "baking" or (state.phase == "held" and state.weight > 0)
    if is_watched and state.watched == LONG_AGO:
        return _returned(state, "held", "evidence", "unwatched")
    match state.phase:
        case "gated":
            return state, () if state.halted else (("read",),)
        case "preparing":
            return state, (("digest",) if state.deployed else ("deploy",),)
        case "verified":
            return state, (("read",), ("digest",))
        case "shifting":
            return state, (("read",),)
        case "promoted":
            judges = policy.fails == "retreat" and not state.halted
            watched = tuple(each for each in _watch(state) if each[0] == "judge") if judges else ()
            asks = () if state.paused or holds_regression(state) else (("gate", 1),)
            return state._replace(verified=False), (*watched, *((("read",),) if state.halted else asks))
        case "baking" if state.passed:
            return state, (*(each for each in _watch(state) if each[0] == "judge"), ("read",), ("digest",))
        case "baking":
            asks = policy.closes == "retreat" and not state.halted
            return state, (*_watch(state), *((("gate", None),) if asks else ()))
        case "held":
            did = _watch(state) if state.weight > 0 else ()
            asks = state.hold is not None and state.hold.kind == "closed" and not state.halted
            asks = asks and state.hold is not None and state.hold.resume != "pending"
            return state, (*did, *((("gate", runway(state)),) if asks else ()))
        case "rolling_back":
            return state, (("set", 0, "decrease"),)
        case "draining":
            return state._replace(phase="done"), (("good",), ("say", "done"))
        case _:
            return state, ()


def _gate(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    answer = event[1]

    def refusal(needed: int) -> str | None:
        if answer == "closed":
            return "closed"
        return f"short of {needed}" if answer == "short" and needed else None

    if state.phase == "pending" or (state.hold is not None and state.hold.resume == "pending"):
        if not may_begin(state):
            return state, ()
        if (why := refusal(sum(BAKES) + 1)) is not None:
            return _held(state, "closed", why, "pending")
        return state._replace(phase="gated", has_way=True, hold=None), (("say", "open"),)
    if state.phase == "promoted":
        waits = state.halted or state.paused or holds_regression(state)
        return (state, ()) if waits else _drained(state, refusal(1))
    watched = state.weight > 0 and state.phase in ("baking", "held")
    if policy.closes == "retreat" and answer == "closed" and watched:
        return _returned(state, "held", "closed", "window")
    waits = state.phase == "held" and state.hold is not None and state.hold.kind == "closed"
    if state.weight > 0 and (state.phase == "baking" or waits) and state.watched == LONG_AGO:
        # The gate took too long: no step on evidence that is too old, and no return before somebody looked again.
        if not waits and not state.passed:
            return state, _watch(state)
        then, did = _held(state, "closed", "late gate", "baking")
        return then, (*did, *_watch(state))
    why = refusal(runway(state))
    if state.phase == "held" and state.hold is not None and state.hold.kind == "closed":
        if why is not None:
            return _held(state, "closed", why, state.hold.resume)
        return state._replace(phase=state.hold.resume, hold=None, verified=False, passed=False), ()
    if not _is_ready(state):
        return state, ()
    is_last = state.step + 1 == len(WEIGHTS)
    if why is not None and not (is_last and policy.closes == "finish"):
        return _held(state, "closed", why, state.phase)
    if state.halted or state.paused or not state.verified or (state.weight > 0 and not state.passed):
        return state, ()
    if is_last:
        return state._replace(phase="promoted", hold=None, verified=False, evidence=False), (("say", "promoted"),)
    step = state.step + 1
    watched = state.watched or NOW
    moved = state._replace(
        phase="shifting", step=step, verified=False, passed=False, hold=None, tries=0, watched=watched
    )
    return moved, (("set", WEIGHTS[step], "increase"),)


def _drained(state: State, why: str | None) -> tuple[State, Did]:
    """The old colour goes while the gate is open, for as long as a rollback takes; else it stays."""
    if why is None:
        return state._replace(verified=True, hold=None), (("read",),)
    return _keeps_old(state, Hold("closed", f"old stays: {why}", "promoted"))


def _keeps_old(state: State, hold: Hold) -> tuple[State, Did]:
    return state._replace(verified=False, hold=hold), () if hold == state.hold else (("say", "not draining"),)


def _is_ready(state: State) -> bool:
    return state.phase == "verified" or (state.phase == "baking" and state.passed)


def _deployed(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    if state.phase != "preparing":
        return state, ()
    if event[1] == "failed":
        return _held(state, "outside", "deploy", "pending")
    return (state, ()) if state.deployed else (state._replace(deployed=NOW), (("digest",),))


def _digest(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    found = event[1]
    match state.phase:
        case "gated" if found == "new":
            return state._replace(phase="verified"), ()
        case "gated":
            return state._replace(phase="preparing", deployed=NEVER), (("deploy",),)
        case "preparing" if state.deployed:
            if found == "new":
                return state._replace(phase="verified"), (("say", "verified"),)
            late = state.deployed == LONG_AGO
            return _held(state, "outside", f"digest {found}", "pending") if late else (state, ())
        case "promoted" if found == "new" and state.hold is not None and not state.halted:
            return state, ()
        case "promoted" if found == "new":
            return state._replace(phase="draining", hold=None, tries=0), (("say", "draining"),)
        case "promoted":
            return _not_confirmed(state), ()
    if is_exposed(state) and found == "strange":
        if state.phase == "rolling_back":
            return state, ()
        return _returned(state, "held", "outside", "digest strange")
    if not _is_ready(state):
        return state, ()
    if found == "new":
        return state._replace(verified=True), (("gate", runway(state)),)
    if state.phase == "verified":
        return _held(state, "outside", f"digest {found}", "pending")
    return _extended(state, f"digest {found}")


def _weights(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    found, by = event[1], event[2]
    may_be_returned = (is_exposed(state) or state.phase == "promoted") and state.phase != "rolling_back"
    if by == "hand" and found == 0 and may_be_returned:
        return _by_hand(state, ("by-hand", True), policy)
    if state.phase == "shifting" and state.watched == LONG_AGO:
        return _returned(state, "held", "interrupted", "late")
    at_rest = state.phase in (*STABLE_SIDE, "pending") or (state.phase == "held" and state.weight == 0)
    if at_rest and by in ("us", "hand") and found != 0:
        # A process of ours that was overtaken raised it late.
        kind = state.hold.kind if state.hold is not None else "interrupted"
        return _returned(state, "held", kind, "strayed")
    is_strangers = by == "another" and found != 0
    match state.phase:
        case "gated":
            return (state, (("digest",),)) if found == 0 else _otherwise(state, found, by)
        case "preparing" | "verified" if found != 0:
            return _otherwise(state, found, by)
        case "shifting" if is_strangers:
            return _otherwise(state, found, by)
        case "shifting" if found == WEIGHTS[state.step]:
            rests = state.step > 0 and not BAKES[state.step]
            return _baked(state, state.step)._replace(passed=rests), ()
        case "shifting" if found == state.weight:
            if state.step == 0:
                return state._replace(phase="verified", step=-1, verified=False, watched=NEVER), ()
            return _baked(state._replace(verified=False), state.step - 1), ()
        case "shifting":
            return _otherwise(state, found, by)
        case "needs_human" if is_stranded(state):
            if not found or by == "another":
                return state._replace(weight=int(str(found)), watched=NEVER), ()
            late = state.watched == LONG_AGO
            then = "held" if holds_regression(state) else "needs_human"
            return _returned(state, then, None, "stranded") if late else (state, ())
        case "baking" | "held":
            is_right = found == state.weight and not is_strangers
            fits = is_right or (state.phase == "held" and state.weight == 0)
            return (state, ()) if fits else _otherwise(state, found, by)
        case "rolling_back" if found == 0:
            return _given_back(state), (("say", "back on stable"),)
        case "rolling_back":
            return _return_failed(state)
        case "promoted":
            if found != 100:
                return _stuck(state), ()
            return state, (("digest",),) if state.verified or state.halted else ()
        case _:
            return state, ()


def _given_back(state: State) -> State:
    rested = state._replace(
        weight=0,
        step=-1,
        has_way=False,
        bakes=False,
        watched=NEVER,
        deployed=NEVER,
        longer=0,
        tries=0,
        evidence=False,
        back=None,
    )
    if state.back is None or state.back.then != "held":
        return rested._replace(phase="rolled_back" if state.back is None else state.back.then)
    back = state.back
    return rested._replace(phase="held", hold=Hold(back.kind or "interrupted", f"back: {back.cause}", "pending"))


def _failed(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    if state.phase == "rolling_back":
        return _return_failed(state)
    if state.phase == "promoted":
        return _not_confirmed(state), ()
    if state.phase == "shifting":
        return _returned(state, "held", "outside", "target")
    if state.phase in STABLE_SIDE:
        return _held(state, "outside", "target", "pending")
    return state, ()


def _judged(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    outcome, is_final = event[1], event[2]
    if state.phase == "promoted" and policy.fails == "retreat" and outcome == "fail" and not state.halted:
        return _regressed(state, policy)
    if state.phase != "baking" and not (state.phase == "held" and state.weight > 0):
        return state, ()
    if outcome != "error":
        state = state._replace(watched=NOW)
    if outcome == "fail":
        return (state, ()) if holds_regression(state) else _regressed(state, policy)
    if state.phase == "held" or state.paused or state.passed or not is_final:
        return state, ()
    if outcome == "pass":
        return state._replace(passed=True, verified=False, watched=NOW), (("say", "passed"), ("digest",))
    then, did = _extended(state, str(outcome))
    return then, (("say", outcome), *did)


def _regressed(state: State, policy: Policy, *, by_hand: bool = False) -> tuple[State, Did]:
    """Back to stable, poisoned and halted; or only held, where the configuration says so."""
    if policy.fails == "hold" and not by_hand:
        leaves_alone = state.phase in ("needs_human", "draining") and state.back is None
        if state.phase in ("done", "rolled_back") or leaves_alone or holds_regression(state):
            return state, ()
        if state.back is not None:
            then = state.back._replace(then="held", kind="regression")
            return (state._replace(back=then) if state.back.then != "rolled_back" else state), ()
        if state.phase == "promoted":
            return _keeps_old(state, Hold("regression", "old stays: regression", "promoted"))
        if state.phase == "shifting":
            return _returned(state, "held", "regression", "regression")
        return _held(state, "regression", "regression", "baking" if state.weight > 0 else "pending")
    did: Did = ()
    if is_in_flight(state) or (state.phase in ADVANCED and not by_hand):
        state, did = _returned(state, "rolled_back", None, "regression")
    stays: Did = (("say", "stays on the new version"),) if state.phase in ADVANCED else ()
    retreats = policy.fails == "retreat" and not by_hand
    return state._replace(halted=True, retreats=retreats), (*did, ("poison",), *stays, ("say", "halted"))


def _by_hand(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    if event[1] and state.phase not in ("done", "rolled_back"):
        state = State(phase="rolled_back", paused=state.paused, halted=state.halted, retreats=state.retreats)
    return _regressed(state, policy, by_hand=True)


def _interrupted(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    if state.phase == "rolling_back":
        return state, (("set", 0, "decrease"),)
    if is_exposed(state):
        kind = state.hold.kind if state.hold is not None else "interrupted"
        return _returned(state, "held", kind, "interrupted")
    if state.phase in STABLE_SIDE:
        return _held(state, "interrupted", "interrupted", "pending")
    return state, ()


def _superseded(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    then, did = _interrupted(state, event, policy)
    if is_stranded(then):
        then, did = _returned(then, "held", "interrupted", "ended")
    return then._replace(halted=True), did


NOTHING_TO_RESUME: Did = (("say", "nothing to resume"),)


def _ordered(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    order, is_new = event[1], event[2]
    if not is_new or order == "clear":
        return state, ()
    if order == "abort":
        return _superseded(state, event, policy)
    if order == "report":
        return _regressed(state, policy)
    if state.phase in ("done", "rolled_back"):
        return (state, ()) if order == "pause" else (state, NOTHING_TO_RESUME)
    if order == "pause" and state.paused:
        return state, ()
    if order == "pause":
        return state._replace(paused=True, passed=False, verified=False), (("say", "paused"),)
    moved = state._replace(paused=False, passed=False, verified=False) if state.paused else state
    waits = moved.phase == "held" or (moved.phase == "needs_human" and moved.back is None)
    if waits and moved.weight == 0:
        moved = State(halted=state.halted, retreats=state.retreats)
    if moved.phase == "promoted" and holds_regression(moved):
        moved = moved._replace(hold=None)
    if moved == state:
        return state, NOTHING_TO_RESUME
    return moved, (("say", "resumed" if state.paused else "tried again"),)


def _began(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    """A run begins: whatever has no traffic begins again, whatever nobody watches goes back."""
    handed_over, anew = event[1], event[2]
    again = State(paused=state.paused, halted=state.halted, retreats=state.retreats)
    if state.phase in STABLE_SIDE:
        return (state if handed_over else again), ()
    if state.phase == "promoted":
        return state._replace(verified=False, hold=None if anew else state.hold), ()
    if state.back is not None and state.phase in ("rolling_back", "needs_human"):
        return _returned(state, state.back.then, state.back.kind, state.back.cause)
    if state.phase == "held" and state.weight == 0:
        kind = state.hold.kind if state.hold is not None else None
        stays = handed_over if kind == "closed" else not anew and kind != "interrupted"
        return (state if stays else again), ()
    if state.phase in ("held", "baking", "shifting"):
        if state.watched != NOW:
            return _returned(state, "held", "interrupted", "nobody")
        if state.phase == "shifting":
            return state, ()
        if state.evidence or (state.phase == "held" and not anew):
            return state._replace(verified=False, passed=False), ()
        return _baked(state._replace(verified=False, hold=None), state.step), ()
    return state, ()


def _observed(state: State, event: Event, policy: Policy) -> tuple[State, Did]:
    return (state._replace(evidence=True) if state.bakes else state), ()


_RULES = {
    "tick": _ticked,
    "gate": _gate,
    "deployed": _deployed,
    "digest": _digest,
    "weights": _weights,
    "failed": _failed,
    "judged": _judged,
    "reported": lambda state, event, policy: _regressed(state, policy),
    "by-hand": _by_hand,
    "interrupted": _interrupted,
    "superseded": _superseded,
    "ordered": _ordered,
    "began": _began,
    "observed": _observed,
}

EVENTS: tuple[Event, ...] = (
    ("time",),
    ("tick",),
    *(("gate", answer) for answer in ("open", "short", "closed")),
    *(("deployed", how) for how in ("well", "failed")),
    *(("digest", found) for found in ("new", "strange", None)),
    *(("weights", found, "us") for found in (0, *WEIGHTS, FOREIGN)),
    ("weights", 0, "hand"),
    *(("weights", found, "another") for found in (0, *WEIGHTS)),
    *(("weights", FOREIGN, by) for by in ("hand", "another", "somebody")),
    ("failed",),
    *(
        ("judged", outcome, final)
        for outcome in ("pass", "marginal", "not_enough_data", "error", "fail")
        for final in (False, True)
    ),
    ("reported",),
    ("by-hand", True),
    ("by-hand", False),
    ("interrupted",),
    ("superseded",),
    *(("ordered", order, True) for order in ("pause", "resume", "abort", "report", "clear")),
    ("ordered", "abort", False),
    *(("began", handed_over, anew) for handed_over in (False, True) for anew in (False, True)),
    ("observed",),
)
"""Everything that can be found or told: in any state, whether it was asked for or not, late or twice."""


def reachable(after: Callable[[State, Event], tuple[State, Did]]) -> Iterator[tuple[State, Event, State, Did]]:
    """Yield every transition from every state that any order of events leads to, breadth first."""
    first = State()
    seen, waiting = {first}, deque([first])
    while waiting:
        state = waiting.popleft()
        for event in EVENTS:
            then, did = after(state, event)
            yield state, event, then, did
            if then not in seen:
                seen.add(then)
                waiting.append(then)
