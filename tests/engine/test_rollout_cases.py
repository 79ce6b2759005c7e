"""The R cases: what a rollout does when calendars close, evidence is bad, or somebody waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from wedgate.engine.rollout_parts import Regression
from wedgate.errors import ExitCode, RefusedError
from wedgate.judge.values import Outcome
from wedgate.rollout.state import HoldKind, RegionPhase, RolloutStatus
from wedgate.rollout.values import Colour, Release, ReportFails, StrategyKind

MIN = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_good_release_reaches_every_region_in_waves_and_only_by_the_steps(world: Any) -> None:
    """A good release walks 10, 50, 100 in each region, wave by wave, and the old colour keeps running."""
    end = world.run()
    assert end.exit_code is ExitCode.DONE
    assert world.weights() == {"r1": 100, "r2": 100, "r3": 100, "r4": 100}
    assert world.changes("r1") == [(90, 10), (50, 50), (0, 100)]
    order = [said.region for said in world.said if said.weights is not None]
    assert order == ["r1"] * 3 + ["r2"] * 3 + ["r3"] * 3 + ["r4"] * 3
    assert all(target.digest(Colour.BLUE) == "sha256:old" for target in world.targets.values())


def test_false_alarms_are_shared_out_over_regions_and_steps(world: Any) -> None:
    """1 % over 4 regions and (the longest strategy's) 4 steps is 1/1600 for each step."""
    world.run()
    assert {float(level) for level in world.seen_levels} == {0.01 / 16}


def test_blue_green_switches_at_once(make_world: Callable[..., Any]) -> None:
    """Blue-green is one change of weights for each region."""
    world = make_world(kind=StrategyKind.BLUE_GREEN, steps=((100, 5),))
    assert world.run().exit_code is ExitCode.DONE
    assert world.changes("r1") == [(0, 100)]


def test_r01_region_in_motion_finishes_and_the_next_closed_one_is_not_started(world: Any, noon: datetime) -> None:
    """R01: r2 finishes, r3 is not started, and the end says when r3 opens."""
    world.close("r3", 8 * MIN, DAY)
    world.close("r4", 8 * MIN, DAY)
    end = world.run()
    assert world.weights() == {"r1": 100, "r2": 100, "r3": 0, "r4": 0}
    assert end.exit_code is ExitCode.CLOSED
    hold = end.state.region("r3").hold
    assert (hold.kind, hold.until) == (HoldKind.CLOSED, noon + DAY)
    assert "Saturday there" in hold.why


def test_saturday_refuses_with_reason_and_the_hour_it_ends(world: Any, noon: datetime) -> None:
    """A closed first wave: exit 10, nothing deployed, the reason and the end of Saturday are given."""
    world.close("r1", -HOUR, 5 * HOUR)
    end = world.run()
    assert end.exit_code is ExitCode.CLOSED
    assert [call for call in world.targets["r1"].calls() if call[0] == "deploy"] == []
    assert end.state.region("r1").hold.until == noon + 5 * HOUR
    assert "until 2026-06-03 17:00:00Z" in end.text
    assert world.weights()["r1"] == 0


def test_r08_regression_during_saturday_is_rolled_back(world: Any) -> None:
    """R08: a closed calendar does not delay a rollback, which is recorded and poisons the digest."""
    world.close("r1", 4 * MIN, DAY)
    world.closed["r1"][0] = (world.now + 9 * MIN, world.now + DAY)

    def later(there: Any) -> None:
        if there.weights()["r1"] == 50 and not there.regressions:
            there.close("r1", timedelta(0), DAY)
            there.regressions.append(Regression(region="r1", why="p95 480 ms, was 120 ms"))

    world.on_pause.append(later)
    end = world.run()
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert world.weights() == {"r1": 0, "r2": 0, "r3": 0, "r4": 0}
    assert "p95 480 ms" in end.text
    with pytest.raises(RefusedError, match="poisoned"):
        world.run()


def test_r09_too_little_runway_does_not_start(world: Any, noon: datetime) -> None:
    """R09: bakes of 7 minutes and a reserve of 1 do not fit 6 minutes; the next opening is named."""
    world.close("r1", 6 * MIN, 3 * HOUR)
    end = world.run()
    assert end.exit_code is ExitCode.CLOSED
    hold = end.state.region("r1").hold
    assert "not enough runway: closes in 6m, needs 8m" in hold.why
    assert hold.until == noon + 3 * HOUR
    assert world.changes("r1") == []


def test_r10_gate_is_asked_again_before_every_increase(world: Any) -> None:
    """R10: a gate that passed hours ago opens nothing: each change of weights has its own question just before."""
    world.run()
    moments = [(said.region, said.at) for said in world.said if said.weights is not None]
    assert {region for region, _ in moments} == set(world.targets)
    assert all(moment in world.asked for moment in moments)


def test_r10_block_begun_while_deploying_is_seen(world: Any) -> None:
    """R10: the deploy took two hours and a block began: no traffic for the candidate."""
    world.close("r1", HOUR, DAY)
    deploy = world.targets["r1"].deploy

    def slow(colour: Any, release: Release) -> None:
        deploy(colour, release)
        world.now += 2 * HOUR

    world.targets["r1"].deploy = slow
    end = world.run()
    assert end.exit_code is ExitCode.CLOSED
    assert world.changes("r1") == []


def test_r11_evidence_is_read_again_after_a_wait(world: Any) -> None:
    """R11: a pass from before a two-hour wait does not open the way after it: the bad judgement then rolls back."""

    def close_in_bake(there: Any) -> None:
        if there.weights()["r1"] == 10 and not there.closed:
            there.close("r1", there.now - (start := there.now) + timedelta(0), timedelta(0))
            there.closed["r1"] = [(start, start + 2 * HOUR)]
        if there.closed and there.now > there.closed["r1"][0][0] + HOUR:
            there.verdicts["all"] = Outcome.FAIL

    world.on_pause.append(close_in_bake)
    end = world.run(wait=5 * HOUR)
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert (50, 50) not in world.changes("r1")


def test_r12_bake_crossing_into_a_block_holds_at_its_weight_and_resumes(world: Any) -> None:
    """R12: no increase and no promotion while closed; the weight stays; the same run goes on when it opens."""
    seen: list[int] = []

    def close_in_bake(there: Any) -> None:
        if there.weights()["r1"] == 10 and not there.closed:
            there.closed["r1"] = [(there.now, there.now + 2 * HOUR)]
        if there.closed and there.closed["r1"][0][0] < there.now < there.closed["r1"][0][1]:
            seen.append(there.weights()["r1"])

    world.on_pause.append(close_in_bake)
    end = world.run(wait=5 * HOUR)
    assert seen
    assert set(seen) == {10}
    assert end.exit_code is ExitCode.DONE


def test_r12_without_waiting_nothing_is_left_unwatched(world: Any) -> None:
    """A run that ends while a region is held gives its candidate's traffic back; exit 10; a later run goes on."""

    def close_in_bake(there: Any) -> None:
        if there.weights()["r1"] == 10 and not there.closed:
            there.closed["r1"] = [(there.now, there.now + 2 * HOUR)]

    world.on_pause.append(close_in_bake)
    end = world.run()
    assert end.exit_code is ExitCode.CLOSED
    assert world.changes("r1") == [(90, 10), (100, 0)]
    world.now += 3 * HOUR
    assert world.run().exit_code is ExitCode.DONE


def test_r13_same_release_goes_when_the_window_opens(world: Any) -> None:
    """R13: blocked, then open: the same commit and digest go, without a new commit, in the same rollout."""
    world.close("r1", -HOUR, HOUR)
    first = world.run()
    world.now += 2 * HOUR
    second = world.run()
    assert (first.exit_code, second.exit_code) == (ExitCode.CLOSED, ExitCode.DONE)
    assert first.state.plan.rollout == second.state.plan.rollout


def test_waiting_run_goes_on_by_itself(world: Any) -> None:
    """``--wait`` long enough for the window: one run is enough."""
    world.close("r1", -HOUR, HOUR)
    assert world.run(wait=2 * HOUR).exit_code is ExitCode.DONE


def test_wait_too_short_ends_at_once(world: Any, noon: datetime) -> None:
    """Nobody waits an hour to be told what is known now."""
    world.close("r1", -HOUR, 5 * HOUR)
    assert world.run(wait=HOUR).exit_code is ExitCode.CLOSED
    assert world.now == noon


def test_fail_in_second_region_returns_it_alone_and_the_rest_never_sees_it(world: Any) -> None:
    """A fail in r2: one call to 100/0 there, r1 stays (and that is said), r3 and r4 get nothing."""

    def fail_in_r2(there: Any) -> None:
        if there.weights()["r2"] == 10:
            there.verdicts["all"] = Outcome.FAIL

    world.on_pause.append(fail_in_r2)
    end = world.run()
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 0, "r4": 0}
    assert world.changes("r2") == [(90, 10), (100, 0)]
    assert world.changes("r3") == []
    assert end.state.status is RolloutStatus.HALTED
    assert any(said.what == "stays on the new version" and "r1" in said.why for said in world.said)


