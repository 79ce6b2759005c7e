"""A rollout by ticks: each a process of its own, with nothing but the ledger and the targets between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from wedgate.engine.book import Book
from wedgate.engine.driving import Driver
from wedgate.engine.recording import recorder_in
from wedgate.engine.rollout import RolloutEngine
from wedgate.errors import ExitCode, ExternalSystemError, NeedsHumanError, RefusedError
from wedgate.judge.values import Outcome
from wedgate.ledger.orders import Order
from wedgate.rollout.events import ReturnedByHand
from wedgate.rollout.state import HoldKind, RegionPhase, RolloutStatus
from wedgate.rollout.values import Colour, Fence, Release, ReportFails, TargetSettings, Weights

MIN = timedelta(minutes=1)
TICK = timedelta(seconds=30)


def status(world: Any) -> Any:
    """Return where the last rollout stands, by the ledger alone."""
    from wedgate.engine.book import Book

    book = Book(world.store, world.spool)
    return book.rollout(book.refresh().latest)


def until(world: Any, holds: Callable[[Any], bool], most: int = 100) -> None:
    """Tick every half minute until something holds."""
    for _ in range(most):
        world.tick(after=TICK)
        if holds(world):
            return
    pytest.fail(f"never; {status(world).regions}")


def test_a_rollout_by_ticks_is_done_as_one_by_a_run_is(world: Any) -> None:
    """The same weights in the same order; each tick ends with 0."""
    world.start()
    ends = []
    while status(world).status is not RolloutStatus.DONE:
        ends.append(world.tick(after=TICK).exit_code)
        assert len(ends) < 400
    assert set(ends) == {ExitCode.DONE}
    assert world.weights() == {"r1": 100, "r2": 100, "r3": 100, "r4": 100}
    assert world.changes("r1") == [(90, 10), (50, 50), (0, 100)]


def test_a_start_changes_no_traffic_and_claims_its_regions(world: Any, new: Any) -> None:
    """Nothing was deployed, and another release's start takes its place."""
    end = world.start()
    assert end.exit_code is ExitCode.DONE
    assert world.weights() == dict.fromkeys(world.names, 0)
    assert all(target.calls() == [] for target in world.targets.values())
    assert status(world).status is RolloutStatus.PLANNED


def test_a_tick_with_nothing_under_way_says_so(world: Any) -> None:
    """A schedule ticks whether or not anything is rolled out."""
    end = world.tick()
    assert (end.exit_code, end.state) == (ExitCode.DONE, None)
    assert "no rollout is under way" in end.text


def test_a_candidate_keeps_its_traffic_between_ticks_and_its_bake_goes_on(world: Any) -> None:
    """Two minutes of bake at 10 % are four ticks, not four beginnings."""
    world.start()
    until(world, lambda there: there.weights()["r1"] == 10)
    began = world.now
    until(world, lambda there: there.weights()["r1"] == 50)
    assert world.now - began <= 2 * MIN + 2 * TICK
    assert (100, 0) not in world.changes("r1")


def test_each_region_takes_at_most_one_step_in_a_tick(world: Any) -> None:
    """Weights of a region change at most once."""
    world.start()
    before = 0
    while status(world).status is not RolloutStatus.DONE:
        world.tick(after=TICK)
        changes = len(world.changes("r1"))
        assert changes - before <= 1
        before = changes


def test_ticks_that_come_too_late_return_the_candidate(world: Any) -> None:
    """Nobody watched it for longer than is allowed: traffic goes back first, whatever the judge would say."""
    world.start()
    until(world, lambda there: there.weights()["r1"] == 10)
    world.tick(after=11 * MIN)
    assert world.weights()["r1"] == 0
    assert status(world).region("r1").hold.kind is HoldKind.INTERRUPTED
    until(world, lambda there: status(there).status is RolloutStatus.DONE)


def test_a_gap_in_the_evidence_is_no_evidence(world: Any) -> None:
    """Five minutes between two readings of half a minute: that time does not count to the bake."""
    world.start()
    until(world, lambda there: there.weights()["r1"] == 10)
    world.tick(after=TICK)
    world.tick(after=5 * MIN)
    assert world.weights()["r1"] == 10
    seen = status(world).region("r1").evidence
    assert [each.trouble is None for each in seen.slices][-1] is False


