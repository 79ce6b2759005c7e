"""Run the benchmarks of this folder and print what they measured, as rows with their limits.

usage: run.py [NAME]...        all of them by default; NAME is a module's name, `bench_check` for instance

A benchmark that cannot run here says so by raising ``unittest.SkipTest`` with the reason.
"""

from __future__ import annotations

import importlib.util
import sys
import unittest
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parent


def load(path: Path) -> ModuleType:
    """Import a benchmark by its path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def chosen(names: Iterable[str]) -> list[Path]:
    """Return the benchmarks asked for, all by default; stop on a name that is none."""
    present = {path.stem: path for path in sorted(FOLDER.glob("bench_*.py"))}
    wanted = list(names) or list(present)
    for name in wanted:
        if name not in present:
            sys.exit(f"there is no benchmark {name}; there are: {', '.join(present) or 'none'}")
    return [present[name] for name in wanted]


def main(arguments: list[str]) -> int:
    """Run, print, and return 1 if a limit was exceeded."""
    exceeded = 0
    for path in chosen(arguments):
        module = load(path)
        print(f"{path.stem}: {module.NAME}")
        try:
            for label, value, limit in module.measure():
                verdict = ""
                if limit is not None:
                    within = value <= limit
                    exceeded += not within
                    verdict = f"   limit {limit:g}: {'kept' if within else 'EXCEEDED'}"
                print(f"  {label:<58} {value:>10.3f}{verdict}", flush=True)
        except unittest.SkipTest as reason:
            print(f"  skipped: {reason}")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
