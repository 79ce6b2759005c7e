"""What stops something by a comment is carried out before anything is read that it does not need."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from talk import Done, Talk

from wedgate.adapters._git import bare
from wedgate.adapters.stores.git import GitStore
from wedgate.cli import comment
from wedgate.engine.audit import AuditBook
from wedgate.ledger.appending import Draft
from wedgate.ledger.streams import Stream

ROLLOUT = "r-20261128"
ROLLBACK = f'/wedgate rollback {ROLLOUT} reason="bad"'
FREEZE = '/wedgate freeze for=2h reason="prod is burning"'


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """Open a pull request by dave, in a repository with two approvers by name and one by team."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as made:
        yield made


def fails(part: str, how: str = "500") -> Callable[[Talk], None]:
    """Let the forge fail where a request has a text in it."""
    return lambda talk: talk.world.failures.update({part: how})


def no_teams(talk: Talk) -> None:
    """Let the token read no teams, on a pull request with a request."""
    talk.asks()
    talk.world.may_read_teams = False


BLOCKED = {
    "eyes": (fails("/reactions"), 0),
    "eyes-limited": (fails("/reactions", "secondary"), 0),
    "pusher": (fails("/activity"), 20),
    "teams": (no_teams, 20),
    "comments": (fails("/issues/7/comments", "502"), 20),
    "status": (fails("POST /repos/acme/venue-search/statuses"), 20),
}


def handed_over(talk: Talk) -> bool:
    """Whether the next step gets the rollout."""
    return ROLLOUT in (talk.directory / "output").read_text()


def frozen(talk: Talk) -> list[str]:
    """Return who froze, by the ledger."""
    return [entry["body"]["by"] for entry in talk.ledger() if entry["kind"] == "frozen"]


@pytest.mark.parametrize("what", BLOCKED)
def test_nothing_that_a_stop_does_not_need_is_in_its_way(talk: Talk, what: str) -> None:
    """The run ends with 20 where it could not answer, and has done what was asked for."""
    prepare, code = BLOCKED[what]
    prepare(talk)
    done: Done = talk.says("alice", f"{ROLLBACK}\n\n{FREEZE}")
    assert done.exit_code == code, done.output
    assert handed_over(talk)
    assert frozen(talk) == ["alice"]
    assert f"the next step is handed {ROLLOUT}" in done.output


def test_a_rollback_needs_no_ledger(talk: Talk) -> None:
    """It is handed over where the ledger's server is gone."""
    talk.configure()
    talk.server.__exit__(None, None, None)
    assert talk.says("alice", ROLLBACK).exit_code == 20
    assert handed_over(talk)


