"""The Envoy target against the real Envoy: read-back, fences, restarts, rejected files, and switching under load."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from wedgate.adapters._envoy.routes import parse_response, render_response
from wedgate.adapters._service import files
from wedgate.adapters.targets import envoy as envoy_module
from wedgate.adapters.targets.envoy import EnvoyTarget
from wedgate.adapters.targets.interface import FenceError, WeightsReading
from wedgate.errors import ConfigurationError, ExternalSystemError
from wedgate.rollout.values import Colour, Fence, Release, Weights

TEN = Weights(blue=90, green=10)
BACK = Weights(blue=100, green=0)
RELEASE = Release(commit="c" * 40, digest="sha256:new")


def fence(epoch: int, revision: int = 1, rollout: str = "venue-search-7") -> Fence:
    """Return one fence."""
    return Fence(epoch=epoch, revision=revision, rollout=rollout)


def test_weights_are_read_back_from_envoy(region) -> None:
    """What is set is what Envoy reports, with the fence of who set it; before, nobody wedgate knows has."""
    target = EnvoyTarget(region.settings())
    assert target.region == "us-west"
    assert target.weights() == WeightsReading(weights=BACK, fence=None)
    assert target.set_weights(TEN, fence(1)) == WeightsReading(weights=TEN, fence=fence(1))
    assert EnvoyTarget(region.settings()).weights() == WeightsReading(weights=TEN, fence=fence(1))


def test_weights_are_those_of_the_data_plane_and_not_of_the_file(region) -> None:
    """A file that Envoy did not notice (written in place) changes nothing in the answer."""
    target = EnvoyTarget(region.settings())
    target.set_weights(TEN, fence(1))
    text = region.edge.routes.read_text().replace("90", "0").replace("10", "100")
    region.edge.routes.write_text(text)
    assert target.weights().weights == TEN


def test_traffic_follows_the_weights(region) -> None:
    """All of the traffic reaches the colour with all of the weight, and about a half with a half."""
    target = EnvoyTarget(region.settings())
    target.set_weights(Weights(blue=0, green=100), fence(1))
    assert {region.get()[1] for _ in range(20)} == {b"green"}
    target.set_weights(Weights(blue=50, green=50), fence(1, 2))
    assert {region.get()[1] for _ in range(60)} == {b"blue", b"green"}


def test_the_same_weights_and_fence_again_change_nothing(region) -> None:
    """A repeated call neither writes the file nor moves the version."""
    target = EnvoyTarget(region.settings())
    target.set_weights(TEN, fence(1))
    before = region.edge.routes.stat()
    assert target.set_weights(TEN, fence(1)).weights == TEN
    after = region.edge.routes.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_the_same_weights_under_a_new_fence_are_confirmed(region) -> None:
    """Envoy skips a configuration that differs in its version alone; a new writer is read back all the same."""
    target = EnvoyTarget(region.settings())
    target.set_weights(BACK, fence(1))
    assert target.set_weights(BACK, fence(2)) == WeightsReading(weights=BACK, fence=fence(2))
    assert target.weights().fence == fence(2)


@pytest.mark.parametrize("older", [fence(3, 9), fence(4, 1), fence(4, 2, rollout="another")])
def test_a_lower_fence_is_refused(region, older: Fence) -> None:
    """A lower epoch, a lower revision, or a stranger with the same numbers writes nothing; the text names both."""
    target = EnvoyTarget(region.settings())
    target.set_weights(TEN, fence(4, 2))
    with pytest.raises(FenceError) as caught:
        target.set_weights(BACK, older)
    assert str(older) in str(caught.value)
    assert str(fence(4, 2)) in str(caught.value)
    assert target.weights() == WeightsReading(weights=TEN, fence=fence(4, 2))


def test_a_fence_that_only_envoy_still_holds_is_respected(region) -> None:
    """Somebody who puts an old file back does not open the door to an old writer."""
    target = EnvoyTarget(region.settings())
    target.set_weights(TEN, fence(5))
    region.edge.routes.unlink()
    with pytest.raises(FenceError, match="Envoy was last written under venue-search-7/5/1"):
        target.set_weights(BACK, fence(4))
    assert target.set_weights(BACK, fence(6)).weights == BACK


def test_weights_survive_a_restart_of_envoy(region) -> None:
    """The file is the state: a new process routes by the last weights, fence included."""
    target = EnvoyTarget(region.settings())
    target.set_weights(Weights(blue=0, green=100), fence(1))
    region.edge.restart()
    assert target.weights() == WeightsReading(weights=Weights(blue=0, green=100), fence=fence(1))
    assert region.get()[1] == b"green"


def test_a_rollback_is_written_while_envoy_is_down(region) -> None:
    """Without Envoy's answer the file is written, the error says that it is not confirmed, and Envoy takes it."""
    target = EnvoyTarget(region.settings())
    target.set_weights(TEN, fence(1))
    region.edge.stop()
    try:
        with pytest.raises(ExternalSystemError, match=r"blue 100 / green 0 is written to .*, but not confirmed"):
            target.set_weights(BACK, fence(2))
        with pytest.raises(FenceError):
            target.set_weights(TEN, fence(1))
        with pytest.raises(ExternalSystemError, match="did not answer"):
            target.weights()
    finally:
        region.edge.restart()
    assert target.weights() == WeightsReading(weights=BACK, fence=fence(2))


