"""Approvals, case by case: two of alice, bob and carol for one commit, on a Saturday in the region eu.

The numbers are those of the cases that the bugs of other systems taught; each docstring says the rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wedgate.overrides.grants import Grant, MatchedBy, Outgoing, Use, grant_in
from wedgate.overrides.people import Circle, Person, Role
from wedgate.overrides.policy import Approvers, NamedPerson, NeverCount, OverridePolicy
from wedgate.overrides.quorum import Approval, met_at
from wedgate.overrides.refusals import RefusalCode
from wedgate.overrides.standing import Seen, SeenDenial

H1, H2 = "1" * 40, "2" * 40
PEOPLE_AT = datetime(2026, 6, 6, 10, tzinfo=UTC)


def test_a01_one_approval_of_two_is_not_enough(story: Any) -> None:
    """One person is not several."""
    story.approves("alice", story.asks())
    assert story.refused() is RefusalCode.NOT_APPROVED
    assert story.approved() == ["alice"]


def test_a02_two_people_grant_with_an_expiry(story: Any) -> None:
    """The last approval needed starts the time."""
    request = story.asks()
    story.approves("alice", request)
    last = story.approves("bob", request)
    grant = story.grant()
    assert isinstance(grant, Grant)
    assert grant.expires == last.at + timedelta(hours=4)
    assert [person.login for person in grant.approvers] == ["alice", "bob"]


def test_a03_a_third_approval_does_not_make_it_longer(story: Any) -> None:
    """What is granted is granted from the approval that was needed."""
    request = story.asks()
    story.approves("alice", request)
    last = story.approves("bob", request)
    story.now += timedelta(hours=2)
    story.approves("carol", request)
    assert story.grant().expires == last.at + timedelta(hours=4)


def test_a04_one_person_twice_is_one(story: Any) -> None:
    """People are counted, not comments."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("alice", request)
    assert story.refused() is RefusalCode.NOT_APPROVED
    assert story.approved() == ["alice"]


def test_a05_somebody_outside_of_the_list_does_not_count(story: Any) -> None:
    """Whoever else approves is told that it does not count."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("zoe", request)
    assert not story.is_granted()
    assert RefusalCode.NOT_AN_APPROVER in story.codes()


@pytest.mark.parametrize(
    ("who", "code"),
    [("dave", RefusalCode.OWN_CHANGE), ("erin", RefusalCode.OWN_REQUEST), ("frank", RefusalCode.OWN_PUSH)],
)
def test_a06_author_requester_and_pusher_do_not_count(
    new_story: Callable[..., Any], who: str, code: RefusalCode
) -> None:
    """Each of them is in the list and approves with alice."""
    people = tuple(NamedPerson(login=name) for name in ("alice", "bob", who))
    story = new_story(policy=OverridePolicy(approvers=Approvers(people=people)))
    story.moves(pushers=(Person(id=106, login="frank"),))
    request = story.asks()
    story.approves("alice", request)
    story.approves(who, request)
    assert not story.is_granted()
    assert code in story.codes()


def test_a08_who_ran_the_job_again_does_not_count(story: Any) -> None:
    """carol runs erin's job again: her own approval counts no more, two others' do."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("carol", request)
    assert story.is_granted()
    story.moves(re_runners=(Person(id=103, login="carol"),))
    assert not story.is_granted()
    assert RefusalCode.RE_RAN in story.codes()


@pytest.mark.parametrize(
    "text", ["Approved?", "should i approve this", "approve", "LGTM", "/approve", "wedgate approve"]
)
def test_a10_talk_is_no_vote(story: Any, text: str) -> None:
    """Only the command is one."""
    request = story.asks()
    story.approves("alice", request)
    story.says("bob", text)
    assert story.approved() == ["alice"]


