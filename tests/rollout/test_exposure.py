"""No candidate keeps traffic that nobody watches, and a regression that is held stays held: the machine alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from wedgate.calendars.values import Verdict
from wedgate.judge.values import Judgement, JudgeSettings, Outcome
from wedgate.ledger.orders import Order
from wedgate.rollout import effects as fx
from wedgate.rollout import events as ev
from wedgate.rollout.state import HoldKind, Plan, RegionPhase, RegionPlan, RolloutState, RolloutStatus
from wedgate.rollout.step import begin, step
from wedgate.rollout.values import (
    Choice,
    Colour,
    Fence,
    Release,
    ReportFails,
    Step,
    Strategy,
    StrategyKind,
    TargetSettings,
    Weights,
)

NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)
MIN = timedelta(minutes=1)
OLD = Release(commit="0" * 40, digest="sha256:old")
NEW = Release(commit="1" * 40, digest="sha256:new")
OURS = Fence(epoch=2, revision=9, rollout="r-1")
STEPS = (Step(weight=10, bake=3 * MIN), Step(weight=50, bake=3 * MIN), Step(weight=100, bake=timedelta(0)))


class Told:
    """A rollout of two regions in one wave, both in flight, that is told one fact after another."""

    def __init__(self, fails: ReportFails = ReportFails.ROLLBACK, *, in_flight: int = 2) -> None:
        plan = Plan(
            rollout="r-1",
            service="s",
            release=NEW,
            regions=tuple(
                RegionPlan(
                    region=name,
                    wave=0,
                    stable=Colour.BLUE,
                    stable_release=OLD,
                    target=TargetSettings(kind="simulated", region=name, options={}),
                )
                for name in ("r1", "r2")
            ),
            in_flight=in_flight,
            reserve=MIN,
            report_fails=fails,
            strategies=(Strategy(name="way", kind=StrategyKind.CANARY, steps=STEPS, is_complete=True),),
            choose=(Choice(use="way"),),
            judge=JudgeSettings(slice_length=timedelta(seconds=30)),
        )
        self.at = NOON
        self.state: RolloutState = begin(ev.Started(at=NOON, plan=plan))
        self.did: tuple[fx.Effect, ...] = ()

    def tell(self, event: ev.Event) -> Told:
        """Take in one fact."""
        self.state, self.did = step(self.state, event)
        return self

    def after(self, duration: timedelta) -> Told:
        """Let time pass."""
        self.at += duration
        return self

    def tick(self) -> Told:
        """Let every region take a step."""
        return self.tell(ev.Ticked(at=self.at))

    def run(self, *, anew: bool = False) -> Told:
        """Let another process begin, as a tick does."""
        return self.tell(ev.RunBegan(at=self.at, epoch=3, handed_over=True, anew=anew))

    def gate(self, region: str = "r1", verdict: Verdict = Verdict.OPEN) -> Told:
        """Let the gate answer."""
        answer = ev.GateAnswered(at=self.at, region=region, verdict=verdict, closes=None, reopens=None, why="")
        return self.tell(answer)

    def digest(self, region: str = "r1", digest: str | None = NEW.digest) -> Told:
        """Read the candidate's digest back."""
        return self.tell(ev.DigestRead(at=self.at, region=region, colour=Colour.GREEN, digest=digest))

    def weights(self, green: int, region: str = "r1", fence: Fence | None = OURS) -> Told:
        """Read the weights."""
        weights = Weights.giving(Colour.GREEN, green)
        return self.tell(ev.WeightsRead(at=self.at, region=region, weights=weights, fence=fence))

    def judged(self, outcome: Outcome, region: str = "r1") -> Told:
        """Let the judge answer for the step in force; a pass is final."""
        here = self.state.region(region)
        return self.tell(
            ev.Judged(
                at=self.at,
                region=region,
                step=here.at_step,
                observed=here.bake_needed,
                final=outcome is Outcome.PASS,
                judgement=Judgement(outcome=outcome, metrics=(), slices=4, usable=4, text=f"it is {outcome}"),
            )
        )

    def verified(self, region: str = "r1") -> Told:
        """Bring a region to where its candidate answers, and has no traffic yet."""
        self.tick().gate(region).tick().weights(0, region).digest(region)
        assert self.phase(region) is RegionPhase.VERIFIED
        return self

    def shifting(self, region: str = "r1") -> Told:
        """Bring a region to where 10 % were asked for, and nothing was read back."""
        self.verified(region).tick().digest(region).gate(region)
        assert self.phase(region) is RegionPhase.SHIFTING
        return self

    def baking(self, region: str = "r1") -> Told:
        """Bring a region to 10 %."""
        return self.shifting(region).weights(10, region)

    def phase(self, region: str = "r1") -> RegionPhase:
        """Return where a region stands."""
        return self.state.region(region).phase

    def kind(self, region: str = "r1") -> HoldKind | None:
        """Return what a region is held for."""
        hold = self.state.region(region).hold
        return None if hold is None else hold.kind

    def returns(self, region: str = "r1") -> bool:
        """Whether the last fact gives traffic back."""
        return any(isinstance(each, fx.SetWeights) and each.is_decrease and each.region == region for each in self.did)

    def goes_on(self, region: str = "r2") -> bool:
        """Whether a region that has a pass may increase."""
        before = self.state
        self.judged(Outcome.PASS, region).digest(region).gate(region)
        increases = [each for each in self.did if isinstance(each, fx.SetWeights) and not each.is_decrease]
        self.state = before
        return bool(increases)


