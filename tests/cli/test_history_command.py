"""`wedgate report history`: lines in a directory or on a git ref, and what they show."""

from __future__ import annotations

import getpass
import json
import random
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from git_server import TOKEN, GitServer

from wedgate.adapters._git.bare import BareRepository
from wedgate.adapters.histories.directory import DirectoryHistory
from wedgate.adapters.histories.git import GitHistory
from wedgate.cli.main import cli
from wedgate.errors import ConfigurationError, ExitCode, ExternalSystemError, UsageError


def history(*words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["report", "history", *words], standalone_mode=False)


def git(directory: Path, *words: str) -> str:
    """Run git in a directory."""
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    return subprocess.run(
        ["git", *identity, *words], cwd=directory, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a clone with a remote `origin`, as the working directory."""
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "clone")
    git(tmp_path / "clone", "remote", "add", "origin", str(tmp_path / "origin.git"))
    monkeypatch.chdir(tmp_path / "clone")
    return tmp_path / "clone"


def test_whoever_was_faster_is_built_upon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another line arrives between reading the ref and pushing to it: both are there, the other one first."""
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    mine, other = (GitHistory(str(tmp_path / "origin.git"), "refs/heads/perf") for _ in range(2))
    make, others = BareRepository.commit, ["other"]

    def slowly(repository: BareRepository, content: bytes, **more: Any) -> str:
        while others:
            other.add(others.pop())
        return make(repository, content, **more)

    monkeypatch.setattr(BareRepository, "commit", slowly)
    mine.add("mine")
    assert mine.lines() == ("other", "mine")


def test_a_lost_answer_adds_no_line_twice(tmp_path: Path) -> None:
    """The server of the forge, with a token, carries a push out and does not say so."""
    with GitServer(tmp_path) as server:
        store = GitHistory(server.url, "refs/heads/perf", token=TOKEN)
        store.add("first")
        server.lose_answers = 1
        store.add("second")
        assert store.lines() == ("first", "second")
        with pytest.raises(ExternalSystemError) as refused:
            GitHistory(server.url, "refs/heads/perf", token="wrong").lines()
        assert "wrong" not in str(refused.value)


def test_a_line_that_was_cut_off_does_not_swallow_the_next(tmp_path: Path) -> None:
    """The next begins a line of its own."""
    (tmp_path / "history.jsonl").write_text('{"cut')
    DirectoryHistory(tmp_path).add("{}")
    assert DirectoryHistory(tmp_path).lines() == ('{"cut', "{}")


def test_a_branch_with_something_else_is_not_written_over(tmp_path: Path) -> None:
    """Nor is a repository that is not there a history without builds."""
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(tmp_path, "init", "--quiet", "work")
    (tmp_path / "work/readme").write_text("mine")
    git(tmp_path / "work", "add", ".")
    git(tmp_path / "work", "commit", "--quiet", "-m", "mine")
    git(tmp_path / "work", "push", "--quiet", str(tmp_path / "origin.git"), "HEAD:refs/heads/main")
    with pytest.raises(ExternalSystemError, match="is no history"):
        GitHistory(str(tmp_path / "origin.git"), "refs/heads/main").add("{}")
    with pytest.raises(ExternalSystemError, match="could not be read"):
        GitHistory(str(tmp_path / "nowhere.git"), "refs/heads/perf").lines()


def measured(path: Path, value: float, commit: str | None = None) -> Path:
    """Write a measurement report with one metric."""
    plain = {
        "schema_version": 1, "kind": "measurements", **({} if commit is None else {"commit": commit}),
        "metrics": [{"name": "query", "unit": "ms", "direction": "lower-is-better", "values": [value] * 3}],
    }  # fmt: skip
    path.write_text(json.dumps(plain))
    return path


def test_a_shift_names_its_build_and_who_is_suspected(clone: Path, tmp_path: Path) -> None:
    """Over a git ref: builds of real commits, the twelfth slower, with the two commits that came with it."""
    rng = random.Random(2)  # noqa: S311 - seeded on purpose
    git(clone, "commit", "--quiet", "--allow-empty", "-m", "start")
    for number in range(18):
        if number == 12:
            git(clone, "commit", "--quiet", "--allow-empty", "-m", "cache less")
        git(clone, "commit", "--quiet", "--allow-empty", "-m", f"change {number}")
        commit = git(clone, "rev-parse", "HEAD")
        file = measured(tmp_path / "m.json", (100 if number < 12 else 115) * rng.lognormvariate(0, 0.005), commit)
        at = f"2027-06-{number + 1:02}T10:00:00Z"
        added = history("add", "git:refs/heads/perf", str(file), "--build", f"b{number}", "--at", at)
        assert added.return_value is ExitCode.DONE, added.output
    found = history("show", "git:refs/heads/perf").stdout
    assert "worse, +1" in found
    assert "from b12 on (2027-06-13 10:00Z, commit " in found
    suspects = [line.split(" ", 5)[-1] for line in found.splitlines() if " Ann: " in line]
    assert suspects == ["Ann: change 12", "Ann: cache less"]
    plain = json.loads(history("show", "git:refs/heads/perf", "--format", "json").stdout)
    (shift,) = plain["metrics"][0]["shifts"]
    assert (shift["build"], shift["after_build"], shift["worse"]) == ("b12", "b11", True)
    assert [each["subject"] for each in shift["suspects"]] == ["change 12", "cache less"]


@pytest.fixture
def perf(tmp_path: Path) -> Path:
    """Return a directory with a history of two metrics: a shift from the 21st of 30 builds on, and a spike."""
    rng = random.Random(3)  # noqa: S311 - seeded on purpose
    for number in range(30):
        values = {"query": 100 if number < 20 else 80, "<merge> \x1b[31m": 500 if number == 10 else 50}
        metrics = [
            {"name": name.replace("\x1b", ""), "unit": "ms", "direction": "lower-is-better",
             "value": value * rng.lognormvariate(0, 0.005), "count": 3}
            for name, value in values.items()
        ]  # fmt: skip
        DirectoryHistory(tmp_path / "perf").add(
            json.dumps({"schema_version": 1, "kind": "build", "build": f"b{number}",
                        "at": f"2027-06-{number + 1:02}T10:00:00Z", "metrics": metrics})
        )  # fmt: skip
    return tmp_path / "perf"


def test_text_has_a_letter_for_each_build_and_a_mark_below_each_find(perf: Path) -> None:
    """The mark of a shift stands below its first build, that of a spike below the spike."""
    lines = history("show", str(perf)).stdout.splitlines()
    query = lines.index(next(line for line in lines if line.startswith("query: ")))
    assert len(lines[query + 1].strip()) == 30
    assert lines[query + 2].index("^") - 2 == 20
    assert lines[query + 3].startswith("  better, -19.9 %, from b20 on (2027-06-21 10:00Z): ")
    assert lines[query + 4] == "    it came after b19; which commits lie between is not known here"
    merge = next(at for at, line in enumerate(lines) if line.startswith("<merge>"))
    assert lines[merge + 2].index("!") - 2 == 10


def test_a_picture_has_a_dot_for_each_build_and_a_line_for_each_shift(perf: Path, tmp_path: Path) -> None:
    """It is XML, whatever a metric is called, with the spike as another shape."""
    done = history("show", str(perf), "--format", "svg", "--output", str(tmp_path / "pictures"))
    assert done.return_value is ExitCode.DONE, done.output
    query, merge = (ET.parse(each).getroot() for each in sorted((tmp_path / "pictures").iterdir(), reverse=False))  # noqa: S314 - our own file
    space = "{http://www.w3.org/2000/svg}"
    assert len(query.findall(f"{space}circle")) == 30
    assert len(query.findall(f"{space}line[@class='shift better']")) == 1
    assert len(merge.findall(f"{space}circle")) == 29
    assert len(merge.findall(f"{space}path[@class='spike']")) == 1
    assert query.find(f"{space}title").text.startswith("query: level ")
    one = history("show", str(perf), "--format", "svg", "--metric", "query")
    assert one.stdout.startswith("<svg ")
    assert "choose one with --metric" in str(history("show", str(perf), "--format", "svg").exception)


@pytest.mark.parametrize(
    ("slower", "words", "code"),
    [
        (8, ["--new", "8"], ExitCode.CLOSED),
        (8, ["--new", "4"], ExitCode.CLOSED),
        (8, ["--new", "3"], ExitCode.DONE),
        (5, ["--new", "1"], ExitCode.CLOSED),
        (6, ["--new", "1"], ExitCode.DONE),
        (8, [], ExitCode.DONE),
        (2, ["--new", "8"], ExitCode.NEEDS_HUMAN),
        (-8, ["--new", "8"], ExitCode.DONE),
    ],
)
def test_new_regressions_alarm_when_asked(tmp_path: Path, slower: int, words: list[str], code: ExitCode) -> None:
    """One that began in the last N builds, or is told with five of its own in them; an older one, or an improvement,
    does not; two builds are not known yet."""
    rng = random.Random(3)  # noqa: S311 - seeded on purpose
    for number in range(40):
        value = (100 if number < 40 - abs(slower) else 120 if slower > 0 else 80) * rng.lognormvariate(0, 0.005)
        metric = {"name": "query", "unit": "ms", "direction": "lower-is-better", "value": value, "count": 3}
        DirectoryHistory(tmp_path).add(
            json.dumps({"schema_version": 1, "kind": "build", "build": f"b{number}",
                        "at": "2027-06-07T10:00:00Z", "metrics": [metric]})
        )  # fmt: skip
    assert history("show", str(tmp_path), *words).return_value is code


def slower(directory: Path, builds: int, value: float) -> None:
    """Add builds at another level."""
    rng = random.Random(builds)  # noqa: S311 - seeded on purpose
    count = len(DirectoryHistory(directory).lines())
    for number in range(count, count + builds):
        metric = {"name": "query", "unit": "ms", "direction": "lower-is-better",
                  "value": value * rng.lognormvariate(0, 0.005), "count": 3}  # fmt: skip
        DirectoryHistory(directory).add(
            json.dumps({"schema_version": 1, "kind": "build", "build": f"b{number}",
                        "at": "2027-06-07T10:00:00Z", "metrics": [metric]})
        )  # fmt: skip


def test_a_shift_that_is_accepted_is_shown_and_not_asked_about_again(tmp_path: Path) -> None:
    """Who, when and why stand in the history; the next shift alarms all the same."""
    slower(tmp_path, 30, 100)
    slower(tmp_path, 8, 120)
    assert history("show", str(tmp_path), "--new", "10").return_value is ExitCode.CLOSED
    done = history("accept", str(tmp_path), "b30", "--reason", "checks signatures now")
    assert done.return_value is ExitCode.DONE, done.output
    assert re.match(r"query: 1(19|20)(\.\d)? ms from b30 on is accepted\n", done.stdout)
    line = json.loads(DirectoryHistory(tmp_path).lines()[-1])
    schema = CliRunner().invoke(cli, ["report", "schema", "--kind", "history"], standalone_mode=False).stdout
    jsonschema.validate(line, json.loads(schema))
    assert (line["kind"], line["build"], line["by"], line["why"]) == (
        "accepted", "b30", getpass.getuser(), "checks signatures now",
    )  # fmt: skip
    shown = history("show", str(tmp_path), "--new", "10")
    assert shown.return_value is ExitCode.DONE
    assert f"    accepted by {getpass.getuser()} (20" in shown.stdout
    assert "Z): checks signatures now\n" in shown.stdout
    plain = json.loads(history("show", str(tmp_path), "--format", "json").stdout)["metrics"][0]
    assert plain["shifts"][0]["accepted"]["why"] == "checks signatures now"
    assert " at b30, accepted</text>" in history("show", str(tmp_path), "--format", "svg").stdout
    slower(tmp_path, 16, 140)
    assert history("show", str(tmp_path), "--new", "16").return_value is ExitCode.CLOSED


@pytest.mark.parametrize(
    ("builds", "said"),
    [(10, "10 builds; too few to tell a shift, 11 are needed"), (11, "the newest build is like those")],
)
def test_a_few_builds_are_not_called_steady(tmp_path: Path, builds: int, said: str) -> None:
    """Nobody can tell yet whether the newest one is away from them."""
    slower(tmp_path, builds, 100)
    shown = history("show", str(tmp_path), "--new", "5")
    assert said in shown.stdout
    assert shown.return_value is (ExitCode.NEEDS_HUMAN if builds < 11 else ExitCode.DONE)


@pytest.mark.parametrize(("first", "code"), [(5, ExitCode.NEEDS_HUMAN), (6, ExitCode.CLOSED)])
def test_a_shift_that_so_few_builds_cannot_show_is_not_called_none(tmp_path: Path, first: int, code: ExitCode) -> None:
    """Five builds, and five twice as slow, are not beyond what the level allows; with one more they are."""
    slower(tmp_path, first, 100)
    slower(tmp_path, 5, 200)
    assert history("show", str(tmp_path), "--new", "10").return_value is code


def test_a_metric_that_vanished_from_the_newest_builds_is_not_known(tmp_path: Path) -> None:
    """The builds that have it say nothing of those that do not."""
    slower(tmp_path, 16, 100)
    other = {"name": "index", "unit": "ms", "direction": "lower-is-better", "value": 7, "count": 3}
    for number in range(16, 20):
        DirectoryHistory(tmp_path).add(
            json.dumps({"schema_version": 1, "kind": "build", "build": f"b{number}",
                        "at": "2027-06-07T10:00:00Z", "metrics": [other]})
        )  # fmt: skip
    shown = history("show", str(tmp_path), "--metric", "query", "--new", "3")
    assert shown.return_value is ExitCode.NEEDS_HUMAN
    assert "the newest 4 of all builds do not have it" in shown.stdout


def test_newest_builds_that_are_accepted_need_nobody(tmp_path: Path) -> None:
    """Two builds at another level ask for a person once; as soon as they are worse, again."""
    slower(tmp_path, 30, 100)
    slower(tmp_path, 2, 120)
    assert history("show", str(tmp_path), "--new", "8").return_value is ExitCode.NEEDS_HUMAN
    assert history("accept", str(tmp_path), "b30", "--reason", "worth it").return_value is ExitCode.DONE
    shown = history("show", str(tmp_path), "--new", "8")
    assert shown.return_value is ExitCode.DONE
    assert "  the newest 2: accepted by " in shown.stdout
    slower(tmp_path, 2, 170)
    assert history("show", str(tmp_path), "--new", "8").return_value is ExitCode.NEEDS_HUMAN


def test_what_did_not_shift_cannot_be_accepted(perf: Path, tmp_path: Path) -> None:
    """The builds that could be are named, and nothing is written."""
    before = DirectoryHistory(perf).lines()
    for words, said in (
        (["b19"], "no metric has another level from b19 on; levels begin with b20 (query)"),
        (["b20", "--metric", "<merge> [31m"], "no metric has another level from b20 on; no level has shifted"),
        (["b20", "--metric", "x"], "there is no x; there are query"),
        (["b20", "--metric", "query", "--metric", "<merge> [31m"], "<merge> [31m has no other level from b20 on"),
    ):
        error = history("accept", str(perf), *words, "--reason", "worth it").exception
        assert isinstance(error, UsageError)
        assert said in str(error)
    assert "why: expected a text" in str(history("accept", str(perf), "b20", "--reason", "").exception)
    assert DirectoryHistory(perf).lines() == before


def test_what_cannot_be_shown_or_added_is_said(perf: Path, tmp_path: Path) -> None:
    """An empty history, another metric, a bad ref, a broken line, a commit that contradicts the file."""
    file = measured(tmp_path / "m.json", 1.0, "a" * 40)
    for words, said in (
        (["show", str(tmp_path / "none")], "has no builds yet"),
        (["show", str(perf), "--metric", "x"], "there is no x; there are query"),
        (["show", "git:perf"], "write the whole ref"),
        (["add", str(perf), str(file), "--build", "1", "--commit", "b" * 40], "says that it is of aaaa"),
        (["add", str(perf), str(file), "--build", ""], "this cannot be kept: build: "),
        (["add", str(perf), str(file), "--build", "1", "--at", "now"], "--at"),
    ):
        found = history(*words)
        assert isinstance(found.exception, UsageError), words
        assert said in str(found.exception)
    with (perf / "history.jsonl").open("a") as lines:
        lines.write('{"cut\n{"schema_version": 1}\n')
    broken = history("show", str(perf)).exception
    assert isinstance(broken, ConfigurationError)
    assert [each.line for each in broken.problems] == [31, 32]


def test_every_shift_that_is_found_alarms_once_whenever_it_is_told(tmp_path: Path) -> None:
    """A tenth worse in a noise of 5 % is told up to thirty builds later; ten builds alarm, whichever they are."""
    rng = random.Random(3)  # noqa: S311 - seeded on purpose
    codes = []
    for number in range(140):
        value = 100 * (1.1 if number >= 100 else 1.0) * (1 + rng.gauss(0, 0.05))
        metric = {"name": "query", "unit": "ms", "direction": "lower-is-better", "value": value, "count": 3}
        DirectoryHistory(tmp_path).add(
            json.dumps({"schema_version": 1, "kind": "build", "build": f"b{number}",
                        "at": "2027-06-07T10:00:00Z", "metrics": [metric]})
        )  # fmt: skip
        if number >= 100:
            codes.append(history("show", str(tmp_path), "--new", "10").return_value)
    assert "worse" in history("show", str(tmp_path)).stdout
    first = codes.index(ExitCode.CLOSED)
    assert first >= 10
    assert codes[first : first + 10].count(ExitCode.CLOSED) >= 8
    assert ExitCode.CLOSED not in codes[:first]


def alarms(directory: Path, values: list[float], since: int) -> list[int]:
    """Add builds one by one, and ask after each from ``since`` on; return after how many it alarmed."""
    found = []
    for number, value in enumerate(values):
        metric = {"name": "query", "unit": "ms", "direction": "lower-is-better", "value": value, "count": 3}
        DirectoryHistory(directory).add(
            json.dumps({"schema_version": 1, "kind": "build", "build": f"b{number}",
                        "at": "2027-06-07T10:00:00Z", "metrics": [metric]})
        )  # fmt: skip
        if number >= since and history("show", str(directory), "--new", "10").return_value is ExitCode.CLOSED:
            found.append(number + 1)
    return found


@pytest.mark.parametrize(("seed", "noise", "shift"), [(1008, 0.03, 1.05), (3, 0.05, 1.1), (7, 0.03, 1.05)])
def test_a_shift_that_is_hardly_more_than_noise_is_news_once(
    tmp_path: Path, seed: int, noise: float, shift: float
) -> None:
    """It is told, lost and told again as builds come; some builds alarm, and then no later ones."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose
    values = [100 * rng.lognormvariate(0, noise) * (shift if number >= 50 else 1) for number in range(120)]
    found = alarms(tmp_path, values, 50)
    assert len(found) <= 20


@pytest.mark.parametrize("lasted", [6, 8, 10])
def test_a_regression_that_was_taken_back_alarms_no_more(tmp_path: Path, lasted: int) -> None:
    """The history heals: whatever later builds tell of it, it is over."""
    rng = random.Random(7000)  # noqa: S311 - seeded on purpose
    values = [100 * rng.lognormvariate(0, 0.02) * (1.1 if 50 <= number < 50 + lasted else 1) for number in range(120)]
    found = alarms(tmp_path, values, 50)
    assert all(builds <= 50 + lasted + 5 for builds in found)
