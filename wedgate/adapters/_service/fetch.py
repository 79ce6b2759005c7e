"""One HTTP question to what runs beside the one who asks, with an end to it.

Proxies of the environment are not used, and redirects are not followed.
"""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

LARGEST = 32 * 1024 * 1024
"""Bytes of an answer that are read at most."""


def get(url: str, *, timeout: float) -> tuple[int, bytes]:
    """Fetch ``url`` (http or https, no redirects) within about ``timeout`` seconds; return status and body.

    ``OSError`` or ``http.client.HTTPException`` when there is no whole answer in time.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    deadline = time.monotonic() + timeout
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"Accept": "application/json", "Connection": "close"})
        response = connection.getresponse()
        body = b""
        while piece := response.read1(1 << 16):
            body += piece
            if len(body) > LARGEST:
                raise OSError(f"the answer is larger than {LARGEST >> 20} MiB")
            # The socket's own limit holds for one read: a body that drips would never end.
            if time.monotonic() > deadline:
                raise TimeoutError(f"no whole answer within {timeout:g} s")
        return response.status, body
    finally:
        connection.close()
