"""A ledger on a git ref, by ordinary git: each append is one commit, pushed only if the ref is where it was read.

``git push --force-with-lease=REF:OLD`` is a compare-and-swap on the server. Every commit holds a random nonce, because
two pushes of identical commits both succeed. After a push that failed the ref is looked at: the answer may have been
lost on the way back. Nothing of the repository that wedgate runs in is used or touched; the ref's history is kept in a
bare repository of its own, which may be thrown away at any time.
"""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path

from wedgate.adapters.stores.interface import RevisionConflictError, StoreUnreachableError
from wedgate.errors import ConfigurationError, Problem
from wedgate.ledger.appending import refusal_to_append
from wedgate.ledger.chain import Entry, broken_at
from wedgate.ledger.lines import entries_of, line_of, unreadable

FILE = "ledger.jsonl"
TIMEOUT_SECONDS = 30
_NOWHERE = "0" * 40
_LOCAL = "refs/wedgate/ledger"
_IDENTITY = {
    "GIT_AUTHOR_NAME": "wedgate",
    "GIT_AUTHOR_EMAIL": "wedgate@users.noreply.github.com",
    "GIT_COMMITTER_NAME": "wedgate",
    "GIT_COMMITTER_EMAIL": "wedgate@users.noreply.github.com",
}


class GitStore:
    """The ledger of one service on ``ref`` of the repository at ``url``; a token travels in a header, never in a word.

    The first append makes the ref. Other systems look at every branch: ``[skip ci]`` stands in each message.
    """

    def __init__(self, url: str, ref: str, *, token: str | None = None) -> None:
        self.url = url
        self.ref = ref
        self._token = token
        self._directory: Path | None = None
        self._commit = _NOWHERE
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
        commit = self._commit_with(content, revision + len(entries))
        old = "" if self._commit == _NOWHERE else self._commit
        pushed = self._git(
            "push", "--porcelain", "--no-verify", f"--force-with-lease={self.ref}:{old}", self.url,
            f"{commit}:{self.ref}", is_far=True,
        )  # fmt: skip
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
        raise self._failed("could not be written", pushed)

    def notices(self) -> tuple[str, ...]:
        """Return nothing: a push is all or nothing."""
        return ()

    @property
    def _name(self) -> str:
        return f"{self.ref} of {self.url}"

    def _fetch(self) -> tuple[str, bytes]:
        """Return the commit that the ref is at, all zeros if there is none, and the ledger's content there."""
        fetched = self._git(
            "fetch", "--quiet", "--no-tags", "--depth=1", "--no-write-fetch-head", self.url,
            f"+{self.ref}:{_LOCAL}", is_far=True,
        )  # fmt: skip
        if fetched.returncode != 0:
            if b"couldn't find remote ref" in fetched.stderr:
                return _NOWHERE, b""
            raise self._failed("could not be read", fetched)
        commit = self._near("rev-parse", "--verify", _LOCAL).decode().strip()
        return commit, self._near("cat-file", "blob", f"{commit}:{FILE}")

    def _commit_with(self, content: bytes, revision: int) -> str:
        """Return a new commit on top of the one that was read, whose tree holds nothing but the ledger."""
        blob = self._near("hash-object", "-w", "--stdin", given=content).decode().strip()
        tree = self._near("mktree", given=f"100644 blob {blob}\t{FILE}\n".encode()).decode().strip()
        parents = [] if self._commit == _NOWHERE else ["-p", self._commit]
        message = f"wedgate: revision {revision} [skip ci]\n\nnonce: {secrets.token_hex(8)}\n"
        return self._near("commit-tree", tree, *parents, given=message.encode()).decode().strip()

    def _near(self, *arguments: str, given: bytes | None = None) -> bytes:
        """Run git on the copy and return what it prints."""
        done = self._git(*arguments, given=given)
        if done.returncode != 0:
            raise self._failed("could not be read or prepared", done)
        return done.stdout

    def _git(
        self, *arguments: str, given: bytes | None = None, is_far: bool = False
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git in a repository of its own, without this machine's configuration, hooks or questions."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **_IDENTITY,
            "LC_ALL": "C",  # what git says is read
            "GIT_DIR": str(self._repository()),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            **(self._header() if is_far else {}),
        }
        return self._run(
            ["git", "-c", f"core.hooksPath={os.devnull}", "-c", "gc.auto=0", *arguments], environment, given
        )

    def _run(
        self, words: list[str], environment: dict[str, str], given: bytes | None
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                words, env=environment, input=given or b"", capture_output=True, timeout=TIMEOUT_SECONDS, check=False
            )
        except FileNotFoundError:
            raise StoreUnreachableError("git is not installed, and the ledger is kept on a git ref") from None
        except (OSError, subprocess.SubprocessError) as error:
            raise StoreUnreachableError(f"{self._name}: git did not end ({type(error).__name__})") from error

    def _header(self) -> dict[str, str]:
        """Return the token as configuration in the environment, where no list of processes shows it."""
        if not self._token:
            return {}
        basic = base64.b64encode(f"x-access-token:{self._token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
        }

    def _repository(self) -> Path:
        """Return the bare repository, made when it is first needed and removed with the store."""
        if self._directory is None:
            made = Path(tempfile.mkdtemp(prefix="wedgate-ledger-"))
            weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
            environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
            done = self._run(["git", "init", "--quiet", "--bare", str(made)], environment, None)
            if done.returncode != 0:
                raise self._failed("could not be prepared", done)
            self._directory = made
        return self._directory

    def _failed(self, what: str, done: subprocess.CompletedProcess[bytes]) -> StoreUnreachableError:
        """Make the error of a git command; its words never hold the token, which is in no word of it."""
        lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        # What the server itself said stands before git's own last words, which only say that it did not work.
        theirs = [line.removeprefix("remote:") for line in lines if line.startswith("remote:")]
        said = " ".join(" ".join(theirs or lines[-1:]).split())[:200] or f"git exited with {done.returncode}"
        hint = "; give the job `contents: write`" if "403" in said or "denied" in said.lower() else ""
        return StoreUnreachableError(f"{self._name}: the ledger {what}: {said}{hint}")

    def _unusable(self, line: int, what: str, remedy: str = "") -> ConfigurationError:
        remedy = remedy or (
            f"an entry was edited or is missing: push the last good commit of {self.ref} again; "
            "`wedgate rollback` works without the ledger"
        )
        return ConfigurationError((Problem(file=f"{self.ref}:{FILE}", line=line, column=1, what=what, remedy=remedy),))
