"""The gate as a use case: whose configuration decides, trusted clocks, changes to the configuration, and runway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from wedgate.calendars.values import Verdict
from wedgate.cli.wiring import PinnedAlmanac, ask_region
from wedgate.config.load import parse_configuration
from wedgate.engine.check import Gate
from wedgate.engine.next import find_openings
from wedgate.engine.parts import ConfigurationText, GateParts, ProposedChange
from wedgate.errors import ConfigurationError, ExternalSystemError, Problem, UsageError
from wedgate.gate.decision import ConfigOrigin, Decision
from wedgate.gate.reasons import ReasonCode

REGIONS = """
version: 1
service: venue-search
regions:
  eu-central:
    markets:
      berlin: {zone: Europe/Berlin, country: DE}
  us-east:
    markets:
      new-york: {zone: America/New_York, country: US}
"""
SATURDAY = REGIONS + "rules:\n  saturdays: {where: all, weekdays: saturday, effect: block}\n"
BROKEN = REGIONS + "rulez: {}\n"
ON_SATURDAY = datetime(2026, 6, 6, 12, tzinfo=UTC)
ON_FRIDAY = datetime(2026, 6, 5, 12, tzinfo=UTC)


@dataclass
class Source:
    """A source that holds a text, nothing, or a failure."""

    content: str | None
    error: Exception | None = None

    def fetch(self) -> ConfigurationText | None:
        if self.error is not None:
            raise self.error
        if self.content is None:
            return None
        return ConfigurationText(
            path="wedgate.yml", content=self.content.encode(), origin=ConfigOrigin.DEFAULT_BRANCH, ref="a" * 40
        )


@dataclass(kw_only=True)
class World:
    """The parts of a gate, as values."""

    content: str | None = SATURDAY
    now: datetime = ON_FRIDAY
    error: Exception | None = None
    forge_date: Callable[[], datetime] | None = None
    change: ProposedChange | None = None
    asked: list[str] = field(default_factory=list)

    def gate(self) -> Gate:
        return Gate(
            GateParts(
                almanac=PinnedAlmanac(),
                clock=lambda: self.now,
                source=Source(self.content, self.error),
                parse=lambda content, name: parse_configuration(content, name=name),
                forge_date=self.forge_date,
                proposed_change=None if self.change is None else lambda: self.change,
                wedgate_version="1.2.3",
            )
        )

    def decide(self, *regions: str, **question: object) -> Decision:
        return self.gate().decide(regions, **question)  # type: ignore[arg-type]


def codes(decision: Decision) -> list[ReasonCode]:
    return [reason.code for reason in decision.reasons]


def proposed(head: str | None, *, base: str | None = SATURDAY) -> ProposedChange:
    return ProposedChange(
        path="wedgate.yml",
        base=None if base is None else base.encode(),
        head=None if head is None else head.encode(),
    )


def test_a_friday_is_open_and_says_when_it_closes() -> None:
    """O03: open, with the next close and its reason: midnight in Berlin is 22:00 UTC in June."""
    decision = World().decide()
    assert decision.verdict is Verdict.OPEN
    assert codes(decision) == [ReasonCode.OPEN]
    assert decision.next_close == datetime(2026, 6, 5, 22, tzinfo=UTC)
    assert decision.runway == timedelta(hours=10)
    assert decision.next_open == ON_FRIDAY
    assert [[reason.rule for reason in region.closes_for] for region in decision.regions] == [["saturdays"]] * 2
    assert [region.opens_after for region in decision.regions] == [(), ()]


def test_what_closes_last_before_an_opening_is_named_where_it_is_not_what_closes_now() -> None:
    """Saturday closes now; it is Sunday's rule that lasts until Monday."""
    content = SATURDAY + "  sundays: {where: all, weekdays: sunday, effect: block}\n"
    region = World(content=content, now=ON_SATURDAY).decide("eu-central").regions[0]
    assert [reason.rule for reason in region.reasons] == ["saturdays"]
    assert [reason.rule for reason in region.opens_after] == ["sundays"]
    assert World(now=ON_SATURDAY).decide("eu-central").regions[0].opens_after == ()


