"""HAProxy and nginx, the real ones: the contract with traffic running, and what both promise beyond it."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from modules import module_at

from wedgate.adapters._service import files
from wedgate.adapters.targets.haproxy import HaproxyTarget
from wedgate.adapters.targets.interface import FenceError, Target, WeightsReading
from wedgate.adapters.targets.nginx import NginxTarget
from wedgate.errors import ConfigurationError, ExternalSystemError
from wedgate.rollout.values import Colour, Fence, Release, Weights

CONTRACT = Path(__file__).resolve().parents[1] / "contract" / "target_contract.py"
DEPLOY = "import sys, urllib.request; urllib.request.urlopen(f'http://{sys.argv[1]}/become/{sys.argv[2]}', timeout=5)"
KINDS = [
    pytest.param("haproxy", marks=pytest.mark.needs_tool("haproxy")),
    pytest.param("nginx", marks=pytest.mark.needs_tool("nginx")),
]
TARGETS: dict[str, type[Any]] = {"haproxy": HaproxyTarget, "nginx": NginxTarget}

TEN = Weights(blue=90, green=10)
BACK = Weights(blue=100, green=0)
ALL = Weights(blue=0, green=100)
SWITCHES = 20


contract = module_at(CONTRACT)


def fence(epoch: int, revision: int = 1, rollout: str = "venue-search-7") -> Fence:
    """Return one fence."""
    return Fence(epoch=epoch, revision=revision, rollout=rollout)


@pytest.fixture(params=KINDS)
def region(request: pytest.FixtureRequest) -> Any:
    """Return a fresh region behind each kind of proxy."""
    return request.getfixturevalue(f"{request.param}_region")


@pytest.fixture
def target_of() -> Callable[..., Any]:
    """Return the maker of targets for a region."""
    return lambda region, **options: TARGETS[region.kind](region.settings(**options))


class TestProxyTarget(contract.TargetContract):  # type: ignore[misc,name-defined]
    """Each proxy, while users send requests: none of them fails."""

    @pytest.fixture
    def target(self, region: Any, target_of: Callable[..., Target]) -> Iterator[Target]:
        """A region with traffic whose green is empty."""
        region.services["blue"].digest = contract.RUNNING.digest
        region.services["green"].digest = None
        with region.under_load() as load:
            load.wait_for(1)
            yield target_of(region, deploy=[sys.executable, "-c", DEPLOY, "{address}", "{digest}"])
        assert load.failures == []


def test_weights_are_read_back_by_another_process(region: Any, target_of: Callable[..., Any]) -> None:
    """What is set is what the proxy reports, with the fence of who set it; before, nobody wedgate knows has."""
    target = target_of(region)
    assert target.region == "us-west"
    assert target.weights() == WeightsReading(weights=BACK, fence=None)
    assert target.set_weights(TEN, fence(1)) == WeightsReading(weights=TEN, fence=fence(1))
    assert target_of(region).weights() == WeightsReading(weights=TEN, fence=fence(1))


def test_traffic_follows_the_weights(region: Any, target_of: Callable[..., Any]) -> None:
    """None of the traffic, all of it, and about a half of it."""
    target = target_of(region)
    assert {region.get()[1] for _ in range(100)} == {b"blue"}
    target.set_weights(ALL, fence(1))
    assert {region.get()[1] for _ in range(100)} == {b"green"}
    target.set_weights(Weights(blue=50, green=50), fence(1, 2))
    share = [region.get()[1] for _ in range(400)].count(b"green") / 400
    # Five standard deviations of 400 fair coins.
    assert abs(share - 0.5) < 0.125


@pytest.mark.parametrize("older", [fence(3, 9), fence(4, 1), fence(4, 2, rollout="another")])
def test_a_lower_fence_is_refused(region: Any, target_of: Callable[..., Any], older: Fence) -> None:
    """A lower epoch, a lower revision, or a stranger with the same numbers writes nothing; the text names both."""
    target = target_of(region)
    target.set_weights(TEN, fence(4, 2))
    with pytest.raises(FenceError) as caught:
        target.set_weights(BACK, older)
    assert str(older) in str(caught.value)
    assert str(fence(4, 2)) in str(caught.value)
    assert target.weights() == WeightsReading(weights=TEN, fence=fence(4, 2))


def test_a_rollout_of_any_name_is_read_back(region: Any, target_of: Callable[..., Any]) -> None:
    """What a proxy would read in its own way (`;`, brackets, blanks, letters) is a name like any other."""
    odd = fence(3, 0, rollout="venue; search (7), 100% é/x@5")
    assert target_of(region).set_weights(TEN, odd).fence == odd
    region.edge.restart()
    assert target_of(region).weights() == WeightsReading(weights=TEN, fence=odd)


def test_weights_and_fence_survive_a_restart(region: Any, target_of: Callable[..., Any]) -> None:
    """A new process routes by the last weights, and still refuses an older writer."""
    target = target_of(region)
    target.set_weights(ALL, fence(2))
    region.edge.restart()
    assert target.weights() == WeightsReading(weights=ALL, fence=fence(2))
    assert region.get()[1] == b"green"
    with pytest.raises(FenceError):
        target.set_weights(BACK, fence(1))


def test_a_rollback_is_written_while_the_proxy_is_down(region: Any, target_of: Callable[..., Any]) -> None:
    """Without an answer the weights are written, the error says that they are not confirmed, and they come in force."""
    target = target_of(region)
    target.set_weights(ALL, fence(1))
    region.edge.stop()
    with pytest.raises(ExternalSystemError, match="not confirmed"):
        target.set_weights(BACK, fence(2))
    with pytest.raises(FenceError):
        target.set_weights(ALL, fence(1))
    with pytest.raises(ExternalSystemError, match="did not answer"):
        target.weights()
    region.edge.start()
    assert target.weights() == WeightsReading(weights=BACK, fence=fence(2))
    assert region.get()[1] == b"blue"


def test_many_writers_at_once_end_on_the_highest_fence(region: Any, target_of: Callable[..., Any]) -> None:
    """Whoever comes late with a lower fence is refused, and nothing of theirs stays."""
    refused: list[int] = []

    def write(revision: int) -> None:
        try:
            target_of(region).set_weights(Weights(blue=100 - revision, green=revision), fence(1, revision))
        except FenceError:
            refused.append(revision)

    threads = [threading.Thread(target=write, args=(revision,)) for revision in (3, 1, 8, 2, 5, 7, 4, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert 8 not in refused
    assert target_of(region).weights() == WeightsReading(weights=Weights(blue=92, green=8), fence=fence(1, 8))


def test_a_held_lock_is_waited_for_and_then_named(
    region: Any, target_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that never lets go is an error that names the lock file; nothing is written."""
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.05)
    path = region.edge.weights / "current" if region.kind == "nginx" else region.edge.weights
    with files.locked(path), pytest.raises(ExternalSystemError, match=r"\.lock has been held"):
        target_of(region).set_weights(TEN, fence(1))
    assert target_of(region).weights().weights == BACK


