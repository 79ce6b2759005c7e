"""HAProxy's admin socket: read and set the two variables that are wedgate's, and ask which servers are up.

One line of commands on one connection, one answer, until HAProxy closes. What the values mean for a rollout is left
to the target.

Source: HAProxy's management guide, "Unix Socket commands": ``get var``, ``experimental-mode``, ``set var``,
``show stat``, and "CSV format" for the fields of the last.
"""

from __future__ import annotations

import csv
import re
import socket
import time

from wedgate.adapters._haproxy.weights import Held, green_variable, parse_held, spell_stamp, stamp_variable
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Fence

LARGEST = 64 * 1024
"""Bytes of an answer that are read at most."""

SERVERS = 4
"""The type of entries of `show stat` that are servers."""

TRIES = 5
PAUSE_SECONDS = 0.002
"""A writer sets two variables one after the other; who reads between them looks again."""


class RefusedError(ExternalSystemError):
    """HAProxy answered, and did not do what was asked."""


class Runtime:
    """The admin socket of one HAProxy: ``where`` is a path or ``HOST:PORT``."""

    def __init__(self, where: str, *, variable: str, region: str, timeout: float = 2.0) -> None:
        self._where = where
        self._variable = variable
        self._timeout = timeout
        self._what = f"{region}: HAProxy's admin socket {where}"

    def held(self) -> Held:
        """Return what traffic is routed by now, and who wrote it.

        ``RefusedError`` when there is no such variable, ``ExternalSystemError`` when nothing answers.
        """
        for _ in range(TRIES):
            found = self._held()
            if found.is_as_written or found.fence is None:
                break
            time.sleep(PAUSE_SECONDS)
        return found

    def set(self, green: int, fence: Fence) -> None:
        """Give green this share; ``RefusedError`` when HAProxy does not take it."""
        answer = self._ask(
            f"experimental-mode on; set var {green_variable(self._variable)} int({green}); "
            f"set var {stamp_variable(self._variable)} str({spell_stamp(green, fence)})"
        )
        if answer.strip():
            raise RefusedError(
                f"{self._what} refused the weights: {' '.join(answer.split())}; "
                "the socket needs `level admin` (docs/reference/haproxy.md)"
            )

    def servers_up(self, backend: str) -> tuple[int, int] | None:
        """Return how many servers of a backend are up, and how many it has; ``None`` where HAProxy cannot know.

        A server without ``check`` is never found down, and says nothing. Servers for backup and in maintenance are
        not counted. ``RefusedError`` when there is no such backend.
        """
        answer = self._ask(f"show stat {backend} {SERVERS} -1")
        rows = list(csv.DictReader(answer.removeprefix("# ").splitlines()))
        if not rows or not {"status", "act"} <= rows[0].keys():
            raise RefusedError(
                f"{self._what} knows no servers of backend {backend} ({' '.join(answer.split())[:200]}); name the two "
                "backends with `backends:` (docs/reference/haproxy.md)"
            )
        states = [row["status"] or "" for row in rows if row["act"] == "1"]
        states = [state for state in states if not state.startswith("MAINT")]
        if any(state == "no check" for state in states):
            return None
        return sum(state.startswith("UP") for state in states), len(states)

    def _held(self) -> Held:
        green, stamp = green_variable(self._variable), stamp_variable(self._variable)
        answer = self._ask(f"get var {green}; get var {stamp}")
        found = dict(re.findall(r"^(\S+): type=\w+ value=<(.*)>$", answer, re.MULTILINE))
        if green not in found:
            raise RefusedError(
                f"{self._what} has no variable {green} ({' '.join(answer.split())[:200] or 'it answered nothing'}); "
                "start HAProxy with the weights file as another -f (docs/reference/haproxy.md)"
            )
        try:
            return parse_held(found[green], found.get(stamp))
        except ValueError:
            raise RefusedError(
                f"{self._what}: {green} is {found[green]!r} and not a whole number of percent; somebody else wrote it"
            ) from None

    def _ask(self, line: str) -> str:
        """Send one line and return the whole answer; ``ExternalSystemError`` when there is none in time."""
        deadline = time.monotonic() + self._timeout
        answer = b""
        try:
            with self._connected() as connection:
                connection.sendall(line.encode("ascii") + b"\n")
                while piece := connection.recv(1 << 16):
                    answer += piece
                    if len(answer) > LARGEST:
                        raise OSError(f"the answer is larger than {LARGEST >> 10} KiB")
                    if time.monotonic() > deadline:
                        raise TimeoutError(f"no whole answer within {self._timeout:g} s")
        except OSError as error:
            raise ExternalSystemError(f"{self._what} did not answer: {error or type(error).__name__}") from error
        return answer.decode("utf-8", errors="replace")

    def _connected(self) -> socket.socket:
        if "/" not in self._where:
            host, _, port = self._where.rpartition(":")
            return socket.create_connection((host.strip("[]"), int(port)), timeout=self._timeout)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self._timeout)
        try:
            connection.connect(self._where)
        except BaseException:
            connection.close()
            raise
        return connection
