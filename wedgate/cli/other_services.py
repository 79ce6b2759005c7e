"""The other services of a repository: those whose workflows on the default branch answer comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wedgate.cli.wiring import RunnerGate
    from wedgate.engine.whose import Reading

_NAMED = re.compile(r"""(?:\bconfig:\s*|--config[ =])["']?([^\s"',}#]+)""")
_HEARS = "issue_comment"


def rollouts_elsewhere(runner: RunnerGate, environment: Mapping[str, str]) -> dict[str, Reading]:
    """Return what reads the rollouts of each other service, by the paths of their configurations.

    ``ExternalSystemError`` where the forge does not say which services there are.
    """
    from wedgate.adapters.forge.github_settings import GithubSettings
    from wedgate.config.load import CONFIG_PATHS

    texts = GithubSettings(runner.forge.connection).workflows().values()
    named = {path for text in texts if _HEARS in text for path in _paths(text)}
    groups = [CONFIG_PATHS, *((path,) for path in sorted(named - set(CONFIG_PATHS)))]
    found: dict[str, Reading] = {}
    for paths in groups:
        place = "" if paths is CONFIG_PATHS else paths[0]
        text = None if place == runner.place.path else runner.forge.default_branch_file(paths)
        if text is not None:
            found[place] = partial(_rollouts, text.content, text.path, runner, environment)
    return found


def _paths(text: str) -> Iterator[str]:
    return (str(PurePosixPath(found)) for found in _NAMED.findall(text))


def _rollouts(content: bytes, path: str, runner: RunnerGate, environment: Mapping[str, str]) -> tuple[str, ...] | None:
    from wedgate.cli.override_wiring import audit_book
    from wedgate.cli.sources import as_far_as_known
    from wedgate.engine.whose import rollouts_of
    from wedgate.errors import WedgateError

    try:
        configuration = as_far_as_known(content, path, runner.parse)
        return None if configuration is None else rollouts_of(audit_book(configuration, environment))
    except WedgateError:
        return None
