"""A region behind nginx: 100 buckets of requests, and a link that says which of them are green's; no reload.

The link is the state, so weights survive a restart of nginx. ``current/weights.json`` carries the fence and is served
by nginx itself, so that what is in force is read from nginx. See docs/reference/nginx.md for the nginx configuration
that this needs.
"""

from __future__ import annotations

import http.client
import time

from wedgate.adapters._nginx import sets
from wedgate.adapters._nginx.settings import parse_settings
from wedgate.adapters._service import files
from wedgate.adapters._service.fences import refuse_older
from wedgate.adapters._service.fetch import get
from wedgate.adapters._service.proxy import ProxyTarget
from wedgate.adapters._service.statements import Held
from wedgate.adapters.targets.interface import Capacity, WeightsReading, refuse_changed
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Colour, Fence, TargetSettings, Weights

CONFIRM_SECONDS = 5.0
"""How long nginx may take to answer with new weights; it looks at each request, so one answer is usually enough."""

READ_SECONDS = 2.0


class NginxTarget(ProxyTarget):
    """One region's nginx with its two upstreams."""

    def __init__(self, settings: TargetSettings) -> None:
        self._settings = parse_settings(settings)
        super().__init__(self._settings.region, self._settings.service)

    def capacity(self, colour: Colour) -> Capacity | None:
        """Return ``None``: nginx counts failures of each worker by itself, and has no answer to ask it for."""
        return None

    def weights(self) -> WeightsReading:
        """Read the weights that nginx answers with."""
        held = self._live()
        return WeightsReading(weights=held.weights, fence=held.fence)

    def set_weights(self, weights: Weights, fence: Fence, *, over: WeightsReading | None = None) -> WeightsReading:
        """Put a new set of buckets in force in one rename and return what nginx then answers with.

        When nginx does not answer, the set is in force all the same (nginx looks at each request) and
        ``ExternalSystemError`` says that it was not confirmed.
        """
        directory = self._settings.weights
        wanted = Held(weights=weights, fence=fence)
        with files.locked(directory / sets.CURRENT):
            refuse_older(self.region, fence, holder=str(directory), held=sets.held_fence(directory))
            last = sets.read_current(directory)
            written = None if last is None else WeightsReading(weights=last.weights, fence=last.fence)
            refuse_changed(self.region, over, written)
            if last != wanted:
                sets.replace_current(directory, wanted)
            self._confirm(wanted)
        return WeightsReading(weights=weights, fence=fence)

    def _live(self) -> Held:
        url = self._settings.read_back
        what = f"{self.region}: nginx at {url}"
        try:
            status, body = get(url, timeout=READ_SECONDS)
        except (OSError, http.client.HTTPException) as error:
            raise ExternalSystemError(f"{what} did not answer: {error or type(error).__name__}") from error
        if status != 200:
            raise ExternalSystemError(
                f"{what} answered {status}; it must serve current/weights.json (docs/reference/nginx.md)"
            )
        try:
            return sets.parse_answer(body)
        except ValueError as error:
            raise ExternalSystemError(
                f"{what} did not answer with wedgate's weights: {error}; somebody else wrote them"
            ) from error

    def _confirm(self, wanted: Held) -> None:
        deadline = time.monotonic() + CONFIRM_SECONDS
        pause = 0.001
        while True:
            try:
                found = self._live()
                if found == wanted:
                    return
                why = f"nginx still answers with {found.fence}; does it look there, without open_file_cache?"
            except ExternalSystemError as silence:
                # nginx that is down stays down for longer than this: whoever rolls back must hear at once.
                raise self._unconfirmed(str(silence)) from silence
            if time.monotonic() > deadline:
                raise self._unconfirmed(f"within {CONFIRM_SECONDS:g} s, {why}")
            time.sleep(pause)
            pause = min(pause * 2, 0.05)

    def _unconfirmed(self, why: str) -> ExternalSystemError:
        return ExternalSystemError(
            f"{self.region}: the weights are written to {self._settings.weights}, but not confirmed: {why}. "
            "nginx takes them with the next request; ask again to confirm"
        )
