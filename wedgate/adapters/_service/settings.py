"""The options that every kind of target has: how a colour is deployed, and where it says which digest it is.

They arrive as plain data, from the configuration or from a rescue file, so they are checked here once more: a
rollback must not fail on a missing option that it does not need. Filling templates is here too. What switches the
traffic is checked beside the one who switches it, into the same list of problems.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from wedgate.errors import ConfigurationError, Problem
from wedgate.rollout.values import Colour, TargetSettings

KNOWN = ("deploy", "deploy-timeout", "scale", "scale-timeout", "verify", "addresses")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TEMPLATE = re.compile(r"\{(colour|digest|commit|address)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """How one region's colours are deployed and verified."""

    region: str
    deploy: tuple[str, ...]
    deploy_timeout: timedelta
    scale: tuple[str, ...]
    scale_timeout: timedelta
    verify_url: str | None
    verify_field: str
    addresses: Mapping[Colour, str]


class Checks:
    """The problems of one target's options, gathered so that all are said at once."""

    def __init__(self, settings: TargetSettings) -> None:
        self.options = settings.options
        self._name = f"rollout.target of {settings.region}"
        self._problems: list[Problem] = []

    def wrong(self, key: str, what: str, remedy: str) -> None:
        """Note that an option cannot be used."""
        self._problems.append(Problem(file=self._name, line=0, column=0, what=f"{key}: {what}", remedy=remedy))

    def strangers(self, kind: str, known: tuple[str, ...]) -> None:
        """Note the options that this kind of target does not have."""
        for key in self.options:
            if key not in known:
                self.wrong(key, f"is not an option of {kind} target", f"use one of {', '.join(known)}")

    def finish(self) -> None:
        """Raise ``ConfigurationError`` with everything that was noted, or do nothing."""
        if self._problems:
            raise ConfigurationError(tuple(self._problems))


def parse_service(settings: TargetSettings, checks: Checks) -> ServiceSettings:
    """Return the options of the service; what is wrong with them is noted in ``checks``."""
    options = settings.options
    addresses = per_colour(options.get("addresses"), {})
    if addresses is None:
        checks.wrong("addresses", "expected one address for each colour", "write {blue: HOST:PORT, green: HOST:PORT}")
    deploy, deploy_timeout = _command(checks, "deploy", '[./deploy, "{colour}", "{digest}"]')
    scale, scale_timeout = _command(checks, "scale", '[./scale, "{colour}"]')
    verify = options.get("verify", {})
    url = verify.get("url") if isinstance(verify, Mapping) else None
    field = verify.get("field", "digest") if isinstance(verify, Mapping) else None
    if verify and (not isinstance(url, str) or not is_http(url) or not isinstance(field, str)):
        checks.wrong("verify", "expected a URL and a field", "write {url: http://..., field: digest}")
    return ServiceSettings(
        region=settings.region,
        deploy=deploy,
        deploy_timeout=deploy_timeout,
        scale=scale,
        scale_timeout=scale_timeout,
        verify_url=url,
        verify_field=str(field),
        addresses=addresses or {},
    )


def _command(checks: Checks, key: str, example: str) -> tuple[tuple[str, ...], timedelta]:
    """Return one command, empty where there is none, and how long it may take."""
    words = checks.options.get(key, ())
    if not is_words(words):
        checks.wrong(key, "expected a list of words", f"write the command as a list: {example}")
    limit = parse_limit(checks.options.get(f"{key}-timeout", timedelta(minutes=10)))
    if limit is None:
        checks.wrong(f"{key}-timeout", "expected a duration", "write a number with a unit, such as 10m")
    return tuple(words) if isinstance(words, list | tuple) else (), limit or timedelta()


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


def is_http(url: str) -> bool:
    """Tell whether this is an http or https URL with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_words(plain: object) -> bool:
    """Tell whether this is a command, word by word."""
    return isinstance(plain, list | tuple) and all(isinstance(part, str) for part in plain)


def per_colour(plain: object, default: Mapping[Colour, str]) -> dict[Colour, str] | None:
    """Return one text for each colour, the default where nothing is given, ``None`` where it is something else."""
    if plain is None:
        return dict(default)
    if not isinstance(plain, Mapping) or {str(key) for key in plain} != {colour.value for colour in Colour}:
        return None
    found = {Colour(str(key)): value for key, value in plain.items()}
    return found if all(isinstance(value, str) and value for value in found.values()) else None


def parse_limit(plain: object) -> timedelta | None:
    """Return a time limit that is given as a duration, as seconds or as ``10m``; ``None`` for anything else."""
    if isinstance(plain, timedelta):
        return plain
    if isinstance(plain, bool):
        return None
    if isinstance(plain, int | float):
        return timedelta(seconds=plain)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)", plain) if isinstance(plain, str) else None
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]]) if match else None