def test_rejected_routes_keep_the_old_weights_and_the_old_file(region, monkeypatch: pytest.MonkeyPatch) -> None:
    """Routes that Envoy refuses (an unknown cluster) are an error; file and weights are what they were."""
    target = EnvoyTarget(region.settings())
    target.set_weights(TEN, fence(1))
    before = region.edge.routes.read_text()

    def broken(route: dict[str, object], *, version: str) -> str:
        return render_response(route, version=version).replace('"blue"', '"nowhere"')

    monkeypatch.setattr(envoy_module, "render_response", broken)
    with pytest.raises(ExternalSystemError, match="Envoy rejected the routes of venue-search-7/2/1"):
        target.set_weights(BACK, fence(2))
    monkeypatch.undo()
    assert region.edge.routes.read_text() == before
    assert target.weights() == WeightsReading(weights=TEN, fence=fence(1))
    assert target.set_weights(BACK, fence(2)).weights == BACK


@pytest.mark.parametrize("content", ["", "garbage", "[]", '{"resources": [{"virtual_hosts": [1]}]}', None])
def test_a_broken_file_does_not_stop_a_rollback(region, content: str | None) -> None:
    """Where the file is of no use, what Envoy routes by takes its place."""
    target = EnvoyTarget(region.settings())
    target.set_weights(TEN, fence(1))
    if content is None:
        region.edge.routes.unlink()
    else:
        files.replace(region.edge.routes, content)
    assert target.set_weights(BACK, fence(2)) == WeightsReading(weights=BACK, fence=fence(2))
    assert parse_response(region.edge.routes.read_text())[0] == str(fence(2))


def test_weights_of_others_are_an_error_and_can_be_overwritten(region) -> None:
    """33/33 is accepted by Envoy: wedgate says that somebody else wrote, and absolute weights mend it."""
    target = EnvoyTarget(region.settings())
    version, route = parse_response(region.edge.routes.read_text())
    odd = json.loads(json.dumps(route).replace('"weight": 100', '"weight": 33').replace('"weight": 0', '"weight": 33'))
    files.replace(region.edge.routes, render_response(odd, version="by-hand"))
    wait_for_version(target, "by-hand")
    with pytest.raises(ExternalSystemError, match=r"got blue=33 green=33.*somebody else wrote"):
        target.weights()
    assert target.set_weights(BACK, fence(1)).weights == BACK
    assert version == "initial"


