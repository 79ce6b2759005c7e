"""Evidence from a file: read whole or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wedgate.adapters._evidence.recording import read_recording, recorded
from wedgate.adapters.metrics.file import FileMetrics
from wedgate.errors import ExternalSystemError
from wedgate.judge.slices import merge_samples, slice_between
from wedgate.judge.values import Bucket, ColourSample

AT = datetime(2027, 6, 7, 10, tzinfo=UTC)
BLUE = {"requests": 9, "errors": 1, "timeouts": 0, "latency": [{"lower_ms": 7, "upper_ms": 8, "count": 9}]}
GREEN = {"requests": 0, "errors": 0, "timeouts": 0, "latency": []}
GOOD = {
    "schema_version": 1,
    "at": "2027-06-07T11:59:58+02:00",
    "since": "2027-06-01T00:00:00Z",
    "colours": {"blue": BLUE, "green": GREEN},
}


def test_a_file_is_read_with_its_own_instant(tmp_path: Path) -> None:
    """Counters, buckets and instants come from the file, in UTC."""
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps(GOOD))
    reading = FileMetrics(path).read(AT)
    assert reading.at == AT - timedelta(seconds=2)
    assert reading.since == datetime(2027, 6, 1, tzinfo=UTC)
    bucket = Bucket(lower_ms=7, upper_ms=8, count=9)
    assert reading.colours["blue"] == ColourSample(requests=9, errors=1, timeouts=0, latency=(bucket,))


def test_refusals_are_kept_where_they_are_given(tmp_path: Path) -> None:
    """In the file, in the slice between two readings, and in a recording."""
    path = tmp_path / "evidence.json"
    readings = []
    for at, refused in (("2027-06-07T09:59:00Z", 2), ("2027-06-07T09:59:30Z", 5)):
        path.write_text(
            json.dumps({**GOOD, "at": at, "colours": {"blue": {**BLUE, "refused": refused}, "green": GREEN}})
        )
        readings.append(FileMetrics(path).read(AT))
    found = slice_between(*readings, stable="blue")
    assert (found.stable.refused, found.candidate.refused) == (3, 0)
    assert merge_samples([found.stable, found.stable]).refused == 6
    assert list(read_recording([recorded(readings[1])], at=AT, what="kept")) == [readings[1]]


def test_a_file_that_nobody_writes_any_more_is_no_evidence(tmp_path: Path) -> None:
    """Reading the same file twice makes a slice in trouble, not one without errors."""
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps(GOOD))
    source = FileMetrics(path)
    found = slice_between(source.read(AT), source.read(AT + timedelta(seconds=30)), stable="blue")
    assert found.trouble is not None
    assert "stands still" in found.trouble


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "cannot be used"),
        ("[]", "cannot be used"),
        (json.dumps({**GOOD, "schema_version": 2}), "schema_version is 2, expected 1"),
        (json.dumps({**GOOD, "colours": {"blue": BLUE}}), "lacks 'green'"),
        (json.dumps({**GOOD, "at": "2027-06-07T10:00:00"}), "has no offset"),
        (json.dumps({**GOOD, "at": "2027-06-07T11:00:00Z"}), "one of the two clocks is wrong"),
        (json.dumps({**GOOD, "colours": {"blue": {**BLUE, "requests": True}, "green": GREEN}}), "expected a count"),
        (json.dumps({**GOOD, "colours": {"blue": {**BLUE, "errors": -1}, "green": GREEN}}), "expected a count"),
        (json.dumps({**GOOD, "colours": {"blue": {**BLUE, "latency": BLUE["latency"] * 2}, "green": GREEN}}), "ascend"),
        (json.dumps({**GOOD, "since": "0001-01-01T00:00:00+14:00"}), "out of range"),
        (
            json.dumps({**GOOD, "colours": {"blue": {**BLUE, "used": {"cpu_seconds": 10**400}}, "green": GREEN}}),
            "large",
        ),
    ],
)
def test_a_file_that_says_something_else_is_an_error(tmp_path: Path, content: str, says: str) -> None:
    """What cannot be read whole is an error that names the file and what is wrong."""
    path = tmp_path / "evidence.json"
    path.write_text(content)
    with pytest.raises(ExternalSystemError, match=r"evidence\.json") as caught:
        FileMetrics(path).read(AT)
    assert says in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """No file is not zero traffic."""
    with pytest.raises(ExternalSystemError, match="cannot read the evidence file"):
        FileMetrics(tmp_path / "none.json").read(AT)


def test_a_baseline_is_read_where_it_is_asked_for(tmp_path: Path) -> None:
    """By its own name; a file without it is no evidence, and where it is not asked for nobody looks at it."""
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps({**GOOD, "colours": {"blue": BLUE, "green": GREEN, "fresh": {**BLUE, "requests": 20}}}))
    assert FileMetrics(path, baseline="fresh").read(AT).colours["baseline"].requests == 20
    assert set(FileMetrics(path).read(AT).colours) == {"blue", "green"}
    path.write_text(json.dumps(GOOD))
    with pytest.raises(ExternalSystemError, match="lacks 'fresh'"):
        FileMetrics(path, baseline="fresh").read(AT)


def test_a_recording_keeps_the_baseline(tmp_path: Path) -> None:
    """What `bench live --keep` wrote is the same when it is read again."""
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps({**GOOD, "colours": {"blue": BLUE, "green": GREEN, "fresh": {**BLUE, "requests": 20}}}))
    reading = FileMetrics(path, baseline="fresh").read(AT)
    assert list(read_recording([recorded(reading)], at=AT, what="kept", baseline="baseline")) == [reading]
