"""How often `wedgate bench run` passes a candidate of which a part of the runs is slow, and how many rounds it takes.

usage: judge_looks.py [--write]     prints the table; with --write it replaces that of docs/bench.md
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from wedgate.adapters.processes.interface import Trial
from wedgate.engine.bench import BASE, CANDIDATE, BenchPlan, run_bench
from wedgate.judge.looks import MOST_LOOKS
from wedgate.judge.values import Outcome

PAGE = Path(__file__).resolve().parent.parent / "docs" / "bench.md"
RUNS = 1000
ROUNDS = (20, 40)
SHARES = (0.1, 0.2, 0.3, 0.4)
SLOW = 100


class Machine:
    """A quiet machine: runs spread by 1 %, and a share of the candidate's takes so many times as long."""

    def __init__(self, seed: int, share: float, factor: float) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - seeded on purpose
        self._share, self._factor = share, factor
        self._at = datetime(2027, 6, 7, tzinfo=UTC)

    def launch(self, words: Sequence[str], folder: Path | None = None) -> Trial:
        """Take a while."""
        is_slow = words[0] == CANDIDATE and self._rng.random() < self._share
        seconds = self._rng.lognormvariate(0, 0.01) * (self._factor if is_slow else 1)
        self._at += timedelta(seconds=seconds)
        return Trial(
            started=self._at, wall_seconds=seconds, cpu_seconds=seconds, peak_bytes=None, output="", trouble=None
        )


def measured(rounds: int, looks: int, share: float, factor: float = SLOW) -> tuple[float, float]:
    """Return in how many of a hundred runs the candidate passes, and how many rounds a run takes."""
    passed = taken = 0
    for seed in range(RUNS):
        plan = BenchPlan(
            arms={BASE: (BASE,), CANDIDATE: (CANDIDATE,)}, rounds=rounds, seed=seed, warm_up=0, looks=looks
        )
        found = run_bench(plan, Machine(seed, share, factor), lambda _: None)
        assert found.judgement is not None
        passed += found.judgement.outcome is Outcome.PASS
        taken += found.rounds
    return 100 * passed / RUNS, taken / RUNS


def table() -> str:
    """Return the table in Markdown."""
    cases = [("the same", 0.0, 1.0), *((f"{share:.0%} of runs x{SLOW}", share, SLOW) for share in SHARES)]
    cases.append(("all runs x1.25", 1.0, 1.25))
    plans = [(rounds, looks) for rounds in ROUNDS for looks in (MOST_LOOKS, 1)]
    head = " | ".join(f"{rounds} rounds, {'looks' if looks > 1 else 'the end alone'}" for rounds, looks in plans)
    lines = [f"| the candidate passes in, after | {head} |", "|---" * (1 + len(plans)) + "|"]
    for name, share, factor in cases:
        found = [measured(*plan, share, factor) for plan in plans]
        cells = " | ".join(f"{passed:.1f} %, {taken:.1f}" for passed, taken in found)
        lines.append(f"| {name.replace('%', ' %')} | {cells} |")
    return "\n".join([*lines, ""])


def main() -> int:
    """Print the table, or write it into the page."""
    made = table()
    print(made)
    if "--write" in sys.argv:
        head, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- looks -->\n")
        _, _, tail = rest.partition("<!-- end of looks -->\n")
        PAGE.write_text(f"{head}<!-- looks -->\n{made}<!-- end of looks -->\n{tail}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
