"""The options of a HAProxy target in wedgate.yml as one checked value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wedgate.adapters._service.settings import KNOWN as SERVICE
from wedgate.adapters._service.settings import Checks, ServiceSettings, parse_service, per_colour
from wedgate.rollout.values import Colour, TargetSettings

KNOWN = ("kind", "socket", "weights", "variable", "backends", *SERVICE)
DEFAULT_VARIABLE = "wedgate"


@dataclass(frozen=True, slots=True, kw_only=True)
class HaproxySettings:
    """Where one region's HAProxy is, and the service behind it. ``socket`` is a path or ``HOST:PORT``."""

    region: str
    socket: str
    weights: Path
    variable: str
    backends: Mapping[Colour, str]
    service: ServiceSettings


def parse_settings(settings: TargetSettings) -> HaproxySettings:
    """Check the options of one target; ``ConfigurationError`` names everything that is wrong with them at once."""
    options, checks = settings.options, Checks(settings)
    checks.strangers("a haproxy", KNOWN)
    socket = options.get("socket")
    if not isinstance(socket, str) or not is_socket(socket):
        remedy = "write the path of HAProxy's admin socket, such as /run/haproxy/admin.sock, or HOST:PORT"
        checks.wrong("socket", f"expected a path or HOST:PORT, got {socket!r}", remedy)
    weights = options.get("weights")
    if not isinstance(weights, str | Path) or not str(weights):
        remedy = "write the path of the file that HAProxy is started with, as another -f"
        checks.wrong("weights", f"expected a path, got {weights!r}", remedy)
    variable = options.get("variable", DEFAULT_VARIABLE)
    if not isinstance(variable, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", variable):
        checks.wrong("variable", f"expected a name, got {variable!r}", "write letters, digits and _, such as wedgate")
    backends = per_colour(options.get("backends"), {colour: colour.value for colour in Colour})
    if backends is None or len(set(backends.values())) != 2 or not all(map(_is_name, backends.values())):
        checks.wrong("backends", "expected two different names", "write {blue: NAME, green: NAME}")
    service = parse_service(settings, checks)
    checks.finish()
    return HaproxySettings(
        region=settings.region,
        socket=str(socket),
        weights=Path(str(weights)),
        variable=str(variable),
        backends=backends or {},
        service=service,
    )


def _is_name(text: str) -> bool:
    # HAProxy's own rule for names of backends; a line of commands can hold nothing else of this.
    return re.fullmatch(r"[A-Za-z0-9_.:-]+", text) is not None


def is_socket(text: str) -> bool:
    """Tell whether this is the path of a socket (it has a slash) or ``HOST:PORT``."""
    host, colon, port = text.rpartition(":")
    is_port = port.isascii() and port.isdigit() and 0 < int(port) < 65536
    return "/" in text or (bool(host and colon) and is_port)