def held() -> Told:
    """Both regions at 10 %, and a regression is held in the first."""
    told = Told(ReportFails.HOLD).baking("r1").baking("r2").judged(Outcome.FAIL)
    assert told.kind() is HoldKind.REGRESSION
    return told


def test_a_judgement_that_fails_again_is_somebody_who_watches() -> None:
    """A candidate that is held for a regression keeps its traffic as long as it is judged, and no longer."""
    told = held()
    for _ in range(15):
        assert not told.after(MIN).run().tick().judged(Outcome.FAIL).returns()
    assert (told.phase(), told.kind()) == (RegionPhase.HELD, HoldKind.REGRESSION)
    assert told.after(11 * MIN).run().returns()


@pytest.mark.parametrize("why", ["a run that finds it unwatched", "a tick that finds it unwatched", "another digest"])
def test_what_is_held_for_a_regression_stays_so_on_its_way_back_and_after_it(why: str) -> None:
    """Whatever takes the traffic away meanwhile: no other region goes on, and no tick begins there again."""
    told = held().after(MIN if why == "another digest" else 11 * MIN)
    told.judged(Outcome.NOT_ENOUGH_DATA, "r2")
    {
        "a run that finds it unwatched": told.run,
        "a tick that finds it unwatched": told.tick,
        "another digest": lambda: told.digest(digest="sha256:strange"),
    }[why]()
    assert told.returns()
    assert told.phase() is RegionPhase.ROLLING_BACK
    assert not told.goes_on()
    told.weights(0)
    assert (told.phase(), told.kind()) == (RegionPhase.HELD, HoldKind.REGRESSION)
    assert "it is fail" in told.state.region("r1").why
    assert not told.goes_on()
    told.run().tick()
    assert not any(isinstance(each, fx.AskGate) and each.region == "r1" for each in told.did)
    assert told.kind() is HoldKind.REGRESSION


def test_a_regression_found_while_traffic_goes_back_is_held_too() -> None:
    """The region is on its way back for want of evidence; then somebody reports it."""
    told = Told(ReportFails.HOLD).baking("r1").baking("r2").after(11 * MIN).judged(Outcome.NOT_ENOUGH_DATA, "r2")
    told.tick().tell(ev.RegressionReported(at=told.at, region="r1", why="bookings fail"))
    assert not told.goes_on()
    assert told.weights(0).kind() is HoldKind.REGRESSION


def test_no_other_region_begins_while_a_regression_goes_back() -> None:
    """One place in flight is free, and nobody may take it."""
    told = Told(ReportFails.HOLD).baking("r1").judged(Outcome.FAIL).after(11 * MIN).tick()
    assert told.phase() is RegionPhase.ROLLING_BACK
    told.tick()
    assert not any(isinstance(each, fx.AskGate) for each in told.did)


def test_a_person_who_runs_it_again_tries_a_region_again_that_a_regression_held() -> None:
    """Ticks come by themselves; a run is asked for."""
    told = held().after(11 * MIN).tick().weights(0).run(anew=True)
    assert told.phase() is RegionPhase.PENDING
    assert told.state.region("r1").hold is None


def test_a_switch_that_nobody_read_back_for_too_long_goes_back() -> None:
    """A process died between the switch and the record of its read-back: what it left is no bake that begins now."""
    told = Told().shifting().after(9 * MIN)
    assert not told.run().returns()
    assert told.after(2 * MIN).run().returns()
    assert told.weights(0).kind() is HoldKind.INTERRUPTED