def test_a12_a_push_makes_the_approvals_stale(story: Any) -> None:
    """The new head was approved by nobody."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    assert story.is_granted()
    story.moves(head=H2)
    assert not story.is_granted()
    assert RefusalCode.HEAD_MOVED in story.codes()


def test_a14_a_push_back_to_the_same_commit_brings_them_back(story: Any) -> None:
    """What was approved is the content, not an order of events."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    story.moves(head=H2)
    story.moves(head=H1)
    assert story.is_granted()


def test_a16_an_approval_of_an_earlier_head_is_refused(story: Any) -> None:
    """It names H1 while the branch is at H2."""
    old = story.asks()
    story.moves(head=H2)
    new = story.asks()
    story.approves("alice", new)
    story.approves("bob", old, sha=H1)
    assert not story.is_granted()
    assert RefusalCode.OTHER_REQUEST in story.codes()


def test_a18_an_approval_older_than_the_request_does_not_count(story: Any) -> None:
    """Nobody approves what was not yet asked, even if the id can be worked out before."""
    request = story.asks()
    story.approves("alice", request)
    early = story.approves("bob", request)
    story.comments[story.comments.index(early)] = replace(early, at=story.comments[0].at - timedelta(minutes=5))
    assert story.approved() == ["alice"]


def test_a20_a_deleted_approval_does_not_count(story: Any) -> None:
    """What is not there any more at the use is not there."""
    request = story.asks()
    story.approves("alice", request)
    gone = story.approves("bob", request)
    story.comments.remove(gone)
    assert story.refused() is RefusalCode.NOT_APPROVED


def test_a21_an_edited_approval_does_not_count(story: Any) -> None:
    """Whatever it says now, and whoever edited it."""
    request = story.asks()
    story.approves("alice", request)
    story.edit(story.approves("bob", request))
    assert not story.is_granted()
    assert RefusalCode.EDITED in story.codes()


def test_a22_a_denial_stands_until_it_is_withdrawn(story: Any) -> None:
    """Two approvals do not outvote one denial."""
    request = story.asks()
    story.says("alice", f"/wedgate deny {H1} {request}")
    story.approves("bob", request)
    story.approves("carol", request)
    assert story.refused() is RefusalCode.DENIED
    story.says("alice", "/wedgate withdraw")
    assert story.is_granted()


@pytest.mark.parametrize("how", ["edited", "deleted"])
def test_a23_a_denial_that_was_seen_stands_without_its_comment(story: Any, how: str) -> None:
    """Editing or deleting it does not take it back."""
    request = story.asks()
    denial = story.says("alice", f"/wedgate deny {H1} {request}")
    story.approves("bob", request)
    story.approves("carol", request)
    story.seen = Seen(denials=(SeenDenial(request=request, person=denial.author, at=denial.at),))
    if how == "edited":
        story.edit(denial, body="never mind")
    else:
        story.comments.remove(denial)
    assert story.refused() is RefusalCode.DENIED
    story.says("bob", "/wedgate withdraw")
    story.approves("bob", request)
    assert story.refused() is RefusalCode.DENIED
    story.says("alice", "/wedgate withdraw")
    assert story.is_granted()


def test_a24_the_end_is_not_part_of_the_time(story: Any) -> None:
    """Four hours after the last approval it is over."""
    request = story.asks()
    story.approves("alice", request)
    last = story.approves("bob", request)
    end = last.at + timedelta(hours=4)
    assert story.is_granted(at=end - timedelta(seconds=1))
    assert story.refused(at=end) is RefusalCode.EXPIRED


def test_a26_another_region_is_not_granted(story: Any) -> None:
    """The grant names its regions."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    assert story.refused("us") is RefusalCode.OTHER_REGION


def test_a28_another_commit_or_deployment_is_not_granted(story: Any) -> None:
    """The first deployment that uses it binds it, for all its regions."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    assert story.refused(commit="3" * 40) is RefusalCode.OTHER_COMMIT
    story.uses.append(Use(request=request, binding="run:1", commit=H1))
    assert story.is_granted(binding="run:1")
    assert story.refused(binding="run:2") is RefusalCode.USED


