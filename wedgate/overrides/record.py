"""Overrides and the audit stream: what is new to it in a standing, and what it knows that comments cannot show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from wedgate.ledger.appending import Draft
from wedgate.ledger.audit import Act, AuditLine, Frozen
from wedgate.ledger.freezes import ENTRIES, REGIONS, Thawing
from wedgate.ledger.plain import PlainError, to_plain
from wedgate.ledger.streams import Stream
from wedgate.overrides.grants import Grant, Outgoing, Use
from wedgate.overrides.people import Person
from wedgate.overrides.refusals import Refusal, RefusalCode
from wedgate.overrides.requests import EARLY, Request
from wedgate.overrides.standing import Change, Seen, SeenDenial, Standing


def seen_in(lines: Iterable[AuditLine]) -> Seen:
    """Return what the ledger knows of requests.

    ``PlainError`` for an entry that wedgate did not write as it is.
    """
    found = tuple(lines)
    try:
        return _seen_in(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PlainError(f"an entry of the audit stream cannot be read: {type(error).__name__} {error}") from error


def _seen_in(lines: Iterable[AuditLine]) -> Seen:
    denials: dict[tuple[str, int], SeenDenial] = {}
    expiries: dict[tuple[str, str], datetime] = {}
    pushers: dict[str, tuple[Person, ...]] = {}
    withdrawals: dict[tuple[str, int, str], datetime] = {}
    denied: dict[tuple[str, int, datetime], datetime] = {}
    newest: dict[tuple[str, int], datetime] = {}
    edited: set[int] = set()
    for line in lines:
        body: Mapping[str, Any] = line.body
        match line.kind:
            case Act.REQUESTED:
                if body.get("pushers"):
                    pushers[str(body["commit"])] = tuple(_person(each) for each in body["pushers"])
                place = str(body.get("repository")), int(body.get("pull_request") or 0)
                newest[place] = max(_instant(body["said"]), newest.get(place, _instant(body["said"])))
            case Act.DENIED:
                person, said = _person(body["person"]), _instant(body["said"])
                denials[str(body["request"]), person.id] = SeenDenial(
                    request=str(body["request"]), person=person, at=said
                )
                # What has no pull request was signed: the time is one that the signer states.
                if not body.get("pull_request"):
                    denied.setdefault((str(body["request"]), person.id, said), line.at)
            case Act.REFUSED if body.get("code") == RefusalCode.EDITED.value and body.get("comment") is not None:
                edited.add(int(body["comment"]))
            case Act.WITHDRAWN:
                _take_back(body, denials, withdrawals, denied)
            case Act.GRANTED:
                key = str(body["request"]), str(body["region"])
                expires = _instant(body["expires"])
                expiries[key] = min(expires, expiries.get(key, expires))
            case _:
                continue
    return Seen(
        denials=tuple(denials.values()),
        expiries=expiries,
        pushers=pushers,
        withdrawals=withdrawals,
        denied=denied,
        newest=newest,
        edited=frozenset(edited),
    )


def _take_back(
    body: Mapping[str, Any],
    denials: dict[tuple[str, int], SeenDenial],
    withdrawals: dict[tuple[str, int, str], datetime],
    denied: Mapping[tuple[str, int, datetime], datetime],
) -> None:
    """Take in that somebody took back what they had said before."""
    request, person, what = str(body["request"]), int(body["person"]["id"]), str(body.get("what"))
    said = None if body.get("said") is None else _instant(body["said"])
    denial = denials.get((request, person))
    if what == "denial" and denial is not None:
        first = denied.get((request, person, denial.at))
        by = denial.at if first is None else min(denial.at, first + EARLY)
        if said is None or by < said:
            del denials[request, person]
    if said is not None:
        key = request, person, what
        withdrawals[key] = max(said, withdrawals.get(key, said))


def uses_in(lines: Iterable[AuditLine]) -> tuple[Use, ...]:
    """Return every use of a grant; ``PlainError`` for one that does not say of what."""
    try:
        return tuple(
            Use(
                request=str(line.body["request"]),
                binding=str(line.body["binding"]),
                commit=str(line.body["commit"]),
                region=str(line.body["region"]),
                at=line.at,
            )
            for line in lines
            if line.kind == Act.USED
        )
    except KeyError as error:
        raise PlainError(f"a use in the audit stream does not say its {error}") from error


def last_uses_in(lines: Iterable[AuditLine], repository: str, since: datetime) -> dict[int, int]:
    """Return the pull requests of a repository whose grants were used since, each with the revision of its last use."""
    used = [line for line in lines if line.kind == Act.USED and line.at >= since]
    return {
        number: line.revision
        for line in sorted(used, key=lambda line: line.revision)
        if line.body.get("repository") == repository and isinstance(number := line.body.get("pull_request"), int)
    }


def news_of(standing: Standing, change: Change, lines: Iterable[AuditLine], at: datetime) -> tuple[Draft, ...]:
    """Return what the ledger does not have yet of where a pull request stands; nothing of what strangers said."""
    known = {_key(line.kind, line.body) for line in lines}
    place = {"repository": change.repository, "pull_request": change.number}
    found: list[tuple[Act, dict[str, object]]] = [
        *_of_request(standing, change, at),
        *((Act.REFUSED, _plain_refusal(refusal)) for refusal in standing.refusals if not refusal.from_outside),
    ]
    return tuple(
        Draft(stream=Stream.AUDIT, kind=act, at=at, body={**place, **body})
        for act, body in found
        if _key(act, {**place, **body}) not in known
    )


def _of_request(standing: Standing, change: Change, now: datetime) -> Iterator[tuple[Act, dict[str, object]]]:
    """Yield the acts that make a standing, in the order in which they count; a grant whose time is over has expired."""
    request = standing.request
    if request is None:
        return
    yield Act.REQUESTED, {**plain_request(request), "pushers": [_plain_person(each) for each in change.pushers]}
    approvals = {each.person.id: each for region in standing.regions for each in region.approvals}
    for approval in sorted(approvals.values(), key=lambda each: (each.at, each.comment)):
        said: dict[str, object] = {"said": approval.at.isoformat(), "comment": approval.comment}
        yield Act.APPROVED, {"request": request.id, "person": _plain_person(approval.person), **said}
    for person in standing.denials:
        at = standing.denied_at[person.id]
        yield Act.DENIED, {"request": request.id, "person": _plain_person(person), "said": at.isoformat()}
    for each in standing.withdrawals:
        said = {"said": each.at.isoformat()}
        yield Act.WITHDRAWN, {"request": request.id, "person": _plain_person(each.person), "what": each.what, **said}
    if not standing.stands:
        return
    for region in standing.regions:
        if region.granted_at is not None and region.expires is not None:
            yield (
                Act.GRANTED,
                {
                    "request": request.id,
                    "region": region.region,
                    "commit": request.override.sha,
                    "approvers": [_plain_person(each.person) for each in region.approvals],
                    "granted": region.granted_at.isoformat(),
                    "expires": region.expires.isoformat(),
                },
            )
            if now >= region.expires:
                said = {"expires": region.expires.isoformat()}
                yield Act.EXPIRED, {"request": request.id, "region": region.region, **said}


def draft_of_use(grant: Grant, outgoing: Outgoing, at: datetime, why: Mapping[str, object]) -> Draft:
    """Return the entry that binds a grant to a deployment; ``why`` is what the gate said without it, and its inputs."""
    body = {
        "request": grant.request.id,
        "region": grant.region,
        "binding": outgoing.binding,
        "commit": outgoing.commit,
        "matched_by": grant.matched_by.value,
        "approved_commit": grant.request.override.sha,
        "rules": list(grant.rules),
        "reason": grant.request.override.reason,
        "approvers": [_plain_person(person) for person in grant.approvers],
        "expires": grant.expires.isoformat(),
        **why,
    }
    return Draft(stream=Stream.AUDIT, kind=Act.USED, at=at, body=body)


def draft_of_freeze(frozen: Frozen) -> Draft:
    """Return the entry that begins a freeze."""
    plain = to_plain(frozen)
    assert isinstance(plain, dict)
    for known_by_the_ledger in ("thawed", "entry"):
        del plain[known_by_the_ledger]
    if frozen.asked is None:
        del plain["asked"]
    return Draft(stream=Stream.AUDIT, kind=Act.FROZEN, at=frozen.since, body=plain)


def draft_of_thaw(
    thawing: Thawing, by: str, reason: str, at: datetime, *, comment: int | None = None, asked: datetime | None = None
) -> Draft:
    """Return the entry that ends freezes, ``asked`` for at once by default."""
    body = {
        "by": by,
        "reason": reason,
        "comment": comment,
        "asked": (asked or at).isoformat(),
        ENTRIES: [each.entry for each in thawing.freezes],
        REGIONS: None if thawing.regions is None else list(thawing.regions),
    }
    return Draft(stream=Stream.AUDIT, kind=Act.THAWED, at=at, body=body)


def plain_request(request: Request) -> dict[str, object]:
    """Return a request as plain data."""
    override = request.override
    return {
        "request": request.id,
        "commit": override.sha,
        "regions": list(override.regions),
        "rules": list(override.rules),
        "seconds": int(override.duration.total_seconds()),
        "reason": override.reason,
        "link": override.link,
        "strategy": override.strategy.value,
        "person": _plain_person(request.requester),
        "said": request.at.isoformat(),
        "comment": request.comment,
    }


def _plain_refusal(refusal: Refusal) -> dict[str, object]:
    return {
        "code": refusal.code.value,
        "what": refusal.what,
        "who": refusal.who,
        "comment": refusal.comment,
        "line": refusal.line,
    }


def _plain_person(person: Person) -> dict[str, object]:
    return {"id": person.id, "login": person.login}


def _key(kind: str, body: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what makes two entries the same act, however often it is found again."""
    person = body.get("person")
    who = person.get("id") if isinstance(person, Mapping) else None
    if kind == Act.REFUSED:
        return kind, body.get("pull_request"), body.get("comment"), body.get("line"), body.get("code")
    if kind == Act.APPROVED:
        # What was signed has no comment: an approval that is signed anew is another one by its time.
        return kind, body.get("request"), who, body.get("comment") or body.get("said")
    if kind in (Act.GRANTED, Act.EXPIRED):
        return kind, body.get("request"), body.get("region"), body.get("expires")
    if kind == Act.DENIED:
        return kind, body.get("request"), who, body.get("said")
    if kind == Act.WITHDRAWN:
        return kind, body.get("request"), who, body.get("what"), body.get("said")
    return kind, body.get("request"), who, body.get("what")


def _person(plain: Mapping[str, Any]) -> Person:
    return Person(id=int(plain["id"]), login=str(plain["login"]))


def _instant(plain: object) -> datetime:
    return datetime.fromisoformat(str(plain))
