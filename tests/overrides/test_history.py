"""What an auditor is told of a request: who stands behind it, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from wedgate.ledger.audit import Act, AuditLine
from wedgate.overrides.history import Outcome, history_of

START = datetime(2026, 6, 6, 9, 0, tzinfo=UTC)
REQUESTED, GRANTED = (Act.REQUESTED, "erin", 0, ""), (Act.GRANTED, "", 9, "")
Said = tuple[Act, str, int, str]


def lines_of(acts: Sequence[Said]) -> list[AuditLine]:
    """Return entries in the order of the ledger: each by somebody, said at a minute, with what it takes back."""
    return [
        AuditLine(
            revision=place,
            kind=kind,
            at=START + timedelta(hours=1),
            body={
                "request": "r",
                "person": {"id": len(who), "login": who},
                "said": (START + timedelta(minutes=minute)).isoformat(),
                "what": what,
            },
            hash="",
        )
        for place, (kind, who, minute, what) in enumerate(acts)
    ]


@pytest.mark.parametrize(
    ("acts", "outcome", "approvals", "denials"),
    [
        (
            [(Act.APPROVED, "al", 1, ""), (Act.WITHDRAWN, "al", 2, "approval"), (Act.APPROVED, "bob", 3, ""), GRANTED],
            Outcome.UNUSED, ["bob"], [],
        ),
        # In one reading an approval that was given anew stands before the withdrawal of the first.
        ([(Act.APPROVED, "al", 3, ""), (Act.WITHDRAWN, "al", 2, "approval")], Outcome.WAITING, ["al"], []),
        ([(Act.APPROVED, "al", 2, ""), (Act.WITHDRAWN, "al", 2, "approval")], Outcome.WAITING, [], []),
        ([(Act.APPROVED, "al", 1, ""), (Act.APPROVED, "al", 2, "")], Outcome.WAITING, ["al"], []),
        ([(Act.WITHDRAWN, "erin", 2, "request"), GRANTED], Outcome.WITHDRAWN, [], []),
        ([(Act.DENIED, "al", 1, ""), (Act.WITHDRAWN, "al", 2, "denial"), GRANTED], Outcome.UNUSED, [], []),
        ([(Act.DENIED, "al", 3, ""), (Act.WITHDRAWN, "al", 2, "denial")], Outcome.DENIED, [], ["al"]),
        ([(Act.DENIED, "al", 2, ""), (Act.WITHDRAWN, "al", 2, "denial")], Outcome.DENIED, [], ["al"]),
    ],
)  # fmt: skip
def test_what_was_taken_back_is_told_so(
    acts: list[Said], outcome: Outcome, approvals: list[str], denials: list[str]
) -> None:
    """A vote that was taken back is no withdrawn request; what was said after it stands."""
    (told,) = history_of(lines_of([REQUESTED, *acts]))
    assert (told.outcome, told.approvals, told.denials) == (outcome, approvals, denials)