def test_a29_the_same_content_under_another_commit_is_covered(story: Any) -> None:
    """Squashing makes a new commit with the tree that was approved; a tree that nobody knows is none."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    grant = story.grant(commit="3" * 40, tree="f" * 40, approved_tree="f" * 40)
    assert isinstance(grant, Grant)
    assert grant.matched_by is MatchedBy.TREE
    assert story.refused(commit="3" * 40, tree="f" * 40, approved_tree="e" * 40) is RefusalCode.OTHER_COMMIT
    assert story.refused(commit="3" * 40, tree=None, approved_tree=None) is RefusalCode.OTHER_COMMIT


def test_a34_a_quorum_that_cannot_be_had_is_said_at_once(story: Any) -> None:
    """Three needed, two left after the exclusions: the request is refused, nobody waits."""
    story.policy = replace(story.policy, approvals=3)
    story.moves(author=Person(id=103, login="carol"))
    story.asks()
    assert RefusalCode.POLICY_IMPOSSIBLE in story.codes()


@pytest.mark.parametrize(
    "who", [Person(id=102, login="bob", is_human=False), Person(id=900, login="alice[bot]", is_human=False), None]
)
def test_a36_bots_and_deleted_accounts_do_not_count(story: Any, who: Person | None) -> None:
    """Nobody is behind them who could answer for it."""
    request = story.asks()
    story.approves("alice", request)
    story.approves(who, request)
    assert story.approved() == ["alice"]
    assert RefusalCode.NOT_A_PERSON in story.codes()


def test_a37_a_comment_by_an_app_in_somebodys_name_does_not_count(story: Any) -> None:
    """The account is bob's, the hand is not."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request, via_app=True)
    assert story.approved() == ["alice"]


def test_a42_a_reason_with_markup_is_kept_as_text(story: Any) -> None:
    """It is read whole and carried as it is; showing it is somebody else's care."""
    reason = "a `b` </details> ::set-output name=x::y {json} <!-- -->"
    story.asks(line=f'regions=eu rules=saturday for=1h reason="{reason}"')
    assert story.standing().request.override.reason == reason


