"""The HAProxy target alone: its variables, its file, what it refuses, and the documented configuration."""

from __future__ import annotations

import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wedgate.adapters._haproxy.settings import parse_settings
from wedgate.adapters._haproxy.weights import Held, parse_weights, render_weights
from wedgate.adapters._service import files
from wedgate.adapters.targets import haproxy as haproxy_module
from wedgate.adapters.targets.haproxy import HaproxyTarget
from wedgate.adapters.targets.interface import Capacity, FenceError, WeightsReading
from wedgate.errors import ConfigurationError, ExternalSystemError
from wedgate.rollout.values import Colour, Fence, TargetSettings, Weights

pytestmark = pytest.mark.needs_tool("haproxy")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "haproxy.md"
TEN = Weights(blue=90, green=10)
BACK = Weights(blue=100, green=0)


def fence(epoch: int, revision: int = 1) -> Fence:
    """Return one fence."""
    return Fence(epoch=epoch, revision=revision, rollout="venue-search-7")


def say(region: Any, line: str) -> str:
    """Type a line into the admin socket, as a person would."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(region.edge.socket))
        connection.sendall(line.encode() + b"\n")
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    return answer.decode()


def test_haproxy_itself_can_be_asked_which_fence_is_in_force(haproxy_region: Any) -> None:
    """The documented variables are there for anybody with the socket."""
    HaproxyTarget(haproxy_region.settings()).set_weights(TEN, fence(4, 2))
    assert "value=<10>" in say(haproxy_region, "get var proc.wedgate_green")
    assert "value=<venue-search-7/4/2@10>" in say(haproxy_region, "get var proc.wedgate_stamp")


def test_a_fence_that_only_haproxy_still_holds_is_respected(haproxy_region: Any) -> None:
    """Somebody who puts an old file back does not open the door to an old writer."""
    target = HaproxyTarget(haproxy_region.settings())
    target.set_weights(TEN, fence(5))
    haproxy_region.edge.weights.write_text(render_weights("wedgate", 0))
    with pytest.raises(FenceError, match="HAProxy was last written under venue-search-7/5/1"):
        target.set_weights(BACK, fence(4))
    assert target.set_weights(BACK, fence(6)).weights == BACK


def test_a_share_that_somebody_set_by_hand_is_nobodys(haproxy_region: Any) -> None:
    """It is read as it is, without the fence of whoever wrote before; an older writer stays out all the same."""
    target = HaproxyTarget(haproxy_region.settings())
    target.set_weights(TEN, fence(5))
    say(haproxy_region, "experimental-mode on; set var proc.wedgate_green int(37)")
    assert target.weights() == WeightsReading(weights=Weights(blue=63, green=37), fence=None)
    with pytest.raises(FenceError):
        target.set_weights(BACK, fence(4))
    assert target.set_weights(TEN, fence(5)).weights == TEN
    assert target.weights() == WeightsReading(weights=TEN, fence=fence(5))


@pytest.mark.parametrize("odd", ["int(150)", "int(-1)", "str(ten)"])
def test_a_share_that_is_no_share_is_an_error_and_can_be_overwritten(haproxy_region: Any, odd: str) -> None:
    """Somebody else wrote; absolute weights mend it."""
    target = HaproxyTarget(haproxy_region.settings())
    say(haproxy_region, f"experimental-mode on; set var proc.wedgate_green {odd}")
    with pytest.raises(ExternalSystemError, match="somebody else wrote it"):
        target.weights()
    assert target.set_weights(BACK, fence(1)).weights == BACK
    assert target.weights().weights == BACK


def test_a_haproxy_that_was_started_without_the_file_is_told(haproxy_region: Any) -> None:
    """Without the variable there is nothing to read, and the message says why; a rollback is written all the same."""
    target = HaproxyTarget(haproxy_region.settings(variable="another"))
    with pytest.raises(ExternalSystemError, match=r"no variable proc.another_green .*as another -f"):
        target.weights()
    assert target.set_weights(BACK, fence(1)).weights == BACK


@pytest.mark.parametrize("content", ["", "global\n", "garbage", "global\n  set-var proc.wedgate_green int(x)\n", None])
def test_a_broken_file_does_not_stop_a_rollback(haproxy_region: Any, content: str | None) -> None:
    """The file is written whole, whatever was in it."""
    target, path = HaproxyTarget(haproxy_region.settings()), haproxy_region.edge.weights
    target.set_weights(TEN, fence(1))
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    assert target.set_weights(BACK, fence(2)) == WeightsReading(weights=BACK, fence=fence(2))
    assert parse_weights(path.read_text(), "wedgate") == Held(green=0, fence=fence(2), is_as_written=True)


def test_what_haproxy_refuses_is_taken_back_from_the_file(haproxy_region: Any) -> None:
    """A socket that may not write is named with the remedy, and a restart does not find what was not in force."""
    edge = haproxy_region.edge
    whole = edge.configuration.read_text()
    edge.configuration.write_text(whole.replace("level admin", "level operator"))
    edge.restart()
    try:
        before = edge.weights.read_text()
        with pytest.raises(ExternalSystemError, match=r"refused the weights: Permission denied.*level admin"):
            HaproxyTarget(haproxy_region.settings()).set_weights(TEN, fence(1))
        assert edge.weights.read_text() == before
        assert HaproxyTarget(haproxy_region.settings()).weights().weights == BACK
    finally:
        edge.configuration.write_text(whole)


def test_a_haproxy_that_is_starting_with_the_old_file_is_switched_all_the_same(
    haproxy_region: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has read the old weights and does not answer yet: a rollback that only wrote the file would not reach it."""
    monkeypatch.setattr(haproxy_module, "STARTING_SECONDS", 10.0)
    edge, target = haproxy_region.edge, HaproxyTarget(haproxy_region.settings())
    target.set_weights(Weights(blue=0, green=100), fence(1))
    edge.stop()
    old = tmp_path / "old.cfg"
    old.write_text(edge.weights.read_text())
    words = [str(old) if word == str(edge.weights) else word for word in edge.command()]
    monkeypatch.setattr(edge, "command", lambda: words)
    written = threading.Event()

    def replace(path: Path, text: str) -> None:
        files_replace(path, text)
        written.set()

    files_replace = files.replace
    monkeypatch.setattr(files, "replace", replace)
    starting = threading.Thread(target=lambda: written.wait(10) and edge.start())
    starting.start()
    assert target.set_weights(BACK, fence(2)) == WeightsReading(weights=BACK, fence=fence(2))
    starting.join(20)
    assert haproxy_region.get()[1] == b"blue"