def test_a_region_whose_job_has_no_other_credentials_is_alone(world: Any) -> None:
    """`--region` touches that region's target, and no other's."""
    world.start()

    def opening(settings: Any) -> Any:
        assert settings.region == "r1"
        return world.targets[settings.region]

    for _ in range(40):
        world.tick(after=TICK, regions=("r1",), open_target=opening)
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 0, "r4": 0}


def test_a_tick_while_another_run_is_alive_does_nothing(world: Any, noon: datetime) -> None:
    """It ends with 0 and says who is at work."""
    world.start()
    from wedgate.engine.book import Book

    book = Book(world.store, world.spool)
    book.take_lease(world.now, above=0, who="elsewhere:77")
    end = world.tick(after=TICK, is_alive=lambda who: None)
    assert end.exit_code is ExitCode.DONE
    assert "elsewhere:77" in end.text
    assert all(target.calls() == [] for target in world.targets.values())


def test_a_failure_is_rolled_back_by_the_tick_that_sees_it(make_world: Callable[..., Any]) -> None:
    """The judge says fail at the first slice: back to stable in that tick, exit 12."""
    world = make_world(verdicts={"all": Outcome.FAIL})
    world.start()
    ends = []
    while status(world).halted is None:
        ends.append(world.tick(after=TICK))
        assert len(ends) < 50
    assert ends[-1].exit_code is ExitCode.ROLLED_BACK
    assert world.weights()["r1"] == 0
    assert [entry.body["digest"] for entry in world.store.read() if entry.kind == "poisoned"] == ["sha256:new"]


def test_a_deploy_that_fails_is_not_tried_again_by_every_tick(world: Any) -> None:
    """It is held until somebody resumes."""
    world.start()
    world.targets["r1"].fail("deploy", "no space left")
    for _ in range(6):
        end = world.tick(after=TICK)
    assert end.exit_code is ExitCode.EXTERNAL
    assert "no space left" in end.text
    world.targets["r1"].fail("deploy", None)
    world.tick(after=TICK)
    assert status(world).region("r1").phase is RegionPhase.HELD
    world.order(Order.RESUME)
    until(world, lambda there: there.weights()["r1"] == 10)


def test_a_closed_calendar_holds_and_the_tick_after_it_goes_on(world: Any, noon: datetime) -> None:
    """Waiting is no failure."""
    world.close("r1", timedelta(0), 60 * MIN)
    world.start()
    end = world.tick()
    assert end.exit_code is ExitCode.DONE
    assert status(world).region("r1").hold.until == noon + 60 * MIN
    for _ in range(3):
        world.tick(after=15 * MIN)
    assert world.weights()["r1"] == 0
    until(world, lambda there: there.weights()["r1"] == 10)
    assert world.now >= noon + 60 * MIN


def test_a_run_with_a_budget_hands_over_and_the_next_goes_on(world: Any, new: Any) -> None:
    """Six minutes are not enough for the first region; the second run goes on within its bake."""
    end = RolloutEngine(world.parts()).run(new, budget=4 * MIN)
    assert end.exit_code is ExitCode.DONE
    assert "handed over" in end.text
    assert world.weights()["r1"] == 50
    assert (100, 0) not in world.changes("r1")
    end = RolloutEngine(world.parts()).run(new)
    assert end.exit_code is ExitCode.DONE
    assert world.changes("r1") == [(90, 10), (50, 50), (0, 100)]


def test_a_budget_waits_for_the_calendar_no_longer_than_it_lasts(world: Any, new: Any) -> None:
    """The window opens after the budget: there is nothing to wait for, and the run says closed at once."""
    world.close("r1", timedelta(0), 600 * MIN)
    end = RolloutEngine(world.parts()).run(new, wait=5 * MIN, budget=5 * MIN)
    assert end.exit_code is ExitCode.CLOSED
    assert world.now - end.state.region("r1").hold.since < MIN
    assert status(world).region("r1").phase is RegionPhase.HELD