def test_a44_a_grant_says_who_when_what_and_why(story: Any) -> None:
    """All of it is in one value."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    grant = story.grant()
    asked = grant.request
    assert (asked.id, asked.requester.login, asked.override.reason) == (request, "erin", "checkout is down")
    assert (grant.region, grant.rules, grant.matched_by) == ("eu", ("saturday",), MatchedBy.COMMIT)


# Beyond the given cases.


def test_an_approval_does_not_slide_onto_a_wider_request(story: Any) -> None:
    """A second request supersedes the first, and has an id of its own."""
    first = story.asks()
    story.approves("alice", first)
    second = story.asks(line="regions=eu,us rules=saturday,surge for=4h reason=x")
    assert second != first
    story.approves("bob", first)
    assert story.approved() == []
    assert not story.is_granted()


def test_the_same_words_asked_again_are_another_request(story: Any) -> None:
    """Its approvals come anew: the emergency may be another one."""
    assert story.asks() != story.asks()


def test_a_request_that_is_not_in_order_supersedes_nothing(story: Any) -> None:
    """Somebody's mistake does not take another's grant away."""
    request = story.asks()
    story.approves("alice", request)
    story.asks("bob", line="regions=mars rules=saturday for=4h reason=x")
    story.approves("bob", request)
    assert story.is_granted()
    assert RefusalCode.UNKNOWN_REGION in story.codes()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("regions=eu rules=sunday for=1h reason=x", RefusalCode.UNKNOWN_RULE),
        ("regions=eu rules=saturday for=5h reason=x", RefusalCode.TOO_LONG),
        ("regions=eu rules=saturday for=1h", RefusalCode.REASON_MISSING),
        ("regions=eu rules=new-year for=1h reason=x", RefusalCode.UNTOUCHABLE),
        ("regions=eu rules=frozen for=1h reason=x", RefusalCode.UNKNOWN_RULE),
    ],
)
def test_a_request_that_the_policy_does_not_allow_is_refused(story: Any, line: str, code: RefusalCode) -> None:
    """Each with its own code."""
    story.policy = replace(story.policy, untouchable=frozenset({"new-year"}))
    story.asks(line=line)
    assert story.standing().request is None
    assert code in story.codes()


def test_a_rule_that_closes_too_and_was_not_named_keeps_it_shut(story: Any) -> None:
    """The grant opens what it names, and nothing beside it."""
    request = story.asks(line="regions=eu rules=surge for=1h reason=x")
    story.approves("alice", request)
    story.approves("bob", request)
    assert story.refused() is RefusalCode.OTHER_RULE


def test_a_head_whose_pusher_is_not_known_is_approved_by_nobody(story: Any) -> None:
    """It may have been any of them."""
    story.moves(pushers=())
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    assert not story.is_granted()
    assert RefusalCode.PUSHER_UNKNOWN in story.codes()


def test_what_is_merged_is_not_pushed_again(story: Any) -> None:
    """The remedy for a pusher who is not known is one that can be followed."""
    story.moves(pushers=())
    request = story.asks()
    story.approves("alice", request)
    (before,) = {each.remedy for each in story.standing().refusals if each.code is RefusalCode.PUSHER_UNKNOWN}
    assert "--force-with-lease" in before
    story.moves(merged_as="9" * 40)
    (after,) = {each.remedy for each in story.standing().refusals if each.code is RefusalCode.PUSHER_UNKNOWN}
    assert "--force-with-lease" not in after
    assert "open a pull request" in after


def test_committers_are_kept_out_where_the_policy_says_so(story: Any) -> None:
    """By default they count; with `committers` they do not, nor does anybody while they are not known."""
    committers = (Person(id=102, login="bob"),)
    story.moves(committers=committers)
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    assert story.is_granted()
    story.policy = replace(story.policy, never_count=story.policy.never_count | {NeverCount.COMMITTERS})
    assert not story.is_granted()
    story.approves("carol", request)
    assert story.is_granted()
    story.moves(committers=None)
    assert not story.is_granted()


def test_co_authors_without_a_number_or_an_account_are_not_taken_for_nobody(story: Any) -> None:
    """One that is named by login alone does not count; while one is nobody known, no approval does."""
    story.policy = replace(story.policy, never_count=story.policy.never_count | {NeverCount.COMMITTERS})
    story.moves(committers=(), co_author_logins=frozenset(("bob",)))
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    assert not story.is_granted()
    assert RefusalCode.OWN_COMMIT in story.codes()
    story.approves("carol", request)
    assert story.is_granted()
    story.moves(committers=(), strangers=("carol@home.example",))
    assert not story.is_granted()
    assert RefusalCode.OWN_COMMIT in story.codes()


def test_a_renamed_account_is_not_two_people(story: Any) -> None:
    """The number is who it is."""
    request = story.asks()
    story.approves(Person(id=101, login="alice"), request)
    story.approves(Person(id=101, login="bob"), request)
    assert story.refused() is RefusalCode.NOT_APPROVED


def test_a_login_that_changed_hands_is_not_who_the_policy_means(story: Any) -> None:
    """With a number in the file, the number decides: the old owner counts, the new one does not."""
    people = (NamedPerson(login="alice", id=101), NamedPerson(login="bob"), NamedPerson(login="carol"))
    story.policy = OverridePolicy(approvers=Approvers(people=people))
    request = story.asks()
    story.roles |= {999: Role.WRITE}
    story.approves("bob", request)
    story.approves(Person(id=999, login="alice"), request)
    assert not story.is_granted()
    story.approves(Person(id=101, login="alice-renamed"), request)
    assert story.is_granted()


def test_somebody_who_lost_permission_does_not_count(story: Any) -> None:
    """Permission is read at the use, not at the approval."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    story.roles[102] = Role.READ
    assert not story.is_granted()
    assert RefusalCode.NO_PERMISSION in story.codes()


