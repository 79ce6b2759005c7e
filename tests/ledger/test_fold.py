"""The state folded from a ledger does not depend on how the entries came: one by one, or all at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.chain import GENESIS
from wedgate.ledger.streams import START, LedgerState, Stream, fold

AT = datetime(2026, 6, 3, 12, tzinfo=UTC)
LINES = st.lists(st.tuples(st.sampled_from(["r-1", "r-2", "r-3"]), st.sampled_from([START, "ticked"])), max_size=12)


@given(lines=LINES, cut=st.integers(min_value=0, max_value=12))
def test_folding_in_parts_is_folding_at_once(lines: list[tuple[str, str]], cut: int) -> None:
    """Whatever the place of the cut; and a journal has the lines from its start on, in order."""
    drafts = [
        Draft(stream=Stream.JOURNAL, kind=kind, at=AT + timedelta(seconds=number), body={"rollout": rollout})
        for number, (rollout, kind) in enumerate(lines)
    ]
    entries = chain_onto(
        drafts, revision=0, head=GENESIS, epoch=1, nonces=[str(number) for number in range(len(lines))]
    )
    whole = fold(entries)
    assert fold(entries[cut:], fold(entries[:cut])) == whole
    one_by_one = LedgerState()
    for entry in entries:
        one_by_one = fold([entry], one_by_one)
    assert one_by_one == whole
    starts = {rollout: lines.index((rollout, START)) for rollout, kind in lines if kind == START}
    placed = list(enumerate(lines))
    wanted = {
        rollout: [AT + timedelta(seconds=number) for number, line in placed if line[0] == rollout and number >= first]
        for rollout, first in starts.items()
    }
    assert {rollout: [line.at for line in journal] for rollout, journal in whole.journals.items()} == wanted
    assert whole.latest == (max(starts, key=lambda rollout: starts[rollout]) if starts else None)
