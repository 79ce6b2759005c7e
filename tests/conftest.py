"""What every test may count on: programs that are absent are named, and the machine's own settings do not leak in.

The network is blocked by pytest-socket (see pyproject.toml): loopback and unix sockets only.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools" / "bin"

# A test must not read what the shell that started it, or the runner it runs on, says to wedgate.
FOREIGN_SETTINGS = ("GITHUB_", "RUNNER_", "WEDGATE_", "INPUT_")


def tool_path(name: str) -> Path | None:
    """Find a program that ``make tools`` installs: in the tree first, then on the PATH."""
    found = shutil.which(name, path=f"{TOOLS}{os.pathsep}{os.environ.get('PATH', '')}")
    return Path(found) if found else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is absent, or fail it where the programs are required."""
    needed = [(name, tool_path(name)) for marker in item.iter_markers("needs_tool") for name in marker.args]
    needed += [(path, ROOT / path) for marker in item.iter_markers("needs_file") for path in marker.args]
    for name, path in needed:
        if path is not None and path.exists():
            continue
        reason = f"{name} is not installed; run `make tools`"
        if REQUIRE_TOOLS:
            pytest.fail(f"{reason} (WEDGATE_REQUIRE_TOOLS=1 forbids skipping)", pytrace=False)
        pytest.skip(reason)


REQUIRE_TOOLS = os.environ.get("WEDGATE_REQUIRE_TOOLS") == "1"


@pytest.fixture(autouse=True)
def no_foreign_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the variables by which a runner or a user's shell would steer wedgate."""
    for name in list(os.environ):
        if name.startswith(FOREIGN_SETTINGS) or name in {"TZ", "NO_COLOR", "FORCE_COLOR", "CI"}:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def repository_root() -> Path:
    """Return the root of the work tree."""
    return ROOT


@pytest.fixture(scope="session")
def tool_named() -> object:
    """Return the finder of programs: ``tool_named("act")`` is a path."""
    return tool_path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start a real PostgreSQL for the whole session, about a second; ``database()`` of it is a fresh database."""
    from postgres_server import PostgresServer

    with PostgresServer.start() as server:
        yield server