def test_a_pause_lets_nothing_increase_and_a_resume_goes_on(world: Any) -> None:
    """The candidate keeps its traffic and is watched; the pass from before the pause opens nothing."""
    world.start()
    until(world, lambda there: there.weights()["r1"] == 10)
    world.order(Order.PAUSE)
    for _ in range(20):
        world.tick(after=TICK)
    assert world.weights()["r1"] == 10
    assert status(world).region("r1").paused == "zoe: because"
    world.order(Order.RESUME)
    until(world, lambda there: there.weights()["r1"] == 50)


def test_a_pause_does_not_keep_a_regression_from_going_back(make_world: Callable[..., Any]) -> None:
    """Decreases need nobody's leave."""
    world = make_world()
    world.start()
    until(world, lambda there: there.weights()["r1"] == 10)
    world.order(Order.PAUSE)
    world.tick(after=TICK)
    world.verdicts["all"] = Outcome.FAIL
    world.tick(after=TICK)
    assert world.weights()["r1"] == 0


def test_a_pause_of_one_region_lets_the_others_begin(make_world: Callable[..., Any]) -> None:
    """r2 and r3 are one wave."""
    world = make_world(waves=(("r2", "r3"), ("r1",), ("r4",)))
    world.start()
    world.order(Order.PAUSE, regions=("r2",))
    until(world, lambda there: there.weights()["r3"] == 100)
    assert world.weights()["r2"] == 0


def test_an_abort_returns_what_is_in_flight_and_poisons_nothing(world: Any) -> None:
    """The same digest may be rolled out again."""
    world.start()
    until(world, lambda there: there.weights()["r1"] == 50)
    world.order(Order.ABORT)
    end = world.tick()
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert "aborted by zoe: because" in end.text
    assert world.weights()["r1"] == 0
    assert world.run().exit_code is ExitCode.DONE


def test_a_report_rolls_back_and_poisons(world: Any, new: Any) -> None:
    """As if the judge had found it."""
    world.start()
    until(world, lambda there: there.weights()["r1"] == 50)
    world.order(Order.REPORT)
    assert world.tick().exit_code is ExitCode.ROLLED_BACK
    assert world.weights()["r1"] == 0
    with pytest.raises(RefusedError, match="poisoned"):
        world.run()


def test_an_order_is_obeyed_once(world: Any) -> None:
    """A pause that was resumed does not come back with the next process."""
    world.start()
    world.order(Order.PAUSE)
    world.tick()
    world.order(Order.RESUME)
    world.tick(after=TICK)
    kinds = [entry.kind for entry in world.store.read() if entry.stream == "journal"]
    assert kinds.count("ordered") == 2
    world.tick(after=TICK)
    assert [entry.kind for entry in world.store.read() if entry.stream == "journal"].count("ordered") == 2


def test_an_order_reaches_a_run_that_is_going_on(world: Any, noon: datetime) -> None:
    """It is written without the lease, and the run goes on writing."""

    def pausing(there: Any) -> None:
        given = [entry.kind for entry in there.store.read() if entry.stream == "orders"]
        if there.weights()["r1"] == 10 and given == []:
            there.order(Order.PAUSE)
        elif given == ["pause"] and there.now > noon + 30 * MIN:
            there.order(Order.RESUME)

    world.on_pause.append(pausing)
    end = world.run()
    assert end.exit_code is ExitCode.DONE
    raised = [said.at for said in world.said if said.weights is not None and said.region == "r1"]
    assert raised[1] - raised[0] > 20 * MIN


def test_a_run_obeys_within_ten_seconds_however_long_its_slices_are(make_world: Callable[..., Any]) -> None:
    """It rests for a slice of half a minute, and looks at the ledger meanwhile."""
    world = make_world()
    asked: list[datetime] = []

    def aborting(there: Any) -> None:
        if there.weights()["r1"] == 10 and not asked:
            asked.append(there.now)
            there.order(Order.ABORT)

    world.on_pause.append(aborting)
    assert world.run().exit_code is ExitCode.ROLLED_BACK
    back = next(said.at for said in world.said if said.weights is not None and said.weights.green == 0)
    assert back - asked[0] <= timedelta(seconds=10)


