"""criterion.rs: what ``cargo bench`` leaves in ``target/criterion`` (its book, "Comparing past runs").

The samples of a benchmark are of one process, so each ``new/sample.json`` is one value: the median of its times for an
iteration. Its ``base`` is what was measured before, and is not read. criterion writes over ``new``: copy the directory
after each run, ``cp -r target/criterion runs/main/1``, and name the directory with all copies.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

from wedgate.adapters.benchmarks.interface import Tool, UnreadableError
from wedgate.adapters.benchmarks.plain_json import load, numbers, part
from wedgate.judge.measurements import Measurements, Metric, together
from wedgate.judge.reading import Direction

TOOL = Tool(name="criterion", looks_like="the directory target/criterion, with new/sample.json for each benchmark")
_WHOLE = "give the directory target/criterion, or one with copies of it"


def knows(head: str) -> bool:
    """By the keys of a sample or of the estimates: one file of the directory."""
    return ('"sampling_mode"' in head and '"iters"' in head) or ('"point_estimate"' in head and '"slope"' in head)


def read(text: str) -> Measurements:
    """Refuse: the name of the benchmark stands in another file."""
    raise UnreadableError("it is one file of what criterion writes", _WHOLE)


def holds(path: Path) -> bool:
    """Whether a benchmark's samples are somewhere in a directory."""
    return next(path.rglob("new/sample.json"), None) is not None


def read_directory(path: Path) -> Measurements:
    """Return a value for each run of each benchmark."""
    runs = [_run(sample) for sample in sorted(path.rglob("new/sample.json"))]
    return together([Measurements(metrics=(metric,), tool=TOOL.name) for metric in runs])


def _run(sample: Path) -> Metric:
    where = "/".join(sample.parts[-4:])
    try:
        data, named = (
            load(each.read_text("utf-8"), TOOL.name) for each in (sample, sample.with_name("benchmark.json"))
        )
    except UnreadableError as error:
        raise UnreadableError(f"{where}: {error.what}", error.remedy) from None
    except (OSError, UnicodeDecodeError):
        raise UnreadableError(f"{where} or benchmark.json beside it cannot be read", _WHOLE) from None
    name = part({"benchmark": named}, "benchmark").get("full_id")
    iterations, times = (numbers(part({"sample": data}, "sample").get(key), where) for key in ("iters", "times"))
    if not isinstance(name, str) or len(iterations) != len(times) or min(iterations) <= 0:
        raise UnreadableError(f"{where} has no iterations and times of a named benchmark", _WHOLE)
    value = median(time / count for time, count in zip(times, iterations, strict=True))
    return Metric(name=name, unit="ns", direction=Direction.LOWER_IS_BETTER, values=(value,))
