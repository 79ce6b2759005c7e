"""A remembered configuration is the same one, and is believed only where nobody else could have written it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from wedgate.config import cache
from wedgate.config.load import parse_configuration
from wedgate.errors import ConfigurationError

STARTER = (resources.files("wedgate.config") / "resources" / "starter.yml").read_bytes()


def remembered(own_cache: Path) -> list[Path]:
    """Return the files that are kept."""
    return sorted(own_cache.glob("*")) if own_cache.exists() else []


def test_the_second_reading_is_equal_lines_included(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was validated once is built again without validation, with the line of every rule."""
    first = parse_configuration(STARTER, name="a.yml")
    assert len(remembered(own_cache)) == 1
    monkeypatch.setattr("wedgate.config.validation.validate", lambda *_, **__: pytest.fail("validated again"))
    assert parse_configuration(STARTER, name="a.yml") == first
    assert first.calendar.rules[0].line == STARTER[: STARTER.index(b"saturdays:")].count(b"\n") + 1
    assert parse_configuration(STARTER, name="b.yml").path == "b.yml"


def test_other_bytes_are_another_configuration(own_cache: Path) -> None:
    """One changed byte is validated on its own."""
    parse_configuration(STARTER, name="f")
    parse_configuration(STARTER + b"#", name="f")
    assert len(remembered(own_cache)) == 2


def test_a_broken_file_is_not_remembered(own_cache: Path) -> None:
    """Errors are said every time."""
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            parse_configuration(b"version: 2\n", name="f")
    assert remembered(own_cache) == []


@pytest.mark.parametrize("variable", ["CI", "GITHUB_ACTIONS"])
def test_never_on_a_runner(own_cache: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """On a CI runner nothing is kept, and what is there is not believed."""
    parse_configuration(STARTER, name="f")
    monkeypatch.setenv(variable, "true")
    assert cache.recall(STARTER, path="f", digest="d") is None
    remembered(own_cache)[0].unlink()
    parse_configuration(STARTER, name="f")
    assert remembered(own_cache) == []


def test_never_in_a_directory_that_others_may_write(own_cache: Path) -> None:
    """A directory or file that a group or everybody may write is not believed."""
    parse_configuration(STARTER, name="f")
    (kept,) = remembered(own_cache)
    assert cache.recall(STARTER, path="f", digest="d") is not None
    for place in (own_cache, kept):
        mode = place.stat().st_mode
        for more in (0o020, 0o002):
            place.chmod(mode | more)
            assert cache.recall(STARTER, path="f", digest="d") is None
        place.chmod(mode)
    assert cache.recall(STARTER, path="f", digest="d") is not None


def test_never_from_somebody_else(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of another user is not believed."""
    parse_configuration(STARTER, name="f")
    monkeypatch.setattr(os, "getuid", lambda: own_cache.stat().st_uid + 1)
    assert cache.recall(STARTER, path="f", digest="d") is None


def test_never_through_a_link(own_cache: Path, tmp_path: Path) -> None:
    """A link in place of the directory or the file is not followed."""
    parse_configuration(STARTER, name="f")
    (kept,) = remembered(own_cache)
    kept.rename(tmp_path / kept.name)
    kept.symlink_to(tmp_path / kept.name)
    assert cache.recall(STARTER, path="f", digest="d") is None
    own_cache.rename(tmp_path / "moved")
    own_cache.symlink_to(tmp_path / "moved")
    assert cache.recall(STARTER, path="f", digest="d") is None


@pytest.mark.parametrize("damage", [b"", b"{", b"null", b'{"key": "other", "data": {}, "lines": {}}', b"\xff\xfe"])
def test_damage_is_silent(own_cache: Path, damage: bytes) -> None:
    """A damaged file means: validate again, and say nothing."""
    first = parse_configuration(STARTER, name="f")
    remembered(own_cache)[0].write_bytes(damage)
    assert parse_configuration(STARTER, name="f") == first


def test_a_place_that_cannot_be_written_is_silent(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No cache directory, no cache; the configuration is read all the same."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert parse_configuration(STARTER, name="f").service == "my-service"


def test_few_files_are_kept(own_cache: Path) -> None:
    """The oldest go first, and no temporary file stays."""
    small = b"version: 1\nservice: x\nregions: {eu: {markets: {b: {zone: UTC, country: DE}}}}\n"
    for number in range(cache.MAX_FILES + 5):
        parse_configuration(small + b"#" * number, name="f")
    kept = remembered(own_cache)
    assert len(kept) == cache.MAX_FILES
    assert all(path.suffix == ".json" for path in kept)


HEAVY = ("pydantic", "yaml", "pytz", "holidays", "requests", "github", "dateutil", "difflib", "json")
PROBE = """
import sys
from pathlib import Path
import wedgate.config.load as load
at_import = [name for name in {heavy!r} if name in sys.modules]
load.load_configuration(Path(sys.argv[1]))
print(at_import, [name for name in {heavy!r} if name in sys.modules])
"""


def test_a_warm_reading_imports_neither_pydantic_nor_yaml(own_cache: Path, tmp_path: Path) -> None:
    """The loader itself imports nothing heavy, and a remembered file needs JSON alone."""
    path = tmp_path / "wedgate.yml"
    path.write_bytes(STARTER)
    environment = {**os.environ, "XDG_CACHE_HOME": str(own_cache.parent)}
    command = [sys.executable, "-c", PROBE.format(heavy=HEAVY), str(path)]
    cold, warm = (subprocess.check_output(command, env=environment, text=True) for _ in range(2))
    assert cold.startswith("[] ")
    assert "pydantic" in cold
    assert warm.strip() == "[] ['json']"
