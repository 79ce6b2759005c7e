"""Whether a grant covers a deployment: this commit or its content, this region, these rules, now, and only once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from wedgate.overrides.people import Person
from wedgate.overrides.policy import OVERRIDABLE
from wedgate.overrides.refusals import Refusal, RefusalCode
from wedgate.overrides.requests import Request
from wedgate.overrides.standing import RegionStanding, Standing


class MatchedBy(StrEnum):
    """How the commit that goes out is the one that was approved."""

    COMMIT = "commit"
    TREE = "tree"
    """Another commit with the very same content: squashed, merged or queued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What is to go out: a commit with its tree, and the tree of the commit that was approved (``None``: not known).

    ``binding`` names the deployment that would use the grant (a run, a rollout); ``None`` for one that only looks.
    """

    commit: str
    tree: str | None = None
    approved_tree: str | None = None
    binding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A use of a grant that the ledger has: by which deployment, and for which commit."""

    request: str
    binding: str
    commit: str
    region: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What lets one deployment through in one region, half-open until ``expires``."""

    request: Request
    region: str
    rules: tuple[str, ...]
    approvers: tuple[Person, ...]
    granted_at: datetime
    expires: datetime
    matched_by: MatchedBy


def grant_in(
    standing: Standing,
    region: str,
    outgoing: Outgoing,
    closing: Sequence[tuple[str, str | None]],
    *,
    uses: Iterable[Use],
    at: datetime,
    untouchable: frozenset[str] = frozenset(),
) -> Grant | Refusal:
    """Return the grant that lets a deployment through what closes a region (reason code and rule), or why none does.

    A rule that is ``untouchable`` stays shut, also where a reason code was named that stands for it.
    """
    request = standing.request
    if request is None:
        return Refusal(
            code=RefusalCode.NO_REQUEST, what="no override was asked for", remedy="`/wedgate help` says how to ask"
        )
    place = standing.region(region)
    trouble = _stopped(standing) or _other_content(request, outgoing)
    if trouble is not None:
        return trouble
    if place is None:
        named = ", ".join(request.override.regions)
        return Refusal(
            code=RefusalCode.OTHER_REGION,
            what=f"the override is for {named}, not for {region}",
            remedy="ask for this region too; a new request needs its approvals anew",
        )
    if place.granted_at is None or place.expires is None:
        return _not_approved(place)
    if at >= place.expires:
        return Refusal(
            code=RefusalCode.EXPIRED,
            what=f"the override was over at {place.expires:%Y-%m-%d %H:%M:%S} UTC",
            remedy="ask anew",
        )
    shut = sorted({rule for _, rule in closing if rule in untouchable})
    if shut:
        what = f"no override opens {', '.join(shut)} (`untouchable` in wedgate.yml)"
        return Refusal(code=RefusalCode.UNTOUCHABLE, what=what, remedy="wait until it is over")
    left = tuple(
        dict.fromkeys(rule or code for code, rule in closing if not covers(request.override.rules, code, rule))
    )
    if left:
        return Refusal(
            code=RefusalCode.OTHER_RULE,
            what=f"the override opens {', '.join(request.override.rules)}, and {', '.join(left)} closes {region} too",
            remedy=f"ask with rules={','.join((*request.override.rules, *left))}",
        )
    used = _other_use(request, outgoing, uses)
    if used is not None:
        return used
    return Grant(
        request=request,
        region=region,
        rules=request.override.rules,
        approvers=tuple(approval.person for approval in place.approvals),
        granted_at=place.granted_at,
        expires=place.expires,
        matched_by=MatchedBy.COMMIT if outgoing.commit == request.override.sha else MatchedBy.TREE,
    )


def covers(rules: Collection[str], code: str, rule: str | None) -> bool:
    """Whether a request that names ``rules`` opens what closes by a reason code and, where it names one, by a rule."""
    # A rule may have the name of a reason code; only those that a request may name stand for themselves.
    return (code in OVERRIDABLE and code in rules) or (rule is not None and rule in rules)


def _stopped(standing: Standing) -> Refusal | None:
    if standing.denials:
        # A request in no comment was signed, and nobody answers a comment about it.
        is_signed = standing.request is not None and not standing.request.comment
        who = ", ".join(person.login for person in standing.denials)
        return Refusal(
            code=RefusalCode.DENIED,
            what=f"{who} denied the override",
            remedy="whoever denied can take it back: `wedgate override sign REQUEST --withdraw`, by the same name"
            if is_signed
            else "whoever denied can take it back: /wedgate withdraw",
        )
    if standing.is_withdrawn:
        return Refusal(code=RefusalCode.WITHDRAWN, what="the request was withdrawn", remedy="ask anew")
    return None


def _other_content(request: Request, outgoing: Outgoing) -> Refusal | None:
    approved = request.override.sha
    if outgoing.commit == approved:
        return None
    if outgoing.tree is not None and outgoing.tree == outgoing.approved_tree:
        return None
    if outgoing.tree is None or outgoing.approved_tree is None:
        return Refusal(
            code=RefusalCode.OTHER_COMMIT,
            what=f"the override is for {approved[:12]}, and whether {outgoing.commit[:12]} is the same content could "
            "not be compared: one of them is not known here",
            remedy="fetch both commits, or ask for the one that goes out",
        )
    return Refusal(
        code=RefusalCode.OTHER_COMMIT,
        what=f"the override is for {approved[:12]}, and {outgoing.commit[:12]} is not the same content",
        remedy="bring the branch up to date with its base first, and ask for its new head; in what is merged, ask for "
        "the commit that merging made",
    )


def _not_approved(place: RegionStanding) -> Refusal:
    count = f"{len(place.approvals)} of {place.needed} approvals"
    teams = f" from {place.teams_needed} teams" if place.teams_needed > 1 else ""
    who = ", ".join(place.may_approve) or "nobody is left who may approve"
    return Refusal(
        code=RefusalCode.NOT_APPROVED, what=f"{place.region} has {count}{teams}", remedy=f"still may approve: {who}"
    )


def _other_use(request: Request, outgoing: Outgoing, uses: Iterable[Use]) -> Refusal | None:
    """Return the use by another deployment: the first one binds the grant for all its regions and its whole time."""
    for use in uses:
        if use.request == request.id and use.binding != outgoing.binding:
            return Refusal(
                code=RefusalCode.USED,
                what=f"the override was used by {use.binding} for {use.commit[:12]}",
                remedy="run that deployment again, or ask anew for another one",
            )
    return None
