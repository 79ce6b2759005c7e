"""Apprise as messenger, against real HTTP servers on loopback: what arrives, what does not, and for how long it is
waited."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from wedgate.adapters.notify import apprise
from wedgate.adapters.notify.apprise import AppriseMessenger
from wedgate.adapters.notify.interface import Message

LONG = timedelta(seconds=20)
MESSAGE = Message(to="env/CHAT", title="wedgate x: held", body="eu is held: the calendar is closed")


class Taker:
    """A server that keeps what it is sent and answers with ``status``."""

    def __init__(self, status: int = 200) -> None:
        taken: list[dict[str, object]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.taken = taken
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.server.server_address[1]}/hook"


@pytest.fixture
def taker() -> Iterator[Taker]:
    made = Taker()
    yield made
    made.close()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"json://127.0.0.1:{listening.getsockname()[1]}/"


def test_a_message_arrives_as_it_was_written(taker: Taker) -> None:
    """Title and body, as plain text: nothing in them is an escape or a markup."""
    odd = Message(to="env/CHAT", title="a <b> & {c}", body="first\\nsecond\nthird @here <script>")
    assert AppriseMessenger({"CHAT": taker.address}).send([MESSAGE, odd], within=LONG) == ("", "")
    told = sorted(((str(each["title"]), str(each["message"])) for each in taker.taken), reverse=True)
    assert told == [(MESSAGE.title, MESSAGE.body), (odd.title, odd.body)]


def test_a_server_that_never_answers_is_left_after_the_limit(silent: str) -> None:
    """And it keeps no other destination from being told, and no process behind."""
    taker = Taker()
    messenger = AppriseMessenger({"CHAT": silent, "OTHER": taker.address})
    began = time.monotonic()
    other = Message(to="env/OTHER", title="t", body="b")
    found = messenger.send([MESSAGE, other], within=timedelta(seconds=3))
    assert time.monotonic() - began < 4
    assert found == ("there was no answer within 3 s", "")
    assert len(taker.taken) == 1
    taker.close()


def test_what_a_server_refuses_is_said_without_its_address() -> None:
    """A status of 500 is no success, and neither is a port where nobody listens."""
    refusing = Taker(status=500)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        closed = f"json://user:geheim@127.0.0.1:{listening.getsockname()[1]}/"
    messenger = AppriseMessenger({"CHAT": refusing.address, "B": closed, "C": "no-such-scheme://x", "D": " "})
    names = ("CHAT", "B", "C", "D", "E")
    found = messenger.send([Message(to=f"env/{name}", title="t", body="b") for name in names], within=LONG)
    assert found[:2] == ("the server did not take it", "the server did not take it")
    assert "no address that Apprise knows" in found[2]
    assert found[3:] == ("D is not set", "E is not set")
    assert not any("geheim" in each or "127.0.0.1" in each for each in found)
    refusing.close()


def test_without_apprise_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch, taker: Taker) -> None:
    """The process that sends says so by its status; nothing is raised."""
    from wedgate.adapters.notify import sending
    from wedgate.adapters.notify.outcome import Outcome

    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    assert sending.send(taker.address, "t", "b") is Outcome.NO_APPRISE
    assert "pip install 'wedgate[notify]'" in apprise.MISSING
    assert not taker.taken