def test_the_same_write_again_touches_nothing(haproxy_region: Any) -> None:
    """A repeated call does not write the file."""
    target = HaproxyTarget(haproxy_region.settings())
    target.set_weights(TEN, fence(1))
    before = haproxy_region.edge.weights.stat().st_mtime_ns
    assert target.set_weights(TEN, fence(1)) == WeightsReading(weights=TEN, fence=fence(1))
    assert haproxy_region.edge.weights.stat().st_mtime_ns == before


def test_options_are_checked_all_at_once() -> None:
    """Everything wrong with the options is named in one message."""
    options = {"socket": "admin", "variable": "proc.x", "routes": "r", "deploy": "./deploy"}
    with pytest.raises(ConfigurationError) as caught:
        parse_settings(TargetSettings(kind="haproxy", region="us-west", options=options))
    for name in ("socket: ", "weights: ", "variable: ", "routes: ", "deploy: "):
        assert f"rollout.target of us-west: {name}" in str(caught.value)


def test_the_documented_configuration_is_the_one_that_is_started_here(proxy_edges: Any) -> None:
    """The page and the module of the tests say the same, and so do its first weights file and the renderer."""
    blocks = re.findall(r"```haproxy\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks == [
        proxy_edges.haproxy_configuration(
            listen_port=8080,
            socket=Path("/run/haproxy/admin.sock"),
            addresses={"blue": "127.0.0.1:8001", "green": "127.0.0.1:8002"},
        ),
        render_weights("wedgate", 0),
    ]


