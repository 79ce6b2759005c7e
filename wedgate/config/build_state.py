"""Where the ledger is kept, from validated plain data: all that a question to the gate needs beside the gate's half."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wedgate.config.configuration import StateSettings
from wedgate.errors import ConfigurationError, Problem

Plain = Mapping[str, Any]


def build_state(plain: Plain | None) -> StateSettings | None:
    """Build the settings of the ledger; ``None`` when the file does not say."""
    return None if not plain else StateSettings(kind=plain["kind"], options=_at_home(options_of(plain)))


def options_of(plain: Plain) -> dict[str, object]:
    """Return everything beside the kind."""
    return {key: value for key, value in plain.items() if key != "kind"}


def _at_home(options: dict[str, object]) -> dict[str, object]:
    """Return the options with the user's home for a leading ``~``; ``ConfigurationError`` where there is none."""
    from pathlib import Path

    path = options.get("path")
    if not isinstance(path, str) or not path.startswith("~"):
        return options
    try:
        return {**options, "path": str(Path(path).expanduser())}
    except RuntimeError:
        what, remedy = f"state.path: there is no home for {path!r}", "set HOME, or write the path out"
        raise ConfigurationError((Problem(file="wedgate.yml", line=0, column=0, what=what, remedy=remedy),)) from None
