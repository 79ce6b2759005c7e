"""What the targets behind a proxy share: the proxy routes, and the service behind it is deployed, scaled and asked."""

from __future__ import annotations

from abc import ABC, abstractmethod

from wedgate.adapters._service.service import Service
from wedgate.adapters._service.settings import ServiceSettings
from wedgate.adapters.targets.interface import WeightsReading, refuse_live
from wedgate.rollout.values import Colour, Release


class ProxyTarget(ABC):
    """One region with a service behind a proxy; each kind of proxy holds and reads its weights in its own way."""

    def __init__(self, region: str, service: ServiceSettings) -> None:
        self._region = region
        self._service = Service(service)

    @property
    def region(self) -> str:
        """The region that this target serves."""
        return self._region

    @abstractmethod
    def weights(self) -> WeightsReading:
        """Read the weights that the proxy routes by."""

    def deploy(self, colour: Colour, release: Release) -> None:
        """Run the deploy command for ``release`` on ``colour``; ``ExternalSystemError`` when it fails."""
        refuse_live(self.weights(), colour, self.region)
        self._service.deploy(colour, release)

    def digest(self, colour: Colour) -> str | None:
        """Ask the service on ``colour`` which digest it is; ``None`` when nothing healthy answers in 2 seconds."""
        return self._service.digest(colour)

    def scale(self, colour: Colour) -> bool:
        """Run the scale command for ``colour``, ``False`` without one; ``ExternalSystemError`` when it fails."""
        return self._service.scale(colour)
