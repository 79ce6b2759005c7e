"""A history on a git ref: each line is one commit, pushed only if the ref is where it was read.

Works in a bare repository of its own, which is thrown away; the clone around it is neither used nor touched. Whoever
was faster is read again and built upon.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wedgate.adapters._git.bare import BareRepository, Ended, KeptFile, lines_said
from wedgate.adapters.histories.directory import FILE
from wedgate.errors import ExternalSystemError

TRIES = 5


class GitHistory:
    """Lines in ``history.jsonl`` on ``ref`` of the repository at ``url``; the first line makes the ref."""

    def __init__(self, url: str, ref: str, *, token: str | None = None) -> None:
        self._kept = KeptFile(
            url=url, ref=ref, file=FILE, kind="history", token=token, failed=_failed, error=ExternalSystemError
        )

    @property
    def name(self) -> str:
        """Return the ref and its repository."""
        return self._kept.name

    def lines(self) -> tuple[str, ...]:
        """Fetch the ref."""
        with self._opened() as repository:
            _, content = self._fetch(repository)
            return tuple(content.decode("utf-8", "replace").splitlines())

    def add(self, line: str) -> None:
        """Push a commit with the line; up to ``TRIES`` times where others push, too."""
        with self._opened() as repository:
            for _ in range(TRIES):
                old, content = self._fetch(repository)
                content += f"{line}\n".encode()
                commit = repository.commit(content, parent=old, subject="a build's measurements")
                pushed = repository.push(commit, instead_of=old)
                # The answer may have been lost on its way: then the ref is there all the same.
                if pushed.returncode == 0 or self._fetch(repository)[0] == commit:
                    return
        raise _failed(self.name, "could not be written", pushed)

    @contextmanager
    def _opened(self) -> Iterator[BareRepository]:
        with tempfile.TemporaryDirectory(prefix="wedgate-history-") as directory:
            yield BareRepository(Path(directory), self._kept)

    def _fetch(self, repository: BareRepository) -> tuple[str | None, bytes]:
        """Return the commit that the ref is at, nothing if there is none, and the lines there."""
        commit = repository.fetch()
        if commit is None:
            return None, b""
        if FILE not in repository.names(commit):
            raise ExternalSystemError(f"{self.name} is no history: it has no {FILE}; name a ref of its own")
        return commit, repository.content(commit)


def _failed(name: str, what: str, done: Ended) -> ExternalSystemError:
    said = " ".join(" ".join(lines_said(done)[-1:]).split())[:200] or f"git exited with {done.returncode}"
    return ExternalSystemError(f"{name} {what}: {said}")
