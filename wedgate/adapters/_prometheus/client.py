"""Prometheus' HTTP API: its own time, and the samples of some series as they were scraped.

A range of samples is read and not the value at an instant: only so is it seen when a value was scraped, whether a
scrape is missing, and whether a counter began anew. What the samples mean is left to the metric source.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from wedgate.errors import ExternalSystemError

LARGEST = 64 * 1024 * 1024
"""Bytes of an answer that are read at most."""


NativeBuckets: TypeAlias = tuple[tuple[float, float, float], ...]
"""Buckets of a native histogram at one instant, those that are not empty: from, up to, and count, in the unit of the
metric."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series: its name, its labels without the name, and its samples (Unix seconds, value) in order of time.

    Of a native histogram the values are its counts, and ``buckets`` are those of each sample.
    """

    name: str
    labels: Mapping[str, str]
    samples: tuple[tuple[float, float], ...]
    buckets: tuple[NativeBuckets, ...] = ()

    def __str__(self) -> str:
        """The series as Prometheus writes it."""
        labels = ", ".join(f'{key}="{value}"' for key, value in sorted(self.labels.items()))
        return f"{self.name}{{{labels}}}"


class PrometheusClient:
    """One Prometheus, or what answers as it does. ``timeout`` is in seconds, for a whole answer."""

    def __init__(self, url: str, *, token: str | None = None, timeout: float = 10.0) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._timeout = timeout

    def now(self) -> float:
        """Return Prometheus' own time in Unix seconds; ``ExternalSystemError`` when it cannot be had."""
        result = self._query({"query": "time()"})
        try:
            found = float(result["result"][1])
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise self._odd(f"does not tell its time ({type(error).__name__}: {error})") from error
        if not math.isfinite(found):
            raise self._odd(f"tells {found} as its time")
        return found

    def samples(self, selector: str, *, window: timedelta, at: float) -> list[Series]:
        """Return what was scraped of the selected series within ``window`` before ``at`` (Unix seconds)."""
        query = f"{selector}[{window.total_seconds():.0f}s]"
        found = self._query({"query": query, "time": f"{at:.3f}"})
        if found.get("resultType") != "matrix" or not isinstance(found.get("result"), list):
            raise self._odd(f"answered {query} with {found.get('resultType')!r}, expected a matrix")
        try:
            return [self._series(plain) for plain in found["result"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._odd(f"answered with samples that cannot be read ({type(error).__name__}: {error})") from error

    def _series(self, plain: Mapping[str, Any]) -> Series:
        labels = {str(key): str(value) for key, value in plain["metric"].items()}
        name = labels.pop("__name__", "")
        if "values" in plain and "histograms" in plain:
            raise ValueError(f"{name} was a number and became a native histogram")
        native = plain.get("histograms", ())
        samples = tuple((float(at), float(value)) for at, value in plain.get("values", ())) or tuple(
            (float(at), float(value["count"])) for at, value in native
        )
        if not samples:
            raise ValueError(f"{name} has no values")
        return Series(
            name=name, labels=labels, samples=samples, buckets=tuple(_native_buckets(value) for _, value in native)
        )

    def _query(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Ask for an instant query's ``data``; ``ExternalSystemError`` when there is no whole, good answer."""
        status, body = self._fetch(parameters)
        try:
            plain = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise self._odd(f"answered {status} without JSON; is this Prometheus' address?") from error
        if not isinstance(plain, dict) or "status" not in plain:
            raise self._odd(f"answered {status} with JSON that is not Prometheus'; is this its address?")
        if plain["status"] != "success" or status != 200:
            said = f"{plain.get('errorType', status)}: {plain.get('error', 'no reason given')}"
            raise self._odd(f"refused the query {parameters['query']}: {said}")
        if warnings := plain.get("warnings"):
            # A partial answer says so in a warning only; what is missing must not read as nothing.
            raise self._odd(f"warns that its answer may lack something: {'; '.join(map(str, warnings))}")
        data = plain.get("data")
        if not isinstance(data, dict):
            raise self._odd("answered without data")
        return data

    def _fetch(self, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        import requests
        import urllib3

        deadline = time.monotonic() + self._timeout
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            with requests.Session() as session:
                # Neither a .netrc nor a proxy of the environment has a say in what the evidence is.
                session.trust_env = False
                with session.post(
                    f"{self.url}/api/v1/query",
                    data=parameters,
                    headers=headers,
                    stream=True,
                    allow_redirects=False,
                    timeout=self._timeout,
                ) as response:
                    return response.status_code, _body(response, deadline, self._timeout)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise self._odd(f"did not answer: {error}") from error

    def _odd(self, what: str) -> ExternalSystemError:
        return ExternalSystemError(f"Prometheus at {self.url} {what}")


def _native_buckets(plain: Mapping[str, Any]) -> NativeBuckets:
    """Read the buckets of a native histogram: which edge belongs to one does not matter for a latency."""
    return tuple((float(low), float(up), float(count)) for _, low, up, count in plain.get("buckets", ()))


def _body(response: Any, deadline: float, timeout: float) -> bytes:
    """Read a body piece by piece: the limit of a socket holds for one read, and a body that drips would never end."""
    body = bytearray()
    while piece := response.raw.read1(1 << 16):
        body += piece
        if len(body) > LARGEST:
            raise OSError(f"the answer is larger than {LARGEST >> 20} MiB")
        if time.monotonic() > deadline:
            raise TimeoutError(f"no whole answer within {timeout:g} s")
    return bytes(body)
