"""`wedgate rollout run --budget --dispatch` on a runner: it hands over, and starts the next run of its own workflow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from github_world import REPOSITORY, GithubWorld
from small_service import CLOSED_ON_SATURDAYS, NEW, green_in, put_simulated, run_to_its_code

from wedgate.adapters.stores.file import FileStore
from wedgate.cli import rollout_wiring
from wedgate.errors import ExitCode

# The clock of the double is the real one, and the gate compares: the days are counted from a Monday at noon.
MONDAY = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)

Wedgate = Callable[..., Result]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Be a run of `rollout.yml` on main, in a repository that has it."""
    with GithubWorld() as found:
        found.put("wedgate.yml", CLOSED_ON_SATURDAYS.encode())
        found.workflows = {"rollout.yml": True}
        workflow = f"{REPOSITORY}/.github/workflows/rollout.yml@refs/heads/main"
        files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), "GITHUB_OUTPUT": str(tmp_path / "output")}
        for name, value in {**found.environment(), **files, "GITHUB_WORKFLOW_REF": workflow}.items():
            monkeypatch.setenv(name, value)
        yield found


@pytest.fixture
def wedgate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: Any) -> Wedgate:
    """Run a command in a fresh directory, on a clock that moves only when the engine pauses."""
    now = [MONDAY]

    def pause(self: object, duration: timedelta) -> None:
        now[0] += duration
        world.shifted_seconds = (now[0] - datetime.now(UTC)).total_seconds()

    pause(None, timedelta(0))
    # A file that is waited for is waited for by the real clock.
    monkeypatch.delattr(FileStore, "wait")
    monkeypatch.setattr(rollout_wiring, "utc_now", lambda: now[0])
    monkeypatch.setattr("wedgate.cli.wiring.utc_now", lambda: now[0])
    monkeypatch.setattr(rollout_wiring.Interruption, "pause", pause)
    monkeypatch.chdir(tmp_path)
    Path("wedgate.yml").write_text(CLOSED_ON_SATURDAYS)
    put_simulated()
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert run_to_its_code("rollout", "adopt", "--digest", "sha256:old").exit_code == ExitCode.DONE
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    return run_to_its_code


def green() -> int:
    """Return the percent that green has."""
    return green_in(Path(".wedgate/simulated.json"))


def test_each_run_starts_the_next_until_the_rollout_is_done(wedgate: Wedgate, world: Any) -> None:
    """Four minutes each for a bake of ten: the last run, and a run with nothing to do, start none."""
    first = wedgate("rollout", "run", *NEW, "--budget", "4m", "--dispatch")
    assert (first.exit_code, green()) == (ExitCode.DONE, 10), first.output
    assert "started the next run of rollout.yml on main" in first.output
    count = 1
    while len(world.dispatched) == count:
        assert wedgate("rollout", "run", "--budget", "4m", "--dispatch").exit_code == ExitCode.DONE
        count += 1
        assert count < 10
    assert (green(), count) == (100, 3)
    assert set(world.dispatched) == {("rollout.yml", "main")}
    idle = wedgate("rollout", "run", "--budget", "4m", "--dispatch")
    assert (idle.exit_code, len(world.dispatched)) == (ExitCode.DONE, 2)
    assert "no rollout is under way" in idle.output


def test_a_next_run_that_cannot_be_started_is_an_error_that_says_where_traffic_is(wedgate: Wedgate, world: Any) -> None:
    """Exit 20, the permission, the region, and the way back; the lease was given back, so any run may go on."""
    world.may_dispatch = False
    result = wedgate("rollout", "run", *NEW, "--budget", "4m", "--dispatch")
    assert (result.exit_code, green()) == (ExitCode.EXTERNAL, 10)
    assert "actions: write" in str(result.exception)
    assert "us-west blue 90 % / green 10 %" in result.output
    assert "wedgate rollback --rescue" in result.output
    world.may_dispatch = True
    assert wedgate("rollout", "run", "--budget", "60m", "--dispatch").exit_code == ExitCode.DONE
    assert (green(), world.dispatched) == (100, [])


def test_the_runner_is_told_in_a_summary_and_an_output(wedgate: Wedgate, tmp_path: Path) -> None:
    """The record is that of `--format json`."""
    wedgate("rollout", "run", *NEW, "--budget", "4m")
    assert "handed over" in (tmp_path / "summary.md").read_text()
    name, _, rest = (tmp_path / "output").read_text().partition("<<")
    record = json.loads(rest.partition("\n")[2].rsplit("\n", 2)[0])
    assert (name, record["schema_version"], record["exit_code"]) == ("result", 1, 0)
    assert record["handed_over"] is True
    assert record["rollout"]["regions"][0]["weight_percent"] == 10


def test_files_of_the_runner_that_cannot_be_written_change_nothing(
    wedgate: Wedgate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are said; the rollout ends as it did."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "/nowhere/summary")
    monkeypatch.setenv("GITHUB_OUTPUT", "/nowhere/output")
    result = wedgate("rollout", "run", *NEW)
    assert (result.exit_code, green()) == (ExitCode.DONE, 100)
    assert "GITHUB_STEP_SUMMARY cannot be written" in result.output


@pytest.mark.parametrize(
    "words",
    [
        ("--commit", "1" * 40),
        ("--digest", "sha256:new"),
        ("--dispatch",),
        ("--region", "us-west"),
        ("--report", "report.json"),
        ("--dry-run",),
    ],
)
def test_half_of_a_release_and_options_without_one_are_refused(wedgate: Wedgate, words: tuple[str, ...]) -> None:
    """Exit 2, before anything is asked."""
    assert wedgate("rollout", "run", *words).exit_code == ExitCode.USAGE


def test_a_budget_of_nothing_is_refused(wedgate: Wedgate) -> None:
    """A run of no time would hand over to the next for ever."""
    assert wedgate("rollout", "run", *NEW, "--budget", "0s").exit_code == ExitCode.USAGE


def test_dispatch_is_for_the_runs_of_a_workflow(wedgate: Wedgate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2 elsewhere, before anything is started."""
    monkeypatch.delenv("GITHUB_WORKFLOW_REF")
    assert wedgate("rollout", "run", *NEW, "--budget", "4m", "--dispatch").exit_code == ExitCode.USAGE
    assert green() == 0
