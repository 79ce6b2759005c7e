"""``wedgate rollback`` as a command, its own start included, on real proxies with users: nobody sees a failure."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from broken_places import STATES, broken, reason
from store_places import SERVICE, FilePlace

from wedgate.adapters.stores.rescue import save_rescue
from wedgate.adapters.stores.spool import FileSpool
from wedgate.adapters.targets.interface import FenceError, Target
from wedgate.cli.rollout_wiring import open_target
from wedgate.engine.book import Book
from wedgate.engine.holder import own_name
from wedgate.engine.recording import drafts_of_adoption
from wedgate.errors import ExitCode
from wedgate.ledger.streams import Good
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import RegionPlan
from wedgate.rollout.values import Colour, Fence, Release, Weights

OLD, NEW = Release(commit="1" * 40, digest="sha256:blue"), Release(commit="2" * 40, digest="sha256:green")
CLIENTS = 4
KINDS = [
    "envoy",
    pytest.param("haproxy", marks=pytest.mark.needs_tool("haproxy")),
    pytest.param("nginx", marks=pytest.mark.needs_tool("nginx")),
]


@pytest.fixture(params=KINDS)
def proxied(request: pytest.FixtureRequest) -> Any:
    """A fresh region behind each kind of proxy."""
    return request.getfixturevalue("region" if request.param == "envoy" else f"{request.param}_region")


@pytest.fixture
def ledger(tmp_path: Path) -> FilePlace:
    """A ledger that knows the old version."""
    place = FilePlace(tmp_path / "state" / f"{SERVICE}.jsonl")
    book = Book(place.open(), FileSpool(tmp_path / "nowhere"))
    book.take_lease(datetime.now(UTC), above=0, who="a-runner-that-is-gone:1")
    good = Good(
        region="us-west", colour=Colour.BLUE, release=Release(commit="0" * 40, digest="sha256:old"), rollout=None
    )
    book.append(drafts_of_adoption([good], datetime.now(UTC)))
    return place


class Rollout:
    """One that left its candidate with a share of a region, and wrote its rescue file before."""

    def __init__(self, region: Any, directory: Path, green: int) -> None:
        settings = region.settings()
        self.directory = directory
        self.target: Target = open_target(settings)
        self.fence = Fence(epoch=7, revision=9, rollout="r-1")
        self.target.set_weights(Weights(blue=100 - green, green=green), self.fence)
        plan = RegionPlan(region="us-west", wave=0, stable=Colour.BLUE, stable_release=OLD, target=settings)
        rescue = Rescue(
            service=SERVICE,
            rollout="r-1",
            release=NEW,
            at=datetime.now(UTC),
            epoch=7,
            regions=(plan,),
            store_kind="file",
            store_options={"path": str(directory / "state")},
        )
        save_rescue(directory / ".wedgate" / f"{SERVICE}.rescue.json", rescue)

    def roll_back(self, around: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Type the command, as a person would."""
        words = [*around, sys.executable, "-I", "-X", "utf8", "-m", "wedgate", "rollback", "--reason", reason()]
        return subprocess.run(words, cwd=self.directory, capture_output=True, text=True, timeout=60, check=False)


def users(region: Any, stack: ExitStack) -> list[Any]:
    """Let some users send one request after the other, each on a connection of its own, none of them twice."""
    loads = [stack.enter_context(region.under_load()) for _ in range(CLIENTS)]
    for load in loads:
        load.wait_for(20)
    return loads


@pytest.mark.parametrize("green", [10, 100])
def test_traffic_returns_and_no_request_fails(proxied: Any, tmp_path: Path, green: int) -> None:
    """Before it the candidate answers, when the command has ended it does not any more, and nothing failed between."""
    rollout = Rollout(proxied, tmp_path, green)
    with ExitStack() as stack:
        loads = users(proxied, stack)
        done = rollout.roll_back()
        counts = [len(load.answers) for load in loads]
        for load, count in zip(loads, counts, strict=True):
            load.wait_for(count + 20)
    assert done.returncode == ExitCode.ROLLED_BACK, done.stdout + done.stderr
    assert [load.failures for load in loads] == [[]] * CLIENTS
    assert "green" in {body for load in loads for _, body in load.answers}
    # The request that was under way when the command ended may have been sent before.
    late = [body for load, count in zip(loads, counts, strict=True) for _, body in load.answers[count + 1 :]]
    assert set(late) == {"blue"}
    assert rollout.target.weights().weights == Weights(blue=100, green=0)


@pytest.mark.parametrize("state", STATES)
def test_behind_a_real_envoy_too_whatever_the_ledger_is_like(
    region: Any, tmp_path: Path, ledger: FilePlace, state: str
) -> None:
    """A part of the matrix with a real proxy and users: the ledger broken, its lease held by a run that is alive."""
    rollout = Rollout(region, tmp_path, 10)
    Book(ledger.open(), FileSpool(tmp_path / "nowhere")).take_lease(datetime.now(UTC), above=7, who=own_name())
    (tmp_path / "wedgate.yml").write_text(": garbage [")
    (tmp_path / "temporary").mkdir()
    with ExitStack() as stack:
        loads = users(region, stack)
        with broken(ledger, state, tmp_path / "temporary") as way:
            done = rollout.roll_back(around=way.words)
    assert done.returncode == ExitCode.ROLLED_BACK, done.stdout + done.stderr
    assert [load.failures for load in loads] == [[]] * CLIENTS
    assert "the ledger could not be written" in done.stdout
    assert "sha256:green" in _spooled(done.stdout)
    with pytest.raises(FenceError):
        rollout.target.set_weights(Weights(blue=50, green=50), Fence(epoch=8, revision=99, rollout="r-1"))
    assert rollout.target.weights().weights == Weights(blue=100, green=0)


def _spooled(said: str) -> str:
    """Return what waits where the command says that it waits, and take it away."""
    path = Path(said.partition("kept in ")[2].partition(" until")[0])
    text = path.read_text()
    path.unlink()
    return text
