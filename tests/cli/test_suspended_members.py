"""A suspended member's approval does not count: on a server of one's own, where a role stays, and on github.com."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from github_world import ENTERPRISE
from talk import H1, MERGED, Talk


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository of a server of one's own, on a closed day."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        opened.environment["GITHUB_API_URL"] = f"{opened.world.url}{ENTERPRISE}"
        yield opened


def approve(talk: Talk, *people: str) -> int:
    """Let some approve a request, and return how the deployment ends."""
    request = talk.asks()
    for who in people:
        talk.says(who, f"/wedgate approve {H1} {request}")
    return talk.deploys(MERGED).exit_code


def test_nobody_is_suspended(talk: Talk) -> None:
    """On such a server one request more for each who approves, and none elsewhere."""
    assert approve(talk, "alice", "carol") == 0
    assert [each for each in talk.world.asked if "/users/alice" in each]


@pytest.mark.parametrize("suspended", ["alice", "carol"])
def test_a_suspended_member_does_not_count(talk: Talk, suspended: str) -> None:
    """By name or by team: the server shows the role as before, and says of the account that it is suspended."""
    talk.world.suspended.add(suspended)
    assert approve(talk, "alice", "carol") == 10
    assert f"{suspended} may not write to this repository" in talk.answer


def test_whoever_is_suspended_later_does_not_count_any_more(talk: Talk) -> None:
    """An approval is looked at anew by each deployment."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.status["state"] == "success"
    talk.world.suspended.add("bob")
    assert talk.deploys(MERGED).exit_code == 10


@pytest.mark.parametrize("failure", ["404", "403", "500"])
def test_an_account_that_cannot_be_read_does_not_count(talk: Talk, failure: str) -> None:
    """Nobody is there, or it is not known."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    talk.world.failures["/users/bob"] = failure
    assert talk.deploys(MERGED).exit_code == (10 if failure == "404" else 20)


def test_a_suspended_member_on_github_com_has_no_role(talk: Talk) -> None:
    """There the account loses the organisation: it is in no team, and has no permission."""
    talk.environment["GITHUB_API_URL"] = talk.world.url
    talk.world.roles["alice"] = "none"
    assert approve(talk, "alice", "carol") == 10
    assert not [each for each in talk.world.asked if "/users/" in each]
