"""A run that ends badly: killed between two steps, interrupted, fenced out, or left without its ledger or evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from wedgate.engine.book import LeaseLostError
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import Regression
from wedgate.errors import ExitCode, ExternalSystemError, NeedsHumanError
from wedgate.ledger.streams import fold
from wedgate.rollout.journal import replay
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import RegionPhase
from wedgate.rollout.values import Colour, Fence, Release, Weights

MIN = timedelta(minutes=1)


class KilledError(BaseException):
    """Stands for SIGKILL: nothing of the run may clean up after it."""


def kill_at(world: Any, number: int) -> None:
    """Kill the run before its ``number``-th call to anything outside, and let every call of the clean-up fail."""
    calls = {"left": number, "dead": False}

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            calls["left"] -= 1
            if calls["left"] <= 0:
                calls["dead"] = True
            if calls["dead"]:
                raise KilledError
            return function(*args, **kwargs)

        return call

    for target in world.targets.values():
        for name in ("deploy", "digest", "weights", "set_weights"):
            setattr(target, name, counted(getattr(target, name)))
    world.store.append = counted(world.store.append)
    world.spool.keep = counted(world.spool.keep)


def revive(world: Any) -> None:
    """Give the world back to a new process."""
    for target in world.targets.values():
        for name in ("deploy", "digest", "weights", "set_weights"):
            target.__dict__.pop(name, None)
    world.store.__dict__.pop("append", None)
    world.spool.__dict__.pop("keep", None)


@pytest.mark.parametrize("number", range(1, 75, 2))
def test_killed_anywhere_the_next_run_ends_well(make_world: Callable[..., Any], number: int) -> None:
    """Killed before any call to the outside, the same command brings the release through, and never skips a step."""
    world = make_world(waves=(("r1",), ("r2",)), names=("r1", "r2"))
    kill_at(world, number)
    with pytest.raises(KilledError):
        world.run()
    revive(world)
    world.now += MIN
    end = world.run()
    assert end.exit_code is ExitCode.DONE, end.text
    assert world.weights() == {"r1": 100, "r2": 100}
    for region in ("r1", "r2"):
        greens = [green for _, green in world.changes(region)]
        allowed = {(0, 10), (10, 50), (50, 100), (10, 0), (50, 0), (100, 0), (0, 0), (10, 10), (50, 50), (100, 100)}
        assert all(step in allowed for step in zip([0, *greens], greens, strict=False)), greens


def test_killed_and_found_long_after_the_candidate_goes_back_first(world: Any) -> None:
    """A candidate that nobody watched for an hour goes back to stable before anything else."""

    def stop(there: Any) -> None:
        if there.weights()["r1"] == 50:
            kill_at(there, 1)

    world.on_pause.append(stop)
    with pytest.raises(KilledError):
        world.run()
    revive(world)
    world.on_pause.clear()
    assert world.weights()["r1"] == 50
    world.now += timedelta(hours=1)
    end = world.run()
    assert world.changes("r1")[:3] == [(90, 10), (50, 50), (50, 50)]
    assert world.changes("r1")[3:] == [(100, 0)]
    assert any(said.what == "found" and said.region == "r1" for said in world.said)
    assert end.exit_code is ExitCode.UNEXPECTED
    assert world.run().exit_code is ExitCode.DONE


def test_interrupted_returns_what_is_in_motion_and_goes_on_later(world: Any) -> None:
    """Ctrl-C in a bake: back to stable, exit 1, no poison; the same command says what it found and ends well."""
    world.interrupt_at = world.now + 4 * MIN
    end = world.run()
    assert end.exit_code is ExitCode.UNEXPECTED
    assert world.changes("r1")[-1] == (100, 0)
    world.interrupt_at = None
    world.said.clear()
    assert world.run().exit_code is ExitCode.DONE
    assert any((said.what == "found" and "SIGINT" in said.why) or "Ctrl-C" in said.why for said in world.said)


def test_journal_alone_gives_the_state_back(world: Any) -> None:
    """What the run says at its end is what its journal folds to."""
    world.interrupt_at = world.now + 12 * MIN
    end = world.run()
    ledger = fold(world.store.read())
    assert replay(ledger.journals[ledger.latest]) == end.state


def test_weights_that_nobody_here_wrote_stop_the_run(world: Any) -> None:
    """Weights changed by a person: nothing is touched there any more, and a person is called."""

    def meddle(there: Any) -> None:
        if there.weights()["r1"] == 10:
            there.targets["r1"].put(Weights(blue=70, green=30))

    world.on_pause.append(meddle)
    end = world.run()
    assert end.exit_code is ExitCode.NEEDS_HUMAN
    assert world.weights()["r1"] == 30
    assert "blue 70 % / green 30 %" in end.text
    world.on_pause.clear()
    with pytest.raises(NeedsHumanError, match="adopt"):
        world.run(Release(commit="9" * 40, digest="sha256:fix"))


def test_regression_report_returns_even_a_region_that_needs_a_human(world: Any) -> None:
    """Neither the old nor the new weights, but a regression is reported: back to stable."""

    def meddle(there: Any) -> None:
        if there.weights()["r1"] == 10:
            there.targets["r1"].put(Weights(blue=70, green=30))

    world.on_pause.append(meddle)
    assert world.run().exit_code is ExitCode.NEEDS_HUMAN
    world.on_pause.clear()
    world.regressions.append(Regression(region="r1", why="bookings fail"))
    assert world.run().exit_code is ExitCode.ROLLED_BACK
    assert world.weights()["r1"] == 0


def test_adoption_ends_a_rollout_that_needs_a_human(world: Any) -> None:
    """A person says what runs, and the regions are free again."""

    def meddle(there: Any) -> None:
        if there.weights()["r1"] == 10:
            there.targets["r1"].put(Weights(blue=70, green=30))

    world.on_pause.append(meddle)
    world.run()
    world.on_pause.clear()
    world.targets["r1"].put(Weights(blue=100, green=0))
    world.adopt()
    assert world.run().exit_code is ExitCode.DONE


def test_second_run_takes_over_and_the_first_touches_nothing_more(world: Any) -> None:
    """A higher epoch owns ledger and targets: the first run stops without writing anything."""

    def take_over(there: Any) -> None:
        if there.weights()["r1"] == 10 and len(there.changes("r1")) == 1:
            newer = Fence(epoch=99, revision=0, rollout=there.rescues[-1].rollout)
            there.targets["r1"].set_weights(Weights(blue=90, green=10), newer)

    world.on_pause.append(take_over)
    with pytest.raises(LeaseLostError, match="stops and touches nothing more"):
        world.run()
    assert world.changes("r1") == [(90, 10), (90, 10)]
    world.on_pause.clear()
    assert world.run().exit_code is ExitCode.DONE


def test_ledger_that_breaks_in_a_bake_returns_traffic_and_keeps_the_record(world: Any) -> None:
    """Disk full in a bake: no increase without a record, traffic back, the record waits in the spool."""

    def fill(there: Any) -> None:
        if there.weights()["r1"] == 10:
            there.store.broken = "no space left on device"

    world.on_pause.append(fill)
    with pytest.raises(ExternalSystemError, match="no space left on device"):
        world.run()
    assert world.changes("r1") == [(90, 10), (100, 0)]
    assert world.spool.waiting() != ()
    world.on_pause.clear()
    world.store.broken = None
    end = world.run()
    assert world.spool.waiting() == ()
    assert any("could not write" in said.why for said in world.said)
    assert end.exit_code is ExitCode.DONE


def test_ledger_that_cannot_be_written_starts_nothing(world: Any) -> None:
    """Full from the beginning: one error, no deploy, no weights."""
    world.store.broken = "read-only file system"
    with pytest.raises(ExternalSystemError, match="read-only"):
        world.run()
    assert world.targets["r1"].calls() == []


def test_rollback_after_a_fail_needs_no_ledger(world: Any) -> None:
    """The judge fails while the disk is full: the region is back on stable, and the poison is known to the next run."""
    from wedgate.judge.values import Outcome

    def break_both(there: Any) -> None:
        if there.weights()["r1"] == 10:
            there.store.broken = "no space left on device"
            there.verdicts["all"] = Outcome.FAIL

    world.on_pause.append(break_both)
    with pytest.raises(ExternalSystemError):
        world.run()
    assert world.changes("r1") == [(90, 10), (100, 0)]
    world.store.broken = None
    world.on_pause.clear()
    from wedgate.errors import RefusedError

    with pytest.raises(RefusedError, match="poisoned"):
        world.run()


def test_target_that_will_not_switch_back_calls_a_person(world: Any) -> None:
    """The return is tried several times, then somebody is told that it failed."""

    def break_target(there: Any) -> None:
        if there.weights()["r1"] == 10 and not there.regressions:
            there.targets["r1"].fail("set_weights", "the proxy does not answer")
            there.regressions.append(Regression(region="r1", why="errors"))

    world.on_pause.append(break_target)
    end = world.run()
    assert end.exit_code is ExitCode.NEEDS_HUMAN
    assert "could not be returned to stable" in end.text


def test_target_that_fails_to_increase_is_taken_back(world: Any) -> None:
    """A failed increase leaves nobody on the candidate; exit 20; a later run goes on."""
    world.targets["r1"].fail("deploy", "no such image")
    end = world.run()
    assert end.exit_code is ExitCode.EXTERNAL
    assert "no such image" in end.text
    world.targets["r1"].fail("deploy", None)
    assert world.run().exit_code is ExitCode.DONE


def test_evidence_that_cannot_be_read_never_advances(world: Any) -> None:
    """No evidence at all: the candidate goes back when nobody could judge for too long."""
    world.script = {"rate": "not a number"}
    with pytest.raises(ValueError, match="could not convert"):
        world.run()
    assert world.changes("r1") == [(90, 10), (100, 0)]


def test_rescue_file_is_written_before_the_first_change(world: Any) -> None:
    """The rescue file pins targets and what to return to."""
    world.run()
    rescue: Rescue = world.rescues[0]
    assert [(region.region, region.stable) for region in rescue.regions] == [
        (name, Colour.BLUE) for name in ("r1", "r2", "r3", "r4")
    ]
    assert rescue.regions[0].stable_release.digest == "sha256:old"


def test_rescue_file_that_cannot_be_written_starts_nothing(world: Any) -> None:
    """Without a way back there is no way forward."""

    def refuse(rescue: Rescue) -> str:
        raise ExternalSystemError("the rescue file cannot be written")

    world.save_rescue = refuse
    with pytest.raises(ExternalSystemError, match="rescue file"):
        world.run()
    assert world.targets["r1"].calls() == []


def test_same_tick_again_changes_nothing(world: Any) -> None:
    """A run that can do nothing may be run again and again: only the lease moves on."""
    world.close("r1", -MIN, timedelta(days=1))
    first = world.run()
    kinds = [entry.stream for entry in world.store.read()]
    second = world.run()
    new = [entry.stream for entry in world.store.read()][len(kinds) :]
    assert (first.exit_code, second.exit_code) == (ExitCode.CLOSED, ExitCode.CLOSED)
    assert new.count("lease") == 2, "taken and given back"
    assert second.state.region("r1").phase is RegionPhase.HELD
    assert world.targets["r1"].calls() == []


def test_whoever_watches_may_go_away(make_world: Callable[..., Any]) -> None:
    """A closed pipe under the progress lines changes nothing about the rollback: both regions in flight go back."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),), in_flight=2)

    def fail_both(there: Any) -> None:
        if there.weights() == {"r1": 10, "r2": 10}:
            there.regressions.append(Regression(region=None, why="errors"))

    def closed_pipe(progress: Any) -> None:
        if world.regressions:
            raise BrokenPipeError

    world.on_pause.append(fail_both)
    parts = replace(world.parts(), observe=closed_pipe)
    assert RolloutEngine(parts).run(Release(commit="1" * 40, digest="sha256:new")).exit_code is ExitCode.ROLLED_BACK
    assert world.weights() == {"r1": 0, "r2": 0}


