"""`wedgate plan --format github`: the summary, and on a pull request one comment that is kept up to date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from github_world import GithubWorld, Pull
from pull_request_job import be_its_job

from wedgate.cli.plan import command
from wedgate.errors import ConfigurationError, ExitCode, UsageError

HEAD = "b" * 40
CONFIG = """version: 1
service: venue-search
regions:
  eu-central: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  us-east: {markets: {new-york: {zone: America/New_York, country: US}}}
rules:
  saturday: {where: all, weekdays: saturday, effect: block}
rollout:
  reserve: 1m
  strategies: {steady: {kind: canary, steps: [{weight: 10, bake: 10m}]}}
  target: {kind: simulated}
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Serve a repository with a pull request that changes code, and be the runner of a job that was started for it."""
    with GithubWorld() as found:
        found.put("wedgate.yml", CONFIG.encode())
        found.pulls[7] = Pull(head=HEAD, files=[("search.py", None)])
        be_its_job(found, tmp_path, monkeypatch, head=HEAD)
        yield found


def tell(*options: str) -> Result:
    """Plan, and let an error out."""
    result = CliRunner().invoke(command, ["--format", "github", *options], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_it_is_one_comment_the_summary_and_an_output(world: Any, tmp_path: Path) -> None:
    """Planned again, as after a push, there is still one comment, with the last plan."""
    assert tell("--start", "2027-06-02T09:00:00Z").return_value is ExitCode.DONE
    assert tell("--start", "2027-06-03T09:00:00Z").return_value is ExitCode.DONE
    (comment,) = world.comments[7]
    assert "from 2027-06-03 09:00 UTC" in comment.body
    assert f"plan of #7 at {HEAD[:12]}" in comment.body
    assert "```mermaid\ngantt" in comment.body
    assert "the wedgate.yml of the default branch" in comment.body
    assert comment.body.partition("\n")[2] in (tmp_path / "summary.md").read_text()
    rest = (tmp_path / "output").read_text().rpartition("result<<")[2]
    record = json.loads(rest.partition("\n")[2].rsplit("\n", 2)[0])
    assert record["plan"]["start"] == "2027-06-03T09:00:00Z"


def test_a_pull_request_from_a_fork_gets_the_summary_alone(world: Any, tmp_path: Path) -> None:
    """Its token may not comment: said, and no failure."""
    world.may_comment = False
    result = tell()
    assert result.return_value is ExitCode.DONE
    assert "may not comment" in result.output
    assert "plan of #7" in (tmp_path / "summary.md").read_text()
    assert world.comments == {}


def test_a_change_of_the_configuration_is_planned_by(world: Any) -> None:
    """After the merge a rollout goes by it: ten hours of bake instead of ten minutes."""
    changed = CONFIG.replace("bake: 10m", "bake: 10h")
    world.put("wedgate.yml", changed.encode(), ref=HEAD)
    world.pulls[7].files.append(("wedgate.yml", None))
    tell("--start", "2027-06-02T09:00:00Z", "--region", "eu-central")
    (comment,) = world.comments[7]
    assert "the wedgate.yml of this pull request" in comment.body
    assert "Wed 02 Jun 21:02 CEST" in comment.body


def test_a_pull_request_does_not_say_where_the_ledger_is(world: Any, tmp_path: Path) -> None:
    """The token is sent there: freezes are read where the default branch has them, and nowhere else."""
    state = "state: {kind: git, remote: 'http://127.0.0.1:9/elsewhere.git'}\n"
    world.put("wedgate.yml", (CONFIG + state).encode(), ref=HEAD)
    world.pulls[7].files.append(("wedgate.yml", None))
    tell("--start", "2027-06-02T09:00:00Z")
    assert "not known" not in world.comments[7][0].body
    world.put("wedgate.yml", (CONFIG + state).encode())
    tell("--start", "2027-06-02T09:00:00Z")
    assert "whether anything is frozen is not known" in world.comments[7][0].body


def test_what_fits_nowhere_ends_with_closed_and_says_so(world: Any) -> None:
    """A bake of eight days between two Saturdays."""
    world.put("wedgate.yml", CONFIG.replace("bake: 10m", "bake: 8d").encode())
    assert tell().return_value is ExitCode.CLOSED
    assert "fits nowhere" in world.comments[7][0].body


def test_a_configuration_that_cannot_be_used_or_is_not_there_is_an_error(world: Any) -> None:
    """Exit 2; nothing is posted."""
    world.put("wedgate.yml", b"version: 1\nregions: 3\n")
    with pytest.raises(ConfigurationError):
        tell()
    with pytest.raises(ConfigurationError, match="nothing to plan"):
        tell("--config", "services/wedgate.yml")
    assert world.comments == {}


def test_without_a_pull_request_there_is_a_summary(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a person starts the workflow."""
    monkeypatch.setenv("GITHUB_EVENT_NAME", "workflow_dispatch")
    tell("--release", "1.4.2")
    assert "plan of 1.4.2" in (tmp_path / "summary.md").read_text()
    assert world.comments == {}


def test_somebody_elses_comment_with_our_marker_is_left_alone(world: Any) -> None:
    """Ours is made beside it."""
    from wedgate.cli.plan_on_runner import marker_of

    theirs = world.say(7, "zoe", f"{marker_of('wedgate.yml')}\nclosed for good")
    tell()
    assert theirs.body.endswith("closed for good")
    assert len(world.comments[7]) == 2


def test_away_from_a_runner_it_is_refused(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 2, and what to use."""
    monkeypatch.delenv("GITHUB_ACTIONS")
    with pytest.raises(UsageError, match="markdown"):
        tell()
