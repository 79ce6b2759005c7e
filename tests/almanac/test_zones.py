"""Zones come from the one pinned database, whatever the machine, and only under their common names."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytz

from wedgate.almanac.zones import common_zones, zone, zone_data_version
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
