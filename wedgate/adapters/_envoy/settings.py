"""The options of an Envoy target in wedgate.yml as one checked value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wedgate.adapters._service.settings import KNOWN as SERVICE
from wedgate.adapters._service.settings import Checks, ServiceSettings, is_http, parse_service, per_colour
from wedgate.rollout.values import Colour, TargetSettings

KNOWN = ("kind", "admin", "routes", "clusters", *SERVICE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvoySettings:
    """Where one region's Envoy is, and the service behind it."""

    region: str
    admin: str
    routes: Path
    clusters: Mapping[Colour, str]
    service: ServiceSettings


def parse_settings(settings: TargetSettings) -> EnvoySettings:
    """Check the options of one target; ``ConfigurationError`` names everything that is wrong with them at once."""
    options, checks = settings.options, Checks(settings)
    checks.strangers("an envoy", KNOWN)
    admin = options.get("admin")
    if not isinstance(admin, str) or not is_http(admin):
        remedy = 'write Envoy\'s admin interface, such as "http://127.0.0.1:9901"'
        checks.wrong("admin", f"expected a URL, got {admin!r}", remedy)
    routes = options.get("routes")
    if not isinstance(routes, str | Path) or not str(routes):
        remedy = "write the path of the routes file that Envoy watches"
        checks.wrong("routes", f"expected a path, got {routes!r}", remedy)
    clusters = per_colour(options.get("clusters"), {colour: colour.value for colour in Colour})
    if clusters is None or len(set(clusters.values())) != 2:
        checks.wrong("clusters", "expected two different names", "write {blue: NAME, green: NAME}")
    service = parse_service(settings, checks)
    checks.finish()
    return EnvoySettings(
        region=settings.region,
        admin=str(admin).rstrip("/"),
        routes=Path(str(routes)),
        clusters=clusters or {},
        service=service,
    )
