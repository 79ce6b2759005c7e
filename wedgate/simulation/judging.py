"""The judge that ships, as virtual worlds ask it: what it answered to the same question before is remembered.

A judgement is worked out from slices, settings and level alone, and is the same whenever the slices were
(``tests/simulation/test_judging.py`` holds the judge to it). Virtual traffic has no noise, so that the same slices come
again in one world after the other. Slices that are in trouble, and judgements that are errors, name instants: they are
asked for each time.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime
from decimal import Decimal

from wedgate.judge.live import judge_live
from wedgate.judge.values import Judgement, JudgeSettings, Outcome, Slice

MOST = 20_000
"""How many values are remembered; then all of them are forgotten."""


class Judging:
    """The judgements of one world, or of many."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._of: dict[int, tuple[int, object]] = {}
        self._judgements: dict[tuple[object, ...], Judgement] = {}

    def judge_live(
        self,
        slices: Sequence[Slice],
        settings: JudgeSettings,
        *,
        level: Decimal,
        final: bool,
        against_limits: bool = False,
    ) -> Judgement:
        """Return ``wedgate.judge.live.judge_live`` of the same."""
        if len(self._of) >= MOST:
            self._numbers, self._of, self._judgements = {}, {}, {}
        which: list[object] = [self._number_of(settings), level, final, against_limits]
        numbers = self._of
        end: datetime | None = None
        for piece in slices:
            if piece.trouble is not None:
                return judge_live(slices, settings, level=level, final=final, against_limits=against_limits)
            numbered = numbers.get(id(piece))
            which.append(self._number_of(piece) if numbered is None else numbered[0])
            if end is not None and piece.start != end:
                which.append(piece.start - end)
            end = piece.end
        known = self._judgements.get(key := tuple(which))
        if known is None:
            known = judge_live(slices, settings, level=level, final=final, against_limits=against_limits)
            if known.outcome is not Outcome.ERROR:
                self._judgements[key] = known
        return known

    def _number_of(self, value: Slice | JudgeSettings) -> int:
        """Return the number of settings, or of a slice wherever in time it lies.

        The values are kept: as long as they live, no others are the same objects.
        """
        known = self._of.get(id(value))
        if known is None:
            what: Hashable = value
            if isinstance(value, Slice):
                what = value.end - value.start, value.stable, value.candidate
            known = self._of[id(value)] = self._numbers.setdefault(what, len(self._numbers)), value
        return known[0]
