"""``kill -9`` with real parts: real processes, real Envoys, a real PostgreSQL, users who never stop.

The simulation kills the same engine between any two effects, thousands of times; here nothing is simulated, so it is
slower: some of the points by default, and each of them, on both sides, with ``WEDGATE_THOROUGH=1`` (`make kill`).
"""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from lanes import NEW, OLD, RELEASE, Lane, lanes
from postgres_server import PostgresServer

from wedgate.errors import ExitCode
from wedgate.rollout.values import Colour, Weights

THOROUGH = os.environ.get("WEDGATE_THOROUGH") == "1"
LANES = 6 if THOROUGH else 4
SIDES = ("before", "after")
KILLED = -9

BACK, HALF, ALL = Weights(blue=100, green=0), Weights(blue=50, green=50), Weights(blue=0, green=100)

Case = tuple[int, str]

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def all_lanes(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Lane]]:
    """Some regions, each with an Envoy and users of its own, so that one bakes while another is killed."""
    with lanes(LANES, postgres_server, tmp_path_factory.mktemp("lanes")) as opened:
        yield opened


def at_every_point(lanes: list[Lane], cases: Iterable[Case], check: Callable[[Lane, Case], bool]) -> int:
    """Check each case in whichever lane is free; return in how many the process was killed, as ``check`` says."""
    free: queue.Queue[Lane] = queue.Queue()
    for lane in lanes:
        free.put(lane)

    def run(case: Case) -> bool:
        lane = free.get()
        try:
            return check(lane, case)
        finally:
            free.put(lane)

    with ThreadPoolExecutor(max_workers=len(lanes)) as threads:
        killed = sum(threads.map(run, cases))
    assert [lane.users.failures for lane in lanes] == [[]] * len(lanes)
    assert all(lane.users.answers > 100 for lane in lanes)
    return killed


def points_in(said: str) -> list[str]:
    """Return the effects that a driver told, in order."""
    return re.findall(r"^point \d+: (\w+)", said, re.MULTILINE)


def cases_of(count: int, every: int) -> list[Case]:
    """Return both sides of each point, or of each so many."""
    return [(point, side) for point in range(1, count + 1) for side in SIDES][::every]


def told(case: Case, ended: subprocess.CompletedProcess[str]) -> str:
    """Return what a failure should show."""
    return f"killed {case[1]} point {case[0]}; then exit code {ended.returncode}:\n{ended.stdout}{ended.stderr}"


def is_lawful(lane: Lane) -> None:
    """The weights are ones that the plan names, and a candidate with traffic is the version that was verified."""
    weights = lane.reading().weights
    assert weights in (BACK, HALF, ALL), weights
    if weights.green:
        assert lane.services[Colour.GREEN].digest == NEW
    assert lane.services[Colour.BLUE].digest == OLD


def test_killed_at_every_point_of_its_ticks_a_rollout_goes_on_and_ends_well(all_lanes: list[Lane]) -> None:
    """Start and ticks, killed before and after each effect; the next run ends the rollout, and no user notices."""
    first = all_lanes[0]
    first.reset()
    whole = first.drive(0, "before")
    assert whole.returncode == 0, whole.stdout + whole.stderr
    effects = points_in(whole.stdout)
    assert {"append", "clear", "save_rescue", "deploy", "set_weights"} <= set(effects)
    assert effects.count("set_weights") >= 2

    def check(lane: Lane, case: Case) -> bool:
        lane.reset()
        driven = lane.drive(*case)
        assert driven.returncode in (KILLED, 0), told(case, driven)
        is_lawful(lane)
        resumed = lane.wedgate("rollout", "run", *RELEASE)
        assert resumed.returncode in (ExitCode.DONE, ExitCode.ROLLED_BACK), told(case, resumed)
        is_lawful(lane)
        ended = ALL if resumed.returncode == ExitCode.DONE else BACK
        assert lane.reading().weights == ended, case
        ledger = lane.ledger()
        assert ledger.claims == {}, case
        assert ledger.good["us-west"].release.digest == (NEW if ended == ALL else OLD), case
        return driven.returncode == KILLED

    cases = cases_of(len(effects), 1 if THOROUGH else 9)
    killed = at_every_point(all_lanes, cases, check)
    # A lane that is quicker than the one that was counted in may have less to do in its last ticks.
    assert killed >= 0.9 * len(cases)