def test_a_run_with_a_budget_that_is_stopped_leaves_no_traffic_behind(make_world: Callable[..., Any]) -> None:
    """Only time that is up hands over; what stops for a person returns what nobody will watch."""
    world = make_world(waves=(("r1", "r2"), ("r3",), ("r4",)), in_flight=2)

    def meddle(there: Any) -> None:
        if there.weights() == {"r1": 10, "r2": 10, "r3": 0, "r4": 0}:
            there.targets["r1"].put(Weights(blue=40, green=60))

    world.on_pause.append(meddle)
    end = RolloutEngine(world.parts()).run(Release(commit="1" * 40, digest="sha256:new"), budget=60 * MIN)
    assert end.exit_code is ExitCode.NEEDS_HUMAN
    assert world.weights()["r2"] == 0


def test_an_order_without_a_rollout_is_refused(world: Any) -> None:
    """It would wait for a rollout that nobody meant."""
    with pytest.raises(RefusedError, match="no rollout is under way"):
        world.order(Order.PAUSE)


def test_ticks_without_evidence_do_not_keep_a_candidate_unwatched(world: Any) -> None:
    """Each tick comes in time and sees nothing: after ten minutes traffic goes back, whoever has come meanwhile."""
    world.start()
    until(world, lambda there: there.weights()["r1"] == 10)
    world.metrics("r1").broken = "the proxy's statistics do not answer"
    raised = world.now
    until(world, lambda there: there.weights()["r1"] == 0)
    assert world.now - raised <= 12 * MIN


def test_a_promoted_region_that_is_back_on_stable_is_not_recorded_as_good(world: Any) -> None:
    """Somebody rolled back by hand while a tick was between promotion and the record of it: that is no success."""
    world.start()
    until(world, lambda there: status(there).region("r1").phase is RegionPhase.PROMOTED)
    by_hand = Fence(epoch=99, revision=0, rollout=status(world).plan.rollout)
    world.targets["r1"].set_weights(Weights(blue=100, green=0), by_hand)
    end = world.tick(after=TICK)
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert status(world).region("r1").phase is RegionPhase.ROLLED_BACK
    goods = [entry.body["release"]["digest"] for entry in world.store.read() if entry.kind == "good"]
    assert set(goods) == {"sha256:old"}


def test_a_promoted_region_with_weights_of_somebody_else_calls_a_person(world: Any) -> None:
    """It had all traffic when it was promoted."""
    world.start()
    until(world, lambda there: status(there).region("r1").phase is RegionPhase.PROMOTED)
    world.targets["r1"].put(Weights(blue=40, green=60))
    assert world.tick(after=TICK).exit_code is ExitCode.NEEDS_HUMAN
    assert world.weights()["r1"] == 60


def _meddling(world: Any, weights: Weights) -> Callable[..., Any]:
    """Return a gate during whose answer somebody else writes weights, once r1 has a candidate."""

    def ask(region: str, at: datetime, runway: timedelta | None) -> Any:
        if region == "r1" and world.weights()["r1"] == 10:
            world.targets["r1"].put(weights)
        return world.ask(region, at, runway)

    return ask


@pytest.mark.parametrize("green", [0, 30, 60])
def test_what_somebody_writes_while_the_gate_is_asked_is_not_written_over(world: Any, green: int) -> None:
    """It calls a person, as what is found at the beginning of a tick does; nothing is raised over it."""
    world.start()
    until(world, lambda there: there.weights()["r1"] == 10)
    for _ in range(20):
        end = world.tick(after=TICK, ask_gate=_meddling(world, Weights(blue=100 - green, green=green)))
        if end.exit_code is ExitCode.NEEDS_HUMAN:
            break
    assert world.changes("r1") == [(90, 10)]
    assert world.weights()["r1"] == green
    assert status(world).region("r1").phase is RegionPhase.NEEDS_HUMAN
    assert f"green {green} %" in status(world).region("r1").why


