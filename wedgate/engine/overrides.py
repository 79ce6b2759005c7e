"""Overrides as a use case: read everything anew, work out where a pull request stands, and let a deployment through.

Whatever cannot be read keeps the gate as it was: a grant is a reason to open, and not knowing is none. The use of a
grant is in the ledger before anything opens because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from wedgate.adapters.forge.interface import CommitStatus, Committers, Conversations, Forge, PullRequest
from wedgate.calendars.values import Verdict
from wedgate.config.configuration import Configuration
from wedgate.engine.audit import AuditBook
from wedgate.engine.check import ask_region
from wedgate.engine.frozen import with_freezes
from wedgate.engine.lasting import granted_until
from wedgate.engine.parts import Almanac
from wedgate.engine.roster import OnCall, Roster
from wedgate.engine.whose import Elsewhere, Whose, whose_rollout
from wedgate.errors import ExternalSystemError
from wedgate.gate.decide import words_of
from wedgate.gate.decision import Decision
from wedgate.gate.reasons import ReasonCode
from wedgate.ledger.appending import Draft
from wedgate.ledger.audit import Frozen
from wedgate.ledger.streams import LedgerState
from wedgate.overrides.anchors import anchors_in, anchors_of_comment, is_another
from wedgate.overrides.conversation import hear
from wedgate.overrides.excluded import too_few_left
from wedgate.overrides.grants import Grant, Outgoing, Use, grant_in
from wedgate.overrides.people import Comment, Person
from wedgate.overrides.place import ROOT, Place
from wedgate.overrides.policy import (
    OVERRIDABLE,
    NeverCount,
)
from wedgate.overrides.record import draft_of_use, news_of, seen_in, uses_in
from wedgate.overrides.refusals import Refusal, RefusalCode
from wedgate.overrides.standing import Change, Rulebook, Seen, Standing
from wedgate.overrides.through import Closing, closing_of, closing_of_whole, let_through

MOST_PULL_REQUESTS = 5
LEEWAY = timedelta(minutes=1)
"""So much earlier than the last request comments are asked for: the forge's times are of whole seconds."""
_Anchored = tuple[tuple[int, str], str]
"""An anchor, and the words for where it stands."""
_BROKEN = (ReasonCode.CONFIG_INVALID.value, ReasonCode.CONFIG_MISSING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideParts:
    """Everything that overrides touch. ``run_again`` is the workflow's run if it was run again.

    ``on_call`` returns who is on call by a calendar; ``ExternalSystemError`` if that is not known.
    ``elsewhere`` returns the rollouts of the other services of the repository.
    ``almanac`` is what the calendar of ``configuration``, which may be the last valid one, is asked with.
    """

    forge: Forge
    conversations: Conversations
    configuration: Configuration
    ledger: AuditBook | None
    almanac: Almanac
    repository: str
    clock: Callable[[], datetime]
    run_again: int | None = None
    on_call: Callable[[str], OnCall] = lambda location: OnCall()
    place: Place = ROOT
    elsewhere: Elsewhere = dict


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A pull request as it was read just now: itself, its comments, and what they come to."""

    pull_request: PullRequest
    change: Change
    comments: tuple[Comment, ...]
    standing: Standing
    book: Rulebook
    ledger: LedgerState | None

    @property
    def impossible(self) -> dict[str, Refusal]:
        """The regions in which too few are left to approve, whoever asks, each with why."""
        if self.book.policy is None:
            return {}
        found = {region: too_few_left(self.change, self.book, region, None) for region in self.book.regions}
        return {region: refusal for region, refusal in found.items() if refusal is not None}


def fresh(drafts: Sequence[Draft], state: LedgerState) -> list[Draft]:
    """Return those of a comment's drafts that the ledger does not have: a run that is run again does nothing twice."""
    done = {(line.kind, line.body.get("comment")) for line in state.audit}
    return [each for each in drafts if (each.kind, each.body.get("comment")) not in done]


class Overrides:
    """What may be let through, in one repository."""

    def __init__(self, parts: OverrideParts, *, owners: str | None = None) -> None:
        """``owners``: the file of owners, where another than the default branch's counts."""
        self._parts = parts
        self.roster = Roster(parts.configuration, parts.forge, parts.conversations, parts.on_call, owners=owners)
        self._doubted: set[int] = set()
        self._whose: dict[str, Whose] = {}
        self.used: Picture | None = None
        """The pull request whose grant was used, as it was read then, with the ledger behind the use."""
        self._in_statuses: dict[str, tuple[_Anchored, ...]] = {}

    def whose(self, rollout: str, pull_request: int) -> Whose:
        """Return whose a rollout is, looked up once: what was handed over by it is not taken back.

        ``pull_request`` is the one with the comment that names it: what anchors the ledger is looked for there.
        """
        if rollout not in self._whose:
            parts = self._parts
            self._whose[rollout] = whose_rollout(
                rollout, parts.ledger, parts.elsewhere, parts.place, lambda: self._anchors_on(pull_request)
            )
        return self._whose[rollout]

    def _anchors_on(self, pull_request: int) -> tuple[tuple[int, str], ...]:
        """Return what wedgate's comments on a pull request and the statuses of its head say of this place's ledger."""
        conversations = self._parts.conversations
        head = conversations.pull_request(pull_request).head
        statuses = conversations.latest_statuses(head, self._parts.place.status)
        posted = tuple(each for status in statuses for each in anchors_in(status.description))
        return (*self.anchors(conversations.comments(pull_request)), *posted)

    def doubt(self, comment: int) -> None:
        """Take a comment for edited, whatever the forge says: it is not what whoever wrote it sent."""
        self._doubted.add(comment)

    def _as_known(self, comment: Comment, edited: frozenset[int]) -> Comment:
        """Return a comment as it counts: once known to be edited it stays so, and the ledger hears of it."""
        if comment.id in self._doubted:
            return replace(comment, edited=True, is_insider=self.roster.has_part(comment))
        return replace(comment, edited=True) if comment.id in edited else comment

    def picture(
        self,
        number: int,
        ledger: LedgerState | None = None,
        *,
        pull_request: PullRequest | None = None,
        is_whole: bool = True,
    ) -> Picture:
        """Read a pull request anew and work out where it stands; what was read of it just now is not read again.

        Not ``is_whole``: without the comments from before the last request that the ledger has. Nothing of them counts.
        """
        conversations, listed = self._parts.conversations, pull_request is not None
        pull_request = pull_request or conversations.pull_request(number)
        if ledger is None and self._parts.ledger is not None:
            ledger = self._parts.ledger.read()
        seen = seen_in(() if ledger is None else ledger.audit)
        newest = None if is_whole else seen.newest.get((self._parts.repository, number))
        comments = conversations.comments(number, None if newest is None else newest - LEEWAY)
        ledger = self._behind(ledger, self.anchors(comments))
        seen = seen_in(() if ledger is None else ledger.audit)
        comments = tuple(self._as_known(each, seen.edited) for each in comments)
        change = self._change(pull_request, seen)
        book, now = self.roster.book(), self._parts.clock()
        insiders = {each.author.id for each in comments if each.is_insider and each.author is not None}
        standing = hear(change, comments, book, seen=seen, now=now)
        while self.roster.learn(standing.asks, insiders=insiders, book=book):
            book = self.roster.book()
            standing = hear(change, comments, book, seen=seen, now=now)
        request = standing.request
        if request is not None and request.override.sha == change.merged_as and change.merged_by is None and listed:
            return self.picture(number, ledger, is_whole=is_whole)  # a list does not say who merged it
        return Picture(
            pull_request=pull_request,
            change=change,
            comments=comments,
            standing=standing,
            book=book,
            ledger=ledger,
        )

    def record(self, picture: Picture, more: Sequence[Draft] = ()) -> Picture:
        """Write what is new of a picture into the ledger, and return the picture with the ledger as it is then."""
        if self._parts.ledger is None:
            return picture
        now = self._parts.clock()

        def decide(state: LedgerState) -> Sequence[Draft]:
            return (*news_of(picture.standing, picture.change, state.audit, now), *fresh(more, state))

        return replace(picture, ledger=self._parts.ledger.transact(decide))

    def frozen(self, decision: Decision) -> Decision:
        """Return the decision with what is frozen closed; closed, too, if the ledger cannot be read."""
        ledger = self._parts.ledger
        if ledger is None:
            return decision
        return with_freezes(decision, ledger, self._parts.configuration.calendar, self._parts.almanac)

    def through(
        self,
        decision: Decision,
        outgoing: Outgoing,
        *,
        pull_request: int | None = None,
        known: Picture | None = None,
    ) -> Decision:
        """Return the decision with what an override opens of it.

        With a ``binding`` in ``outgoing`` every grant that opens something is used: recorded first, once for each
        region. ``pull_request`` is the one that is asked about; otherwise those that the commit belongs to are.
        ``known`` is how it was read just now, for who only looks.
        """
        if (
            decision.verdict is not Verdict.CLOSED
            or decision.hypothetical
            or self._parts.configuration.overrides is None
        ):
            return decision
        closing = self.closing(decision)
        if not closing:
            return decision
        best: tuple[dict[str, Grant | Refusal], int, Picture] | None = None
        candidates, left_out = self._candidates(outgoing.commit, pull_request)
        for number, read in candidates.items():
            picture = known or self.picture(number, pull_request=read, is_whole=False)
            found = self._grants(picture, self._with_trees(outgoing, picture), closing, _runway_of(decision))
            if best is None or _count(found) > _count(best[0]):
                best = found, number, picture
            if _count(found) == len(closing):
                break
        if best is None:
            return decision
        found, number, picture = best
        if outgoing.binding is not None and _count(found):
            found = self._use(picture, self._with_trees(outgoing, picture), closing, decision)
        found = {region: _beside(each, left_out) for region, each in found.items()}
        return let_through(decision, found, pull_request=number, lasts=self._lasts(found, decision))

    def _lasts(self, found: Mapping[str, Grant | Refusal], decision: Decision) -> dict[str, datetime]:
        """Return until when each grant keeps its region open, where the calendar has a part in the decision."""
        if not decision.regions:
            return {}
        return {region: self._until(each, decision.at) for region, each in found.items() if isinstance(each, Grant)}

    def _until(self, grant: Grant, at: datetime, needed: timedelta = timedelta(0)) -> datetime:
        policy = self._parts.configuration.overrides
        return granted_until(
            self._parts.configuration.calendar,
            self._parts.almanac,
            grant.region,
            at,
            grant.expires,
            rules=grant.rules,
            untouchable=frozenset() if policy is None else policy.untouchable,
            needed=needed,
        )

    def anchors(self, comments: Sequence[Comment]) -> tuple[tuple[int, str], ...]:
        """Return what wedgate's own comments on a pull request say of the ledger of this place.

        An app wrote them, or the account of a machine, which looks like a person who may write here. Whoever may write
        could stop an override anyhow; a stranger's comment that looks like wedgate's says nothing, nor does a bot's
        that repeats it.
        """
        forge = self._parts.forge
        return tuple(
            anchor
            for comment in comments
            if comment.body.startswith(self._parts.place.marker) and (author := comment.author) is not None
            for anchor in anchors_of_comment(comment.body)
            if (self.roster.role(author).may_write if author.is_human else forge.may_be_wedgates(author.login))
        )

    def _behind(self, ledger: LedgerState | None, anchors: Sequence[tuple[int, str]]) -> LedgerState | None:
        """Return a ledger, read again where anchors that were read behind it know more: a run wrote in between."""
        if ledger is None or self._parts.ledger is None or not is_another(ledger.hashes, anchors):
            return ledger
        return self._parts.ledger.read()

    def is_another(self, picture: Picture) -> bool:
        """Whether the ledger is not the one that wedgate's own comments on a pull request anchored."""
        return picture.ledger is not None and is_another(picture.ledger.hashes, self.anchors(picture.comments))

    def idle(self, picture: Picture) -> str:
        """Return why what was asked for opens nothing by itself now; empty where every region is granted and unused."""
        standing, ledger = picture.standing, picture.ledger
        if not standing.is_granted:
            return "it is not granted in every region"
        if ledger is None:
            return "there is no ledger to record its use in"
        if self.is_another(picture):
            return f"this is not the ledger that {self._who_anchored(picture, ledger)} anchored"
        if self.uses(picture):
            return "it was used"
        now = self._parts.clock()
        is_over = any(each.expires is not None and each.expires <= now for each in standing.regions)
        return "its time is over" if is_over else ""

    def uses(self, picture: Picture) -> tuple[Use, ...]:
        """Return the uses of the request that stands, as the ledger has them."""
        request, ledger = picture.standing.request, picture.ledger
        if request is None or ledger is None:
            return ()
        return tuple(use for use in uses_in(ledger.audit) if use.request == request.id)

    def _who_anchored(self, picture: Picture, ledger: LedgerState) -> str:
        """Return the words for the comment that anchored another ledger: it may be none of wedgate's."""
        found = next(each for each in picture.comments if is_another(ledger.hashes, self.anchors((each,))))
        assert found.author is not None  # whoever is nobody anchors nothing
        return f"the comment {found.id} by {found.author.login} (delete it, if that is not wedgate's account)"

    def _anchors_in_statuses(self, commit: str) -> tuple[_Anchored, ...]:
        """Return what the statuses of a commit say of this place's ledger, or its check runs; asked once.

        All of them, whatever their names: anybody who may write can put a hundred others before them.
        """
        if commit not in self._in_statuses:
            statuses = self._parts.conversations.statuses_of(commit, self._parts.place.status)
            found = _anchored("status", statuses)
            own = [each for each in statuses if self._parts.forge.may_be_wedgates(each.by)]
            # A status by hand, of an older ledger, must not keep check runs from being asked.
            if not _anchored("status", own):
                found += self._anchors_in_checks(commit, is_needed=not found)
            self._in_statuses[commit] = found
        return self._in_statuses[commit]

    def _anchors_in_checks(self, commit: str, *, is_needed: bool) -> tuple[_Anchored, ...]:
        """Return what check runs by wedgate's own app say; they are needed where no status anchors the ledger.

        No person posts check runs: a token of one's own reads what another of wedgate's jobs posted.
        """
        checks = self._parts.conversations.checks_of(commit, self._parts.place.status)
        if checks is None and is_needed:
            what = f"no status of {commit[:12]} anchors the ledger, and its check runs may not be read"
            raise ExternalSystemError(f"{what}; give the job `checks: read`")
        may_be_by = self._parts.forge.may_be_wedgates
        anchoring = [check for check in checks or () if anchors_in(check.description)]
        own = [check for check in anchoring if may_be_by(check.by)]
        if is_needed and anchoring and not own:
            who = ", ".join(sorted({str(check.by) for check in anchoring})[:MOST_PULL_REQUESTS])
            what = f"only check runs by {who} anchor the ledger for {commit[:12]}, and this token is none of that app"
            raise ExternalSystemError(f"{what}: let the job that deploys use the token of the job that posts them")
        return _anchored("check run", own)

    def closing(self, decision: Decision) -> dict[str, Closing]:
        """Return what closes each region, and a request has to name; nothing where no override could open it.

        A decision without regions is closed for the same in all that there are.
        """
        if decision.regions:
            closed = [region for region in decision.regions if region.verdict is Verdict.CLOSED]
            return {region.region: closing_of(region) for region in closed}
        whole = closing_of_whole(decision)
        if not all(code in OVERRIDABLE for code, _ in whole):
            return {}
        freezes = () if self._parts.ledger is None else self._parts.ledger.read().freezes
        return {
            region.name: (*whole, *self._closing_besides(whole, region.name, decision.at, freezes))
            for region in self._parts.configuration.calendar.regions
        }

    def _closing_besides(self, whole: Closing, region: str, at: datetime, freezes: Sequence[Frozen]) -> Closing:
        """Return what closes a region beside a broken configuration: its last valid calendar, and a freeze.

        A change of the configuration is judged by what it changes, whatever the day.
        """
        found: list[tuple[str, str | None]] = []
        is_broken = any(code in _BROKEN for code, _ in whole)
        if is_broken:
            decided = ask_region(self._parts.configuration, region, at, None, almanac=self._parts.almanac)
            found += closing_of(decided) if decided.verdict is Verdict.CLOSED else ()
        if any(frozen.holds(region, at) for frozen in freezes):
            found.append((ReasonCode.FROZEN.value, None))
        return tuple(found)

    def _candidates(
        self, commit: str, pull_request: int | None
    ) -> tuple[dict[int, PullRequest | None], tuple[int, ...]]:
        """Return the pull requests of a commit to look at, and those that are left out because there are so many.

        The one that is named is looked at alone, and not read yet.

        Anybody may open one from a fork, with the head of any other: where the policy takes no forks, they are not
        looked at, unless there is nothing else. First come those of which the ledger knows a request.
        """
        if pull_request is not None:
            return {pull_request: None}, ()
        policy, ledger = self._parts.configuration.overrides, self._parts.ledger
        every = self._parts.conversations.pull_requests_of(commit)
        takes_forks = policy is not None and policy.forks
        found = [each for each in every if takes_forks or not each.from_fork] or list(every[:1])
        if len(found) > 1:
            newest = seen_in(() if ledger is None else ledger.read().audit).newest
            asked = {number for repository, number in newest if repository == self._parts.repository}
            found.sort(
                key=lambda each: (
                    each.number not in asked,
                    each.from_fork,
                    each.merged_as != commit,
                    each.merged_as is None,
                )
            )
        looked_at: dict[int, PullRequest | None] = {each.number: each for each in found[:MOST_PULL_REQUESTS]}
        return looked_at, tuple(each.number for each in found[MOST_PULL_REQUESTS:])

    def _grants(
        self, picture: Picture, outgoing: Outgoing, closing: Mapping[str, Closing], runway: timedelta | None
    ) -> dict[str, Grant | Refusal]:
        ledger = picture.ledger
        if ledger is None:
            none = Refusal(
                code=RefusalCode.NO_LEDGER,
                what="there is no ledger to record the use of an override in",
                remedy="add `state: {kind: git}` to wedgate.yml, and `contents: write` to the job",
            )
            return dict.fromkeys(closing, none)
        if self.is_another(picture):
            return dict.fromkeys(closing, _another_than(self._who_anchored(picture, ledger)))
        uses, now = uses_in(ledger.audit), self._parts.clock()
        policy = self._parts.configuration.overrides
        untouchable = frozenset() if policy is None else policy.untouchable
        found = {
            region: grant_in(picture.standing, region, outgoing, why, uses=uses, at=now, untouchable=untouchable)
            for region, why in closing.items()
        }
        if runway is not None:
            found = {
                region: self._lasting(each, now, runway) if isinstance(each, Grant) else each
                for region, each in found.items()
            }
        # The comment may be older than the last use; whoever only looks opens nothing a second time.
        uses_it = outgoing.binding is not None and _count(found)
        anchored = self._anchors_in_statuses(picture.change.head) if uses_it else ()
        there = self._behind(ledger, [anchor for anchor, _ in anchored])
        assert there is not None  # without one there is no grant
        foreign = next((where for anchor, where in anchored if is_another(there.hashes, (anchor,))), None)
        if foreign is not None:
            return dict.fromkeys(closing, _another_than(foreign))
        return found

    def _lasting(self, grant: Grant, at: datetime, runway: timedelta) -> Grant | Refusal:
        """Return a grant that keeps its region open for the runway asked for, or that it does not."""
        until = self._until(grant, at, runway)
        if until - at >= runway:
            return grant
        return Refusal(
            code=RefusalCode.RUNWAY_SHORT,
            what=f"the override opens {grant.region} until {until:%Y-%m-%d %H:%M:%S} UTC, and "
            f"{words_of(runway, up=True)} were asked for",
            remedy="ask for an override that is long enough, and names what closes later",
        )

    def _use(
        self, picture: Picture, outgoing: Outgoing, closing: Mapping[str, Closing], decision: Decision
    ) -> dict[str, Grant | Refusal]:
        """Record the use of each grant against the ledger as it is at that moment, and return what held there."""
        ledger = self._parts.ledger
        assert ledger is not None  # without one there is no grant
        # Once it is merged its head stays where it is, whatever becomes of the branch.
        is_merged = picture.pull_request.merged_as is not None
        if not is_merged and self._parts.conversations.pull_request(picture.change.number).head != picture.change.head:
            moved = Refusal(
                code=RefusalCode.HEAD_MOVED,
                what="the branch moved while it was looked at",
                remedy="run this again; another commit needs another override",
            )
            return dict.fromkeys(closing, moved)
        found: dict[str, Grant | Refusal] = {}
        standing = picture.standing

        def decide(state: LedgerState) -> Sequence[Draft]:
            nonlocal found, standing
            now = self._parts.clock()
            # What the ledger has by now counts: a denial or a freeze that was faster than this use.
            standing = hear(picture.change, picture.comments, picture.book, seen=seen_in(state.audit), now=now)
            there = replace(picture, ledger=state, standing=standing)
            closing_now = _with_freezes(closing, state.freezes, now)
            found = self._grants(there, outgoing, closing_now, _runway_of(decision))
            news = news_of(standing, picture.change, state.audit, now)
            recorded = {(use.request, use.region, use.binding) for use in uses_in(state.audit)}
            uses = [
                draft_of_use(grant, outgoing, now, self._why(picture, decision, closing[region]))
                for region, grant in found.items()
                if isinstance(grant, Grant) and (grant.request.id, region, outgoing.binding) not in recorded
            ]
            return (*news, *uses)

        state = ledger.transact(decide)
        self.used = replace(picture, ledger=state, standing=standing)
        return found

    def _why(self, picture: Picture, decision: Decision, closing: Closing) -> dict[str, object]:
        inputs = decision.inputs
        return {
            "repository": self._parts.repository,
            "pull_request": picture.change.number,
            "closed_by": [rule or code for code, rule in closing],
            "next_open": None if decision.next_open is None else decision.next_open.isoformat(),
            "config_digest": inputs.config_digest,
            "config_ref": inputs.config_ref,
            "zone_data": inputs.zone_data,
            "wedgate": inputs.wedgate,
        }

    def _with_trees(self, outgoing: Outgoing, picture: Picture) -> Outgoing:
        """Return what is to go out with the trees to compare, where the commit itself is not the one approved."""
        request = picture.standing.request
        if request is None or request.override.sha == outgoing.commit:
            return outgoing
        tree_of = self._parts.conversations.tree_of
        return replace(outgoing, tree=tree_of(outgoing.commit), approved_tree=tree_of(request.override.sha))

    def _change(self, pull_request: PullRequest, seen: Seen) -> Change:
        conversations, policy = self._parts.conversations, self._parts.configuration.overrides
        never = frozenset() if policy is None else policy.never_count
        wants_committers = NeverCount.COMMITTERS in never
        again = self._parts.run_again
        written = conversations.committers_of(pull_request.number) if wants_committers else Committers()
        return Change(
            repository=self._parts.repository,
            number=pull_request.number,
            place=self._parts.place,
            head=pull_request.head,
            author=pull_request.author,
            pushers=self._pushers(pull_request, seen) if NeverCount.HEAD_PUSHER in never else (),
            committers=None if written is None else written.people,
            co_author_logins=frozenset() if written is None else written.logins,
            strangers=() if written is None else written.strangers,
            re_runners=() if again is None or NeverCount.RE_RUNNER not in never else conversations.who_ran(again),
            from_fork=pull_request.from_fork,
            merged_as=pull_request.merged_as,
            merged_by=pull_request.merged_by,
        )

    def _pushers(self, pull_request: PullRequest, seen: Seen) -> tuple[Person, ...]:
        """Return who pushed the head: those of now and those of when it was asked for, in case its branch is gone.

        Then it may have been asked for as what merging made of it.
        """
        now = self._parts.conversations.pushers_of(pull_request)
        asked = (pull_request.head, pull_request.merged_as)
        then = (each for commit in asked if commit is not None for each in seen.pushers.get(commit, ()))
        return tuple(dict.fromkeys((*now, *then)))


def _beside(found: Grant | Refusal, left_out: Sequence[int]) -> Grant | Refusal:
    """Return what was found, a refusal with how many pull requests of the commit were not looked at."""
    if not left_out or isinstance(found, Grant):
        return found
    names = ", ".join(f"#{number}" for number in left_out[:MOST_PULL_REQUESTS])
    words = f"{len(left_out)} more pull requests have this commit and were not looked at ({names}): close what is idle"
    return replace(found, remedy=f"{found.remedy}; {words}")


def _anchored(what: str, posted: Iterable[CommitStatus]) -> tuple[_Anchored, ...]:
    """Return the anchors of what was posted for a commit, each with where it stands and by whom."""
    return tuple(
        (anchor, f"a {what} of this commit by {each.by or 'a deleted account'}")
        for each in posted
        for anchor in anchors_in(each.description)
    )


def _another_than(what: str) -> Refusal:
    return Refusal(
        code=RefusalCode.NO_LEDGER,
        what=f"this is not the ledger that {what} anchored: somebody has replaced or cut it",
        remedy="`wedgate audit verify` says more; find out who may push to it, and put it back",
    )


def _with_freezes(closing: Mapping[str, Closing], freezes: Sequence[Frozen], at: datetime) -> dict[str, Closing]:
    """Return what closes each region, and that it is frozen where it is by now."""
    frozen = (ReasonCode.FROZEN.value, None)
    return {
        region: why if frozen in why or not any(each.holds(region, at) for each in freezes) else (*why, frozen)
        for region, why in closing.items()
    }


def _runway_of(decision: Decision) -> timedelta | None:
    """Return the runway that a grant has to leave: none where a change was judged, whatever the day."""
    is_change = not decision.regions and not any(reason.code.value in _BROKEN for reason in decision.reasons)
    return None if is_change else decision.runway_needed


def _count(found: Mapping[str, Grant | Refusal]) -> int:
    return sum(isinstance(each, Grant) for each in found.values())
