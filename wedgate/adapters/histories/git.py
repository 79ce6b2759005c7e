"""A history on a git ref: each line is one commit, pushed only if the ref is where it was read.

Works in a bare repository of its own, which is thrown away; the clone around it is neither used nor touched. Whoever
was faster is read again and built upon.
"""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import tempfile
from pathlib import Path

from wedgate.adapters.histories.directory import FILE
from wedgate.errors import ExternalSystemError

TRIES = 5
TIMEOUT_SECONDS = 30
_IDENTITY = {
    f"GIT_{who}_{what}": text
    for who in ("AUTHOR", "COMMITTER")
    for what, text in (("NAME", "wedgate"), ("EMAIL", "wedgate@users.noreply.github.com"))
}
_LOCAL = "refs/wedgate/history"


class GitHistory:
    """Lines in ``history.jsonl`` on ``ref`` of the repository at ``url``; the first line makes the ref."""

    def __init__(self, url: str, ref: str, *, token: str | None = None) -> None:
        self._url, self._ref, self._token = url, ref, token

    @property
    def name(self) -> str:
        """Return the ref and its repository."""
        return f"{self._ref} of {self._url}"

    def lines(self) -> tuple[str, ...]:
        """Fetch the ref."""
        with tempfile.TemporaryDirectory(prefix="wedgate-history-") as directory:
            _, content = self._fetch(self._prepared(Path(directory)))
            return tuple(content.decode("utf-8", "replace").splitlines())

    def add(self, line: str) -> None:
        """Push a commit with the line; up to ``TRIES`` times where others push, too."""
        with tempfile.TemporaryDirectory(prefix="wedgate-history-") as directory:
            place, said = self._prepared(Path(directory)), ""
            for _ in range(TRIES):
                old, content = self._fetch(place)
                commit = self._commit(place, old, content + f"{line}\n".encode())
                pushed = self._git(
                    place, "push", "--porcelain", "--no-verify", f"--force-with-lease={self._ref}:{old}", self._url,
                    f"{commit}:{self._ref}",
                )  # fmt: skip
                # The answer may have been lost on its way: then the ref is there all the same.
                if pushed.returncode == 0 or self._fetch(place)[0] == commit:
                    return
                said = _last_words(pushed)
        raise ExternalSystemError(f"{self.name} could not be written: {said}")

    def _fetch(self, place: Path) -> tuple[str, bytes]:
        """Return the commit that the ref is at, nothing if there is none, and the lines there."""
        fetched = self._git(place, "fetch", "--quiet", "--no-tags", "--depth=1", self._url, f"+{self._ref}:{_LOCAL}")
        if fetched.returncode != 0:
            if b"couldn't find remote ref" in fetched.stderr:
                return "", b""
            raise ExternalSystemError(f"{self.name} could not be read: {_last_words(fetched)}")
        commit = self._printed(place, "rev-parse", "--verify", _LOCAL).decode().strip()
        listed = self._printed(place, "ls-tree", "--name-only", commit).decode().split()
        if FILE not in listed:
            raise ExternalSystemError(f"{self.name} is no history: it has no {FILE}; name a ref of its own")
        return commit, self._printed(place, "cat-file", "blob", f"{commit}:{FILE}")

    def _commit(self, place: Path, old: str, content: bytes) -> str:
        """Return a new commit whose tree holds nothing but the history."""
        blob = self._printed(place, "hash-object", "-w", "--stdin", given=content).decode().strip()
        tree = self._printed(place, "mktree", given=f"100644 blob {blob}\t{FILE}\n".encode()).decode().strip()
        parents = ["-p", old] if old else []
        # Two identical commits would both be pushed with success.
        message = f"wedgate: a build's measurements [skip ci]\n\nnonce: {secrets.token_hex(8)}\n"
        return self._printed(place, "commit-tree", tree, *parents, given=message.encode()).decode().strip()

    def _prepared(self, place: Path) -> Path:
        self._printed(place, "init", "--quiet", "--bare")
        return place

    def _printed(self, place: Path, *arguments: str, given: bytes = b"") -> bytes:
        done = self._git(place, *arguments, given=given)
        if done.returncode != 0:
            raise ExternalSystemError(f"{self.name} could not be prepared: {_last_words(done)}")
        return done.stdout

    def _git(self, place: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run git without this machine's configuration, hooks or questions; the token is in no word of it."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            **_IDENTITY,
            "LC_ALL": "C",  # what git says is read
            "GIT_DIR": str(place),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            **self._header(),
        }
        try:
            return subprocess.run(
                ["git", "-c", f"core.hooksPath={os.devnull}", "-c", "gc.auto=0", *arguments],
                env=environment, input=given, capture_output=True, timeout=TIMEOUT_SECONDS, check=False,
            )  # fmt: skip
        except FileNotFoundError:
            raise ExternalSystemError("git is not installed, and the history is kept on a git ref") from None
        except subprocess.SubprocessError as error:
            raise ExternalSystemError(f"{self.name}: git did not end ({type(error).__name__})") from error

    def _header(self) -> dict[str, str]:
        if not self._token:
            return {}
        basic = base64.b64encode(f"x-access-token:{self._token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "http.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
        }


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:200] if lines else f"git exited with {done.returncode}"