def test_what_somebody_wrote_stands_in_no_returns_way(world: Any) -> None:
    """A regression gives stable everything, whoever wrote since."""
    world.start()
    until(world, lambda there: there.weights()["r1"] == 10)

    def failed(*args: Any, **kwargs: Any) -> Any:
        world.targets["r1"].put(Weights(blue=40, green=60))
        return replace(world.judged(*args, **kwargs), outcome=Outcome.FAIL)

    for _ in range(3):
        world.tick(after=TICK, judge_live=failed)
    assert world.weights()["r1"] == 0
    assert status(world).region("r1").phase is RegionPhase.ROLLED_BACK


def _slow(world: Any, weight: int, takes: timedelta) -> Callable[..., Any]:
    """Return a gate that takes its time once, when r1 has that weight."""
    told: list[bool] = []

    def ask(region: str, at: datetime, runway: timedelta | None) -> Any:
        if region == "r1" and runway is not None and world.weights()["r1"] == weight and not told:
            told.append(True)
            world.now += takes
        return world.ask(region, at, runway)

    return ask


@pytest.mark.parametrize("weight", [0, 10])
def test_a_gate_that_takes_long_sends_no_candidate_back(world: Any, weight: int) -> None:
    """What was judged when it was asked is not taken for unwatched: somebody looks again first, and it goes on."""
    world.start()
    slow = _slow(world, weight, 12 * MIN)
    for _ in range(60):
        world.tick(after=TICK, ask_gate=slow)
        if world.weights()["r1"] == 100:
            break
    assert world.changes("r1") == [(90, 10), (50, 50), (0, 100)]


def test_nothing_increases_on_evidence_from_before_a_long_gate(world: Any) -> None:
    """The candidate turned bad while the gate was asked: no step is taken, and it goes back."""
    world.start()
    until(world, lambda there: there.weights()["r1"] == 10)
    asked = _slow(world, 10, 12 * MIN)

    def ask(region: str, at: datetime, runway: timedelta | None) -> Any:
        before = world.now
        answer = asked(region, at, runway)
        if world.now > before:
            world.verdicts["all"] = Outcome.FAIL
        return answer

    for _ in range(60):
        world.tick(after=TICK, ask_gate=ask)
        if world.weights()["r1"] == 0:
            break
    assert world.changes("r1") == [(90, 10), (100, 0)]


def test_a_gate_that_answers_after_its_region_closed_opens_nothing(world: Any, noon: datetime) -> None:
    """The window that was asked for is over when the answer comes."""
    world.close("r1", timedelta(minutes=30), timedelta(hours=30))
    world.start()
    slow = _slow(world, 0, 25 * MIN)
    for _ in range(60):
        world.tick(after=TICK, ask_gate=slow)
    assert world.changes("r1") == []


def test_a_promoted_region_whose_target_is_silent_waits_and_then_calls_a_person(world: Any) -> None:
    """It is not the last good version before that was read back."""
    world.start()
    until(world, lambda there: status(there).region("r1").phase is RegionPhase.PROMOTED)
    world.targets["r1"].fail("weights", "connection refused")
    world.tick(after=TICK)
    assert status(world).region("r1").phase is RegionPhase.PROMOTED
    until(world, lambda there: status(there).region("r1").phase is RegionPhase.NEEDS_HUMAN)
    assert "connection refused" in status(world).region("r1").why


def test_each_tick_renews_the_rescue_file(world: Any) -> None:
    """Ticks count epochs up: after a thousand of them a rollback by the first file would be written over."""
    world.start()
    first = world.rescues[-1]
    for _ in range(5):
        world.tick(after=MIN)
    last = world.rescues[-1]
    assert (last.rollout, last.regions) == (first.rollout, first.regions)
    assert last.epoch > first.epoch
    assert last.at > first.at


def test_a_tick_that_cannot_write_the_rescue_file_raises_nothing_and_returns_what_it_must(world: Any) -> None:
    """No step forward, and an error; an order to stop is obeyed all the same."""
    world.start()
    while world.weights()["r1"] != 10:
        world.tick(after=MIN)

    def full(rescue: Any) -> str:
        raise ExternalSystemError("no space left")

    for _ in range(10):
        with pytest.raises(ExternalSystemError, match="no space left"):
            world.tick(after=MIN, save_rescue=full)
    assert world.weights()["r1"] <= 10
    world.order(Order.ABORT)
    with pytest.raises(ExternalSystemError, match="no space left"):
        world.tick(after=MIN, save_rescue=full)
    assert world.weights()["r1"] == 0