def test_a_rollback_that_is_killed_at_any_point_is_typed_again(all_lanes: list[Lane]) -> None:
    """All traffic on stable, recorded once, and the digest poisoned, wherever the first one died."""
    all_lanes[0].begin()
    effects = points_in(all_lanes[0].drive(0, "before", "rollback").stdout)
    assert {"keep", "set_weights", "append", "clear"} <= set(effects)

    def check(lane: Lane, case: Case) -> bool:
        lane.begin()
        driven = lane.drive(*case, "rollback")
        assert driven.returncode == KILLED, told(case, driven)
        is_lawful(lane)
        again = lane.wedgate("rollback")
        assert again.returncode in (ExitCode.DONE, ExitCode.ROLLED_BACK), told(case, again)
        assert lane.reading().weights == BACK, case
        # What the first one did and could not write down is found by the next run, which may not go on with it.
        then = lane.wedgate("rollout", "run", *RELEASE)
        assert then.returncode in (ExitCode.REFUSED, ExitCode.ROLLED_BACK), told(case, then)
        assert lane.reading().weights == BACK, case
        return True

    cases = cases_of(len(effects), 1 if THOROUGH else 3)
    assert at_every_point(all_lanes, cases, check) == len(cases)


def test_a_rollback_is_stronger_than_a_tick_that_is_in_the_middle(all_lanes: list[Lane]) -> None:
    """A tick stands still right before it raises, or before it writes down that it will; `wedgate rollback` is typed;
    then the tick goes on: it raises nothing any more, and stops."""
    first = all_lanes[0]
    first.reset()
    effects = points_in(first.drive(0, "before").stdout)
    raises = [number for number, effect in enumerate(effects, 1) if effect == "set_weights"]
    points = sorted({number for each in raises for number in (each - 1, each)})
    assert len(points) >= 4

    def check(lane: Lane, case: Case) -> bool:
        lane.reset()
        tick = lane.stopped(case[0])
        before = lane.reading().weights
        back = lane.wedgate("rollback", "--reason", "bookings fail")
        assert back.returncode == (ExitCode.ROLLED_BACK if before.green else ExitCode.DONE), told(case, back)
        tick.send_signal(signal.SIGCONT)
        said, _ = tick.communicate(timeout=60)
        assert lane.reading().weights == BACK, said
        assert "LeaseLostError" in said, said
        assert tick.returncode == 1, said
        assert "sha256:new" in lane.ledger().poisoned, case
        return True

    assert at_every_point(all_lanes, [(point, "stopped") for point in points], check) == len(points)


def test_an_abort_that_is_killed_at_any_point_is_typed_again(all_lanes: list[Lane]) -> None:
    """The order and the tick that obeys it, wherever the first one died: all traffic on stable, nothing poisoned."""
    abort = ("rollout", "abort", "--reason", "bookings fail")
    all_lanes[0].begin()
    effects = points_in(all_lanes[0].drive(0, "before", *abort).stdout)
    assert {"keep", "set_weights", "append", "clear"} <= set(effects)

    def check(lane: Lane, case: Case) -> bool:
        lane.begin()
        driven = lane.drive(*case, *abort)
        assert driven.returncode == KILLED, told(case, driven)
        is_lawful(lane)
        again = lane.wedgate(*abort)
        ends = (ExitCode.DONE, ExitCode.ROLLED_BACK, ExitCode.REFUSED)
        assert again.returncode in ends, told(case, again)
        lane.wedgate("rollout", "tick")
        assert lane.reading().weights == BACK, case
        ledger = lane.ledger()
        assert (ledger.claims, ledger.poisoned) == ({}, {}), case
        return True

    cases = cases_of(len(effects), 1 if THOROUGH else 3)
    assert at_every_point(all_lanes, cases, check) == len(cases)
