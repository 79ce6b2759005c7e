"""The options of an nginx target in wedgate.yml as one checked value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wedgate.adapters._service.settings import KNOWN as SERVICE
from wedgate.adapters._service.settings import Checks, ServiceSettings, is_http, parse_service
from wedgate.rollout.values import TargetSettings

KNOWN = ("kind", "weights", "read-back", *SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NginxSettings:
    """Where one region's nginx looks for its weights and answers with them, and the service behind it."""

    region: str
    weights: Path
    read_back: str
    service: ServiceSettings


def parse_settings(settings: TargetSettings) -> NginxSettings:
    """Check the options of one target; ``ConfigurationError`` names everything that is wrong with them at once."""
    options, checks = settings.options, Checks(settings)
    checks.strangers("an nginx", KNOWN)
    weights = options.get("weights")
    if not isinstance(weights, str | Path) or not str(weights):
        remedy = "write the path of the directory in which nginx looks for `current`"
        checks.wrong("weights", f"expected a path, got {weights!r}", remedy)
    read_back = options.get("read-back")
    if not isinstance(read_back, str) or not is_http(read_back):
        remedy = 'write where nginx serves current/weights.json, such as "http://127.0.0.1:8081/weights.json"'
        checks.wrong("read-back", f"expected a URL, got {read_back!r}", remedy)
    service = parse_service(settings, checks)
    checks.finish()
    return NginxSettings(region=settings.region, weights=Path(str(weights)), read_back=str(read_back), service=service)