@pytest.mark.parametrize("outcome", [Outcome.MARGINAL, Outcome.NOT_ENOUGH_DATA])
def test_no_answer_extends_the_bake_then_holds_and_says_why(world: Any, outcome: Outcome) -> None:
    """A bake without an answer is lengthened twice by its own length, then held; nothing advances; exit 13."""
    world.verdicts["all"] = outcome
    end = world.run()
    assert end.exit_code is ExitCode.NEEDS_HUMAN
    assert world.changes("r1") == [(90, 10), (100, 0)]
    given, taken = (said.at for said in world.said if said.weights is not None)
    assert 6 * MIN <= taken - given <= 8 * MIN
    assert "no pass after 2 extensions" in end.text


def test_judge_that_cannot_answer_gives_traffic_back(world: Any) -> None:
    """``error`` for longer than anybody may be unwatched: back to stable, no poison, exit 13."""
    world.verdicts["all"] = Outcome.ERROR
    world.steps = ((10, 60), (100, 1))
    end = world.run()
    assert end.exit_code is ExitCode.NEEDS_HUMAN
    assert world.changes("r1") == [(90, 10), (100, 0)]
    world.verdicts.clear()
    assert world.run().exit_code is ExitCode.DONE


def test_report_fails_hold_holds_and_stops_the_others(make_world: Callable[..., Any]) -> None:
    """``report-fails: hold``: nothing is poisoned, nothing increases, a person is asked."""
    world = make_world(report_fails=ReportFails.HOLD)
    world.verdicts["all"] = Outcome.FAIL
    end = world.run()
    assert end.exit_code is ExitCode.NEEDS_HUMAN
    assert end.state.region("r1").hold.kind is HoldKind.REGRESSION
    assert world.changes("r2") == []


