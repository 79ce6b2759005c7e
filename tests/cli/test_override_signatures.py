"""Overrides by SSH signatures, with the real ssh-keygen and a real clone: who counts, who does not, and once."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from wedgate.adapters.forge import git_copy
from wedgate.adapters.signatures.ssh import sign as ssh_sign
from wedgate.cli import signed
from wedgate.cli.main import cli
from wedgate.cli.override import _load_vote
from wedgate.config.load import parse_configuration
from wedgate.errors import ConfigurationError, ExternalSystemError, RefusedError, UsageError
from wedgate.overrides.statements import CheckedVote, canonical, plain_statement, standing_of

CONFIG = """version: 1
service: venue-search
regions:
  eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
  us: {markets: {new-york: {zone: America/New_York, country: US}}}
rules:
  saturday: {where: all, weekdays: saturday, effect: block}
  new-year: {where: all, yearly: 12-31..01-01, effect: block}
overrides:
  approvers: {people: [alice, bob, carol]}
  signers: .github/allowed_signers
  untouchable: [new-year]
state: {kind: file, path: ../ledger}
"""
WHO = ("alice@acme.example", "bob@acme.example", "carol@acme.example", "dave@acme.example", "erin@acme.example")
SCOPE = 'namespaces="wedgate-override@v1"'


@dataclass
class Clone:
    """A clone whose default branch has a configuration and signers, and a commit by dave on top."""

    directory: Path
    keys: dict[str, Path]
    commit: str = ""

    def git(self, *words: str, who: str = "dave@acme.example") -> str:
        """Run git as somebody."""
        name = ["-c", f"user.name={who}", "-c", f"user.email={who}"]
        run = subprocess.run(["git", *name, *words], cwd=self.directory, check=True, capture_output=True, text=True)
        return run.stdout.strip()

    def signers(self, text: str, revoked: str | None = None, *, config: str = CONFIG) -> None:
        """Write the file of signers on the default branch, and put dave's commit on top of it."""
        self.git("checkout", "-q", "-B", "main")
        (self.directory / ".github").mkdir(exist_ok=True)
        (self.directory / ".github" / "allowed_signers").write_text(text)
        if revoked is not None:
            (self.directory / ".github" / "allowed_signers.revoked").write_text(revoked)
        (self.directory / "wedgate.yml").write_text(config)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "policy", who="zoe@acme.example")
        self.git("update-ref", "refs/remotes/origin/main", "HEAD")
        self.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
        self.git("checkout", "-q", "-B", "fix")
        self.git("commit", "-q", "--allow-empty", "-m", "the fix")
        self.commit = self.git("rev-parse", "HEAD")

    def line(self, who: str, options: str = SCOPE) -> str:
        """Return a line of the file of signers."""
        return f"{who.partition('@')[0]},{who} {options} {self.keys[who].with_suffix('.pub').read_text()}"

    def asks(self, *more: str, rule: str = "saturday", by: str = WHO[4]) -> Path:
        """Write a request, and sign it."""
        words = [
            "request",
            "--as",
            by,
            "--key",
            str(self.keys[by]),
            "--commit",
            self.commit,
            "--region",
            "eu",
            "--rule",
            rule,
            "--for",
            "2h",
        ]
        path = self.directory.parent / "request.json"
        path.write_text(run(*words, "--reason", "it is down", *more)[1])
        return path

    def signs(self, request: Path, who: str, *more: str, key: str | None = None) -> Path:
        """Sign a request as somebody, with somebody's key."""
        path = self.directory.parent / f"{who}{len(list(self.directory.parent.iterdir()))}.json"
        path.write_text(run("sign", str(request), "--as", who, "--key", str(self.keys[key or who]), *more)[1])
        return path

    def verify(self, request: Path, *votes: Path, region: str = "eu", more: tuple[str, ...] = ()) -> tuple[int, str]:
        """Ask what the signatures come to."""
        words = [str(request), *map(str, votes), "--commit", self.commit, "--region", region, *more]
        return run("verify", *words)


def run(*words: str) -> tuple[int, str]:
    """Run a command as in a terminal."""
    done = CliRunner().invoke(cli, ["override", *words], obj={"debug": False}, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return int(done.return_value), done.stdout


def resign(path: Path, key: Path, **changed: object) -> Path:
    """Change what a request asks for, and sign that."""
    plain = json.loads(path.read_text())["vote"]
    plain["of"].update(changed)
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
    path.write_text(json.dumps({"vote": plain, "signature": ssh_sign(text, key)}))
    return path


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Make a key for everybody."""
    place = tmp_path_factory.mktemp("keys")
    found = {}
    for who in WHO:
        path = place / who.partition("@")[0]
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
        found[who] = path
    return found


@pytest.fixture
def clone(tmp_path: Path, keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Clone:
    """Return a clone in which everybody may sign."""
    directory = tmp_path / "clone"
    directory.mkdir()
    made = Clone(directory, keys)
    made.git("init", "-q", "-b", "main")
    made.git("remote", "add", "origin", "git@github.com:acme/venue-search.git")
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    made.signers("".join(made.line(who) for who in WHO))
    monkeypatch.chdir(directory)
    return made


def test_two_signatures_by_two_people_grant(clone: Clone) -> None:
    """In the region that was asked for, once for one deployment; the record is in the ledger."""
    request = clone.asks()
    alice, bob = clone.signs(request, WHO[0]), clone.signs(request, WHO[1])
    assert clone.verify(request, alice)[0] == 11
    code, output = clone.verify(request, alice, bob)
    assert code == 0
    assert "eu: granted until" in output
    assert clone.verify(request, alice, bob, region="us")[0] == 11
    assert clone.verify(request, alice, bob, more=("--use", "hotfix-7"))[0] == 0
    assert clone.verify(request, alice, bob, more=("--use", "hotfix-7"))[0] == 0
    code, output = clone.verify(request, alice, bob, more=("--use", "hotfix-8", "--format", "json"))
    assert code == 11
    assert json.loads(output)["grants"]["eu"]["code"] == "used"
    ledger = (clone.directory.parent / "ledger" / "venue-search.jsonl").read_text()
    assert ledger.count('"kind": "used"') == 1


@pytest.mark.parametrize("who", [WHO[3], WHO[4]])
def test_the_committer_and_the_requester_do_not_count(clone: Clone, who: str) -> None:
    """dave wrote the commit, erin asked."""
    request = clone.asks()
    code, output = clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, who))
    assert code == 11
    assert "did not count" in output


def test_one_key_is_one_person(clone: Clone, keys: dict[str, Path]) -> None:
    """Two names of one key do not make two approvals, nor does one name twice."""
    both = clone.line(WHO[0]) + clone.line(WHO[0]).replace("alice,alice@acme.example", "bob,bob@acme.example", 1)
    clone.signers(both + clone.line(WHO[4]))
    request = clone.asks()
    one, two = clone.signs(request, WHO[0]), clone.signs(request, WHO[1], key=WHO[0])
    assert clone.verify(request, one, two)[0] == 11
    assert clone.verify(request, one, clone.signs(request, WHO[0]))[0] == 11


@pytest.mark.parametrize(
    "options",
    [
        'namespaces="git"',
        f'{SCOPE},valid-before="20200101"',
        f'{SCOPE},valid-after="20990101"',
    ],
)
def test_a_key_outside_of_its_time_or_use_is_refused(clone: Clone, options: str) -> None:
    """ssh-keygen holds the intervals and the namespaces of the file."""
    clone.signers(clone.line(WHO[0]) + clone.line(WHO[1], options))
    request = clone.asks()
    with pytest.raises(RefusedError, match="is not good"):
        clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, WHO[1]))


def test_a_revoked_key_is_refused(clone: Clone, keys: dict[str, Path]) -> None:
    """By the list beside the file of signers."""
    clone.signers("".join(map(clone.line, WHO)), revoked=keys[WHO[1]].with_suffix(".pub").read_text())
    request = clone.asks()
    with pytest.raises(RefusedError, match="is not good"):
        clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, WHO[1]))


def test_a_stranger_and_a_borrowed_name_are_refused(clone: Clone) -> None:
    """A name that is not in the file, and bob's name under dave's key."""
    clone.signers(clone.line(WHO[0]) + clone.line(WHO[1]))
    request = clone.asks()
    for vote in (clone.signs(request, WHO[2]), clone.signs(request, WHO[1], key=WHO[3])):
        with pytest.raises(RefusedError, match="is not good"):
            clone.verify(request, clone.signs(request, WHO[0]), vote)


@pytest.mark.parametrize(
    ("where", "value"), [("commit", "f" * 40), ("regions", ["eu", "us"]), ("seconds", 999), ("rules", ["surge"])]
)
def test_a_signature_is_of_all_that_was_asked(clone: Clone, where: str, value: Any) -> None:
    """A request that was widened behind it, in the vote or beside it, is another one."""
    request = clone.asks()
    alice, bob = clone.signs(request, WHO[0]), clone.signs(request, WHO[1])
    forged = json.loads(bob.read_text())
    forged["vote"]["of"][where] = value
    bob.write_text(json.dumps(forged))
    with pytest.raises(RefusedError, match="is not good"):
        clone.verify(request, alice, bob)
    wider = json.loads(request.read_text())
    wider["vote"]["of"][where] = value
    request.write_text(json.dumps(wider))
    with pytest.raises(RefusedError, match="is not good"):
        clone.verify(request, alice)


def test_whoever_asks_signs_and_cannot_name_another(clone: Clone) -> None:
    """alice who asks as nobody, or in erin's name, would be one of two approvers of her own request."""
    request = clone.asks(by=WHO[0])
    named = json.loads(request.read_text())
    named["vote"]["of"]["requester"] = WHO[4]
    request.write_text(json.dumps(named))
    with pytest.raises(RefusedError, match="not signed by whoever asks"):
        clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, WHO[1]))
    named["vote"]["by"] = WHO[4]
    request.write_text(json.dumps(named))
    with pytest.raises(RefusedError, match="is not good"):
        clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, WHO[1]))
    approval = clone.signs(clone.asks(), WHO[0])
    with pytest.raises(RefusedError, match="not signed by whoever asks"):
        clone.verify(approval, approval, clone.signs(approval, WHO[1]))


