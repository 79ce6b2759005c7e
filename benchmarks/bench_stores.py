"""Stores: what an append costs, and how long a run that resumes reads and folds a long journal.

PostgreSQL flushes each commit to its disk here, as one in use does. Times are of this machine's disk: no ratios.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import unittest
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

from wedgate.adapters.stores.file import FileStore
from wedgate.adapters.stores.interface import Store
from wedgate.adapters.stores.memory import MemorySpool
from wedgate.adapters.stores.postgres import PostgresStore
from wedgate.engine.book import Book
from wedgate.ledger.appending import Draft
from wedgate.ledger.streams import START, Stream

NAME = "stores: an append, and resuming a journal of 10,000 entries"
TESTS = Path(__file__).resolve().parents[1] / "tests"
AT = datetime(2027, 6, 3, 12, tzinfo=UTC)
APPENDS = 1000
ENTRIES = 10_000
BATCH = 100


def line(number: int) -> Draft:
    """Return one event of a rollout's journal, about as long as they are."""
    body = {"rollout": "r-1", "region": f"region-{number % 4}", "number": number, "text": "x" * 300}
    kind = START if number == 0 else "ticked"
    return Draft(stream=Stream.JOURNAL, kind=kind, at=AT + timedelta(seconds=number), body=body)


def measure() -> Iterator[tuple[str, float, float | None]]:
    """Yield the times of each store, in milliseconds and seconds."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=Path.cwd())))
        disk = quantiles(_flushes(directory / "disk"), n=100)
        yield "this disk: write 600 bytes and flush them, p50 (ms)", disk[49], None
        yield "this disk: the same, p99 (ms)", disk[98], None
        # Where the disk alone takes longer than the aim, the aim is not to take much longer than the disk.
        p99 = max(5, 1.5 * disk[98])
        yield from _store("file", lambda name: FileStore(directory / f"{name}.jsonl"), p99=p99, resume=1)
        sys.path.append(str(TESTS / "postgres_server"))
        try:
            from postgres_server import DurableServer

            server = stack.enter_context(DurableServer.start())
        except (ImportError, RuntimeError) as error:
            raise unittest.SkipTest(f"PostgreSQL does not run here: {error}") from error
        url = server.database()
        yield from _store("postgres", lambda name: PostgresStore(lambda: url, name), p99=None, resume=1)


def _store(
    kind: str, open_store: Callable[[str], Store], *, p99: float | None, resume: float
) -> Iterator[tuple[str, float, float | None]]:
    store = open_store("appends")
    book = Book(store, MemorySpool())
    book.take_lease(AT, above=0, who="bench")
    times = [_seconds(lambda number=number: book.append([line(number)])) * 1000 for number in range(APPENDS)]
    cuts = quantiles(times, n=100)
    yield f"{kind}: append behind up to {APPENDS} entries, p50 (ms)", cuts[49], None
    yield f"{kind}: the same, p99 (ms)", cuts[98], p99
    book = Book(open_store("long"), MemorySpool())
    book.take_lease(AT, above=0, who="bench")
    for first in range(0, ENTRIES, BATCH):
        book.append([line(number) for number in range(first, first + BATCH)])
    times = [_seconds(lambda number=number: book.append([line(number)])) * 1000 for number in range(200)]
    cuts = quantiles(times, n=100)
    yield f"{kind}: append behind {ENTRIES} entries, p50 (ms)", cuts[49], None
    yield f"{kind}: the same, p99 (ms)", cuts[98], p99
    resumed = Book(open_store("long"), MemorySpool())
    yield f"{kind}: read and fold {ENTRIES} entries (s)", _seconds(resumed.refresh), resume
    assert len(resumed.state.journals["r-1"]) == ENTRIES + 200


def _flushes(path: Path) -> list[float]:
    with path.open("wb", buffering=0) as file:

        def write() -> None:
            file.write(b"x" * 600)
            os.fsync(file.fileno())

        return [_seconds(write) * 1000 for _ in range(APPENDS)]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
