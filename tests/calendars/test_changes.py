"""What differs between two calendars is what differs at every instant, in as few stretches as there are changes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wedgate.calendars.book import DataVersions, MarketPages, RegionPages
from wedgate.calendars.changes import ChangeKind, Direction, changes_between, compare
from wedgate.calendars.record import CalendarRecord, RuleRecord
from wedgate.calendars.values import Effect, Interval, Market, Span, Verdict

START = datetime(2027, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
O, C, X = Verdict.OPEN, Verdict.CAUTION, Verdict.CLOSED  # noqa: E741 (short, so that tables fit on a line)
VERSIONS = DataVersions(config_digest="sha256:0", zone_data="2026f", holidays="0.109", wedgate="1")


def intervals(*parts: tuple[int, Verdict], load: int = 1, rules: str = "") -> tuple[Interval, ...]:
    """Return intervals of so many hours each, from the start on."""
    ends = [0, *accumulate(hours for hours, _ in parts)]
    return tuple(
        Interval(
            start=START + HOUR * start,
            end=START + HOUR * end,
            verdict=verdict,
            load=Decimal(load),
            rules=tuple(rules.split()) if verdict is not O else (),
        )
        for (start, end), (_, verdict) in zip(pairwise(ends), parts, strict=True)
    )


def record(found: tuple[Interval, ...], region: str = "eu", rules: tuple[RuleRecord, ...] = ()) -> CalendarRecord:
    market = Market(name="berlin", zone="Europe/Berlin", country="DE")
    pages = RegionPages(name=region, intervals=found, markets=(MarketPages(market=market, intervals=found),))
    span = Span(start=found[0].start, end=found[-1].end)
    return CalendarRecord(title="s", span=span, versions=VERSIONS, regions=(pages,), together=(), rules=rules)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([(4, O), (2, X), (4, O)], [(10, O)], [("opens", 4, 6)]),
        ([(10, O)], [(4, O), (2, X), (4, O)], [("closes", 4, 6)]),
        ([(4, O), (6, X)], [(6, O), (4, X)], [("opens", 4, 6)]),
        ([(10, O)], [(3, C), (7, O)], [("cautions", 0, 3)]),
        ([(10, C)], [(3, C), (7, O)], [("clears", 3, 10)]),
        ([(5, X), (5, C)], [(5, C), (5, X)], [("opens", 0, 5), ("closes", 5, 10)]),
        ([(5, X), (5, X)], [(2, O), (8, C)], [("opens", 0, 10)]),
        ([(10, X)], [(10, X)], []),
    ],
)
def test_each_stretch_is_told_once(
    old: list[tuple[int, Verdict]], new: list[tuple[int, Verdict]], expected: list[tuple[str, int, int]]
) -> None:
    span = Span(start=START, end=START + 10 * HOUR)
    found = list(changes_between(intervals(*old), intervals(*new), span))
    told = [(each.kind.value, (each.start - START) // HOUR, (each.end - START) // HOUR) for each in found]
    assert told == expected


def test_a_load_that_changes_alone_is_told_by_its_numbers() -> None:
    span = Span(start=START, end=START + 10 * HOUR)
    (found,) = changes_between(intervals((10, C), load=2), intervals((10, C), load=4), span)
    assert (found.kind, found.old_load, found.new_load) == (ChangeKind.LOAD, 2, 4)


covers = st.lists(st.tuples(st.integers(1, 5), st.sampled_from((O, C, X))), min_size=1, max_size=12)


@given(covers, covers, st.integers(0, 8), st.integers(1, 20))
def test_every_hour_is_told_as_both_calendars_say_it(
    old: list[tuple[int, Verdict]], new: list[tuple[int, Verdict]], first: int, hours: int
) -> None:
    before, after = ([verdict for count, verdict in side for _ in range(count)] for side in (old, new))
    last = min(len(before), len(after), first + hours)
    if first >= last:
        return
    span = Span(start=START + HOUR * first, end=START + HOUR * last)
    told = dict.fromkeys(range(first, last))
    for change in changes_between(intervals(*old), intervals(*new), span):
        for hour in range((change.start - START) // HOUR, (change.end - START) // HOUR):
            assert told[hour] is None
            told[hour] = change.kind
    for hour, kind in told.items():
        if before[hour] is after[hour]:
            assert kind is None
        elif X in (before[hour], after[hour]):
            assert kind is (ChangeKind.OPENS if before[hour] is X else ChangeKind.CLOSES)
        else:
            assert kind is (ChangeKind.CAUTIONS if after[hour] is C else ChangeKind.CLEARS)


@pytest.mark.parametrize(
    ("old", "new", "direction"),
    [
        ([(5, X), (5, O)], [(10, O)], Direction.LOOSENS),
        ([(5, X), (5, O)], [(5, O), (5, X)], Direction.LOOSENS),
        ([(10, O)], [(5, X), (5, O)], Direction.TIGHTENS),
        ([(10, O)], [(10, C)], Direction.TIGHTENS),
        ([(10, C)], [(10, O)], Direction.CHANGES),
        ([(10, X)], [(10, X)], Direction.NOTHING),
    ],
)
def test_one_instant_that_opens_makes_it_loosen(
    old: list[tuple[int, Verdict]], new: list[tuple[int, Verdict]], direction: Direction
) -> None:
    assert compare(record(intervals(*old)), record(intervals(*new))).direction is direction


def test_a_region_that_is_gone_and_an_observer_loosen() -> None:
    same = intervals((10, X))
    assert compare(record(same), record(same, "us")).direction is Direction.LOOSENS
    assert compare(record(same), record(same), observes=True).direction is Direction.LOOSENS


def test_what_is_different_is_named() -> None:
    def rule(name: str, words: str) -> RuleRecord:
        return RuleRecord(id=name, words=words, where=("eu",), effect=Effect.BLOCK, load=None, reason=None, line=1)

    same = intervals((10, X))
    old = record(same, rules=(rule("a", "saturday"), rule("b", "sunday")))
    new = record(same, rules=(rule("a", "third saturday"), rule("c", "monday")))
    assert compare(old, new).because == (
        "a was saturday, block in eu, and is third saturday, block in eu",
        "b is gone (sunday, block in eu)",
        "c is new (monday, block in eu)",
    )


def test_calendars_without_a_common_time_cannot_be_compared() -> None:
    late = tuple(
        Interval(start=each.start + 99 * HOUR, end=each.end + 99 * HOUR, verdict=O, load=Decimal(1), rules=())
        for each in intervals((10, O))
    )
    with pytest.raises(ValueError, match="no time in common"):
        compare(record(intervals((10, O))), record(late))