def test_everything_else_in_the_file_stays(region) -> None:
    """Only weights, version and the check of clusters are wedgate's: other routes and settings are kept."""
    version, route = parse_response(region.edge.routes.read_text())
    host = route["virtual_hosts"][0]
    host["routes"].insert(0, {"match": {"path": "/static"}, "direct_response": {"status": 204}})
    host["routes"][1]["route"]["timeout"] = "0.4s"
    files.replace(region.edge.routes, render_response(route, version=version))
    target = EnvoyTarget(region.settings())
    target.set_weights(Weights(blue=0, green=100), fence(1))
    assert region.get("/static")[0] == 204
    written = parse_response(region.edge.routes.read_text())[1]
    assert written["virtual_hosts"][0]["routes"][1]["route"]["timeout"] == "0.4s"


def test_no_request_fails_while_weights_switch_under_load(region, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty switches under a client that never retries: no failure, and no request returns to the old side."""
    target = EnvoyTarget(region.settings())
    decided = []
    with region.under_load() as load:
        load.wait_for(1)
        for number in range(1, 21):
            new = Colour.GREEN if number % 2 else Colour.BLUE
            decided.append(time.monotonic())
            target.set_weights(Weights.giving(new, 100), fence(1, number))
            wait_until(lambda new=new: load.answers and load.answers[-1][1] == new.value)
    assert load.failures == []
    changes = [then for (_, before), (then, after) in pairwise(load.answers) if before != after]
    assert len(changes) == 20
    assert load.answers[-1][1] == "blue"
    slowest = max(then - start for start, then in zip(decided, changes, strict=True)) * 1000
    with capsys.disabled():
        print(f" [{len(load.answers)} requests, 0 failed, on the new side after {slowest:.0f} ms at most]", end="")


def test_two_writers_at_once_end_on_the_higher_fence(region) -> None:
    """Many writers with different fences leave one whole file, the one of the highest fence."""
    refused: list[int] = []

    def write(revision: int) -> None:
        try:
            EnvoyTarget(region.settings()).set_weights(Weights(blue=100 - revision, green=revision), fence(1, revision))
        except FenceError:
            refused.append(revision)

    threads = [threading.Thread(target=write, args=(revision,)) for revision in (3, 1, 8, 2, 5, 7, 4, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert 8 not in refused
    assert EnvoyTarget(region.settings()).weights() == WeightsReading(
        weights=Weights(blue=92, green=8), fence=fence(1, 8)
    )


def test_a_held_lock_is_waited_for_and_then_named(region, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that never lets go is an error that names the lock file; nothing is written."""
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.05)
    before = region.edge.routes.read_text()
    with (
        files.locked(region.edge.routes),
        pytest.raises(ExternalSystemError, match=r"routes.json.lock has been held"),
    ):
        EnvoyTarget(region.settings()).set_weights(TEN, fence(1))
    assert region.edge.routes.read_text() == before


