"""Events survive the journal: as data and back they are the same, and strange data is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from wedgate.ledger.plain import PlainError, from_plain, to_plain
from wedgate.ledger.streams import JournalLine
from wedgate.rollout.events import WeightsRead
from wedgate.rollout.guards import spell_duration
from wedgate.rollout.journal import KINDS, draft_of, event_of, replay
from wedgate.rollout.strategies import completed
from wedgate.rollout.values import Fence, Step, Strategy, StrategyKind, Weights

AT = datetime(2026, 6, 3, 12, tzinfo=UTC)
READ = WeightsRead(
    at=AT, region="us-west", weights=Weights(blue=95, green=5), fence=Fence(epoch=1, revision=2, rollout="r")
)


def test_event_is_the_same_after_the_journal() -> None:
    """Spelled and read back, nothing is lost."""
    draft = draft_of(READ, rollout="r")
    assert draft.kind == "weights_read"
    assert event_of(JournalLine(kind=draft.kind, at=draft.at, body=draft.body)) == READ


def test_kinds_of_the_journal_never_change() -> None:
    """Old journals must stay readable: a kind may be added, none renamed."""
    assert set(KINDS) >= {
        "started",
        "run_began",
        "ticked",
        "gate_answered",
        "deployed",
        "deploy_failed",
        "digest_read",
        "weights_read",
        "target_failed",
        "return_waits",
        "judged",
        "regression_reported",
        "interrupted",
        "returned_by_hand",
        "superseded",
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": {"blue": 95, "green": 6}}, "sum to 100"),
        ({"weights": {"blue": True, "green": 99}}, "expected int"),
        ({"weights": [95, 5]}, "expected dict"),
        ({"at": "2026-06-03T12:00:00"}, "needs an offset"),
        ({"at": "soon"}, "WeightsRead.at"),
        ({"colour": "red"}, "unknown field colour"),
        ({"region": None}, "WeightsRead.region: expected str"),
    ],
)
def test_strange_data_is_refused_with_the_field(change: dict[str, object], message: str) -> None:
    """A journal that this version cannot read is never guessed at."""
    plain = to_plain(READ)
    assert isinstance(plain, dict)
    with pytest.raises(PlainError, match=message):
        from_plain(WeightsRead, {**plain, **change})


def test_journal_without_its_start_is_refused() -> None:
    """The first event of a rollout is its start."""
    draft = draft_of(READ, rollout="r")
    with pytest.raises(PlainError, match="not with its start"):
        replay([JournalLine(kind=draft.kind, at=draft.at, body=draft.body)])
    assert replay([]) is None


def test_unknown_kind_is_refused_by_name() -> None:
    """An event of a newer version is not skipped."""
    with pytest.raises(PlainError, match="teleported is no event"):
        event_of(JournalLine(kind="teleported", at=AT, body={}))


@pytest.mark.parametrize("value", [Decimal("0.01"), timedelta(minutes=7), AT])
def test_scalars_come_back_exactly(value: object) -> None:
    """Decimals, durations and instants lose nothing."""
    assert from_plain(type(value), to_plain(value)) == value


@pytest.mark.parametrize(
    ("kind", "steps", "weights"),
    [
        (StrategyKind.CANARY, (5, 25), [5, 25, 100]),
        (StrategyKind.CANARY, (5, 100), [5, 100]),
        (StrategyKind.BLUE_GREEN, (100,), [100]),
        (StrategyKind.BLUE_GREEN, (10, 50), [100]),
    ],
)
def test_every_strategy_ends_with_all_traffic(kind: StrategyKind, steps: tuple[int, ...], weights: list[int]) -> None:
    """The last step gives the candidate everything."""
    strategy = Strategy(
        name="s", kind=kind, steps=tuple(Step(weight=weight, bake=timedelta(minutes=1)) for weight in steps)
    )
    assert [step.weight for step in completed(strategy).steps] == weights


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (-5, "0s"), (40, "40s"), (3900, "1h 5m"), (90061, "1d 1h"), (59.6, "1m")]
)
def test_durations_are_spelled_as_people_say_them(seconds: float, text: str) -> None:
    """At most two units, never negative."""
    assert spell_duration(timedelta(seconds=seconds)) == text
