"""What the local clone knows: the default branch's copy of a file, who wrote a commit, and its tree.

The clone may be behind the forge. It decides for signatures alone, in the hour in which there is no forge.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from wedgate.errors import ExternalSystemError

TIMEOUT_SECONDS = 5
BRANCH = "refs/remotes/origin/HEAD"
_DIGITS = 40
_WRITERS = ("log", "-z", "--no-show-signature", "--encoding=UTF-8", "--format=%ae%n%ce%n%B")
"""A setting of the clone must not put more into what git prints, nor spell it otherwise."""


class Comparison(Enum):
    """How a file compares with the default branch's."""

    SAME = "same"
    DIFFERENT = "different"
    NO_CLONE = "no clone"
    """No clone keeps it: there is none around it, or the one there is ignores it."""
    UNKNOWN = "unknown"
    """There is a clone, and it does not know its default branch, or git does not answer."""


def compare_with_default_branch(path: Path, content: bytes) -> Comparison:
    """Compare a file's content with what ``origin/HEAD`` has, whatever ends its lines; a file missing there differs."""
    try:
        found = path.resolve()
        directory = found.parent
        if not any((folder / ".git").exists() for folder in (directory, *directory.parents)):
            return Comparison.NO_CLONE
    except OSError:
        return Comparison.NO_CLONE
    # cat-file, not show: it runs no text conversion that the clone's own settings may name.
    copy = _git(directory, "cat-file", "blob", f"{BRANCH}:./{found.name}")
    if copy is not None:
        return Comparison.SAME if _lines(copy) == _lines(content) else Comparison.DIFFERENT
    if _git(directory, "check-ignore", "--quiet", f"./{found.name}") is not None:
        return Comparison.NO_CLONE
    known = _git(directory, "rev-parse", "--verify", "--quiet", f"{BRANCH}^{{commit}}") is not None
    return Comparison.DIFFERENT if known else Comparison.UNKNOWN


def people_of(commit: str, base: str | None = None) -> frozenset[str] | None:
    """Return the addresses of who wrote and committed what a commit brings, and its co-authors, in lower case.

    That is what the default branch lacks up to it, what its first parent lacks (after a merge the branch has all), and
    what ``base`` lacks, where one is named. ``None`` where the clone around the working directory does not know one of
    the commits, or its default branch, or has not its whole history; and for one that is on the default branch and no
    merge, without ``base``: how many commits came with it is not known.
    """
    if (_git(Path(), "rev-parse", "--is-shallow-repository") or b"").strip() != b"false":
        return None
    if base is None and _git(Path(), "merge-base", "--is-ancestor", commit, BRANCH) is not None:
        parents = _git(Path(), "log", "-1", "--format=%P", commit)
        if parents is None or len(parents.split()) < 2:
            return None
    listed = _git(Path(), *_WRITERS, f"{BRANCH}..{commit}")
    merged = _git(Path(), *_WRITERS, f"{commit}^1..{commit}") or b""
    own = _git(Path(), *_WRITERS, "-1", commit)
    since = b"" if base is None else _git(Path(), *_WRITERS, f"{base}..{commit}")
    if listed is None or own is None or since is None:
        return None
    commits = (listed + merged + own + since).decode("utf-8", "replace").split("\0")
    return frozenset(name for each in commits for name in _writers(each) if name)


def _writers(commit: str) -> tuple[str, ...]:
    """Return who wrote a commit: author, committer and, by its message, co-authors."""
    from wedgate.overrides.co_authors import co_authors_in  # the gate asks git too, and this of few commits

    author, _, rest = commit.partition("\n")
    committer, _, message = rest.partition("\n")
    return author.strip().lower(), committer.strip().lower(), *co_authors_in(message)


def commits_between(older: str, newer: str, *, most: int) -> tuple[tuple[str, str, str], ...] | None:
    """Return up to ``most`` commits that ``newer`` has and ``older`` lacks, the newest first: id, author, subject.

    ``None`` where the clone around the working directory does not know one of them.
    """
    listed = _git(Path(), "log", f"--max-count={most}", "--format=%H%x00%an%x00%s", f"{older}..{newer}", "--")
    if listed is None:
        return None
    rows = [line.split("\0", 2) for line in listed.decode("utf-8", "replace").splitlines()]
    return tuple((row[0], row[1], row[2]) for row in rows if len(row) == 3)


def address_of_origin(directory: Path) -> str | None:
    """Return the address of a clone's remote ``origin``; ``None`` if there is no clone or no such remote."""
    found = _git(directory, "remote", "get-url", "origin")
    return None if found is None else found.decode("utf-8", "replace").strip() or None


def file_at_revision(revision: str, path: str) -> bytes | None:
    """Return a file of the clone around the working directory at a revision; ``None`` if there is none.

    ``ExternalSystemError`` where there is one, or may be one, that the clone cannot read: a partial clone lacks much.
    """
    content = _git(Path(), "cat-file", "blob", f"{revision}:{path}")
    if content is not None:
        return content
    listed = _git(Path(), "ls-tree", "--full-tree", "-z", revision, "--", path)
    if (listed is None and commit_of(revision) is not None) or (listed and listed.split()[1:2] == [b"blob"]):
        raise ExternalSystemError(
            f"the clone here cannot read {path} of {revision}: what is missing may say otherwise; "
            "fetch all of it (git fetch --refetch --no-filter), or use a whole clone"
        )
    return None


def commit_of(revision: str) -> str | None:
    """Return the commit that a revision names; ``None`` if the clone around the working directory knows no such one."""
    return _word(_git(Path(), "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"))


def tree_of(commit: str) -> str | None:
    """Return the id of a commit's tree, the same for the same content; ``None`` if the clone does not know it.

    The commit is named by its whole id: any other name may be that of another one the next day.
    """
    if len(commit) != _DIGITS or not set(commit) <= set("0123456789abcdef"):
        return None
    # Another object that stands in for it, by git replace, is not what goes out.
    return _word(_git(Path(), "--no-replace-objects", "rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}"))


def versions_of(revision: str, paths: Sequence[str], *, most: int) -> tuple[str, ...]:
    """Return up to ``most`` commits of a branch that changed one of some files, the latest first.

    Only those that the branch itself has been at: what a merged branch had in between is none.
    ``ExternalSystemError`` where the clone around the working directory cannot say.
    """
    words = (
        "log",
        "--first-parent",
        "--no-follow",
        "--no-show-signature",
        f"--max-count={most}",
        "--format=%H",
        revision,
    )
    listed = _git(Path(), *words, "--", *(f":(top,literal){path}" for path in paths))
    if listed is None:
        raise ExternalSystemError(f"the clone here cannot say which versions {paths[0]} has had; use a whole clone")
    return tuple(listed.decode("ascii", "replace").split())


def _word(printed: bytes | None) -> str | None:
    return None if printed is None else printed.decode("ascii", "replace").strip() or None


def _lines(content: bytes) -> bytes:
    """Return content as git keeps it where a checkout writes line ends of its own (``core.autocrlf``)."""
    return content.replace(b"\r\n", b"\n")


def _git(directory: Path, *arguments: str) -> bytes | None:
    """Return what git prints; ``None`` if it fails, is not there or takes too long."""
    import subprocess

    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=directory,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
