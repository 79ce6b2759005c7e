"""Two services that share a target by mistake have two ledgers, and no claim keeps them apart: the fences do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from wedgate.adapters.targets.interface import FenceError
from wedgate.engine.book import LeaseLostError
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import RunEnd
from wedgate.rollout.values import Fence, Release, Weights

TEN = Weights(blue=90, green=10)
NEW, NEWER = Release(commit="1" * 40, digest="sha256:new"), Release(commit="3" * 40, digest="sha256:newer")
OTHER = Fence(epoch=1, revision=4, rollout="r-of-another-service")


def run(world: Any, release: Release = NEW) -> RunEnd:
    """Run where the store holds other services as well."""
    return RolloutEngine(replace(world.parts(), is_fleet=True)).run(release)


def test_while_a_colour_is_deployed_no_stranger_can_give_it_traffic(world: Any) -> None:
    """The other rollout verified its version on green before ours replaces it there: what it writes now is refused."""
    target = world.targets["r1"]
    deploy, tried = target.deploy, []

    def deploy_while_a_stranger_shifts(colour: Any, release: Release) -> None:
        assert target.weights().fence.epoch == 2
        with pytest.raises(FenceError):
            target.set_weights(TEN, OTHER)
        tried.append(target.weights().weights)
        deploy(colour, release)

    target.deploy = deploy_while_a_stranger_shifts
    run(world)
    assert tried == [Weights(blue=100, green=0)]


@pytest.mark.parametrize("epoch", [2, 7])
def test_a_stranger_whose_fence_is_as_high_is_not_deployed_under(world: Any, epoch: int) -> None:
    """It took its lease when ours was taken, and switches this region too: ours stops before it touches the colour."""
    target = world.targets["r1"]
    read, deployed = target.weights, []

    def stranger_was_faster() -> Any:
        if not deployed and world.store.read() and any(entry.kind == "gate_answered" for entry in world.store.read()):
            deployed.append("fenced")
            target.set_weights(Weights(blue=100, green=0), Fence(epoch=epoch, revision=1, rollout=OTHER.rollout))
        return read()

    target.weights = stranger_was_faster
    with pytest.raises(LeaseLostError, match="give each service targets of its own"):
        run(world)
    assert [call[0] for call in target.calls()] == ["set_weights"]
    assert world.weights()["r1"] == 0


def test_its_own_earlier_rollout_is_no_stranger(world: Any) -> None:
    """A release that takes another's place under one lease deploys over it."""
    world.interrupt_at = world.now
    run(world)
    world.interrupt_at = None
    run(world, NEWER)
    assert set(world.weights().values()) == {100}