def test_a_name_is_not_enough_to_be_an_approver(clone: Clone) -> None:
    """zoe may sign, and is none of those that the policy lists for the region."""
    clone.signers("".join(map(clone.line, WHO)).replace("carol,carol@acme.example", "zoe,zoe@acme.example"))
    clone.keys = {**clone.keys, "zoe@acme.example": clone.keys[WHO[2]]}
    request = clone.asks()
    code, output = clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, "zoe@acme.example"))
    assert code == 11
    assert "zoe@acme.example is no approver of what was asked for" in output
    assert "still may approve: bob, carol" in output


def test_an_approver_of_one_region_is_none_of_another(clone: Clone) -> None:
    """`approvers-in` is asked for signatures too."""
    config = CONFIG.replace("  signers:", "  approvers-in: {eu: {people: [bob, carol]}}\n  signers:")
    clone.signers("".join(map(clone.line, WHO)), config=config)
    request = clone.asks()
    alice, bob, carol = (clone.signs(request, who) for who in WHO[:3])
    assert clone.verify(request, alice, bob)[0] == 11
    assert clone.verify(request, carol, bob)[0] == 0


@pytest.mark.parametrize("names", ["dave,dave@acme.example,bob", "bob,bob@acme.example,dave@acme.example"])
def test_all_names_of_a_key_are_one_person(clone: Clone, names: str) -> None:
    """dave who signs as bob still wrote the commit."""
    lines = [clone.line(who) for who in (WHO[0], WHO[4])]
    dave = clone.line(WHO[3]).replace("dave,dave@acme.example", names)
    clone.signers("".join((*lines, dave)))
    request = clone.asks()
    code, output = clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, "bob", key=WHO[3]))
    assert code == 11
    assert "wrote or committed a part of it" in output


def test_two_keys_of_one_person_are_one_approval(clone: Clone) -> None:
    """By a name that both lines have."""
    lines = [clone.line(WHO[0]), clone.line(WHO[1]).replace("bob,", "alice,bob,"), clone.line(WHO[4])]
    clone.signers("".join(lines))
    request = clone.asks()
    code, output = clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, "bob", key=WHO[1]))
    assert code == 11
    assert "approved already" in output


def test_a_key_without_an_address_may_be_the_authors(clone: Clone) -> None:
    """Nobody knows whether bob wrote the commit under an address that the file does not have."""
    clone.signers("".join(map(clone.line, WHO)).replace("bob,bob@acme.example", "bob"))
    request = clone.asks()
    code, output = clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, "bob", key=WHO[1]))
    assert code == 11
    assert "bob,name@host" in output


def test_a_denial_stops_it(clone: Clone) -> None:
    """One is enough."""
    request = clone.asks()
    votes = [clone.signs(request, WHO[0]), clone.signs(request, WHO[1]), clone.signs(request, WHO[2], "--deny")]
    code, output = clone.verify(request, *votes)
    assert code == 11
    assert "carol@acme.example denied the override" in output
    assert "/wedgate" not in output


def test_the_default_branch_decides_and_not_the_working_file(clone: Clone) -> None:
    """Who writes himself into the files of a branch is still nobody."""
    clone.signers(clone.line(WHO[0]) + clone.line(WHO[4]))
    (clone.directory / ".github" / "allowed_signers").write_text("".join(map(clone.line, WHO)))
    (clone.directory / "wedgate.yml").write_text(CONFIG.replace("signers:", "approvals: 1\n  signers:"))
    request = clone.asks()
    assert clone.verify(request, clone.signs(request, WHO[0]))[0] == 11
    with pytest.raises(RefusedError):
        clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, WHO[1]))


def test_an_untouchable_rule_stays_shut(clone: Clone) -> None:
    """No signature opens it."""
    request = clone.asks(rule="new-year")
    code, output = clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, WHO[1]))
    assert code == 11
    assert "no override opens new-year" in output


def test_a_commit_that_the_clone_does_not_know_is_not_let_through(clone: Clone) -> None:
    """Nobody knows who wrote it."""
    clone.commit, known = "f" * 40, clone.commit
    request = clone.asks()
    with pytest.raises(ExternalSystemError, match="does not know"):
        clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, WHO[1]))
    clone.commit = known


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"vote": 1, "signature": 2}', '{"version": "wedgate-override-1"}'])
def test_garbage_is_named(clone: Clone, text: str) -> None:
    """A file that is no statement, and one that is no vote."""
    request = clone.asks()
    broken = clone.directory.parent / "broken.json"
    broken.write_text(text)
    with pytest.raises(ConfigurationError, match=r"broken\.json"):
        clone.verify(request, broken)
    with pytest.raises(ConfigurationError, match=r"broken\.json"):
        clone.verify(broken)