def test_a_ledger_that_was_lost_is_no_rest(world: Any) -> None:
    """The rescue file knows of a rollout that the ledger has never heard of: a person has to look."""
    world.start()
    name = world.rescues[-1].rollout
    assert world.tick(after=MIN, rescued=lambda: name).exit_code is ExitCode.DONE
    world.store = type(world.store)()
    with pytest.raises(NeedsHumanError, match="the ledger was lost or replaced"):
        world.tick(after=MIN, rescued=lambda: name)
    assert world.tick(after=MIN).exit_code is ExitCode.DONE


def test_a_ledger_of_another_service_is_not_gone_on_with(world: Any) -> None:
    """Its rollout is somebody else's."""
    world.start()
    with pytest.raises(NeedsHumanError, match="nothing was touched"):
        world.tick(after=MIN, service="other")
    assert world.weights()["r1"] == 0


def test_a_ledger_that_was_copied_from_another_repository_is_not_gone_on_with(world: Any, new: Any) -> None:
    """Service and regions have the same names there; what is written without a repository, or read where none is
    known, is gone on with, as before."""
    RolloutEngine(replace(world.parts(), repository="org/search")).start(new)
    with pytest.raises(NeedsHumanError, match="started in org/search, and this is org/copy: nothing was touched"):
        world.tick(after=MIN, repository="org/copy")
    assert world.targets["r1"].calls() == []
    assert world.tick(after=MIN).exit_code is ExitCode.DONE
    assert world.tick(after=MIN, repository="Org/Search").exit_code is ExitCode.DONE


def test_a_rollout_that_names_no_repository_is_gone_on_with_in_any(world: Any) -> None:
    """An earlier version wrote none, and a terminal knows none."""
    world.start()
    assert world.tick(after=MIN, repository="org/search").exit_code is ExitCode.DONE


@pytest.mark.parametrize("report_fails", list(ReportFails))
def test_a_digest_that_another_rollout_poisoned_goes_back(
    make_world: Callable[..., Any], report_fails: ReportFails
) -> None:
    """By an older rescue file, or from a spool: what is poisoned rises nowhere."""
    world = make_world(report_fails=report_fails)
    world.start()
    while world.weights()["r1"] != 10:
        world.tick(after=MIN)
    rescue = replace(world.rescues[-1], rollout="r-older")
    returned = ReturnedByHand(at=world.now, regions=(), why="bookings fail")
    recorder_in(Book(world.store, world.spool))(rescue, returned, 0)
    texts = [world.tick(after=MIN).text for _ in range(5)]
    assert "poisoned since rollout r-older" in texts[0]
    assert world.weights() == {**dict.fromkeys(world.names, 0), "r1": 10 if report_fails is ReportFails.HOLD else 0}


class Long:
    """A deploy that is done a while after it began, by the world's clock."""

    def __init__(self, world: Any, call: Callable[[], None], lasts: timedelta) -> None:
        self._world = world
        self._call: Callable[[], None] | None = call
        self._ends = world.now + lasts

    def is_done(self) -> bool:
        """Make the call when its time has come."""
        if self._world.now < self._ends:
            return False
        call, self._call = self._call, None
        if call is not None:
            call()
        return True


def long_deploys(world: Any, lasts: timedelta) -> list[Long]:
    """Let every deploy of the world's processes last so long; return those that began."""
    begun: list[Long] = []

    def start(call: Callable[[], None]) -> Long:
        begun.append(Long(world, call, lasts))
        return begun[-1]

    parts = world.parts
    world.parts = lambda: replace(parts(), run_beside=start)
    return begun