def test_a_saturday_is_closed_and_opens_for_all_at_once_when_the_last_saturday_ends() -> None:
    """O01: each region opens at its own midnight (22:00 and 04:00 UTC), all at once at the later."""
    decision = World(now=ON_SATURDAY).decide()
    assert decision.verdict is Verdict.CLOSED
    assert codes(decision) == [ReasonCode.RULE_BLOCKS]
    assert decision.reasons[0].rule == "saturdays"
    assert decision.reasons[0].market is None
    assert [region.reasons[0].market for region in decision.regions] == ["berlin", "new-york"]
    assert [region.next_open for region in decision.regions] == [
        datetime(2026, 6, 6, 22, tzinfo=UTC),
        datetime(2026, 6, 7, 4, tzinfo=UTC),
    ]
    assert decision.next_open == datetime(2026, 6, 7, 4, tzinfo=UTC)


def test_an_allow_window_in_the_past_is_closed_with_no_known_opening() -> None:
    """O02: null, after years were looked through."""
    rules = "rules:\n  once: {where: all, dates: 2026-01-05..2026-01-06, effect: allow}\n"
    decision = World(content=REGIONS + rules).decide()
    assert codes(decision)[0] is ReasonCode.OUTSIDE_ALLOW_WINDOW
    assert decision.next_open is None
    assert decision.horizon is not None
    assert decision.horizon - ON_FRIDAY > timedelta(days=1000)


def test_no_rules_at_all_is_open_and_says_so() -> None:
    """O04: nothing else is invented."""
    decision = World(content=REGIONS).decide()
    assert decision.verdict is Verdict.OPEN
    assert codes(decision) == [ReasonCode.NO_RULES]
    assert (decision.next_close, decision.runway) == (None, None)


def test_two_rules_that_match_are_both_named_in_the_order_of_the_file() -> None:
    """O05: Saturday evening in Sydney is an evening and a weekend."""
    content = """
version: 1
service: s
regions: {ap: {markets: {sydney: {zone: Australia/Sydney, country: AU}}}}
rules:
  evenings: {where: all, time: "17:00..24:00", effect: block}
  weekends: {where: all, weekdays: [saturday, sunday], effect: block}
"""
    decision = World(content=content, now=datetime(2026, 6, 6, 8, tzinfo=UTC)).decide()
    assert [reason.rule for reason in decision.reasons] == ["evenings", "weekends"]


def test_a_future_instant_is_answered_for_itself() -> None:
    """O09: a block that is active now has no part in the answer about Monday."""
    monday = datetime(2026, 6, 8, 12, tzinfo=UTC)
    decision = World(now=ON_SATURDAY).decide(at=monday)
    assert decision.verdict is Verdict.OPEN
    assert decision.hypothetical
    assert not decision.may_deploy


def test_a_region_that_closes_too_soon_is_closed() -> None:
    """R09: ten hours are left in Berlin; eleven are asked for, and the next long enough opening is told."""
    decision = World().decide("eu-central", runway=timedelta(hours=11))
    assert codes(decision)[0] is ReasonCode.RUNWAY_SHORT
    assert decision.next_open == datetime(2026, 6, 6, 22, tzinfo=UTC)
    assert World().decide("eu-central", runway=timedelta(hours=10)).verdict is Verdict.OPEN


def test_an_unknown_region_is_refused_with_the_nearest() -> None:
    """V04: what is not listed is not open."""
    with pytest.raises(UsageError, match="did you mean eu-central"):
        World().decide("eu-centrall")
    with pytest.raises(UsageError, match="did you mean eu-central"):
        World(change=proposed(SATURDAY)).decide("eu-centrall")


def test_a_missing_configuration_is_closed_with_the_way_out() -> None:
    """No calendar is no permission."""
    decision = World(content=None).decide()
    assert decision.verdict is Verdict.CLOSED
    assert codes(decision) == [ReasonCode.CONFIG_MISSING]
    assert "wedgate init" in decision.reasons[0].text


