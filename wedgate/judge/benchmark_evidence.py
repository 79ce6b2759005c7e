"""What a benchmark says of a release in a regression report: the run that alarmed, and the fresh one that repeated it.

A benchmark alarms on identical builds now and then, and drift makes it do so more often. So a report that rests on one
is acted on only when fresh runs, in turns, said the same; people and live traffic never wait for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wedgate.judge.reading import Place, Reader, kind_of
from wedgate.judge.values import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkMetric:
    """What one run of a benchmark said of one metric; ``estimate`` is how many times the base's cost it is."""

    name: str
    outcome: Outcome
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    p: float | None = None
    base: int = 0
    candidate: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRun:
    """One run of a benchmark: when its last value was measured, where that is known, and what it said."""

    metrics: tuple[BenchmarkMetric, ...]
    measured_at: datetime | None = None

    def fails(self, name: str) -> bool:
        """Whether it found a metric worse."""
        return any(each.name == name and each.outcome is Outcome.FAIL for each in self.metrics)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkEvidence:
    """That a report rests on a benchmark: the run that alarmed, and the fresh one that did so again (or not)."""

    confirmed: bool
    runs: tuple[BenchmarkRun, ...]


def plain_benchmark(evidence: BenchmarkEvidence) -> dict[str, Any]:
    """Return it as plain data, as the reader reads it."""
    return {"confirmed": evidence.confirmed, "runs": [_plain_run(run) for run in evidence.runs]}


def _plain_run(run: BenchmarkRun) -> dict[str, Any]:
    return ({} if run.measured_at is None else {"measured_at": run.measured_at.isoformat()}) | {
        "metrics": [
            {
                "name": each.name,
                "outcome": each.outcome.value,
                "estimate": each.estimate,
                "lower": each.lower,
                "upper": each.upper,
                "p": each.p,
                "n": {"base": each.base, "candidate": each.candidate},
            }
            for each in run.metrics
        ]
    }


class BenchmarkReader(Reader):
    """Reads the part of a report that a benchmark made."""

    def benchmark(self, plain: Mapping[str, Any]) -> BenchmarkEvidence | None:
        """Read what a benchmark says, where a report rests on one."""
        if "benchmark" not in plain:
            return None
        place: Place = ("benchmark",)
        given = self.mapping(plain, "benchmark", "leave it out where no benchmark says so")
        if given is None:
            return None
        self.known(given, place, {"confirmed", "runs"})
        confirmed = given.get("confirmed")
        if not isinstance(confirmed, bool):
            got = "is missing" if "confirmed" not in given else f"expected true or false, got {kind_of(confirmed)}"
            self.wrong((*place, "confirmed"), got, "write whether fresh runs said the same")
        listed = given.get("runs")
        if not isinstance(listed, list) or len(listed) not in (1, 2):
            remedy = "give the run that alarmed, and the fresh one where there was one"
            self.wrong((*place, "runs"), "expected one run or two", remedy)
            listed = []
        runs = tuple(self._run(each, (*place, "runs", at)) for at, each in enumerate(listed))
        return BenchmarkEvidence(confirmed=confirmed is True, runs=runs)

    def _run(self, plain: object, place: Place) -> BenchmarkRun:
        listed: object = plain.get("metrics") if isinstance(plain, Mapping) else None
        if not isinstance(plain, Mapping) or not isinstance(listed, list):
            self.wrong(place, "expected an object with metrics", 'write {"metrics": [{"name": ..., "outcome": ...}]}')
            return BenchmarkRun(metrics=())
        self.known(plain, place, {"measured_at", "metrics"})
        at = self.instant(plain["measured_at"], (*place, "measured_at")) if "measured_at" in plain else None
        metrics = [self._outcome(each, (*place, "metrics", at)) for at, each in enumerate(listed)]
        return BenchmarkRun(metrics=tuple(each for each in metrics if each is not None), measured_at=at)

    def _outcome(self, plain: object, place: Place) -> BenchmarkMetric | None:
        if not isinstance(plain, Mapping):
            self.wrong(place, f"expected an object, got {kind_of(plain)}", 'write {"name": ..., "outcome": ...}')
            return None
        self.known(plain, place, {"name", "outcome", "estimate", "lower", "upper", "p", "n"})
        name, outcome = self.text(plain, "name", place), plain.get("outcome")
        if outcome not in list(Outcome):
            self.wrong((*place, "outcome"), f"{outcome!r} is no outcome", f"write one of {', '.join(Outcome)}")
            return None
        estimate, lower, upper, p = (
            None if plain.get(key) is None else self.number(plain, key, place)
            for key in ("estimate", "lower", "upper", "p")
        )
        base, candidate = self._counts(plain.get("n", {}), (*place, "n"))
        if name is None:
            return None
        return BenchmarkMetric(
            name=name,
            outcome=Outcome(str(outcome)),
            estimate=estimate,
            lower=lower,
            upper=upper,
            p=p,
            base=base,
            candidate=candidate,
        )

    def _counts(self, plain: object, place: Place) -> tuple[int, int]:
        """Read how many values there were of the base and of the candidate."""
        if isinstance(plain, Mapping) and set(plain) <= {"base", "candidate"}:
            base, candidate = plain.get("base", 0), plain.get("candidate", 0)
            if type(base) is int and type(candidate) is int:
                return base, candidate
        self.wrong(place, "expected counts of values", 'write {"base": 20, "candidate": 20}')
        return 0, 0