def test_a_role_that_is_not_known_counts_for_nothing_and_is_asked_for(story: Any) -> None:
    """Not knowing is never permission."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    del story.roles[102]
    assert not story.is_granted()
    assert [person.login for person in story.standing().asks] == ["bob"]


def test_a_stranger_may_not_ask(story: Any) -> None:
    """Whoever is no member and no collaborator supersedes nothing."""
    story.roles[105] = Role.READ
    story.says("erin", f"/wedgate override {H1} regions=eu rules=saturday for=4h reason=x", is_insider=False)
    assert story.standing().request is None
    assert RefusalCode.NO_PERMISSION in story.codes()


def test_a_fork_is_refused_unless_the_policy_allows_it(story: Any) -> None:
    """Its head is pushed by people outside."""
    story.moves(from_fork=True)
    story.asks()
    assert RefusalCode.FORK in story.codes()
    story.policy = replace(story.policy, forks=True)
    assert story.standing().request is not None


def test_more_approvals_can_be_needed_in_one_region(story: Any) -> None:
    """Two for eu, three for us: the third opens us, and eu is open before."""
    story.policy = replace(story.policy, approvals_in={"us": 3})
    request = story.asks(line="regions=all rules=saturday for=4h reason=x")
    story.approves("alice", request)
    story.approves("bob", request)
    assert story.is_granted("eu")
    assert story.refused("us") is RefusalCode.NOT_APPROVED
    story.approves("carol", request)
    assert story.is_granted("us")


def test_approvers_can_have_to_come_from_several_teams(story: Any) -> None:
    """alice and bob are of one team; carol is of another; each stands for one."""
    teams = {101: frozenset({"acme/a"}), 102: frozenset({"acme/a"}), 103: frozenset({"acme/b"})}
    story.circles = {
        "eu": Circle(members=teams, logins={101: "alice", 102: "bob", 103: "carol"}),
    }
    story.policy = replace(story.policy, from_teams=2)
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    assert not story.is_granted()
    story.approves("carol", request)
    assert story.is_granted()


def test_one_person_in_two_teams_is_not_two_teams(story: Any) -> None:
    """alice stands for one of hers."""
    teams = {101: frozenset({"acme/a", "acme/b"}), 102: frozenset({"acme/a"}), 103: frozenset({"acme/a"})}
    story.circles = {"eu": Circle(members=teams, logins={101: "alice", 102: "bob", 103: "carol"})}
    story.policy = replace(story.policy, from_teams=2)
    request = story.asks()
    story.approves("alice", request)
    assert not story.is_granted()
    story.approves("bob", request)
    assert story.is_granted()


def test_an_approval_a_day_later_does_not_count(story: Any) -> None:
    """The emergency of yesterday is over."""
    request = story.asks()
    story.approves("alice", request)
    story.now += timedelta(hours=24)
    story.approves("bob", request)
    assert not story.is_granted()
    assert RefusalCode.REQUEST_EXPIRED in story.codes()


def test_a_grant_that_was_given_ends_when_it_was_said_to(story: Any) -> None:
    """Taking an approval back and another one coming does not make it last longer."""
    request = story.asks()
    story.approves("alice", request)
    second = story.approves("bob", request)
    told = second.at + timedelta(hours=4)
    story.seen = Seen(expiries={(request, "eu"): told})
    story.comments.remove(second)
    story.now += timedelta(hours=3)
    story.approves("carol", request)
    assert story.grant().expires == told


def test_an_untouchable_rule_stays_shut_under_a_reason_code(story: Any) -> None:
    """`calendar_unverified` opens what nobody can know, but not the rule that nothing may open."""
    story.policy = replace(story.policy, untouchable=frozenset({"new-year"}))
    request = story.asks(line="regions=eu rules=calendar_unverified for=4h reason=x")
    story.approves("alice", request)
    story.approves("bob", request)
    out = Outgoing(commit=H1, binding="run:1")
    for rule, opens in (("saturday", True), ("new-year", False)):
        closing = [("calendar_unverified", rule)]
        untouchable = story.policy.untouchable
        grant = grant_in(story.standing(), "eu", out, closing, uses=(), at=story.now, untouchable=untouchable)
        assert isinstance(grant, Grant) is opens


def test_the_requester_can_withdraw(story: Any) -> None:
    """Then nothing is granted, whoever approved."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    story.says("erin", "/wedgate withdraw")
    assert story.refused() is RefusalCode.WITHDRAWN


