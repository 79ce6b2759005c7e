"""Which metrics a part of the candidate's runs lost: a benchmark that crashes now and then leaves its survivors."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

SHARE = "ratio"
"""The unit of a share: so many of all."""
SHARE_MORE = 0.005
"""A share of failures that rose by more does not pass: as on live traffic."""


def partly_missing(base: Measurements, candidate: Measurements) -> Mapping[str, str]:
    """Return why a metric is known of a part of the candidate's runs only, by its name.

    Files tell it where it is in a smaller share of the candidate's than of the base's. In a single file it is told by
    the number of values, where the base has as many of every metric.
    """
    found = {}
    for metric in base.metrics:
        other = candidate.named(metric.name)
        gap = None if other is None else _in_files(metric, other) or _in_values(metric, other, base, candidate)
        if gap is not None:
            found[metric.name] = f"{gap}: what vanished was not shown to be good"
    return found


def share_that_rose(metric: Metric, other: Metric) -> str | None:
    """Return why a share of failures does not pass: over all runs together it rose, whatever the order of runs says.

    Ranks see nothing of two runs of ten that failed wholly. ``None`` for what is no share, or did not rise so.
    """
    is_cost = metric.direction is Direction.LOWER_IS_BETTER
    if (metric.unit, other.unit) != (SHARE, SHARE) or not is_cost or not metric.values or not other.values:
        return None
    before, after = fmean(metric.values), fmean(other.values)
    if not max(*metric.values, *other.values) <= 1 or after <= before + SHARE_MORE:
        return None
    return f"over all runs together it is {100 * after:.3g} %, and the base's {100 * before:.3g} %"


def _in_files(metric: Metric, other: Metric) -> str | None:
    (known, files), (left, of) = metric.present, other.present
    return f"{of - left} of the candidate's {of} files do not have it" if left * files < known * of else None


def _in_values(metric: Metric, other: Metric, base: Measurements, candidate: Measurements) -> str | None:
    every = {len(each.values) for each in base.metrics}
    most = max(len(each.values) for each in candidate.metrics)
    if len(every) == 1 and len(other.values) < min(len(metric.values), most):
        return f"the candidate has {len(other.values)} values of it, and {most} of another metric"
    return None
