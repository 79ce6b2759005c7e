"""Requests and votes as statements to sign, and what signed ones come to: an override without a forge.

A vote says the whole request again, so that a signature is of what was asked and of nothing wider. Times are those that
the signers state: one from the future does not count, and an earlier one only ends the grant earlier.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from wedgate.ledger.plain import PlainError
from wedgate.overrides.co_authors import names_of
from wedgate.overrides.commands import Override, Strategy
from wedgate.overrides.grammar import LINK
from wedgate.overrides.people import Person
from wedgate.overrides.policy import OverridePolicy
from wedgate.overrides.quorum import Approval, met_at
from wedgate.overrides.refusals import Refusal, RefusalCode
from wedgate.overrides.requests import EARLY, LIFE, Request
from wedgate.overrides.standing import RegionStanding, Seen, Standing, Withdrawal

VERSION = "wedgate-override-1"
MOST = timedelta(days=30)
"""No policy lets a grant last so long; what is asked for beyond is no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A request that stands by itself: for which service and repository, by whom (a principal), and when."""

    service: str
    repository: str
    override: Override
    requester: str
    at: datetime
    nonce: str

    @property
    def id(self) -> str:
        """The id of the request: 32 digits of the digest of its canonical form."""
        return hashlib.sha256(canonical(self)).hexdigest()[:32]


class Ballot(StrEnum):
    """What a signature under a statement means."""

    ASK = "ask"
    APPROVE = "approve"
    DENY = "deny"
    WITHDRAW = "withdraw"
    """Take back what was said of it before: the request, or a denial by the same name and an approval by the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What somebody signs: the whole statement, what they say of it, by whom (a principal), and when."""

    statement: Statement
    ballot: Ballot
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedVote:
    """A vote whose signature was verified: by the principal that it names, with this key.

    ``names`` are all that the file of signers gives the key: who votes is all of them.
    """

    vote: Vote
    key: str
    names: frozenset[str]

    def goes_by(self, names: Collection[str]) -> bool:
        """Whether one of the voter's names is among some, which are in lower case."""
        return any(name.lower() in names for name in self.names)

    def is_by_the_one_of(self, other: CheckedVote) -> bool:
        """Whether who voted is who signed another vote: by the same key, or by a name that both keys have."""
        return self.key == other.key or self.goes_by([*map(str.lower, other.names)])


