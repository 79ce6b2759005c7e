"""The walls between the rooms hold, and each contract of .importlinter catches what it is there for."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PURE_ROOMS = ("calendars", "gate", "judge", "ledger", "overrides", "rollout")

# One trespass for each contract: the file it is written into, the line, and the contract that must break.
TRESPASSES = (
    ("wedgate/calendars/trespass.py", "import os", "Pure rooms"),
    ("wedgate/gate/trespass.py", "import time", "Pure rooms"),
    ("wedgate/judge/trespass.py", "import yaml", "Pure rooms"),
    ("wedgate/ledger/trespass.py", "from pathlib import Path", "Pure rooms"),
    ("wedgate/overrides/trespass.py", "import github", "Pure rooms"),
    ("wedgate/rollout/trespass.py", "import requests", "Pure rooms"),
    ("wedgate/calendars/trespass.py", "from wedgate.config import load", "cli -> engine"),
    ("wedgate/adapters/trespass.py", "import wedgate.engine", "cli -> engine"),
    ("wedgate/render/trespass.py", "import wedgate.cli", "cli -> engine"),
    ("wedgate/formats/trespass.py", "import wedgate.engine", "cli -> engine"),
    ("wedgate/engine/trespass.py", "import wedgate.almanac", "The engine knows"),
    ("wedgate/engine/trespass.py", "import wedgate.formats", "The engine knows"),
    ("wedgate/formats/gitlab.py", "import wedgate.formats.keda", "Formats do not"),
    ("wedgate/engine/trespass.py", "from wedgate.adapters.targets import trespass", "The engine knows"),
    ("wedgate/engine/trespass.py", "import click", "The engine knows"),
    ("wedgate/adapters/stores/trespass.py", "from wedgate.adapters.targets import trespass", "Adapters of different"),
    ("wedgate/adapters/benchmarks/jmh.py", "import wedgate.adapters.benchmarks.k6", "Benchmark readers"),
    ("wedgate/calendars/kinds/trespass.py", "from wedgate.calendars.kinds import trespass_too", "Rule kinds"),
    ("wedgate/rollout/strategies/trespass.py", "from wedgate.rollout.strategies import trespass_too", "strategies do"),
)


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over a copy of the package, which must come before the installed one."""
    script = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [script, "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def copied_tree(tmp_path: Path, repository_root: Path) -> Path:
    """Copy the package and its contracts to where a trespass does no harm."""
    shutil.copytree(repository_root / "wedgate", tmp_path / "wedgate", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(repository_root / ".importlinter", tmp_path)
    return tmp_path


def test_the_tree_keeps_every_contract(copied_tree: Path) -> None:
    """No room knows what it must not know."""
    run = lint_imports(copied_tree)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_contract_catches_its_trespass(copied_tree: Path) -> None:
    """All trespasses at once: every contract breaks, and every offending module is named."""
    for file, line, _ in TRESPASSES:
        path = copied_tree / file
        before = path.read_text() if path.exists() else ""
        path.write_text(f"{before}{line}\n")
    for empty in ("adapters/targets/trespass.py", "calendars/kinds/trespass_too.py"):
        (copied_tree / "wedgate" / empty).touch()
    (copied_tree / "wedgate/rollout/strategies/trespass_too.py").touch()
    run = lint_imports(copied_tree)
    assert run.returncode == 1, run.stdout + run.stderr
    verdicts = [line for line in run.stdout.splitlines() if "BROKEN" in line]
    for _, _, contract in TRESPASSES:
        assert any(contract in line for line in verdicts), (contract, run.stdout)
    for file, line, _ in TRESPASSES:
        module = file.removesuffix(".py").replace("/", ".")
        imported = line.split()[1]
        assert f"{module} -> " in run.stdout, (module, imported)


# What a pure room may import beside the package, named one by one so that what nobody thought of is out: a whole module
# that gives values, or one name of a module that gives more.
ALLOWED_IMPORTS = frozenset(
    (
        *(
            "__future__",
            "bisect",
            "collections.abc",
            "collections.Counter",
            "dataclasses",
            "datetime",
            "decimal",
            "difflib",
            "enum",
            "functools",
            "heapq.merge",
        ),
        *(
            "hashlib",
            "itertools",
            "json",
            "math",
            "operator.itemgetter",
            "operator.lt",
            "re",
            "statistics",
            "types",
            "typing",
            "unicodedata",
        ),
        *("importlib.import_module", "pkgutil.iter_modules"),
    )
)


def foreign_imports(source: str) -> Iterator[tuple[int, str]]:
    """Yield the imports of a pure module that are neither of the package nor allowed."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [(alias.name, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [(node.module or "", f"{node.module}.{alias.name}") for alias in node.names]
        else:
            continue
        for module, name in names:
            is_own = module.partition(".")[0] == "wedgate"
            if not is_own and module not in ALLOWED_IMPORTS and name not in ALLOWED_IMPORTS:
                yield node.lineno, name


def test_pure_rooms_import_what_is_allowed(repository_root: Path) -> None:
    """A list of what is forbidden is never whole; this is the list of what is not."""
    found = [
        f"{path.relative_to(repository_root)}:{line}: {name}"
        for room in PURE_ROOMS
        for path in sorted((repository_root / "wedgate" / room).rglob("*.py"))
        for line, name in foreign_imports(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "import posix",
        "import mmap",
        "from codecs import open",
        "import httpx",
        "import socketserver",
        "import importlib.resources",
        "from importlib import resources",
        "import json, os",
        "    from nt import open",
    ],
)
def test_the_search_for_foreign_imports_finds_them(line: str) -> None:
    """The check above can fail, for modules that the contract does not name too."""
    assert len(list(foreign_imports(f"def f():\n    {line.strip()}\n"))) == 1


FORBIDDEN_CALLS = frozenset({"now", "today", "utcnow", "getenv", "read_text", "write_text", "read_bytes"})
FORBIDDEN_NAMES = frozenset({"open", "print", "input", "breakpoint", "exec", "eval", "__import__"})


def impure_calls(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines on which a module asks a clock, a file or a terminal."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in FORBIDDEN_CALLS:
            yield node.lineno, called.attr
        if isinstance(called, ast.Name) and called.id in FORBIDDEN_NAMES:
            yield node.lineno, called.id


def test_pure_rooms_ask_no_clock_and_open_no_file(repository_root: Path) -> None:
    """`datetime` is a value type and allowed; asking it for the time is not, and import-linter cannot see that."""
    found = [
        f"{path.relative_to(repository_root)}:{line}: {call}"
        for room in PURE_ROOMS
        for path in sorted((repository_root / "wedgate" / room).rglob("*.py"))
        for line, call in impure_calls(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    ["datetime.now(UTC)", "datetime.datetime.utcnow()", "date.today()", "open('x')", "print(1)", "path.read_text()"],
)
def test_the_search_for_impure_calls_finds_them(source: str) -> None:
    """The check above can fail."""
    assert list(impure_calls(f"def f():\n    return {source}\n"))
