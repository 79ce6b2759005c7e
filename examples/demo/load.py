"""A steady open-loop load over HTTP/1.1 that never retries and writes down every request.

Arrivals follow a schedule, not the answers: a slow service gets no fewer requests, and its latency is counted from
the instant at which the request was due. A request that fails in any way (refused, broken off, cut short, too late,
status 400 and above) is one failure, and is not sent again.

usage: load.py --out FILE --rate REQUESTS_PER_SECOND NAME=HOST:PORT...      until SIGTERM

Each line of FILE is one request: due (Unix seconds), name, status (0: no whole answer), milliseconds, colour,
release, trouble. Lines are written as requests end.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

TIMEOUT_SECONDS = 10.0

PathOf = Callable[[random.Random], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as the client saw it. ``due`` is Unix time; ``status`` is 0 when no whole answer came."""

    due: float
    region: str
    status: int
    milliseconds: float
    colour: str
    release: str
    trouble: str = ""

    @property
    def failed(self) -> bool:
        """Whether a user would call it a failure."""
        return not 200 <= self.status < 400

    @property
    def done(self) -> float:
        """When the answer was there, in Unix time."""
        return self.due + self.milliseconds / 1000

    def line(self) -> str:
        """Spell the request as one line of the record."""
        fields = (f"{self.due:.4f}", self.region, str(self.status), f"{self.milliseconds:.2f}")
        return "\t".join((*fields, self.colour or "-", self.release or "-", self.trouble or "-")) + "\n"

    @classmethod
    def parse(cls, line: str) -> Request:
        """Read one line of the record back; ``ValueError`` when it is none."""
        due, region, status, milliseconds, colour, release, trouble = line.rstrip("\n").split("\t")
        return cls(
            due=float(due),
            region=region,
            status=int(status),
            milliseconds=float(milliseconds),
            colour="" if colour == "-" else colour,
            release="" if release == "-" else release,
            trouble="" if trouble == "-" else trouble,
        )


def read_record(path: Path) -> Iterator[Request]:
    """Read every whole line of a record; the last may still be on its way."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield Request.parse(line)


def a_search(chance: random.Random) -> str:
    """Return the path of a search as users make them."""
    day = f"2027-{chance.randint(5, 9):02d}-{chance.randint(1, 28):02d}"
    return f"/search?city={quote(f'City {chance.randrange(600)}')}&day={day}&guests={chance.choice((40, 80, 120, 160))}"


class BrokenAnswerError(Exception):
    """The answer is not one; the text says what came."""


class Connections:
    """Keep-alive connections to one address: the last used goes first, and there are as many as are needed at once."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def get(self, path: str) -> tuple[int, Mapping[str, str]]:
        """Send one request and read the whole answer; return status and headers. Raises, and never tries again."""
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nhost: {self._host}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            words = head[0].split(" ")
            if len(words) < 2 or not words[1].isdigit():
                raise BrokenAnswerError(f"got {head[0][:40]!r}")
            if headers.get("transfer-encoding") == "chunked":
                while size := int((await reader.readline()).split(b";")[0], 16):
                    await reader.readexactly(size + 2)
                await reader.readline()
            else:
                await reader.readexactly(int(headers.get("content-length", "0")))
        except BaseException:
            writer.close()
            raise
        if headers.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(words[1]), headers

    def close(self) -> None:
        """Close what is idle."""
        for _, writer in self._idle:
            writer.close()


class Load:
    """A load on several addresses at once, each at the same rate."""

    def __init__(
        self,
        addresses: Mapping[str, tuple[str, int]],
        *,
        rate: float,
        record: Callable[[Request], None],
        path_of: PathOf = a_search,
        timeout_seconds: float = TIMEOUT_SECONDS,
        seed: int = 1,
    ) -> None:
        self._pools = {name: Connections(*address) for name, address in addresses.items()}
        self._rate = rate
        self._record = record
        self._path_of = path_of
        self._timeout = timeout_seconds
        self._chance = random.Random(seed)  # noqa: S311 - which city is searched for is no secret

    async def run(self, over: asyncio.Event) -> None:
        """Send until ``over`` is set, and wait for the answers that are still due."""
        async with asyncio.TaskGroup() as group:
            names = list(self._pools)
            for index, name in enumerate(names):
                # Regions take turns inside one interval, so that they do not all arrive in the same instant.
                group.create_task(self._arrive(name, index / len(names) / self._rate, over))
        for pool in self._pools.values():
            pool.close()

    async def _arrive(self, name: str, offset: float, over: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time() + offset
        unix = _unix_minus_loop(loop)
        sent = 0
        async with asyncio.TaskGroup() as group:
            while not over.is_set():
                due = start + sent / self._rate
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                    continue
                group.create_task(self._send(name, due, due + unix))
                sent += 1

    async def _send(self, name: str, due: float, unix_due: float) -> None:
        loop = asyncio.get_running_loop()
        status, headers, trouble = 0, {}, ""
        try:
            async with asyncio.timeout(self._timeout):
                status, headers = await self._pools[name].get(self._path_of(self._chance))
        except TimeoutError:
            trouble = f"no answer within {self._timeout:g} s"
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, BrokenAnswerError) as error:
            trouble = f"{type(error).__name__}: {error}".replace("\t", " ").replace("\n", " ")
        self._record(
            Request(
                due=unix_due,
                region=name,
                status=status,
                milliseconds=(loop.time() - due) * 1000,
                colour=headers.get("x-colour", ""),
                release=headers.get("x-release", ""),
                trouble=trouble,
            )
        )


def _unix_minus_loop(loop: asyncio.AbstractEventLoop) -> float:
    return time.time() - loop.time()


async def _main(options: argparse.Namespace) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    addresses = {}
    for word in options.addresses:
        name, _, address = word.partition("=")
        host, _, port = address.rpartition(":")
        addresses[name] = (host, int(port))
    with options.out.open("w", encoding="utf-8", buffering=1) as out:
        await Load(addresses, rate=options.rate, record=lambda request: out.write(request.line()) and None).run(over)


def main() -> None:
    """Parse the command line and load."""
    parser = argparse.ArgumentParser(description="Steady open-loop load that never retries.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rate", type=float, required=True, help="requests per second for each name")
    parser.add_argument("addresses", nargs="+", metavar="NAME=HOST:PORT")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
