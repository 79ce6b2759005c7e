"""The contract of the runs of a forge: the next one is started, or the error says what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from github_world import REPOSITORY, GithubWorld

from wedgate.adapters._github.connection import Connection
from wedgate.adapters.forge.github_runs import GithubRuns
from wedgate.adapters.forge.runner import OwnWorkflow, own_workflow
from wedgate.engine.relay import start_next_run
from wedgate.errors import ExternalSystemError


@pytest.fixture
def world() -> Iterator[Any]:
    """Serve a GitHub with two workflows, of which one can be dispatched."""
    with GithubWorld() as found:
        found.workflows = {"rollout.yml": True, "push.yml": False}
        yield found


def runs_of(world: Any) -> GithubRuns:
    """Return the adapter in front of the double."""
    return GithubRuns(Connection(api_url=world.url, repository=REPOSITORY, token="a-token-of-the-test"))


def test_a_run_is_started_on_a_branch(world: Any) -> None:
    """Once; the request is one that GitHub's description allows."""
    runs_of(world).dispatch("rollout.yml", "main")
    assert world.dispatched == [("rollout.yml", "main")]


def test_a_token_that_may_not_is_told_what_it_needs(world: Any) -> None:
    """The permission is named."""
    world.may_dispatch = False
    with pytest.raises(ExternalSystemError, match="actions: write"):
        runs_of(world).dispatch("rollout.yml", "main")


@pytest.mark.parametrize("workflow", ["push.yml", "gone.yml"])
def test_a_workflow_that_cannot_be_dispatched_is_named(world: Any, workflow: str) -> None:
    """One without the trigger, and one that is not there."""
    with pytest.raises(ExternalSystemError, match=f"a run of {workflow} on main"):
        runs_of(world).dispatch(workflow, "main")
    assert world.dispatched == []


def test_a_forge_that_is_silent_for_a_moment_is_asked_again(world: Any) -> None:
    """Four tries with growing pauses; the third is answered."""
    paused: list[timedelta] = []
    world.failures = {"dispatches": "502"}

    def pause(duration: timedelta) -> None:
        paused.append(duration)
        if len(paused) == 2:
            world.failures = {}

    start_next_run(runs_of(world), "rollout.yml", "main", pause=pause)
    assert world.dispatched == [("rollout.yml", "main")]
    assert paused == [timedelta(seconds=5), timedelta(seconds=20)]
    world.failures = {"dispatches": "drop"}
    paused.clear()
    with pytest.raises(ExternalSystemError):
        start_next_run(runs_of(world), "rollout.yml", "main", pause=lambda duration: paused.append(duration))
    assert len(paused) == 3


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("acme/venue-search/.github/workflows/rollout.yml@refs/heads/main", ("rollout.yml", "main")),
        ("acme/venue-search/.github/workflows/rollout.yml@refs/heads/release/a@b", ("rollout.yml", "release/a@b")),
        ("acme/venue-search/.github/workflows/rollout.yml@refs/tags/v1", ("rollout.yml", "v1")),
        ("acme/venue-search/.github/workflows/rollout.yml@refs/pull/7/merge", None),
        ("acme/venue-search/.github/workflows/rollout.yml@" + "a" * 40, None),
        ("acme/other/.github/workflows/rollout.yml@refs/heads/main", None),
        ("", None),
    ],
)
def test_a_run_knows_its_own_workflow(named: str, expected: tuple[str, str] | None) -> None:
    """As the runner says it; one of another repository, or at no branch or tag, cannot be started again."""
    found = own_workflow({"GITHUB_WORKFLOW_REF": named, "GITHUB_REPOSITORY": REPOSITORY})
    assert found == (None if expected is None else OwnWorkflow(file=expected[0], ref=expected[1]))
