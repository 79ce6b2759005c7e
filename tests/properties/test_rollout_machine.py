"""The invariants of a rollout, under any order of events: whatever is found, however often, in whatever state."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from wedgate.calendars.values import Verdict
from wedgate.judge.values import Judgement, JudgeSettings, Outcome
from wedgate.ledger.streams import JournalLine
from wedgate.rollout import effects as fx
from wedgate.rollout import events as ev
from wedgate.rollout.journal import draft_of, replay
from wedgate.rollout.state import (
    FINAL,
    PROMOTED,
    HoldKind,
    Plan,
    RegionPhase,
    RegionPlan,
    RolloutState,
    RolloutStatus,
)
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
OLD = Release(commit="0" * 40, digest="sha256:old")
NEW = Release(commit="1" * 40, digest="sha256:new")
RESERVE = timedelta(minutes=5)
MIN = timedelta(minutes=1)
RUN = Fence(epoch=2, revision=9, rollout="r-1")
HAND = Fence(epoch=3, revision=0, rollout="r-1")
REGIONS = ("a", "b", "c")
CANARY = Strategy(
    name="canary",
    kind=StrategyKind.CANARY,
    steps=(Step(weight=5, bake=3 * MIN), Step(weight=50, bake=3 * MIN), Step(weight=100, bake=timedelta(0))),
)
SWITCH = Strategy(name="switch", kind=StrategyKind.BLUE_GREEN, steps=(Step(weight=100, bake=4 * MIN),))

regions = st.sampled_from(REGIONS)
outcomes = st.sampled_from(Outcome)


class Rollouts(RuleBasedStateMachine):
    """Feeds facts in any order, keeps its own books about what was found, and holds every increase against them."""

    @initialize(fails=st.sampled_from(ReportFails), in_flight=st.integers(1, 2), stable=st.sampled_from(Colour))
    def start(self, fails: ReportFails, in_flight: int, stable: Colour) -> None:
        """Plan three regions in two waves."""
        plan = Plan(
            rollout="r-1",
            service="s",
            release=NEW,
            regions=tuple(
                RegionPlan(
                    region=name,
                    wave=wave,
                    stable=stable,
                    stable_release=OLD,
                    target=TargetSettings(kind="simulated", region=name, options={}),
                )
                for name, wave in (("a", 0), ("b", 1), ("c", 1))
            ),
            in_flight=in_flight,
            reserve=RESERVE,
            report_fails=fails,
            strategies=(CANARY, SWITCH),
            choose=(Choice(use="switch", where=("c",)), Choice(use="canary")),
            judge=JudgeSettings(),
        )
        self.started = ev.Started(at=NOON, plan=plan)
        self.state: RolloutState = begin(self.started)
        self.now = NOON
        self.journal: list[JournalLine] = [self._line(self.started)]
        self.world = {name: Weights.giving(stable, 100) for name in REGIONS}
        self.digest_fresh = dict.fromkeys(REGIONS, False)
        self.last_judged: dict[str, Outcome | None] = dict.fromkeys(REGIONS)
        self.poisoned = False

    def _line(self, event: ev.Event) -> JournalLine:
        draft = draft_of(event, rollout="r-1")
        return JournalLine(kind=draft.kind, at=draft.at, body=draft.body)

    def feed(self, event: ev.Event) -> None:
        """Take in one event, and hold what follows against the invariants."""
        before = self.state
        after, effects = step(before, event)
        self._note(event)
        for effect in effects:
            if isinstance(effect, fx.SetWeights):
                self._check_weights(before, after, event, effect)
            if isinstance(effect, fx.Deploy):
                colour = effect.colour
                assert colour is before.plan.region(effect.region).candidate
                self.digest_fresh[effect.region] = False
            self.poisoned |= isinstance(effect, fx.Poison)
        self._check_transitions(before, after, event)
        if after != before:
            self.journal.append(self._line(event))
        self.state = after

    def _note(self, event: ev.Event) -> None:
        match event:
            case ev.DigestRead(region=region, digest=digest, colour=colour):
                if colour is self.state.plan.region(region).candidate:
                    self.digest_fresh[region] = digest == NEW.digest
            case ev.Judged(region=region, judgement=judgement, final=final, observed=observed, step=number):
                known = self.state.region(region)
                if number == known.at_step and known.phase is RegionPhase.BAKING:
                    passes = judgement.outcome is Outcome.PASS and final and observed >= known.bake_needed
                    if judgement.outcome is not Outcome.PASS or passes:
                        self.last_judged[region] = judgement.outcome
            case _:
                pass

    def _check_weights(self, before: RolloutState, after: RolloutState, event: ev.Event, effect: fx.SetWeights) -> None:
        plan = before.plan.region(effect.region)
        wanted = effect.weights.of(plan.candidate)
        assert effect.weights.blue + effect.weights.green == 100
        if effect.is_decrease:
            assert effect.weights == Weights.giving(plan.stable, 100)
            return
        region = before.region(effect.region)
        assert wanted > region.weight
        assert isinstance(event, ev.GateAnswered), "an increase follows a fresh answer of the gate, nothing else"
        assert event.region == effect.region
        assert event.verdict is not Verdict.CLOSED
        strategy = region.strategy
        assert strategy is not None
        bake = strategy.steps[region.at_step + 1].bake
        assert event.closes is None or event.at + bake + RESERVE <= event.closes
        assert strategy.steps[region.at_step + 1].weight == wanted, "no step is skipped"
        assert self.digest_fresh[effect.region], "the digest was read back since the last change"
        assert not self.poisoned
        assert before.halted is None
        assert before.status is not RolloutStatus.NEEDS_HUMAN
        if region.weight > 0:
            assert self.last_judged[effect.region] is Outcome.PASS
        self.digest_fresh[effect.region] = False
        self.last_judged[effect.region] = None
        assert after.region(effect.region).phase is RegionPhase.SHIFTING

    def _check_transitions(self, before: RolloutState, after: RolloutState, event: ev.Event) -> None:
        for old, new in zip(before.regions, after.regions, strict=True):
            if old.phase in FINAL:
                assert new == old, "final phases are final"
            if new.phase is RegionPhase.PROMOTED and old.phase is not RegionPhase.PROMOTED:
                assert isinstance(event, ev.GateAnswered)
                assert event.verdict is not Verdict.CLOSED
                assert new.weight == 100
            if old.phase is RegionPhase.PENDING and new.phase is RegionPhase.GATED:
                wave = before.plan.region(old.region).wave
                earlier = [plan.region for plan in before.plan.regions if plan.wave < wave]
                assert all(before.region(name).phase in PROMOTED for name in earlier)
        if before.is_over:
            assert after == before

    @rule(minutes=st.integers(0, 12))
    def time_passes(self, minutes: int) -> None:
        """A tick, some time later."""
        self.now += minutes * MIN
        self.feed(ev.Ticked(at=self.now))

    @rule(region=regions, verdict=st.sampled_from(Verdict), closes=st.none() | st.integers(0, 30))
    def gate_answers(self, region: str, verdict: Verdict, closes: int | None) -> None:
        """The gate says something, asked or not."""
        closing = None if closes is None else self.now + closes * MIN
        self.feed(
            ev.GateAnswered(at=self.now, region=region, verdict=verdict, closes=closing, reopens=None, why="rule")
        )

    @rule(region=regions)
    def deployed(self, region: str) -> None:
        """A deploy ends well."""
        self.feed(ev.Deployed(at=self.now, region=region))

    @rule(region=regions)
    def deploy_failed(self, region: str) -> None:
        """A deploy fails."""
        self.feed(ev.DeployFailed(at=self.now, region=region, why="no image"))

    @rule(region=regions, digest=st.sampled_from([NEW.digest, NEW.digest, "sha256:other", None]))
    def digest_read(self, region: str, digest: str | None) -> None:
        """The candidate answers something."""
        colour = self.state.plan.region(region).candidate
        self.feed(ev.DigestRead(at=self.now, region=region, colour=colour, digest=digest))

    @rule(region=regions, percent=st.sampled_from([0, 5, 50, 100, 33]), fence=st.sampled_from([None, RUN, HAND]))
    def weights_read(self, region: str, percent: int, fence: Fence | None) -> None:
        """Some weights are found; stable with all of it under a hand's fence means that nothing increases any more."""
        weights = Weights.giving(self.state.plan.region(region).candidate, percent)
        before = self.state.region(region)
        self.feed(ev.WeightsRead(at=self.now, region=region, weights=weights, fence=fence))
        if (percent, fence, before.phase) == (0, HAND, RegionPhase.BAKING):
            assert self.state.region(region).phase is RegionPhase.ROLLED_BACK
            assert self.state.halted is not None

    @invariant()
    def an_owed_return_is_tried_by_the_next_run(self) -> None:
        """A region whose return failed for too long keeps the rollout from being over, and a new run returns it."""
        owing = {region.region for region in self.state.regions if region.owes_return}
        if owing:
            assert not self.state.is_over
            _, effects = step(self.state, ev.RunBegan(at=self.now, epoch=3))
            assert owing <= {effect.region for effect in effects if isinstance(effect, fx.SetWeights)}

    @rule(region=regions)
    def target_fails(self, region: str) -> None:
        """The target does not do what it was asked."""
        self.feed(ev.TargetFailed(at=self.now, region=region, asked="reading", why="timeout"))

    @rule(region=regions, outcome=outcomes, observed=st.integers(0, 12), final=st.booleans(), off=st.booleans())
    def judged(self, region: str, outcome: Outcome, observed: int, final: bool, off: bool) -> None:
        """The judge says something, perhaps about another step."""
        number = self.state.region(region).at_step + (1 if off else 0)
        said = Judgement(outcome=outcome, metrics=(), slices=1, usable=1, text="said")
        self.feed(
            ev.Judged(at=self.now, region=region, step=number, observed=observed * MIN, final=final, judgement=said)
        )

    @rule(rounds=st.integers(1, 12), without=st.sampled_from(["nothing", "digest", "judgement", "runway", "time"]))
    def all_goes_well(self, rounds: int, without: str) -> None:
        """Rounds of good answers, the last ones but for one thing: the machine gets far, and meets every reason not
        to go on."""
        if any(region.phase is RegionPhase.HELD for region in self.state.regions):
            self.feed(ev.RunBegan(at=self.now, epoch=2))
        for number in range(rounds + 2):
            self._round("nothing" if number < rounds else without)

    def _round(self, without: str) -> None:
        """One round of answers, for every region."""
        self.feed(ev.Ticked(at=self.now))
        for name in REGIONS:
            plan, region = self.state.plan.region(name), self.state.region(name)
            good = Judgement(outcome=Outcome.PASS, metrics=(), slices=1, usable=1, text="good")
            strategy = region.strategy
            here = 0 if strategy is None or region.at_step < 0 else strategy.steps[region.at_step].weight
            weights = Weights.giving(plan.candidate, here)
            self.feed(ev.WeightsRead(at=self.now, region=name, weights=weights, fence=None))
            self.feed(ev.Deployed(at=self.now, region=name))
            bake = MIN if without == "time" else 20 * MIN
            if without != "judgement":
                self.feed(
                    ev.Judged(at=self.now, region=name, step=region.at_step, observed=bake, final=True, judgement=good)
                )
            if without != "digest" or region.phase is RegionPhase.PREPARING:
                self.feed(ev.DigestRead(at=self.now, region=name, colour=plan.candidate, digest=NEW.digest))
            closes = self.now + 6 * MIN if without == "runway" and region.phase is not RegionPhase.PENDING else None
            self.feed(
                ev.GateAnswered(at=self.now, region=name, verdict=Verdict.OPEN, closes=closes, reopens=None, why="open")
            )

    @rule(region=st.none() | regions)
    def regression(self, region: str | None) -> None:
        """A regression is reported: every region it concerns is on its way back, or held if that was asked for."""
        before = self.state
        self.feed(ev.RegressionReported(at=self.now, region=region, why="worse"))
        if before.is_over or before.plan.report_fails is ReportFails.HOLD:
            return
        for old, new in zip(before.regions, self.state.regions, strict=True):
            if old.is_exposed or (old.phase is RegionPhase.NEEDS_HUMAN and region in (None, old.region)):
                assert new.phase is RegionPhase.ROLLING_BACK

    @rule()
    def interrupted(self) -> None:
        """The run ends: nothing is left in motion but returns."""
        self.feed(ev.Interrupted(at=self.now, why="Ctrl-C"))
        if not self.state.is_over:
            for region in self.state.regions:
                assert not region.is_exposed or region.phase is RegionPhase.ROLLING_BACK

    @rule()
    def killed_and_begun_again(self) -> None:
        """A new run begins after whatever the last one left."""
        self.feed(ev.RunBegan(at=self.now, epoch=2))
        for name in REGIONS:
            self.digest_fresh[name] = False
            self.last_judged[name] = None

    def teardown(self) -> None:
        """The journal, as data and back, folds to the state."""
        if hasattr(self, "journal"):
            assert replay(self.journal) == self.state

    @invariant()
    def a_rollback_exists(self) -> None:
        """From every region with candidate traffic, one event returns it."""
        if self.state.is_over:
            return
        plain = replace(self.state, plan=replace(self.state.plan, report_fails=ReportFails.ROLLBACK))
        _, effects = step(plain, ev.RegressionReported(at=self.now, region=None, why="worse"))
        returned = {effect.region for effect in effects if isinstance(effect, fx.SetWeights)}
        for region in self.state.regions:
            if region.is_exposed and region.phase is not RegionPhase.ROLLING_BACK:
                assert region.region in returned

    @invariant()
    def no_more_in_flight_than_allowed(self) -> None:
        """Regions between shifting and promoted are at most ``in-flight``."""
        moving = [
            region
            for region in self.state.regions
            if region.phase in (RegionPhase.SHIFTING, RegionPhase.BAKING)
            or (region.phase is RegionPhase.HELD and region.weight > 0)
        ]
        assert len(moving) <= self.state.plan.in_flight

    @invariant()
    def holds_say_why(self) -> None:
        """A held region has a reason."""
        for region in self.state.regions:
            if region.phase is RegionPhase.HELD:
                assert region.hold is not None
                assert region.hold.why
                assert region.hold.kind in HoldKind


TestRollouts = Rollouts.TestCase
TestRollouts.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
