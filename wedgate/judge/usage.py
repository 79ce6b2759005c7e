"""CPU seconds and memory: what the candidate uses, against what stable would use for the same requests.

The colours do not get the same traffic, and a process uses something without any. Of stable's use U at R requests the
share f is fixed; at r requests it would use U (f + (1 - f) r / R). Nobody measured f where ``fixed`` is not set: then
it may be anything from 0 to 1, and stable's use at r requests lies between U and U r / R. Together with what counters
are off by this makes a ratio an interval.

- ``fail``: the whole interval is above the limit in so many slices that a fair coin does not explain it.
- ``pass``, at the end of the bake only: the upper 90 % limit of the ratio's upper end is within the limit. Nor are
  there slices in which it is surely more than twice: not the last two, and not more than chance makes.
- ``not_enough_data``: the interval has the limit inside of it: send both colours equal traffic, or set ``fixed``.
- ``marginal``: it is narrow enough, and still neither.

Limitation: a process keeps its memory, so that slices of it are hardly tosses of their own. ``worse_by`` has to be
wider than two processes of one build differ.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from wedgate.judge.correlation import chance_of, evenly_joined
from wedgate.judge.exact import first_decisive, has_crossed
from wedgate.judge.latency import FEWEST_FOR_PASS, MISSING_SHARE, PASS_RISK, TERRIBLE
from wedgate.judge.signed_rank import LARGEST, shift_of
from wedgate.judge.values import ColourSample, MetricJudgement, Outcome, Slice, UsageLimits
from wedgate.judge.wording import spell_p, spell_ratio

CPU, MEMORY = "cpu", "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratio:
    """What the candidate used over what stable would have used, in one slice."""

    lower: float
    upper: float


def judge_usage(
    slices: Sequence[Slice],
    limits: UsageLimits,
    *,
    metric: str,
    level: float,
    final: bool,
    least: int,
    every: Sequence[Slice] | None = None,
) -> MetricJudgement:
    """Judge ``CPU`` or ``MEMORY`` over usable slices in order; below ``least`` slices there is no pass.

    Where slices were left out so that the others lie apart, ``every`` has these too: none may be terrible unseen.
    """
    limit = float(1 + limits.worse_by)
    ratios = _ratios(slices, metric, limits)
    if not ratios:
        why = f"no slice has requests and {metric} of both colours; does the evidence say what is used?"
        return MetricJudgement(metric=metric, outcome=Outcome.NOT_ENOUGH_DATA, rule=why, numbers=())
    worse = [ratio.lower > limit for ratio in ratios]
    lower, upper = median(ratio.lower for ratio in ratios), median(ratio.upper for ratio in ratios)
    words = spell_ratio(lower) if lower == upper else f"{spell_ratio(lower)} to {spell_ratio(upper)}"
    clause = (
        f"candidate uses {words} of what stable would, limit {spell_ratio(limit)}, {sum(worse)} of {len(ratios)} "
        "slices surely worse"
    )
    numbers = (
        ("ratio from", spell_ratio(lower)),
        ("ratio to", spell_ratio(upper)),
        ("limit", spell_ratio(limit)),
        ("slices worse", f"{sum(worse)} of {len(ratios)}"),
        ("level", spell_p(level)),
        ("decides from", f"{first_decisive(level)} slices"),
    )
    outcome, rule = _decided(ratios, worse, limit=limit, level=level, final=final, least=least)
    asked = sum(bool(piece.stable.requests and piece.candidate.requests) for piece in slices)
    if outcome is Outcome.PASS and len(ratios) < (1 - MISSING_SHARE) * asked:
        outcome, rule = Outcome.NOT_ENOUGH_DATA, f"; of {asked} slices the others say nothing of {metric}"
    all_ratios = ratios if every is None else _ratios(every, metric, limits)
    if outcome is Outcome.PASS and (terrible := _terrible(all_ratios, max(limit, TERRIBLE))):
        outcome, rule = Outcome.MARGINAL, f", and {terrible}"
    return MetricJudgement(metric=metric, outcome=outcome, rule=f"{clause}{rule}", numbers=numbers)


def _ratios(slices: Sequence[Slice], metric: str, limits: UsageLimits) -> list[_Ratio]:
    return [ratio for piece in slices if (ratio := _ratio(piece, metric, limits))]


def _terrible(ratios: Sequence[_Ratio], times: float) -> str:
    """Say in how many slices the candidate uses that much more, where they are the newest, or more than chance makes.

    By chance it uses that much less as often.
    """
    worse = [ratio.lower > times for ratio in ratios]
    better = [ratio.upper < 1 / times for ratio in ratios]
    # What a process uses it goes on using for a while, also while it warms up: those in a row are one toss.
    if not all(worse[-2:]) and chance_of(worse, better, len(ratios)) > PASS_RISK:
        return ""
    return f"more than {spell_ratio(times)} in {sum(worse)} of {len(ratios)} slices"


def _decided(
    ratios: Sequence[_Ratio], worse: Sequence[bool], *, limit: float, level: float, final: bool, least: int
) -> tuple[Outcome, str]:
    if has_crossed(worse, level):
        return Outcome.FAIL, ""
    needed = max(least, first_decisive(level), FEWEST_FOR_PASS)
    if len(ratios) < needed:
        return Outcome.NOT_ENOUGH_DATA, f"; {needed} are needed"
    if not final:
        return Outcome.MARGINAL, "; no regression so far"
    if _highest([ratio.upper for ratio in ratios]) <= limit:
        return Outcome.PASS, ", within the limit"
    if _highest([ratio.lower for ratio in ratios]) <= limit:
        why = "the limit lies inside of what is not known: send both colours equal traffic, or set fixed"
        return Outcome.NOT_ENOUGH_DATA, f"; {why}"
    return Outcome.MARGINAL, ": not surely within the limit, not surely beyond it"


def _highest(ratios: Sequence[float]) -> float:
    """Return what the centre of the ratios exceeds with ``PASS_RISK`` at most."""
    logs = [math.log(ratio) if ratio > 0 else -math.inf for ratio in ratios]
    return math.exp(shift_of(evenly_joined(logs, LARGEST), risk=PASS_RISK).upper)


def _ratio(piece: Slice, metric: str, limits: UsageLimits) -> _Ratio | None:
    stable, candidate = _used(piece.stable, metric), _used(piece.candidate, metric)
    if stable is None or candidate is None or not piece.stable.requests or not piece.candidate.requests:
        return None
    traffic = piece.candidate.requests / piece.stable.requests
    fixed = (0.0, 1.0) if limits.fixed is None else (float(limits.fixed),) * 2
    shares = sorted(share + (1 - share) * traffic for share in fixed)
    least, most = stable[0] * shares[0], stable[1] * shares[1]
    if most <= 0:
        return None
    return _Ratio(lower=candidate[0] / most, upper=candidate[1] / least if least > 0 else math.inf)


def _used(sample: ColourSample, metric: str) -> tuple[float, float] | None:
    """Return between what the use lies."""
    if sample.used is None:
        return None
    if metric == MEMORY:
        value = sample.used.memory_bytes
        return None if value is None else (value, value)
    cpu = sample.used.cpu_seconds
    return None if cpu is None else (max(0.0, cpu - sample.used.cpu_off), cpu + sample.used.cpu_off)
