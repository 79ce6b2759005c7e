"""Where an override stands, as text for a terminal and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wedgate.overrides.grants import Use
from wedgate.overrides.record import plain_request
from wedgate.overrides.standing import Standing
from wedgate.render.decision_words import clean
from wedgate.render.json import instant


def render_standing(standing: Standing) -> str:
    """Return a few lines, with a line end after the last."""
    request = standing.request
    if request is None:
        lines = ["no override was asked for that stands"]
    else:
        override = request.override
        lines = [
            f"request {request.id} by {request.requester.login} at {instant(request.at)}",
            f"  {override.sha} through {', '.join(override.rules)}: {override.reason or 'no reason given'}",
        ]
        for region in standing.regions:
            by = ", ".join(each.person.login for each in region.approvals) or "nobody yet"
            until = "" if region.expires is None else f", until {instant(region.expires)}"
            lines.append(f"  {region.region}: {len(region.approvals)} of {region.needed} approvals, by {by}{until}")
        lines += [f"  denied by {each.login}" for each in standing.denials]
        lines += [
            f"  {each.person.login} took back the {each.what}"
            for each in standing.withdrawals
            if each.what != "request"
        ]
        lines += ["  withdrawn"] if standing.is_withdrawn else []
    lines += [f"  did not count: {refusal} ({refusal.code.value})" for refusal in standing.refusals]
    return "".join(f"{clean(line)}\n" for line in lines)


def plain_standing(standing: Standing) -> dict[str, Any]:
    """Return it as plain data, ``schema_version`` 1."""
    request = standing.request
    return {
        "schema_version": 1,
        "granted": standing.is_granted,
        "request": None if request is None else plain_request(request),
        "regions": [
            {
                "region": region.region,
                "needed": region.needed,
                "from_teams": region.teams_needed,
                "approvals": [{"id": each.person.id, "login": each.person.login} for each in region.approvals],
                "may_approve": list(region.may_approve),
                "granted_at": None if region.granted_at is None else instant(region.granted_at),
                "expires": None if region.expires is None else instant(region.expires),
            }
            for region in standing.regions
        ],
        "denied_by": [person.login for person in standing.denials],
        "withdrawn": standing.is_withdrawn,
        "refusals": [
            {"code": each.code.value, "text": str(each), "who": each.who, "comment": each.comment}
            for each in standing.refusals
        ],
    }


def render_status(standing: Standing, uses: Sequence[Use], idle: str) -> str:
    """Return the same with its uses and, where it is granted and opens nothing now, ``idle``: why."""
    lines = [f"  used in {use.region} by {use.binding} for {use.commit}{_when(use)}" for use in uses]
    lines += [f"  opens nothing now: {idle}"] if idle and standing.is_granted else []
    return render_standing(standing) + "".join(f"{clean(line)}\n" for line in lines)


def plain_status(standing: Standing, uses: Sequence[Use], idle: str) -> dict[str, Any]:
    """Return the same as plain data; ``granted`` is whether it opens every region now, ``idle`` why it does not."""
    told = [
        {
            "region": use.region,
            "binding": use.binding,
            "commit": use.commit,
            "at": None if use.at is None else instant(use.at),
        }
        for use in uses
    ]
    return {**plain_standing(standing), "granted": not idle, "idle": idle or None, "uses": told}


def _when(use: Use) -> str:
    return "" if use.at is None else f" at {instant(use.at)}"
