"""Where a configuration is read: the working file in a terminal, the default branch on a runner.

On a runner the checkout decides nothing: a pull request that deletes Saturday there changes no answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from wedgate.almanac.files import MAX_BYTES, Unread, WorkingFiles
from wedgate.config.load import CONFIG_PATHS, find_configuration, parse_unshared
from wedgate.config.source import load_bytes
from wedgate.engine.parts import ConfigurationText, ProposedChange
from wedgate.errors import ConfigurationError, ExternalSystemError, SharedUnknownError, UsageError
from wedgate.gate.decision import ConfigOrigin

if TYPE_CHECKING:
    from wedgate.adapters.forge.interface import ChangedPaths, Forge, ForgeFile
    from wedgate.adapters.forge.runner import ChangeEvent
    from wedgate.cli.wiring import PinnedAlmanac
    from wedgate.config.configuration import Configuration
    from wedgate.overrides.place import Place


class WorkingFile:
    """The file in the working directory, or the one named."""

    def __init__(self, config: Path | None) -> None:
        self._config = config

    def fetch(self) -> ConfigurationText | None:
        """Read the file, and compare it with the default branch's copy where there is a clone."""
        from wedgate.adapters.forge.git_copy import Comparison, compare_with_default_branch

        path = self._config or find_configuration(Path())
        if path is None:
            return None
        content = load_bytes(path)
        compared = compare_with_default_branch(path, content)
        return ConfigurationText(
            path=str(path),
            content=content,
            origin=ConfigOrigin.WORKING_FILE,
            differs={Comparison.SAME: False, Comparison.DIFFERENT: True}.get(compared),
            incomparable=compared is Comparison.UNKNOWN,
        )

    def read(self, path: str) -> bytes | Unread:
        """Read a file that a rule names, from the directory of the configuration or below it."""
        return WorkingFiles((self._config or find_configuration(Path()) or Path("wedgate.yml")).parent).read(path)


class DefaultBranch:
    """The default branch's file, through the forge."""

    def __init__(self, forge: Forge, paths: tuple[str, ...], *, head: str | None = None) -> None:
        """``head``: the commit of the run's pull request, whose changes are asked about first, and for both at once."""
        self._forge = forge
        self.paths = paths
        self._compare_first = head
        self._found: ForgeFile | None = None

    def fetch(self) -> ConfigurationText | None:
        """Fetch the file from the forge, once: one run is decided by one state of the branch."""
        if self._found is None and self._compare_first is not None:
            self._forge.changed_by(self._compare_first)
        found = self._found = self._found or self._forge.default_branch_file(self.paths)
        if found is None:
            return None
        return ConfigurationText(
            path=found.path, content=found.content, origin=ConfigOrigin.DEFAULT_BRANCH, ref=found.ref
        )

    def read(self, path: str) -> bytes | Unread:
        """Fetch a file that a rule names, at the commit that the configuration was read at: one state of the branch."""
        try:
            beside = self._found or self._forge.default_branch_file(self.paths)
            if beside is None:
                return Unread("the default branch has no configuration, and so no file beside it")
            found = read_at(self._forge, str(PurePosixPath(beside.path).parent / path), beside.ref)
        except ExternalSystemError as error:
            return Unread(f"the forge did not give it: {error}; run this again", is_known=False)
        if found is None:
            return Unread("the default branch has no such file; merge it, or correct the path")
        return found


class ChangedFiles:
    """The files beside a configuration as a change has them: its own at its head, all others on the default branch.

    A branch that lags behind takes nothing back that was changed since.
    """

    def __init__(self, forge: Forge, changed: ChangedPaths, head: str, directory: PurePosixPath) -> None:
        self._forge = forge
        self._changed = changed
        self._head = head
        self._directory = directory

    def read(self, path: str) -> bytes | Unread:
        """Fetch a file that a rule names; ``ExternalSystemError`` if nobody answers, which must not pass for closed."""
        found = self.at(str(self._directory / path))
        if found is None:
            return Unread("there is no such file with the change; add it, or correct the path")
        return found

    def at(self, path: str) -> bytes | Unread | None:
        """Fetch a file by its path in the repository; ``None`` if there is none."""
        ref = self._head if self._changed.has(path) else self._forge.default_head()
        return read_at(self._forge, path, ref)


def read_at(forge: Forge, path: str, ref: str) -> bytes | Unread | None:
    """Fetch a file at a commit; ``None`` if there is none."""
    try:
        found = forge.file_at(path, ref)
    except ConfigurationError as error:
        return Unread("; ".join(problem.what for problem in error.problems))
    if found is None:
        return None
    if len(found.content) > MAX_BYTES:
        return Unread(f"it is longer than {MAX_BYTES // 1_000_000} MB; keep only what the rule needs")
    return found.content