def test_nobody_withdraws_for_another(story: Any) -> None:
    """zoe's withdrawal takes back what zoe said: nothing."""
    request = story.asks()
    story.approves("alice", request)
    story.approves("bob", request)
    story.says("zoe", f"/wedgate withdraw {H1} {request}")
    assert story.is_granted()


def test_an_edited_request_is_gone(story: Any) -> None:
    """Else it could be widened under its approvals."""
    story.asks()
    story.edit(story.comments[0])
    assert story.standing().request is None
    assert RefusalCode.EDITED in story.codes()


def test_comments_count_in_the_order_of_time(story: Any) -> None:
    """Whatever order the pages came in."""
    request = story.asks()
    story.approves("alice", request)
    story.says("alice", "/wedgate withdraw")
    story.approves("bob", request)
    story.comments.reverse()
    assert story.approved() == ["bob"]


def test_without_a_policy_nobody_may_approve(story: Any) -> None:
    """No `overrides:` in the file is no permission."""
    story.policy = replace(story.policy, approvers=Approvers())
    story.asks()
    assert RefusalCode.POLICY_IMPOSSIBLE in story.codes()


@pytest.mark.parametrize("link", ["", "https://evil.example/incidents/1", "https://incidents.example.evil.example/1"])
def test_the_link_must_begin_as_the_policy_says(story: Any, link: str) -> None:
    """An address of another place is no incident."""
    from wedgate.overrides.policy import Requirement

    story.policy = replace(story.policy, require=frozenset({Requirement.LINK}), links=("https://incidents.example/",))
    given = f" link={link}" if link else ""
    story.asks(line=f"regions=eu rules=saturday for=1h{given}")
    assert RefusalCode.LINK_MISSING in story.codes()
    story.asks(line="regions=eu rules=saturday for=1h link=https://incidents.example/1")
    assert story.standing().request is not None


def test_a_person_counts_once_in_the_quorum() -> None:
    """However the approvals come to it."""
    at = PEOPLE_AT
    alice = Person(id=101, login="alice")
    renamed = Person(id=101, login="alice-renamed")
    twice = [Approval(person=alice, at=at), Approval(person=renamed, at=at + timedelta(minutes=1))]
    assert met_at(twice, needed=2, teams_needed=1) is None
    assert met_at([*twice, Approval(person=Person(id=102, login="bob"), at=at)], needed=2, teams_needed=1) == at
    assert met_at(twice, needed=0, teams_needed=1) is None


def test_both_from_one_team_and_one_of_them_from_another_too(story: Any) -> None:
    """alice is in a and b, bob in a: two teams. Where three are needed, they are not three."""
    teams = {101: frozenset({"acme/a", "acme/b", "acme/c"}), 102: frozenset({"acme/a"}), 103: frozenset({"acme/a"})}
    story.circles = {"eu": Circle(members=teams, logins={101: "alice", 102: "bob", 103: "carol"})}
    story.policy = replace(story.policy, approvals=2, from_teams=2)
    request = story.asks()
    story.approves("bob", request)
    story.approves("carol", request)
    assert not story.is_granted()
    story.policy = replace(story.policy, approvals=3, from_teams=3)
    story.approves("alice", request)
    assert not story.is_granted()