def test_a_failed_deployment_and_a_missing_option_say_what_to_do(region: Any, target_of: Callable[..., Any]) -> None:
    """`deploy` and `verify` are those of every target: the last lines, and the option that is missing."""
    release = Release(commit="c" * 40, digest="sha256:new")
    script = "import sys; print('no room left'); sys.exit(3)"
    with pytest.raises(ExternalSystemError, match=r"exited with 3; its last lines:\n  no room left"):
        target_of(region, deploy=[sys.executable, "-c", script]).deploy(Colour.GREEN, release)
    with pytest.raises(ConfigurationError, match="deploy: is missing"):
        target_of(region).deploy(Colour.GREEN, release)
    with pytest.raises(ConfigurationError, match="verify: is missing"):
        target_of(region, verify={}).digest(Colour.GREEN)


@contextlib.contextmanager
def wrk(program: Path, url: str, report: list[str]) -> Iterator[None]:
    """Load a URL with a client that never retries for as long as the block runs, and keep what it reports."""
    command = [program, "-t1", "-c8", "-d60s", "--timeout", "5s", f"{url}/"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield
    finally:
        # wrk reports what it has when it is interrupted.
        process.send_signal(2)
        report.append(process.communicate(timeout=30)[0])


@pytest.mark.needs_tool("wrk")
def test_no_request_fails_over_twenty_switches_under_load(
    region: Any,
    target_of: Callable[..., Any],
    tool_named: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """wrk never retries: it counts no failure, and the old side hears nothing a second after the command."""
    target, report, late = target_of(region), [], []
    with wrk(tool_named("wrk"), region.edge.url, report):
        wait_until(lambda: region.services["blue"].reached > 0)
        for number in range(1, SWITCHES + 1):
            new = Colour.GREEN if number % 2 else Colour.BLUE
            began = time.monotonic()
            target.set_weights(Weights.giving(new, 100), fence(1, number))
            new_side, old_side = region.services[new.value], region.services[new.other.value]
            wait_until(lambda new_side=new_side, began=began: new_side.reached > began)
            threading.Event().wait(0.1)
            late.append(max(0.0, old_side.reached - began))
    found = re.search(r"(\d+) requests in", report[0])
    assert found is not None, report[0]
    assert int(found[1]) > 100
    assert "Socket errors" not in report[0]
    assert "Non-2xx" not in report[0]
    assert max(late) < 1.0
    with capsys.disabled():
        print(f" [{region.kind}: {found[1]} requests, 0 failed, last on the old side after {max(late) * 1000:.0f} ms]")


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll a condition for at most 10 seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)
