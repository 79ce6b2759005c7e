"""A ledger that cannot be read gets in by no change, and one that does not exist any more locks nobody out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from talk import CONFIG, H1, Talk

from wedgate.overrides.place import ROOT

UNRESOLVED = "http://no-such-host.invalid/acme/ledger.git"
GONE = "postgresql://wedgate@127.0.0.1:9/gone"
"""The address of a database of which its server says that there is none."""


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """Open a pull request by dave, in a repository with two approvers by name and one by team."""

    def connect(*_: object, **__: object) -> None:
        raise psycopg.OperationalError('connection failed: FATAL:  database "gone" does not exist')

    monkeypatch.setattr(psycopg, "connect", connect)
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as made:
        yield made


def text_of(remote: str | None, *, is_open: bool = False) -> str:
    """Return a configuration with its ledger at an address; ``None``: without one."""
    text = CONFIG.format(policy="longest: 4h", remote=remote or "")
    text = text if remote is not None else re.sub(r"state: .*\n", "", text)
    if remote == GONE:
        text = re.sub(r"state: .*\n", f'state: {{kind: postgres, url: "{GONE}"}}\n', text)
    return text.replace("weekdays: monday..sunday", "dates: [2031-01-01]") if is_open else text


def proposes(talk: Talk, base: str | None, head: str) -> None:
    """Let the pull request change the configuration, and nothing else."""
    talk.world.commits["a" * 40].pop("wedgate.yml", None)
    if base is not None:
        talk.world.put("wedgate.yml", base.encode())
    talk.world.commits[H1] = {**talk.world.commits["a" * 40], "wedgate.yml": head.encode()}
    talk.world.pulls[7].files = [("wedgate.yml", None)]


def missing(talk: Talk) -> str:
    """Return the address of a repository that the server does not have."""
    return talk.server.url.replace("venue-search", "venue-saerch")


def unmounted(talk: Talk) -> str:
    """Return a path of which git says that it does not appear to be a repository: its mount may be missing."""
    return str(talk.directory / "no-such-repository.git")


def answers(talk: Talk) -> tuple[str, str, int]:
    """Return the state and the words of the status, and what the pull request's own check ends with."""
    talk.run("schedule", "refresh")
    return talk.status["state"], talk.status["description"], talk.looks().exit_code


@pytest.mark.parametrize("remote", [UNRESOLVED, "http://127.0.0.1:9/x.git", "missing", "--upload-pack=touch${IFS}here"])
@pytest.mark.parametrize("has_ledger", [True, False])
def test_a_ledger_that_cannot_be_read_gets_in_by_no_change(talk: Talk, remote: str, *, has_ledger: bool) -> None:
    """A typo is red at once: from the merge on nothing could be deployed, and nothing could mend it."""
    head = text_of(missing(talk) if remote == "missing" else remote, is_open=True)
    proposes(talk, text_of(talk.server.url if has_ledger else None, is_open=True), head)
    state, words, code = answers(talk)
    assert (state, code) == ("failure", 10), words
    assert "config_loosened" in words
    assert "names a ledger that cannot be read" in re.sub(r"\s+", " ", talk.looks().output)
    assert not list(talk.directory.rglob("here"))


def test_a_first_configuration_names_no_ledger_that_cannot_be_read(talk: Talk) -> None:
    """Where there is none at all yet."""
    proposes(talk, None, text_of(UNRESOLVED))
    assert talk.looks().exit_code == 10
    proposes(talk, None, text_of(talk.server.url))
    assert talk.looks().exit_code == 0