def test_every_return_is_made_before_a_failure_is_raised(make_world: Callable[..., Any]) -> None:
    """Something unforeseen in the first region's return does not leave the second where it is."""
    world = make_world(names=("r1", "r2"), waves=(("r1", "r2"),), in_flight=2)
    world.targets["r1"].set_weights, raised = _broken_once_back(world.targets["r1"].set_weights), world.targets["r2"]

    def fail_both(there: Any) -> None:
        if there.weights() == {"r1": 10, "r2": 10}:
            there.regressions.append(Regression(region=None, why="errors"))

    world.on_pause.append(fail_both)
    with pytest.raises(ZeroDivisionError):
        world.run()
    assert raised.weights().weights.green == 0
    assert world.weights() == {"r1": 0, "r2": 0}
    assert "sha256:new" in fold(world.store.read()).poisoned
    assert world.spool.waiting() == ()


def _broken_once_back(set_weights: Callable[..., Any]) -> Callable[..., Any]:
    """Fail the first return in a way that no adapter foresees."""
    failed: list[bool] = []

    def call(weights: Weights, fence: Fence, **more: Any) -> Any:
        if weights.green == 0 and not failed:
            failed.append(True)
            raise ZeroDivisionError
        return set_weights(weights, fence, **more)

    return call


def test_return_tried_again_leaves_no_empty_spool(world: Any) -> None:
    """A tick that changes nothing in the ledger keeps nothing in the spool either."""
    kept: list[int] = []
    keep = world.spool.keep
    world.spool.keep = lambda drafts: (kept.append(len(drafts)), keep(drafts))[1]

    def break_target(there: Any) -> None:
        if there.weights()["r1"] == 10 and not there.regressions:
            there.targets["r1"].fail("set_weights", "the proxy does not answer")
            there.regressions.append(Regression(region="r1", why="errors"))

    world.on_pause.append(break_target)
    world.run()
    assert kept
    assert 0 not in kept
