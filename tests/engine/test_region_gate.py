"""What a rollout may do when something is frozen, or an override opens what is closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from wedgate.calendars.values import Verdict
from wedgate.engine.audit import AuditBook
from wedgate.engine.dry_run import foresee
from wedgate.engine.region_gate import LOOK_AGAIN
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import Passage
from wedgate.errors import ExitCode, ExternalSystemError
from wedgate.gate.decision import Reason, RegionDecision
from wedgate.gate.reasons import ReasonCode
from wedgate.ledger.appending import Draft
from wedgate.ledger.audit import Act, Frozen
from wedgate.ledger.plain import to_plain
from wedgate.ledger.streams import Stream
from wedgate.rollout.state import HoldKind, RegionPhase

MIN = timedelta(minutes=1)
DAY = timedelta(days=1)


def freeze(world: Any, until: datetime, regions: tuple[str, ...] | None = None) -> None:
    """Freeze as `/wedgate freeze` does: an entry of the audit stream, written without the lease."""
    frozen = Frozen(regions=regions, until=until, reason="the payment provider is down", by="zoe", since=world.now)
    body = to_plain(frozen)
    assert isinstance(body, dict)
    draft = Draft(stream=Stream.AUDIT, kind=Act.FROZEN, at=world.now, body=body)
    AuditBook(world.store, lambda pause: None).transact(lambda state: [draft])


def run(world: Any, release: Any, wait: timedelta = timedelta(0), **parts: Any) -> Any:
    """Run the engine with parts of its world replaced."""
    return RolloutEngine(replace(world.parts(), **parts)).run(release, wait=wait)


def test_a_freeze_before_the_start_begins_nothing(world: Any, new: Any, noon: datetime) -> None:
    """It says who froze, why and until when."""
    freeze(world, noon + DAY)
    end = world.run()
    assert end.exit_code is ExitCode.CLOSED
    assert world.weights() == dict.fromkeys(world.names, 0)
    hold = end.state.region("r1").hold
    assert (hold.kind, hold.until) == (HoldKind.CLOSED, noon + DAY)
    assert "frozen by zoe" in hold.why
    assert "the payment provider is down" in hold.why


def test_a_freeze_in_the_middle_of_a_bake_holds_where_it_is_and_goes_on_after_it(world: Any, noon: datetime) -> None:
    """Nothing increases while it lasts; then the rollout goes on by itself."""

    def later(there: Any) -> None:
        if there.weights()["r1"] == 10 and not any(entry.kind == Act.FROZEN for entry in there.store.read()):
            freeze(there, there.now + 60 * MIN)

    world.on_pause.append(later)
    end = world.run(wait=DAY)
    assert end.exit_code is ExitCode.DONE
    raised = [said for said in world.said if said.weights is not None and said.region == "r1"]
    assert [said.weights.green for said in raised] == [10, 50, 100]
    assert raised[1].at - raised[0].at >= 60 * MIN


def test_a_freeze_of_one_region_leaves_the_others(world: Any, noon: datetime) -> None:
    """r2 and r3 are one wave: r3 goes first while r2 is frozen."""
    freeze(world, noon + DAY, ("r2",))
    end = world.run()
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 100, "r4": 0}
    assert end.exit_code is ExitCode.CLOSED


def test_a_ledger_that_cannot_be_read_is_closed(world: Any, new: Any) -> None:
    """What is frozen is not known, so nothing increases; what runs is returned."""
    reads = world.store.read

    def failing() -> Any:
        if any(call[0] == "set_weights" for call in world.targets["r1"].calls()):
            raise ExternalSystemError("the store does not answer")
        return reads()

    world.store.read = failing
    end = run(world, new)
    assert world.changes("r1") == [(90, 10), (100, 0)]
    assert end.state.region("r1").phase is RegionPhase.HELD
    assert "the store does not answer" in end.state.region("r1").why


def test_an_override_opens_a_closed_region_with_its_own_strategy(world: Any, new: Any, noon: datetime) -> None:
    """It is looked for where the calendar is closed, and names the strategy; `careful` would be chosen without."""
    for name in world.names:
        world.close(name, -DAY, DAY)
    asked = []

    def let_through(decision: Any, plan: Any, at: datetime) -> Passage:
        asked.append((decision.region, plan.release, [reason.text for reason in decision.reasons]))
        return Passage(until=noon + 5 * 60 * MIN, words="an override opens it", strategy="steady")

    end = run(world, new, let_through=let_through)
    assert end.exit_code is ExitCode.DONE
    assert "r4: promoted; the old colour stays: Saturday there" in end.text
    assert asked[0] == ("r1", new, ["Saturday there"])
    assert world.changes("r1") == [(90, 10), (50, 50), (0, 100)]


def test_an_override_that_ends_before_the_bake_does_lets_nothing_increase(world: Any, new: Any, noon: datetime) -> None:
    """R1 fits, R2 would not: it is held when the override is over between two regions."""
    for name in world.names:
        world.close(name, -DAY, DAY)
    until = noon + 15 * MIN
    end = run(
        world, new, let_through=lambda decision, plan, at: Passage(until=until, words="open") if at < until else None
    )
    assert end.exit_code is ExitCode.CLOSED
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 0, "r4": 0}
    assert "runway" in end.state.region("r2").hold.why


def test_an_override_is_not_looked_for_where_it_is_open(world: Any, new: Any) -> None:
    """Every look costs the forge some twenty questions."""

    def let_through(decision: Any, plan: Any, at: datetime) -> None:
        pytest.fail("asked although it is open")

    assert run(world, new, let_through=let_through).exit_code is ExitCode.DONE


def test_an_override_is_looked_for_only_so_often_while_it_waits(world: Any, new: Any) -> None:
    """The calendar is asked every half minute, the forge less often."""
    for name in world.names:
        world.close(name, -DAY, 60 * MIN)
    looked = []
    assert (
        run(world, new, wait=DAY, let_through=lambda decision, plan, at: looked.append((decision.region, at))).exit_code
        is ExitCode.DONE
    )
    times = [at for region, at in looked if region == "r1"]
    assert len(times) > 10
    assert min(later - earlier for earlier, later in pairwise(times)) >= LOOK_AGAIN


def test_an_override_that_cannot_be_read_is_closed(world: Any, new: Any) -> None:
    """A forge that does not answer opens nothing, and ends no run."""
    for name in world.names:
        world.close(name, -DAY, DAY)

    def let_through(decision: Any, plan: Any, at: datetime) -> None:
        raise ExternalSystemError("the forge does not answer")

    end = run(world, new, let_through=let_through)
    assert end.exit_code is ExitCode.CLOSED
    assert "the forge does not answer" in end.state.region("r1").hold.why


def test_a_dry_run_uses_no_override_up(world: Any, new: Any) -> None:
    """A grant is good for one rollout: one that is only imagined must not take it."""
    for name in world.names:
        world.close(name, -DAY, DAY)

    def let_through(decision: Any, plan: Any, at: datetime) -> None:
        pytest.fail("an override was asked for")

    foreseen = foresee(replace(world.parts(), let_through=let_through), new)
    assert any("Saturday there" in getattr(each.effect, "why", "") for each in foreseen)


def test_no_override_opens_what_the_calendar_could_not_be_asked_about(world: Any, new: Any) -> None:
    """With a broken configuration nobody knows which rules an override would have to open."""
    reason = Reason(code=ReasonCode.CONFIG_INVALID, text="line 3 is wrong")

    def ask(region: str, at: datetime, runway: Any) -> RegionDecision:
        return RegionDecision(region=region, verdict=Verdict.CLOSED, reasons=(reason,), answer=None)

    def let_through(decision: Any, plan: Any, at: datetime) -> Passage:
        return Passage(until=at + DAY, words="an override of config_invalid")

    end = run(world, new, ask_gate=ask, let_through=let_through)
    assert end.exit_code is ExitCode.CLOSED
    assert world.weights() == dict.fromkeys(world.names, 0)
    assert "line 3 is wrong" in end.state.region("r1").hold.why
