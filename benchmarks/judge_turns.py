"""How often rules alarm in turns and in blocks, and what is found: the tables of docs/bench.md, from a busy machine.

usage: judge_turns.py [--write]     prints the tables; with --write they replace those of docs/bench.md
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median

from wedgate.judge.resampling import SIZES, SLOWDOWNS, Arrangement, Rehearsal, rehearse

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "bench.md"
DRAWS = 100


def series() -> list[list[float]]:
    """Return the medians of the processes of each workload, in their order, for both arms that do no extra work."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    with gzip.open(HERE / "measurements" / "local_micro.csv.gz", "rt", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if float(row["level"]) == 0:
                value = median(float(row[f"s{each}"]) for each in range(1, 6))
                found[row["workload"], row["arm"]].append((float(row["t"]), value))
    return [[value for _, value in sorted(each)] for each in found.values()]


def tables() -> str:
    """Return both tables in Markdown."""
    rehearsals = [rehearse(values, seed=1, draws=DRAWS) for values in series()]
    head = " | ".join([f"n = {SIZES[0]}", *(str(each) for each in SIZES[1:])])
    rule = "|---" * (1 + len(SIZES)) + "|"
    lines = [f"| false alarms | {head} |", rule]
    alarms = _shares(rehearsals, found=False)
    for name in dict.fromkeys(key[0] for key in alarms):
        for arrangement in Arrangement:
            cells = " | ".join(f"{alarms[name, arrangement.value, 1.0, each]:.1f} %" for each in SIZES)
            lines.append(f"| {name}, {arrangement.value} | {cells} |")
    lines += ["", f"| wedgate's rule finds, in turns | {head} |", rule]
    found = _shares(rehearsals, found=True)
    name = next(iter(found))[0]
    for slowdown in SLOWDOWNS:
        cells = " | ".join(f"{found[name, Arrangement.TURNS.value, slowdown, each]:.0f} %" for each in SIZES)
        lines.append(f"| +{100 * (slowdown - 1):.0f} % | {cells} |")
    return "\n".join([*lines, ""])


def _shares(rehearsals: list[Rehearsal], *, found: bool) -> dict[tuple[str, str, float, int], float]:
    """Return the alarms in percent over all series, by rule, arrangement, slowdown and values per arm."""
    alarms: Counter[tuple[str, str, float, int]] = Counter()
    splits: Counter[tuple[str, str, float, int]] = Counter()
    for rehearsal in rehearsals:
        for rate in rehearsal.found if found else rehearsal.false_alarms:
            key = (rate.rule, rate.arrangement.value, rate.slowdown, rate.each)
            alarms[key] += rate.alarms
            splits[key] += rate.splits
    return {key: 100 * alarms[key] / splits[key] for key in splits}


def main() -> int:
    """Print the tables, or write them into the page."""
    made = tables()
    print(made)
    if "--write" in sys.argv:
        head, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- turns -->\n")
        _, _, tail = rest.partition("<!-- end of turns -->\n")
        PAGE.write_text(f"{head}<!-- turns -->\n{made}<!-- end of turns -->\n{tail}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