def test_a_broken_configuration_is_closed_with_every_problem() -> None:
    """Everything wrong is said, each at its place."""
    decision = World(content=BROKEN).decide()
    assert decision.verdict is Verdict.CLOSED
    assert set(codes(decision)) == {ReasonCode.CONFIG_INVALID}
    assert "rulez" in decision.reasons[0].text


def test_a_file_that_cannot_be_read_is_closed() -> None:
    """A directory in its place, for instance."""
    problem = Problem(file="wedgate.yml", line=0, column=0, what="this is a directory", remedy="name the file")
    assert codes(World(error=ConfigurationError((problem,))).decide()) == [ReasonCode.CONFIG_INVALID]


def test_a_forge_that_does_not_answer_is_closed() -> None:
    """Not knowing is never permission."""
    decision = World(error=ExternalSystemError("GitHub did not answer")).decide()
    assert (decision.verdict, codes(decision)) == (Verdict.CLOSED, [ReasonCode.FORGE_UNREACHABLE])


@pytest.mark.parametrize(("seconds", "trusted"), [(60, True), (-60, True), (61, False), (-61, False), (3600, False)])
def test_a_clock_more_than_a_minute_from_the_forges_is_not_trusted(seconds: int, *, trusted: bool) -> None:
    """Exactly a minute is still believed."""
    decision = World(forge_date=lambda: ON_FRIDAY + timedelta(seconds=seconds)).decide()
    assert (decision.verdict is Verdict.OPEN) is trusted
    assert (codes(decision) == [ReasonCode.CLOCK_UNTRUSTED]) is not trusted


@pytest.mark.parametrize("now", [datetime(1969, 12, 31, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)])
def test_an_absurd_clock_is_not_trusted(now: datetime) -> None:
    """A machine that wakes up before 1970 deploys nothing."""
    assert codes(World(now=now).decide()) == [ReasonCode.CLOCK_UNTRUSTED]


@pytest.mark.parametrize("at", [datetime(9999, 6, 6, tzinfo=UTC), datetime(1969, 6, 6, tzinfo=UTC)])
def test_an_instant_out_of_reach_is_refused(at: datetime) -> None:
    """One message that says what can be asked about."""
    with pytest.raises(UsageError, match="from 1970 to 2099"):
        World().decide(at=at)


def test_a_change_that_deletes_saturday_stays_closed() -> None:
    """Loosening: what opens, and where, is named."""
    decision = World(now=ON_FRIDAY, change=proposed(REGIONS)).decide()
    assert (decision.verdict, codes(decision)) == (Verdict.CLOSED, [ReasonCode.CONFIG_LOOSENED])
    assert (
        "opens 58 stretches of time in eu-central" in decision.reasons[0].text
    )  # Saturdays from 2026-06-06 to 2027-07-10
    assert "us-east" in decision.reasons[0].text


def test_a_change_that_deletes_the_file_or_a_region_is_loosening() -> None:
    """A region that is gone is closed to nobody."""
    gone = SATURDAY.replace("  us-east:\n    markets:\n      new-york: {zone: America/New_York, country: US}\n", "")
    for change in (proposed(None), proposed(gone)):
        assert codes(World(change=change).decide()) == [ReasonCode.CONFIG_LOOSENED]


def test_a_change_to_observe_is_loosening() -> None:
    """No instant opens in the calendar, and yet nothing would be stopped."""
    assert codes(World(change=proposed(SATURDAY + "mode: observe\n")).decide()) == [ReasonCode.CONFIG_LOOSENED]


def test_a_block_taken_away_in_two_years_is_loosening() -> None:
    """What the next 400 days do not show is looked for further on."""
    far = SATURDAY + "  far: {where: all, dates: 2028-06-05..2028-06-09, effect: block}\n"
    decision = World(content=far, change=proposed(SATURDAY, base=far)).decide()
    assert codes(decision) == [ReasonCode.CONFIG_LOOSENED]


