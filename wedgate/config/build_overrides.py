"""The `overrides:` part of validated plain data as an ``OverridePolicy``, and back to the plain data of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wedgate.calendars.durations import parse_duration, spell_duration
from wedgate.config.override_scalars import DEFAULT, spell_quorum
from wedgate.overrides.policy import (
    DEFAULT_DUTIES,
    Approvers,
    Audience,
    Duty,
    NamedPerson,
    NeverCount,
    OverridePolicy,
    Requirement,
)

Plain = Mapping[str, Any]
ALLOW = "allow"
REFUSE = "refuse"


def build_overrides(plain: Plain | None) -> OverridePolicy | None:
    """Build the policy; ``None`` where the file has none."""
    if plain is None:
        return None
    approvals, teams = dict(plain.get("approvals", {})), dict(plain.get("from-teams", {}))
    given: dict[str, Any] = {}
    if "never-count" in plain:
        given["never_count"] = frozenset(map(NeverCount, plain["never-count"]))
    if "require" in plain:
        given["require"] = frozenset(map(Requirement, plain["require"]))
    if "longest" in plain:
        given["longest"] = parse_duration(plain["longest"])
    if DEFAULT in approvals:
        given["approvals"] = approvals.pop(DEFAULT)
    if DEFAULT in teams:
        given["from_teams"] = teams.pop(DEFAULT)
    duties = {Duty(name): Audience(word) for name, word in plain.get("may", {}).items()}
    if Duty.STOP in duties:
        # Whoever may not roll back must not have it done by a report.
        duties.setdefault(Duty.REPORT, duties[Duty.STOP])
    return OverridePolicy(
        approvers=_approvers(plain["approvers"]),
        approvers_in={name: _approvers(each) for name, each in plain.get("approvers-in", {}).items()},
        approvals_in=approvals,
        from_teams_in=teams,
        links=tuple(plain.get("links", ())),
        untouchable=frozenset(plain.get("untouchable", ())),
        forks=plain.get("forks", REFUSE) == ALLOW,
        may={**DEFAULT_DUTIES, **duties},
        signers=plain.get("signers"),
        **given,
    )


def plain_overrides(policy: OverridePolicy) -> dict[str, Any]:
    """Return a policy as the plain data of its file, everything said."""
    plain: dict[str, Any] = {"approvers": _plain_approvers(policy.approvers)}
    if policy.approvers_in:
        plain["approvers-in"] = {name: _plain_approvers(each) for name, each in policy.approvers_in.items()}
    plain["approvals"] = spell_quorum({DEFAULT: policy.approvals, **policy.approvals_in})
    plain["from-teams"] = spell_quorum({DEFAULT: policy.from_teams, **policy.from_teams_in})
    if policy.never_count:
        plain["never-count"] = [kind.value for kind in NeverCount if kind in policy.never_count]
    plain["longest"] = spell_duration(policy.longest)
    if policy.require:
        plain["require"] = [each.value for each in Requirement if each in policy.require]
    if policy.links:
        plain["links"] = list(policy.links)
    if policy.untouchable:
        plain["untouchable"] = sorted(policy.untouchable)
    plain["forks"] = ALLOW if policy.forks else REFUSE
    plain["may"] = {duty.value: audience.value for duty, audience in policy.may.items()}
    if policy.signers is not None:
        plain["signers"] = policy.signers
    return plain


def _approvers(plain: Plain) -> Approvers:
    return Approvers(
        people=tuple(map(_person, plain.get("people", ()))),
        teams=tuple(plain.get("teams", ())),
        code_owners=tuple(plain.get("code-owners", ())),
        on_call=plain.get("on-call"),
    )


def _person(text: str) -> NamedPerson:
    login, _, number = text.partition(":")
    return NamedPerson(login=login, id=int(number) if number else None)


def _plain_approvers(approvers: Approvers) -> dict[str, Any]:
    found: dict[str, Any] = {
        "people": list(map(str, approvers.people)),
        "teams": list(approvers.teams),
        "code-owners": list(approvers.code_owners),
        "on-call": approvers.on_call,
    }
    return {key: value for key, value in found.items() if value}