def test_no_ledger_that_strangers_name_is_asked(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a fork none, and of another host none with the token."""
    asked: list[str | None] = []
    monkeypatch.setattr(
        "wedgate.adapters.stores.git.GitStore.__init__", lambda self, url, ref, token=None: asked.append(token)
    )
    monkeypatch.setattr("wedgate.adapters.stores.git.GitStore.read", lambda self: ())
    proposes(talk, text_of(None, is_open=True), text_of("http://stranger.invalid/x.git", is_open=True))
    assert talk.looks().exit_code == 0
    assert asked == [None]
    talk.world.pulls[7].from_fork = True
    done = talk.looks()
    assert (done.exit_code, asked) == (10, [None])
    assert "comes from a fork" in done.output


@pytest.mark.parametrize("mended", [True, False], ids=["correct", "take away"])
def test_a_ledger_that_does_not_exist_any_more_locks_nobody_out(talk: Talk, *, mended: bool) -> None:
    """Deployments stay closed; the calendar decides about the change that leaves it, in the merge queue too."""
    lost = GONE
    fix = talk.server.url if mended else None
    proposes(talk, text_of(lost, is_open=True), text_of(fix, is_open=True))
    assert talk.deploys("e" * 40).exit_code == 20
    state, words, code = answers(talk)
    assert (state, code) == ("success", 0), words
    proposes(talk, text_of(lost), text_of(fix))
    state, words, code = answers(talk)
    assert (state, code) == ("failure", 10)
    assert "saturday" in words
    talk.world.put("wedgate.yml", text_of(fix, is_open=True).encode())
    assert talk.deploys("e" * 40).exit_code == 0


@pytest.mark.parametrize("how", ["down", "unresolved", "not shown", "unmounted", "code", "loosened"])
def test_nothing_else_gets_by_without_the_ledger(talk: Talk, how: str) -> None:
    """One that does not answer may come back; code beside it may be frozen; and a loosening is one all the same.

    A resolver that is down, a token that is not shown the repository, and a mount that is missing say nothing of what
    there is.
    """
    unsure = {"down": "http://127.0.0.1:9/x.git", "unresolved": UNRESOLVED, "not shown": missing(talk)}
    unsure["unmounted"] = unmounted(talk)
    lost = unsure.get(how, GONE)
    fix = text_of(talk.server.url, is_open=True)
    if how == "loosened":
        fix = fix.replace("  longest: 4h", "  longest: 8h")
    proposes(talk, text_of(lost, is_open=True), fix)
    if how == "code":
        talk.world.commits[H1] |= {"app.py": b"x"}
        talk.world.pulls[7].files.append(("app.py", None))
    state, _, code = answers(talk)
    assert state in ("failure", "error")
    assert code in (10, 20)


def test_why_there_is_no_answer_is_said_on_the_pull_request(talk: Talk) -> None:
    """In a comment of its own, kept up to date: wedgate's answer, and its anchor, stay."""
    talk.asks()
    before = talk.answer
    talk.world.put("wedgate.yml", text_of(UNRESOLVED).encode())
    for _ in range(2):
        assert talk.says("erin", "/wedgate status").exit_code == 20
    answer, trouble = [each.body for each in talk.world.comments[7] if each.login == "github-actions[bot]"]
    assert answer == before
    assert "wedgate could not answer" in trouble
    assert "no-such-host.invalid" in trouble
    assert talk.says("stranger", "/wedgate status").exit_code == 20
    assert sum(each.login == "github-actions[bot]" for each in talk.world.comments[7]) == 2


def test_the_next_answer_takes_back_that_there_was_none(talk: Talk) -> None:
    """The comment stays, for what was not carried out; the next trouble is said in it again."""
    talk.asks()

    def trouble() -> str:
        own = [each.body for each in talk.world.comments[7] if each.login == "github-actions[bot]"]
        assert len(own) == 2
        return own[1]

    for _ in range(2):
        talk.world.put("wedgate.yml", text_of(UNRESOLVED).encode())
        assert talk.says("erin", "/wedgate status").exit_code == 20
        assert "wedgate could not answer" in trouble()
        talk.configure()
        for _ in range(2):
            assert talk.says("erin", "/wedgate status").exit_code == 0
            assert "wedgate answers again" in trouble()
            assert "could not answer" not in trouble()


def test_nobody_else_has_a_trouble_taken_back(talk: Talk) -> None:
    """What a stranger wrote to look like one is answered by no comment."""
    talk.world.say(7, "stranger", f"{ROOT.trouble}\n### wedgate could not answer")
    assert talk.says("erin", "/wedgate status").exit_code == 0
    assert sum(each.login == "github-actions[bot]" for each in talk.world.comments[7]) == 1


def test_a_freeze_that_no_ledger_takes_is_answered(talk: Talk) -> None:
    """Whoever stops something has to hear that it is not stopped."""
    talk.asks()
    talk.world.put("wedgate.yml", text_of("http://127.0.0.1:9/x.git").encode())
    talk.world.reactions.clear()
    assert talk.says("zoe", "/wedgate freeze for=2h reason=payments").exit_code == 20
    assert [what for _, what in talk.world.reactions] == ["eyes"]
    trouble = [each.body for each in talk.world.comments[7] if each.login == "github-actions[bot]"][-1]
    assert "wedgate could not answer" in trouble
