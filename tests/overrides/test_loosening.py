"""What of a policy's changes makes an override easier, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from wedgate.overrides.loosening import loosened
from wedgate.overrides.policy import Approvers, Audience, Duty, NamedPerson, NeverCount, OverridePolicy, Requirement

PEOPLE = (NamedPerson(login="alice", id=101), NamedPerson(login="bob"), NamedPerson(login="carol"))
POLICY = OverridePolicy(
    approvers=Approvers(people=PEOPLE, teams=("acme/a",)),
    approvals=3,
    from_teams=1,
    from_teams_in={"eu": 2},
    require=frozenset(Requirement),
    links=("https://incidents.example/",),
    untouchable=frozenset({"new-year"}),
    signers="signers",
)
SIGNED = replace(POLICY, may={**POLICY.may, Duty.REPORT: Audience.SIGNERS})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"approvals": 2}, "2 instead of 3 approvals in eu"),
        ({"approvals_in": {"us": 1}}, "1 instead of 3 approvals in us"),
        ({"from_teams_in": {}}, "from 1 instead of 2 teams in eu"),
        ({"approvers": Approvers(people=(*PEOPLE, NamedPerson(login="zoe")), teams=("acme/a",))}, "lets zoe approve"),
        ({"approvers": Approvers(people=PEOPLE, teams=("acme/a", "acme/b"))}, "lets acme/b approve"),
        ({"approvers": Approvers(people=(NamedPerson(login="alice"), *PEOPLE[1:]), teams=("acme/a",))}, "lets alice"),
        ({"approvers": Approvers(people=PEOPLE, teams=("acme/a",), code_owners=("x",))}, "the owners of x"),
        ({"approvers": Approvers(people=PEOPLE, teams=("acme/a",), on_call="x.ics")}, "whoever is on call"),
        ({"approvers_in": {"us": Approvers(people=(NamedPerson(login="dave"),))}}, "lets dave approve in us"),
        ({"never_count": POLICY.never_count - {NeverCount.AUTHOR}}, "lets the author count"),
        ({"longest": timedelta(hours=5)}, "last 5h instead of 4h"),
        ({"require": frozenset({Requirement.REASON})}, "asks for no link"),
        ({"links": ()}, "links from elsewhere"),
        ({"links": ("https://incidents.example/", "https://elsewhere.example/")}, "links from elsewhere"),
        ({"untouchable": frozenset()}, "lets an override open new-year"),
        ({"forks": True}, "lets forks in"),
        ({"may": {**POLICY.may, Duty.THAW: Audience.WRITE}}, "lets anyone who may write thaw"),
        ({"may": {**SIGNED.may, Duty.REPORT: Audience.WRITE}}, "lets anyone who may write report"),
        ({"may": {**SIGNED.may, Duty.REPORT: Audience.APPROVERS}}, "lets report without a signature"),
        ({"signers": "others"}, "signatures from another file"),
    ],
)
def test_what_makes_an_override_easier_loosens(change: dict[str, Any], said: str) -> None:
    """Each in words."""
    assert said in "; ".join(loosened(SIGNED, replace(SIGNED, **change), ("eu", "us")))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"approvals": 4},
        {"approvers": Approvers(people=PEOPLE[:2], teams=("acme/a",))},
        {"approvers": Approvers(people=(*PEOPLE[:2], NamedPerson(login="Carol")), teams=("acme/a",))},
        {"never_count": POLICY.never_count | {NeverCount.COMMITTERS}},
        {"longest": timedelta(hours=1)},
        {"links": ("https://incidents.example/sev1/",)},
        {"untouchable": frozenset({"new-year", "saturday"})},
        {"may": {**POLICY.may, Duty.STOP: Audience.APPROVERS}},
        {"signers": None},
    ],
)
def test_what_makes_it_harder_does_not(change: dict[str, Any]) -> None:
    """Nothing is said of it."""
    assert loosened(POLICY, replace(POLICY, **change), ("eu", "us")) == ()


def test_a_new_region_brings_nobody_of_its_own() -> None:
    """It is compared with what holds for every region without an entry of its own."""
    alice = Approvers(people=PEOPLE[:1])
    assert loosened(POLICY, replace(POLICY, approvers_in={"ap": alice}), ("eu", "us", "ap")) == ()
    (said,) = loosened(POLICY, replace(POLICY, approvals_in={"ap": 1}), ("eu", "us", "ap"))
    assert said == "asks for 1 instead of 3 approvals in ap"
    frank = Approvers(people=(NamedPerson(login="frank"),))
    (said,) = loosened(POLICY, replace(POLICY, approvers_in={"ap": frank}), ("eu", "us", "ap"))
    assert said == "lets frank approve in ap"


def test_a_first_policy_loosens_none_and_taking_it_away_does() -> None:
    """There was no quorum to ask; but whoever takes it away makes room for one of their own."""
    assert loosened(None, POLICY, ("eu",)) == ()
    (said,) = loosened(POLICY, None, ("eu",))
    assert "takes the policy of overrides away" in said
