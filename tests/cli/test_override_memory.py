"""What was said and written down counts, whoever deletes, edits, replays or forges something afterwards."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from talk import H1, MERGED, Talk

from wedgate.engine.overrides import Overrides
from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.lines import line_of


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository on a closed day."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        yield opened


def granted(talk: Talk) -> str:
    """Bring an override to its approvals, and return its request."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    return request


def forget(talk: Talk, body: str) -> None:
    """Delete a comment, as anybody may who can write."""
    talk.world.comments[7] = [each for each in talk.world.comments[7] if each.body != body]


def edit(talk: Talk, body: str) -> None:
    """Edit a comment, which then counts no more."""
    for each in talk.world.comments[7]:
        if each.body == body:
            each.edited = True


@pytest.mark.parametrize("undo", [forget, edit], ids=["deleted", "edited"])
@pytest.mark.parametrize("who", ["bob", "erin"], ids=["an approval", "the request"])
def test_what_was_withdrawn_stays_so_when_its_comment_is_gone(
    talk: Talk, who: str, undo: Callable[[Talk, str], None]
) -> None:
    """Anybody who may write can delete another's comment; the ledger has what it said."""
    granted(talk)
    talk.says(who, "/wedgate withdraw")
    assert talk.deploys(MERGED).exit_code == 10
    undo(talk, "/wedgate withdraw")
    assert talk.deploys(MERGED).exit_code == 10
    assert "used" not in [entry["kind"] for entry in talk.ledger()]


@pytest.mark.parametrize("undo", [forget, edit], ids=["deleted", "edited"])
def test_a_denial_that_was_taken_back_does_not_stand_again(talk: Talk, undo: Callable[[Talk, str], None]) -> None:
    """Not with the comment that took it back gone; a later one counts, the withdrawal is of what was said before."""
    request = granted(talk)
    talk.says("carol", f"/wedgate deny {H1} {request}")
    last = max(each.at for each in talk.world.comments[7] if each.at)
    talk.says("carol", "/wedgate withdraw", at=last + timedelta(seconds=5))
    undo(talk, "/wedgate withdraw")
    assert talk.looks().exit_code == 0
    talk.says("carol", f"/wedgate deny {H1} {request}", at=last + timedelta(seconds=9))
    assert talk.deploys(MERGED).exit_code == 10


def test_an_approval_after_its_withdrawal_counts_again(talk: Talk) -> None:
    """The withdrawal is of what was said before."""
    request = granted(talk)
    talk.says("bob", "/wedgate withdraw")
    assert talk.deploys(MERGED).exit_code == 10
    last = max(each.at for each in talk.world.comments[7] if each.at)
    talk.says("bob", f"/wedgate approve {H1} {request}", at=last + timedelta(seconds=5))
    assert talk.deploys(MERGED).exit_code == 0


def test_a_wider_request_does_not_come_back_with_the_comment_of_the_narrower_one_gone(talk: Talk) -> None:
    """The later one took its place; whoever deletes it revives nothing."""
    granted(talk)
    narrower = f"/wedgate override {H1} regions=eu rules=saturday for=1h reason=down"
    last = max(each.at for each in talk.world.comments[7] if each.at)
    talk.says("erin", narrower, at=last + timedelta(seconds=5))
    assert talk.deploys(MERGED).exit_code == 10
    forget(talk, narrower)
    assert talk.deploys(MERGED).exit_code == 10


def test_a_second_denial_stands_although_the_first_was_taken_back(talk: Talk) -> None:
    """Deny, withdraw (its run was cancelled), deny again; then the last comment is deleted."""
    request = granted(talk)
    deny = f"/wedgate deny {H1} {request}"
    talk.says("zoe", deny)
    last = max(each.at for each in talk.world.comments[7] if each.at)
    talk.world.say(7, "zoe", "/wedgate withdraw", at=last + timedelta(seconds=10))
    again = talk.world.say(7, "zoe", deny, at=last + timedelta(seconds=20))
    talk.hears(again.number)
    assert talk.deploys(MERGED).exit_code == 10
    talk.world.comments[7] = [each for each in talk.world.comments[7] if each is not again]
    assert talk.deploys(MERGED).exit_code == 10


def test_a_crowd_of_strangers_silences_nobody_who_belongs_here(talk: Talk) -> None:
    """Forty-five of them deny first; the denial of somebody who may write counts all the same."""
    request = granted(talk)
    for number in range(45):
        talk.world.say(7, f"stranger-{number}", f"/wedgate deny {H1} {request}")
    talk.says("zoe", f"/wedgate deny {H1} {request}")
    assert talk.deploys(MERGED).exit_code == 10


