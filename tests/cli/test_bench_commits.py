"""`wedgate bench run`: its reports name the commits that were measured, and `wedgate judge` holds them to those."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wedgate.adapters.processes.checkout import Checkout, checkout_at
from wedgate.cli.main import cli
from wedgate.errors import ExitCode, UsageError


def git(directory: Path, *words: str) -> str:
    """Run git in a directory."""
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    done = subprocess.run(["git", *identity, *words], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def clone(folder: Path, seconds: str) -> str:
    """Make a clone with a program that sleeps; return its commit."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    (folder / "app").write_text(f"#!/bin/sh\nsleep {seconds}\n")
    (folder / "app").chmod(0o755)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", seconds)
    return git(folder, "rev-parse", "HEAD")


def bench(*words: object) -> Result:
    """Measure three rounds."""
    command = ["bench", "run", "--rounds", "3", "--looks", "1", "--seed", "5", "--warmup", "0", *map(str, words)]
    return CliRunner().invoke(cli, command, standalone_mode=False)


def commit_of(path: Path) -> str | None:
    """Return the commit that a report names."""
    return json.loads(path.read_text()).get("commit")


def test_each_arm_runs_in_its_clone_and_names_its_commit(tmp_path: Path) -> None:
    """The same command in two directories is two builds; a judge that is told another base refuses it."""
    commits = [clone(tmp_path / "old", "0.01"), clone(tmp_path / "new", "0.2")]
    runs = tmp_path / "runs"
    found = bench(
        "--base", "./app", "--candidate", "./app", "--base-in", tmp_path / "old", "--candidate-in", tmp_path / "new",
        "--aa", "--reports", runs, "--json", tmp_path / "all.json",
    )  # fmt: skip
    assert found.exception is None, found.output
    files = [runs / "base.json", runs / "candidate.json"]
    assert [commit_of(file) for file in (*files, runs / "base-again.json")] == [*commits, commits[0]]
    walls = [json.loads(file.read_text())["metrics"][0]["values"] for file in files]
    assert max(walls[0]) < min(walls[1])
    judged = ["judge", *map(str, files), "--base-commit", commits[0], "--commit"]
    assert CliRunner().invoke(cli, [*judged, commits[1]], standalone_mode=False).exception is None
    other = CliRunner().invoke(cli, [*judged, commits[0]], standalone_mode=False)
    assert str(other.exception).startswith(f"--commit: the candidate was measured of {commits[1]}, not of {commits[0]}")


def test_a_commit_can_be_named_where_there_is_no_clone(tmp_path: Path) -> None:
    """As on a runner that has only what was built; a regression report takes the candidate's from there too."""
    found = bench(
        "--base", "sleep 0.01", "--candidate", "sleep 0.4", "--rounds", "8", "--confirm", "0", "--aa",
        "--base-commit", "a" * 40, "--commit", "b" * 40, "--reports", tmp_path,
        "--regression", tmp_path / "regression.json", "--service", "search",
    )  # fmt: skip
    assert found.return_value is ExitCode.CLOSED, found.output
    assert [commit_of(tmp_path / name) for name in ("base.json", "candidate.json")] == ["a" * 40, "b" * 40]
    assert json.loads((tmp_path / "regression.json").read_text())["release"] == {"commit": "b" * 40}


def test_the_commit_of_a_clone_is_that_of_a_regression_report(tmp_path: Path) -> None:
    """Nobody has to name it again; and what is of no known release is refused before anything is measured."""
    clone(tmp_path / "old", "0.01")
    commit = clone(tmp_path / "new", "0.4")
    words = ["--regression", tmp_path / "regression.json", "--service", "search", "--confirm", "0", "--rounds", "8"]
    arms = ["--base", "./app", "--candidate", "./app", "--base-in", tmp_path / "old", "--candidate-in"]
    found = bench(*arms, tmp_path / "new", *words)
    assert found.return_value is ExitCode.CLOSED, found.output
    assert json.loads((tmp_path / "regression.json").read_text())["release"] == {"commit": commit}
    (tmp_path / "new" / "app").write_text("false")
    unknown = bench(*arms, tmp_path / "new", *words)
    assert "of which release" in str(unknown.exception)


def test_what_was_changed_since_its_commit_is_of_none(tmp_path: Path) -> None:
    """The report names no commit and the run says so; a file that git does not know changes nothing."""
    commit = clone(tmp_path / "old", "0.01")
    (tmp_path / "old" / "built").write_text("new")
    runs = tmp_path / "runs"
    arms = ["--base", "./app", "--candidate", "true", "--base-in", tmp_path / "old", "--reports", runs]
    assert bench(*arms).exception is None
    assert (commit_of(runs / "base.json"), commit_of(runs / "candidate.json")) == (commit, None)
    (tmp_path / "old" / "app").write_text("#!/bin/sh\n")
    found = bench(*arms)
    assert commit_of(runs / "base.json") is None
    assert "was changed since its commit, so the base's report names none" in found.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--base-commit", "abc", "--reports", "r"], "--base-commit takes the full commit"),
        (["--commit", "abc", "--json", "r"], "--commit takes the full commit"),
        (["--base-commit", "a" * 40], "--base-commit is for a report"),
        (["--commit", "a" * 40], "--commit is for a report"),
        (["--base-in", "nowhere"], "--base-in 'nowhere': there is no such directory"),
        (["--candidate-in", "new", "--commit", "a" * 40, "--reports", "r"], "--commit: new holds "),
        (["--base-in", "changed", "--base-commit", "HEAD", "--reports", "r"], "changed was changed since "),
    ],
)
def test_what_is_not_of_the_commit_that_was_named_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], says: str
) -> None:
    """It is refused before any command runs."""
    monkeypatch.chdir(tmp_path)
    clone(tmp_path / "new", "0.01")
    commit = clone(tmp_path / "changed", "0.01")
    (tmp_path / "changed" / "app").write_text("false")
    touch = f"touch {tmp_path / 'ran'}"
    found = bench("--base", touch, "--candidate", touch, *(commit if word == "HEAD" else word for word in words))
    assert isinstance(found.exception, UsageError), found.output
    assert says in str(found.exception)
    assert not (tmp_path / "ran").exists()


def test_a_directory_that_no_commit_has_is_of_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for builds below a clone, a repository without a commit, no repository; and not another clone's."""
    commit = clone(tmp_path / "app", "0.01")
    (tmp_path / "app" / "builds" / "old").mkdir(parents=True)
    (tmp_path / "app" / "part").mkdir()
    (tmp_path / "app" / "part" / "kept").write_text("x")
    assert checkout_at(tmp_path / "app" / "builds" / "old") is None
    assert checkout_at(tmp_path / "app" / "part") is None
    git(tmp_path / "app", "add", ".")
    git(tmp_path / "app", "commit", "--quiet", "-m", "part")
    later = git(tmp_path / "app", "rev-parse", "HEAD")
    assert later != commit
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert checkout_at(tmp_path / "app" / "part") == Checkout(commit=later, is_changed=False)
    monkeypatch.delenv("GIT_DIR")
    (tmp_path / "empty").mkdir()
    assert checkout_at(tmp_path / "empty") is None
    git(tmp_path / "empty", "init", "--quiet")
    assert checkout_at(tmp_path / "empty") is None
