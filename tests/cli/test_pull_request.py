"""`wedgate diff --pull-request`: what a pull request does to the calendar, as one comment and in the summary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from github_world import GithubWorld, Pull
from pull_request_job import be_its_job

from wedgate.cli.diff import command
from wedgate.errors import ExitCode, UsageError

HEAD = "b" * 40
BASE = """version: 1
service: venue-search
regions:
  eu-central:
    markets:
      berlin: {zone: Europe/Berlin, country: DE, subdivision: BE}
rules:
  saturdays: {where: all, weekdays: saturday, effect: block}
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Serve a repository with a pull request, and be the runner of a job that was started for it."""
    with GithubWorld() as found:
        found.put("wedgate.yml", BASE.encode())
        found.put("wedgate.yml", BASE.replace("saturday,", "third saturday,").encode(), ref=HEAD)
        found.pulls[7] = Pull(head=HEAD, files=[("wedgate.yml", None)])
        be_its_job(found, tmp_path, monkeypatch, head=HEAD)
        yield found


def tell(*options: str) -> Result:
    result = CliRunner().invoke(command, ["--pull-request", *options], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def test_it_is_one_comment_the_summary_and_an_output(world: Any, tmp_path: Path) -> None:
    """Asked twice, as after two pushes, there is still one comment."""
    assert tell().return_value is ExitCode.DONE
    assert tell().return_value is ExitCode.DONE
    (comment,) = world.comments[7]
    assert "This change opens " in comment.body
    assert "Saturdays in eu-central" in comment.body
    assert "**loosens**" in comment.body
    assert comment.body in (tmp_path / "summary.md").read_text()
    assert '"direction": "loosens"' in (tmp_path / "output").read_text()


def test_each_configuration_of_a_repository_has_a_comment_of_its_own(world: Any) -> None:
    """The harmless change of one service does not write over what another's opens."""
    for content, ref in ((BASE, {}), (BASE, {"ref": HEAD})):
        world.put("services/b/wedgate.yml", content.encode(), **ref)
    for _ in range(2):
        tell()
        tell("--config", "services/b/wedgate.yml")
    bodies = [comment.body for comment in world.comments[7]]
    assert [word in body for word, body in zip(("loosens", "changes nothing"), bodies, strict=True)] == [True, True]


def test_many_regions_fit_into_a_comment(world: Any) -> None:
    """GitHub refuses a comment of more than 65,536 characters."""
    regions = "".join(
        f"  region-of-a-long-name-{number:04}-{'x' * 30}:\n    markets: {{m: {{zone: Europe/Berlin, country: DE}}}}\n"
        for number in range(300)
    )
    text = f"version: 1\nservice: s\nregions:\n{regions}rules:\n  a: {{where: all, dates: 2027-06-05, effect: block}}\n"
    world.put("wedgate.yml", text.encode())
    world.put("wedgate.yml", text.replace("06-05", "06-06").encode(), ref=HEAD)
    tell()
    assert len(world.comments[7][0].body) < 65_536


def test_the_checkout_has_no_say(world: Any, tmp_path: Path) -> None:
    """What lies in the workspace is the pull request's own, and is not read."""
    (tmp_path / "wedgate.yml").write_text(BASE)
    tell()
    assert "**loosens**" in world.comments[7][0].body


def test_a_fork_has_it_in_the_summary(world: Any, tmp_path: Path) -> None:
    """Its token may not comment, and that fails nothing."""
    world.may_comment = False
    result = tell()
    assert result.return_value is ExitCode.DONE
    assert "this token may not comment" in result.output
    assert "**loosens**" in (tmp_path / "summary.md").read_text()


def test_a_broken_configuration_is_told_and_fails_the_step(world: Any) -> None:
    """With the line to mend, and inert whatever it says."""
    world.put("wedgate.yml", BASE.replace("weekdays", "week<b>days").encode(), ref=HEAD)
    assert tell().return_value is ExitCode.USAGE
    body = world.comments[7][0].body
    assert "cannot be used" in body
    assert "wedgate.yml:8:" in body
    assert "<b>" not in body


def test_a_broken_base_is_repaired(world: Any) -> None:
    """The way out is never a loosening."""
    world.put("wedgate.yml", BASE.replace("weekdays", "weekdayz").encode())
    assert tell().return_value is ExitCode.DONE
    assert "**repairs**" in world.comments[7][0].body


def test_a_deleted_configuration_loosens(world: Any) -> None:
    """Without a file there is no gate."""
    world.commits[HEAD].clear()
    assert tell().return_value is ExitCode.DONE
    assert "deletes the configuration" in world.comments[7][0].body


def test_a_run_for_no_pull_request_is_refused(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to compare."""
    monkeypatch.setenv("GITHUB_EVENT_NAME", "push")
    with pytest.raises(UsageError, match="for no pull request"):
        tell()


def test_two_sides_and_a_pull_request_are_two_questions() -> None:
    """One of them is asked at a time; and none of them is no question."""
    for arguments in (["--pull-request", "a.yml", "b.yml"], [], ["a.yml"]):
        result = CliRunner().invoke(command, arguments, standalone_mode=False)
        assert isinstance(result.exception, UsageError)
