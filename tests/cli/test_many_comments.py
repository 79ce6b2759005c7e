"""A thousand comments and a team of three hundred, against a server that takes 50 ms: how often it is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from github_world import REPOSITORY
from talk import H1, MERGED, TREE, Talk

TEAM = [f"member-{number}" for number in range(300)]
COMMENTS = 1000
TOKEN = "ghs_of-the-test"
"""Begins as GitHub's tokens of apps do, which may not ask who they are."""


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository on a closed day, and runs as GitHub makes them: with their event, and a token of the workflow."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("git_server.TOKEN", TOKEN)
    with Talk.opened(tmp_path) as opened:
        opened.world.teams["acme/captains"] = TEAM
        opened.world.roles |= dict.fromkeys(TEAM, "write")
        event = tmp_path / "push.json"
        event.write_text(json.dumps({"repository": {"default_branch": "main", "full_name": REPOSITORY}}))
        opened.environment |= {"GITHUB_EVENT_PATH": str(event), "GITHUB_TOKEN": TOKEN}
        yield opened


def chatter(talk: Talk, count: int, hours_ago: int) -> None:
    """Let somebody go on and on."""
    at = talk.world.date().replace(microsecond=0) - timedelta(hours=hours_ago)
    for number in range(count):
        talk.world.say(7, "zoe", f"talk {number}", at=at)


def grant(talk: Talk, *, before: int, behind: int) -> None:
    """Let two of the team approve, among a thousand comments."""
    chatter(talk, before, hours_ago=1)
    request = talk.asks()
    chatter(talk, behind, hours_ago=0)
    for who in ("member-7", "member-290"):
        talk.world.say(7, who, f"/wedgate approve {H1} {request}")
    last = talk.world.say(7, "erin", "/wedgate status")
    assert talk.hears(last.number).exit_code == 0
    assert COMMENTS - 1 <= len(talk.world.comments[7]) <= COMMENTS
    assert "The override is granted" in talk.answer


def merge(talk: Talk) -> None:
    """Squash the pull request: what it makes is the head of the default branch."""
    world = talk.world
    world.commits[MERGED] = world.commits["a" * 40]
    world.branches["main"] = MERGED
    world.pulls[7].state, world.pulls[7].merged_as = "closed", MERGED
    world.trees[MERGED] = TREE


def asked(talk: Talk) -> int:
    """Return how many requests were made since, in a world that takes its time from now on."""
    count = len(talk.world.asked)
    talk.world.asked.clear()
    talk.world.delay_seconds = 0.05
    return count


@pytest.mark.parametrize(
    ("before", "behind", "most"), [(995, 0, 14), (0, 995, 22)], ids=["talk before the request", "talk behind it"]
)
def test_a_deployment_asks_few_times(talk: Talk, before: int, behind: int, most: int) -> None:
    """It decides, uses the grant and shows the use; the same run again decides by it once more.

    With all of the talk behind the request: ten pages of comments, three of the team, the branch, its configuration,
    the pull request of the commit, who pushed it, two permissions, the tree, the statuses, and the comment.
    """
    grant(talk, before=before, behind=behind)
    merge(talk)
    asked(talk)
    assert talk.deploys(MERGED, run=900).exit_code == 0
    assert "The override was used" in talk.answer
    requests = list(talk.world.asked)
    assert asked(talk) <= most, requests
    assert talk.deploys(MERGED, run=900).exit_code == 0
    assert asked(talk) <= most


def test_an_answer_hears_the_comments_once(talk: Talk) -> None:
    """However many things it does with them: it decides, keeps its comment, and posts the status."""
    grant(talk, before=994, behind=0)
    comment = talk.world.say(7, "erin", "/wedgate status")
    asked(talk)
    assert talk.hears(comment.number).exit_code == 0
    assert sum("issues/7/comments" in each for each in talk.world.asked) == 10
    requests = list(talk.world.asked)
    assert asked(talk) <= 24, requests


def test_a_check_of_the_pull_request_asks_few_times(talk: Talk) -> None:
    """It looks at the grant, and uses nothing."""
    grant(talk, before=0, behind=995)
    asked(talk)
    assert talk.looks().exit_code == 0
    assert asked(talk) <= 20