def test_without_last_good_version_nothing_starts(make_world: Callable[..., Any]) -> None:
    """No last good version: refused, and the message holds the command that records one."""
    world = make_world(adopted=False)
    with pytest.raises(RefusedError, match="wedgate rollout adopt --digest"):
        world.run()
    assert world.store.read() == ()


def test_last_good_version_that_does_not_answer_refuses(world: Any) -> None:
    """What would be returned to must be there: otherwise nothing starts."""
    world.targets["r2"].answer(Colour.BLUE, "sha256:other")
    with pytest.raises(RefusedError, match="r2: blue answers sha256:other"):
        world.run()
    assert world.changes("r1") == []


def test_wrong_digest_never_gets_traffic(world: Any) -> None:
    """A deploy that puts something else there holds before the first percent."""
    world.targets["r1"].deploy = lambda colour, release: None
    end = world.run()
    assert end.exit_code is ExitCode.EXTERNAL
    assert world.changes("r1") == []
    assert "green answers nothing healthy" in end.text


def test_candidate_replaced_in_its_bake_goes_back(world: Any) -> None:
    """Traffic on a digest that nobody verified is taken away at once."""

    def replace_candidate(there: Any) -> None:
        if there.weights()["r1"] == 10:
            there.targets["r1"].answer(Colour.GREEN, "sha256:strange")

    world.on_pause.append(replace_candidate)
    end = world.run()
    assert world.changes("r1") == [(90, 10), (100, 0)]
    assert end.exit_code is ExitCode.EXTERNAL


def test_running_again_after_done_changes_nothing(world: Any, new: Release) -> None:
    """The same release again: nothing to do, exit 0, no entry but the lease's absence."""
    world.run()
    entries, changes = world.store.read(), world.changes("r1")
    end = world.run(new)
    assert end.exit_code is ExitCode.DONE
    assert "nothing to do" in end.text
    assert (world.store.read(), world.changes("r1")) == (entries, changes)


def test_next_release_goes_to_the_other_colour(world: Any) -> None:
    """After green, blue: the last good version's colour is stable for the next rollout."""
    world.run()
    end = world.run(Release(commit="4" * 40, digest="sha256:third"))
    assert end.exit_code is ExitCode.DONE
    assert world.changes("r1")[-3:] == [(10, 90), (50, 50), (100, 0)]


def test_another_release_takes_the_place_of_a_held_one(world: Any) -> None:
    """A held rollout does not lock the regions: a newer release ends it and goes."""
    world.close("r1", -HOUR, HOUR)
    first = world.run()
    world.now += 2 * HOUR
    second = world.run(Release(commit="5" * 40, digest="sha256:fix"))
    assert first.exit_code is ExitCode.CLOSED
    assert second.exit_code is ExitCode.DONE
    assert first.state.plan.rollout != second.state.plan.rollout


def test_caution_takes_the_careful_strategy(world: Any) -> None:
    """``choose: {verdict: caution, use: careful}`` is asked of the region's own gate when its turn comes."""
    from dataclasses import replace

    from wedgate.calendars.values import Verdict

    ask = world.ask
    world.ask = lambda region, at, runway: (
        replace(ask(region, at, runway), verdict=Verdict.CAUTION) if region == "r2" else ask(region, at, runway)
    )
    assert world.run().exit_code is ExitCode.DONE
    assert world.changes("r2")[0] == (99, 1)
    assert world.changes("r1")[0] == (90, 10)


def test_closed_region_lets_the_other_of_its_wave_go_first(world: Any) -> None:
    """r2 is closed, r3 of the same wave is open: r3 goes; r4 of the next wave waits for r2."""
    world.close("r2", -HOUR, DAY)
    end = world.run()
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 100, "r4": 0}
    assert end.state.region("r4").phase is RegionPhase.PENDING
