"""Every target keeps the contract of its interface. The fakes first; the real ones join beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from modules import module_at

from wedgate.adapters.targets.interface import Capacity
from wedgate.adapters.targets.simulated import SimulatedTarget

contract: Any = module_at(Path(__file__).with_name("target_contract.py"))


class TestSimulatedInMemory(contract.TargetContract):  # type: ignore[misc,name-defined]
    """The simulated region in memory."""

    @pytest.fixture
    def target(self) -> SimulatedTarget:
        """A fresh region."""
        return SimulatedTarget("us-west", running=contract.RUNNING.digest)


class TestSimulatedInFile(contract.TargetContract):  # type: ignore[misc,name-defined]
    """The simulated region in a file that processes share."""

    @pytest.fixture
    def target(self, tmp_path: Path) -> SimulatedTarget:
        """A fresh region in a file that another region uses too."""
        path = tmp_path / "regions.json"
        SimulatedTarget("eu-central", path=path, running="sha256:other").put(contract.Weights(blue=0, green=100))
        return SimulatedTarget("us-west", path=path, running=contract.RUNNING.digest)

    def test_capacity_and_what_answers_are_what_was_said_behind_its_back(self, target: SimulatedTarget) -> None:
        """Of each colour its own; a scale makes all instances ready, and so does a deploy."""
        few = Capacity(ready=3, wanted=10)
        target.put_capacity(contract.Colour.BLUE, few)
        assert (target.capacity(contract.Colour.BLUE), target.capacity(contract.Colour.GREEN)) == (few, None)
        assert (target.scale(contract.Colour.BLUE), target.scale(contract.Colour.GREEN)) == (True, False)
        assert target.capacity(contract.Colour.BLUE) == Capacity(ready=10, wanted=10)
        target.put_capacity(contract.Colour.GREEN, few)
        target.put_digest(contract.Colour.GREEN, None)
        assert target.digest(contract.Colour.GREEN) is None
        target.deploy(contract.Colour.GREEN, contract.RUNNING)
        assert target.capacity(contract.Colour.GREEN) == Capacity(ready=10, wanted=10)

    def test_another_process_sees_what_was_written(self, target: SimulatedTarget, tmp_path: Path) -> None:
        """A second object on the same file reads the same weights."""
        target.set_weights(contract.Weights(blue=40, green=60), contract.fence(1))
        again = SimulatedTarget("us-west", path=tmp_path / "regions.json")
        assert again.weights().weights == contract.Weights(blue=40, green=60)
