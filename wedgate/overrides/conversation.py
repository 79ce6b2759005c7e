"""What a pull request's comments come to: the request that stands, who approved or denied it, and what is missing.

Everything is worked out anew from what is there now, so that an approval that was edited or deleted no longer counts,
and the same comments come to the same answer for everybody. Two things are taken from the ledger, because comments
cannot show them any more: a denial that was seen, and until when a grant was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wedgate.calendars.values import Span
from wedgate.calendars.wording import nearest
from wedgate.overrides.co_authors import shown
from wedgate.overrides.commands import Command, Override, Vote, Withdraw
from wedgate.overrides.excluded import excluded_from, names_left, too_few_left
from wedgate.overrides.grammar import Read, read_comment
from wedgate.overrides.people import Comment, Person
from wedgate.overrides.policy import OVERRIDABLE, NeverCount, OverridePolicy, Requirement
from wedgate.overrides.quorum import Approval, met_at
from wedgate.overrides.refusals import Refusal, RefusalCode
from wedgate.overrides.requests import LIFE, Request, request_id_of
from wedgate.overrides.standing import (
    Change,
    RegionStanding,
    Rulebook,
    Seen,
    Standing,
    Withdrawal,
)

_DOTS = " .\u2026"
"""What a line to copy has in place of a reason, also where a telephone made one character of it."""


def hear(
    change: Change, comments: Sequence[Comment], book: Rulebook, *, seen: Seen | None = None, now: datetime
) -> Standing:
    """Work out where things stand from all comments of a pull request, in whatever order they come."""
    return _Hearing(change, comments, book, seen or Seen(), now).standing()


@dataclass(frozen=True, slots=True)
class _Said:
    """One command, by whom, when and where."""

    command: Command
    author: Person
    comment: Comment
    line: int


_PUSH_AGAIN = "push it again (git commit --amend --no-edit; git push --force-with-lease), and ask anew"
_ASK_ELSEWHERE = (
    "it is merged, and no push changes that: open a pull request with another commit on top of it "
    "(git commit --allow-empty), and ask there"
)


class _Hearing:
    """One reading of a pull request."""

    def __init__(self, change: Change, comments: Sequence[Comment], book: Rulebook, seen: Seen, now: datetime) -> None:
        self._change = change
        self._book = book
        self._seen = seen
        self._now = now
        self._refusals: list[Refusal] = []
        self._asks: dict[int, Person] = {}
        self._other_services = [each.body for each in comments if change.place.is_beside(each.body)]
        self._said = list(self._listen(comments))

    def standing(self) -> Standing:
        """Return what it comes to."""
        request = self._current_request()
        if request is None:
            self._refuse_votes_without_request()
            return Standing(refusals=tuple(self._refusals), asks=tuple(self._asks.values()))
        self._change = self._change.asked_as(request.override.sha)
        approvals, denials, taken_back = self._votes(request)
        withdrawn = self._withdrawn_at(request)
        if withdrawn is not None:
            taken_back = (*taken_back, Withdrawal(person=request.requester, what="request", at=withdrawn))
        policy = self._book.policy
        assert policy is not None  # no request is accepted without one
        return Standing(
            request=request,
            regions=tuple(self._region(request, name, approvals, policy) for name in request.override.regions),
            denials=tuple(person for person, _ in denials.values()),
            denied_at={number: at for number, (_, at) in denials.items()},
            withdrawals=taken_back,
            is_withdrawn=withdrawn is not None or self._is_superseded(request),
            refusals=tuple(self._refusals),
            asks=tuple(self._asks.values()),
        )

    def _listen(self, comments: Iterable[Comment]) -> Iterator[_Said]:
        """Yield the commands that count as said, in the order in which they were."""
        for comment in sorted(comments, key=lambda each: (each.at, each.id)):
            read = read_comment(comment.body)
            if not read:
                continue
            author, trouble = comment.author, _not_said(comment)
            if trouble is not None or author is None:
                outside = self._is_outside(comment)
                found = [] if trouble is None else [replace(trouble, comment=comment.id, from_outside=outside)]
                self._refusals += found
                continue
            self._refusals += self._mistakes(read, comment)
            for line, command in read.commands:
                yield _Said(command, author, comment, line)

    def _mistakes(self, read: Read, comment: Comment) -> Iterator[Refusal]:
        for mistake in read.mistakes:
            remedy = mistake.remedy
            if mistake.short_sha is not None and self._change.head.startswith(mistake.short_sha):
                remedy = f"write all 40 digits: {self._change.head}"
            yield Refusal(
                code=RefusalCode.NOT_UNDERSTOOD,
                what=mistake.what,
                remedy=remedy,
                who=None if comment.author is None else comment.author.login,
                comment=comment.id,
                line=mistake.line,
                from_outside=self._is_outside(comment),
            )

    def _current_request(self) -> Request | None:
        """Return the last request that is in order; an earlier one is superseded by it."""
        found: Request | None = None
        for said in self._said:
            if not isinstance(said.command, Override):
                continue
            override = self._expanded(said.command)
            trouble = self._trouble_with(override, said)
            if trouble is None:
                found = Request(
                    id=request_id_of(
                        override,
                        repository=self._change.repository,
                        pull_request=self._change.number,
                        requester=said.author.id,
                        nonce=str(said.comment.id),
                        place=self._change.place,
                    ),
                    override=override,
                    requester=said.author,
                    at=said.comment.at,
                    comment=said.comment.id,
                )
            else:
                self._refuse(said, trouble)
        return found

    def _expanded(self, override: Override) -> Override:
        """Name every region for ``all``: the request's id is of the names, so none is added to it later."""
        if override.regions != ("all",):
            return override
        return replace(override, regions=tuple(sorted(self._book.regions)))

    def _trouble_with(self, override: Override, said: _Said) -> Refusal | None:
        """Return why a request is not in order. It opens nothing by itself, so having a part here is enough to ask."""
        policy = self._book.policy
        if policy is None:
            return Refusal(
                code=RefusalCode.NO_POLICY,
                what="wedgate.yml of the default branch has no `overrides:`, so nobody may approve one",
                remedy="add who may approve (docs/reference/overrides.md), or wait for the opening",
            )
        trouble = self._trouble_with_place(override, policy) or trouble_with_text(override, policy)
        if trouble is not None:
            return trouble
        if not said.comment.is_insider and not self._may_write(said.author):
            # The forge does not show everybody whose membership is private: permission says it then.
            return Refusal(
                code=RefusalCode.NO_PERMISSION,
                what=f"{said.author.login} is no member and no collaborator of this repository",
                remedy="somebody who is has to ask",
            )
        counts = Span(start=said.comment.at, end=said.comment.at + LIFE)
        found = (
            too_few_left(self._change, self._book, region, said.author, within=counts) for region in override.regions
        )
        return next((each for each in found if each is not None), None)

    def _trouble_with_place(self, override: Override, policy: OverridePolicy) -> Refusal | None:
        """Return what is wrong with the commit, the regions or the rules."""
        fork = trouble_with_fork(self._change, policy)
        if fork is not None:
            return fork
        # Whoever wrote and pushed what merging made is known by the pull request, and so is who merged it.
        if override.sha not in (self._change.head, self._change.merged_as):
            merged = "" if self._change.merged_as is None else " and is merged"
            return Refusal(
                code=RefusalCode.HEAD_MOVED,
                what=f"the request is for {override.sha[:12]}, and the branch is at {self._change.head[:12]}{merged}",
                remedy=f"ask for {self._change.goes_out}",
            )
        for region in override.regions:
            if region not in self._book.regions:
                return Refusal(
                    code=RefusalCode.UNKNOWN_REGION,
                    what=f'there is no region "{region}"',
                    remedy=nearest(region, self._book.regions),
                )
        for rule in override.rules:
            if rule not in self._book.rules and rule not in OVERRIDABLE:
                return Refusal(
                    code=RefusalCode.UNKNOWN_RULE,
                    what=f'there is no rule "{rule}"',
                    remedy=nearest(rule, (*self._book.rules, *OVERRIDABLE)),
                )
            if rule in policy.untouchable:
                return Refusal(
                    code=RefusalCode.UNTOUCHABLE,
                    what=f"no override opens {rule} (`untouchable` in wedgate.yml)",
                    remedy="wait until it is over",
                )
        return None

    def _votes(
        self, request: Request
    ) -> tuple[tuple[Approval, ...], dict[int, tuple[Person, datetime]], tuple[Withdrawal, ...]]:
        """Return the approvals that count, by time, who denies and since when, and who has taken what back.

        What the ledger has counts whether its comment is still there or not: a denial stands, a withdrawal too.
        """
        taken_back: list[Withdrawal] = []
        excluded = excluded_from(self._change, self._book, request.requester)
        approvals: dict[int, Approval] = {}
        denials: dict[int, tuple[Person, datetime]] = {
            each.person.id: (each.person, each.at) for each in self._seen.denials if each.request == request.id
        }
        for said in self._said:
            command = said.command
            if isinstance(command, Withdraw):
                if command.request in (None, request.id) and command.sha in (None, request.override.sha):
                    at = said.comment.at
                    if approvals.pop(said.author.id, None) is not None:
                        taken_back.append(Withdrawal(person=said.author, what="approval", at=at))
                    if said.author.id in denials and denials[said.author.id][1] < at:
                        del denials[said.author.id]
                        taken_back.append(Withdrawal(person=said.author, what="denial", at=at))
            elif isinstance(command, Vote) and self._is_of(said, command, request):
                if not command.approves:
                    if self._may_deny(said):
                        since = denials.get(said.author.id, (said.author, said.comment.at))[1]
                        denials[said.author.id] = said.author, max(since, said.comment.at)
                elif (trouble := self._trouble_with_approval(said, request, excluded)) is not None:
                    self._refuse(said, trouble)
                elif self._was_taken_back(said, request):
                    continue
                elif self._may_write(said.author):
                    known = approvals.get(said.author.id)
                    at = said.comment.at if known is None else known.at
                    approvals[said.author.id] = Approval(person=said.author, at=at, comment=said.comment.id)
                elif said.author.id in self._book.roles:
                    self._refuse(said, _no_write(said.author))
        denials = {number: each for number, each in denials.items() if not self._was_lifted(number, each[1], request)}
        ordered = sorted(approvals.values(), key=lambda each: (each.at, each.comment))
        return tuple(ordered), denials, tuple(taken_back)

    def _was_taken_back(self, said: _Said, request: Request) -> bool:
        """Whether the ledger has that somebody took an approval back after this one."""
        back = self._seen.withdrawals.get((request.id, said.author.id, "approval"))
        return back is not None and said.comment.at <= back

    def _was_lifted(self, person: int, denied: datetime, request: Request) -> bool:
        """Whether the ledger has that somebody took a denial back after it was said; within one second it stands."""
        back = self._seen.withdrawals.get((request.id, person, "denial"))
        return back is not None and denied < back

    def _is_superseded(self, request: Request) -> bool:
        """Whether the ledger has a later request of this pull request, whose comment is gone."""
        newest = self._seen.newest.get((self._change.repository, self._change.number))
        return newest is not None and newest > request.at

    def _is_of(self, said: _Said, vote: Vote, request: Request) -> bool:
        """Whether a vote is for the request that stands; a later one for another is told so."""
        later = (said.comment.at, said.comment.id) > (request.at, request.comment)
        if (vote.request, vote.sha) != (request.id, request.override.sha):
            if later and not self._is_for_another_service(vote):
                self._refuse(
                    said,
                    Refusal(
                        code=RefusalCode.OTHER_REQUEST,
                        what="this names a request that does not stand, or another commit",
                        remedy=f"the one that stands is {request.id} for {request.override.sha}",
                    ),
                )
            return False
        return later

    def _is_for_another_service(self, vote: Vote) -> bool:
        """Whether another service of the repository shows the request that a vote is for: it is answered there."""
        return any(vote.request in body for body in self._other_services)

    def _trouble_with_approval(
        self, said: _Said, request: Request, excluded: Mapping[int, tuple[Person, RefusalCode, str]]
    ) -> Refusal | None:
        """Return why an approval does not count, permission apart."""
        name, policy = said.author.login, self._book.policy
        assert policy is not None
        at = said.comment.at
        if not any(self._book.circles[region].held(said.author, at) for region in request.override.regions):
            return Refusal(
                code=RefusalCode.NOT_AN_APPROVER,
                what=f"{name} is not an approver of {', '.join(request.override.regions)}",
                remedy="ask one of those named above",
            )
        if said.author.id in excluded:
            _, code, words = excluded[said.author.id]
            return Refusal(code=code, what=f"{name} {words}", remedy="somebody else has to approve")
        if NeverCount.HEAD_PUSHER in policy.never_count and not self._change.pushers:
            return Refusal(
                code=RefusalCode.PUSHER_UNKNOWN,
                what="GitHub does not say who pushed this commit, so it may have been any approver",
                remedy=_PUSH_AGAIN if self._change.merged_as is None else _ASK_ELSEWHERE,
            )
        if NeverCount.COMMITTERS in policy.never_count and name.lower() in self._change.co_author_logins:
            what, remedy = f"{name} wrote a commit of it", "somebody else has to approve"
            return Refusal(code=RefusalCode.OWN_COMMIT, what=what, remedy=remedy)
        if NeverCount.COMMITTERS in policy.never_count and self._change.strangers:
            return Refusal(
                code=RefusalCode.OWN_COMMIT,
                what=f"a commit names {shown(self._change.strangers[0])} as co-author, and which account that is is "
                "not known, so it may have been any approver",
                remedy="name the account as GitHub does (NUMBER+LOGIN@users.noreply.github.com) in the commit's "
                "Co-authored-by, push it, and ask anew",
            )
        if NeverCount.COMMITTERS in policy.never_count and self._change.committers is None:
            return Refusal(
                code=RefusalCode.OWN_COMMIT,
                what="GitHub does not say who wrote every commit, so it may have been any approver",
                remedy="let every committer's address belong to an account, and ask anew",
            )
        if said.comment.at - request.at > LIFE:
            return Refusal(
                code=RefusalCode.REQUEST_EXPIRED,
                what=f"the request is from {request.at:%Y-%m-%d %H:%M} UTC, more than a day ago",
                remedy="ask anew",
            )
        return None

    def _may_deny(self, said: _Said) -> bool:
        """Whether somebody's denial counts: any approver's of any region, and anyone's who may write."""
        if any(circle.held(said.author, said.comment.at) for circle in self._book.circles.values()):
            return True
        return self._may_write(said.author)

    def _may_write(self, person: Person) -> bool:
        role = self._book.roles.get(person.id)
        if role is None:
            self._asks.setdefault(person.id, person)
            return False
        return role.may_write

    def _withdrawn_at(self, request: Request) -> datetime | None:
        """Return when the requester took the request back, by the comments or by the ledger."""
        times = [
            said.comment.at
            for said in self._said
            if isinstance(said.command, Withdraw)
            and said.author.id == request.requester.id
            and said.command.request in (None, request.id)
            and (said.comment.at, said.comment.id, said.line) > (request.at, request.comment, 0)
        ]
        seen = self._seen.withdrawals.get((request.id, request.requester.id, "request"))
        return min([*times, *([] if seen is None else [seen])], default=None)

    def _region(
        self, request: Request, name: str, approvals: Sequence[Approval], policy: OverridePolicy
    ) -> RegionStanding:
        circle = self._book.circles[name]
        own = tuple(
            replace(each, teams=circle.teams_of(each.person)) for each in approvals if circle.held(each.person, each.at)
        )
        needed, teams = policy.needed_in(name), policy.teams_needed_in(name)
        granted = met_at(own, needed=needed, teams_needed=teams)
        expires = None if granted is None else granted + request.override.duration
        told = self._seen.expiries.get((request.id, name))
        if expires is not None and told is not None:
            # An approval that went away must not make the others look later than they were.
            expires = min(expires, told)
        excluded = excluded_from(self._change, self._book, request.requester)
        gone = {**excluded, **{each.person.id: (each.person, RefusalCode.DENIED, "") for each in own}}
        return RegionStanding(
            region=name,
            needed=needed,
            teams_needed=teams,
            approvals=own,
            granted_at=granted,
            expires=expires,
            may_approve=names_left(self._change, self._book, circle, gone),
        )

    def _refuse_votes_without_request(self) -> None:
        for said in self._said:
            if isinstance(said.command, Vote) and not self._is_for_another_service(said.command):
                self._refuse(
                    said,
                    Refusal(
                        code=RefusalCode.NO_REQUEST,
                        what="there is no request that stands on this pull request",
                        remedy="somebody has to ask first: /wedgate help",
                    ),
                )

    def _refuse(self, said: _Said, refusal: Refusal) -> None:
        self._refusals.append(
            replace(
                refusal,
                who=said.author.login,
                comment=said.comment.id,
                line=said.line,
                from_outside=self._is_outside(said.comment),
            )
        )

    def _is_outside(self, comment: Comment) -> bool:
        """Whether a comment is by somebody who has no part here, as far as that is known without asking."""
        author = comment.author
        if comment.is_insider or author is None:
            return not comment.is_insider
        role = self._book.roles.get(author.id)
        return not (role is not None and role.may_write) and not any(
            circle.knows(author) for circle in self._book.circles.values()
        )