def test_a_key_that_does_not_sign_is_named(clone: Clone) -> None:
    """With what ssh-keygen said."""
    request = clone.asks()
    with pytest.raises(UsageError, match="did not sign with it"):
        run("sign", str(request), "--as", WHO[0], "--key", str(clone.directory / "wedgate.yml"))


def test_what_closes_now_must_be_what_the_statement_names(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """On New Year's Eve a grant for Saturdays opens nothing; and a rule that is none is named."""
    from wedgate.cli import wiring

    eve = datetime(2026, 12, 31, 10, 0, tzinfo=UTC)
    monkeypatch.setattr(wiring, "utc_now", lambda: eve)
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    code, output = clone.verify(request, *votes)
    assert code == 11
    assert "no override opens new-year" in output
    request = clone.asks(rule="no-such-rule")
    votes = [clone.signs(request, who) for who in WHO[:2]]
    code, output = clone.verify(request, *votes)
    assert code == 11
    assert "no-such-rule" in output


def test_a_freeze_in_the_ledger_is_not_opened_by_signatures(clone: Clone) -> None:
    """As it is not by comments."""
    frozen = CliRunner().invoke(cli, ["freeze", "--reason", "INC-7"], standalone_mode=False)
    assert frozen.exception is None, frozen.output
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    code, output = clone.verify(request, *votes, more=("--use", "x"))
    assert code == 11
    assert "frozen" in output


def test_a_denial_that_was_seen_stands_when_its_file_is_left_out(clone: Clone) -> None:
    """Whoever verifies next gives only the approvals."""
    request = clone.asks()
    alice, bob = (clone.signs(request, who) for who in WHO[:2])
    carol = clone.signs(request, WHO[2], "--deny")
    assert clone.verify(request, alice, bob, carol, more=("--use", "x"))[0] == 11
    code, output = clone.verify(request, alice, bob, more=("--use", "x"))
    assert code == 11
    assert "denied" in output


def at_minute(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let so much time pass."""
    from wedgate.cli import wiring

    monkeypatch.setattr(wiring, "utc_now", lambda: datetime.now(UTC) + timedelta(minutes=number))


def test_a_denial_is_taken_back_by_whoever_denied(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a signature of the same name, whether its file is given or the ledger has it; the old file denies no more."""
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    carol = clone.signs(request, WHO[2], "--deny")
    at_minute(monkeypatch, 1)
    other, back = clone.signs(request, WHO[1], "--withdraw"), clone.signs(request, WHO[2], "--withdraw")
    assert clone.verify(request, *votes, carol)[0] == 11
    assert clone.verify(request, *votes, carol, back)[0] == 0
    code, output = clone.verify(request, *votes, carol, more=("--use", "x"))
    assert code == 11
    assert "wedgate override sign REQUEST --withdraw" in output
    assert clone.verify(request, *votes, clone.signs(request, "carol", "--withdraw", key=WHO[2]))[0] == 11
    assert clone.verify(request, *votes, other)[0] == 11
    assert clone.verify(request, *votes, back, more=("--use", "x"))[0] == 0
    assert clone.verify(request, *votes, carol, more=("--use", "x"))[0] == 0
    assert clone.verify(request, *votes, clone.signs(request, WHO[2], "--deny"), more=("--use", "x"))[0] == 11


def test_a_denial_in_the_second_of_its_withdrawal_stands(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of both came last is not known, so it is closed."""
    from wedgate.cli import wiring

    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    carol = clone.signs(request, WHO[2], "--deny")
    later = datetime.now(UTC) + timedelta(minutes=1)
    monkeypatch.setattr(wiring, "utc_now", lambda: later)
    back = clone.signs(request, WHO[2], "--withdraw")
    assert clone.verify(request, *votes, carol, back, more=("--use", "x"))[0] == 0
    assert clone.verify(request, *votes, clone.signs(request, WHO[2], "--deny"), more=("--use", "x"))[0] == 11


def test_an_approval_and_a_request_are_taken_back(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """An approval until its signer signs anew, the request for good; the ledger keeps it when a file is left out."""
    request = clone.asks()
    alice, bob = (clone.signs(request, who) for who in WHO[:2])
    at_minute(monkeypatch, 1)
    back = clone.signs(request, WHO[1], "--withdraw")
    assert clone.verify(request, alice, bob, back, more=("--use", "x"))[0] == 11
    code, output = clone.verify(request, alice, bob)
    assert code == 11
    assert "bob@acme.example has taken this back" in output
    at_minute(monkeypatch, 2)
    anew = clone.signs(request, WHO[1])
    assert clone.verify(request, alice, bob, anew)[0] == 0
    erin = clone.signs(request, WHO[4], "--withdraw")
    code, output = clone.verify(request, alice, anew, erin, more=("--use", "x"))
    assert code == 11
    assert "the request was withdrawn" in output
    assert clone.verify(request, alice, anew)[0] == 11
    with pytest.raises(UsageError, match="not both"):
        clone.signs(request, WHO[1], "--withdraw", "--deny")


def test_a_grant_is_not_stretched_by_leaving_a_vote_out(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was told until when; a later vote in the place of an earlier one makes it no longer."""
    from wedgate.cli import wiring

    request = clone.asks()
    alice, bob = (clone.signs(request, who) for who in WHO[:2])
    assert clone.verify(request, alice, bob, more=("--use", "x"))[0] == 0
    later = datetime.now(UTC) + timedelta(hours=20)
    monkeypatch.setattr(wiring, "utc_now", lambda: later)
    carol = clone.signs(request, WHO[2])
    code, output = clone.verify(request, alice, carol, more=("--use", "x"))
    assert code == 11
    assert "over" in output


def test_who_wrote_it_does_not_count_after_the_merge_either(clone: Clone) -> None:
    """dave's commit is on the default branch by erin's merge: he still wrote it."""
    clone.git("checkout", "-q", "main")
    clone.git("merge", "-q", "--no-ff", "-m", "merge", "fix", who=WHO[4])
    clone.commit = clone.git("rev-parse", "HEAD")
    clone.git("update-ref", "refs/remotes/origin/main", "HEAD")
    request = clone.asks(by=WHO[2])
    votes = [clone.signs(request, who) for who in (WHO[0], WHO[3])]
    assert clone.verify(request, *votes)[0] == 11
    bob = clone.signs(request, WHO[1])
    assert clone.verify(request, votes[0], bob)[0] == 0


@pytest.mark.parametrize("by", ["variable", "origin", "option"])
def test_a_statement_for_another_repository_opens_nothing(
    clone: Clone, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a runner its own is known, in a terminal that of the clone, and anywhere the one that is named."""
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    assert _load_vote(request)[0].statement.repository == "acme/venue-search"
    assert clone.verify(request, *votes)[0] == 0
    if by == "variable":
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/somewhere-else")
    elif by == "origin":
        clone.git("remote", "set-url", "origin", "git@github.com:acme/somewhere-else.git")
    more = ("--repository", "acme/somewhere-else") if by == "option" else ()
    code, output = clone.verify(request, *votes, more=more)
    assert code == 11
    assert "the statement is for acme/venue-search, and this is acme/somewhere-else" in output


def test_a_statement_for_no_repository_opens_nothing(clone: Clone) -> None:
    """As earlier versions signed them in a terminal: it would be good in every repository with those signers."""
    request = clone.asks()
    vote, _ = _load_vote(request)
    vote = replace(vote, statement=replace(vote.statement, repository=""))
    signed = {"vote": plain_statement(vote), "signature": ssh_sign(canonical(vote), clone.keys[WHO[4]])}
    request.write_text(json.dumps(signed))
    code, output = clone.verify(request, *(clone.signs(request, who) for who in WHO[:2]))
    assert code == 11
    assert "the statement is for no repository, and this is acme/venue-search" in output


def test_where_no_repository_is_known_nothing_is_signed_and_nothing_verified(clone: Clone) -> None:
    """One error says what to give; with that it goes on."""
    request = clone.asks()
    clone.git("remote", "set-url", "origin", "/somewhere/on/this/machine")
    for work in (clone.asks, lambda: clone.verify(request)):
        with pytest.raises(UsageError, match=r"set GITHUB_REPOSITORY=owner/name \(or give --repository"):
            work()
    request = clone.asks("--repository", "acme/booking")
    assert _load_vote(request)[0].statement.repository == "acme/booking"
    votes = [clone.signs(request, who) for who in WHO[:2]]
    assert clone.verify(request, *votes, more=("--repository", "acme/booking"))[0] == 0


@pytest.mark.parametrize("named", ["acme", "acme/", "/x", "acme/..", "acme/x/y", "acme/x y", ""])
def test_a_repository_that_is_none_is_refused(clone: Clone, named: str) -> None:
    """Before anything is signed."""
    with pytest.raises(UsageError, match="is not the name of a repository"):
        clone.asks("--repository", named)


@pytest.mark.parametrize(
    "text",
    ["[" * 200_000, '{"seconds": 1e999}', '{"by": "a\\u0000b"}', '{"by": "\\ud800"}'],
    ids=["deep", "endless", "null", "half a character"],
)
def test_hostile_files_are_named_and_crash_nothing(clone: Clone, text: str) -> None:
    """Each is one error with the file's name."""
    path = clone.directory.parent / "hostile.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"hostile\.json"):
        clone.verify(path)


def audit(*words: str) -> tuple[int, str]:
    """Run a command of the audit log as in a terminal."""
    done = CliRunner().invoke(cli, ["audit", *words], obj={"debug": False}, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return int(done.return_value), done.stdout


def test_a_signed_anchor_shows_a_ledger_that_was_replaced(clone: Clone) -> None:
    """Kept elsewhere, it fits while the ledger grows, and not the ledger of somebody else; a forged one is refused."""
    scope = 'namespaces="wedgate-ledger@v1"'
    clone.signers("".join(map(clone.line, WHO)) + clone.line(WHO[0], scope))
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    assert clone.verify(request, *votes, more=("--use", "x"))[0] == 0
    kept = clone.directory.parent / "kept.json"
    kept.write_text(audit("sign", "--as", WHO[0], "--key", str(clone.keys[WHO[0]]))[1])
    frozen = CliRunner().invoke(cli, ["freeze", "--reason", "INC-7"], standalone_mode=False)
    assert frozen.exception is None, frozen.output
    code, output = audit("verify", "--signed", str(kept))
    assert (code, "1 anchors fit" in output) == (0, True)
    ledger = clone.directory.parent / "ledger" / "venue-search.jsonl"
    ledger.unlink()
    for _ in range(6):
        CliRunner().invoke(cli, ["freeze", "--reason", "another"], standalone_mode=False)
    code, output = audit("verify", "--signed", str(kept))
    assert (code, "somebody replaced it" in output) == (13, True)
    forged = json.loads(kept.read_text())
    forged["anchor"]["hash"] = json.loads(ledger.read_text().splitlines()[-1])["hash"]
    kept.write_text(json.dumps(forged))
    with pytest.raises(RefusedError, match="is not good"):
        audit("verify", "--signed", str(kept))


def test_a_vote_is_no_anchor_and_an_anchor_no_vote(clone: Clone) -> None:
    """Each has a namespace of its own, and the key of votes anchors nothing."""
    CliRunner().invoke(cli, ["freeze", "--reason", "INC-7"], standalone_mode=False)
    kept = clone.directory.parent / "kept.json"
    kept.write_text(audit("sign", "--as", WHO[0], "--key", str(clone.keys[WHO[0]]))[1])
    with pytest.raises(RefusedError, match="is not good"):
        audit("verify", "--signed", str(kept))
    with pytest.raises(ConfigurationError, match="no signed vote"):
        clone.verify(kept)
    with pytest.raises(ConfigurationError, match="no signed anchor"):
        audit("verify", "--signed", str(clone.asks()))


@pytest.mark.parametrize("names", ["dave,alice-two", "bob,dave"])
def test_a_second_key_that_shares_a_name_is_the_same_person(clone: Clone, names: str) -> None:
    """dave wrote the commit; his other key has no address, and a name of the first one."""
    lines = "".join(clone.line(who) for who in (WHO[0], WHO[3], WHO[4]))
    second = clone.line(WHO[1]).replace("bob,bob@acme.example", f"{names},x@home.example")
    clone.signers(lines + second)
    request = clone.asks()
    vote = clone.signs(request, "x@home.example", key=WHO[1])
    code, output = clone.verify(request, clone.signs(request, WHO[0]), vote)
    assert code == 11
    assert "wrote or committed a part of it" in output


def test_a_tab_separates_the_names_from_the_key_too(clone: Clone) -> None:
    """As ssh-keygen reads it."""
    dave = clone.line(WHO[3]).replace("dave,dave@acme.example ", "bob,bob@acme.example,dave@acme.example\t")
    clone.signers(clone.line(WHO[0]) + clone.line(WHO[4]) + dave)
    request = clone.asks()
    code, output = clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, "bob", key=WHO[3]))
    assert code == 11
    assert "wrote or committed a part of it" in output


def test_a_pattern_is_nobody(clone: Clone) -> None:
    """Whoever holds its key could sign by any name that it fits."""
    pattern = clone.line(WHO[1]).replace("bob,bob@acme.example", "bob,*@acme.example")
    clone.signers(clone.line(WHO[0]) + clone.line(WHO[4]) + pattern)
    request = clone.asks()
    code, output = clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, "bob", key=WHO[1]))
    assert code == 11
    assert "a key of a pattern, which is nobody" in output


def test_what_was_merged_without_a_merge_needs_the_commit_that_runs_now(clone: Clone) -> None:
    """Bob's commit below dave's goes out too: a fast-forward shows none of it."""
    base = clone.git("rev-parse", "origin/main")
    clone.git("commit", "-q", "--allow-empty", "-m", "bob's part", who=WHO[1])
    clone.git("commit", "-q", "--allow-empty", "-m", "dave's part")
    clone.commit = clone.git("rev-parse", "HEAD")
    clone.git("update-ref", "refs/remotes/origin/main", "HEAD")
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    with pytest.raises(ExternalSystemError, match="--base"):
        clone.verify(request, *votes)
    code, output = clone.verify(request, *votes, more=("--base", base))
    assert code == 11
    assert "bob@acme.example wrote or committed a part of it" in output
    carol = clone.signs(request, WHO[2])
    assert clone.verify(request, votes[0], carol, more=("--base", base))[0] == 0


def test_a_ledger_can_be_kept_elsewhere_while_its_own_cannot_be_reached(clone: Clone) -> None:
    """A branch on the forge that is down: the grant is used once, in a file."""
    config = CONFIG.replace("{kind: file, path: ../ledger}", '{kind: git, remote: "http://127.0.0.1:9/x.git"}')
    clone.signers("".join(map(clone.line, WHO)), config=config)
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    with pytest.raises(ExternalSystemError):
        clone.verify(request, *votes, more=("--use", "x"))
    kept = ("--ledger", str(clone.directory.parent / "meanwhile"), "--use")
    assert clone.verify(request, *votes, more=(*kept, "x"))[0] == 0
    assert clone.verify(request, *votes, more=(*kept, "y"))[0] == 11


@pytest.mark.parametrize("seconds", [0, -5, 10**12])
def test_no_time_and_more_than_any_time_are_no_request(clone: Clone, seconds: int) -> None:
    """Named before anybody counts with it."""
    request = clone.asks()
    plain = json.loads(request.read_text())
    plain["vote"]["of"]["seconds"] = seconds
    request.write_text(json.dumps(plain))
    with pytest.raises(ConfigurationError, match="seconds must be"):
        clone.verify(request)


def test_a_clone_without_its_history_knows_nobody(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner's checkout has one commit: who wrote those below it cannot be seen."""
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    shallow = clone.directory.parent / "shallow"
    clone.git("clone", "-q", "--depth", "1", f"file://{clone.directory}", str(shallow), "--branch", "fix")
    there = Clone(shallow, clone.keys)
    there.git("fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    there.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    monkeypatch.chdir(shallow)
    with pytest.raises(ExternalSystemError, match="unshallow"):
        clone.verify(request, *votes, more=("--repository", "acme/venue-search"))


def test_quoted_names_are_names(clone: Clone) -> None:
    """ssh-keygen takes them, with spaces in them."""
    dave = clone.line(WHO[3]).replace("dave,dave@acme.example", '"bob,b b,bob@acme.example,dave@acme.example"')
    clone.signers(clone.line(WHO[0]) + clone.line(WHO[4]) + dave)
    request = clone.asks()
    code, output = clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, "bob", key=WHO[3]))
    assert code == 11
    assert "wrote or committed a part of it" in output


@pytest.mark.parametrize("who", [WHO[0], WHO[1]])
def test_an_approver_who_asks_or_wrote_it_does_not_count(clone: Clone, who: str) -> None:
    """Both would count, were it not for that."""
    clone.git("commit", "-q", "--allow-empty", "-m", "bob's part", who=WHO[1])
    clone.commit = clone.git("rev-parse", "HEAD")
    request = clone.asks(by=WHO[0])
    code, output = clone.verify(request, clone.signs(request, WHO[2]), clone.signs(request, who))
    assert code == 11
    assert ("asked for it" if who == WHO[0] else "wrote or committed a part of it") in output


@pytest.mark.parametrize("is_merged", [False, True])
def test_an_approver_who_wrote_an_earlier_commit_does_not_count(clone: Clone, is_merged: bool) -> None:
    """Below the head of a branch, or behind a merge that somebody else made: bob is an approver, and wrote a part."""
    clone.git("commit", "-q", "--allow-empty", "-m", "bob's part", who=WHO[1])
    clone.git("commit", "-q", "--allow-empty", "-m", "dave's part")
    if is_merged:
        clone.git("checkout", "-q", "main")
        clone.git("merge", "-q", "--no-ff", "-m", "merge", "fix", who=WHO[4])
        clone.git("update-ref", "refs/remotes/origin/main", "HEAD")
    clone.commit = clone.git("rev-parse", "HEAD")
    request = clone.asks()
    alice = clone.signs(request, WHO[0])
    code, output = clone.verify(request, alice, clone.signs(request, WHO[1]))
    assert code == 11
    assert "bob@acme.example wrote or committed a part of it" in output
    assert clone.verify(request, alice, clone.signs(request, WHO[2]))[0] == 0


@pytest.mark.parametrize(
    "trailer", ["Bob <bob@acme.example>", "B <12+Bob@users.noreply.github.com>", "bob@users.noreply.github.com", "bob"]
)
def test_a_co_author_does_not_count(clone: Clone, trailer: str) -> None:
    """A squash says who else wrote it in the trailers of its message alone."""
    clone.git("commit", "-q", "--allow-empty", "-m", f"fix (#7)\n\nCo-authored-by: {trailer}")
    clone.commit = clone.git("rev-parse", "HEAD")
    request = clone.asks()
    code, output = clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, WHO[1]))
    assert code == 11
    assert "bob@acme.example wrote or committed a part of it" in output
    assert clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, WHO[2]))[0] == 0


