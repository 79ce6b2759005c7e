"""The gate as a use case: fetch the configuration that decides, ask its calendars, and decide.

The order matters. An untrusted clock, a forge that does not answer and a configuration that cannot be used close the
gate before any calendar is asked. A change to the configuration alone is judged by what it does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from wedgate.calendars.explain import look_at
from wedgate.calendars.sources import expiring, partial, partial_words, used
from wedgate.calendars.timeline import Timeline
from wedgate.calendars.values import Calendar, RuleLook, Verdict
from wedgate.config.configuration import Configuration
from wedgate.config.nearest import remedy_for
from wedgate.engine.horizon import (
    answering_timeline,
    closing_reasons,
    first_opening,
    reasons_until,
)
from wedgate.engine.parts import Almanac, ConfigurationText, GateParts, ProposedChange
from wedgate.errors import ConfigurationError, ExternalSystemError, SharedUnknownError, UsageError
from wedgate.gate.change import judge_change
from wedgate.gate.clock import EARLIEST, LATEST, clock_trouble
from wedgate.gate.decide import Question, Together, closed_besides, decide, decide_region, decide_without_calendar
from wedgate.gate.decision import Decision, Inputs, Mode, Reason, RegionDecision
from wedgate.gate.reasons import ReasonCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why no calendar can be asked. ``text`` is what was read of the configuration, if anything was."""

    reasons: tuple[Reason, ...]
    text: ConfigurationText | None = None


