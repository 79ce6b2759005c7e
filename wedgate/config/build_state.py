"""Where the ledger is kept, from validated plain data: the one part of a rollout's that `wedgate check` asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wedgate.config.configuration import StateSettings
from wedgate.errors import ConfigurationError, Problem


def build_state(plain: Mapping[str, Any] | None) -> StateSettings | None:
    """Build `state:`; ``None`` for a file without it."""
    if not plain:
        return None
    options = {key: value for key, value in plain.items() if key != "kind"}
    return StateSettings(kind=plain["kind"], options=_at_home(options))


def _at_home(options: dict[str, object]) -> dict[str, object]:
    """Return the options with the user's home for a leading ``~``; ``ConfigurationError`` where there is none."""
    path = options.get("path")
    if not isinstance(path, str) or not path.startswith("~"):
        return options
    try:
        return {**options, "path": str(Path(path).expanduser())}
    except RuntimeError:
        what, remedy = f"state.path: there is no home for {path!r}", "set HOME, or write the path out"
        raise ConfigurationError((Problem(file="wedgate.yml", line=0, column=0, what=what, remedy=remedy),)) from None