def test_a_co_author_whom_no_line_of_the_file_has_is_said(clone: Clone, capsys: pytest.CaptureFixture[str]) -> None:
    """It may be another address of somebody who signs; what it says is inert."""
    clone.git("commit", "-q", "--allow-empty", "-m", "fix\n\nCo-authored-by: B <b\x1b[31m@home.example>")
    clone.commit = clone.git("rev-parse", "HEAD")
    request = clone.asks()
    words = [str(request), str(clone.signs(request, WHO[0])), str(clone.signs(request, WHO[1]))]
    done = CliRunner().invoke(
        cli, ["override", "verify", *words, "--commit", clone.commit, "--region", "eu"], standalone_mode=False
    )
    assert "wedgate: b??31m@home.example wrote a part of it, and the file of signers has no such address" in done.output


TEAMS = CONFIG.replace("{people: [alice, bob, carol]}", "{teams: [acme/a, acme/b]}\n  from-teams: {default: 1, us: 2}")


def test_signatures_are_not_asked_for_where_several_teams_are(clone: Clone) -> None:
    """No number of them would be enough: whoever asks, signs or verifies is told. The other region stays as it was."""
    clone.signers("".join(map(clone.line, WHO)), config=TEAMS)
    request = clone.asks()
    assert clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, WHO[1]))[0] == 0
    words = "us needs approvals from 2 teams (`from-teams`), and a signature says nothing of teams"
    with pytest.raises(UsageError, match=re.escape(words)):
        clone.asks("--region", "us")
    clone.signers("".join(map(clone.line, WHO)), config=TEAMS.replace("us: 2", "us: 1"))
    request, base = clone.asks("--region", "us"), clone.git("rev-parse", "origin/main")
    clone.signers("".join(map(clone.line, WHO)), config=TEAMS)
    votes = [clone.signs(request, who) for who in WHO[:3]]
    done = CliRunner().invoke(
        cli,
        ["override", "sign", str(request), "--as", WHO[0], "--key", str(clone.keys[WHO[0]])],
        standalone_mode=False,
    )
    assert f"wedgate: {words}" in done.stderr
    clone.commit = json.loads(request.read_text())["vote"]["of"]["commit"]
    code, output = clone.verify(request, *votes, region="us", more=("--base", base))
    assert code == 11
    assert words in output


