"""The options of an Envoy target in wedgate.yml as one checked value.

They arrive as plain data, from the configuration or from a rescue file, so they are checked here once more: a
rollback must not fail on a missing option that it does not need. Filling templates is here too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from wedgate.errors import ConfigurationError, Problem
from wedgate.rollout.values import Colour, TargetSettings

KNOWN = ("kind", "admin", "routes", "clusters", "deploy", "deploy-timeout", "verify", "addresses")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TEMPLATE = re.compile(r"\{(colour|digest|commit|address)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvoySettings:
    """Where one region's Envoy is and how its colours are deployed and verified."""

    region: str
    admin: str
    routes: Path
    clusters: Mapping[Colour, str]
    deploy: tuple[str, ...]
    deploy_timeout: timedelta
    verify_url: str | None
    verify_field: str
    addresses: Mapping[Colour, str]


def parse_settings(settings: TargetSettings) -> EnvoySettings:
    """Check the options of one target; ``ConfigurationError`` names everything that is wrong with them at once."""
    options = settings.options
    problems: list[Problem] = []

    def wrong(key: str, what: str, remedy: str) -> None:
        name = f"rollout.target of {settings.region}"
        problems.append(Problem(file=name, line=0, column=0, what=f"{key}: {what}", remedy=remedy))

    for key in options:
        if key not in KNOWN:
            wrong(key, "is not an option of an envoy target", f"use one of {', '.join(KNOWN)}")
    admin = options.get("admin")
    if not isinstance(admin, str) or not _is_http(admin):
        wrong(
            "admin", f"expected a URL, got {admin!r}", 'write Envoy\'s admin interface, such as "http://127.0.0.1:9901"'
        )
    routes = options.get("routes")
    if not isinstance(routes, str | Path) or not str(routes):
        wrong("routes", f"expected a path, got {routes!r}", "write the path of the routes file that Envoy watches")
    clusters = _per_colour(options.get("clusters"), {colour: colour.value for colour in Colour})
    if clusters is None or len(set(clusters.values())) != 2:
        wrong("clusters", "expected two different names", "write {blue: NAME, green: NAME}")
    addresses = _per_colour(options.get("addresses"), {})
    if addresses is None:
        wrong("addresses", "expected one address for each colour", "write {blue: HOST:PORT, green: HOST:PORT}")
    deploy = options.get("deploy", ())
    if not isinstance(deploy, list | tuple) or not all(isinstance(part, str) for part in deploy):
        wrong("deploy", "expected a list of words", 'write the command as a list: [./deploy, "{colour}", "{digest}"]')
        deploy = ()
    timeout = _duration(options.get("deploy-timeout", timedelta(minutes=10)))
    if timeout is None:
        wrong("deploy-timeout", "expected a duration", "write a number with a unit, such as 10m")
    verify = options.get("verify", {})
    url = verify.get("url") if isinstance(verify, Mapping) else None
    field = verify.get("field", "digest") if isinstance(verify, Mapping) else None
    if verify and (not isinstance(url, str) or not _is_http(url) or not isinstance(field, str)):
        wrong("verify", "expected a URL and a field", "write {url: http://..., field: digest}")
    if problems:
        raise ConfigurationError(tuple(problems))
    return EnvoySettings(
        region=settings.region,
        admin=str(admin).rstrip("/"),
        routes=Path(str(routes)),
        clusters=clusters or {},
        deploy=tuple(deploy),
        deploy_timeout=timeout or timedelta(),
        verify_url=url,
        verify_field=str(field),
        addresses=addresses or {},
    )


def fill(text: str, values: Mapping[str, str | None]) -> str:
    """Fill ``{colour}``, ``{digest}``, ``{commit}`` and ``{address}``; other braces stay as they are.

    ``ConfigurationError`` when the text asks for a value that there is none of.
    """

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if found is None:
            what = f"{text!r} asks for {match[0]}, which is not known here"
            remedy = "give `addresses: {blue: HOST:PORT, green: HOST:PORT}`, or leave it out"
            raise ConfigurationError((Problem(file="rollout.target", line=0, column=0, what=what, remedy=remedy),))
        return found

    return _TEMPLATE.sub(value, text)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _per_colour(plain: object, default: Mapping[Colour, str]) -> dict[Colour, str] | None:
    if plain is None:
        return dict(default)
    if not isinstance(plain, Mapping) or {str(key) for key in plain} != {colour.value for colour in Colour}:
        return None
    found = {Colour(str(key)): value for key, value in plain.items()}
    return found if all(isinstance(value, str) and value for value in found.values()) else None


def _duration(plain: object) -> timedelta | None:
    if isinstance(plain, timedelta):
        return plain
    if isinstance(plain, bool):
        return None
    if isinstance(plain, int | float):
        return timedelta(seconds=plain)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", plain) if isinstance(plain, str) else None
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]]) if match else None