def test_a_process_that_stood_still_while_it_switched_gives_back() -> None:
    """It is the same process, and finds the weights that it asked for, hours later."""
    told = Told().shifting().after(11 * MIN).weights(10)
    assert told.returns()


def test_a_later_switch_is_as_old_as_the_last_judgement() -> None:
    """The candidate had traffic before it, and was judged last then."""
    told = Told().baking().after(3 * MIN).judged(Outcome.PASS).after(8 * MIN).digest().gate()
    assert told.phase() is RegionPhase.SHIFTING
    assert told.after(3 * MIN).run().returns()


def test_a_first_switch_that_never_happened_leaves_no_clock_behind() -> None:
    """The region is where it was, and its next switch begins anew."""
    told = Told().shifting().after(MIN).weights(0)
    assert told.phase() is RegionPhase.VERIFIED
    told.after(30 * MIN).digest().gate().after(MIN).weights(10)
    assert told.phase() is RegionPhase.BAKING


PARTLY = 30
"""Neither what was in force nor what was asked for."""


def shifting_to_half() -> Told:
    """10 % passed, 50 % were asked for."""
    told = Told().baking().after(3 * MIN).judged(Outcome.PASS).digest().gate()
    assert told.phase() is RegionPhase.SHIFTING
    return told


def test_a_switch_that_was_applied_in_part_goes_back() -> None:
    """The fence is our own: nobody else wrote, and nobody else will look after it."""
    told = shifting_to_half().weights(PARTLY)
    assert told.returns()
    assert told.weights(0).kind() is HoldKind.OUTSIDE
    assert "30 %" in told.state.region("r1").why


@pytest.mark.parametrize("found", [0, PARTLY])
def test_weights_under_our_fence_that_changed_while_it_bakes_go_back(found: int) -> None:
    """A balancer that lost a switch, or took a late one: what is judged is not what was chosen."""
    assert Told().baking().weights(found).returns()


STRANGER = Fence(epoch=9, revision=1, rollout="another")
BY_HAND = Fence(epoch=1002, revision=0, rollout="r-1")


@pytest.mark.parametrize("fence", [None, BY_HAND], ids=["nobody knows who", "a rollback by hand"])
def test_what_waits_for_a_person_does_not_wait_with_traffic_for_ever(fence: Fence | None) -> None:
    """Nothing is touched at first; after ``max-unwatched`` the candidate goes back all the same."""
    told = shifting_to_half().weights(PARTLY, fence=fence)
    assert (told.phase(), told.returns()) == (RegionPhase.NEEDS_HUMAN, False)
    assert not told.after(5 * MIN).run().tick().did
    told.after(6 * MIN).run().tick()
    assert fx.ReadWeights(region="r1") in told.did
    assert told.weights(PARTLY, fence=fence).returns()
    assert told.weights(0).phase() is RegionPhase.NEEDS_HUMAN


def looked_after() -> Told:
    """Bring a region to where nobody came for what a stranger wrote, and it went back."""
    told = stranded().after(11 * MIN).run().tick()
    assert told.weights(40, fence=None).returns()
    return told.weights(0)


def test_nothing_begins_before_somebody_has_looked_at_what_a_stranger_wrote() -> None:
    """It is back on stable, and who wrote it, and why, is not known: neither a tick nor a new run goes on."""
    told = looked_after()
    assert told.state.region("r1").weight == 0
    assert told.state.status is RolloutStatus.NEEDS_HUMAN
    for anew in (False, True):
        assert not told.run(anew=anew).tick().did


def test_a_resume_says_that_somebody_has_looked_and_the_region_begins_again() -> None:
    """Weights, version and gate are asked for anew; it is no way past a return that is still owed."""
    told = looked_after().tell(resume())
    assert told.phase() is RegionPhase.PENDING
    assert {type(effect) for effect in told.tick().did} == {fx.AskGate}
    assert owing().tell(resume()).state.region("r1").owes_return
    assert stranded().tell(resume()).phase() is RegionPhase.NEEDS_HUMAN


def test_a_resume_that_finds_nothing_paused_says_so_and_keeps_what_was_judged() -> None:
    """It was right when it was given; nothing is asked anew of a region that nobody paused."""
    before = Told().baking().judged(Outcome.PASS).state
    told = Told()
    told.state = before
    told.tell(resume())
    assert told.state == replace(before, obeyed=9)
    assert told.did == (fx.Announce(region=None, what="nothing to resume", why="ann: seen"),)


