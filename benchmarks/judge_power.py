"""How often the judge alarms, by how much slower the candidate is: the tables of docs/judge.md, from real measurements.

usage: judge_power.py [--write]     prints the tables; with --write they replace those of docs/judge.md
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from wedgate.judge.comparison import compare
from wedgate.judge.reading import Direction
from wedgate.judge.values import Outcome

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "judge.md"
SIZES = (1.0, 1.02, 1.05, 1.10, 1.25)
COUNTS = (5, 10, 20, 30)
LEVELS = {1.02: 2, 1.05: 3, 1.10: 4, 1.25: 5}
"""The arm of the busy machine that does so much more work."""
ROUNDS, STEP = 150, 3
SUITES, METRICS, PAIRS = 300, 50, 1000
Pair = tuple[Sequence[float], Sequence[float]]


def same_builds(count: int, size: float) -> Iterator[Pair]:
    """Yield each build's first measurements against its last ones, made slower."""
    with gzip.open(HERE / "measurements" / "sap_same_build.json.gz", "rt", encoding="utf-8") as stream:
        cases = json.load(stream)[str(count)]
    for case in cases:
        yield case["x"][:count], [value * size for value in case["x"][count:]]


def busy_machine(count: int, size: float, *, in_turns: bool) -> Iterator[Pair]:
    """Yield windows of the busy machine: the same rounds of both arms, or later ones against earlier ones.

    Of the two identical arms each is the base once; they are the identical pair too.
    """
    arms = _arms()
    span = count if in_turns else 2 * count
    for workload in sorted({workload for workload, _ in arms}):
        twins = [arms[workload, 0], arms[workload, 1]]
        for base, twin in (twins, twins[::-1]):
            candidate = twin if size == 1.0 else arms[workload, LEVELS[size]]
            for first in range(0, ROUNDS - span + 1, STEP):
                second = first + span - count
                yield base[first : first + count], candidate[second : second + count]


