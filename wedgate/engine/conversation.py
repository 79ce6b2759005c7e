"""A comment as a use case: what was said, what it comes to, and the answer: one comment, a status, an entry each.

The event only says which comment to look at. The comment itself, and everything else, is read anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from wedgate.adapters.forge.interface import STATUS_LIMIT, CommitStatus, StatusState
from wedgate.calendars.values import Verdict
from wedgate.engine.orders import give_report
from wedgate.engine.overrides import OverrideParts, Overrides, Picture, fresh
from wedgate.engine.whose import Whose, doubt_of
from wedgate.errors import RefusedError
from wedgate.gate.decide import is_allowed
from wedgate.gate.decision import Decision
from wedgate.ledger.appending import Draft
from wedgate.ledger.audit import Act, Frozen
from wedgate.ledger.freezes import Thawing, Unclear, choose, spell, where
from wedgate.ledger.streams import LedgerState
from wedgate.overrides.anchors import anchor_in_status
from wedgate.overrides.commands import Ask, Command, Freeze, Report, Rollback, Thaw, Verb
from wedgate.overrides.grammar import read_comment
from wedgate.overrides.grants import Outgoing
from wedgate.overrides.people import Comment, Person
from wedgate.overrides.policy import Duty
from wedgate.overrides.record import draft_of_freeze, draft_of_thaw
from wedgate.overrides.refusals import Refusal, RefusalCode
from wedgate.overrides.standing import Change
from wedgate.overrides.through import Closing

Decide = Callable[[Change], Decision]
"""Asks the gate about a pull request as its own ``wedgate check`` does: the calendar, and what it changes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said in answer: where things stand, what the gate says of the head, and what this comment came to.

    ``closing`` is what a request has to name, by region. ``done`` are things that were done because of it,
    ``refusals`` those of this comment alone.
    """

    picture: Picture
    decision: Decision
    closing: Mapping[str, Closing] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    wants_help: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Why a comment is none of wedgate's business."""

    why: str


def answer_comment(
    overrides: Overrides, parts: OverrideParts, decide: Decide, *, pull_request: int, comment: int
) -> Answer | Ignored:
    """Do what a comment asks for, as far as its author may, and return what to answer.

    Everything that was said is in the ledger when this returns; a ledger that cannot be written is an
    ``ExternalSystemError``, and nothing was granted.
    """
    picture = overrides.picture(pull_request)
    found = next((each for each in picture.comments if each.id == comment), None)
    if found is None:
        return Ignored(why="the comment is not there any more")
    read = read_comment(found.body)
    if not read:
        return Ignored(why="nothing in the comment is meant for wedgate")
    if not overrides.roster.has_part(found):
        return Ignored(why="whoever wrote it has no part in this repository")
    acted = _acts(overrides, parts, found, read.commands, picture.ledger, pull_request)
    if (
        acted == _Acts()
        and not read.mistakes
        and all(_is_left(overrides, each, pull_request) for _, each in read.commands)
    ):
        return Ignored(why="it is about a rollout of another service, whose run answers")
    picture = overrides.record(picture, acted.drafts)
    if acted.drafts and picture.ledger is not None:
        picture = overrides.picture(pull_request, picture.ledger)
    own = tuple(each for each in picture.standing.refusals if each.comment == comment)
    decision = look(overrides, decide, picture)
    return Answer(
        picture=picture,
        decision=decision,
        closing={} if is_allowed(decision) else overrides.closing(decision),
        done=acted.done,
        refusals=(*own, *acted.refusals),
        wants_help=any(isinstance(command, Ask) and command.verb is Verb.HELP for _, command in read.commands),
    )


def _is_left(overrides: Overrides, command: Command, pull_request: int) -> bool:
    """Whether a command is a rollback that another service's run carries out, or refuses."""
    if not isinstance(command, Rollback):
        return False
    whose = overrides.whose(command.rollout, pull_request)
    return not whose.is_own and whose.refusal is None


def rollbacks_of(overrides: Overrides, parts: OverrideParts, comment: Comment, pull_request: int) -> tuple[str, ...]:
    """Return the rollouts of this service that a comment asks to return to stable, where its author may ask that.

    Beside that only ledgers are read, and one that cannot be keeps nothing back.
    """
    asked = [each for each in read_comment(comment.body).commands if isinstance(each[1], Rollback)]
    return _acts(overrides, parts, comment, asked, None, pull_request).rollbacks


