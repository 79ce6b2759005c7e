"""Zones come from the one pinned database, whatever the machine, and only under their common names."""

import os
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import pytz

from wedgate.almanac.zones import common_zones, zone, zone_data_version
from wedgate.calendars.local_time import LocalTime
from wedgate.errors import UsageError

PRINT_ANSWER = """
import sys
from datetime import UTC, datetime
from wedgate.almanac.zones import zone, zone_data_version
instant = datetime(2026, 11, 23, 12, tzinfo=UTC)
names = ("America/Vancouver", "America/Winnipeg", "Europe/Berlin", "Africa/Casablanca")
print(zone_data_version(), *(instant.astimezone(zone(name)).isoformat() for name in names))
print("pytz" in sys.modules, "holidays" in sys.modules)
"""


def test_the_list_and_the_version_are_those_of_the_package() -> None:
    assert list(common_zones()) == list(pytz.common_timezones)
    assert zone_data_version() == pytz.OLSON_VERSION


def test_every_common_zone_loads_once_and_agrees_with_pytz() -> None:
    for name in common_zones():
        here = zone(name)
        assert here is zone(name)
        assert here.key == name
        for month in (1, 4, 7, 10):
            instant = datetime(2027, month, 15, 12, tzinfo=UTC)
            assert instant.astimezone(here).utcoffset() == instant.astimezone(pytz.timezone(name)).utcoffset()


def test_daylight_saving_goes_on_after_the_last_stored_change() -> None:
    assert datetime(2060, 7, 1, tzinfo=zone("Europe/Berlin")).utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("America/New_Yrok", 'did you mean "America/New_York"?'),  # V01
        ("america/new_york", 'did you mean "America/New_York"?'),  # V03
        ("EST", "not a time zone that wedgate accepts"),  # V02: it loads, and is a trap
        ("PST", "not a time zone that wedgate accepts"),
        ("+8", "not a time zone that wedgate accepts"),
        ("../../etc/passwd", "not a time zone that wedgate accepts"),
        ("", "not a time zone that wedgate accepts"),
    ],
)
def test_other_names_are_refused_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        zone(name)
    assert hint in str(caught.value)


def test_the_answer_does_not_depend_on_the_machine(tmp_path: Path) -> None:
    tmp_path.joinpath("Europe").mkdir()
    tmp_path.joinpath("Europe", "Berlin").write_bytes(b"not a zone file")
    answers = set()
    for changes in ({}, {"TZ": "Asia/Tokyo"}, {"PYTHONTZPATH": str(tmp_path)}, {"TZ": "", "PYTHONTZPATH": ""}):
        environment = {**os.environ, **changes}
        done = subprocess.run(
            [sys.executable, "-c", PRINT_ANSWER], env=environment, capture_output=True, text=True, check=True
        )
        answers.add(done.stdout)
    assert len(answers) == 1
    assert answers.pop().splitlines()[1] == "False False", "neither pytz nor holidays is imported to answer"


def changes_in_file(name: str) -> list[int]:
    """Read the instants at which the offset of a zone changes from its compiled file (RFC 8536, section 3)."""
    content = Path(pytz.__file__).parent.joinpath("zoneinfo", *name.split("/")).read_bytes()
    counts = struct.unpack(">6l", content[20:44])
    first_block = 44 + counts[3] * 5 + counts[4] * 6 + counts[5] + counts[2] * 8 + counts[1] + counts[0]
    content = content[first_block:]
    _, _, _, times, types, _ = struct.unpack(">6l", content[20:44])
    instants = struct.unpack(f">{times}q", content[44 : 44 + 8 * times])
    kinds = content[44 + 8 * times : 44 + 9 * times]
    base = 44 + 9 * times
    offsets = [struct.unpack(">l", content[base + 6 * kind : base + 6 * kind + 4])[0] for kind in range(types)]
    steps = pairwise(zip(instants, kinds, strict=True))
    return [instant for (_, before), (instant, kind) in steps if offsets[before] != offsets[kind]]


def test_no_two_clock_changes_lie_closer_than_they_are_looked_for() -> None:
    """The wall times of a zone are found by looking every six days: a change and its reverse must not fit between."""
    for name in common_zones():
        recent = [instant for instant in changes_in_file(name) if instant >= 0]
        assert all(after - before > 6 * 86400 for before, after in pairwise(recent)), name


@pytest.mark.parametrize("name", ["Africa/Casablanca", "America/New_York", "Asia/Gaza", "Europe/Dublin", "Asia/Tokyo"])
def test_local_time_shows_what_the_file_holds_around_every_change(name: str) -> None:
    end = 2_145_916_800  # 2038: later changes are a rule at the end of the file
    local = LocalTime(zone(name), 0, end)
    for change in changes_in_file(name):
        for instant in (change - 1, change, change + 1):
            if 0 <= instant < end:
                shown = datetime.fromtimestamp(instant, zone(name)).replace(tzinfo=UTC)
                assert local.shown_at(instant) == shown.timestamp()
