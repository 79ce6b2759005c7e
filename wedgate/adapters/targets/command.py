"""A region behind anything: a command of the user's is asked in JSON to deploy, to say, and to switch.

The fence is kept by the command, which then has to refuse an older one, or by wedgate in a file. A change is
confirmed by asking for the weights afterwards. See docs/reference/command-target.md for the protocol.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from wedgate.adapters._command.kept import Kept, read_kept, write_kept
from wedgate.adapters._command.protocol import (
    Asker,
    capacity_of,
    digest_of,
    fence_of,
    plain_fence,
    weights_of,
)
from wedgate.adapters._command.settings import parse_settings
from wedgate.adapters._service import files
from wedgate.adapters._service.fences import refuse_older
from wedgate.adapters._service.service import Service
from wedgate.adapters._service.statements import Held, plain_weights
from wedgate.adapters.targets.interface import Capacity, FenceError, WeightsReading, refuse_changed, refuse_live
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Colour, Fence, Release, TargetSettings, Weights

CONFIRM_SECONDS = 30.0
"""How long the weights may take to be in force after the command said that it set them."""


class CommandTarget:
    """One region behind a command."""

    def __init__(self, settings: TargetSettings) -> None:
        self._settings = parse_settings(settings)
        self._service = Service(self._settings.service)
        addresses = {colour.value: address for colour, address in self._settings.service.addresses.items()}
        self._asker = Asker(self._settings.command, region=self._settings.region, addresses=addresses)

    @property
    def region(self) -> str:
        """The region that this target serves."""
        return self._settings.region

    def deploy(self, colour: Colour, release: Release) -> None:
        """Run the deploy command, or ask the command where there is none; ``ExternalSystemError`` when it fails."""
        refuse_live(self.weights(), colour, self.region)
        if self._settings.service.deploy:
            self._service.deploy(colour, release)
            return
        values = {**self._about(colour), "release": {"commit": release.commit, "digest": release.digest}}
        self._asker.ask("deploy", values, limit=self._settings.service.deploy_timeout)

    def digest(self, colour: Colour) -> str | None:
        """Ask the service which digest it is, or the command where there is no URL; ``None`` when nothing healthy
        answers."""
        if self._settings.service.verify_url is not None:
            return self._service.digest(colour)
        answer = self._asker.ask("digest", self._about(colour), limit=self._settings.limit)
        try:
            return digest_of(answer)
        except ValueError as error:
            raise self._asker.odd("digest", f"with {error}") from None

    def capacity(self, colour: Colour) -> Capacity | None:
        """Ask the command how many instances of ``colour`` there are; ``None`` when it cannot say."""
        answer = self._asker.ask("capacity", self._about(colour), limit=self._settings.limit)
        try:
            return capacity_of(answer)
        except ValueError as error:
            raise self._asker.odd("capacity", f"with {error}") from None

    def scale(self, colour: Colour) -> bool:
        """Run the scale command for ``colour``, ``False`` without one; ``ExternalSystemError`` when it fails."""
        return self._service.scale(colour)

    def weights(self) -> WeightsReading:
        """Ask the command which weights are in force."""
        answer = self._asker.ask("weights", {}, limit=self._settings.limit)
        path = self._settings.fence_file
        try:
            weights = weights_of(answer)
            if path is None and "fence" not in answer:
                raise ValueError("no fence, nor null; let the command keep it, or give fence-file: with a path")
            fence = fence_of(answer.get("fence")) if path is None else None
        except ValueError as error:
            raise self._asker.odd("weights", f"with something else than weights: {error}") from None
        if path is not None:
            kept = read_kept(path)
            fence = kept.fence_for(weights) if kept else None
            return WeightsReading(weights=weights, fence=fence, refuses_below=kept.asked.fence if kept else None)
        return WeightsReading(weights=weights, fence=fence)

    def set_weights(self, weights: Weights, fence: Fence, *, over: WeightsReading | None = None) -> WeightsReading:
        """Ask the command to set the weights, then for the weights until they are these."""
        path = self._settings.fence_file
        if path is None:
            self._set(weights, fence, over=over)
            return self._confirm(weights, fence)
        wanted = Held(weights=weights, fence=fence)
        longer = 2 * self._settings.limit.total_seconds() + CONFIRM_SECONDS
        with files.locked(path, longer=longer) as lock:
            kept = read_kept(path)
            refuse_older(self.region, fence, holder=str(path), held=kept.asked.fence if kept else None)
            if over is not None:
                refuse_changed(self.region, over, self.weights())
            # The fence goes first: whoever comes with an older one is refused even where this ends half way.
            write_kept(path, kept.followed_by(wanted) if kept else Kept(asked=wanted))
            # The command holds the lock too: where this process is killed it works on, and all others wait for it.
            self._set(weights, fence, inherits=(lock,))
            found = self._confirm(weights, fence)
            write_kept(path, Kept(asked=wanted))
            return found

    def _set(
        self,
        weights: Weights,
        fence: Fence,
        *,
        over: WeightsReading | None = None,
        inherits: Sequence[int] = (),
    ) -> None:
        values: dict[str, object] = {"weights": plain_weights(weights), "fence": plain_fence(fence)}
        if over is not None:
            # A command that does not know it writes all the same: what is in force was looked at just before.
            refuse_changed(self.region, over, self.weights())
            values["over"] = {"weights": plain_weights(over.weights), "fence": over.fence and plain_fence(over.fence)}
        answer = self._asker.ask("set_weights", values, limit=self._settings.limit, inherits=inherits)
        try:
            held = fence_of(answer.get("refused"))
        except ValueError as error:
            raise self._asker.odd("set_weights", f"with {error}") from None
        if held is not None and over is not None and (held.epoch, held.revision) <= (fence.epoch, fence.revision):
            refuse_changed(self.region, over, self.weights())
        if held is not None:
            raise FenceError(
                f"{self.region}: the command refused {fence}: it was last written under {held}; "
                "a newer writer is at work, nothing was changed",
                held=held,
            )

    def _confirm(self, weights: Weights, fence: Fence) -> WeightsReading:
        wanted = WeightsReading(weights=weights, fence=fence)
        deadline = time.monotonic() + CONFIRM_SECONDS
        pause = 0.01
        while True:
            found = self.weights()
            if found == wanted:
                return found
            held = found.fence
            if held is not None and (held.epoch, held.revision) > (fence.epoch, fence.revision):
                raise FenceError(
                    f"{self.region}: {held} wrote weights right after {fence} did; a newer writer is at work",
                    held=held,
                )
            if time.monotonic() > deadline:
                raise ExternalSystemError(
                    f"{self.region}: the command set blue {weights.blue} / green {weights.green} of "
                    f"{fence}, but for {CONFIRM_SECONDS:g} s reports blue {found.weights.blue} / "
                    f"green {found.weights.green} of {found.fence}"
                )
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _about(self, colour: Colour) -> dict[str, object]:
        return {"colour": colour.value, "address": self._settings.service.addresses.get(colour)}
