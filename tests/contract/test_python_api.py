"""The Python interface: what its page shows is so, it is cheap to import, and it answers as the command line does."""

from __future__ import annotations

import doctest
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import wedgate
from wedgate.cli.check import command as check
from wedgate.cli.next import command as next_

SATURDAY = datetime(2027, 6, 5, 12, tzinfo=UTC)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory with the starter."""
    shutil.copy2(Path(wedgate.__file__).with_name("config") / "resources" / "starter.yml", tmp_path / "wedgate.yml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_what_the_page_shows_is_so(here: Path, repository_root: Path) -> None:
    """Every example of docs/reference/python-api.md, typed against the starter."""
    page = (repository_root / "docs/reference/python-api.md").read_text()
    examples = doctest.DocTestParser().get_doctest(page, {}, "python-api.md", None, 0)
    assert len(examples.examples) > 15
    runner = doctest.DocTestRunner()
    said: list[str] = []
    runner.run(examples, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_import_costs_nothing() -> None:
    """Only the root module is loaded, and nothing outside of the standard library."""
    program = "import sys, wedgate; print(*sorted(name for name in sys.modules if name.partition('.')[0] in "
    program += "('wedgate', 'click', 'yaml', 'pydantic', 'pytz', 'datetime')))"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["wedgate"]


def test_every_name_of_the_interface_is_there() -> None:
    """``__all__`` and what is imported on demand are the same names; another name is an ordinary error."""
    assert {name for name in wedgate.__all__ if hasattr(wedgate, name)} == set(dir(wedgate)) == set(wedgate.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Gate'"):
        wedgate.Gate  # noqa: B018


@pytest.mark.parametrize("days", [0, 3, 210, 2000])
def test_it_answers_as_the_command_line_does(here: Path, days: int) -> None:
    """Verdicts, reasons, openings and closings of ``at`` are those of ``check --format json``; whether the timeline
    at hand answers or a new one is made."""
    schedule = wedgate.load()
    for hours in (0, 13, 6):
        at = SATURDAY + timedelta(days=days, hours=hours)
        answer = schedule.at(at)
        asked = ["--at", at.isoformat(), "--format", "json"]
        record = json.loads(CliRunner().invoke(check, asked, standalone_mode=False).output)
        assert (answer.verdict.value, spelled(answer.next_open)) == (record["verdict"], record["next_open"])
        assert spelled(answer.next_close) == record["next_close"]
        for region, told in zip(answer, record["regions"], strict=True):
            assert region.region == told["region"]
            assert (region.verdict.value, float(region.load)) == (told["verdict"], told["load"])
            assert (spelled(region.next_open), spelled(region.next_close)) == (told["next_open"], told["next_close"])
            assert [vars_of(why) for why in region.reasons] == told["reasons"]
        slot = json.loads(CliRunner().invoke(next_, [*asked, "--needs", "30h"], standalone_mode=False).output)[
            "together"
        ]
        assert spelled(schedule.next_open(after=at, needs=timedelta(hours=30))) == slot["opens"]


def test_intervals_and_verdicts_are_those_of_the_instants_in_them(here: Path) -> None:
    schedule = wedgate.load(here)
    end = SATURDAY + timedelta(days=9)
    verdicts = schedule.verdicts(SATURDAY, end)
    intervals = schedule.intervals("asia-pacific", SATURDAY, end)
    assert [each.end for each in intervals[:-1]] == [each.start for each in intervals[1:]]
    for interval in intervals:
        answer = schedule.at(interval.start)["asia-pacific"]
        assert (answer.verdict, answer.load) == (interval.verdict, interval.load)
        assert verdicts.at(interval.start)[verdicts.regions.index("asia-pacific")] is interval.verdict


def test_what_cannot_be_asked_is_refused(here: Path) -> None:
    """O10: an instant without an offset is none; so are an unknown name, no region, and an end before its start."""
    schedule = wedgate.load(here / "wedgate.yml")
    naive = datetime(2027, 6, 5, 12)  # noqa: DTZ001
    for ask, said in (
        (lambda: schedule.at(naive), "has no offset"),
        (lambda: schedule.next_open(after=naive), "has no offset"),
        (lambda: schedule.next_close(after=naive), "has no offset"),
        (lambda: schedule.verdicts(naive, naive), "has no offset"),
        (lambda: schedule.at(SATURDAY, ["eu-centrall"]), "did you mean eu-central"),
        (lambda: schedule.at(SATURDAY, []), "no region at all"),
        (lambda: schedule.at(SATURDAY.replace(year=2100)), "from 1970 to 2099"),
        (lambda: schedule.intervals("us-east", SATURDAY, SATURDAY), "is not after"),
        (lambda: schedule.intervals("us-east", SATURDAY, SATURDAY + timedelta(1), "boston"), "has no market 'boston'"),
        (lambda: wedgate.load(here / "none"), "there is no such file"),
        (lambda: wedgate.load(here.parent), "there is no wedgate.yml"),
    ):
        with pytest.raises(wedgate.WedgateError, match=said):
            ask()


def spelled(instant: datetime | None) -> str | None:
    """Return an instant as records spell it."""
    return None if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def vars_of(why: wedgate.Why) -> dict[str, str | None]:
    """Return a reason as plain data."""
    return {"code": why.code, "text": why.text, "rule": why.rule, "market": why.market}
