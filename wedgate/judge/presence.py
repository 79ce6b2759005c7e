"""What ranks do not see: survivors of runs that crashed, and a few runs that failed wholly.

A benchmark that crashes now and then leaves the metrics of its survivors, and of a share of failures that rose in two
runs of ten the order of runs says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from wedgate.judge.comparison import SEVERAL
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction

WHOLES = {"ratio": 1.0, "%": 100.0}
"""The units of a share, and what all is in them."""
RARE = 0.1
"""In percent a larger share of the base's may be how busy something is, and no failures."""
ROUNDED = 1e-6
"""A share may be so much above the whole."""
SHARE_MORE = 0.005
"""A share of failures that rose by more does not pass: as on live traffic."""


def partly_missing(base: Measurements, candidate: Measurements, *, fewer_runs: bool = False) -> Mapping[str, str]:
    """Return why a metric is known of a part of the candidate's runs only, by its name.

    Files tell it where it is in a smaller share of the candidate's than of the base's, and values where it lost a
    larger part of the base's number than another metric did. Where there are fewer files or values of all together it
    holds for every metric, unless ``fewer_runs`` were meant.
    """
    pairs = {metric.name: (metric, candidate.named(metric.name)) for metric in base.metrics}
    known = {name: (metric, other) for name, (metric, other) in pairs.items() if other is not None}
    fewer = None if fewer_runs else _fewer_files(base, candidate) or _fewer_values(base, candidate)
    kept = [(min(len(b.values), len(a.values)), len(a.values)) for a, b in known.values() if a.values]
    best = max(kept, key=lambda each: each[0] / each[1], default=(1, 1))
    found = {}
    for name, (metric, other) in known.items():
        gap = _in_files(metric, other) or _in_values(metric, other, best)
        if gap is not None:
            found[name] = f"{gap}: what vanished was not shown to be good"
        elif fewer is not None:
            found[name] = f"{fewer}: runs that crash leave nothing; --fewer-runs says that so few were meant"
    return found


def _fewer_files(base: Measurements, candidate: Measurements) -> str | None:
    before, after = (max((metric.present[1] for metric in each.metrics), default=1) for each in (base, candidate))
    if min(before, after) == 1 or after + SEVERAL > before:
        return None
    return f"the candidate has {after} files and the base {before}"


def _fewer_values(base: Measurements, candidate: Measurements) -> str | None:
    before, after = (max((len(metric.values) for metric in each.metrics), default=0) for each in (base, candidate))
    return f"the candidate has {after} values and the base {before}" if after + SEVERAL <= before else None


def what_rose(metric: Metric, other: Metric, at_least: float) -> str | None:
    """Return why what ranks pass does not: a share of failures rose over all runs, or something began to happen.

    ``other`` is the candidate's, in the same unit. What is no more than ``at_least`` is too small to matter.
    """
    if not metric.values or not other.values:
        return None
    whole = WHOLES.get(metric.unit)
    if whole is not None and max(metric.values) <= whole * (1 + ROUNDED):
        return _share_that_rose(metric, other, whole, max(SHARE_MORE, at_least / whole))
    happened = sum(value > at_least for value in other.values)
    if metric.direction is Direction.HIGHER_IS_BETTER or any(metric.values) or not happened:
        return None
    return f"the base is 0 in every run, and {happened} of the candidate's {len(other.values)} are not"


def _share_that_rose(metric: Metric, other: Metric, whole: float, at_least: float) -> str | None:
    before, after = (fmean(each.values) / whole for each in (metric, other))
    rose = after - before if metric.direction is Direction.LOWER_IS_BETTER else before - after
    failed = before if metric.direction is Direction.LOWER_IS_BETTER else 1 - before
    if rose <= at_least or (metric.unit == "%" and failed > RARE):
        return None
    return f"over all runs together it is {100 * after:.3g} %, and the base's {100 * before:.3g} %"


def _in_files(metric: Metric, other: Metric) -> str | None:
    (known, files), (left, of) = metric.present, other.present
    return f"{of - left} of the candidate's {of} files do not have it" if left * files < known * of else None


def _in_values(metric: Metric, other: Metric, best: tuple[int, int]) -> str | None:
    told = max(metric.present[1], other.present[1]) > 1 and all(
        len(each.values) == each.present[0] for each in (metric, other)
    )
    if told or (len(other.values) + 1) * best[1] > len(metric.values) * best[0]:
        return None
    counts = f"the candidate has {len(other.values)} values of it and the base {len(metric.values)}"
    return f"{counts}, and of another metric it lost fewer"