def test_one_service_waits_for_no_ledger(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes the connection and says nothing is not even asked before the rollback is handed over."""
    asked_before: list[bool] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        text = talk.world.commits["a" * 40]["wedgate.yml"].decode()
        remote = f'remote: "http://127.0.0.1:{silent.getsockname()[1]}/x.git"'
        talk.world.put("wedgate.yml", re.sub(r'remote: "[^"]*"', remote, text).encode())
        hand_over = comment._hand_over

        def looked(outputs: dict[str, str], environment: dict[str, str]) -> None:
            hand_over(outputs, environment)
            with suppress(BlockingIOError):
                silent.accept()
                asked_before.append("rollback" in outputs)

        monkeypatch.setattr(comment, "_hand_over", looked)
        monkeypatch.setattr(bare, "TIMEOUT_SECONDS", 1)
        assert talk.says("alice", ROLLBACK).exit_code == 20
    assert handed_over(talk)
    assert asked_before == []


@pytest.mark.parametrize("rollout", [ROLLOUT, "r-20261129"])
def test_one_service_hands_over_what_its_ledger_does_not_know(talk: Talk, rollout: str) -> None:
    """A ledger that was pushed back may lack what is under way; an id with a wrong digit is said to be none."""
    claimed = Draft(
        stream=Stream.CLAIMS, kind="claimed", at=datetime(2026, 6, 6, 8, tzinfo=UTC),
        body={"rollout": "r-20261129", "regions": ["eu"]},
    )  # fmt: skip
    store = GitStore(talk.server.url, "refs/heads/wedgate/venue-search", token=talk.world.environment()["GITHUB_TOKEN"])
    AuditBook(store, lambda _: None).transact(lambda _: [claimed])
    done = talk.says("alice", f'/wedgate rollback {rollout} reason="bad"')
    assert done.exit_code == 0, done.output
    assert rollout in (talk.directory / "output").read_text()
    assert (f'knows no rollout {ROLLOUT} (did you mean "r-20261129"?)' in talk.answer) == (rollout == ROLLOUT)


def test_each_rollback_of_a_comment_is_handed_over(talk: Talk) -> None:
    """What the answer says to be asked for is what the next step gets, each rollout once."""
    again = '/wedgate rollback r-20261129 reason="bad"'
    assert talk.says("alice", f"{ROLLBACK}\n\n{again}\n\n{ROLLBACK}").exit_code == 0
    written = (talk.directory / "output").read_text()
    assert written.partition("rollback<<")[2].splitlines()[1] == f"{ROLLOUT},r-20261129"


@pytest.mark.parametrize("remote", ["http://bot:hunter2@127.0.0.1:9/x.git", "http://127.0.0.1:9/x.git?token=hunter2"])
def test_no_password_of_a_ledger_is_said(talk: Talk, remote: str) -> None:
    """It is refused by now; a version of before rolls back all the same, and nothing repeats it."""
    text = talk.world.commits["a" * 40]["wedgate.yml"].decode()
    talk.world.put("wedgate.yml", re.sub(r'remote: "[^"]*"', f'remote: "{remote}"', text).encode())
    done = talk.says("alice", ROLLBACK)
    assert handed_over(talk)
    said = [done.output, *(each.body for each in talk.world.comments[7])]
    assert any("could not answer" in each for each in said)
    assert "127.0.0.1:9/x.git" in "".join(said)
    assert "hunter2" not in "".join(said)


BY_HAND = "was not handed over, and nothing was returned: run `wedgate rollback`"
HANDED = f"The rollback of {ROLLOUT} was handed over before"


@pytest.mark.parametrize(
    ("part", "body", "said"),
    [
        ("collaborators/alice/permission", ROLLBACK, BY_HAND),
        ("/activity", ROLLBACK, HANDED),
        ("/activity", "/wedgate status", ""),
    ],
)
def test_a_trouble_says_what_became_of_the_rollback(talk: Talk, part: str, body: str, said: str) -> None:
    """Whoever reads it must know whether to return traffic by hand."""
    talk.world.failures[part] = "500"
    assert talk.says("alice", body).exit_code == 20
    (trouble,) = [each.body for each in talk.world.comments[7] if "could not answer" in each.body]
    assert [each for each in (BY_HAND, HANDED) if each in trouble] == ([said] if said else [])


@pytest.mark.parametrize("who", ["stranger", None])
def test_who_may_not_stops_nothing(talk: Talk, who: str | None) -> None:
    """Permission is what it needs: a stranger has none, and neither has whoever edited the comment."""
    talk.says(who, f"{ROLLBACK}\n\n{FREEZE}")
    comment = talk.world.say(7, "alice", f"{ROLLBACK}\n\n{FREEZE}", edited=True)
    talk.hears(comment.number)
    assert not handed_over(talk)
    assert talk.run("schedule", "refresh").exit_code == 0
    assert "frozen" not in talk.status["description"]


def test_a_stop_is_said_once_and_thaws_nothing_of_its_own(talk: Talk) -> None:
    """The answer tells of the freeze, whose entry is there already; a thaw beside it means what was frozen before."""
    talk.says("alice", FREEZE)
    done = talk.says("bob", f'/wedgate thaw reason="longer"\n\n{FREEZE}')
    assert done.exit_code == 0, done.output
    assert [entry["kind"] for entry in talk.ledger()] == ["frozen", "frozen", "thawed"]
    assert talk.answer.count("bob froze") == 1
    assert "bob ended freeze 1" in talk.answer
