"""The other services of a repository: those whose workflows on the default branch answer comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from wedgate.errors import ConfigurationError, ExternalSystemError, WedgateError

if TYPE_CHECKING:
    from wedgate.adapters.forge.interface import ForgeFile
    from wedgate.cli.wiring import RunnerGate
    from wedgate.config.configuration import Configuration
    from wedgate.engine.whose import Reading

_HEARS = "issue_comment"
_OPTION = re.compile(r"""--config[ =]\s*["']?(\$\{\{.*?\}\}|[^\s"']+)""")
_UNREADABLE = re.compile(r"""(?:\bconfig["']?:\s*|--config[ =])["']?([^\s"',}#]+)""")
"""How a path stands in a workflow that is no YAML by the rules here."""
_CONFIGURATION = re.compile(r"[^\s$]+\.ya?ml")


def rollouts_elsewhere(runner: RunnerGate, environment: Mapping[str, str]) -> dict[str, Reading]:
    """Return what reads the rollouts of each other service, by the paths of their configurations.

    ``ExternalSystemError`` where the forge does not say which services there are, or none is found and the path of one
    is computed.
    """
    from wedgate.adapters.forge.github_settings import GithubSettings
    from wedgate.config.load import CONFIG_PATHS

    texts = GithubSettings(runner.forge.connection).workflows()
    named = {path for name, text in texts.items() if _HEARS in text for path in _paths(name, text)}
    known = sorted(str(PurePosixPath(path)) for path in named if "$" not in path)
    groups = [CONFIG_PATHS, *((path,) for path in known if path not in CONFIG_PATHS)]
    found: dict[str, Reading] = {}
    for paths in groups:
        place = "" if paths is CONFIG_PATHS else paths[0]
        text = None if place == runner.place.path else runner.forge.default_branch_file(paths)
        if text is not None:
            found[place] = partial(_rollouts, _configuration(text, runner), environment)
    if not found and any("$" in path for path in named):
        raise ExternalSystemError("a workflow computes the path of its configuration, so the services are not known")
    return found


def _paths(name: str, text: str) -> Iterator[str]:
    """Yield the paths that a workflow names, with a ``$`` in them where they are computed from what is not in it."""
    from wedgate.config.nodes import parse_nodes

    try:
        workflow = parse_nodes(text, name=name, noted=[]).data
    except ConfigurationError:
        yield from _UNREADABLE.findall(text)
        return
    if not isinstance(workflow, dict) or _HEARS not in _texts(workflow.get("on"), keys=True):
        return
    jobs = workflow.get("jobs")
    for job in jobs.values() if isinstance(jobs, dict) else ():
        strategy = job.get("strategy") if isinstance(job, dict) else None
        matrix = [each for each in _texts(strategy) if _CONFIGURATION.fullmatch(each)]
        for path in _named(job):
            yield from matrix if matrix and "$" in path else (path,)


def _named(value: Any) -> Iterator[str]:
    """Yield what stands under ``config:`` anywhere in a job, and behind ``--config`` in its commands."""
    if isinstance(value, dict):
        if isinstance(value.get("config"), str):
            yield value["config"].strip()
        for each in value.values():
            yield from _named(each)
    elif isinstance(value, list):
        for each in value:
            yield from _named(each)
    elif isinstance(value, str):
        yield from _OPTION.findall(value)


def _texts(value: Any, *, keys: bool = False) -> Iterator[str]:
    """Yield every text in plain data, the names of mappings only where asked for."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        if keys:
            yield from value
        for each in value.values():
            yield from _texts(each, keys=keys)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, keys=keys)


def _configuration(file: ForgeFile, runner: RunnerGate) -> Configuration | None:
    """Return a configuration, without the calendar that it shares if it can be: where the ledger is stands in it."""
    from wedgate.cli.sources import as_far_as_known
    from wedgate.config.load import parse_unshared

    try:
        return parse_unshared(file.content, name=file.path)
    except ConfigurationError:
        with suppress(WedgateError):
            return as_far_as_known(file.content, file.path, runner.parse)
        return None


def _rollouts(configuration: Configuration | None, environment: Mapping[str, str]) -> tuple[str, ...] | None:
    from wedgate.cli.override_wiring import audit_book
    from wedgate.engine.whose import rollouts_of

    try:
        return None if configuration is None else rollouts_of(audit_book(configuration, environment))
    except WedgateError:
        return None
