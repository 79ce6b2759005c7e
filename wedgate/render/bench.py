"""What was measured of commands, as text and as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wedgate.judge.comparison import Comparison
from wedgate.judge.measurements import Measurements, plain_measurements
from wedgate.judge.resampling import FOUND, Arrangement, Rate, Rehearsal
from wedgate.judge.suite import SuiteJudgement
from wedgate.render.judge import plain_judgement, render_judgement

_STATES = ("load before", "load after", "temperature before", "temperature after")


def machine_words(environment: Mapping[str, str], *, pinned: int | None) -> str:
    """Say on what machine, in one line."""
    words = [environment.get("cpu", "an unknown CPU"), f"{environment.get('cpus', '?')} CPUs"]
    words.append("not pinned" if pinned is None else f"pinned to CPU {pinned}")
    words += [f"governor {environment[name]}" for name in ("governor",) if name in environment]
    words += [f"{name} {environment[name]}" for name in _STATES if name in environment]
    if _is_busy(environment):
        words.append("busy: others want more than there is")
    return ", ".join(words)


def _is_busy(environment: Mapping[str, str]) -> bool:
    """Whether more was waiting to run before the start than there are CPUs."""
    load, cpus = environment.get("load before"), environment.get("cpus")
    return load is not None and cpus is not None and float(load) > float(cpus)


def same_words(same: Comparison) -> str:
    """Say how the base compares with itself."""
    if same.estimate is None or same.lower is None or same.upper is None:
        return f"base against itself: {same.why}"
    return f"base against itself: x{same.estimate:.3f} ({same.lower:.3f}..{same.upper:.3f})"


def render_judged(judgement: SuiteJudgement, *, same: Comparison | None, needed: int | None) -> str:
    """Return the judge's lines, how the base compares with itself, and how many rounds would have told."""
    lines = [] if same is None else [same_words(same)]
    if needed is not None:
        lines.append(f"about {needed} rounds would tell, if they came out as these did")
    return "\n".join([*lines, render_judgement(judgement)])


def plain_bench(
    arms: Mapping[str, Measurements],
    judgement: SuiteJudgement | None,
    *,
    same: Comparison | None,
    needed: int | None,
    seed: int,
    rounds: Mapping[str, Any],
    environment: Mapping[str, str],
) -> dict[str, Any]:
    """Return a run as plain data, ``schema_version`` 1; each of its ``arms`` is a measurement report."""
    return {
        "schema_version": 1,
        "kind": "bench",
        "seed": seed,
        "rounds": dict(rounds),
        "environment": dict(environment),
        "judgement": None if judgement is None else plain_judgement(judgement),
        "same": None if same is None else {"estimate": same.estimate, "outcome": same.outcome.value, "why": same.why},
        "rounds_needed": needed,
        "arms": {name: plain_measurements(arm) for name, arm in arms.items()},
    }


def render_rehearsal(found: Rehearsal) -> str:
    """Return the false alarms of every rule, in turns and in blocks, and what wedgate's rule finds."""
    sizes = sorted({rate.each for rate in found.found})
    rules = list(dict.fromkeys(rate.rule for rate in found.false_alarms))
    wide = max(len(rule) for rule in rules) + len(", in blocks")
    head = f"{'':<{wide}}" + "".join(f"{f'n = {each}':>9}" for each in sizes)
    lines = ["False alarms on identical runs:", head]
    for rule in rules:
        for arrangement in Arrangement:
            shares = _row([each for each in found.false_alarms if (each.rule, each.arrangement) == (rule, arrangement)])
            lines.append(f"{f'{rule}, {arrangement.value}':<{wide}}{shares}")
    lines += ["", "Slowdowns that wedgate's rule finds, in turns:", head]
    for slowdown in sorted({rate.slowdown for rate in found.found}):
        lines.append(
            f"{f'+{100 * (slowdown - 1):.0f} %':<{wide}}{_row([r for r in found.found if r.slowdown == slowdown])}"
        )
    lines.append("")
    for each in sizes:
        least = found.least_found(each)
        what = "no slowdown up to 25 % is" if least is None else f"+{100 * (least - 1):.0f} % and more is"
        lines.append(f"With n = {each}, {what} found in at least {FOUND:.0%} of the splits.")
    return "\n".join([*lines, ""])


def plain_rehearsal(found: Rehearsal) -> dict[str, Any]:
    """Return it as plain data, ``schema_version`` 1."""
    return {
        "schema_version": 1,
        "kind": "bench-aa",
        "false_alarms": [_plain_rate(each) for each in found.false_alarms],
        "found": [_plain_rate(each) for each in found.found],
    }


def _row(rates: list[Rate]) -> str:
    return "".join(f"{f'{100 * rate.share:.1f} %':>9}" for rate in sorted(rates, key=lambda rate: rate.each))


def _plain_rate(rate: Rate) -> dict[str, Any]:
    return {
        "rule": rate.rule,
        "arrangement": rate.arrangement.value,
        "n": rate.each,
        "slowdown": rate.slowdown,
        "alarms": rate.alarms,
        "splits": rate.splits,
    }
