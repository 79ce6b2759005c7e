"""The engine agrees with a small model of it, transition by transition; and two processes of that model keep the rules.

One region, three steps. The model (``tests/small_model``) is written from the design and knows no engine.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import small_model as model
import small_system
from small_engine import Comparison, DisagreementError, compared
from small_system import BrokenError, Faults, reachable

from wedgate.judge.values import Outcome
from wedgate.rollout import orders, recovery, regions, state, step, values
from wedgate.rollout.effects import Deploy, Poison

THOROUGH = os.environ.get("WEDGATE_THOROUGH") == "1"
CLOSES, FAILS = ("hold", "finish", "retreat"), ("rollback", "hold", "retreat")
POLICIES = [model.Policy(closes, fails) for closes in CLOSES for fails in FAILS]
CHOSEN = POLICIES if THOROUGH else POLICIES[::4]
"""Each way of closing and each answer to a regression once; all pairs in `make test-all`."""

RUNS = 3 if THOROUGH else 2
FAULTS = {
    "three runs": Faults(runs=3),
    "a bad version": Faults(runs=3, report=True),
    "a window that shuts": Faults(runs=RUNS, shuts=True),
    "a bad version while a window shuts": Faults(runs=RUNS, report=True, shuts=True),
    "time": Faults(runs=RUNS, time=True),
    "a balancer that refuses": Faults(runs=RUNS, refuses=True),
    "a balancer that is late": Faults(runs=RUNS, late=True),
}


@pytest.fixture(autouse=True)
def _few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was promoted is asked for three times, so that the model stays small."""
    monkeypatch.setattr(regions, "CONFIRM_TRIES", model.TRIES)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("policy", CHOSEN, ids="-".join)
def test_the_engine_agrees_with_the_model_in_every_transition(policy: model.Policy) -> None:
    """Whatever is found or told, in whatever state, in whatever order: the next state and what is to be done."""
    states, transitions = compared(policy).counted
    assert transitions == states * len(model.EVENTS)
    assert states > 3000


@pytest.mark.timeout(600)
@pytest.mark.parametrize("what", FAULTS)
def test_two_processes_in_every_order_keep_the_rules(what: str) -> None:
    """One may stand still before each of its acts, die, be overtaken and go on; the engine follows each transition."""
    faults = FAULTS[what]
    comparison = Comparison(model.Policy("retreat", "retreat") if faults.shuts else model.Policy())
    happened = Counter(name for _, name, _ in reachable(comparison.after, faults))
    assert {"is fenced off", "dies", "sets weights", "ticks", "leaves"} <= set(happened)
    assert happened.total() > 5_000
    assert comparison.counted[1] > 100


Patch = Callable[[pytest.MonkeyPatch], None]


def setting(target: Any, name: str, value: object) -> Patch:
    """Replace one attribute of the engine."""
    return lambda patch: patch.setattr(target, name, value)


def around(target: Any, name: str, change: Callable[..., Any]) -> Patch:
    """Wrap one function of the engine: ``change(original, *arguments)``."""
    original = getattr(target, name)
    return lambda patch: patch.setattr(target, name, lambda *args, **kwargs: change(original, *args, **kwargs))


def _changed(**changes: Any) -> Callable[..., Any]:
    """Change the region that a transition leads to."""

    def change(original: Any, *args: Any, **kwargs: Any) -> Any:
        found = original(*args, **kwargs)
        if isinstance(found, tuple):
            return replace(found[0], **changes), found[1]
        return replace(found, **changes)

    return change


def _without_poison(after: Any, effects: Any) -> Any:
    return after, tuple(effect for effect in effects if not isinstance(effect, Poison))


def _believes_what_was_judged(value: Any, **changes: Any) -> Any:
    return value if changes.keys() == {"verified", "judged"} else replace(value, **changes)


def _deploys_on_the_other(region: str, colour: values.Colour, release: values.Release) -> Deploy:
    return Deploy(region=region, colour=colour.other, release=release)


