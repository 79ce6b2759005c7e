"""HdrHistogram's interval log (``.hlog``): histograms in base64, of the second format, compressed.

The intervals of a tag are added up: they rise and fall together, so that a file is one value for each quantile. A
quantile lies in a bucket, which is as wide as the histogram's significant digits make it: those are its ``bounds``.
Format: HistogramLogWriter and AbstractHistogram (``encodeIntoCompressedByteBuffer``) of HdrHistogram 2.1. Values are
costs, in a unit that the file does not say.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from wedgate.adapters.benchmarks.hdr_percentiles import QUANTILES, UNTOLD
from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

TOOL = Tool(name="hdr-log", looks_like="#[Histogram log format version 1.x], and intervals in base64")
LARGEST = 16 * 1024 * 1024
"""Bytes of one histogram, unpacked."""

_COMPRESSED, _PLAIN, _DOUBLES = 0x1C849304, 0x1C849303, "DHIST"
_HEADER = struct.Struct(">iiiiqqd")
_MENDED = "write the log anew"
_START = re.compile(r"#\[StartTime: (\d{1,10}(?:\.\d+)?) ")

Edges = tuple[int, int]
Resolution = tuple[int, int]
"""How many bits half of the sub-buckets take, and those of the least value that is told apart."""


def knows(head: str) -> bool:
    """By its first line or its legend."""
    return "#[Histogram log format version 1." in head or '"Interval_Compressed_Histogram"' in head


def read_lines(lines: Iterable[str]) -> Measurements:
    """Return the quantiles of each tag."""
    totals: dict[str, dict[Edges, int]] = {}
    resolutions: dict[str, Resolution] = {}
    began: tuple[datetime, ...] = ()
    for place, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith(("#", '"')):
            found = _START.match(text)
            began = (datetime.fromtimestamp(float(found[1]), UTC),) if found else began
            continue
        tag, packed = _parts(text, place)
        if packed.startswith(_DOUBLES):
            remedy = "record whole numbers, such as microseconds, in a Histogram"
            raise UnreadableError("an interval is a DoubleHistogram, and those are not read", remedy, place)
        total = totals.setdefault(tag, {})
        try:
            resolution, payload = _unpacked(packed)
            if resolutions.setdefault(tag, resolution) != resolution:
                raise ValueError("its resolution is not that of the others")
            for edges, count in _buckets(resolution, payload):
                total[edges] = total.get(edges, 0) + count
        except (binascii.Error, zlib.error, struct.error, ValueError) as error:
            raise UnreadableError(f"an interval is no histogram ({error})", _MENDED, place) from None
    metrics = [metric for tag, total in totals.items() if total for metric in _metrics(tag, total, began)]
    if not metrics:
        raise UnreadableError("its intervals hold no values", "record something")
    return Measurements(metrics=tuple(metrics), tool=TOOL.name, left_out=UNTOLD)


def _parts(line: str, place: int) -> tuple[str, str]:
    """Return the tag of an interval, empty for none, and its histogram."""
    fields = line.split(",")
    tag = fields.pop(0).removeprefix("Tag=") if fields[0].startswith("Tag=") else ""
    if len(fields) != 4:
        raise UnreadableError("a line is no interval", _MENDED, place)
    return tag, fields[3]


def _unpacked(packed: str) -> tuple[Resolution, bytes]:
    """Return the resolution of a histogram, and its counts as they are written."""
    outer = base64.b64decode(packed, validate=True)
    cookie, length = struct.unpack_from(">ii", outer)
    if cookie & ~0xF0 != _COMPRESSED & ~0xF0 or length != len(outer) - 8:
        raise ValueError("it is not of the second format, compressed")
    unpacker = zlib.decompressobj()
    inner = unpacker.decompress(outer[8:], LARGEST)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("it breaks off, or is too large")
    # Where the writer kept its counts in memory is not where they stand here: the third number moves nothing.
    cookie, length, _, digits, lowest, _, _ = _HEADER.unpack_from(inner)
    if cookie & ~0xF0 != _PLAIN & ~0xF0 or length != len(inner) - _HEADER.size:
        raise ValueError("it is not of the second format")
    if not 0 <= digits <= 5 or lowest < 1:
        raise ValueError("its settings are none")
    return (math.ceil(math.log2(2 * 10**digits)) - 1, lowest.bit_length() - 1), inner[_HEADER.size :]


def _buckets(resolution: Resolution, payload: bytes) -> Iterator[tuple[Edges, int]]:
    """Yield the edges of each bucket that is not empty, and its count."""
    half, unit = resolution
    index = 0
    for number in _numbers(payload):
        if number > 0:
            yield _edges(index, half, unit), number
        index += max(1, -number)
        if index > 1 << 24:
            raise ValueError("it has too many buckets")


def _edges(index: int, half: int, unit: int) -> Edges:
    """Return the least value of a bucket, and the first above it."""
    shift, place = (index >> half) - 1, (index & ((1 << half) - 1)) + (1 << half)
    if shift < 0:
        shift, place = 0, place - (1 << half)
    return place << (shift + unit), (place + 1) << (shift + unit)


def _numbers(payload: bytes) -> Iterator[int]:
    """Yield signed numbers of ZigZag LEB128, which end with their ninth byte."""
    place = 0
    while place < len(payload):
        value = shift = 0
        while True:
            if place >= len(payload):
                raise ValueError("it breaks off")
            byte = payload[place]
            place += 1
            if shift == 56:
                value |= byte << shift
                break
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        yield (value >> 1) ^ -(value & 1)


def _metrics(tag: str, total: dict[Edges, int], began: tuple[datetime, ...]) -> Iterator[Metric]:
    buckets = sorted(total.items())
    count = sum(total.values())
    for share, label in QUANTILES:
        rank, passed = max(1, math.ceil(share * count)), 0
        for (low, above), held in buckets:
            passed += held
            if passed >= rank:
                highest = float(above - 1)
                yield Metric(
                    name=f"{tag} latency {label}".strip(),
                    unit="1",
                    direction=Direction.LOWER_IS_BETTER,
                    values=(highest,),
                    times=began,
                    bounds=((float(low), highest),),
                )
                break