def test_a_tick_is_alive_while_it_deploys(make_world: Callable[..., Any]) -> None:
    """Eight minutes of deploy, and a tick of another machine every two: one deploy, and everybody else does nothing."""
    world = make_world(names=("r1",), waves=(("r1",),))
    world.start()
    world.tick(after=MIN)
    begun = long_deploys(world, 8 * MIN)
    answers: list[str] = []
    came: list[datetime] = [world.now]

    def another(there: Any) -> None:
        if there.now - came[0] < 2 * MIN:
            return
        came[0] = there.now
        answers.append(there.tick(who="b:1", is_alive=lambda who: None).text)

    world.on_pause.append(another)
    world.tick(who="a:1")
    assert len(begun) == 1
    assert len(answers) >= 3
    assert {text.split(":")[0] for text in answers} == {"nothing done"}
    assert world.targets["r1"].digest(Colour.GREEN) == "sha256:new"


def test_a_tick_obeys_while_it_deploys(make_world: Callable[..., Any]) -> None:
    """A regression reported in r1 while r2 is deployed is back within ten seconds and a look."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),), in_flight=2)
    world.close("r2", timedelta(0), 2 * MIN)
    world.start()
    for _ in range(3):
        world.tick(after=timedelta(seconds=40))
    assert world.weights() == {"r1": 10, "r2": 0}
    begun = long_deploys(world, 8 * MIN)
    began = world.now
    back: list[timedelta] = []

    def report(there: Any) -> None:
        if len(begun) == 1 and not any(said.what == "rolled back" for said in there.said):
            there.on_pause.remove(report)
            there.order(Order.REPORT, regions=["r1"])
            there.on_pause.append(look)

    def look(there: Any) -> None:
        if there.weights()["r1"] == 0 and not back:
            back.append(there.now - began)

    world.on_pause.append(report)
    for _ in range(3):
        began = world.now
        world.tick(after=timedelta(seconds=30))
    assert begun
    assert back
    assert back[0] <= timedelta(seconds=42)


def test_a_tick_for_one_region_returns_that_one_and_notes_what_the_others_owe(make_world: Callable[..., Any]) -> None:
    """A job with the credentials of r1 finds the regression: it touches nothing in r2, whose own tick returns it."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),), in_flight=2)
    world.start()
    until(world, lambda there: there.weights() == {"r1": 10, "r2": 10})
    world.verdicts["all"] = Outcome.FAIL
    began = world.now

    def opening(settings: Any) -> Any:
        assert settings.region == "r1"
        return world.targets[settings.region]

    end = world.tick(after=TICK, regions=("r1",), open_target=opening)
    end = world.tick(after=TICK, regions=("r1",), open_target=opening)
    assert world.now - began < 3 * TICK
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert "not back yet: r2" in end.text
    assert (world.weights(), status(world).region("r2").phase) == ({"r1": 0, "r2": 10}, RegionPhase.ROLLING_BACK)
    world.tick(after=TICK, regions=("r2",))
    assert (world.weights(), status(world).status) == ({"r1": 0, "r2": 0}, RolloutStatus.HALTED)


