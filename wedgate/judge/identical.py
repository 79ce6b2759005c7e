"""What a stretch says in which both colours ran the same: how long their noise lasts, and how often the judge alarms.

It is the stretch before the shift, or stable against stable. Nothing differs in it, so each fail is a false alarm. The
stretch is cut into bakes as short as a step may be, each judged with one colour as the candidate and then with the
other, once as it is set and once without a margin, which is what the level is stated for.

Limitation: a rate of few bakes is known badly, and so each has an upper limit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from wedgate.judge.correlation import FEWEST, autocorrelation, bound, lasting
from wedgate.judge.exact import upper_limit
from wedgate.judge.live import judge_live, slices_needed
from wedgate.judge.quantiles import pair_of
from wedgate.judge.values import JudgeSettings, Outcome, Slice

UNSURE = 0.05
"""Probability at most that a rate is above its upper limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRate:
    """``alarms`` of ``bakes`` under these settings (two for each stretch: each colour is the candidate once), and the
    rate that is stated and the one that it is at most. ``slices`` is how many a bake has."""

    noise_lasts: timedelta
    with_margin: bool
    slices: int
    bakes: int
    alarms: int
    at_most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Identical:
    """What a stretch came to. ``noise_lasts`` is what was measured; nothing where neighbours do not hang together."""

    start: datetime
    end: datetime
    slices: int
    usable: int
    slice_length: timedelta
    correlation: float
    by_chance: float
    noise_lasts: timedelta
    level: Decimal
    rates: tuple[AlarmRate, ...]


def measure_identical(slices: Sequence[Slice], settings: JudgeSettings, *, level: Decimal) -> Identical:
    """Measure a stretch; ``level`` is that of a step. ``ValueError`` where it is too short to say anything."""
    usable = sorted((piece for piece in slices if piece.trouble is None), key=lambda piece: piece.start)
    pairs = [pair_of(piece.stable, piece.candidate, settings.latency.quantile) for piece in usable]
    differences = [pair.log_ratio for pair in pairs if pair is not None and math.isfinite(pair.log_ratio)]
    if len(differences) < FEWEST:
        raise ValueError(
            f"{len(differences)} of {len(slices)} slices have requests on both colours, and {FEWEST} are needed"
        )
    noise_lasts = lasting(differences) * settings.slice_length
    ways = [(settings.noise_lasts, True), (settings.noise_lasts, False)]
    if noise_lasts != settings.noise_lasts:
        ways += [(noise_lasts, True), (noise_lasts, False)]
    return Identical(
        start=usable[0].start,
        end=usable[-1].end,
        slices=len(slices),
        usable=len(usable),
        slice_length=settings.slice_length,
        correlation=autocorrelation(differences, 1),
        by_chance=bound(len(differences)),
        noise_lasts=noise_lasts,
        level=level,
        rates=tuple(
            _rate(usable, replace(settings, noise_lasts=lasts), level, with_margin=margin) for lasts, margin in ways
        ),
    )


def _rate(usable: Sequence[Slice], settings: JudgeSettings, level: Decimal, *, with_margin: bool) -> AlarmRate:
    if not with_margin:
        latency = replace(settings.latency, worse_by=Decimal(0))
        settings = replace(settings, latency=latency, errors=replace(settings.errors, worse_by=Decimal(0)))
    length = slices_needed(settings, level=level)
    stretches = [usable[place : place + length] for place in range(0, len(usable) - length + 1, length)]
    alarms = sum(
        judge_live(each, settings, level=level, final=True).outcome is Outcome.FAIL
        for stretch in stretches
        for each in (stretch, [_swapped(piece) for piece in stretch])
    )
    # Both colours of one stretch are hardly called worse than one another, so a stretch is one trial.
    at_most = upper_limit(min(alarms, len(stretches)), len(stretches), UNSURE) / 2 if stretches else 1.0
    return AlarmRate(
        noise_lasts=settings.noise_lasts,
        with_margin=with_margin,
        slices=length,
        bakes=2 * len(stretches),
        alarms=alarms,
        at_most=at_most,
    )


def _swapped(piece: Slice) -> Slice:
    return replace(piece, stable=piece.candidate, candidate=piece.stable)
