"""Fetch one page over http or https, without being led anywhere, kept waiting or filled up.

Whoever may write a feed's address, or answers at it, must not reach into the network of the machine that asks:

- Every address that a name resolves to has to be public, on each redirect anew (at most five, followed by hand).
- The address that was connected to is looked at once more before anything is sent, so a name that resolves differently
  the second time gains nothing.
- No proxy, cookie, password or ``.netrc`` of this machine is used.
- Size, redirects, each wait and the time of all of it are bounded; at its end the connection itself is shut, so headers
  that drip in byte by byte end too.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from wedgate.almanac.files import MAX_BYTES, Unread

MOST_REDIRECTS = 5
WAIT_SECONDS = 10.0
TOTAL_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a server gave: the content, and what to ask it with the next time."""

    content: bytes
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The server says that the copy is still good."""


def fetch_page(
    url: str, *, allow_private: bool, etag: str | None = None, modified: str | None = None
) -> Page | Unchanged | Unread:
    """Fetch a page, or learn that it has not changed; never raises, but says what the trouble is."""
    import requests
    import urllib3

    watch = _Watch()
    timer = threading.Timer(TOTAL_SECONDS, watch.shut)
    timer.daemon = True
    timer.start()
    headers = {"Accept": "text/calendar, */*;q=0.1", "Accept-Encoding": "identity", "User-Agent": "wedgate"}
    headers |= {"If-None-Match": etag} if etag else {}
    headers |= {"If-Modified-Since": modified} if modified else {}
    try:
        with requests.Session() as session:
            session.trust_env = False
            adapter = _guarded_adapter(watch, allow_private)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            found = _follow(session, url, headers, allow_private)
        # A body without a declared length just ends when its connection is shut.
        return _too_slow() if watch.is_over else found
    except _PrivateError as error:
        return Unread(str(error))
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        return _too_slow() if watch.is_over else Unread(_words_of(error))
    finally:
        timer.cancel()
        watch.forget()


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet; an IPv4 address inside of an IPv6 one counts as itself."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if found in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class _PrivateError(Exception):
    """An address of a private network, which may not be asked."""


class _Watch:
    """The connections that are open, to be shut when the time is over."""

    def __init__(self) -> None:
        self.is_over = False
        self._open: list[socket.socket] = []

    def see(self, connection: socket.socket) -> None:
        """Remember a connection; a copy of it, since TLS takes the original away."""
        self._open.append(connection.dup())
        if self.is_over:
            _shut(connection)

    def shut(self) -> None:
        """End every wait on them."""
        self.is_over = True
        for connection in self._open:
            _shut(connection)

    def forget(self) -> None:
        """Close the copies."""
        for connection in self._open:
            connection.close()


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _too_slow() -> Unread:
    return Unread(f"it took longer than {TOTAL_SECONDS:.0f} seconds")


def _follow(session: Any, url: str, headers: dict[str, str], allow_private: bool) -> Page | Unchanged | Unread:
    seen = [url]
    while True:
        _check_address(url, allow_private)
        with session.get(
            url, headers=headers, stream=True, allow_redirects=False, timeout=(WAIT_SECONDS, WAIT_SECONDS)
        ) as answer:
            if not answer.is_redirect:
                return _content_of(answer)
            url = urljoin(url, answer.headers["Location"])
        if urlsplit(url).scheme not in ("http", "https"):
            return Unread(f"it leads to {url[:80]}, which is no web address")
        if seen[0].startswith("https://") and not url.startswith("https://"):
            return Unread(f"it leads from https to {url[:80]}, which nothing protects")
        if url in seen:
            return Unread(f"it leads in a circle, back to {url[:80]}")
        if len(seen) > MOST_REDIRECTS:
            return Unread(f"it leads on more than {MOST_REDIRECTS} times, last to {url[:80]}")
        seen.append(url)


def _check_address(url: str, allow_private: bool) -> None:
    """Look at every address of a name before anything is sent."""
    parts = urlsplit(url)
    if allow_private or parts.hostname is None:
        return
    for found in socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM):
        _check_public(str(found[4][0]), parts.hostname)


def _check_public(address: str, name: str) -> None:
    if not is_public(address):
        named = f"{address} is" if name == address else f"{name} is {address},"
        raise _PrivateError(
            f"{named} an address of a private network; allow it with allow-private: true, if you mean it"
        )


def _content_of(answer: Any) -> Page | Unchanged | Unread:
    if answer.status_code == 304:
        return Unchanged()
    if answer.status_code != 200:
        gone = " (it is gone)" if answer.status_code in (404, 410) else ""
        return Unread(f"its server answered {answer.status_code}{gone}")
    declared = answer.headers.get("Content-Length", "")
    too_long = Unread(f"it is longer than {MAX_BYTES // 1_000_000} MB")
    if declared.isdigit() and int(declared) > MAX_BYTES:
        return too_long
    content = bytearray()
    while chunk := answer.raw.read1(65_536):
        content += chunk
        if len(content) > MAX_BYTES:
            return too_long
    if declared.isdigit() and len(content) < int(declared):
        return Unread(f"it was cut off after {len(content):,} of {int(declared):,} bytes")
    return Page(content=bytes(content), etag=answer.headers.get("ETag"), modified=answer.headers.get("Last-Modified"))


def _words_of(error: Exception) -> str:
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    if isinstance(error, requests.exceptions.Timeout) or "timed out" in str(error):
        return f"its server kept silent for {WAIT_SECONDS:.0f} seconds"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    return f"its server could not be reached or broke off ({type(error).__name__})"


def _guarded_adapter(watch: _Watch, allow_private: bool) -> Any:
    """Return an adapter whose connections are watched, and looked at before anything is sent."""
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    def guarded(connection: Any, made: socket.socket) -> socket.socket:
        try:
            if not allow_private:
                _check_public(str(made.getpeername()[0]), connection.host)
        except BaseException:
            made.close()
            raise
        watch.see(made)
        return made

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return guarded(self, super()._new_conn())

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return guarded(self, super()._new_conn())

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    return Adapter()