def test_a_regression_that_is_reported_while_a_strangers_weights_go_back_is_held() -> None:
    """With ``report-fails: hold`` it is the stronger reason."""
    told = Told(ReportFails.HOLD).baking().weights(40, fence=None).after(11 * MIN).run().tick()
    assert told.weights(40, fence=None).returns()
    told.tell(ev.RegressionReported(at=told.at, region=None, why="bookings fail"))
    assert told.weights(0).kind() is HoldKind.REGRESSION


def resume() -> ev.Ordered:
    """The order that says that somebody has looked."""
    return ev.Ordered(at=NOON, revision=9, order=Order.RESUME, by="ann", why="seen", regions=None)


def aborted(told: Told, *regions: str) -> Told:
    """Let a person end the rollout, or some regions of it."""
    return told.tell(
        ev.Ordered(at=told.at, revision=5, order=Order.ABORT, by="ann", why="enough", regions=regions or None)
    )


def stranded() -> Told:
    """Bring a region to where a person is called for 40 % that nobody knows of."""
    told = Told().baking().weights(40, fence=None)
    assert told.state.region("r1").is_stranded
    return told


def owing() -> Told:
    """Bring a region to where its traffic could not be returned, and a later run would begin it again."""
    told = Told().baking().digest(digest="sha256:other")
    for _ in range(8):
        told.after(MIN).tell(ev.TargetFailed(at=told.at, region="r1", asked="giving it back", why="no answer"))
    assert told.state.region("r1").owes_return
    return told


@pytest.mark.parametrize("made", [stranded, owing])
def test_what_a_person_was_called_for_goes_back_and_stays_back_when_it_is_aborted(made: Callable[[], Told]) -> None:
    """Not held for the next run, which would begin it again after somebody had ended it."""
    told = aborted(made(), "r1")
    assert fx.SetWeights in {type(effect) for effect in told.did}
    assert told.phase() is RegionPhase.ROLLING_BACK
    told.weights(0)
    assert told.phase() is RegionPhase.ROLLED_BACK
    told.run(anew=True).tick().gate()
    assert told.phase() is RegionPhase.ROLLED_BACK


def test_an_abort_that_comes_while_a_return_fails_is_not_forgotten() -> None:
    """The target is silent still: a person is called again, and whoever gets it back at last ends the region."""
    told = aborted(owing(), "r1")
    for _ in range(8):
        told.after(MIN).tell(ev.TargetFailed(at=told.at, region="r1", asked="giving it back", why="no answer"))
    assert told.state.region("r1").owes_return
    told.run(anew=True).weights(0)
    assert told.phase() is RegionPhase.ROLLED_BACK


def test_an_abort_where_a_person_was_called_before_the_first_step_ends_the_region() -> None:
    """There is no traffic to give back."""
    other = Fence(epoch=9, revision=1, rollout="r-2")
    told = Told().verified().weights(30, fence=other)
    assert told.phase() is RegionPhase.NEEDS_HUMAN
    assert aborted(told, "r1").phase() is RegionPhase.ROLLED_BACK
    assert fx.SetWeights not in {type(effect) for effect in told.did}


def test_a_rollout_that_is_ended_leaves_no_traffic_behind_that_a_person_was_called_for() -> None:
    """Once it is over nobody would look at it any more, neither a tick nor a guard."""
    told = aborted(stranded())
    assert told.state.halted is not None
    assert fx.SetWeights in {type(effect) for effect in told.did}
    assert not told.state.is_over
    assert told.weights(0).state.is_over
    assert told.state.region("r1").weight == 0


def test_an_abort_leaves_the_traffic_of_another_rollout_alone() -> None:
    """A person is called still: what is in force there is not ours to say."""
    told = Told().baking().weights(40, fence=Fence(epoch=9, revision=1, rollout="r-2"))
    assert aborted(told, "r1").phase() is RegionPhase.NEEDS_HUMAN
    assert told.did == ()


def test_what_another_rollout_wrote_is_never_taken_back() -> None:
    """Its fence says whose it is, and it has somebody who watches it, or not: that is not ours to decide."""
    told = shifting_to_half().weights(PARTLY, fence=STRANGER)
    told.after(11 * MIN).run().tick().weights(PARTLY, fence=STRANGER)
    assert (told.phase(), told.returns()) == (RegionPhase.NEEDS_HUMAN, False)


