"""`python -m wedgate.simulation`: many virtual rollouts, or one of them again with what happened in it."""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import click

from wedgate.errors import ExitCode
from wedgate.simulation.run import Outcome, end_of, shrink, simulate

CHUNK = 20


@click.command()
@click.option("--seeds", default=1000, show_default=True, help="How many worlds.")
@click.option("--first", default=0, show_default=True, help="The first seed.")
@click.option("--jobs", default=2, show_default=True, help="How many processes.")
@click.option("--replay", type=int, help="Tell the story of one seed, with as few faults as its failure needs.")
def main(*, seeds: int, first: int, jobs: int, replay: int | None) -> None:
    """Run the real engine in virtual worlds, and check the invariants of a rollout after everything that happens.

    \b
    Examples:
      python -m wedgate.simulation --seeds 10000
      python -m wedgate.simulation --replay 73
    """
    if replay is not None:
        sys.exit(_tell(simulate(replay)))
    began, counts = time.monotonic(), Counter[str]()
    failed: list[Outcome] = []
    with ProcessPoolExecutor(max_workers=jobs, initializer=spare_the_collector) as processes:
        for outcome in processes.map(end_of, range(first, first + seeds), chunksize=CHUNK):
            counts[str(outcome.status)] += 1
            if outcome.violation is not None:
                failed.append(outcome)
                click.echo(f"seed {outcome.seed}: {outcome.violation}", err=True)
            if sys.stderr.isatty() and sum(counts.values()) % 100 == 0:
                click.echo(f"\r{sum(counts.values())} of {seeds}", nl=False, err=True)
    minutes = (time.monotonic() - began) / 60
    ends = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    click.echo(f"{seeds} rollouts over four regions, {seeds / minutes:.0f} a minute: {ends}; {len(failed)} broken")
    if failed:
        _tell(simulate(failed[0].seed))
        sys.exit(int(ExitCode.UNEXPECTED))


def spare_the_collector() -> None:
    """Let the cyclic collector look seldom, and at nothing that was there before: a world has few cycles."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _tell(outcome: Outcome) -> int:
    """Print what happened, made as small as it gets where it is a failure; return the exit code."""
    told = shrink(outcome) if outcome.violation is not None else outcome
    faults = ", ".join(map(str, told.faults)) or "nothing goes wrong"
    click.echo(f"seed {told.seed} ({faults}): {told.status or 'not started'}")
    for line in told.trace:
        click.echo(line)
    if told.violation is None:
        return int(ExitCode.DONE)
    click.echo(f"{told.violation}\nagain: python -m wedgate.simulation --replay {told.seed}")
    return int(ExitCode.UNEXPECTED)


if __name__ == "__main__":
    main()
