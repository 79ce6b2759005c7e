"""A thaw opens what was asked for, and nothing more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.audit import Act, Frozen
from wedgate.ledger.freezes import Thawing, Unclear, choose, where
from wedgate.ledger.streams import LedgerState, Stream, fold
from wedgate.overrides.record import draft_of_freeze, draft_of_thaw

NOON = datetime(2027, 6, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
REGIONS = ("a", "b", "c")


def state_of(*freezes: tuple[str, ...] | None) -> LedgerState:
    """Return a ledger in which these regions are frozen, each by an entry of its own."""
    drafts = [
        draft_of_freeze(Frozen(regions=regions, until=NOON + HOUR, reason=f"INC-{place}", by="zoe", since=NOON))
        for place, regions in enumerate(freezes, 1)
    ]
    return with_drafts(LedgerState(), *drafts)


def with_drafts(state: LedgerState, *drafts: Draft) -> LedgerState:
    """Return the ledger with more entries."""
    nonces = ["00" * 8] * len(drafts)
    return fold(chain_onto(drafts, revision=state.revision, head=state.head, epoch=0, nonces=nonces), state)


def frozen_after(state: LedgerState, **asked: object) -> str | Unclear:
    """Return the regions that are frozen after a thaw, or why there is none."""
    chosen = choose(state.freezes, NOON, **asked)  # type: ignore[arg-type]
    if isinstance(chosen, Unclear):
        return chosen
    after = with_drafts(state, draft_of_thaw(chosen, "alice", "over", NOON))
    return "".join(each for each in REGIONS if any(frozen.holds(each, NOON) for frozen in after.freezes))


@pytest.mark.parametrize(
    ("freezes", "asked", "left"),
    [
        ([("a",)], {}, ""),
        ([None], {}, ""),
        ([("a",), ("b",)], {"regions": ["a"]}, "b"),
        ([("a",), ("b",)], {"regions": ["a", "b"]}, ""),
        ([("a", "b")], {"regions": ["a"]}, "b"),
        ([None], {"regions": ["a"]}, "bc"),
        ([None, ("a",)], {"entries": [1]}, "a"),
        ([None, ("a",)], {"entries": [2]}, "abc"),
        ([None, ("a",)], {"entries": [1], "regions": ["b"]}, "ac"),
        ([None, ("a",)], {"regions": ["b"]}, "ac"),
        ([None, ("a",)], {"regions": ["a"], "is_for_all": True}, "bc"),
        ([("a",), ("b",), None], {"is_for_all": True}, ""),
    ],
)
def test_nothing_opens_but_what_was_asked_for(
    freezes: list[tuple[str, ...] | None], asked: dict[str, object], left: str
) -> None:
    assert frozen_after(state_of(*freezes), **asked) == left


@pytest.mark.parametrize(
    ("freezes", "asked", "what", "is_several"),
    [
        ([], {}, "nothing is frozen", False),
        ([("a",), ("b",)], {}, "there are several freezes: 1: a by zoe", True),
        ([None, ("a",)], {"regions": ["a"]}, "a is frozen more than once: 1: every region by zoe", True),
        ([("a",)], {"regions": ["b"]}, "b is not frozen", False),
        ([("a",)], {"entries": [7]}, "there is no freeze 7 in force", False),
        ([("a",), ("b",)], {"entries": [1], "regions": ["b"]}, "b is not frozen", False),
    ],
)
def test_where_it_is_not_clear_nothing_opens(
    freezes: list[tuple[str, ...] | None], asked: dict[str, object], what: str, is_several: bool
) -> None:
    """And it says what there is to choose from."""
    found = frozen_after(state_of(*freezes), **asked)
    assert isinstance(found, Unclear)
    assert str(found).startswith(what)
    assert found.is_several is is_several


def test_a_region_of_a_whole_freeze_stays_open_and_a_new_one_is_frozen() -> None:
    """A freeze of everything holds for regions that nobody knew when it was thawed in one."""
    state = state_of(None)
    chosen = choose(state.freezes, NOON, regions=["a"])
    assert isinstance(chosen, Thawing)
    (frozen,) = with_drafts(state, draft_of_thaw(chosen, "alice", "over", NOON)).freezes
    assert (frozen.holds("a", NOON), frozen.holds("new", NOON), where(frozen)) == (False, True, "every region but a")


def test_a_freeze_that_comes_between_is_not_ended() -> None:
    """A thaw names what it ends: what was written since nobody has seen."""
    state = state_of(None)
    chosen = choose(state.freezes, NOON)
    assert isinstance(chosen, Thawing)
    late = draft_of_freeze(Frozen(regions=None, until=NOON + HOUR, reason="INC-2", by="zoe", since=NOON))
    after = with_drafts(state, late, draft_of_thaw(chosen, "alice", "over", NOON + HOUR / 2))
    assert [each.reason for each in after.freezes] == ["INC-2"]


def test_a_thaw_of_before_freezes_had_numbers_ends_what_there_was_then() -> None:
    body = {"by": "alice", "reason": "over", "comment": None, "asked": NOON.isoformat()}
    old = Draft(stream=Stream.AUDIT, kind=Act.THAWED, at=NOON, body=body)
    assert with_drafts(state_of(("a",), ("b",)), old).freezes == ()