@pytest.mark.parametrize("fence", [OURS, None, STRANGER], ids=["ours", "nobody's", "a stranger's"])
@pytest.mark.parametrize("share", [10, 50], ids=["the old share", "the new one"])
def test_a_share_is_this_rollouts_by_its_fence_and_not_because_it_is_as_high(share: int, fence: Fence | None) -> None:
    """Somebody else may want as much; a balancer that keeps no fence says nothing."""
    told = shifting_to_half().weights(share, fence=fence)
    assert told.phase() is (RegionPhase.NEEDS_HUMAN if fence is STRANGER else RegionPhase.BAKING)
    assert not told.returns()


@pytest.mark.parametrize("told", [lambda: Told().baking(), lambda: held()], ids=["baking", "held"])
def test_a_bake_ends_where_somebody_else_writes_as_much(told: Callable[[], Told]) -> None:
    """The next step would go over what is his."""
    assert told().weights(10, fence=None).phase() is not RegionPhase.NEEDS_HUMAN
    assert told().weights(10, fence=STRANGER).phase() is RegionPhase.NEEDS_HUMAN


def test_stable_before_the_first_step_is_stable_whoever_wrote_it_last() -> None:
    """As a rule that was the rollout before this one."""
    assert Told().shifting().weights(0, fence=STRANGER).phase() is RegionPhase.VERIFIED


def test_a_person_who_gave_everything_back_is_not_helped() -> None:
    """The candidate has no traffic any more."""
    told = shifting_to_half().weights(PARTLY, fence=None)
    told.after(11 * MIN).tick().weights(0, fence=None)
    assert (told.phase(), told.returns()) == (RegionPhase.NEEDS_HUMAN, False)


def test_a_regression_that_is_held_outlives_the_wait_for_a_person() -> None:
    """Two things happened to the region; the second one does not undo the first."""
    told = held().weights(PARTLY, fence=None).after(11 * MIN).tick().weights(PARTLY, fence=None).weights(0)
    assert told.kind() is HoldKind.REGRESSION


def test_a_mark_from_a_clock_that_was_ahead_is_no_mark() -> None:
    """A runner nine hours ahead said that it watched: until then nobody would be missed."""
    told = Told().after(9 * 60 * MIN).baking()
    told.at = NOON + 5 * MIN
    assert told.run().returns()
    assert told.weights(0).kind() is HoldKind.INTERRUPTED


def test_a_tick_within_a_run_sees_it_too() -> None:
    """The clock was set right while the run lives."""
    told = Told().after(9 * 60 * MIN).baking()
    told.at = NOON + 5 * MIN
    assert told.tick().returns()


def test_clocks_that_differ_a_little_return_nothing() -> None:
    """The machine before this one was some seconds ahead."""
    told = Told().after(30 * timedelta(seconds=1)).baking()
    told.at = NOON
    assert not told.run().tick().returns()


def test_a_judgement_by_a_clock_that_is_right_again_is_a_mark() -> None:
    """What a clock that is ahead by seconds wrote must not hold the next mark up."""
    told = Told().after(30 * timedelta(seconds=1)).baking()
    told.at = NOON
    told.judged(Outcome.NOT_ENOUGH_DATA)
    assert told.state.region("r1").watched_at == NOON


def preparing() -> Told:
    """The deploy of the first region runs."""
    told = Told().tick().gate().tick().weights(0).digest(digest=OLD.digest)
    assert told.phase() is RegionPhase.PREPARING
    return told


@pytest.mark.parametrize("where", [preparing, lambda: Told().verified()], ids=["preparing", "verified"])
@pytest.mark.parametrize("fence", [None, STRANGER], ids=["nobody knows who", "another rollout"])
def test_weights_that_somebody_wrote_before_the_first_step_are_not_written_over(
    where: Callable[[], Told], fence: Fence | None
) -> None:
    """Between the deploy and the first switch hours may pass: somebody else wrote, so a person is called."""
    told = where().weights(60, fence=fence)
    assert told.phase() is RegionPhase.NEEDS_HUMAN
    assert "60 %" in told.state.region("r1").why
    told.digest().gate()
    assert not any(isinstance(each, fx.SetWeights) for each in told.did)


def test_a_late_switch_of_our_own_before_the_first_step_goes_back() -> None:
    """A run that died had asked for it."""
    assert Told().verified().weights(10).returns()


def test_the_weights_are_read_before_the_first_step() -> None:
    """With the digest, in one tick: what is found then decides."""
    told = Told().verified().tick()
    assert told.did[:2] == (
        fx.ReadWeights(region="r1"),
        fx.ReadDigest(region="r1", colour=Colour.GREEN),
    )