def _not_said(comment: Comment) -> Refusal | None:
    """Return why nothing in a comment counts as said by a person."""
    author = comment.author
    if author is None or not author.is_human or comment.via_app:
        name = "a deleted account" if author is None else author.login
        return Refusal(
            code=RefusalCode.NOT_A_PERSON,
            what=f"{name} is no person, or an app wrote this",
            remedy="a person has to write it, in a browser",
            who=None if author is None else author.login,
        )
    if comment.edited:
        return Refusal(
            code=RefusalCode.EDITED,
            what=f"{author.login}'s comment was edited after it was written, so it no longer counts",
            remedy="write a new comment",
            who=author.login,
        )
    return None


def trouble_with_fork(change: Change, policy: OverridePolicy) -> Refusal | None:
    """Return why nothing of a fork can be asked for; ``None`` where it can, or the change comes from no fork."""
    remedy = "push the commit to a branch of this repository, and ask there"
    if not change.from_fork:
        return None
    if not policy.forks:
        return Refusal(code=RefusalCode.FORK, what="this pull request comes from a fork", remedy=remedy)
    if NeverCount.HEAD_PUSHER in policy.never_count and not change.pushers:
        what = "this pull request comes from a fork, and GitHub does not say who pushed there: it may be any approver"
        return Refusal(code=RefusalCode.FORK, what=what, remedy=f"{remedy}; `never-count` has head-pusher")
    return None