def test_a_request_that_nobody_could_grant_is_refused_before_anybody_signs(clone: Clone) -> None:
    """For want of a reason, for a region or a time that the policy does not have, and where nobody may sign."""
    with pytest.raises(UsageError, match="the request does not say why"):
        clone.asks("--reason", "")
    with pytest.raises(UsageError, match="the reason is still the three dots"):
        clone.asks("--reason", "...")
    with pytest.raises(UsageError, match="there is no region 'e'"):
        clone.asks("--region", "e")
    with pytest.raises(UsageError, match="longer than wedgate"):
        clone.asks("--for", "5h")
    clone.signers("", config=CONFIG.replace("  signers: .github/allowed_signers\n", ""))
    with pytest.raises(UsageError, match="the file of who may sign"):
        clone.asks()


def test_a_signed_request_for_all_regions_names_them(clone: Clone) -> None:
    """None is added to it later."""
    request = clone.asks("--region", "us")
    assert json.loads(request.read_text())["vote"]["of"]["regions"] == ["eu", "us"]


def test_an_approval_is_taken_back_by_any_name_of_its_key(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name that gave it is another one of the same person; the ledger has both when the file is left out."""
    request = clone.asks()
    alice, bob = (clone.signs(request, who) for who in WHO[:2])
    at_minute(monkeypatch, 1)
    back = clone.signs(request, "alice", "--withdraw", key=WHO[0])
    code, output = clone.verify(request, alice, bob, back)
    assert code == 11
    assert "alice@acme.example took back the approval" in output
    assert clone.verify(request, alice, bob, back, more=("--use", "x"))[0] == 11
    assert clone.verify(request, alice, bob, more=("--use", "x"))[0] == 11
    at_minute(monkeypatch, 2)
    anew = clone.signs(request, "alice", key=WHO[0])
    assert clone.verify(request, anew, bob, more=("--use", "x"))[0] == 0
    said = [json.loads(line)["body"] for line in audit("export")[1].splitlines() if '"approved"' in line]
    assert [each["person"]["login"] for each in said] == ["bob@acme.example", "alice"]


def test_a_withdrawal_that_was_seen_alone_holds_for_every_name_of_its_key(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever verifies next gives the approval by another name, and leaves the withdrawal out."""
    request = clone.asks()
    alice, bob = (clone.signs(request, who) for who in WHO[:2])
    at_minute(monkeypatch, 1)
    back = clone.signs(request, "alice", "--withdraw", key=WHO[0])
    assert clone.verify(request, bob, back, more=("--use", "x"))[0] == 11
    code, output = clone.verify(request, alice, bob, more=("--use", "x"))
    assert code == 11
    assert "alice@acme.example has taken this back" in output


@pytest.mark.parametrize("order", ["abw", "wab", "awb"])
def test_in_one_second_a_withdrawal_is_the_last(clone: Clone, monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    """Statements tell no less than a second, so the order of the files must say nothing."""
    from wedgate.cli import wiring

    now = datetime.now(UTC)
    monkeypatch.setattr(wiring, "utc_now", lambda: now)
    request = clone.asks()
    files = {"a": clone.signs(request, WHO[0]), "b": clone.signs(request, WHO[1])}
    assert clone.verify(request, *files.values())[0] == 0
    files["w"] = clone.signs(request, WHO[0], "--withdraw")
    assert clone.verify(request, *(files[each] for each in order))[0] == 11


def test_a_withdrawal_takes_back_both_an_approval_and_a_denial(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a comment's does; and it says the same the next time, of an asker's denial too."""
    request = clone.asks()
    alice, bob = (clone.signs(request, who) for who in WHO[:2])
    at_minute(monkeypatch, 1)
    denied, own = clone.signs(request, WHO[0], "--deny"), clone.signs(request, WHO[4], "--deny")
    at_minute(monkeypatch, 2)
    files = [alice, bob, denied, own, *(clone.signs(request, who, "--withdraw") for who in (WHO[0], WHO[4]))]
    for _ in range(2):
        code, output = clone.verify(request, *files, more=("--use", "x"))
        assert code == 11
        assert "eu: 1 of 2 approvals, by bob@acme.example" in output
        assert "withdrawn\n" not in output
    assert clone.verify(request, *files, clone.signs(request, WHO[2]), more=("--use", "x"))[0] == 0


FORGED = "`\n\n# Overrides in 2026-12\n\n`"


def test_a_signed_link_is_held_to_the_form_of_a_link(clone: Clone) -> None:
    """Whoever signs writes the statement: nothing in it may forge what an auditor reads."""
    request = resign(clone.asks(), clone.keys[WHO[4]], link=f"https://x.example/{FORGED}")
    with pytest.raises(ConfigurationError, match="link must be https"):
        clone.verify(request)
    good = resign(clone.asks(), clone.keys[WHO[4]], link="https://x.example/1")
    assert clone.verify(good)[0] == 11  # nobody has approved


@pytest.mark.parametrize("name", [f"hotfix-7{FORGED}", "", "run:7", "x" * 129])
def test_a_deployment_is_named_by_a_name(clone: Clone, name: str) -> None:
    """The name is shown, and is compared with others."""
    with pytest.raises(UsageError, match="--use takes the name of a deployment"):
        clone.verify(clone.asks(), more=("--use", name))


@pytest.mark.parametrize("more", [("--link", "https://x.example/1"), ("--reason", "it is"), ("--rule", "saturday")])
@pytest.mark.parametrize("end", ["\n/wedgate freeze for=2h reason=x", "\r\nmore", "\u2028more"])
def test_a_request_is_one_line(clone: Clone, more: tuple[str, str], end: str) -> None:
    """A second one would be a command of its own, or nothing that the line can be."""
    option, text = more
    with pytest.raises(UsageError, match="is one line"):
        clone.asks(option, f"{text}{end}")


def key_of_nobody(clone: Clone, kind: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """Make a key that any name of the place fits, or a certificate of erin; return it, and its line for the file."""
    place = clone.directory.parent
    for name in ("authority", "shared"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", place / name], check=True)
    if kind == "pattern":
        return place / "shared", f"*@acme.example {SCOPE} {(place / 'shared.pub').read_text()}"
    words = ["ssh-keygen", "-q", "-s", place / "authority", "-I", "erin", "-n", WHO[4], "-V", "-1m:+1h"]
    subprocess.run([*words, place / "shared.pub"], check=True)
    # ssh-keygen signs by a certificate only with an agent that holds its key.
    started = subprocess.run(["ssh-agent", "-s"], check=True, capture_output=True, text=True).stdout
    for name in ("SSH_AUTH_SOCK", "SSH_AGENT_PID"):
        monkeypatch.setenv(name, re.search(rf"{name}=([^;]+)", started)[1])  # type: ignore[index]
    subprocess.run(["ssh-add", "-q", place / "shared"], check=True, capture_output=True)
    line = f"*@acme.example cert-authority,{SCOPE} {(place / 'authority.pub').read_text()}"
    return place / "shared-cert.pub", line


@pytest.mark.parametrize("approvals", [1, 2])
@pytest.mark.parametrize(
    ("kind", "words"),
    [("pattern", "a key of a pattern, which is nobody"), ("certificate", "a key that the file of signers does not")],
)
def test_whoever_asks_by_a_key_of_nobody_asks_nothing(
    clone: Clone, kind: str, words: str, approvals: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """erin is an approver with a plain key too: she would approve what she asked for herself."""
    shared, line = key_of_nobody(clone, kind, monkeypatch)
    listed = f"{{people: [alice, bob, carol, erin]}}\n  approvals: {approvals}"
    config = CONFIG.replace("{people: [alice, bob, carol]}", listed)
    clone.signers("".join(map(clone.line, WHO)) + line, config=config)
    plain, clone.keys = clone.keys, {**clone.keys, WHO[4]: shared}
    try:
        request = clone.asks()
    finally:
        if "SSH_AGENT_PID" in os.environ and kind == "certificate":
            os.kill(int(os.environ["SSH_AGENT_PID"]), signal.SIGTERM)
    clone.keys = plain
    with pytest.raises(RefusedError, match=f"erin@acme.example signed by {words}"):
        clone.verify(request, clone.signs(request, WHO[0]), clone.signs(request, WHO[4]))


def test_the_name_of_whoever_asks_never_counts(clone: Clone) -> None:
    """Whatever else the file says of the key that they asked with."""
    request = clone.asks()
    (asked, _), (vote, _) = _load_vote(request), _load_vote(clone.signs(request, WHO[4]))
    policy = parse_configuration(CONFIG.replace("carol]", "carol, erin]").encode(), name="wedgate.yml").overrides
    assert policy is not None
    by_another = CheckedVote(vote=asked, key="SHA256:a", names=frozenset({"zoe", "zoe@acme.example"}))
    own = CheckedVote(vote=vote, key="SHA256:b", names=frozenset({"erin", WHO[4]}))
    standing = standing_of(by_another, [own], policy, authors=(), now=datetime.now(UTC))
    assert [each.what for each in standing.refusals] == ["erin@acme.example asked for it"]


def test_a_key_of_a_pattern_takes_back_nothing_of_others(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds it could sign by the name of whoever denied."""
    shared, line = key_of_nobody(clone, "pattern", monkeypatch)
    clone.signers("".join(map(clone.line, WHO)) + line)
    clone.keys = {**clone.keys, "shared": shared}
    request = clone.asks()
    votes = [*(clone.signs(request, who) for who in WHO[:2]), clone.signs(request, WHO[2], "--deny")]
    at_minute(monkeypatch, 1)
    back = clone.signs(request, WHO[2], "--withdraw", key="shared")
    code, output = clone.verify(request, *votes, back, more=("--use", "x"))
    assert (code, "carol@acme.example denied the override" in output) == (11, True)


def squash(clone: Clone, head: str, *, who: str) -> str:
    """Make another commit with the content of one."""
    return clone.git("commit-tree", f"{head}^{{tree}}", "-p", f"{head}^", "-m", "squashed", who=who)


def test_a_squash_with_the_same_tree_has_the_same_grant(clone: Clone) -> None:
    """As on the forge; the record says by what it was the same, and who wrote either commit does not count."""
    clone.git("commit", "-q", "--allow-empty", "-m", "bob's part", who=WHO[1])
    head = clone.commit = clone.git("rev-parse", "HEAD")
    request = clone.asks()
    alice, bob, carol = (clone.signs(request, who) for who in WHO[:3])
    clone.commit = squash(clone, head, who=WHO[3])
    assert clone.verify(request, alice, bob)[0] == 11
    code, output = clone.verify(request, alice, carol, more=("--use", "x", "--format", "json"))
    assert code == 0
    assert json.loads(output)["grants"]["eu"]["matched_by"] == "tree"
    (used,) = (json.loads(line)["body"] for line in audit("export")[1].splitlines() if '"used"' in line)
    assert (used["matched_by"], used["commit"], used["approved_commit"]) == ("tree", clone.commit, head)


def test_another_tree_or_one_that_nobody_knows_is_not_the_same(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is said for what it is: another content was compared, an unknown one was not."""
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    (clone.directory / "more").write_text("more")
    clone.git("add", "more")
    clone.git("commit", "-q", "-m", "more")
    clone.commit = clone.git("rev-parse", "HEAD")
    code, output = clone.verify(request, *votes)
    assert (code, "is not the same content" in output) == (11, True)
    first = json.loads(request.read_text())["vote"]["of"]["commit"]
    clone.commit, head = "f" * 40, clone.commit
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    clone.commit = head
    code, output = clone.verify(request, *votes)
    assert (code, "could not be compared" in output, "not the same content" in output) == (11, True, False)
    monkeypatch.setattr(git_copy, "tree_of", lambda commit: None)
    clone.commit = squash(clone, first, who=WHO[3])
    request = resign(request, clone.keys[WHO[4]], commit=first)
    votes = [clone.signs(request, who) for who in WHO[:2]]
    code, output = clone.verify(request, *votes)
    assert (code, "could not be compared" in output) == (11, True)


@pytest.mark.parametrize("name", ["HEAD", "fix", "refs/heads/fix", "--all", "", "SHORT"])
def test_what_is_no_full_id_of_a_commit_is_not_compared(clone: Clone, name: str) -> None:
    """A name of something else the next day would be the content of whatever goes out."""
    named = clone.commit[:12] if name == "SHORT" else name
    request = resign(clone.asks(), clone.keys[WHO[4]], commit=named)
    votes = [clone.signs(request, who) for who in WHO[:2]]
    code, output = clone.verify(request, *votes)
    assert (code, "could not be compared" in output) == (11, True)


def test_an_object_that_stands_in_for_a_tree_is_not_compared(clone: Clone) -> None:
    """`git replace` shows another content than what goes out."""
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    approved = clone.commit
    (clone.directory / "more").write_text("more")
    clone.git("add", "more")
    clone.git("commit", "-q", "-m", "more")
    clone.commit = clone.git("rev-parse", "HEAD")
    clone.git("replace", clone.commit, approved)
    assert clone.git("rev-parse", f"{clone.commit}^{{tree}}") == clone.git("rev-parse", f"{approved}^{{tree}}")
    code, output = clone.verify(request, *votes)
    assert (code, "is not the same content" in output) == (11, True)


def test_the_use_by_signatures_is_recorded_with_what_decided(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of a month says what closed, when it would have opened, and that it went by signatures."""
    from wedgate.cli import wiring

    saturday = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    monkeypatch.setattr(wiring, "utc_now", lambda: saturday)
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    assert clone.verify(request, *votes, more=("--use", "hotfix-7"))[0] == 0
    page = audit("report", "--month", "2026-11")[1]
    assert ", by signatures\n" in page
    # Saturday is over in Berlin at 23:00 UTC.
    assert "closed by saturday, would have opened 2026-11-21T23:00:00+00:00" in page
    assert "pull request 0" not in page
    assert "#0" not in audit("show")[1]
    rows = list(csv.DictReader(audit("export", "--format", "csv")[1].splitlines()))
    assert {row["pull_request"] for row in rows} == {""}
    (used,) = (json.loads(line)["body"] for line in audit("export")[1].splitlines() if '"used"' in line)
    digest = parse_configuration(CONFIG.encode(), name="wedgate.yml").digest
    branch = clone.git("rev-parse", "origin/HEAD")
    assert (used["by"], used["config_digest"], used["config_ref"]) == ("signatures", digest, branch)
    assert used["repository"] == "acme/venue-search"
    assert {"zone_data", "wedgate"} < used.keys()


def test_a_denial_by_a_clock_that_is_ahead_is_taken_back(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was said when the ledger first had it, at the latest; what was taken back before that says nothing of it."""
    request = clone.asks()
    votes = [clone.signs(request, who) for who in WHO[:2]]
    early = clone.signs(request, WHO[2], "--withdraw")
    with monkeypatch.context() as days_ahead:
        at_minute(days_ahead, 3 * 24 * 60)
        denied = clone.signs(request, WHO[2], "--deny")
    assert clone.verify(request, *votes, denied, early, more=("--use", "x"))[0] == 11
    at_minute(monkeypatch, 3)
    assert clone.verify(request, *votes, denied, early, more=("--use", "x"))[0] == 11
    back = clone.signs(request, WHO[2], "--withdraw")
    for files in ([*votes, denied, back], [*votes, denied], votes):
        assert clone.verify(request, *files, more=("--use", "x"))[0] == 0
    with monkeypatch.context() as weeks_ahead:
        at_minute(weeks_ahead, 20 * 24 * 60)
        again = clone.signs(request, WHO[2], "--deny")
    assert clone.verify(request, *votes, denied, back, again, more=("--use", "x"))[0] == 11


def test_a_reason_that_is_too_long_is_named(clone: Clone) -> None:
    """Before anything is signed."""
    with pytest.raises(UsageError, match="longer than 65536 characters"):
        clone.asks("--reason", "x" * 70_000)


def break_default_branch(clone: Clone, *versions: str) -> list[str]:
    """Put versions of wedgate.yml on the default branch, and a good one into the working copy; return the commits."""
    made = []
    for config in versions:
        clone.signers("".join(map(clone.line, WHO)), config=config)
        made.append(clone.git("rev-parse", "origin/main"))
    (clone.directory / "wedgate.yml").write_text(CONFIG)
    return made


def test_with_a_broken_configuration_the_last_valid_one_decides(clone: Clone) -> None:
    """As on the forge: a request names that it is broken, beside what the last valid calendar closes."""
    broken = CONFIG.replace("rules:", "rulez:")
    good, *_ = break_default_branch(clone, f"{CONFIG}# good\n", broken, f"{broken}# still\n")
    request = clone.asks()
    code, output = clone.verify(request, *(clone.signs(request, who) for who in WHO[:2]))
    assert code == 11
    assert "config_invalid closes eu too" in output
    request = clone.asks("--rule", "config_invalid")
    alice, bob = (clone.signs(request, who) for who in WHO[:2])
    assert clone.verify(request, alice)[0] == 11
    assert clone.verify(request, alice, bob, more=("--use", "x"))[0] == 0
    (used,) = (json.loads(line)["body"] for line in audit("export")[1].splitlines() if '"used"' in line)
    assert "config_invalid" in used["closed_by"]
    assert used["config_ref"] == good


def test_a_version_that_was_never_on_the_branch_itself_decides_nothing(clone: Clone) -> None:
    """A branch that was merged had one in between, by which a single approval would do."""
    broken = CONFIG.replace("rules:", "rulez:")
    before = clone.git("rev-parse", "origin/main")
    break_default_branch(clone, CONFIG.replace("signers:", "approvals: 1\n  signers:"), broken)
    side = clone.git("rev-parse", "origin/main")
    merge = clone.git("commit-tree", f"{side}^{{tree}}", "-p", before, "-p", side, "-m", "merge")
    clone.git("update-ref", "refs/remotes/origin/main", merge)
    request = clone.asks("--rule", "config_invalid")
    alice, bob = (clone.signs(request, who) for who in WHO[:2])
    assert clone.verify(request, alice, more=("--base", before))[0] == 11
    assert clone.verify(request, alice, bob, more=("--base", before))[0] == 0


def test_a_branch_that_never_had_a_valid_configuration_has_no_way(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may approve is not known; nor where it is further back than is looked."""
    broken = CONFIG.replace("rules:", "rulez:")
    monkeypatch.setattr(signed, "MOST_VERSIONS", 2)
    break_default_branch(clone, CONFIG, broken, f"{broken}# still\n")
    request = clone.asks("--rule", "config_invalid")
    votes = [clone.signs(request, who) for who in WHO[:2]]
    with pytest.raises(ConfigurationError, match="rulez"):
        clone.verify(request, *votes)


ONE, THREE = (CONFIG.replace("  approvers:", f"  approvals: {number}\n  approvers:") for number in (1, 3))
BROKEN = "rulez: [\n"


def git(*words: str, cwd: Path) -> None:
    """Run git."""
    subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True)


class Server:
    """Where everybody pushes, until it is down."""

    def __init__(self, place: Path, clone: Clone) -> None:
        self.path, self.clone = place / "up.git", clone
        git("init", "-q", "--bare", "-b", "main", str(self.path), cwd=place)
        git("config", "uploadpack.allowFilter", "true", cwd=self.path)

    def push(self) -> None:
        """Take what the default branch and the fix are."""
        self.clone.git("push", "-q", "-f", str(self.path), "main:main", "fix:fix")

    def cloned(self, to: Path, *words: str) -> Path:
        """Return a clone of it."""
        git("clone", "-q", *words, f"file://{self.path}", str(to), cwd=to.parent)
        return to

    def down(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Answer nobody any more, and let the test go on in a clone."""
        self.path.rename(self.path.with_name("down"))
        git("remote", "set-url", "origin", "git@github.com:acme/venue-search.git", cwd=here)
        monkeypatch.setenv("GIT_SSH_COMMAND", "false")
        monkeypatch.chdir(here)


@pytest.fixture
def server(tmp_path: Path, clone: Clone) -> Server:
    """Return the server of a clone."""
    return Server(tmp_path, clone)


@pytest.mark.parametrize("filtered", [False, True])
def test_a_list_of_revoked_keys_that_the_clone_lacks_is_not_empty(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filtered: bool
) -> None:
    """A clone without blobs was fetched into after alice's key was revoked, and the server is down since."""
    clone = server.clone
    server.push()
    here = server.cloned(tmp_path / "here", *(["--filter=blob:none"] if filtered else []))
    key = clone.keys[WHO[0]].with_suffix(".pub").read_text()
    committed(clone, {".github/allowed_signers.revoked": key})
    server.push()
    git("fetch", "-q", cwd=here)
    server.down(here, monkeypatch)
    request = clone.asks()
    said = r"cannot read \.github/allowed_signers\.revoked" if filtered else "is not good"
    with pytest.raises(ExternalSystemError if filtered else RefusedError, match=said):
        clone.verify(request, *(clone.signs(request, who) for who in WHO[:2]))


@pytest.mark.parametrize("filtered", [False, True])
def test_a_version_that_the_clone_lacks_is_not_passed_over(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filtered: bool
) -> None:
    """One approval, then three, then broken: of the second the clone has only the name."""
    clone, signers = server.clone, "".join(server.clone.line(who) for who in WHO)
    clone.signers(signers, config=ONE)
    server.push()
    here = server.cloned(tmp_path / "here", *(["--filter=blob:none"] if filtered else []))
    for config in (THREE, BROKEN):
        clone.signers(signers, config=config)
    server.push()
    git("pull", "-q", cwd=here)
    server.down(here, monkeypatch)
    (here / "wedgate.yml").write_text(CONFIG)
    request = clone.asks("--rule", "config_invalid")
    vote = clone.signs(request, WHO[0])
    if filtered:
        with pytest.raises(ExternalSystemError, match=r"cannot read wedgate\.yml of [0-9a-f]{40}"):
            clone.verify(request, vote)
    else:
        assert clone.verify(request, vote)[0] == 11


def committed(clone: Clone, files: Mapping[str, str | None]) -> None:
    """Bring files onto the default branch, and take away those that are ``None``; the fix is on top of it."""
    clone.git("checkout", "-q", "-f", "main")
    clone.git("clean", "-fdq")
    for name, text in files.items():
        path = clone.directory / name
        path.parent.mkdir(exist_ok=True)
        path.unlink() if text is None else path.write_text(text)
    clone.git("add", "-A")
    clone.git("commit", "-q", "-m", "the policy", who="zoe@acme.example")
    clone.git("update-ref", "refs/remotes/origin/main", "HEAD")
    clone.git("checkout", "-q", "-B", "fix")
    clone.git("commit", "-q", "--allow-empty", "-m", "the fix")
    clone.commit = clone.git("rev-parse", "HEAD")


@pytest.mark.parametrize("broken", [".github/wedgate.yml", "wedgate.yml"])
def test_the_last_valid_version_is_that_of_before_wherever_it_was(clone: Clone, broken: str) -> None:
    """One approval at the old place years ago, three at the new one since; then either is broken."""
    committed(clone, {"wedgate.yml": ONE})
    committed(clone, {"wedgate.yml": None, ".github/wedgate.yml": THREE})
    committed(clone, {broken: BROKEN})
    for name in ("wedgate.yml", ".github/wedgate.yml"):
        (clone.directory / name).unlink(missing_ok=True)
    (clone.directory / "wedgate.yml").write_text(CONFIG)
    request = clone.asks("--rule", "config_invalid")
    code, said = clone.verify(request, clone.signs(request, WHO[0]))
    assert code == 11
    assert "1 of 3" in said