def test_an_envoy_that_watches_elsewhere_is_noticed(region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing a file that Envoy does not watch is not confirmed, and says where to look."""
    monkeypatch.setattr(envoy_module, "CONFIRM_SECONDS", 0.1)
    elsewhere = tmp_path / "routes.json"
    elsewhere.write_text(region.edge.routes.read_text())
    target = EnvoyTarget(region.settings(routes=str(elsewhere)))
    with pytest.raises(ExternalSystemError, match="is that directory the one Envoy watches"):
        target.set_weights(TEN, fence(1))


def test_a_file_keeps_its_mode(region) -> None:
    """Envoy often runs as another user: who could read the old file can read the new one."""
    region.edge.routes.chmod(0o640)
    EnvoyTarget(region.settings()).set_weights(TEN, fence(1))
    assert region.edge.routes.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in region.edge.routes_directory.iterdir()) == ["routes.json", "routes.json.lock"]
    region.edge.routes.chmod(0o644)


def test_a_directory_that_is_gone_is_said(region, tmp_path: Path) -> None:
    """A routes path whose directory does not exist is an error that names it."""
    target = EnvoyTarget(region.settings(routes=str(tmp_path / "gone" / "routes.json")))
    with pytest.raises(ExternalSystemError, match=r"cannot lock .*gone.routes.json"):
        target.set_weights(TEN, fence(1))


def test_the_digest_is_what_the_service_answers(region) -> None:
    """A healthy answer with a digest is read; errors, other content and silence are ``None``."""
    target = EnvoyTarget(region.settings())
    assert target.digest(Colour.BLUE) == "sha256:blue"
    region.services["green"].digest = None
    assert target.digest(Colour.GREEN) is None
    for url in ("http://{address}/503", "http://{address}/", "http://127.0.0.1:1/version", "http://{address}/break"):
        odd = EnvoyTarget(region.settings(verify={"url": url, "field": "digest"}))
        assert odd.digest(Colour.BLUE) is None


def test_deploying_runs_the_users_command_word_by_word(region, tmp_path: Path) -> None:
    """Templates are filled in each word, nothing is read by a shell, and other braces stay."""
    script = "import json, sys; open(sys.argv[1], 'w').write(json.dumps(sys.argv[2:]))"
    words = ["{colour}", "{digest}", "{commit}", "{address}", "$(id); {other}"]
    target = EnvoyTarget(region.settings(deploy=[sys.executable, "-c", script, str(tmp_path / "out"), *words]))
    target.deploy(Colour.GREEN, RELEASE)
    address = region.services["green"].address
    assert json.loads((tmp_path / "out").read_text()) == [
        "green",
        "sha256:new",
        "c" * 40,
        address,
        "$(id); {other}",
    ]


def test_a_failed_deployment_shows_its_last_lines(region) -> None:
    """The exit status and what the command said at its end are in the message, not all of it."""
    script = "import sys; print('\\n'.join(f'line {n}' for n in range(5000))); print('no room left'); sys.exit(3)"
    target = EnvoyTarget(region.settings(deploy=[sys.executable, "-c", script]))
    with pytest.raises(
        ExternalSystemError, match=r"exited with 3; its last lines:(.|\n)*line 4999\n  no room left"
    ) as caught:
        target.deploy(Colour.GREEN, RELEASE)
    assert len(str(caught.value).splitlines()) < 20
    with pytest.raises(ExternalSystemError, match=r"cannot run './no-such-command'"):
        EnvoyTarget(region.settings(deploy=["./no-such-command"])).deploy(Colour.GREEN, RELEASE)


def test_a_deployment_that_takes_too_long_is_killed_with_what_it_started(region, tmp_path: Path) -> None:
    """After the limit the command and its children are gone, and the message says so."""
    script = (
        "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid)); print('started', flush=True); time.sleep(60)"
    )
    target = EnvoyTarget(region.settings(**{"deploy": [sys.executable, "-c", script], "deploy-timeout": 1}))
    with pytest.raises(ExternalSystemError, match=r"was not done after 1 s and was killed(.|\n)*started"):
        target.deploy(Colour.GREEN, RELEASE)
    child = int((tmp_path / "pid").read_text())
    wait_until(lambda: not is_running(child))


def test_options_are_checked_all_at_once(region) -> None:
    """Everything wrong with the options is named in one message."""
    settings = replace(
        region.settings(),
        options={"admin": "127.0.0.1:9901", "clusters": {"blue": "x"}, "deploy": "./deploy", "colour": 1, "verify": 3},
    )
    with pytest.raises(ConfigurationError) as caught:
        EnvoyTarget(settings)
    said = str(caught.value)
    for name in ("admin: ", "routes: ", "clusters: ", "deploy: ", "colour: ", "verify: "):
        assert f"rollout.target of us-west: {name}" in said


def wait_for_version(target: EnvoyTarget, version: str) -> None:
    """Wait until Envoy routes by this version."""
    wait_until(lambda: target._admin.route_in_force({colour: colour.value for colour in Colour})[0] == version)


def wait_until(condition) -> None:
    """Poll a condition for at most 10 seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def is_running(process: int) -> bool:
    """Tell whether a process is there and not a zombie."""
    try:
        os.kill(process, 0)
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False
