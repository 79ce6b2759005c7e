"""Whether two reports are of one build: a file given twice, an artifact under the wrong name, a base taken for both."""

from __future__ import annotations

from wedgate.judge.comparison import FEW, SAME
from wedgate.judge.measurements import MACHINE, Measurements, Metric
from wedgate.judge.units import factor_between

FINE = 0.9
"""Of values that are measured finely so many differ from one another; and two builds do not have so many in common."""


def has_the_same_values(base: Measurements, candidate: Measurements) -> bool:
    """Whether of every metric that varies the candidate's values are the base's own, in any order and any unit.

    Fresh processes hardly repeat what was measured finely. A metric that does may be decided by a seed, so all have to.
    """
    varied = [metric for metric in base.metrics if len(set(metric.values)) > FEW]
    others = {metric.name: metric for metric in candidate.metrics}
    return bool(varied) and all(_is_same(metric, others.get(metric.name)) for metric in varied)


def _is_same(metric: Metric, other: Metric | None) -> bool:
    factor = None if other is None else factor_between(other.unit, metric.unit)
    if other is None or factor is None or not other.values:
        return False
    mine, theirs = sorted(metric.values), sorted(value * factor for value in other.values)
    common = _common(mine, theirs)
    if common == len(mine) == len(theirs):
        return True
    is_fine = len(set(mine)) >= FINE * len(mine)
    return is_fine and common >= FINE * min(len(mine), len(theirs)) and common > FEW - 1


def _common(first: list[float], second: list[float]) -> int:
    """Return how many values are in both of two sorted lists."""
    count = place = at = 0
    while place < len(first) and at < len(second):
        one, other = first[place], second[at]
        if abs(one - other) <= SAME * max(abs(one), abs(other)):
            count, place, at = count + 1, place + 1, at + 1
        elif one < other:
            place += 1
        else:
            at += 1
    return count


def machine_untold(base: Measurements, candidate: Measurements) -> tuple[str, ...]:
    """Say what of its machine only one of the two names: whether it was the same is not known then."""
    told = [{name for name in MACHINE if name in each.environment} for each in (base, candidate)]
    words = []
    for who, missing in (("base", told[1] - told[0]), ("candidate", told[0] - told[1])):
        names = [name for name in MACHINE if name in missing]
        listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        words += [f"the machine: the {who} does not say its {listed}"] if names else []
    return tuple(words)
