"""Which shifts are found in the histories of real builds: the tables of docs/history.md.

usage: judge_series.py [--write]     prints the tables; with --write they replace those of docs/history.md
"""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path
from statistics import median

from wedgate.judge.reading import Direction
from wedgate.judge.series import ChangePoint, find_change_points

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "tests" / "judge" / "sap_small_2021"
PAGE = HERE.parent / "docs" / "history.md"
SHIFTS = (1.03, 1.05, 1.10, 1.15, 1.25, 1.50)
KINDS = {
    "stable, or calm but for spikes": ("Stable", "Spike"),
    "high deviation": ("High deviation",),
    "build-dependent": ("Build-dependent",),
}
BUILDS, TIMES, NEAR = 150, 20, 5
Series = list[tuple[int, float]]


def read(*, by_build: bool) -> dict[str, tuple[str, int, Series]]:
    """Return each series' kind, its marked index (0: none), and its values with their first index."""
    found = {}
    marks = (DATA / "metadata/dataset_details.csv").read_text(encoding="utf-8").splitlines()
    for row in csv.DictReader(marks, delimiter=";"):
        builds: dict[str, Series] = {}
        for line in csv.DictReader((DATA / "data" / row["Dataset"]).read_text(encoding="utf-8").splitlines()):
            key = line["GHC"] if by_build else line["Index"]
            builds.setdefault(key, []).append((int(line["Index"]), float(line["Measurement"])))
        values = [(rows[0][0], median(value for _, value in rows)) for rows in builds.values()]
        found[row["Dataset"]] = (row["Type"].strip(), int(row["Change Point"]), values)
    return found


def as_marked(*, by_build: bool) -> str:
    """Return a row: marks, how many are found within ``NEAR`` measurements, what is found elsewhere, builds."""
    marks = hits = found = builds = 0
    for _, mark, values in read(by_build=by_build).values():
        starts = [values[each.first][0] for each in shifts([value for _, value in values])]
        marks += mark > 0
        hits += mark > 0 and any(abs(start - mark - 1) <= NEAR for start in starts)
        found += len(starts)
        builds += len(values)
    score = 2 * hits / (marks + found)
    name = "median of each build" if by_build else "every measurement"
    return f"| {name} | {builds} | {hits} of {marks} | {found - hits} | {score:.2f} |"


def random_orders(times: int = 50) -> tuple[int, int]:
    """Return how many shifts are found in unmarked series in random orders, and in how many builds."""
    rng = random.Random(5)  # noqa: S311 - seeded on purpose
    found = builds = 0
    for _, mark, values in read(by_build=True).values():
        for _ in range(0 if mark else times):
            shuffled = [value for _, value in values[:200]]
            rng.shuffle(shuffled)
            found += len(shifts(shuffled))
            builds += len(shuffled)
    return found, builds


def as_it_grew() -> tuple[int, int]:
    """Return in how many unmarked series anything is found at any time, two builds at a time; and their builds."""
    alarmed = builds = 0
    for _, mark, pairs in read(by_build=True).values():
        values = [value for _, value in pairs]
        if not mark:
            looks = range(10, len(values) + 1, 2)
            alarmed += any(shifts(values[max(0, stop - BUILDS) : stop]) for stop in looks)
            builds += len(values)
    return alarmed, builds


def made_slower(kinds: tuple[str, ...], size: float) -> tuple[float, int]:
    """Return the percentage of shifts of a size, up or down, that are found in unmarked series; and what else is."""
    rng = random.Random(1)  # noqa: S311 - seeded on purpose
    hits = tried = others = 0
    for kind, _, values in read(by_build=True).values():
        for _ in range(TIMES if kind in kinds else 0):
            last = [value for _, value in values][-BUILDS:]
            at = rng.randrange(10, len(last) - 8)
            factor = size if rng.random() < 0.7 else 1 / size
            starts = [each.first for each in shifts([*last[:at], *(value * factor for value in last[at:])])]
            hit = any(abs(start - at) <= NEAR for start in starts)
            hits, tried, others = hits + hit, tried + 1, others + len(starts) - hit
    return 100 * hits / tried, others


def shifts(values: list[float]) -> tuple[ChangePoint, ...]:
    """Return what is found."""
    return find_change_points(values, direction=Direction.LOWER_IS_BETTER)


def tables() -> str:
    """Return what is found in Markdown."""
    lines = ["| | builds | marks found | found elsewhere | F1 |", "|---|---|---|---|---|"]
    lines += [as_marked(by_build=True), as_marked(by_build=False)]
    shuffled, grown = random_orders(), as_it_grew()
    lines.append(f"| unmarked series in random orders | {shuffled[1]} | | {shuffled[0]} | |")
    lines.append(f"| unmarked series as they grew, two builds at a time | {grown[1]} | | {grown[0]} | |")
    head = " | ".join(f"{100 * (size - 1):.0f} %" for size in SHIFTS)
    lines += ["", f"| found of one shift of | {head} | found elsewhere |", "|---" * (2 + len(SHIFTS)) + "|"]
    for name, kinds in KINDS.items():
        found = [made_slower(kinds, size) for size in SHIFTS]
        cells = " | ".join(f"{share:.0f} %" for share, _ in found)
        lines.append(f"| {name} | {cells} | {sum(others for _, others in found)} |")
    return "\n".join([*lines, ""])


def main() -> int:
    """Print the tables, or write them into the page."""
    made = tables()
    print(made)
    if "--write" in sys.argv:
        head, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- series -->\n")
        _, _, tail = rest.partition("<!-- end of series -->\n")
        PAGE.write_text(f"{head}<!-- series -->\n{made}<!-- end of series -->\n{tail}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