def stop_at_once(overrides: Overrides, parts: OverrideParts, comment: Comment, pull_request: int) -> tuple[str, ...]:
    """Write the freezes and reports of a comment into the ledger, and return the rollouts that were reported.

    It needs the author's permission and the ledger. The answer to the comment finds them there, and has more to read.
    """
    asked = [each for each in read_comment(comment.body).commands if isinstance(each[1], Freeze | Report)]
    acted = _acts(overrides, parts, comment, asked, None, pull_request)
    if acted.drafts and parts.ledger is not None:
        parts.ledger.transact(lambda state: fresh(acted.drafts, state))
    return acted.reported


def newer(overrides: Overrides, parts: OverrideParts, decide: Decide, answer: Answer) -> Answer | None:
    """Return an answer as it is now, ``None`` if nothing was said since it was read.

    Runs for several comments go on at once. Whoever has written an answer asks this, so the last to write, whoever it
    is, has written the newest: what came into the ledger later is written by whoever brought it.
    """
    known = answer.picture
    ledger = None if parts.ledger is None else parts.ledger.read()
    if ledger is not None and known.ledger is not None and ledger.revision == known.ledger.revision:
        return None
    picture = overrides.picture(known.change.number, ledger)
    if ledger is None and _said(picture) == _said(known):
        return None
    decision = look(overrides, decide, picture)
    closing = {} if is_allowed(decision) else overrides.closing(decision)
    return replace(answer, picture=picture, decision=decision, closing=closing)


def _said(picture: Picture) -> list[Comment]:
    return [each for each in picture.comments if read_comment(each.body)]


def look(overrides: Overrides, decide: Decide, picture: Picture) -> Decision:
    """Return what the gate says of a pull request's head now, and what an override would let through; none is used."""
    change, request = picture.change, picture.standing.request
    asked = None if request is None else request.override.sha
    outgoing = Outgoing(commit=change.goes_out if asked == change.merged_as else change.head)
    return overrides.through(overrides.frozen(decide(change)), outgoing, pull_request=change.number, known=picture)


def status_of(decision: Decision, *, url: str | None = None, ledger: LedgerState | None = None) -> CommitStatus:
    """Return the commit status that a decision comes to: what holds, until when, and the head of the ledger."""
    status = _plain_status(decision, url)
    if ledger is None or not ledger.revision:
        return status
    anchor = anchor_in_status(ledger.revision, ledger.head)
    words, room = status.description, STATUS_LIMIT - len(anchor) - 1
    # The anchor is never what is cut off: it is what shows that a ledger was replaced.
    return replace(status, description=f"{words if len(words) <= room else f'{words[: room - 3]}...'} {anchor}")


def changes_of(decision: Decision, ledger: LedgerState | None = None) -> tuple[datetime, ...]:
    """Return the instants after a decision's at which the status that it comes to may be another."""
    change = _holds_until(decision) if is_allowed(decision) else decision.next_open
    # Behind a freeze a grant may be in force, of which the calendar's next opening knows nothing.
    ends = () if ledger is None else (each.until for each in ledger.freezes)
    return tuple(instant for instant in (change, *ends) if instant is not None and instant > decision.at)


def _plain_status(decision: Decision, url: str | None) -> CommitStatus:
    if is_allowed(decision):
        until = _holds_until(decision)
        names = sorted({name for look in decision.overrides if look.is_granted for name in look.approvers})
        by = f" by override of {', '.join(names)}" if names else "" if decision.regions else f": {_code(decision)}"
        words = f"open{by}" if until is None else f"open{by} until {until:%a %d %b %H:%M} UTC"
        return CommitStatus(state=StatusState.SUCCESS, description=words, url=url)
    reason = decision.reasons[0]
    opens = "" if decision.next_open is None else f"; opens {decision.next_open:%a %d %b %H:%M} UTC"
    words = f"{reason.code.value}{f': {reason.rule}' if reason.rule else ''}{opens}"
    return CommitStatus(state=StatusState.FAILURE, description=words, url=url)


def _code(decision: Decision) -> str:
    return decision.reasons[0].code.value