def test_a_tick_for_one_region_that_cannot_write_gives_back_that_one_alone(make_world: Callable[..., Any]) -> None:
    """The job of r2 watches r2 itself: it begins nothing again because another job's disk is full."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),), in_flight=2)
    world.start()
    until(world, lambda there: there.weights() == {"r1": 10, "r2": 10})
    look = world.targets["r1"].weights

    def fills_the_disk() -> Any:
        if len(looked) == 1:
            world.store.broken = "no space left on device"
        looked.append(look())
        return looked[-1]

    looked: list[Any] = []
    world.targets["r1"].weights = fills_the_disk
    with pytest.raises(ExternalSystemError, match="no space left"):
        world.tick(after=TICK, regions=("r1",))
    world.store.broken = None
    assert world.weights() == {"r1": 0, "r2": 10}
    world.tick(after=TICK, regions=("r2",))
    assert world.weights()["r2"] == 10


@pytest.mark.parametrize("regions", [(), ("r1",), ("r2",)])
def test_a_report_of_what_has_not_begun_is_held(make_world: Callable[..., Any], regions: tuple[str, ...]) -> None:
    """With `report-fails: hold` nothing begins behind it, in no region, until a person lets it go on."""
    world = make_world(names=("r1", "r2"), waves=(("r1",), ("r2",)), report_fails=ReportFails.HOLD)
    world.start()
    world.order(Order.REPORT, regions=regions)
    for _ in range(10):
        assert world.tick(after=TICK).exit_code is ExitCode.NEEDS_HUMAN
    assert world.weights() == {"r1": 0, "r2": 0}
    world.order(Order.RESUME)
    until(world, lambda there: there.weights()["r1"] == 10)


def test_a_report_of_a_promoted_region_holds_those_that_have_not_begun(make_world: Callable[..., Any]) -> None:
    """What is promoted or done is for a person to return; the bad version goes no further meanwhile."""
    world = make_world(names=("r1", "r2"), waves=(("r1",), ("r2",)), report_fails=ReportFails.HOLD)
    world.start()
    until(world, lambda there: status(there).region("r1").phase in (RegionPhase.PROMOTED, RegionPhase.DRAINING))
    world.order(Order.REPORT, regions=("r1",))
    for _ in range(20):
        world.tick(after=TICK)
    assert world.weights()["r2"] == 0


def test_a_ledger_of_another_repository_is_not_gone_on_with(make_world: Callable[..., Any]) -> None:
    """The same service, and a rollout over regions of which this configuration has none: their targets are not ours."""
    world = make_world(names=("r1",), waves=(("r1",),))
    world.start()
    target = TargetSettings(kind="simulated", region="east", options={})
    settings = replace(world.parts().settings, waves=(("east",),), targets={"east": target})
    before = world.targets["r1"].calls()
    with pytest.raises(NeedsHumanError, match="another repository's ledger"):
        world.tick(after=MIN, settings=settings)
    with pytest.raises(RefusedError, match="under way in r1"):
        RolloutEngine(replace(world.parts(), settings=settings)).start(Release(commit="2" * 40, digest="sha256:other"))
    assert world.targets["r1"].calls() == before


def test_a_run_obeys_at_once_what_its_store_tells_it_of(make_world: Callable[..., Any]) -> None:
    """A store that can say that somebody appended is listened to, and one that fails at it costs nothing."""
    world = make_world()
    asked: list[datetime] = []
    fails: list[bool] = []

    def listen(duration: timedelta) -> bool:
        if world.weights()["r1"] == 10 and not fails:
            fails.append(True)
            raise ExternalSystemError("connection lost")
        world.now += duration
        if world.weights()["r1"] == 10 and not asked:
            asked.append(world.now)
            world.order(Order.ABORT)
            return True
        return False

    end = RolloutEngine(replace(world.parts(), listen=listen)).run(Release(commit="1" * 40, digest="sha256:new"))
    assert end.exit_code is ExitCode.ROLLED_BACK
    back = next(said.at for said in world.said if said.weights is not None and said.weights.green == 0)
    assert fails
    assert back - asked[0] <= timedelta(milliseconds=100)


def test_a_clock_that_is_set_back_does_not_make_a_run_deaf() -> None:
    """An hour back in the middle of a pause of half a minute: it ends when that was waited, and obeys all the while."""
    for hears in (True, False):
        now, waited, looks = [datetime(2026, 1, 1, 12, tzinfo=UTC)], [timedelta(0)], [0]

        def let_pass(
            duration: timedelta,
            now: list[datetime] = now,
            waited: list[timedelta] = waited,
        ) -> bool:
            assert duration <= timedelta(seconds=10)
            waited.append(duration)
            now[0] += duration - timedelta(hours=1 if len(waited) == 3 else 0)
            return False

        def obey(looks: list[int] = looks) -> bool:
            looks[0] += 1
            return False

        parts: Any = SimpleNamespace(
            clock=lambda now=now: now[0], pause=let_pass, listen=let_pass if hears else None, interrupted=lambda: None
        )
        ticker: Any = SimpleNamespace(obey=obey)
        Driver(parts)._pause(ticker, timedelta(seconds=30))
        assert timedelta(seconds=30) <= sum(waited, timedelta(0)) <= timedelta(seconds=31)
        assert looks[0] >= 3
