"""Time zones from one pinned database: the compiled files inside the pytz package, read into ``zoneinfo``.

``zoneinfo`` alone prefers the machine's own copy, and two machines of one day were seen four zones apart. So a decision
takes neither the machine's files nor ``TZ`` nor ``PYTHONTZPATH`` into account, and names the version it used.
pytz itself is not imported (that would cost more than the rest of a check): its folder is found, and its version and
its list of common zones are read from the text of the package, which a test holds to what the package says.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

from wedgate.errors import UsageError, WedgateError

_VERSION = re.compile(r"^OLSON_VERSION = '([^']+)'$", re.MULTILINE)
_COMMON = re.compile(r"^common_timezones = \\\n\[(.*?)\]", re.MULTILINE | re.DOTALL)


@cache
def zone(name: str) -> ZoneInfo:
    """Return the zone of that name; ``UsageError`` for one that is not in ``common_zones``.

    ``EST`` and its like load from the files and are a trap (no daylight saving, three meanings), so only the common
    names count. Each zone is loaded once: two loads of one zone subtract differently over a clock change.
    """
    if name not in common_zones():
        raise UsageError(f'"{name}" is not a time zone that wedgate accepts; {_remedy(name)}')
    path = _folder().joinpath("zoneinfo", *name.split("/"))
    with path.open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def zone_of_feed(name: str) -> ZoneInfo | None:
    """Return the zone that an event of a feed names, or ``None``.

    Feeds are written by others, with older names (``Asia/Calcutta``): any name of a place in the pinned database
    counts, and ``UTC``. ``EST`` and its like do not.
    """
    if name in common_zones():
        return zone(name)
    return _older(name) if re.fullmatch(r"[A-Za-z]+(/[A-Za-z0-9_+-]+){1,2}", name) else None


@cache
def _older(name: str) -> ZoneInfo | None:
    path = _folder().joinpath("zoneinfo", *name.split("/"))
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@cache
def zone_data_version() -> str:
    """Return the version of the IANA database, such as ``2026f``."""
    found = _VERSION.search(_text())
    if found is None:
        raise WedgateError("the installed pytz does not say the version of its zones; install the locked version")
    return found[1]


@cache
def common_zones() -> tuple[str, ...]:
    """Return the names that wedgate accepts, sorted: those that pytz lists as common and has a file for."""
    found = _COMMON.search(_text())
    if found is None:
        raise WedgateError("the installed pytz does not list its common zones; install the locked version")
    return tuple(re.findall(r"'([^']+)'", found[1]))


def _remedy(name: str) -> str:
    import difflib

    folded = {known.casefold(): known for known in common_zones()}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f'did you mean "{folded[close[0]]}"?' if close else "write a name such as Europe/Berlin"


@cache
def _folder() -> Path:
    spec = find_spec("pytz")
    if spec is None or spec.origin is None:
        raise WedgateError("pytz is not installed, so there are no time zones; install wedgate with its requirements")
    return Path(spec.origin).parent


@cache
def _text() -> str:
    return _folder().joinpath("__init__.py").read_text(encoding="utf-8")
