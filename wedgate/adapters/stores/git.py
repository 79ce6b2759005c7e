"""A ledger on a git ref, by ordinary git: each append is one commit, pushed only if the ref is where it was read.

``git push --force-with-lease=REF:OLD`` is a compare-and-swap on the server. Every commit holds a random nonce, because
two pushes of identical commits both succeed. After a push that failed the ref is looked at: the answer may have been
lost on the way back. Nothing of the repository that wedgate runs in is used or touched; the ref's history is kept in a
bare repository of its own, which may be thrown away at any time.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path

from wedgate.adapters._git.bare import BareRepository, Ended, KeptFile, lines_said
from wedgate.adapters.stores.interface import RevisionConflictError, StoreGoneError, StoreUnreachableError
from wedgate.errors import ConfigurationError, Problem
from wedgate.ledger.appending import refusal_to_append
from wedgate.ledger.chain import Entry, broken_at
from wedgate.ledger.lines import entries_of, line_of, unreadable

FILE = "ledger.jsonl"


class GitStore:
    """The ledger of one service on ``ref`` of the repository at ``url``; a token travels in a header, never in a word.

    The first append makes the ref. Other systems look at every branch: ``[skip ci]`` stands in each message.
    """

    def __init__(self, url: str, ref: str, *, token: str | None = None) -> None:
        self.ref = ref
        self._kept = KeptFile(
            url=url, ref=ref, file=FILE, kind="ledger", token=token, failed=self._failed, error=StoreUnreachableError,
            local_failure="could not be read or prepared",
        )  # fmt: skip
        self._made: BareRepository | None = None
        self._commit: str | None = None
        self._content = b""
        self._entries: tuple[Entry, ...] | None = None

    def read(self) -> tuple[Entry, ...]:
        """Fetch the ref and return every entry in order, their chain verified."""
        self._commit, self._content = self._fetch()
        entries: list[Entry] = []
        for number, line in enumerate(self._content.split(b"\n")[:-1], 1):
            read = entries_of(line)
            if read is None:
                raise self._unusable(number, *unreadable(line, len(entries) + 1))
            entries += read
        if self._content and not self._content.endswith(b"\n"):
            raise self._unusable(self._content.count(b"\n") + 1, "the last line was cut off")
        if (broken := broken_at(entries)) is not None:
            raise self._unusable(broken, f"entry {broken} does not follow entry {broken - 1}")
        self._entries = tuple(entries)
        return self._entries

    def append(self, entries: Sequence[Entry], *, revision: int) -> None:
        """Push one commit with the entries, if the ref is still where it was read last; the server compares."""
        existing = self.read() if self._entries is None else self._entries
        if refusal := refusal_to_append(existing, entries, revision=revision):
            raise RevisionConflictError(f"{self._name}: {refusal}")
        if not entries:
            return
        content = self._content + line_of(entries).encode()
        commit = self._repository.commit(content, parent=self._commit, subject=f"revision {revision + len(entries)}")
        pushed = self._repository.push(commit, instead_of=self._commit)
        found, there = (commit, content) if pushed.returncode == 0 else self._fetch()
        if found == commit:
            self._commit, self._content, self._entries = commit, content, (*existing, *entries)
            return
        self._entries = None
        if there.startswith(content):
            # The nonces are nobody else's: it was carried out, and others have built upon it before the look.
            return
        if found != self._commit:
            raise RevisionConflictError(f"{self._name}: somebody else has written since revision {revision}")
        raise self._failed(self._name, "could not be written", pushed)

    def notices(self) -> tuple[str, ...]:
        """Return nothing: a push is all or nothing."""
        return ()

    @property
    def _name(self) -> str:
        return self._kept.name

    def _fetch(self) -> tuple[str | None, bytes]:
        """Return the commit that the ref is at, ``None`` if there is none, and the ledger's content there."""
        commit = self._repository.fetch()
        return commit, b"" if commit is None else self._repository.content(commit)

    @property
    def _repository(self) -> BareRepository:
        """Return the bare repository, made when it is first needed and removed with the store."""
        if self._made is None:
            place = Path(tempfile.mkdtemp(prefix="wedgate-ledger-"))
            weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
            self._made = BareRepository(place, self._kept)
        return self._made

    def _failed(self, name: str, what: str, done: Ended) -> StoreUnreachableError:
        return _failed(name, what, done, has_token=self._kept.token is not None)

    def _unusable(self, line: int, what: str, remedy: str = "") -> ConfigurationError:
        remedy = remedy or (
            f"an entry was edited or is missing: push the last good commit of {self.ref} again; "
            "`wedgate rollback` works without the ledger"
        )
        return ConfigurationError((Problem(file=f"{self.ref}:{FILE}", line=line, column=1, what=what, remedy=remedy),))


_NOT_FOUND = re.compile(r"^fatal: repository '.*' not found", re.MULTILINE)
"""A forge says so, too, of a repository that it does not show to the token.

That something "does not appear to be a git repository" is said of what is hidden, and of a mount that is missing.
"""


def _failed(name: str, what: str, done: Ended, *, has_token: bool) -> StoreUnreachableError:
    """Make the error of a git command; its words never hold the token, which is in no word of it.

    A name that is not resolved is no host that is gone: the resolver may be down.
    """
    lines = lines_said(done)
    # What the server itself said stands before git's own last words, which only say that it did not work.
    theirs = [line.removeprefix("remote:") for line in lines if line.startswith("remote:")]
    said = " ".join(" ".join(theirs or lines[-1:]).split())[:200] or f"git exited with {done.returncode}"
    hint = "; give the job `contents: write`" if "403" in said or "denied" in said.lower() else ""
    words = done.stderr.decode("utf-8", "replace")
    is_gone = not has_token and _NOT_FOUND.search(words) is not None
    return (StoreGoneError if is_gone else StoreUnreachableError)(f"{name}: the ledger {what}: {said}{hint}")
