"""The service behind a target: put a release on a colour, and ask a colour which digest it is."""

from __future__ import annotations

import http.client
import json

from wedgate.adapters._service.command import run
from wedgate.adapters._service.fetch import get
from wedgate.adapters._service.settings import ServiceSettings, fill
from wedgate.errors import ConfigurationError, Problem
from wedgate.rollout.values import Colour, Release

VERIFY_SECONDS = 2.0


class Service:
    """One region's service with its two colours."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings

    def deploy(self, colour: Colour, release: Release) -> None:
        """Run the deploy command for ``release`` on ``colour``; ``ExternalSystemError`` when it fails."""
        if not self._settings.deploy:
            raise self._missing("deploy", 'write the command as a list: [./deploy, "{colour}", "{digest}"]')
        values = {**self._values(colour), "digest": release.digest, "commit": release.commit}
        argv = [fill(part, values) for part in self._settings.deploy]
        what = f"{self._settings.region}: deploying {release.digest} on {colour}"
        run(argv, limit=self._settings.deploy_timeout, what=what)

    def scale(self, colour: Colour) -> bool:
        """Run the scale command for ``colour``, ``False`` without one; ``ExternalSystemError`` when it fails."""
        if not self._settings.scale:
            return False
        argv = [fill(part, self._values(colour)) for part in self._settings.scale]
        run(argv, limit=self._settings.scale_timeout, what=f"{self._settings.region}: scaling {colour}")
        return True

    def digest(self, colour: Colour) -> str | None:
        """Ask the service on ``colour`` which digest it is; ``None`` when nothing healthy answers in 2 seconds."""
        if self._settings.verify_url is None:
            raise self._missing("verify", "write {url: http://..., field: digest}")
        url = fill(self._settings.verify_url, self._values(colour))
        try:
            status, body = get(url, timeout=VERIFY_SECONDS)
            found: object = json.loads(body) if status == 200 else None
        except (OSError, http.client.HTTPException, ValueError, RecursionError):
            return None
        for name in self._settings.verify_field.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, str) and found else None

    def _values(self, colour: Colour) -> dict[str, str | None]:
        return {"colour": colour.value, "address": self._settings.addresses.get(colour)}

    def _missing(self, option: str, remedy: str) -> ConfigurationError:
        name = f"rollout.target of {self._settings.region}"
        return ConfigurationError((Problem(file=name, line=0, column=0, what=f"{option}: is missing", remedy=remedy),))
