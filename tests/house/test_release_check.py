"""A release goes out only if tag, version and changelog say the same."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from modules import module_at

CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-20

### Added

- Something.

## [1.2.2] - 2026-10-01

- Older.

## [1.2.1]

- No date.

## [1.2.0] - 2026-01-01
"""


@pytest.fixture(scope="module")
def checker() -> ModuleType:
    """Load the script, which is no part of the package."""
    return module_at(Path(__file__).resolve().parents[2] / "tools" / "release_check.py")


def tree(directory: Path, version: str) -> Path:
    """Write a tree that declares a version."""
    (directory / "wedgate").mkdir()
    (directory / "wedgate" / "__init__.py").write_text(f'"""Doc."""\n\n__version__ = "{version}"\n')
    (directory / "CHANGELOG.md").write_text(CHANGELOG)
    return directory


def test_agreement_passes_and_prints_the_notes(
    checker: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The notes are the section of that version, and nothing of its neighbours."""
    root = tree(tmp_path, "1.2.3")
    assert checker.main(["check", "v1.2.3"], root) == 0
    assert checker.main(["notes", "v1.2.3"], root) == 0
    assert capsys.readouterr().out == "### Added\n\n- Something.\n"


@pytest.mark.parametrize(
    ("tag", "version", "said"),
    [
        ("v1.2.4", "1.2.3", "the tag says 1.2.4, __version__ says 1.2.3"),
        ("v1.2.9", "1.2.9", "there is no heading for 1.2.9"),
        ("v1.2.1", "1.2.1", "the heading of 1.2.1 has no date"),
        ("v1.2.0", "1.2.0", "the section of 1.2.0 is empty"),
        ("v1", "1.2.3", "a release tag is spelled v1.2.3"),
        ("1.2.3", "1.2.3", "a release tag is spelled v1.2.3"),
        ("v1.2.3rc1", "1.2.3", "a release tag is spelled v1.2.3"),
        ("v1.2.3\n", "1.2.3", "a release tag is spelled v1.2.3"),
    ],
)
def test_disagreement_stops_the_release(
    checker: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], tag: str, version: str, said: str
) -> None:
    """Each way to disagree is refused with what to do."""
    assert checker.main(["check", tag], tree(tmp_path, version)) == 1
    assert said in capsys.readouterr().err


def test_wrong_usage_is_told_apart(checker: ModuleType, tmp_path: Path) -> None:
    """No tag, or no such command, is exit code 2."""
    assert checker.main(["check"], tmp_path) == 2
    assert checker.main(["publish", "v1.2.3"], tmp_path) == 2


def test_this_tree_has_an_unreleased_section_or_a_heading_for_its_version(
    checker: ModuleType, repository_root: Path
) -> None:
    """The changelog is kept: users find what is to come, or what is here."""
    from wedgate import __version__

    changelog = (repository_root / "CHANGELOG.md").read_text()
    assert checker.section_of(changelog, "Unreleased") or checker.section_of(changelog, __version__)
