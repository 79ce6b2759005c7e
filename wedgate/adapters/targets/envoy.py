"""A region behind Envoy: weights in a file of routes that Envoy watches, read back from Envoy itself.

The file is the state, so weights survive a restart of Envoy. The version that Envoy reports for its routes carries
the fence: ``rollout/epoch/revision``. Deploying a colour is the user's command; which digest answers is read from the
service. See docs/reference/envoy.md for the Envoy configuration that this needs.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any

from wedgate.adapters._envoy import routes_file
from wedgate.adapters._envoy.admin import Admin, get
from wedgate.adapters._envoy.command import run
from wedgate.adapters._envoy.routes import (
    RoutesError,
    fence_in,
    parse_response,
    render_response,
    weights_in,
    with_weights,
)
from wedgate.adapters._envoy.settings import fill, parse_settings
from wedgate.adapters.targets.interface import FenceError, WeightsReading
from wedgate.errors import ConfigurationError, ExternalSystemError, Problem
from wedgate.rollout.values import Colour, Fence, Release, TargetSettings, Weights

CONFIRM_SECONDS = 5.0
"""How long Envoy may take to report new weights; 13 ms was the most that was measured on an idle machine."""

VERIFY_SECONDS = 2.0


class EnvoyTarget:
    """One region's Envoy with its two clusters."""

    def __init__(self, settings: TargetSettings) -> None:
        self._settings = parse_settings(settings)
        self._admin = Admin(self._settings.admin, region=self._settings.region)

    @property
    def region(self) -> str:
        """The region that this target serves."""
        return self._settings.region

    def deploy(self, colour: Colour, release: Release) -> None:
        """Run the deploy command for ``release`` on ``colour``; ``ExternalSystemError`` when it fails."""
        if not self._settings.deploy:
            raise _missing(self.region, "deploy", 'write the command as a list: [./deploy, "{colour}", "{digest}"]')
        values = {**self._values(colour), "digest": release.digest, "commit": release.commit}
        argv = [fill(part, values) for part in self._settings.deploy]
        what = f"{self.region}: deploying {release.digest} on {colour}"
        run(argv, limit=self._settings.deploy_timeout, what=what)

    def digest(self, colour: Colour) -> str | None:
        """Ask the service on ``colour`` which digest it is; ``None`` when nothing healthy answers in 2 seconds."""
        if self._settings.verify_url is None:
            raise _missing(self.region, "verify", "write {url: http://..., field: digest}")
        url = fill(self._settings.verify_url, self._values(colour))
        try:
            status, body = get(url, timeout=VERIFY_SECONDS)
            found: object = json.loads(body) if status == 200 else None
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            return None
        for name in self._settings.verify_field.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, str) and found else None

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

    def set_weights(self, weights: Weights, fence: Fence) -> WeightsReading:
        """Write the weights in one rename and return what Envoy then reports.

        When Envoy's admin interface does not answer, the file is written all the same (Envoy takes it when it can) and
        ``ExternalSystemError`` says that it was not confirmed. A file that Envoy rejects is taken back.
        """
        path = self._settings.routes
        with routes_file.locked(path):
            before = routes_file.read(path)
            stored = _parsed(before)
            live, silence = self._live()
            for holder, found in (("the routes file", stored), ("Envoy", live)):
                self._refuse_older(fence, holder, found)
            wanted = str(fence), weights
            if self._says(live, wanted) and self._says(stored, wanted):
                return WeightsReading(weights=weights, fence=fence)
            text = render_response(self._route_to_write(stored, live, wanted), version=wanted[0])
            rejected = self._rejections(live)
            routes_file.replace(path, text)
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

    def _refuse_older(self, fence: Fence, holder: str, found: tuple[str, Mapping[str, Any]] | None) -> None:
        held = fence_in(found[0]) if found else None
        if held is None:
            return
        older = (fence.epoch, fence.revision) < (held.epoch, held.revision)
        stranger = (fence.epoch, fence.revision) == (held.epoch, held.revision) and fence.rollout != held.rollout
        if older or stranger:
            raise FenceError(
                f"{self.region}: {holder} was last written under {held}, which {fence} may not replace; "
                "a newer writer is at work, nothing was changed",
                held=held,
            )

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
                    routes_file.replace(self._settings.routes, before)
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

    def _values(self, colour: Colour) -> dict[str, str | None]:
        return {"colour": colour.value, "address": self._settings.addresses.get(colour)}


def _parsed(text: str | None) -> tuple[str, dict[str, Any]] | None:
    try:
        return parse_response(text) if text is not None else None
    except RoutesError:
        return None


def _missing(region: str, option: str, remedy: str) -> ConfigurationError:
    name = f"rollout.target of {region}"
    return ConfigurationError((Problem(file=name, line=0, column=0, what=f"{option}: is missing", remedy=remedy),))