class Gate:
    """Answers whether a deployment may go, from the configuration that its parts fetch."""

    def __init__(self, parts: GateParts) -> None:
        self._parts = parts
        self.asked: Configuration | None = None
        """The configuration that the last decision was asked of; ``None`` where none could be used."""

    @property
    def almanac(self) -> Almanac:
        """The almanac that it asks: files beside the configuration are read where the configuration is."""
        return self._parts.almanac

    def decide(
        self,
        regions: Sequence[str] | None,
        *,
        at: datetime | None = None,
        runway: timedelta | None = None,
        explain: bool = False,
        by_calendar: bool = False,
    ) -> Decision:
        """Decide for some regions (``None`` or none: all of them), now or at an instant given by hand.

        A change to the configuration alone is judged by what it does, whatever the calendar says; one that changes
        other things as well is asked for both, in every region. ``by_calendar``: the calendar alone decides.
        Raises ``UsageError`` for an unknown region and for an instant beyond what can be answered for. Everything
        else that goes wrong is a closed decision with its reason.
        """
        asked = None if at is None else instant_to_answer(at)
        read = self.read(trust_clock=asked is not None)
        question = Question(
            at=asked or _now_or_epoch(self._parts), hypothetical=asked is not None, runway_needed=runway
        )
        if isinstance(read, Trouble):
            self.asked = None
            return self._closed(question, read)
        text, configuration = read
        self.asked = configuration
        names = regions_to_ask(configuration.calendar, regions)
        inputs = self._inputs(text, configuration)
        change = None if by_calendar else self._change()
        if isinstance(change, Trouble):
            return self._closed(question, change)
        judged = None if change is None else self._judge(configuration, change, question.at)
        if isinstance(judged, Trouble):
            return self._closed(question, judged)
        if change is not None and judged is not None:
            verdict, reasons = judged
            if change.is_all:
                return decide_without_calendar(question, verdict, reasons, mode=configuration.mode, inputs=inputs)
            if verdict is Verdict.CLOSED:
                every = regions_to_ask(configuration.calendar, None)
                decision = _ask_calendar(configuration, every, question, self._parts.almanac, inputs, explain=explain)
                return closed_besides(decision, reasons)
        return _ask_calendar(configuration, names, question, self._parts.almanac, inputs, explain=explain)

    def read(self, *, trust_clock: bool = False) -> tuple[ConfigurationText, Configuration] | Trouble:
        """Fetch and parse the configuration that decides; trouble says why the gate is closed instead."""
        try:
            text = self._parts.source.fetch()
        except ConfigurationError as error:
            return Trouble(reasons=_invalid(error))
        except ExternalSystemError as error:
            return _unreachable(error)
        if not trust_clock and (trouble := self._clock_trouble()) is not None:
            return trouble
        if text is None:
            return self._repairing() or Trouble(
                reasons=(
                    Reason(
                        code=ReasonCode.CONFIG_MISSING,
                        text="there is no wedgate.yml and no .github/wedgate.yml; write one with `wedgate init`",
                    ),
                )
            )
        try:
            return text, self._parts.parse(text.content, text.path)
        except ConfigurationError as error:
            return self._repairing() or Trouble(reasons=_invalid(error), text=text)
        except SharedUnknownError as error:
            return self._repairing(was_valid=True) or _unreachable(error)
        except ExternalSystemError as error:
            return _unreachable(error)

    def inputs(self) -> Inputs:
        """Return what decides now, as a decision records it."""
        read = self.read()
        return self._inputs(read.text, None) if isinstance(read, Trouble) else self._inputs(*read)

    def _repairing(self, *, was_valid: bool = False) -> Trouble | None:
        """Return the reason for which a pull request that repairs the configuration alone may go.

        It may not if it opens what the last valid configuration closes: that is more than a repair. ``was_valid``: one
        there was for sure, and what is not known of it closes.
        """
        if self._parts.proposed_change is None:
            return None
        change = self._change()
        if change is None or isinstance(change, Trouble) or change.head is None or not change.is_all:
            return None
        try:
            repaired = self._parts.parse(change.head, change.path)
            last = None if self._parts.last_valid is None else self._parts.last_valid()
            if last is None and was_valid:
                return None
            if last is None and (trouble := self._parts.ledger_trouble(repaired)) is not None:
                return Trouble(reasons=(Reason(code=ReasonCode.CONFIG_LOOSENED, text=f"the change {trouble}"),))
            verdict, reason = (
                (Verdict.OPEN, None)
                if last is None
                else self._compare(last, repaired, change, _now_or_epoch(self._parts))
            )
        except (ConfigurationError, ExternalSystemError):
            return None
        if reason is not None and verdict is Verdict.CLOSED:
            return Trouble(reasons=(reason,))
        what = "adds the missing configuration" if change.base is None else "makes the broken configuration valid"
        return Trouble(reasons=(Reason(code=ReasonCode.CONFIG_REPAIRED, text=f"the change {what}"),))

    def _clock_trouble(self) -> Trouble | None:
        try:
            forge_date = None if self._parts.forge_date is None else self._parts.forge_date()
            now = self._parts.clock()
        except ExternalSystemError as error:
            return _unreachable(error)
        except (OverflowError, ValueError, OSError):
            return _clock_untrusted("this machine's clock cannot be read as a date; set it right")
        words = clock_trouble(now, forge_date)
        return None if words is None else _clock_untrusted(words)

    def _change(self) -> ProposedChange | Trouble | None:
        if self._parts.proposed_change is None:
            return None
        try:
            return self._parts.proposed_change()
        except ConfigurationError as error:
            return Trouble(reasons=_invalid(error))
        except ExternalSystemError as error:
            return _unreachable(error)

    def _judge(
        self, base: Configuration, change: ProposedChange, at: datetime
    ) -> tuple[Verdict, tuple[Reason, ...]] | Trouble | None:
        """Judge a change whose base is valid by what it opens; ``None`` where the calendar decides.

        It does so about a first policy of overrides: no quorum could let it in yet, and it lets others in. So it does
        about who may approve in a region where too few are left, and about another place for a ledger that does not
        exist any more: no quorum can let anything in there.
        """
        # Most questions are not about a change.
        from wedgate.engine.proposed import changed_files, fills, led_astray, mends

        if change.head is None:
            text = "the change deletes the configuration; that needs the override quorum"
            return Verdict.CLOSED, (Reason(code=ReasonCode.CONFIG_LOOSENED, text=text),)
        try:
            is_as_it_was = change.head == change.base and not changed_files(base, change)
            if not change.is_all and is_as_it_was and not any(led_astray(base, change)):
                return None
            head = self._parts.parse(change.head, change.path)
            names = [region.name for region in base.calendar.regions]
            lost = self._parts.out_of_reach(base, names, None) if mends(base, head) or fills(base, change) else ()
            verdict, reason = self._compare(base, head, change, at, without=lost)
        except ConfigurationError as error:
            return Verdict.CLOSED, _invalid(error)
        except ExternalSystemError as error:
            return _unreachable(error)
        is_first_policy = base.overrides is None and head.overrides is not None
        asks_calendar = is_first_policy or lost or self._leaves_lost_ledger(base, head)
        return None if asks_calendar and verdict is not Verdict.CLOSED else (verdict, (reason,))

    def _compare(
        self,
        base: Configuration,
        head: Configuration,
        change: ProposedChange,
        at: datetime,
        *,
        without: Collection[str] = (),
    ) -> tuple[Verdict, Reason]:
        """Judge what one valid configuration makes of another, with the files that both name.

        ``without`` are regions in which it does not matter who may approve, and how many.
        """
        from wedgate.engine.proposed import fewer_left, led_astray, weakened_files, what_none_opened, what_opens
        from wedgate.overrides.loosening import loosened

        almanac = self._parts.almanac
        names = [region.name for region in base.calendar.regions]
        # Whoever approves in a region that comes with the change has a say in all: freezes end for every region.
        added = [region.name for region in head.calendar.regions if region.name not in names]
        opened = what_opens(base.calendar, head.calendar, almanac, change.almanac or almanac, at)
        weakened = (
            *opened.unknown,
            *loosened(base.overrides, head.overrides, [*(name for name in names if name not in without), *added]),
            *what_none_opened(base, head, almanac, change.almanac or almanac, at),
            *weakened_files(base, change, without),
            *led_astray(head, change),
        )
        if not weakened and (fewer := fewer_left(base, head, change)):
            # Whoever is added makes a loosening anyway: nobody that only the change names is asked about here.
            lost = self._parts.out_of_reach(head, [name for name in fewer if name not in without], change)
            before = self._parts.out_of_reach(base, [name for name in lost if name in names], None)
            if found := ", ".join(name for name in lost if name not in before):
                weakened = (f"leaves too few who may approve in {found}, so that nobody can be asked about the next",)
        weakened = (*weakened, *self._of_the_ledger(base, head))
        return judge_change(
            opened.spans, old_mode=base.mode, new_mode=head.mode, compared=opened.compared, weakened=weakened
        )

    def _of_the_ledger(self, base: Configuration, head: Configuration) -> Iterator[str]:
        """Say what a change of the ledger's place makes weaker, or would leave nobody able to mend."""
        kept, new = self._parts.ledger_of(base), self._parts.ledger_of(head)
        if kept is not None and kept != new and not self._parts.has_lost_ledger(base):
            yield "keeps the ledger elsewhere, without what is denied, used and frozen in this one"
        if new not in (None, kept) and (trouble := self._parts.ledger_trouble(head)) is not None:
            yield trouble

    def _leaves_lost_ledger(self, base: Configuration, head: Configuration) -> bool:
        kept = self._parts.ledger_of(base)
        return kept is not None and kept != self._parts.ledger_of(head) and self._parts.has_lost_ledger(base)

    def replaces_lost_ledger(self) -> bool:
        """Whether the change, of the configuration alone, leaves a ledger that does not exist any more.

        Then the calendar alone decides about it: there is nothing to ask about freezes and grants, and never will be.
        """
        change = self._change()
        if not isinstance(change, ProposedChange) or not change.is_all or change.head is None:
            return False
        read = self.read(trust_clock=True)
        if isinstance(read, Trouble):
            return False
        try:
            return self._leaves_lost_ledger(read[1], self._parts.parse(change.head, change.path))
        except (ConfigurationError, ExternalSystemError):
            return False

    def _closed(self, question: Question, trouble: Trouble) -> Decision:
        """Return the decision for trouble; a repairing change is the one trouble that opens."""
        repairs = all(reason.code is ReasonCode.CONFIG_REPAIRED for reason in trouble.reasons)
        return decide_without_calendar(
            question,
            Verdict.OPEN if repairs else Verdict.CLOSED,
            trouble.reasons,
            mode=Mode.ENFORCE,
            inputs=self._inputs(trouble.text, None),
        )

    def _inputs(self, text: ConfigurationText | None, configuration: Configuration | None) -> Inputs:
        return Inputs(
            config_digest=None if configuration is None else configuration.digest,
            config_origin=None if text is None else text.origin,
            config_path=None if text is None else text.path,
            config_ref=None if text is None else text.ref,
            differs_from_default_branch=None if text is None else text.differs,
            zone_data=self._parts.almanac.zone_data_version(),
            holidays=self._parts.almanac.holidays_version(),
            wedgate=self._parts.wedgate_version,
            incomparable=text is not None and text.incomparable,
            extends={} if configuration is None else configuration.extended,
        )


