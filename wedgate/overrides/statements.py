"""Requests and votes as statements to sign, and what signed ones come to: an override without a forge.

A vote says the whole request again, so that a signature is of what was asked and of nothing wider. Times are those that
the signers state: one from the future does not count, and an earlier one only ends the grant earlier.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from wedgate.ledger.plain import PlainError
from wedgate.overrides.commands import Override, Strategy
from wedgate.overrides.people import Person
from wedgate.overrides.policy import OverridePolicy
from wedgate.overrides.quorum import Approval, met_at
from wedgate.overrides.refusals import Refusal, RefusalCode
from wedgate.overrides.requests import LIFE, Request
from wedgate.overrides.standing import RegionStanding, Standing

VERSION = "wedgate-override-1"
EARLY = timedelta(minutes=2)
"""How far a signer's clock may be ahead."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What somebody signs: the whole statement, approving or denying it, by whom (a principal), and when."""

    statement: Statement
    approves: bool
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedVote:
    """A vote whose signature was verified: by the principal that it names, with this key."""

    vote: Vote
    key: str


def canonical(value: Statement | Vote) -> bytes:
    """Return the bytes to sign: JSON in ASCII with sorted keys and no spaces, and a line end."""
    return json.dumps(plain_statement(value), sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def plain_statement(value: Statement | Vote) -> dict[str, Any]:
    """Return a statement or a vote as plain data."""
    if isinstance(value, Vote):
        plain = plain_statement(value.statement)
        return {
            "vote": "approve" if value.approves else "deny",
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
            approves={"approve": True, "deny": False}[data["vote"]],
            by=str(data["by"]),
            at=_instant(data["at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PlainError(f"this is no vote: {error}") from error
    if plain_statement(vote) != dict(data):
        raise PlainError("this is no vote: it holds more, or is spelled otherwise")
    return vote


def standing_of(
    statement: Statement,
    votes: Sequence[CheckedVote],
    policy: OverridePolicy,
    *,
    excluded: Mapping[str, str],
    now: datetime,
) -> Standing:
    """Work out where a signed request stands. ``excluded`` are principals that never count, with the reason."""
    refusals: list[Refusal] = []
    approvals: list[Approval] = []
    denials: dict[int, Person] = {}
    denied_at: dict[int, datetime] = {}
    keys: set[str] = set()
    for checked in sorted(votes, key=lambda each: each.vote.at):
        vote, person = checked.vote, _person(checked.vote.by)
        if vote.statement != statement:
            refusals.append(_refused(vote, RefusalCode.OTHER_REQUEST, "signed another request", "sign this one"))
        elif not vote.approves:
            denials[person.id] = person
            denied_at[person.id] = vote.at
        elif (trouble := _trouble(vote, checked.key, keys, excluded, now)) is not None:
            refusals.append(trouble)
        else:
            keys.add(checked.key)
            approvals.append(Approval(person=person, at=max(vote.at, statement.at)))
    request = Request(
        id=statement.id, override=statement.override, requester=_person(statement.requester), at=statement.at
    )
    return Standing(
        request=request,
        regions=tuple(_region(name, statement, approvals, policy) for name in statement.override.regions),
        denials=tuple(denials.values()),
        denied_at=denied_at,
        refusals=tuple(refusals),
    )


def _trouble(vote: Vote, key: str, keys: Iterable[str], excluded: Mapping[str, str], now: datetime) -> Refusal | None:
    """Return why an approval with a good signature does not count."""
    if vote.by.lower() in excluded:
        words = excluded[vote.by.lower()]
        return _refused(vote, RefusalCode.OWN_CHANGE, words, "somebody else has to approve")
    if key in keys:
        return _refused(vote, RefusalCode.NOT_AN_APPROVER, "signed with a key that approved already", "use one's own")
    if vote.at > now + EARLY:
        return _refused(vote, RefusalCode.NOT_UNDERSTOOD, "signed at a time that has not come", "set the clock right")
    if not vote.statement.at <= vote.at <= vote.statement.at + LIFE:
        return _refused(vote, RefusalCode.REQUEST_EXPIRED, "signed before it was asked, or a day later", "ask anew")
    return None


def _region(name: str, statement: Statement, approvals: Sequence[Approval], policy: OverridePolicy) -> RegionStanding:
    needed, teams = policy.needed_in(name), policy.teams_needed_in(name)
    # A signature says nothing about teams: where several are needed, signatures are not enough.
    granted = met_at(approvals, needed=needed, teams_needed=teams)
    return RegionStanding(
        region=name,
        needed=needed,
        teams_needed=teams,
        approvals=tuple(approvals),
        granted_at=granted,
        expires=None if granted is None else granted + statement.override.duration,
        may_approve=(),
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
