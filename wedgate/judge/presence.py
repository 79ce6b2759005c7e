"""Which metrics a part of the candidate's runs lost: a benchmark that crashes now and then leaves its survivors."""

from __future__ import annotations

from collections.abc import Mapping

from wedgate.judge.measurements import Measurements, Metric


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


def _in_files(metric: Metric, other: Metric) -> str | None:
    (known, files), (left, of) = metric.present, other.present
    return f"{of - left} of the candidate's {of} files do not have it" if left * files < known * of else None


def _in_values(metric: Metric, other: Metric, base: Measurements, candidate: Measurements) -> str | None:
    every = {len(each.values) for each in base.metrics}
    most = max(len(each.values) for each in candidate.metrics)
    if len(every) == 1 and len(other.values) < min(len(metric.values), most):
        return f"the candidate has {len(other.values)} values of it, and {most} of another metric"
    return None
