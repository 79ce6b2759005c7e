"""A region behind HAProxy: one variable of the process decides each request's colour, and is set without a reload.

The weights file is the state: HAProxy reads it when it starts, so weights survive a restart. The fence,
``rollout/epoch/revision``, is in the file and in a second variable, so that HAProxy itself can be asked who wrote.
See docs/reference/haproxy.md for the HAProxy configuration that this needs.
"""

from __future__ import annotations

import time

from wedgate.adapters._haproxy.runtime import RefusedError, Runtime
from wedgate.adapters._haproxy.settings import parse_settings
from wedgate.adapters._haproxy.weights import Held, parse_weights, render_weights
from wedgate.adapters._service import files
from wedgate.adapters._service.fences import refuse_older
from wedgate.adapters._service.proxy import ProxyTarget
from wedgate.adapters.targets.interface import Capacity, WeightsReading, refuse_changed
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Colour, Fence, TargetSettings, Weights

STARTING_SECONDS = 1.0
"""How long a socket that does not answer is tried again: a HAProxy that is starting has read the old file already."""


class HaproxyTarget(ProxyTarget):
    """One region's HAProxy with its two backends."""

    def __init__(self, settings: TargetSettings) -> None:
        self._settings = parse_settings(settings)
        super().__init__(self._settings.region, self._settings.service)
        self._runtime = Runtime(self._settings.socket, variable=self._settings.variable, region=self._settings.region)

    def capacity(self, colour: Colour) -> Capacity | None:
        """Ask HAProxy how many servers of the colour's backend are up; ``None`` where it checks not all of them."""
        found = self._runtime.servers_up(self._settings.backends[colour])
        return None if found is None else Capacity(ready=found[0], wanted=found[1])

    def weights(self) -> WeightsReading:
        """Read the share that HAProxy routes by."""
        held = self._runtime.held()
        if not 0 <= held.green <= 100:
            raise ExternalSystemError(
                f"{self.region}: green's share at {self._settings.socket} is {held.green}, not 0 to 100; "
                "somebody else wrote it"
            )
        weights = Weights.giving(Colour.GREEN, held.green)
        return WeightsReading(weights=weights, fence=held.fence if held.is_as_written else None)

    def set_weights(self, weights: Weights, fence: Fence, *, over: WeightsReading | None = None) -> WeightsReading:
        """Write the file, set the variable, and return what HAProxy then reports.

        When the admin socket does not answer for a second, the file is written all the same (HAProxy takes it when it
        reads the file again) and ``ExternalSystemError`` says that it was not confirmed. What HAProxy refuses is taken
        back from the file.
        """
        path, variable = self._settings.weights, self._settings.variable
        wanted = Held(green=weights.green, fence=fence, is_as_written=True)
        with files.locked(path):
            before = files.read(path)
            stored = parse_weights(before, variable) if before is not None else None
            live = self._live()
            for holder, found in (("the weights file", stored), ("HAProxy", live)):
                refuse_older(self.region, fence, holder=holder, held=found.fence if found else None)
            refuse_changed(self.region, over, _last_of(stored, live))
            if live != wanted or stored != wanted:
                files.replace(path, render_weights(variable, weights.green, fence))
                self._set(wanted, fence, before=before)
        return WeightsReading(weights=weights, fence=fence)

    def _live(self) -> Held | None:
        # What cannot be read must not keep a rollback from being written: setting it fails by itself.
        try:
            return self._runtime.held()
        except ExternalSystemError:
            return None

    def _set(self, wanted: Held, fence: Fence, *, before: str | None) -> None:
        path = self._settings.weights
        share = f"blue {100 - wanted.green} / green {wanted.green}"
        try:
            self._set_when_started(wanted.green, fence)
        except RefusedError:
            now = self._live()
            if before is not None and (now is None or now.green != wanted.green):
                files.replace(path, before)
            raise
        except ExternalSystemError as silence:
            raise ExternalSystemError(
                f"{self.region}: {share} is written to {path}, but not confirmed: {silence}. "
                "HAProxy takes it when it reads the file the next time; ask again to confirm"
            ) from silence
        found = self._runtime.held()
        if found != wanted:
            raise ExternalSystemError(
                f"{self.region}: {share} was set, but HAProxy reports green {found.green} of {found.fence}; "
                "somebody else writes to its admin socket"
            )

    def _set_when_started(self, green: int, fence: Fence) -> None:
        deadline = time.monotonic() + STARTING_SECONDS
        while True:
            try:
                self._runtime.set(green, fence)
                return
            except RefusedError:
                raise
            except ExternalSystemError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.02)


def _last_of(stored: Held | None, live: Held | None) -> WeightsReading | None:
    """Return what was written last: what the file says where HAProxy has not taken it yet."""
    last = stored if stored is not None and stored.fence is not None and not _is_newer(live, stored) else live
    if last is None or not 0 <= last.green <= 100:
        return None
    return WeightsReading(
        weights=Weights.giving(Colour.GREEN, last.green), fence=last.fence if last.is_as_written else None
    )


def _is_newer(live: Held | None, stored: Held) -> bool:
    """Whether somebody set other weights without the file."""
    return live is not None and (live.fence == stored.fence or live.fence is None) and live != stored
