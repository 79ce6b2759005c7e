"""The nginx target alone: its sets of buckets, what nginx answers, and the documented configuration."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from wedgate.adapters._nginx import sets
from wedgate.adapters._nginx.settings import parse_settings
from wedgate.adapters._service.statements import Held
from wedgate.adapters.targets import nginx as nginx_module
from wedgate.adapters.targets.interface import FenceError, WeightsReading
from wedgate.adapters.targets.nginx import NginxTarget
from wedgate.errors import ConfigurationError, ExternalSystemError
from wedgate.rollout.values import Colour, Fence, TargetSettings, Weights

pytestmark = pytest.mark.needs_tool("nginx")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "nginx.md"
TEN = Weights(blue=90, green=10)
BACK = Weights(blue=100, green=0)


def fence(epoch: int, revision: int = 1) -> Fence:
    """Return one fence."""
    return Fence(epoch=epoch, revision=revision, rollout="venue-search-7")


def test_a_set_holds_a_file_for_each_bucket_of_green(nginx_region: Any) -> None:
    """Ten percent are the buckets 0 to 9, and the statement beside them says so."""
    NginxTarget(nginx_region.settings()).set_weights(TEN, fence(3, 2))
    current = nginx_region.edge.weights / "current"
    assert current.is_symlink()
    assert {path.name for path in current.iterdir()} == {*"0123456789", "weights.json"}
    statement = json.loads((current / "weights.json").read_text())
    assert statement == {"weights": {"blue": 90, "green": 10}, "fence": "venue-search-7/3/2"}


def test_the_set_before_stays_and_older_ones_go(nginx_region: Any) -> None:
    """A request that is about to look into the old set still can; the directory does not grow."""
    target, directory = NginxTarget(nginx_region.settings()), nginx_region.edge.weights
    for revision in range(1, 6):
        before = (directory / "current").resolve()
        target.set_weights(Weights(blue=100 - revision, green=revision), fence(1, revision))
    names = {path.name for path in directory.iterdir()}
    assert names == {"current", "current.lock", before.name, (directory / "current").resolve().name}


def test_the_same_write_again_touches_nothing(nginx_region: Any) -> None:
    """A repeated call makes no new set; one whose buckets somebody changed is made anew."""
    target, current = NginxTarget(nginx_region.settings()), nginx_region.edge.weights / "current"
    target.set_weights(TEN, fence(1))
    before = current.resolve()
    assert target.set_weights(TEN, fence(1)) == WeightsReading(weights=TEN, fence=fence(1))
    assert current.resolve() == before
    (before / "77").touch()
    target.set_weights(TEN, fence(1))
    assert current.resolve() != before
    assert not (current / "77").exists()


def test_without_a_set_nginx_says_so_and_a_rollback_works(nginx_region: Any) -> None:
    """A link that is gone is an error to read, and no reason not to write."""
    target = NginxTarget(nginx_region.settings())
    (nginx_region.edge.weights / "current").unlink()
    with pytest.raises(ExternalSystemError, match=r"answered 404; it must serve current/weights.json"):
        target.weights()
    assert target.set_weights(BACK, fence(1)) == WeightsReading(weights=BACK, fence=fence(1))


def test_a_directory_in_the_place_of_the_link_is_said(nginx_region: Any) -> None:
    """It cannot be replaced in one step; the message names the link, and nothing is left behind."""
    directory = nginx_region.edge.weights
    (directory / "current").unlink()
    (directory / "current").mkdir()
    before = {path.name for path in directory.glob("set-*")}
    try:
        with pytest.raises(ExternalSystemError, match="current must be a symbolic link"):
            NginxTarget(nginx_region.settings()).set_weights(TEN, fence(1))
        assert {path.name for path in directory.glob("set-*")} == before
    finally:
        shutil.rmtree(directory / "current")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"weights": {"blue": 33, "green": 33}}',
        '{"weights": {"blue": true, "green": 99}}',
        "[" * 100000,
    ],
)
def test_weights_of_others_are_an_error_and_can_be_overwritten(nginx_region: Any, content: str) -> None:
    """What nginx answers must be weights; absolute weights mend it."""
    target = NginxTarget(nginx_region.settings())
    (nginx_region.edge.weights / "current" / "weights.json").write_text(content)
    with pytest.raises(ExternalSystemError, match="somebody else wrote them"):
        target.weights()
    assert target.set_weights(BACK, fence(1)).weights == BACK


def test_a_fence_outlives_buckets_that_somebody_changed(nginx_region: Any) -> None:
    """An older writer stays out."""
    target = NginxTarget(nginx_region.settings())
    target.set_weights(TEN, fence(5))
    (nginx_region.edge.weights / "current" / "3").unlink()
    with pytest.raises(FenceError):
        target.set_weights(BACK, fence(4))


def test_an_nginx_that_looks_elsewhere_is_noticed(
    nginx_region: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that nginx does not answer with are not confirmed."""
    monkeypatch.setattr(nginx_module, "CONFIRM_SECONDS", 0.05)
    target = NginxTarget(nginx_region.settings(weights=str(tmp_path)))
    with pytest.raises(ExternalSystemError, match=r"not confirmed: within 0.05 s, nginx still answers with None"):
        target.set_weights(TEN, fence(1))


def test_options_are_checked_all_at_once() -> None:
    """Everything wrong with the options is named in one message."""
    options = {"read-back": "127.0.0.1:8081", "socket": "r", "verify": 3}
    with pytest.raises(ConfigurationError) as caught:
        parse_settings(TargetSettings(kind="nginx", region="us-west", options=options))
    for name in ("weights: ", "read-back: ", "socket: ", "verify: "):
        assert f"rollout.target of us-west: {name}" in str(caught.value)


def block(language: str) -> str:
    """Return the only code block of a language on the page."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


def test_the_documented_configuration_is_the_one_that_is_started_here(proxy_edges: Any) -> None:
    """The page and the module of the tests say the same."""
    assert block("nginx") == proxy_edges.nginx_configuration(
        listen_port=8080,
        status_port=8081,
        directory=Path("/srv/edge/us-west"),
        addresses={"blue": "127.0.0.1:8001", "green": "127.0.0.1:8002"},
    )


def test_the_documented_first_steps_make_the_buckets_and_the_first_set(proxy_edges: Any, tmp_path: Path) -> None:
    """Page to files: what the shell block makes is what the tests start nginx with."""
    script = block("bash").replace("/srv/edge/us-west", str(tmp_path))
    subprocess.run(["bash", "-euc", script], check=True, timeout=10)
    assert (tmp_path / "buckets.conf").read_text() == proxy_edges.nginx_buckets()
    assert sets.read_current(tmp_path / "weights") == Held(weights=BACK, fence=None)


def test_capacity_is_not_known(nginx_region: Any) -> None:
    """nginx as Debian has it answers no question about its upstreams; it is not made up."""
    target = NginxTarget(nginx_region.settings())
    assert [target.capacity(colour) for colour in Colour] == [None, None]