def ask_region(
    configuration: Configuration,
    region: str,
    at: datetime,
    runway: timedelta | None,
    *,
    almanac: Almanac,
) -> RegionDecision:
    """Ask the calendar of one configuration about one region; ``UsageError`` if it has no such region."""
    name = regions_to_ask(configuration.calendar, (region,))[0]
    question = Question(at=instant_to_answer(at), runway_needed=runway)
    (decided,), _ = decide_regions(
        timeline_to_answer(configuration.calendar, (name,), question, almanac), (name,), question
    )
    return decided


def regions_to_ask(calendar: Calendar, regions: Sequence[str] | None) -> tuple[str, ...]:
    """Return the regions asked about, each once, all for none; ``UsageError`` names the nearest for an unknown one."""
    known = tuple(region.name for region in calendar.regions)
    for name in regions or ():
        if name not in known:
            raise UsageError(f"there is no region {ascii(name)[:60]}; {remedy_for(name, known)}")
    return tuple(dict.fromkeys(regions)) if regions else known


def instant_to_answer(at: datetime) -> datetime:
    """Return the instant in UTC and whole seconds; ``UsageError`` for one beyond what can be answered for."""
    try:
        instant = at.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        instant = None
    if instant is None or not EARLIEST <= instant < LATEST:
        raise UsageError(
            f"wedgate answers for instants from {EARLIEST.year} to {LATEST.year - 1}, not for {at.isoformat()}"
        )
    return instant


