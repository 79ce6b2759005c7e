"""Pages from a real server on this machine: what is refused, what is kept, and for how long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest

from wedgate.almanac import feed_fetch
from wedgate.almanac.feed_copies import page_of
from wedgate.almanac.feed_fetch import is_public
from wedgate.almanac.feeds import feed_table
from wedgate.almanac.files import Shelf, Unread
from wedgate.calendars.facts import FeedKey
from wedgate.calendars.values import Span

FAIRS = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260606\r\nEND:VEVENT\r\n"
    b"END:VCALENDAR\r\n"
)
NOW = datetime(2026, 6, 1, tzinfo=UTC)

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers as the test says, and remembers what it was asked."""

    answers: dict[str, Answer]
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("If-None-Match")))
        self.answers[self.path](self)

    def say(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server:
    """A server on a free port of this machine."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str | None]] = []
        handler = type("Bound", (Handler,), {"answers": self.answers, "asked": self.asked})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}{path}"

    def key(self, path: str, *, allow_private: bool = True) -> FeedKey:
        return FeedKey(location=self.url(path), max_age=timedelta(days=7), allow_private=allow_private)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(autouse=True)
def own_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep copies in a directory of this test, as outside of a CI runner."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


def trouble(server: Server, path: str, **options: bool) -> str:
    found = page_of(server.key(path, **options), NOW)
    assert isinstance(found, Unread)
    return found.trouble


def test_a_page_is_fetched_and_fresh_for_an_hour(server: Server) -> None:
    server.answers["/a"] = lambda request: request.say(200, FAIRS, ETag='"1"')
    assert page_of(server.key("/a"), NOW) == FAIRS
    assert page_of(server.key("/a"), NOW + timedelta(minutes=59)) == FAIRS
    assert server.asked == [("/a", None)]


def test_an_older_copy_is_asked_about_and_renewed_by_a_304(server: Server) -> None:
    server.answers["/a"] = lambda request: request.say(200, FAIRS, ETag='"1"')
    page_of(server.key("/a"), NOW)
    server.answers["/a"] = lambda request: request.say(304)
    assert page_of(server.key("/a"), NOW + timedelta(days=6)) == FAIRS
    assert server.asked[1] == ("/a", '"1"')
    server.answers["/a"] = lambda request: request.say(500)
    assert page_of(server.key("/a"), NOW + timedelta(days=12)) == FAIRS


def test_a_304_without_a_copy_is_trouble(server: Server) -> None:
    server.answers["/a"] = lambda request: request.say(304)
    assert "a copy that is not there" in trouble(server, "/a")


@pytest.mark.parametrize("status", [404, 410, 403, 500])
def test_what_is_gone_counts_by_its_copy_until_that_is_too_old(server: Server, status: int) -> None:
    server.answers["/a"] = lambda request: request.say(status)
    assert f"answered {status}" in trouble(server, "/a")
    server.answers["/a"] = lambda request: request.say(200, FAIRS)
    page_of(server.key("/a"), NOW)
    server.answers["/a"] = lambda request: request.say(status)
    assert page_of(server.key("/a"), NOW + timedelta(days=7)) == FAIRS
    late = page_of(server.key("/a"), NOW + timedelta(days=7, seconds=1))
    assert isinstance(late, Unread)
    assert "its last copy, of 2026-06-01 00:00 UTC, is too old" in late.trouble
    assert isinstance(page_of(server.key("/a"), NOW - timedelta(days=1)), Unread), "a copy of the future has no age"


def test_no_copy_is_kept_on_a_runner(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    server.answers["/a"] = lambda request: request.say(200, FAIRS)
    page_of(server.key("/a"), NOW)
    page_of(server.key("/a"), NOW)
    assert len(server.asked) == 2


def test_a_copy_that_somebody_changed_is_not_believed(server: Server, tmp_path: Path) -> None:
    server.answers["/a"] = lambda request: request.say(200, FAIRS)
    page_of(server.key("/a"), NOW)
    (copy,) = (tmp_path / "wedgate").glob("*.feed")
    copy.write_bytes(copy.read_bytes().replace(b"20260606", b"20260607"))
    page_of(server.key("/a"), NOW)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"<!doctype html><p>Sign in", "it is a web page"), (b"hello", "not an iCalendar text"), (FAIRS[:-9], "cut off")],
)
def test_what_is_no_calendar_is_refused_and_does_not_replace_the_copy(
    server: Server, content: bytes, words: str
) -> None:
    server.answers["/a"] = lambda request: request.say(200, content)
    assert words in trouble(server, "/a")
    server.answers["/a"] = lambda request: request.say(200, FAIRS)
    page_of(server.key("/a"), NOW)
    server.answers["/a"] = lambda request: request.say(200, content)
    assert page_of(server.key("/a"), NOW + timedelta(days=1)) == FAIRS


def test_fifty_megabytes_are_refused_early(server: Server) -> None:
    """By its declared length without reading, and without one after ten megabytes."""
    sent = []

    def stream(request: Handler) -> None:
        request.say(200)
        for _ in range(800):
            request.wfile.write(b"x" * 65_536)
            sent.append(65_536)

    server.answers["/declared"] = lambda request: request.say(200, Content_Length="50000000")
    server.answers["/streamed"] = stream
    assert "longer than 10 MB" in trouble(server, "/declared")
    assert "longer than 10 MB" in trouble(server, "/streamed")
    assert sum(sent) < 50_000_000


def test_a_body_that_is_cut_off_is_refused(server: Server) -> None:
    server.answers["/a"] = lambda request: request.say(200, FAIRS, Content_Length=str(len(FAIRS) + 100))
    assert trouble(server, "/a") == "its server could not be reached or broke off (ProtocolError)"


def test_redirects_are_followed_and_loops_are_named(server: Server) -> None:
    server.answers["/a"] = lambda request: request.say(302, Location="/b")
    server.answers["/b"] = lambda request: request.say(307, Location="/c")
    server.answers["/c"] = lambda request: request.say(200, FAIRS)
    assert page_of(server.key("/a"), NOW) == FAIRS
    server.answers["/c"] = lambda request: request.say(302, Location="/b")
    assert "leads in a circle" in trouble(server, "/b")
    for number in range(9):
        server.answers[f"/{number}"] = lambda request, to=number + 1: request.say(302, Location=f"/{to}")
    assert "leads on more than 5 times" in trouble(server, "/0")
    server.answers["/f"] = lambda request: request.say(302, Location="file:///etc/passwd")
    assert "no web address" in trouble(server, "/f")


@pytest.mark.parametrize(("leads_to", "follows"), [("https://b.example/", True), ("http://b.example/", False)])
def test_a_protected_address_leads_to_protected_ones_only(leads_to: str, follows: bool) -> None:
    """From https to http, somebody on the way could write the calendar."""

    class Answer:
        def __init__(self, url: str) -> None:
            self.is_redirect = url == "https://a.example/"
            self.headers = {"Location": leads_to} if self.is_redirect else {}
            self.status_code = 410

        def __enter__(self) -> Answer:
            return self

        def __exit__(self, *_: object) -> None:
            return None

    class Session:
        def __init__(self) -> None:
            self.asked: list[str] = []

        def get(self, url: str, **_: object) -> Answer:
            self.asked.append(url)
            return Answer(url)

    session = Session()
    found = feed_fetch._follow(session, "https://a.example/", {}, allow_private=True)
    assert session.asked == ["https://a.example/", *([leads_to] if follows else [])]
    assert isinstance(found, Unread)
    assert ("which nothing protects" in str(found)) is not follows


def test_a_private_address_is_refused_before_it_is_asked(server: Server) -> None:
    assert "allow-private: true" in trouble(server, "/a", allow_private=False)
    assert server.asked == []


def test_a_redirect_to_a_private_address_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_fetch, "is_public", lambda address: address == "127.0.0.1")
    server.answers["/a"] = lambda request: request.say(302, Location="http://169.254.169.254/latest/meta-data")
    assert "169.254.169.254 is an address of a private network" in trouble(server, "/a", allow_private=False)


def test_a_name_that_resolves_differently_the_second_time_gains_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look before finds a public address; the connection goes to 127.0.0.1, and nothing is sent on it."""
    monkeypatch.setattr(feed_fetch, "_check_address", lambda url, allow_private: None)
    server.answers["/a"] = lambda request: request.say(200, FAIRS)
    assert "an address of a private network" in trouble(server, "/a", allow_private=False)
    assert server.asked == []


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_slow_drip_ends_with_the_time(server: Server, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr(feed_fetch, "TOTAL_SECONDS", 0.4)
    over = threading.Event()

    def drip(request: Handler) -> None:
        if where == "body":
            request.say(200)
        try:
            while not over.wait(0.02):
                request.wfile.write(b"x")
                request.wfile.flush()
        except OSError:
            return

    server.answers["/a"] = drip
    try:
        assert "it took longer than" in trouble(server, "/a")
    finally:
        over.set()


def test_a_server_that_is_not_there() -> None:
    found = page_of(FeedKey(location="http://127.0.0.1:9/a", max_age=timedelta(days=1), allow_private=True), NOW)
    assert isinstance(found, Unread)
    assert "could not be reached" in found.trouble


# Networks of RFC 1918, 6598, 3927 and 4193, loopback and multicast, written as numbers.
NOT_PUBLIC = [str(ip_address(number)) for number in (
    0x7F000001, 0x0A010203, 0xAC100001, 0xC0A80101, 0xA9FEA9FE, 0x64400001, 0xE0000001
)]  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [*NOT_PUBLIC, *(f"::ffff:{address}" for address in NOT_PUBLIC), "::1", "fc00::1", "fe80::1%eth0",
     "64:ff9b::a00:1", "2002:a00:1::"],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


def test_trouble_verifies_nothing_and_a_good_page_four_hundred_days(server: Server) -> None:
    span = Span(start=NOW, end=NOW + timedelta(days=30))
    server.answers["/a"] = lambda request: request.say(200, b"<html>")
    shelf = Shelf(now=lambda: NOW)
    table = feed_table(server.key("/a"), span, shelf)
    assert table.trouble is not None
    assert table.verified_from > table.verified_until
    server.answers["/b"] = lambda request: request.say(200, FAIRS)
    good = feed_table(server.key("/b"), span, shelf)
    assert (good.trouble, str(good.verified_until)) == (None, "2027-07-06")
    assert len(good.days) == 1
    feed_table(server.key("/b"), span, shelf)
    assert len(server.asked) == 2, "a shelf reads each page once"


def test_copies_are_kept_apart_by_what_was_allowed(server: Server) -> None:
    """A copy that was fetched from a private address is not given to a rule that may not ask there."""
    server.answers["/a"] = lambda request: request.say(200, FAIRS)
    page_of(server.key("/a"), NOW)
    assert "private network" in trouble(server, "/a", allow_private=False)


def test_a_body_in_chunks_is_read_whole_and_refused_when_one_is_missing(server: Server) -> None:
    def chunks(request: Handler, *, whole: bool) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for part in (FAIRS[:50], FAIRS[50:]):
            request.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        request.wfile.write(b"0\r\n\r\n" if whole else b"")

    server.answers["/cut"] = lambda request: chunks(request, whole=False)
    assert "broke off" in trouble(server, "/cut")
    server.answers["/whole"] = lambda request: chunks(request, whole=True)
    assert page_of(server.key("/whole"), NOW) == FAIRS