def trouble_with_text(override: Override, policy: OverridePolicy) -> Refusal | None:
    """Return what is wrong with how long, why, or the link."""
    if override.duration > policy.longest:
        hours = policy.longest.total_seconds() / 3600
        return Refusal(
            code=RefusalCode.TOO_LONG,
            what="it is asked for longer than wedgate.yml allows (`longest`)",
            remedy=f"ask for {hours:g}h or less",
        )
    if override.reason and not override.reason.strip(_DOTS):
        what, remedy = "the reason is still the three dots of the line to copy", 'say why there: reason="..."'
        return Refusal(code=RefusalCode.REASON_MISSING, what=what, remedy=remedy)
    if override.link.endswith("..."):
        what = "the link still ends with the three dots of the line to copy"
        return Refusal(code=RefusalCode.LINK_MISSING, what=what, remedy="give the whole address of the incident")
    if Requirement.REASON in policy.require and not override.reason:
        return Refusal(code=RefusalCode.REASON_MISSING, what="the request does not say why", remedy='add reason="..."')
    needs_link = Requirement.LINK in policy.require or (override.link and policy.links)
    if needs_link and not (override.link and (not policy.links or override.link.startswith(policy.links))):
        where = f" that begins with {' or '.join(policy.links)}" if policy.links else ""
        return Refusal(
            code=RefusalCode.LINK_MISSING,
            what="the request has no link to the incident that counts",
            remedy=f"add link=https://...{where}",
        )
    return None


def _no_write(person: Person) -> Refusal:
    return Refusal(
        code=RefusalCode.NO_PERMISSION,
        what=f"{person.login} may not write to this repository any more, or never could",
        remedy="ask one of those named above",
    )
