"""How often the judge alarms, by how much slower the candidate is: the tables of docs/judge.md, from real measurements.

usage: judge_power.py [--write]     prints the tables; with --write they replace those of docs/judge.md
"""

from __future__ import annotations

import csv
import gzip
import json
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


def alarms(pairs: Iterator[Pair]) -> float:
    """Return the share of pairs that fail, in percent."""
    outcomes = [
        compare(base, candidate, direction=Direction.LOWER_IS_BETTER).outcome is Outcome.FAIL
        for base, candidate in pairs
    ]
    return 100 * sum(outcomes) / len(outcomes)


def tables() -> str:
    """Return both tables in Markdown."""
    lines = []
    for title, pairs in (
        ("SAP HANA, one build against itself", same_builds),
        ("a busy machine, in turns", lambda count, size: busy_machine(count, size, in_turns=True)),
        ("a busy machine, one after the other", lambda count, size: busy_machine(count, size, in_turns=False)),
    ):
        lines += [f"| {title} | identical | +2 % | +5 % | +10 % | +25 % |", "|---|---|---|---|---|---|"]
        for count in COUNTS:
            cells = " | ".join(f"{alarms(pairs(count, size)):.1f}" for size in SIZES)
            lines.append(f"| n = {count} | {cells} |")
        lines.append("")
    return "\n".join(lines)


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