MUTANTS: dict[str, Patch] = {
    "whatever answers on the candidate is taken for the release": around(
        step,
        "_digest_read",
        lambda original, whole, plan, region, event: original(
            whole, plan, region, replace(event, digest=whole.plan.release.digest)
        ),
    ),
    "the release is deployed on the colour that has traffic": setting(step, "Deploy", _deploys_on_the_other),
    "a closed gate is taken for an open one": setting(step, "refusal_of_gate", lambda answer, needed: None),
    "a bake may reach into a closed window": setting(regions, "runway_needed", lambda plan, region: timedelta(0)),
    "a region in flight is not counted": setting(state.RegionState, "is_in_flight", property(lambda self: False)),
    "a region that waits for its calendar never begins": setting(
        step,
        "regions_to_begin",
        lambda whole: tuple(each.region for each in whole.regions if each.phase is state.RegionPhase.PENDING),
    ),
    "an order is obeyed again": around(
        step, "obeyed", lambda original, whole, event: original(replace(whole, obeyed=0), event)
    ),
    "no answer is as good as a pass": around(
        step,
        "_judged",
        lambda original, whole, event: original(
            whole,
            event
            if event.judgement.outcome is Outcome.FAIL
            else replace(event, judgement=replace(event.judgement, outcome=Outcome.PASS)),
        ),
    ),
    "traffic goes back most of the way": around(
        regions,
        "return_effect",
        lambda original, plan, region: replace(
            original(plan, region), weights=values.Weights.giving(plan.candidate, 5)
        ),
    ),
    "nobody minds a candidate that nobody watches": setting(step, "_unwatched", lambda *args: None),
    "a new run counts the time without anybody anew": around(regions, "bake", _changed(watched_at=None)),
    "a run that takes over believes what was judged": setting(recovery, "replace", _believes_what_was_judged),
    "a region begins again and forgets that it is paused": setting(
        regions, "begin_again", lambda region: state.RegionState(region=region.region)
    ),
    "a return that fails is given up at once": setting(regions, "RETURN_WITHIN", timedelta(0)),
    "a return that fails is tried for ever": setting(regions, "RETURN_WITHIN", timedelta(days=1)),
    "a bake is never lengthened": setting(regions, "MAX_EXTENSIONS", 0),
    "a deployed version may take for ever to answer": setting(regions, "VERIFY_WITHIN", timedelta(days=1)),
    "a regression poisons nothing": around(
        step, "regressed", lambda original, *args, **kwargs: _without_poison(*original(*args, **kwargs))
    ),
    "a promoted region that is not confirmed is asked for ever": setting(regions, "CONFIRM_TRIES", 1000),
    "a paused region increases": setting(step, "refusal_to_increase", lambda whole, region, evidence_needed: None),
    "a run that ends leaves the candidate its traffic": setting(
        step, "interrupted", lambda whole, why, at, **which: (whole, ())
    ),
    "an abort leaves the rollout as it is": setting(orders, "ended", lambda whole, why, at: (whole, ())),
    "a rollout that is ended goes on": around(
        step, "ended", lambda original, *args, **seen: (replace(original(*args)[0], halted=None), original(*args)[1])
    ),
    "a hold is said again and again": around(
        regions, "hold", lambda original, *args, **kwargs: (original(*args, **kwargs)[0], ("said",))
    ),
    "weights that nobody knows are taken for ours": around(
        regions, "needs_human", lambda original, region, why: region
    ),
}


def _compare_some() -> None:
    for policy in POLICIES[::4]:
        compared(policy)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("what", MUTANTS)
def test_a_broken_engine_disagrees(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these engines does something else than the model somewhere, and is caught at its first step aside."""
    MUTANTS[what](monkeypatch)
    with pytest.raises((DisagreementError, AssertionError, AttributeError)):
        _compare_some()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("broken", "number"),
    [
        ("a process is not held off by a newer fence", 1),
        ("the gate is taken for open", 6),
        ("no pass is needed", 10),
    ],
)
def test_a_broken_model_is_caught_by_what_must_be_true(
    broken: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules of the two processes are checked against the world, and can fail."""
    policy = model.Policy()

    def after(before: model.State, event: model.Event) -> tuple[model.State, model.Did]:
        if number == 6 and event[0] == "gate":
            event = ("gate", "open")
        if number == 10 and event[0] == "tick" and before.phase == "baking":
            event = ("judged", "pass", True)
        return model.after(before, event, policy)

    if number == 1:
        monkeypatch.setattr(small_system, "_holds_off", lambda world, process: False)
    with pytest.raises(BrokenError, match=f"^{number}:"):
        for _ in reachable(after, Faults(shuts=True)):
            pass
