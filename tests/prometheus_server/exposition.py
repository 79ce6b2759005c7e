"""Prometheus' protobuf exposition by hand: the only way in which native histograms are scraped.

Field numbers are those of ``io.prometheus.client`` (prometheus/client_model, metrics.proto).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

COUNTER, GAUGE, HISTOGRAM = 0, 1, 4


def family(name: str, kind: int, metrics: list[bytes]) -> bytes:
    """Return one family of metrics with its length before it."""
    body = _text(1, name) + _number(3, kind) + b"".join(_message(4, metric) for metric in metrics)
    return _varint(len(body)) + body


def counter(labels: Mapping[str, str], value: float) -> bytes:
    """Return one counter."""
    return _labels(labels) + _message(3, _double(1, value))


def gauge(labels: Mapping[str, str], value: float) -> bytes:
    """Return one gauge."""
    return _labels(labels) + _message(2, _double(1, value))


def native(
    labels: Mapping[str, str], counts: Mapping[int, int], *, schema: int, zero: int = 0, threshold: float = 1e-9
) -> bytes:
    """Return a native histogram: bucket i holds what is above 2^(2^-schema (i - 1)) and up to 2^(2^-schema i)."""
    spans = deltas = b""
    place, before = 0, 0
    for index in sorted(counts):
        spans += _message(12, _signed(1, index - place) + _number(2, 1))
        deltas += _signed(13, counts[index] - before)
        place, before = index + 1, counts[index]
    body = _number(1, sum(counts.values()) + zero) + _double(2, 1.0) + _signed(5, schema)
    return _labels(labels) + _message(7, body + _double(6, threshold) + _number(7, zero) + spans + deltas)


def _labels(labels: Mapping[str, str]) -> bytes:
    return b"".join(_message(1, _text(1, name) + _text(2, value)) for name, value in labels.items())


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes((*found, value))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _signed(field: int, value: int) -> bytes:
    return _number(field, value * 2 if value >= 0 else -2 * value - 1)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _message(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())