def canonical(value: Statement | Vote) -> bytes:
    """Return the bytes to sign: JSON in ASCII with sorted keys and no spaces, and a line end."""
    return json.dumps(plain_statement(value), sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def plain_statement(value: Statement | Vote) -> dict[str, Any]:
    """Return a statement or a vote as plain data."""
    if isinstance(value, Vote):
        plain = plain_statement(value.statement)
        return {
            "vote": value.ballot.value,
            "by": value.by,
            "at": value.at.isoformat(),
            "of": plain,
        }
    override = value.override
    return {
        "version": VERSION,
        "service": value.service,
        "repository": value.repository,
        "commit": override.sha,
        "regions": list(override.regions),
        "rules": list(override.rules),
        "seconds": int(override.duration.total_seconds()),
        "reason": override.reason,
        "link": override.link,
        "strategy": override.strategy.value,
        "requester": value.requester,
        "at": value.at.isoformat(),
        "nonce": value.nonce,
    }


def parse_statement(plain: object) -> Statement:
    """Return the statement that plain data spells; ``PlainError`` if it does not, to the last key."""
    try:
        data = _mapping(plain)
        statement = Statement(
            service=str(data["service"]),
            repository=str(data["repository"]),
            override=Override(
                sha=str(data["commit"]),
                regions=tuple(sorted(map(str, data["regions"]))),
                rules=tuple(sorted(map(str, data["rules"]))),
                duration=timedelta(seconds=int(data["seconds"])),
                reason=str(data["reason"]),
                link=str(data["link"]),
                strategy=Strategy(data["strategy"]),
            ),
            requester=str(data["requester"]),
            at=_instant(data["at"]),
            nonce=str(data["nonce"]),
        )
        link = statement.override.link
        if link and not LINK.fullmatch(link):
            raise ValueError("link must be https://..., at most 500 characters")
        if not timedelta(0) < statement.override.duration <= MOST:
            raise ValueError(f"seconds must be more than 0, and at most {MOST.total_seconds():.0f}")
    except (KeyError, TypeError, ValueError) as error:
        raise PlainError(f"this is no statement of an override: {error}") from error
    # What is not read back as it was is not what somebody signs.
    if plain_statement(statement) != dict(data):
        raise PlainError("this is no statement of an override: it holds more, or is spelled otherwise")
    return statement


def parse_vote(plain: object) -> Vote:
    """Return the vote that plain data spells; ``PlainError`` if it does not."""
    try:
        data = _mapping(plain)
        vote = Vote(
            statement=parse_statement(data["of"]),
            ballot=Ballot(data["vote"]),
            by=str(data["by"]),
            at=_instant(data["at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlainError(f"this is no vote: {error}") from error
    if plain_statement(vote) != dict(data):
        raise PlainError("this is no vote: it holds more, or is spelled otherwise")
    return vote


def beyond_signatures(regions: Sequence[str], policy: OverridePolicy) -> Refusal | None:
    """Return why no number of signatures grants a request in one of some regions; ``None`` where enough of them do."""
    for name in regions:
        if (teams := policy.teams_needed_in(name)) > 1:
            return Refusal(
                code=RefusalCode.POLICY_IMPOSSIBLE,
                what=f"{name} needs approvals from {teams} teams (`from-teams`), and a signature says nothing of teams",
                remedy="ask in a comment on the pull request, or let wedgate.yml ask for teams in other regions alone",
            )
    return None


def standing_of(
    asked: CheckedVote,
    votes: Sequence[CheckedVote],
    policy: OverridePolicy,
    *,
    authors: Collection[str],
    now: datetime,
    seen: Seen | None = None,
) -> Standing:
    """Work out where a request that somebody signed stands. ``authors`` are the addresses of who wrote the commit.

    ``seen`` is what the ledger knows of it: a denial or a withdrawal whose file is left out counts all the same.
    Whoever asked or wrote it does not count, by whatever name; where the policy lists the approvers of a region by
    name, one of a signer's names has to be there, and otherwise the file of signers says who may approve.
    """
    statement = asked.vote.statement
    asking = {*asked.names, asked.vote.by, statement.requester}
    never = {
        **dict.fromkeys(names_of(authors), "wrote or committed a part of it"),
        **dict.fromkeys(map(str.lower, asking), "asked for it"),
    }
    known = seen or Seen()
    refusals: list[Refusal] = []
    counted: dict[int, CheckedVote] = {}
    denials = {each.person.id: (each.person, each.at) for each in known.denials if each.request == statement.id}
    taken_back: list[Withdrawal] = []

    def denied_by(denial: tuple[Person, datetime]) -> datetime:
        return _denied_by(statement.id, *denial, known, now)

    def order(checked: CheckedVote) -> tuple[datetime, bool]:
        vote = checked.vote
        at = denied_by((_person(vote.by), vote.at)) if vote.ballot is Ballot.DENY else vote.at
        # Statements tell the time to a second: within one, whatever the order of the files, a withdrawal is the last.
        return at, vote.ballot is Ballot.WITHDRAW

    for checked in sorted(votes, key=order):
        vote, person = checked.vote, _person(checked.vote.by)
        if vote.statement != statement:
            refusals.append(_refused(vote, RefusalCode.OTHER_REQUEST, "signed another request", "sign this one"))
        elif _was_taken_back(checked, known, now):
            refusals.append(_refused(vote, RefusalCode.WITHDRAWN, "has taken this back", "sign anew"))
        elif vote.ballot is Ballot.WITHDRAW and checked.names and (nobody := by_nobody(checked)) is not None:
            refusals.append(nobody)
        elif vote.ballot is Ballot.DENY:
            own = person, vote.at
            denials[person.id] = max(own, denials.get(person.id, own), key=denied_by)
        elif vote.ballot is Ballot.WITHDRAW and vote.at <= now + EARLY:
            taken_back += _taken_back(checked, asked, counted, denials, known, now)
        elif (trouble := _trouble(checked, tuple(counted.values()), never, policy, now)) is not None:
            refusals.append(trouble)
        else:
            counted[person.id] = checked
    names = {number: checked.names for number, checked in counted.items()}
    approvals = [
        Approval(person=_person(each.vote.by), at=max(each.vote.at, statement.at)) for each in counted.values()
    ]
    request = Request(
        id=statement.id, override=statement.override, requester=_person(statement.requester), at=statement.at
    )
    return Standing(
        request=request,
        regions=tuple(_region(name, statement, approvals, names, policy) for name in statement.override.regions),
        denials=tuple(person for person, _ in denials.values()),
        denied_at={number: at for number, (_, at) in denials.items()},
        withdrawals=tuple(taken_back),
        is_withdrawn=any(each.what == "request" for each in taken_back)
        or (statement.id, request.requester.id, "request") in known.withdrawals,
        refusals=tuple(refusals),
    )


def _taken_back(
    checked: CheckedVote,
    asked: CheckedVote,
    counted: dict[int, CheckedVote],
    denials: dict[int, tuple[Person, datetime]],
    known: Seen,
    now: datetime,
) -> tuple[Withdrawal, ...]:
    """Return what somebody takes back, and take it away: the denial by that name and their approval, or the request.

    An approval goes by whatever name of the key it was given, as it counts for all of them; it is taken back by the
    name that gave it too, so that the ledger knows it again.
    """
    vote, person = checked.vote, _person(checked.vote.by)
    denied = denials.get(person.id)
    has_denied = denied is not None and _denied_by(vote.statement.id, *denied, known, now) < vote.at
    if has_denied:
        del denials[person.id]
    # A withdrawal that the ledger has of a denial is of no request by now, because the denial is gone.
    elif known.withdrawals.get((vote.statement.id, person.id, "denial")) == vote.at:
        has_denied = True
    if not has_denied and checked.goes_by([name.lower() for name in asked.names]):
        return (Withdrawal(person=_person(asked.vote.by), what="request", at=vote.at),)
    own = [number for number, each in counted.items() if checked.is_by_the_one_of(each)]
    gone = [_person(counted.pop(number).vote.by) for number in own]
    people = dict.fromkeys(gone if has_denied else (person, *gone))
    found = (Withdrawal(person=person, what="denial", at=vote.at),) if has_denied else ()
    return (*found, *(Withdrawal(person=each, what="approval", at=vote.at) for each in people))


def _denied_by(request: str, person: Person, stated: datetime, known: Seen, now: datetime) -> datetime:
    """Return when somebody had denied, at the latest: before the ledger first had it, whatever their clock said.

    What the ledger does not have is only now known to be there.
    """
    return min(stated, known.denied.get((request, person.id, stated), now) + EARLY)


def _was_taken_back(checked: CheckedVote, known: Seen, now: datetime) -> bool:
    """Whether the ledger has that somebody took back an approval, or a denial, after this one.

    An approval was taken back by any name of its key, a denial by its own name alone. Statements tell the time to a
    second. Within one, no approval counts and no denial is lost.
    """
    vote = checked.vote
    if vote.ballot is Ballot.DENY:
        person = _person(vote.by)
        back = known.withdrawals.get((vote.statement.id, person.id, "denial"))
        return back is not None and _denied_by(vote.statement.id, person, vote.at, known, now) < back
    if vote.ballot is not Ballot.APPROVE:
        return False
    keys = ((vote.statement.id, _person(name).id, "approval") for name in {vote.by, *checked.names})
    return any(vote.at <= back for key in keys if (back := known.withdrawals.get(key)) is not None)


def _trouble(
    checked: CheckedVote,
    counted: Collection[CheckedVote],
    never: Mapping[str, str],
    policy: OverridePolicy,
    now: datetime,
) -> Refusal | None:
    """Return why an approval with a good signature does not count; ``counted`` are those that do already."""
    vote = checked.vote
    words = next((never[name.lower()] for name in sorted(checked.names) if name.lower() in never), None)
    if vote.ballot is not Ballot.APPROVE:
        return _refused(vote, RefusalCode.NOT_UNDERSTOOD, "signed no approval", "sign the request")
    if words is not None:
        return _refused(vote, RefusalCode.OWN_CHANGE, words, "somebody else has to approve")
    if (nobody := by_nobody(checked)) is not None:
        return nobody
    if not any("@" in name for name in checked.names):
        what = "has no address in the file of signers, so whether they wrote the commit is not known"
        return _refused(vote, RefusalCode.OWN_COMMIT, what, f"add it to the names of the key: {vote.by},name@host")
    if not any(_may_approve(checked.names, region, policy) for region in vote.statement.override.regions):
        remedy = "sign by a name that `approvers` has, or add it to the names of the key in the file of signers"
        return _refused(vote, RefusalCode.NOT_AN_APPROVER, "is no approver of what was asked for", remedy)
    if any(map(checked.is_by_the_one_of, counted)):
        return _refused(vote, RefusalCode.NOT_AN_APPROVER, "approved already, by this key or name", "use one's own")
    if vote.at > now + EARLY:
        return _refused(vote, RefusalCode.NOT_UNDERSTOOD, "signed at a time that has not come", "set the clock right")
    if not vote.statement.at <= vote.at <= vote.statement.at + LIFE:
        return _refused(vote, RefusalCode.REQUEST_EXPIRED, "signed before it was asked, or a day later", "ask anew")
    return None


def by_nobody(checked: CheckedVote) -> Refusal | None:
    """Return why a vote with a good signature is nobody's: another key of whoever signed could not be told from it."""
    if not checked.names:
        what = "signed by a key that the file of signers does not have, as a certificate's is"
    elif any(each in name for name in checked.names for each in "*?!"):
        what = "signed by a key of a pattern, which is nobody"
    else:
        return None
    remedy = "name whoever holds the key in the file of signers"
    return _refused(checked.vote, RefusalCode.NOT_AN_APPROVER, what, remedy)


def _may_approve(names: Collection[str], region: str, policy: OverridePolicy) -> bool:
    approvers = policy.approvers_of(region)
    listed = {person.login.lower() for person in approvers.people}
    return not approvers.is_listed or any(name.lower() in listed for name in names)


def _region(
    name: str,
    statement: Statement,
    approvals: Sequence[Approval],
    names: Mapping[int, frozenset[str]],
    policy: OverridePolicy,
) -> RegionStanding:
    needed, teams = policy.needed_in(name), policy.teams_needed_in(name)
    own = tuple(each for each in approvals if _may_approve(names[each.person.id], name, policy))
    # A signature says nothing about teams: where several are needed, signatures are not enough.
    granted = met_at(own, needed=needed, teams_needed=teams)
    approvers = policy.approvers_of(name)
    have = {each.lower() for approval in own for each in names[approval.person.id]}
    still = tuple(person.login for person in approvers.people if person.login.lower() not in have)
    if teams > 1:
        still = ("nobody, as a signature says nothing of teams",)
    elif not approvers.is_listed:
        still = ("who else is in the file of signers",)
    return RegionStanding(
        region=name,
        needed=needed,
        teams_needed=teams,
        approvals=own,
        granted_at=granted,
        expires=None if granted is None else granted + statement.override.duration,
        may_approve=still,
    )


def _refused(vote: Vote, code: RefusalCode, words: str, remedy: str) -> Refusal:
    return Refusal(code=code, what=f"{vote.by} {words}", remedy=remedy, who=vote.by)


def _person(principal: str) -> Person:
    """Return a principal as a person: its number is made of its name, in lower case, and of nothing else."""
    number = int.from_bytes(hashlib.sha256(principal.lower().encode()).digest()[:7])
    return Person(id=number, login=principal)


def _mapping(plain: object) -> Mapping[str, Any]:
    if not isinstance(plain, dict):
        raise TypeError("expected keys with values")
    return plain


def _instant(text: object) -> datetime:
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return found
