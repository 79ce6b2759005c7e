"""The venue search: one process, one colour, one release. ``/search``, ``/version``, ``/healthz``.

HTTP/1.1 by hand over asyncio and a small pool of PostgreSQL connections: about one millisecond a request. It is what
the demo releases, so it knows nothing of wedgate. The digest that it reports is the one of the files it runs from.

usage: service.py --port PORT --colour COLOUR --database ADDRESS
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
from fingerprint import digest_of

HERE = Path(__file__).resolve().parent

POOL = 4
"""Connections per process: a slow release may keep four backends busy, and no more."""

WARM_SEARCHES = 8
WARM_DAY = date(2027, 6, 12)

REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}

LARGEST_HEAD = 16_384
"""Bytes of a request's head at most; a larger one is answered with 400."""


class BadRequestError(ValueError):
    """The request cannot be answered; the text says why."""


def search_arguments(query: str) -> dict[str, Any]:
    """Return the arguments of the search from a query string; ``BadRequestError`` when they make no sense."""
    values = {name: found[-1] for name, found in parse_qs(query).items()}
    try:
        city, day = values["city"], date.fromisoformat(values["day"])
        guests = int(values.get("guests", "1"))
    except KeyError as error:
        raise BadRequestError(f"{error.args[0]} is missing; ask for /search?city=City+17&day=2027-06-12") from None
    except ValueError as error:
        raise BadRequestError(str(error)) from None
    if not 1 <= guests <= 10_000 or "\0" in city:
        raise BadRequestError("guests is from 1 to 10000, and a city is text")
    return {"city": city, "day": day, "guests": guests}


class Service:
    """One running release."""

    def __init__(self, *, colour: str, database: str, directory: Path = HERE) -> None:
        self.colour = colour
        self.digest = digest_of(directory)
        self._database = database
        self._search = (directory / "search.sql").read_text(encoding="utf-8")
        self._pool: asyncio.Queue[psycopg.AsyncConnection[Any]] = asyncio.Queue()
        self._busy = 0
        self._open: set[asyncio.StreamWriter] = set()

    async def run(self, port: int) -> None:
        """Serve on the loopback until SIGTERM or SIGINT, then let the requests under way end."""
        for _ in range(POOL):
            self._pool.put_nowait(await self._connect())
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, over.set)
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=512)
        print(f"{self.colour} {self.digest} on port {server.sockets[0].getsockname()[1]}", flush=True)
        await over.wait()
        server.close()
        while self._busy:
            await asyncio.sleep(0.01)
        for writer in list(self._open):
            writer.close()
        while not self._pool.empty():
            await self._pool.get_nowait().close()

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        """Open a connection and search a few times: the first user must not pay for planning and cold caches."""
        connection = await psycopg.AsyncConnection.connect(self._database, autocommit=True)
        for city in range(WARM_SEARCHES):
            await connection.execute(self._search, {"city": f"City {city}", "day": WARM_DAY, "guests": 80})
        return connection

    async def answer(self, method: str, target: str) -> tuple[int, Mapping[str, Any]]:
        """Return status and body of one request."""
        parts = urlsplit(target)
        if method != "GET":
            return 405, {"error": f"{method} is not answered here"}
        match parts.path:
            case "/healthz":
                return 200, {"status": "ok"}
            case "/version":
                return 200, {"digest": self.digest, "colour": self.colour}
            case "/search":
                return await self._answer_search(parts.query)
        return 404, {"error": f"there is no {parts.path}"}

    async def _answer_search(self, query: str) -> tuple[int, Mapping[str, Any]]:
        try:
            arguments = search_arguments(query)
        except BadRequestError as error:
            return 400, {"error": str(error)}
        connection = await self._pool.get()
        try:
            cursor = await connection.execute(self._search, arguments)
            names = [column.name for column in cursor.description or ()]
            return 200, {"venues": [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]}
        except psycopg.Error as error:
            return 503, {"error": f"the database did not answer: {error}"}
        finally:
            self._pool.put_nowait(connection)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while True:
                try:
                    head = await reader.readuntil(b"\r\n\r\n")
                except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
                    return
                self._busy += 1
                try:
                    writer.write(await self._response(head))
                    await writer.drain()
                finally:
                    self._busy -= 1
        except ConnectionError:
            return
        finally:
            self._open.discard(writer)
            writer.close()

    async def _response(self, head: bytes) -> bytes:
        words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        if len(words) != 3 or len(head) > LARGEST_HEAD:
            status, body = 400, {"error": "that is no request"}
        else:
            status, body = await self.answer(words[0], words[1])
        content = json.dumps(body, default=str).encode()
        lines = (
            f"HTTP/1.1 {status} {REASONS[status]}",
            "content-type: application/json",
            f"content-length: {len(content)}",
            f"x-colour: {self.colour}",
            f"x-release: {self.digest}",
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description="Search for wedding venues.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--colour", required=True, choices=["blue", "green"])
    parser.add_argument("--database", required=True, help="a PostgreSQL connection string")
    options = parser.parse_args()
    asyncio.run(Service(colour=options.colour, database=options.database).run(options.port))


if __name__ == "__main__":
    main()
