"""How often rules alarm on measurements of one and the same thing, and which slowdowns they find.

The measurements are split into two arms that do not differ, many times: in turns (neighbours in time go to different
arms, at random) and in blocks (the first ones are the base, the next ones the candidate, as when two builds are
measured one after the other). What alarms then alarms falsely. For what is found, one arm is multiplied.

Limitations: splits share measurements, so rates over few measurements are rough; a slowdown that multiplies every value
is the plainest there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from wedgate.judge.chance import Chance
from wedgate.judge.comparison import Margins, compare
from wedgate.judge.rank_sums import rank_sum_tail
from wedgate.judge.reading import Direction
from wedgate.judge.values import Outcome

SIZES = (5, 10, 20, 30, 50)
SLOWDOWNS = (1.02, 1.05, 1.10, 1.25)
DRAWS = 200
FOUND = 0.8
"""A slowdown counts as found where so many of the splits show it."""

_Arms = tuple[list[float], list[float]]


class Arrangement(StrEnum):
    """In which order two arms are measured."""

    TURNS = "in turns"
    BLOCKS = "in blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``alarms`` of ``splits`` by one rule, with ``each`` values per arm, and one arm ``slowdown`` times as slow."""

    rule: str
    arrangement: Arrangement
    each: int
    alarms: int
    splits: int
    slowdown: float = 1.0

    @property
    def share(self) -> float:
        """The alarms as a fraction."""
        return self.alarms / self.splits


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """``false_alarms`` of every rule, and what wedgate's rule finds of slowdowns, in turns."""

    false_alarms: tuple[Rate, ...]
    found: tuple[Rate, ...]

    def least_found(self, each: int) -> float | None:
        """Return the least slowdown that is found in most splits with so many values per arm."""
        sizes = [rate.slowdown for rate in self.found if rate.each == each and rate.share >= FOUND]
        return min(sizes, default=None)


WEDGATE = "wedgate's rule"


def rules(margins: Margins) -> Mapping[str, Callable[[list[float], list[float], Arrangement], bool]]:
    """Return the rules that are compared, by what they are called; each says whether it alarms.

    wedgate's rule is told of turns, as files with times tell it. In blocks it is told nothing: with times it would not
    judge at all.
    """
    return {
        WEDGATE: lambda base, other, arrangement: _fails(base, other, margins, arrangement),
        "mean 5 % above": lambda base, other, _: fmean(other) > 1.05 * fmean(base),
        "Mann-Whitney, p below 0.05": lambda base, other, _: _differs(base, other),
    }


def rehearse(values: Sequence[float], *, seed: int, margins: Margins | None = None, draws: int = DRAWS) -> Rehearsal:
    """Split ``values``, in the order in which they were measured, a higher one being worse.

    ``ValueError`` where there are fewer than ten.
    """
    sizes = [each for each in SIZES if 2 * each <= len(values)]
    if not sizes:
        raise ValueError(f"{len(values)} values are too few to split: at least {2 * SIZES[0]} are needed")
    asked, chance = rules(margins or Margins()), Chance(seed)
    false_alarms, found = [], []
    for each in sizes:
        splits = {
            Arrangement.TURNS: [_in_turns(values, each, chance) for _ in range(draws)],
            Arrangement.BLOCKS: _in_blocks(values, each, draws),
        }
        for rule, alarms in asked.items():
            for arrangement, arms in splits.items():
                count = sum(alarms(base, other, arrangement) for base, other in arms)
                false_alarms.append(Rate(rule=rule, arrangement=arrangement, each=each, alarms=count, splits=len(arms)))
        for slowdown in SLOWDOWNS:
            arms, turns = splits[Arrangement.TURNS], Arrangement.TURNS
            count = sum(asked[WEDGATE](base, [value * slowdown for value in other], turns) for base, other in arms)
            found.append(
                Rate(
                    rule=WEDGATE,
                    arrangement=Arrangement.TURNS,
                    each=each,
                    alarms=count,
                    splits=len(arms),
                    slowdown=slowdown,
                )
            )
    return Rehearsal(false_alarms=tuple(false_alarms), found=tuple(found))


def _in_turns(values: Sequence[float], each: int, chance: Chance) -> _Arms:
    """Take a stretch at random, and of every two neighbours one for each arm."""
    start = chance.below(len(values) - 2 * each + 1)
    base, other = [], []
    for at in range(start, start + 2 * each, 2):
        pair = (values[at], values[at + 1])
        first = chance.below(2)
        base.append(pair[first])
        other.append(pair[1 - first])
    return base, other


def _in_blocks(values: Sequence[float], each: int, most: int) -> list[_Arms]:
    """Take every stretch there is, or ``most`` at equal distances, and halve it in the middle."""
    last = len(values) - 2 * each
    count = min(most, last + 1)
    starts = [round(last * place / max(1, count - 1)) for place in range(count)]
    return [(list(values[at : at + each]), list(values[at + each : at + 2 * each])) for at in starts]


def _fails(base: list[float], other: list[float], margins: Margins, arrangement: Arrangement) -> bool:
    turns = arrangement is Arrangement.TURNS
    found = compare(base, other, direction=Direction.LOWER_IS_BETTER, margins=margins, in_turns=turns)
    return found.outcome is Outcome.FAIL


def _differs(base: list[float], other: list[float]) -> bool:
    """Whether the test of both sides differs, towards slower."""
    pairs = sum(worse <= value for value in base for worse in other)
    return 2 * rank_sum_tail(len(base), len(other), pairs) < 0.05
