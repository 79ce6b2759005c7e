"""What simple rules make of the pairs that the judge is scored on: each is as its users ask it, at n = 10.

usage: judge_peers.py [--write]     prints the table; with --write it replaces that of docs/judge.md
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import numpy as np
from judge_power import Pair, same_builds
from scipy import stats

PAGE = Path(__file__).resolve().parent.parent / "docs" / "judge.md"
COUNT, RESAMPLES = 10, 2000
PERCENTS = (0, 2, 5, 10)
Rule = Callable[[Pair], bool]


def mean_threshold(pair: Pair) -> bool:
    """Whether the mean rose by more than 5 %."""
    base, candidate = pair
    return fmean(candidate) > 1.05 * fmean(base)


def mann_whitney(pair: Pair) -> bool:
    """Whether the candidate is slower by the two-sided test of Mann and Whitney at 5 %, as benchstat asks it."""
    base, candidate = pair
    has_ties = len({*base, *candidate}) < len(base) + len(candidate)
    found = stats.mannwhitneyu(candidate, base, method="asymptotic" if has_ties else "exact")
    return bool(found.pvalue < 0.05 and found.statistic > len(base) * len(candidate) / 2)


def bootstrap(pair: Pair) -> bool:
    """Whether 95 % of resampled ratios of the medians, but for their lowest and highest 2.5 %, lie above 1.02."""
    rng = np.random.default_rng(1)
    base, candidate = (np.asarray(arm, dtype=float) for arm in pair)
    drawn = [arm[rng.integers(0, len(arm), (RESAMPLES, len(arm)))] for arm in (base, candidate)]
    ratios = np.median(drawn[1], axis=1) / np.median(drawn[0], axis=1)
    return bool(np.quantile(ratios, 0.025) > 1.02)


RULES: dict[str, tuple[str, Rule]] = {
    "threshold of 5 % on the mean": ("T", mean_threshold),
    "Mann-Whitney at 5 %, no margin (as benchstat)": ("B", mann_whitney),
    "bootstrap of the medians' ratio, above 1.02": ("R", bootstrap),
}
"""Rules that are a few lines, and the letters that mark them."""


def measured() -> dict[str, tuple[str, dict[int, float]]]:
    """Return, by rule, its letter and what it alarms on at each slowdown, in percent of SAP's pairs."""
    found = {}
    for name, (letter, rule) in RULES.items():
        shares = {}
        for percent in PERCENTS:
            alarms = [rule(pair) for pair in same_builds(COUNT, 1 + percent / 100)]
            shares[percent] = 100 * sum(alarms) / len(alarms)
        found[name] = letter, shares
    return found


def table() -> str:
    """Return the table in Markdown."""
    head = " | ".join("identical" if each == 0 else f"+{each} %" for each in PERCENTS)
    lines = [f"| other rules, SAP HANA, n = {COUNT} | {head} |", f"|{'---|' * (1 + len(PERCENTS))}"]
    for name, (_, shares) in measured().items():
        lines.append(f"| {name} | {' | '.join(f'{share:.1f}' for share in shares.values())} |")
    return "\n".join([*lines, ""])


def main() -> int:
    """Print the table, or write it into the page."""
    made = table()
    print(made)
    if "--write" in sys.argv:
        head, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- peers -->\n")
        _, _, tail = rest.partition("<!-- end of peers -->\n")
        PAGE.write_text(f"{head}<!-- peers -->\n{made}<!-- end of peers -->\n{tail}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
