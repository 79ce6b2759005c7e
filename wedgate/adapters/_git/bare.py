"""One file on a git ref, by ordinary git: fetched, committed and pushed from a bare repository of its own.

The repository that wedgate runs in is neither used nor touched, and nothing of this machine's configuration, hooks or
questions is. What to do where the ref has moved, and the words of most errors, are left to whoever keeps the file.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from wedgate.errors import ExternalSystemError

Ended: TypeAlias = "subprocess.CompletedProcess[bytes]"

TIMEOUT_SECONDS = 30
_LOCAL = "refs/wedgate/fetched"
_IDENTITY = {
    f"GIT_{who}_{what}": text
    for who in ("AUTHOR", "COMMITTER")
    for what, text in (("NAME", "wedgate"), ("EMAIL", "wedgate@users.noreply.github.com"))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file that is kept on a ref, and how errors speak of it.

    ``kind`` is what it is, "ledger" for one. ``failed`` makes the error of a git command from the file's name, what
    could not be done and how the command ended; ``error`` is raised where git is not installed or does not end.
    """

    url: str
    ref: str
    file: str
    kind: str
    token: str | None
    failed: Callable[[str, str, Ended], ExternalSystemError]
    error: type[ExternalSystemError]
    local_failure: str = "could not be prepared"

    @property
    def name(self) -> str:
        """Return the ref and its repository."""
        return f"{self.ref} of {self.shown}"

    @property
    def shown(self) -> str:
        """Return the address as it may be said: without what a password may be in."""
        return re.sub(r"(?<=://)[^/?#]*@|[?#].*", "", self.url) if "://" in self.url else self.url


class BareRepository:
    """An empty directory as a bare repository, for one kept file."""

    def __init__(self, place: Path, kept: KeptFile) -> None:
        """Make the repository; raises the kept file's errors, as every method does."""
        self._place, self._kept = place, kept
        made = self._run("init", "--quiet", "--bare")
        if made.returncode != 0:
            raise kept.failed(kept.name, "could not be prepared", made)

    def fetch(self) -> str | None:
        """Return the commit that the ref is at now; ``None`` if there is no such ref."""
        fetched = self._run(
            "fetch", "--quiet", "--no-tags", "--depth=1", "--no-write-fetch-head", "--", self._kept.url,
            f"+{self._kept.ref}:{_LOCAL}", is_far=True,
        )  # fmt: skip
        if fetched.returncode == 0:
            return self._printed("rev-parse", "--verify", _LOCAL).decode().strip()
        if b"couldn't find remote ref" in fetched.stderr:
            return None
        raise self._kept.failed(self._kept.name, "could not be read", fetched)

    def names(self, commit: str) -> tuple[str, ...]:
        """Return what stands at the root of a fetched commit."""
        return tuple(self._printed("ls-tree", "--name-only", commit).decode().split())

    def content(self, commit: str) -> bytes:
        """Return the file as it is in a fetched commit."""
        return self._printed("cat-file", "blob", f"{commit}:{self._kept.file}")

    def commit(self, content: bytes, *, parent: str | None, subject: str) -> str:
        """Return a new commit whose tree holds nothing but the file.

        Other systems look at every branch: ``[skip ci]`` stands in each message. Two identical commits would both be
        pushed with success: each has a nonce.
        """
        blob = self._printed("hash-object", "-w", "--stdin", given=content).decode().strip()
        tree = self._printed("mktree", given=f"100644 blob {blob}\t{self._kept.file}\n".encode()).decode().strip()
        parents = [] if parent is None else ["-p", parent]
        message = f"wedgate: {subject} [skip ci]\n\nnonce: {secrets.token_hex(8)}\n"
        return self._printed("commit-tree", tree, *parents, given=message.encode()).decode().strip()

    def push(self, commit: str, *, instead_of: str | None) -> Ended:
        """Push a commit if the ref is still at another one, or not there; the server compares.

        A failure may be that of the answer only: fetch, and see.
        """
        return self._run(
            "push", "--porcelain", "--no-verify", f"--force-with-lease={self._kept.ref}:{instead_of or ''}",
            "--", self._kept.url, f"{commit}:{self._kept.ref}", is_far=True,
        )  # fmt: skip

    def _printed(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run git on what is here, and return what it prints."""
        done = self._run(*arguments, given=given)
        if done.returncode != 0:
            raise self._kept.failed(self._kept.name, self._kept.local_failure, done)
        return done.stdout

    def _run(self, *arguments: str, given: bytes = b"", is_far: bool = False) -> Ended:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **_IDENTITY,
            "LC_ALL": "C",  # what git says is read
            "GIT_DIR": str(self._place),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            **(_header(self._kept.token) if is_far else {}),
        }
        words = ["git", "-c", f"core.hooksPath={os.devnull}", "-c", "gc.auto=0", *arguments]
        try:
            done = subprocess.run(
                words, env=environment, input=given, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
            )
            done.stderr = done.stderr.replace(self._kept.url.encode(), self._kept.shown.encode())
            return done
        except FileNotFoundError:
            raise self._kept.error(f"git is not installed, and the {self._kept.kind} is kept on a git ref") from None
        except (OSError, subprocess.SubprocessError) as error:
            raise self._kept.error(f"{self._kept.name}: git did not end ({type(error).__name__})") from error


def lines_said(done: Ended) -> list[str]:
    """Return what a command said of its failure, without empty lines."""
    return [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]


def _header(token: str | None) -> dict[str, str]:
    """Return the token as configuration in the environment, where no list of processes shows it."""
    if not token:
        return {}
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }
