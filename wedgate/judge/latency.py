"""Latency: a watched coin over paired slices.

Under "the candidate is not worse than the limit" each slice is a coin that shows *worse* at most half of the time,
whatever the distribution of latencies, and however the two colours' common noise rises and falls: both were measured
over the same time. So the count of worse slices is held against the exact distribution of a fair coin.

- ``fail``: the count crosses the boundary of ``exact.boundary`` at some slice. A slice counts as worse only when
  it is so wherever in their buckets the two quantiles lie. The answer does not depend on when somebody looked: every
  slice is a look.
- ``pass``, at the end of the bake only: at least ``slices`` slices, and the upper 90 % limit of the candidate's
  ratio to stable (signed ranks of the log-ratios) is within the limit. So a candidate that is at the limit passes in
  one bake of ten at most. Nor are there slices in which it is surely more than twice as slow: not the last two, and not
  more than chance makes of those in which stable is.
- ``marginal``: neither. ``not_enough_data``: too few slices, too few for any count of them to reach the level, or
  buckets that are wider than the margin, and than a millisecond: what lies inside of one is not known. Nor is there a
  pass where more good answers are in no bucket than a fifth of those beyond the quantile: they may be the slowest.

Slices that lie apart as far as noise lasts (``correlation``) are given, and those between them are looked at for what
is terrible or unknown alone; where they still foretell one another, a pass
is asked of such as lie further apart. A fail is not held back by that: what grows worse all the time looks the same.

Limitations: slices must be longer than the noise that the colours do not share lasts. Only how often, not how much
worse makes a failure. A difference smaller than a bucket is not seen as a failure: at 7 ms in whole milliseconds
that is 14 %. Of the quantile alone is spoken: what is slow in fewer requests than it leaves out is not seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from statistics import median

from wedgate.judge.correlation import FEWEST, PAUSE, autocorrelation, bound, chance_of, joined, lasting
from wedgate.judge.exact import first_decisive, has_crossed, upper_tail
from wedgate.judge.quantiles import Pair, Quantile, answered, pairs_of
from wedgate.judge.remembered import Remembered
from wedgate.judge.signed_rank import LARGEST, critical, shift_of
from wedgate.judge.values import ColourSample, LatencyLimits, MetricJudgement, Outcome, Slice
from wedgate.judge.wording import spell_ms, spell_p, spell_ratio

PASS_RISK = 0.10
"""Probability at most that a candidate whose ratio is the limit, or more, is passed."""

PASS_CORRELATION = 0.01
"""How often slices without correlation are taken as correlated when a pass is asked for, and lie apart in vain."""

MISSING_SHARE = 0.10
"""Of what may be missing from the evidence of a bake that passes."""

UNKNOWN_PART = 0.2
"""Of the answers slower than the quantile, how many may be in no bucket: all that are in none may be among them."""

FINEST_MS = 1.0
"""How wide a bucket may be whatever the margin: proxies count in whole milliseconds."""

TERRIBLE = 2.0
"""How many times as slow a slice is that nobody should overlook for all the others."""

FEWEST_FOR_PASS = next(count for count in range(1, 64) if critical(count, PASS_RISK) is not None)
"""Slices below which no limit can be told at that risk."""


def judge_latency(
    slices: Sequence[Slice],
    limits: LatencyLimits,
    *,
    level: float,
    final: bool,
    every: Sequence[Slice] | None = None,
    together: int = 1,
) -> MetricJudgement:
    """Judge the candidate's latency over usable slices in order; ``level`` is what this metric may spend.

    Where slices were left out so that the others lie apart, ``every`` has these too: none may be terrible unseen.
    Noise lasts for so many of them ``together``.
    """
    limit = float(1 + limits.worse_by)
    pairs = pairs_of(slices, limits.quantile)
    first = first_decisive(level)
    if not pairs:
        return _answer(limits, Outcome.NOT_ENOUGH_DATA, "no slice has requests on both colours", ())
    worse = [pair.is_surely_worse(limit) for pair in pairs]
    chance = upper_tail(sum(worse), len(pairs), 0.5)
    medians = _medians(pairs)
    ratio = median([pair.ratio for pair in pairs])
    numbers = (
        *_spelled(medians, ratio, limit),
        ("slices worse", f"{sum(worse)} of {len(pairs)}"),
        ("p", spell_p(chance)),
        ("level", spell_p(level)),
        ("decides from", f"{first} slices"),
        *_spelled_correlation(pairs),
    )
    clause = (
        f"candidate {spell_ms(medians[1])} against {spell_ms(medians[0])} ({spell_ratio(ratio)}, limit "
        f"{spell_ratio(limit)}), {sum(worse)} of {len(pairs)} slices worse, p = {spell_p(chance)}"
    )
    if has_crossed(worse, level):
        return _answer(limits, Outcome.FAIL, clause, numbers)
    if len(pairs) < first:
        rule = f"{clause}; {len(pairs)} slices can decide nothing at level {spell_p(level)}, {first} are needed"
        return _answer(limits, Outcome.NOT_ENOUGH_DATA, rule, numbers)
    if not final:
        return _answer(limits, Outcome.MARGINAL, f"{clause}; no regression so far", numbers)
    return _judge_whole_bake(slices, slices if every is None else every, limits, limit, numbers, together=together)


def slices_to_decide(limits: LatencyLimits, *, level: float) -> int:
    """Return how many usable slices a bake must have before latency can pass at all."""
    return max(limits.slices, first_decisive(level), FEWEST_FOR_PASS)


def _judge_whole_bake(
    slices: Sequence[Slice],
    every: Sequence[Slice],
    limits: LatencyLimits,
    limit: float,
    numbers: tuple[tuple[str, str], ...],
    *,
    together: int,
) -> MetricJudgement:
    if silent := _without_latency(every, limits.quantile):
        return _answer(limits, Outcome.NOT_ENOUGH_DATA, silent, numbers)
    enough = math.ceil(1 / (4 * (1 - limits.quantile)))
    thick = _merge_thin(slices, enough)
    if len(thick) < max(limits.slices, FEWEST_FOR_PASS):
        rule = (
            f"{len(thick)} slices with {enough} requests or more on both colours, "
            f"{max(limits.slices, FEWEST_FOR_PASS)} are needed; bake longer, or give the candidate more traffic"
        )
        return _answer(limits, Outcome.NOT_ENOUGH_DATA, rule, numbers)
    noise = lasting(_log_ratios(thick, limits), chance=PASS_CORRELATION)
    apart = _apart(thick, noise)
    if len(apart) < FEWEST_FOR_PASS:
        rule = (
            f"noise that the colours do not share lasts {noise} slices: {len(apart)} lie far enough apart, "
            f"{FEWEST_FOR_PASS} are needed; bake longer, or set judge.noise-lasts from `wedgate bench live`"
        )
        return _answer(limits, Outcome.NOT_ENOUGH_DATA, rule, numbers)
    units = _few(apart)
    pairs = pairs_of(units, limits.quantile)
    shift = shift_of([pair.log_ratio for pair in pairs], risk=PASS_RISK)
    lowest, ratio, highest = (math.exp(value) for value in (shift.lower, shift.estimate, shift.upper))
    stable_ms, candidate_ms = _medians(pairs)
    numbers = (*numbers, ("ratio from", spell_ratio(lowest)), ("ratio to", spell_ratio(highest)))
    clause = (
        f"candidate {spell_ms(candidate_ms)} against {spell_ms(stable_ms)} ({spell_ratio(ratio)}, at most "
        f"{spell_ratio(highest)}, limit {spell_ratio(limit)}) over {len(pairs)} slices"
    )
    if (wide := _too_wide(pairs, limit)) is not None:
        rule = (
            f"{clause}, and {spell_ms(wide.lower)} to {spell_ms(wide.upper)} is one bucket, in which "
            f"{spell_ratio(limit)} is not seen; give the histogram finer ones there, or a wider worse-by"
        )
        return _answer(limits, Outcome.NOT_ENOUGH_DATA, rule, numbers)
    if highest <= limit and (terrible := _terrible(pairs_of(every, limits.quantile), together)):
        return _answer(limits, Outcome.MARGINAL, f"{clause}, and {terrible}", numbers)
    if highest <= limit:
        return _answer(limits, Outcome.PASS, clause, numbers)
    return _answer(limits, Outcome.MARGINAL, f"{clause}: not surely within the limit, not surely beyond it", numbers)


def without_latency(name: str, samples: Sequence[ColourSample], quantile: Decimal) -> str:
    """Say that too many of a colour's good answers are in no bucket for this quantile: they may be the slowest."""
    good = sum([sample.requests - sample.errors for sample in samples])
    known = sum([answered(sample) - sample.timeouts for sample in samples])
    if good - known > UNKNOWN_PART * (1 - float(quantile)) * good:
        those = f"only {known} of {name} {good} good answers have a latency"
        return f"{those}, and the others may be the slowest; is every process scraped?"
    return ""


def _without_latency(slices: Sequence[Slice], quantile: Decimal) -> str:
    """Say so of the first colour of which it is so."""
    of_candidate = without_latency("the candidate's", [piece.candidate for piece in slices], quantile)
    return of_candidate or without_latency("stable's", [piece.stable for piece in slices], quantile)


def _too_wide(pairs: Sequence[Pair], limit: float) -> Quantile | None:
    """Return a bucket that hides the margin, where in half of the slices or more one does; ``None`` otherwise."""
    wide = [
        quantile
        for pair in pairs
        if (quantile := max(pair.stable, pair.candidate, key=lambda each: each.upper - each.lower)).upper
        > max(quantile.lower * limit, quantile.lower + FINEST_MS)
    ]
    return wide[len(wide) // 2] if 2 * len(wide) >= len(pairs) else None


def _terrible(pairs: Sequence[Pair], together: int) -> str:
    """Say in how many slices the candidate is terrible, where they are the newest, or more than chance makes."""
    worse = [pair.is_surely_worse(TERRIBLE) for pair in pairs]
    better = [pair.stable.lower > pair.candidate.upper * TERRIBLE for pair in pairs]
    if not all(worse[-2:]) and chance_of(worse, better, together) > PASS_RISK:
        return ""
    return f"more than twice as slow in {sum(worse)} of {len(pairs)} slices"


def _log_ratios(slices: Sequence[Slice], limits: LatencyLimits) -> list[float]:
    return [pair.log_ratio for pair in pairs_of(slices, limits.quantile)]


def _apart(slices: list[Slice], noise: int) -> list[Slice]:
    """Join as many slices as noise lasts, and leave out twice as many after each."""
    if not noise:
        return slices
    runs = (slices[place : place + noise] for place in range(0, len(slices), (1 + PAUSE) * noise))
    return [joined(run) for run in runs if len(run) == noise]


@Remembered
def _answers(piece: Slice) -> tuple[int, int]:
    """Return how many requests of stable and of the candidate have a rank."""
    return answered(piece.stable), answered(piece.candidate)


def _merge_thin(slices: Sequence[Slice], enough: int) -> list[Slice]:
    """Join neighbours until both colours have ``enough`` requests in each; a thin rest is left out."""
    answers = _answers.each(slices)
    if all(stable >= enough and candidate >= enough for stable, candidate in answers):
        return list(slices)
    merged: list[Slice] = []
    open_run: list[Slice] = []
    stable = candidate = 0
    for piece, ranked in zip(slices, answers, strict=True):
        open_run.append(piece)
        stable, candidate = stable + ranked[0], candidate + ranked[1]
        if stable >= enough and candidate >= enough:
            merged.append(joined(open_run))
            open_run, stable, candidate = [], 0, 0
    return merged


def _few(slices: list[Slice]) -> list[Slice]:
    """Join neighbours evenly until there are no more than signed ranks take."""
    together = math.ceil(len(slices) / LARGEST) if slices else 1
    return [joined(slices[place : place + together]) for place in range(0, len(slices), together)]


def _medians(pairs: Sequence[Pair]) -> tuple[float, float]:
    return median([pair.stable.point for pair in pairs]), median([pair.candidate.point for pair in pairs])


def _spelled_correlation(pairs: Sequence[Pair]) -> tuple[tuple[str, str], ...]:
    """Spell how far one slice foretells the next, where there are enough to tell."""
    known = [pair.log_ratio for pair in pairs if math.isfinite(pair.log_ratio)]
    if len(known) < FEWEST:
        return ()
    return (
        ("neighbours correlate by", f"{autocorrelation(known, 1):.2f}"),
        ("of chance at most", f"{bound(len(known), chance=PASS_CORRELATION):.2f}"),
    )


def _spelled(medians: tuple[float, float], ratio: float, limit: float) -> tuple[tuple[str, str], ...]:
    return (
        ("candidate", spell_ms(medians[1])),
        ("stable", spell_ms(medians[0])),
        ("ratio", spell_ratio(ratio)),
        ("limit", spell_ratio(limit)),
    )


def _answer(
    limits: LatencyLimits, outcome: Outcome, rule: str, numbers: tuple[tuple[str, str], ...]
) -> MetricJudgement:
    return MetricJudgement(
        metric=f"latency-p{float(limits.quantile) * 100:g}", outcome=outcome, rule=rule, numbers=numbers
    )
