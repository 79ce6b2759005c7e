"""What `wedgate doctor` says of a repository: nothing set up, everything set up, and a token that sees too little."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from github_world import GithubWorld

from wedgate.cli.main import cli

CONFIG = """version: 1
service: venue-search
regions: {eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}}
rules: {saturday: {where: all, weekdays: saturday, effect: block}}
"""
POLICY = """overrides: {approvers: {teams: [acme/captains]}}
state: {kind: git, remote: "http://127.0.0.1:9/x.git"}
"""
WORKFLOW = (
    "on: {issue_comment: {types: [created]}}\njobs: {a: {steps: [{uses: org/wedgate@v1, with: {command: comment}}]}}"
)
STATUS: dict[str, Any] = {
    "type": "required_status_checks",
    "parameters": {"required_status_checks": [{"context": "wedgate"}], "strict_required_status_checks_policy": True},
}


@pytest.fixture
def world() -> Iterator[GithubWorld]:
    """Serve a repository with a configuration and nothing else."""
    with GithubWorld() as found:
        found.put("wedgate.yml", CONFIG.encode())
        found.teams["acme/captains"] = ["alice", "bob", "carol"]
        yield found


def examine(world: GithubWorld) -> tuple[int, dict[str, str]]:
    """Return the exit code, and the health of each thing."""
    environment = {**world.environment(), "GITHUB_ACTIONS": "true"}
    done = CliRunner(env=environment).invoke(
        cli, ["doctor", "--format", "json"], obj={"debug": False}, standalone_mode=False
    )
    if done.exception is not None:
        raise done.exception
    plain = json.loads(done.stdout)
    return int(done.return_value), {each["what"]: each["health"] for each in plain["findings"]}


def set_up(world: GithubWorld) -> None:
    """Set everything up as the remedies say."""
    world.put("wedgate.yml", (CONFIG + POLICY).encode())
    world.put(".github/workflows/wedgate-override.yml", WORKFLOW.encode())
    world.rules["main"] = [STATUS]
    world.rules["wedgate/venue-search"] = [{"type": "deletion"}, {"type": "non_fast_forward"}]
    world.environments = ["production/eu"]


def test_a_repository_with_nothing_is_told_what_is_missing(world: GithubWorld) -> None:
    """The status, the workflow, the ledger and the approvers."""
    code, found = examine(world)
    assert code == 13
    assert {what for what, health in found.items() if health == "missing"} == {
        "the required status",
        "the workflow of comments",
        "the ledger",
        "who may approve",
    }


def test_a_repository_that_is_set_up_is_well(world: GithubWorld) -> None:
    """By the very remedies."""
    set_up(world)
    code, found = examine(world)
    assert code == 0
    assert set(found.values()) == {"well"}


@pytest.mark.parametrize(
    ("what", "health"),
    [
        ("up to date", "advice"),
        ("the ledger", "advice"),
        ("the environments", "advice"),
        ("who may approve in eu", "advice"),
        ("who may approve", "unknown"),
    ],
)
def test_what_is_not_as_it_should_be_is_named(world: GithubWorld, what: str, health: str) -> None:
    """One thing at a time."""
    set_up(world)
    if what == "up to date":
        parameters = {**STATUS["parameters"], "strict_required_status_checks_policy": False}
        world.rules["main"] = [{**STATUS, "parameters": parameters}]
    elif what == "the ledger":
        world.rules["wedgate/venue-search"] = [{"type": "deletion"}]
    elif what == "the environments":
        world.environments = ["production/us"]
    elif what == "who may approve in eu":
        world.teams["acme/captains"] = ["alice", "bob"]
    else:
        world.may_read_teams = False
    assert examine(world)[1][what] == health


def test_an_approver_who_may_not_write_is_named(world: GithubWorld) -> None:
    """The approval would not count, and nobody would know why."""
    set_up(world)
    world.roles["bob"] = "read"
    done = CliRunner(env=world.environment()).invoke(cli, ["doctor"], obj={"debug": False}, standalone_mode=False)
    assert "bob may not write to this repository" in done.output


def test_a_team_that_is_gone_is_named(world: GithubWorld) -> None:
    """It counts nobody, and somebody has to correct its name."""
    set_up(world)
    del world.teams["acme/captains"]
    done = CliRunner(env=world.environment()).invoke(cli, ["doctor"], obj={"debug": False}, standalone_mode=False)
    assert "the team acme/captains does not exist any more" in done.output
