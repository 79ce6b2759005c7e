"""Virtual worlds: the invariants hold in all of them, a seed tells the same story again, a failure gets smaller."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from click.testing import CliRunner

from wedgate.engine import region_gate
from wedgate.ledger.streams import Stream
from wedgate.rollout.state import RolloutStatus
from wedgate.rollout.values import Migration
from wedgate.simulation.__main__ import main
from wedgate.simulation.faults import Fault, FaultKind
from wedgate.simulation.run import Outcome, setting_of, shrink, simulate

CHUNKS = 8
EACH = 12


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_invariant_holds(chunk: int) -> None:
    """A failure names its seed: `python -m wedgate.simulation --replay SEED` tells its story."""
    outcomes = [simulate(seed) for seed in range(chunk * EACH, (chunk + 1) * EACH)]
    assert [(outcome.seed, outcome.violation) for outcome in outcomes if outcome.violation is not None] == []
    ends = Counter(outcome.status for outcome in outcomes)
    assert ends[RolloutStatus.DONE] > 0
    assert ends[RolloutStatus.HALTED] + ends[RolloutStatus.RETREATED] > 0


def _at(point: int, kind: FaultKind, pick: float = 0.0) -> Fault:
    return Fault(point=point, kind=kind, pick=pick)


def _journal(outcome: Outcome) -> list[tuple[str, str]]:
    """Return the rollout and the kind of each line of the journals."""
    assert outcome.world is not None
    return [(str(e.body["rollout"]), e.kind) for e in outcome.world.store.read() if e.stream == Stream.JOURNAL]


def test_what_one_rollout_obeyed_another_need_not() -> None:
    """A pause and an end concern the rollout that they were about; the release that is started again knows nothing of
    them."""
    orders = (_at(40, FaultKind.PAUSED), _at(50, FaultKind.ABORTED), _at(51, FaultKind.ZOMBIE))
    # One process ends the rollout; the next to come must find the first still standing, wherever that is now.
    worlds = (simulate(0, (*orders, _at(point, FaultKind.ZOMBIE))) for point in range(52, 140))
    outcome = next(each for each in worlds if len({rollout for rollout, _ in _journal(each)}) == 2)
    journal = _journal(outcome)
    assert {rollout for rollout, kind in journal if kind == "ordered"} == {journal[0][0]}
    assert (outcome.status, outcome.violation) == (RolloutStatus.DONE, None)


def test_nothing_increases_once_the_ledger_could_not_be_written() -> None:
    """A return is not recorded, and another region has its pass in the same tick: it keeps the weight that it had."""
    outcome = simulate(177, (_at(98, FaultKind.SWITCH_REFUSES, 0.9), _at(168, FaultKind.STORE_ANSWER_LOST)))
    assert (outcome.status, outcome.violation) == (RolloutStatus.DONE, None)


def test_an_end_in_one_region_ends_nothing_in_the_others() -> None:
    """Every region but that one runs the new version in the end, wherever the order found them."""
    for pick, name in ((0.1, "us-west"), (0.3, "eu-central"), (0.6, "asia-pacific"), (0.9, "us-east")):
        outcome = simulate(_plain_seed(), (_at(60, FaultKind.ABORTED_REGION, pick),))
        assert outcome.world is not None
        assert outcome.violation is None
        shares = {region.name: region.candidate for region in outcome.world.regions.values()}
        assert shares == {other: 0 if other == name else 100 for other in shares}


def test_a_thaw_of_one_region_opens_that_one_alone() -> None:
    """Everything is frozen before anything begins: with one region thawed, that one has its traffic first."""
    seed = _plain_seed()
    orders = (_at(3, FaultKind.FROZEN, 0.99), _at(4, FaultKind.THAWED_REGION, 0.9))
    outcome = simulate(seed, orders)
    assert outcome.violation is None
    switched = [line.split()[3] for line in outcome.trace if "/ green" in line]
    assert switched[0] == "us-east:"
    assert simulate(seed, orders[:1]).trace[-1] != outcome.trace[-1]


def _plain_seed() -> int:
    """Return a seed whose world holds nothing up: one run, one wave, traffic enough, no calendar, no migration."""
    for seed in range(10_000):
        setting = setting_of(seed)
        hinders = (setting.by_ticks, setting.budget, setting.closed, setting.rate < 1, len(setting.rollout.waves) > 1)
        if not any(hinders) and setting.migration is Migration.NONE:
            return seed
    raise AssertionError("every world holds something up")


def _story(outcome: Outcome) -> list[str]:
    """Return a trace without the names that are random: those of rollouts."""
    return [re.sub(r"r-\d+T\d+Z-\w+", "r", line) for line in outcome.trace]


@pytest.mark.parametrize("seed", [1, 8, 73])
def test_a_seed_tells_the_same_story_again(seed: int) -> None:
    """Line by line."""
    first, second = simulate(seed), simulate(seed)
    assert _story(first) == _story(second)
    assert len(first.trace) > 5


def test_every_kind_of_fault_is_drawn() -> None:
    """In a few hundred seeds each kind comes up, and some worlds have none."""
    drawn = [setting_of(seed).faults for seed in range(400)]
    assert {fault.kind for faults in drawn for fault in faults} == set(FaultKind)
    assert () in drawn


def test_a_world_in_which_nothing_goes_wrong_ends_well() -> None:
    """No fault, enough traffic: every region runs the new version."""
    seeds = [seed for seed in range(300) if setting_of(seed).rate > 1 and not setting_of(seed).by_ticks]
    for seed in seeds[:20]:
        outcome = simulate(seed, ())
        assert (outcome.status, outcome.violation) == (RolloutStatus.DONE, None), seed


def test_a_failure_is_told_with_as_few_faults_as_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollout that does not mind a freeze: of all the faults only the freeze is left, and the command says how to see
    it again."""
    monkeypatch.setattr(region_gate, "frozen_region", lambda region, freezes, at: region)
    broken = next(outcome for outcome in map(simulate, range(400)) if outcome.violation and len(outcome.faults) > 2)
    small = shrink(broken)
    assert len(small.faults) < len(broken.faults)
    assert FaultKind.FROZEN in {fault.kind for fault in small.faults}
    told = CliRunner().invoke(main, ["--replay", str(broken.seed)])
    assert told.exit_code == 1
    assert "invariant 6" in told.output
    assert f"--replay {broken.seed}" in told.output


def test_the_command_counts_how_they_ended() -> None:
    """In processes of their own."""
    told = CliRunner().invoke(main, ["--seeds", "6", "--jobs", "2"])
    assert told.exit_code == 0, told.output
    assert "6 rollouts over four regions" in told.output
    assert "0 broken" in told.output


def test_the_trace_says_what_went_wrong_and_when() -> None:
    """Each fault is a line of its own, at its point or soon after."""
    outcomes = (simulate(seed) for seed in range(200) if len(setting_of(seed).faults) == 1)
    outcome = next(outcome for outcome in outcomes if outcome.points > outcome.faults[0].point)
    (line,) = [line for line in outcome.trace if "FAULT" in line]
    assert str(outcome.faults[0].kind) in line
    assert int(line.split()[0]) >= outcome.faults[0].point