Configured = Callable[[str, str], HaproxyTarget]


@pytest.fixture
def configured(haproxy_region: Any) -> Iterator[Configured]:
    """Restart HAProxy with other servers of blue and green, and return its target."""
    edge = haproxy_region.edge
    whole = edge.configuration.read_text()

    def configure(blue: str, green: str) -> HaproxyTarget:
        text, count = re.subn(
            r"    server (blue|green) .*", lambda found: {"blue": blue, "green": green}[found[1]], whole
        )
        assert count == 2
        edge.configuration.write_text(text)
        edge.restart()
        return HaproxyTarget(haproxy_region.settings())

    yield configure
    edge.configuration.write_text(whole)
    edge.restart()


def test_capacity_is_the_servers_that_are_up(haproxy_region: Any, configured: Configured, proxy_edges: Any) -> None:
    """Of four servers two are down, one is in maintenance and one serves: one of three. What nobody checks says
    nothing."""
    address, dead = haproxy_region.services["blue"].address, [proxy_edges.free_port() for _ in range(2)]
    lines = [f"    server one {address} check inter 50ms fastinter 50ms fall 1"]
    lines += [f"    server dead{port} 127.0.0.1:{port} check inter 50ms fastinter 50ms fall 1" for port in dead]
    lines += [f"    server away {address} check disabled", f"    server reserve {address} check backup"]
    target = configured("\n".join(lines), f"    server green {haproxy_region.services['green'].address}")
    deadline = time.monotonic() + 15
    while target.capacity(Colour.BLUE) != Capacity(ready=1, wanted=3):
        assert time.monotonic() < deadline, target.capacity(Colour.BLUE)
        time.sleep(0.02)
    assert target.capacity(Colour.GREEN) is None
    say(
        haproxy_region,
        f"set server blue/dead{dead[0]} addr {address.partition(':')[0]} port {address.partition(':')[2]}",
    )
    while target.capacity(Colour.BLUE) != Capacity(ready=2, wanted=3):
        assert time.monotonic() < deadline, target.capacity(Colour.BLUE)
        time.sleep(0.02)


def test_a_backend_that_is_not_there_is_named(haproxy_region: Any) -> None:
    """With the key that names the right one."""
    target = HaproxyTarget(haproxy_region.settings(backends={"blue": "no-such", "green": "green"}))
    with pytest.raises(ExternalSystemError, match=r"backend no-such .*`backends:`"):
        target.capacity(Colour.BLUE)


def test_a_name_that_would_be_another_command_is_refused(haproxy_region: Any) -> None:
    """`;` begins the next command on HAProxy's socket."""
    with pytest.raises(ConfigurationError, match="backends: expected two different names"):
        HaproxyTarget(haproxy_region.settings(backends={"blue": "blue; shutdown sessions", "green": "green"}))


def test_the_scale_command_is_told_the_colour_and_its_failure_is_said(haproxy_region: Any, tmp_path: Path) -> None:
    """Nothing is scaled without one; with one it is run, and its last words are in the error."""
    assert not HaproxyTarget(haproxy_region.settings()).scale(Colour.BLUE)
    script = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.argv[2]); sys.exit(sys.argv[2] == 'green')"
    scale = [sys.executable, "-c", script, str(tmp_path / "told"), "{colour}"]
    target = HaproxyTarget(haproxy_region.settings(scale=scale))
    assert target.scale(Colour.BLUE)
    assert (tmp_path / "told").read_text() == "blue"
    with pytest.raises(ExternalSystemError, match="us-west: scaling green"):
        target.scale(Colour.GREEN)
