"""The examples are programs in folders, not packages: their modules are found by path."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
for folder in ("demo", "venue-search", "edge"):
    if str(EXAMPLES / folder) not in sys.path:
        sys.path.append(str(EXAMPLES / folder))


@pytest.fixture(scope="session")
def database() -> Iterator[object]:
    """A real PostgreSQL with the venues in it: about four seconds."""
    pytest.importorskip("psycopg")
    from database import Database

    with Database.start() as running:
        running.fill()
        yield running
