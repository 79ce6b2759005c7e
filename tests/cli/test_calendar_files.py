"""Files that rules name are read where the configuration is: on a runner from the default branch, at its commit."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from wedgate.adapters.forge.interface import Forge, ForgeFile
from wedgate.almanac.files import Unread
from wedgate.cli.sources import DefaultBranch, WorkingFile
from wedgate.errors import ExternalSystemError


class Branch:
    """A forge with some files at one commit."""

    def __init__(self, files: dict[str, bytes], *, answers: bool = True) -> None:
        self.files = files
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    def default_branch_file(self, paths: tuple[str, ...]) -> ForgeFile | None:
        found = next((path for path in paths if path in self.files), None)
        return None if found is None else ForgeFile(path=found, content=self.files[found], ref="a" * 40)

    def file_at(self, path: str, ref: str) -> ForgeFile | None:
        if not self.answers:
            raise ExternalSystemError("the forge is down")
        self.asked.append((path, ref))
        return None if path not in self.files else ForgeFile(path=path, content=self.files[path], ref=ref)


def source(forge: Any, *paths: str) -> DefaultBranch:
    return DefaultBranch(cast("Forge", forge), paths or ("wedgate.yml", ".github/wedgate.yml"))


def test_a_runner_reads_the_default_branch_and_not_the_checkout(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fairs.yml").write_text("of the pull request")
    forge = Branch({"wedgate.yml": b"", "fairs.yml": b"of the branch"})
    found = source(forge)
    found.fetch()
    assert found.read("fairs.yml") == b"of the branch"
    assert forge.asked == [("fairs.yml", "a" * 40)]


def test_a_path_is_one_from_where_the_configuration_is() -> None:
    forge = Branch({".github/wedgate.yml": b"", ".github/calendars/fairs.yml": b"rows"})
    assert source(forge).read("calendars/fairs.yml") == b"rows"


def test_what_the_forge_does_not_give_is_trouble_and_not_an_error() -> None:
    """Each says what it is: no configuration to read beside, no such file, a forge that does not answer."""
    for forge, words in (
        (Branch({}), "has no configuration, and so no file beside it"),
        (Branch({"wedgate.yml": b""}), "the default branch has no such file"),
        (Branch({"wedgate.yml": b""}, answers=False), "the forge did not give it: the forge is down"),
    ):
        found = source(forge).read("fairs.yml")
        assert isinstance(found, Unread)
        assert words in found.trouble


def test_a_terminal_reads_beside_the_working_file(tmp_path: Path) -> None:
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "fairs.yml").write_text("rows")
    assert WorkingFile(tmp_path / "wedgate.yml").read("calendars/fairs.yml") == b"rows"
    assert isinstance(WorkingFile(tmp_path / "calendars" / "wedgate.yml").read("calendars/fairs.yml"), Unread)
