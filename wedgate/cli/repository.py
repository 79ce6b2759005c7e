"""Which repository a command is about: on a runner its own, in a terminal the one that the clone came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from wedgate.errors import ExternalSystemError, UsageError

VARIABLE = "GITHUB_REPOSITORY"
PUBLIC_API = "https://api.github.com"
_SET = f"set {VARIABLE}=owner/name (or give --repository, where the command takes it)"
_SHORT = re.compile(r"(?:[^@/:\s]+@)?([^@/:\s]+):(?!/)([^\s]+)")
"""An address as ssh takes it: ``git@github.com:owner/name.git``."""
_NAMED = re.compile(r"[A-Za-z0-9_-]+/(?!\.{1,2}$)[A-Za-z0-9._-]+")
_PATH = re.compile(r"/?([A-Za-z0-9_-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?")


def repository_of(environment: Mapping[str, str]) -> str:
    """Return owner and name of the repository: what the environment says, or the clone's ``origin`` in a terminal.

    ``UsageError`` where neither does; ``ExternalSystemError`` on a runner, where a checkout says nothing.
    """
    from wedgate.adapters.forge.runner import is_runner

    named = environment.get(VARIABLE, "")
    if named:
        return named
    if is_runner(environment):
        raise ExternalSystemError(f"{VARIABLE} is not set, so the default branch cannot be read")
    from wedgate.adapters.forge.git_copy import address_of_origin

    address = address_of_origin(Path())
    if address is None:
        raise UsageError(f"there is no clone with a remote `origin` here; {_SET}, or run this in one")
    api = api_of(environment)
    found = repository_at(address, api)
    if found is None:
        host, served = _parts_of(address)[0], urlsplit(api).hostname or api
        raise UsageError(
            f"`origin` is at {host or 'no server'}, and {served} does not serve it; {_SET}"
            " (and GITHUB_API_URL for a server of your own)"
        )
    return found


def environment_for(named: str | None, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment as it is for the repository of ``--repository``; ``UsageError`` if that is no name."""
    if named is None:
        return environment
    if not _NAMED.fullmatch(named):
        raise UsageError(f"--repository {ascii(named)[:80]} is not the name of a repository: give it as owner/name")
    return {**environment, VARIABLE: named}


def remote_of(environment: Mapping[str, str], address: str | None) -> str | None:
    """Return where the repository is fetched from: ``address``, that of the clone's ``origin``, if it is there.

    A runner's, or one that ``GITHUB_REPOSITORY`` names and ``origin`` is not, is at its own address on the forge.
    """
    from wedgate.adapters.forge.runner import is_runner

    named = environment.get(VARIABLE, "")
    at_origin = None if address is None else repository_at(address, api_of(environment))
    is_another = at_origin is not None and at_origin.lower() != named.lower()
    if not named or not (is_another or is_runner(environment)):
        return address
    return f"{_server_of(environment)}/{named}.git"


def _server_of(environment: Mapping[str, str]) -> str:
    """Return the address of the forge's pages, by that of its API where nothing names it."""
    api = urlsplit(api_of(environment))
    return environment.get("GITHUB_SERVER_URL") or f"{api.scheme}://{api.netloc.removeprefix('api.')}"


def api_of(environment: Mapping[str, str]) -> str:
    """Return the address of the API: the one that the environment names, or the public one."""
    return environment.get("GITHUB_API_URL") or PUBLIC_API


def repository_at(address: str, api: str) -> str | None:
    """Return owner and name of a repository by its address; ``None`` if it is not on the server of the API.

    A server's API is at its own name, or at that behind ``api.`` (GitHub's documentation of its REST API); over the
    port of HTTPS ssh goes to ``ssh.`` before it.
    """
    served = urlsplit(api).hostname or ""
    host, path = _parts_of(address)
    if not host or host.removeprefix("ssh.") not in (served, served.removeprefix("api.")):
        return None
    found = _PATH.fullmatch(path)
    return None if found is None else found[1]


def _parts_of(address: str) -> tuple[str, str]:
    """Return the server in an address, in lower case, and the path there; none in a path of this machine."""
    if "://" in address:
        try:
            parts = urlsplit(address)
        except ValueError:
            return "", ""
        return parts.hostname or "", parts.path
    short = _SHORT.fullmatch(address)
    return ("", "") if short is None else (short[1].lower(), short[2])