def repository_paths(config: Path | None, workspace: str) -> tuple[str, ...]:
    """Return the paths in the repository to look for; ``UsageError`` for a file outside of it."""
    if config is None:
        return CONFIG_PATHS
    path = config
    if path.is_absolute():
        if not workspace or not path.is_relative_to(workspace):
            raise UsageError(
                "--config names a file outside of the repository; on a runner the default branch's file decides, so "
                "give its path in the repository"
            )
        path = path.relative_to(workspace)
    pure = PurePosixPath(*path.parts)
    if ".." in pure.parts or not pure.parts:
        raise UsageError("--config must be a path inside the repository; on a runner the default branch's file decides")
    return (str(pure),)


def place_of(paths: tuple[str, ...]) -> Place:
    """Return whose conversation is had where a configuration is looked for in some paths."""
    from wedgate.overrides.place import ROOT, Place

    return ROOT if set(paths) <= set(CONFIG_PATHS) else Place(path=paths[0])


def proposed_change(
    forge: Forge, event: ChangeEvent, source: DefaultBranch, almanac: PinnedAlmanac
) -> ProposedChange | None:
    """Fetch the change that a commit would make to the default branch; ``None`` if it changes nothing.

    It is asked for by the commit, not by the pull request: a status stays with a commit, whatever its branch does. A
    merge group is all that it brings, not what it adds to the group before it: a queue may merge that one with it,
    although its status is red.
    """
    changed = forge.changed_by(event.head_sha)
    if not changed.paths:
        return None
    base: ForgeFile | ConfigurationText | None = source.fetch()
    head = first_at(forge, source.paths, event.head_sha) if any(map(changed.has, source.paths)) else base
    path = next((file.path for file in (head, base) if file is not None), source.paths[0])
    files = ChangedFiles(forge, changed, event.head_sha, PurePosixPath(path).parent)

    def as_bytes(found: bytes | Unread | None) -> bytes | None:
        return found if isinstance(found, bytes) else None

    return ProposedChange(
        path=path,
        base=None if base is None else base.content,
        head=None if head is None else head.content,
        is_all=changed.is_whole and changed.paths <= set(source.paths),
        changes=changed.has,
        before=lambda name: as_bytes(read_at(forge, name, forge.default_head())),
        after=lambda name: as_bytes(files.at(name)),
        almanac=almanac.with_files(files),
        base_path=None if base is None else base.path,
        is_led_astray=lambda name: is_led_astray(forge, changed, name, event.head_sha),
    )


def is_led_astray(forge: Forge, changed: ChangedPaths, path: str, head: str) -> bool:
    """Whether a file is a link that a change makes, or leads elsewhere, or whose target it changes.

    The forge lists such a change under another name. A link that is there already counts as the default branch has it:
    a branch that lags behind does not bring an older one back.
    """
    if path in changed.paths:
        content = read_at(forge, path, head)
        is_itself = isinstance(content, bytes) and blob_id(content) == changed.blobs.get(path)
        return not is_itself and len(forge.way_to(path, head)) > 1
    way = forge.way_to(path, forge.default_head())
    return len(way) > 1 and any(map(changed.has, way))


def blob_id(content: bytes) -> str:
    """Return the id that git gives a file of this content."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def last_valid(
    commits: Iterable[str],
    file_at: Callable[[str, str], ForgeFile | None],
    paths: Sequence[str],
    parse: Callable[[bytes, str], Configuration],
) -> tuple[Configuration, str] | None:
    """Return the last version of the default branch's configuration that can be used, and its commit.

    ``commits`` are those that changed one of the ``paths`` where it may be, the latest first, and ``file_at`` returns a
    file by its path and a commit. At each commit the first that is there counts. ``None`` if none was ever valid.

    While the file is broken it decides who may approve an override: nobody is locked out, nothing opens by accident. A
    version whose shared calendar cannot be had may have been valid: it counts, as the strictest that it can have been.
    ``ExternalSystemError`` where there may be one that was not looked at.
    """
    for commit in commits:
        found = first_of(file_at, paths, commit)
        version = None if found is None else as_far_as_known(found.content, found.path, parse)
        if version is not None:
            return version, commit
    return None


def as_far_as_known(content: bytes, path: str, parse: Callable[[bytes, str], Configuration]) -> Configuration | None:
    """Return a configuration, without what it shares where that cannot be had; ``None`` if it is known to be broken.

    ``SharedUnknownError`` where it seems broken without what it shares: with it, it may have been valid.
    """
    try:
        return parse(content, path)
    except ConfigurationError:
        return None
    except SharedUnknownError as unknown:
        try:
            return parse_unshared(content, name=path)
        except ConfigurationError as error:
            what = f"{unknown}; and nobody knows whether {path} is valid without it: {error.problems[0].what}"
            raise SharedUnknownError(what) from error


def first_at(forge: Forge, paths: tuple[str, ...], ref: str) -> ForgeFile | None:
    """Fetch the first of some paths that exists at a commit."""
    return first_of(forge.file_at, paths, ref)


def first_of(file_at: Callable[[str, str], ForgeFile | None], paths: Sequence[str], ref: str) -> ForgeFile | None:
    """Return the first of some files that ``file_at`` returns for a path and a commit."""
    return next((found for path in paths if (found := file_at(path, ref)) is not None), None)
