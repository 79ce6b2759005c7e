"""What a format cannot say is refused by name: what, where, what to do. And what a file says about itself."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from wedgate.errors import ExitCode, UsageError
from wedgate.formats import FORMATS, describe, write
from wedgate.formats.loss import LossError

WITHOUT_YEARS = ("argo-cd", "keda", "gitlab", "github-cron")
ONE_REGION = ("argo-cd", "keda", "gitlab", "aws-change-calendar")
WITHOUT_SECONDS = ("argo-cd", "keda", "gitlab", "alertmanager", "google-cloud-deploy", "github-cron")


@pytest.fixture
def week_book(plain_book: Callable[..., Any], instant: Callable[[str], datetime]) -> Any:
    """Two regions over a week, closed for some hours each."""
    return plain_book(
        instant("2026-06-01"),
        instant("2026-06-08"),
        {
            "eu": [(instant("2026-06-02T22:00"), instant("2026-06-03T06:00"))],
            "us": [(instant("2026-06-06T04:00"), instant("2026-06-07T04:00"))],
        },
    )


@pytest.mark.parametrize("name", FORMATS)
def test_every_file_says_for_when_it_is_exact_and_what_it_was_made_from(name: str, week_book: Any) -> None:
    text = write(name, week_book, "eu").replace("\r\n ", "").replace("\\,", ",").replace("\\;", ";")
    assert "Exact from 2026-06-01T00:00:00Z to 2026-06-08T00:00:00Z" in text
    assert "configuration sha256:c0ffee, zones 2026f, holidays 0.109" in text
    assert "replace it before then" in text
    assert "written by wedgate 1.2.3" in text
    assert "us closed" not in text
    assert write(name, week_book, "eu") == write(name, week_book, "eu")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_line_of_help(name: str) -> None:
    assert describe(name)
    assert "\n" not in describe(name)


def test_every_format_has_a_section_in_the_docs_and_no_section_is_of_nothing(repository_root: Path) -> None:
    page = (repository_root / "docs" / "reference" / "formats.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^## (.+)$", page, re.MULTILINE)) == FORMATS
    assert tuple(re.findall(r"^\| \[`(.+?)`\]", page, re.MULTILINE)) == FORMATS


def test_an_unknown_format_or_region_is_one_clear_error(week_book: Any) -> None:
    with pytest.raises(UsageError, match=r'"argo" is not a format.*name one of argo-cd, alertmanager'):
        write("argo", week_book)
    with pytest.raises(UsageError, match='no region "asia"; name one of eu, us'):
        write("argo-cd", week_book, "asia")


@pytest.mark.parametrize("name", ONE_REGION)
def test_a_file_without_a_place_for_a_regions_name_holds_one_region(name: str, week_book: Any) -> None:
    with pytest.raises(LossError, match=r"several regions in one file \(eu, us\); export one with --region"):
        write(name, week_book)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - set(ONE_REGION)))
def test_the_others_hold_all_regions(name: str, week_book: Any) -> None:
    text = write(name, week_book)
    assert "eu" in text
    assert "us" in text


@pytest.mark.parametrize("name", WITHOUT_SECONDS)
def test_a_change_between_two_minutes_is_refused(
    name: str, plain_book: Callable[..., Any], instant: Callable[[str], datetime]
) -> None:
    """Europe/Amsterdam was 19 minutes and 32 seconds ahead until 1937: a local midnight there has seconds."""
    book = plain_book(
        instant("2026-06-01"),
        instant("2026-06-08"),
        {"eu": [(instant("2026-06-05T23:40:28"), instant("2026-06-07"))]},
    )
    with pytest.raises(LossError, match=r"seconds \(region eu at 2026-06-05T23:40:28Z\); let the rule") as caught:
        write(name, book)
    assert caught.value.exit_code is ExitCode.USAGE
    assert (caught.value.region, caught.value.at) == ("eu", instant("2026-06-05T23:40:28"))


@pytest.mark.parametrize("name", WITHOUT_YEARS)
def test_an_edge_of_the_span_is_no_change(
    name: str, plain_book: Callable[..., Any], instant: Callable[[str], datetime]
) -> None:
    """A region that is closed at the second of the question is still closed at the minute that holds it."""
    book = plain_book(
        instant("2026-06-01T12:34:56"),
        instant("2026-06-08"),
        {
            "eu": [
                (instant("2026-06-01T12:34:56"), instant("2026-06-02")),
                (instant("2026-06-03"), instant("2026-06-04")),
            ]
        },
    )
    assert ("34 12" in write(name, book)) is (name != "github-cron")


@pytest.mark.parametrize("name", WITHOUT_YEARS)
def test_without_years_more_than_a_year_is_refused(
    name: str, plain_book: Callable[..., Any], instant: Callable[[str], datetime]
) -> None:
    closings = {"eu": [(instant("2026-06-02"), instant("2026-06-03"))]}
    write(name, plain_book(instant("2026-01-01"), instant("2027-01-01"), closings))
    with pytest.raises(LossError, match=r"in which year a date lies.*at 2027-01-01T00:00:00Z\); export a year or less"):
        write(name, plain_book(instant("2026-01-01"), instant("2027-01-01T00:01"), closings))


@pytest.mark.parametrize("name", ["keda", "gitlab"])
def test_a_pair_that_begins_on_the_29th_of_february_is_refused(
    name: str, plain_book: Callable[..., Any], instant: Callable[[str], datetime]
) -> None:
    """Its next start is four years away and its next end one: KEDA would stay active for all of that year."""
    closings = {"eu": [(instant("2028-02-29T22:00"), instant("2028-03-01T06:00"))]}
    with pytest.raises(LossError, match=r"29th of February.*export a span that ends at 2028-03-01T06:00:00Z"):
        write(name, plain_book(instant("2028-01-01"), instant("2028-12-31"), closings))
    write(name, plain_book(instant("2028-01-01"), instant("2028-03-01T06:00"), closings))


def test_argo_cd_is_refused_a_stretch_that_would_be_a_day_longer_a_year_before(
    plain_book: Callable[..., Any], instant: Callable[[str], datetime]
) -> None:
    """24 hours from noon on 28 February end at noon on 1 March in 2027, where this span begins at midnight."""
    closings = {"eu": [(instant("2028-02-28T12:00"), instant("2028-03-01"))]}
    with pytest.raises(LossError, match=r"29th of February lies \(region eu at 2028-02-28T12:00:00Z\)"):
        write("argo-cd", plain_book(instant("2027-03-01"), instant("2028-03-01"), closings))


@pytest.mark.parametrize("name", ["keda", "google-cloud-deploy", "github-cron"])
def test_nothing_to_say_is_refused_where_a_file_must_say_something(
    name: str, plain_book: Callable[..., Any], instant: Callable[[str], datetime]
) -> None:
    with pytest.raises(LossError, match=r"for a .* needs|nothing opens or closes"):
        write(name, plain_book(instant("2026-06-01"), instant("2026-06-08"), {"eu": []}))


def test_a_change_calendar_is_at_most_64_kilobytes(
    plain_book: Callable[..., Any], instant: Callable[[str], datetime]
) -> None:
    """AWS refuses a document that is larger; the message says which closing is the first that does not fit."""
    from datetime import timedelta

    start, day, hour = instant("2026-01-01"), timedelta(days=1), timedelta(hours=1)
    closings = {"eu": [(start + n * day + hour, start + n * day + 9 * hour) for n in range(700)]}
    book = plain_book(start, start + 700 * day, closings)
    with pytest.raises(LossError, match="700 closings in a document of 64 KB") as caught:
        write("aws-change-calendar", book)
    cut = caught.value.at
    assert cut is not None
    shorter = plain_book(start, cut, {"eu": [pair for pair in closings["eu"] if pair[1] <= cut]})
    assert 60_000 < len(write("aws-change-calendar", shorter).encode()) <= 65_536


def test_runs_less_than_five_minutes_apart_are_refused(
    plain_book: Callable[..., Any], instant: Callable[[str], datetime]
) -> None:
    """GitHub runs a schedule every five minutes at most."""
    start, end = instant("2026-06-01"), instant("2026-06-08")
    closings = {"eu": [(instant("2026-06-02"), instant("2026-06-03"))]}
    write("github-cron", plain_book(start, end, closings | {"us": [(instant("2026-06-03T00:05"), end)]}))
    with pytest.raises(LossError, match=r"five minutes apart \(eu opens and us closes\) \(at 2026-06-03T00:00:00Z\)"):
        write("github-cron", plain_book(start, end, closings | {"us": [(instant("2026-06-03T00:04"), end)]}))


def test_a_region_whose_name_google_does_not_take_is_refused(
    plain_book: Callable[..., Any], instant: Callable[[str], datetime]
) -> None:
    """The policy would be named after the region: at most 63 characters."""
    name = "r" * 60
    book = plain_book(
        instant("2026-06-01"), instant("2026-06-08"), {name: [(instant("2026-06-02"), instant("2026-06-03"))]}
    )
    with pytest.raises(LossError, match="a policy is named by up to 63"):
        write("google-cloud-deploy", book)


def test_a_week_is_written_as_a_week_only_after_a_year_of_it(
    book_of: Callable[..., Any], instant: Callable[[str], datetime]
) -> None:
    """Four Saturdays of one month are dates: a rule for June alone would look the same."""
    rule = ["where: all, weekdays: saturday, effect: block"]
    year = book_of({"us": ["America/New_York"]}, rule, instant("2026-01-01"), instant("2027-01-01"))
    month = book_of({"us": ["America/New_York"]}, rule, instant("2026-06-01"), instant("2026-07-01"))
    assert write("alertmanager", year).splitlines()[3:] == [
        "time_intervals:",
        "  - name: closed-us",
        "    time_intervals:",
        "      - weekdays:",
        "          - saturday",
        "        location: America/New_York",
    ]
    assert "location" not in write("alertmanager", month)
    assert "repeating its week" in write("keda", year)
    assert "come again every year" in write("keda", month)


@pytest.mark.parametrize("name", ["alertmanager", "google-cloud-deploy"])
def test_a_file_of_weeks_and_dates_says_which_is_which(
    name: str, book_of: Callable[..., Any], instant: Callable[[str], datetime]
) -> None:
    """New York's Saturday is a week all year; Beirut's clock changes at midnight, and so its Saturdays are dates."""
    book = book_of(
        {"us": ["America/New_York"], "levant": ["Asia/Beirut"]},
        ["where: all, weekdays: saturday, effect: block"],
        instant("2026-01-01"),
        instant("2027-01-01"),
    )
    assert "After that it goes on repeating the week of us and closes nothing elsewhere" in write(name, book)
    assert "After that it closes nothing" in write(name, book, "levant")
    assert "After that it goes on repeating its week" in write(name, book, "us")


def test_only_the_writer_that_is_asked_for_is_loaded() -> None:
    """Nor are yaml and the zone files, before something is written."""
    code = (
        "import sys, wedgate.formats as f; f.describe('gitlab');"
        "print(sorted(m for m in sys.modules if m.startswith(('wedgate.formats.', 'yaml', 'zoneinfo'))))"
    )
    shown = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    assert "wedgate.formats.gitlab" in shown
    assert "argo" not in shown
    assert "yaml" not in shown