def _ask_calendar(
    configuration: Configuration,
    names: tuple[str, ...],
    question: Question,
    almanac: Almanac,
    inputs: Inputs,
    *,
    explain: bool,
) -> Decision:
    timeline = timeline_to_answer(configuration.calendar, names, question, almanac)
    decided, together = decide_regions(timeline, names, question)
    return decide(
        question,
        decided,
        together,
        mode=configuration.mode,
        inputs=replace(inputs, sources=used(configuration.calendar, timeline.facts, names)),
        looks=_looks(configuration.calendar, names, question.at, timeline) if explain else (),
        left_out=tuple(map(partial_words, partial(configuration.calendar, timeline.facts, names))),
        expiring=expiring(configuration.calendar, timeline.facts, question.at, names),
    )


def timeline_to_answer(
    calendar: Calendar,
    names: tuple[str, ...],
    question: Question,
    almanac: Almanac,
    *,
    at_least: timedelta = timedelta(0),
) -> Timeline:
    """Compile as far as every next opening and closing needs, and ``at_least`` that far."""
    return answering_timeline(
        calendar,
        almanac,
        question.at,
        lambda timeline: is_answered(timeline, names, question),
        at_least=max(question.runway_needed or timedelta(0), at_least),
    )


def is_answered(timeline: Timeline, names: tuple[str, ...], question: Question) -> bool:
    """Whether a timeline holds every next opening and closing; a region without rules never closes, and needs none."""
    at, needed = question.at, question.runway_needed
    sets: list[tuple[str, ...]] = [(name,) for name in names if timeline.has_rules(name)]
    sets += [names] if len(sets) > 1 else []
    return all(
        first_opening(timeline, each, at, needed) is not None and timeline.next_close(each, at) is not None
        for each in sets
    )


def decide_regions(
    timeline: Timeline, names: tuple[str, ...], question: Question
) -> tuple[tuple[RegionDecision, ...], Together]:
    """Decide for each region, and when all of them are open at once, from a timeline that holds the answers."""

    def opens(regions: tuple[str, ...]) -> datetime | None:
        found = first_opening(timeline, regions, question.at, question.runway_needed)
        return None if found is None else found.start

    def decide_one(name: str) -> RegionDecision:
        answer, next_open = timeline.region_at(name, question.at), opens((name,))
        return decide_region(
            answer,
            runway_needed=question.runway_needed,
            next_open=next_open,
            opens_after=reasons_until(timeline, (name,), question.at, next_open),
            closes_for=closing_reasons(timeline, (name,), answer.next_close),
        )

    decided = tuple(decide_one(name) for name in names)
    together = Together(
        next_open=opens(names), next_close=timeline.next_close(names, question.at), horizon=timeline.span.end
    )
    return decided, together


def _looks(calendar: Calendar, names: tuple[str, ...], at: datetime, timeline: Timeline) -> tuple[RuleLook, ...]:
    horizon = timeline.span.end
    return tuple(look for name in names for look in look_at(calendar, timeline.facts, name, at, horizon))


def _now_or_epoch(parts: GateParts) -> datetime:
    """Return this instant; a clock that cannot be read was found untrusted before, and stands at the epoch."""
    try:
        return parts.clock().astimezone(UTC).replace(microsecond=0)
    except (OverflowError, ValueError, OSError):
        return EARLIEST


def _invalid(error: ConfigurationError) -> tuple[Reason, ...]:
    return tuple(Reason(code=ReasonCode.CONFIG_INVALID, text=str(problem)) for problem in error.problems)


def _unreachable(error: ExternalSystemError) -> Trouble:
    return Trouble(reasons=(Reason(code=ReasonCode.FORGE_UNREACHABLE, text=str(error)),))


def _clock_untrusted(words: str) -> Trouble:
    return Trouble(reasons=(Reason(code=ReasonCode.CLOCK_UNTRUSTED, text=words),))
