"""A region behind Envoy: weights in a file of routes that Envoy watches, read back from Envoy itself.

The file is the state, so weights survive a restart of Envoy. The version that Envoy reports for its routes carries
the fence: ``rollout/epoch/revision``. Deploying a colour is the user's command; which digest answers is read from the
service. See docs/reference/envoy.md for the Envoy configuration that this needs.
"""

from __future__ import annotations

import time
from typing import Any

from wedgate.adapters._envoy.admin import Admin
from wedgate.adapters._envoy.routes import RoutesError, parse_response, render_response, weights_in, with_weights
from wedgate.adapters._envoy.settings import parse_settings
from wedgate.adapters._service import files
from wedgate.adapters._service.fences import fence_in, refuse_older
from wedgate.adapters._service.proxy import ProxyTarget
from wedgate.adapters.targets.interface import Capacity, WeightsReading, refuse_changed
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Colour, Fence, TargetSettings, Weights

CONFIRM_SECONDS = 5.0
"""How long Envoy may take to report new weights; 13 ms was the most that was measured on an idle machine."""


class EnvoyTarget(ProxyTarget):
    """One region's Envoy with its two clusters."""

    def __init__(self, settings: TargetSettings) -> None:
        self._settings = parse_settings(settings)
        super().__init__(self._settings.region, self._settings.service)
        self._admin = Admin(self._settings.admin, region=self._settings.region)

    def capacity(self, colour: Colour) -> Capacity | None:
        """Ask Envoy how many endpoints of the colour's cluster are healthy; ``None`` where it checks none of them."""
        found = self._admin.healthy_endpoints(self._settings.clusters[colour])
        return None if found is None else Capacity(ready=found[0], wanted=found[1])

    def weights(self) -> WeightsReading:
        """Read the weights that Envoy routes by."""
        version, route = self._admin.route_in_force(self._settings.clusters)
        try:
            weights = weights_in(route, self._settings.clusters)
        except RoutesError as error:
            raise ExternalSystemError(
                f"{self.region}: the weights in force at {self._settings.admin} are not wedgate's: {error}; "
                "somebody else wrote the routes"
            ) from error
        return WeightsReading(weights=weights, fence=fence_in(version))

    def set_weights(self, weights: Weights, fence: Fence, *, over: WeightsReading | None = None) -> WeightsReading:
        """Write the weights in one rename and return what Envoy then reports.

        When Envoy's admin interface does not answer, the file is written all the same (Envoy takes it when it can) and
        ``ExternalSystemError`` says that it was not confirmed. A file that Envoy rejects is taken back.
        """
        path = self._settings.routes
        with files.locked(path):
            before = files.read(path)
            stored = _parsed(before)
            live, silence = self._live()
            for holder, found in (("the routes file", stored), ("Envoy", live)):
                held = fence_in(found[0]) if found else None
                refuse_older(self.region, fence, holder=holder, held=held)
            refuse_changed(self.region, over, self._last_of(stored, live))
            wanted = str(fence), weights
            if self._says(live, wanted) and self._says(stored, wanted):
                return WeightsReading(weights=weights, fence=fence)
            text = render_response(self._route_to_write(stored, live, wanted), version=wanted[0])
            rejected = self._rejections(live)
            files.replace(path, text)
            if live is None:
                raise ExternalSystemError(
                    f"{self.region}: blue {weights.blue} / green {weights.green} is written to {path}, but not "
                    f"confirmed: {silence}. Envoy takes it as soon as it runs; ask again to confirm"
                )
            self._confirm(wanted, rejected=rejected, before=before)
            return WeightsReading(weights=weights, fence=fence)

    def _live(self) -> tuple[tuple[str, dict[str, Any]] | None, ExternalSystemError | None]:
        try:
            return self._admin.route_in_force(self._settings.clusters), None
        except ExternalSystemError as error:
            return None, error

    def _last_of(
        self, stored: tuple[str, dict[str, Any]] | None, live: tuple[str, dict[str, Any]] | None
    ) -> WeightsReading | None:
        """Return what was written last: what the file says where Envoy has not taken it yet."""
        last = stored if stored is not None and fence_in(stored[0]) is not None else live
        try:
            return last and WeightsReading(
                weights=weights_in(last[1], self._settings.clusters), fence=fence_in(last[0])
            )
        except RoutesError:
            return None

    def _says(self, found: tuple[str, dict[str, Any]] | None, wanted: tuple[str, Weights]) -> bool:
        if found is None or found[0] != wanted[0]:
            return False
        try:
            return weights_in(found[1], self._settings.clusters) == wanted[1]
        except RoutesError:
            return False

    def _route_to_write(
        self,
        stored: tuple[str, dict[str, Any]] | None,
        live: tuple[str, dict[str, Any]] | None,
        wanted: tuple[str, Weights],
    ) -> dict[str, Any]:
        # The file is what people edit, so it goes first; but a file that Envoy never took must not stop a rollback.
        usable = stored if live is None or (stored is not None and stored[0] == live[0]) else live
        try:
            if usable is None:
                raise RoutesError("it is missing or not a routes file")
            return with_weights(usable[1], wanted[1], self._settings.clusters, version=wanted[0])
        except RoutesError as error:
            raise ExternalSystemError(
                f"{self.region}: cannot write weights into {self._settings.routes}: {error}, and Envoy at "
                f"{self._settings.admin} cannot be asked what it routes by; restore the file"
            ) from error

    def _rejections(self, live: tuple[str, dict[str, Any]] | None) -> int | None:
        # A counter that cannot be had must not keep a rollback from being written.
        try:
            return self._admin.rejections(str(live[1].get("name", ""))) if live else None
        except ExternalSystemError:
            return None

    def _confirm(self, wanted: tuple[str, Weights], *, rejected: int | None, before: str | None) -> None:
        deadline = time.monotonic() + CONFIRM_SECONDS
        pause = 0.001
        while True:
            live, silence = self._live()
            if self._says(live, wanted):
                return
            now = self._rejections(live)
            if live and now is not None and rejected is not None and now > rejected:
                if before is not None:
                    files.replace(self._settings.routes, before)
                raise ExternalSystemError(
                    f"{self.region}: Envoy rejected the routes of {wanted[0]} and routes by {live[0]} as before; "
                    "the old file is back. Envoy's log says why (`Filesystem config update rejected`)"
                )
            if time.monotonic() > deadline:
                found = silence or f"Envoy still reports {live[0] if live else 'nothing'}"
                raise ExternalSystemError(
                    f"{self.region}: the weights of {wanted[0]} are written to {self._settings.routes}, but not "
                    f"confirmed within {CONFIRM_SECONDS:g} s: {found}; is that directory the one Envoy watches?"
                )
            time.sleep(pause)
            pause = min(pause * 2, 0.05)


def _parsed(text: str | None) -> tuple[str, dict[str, Any]] | None:
    try:
        return parse_response(text) if text is not None else None
    except RoutesError:
        return None