@pytest.mark.parametrize("faster", ["freeze", "deny"])
def test_what_is_written_between_the_look_and_the_use_counts(
    talk: Talk, faster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chain never shows a use after a freeze or a denial that was faster."""
    request = granted(talk)
    use = Overrides._use
    words = {"freeze": "/wedgate freeze for=48h reason=incident", "deny": f"/wedgate deny {H1} {request}"}

    def slow(self: Overrides, *args: Any) -> Any:
        monkeypatch.setattr(Overrides, "_use", use)
        kept = dict(os.environ)
        talk.says("zoe", words[faster])
        os.environ.clear()
        os.environ.update(kept)
        return use(self, *args)

    monkeypatch.setattr(Overrides, "_use", slow)
    assert talk.deploys(MERGED).exit_code == 10
    assert "used" not in [entry["kind"] for entry in talk.ledger()]


def test_a_run_that_is_run_again_thaws_nothing_a_second_time(talk: Talk) -> None:
    """Anybody who may write can run an approver's old run again."""
    thaw = talk.world.say(7, "alice", "/wedgate thaw reason=drill")
    talk.hears(thaw.number)
    granted(talk)
    assert talk.says("zoe", "/wedgate freeze for=48h reason=incident").exit_code == 0
    assert talk.deploys(MERGED).exit_code == 10
    talk.hears(thaw.number)
    assert talk.deploys(MERGED).exit_code == 10
    assert [entry["kind"] for entry in talk.ledger()].count("thawed") == 1


@pytest.mark.parametrize("who_wrote", ["alice", "frank"], ids=["another text", "another author"])
def test_an_edit_within_its_second_is_known_by_the_event(talk: Talk, who_wrote: str) -> None:
    """The forge shows whole seconds: what the event tells is compared, and every later run knows what came of it."""
    talk.world.hidden.add("alice")  # whose membership is private: the entry is kept all the same
    request = talk.asks()
    talk.says("bob", f"/wedgate approve {H1} {request}")
    vote = f"/wedgate approve {H1} {request}"
    comment = talk.world.say(7, "alice", vote)
    sent = "LGTM, but let us wait" if who_wrote == "alice" else vote
    told = {"body": sent, "user": {"login": who_wrote, "id": talk.world.people[who_wrote]}}
    assert talk.hears(comment.number, told=told).exit_code == 11
    assert "alice: alice's comment was edited after it was written" in talk.answer
    talk.says("zoe", "/wedgate status")
    assert talk.deploys(MERGED).exit_code == 10
    talk.says("alice", vote)
    assert talk.deploys(MERGED).exit_code == 0


def test_a_thaw_that_comes_late_ends_only_what_was_frozen_when_it_was_asked_for(talk: Talk) -> None:
    """Its run was cancelled, and somebody runs it again days later."""
    thaw = talk.world.say(7, "alice", "/wedgate thaw reason=drill", at=datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
    granted(talk)
    talk.says("zoe", "/wedgate freeze for=48h reason=incident")
    talk.hears(thaw.number)
    assert talk.deploys(MERGED).exit_code == 10


def test_a_ledger_of_other_entries_is_known_for_another(talk: Talk) -> None:
    """As long as the anchored one, a chain in itself, and of a stream that nobody reads."""
    granted(talk)
    assert talk.deploys(MERGED, run=900).exit_code == 0
    assert talk.deploys(MERGED, run=901).exit_code == 10
    count = len(talk.ledger())
    drafts = [Draft(stream="x", kind="x", at=datetime.now(UTC), body={})] * count
    text = line_of(chain_onto(drafts, revision=0, head="0" * 64, epoch=0, nonces=["00"] * count))
    forged = talk.directory / "forged"
    forged.mkdir()
    (forged / "ledger.jsonl").write_text(text)
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=m", "-c", "user.email=m@x", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(forged), *words], check=True, capture_output=True)
    talk.server.git("fetch", "-q", str(forged), "+HEAD:refs/heads/wedgate/venue-search")
    assert talk.deploys(MERGED, run=901).exit_code == 10
    assert "used" not in [entry["kind"] for entry in talk.ledger()]


def test_a_reason_that_looks_like_an_anchor_is_none(talk: Talk) -> None:
    """Else whoever asks could lock everybody out of the override."""
    forged = f"<sub>ledger: revision 999999999, `{'0' * 64}`</sub>"
    request = talk.asks(rest=f'regions=eu,us rules=saturday for=2h reason="{forged}"')
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.deploys(MERGED).exit_code == 0


def test_a_rule_named_as_a_reason_code_stands_for_itself_alone(talk: Talk) -> None:
    """An override of a rule called `rule_blocks` opens that rule, and not every block there is."""
    text = talk.world.commits[talk.world.branches["main"]]["wedgate.yml"].decode()
    rule = 'rules:\n  rule_blocks: {where: all, yearly: "01-01", effect: block}\n'
    talk.world.put("wedgate.yml", text.replace("rules:\n", rule, 1).encode())
    request = talk.asks(rest="regions=eu,us rules=rule_blocks for=2h reason=down")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.deploys(MERGED).exit_code == 10


@pytest.mark.parametrize(
    ("stream", "kind"), [("audit", "used"), ("audit", "denied"), ("audit", "frozen"), ("journal", "x")]
)
def test_a_ledger_with_entries_that_wedgate_never_wrote_is_closed_with_twenty(
    talk: Talk, stream: str, kind: str
) -> None:
    """The chain holds, and a body says nothing: that is not known, and no crash; the outputs say closed."""
    granted(talk)
    text = talk.server.git("show", "refs/heads/wedgate/venue-search:ledger.jsonl")
    entries = talk.ledger()
    draft = Draft(stream=stream, kind=kind, at=datetime.now(UTC), body={})
    more = chain_onto(
        [draft], revision=len(entries), head=entries[-1]["hash"], epoch=entries[-1]["epoch"], nonces=["00"]
    )
    forged = talk.directory / "forged"
    forged.mkdir()
    (forged / "ledger.jsonl").write_text(f"{text.rstrip()}\n{line_of(more)}")
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=m", "-c", "user.email=m@x", "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(forged), *words], check=True, capture_output=True)
    talk.server.git("fetch", "-q", str(forged), "+HEAD:refs/heads/wedgate/venue-search")
    done = talk.deploys(MERGED)
    assert done.exit_code == 20, done.output
    assert '"decision": "deny"' in done.stdout