@pytest.mark.parametrize(
    ("now", "freeze"),
    [
        (datetime(2028, 3, 10, tzinfo=UTC), "yearly: 02-29"),
        (ON_FRIDAY, "dates: 2029-12-31..2030-01-05"),
        (ON_FRIDAY, "dates: 2061-06-06..2061-06-10"),
    ],
    ids=["leap day", "in three years", "in a generation"],
)
def test_a_freeze_is_not_too_far_away_to_be_missed(now: datetime, freeze: str) -> None:
    """A change is compared as far as wedgate answers at all: what was taken away would open some day."""
    base = SATURDAY + f"  far: {{where: all, {freeze}, effect: block}}\n"
    decision = World(now=now, content=base, change=proposed(SATURDAY, base=base)).decide()
    assert (decision.verdict, codes(decision)) == (Verdict.CLOSED, [ReasonCode.CONFIG_LOOSENED])
    assert "eu-central" in decision.reasons[0].text


def test_a_region_closed_for_years_says_when_it_opens() -> None:
    """The first of January 2031 in Berlin begins at 23:00 UTC of the day before."""
    content = REGIONS + "rules:\n  closed: {where: all, dates: 2026-01-01..2030-12-31, effect: block}\n"
    assert World(content=content).decide("eu-central").next_open == datetime(2030, 12, 31, 23, tzinfo=UTC)


def test_a_change_that_only_closes_more_goes_even_on_a_saturday() -> None:
    """Tightening is judged by what it does, not by the calendar."""
    tighter = SATURDAY.replace("saturday,", "[saturday, sunday],")
    decision = World(now=ON_SATURDAY, change=proposed(tighter)).decide()
    assert (decision.verdict, codes(decision)) == (Verdict.OPEN, [ReasonCode.CONFIG_TIGHTENED])


def test_a_change_that_repairs_a_broken_file_goes() -> None:
    """Nobody is locked out by a broken default branch."""
    decision = World(content=BROKEN, change=proposed(SATURDAY, base=BROKEN)).decide()
    assert (decision.verdict, codes(decision)) == (Verdict.OPEN, [ReasonCode.CONFIG_REPAIRED])


def test_a_change_that_leaves_or_makes_the_file_broken_is_closed() -> None:
    """Broken to broken, and valid to broken."""
    for content in (BROKEN, SATURDAY):
        decision = World(content=content, change=proposed(BROKEN, base=content)).decide()
        assert (decision.verdict, set(codes(decision))) == (Verdict.CLOSED, {ReasonCode.CONFIG_INVALID})


def test_one_region_can_be_asked_of_a_configuration_alone() -> None:
    """What a rollout asks before each step."""
    configuration = parse_configuration(SATURDAY.encode(), name="wedgate.yml")
    found = ask_region(configuration, "us-east", ON_SATURDAY, None)
    assert (found.verdict, found.next_open) == (Verdict.CLOSED, datetime(2026, 6, 7, 4, tzinfo=UTC))
    with pytest.raises(UsageError, match="no region"):
        ask_region(configuration, "atlantis", ON_SATURDAY, None)


def test_the_first_opening_long_enough_is_found() -> None:
    """Together the two are open from Sunday 04:00 to Friday 22:00 UTC, 138 hours.

    In the week in which only Berlin has left summer time it is an hour more (closing at 23:00 UTC), and never longer.
    """
    configuration = parse_configuration(SATURDAY.encode(), name="wedgate.yml")

    def ask(hours: int) -> datetime | None:
        found = find_openings(
            configuration, None, ON_SATURDAY, needs=timedelta(hours=hours), almanac=PinnedAlmanac()
        ).together
        assert found is not None
        return found.opens

    assert ask(138) == datetime(2026, 6, 7, 4, tzinfo=UTC)
    assert ask(139) == datetime(2026, 10, 25, 4, tzinfo=UTC)
    assert ask(140) is None
