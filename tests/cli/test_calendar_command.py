"""`wedgate calendar`: which time is meant, where the answer goes, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from wedgate.cli.calendar import command
from wedgate.engine.check import Trouble
from wedgate.errors import ConfigurationError, UsageError
from wedgate.gate.decision import Reason
from wedgate.gate.reasons import ReasonCode

SATURDAY = """
version: 1
service: venue-search
regions:
  eu-central: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  us-east: {markets: {new-york: {zone: America/New_York, country: US}}}
rules:
  saturdays: {where: all, weekdays: saturday, effect: block}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work beside a configuration, on 15 June 2026."""
    (tmp_path / "wedgate.yml").write_text(SATURDAY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("wedgate.cli.wiring.utc_now", lambda: datetime(2026, 6, 15, 12, tzinfo=UTC))
    return tmp_path


@pytest.fixture
def ask(place: Path) -> Callable[..., str]:
    """Run the command, and return what it printed."""

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(command, list(arguments), standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        assert result.return_value == 0
        return result.output

    return run


@pytest.mark.parametrize(
    ("arguments", "start", "end"),
    [
        ((), "2026-05-31T22:00:00Z", "2026-07-01T04:00:00Z"),
        (("--month", "2028-02"), "2028-01-31T23:00:00Z", "2028-03-01T05:00:00Z"),
        (("--year", "2027"), "2026-12-31T23:00:00Z", "2028-01-01T05:00:00Z"),
        (("--year", "2027", "--region", "us-east"), "2027-01-01T05:00:00Z", "2028-01-01T05:00:00Z"),
        (("--from", "2026-06-06", "--to", "2026-06-06"), "2026-06-05T22:00:00Z", "2026-06-07T04:00:00Z"),
        (
            ("--from", "2026-06-06T12:00:00+02:00", "--to", "2026-06-06T12:00:00Z"),
            "2026-06-06T10:00:00Z",
            "2026-06-06T12:00:00Z",
        ),
    ],
)
def test_the_time_that_is_named_is_local_in_every_market(
    ask: Callable[..., str], arguments: tuple[str, ...], start: str, end: str
) -> None:
    """Berlin is at +2 in summer and +1 in winter, New York at -4 and -5; 2028 is a leap year."""
    assert json.loads(ask(*arguments, "--format", "json"))["span"] == {"start": start, "end": end}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--month", "2026-13"), "--month: '2026-13' is not a month"),
        (("--month", "0000-01"), "--month"),
        (("--year", "26"), "--year: '26' is not a year"),
        (("--year", "0000"), "--year"),
        (("--year", "1969"), "the years 1970 to 2099"),
        (("--year", "2100"), "the years 1970 to 2099"),
        (("--year", "2026", "--month", "2026-06"), "--month and --year say two times"),
        (("--year", "2026", "--to", "2026-06-06"), "--year and --from and --to say two times"),
        (("--from", "2026-06-06"), "--from and --to belong together"),
        (("--from", "2026-02-30", "--to", "2026-03-01"), "--from: there is no date 2026-02-30"),
        (("--from", "2026-02-01", "--to", "tomorrow"), "--to: 'tomorrow' is not an instant"),
        (("--from", "2026-02-01T10:00", "--to", "2026-03-01"), "--from: 2026-02-01T10:00 has no offset"),
        (("--region", "us-eats"), "did you mean us-east"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    ask: Callable[..., str], arguments: tuple[str, ...], words: str
) -> None:
    """Which option, what is wrong with it, and how it would be right."""
    with pytest.raises(UsageError, match=words):
        ask(*arguments)


def test_without_a_configuration_the_way_out_is_named(ask: Callable[..., str], place: Path) -> None:
    """As for every command that asks the calendars."""
    (place / "wedgate.yml").unlink()
    with pytest.raises(ConfigurationError, match="wedgate init"):
        ask()


@pytest.mark.parametrize(
    ("code", "asked", "exit_code"),
    [(ReasonCode.CLOCK_UNTRUSTED, (), 10), (ReasonCode.CONFIG_REPAIRED, ("--year", "2027"), 0)],
)
def test_without_a_calendar_the_exit_code_is_the_gates(
    place: Path, monkeypatch: pytest.MonkeyPatch, code: ReasonCode, asked: tuple[str, ...], exit_code: int
) -> None:
    """A clock that is not trusted closes, unless a time was named; a change that repairs the configuration may go."""
    told: list[bool] = []

    class Reading:
        def read(self, *, trust_clock: bool) -> Trouble:
            told.append(trust_clock)
            return Trouble(reasons=(Reason(code=code, text="because"),))

    monkeypatch.setattr("wedgate.cli.wiring.open_gate", lambda config: Reading())
    result = CliRunner().invoke(command, list(asked), standalone_mode=False)
    assert getattr(result.exception, "exit_code", result.return_value) == exit_code
    assert told == [bool(asked)]


def test_a_file_is_written_whole_and_nothing_is_printed(ask: Callable[..., str], place: Path) -> None:
    """What was there is replaced and keeps its permissions; nothing else is left in the directory."""
    target = place / "out" / "calendar.json"
    target.parent.mkdir()
    target.write_text("old")
    target.chmod(0o640)
    assert ask("--format", "json", "--output", str(target)) == ""
    assert json.loads(target.read_text())["title"] == "venue-search"
    assert target.stat().st_mode & 0o777 == 0o640
    assert target.read_text().endswith("}\n")
    assert list(target.parent.iterdir()) == [target]


def test_a_file_that_cannot_be_written_stays_as_it_was(
    ask: Callable[..., str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk leaves the old file, and nothing beside it."""
    target = place / "out" / "calendar.json"
    target.parent.mkdir()
    target.write_text("old")

    def fail(source: str, to: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(UsageError, match=r"calendar\.json cannot be written \(No space left on device\)"):
        ask("--format", "json", "--output", str(target))
    assert target.read_text() == "old"
    assert list(target.parent.iterdir()) == [target]
    with pytest.raises(UsageError, match="No such file or directory"):
        ask("--format", "json", "--output", str(place / "absent" / "calendar.json"))


def test_a_link_and_a_pipe_are_written_through(ask: Callable[..., str], place: Path) -> None:
    """`--output link` changes what it points to; `/dev/stdout` and the like stay what they are."""
    (place / "real.json").write_text("old")
    (place / "link.json").symlink_to("real.json")
    ask("--format", "json", "--output", "link.json")
    assert (place / "link.json").is_symlink()
    assert json.loads((place / "real.json").read_text())["schema_version"] == 1
    ask("--format", "json", "--output", "/dev/null")
    assert not Path("/dev/null").is_file()


def test_a_subscription_shows_whole_runs_and_numbers_what_changes(
    ask: Callable[..., str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour inside Berlin's Saturday is that Saturday, whole; written again after a change, its number has grown."""
    target = place / "calendar.ics"
    asked = ("--from", "2026-06-06T12:00:00Z", "--to", "2026-06-06T13:00:00Z", "--region", "eu-central")
    asked += ("--format", "ics", "--output", str(target))
    ask(*asked)
    first = target.read_bytes()
    assert b"DTSTART;TZID=Europe/Berlin:20260606T000000\r\nDTEND;TZID=Europe/Berlin:20260607T000000\r\n" in first
    assert b"SEQUENCE:0\r\n" in first
    assert first.count(b"BEGIN:VEVENT") == 1
    ask(*asked)
    assert target.read_bytes() == first
    (place / "wedgate.yml").write_text(SATURDAY.replace("weekdays: saturday", "weekdays: saturday..sunday"))
    ask(*asked)
    assert b"SEQUENCE:1\r\nDTSTAMP:20260615T120000Z\r\nLAST-MODIFIED:20260615T120000Z\r\n" in target.read_bytes()


def test_a_file_of_somebody_else_is_not_written_over_by_a_subscription(ask: Callable[..., str], place: Path) -> None:
    """Its events would lose their numbers."""
    (place / "mine.ics").write_text("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n")
    with pytest.raises(ConfigurationError, match="move it away, or name another file"):
        ask("--format", "ics", "--output", str(place / "mine.ics"))
    (place / "mine.ics").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="is not text in UTF-8"):
        ask("--format", "ics", "--output", str(place / "mine.ics"))


def test_the_formats_named_are_those_that_are_written() -> None:
    """The list stands here too, so that nothing is imported for it."""
    from wedgate.cli.calendar import FOREIGN
    from wedgate.formats import FORMATS

    assert FOREIGN == FORMATS


@pytest.mark.parametrize(
    ("form", "begins"),
    [("html", "<!doctype html>"), ("svg", "<svg"), ("prometheus", "#"), ("alertmanager", "#"), ("argo-cd", "#")],
)
def test_pages_and_files_for_other_tools_are_written(form: str, begins: str, ask: Callable[..., str]) -> None:
    """Each is the whole file, and nothing else is printed."""
    arguments = ["--month", "2027-06", "--region", "eu-central", "--format", form]
    assert ask(*arguments).lower().startswith(begins)


def test_what_a_format_cannot_say_is_an_error_that_names_it(ask: Callable[..., str]) -> None:
    """Argo CD's file is for one application: two regions are two files."""
    with pytest.raises(UsageError, match="--region"):
        ask("--month", "2027-06", "--format", "argo-cd")


def test_the_picture_of_a_month_is_of_that_month_alone(ask: Callable[..., str]) -> None:
    """It shows UTC: the local dates of a month would begin and end in its neighbours."""
    picture = ask("--month", "2027-06", "--format", "svg")
    assert "Jun 2027" in picture
    assert "May 2027" not in picture
    assert "Jul 2027" not in picture
