"""What every target keeps, as a class to inherit from: a subclass gives the fixture ``target``, which serves a region
whose blue answers ``RUNNING.digest`` with all traffic, whose green is empty, and which nobody has fenced yet."""

from __future__ import annotations

import pytest

from wedgate.adapters.targets.interface import ChangedError, FenceError, Target
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Colour, Fence, Release, Weights

RUNNING = Release(commit="0" * 40, digest="sha256:running")
NEW = Release(commit="1" * 40, digest="sha256:new")


def fence(epoch: int, revision: int = 1) -> Fence:
    """Return a fence of one rollout."""
    return Fence(epoch=epoch, revision=revision, rollout="r-contract")


class TargetContract:
    """The promises of ``wedgate.adapters.targets.interface``."""

    @pytest.fixture
    def target(self) -> Target:
        """Return the target under test, in the state that the module's docstring describes."""
        raise NotImplementedError

    def test_starts_with_all_traffic_on_blue(self, target: Target) -> None:
        """What was there before wedgate is read back, not assumed."""
        assert target.weights().weights == Weights(blue=100, green=0)
        assert target.digest(Colour.BLUE) == RUNNING.digest

    def test_deploy_changes_the_digest_of_its_colour_only_and_no_weights(self, target: Target) -> None:
        """A deploy never moves traffic, and never touches the other colour."""
        target.deploy(Colour.GREEN, NEW)
        assert target.digest(Colour.GREEN) == NEW.digest
        assert target.digest(Colour.BLUE) == RUNNING.digest
        assert target.weights().weights == Weights(blue=100, green=0)

    def test_nothing_is_deployed_on_a_colour_that_has_traffic(self, target: Target) -> None:
        """A process that was overtaken while it stood before its deploy must not tear down what serves users."""
        target.deploy(Colour.GREEN, NEW)
        target.set_weights(Weights(blue=95, green=5), fence(1))
        for colour in Colour:
            with pytest.raises(ExternalSystemError, match="of the traffic"):
                target.deploy(colour, RUNNING)
        assert (target.digest(Colour.BLUE), target.digest(Colour.GREEN)) == (RUNNING.digest, NEW.digest)

    def test_written_weights_are_read_back_with_their_fence(self, target: Target) -> None:
        """The answer of a write is a reading of the data plane."""
        target.deploy(Colour.GREEN, NEW)
        written = target.set_weights(Weights(blue=95, green=5), fence(1))
        assert written.weights == Weights(blue=95, green=5)
        assert written.fence == fence(1)
        assert target.weights() == written

    def test_same_write_again_changes_nothing(self, target: Target) -> None:
        """Writes are absolute and idempotent."""
        target.deploy(Colour.GREEN, NEW)
        first = target.set_weights(Weights(blue=90, green=10), fence(3))
        assert target.set_weights(Weights(blue=90, green=10), fence(3)) == first

    def test_same_fence_may_write_other_weights(self, target: Target) -> None:
        """A return to stable must work when the ledger, and so the revision, cannot move on."""
        target.deploy(Colour.GREEN, NEW)
        target.set_weights(Weights(blue=90, green=10), fence(3))
        assert target.set_weights(Weights(blue=100, green=0), fence(3)).weights == Weights(blue=100, green=0)

    @pytest.mark.parametrize("older", [fence(4, 9), fence(5, 1)])
    def test_older_writer_is_refused_and_changes_nothing(self, target: Target, older: Fence) -> None:
        """A lower epoch, or a lower revision of the same epoch, has lost the right to write."""
        target.deploy(Colour.GREEN, NEW)
        kept = target.set_weights(Weights(blue=50, green=50), fence(5, 2))
        with pytest.raises(FenceError) as refused:
            target.set_weights(Weights(blue=0, green=100), older)
        assert refused.value.held == fence(5, 2)
        assert target.weights() == kept

    @pytest.mark.parametrize("colour", Colour)
    def test_capacity_is_a_count_or_unknown_and_never_made_up(self, target: Target, colour: Colour) -> None:
        """Whole instances, no more ready than there are meant to be; where nobody can know, ``None``."""
        found = target.capacity(colour)
        assert found is None or 0 <= found.ready <= found.wanted

    def test_scale_changes_neither_versions_nor_weights(self, target: Target) -> None:
        """It may be asked of a colour that has traffic; what cannot scale says so."""
        target.deploy(Colour.GREEN, NEW)
        kept = target.set_weights(Weights(blue=30, green=70), fence(1))
        assert target.scale(Colour.BLUE) in (True, False)
        assert target.weights() == kept
        assert (target.digest(Colour.BLUE), target.digest(Colour.GREEN)) == (RUNNING.digest, NEW.digest)

    def test_newer_epoch_writes_whatever_its_revision(self, target: Target) -> None:
        """A rollback by hand knows an epoch, and no revision."""
        target.set_weights(Weights(blue=100, green=0), fence(5, 7))
        assert target.set_weights(Weights(blue=100, green=0), fence(6, 0)).fence == fence(6, 0)

    def test_a_fence_is_put_on_weights_only_as_long_as_they_are_the_last(self, target: Target) -> None:
        """Whoever takes over looks first: what was returned between the look and the write is not raised again."""
        target.deploy(Colour.GREEN, NEW)
        target.set_weights(Weights(blue=90, green=10), fence(3))
        looked = target.weights()
        back = target.set_weights(Weights(blue=100, green=0), fence(3, 2))
        with pytest.raises(ChangedError) as changed:
            target.set_weights(looked.weights, fence(4), over=looked)
        assert changed.value.found == back
        assert target.weights() == back
        assert target.set_weights(back.weights, fence(4), over=back).fence == fence(4)