def _holds_until(decision: Decision) -> datetime | None:
    """Return until when an open answer holds: the first closing, or the end of the first grant that it rests on."""
    if decision.verdict is Verdict.CLOSED:
        return None
    granted = [look for look in decision.overrides if look.is_granted]
    ends = [until for look in granted if (until := look.until or look.expires) is not None]
    if not ends:
        return decision.next_close
    let_through = {look.region for look in granted}
    # A region that is let through closes with its grant; by the calendar it is closed already.
    ends += [
        region.answer.next_close
        for region in decision.regions
        if region.region not in let_through and region.answer is not None and region.answer.next_close is not None
    ]
    return min(ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Acts:
    drafts: tuple[Draft, ...] = ()
    done: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    rollbacks: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()


def _acts(
    overrides: Overrides,
    parts: OverrideParts,
    comment: Comment,
    commands: Sequence[tuple[int, Command]],
    ledger: LedgerState | None,
    pull_request: int,
) -> _Acts:
    """Do what needs no vote: freeze, thaw, roll back, report. Who may not is refused."""
    acts = _Acts()
    author = comment.author
    reports = [line for line, command in commands if isinstance(command, Report)]
    for line, command in commands:
        duty = _DUTIES.get(type(command))
        if duty is None or author is None or not author.is_human or comment.via_app or comment.edited:
            continue
        refusal = _refused(overrides, parts, author, duty, command)
        if refusal is not None:
            refused = replace(refusal, who=author.login, comment=comment.id)
            acts = replace(acts, refusals=(*acts.refusals, refused))
        elif isinstance(command, Rollback):
            whose = overrides.whose(command.rollout, pull_request)
            acts = _returned(acts, command, author, comment, whose, ledger)
        elif isinstance(command, Report):
            by = giver_by_comment(author.login, comment.id, None if line == reports[0] else line)
            acts = _reported(acts, command, comment, parts, by)
        else:
            # Decisions are of whole seconds: a freeze counts from the beginning of the one in which it was asked for.
            acts = _carried_out(acts, command, comment, parts.clock().replace(microsecond=0), ledger)
    return acts


_DUTIES = {Freeze: Duty.STOP, Rollback: Duty.STOP, Thaw: Duty.THAW, Report: Duty.REPORT}
_NAMED = "somebody who may (`may:` in wedgate.yml says who)"
_WORDS = {Duty.STOP: "stop anything", Duty.THAW: "thaw", Duty.REPORT: "report a regression by a comment"}


def _refused(
    overrides: Overrides, parts: OverrideParts, author: Person, duty: Duty, command: Command
) -> Refusal | None:
    if not overrides.roster.may(author, duty):
        who = "somebody with write access"
        return Refusal(
            code=RefusalCode.NO_PERMISSION,
            what=f"{author.login} may not {_WORDS[duty]} here",
            remedy=f"ask {who if parts.configuration.overrides is None else _NAMED}",
        )
    if parts.ledger is None and not isinstance(command, Rollback):
        return Refusal(
            code=RefusalCode.NO_LEDGER,
            what=f"there is no ledger to keep a {'report' if isinstance(command, Report) else 'freeze'} in",
            remedy="add `state: {kind: git}` to wedgate.yml, and `contents: write` to the job",
        )
    regions = command.regions if isinstance(command, Freeze | Report | Thaw) else None
    known = [region.name for region in parts.configuration.calendar.regions]
    unknown = next((name for name in regions or () if name not in known), None)
    if unknown is not None:
        return Refusal(
            code=RefusalCode.UNKNOWN_REGION,
            what=f'there is no region "{unknown}"',
            remedy=f"there are {', '.join(known)}",
        )
    return None


def giver_by_comment(login: str, comment: int, line: int | None = None) -> str:
    """Return how the ledger names who reported by a comment: each of its reports once, the second by its line."""
    return f"{login}, comment {comment}{'' if line is None else f', line {line}'}"


def _reported(acts: _Acts, command: Report, comment: Comment, parts: OverrideParts, by: str) -> _Acts:
    """Give a report to the rollouts under way, once for each report of a comment."""
    author, ledger = comment.author, parts.ledger
    assert author is not None  # whoever is nobody was passed over
    assert ledger is not None  # where there is none it was refused
    before = tuple(str(line.given.rollout) for line in ledger.read().orders if line.given.by == by)
    try:
        names = before or give_report(
            ledger,
            by=by,
            why=f"{command.reason} {command.link}".rstrip(),
            at=parts.clock(),
            commit=command.commit,
            digest=command.digest,
            regions=command.regions or (),
        )
    except RefusedError as error:
        remedy = "`wedgate rollout status` says what is under way"
        refusal = Refusal(
            code=RefusalCode.OTHER_RELEASE, what=f"nothing was reported: {error}", remedy=remedy, who=author.login,
            comment=comment.id,
        )  # fmt: skip
        return replace(acts, refusals=(*acts.refusals, refusal))
    there = "" if command.regions is None else f" in {', '.join(command.regions)}"
    done = f"{author.login} reported a regression{there}: {', '.join(names)} goes back"
    return replace(acts, done=(*acts.done, done), reported=tuple(dict.fromkeys((*acts.reported, *names))))


def _carried_out(acts: _Acts, command: Command, comment: Comment, now: datetime, ledger: LedgerState | None) -> _Acts:
    author = comment.author
    assert author is not None  # whoever is nobody was passed over
    freezes = () if ledger is None else ledger.freezes
    known = () if ledger is None else ledger.audit
    # A run that is run again writes nothing: what it says of the comment is what was written then.
    before = {line.kind for line in known if line.body.get("comment") == comment.id}
    if isinstance(command, Freeze):
        frozen = Frozen(
            regions=command.regions,
            until=now + command.duration,
            reason=command.reason,
            by=author.login,
            since=now,
            comment=comment.id,
            asked=comment.at,
        )
        told = _stands(author, comment, now, freezes) if Act.FROZEN in before else (_froze(frozen),)
        done = tuple(dict.fromkeys((*acts.done, *told)))
        return replace(acts, drafts=(*acts.drafts, draft_of_freeze(frozen)), done=done)
    if isinstance(command, Thaw):
        # One that is carried out late, by a run that is run again, ends nothing that was asked for since.
        meant = [each for each in freezes if (each.asked or each.since) <= comment.at and each.comment != comment.id]
        then = _thawed(acts, command, comment, author, now, meant)
        if Act.THAWED not in before:
            return then
        answered = f"what {author.login} asked to thaw here was answered before: it ends nothing now"
        return replace(then, done=tuple(dict.fromkeys((*acts.done, answered))), refusals=acts.refusals)
    return acts


def _returned(
    acts: _Acts, command: Rollback, author: Person, comment: Comment, whose: Whose, ledger: LedgerState | None
) -> _Acts:
    """Hand over a rollback of a rollout of this service; one of another is left to that service's run."""
    if whose.is_own:
        asked = f"{author.login} asked to return {command.rollout} to stable"
        doubt = None if ledger is None else doubt_of(command.rollout, ledger)
        told = asked if doubt is None else f"{asked}; {doubt}"
        rollbacks = tuple(dict.fromkeys((*acts.rollbacks, command.rollout)))
        return replace(acts, done=(*acts.done, told), rollbacks=rollbacks)
    if whose.refusal is None:
        return acts
    refusal = replace(whose.refusal, who=author.login, comment=comment.id)
    return replace(acts, refusals=(*acts.refusals, refusal))


def _froze(frozen: Frozen) -> str:
    return f"{frozen.by} froze {where(frozen)} until {frozen.until:%Y-%m-%d %H:%M} UTC"


def _stands(author: Person, comment: Comment, now: datetime, freezes: Sequence[Frozen]) -> tuple[str, ...]:
    """Say what holds still of the freezes that a comment began before."""
    held = [_froze(each) for each in freezes if each.comment == comment.id and now < each.until]
    return tuple(held) or (f"what {author.login} froze here is not frozen any more, and was not frozen again",)


def _thawed(
    acts: _Acts, command: Thaw, comment: Comment, author: Person, now: datetime, freezes: Sequence[Frozen]
) -> _Acts:
    """End what a comment means of the freezes; where that is not clear, it ends nothing, and never will."""
    chosen = choose(freezes, now, regions=command.regions, entries=command.freezes, is_for_all=command.is_for_all)
    thawing = Thawing(freezes=(), regions=None) if isinstance(chosen, Unclear) else chosen
    draft = draft_of_thaw(thawing, author.login, command.reason, now, comment=comment.id, asked=comment.at)
    acts = replace(acts, drafts=(*acts.drafts, draft))
    if isinstance(chosen, Unclear) and chosen.remedy:
        code = RefusalCode.SEVERAL_FREEZES if chosen.is_several else RefusalCode.NOT_FROZEN
        refusal = Refusal(code=code, what=chosen.what, remedy=chosen.remedy, who=author.login, comment=comment.id)
        return replace(acts, refusals=(*acts.refusals, refusal))
    there = "" if thawing.regions is None else f" in {', '.join(thawing.regions)}"
    ended = [f"{author.login} ended freeze {spell(each)}{there}" for each in thawing.freezes]
    return replace(acts, done=(*acts.done, *(ended or [f"{author.login} ended nothing: nothing is frozen"])))