def _arms() -> dict[tuple[str, int], list[float]]:
    """Return the median of each process in the order of rounds, by workload and arm; arms 0 and 1 are identical."""
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    with gzip.open(HERE / "measurements" / "local_micro.csv.gz", "rt", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            found[row["workload"], int(row["arm"])].append(median(float(row[f"s{each}"]) for each in range(1, 6)))
    return found


def fails(pair: Pair, *, in_turns: bool = False, family: int = 1) -> bool:
    """Whether a pair fails."""
    found = compare(*pair, direction=Direction.LOWER_IS_BETTER, in_turns=in_turns, family=family)
    return found.outcome is Outcome.FAIL


def alarms(pairs: Iterator[Pair], *, in_turns: bool = False) -> float:
    """Return the share of pairs that fail, in percent."""
    outcomes = [fails(pair, in_turns=in_turns) for pair in pairs]
    return 100 * sum(outcomes) / len(outcomes)


def asked_again(count: int, size: float) -> tuple[int, int, int]:
    """Return how many builds there are, how many alarm, and how many do so again on fresh runs in turns.

    Of a build's measurements the first stand against the next, one after the other, and of those behind them every two
    neighbours are split at random, as fresh runs in turns are. None is used twice.
    """
    rng = random.Random(1)  # noqa: S311 - seeded on purpose
    builds = first = both = 0
    for total in COUNTS:
        for before, behind in same_builds(total, 1.0):
            values = [*before, *behind]
            if len(values) < 4 * count:
                continue
            again = [rng.sample(values[at : at + 2], 2) for at in range(2 * count, 4 * count, 2)]
            builds += 1
            if fails((values[:count], [value * size for value in values[count : 2 * count]])):
                first += 1
                both += fails(([pair[0] for pair in again], [pair[1] * size for pair in again]), in_turns=True)
    return builds, first, both


def confirmations() -> list[str]:
    """Return the table of alarms that were asked again."""
    lines = ["| SAP HANA, asked again | identical | +2 % | +5 % | +10 % | +25 % |", "|---|---|---|---|---|---|"]
    for count in (5, 10, 15):
        cells = []
        for size in SIZES:
            builds, first, both = asked_again(count, size)
            shares = f"{_rate(first, builds)}, then {_rate(both, builds)}"
            cells.append(f"{first} of {builds}, then {both}" if size == 1.0 else shares)
        lines.append(f"| n = {count} | {' | '.join(cells)} |")
    return lines


def _rate(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}"


def suites() -> list[str]:
    """Return the table of suites of fifty metrics that are identical, or one of them slower."""
    rng = random.Random(2)  # noqa: S311 - seeded on purpose
    lines = [f"| a suite of {METRICS} | clean | all +2 % | one +10 % | one +25 % |", "|---|---|---|---|---|"]
    for name, pairs, turns in (
        ("SAP HANA", same_builds, False),
        ("a busy machine, in turns", lambda count, size: busy_machine(count, size, in_turns=True), True),
    ):
        for count in (10, 20):
            fail = {
                size: [fails(pair, in_turns=turns, family=METRICS) for pair in pairs(count, size)]
                for size in (1.0, 1.02, 1.10, 1.25)
            }
            cells = []
            for size, slow in ((1.0, 0), (1.02, METRICS), (1.10, 1), (1.25, 1)):
                hit = 0
                for _ in range(SUITES):
                    drawn = rng.sample(fail[1.0], METRICS - slow) + rng.sample(fail[size], slow)
                    hit += any(drawn)
                cells.append(_rate(hit, SUITES))
            lines.append(f"| {name}, n = {count} | {' | '.join(cells)} |")
    return lines


def made(family: str, spread: float, rng: random.Random) -> float:
    """Return a value around 100, of a family of distributions whose spread is so large."""
    match family:
        case "normal":
            return 100 * abs(rng.gauss(1, spread))
        case "gamma":
            return rng.gammavariate(1 / spread**2, 100 * spread**2)
        case "lognormal":
            return 100 * rng.lognormvariate(0, spread)
        case "two levels":
            return 100 * (1 + 3 * spread * (rng.random() < 0.4)) * abs(rng.gauss(1, spread / 3))
        case "a floor":
            return 100 * (1 + rng.expovariate(1 / spread))
    return 100 * (1 + spread * abs(rng.gauss(0, 1) / max(0.05, abs(rng.gauss(0, 1)))))


def made_values() -> list[str]:
    """Return the table of made values: identical arms, and arms that are worse by just the margin."""
    rng = random.Random(3)  # noqa: S311 - seeded on purpose
    lines = [
        "| made values, n = 10, identical / +2 % | spread 1 % | 3 % | 6 % | 12 % | 25 % |",
        "|---|---|---|---|---|---|",
    ]
    for family in ("normal", "gamma", "lognormal", "two levels", "a floor", "long tails"):
        cells = []
        for spread in (0.01, 0.03, 0.06, 0.12, 0.25):
            arms = [[[made(family, spread, rng) for _ in range(10)] for _ in range(2)] for _ in range(PAIRS)]
            shares = [alarms((base, [value * size for value in other]) for base, other in arms) for size in (1.0, 1.02)]
            cells.append(" / ".join(f"{share:.1f}" for share in shares))
        lines.append(f"| {family} | {' | '.join(cells)} |")
    return lines


def tables() -> str:
    """Return the tables in Markdown."""
    lines = []
    for title, pairs, turns in (
        ("SAP HANA, one build against itself", same_builds, False),
        ("a busy machine, in turns", lambda count, size: busy_machine(count, size, in_turns=True), True),
        ("a busy machine, one after the other", lambda count, size: busy_machine(count, size, in_turns=False), False),
    ):
        lines += [f"| {title} | identical | +2 % | +5 % | +10 % | +25 % |", "|---|---|---|---|---|---|"]
        for count in COUNTS:
            cells = " | ".join(f"{alarms(pairs(count, size), in_turns=turns):.1f}" for size in SIZES)
            lines.append(f"| n = {count} | {cells} |")
        lines.append("")
    return "\n".join([*lines, *confirmations(), "", *suites(), "", *made_values(), ""])


def main() -> int:
    """Print the tables, or write them into the page."""
    made = tables()
    print(made)
    if "--write" in sys.argv:
        page = PAGE.read_text(encoding="utf-8")
        head, _, rest = page.partition("<!-- power -->\n")
        _, _, tail = rest.partition("<!-- end of power -->\n")
        PAGE.write_text(f"{head}<!-- power -->\n{made}<!-- end of power -->\n{tail}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
