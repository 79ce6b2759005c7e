"""GitHub as the gate sees it: files of the default branch, changes, the one comment that is kept, and its clock."""

from __future__ import annotations

import base64
import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any
from urllib.parse import quote

from wedgate.adapters._github.connection import READ, TIMEOUT_SECONDS, Connection, ForbiddenError, NotFoundError
from wedgate.adapters._github.links import GithubLinks
from wedgate.adapters.forge.interface import ChangedPaths, ForgeFile
from wedgate.errors import ConfigurationError, ExternalSystemError, Problem
from wedgate.overrides.people import Comment

WORKFLOW_LOGIN = "github-actions[bot]"
TWINS_WITHIN = timedelta(minutes=5)
"""How long ago another run may have begun to write the comment that this one has just written too."""
VERSIONS = 200
"""How far back a valid configuration is looked for."""
_LISTED_AT_MOST = 300
"""The API lists at most so many files of a comparison, and does not say that there are more."""
_LISTED_OF_PULL_REQUEST = 3000
"""The same for the files of a pull request."""
_READ_PULLS = "give the job `pull-requests: read`"
_COMMENT = "give the job `pull-requests: write`"

_Parts = tuple[int, str | None, str]
"""The number of a comment, the login of its author, and its text."""


class GithubForge:
    """One repository on GitHub. ``api_url`` is that of the runner (``GITHUB_API_URL``), ``repository`` owner/name.

    ``default_branch`` is its name, where the event that started the run has it; it is asked for otherwise.
    """

    def __init__(
        self,
        *,
        api_url: str,
        repository: str,
        token: str | None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        default_branch: str | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection = Connection(
            api_url=api_url, repository=repository, token=token, timeout_seconds=timeout_seconds, pause=pause
        )
        self._base = f"/repos/{repository}"
        self._default_branch = default_branch
        self._head: str | None = None
        self._changed: dict[str, ChangedPaths] = {}
        self._login: str | None = None
        self._files: dict[tuple[str, str], ForgeFile | None] = {}
        self._links = GithubLinks(self.connection, self._base)

    def default_branch_file(self, paths: tuple[str, ...]) -> ForgeFile | None:
        """Fetch the first of ``paths`` that exists on the default branch, all at one commit."""
        head = self.default_head()
        for path in paths:
            found = self.file_at(path, head)
            if found is not None:
                return found
        return None

    def default_head(self) -> str:
        """Fetch the commit that the default branch is at, once."""
        if self._head is None:
            branch = self.connection.get(
                f"{self._base}/branches/{self._branch_name()}", what="the default branch", needs=READ
            )
            commit = self.connection.asked("the default branch", READ, lambda: dict(branch["commit"]))
            self._head = self.connection.asked("the default branch", READ, lambda: str(commit["sha"]))
            tree = self.connection.asked("the default branch", READ, lambda: str(commit["commit"]["tree"]["sha"]))
            self.connection.trees[self._head] = tree
        return self._head

    def file_at(self, path: str, ref: str) -> ForgeFile | None:
        """Fetch one file at a commit, once; ``ConfigurationError`` for a directory or what else is no file."""
        if (path, ref) not in self._files:
            self._files[path, ref] = self._fetch_file(path, ref)
        return self._files[path, ref]

    def _fetch_file(self, path: str, ref: str) -> ForgeFile | None:
        what = f"the file {path}"
        try:
            found = self.connection.get(f"{self._base}/contents/{quote(path)}", what=what, needs=READ, ref=ref)
        except NotFoundError:
            return None
        if not isinstance(found, dict) or found.get("type") != "file":
            raise _not_usable(path, "this is not a plain file on the default branch", "put a plain file there")
        if found.get("encoding") != "base64":
            raise _not_usable(path, "the file is larger than 1,000,000 bytes", "is this the right file?")
        content = self.connection.asked(what, READ, lambda: base64.b64decode(found["content"]))
        return ForgeFile(path=path, content=content, ref=ref)

    def way_to(self, path: str, ref: str) -> tuple[str, ...]:
        """Fetch which links a path goes over at a commit: ``file_at`` follows them."""
        return self._links.way_to(path, ref)

    def changed_paths(self, pull_request: int) -> tuple[str, ...]:
        """Fetch the paths that a pull request changes, old names of moved files too."""
        what = f"the files of pull request {pull_request}"
        files = list(self.connection.pages(f"{self._base}/pulls/{pull_request}/files", what=what, needs=_READ_PULLS))
        return self.connection.asked(what, _READ_PULLS, lambda: _paths(files, at_most=_LISTED_OF_PULL_REQUEST))

    def default_branch(self) -> str:
        """Return the name of the default branch."""
        return self._default_branch or str(self.connection.describe()["default_branch"])

    def _branch_name(self) -> str:
        return quote(self.default_branch(), safe="")

    def changed_by(self, commit: str) -> ChangedPaths:
        """Fetch the paths that a commit changes of the default branch, once; it says where that branch is, too."""
        if commit not in self._changed:
            what = f"the changes of {commit[:12]}"
            found = self._compare(self._head or self._branch_name(), quote(commit), what)
            base = self.connection.asked(what, READ, lambda: str(found["base_commit"]["sha"]))
            self._head = self._head or base
            self._changed[commit] = self.connection.asked(what, READ, lambda: _changed(found))
        return self._changed[commit]

    def _compare(self, base: str, head: str, what: str) -> Any:
        # All the files are on the first page, however many commits there are.
        return self.connection.get(f"{self._base}/compare/{base}...{head}", what=what, needs=READ, per_page=1)

    def keep_comment(self, pull_request: int, marker: str, body: str, known: Sequence[Comment] | None = None) -> bool:
        """Write or update the one comment with a marker; ``False`` where the token may not.

        A comment of anybody else that holds the marker is left alone, whatever the token could do to it. An app's token
        may not ask whose it is: then it is the first that it can change, of those that apps wrote. Of two that runs
        write at once the first stays.
        """
        what = f"the comments of pull request {pull_request}"
        listed = f"{self._base}/issues/{pull_request}/comments"
        there = ((each.id, each.author.login, each.body) for each in known or () if each.author is not None)
        # Another run may have written it in the meantime.
        for number, _, present in self._own_comments(chain(there, self._comments_at(listed, what)), marker):
            if present == body or self._write("PATCH", self._comment(number), body, what) is not None:
                return True
        made = self._write("POST", listed, body, what)
        if made is None:
            return False
        author = _parts_of(made)[1]
        since = (self.connection.date() - TWINS_WITHIN).strftime("%Y-%m-%dT%H:%M:%SZ")
        listing = self._comments_at(listed, what, since=since)
        own = [each[0] for each in self._own_comments(listing, marker) if each[1] == author]
        for twin in own[1:]:
            self._write("PATCH", self._comment(own[0]), body, what)
            with suppress(NotFoundError):
                self._write("DELETE", self._comment(twin), None, what)
        return True

    def _own_comments(self, comments: Iterable[_Parts], marker: str) -> Iterator[_Parts]:
        """Return those that this token wrote, or may have: of another app's, those that begin with the marker."""
        return (
            each
            for each in comments
            if marker in each[2]
            and self.may_be_own(each[1])
            and (each[2].startswith(marker) or each[1] == self._own_login())
        )

    def _comments_at(self, listed: str, what: str, **query: object) -> Iterator[_Parts]:
        return map(_parts_of, self.connection.pages(listed, what=what, needs=_COMMENT, **query))

    def _comment(self, number: int) -> str:
        return f"{self._base}/issues/comments/{number}"

    def _write(self, method: str, path: str, body: str | None, what: str) -> Mapping[str, Any] | None:
        """Return what is there then; ``None`` where the token may not."""
        sent = None if body is None else {"body": body}
        try:
            return self.connection.send(method, path, sent, what=what, needs=_COMMENT) or {}
        except ForbiddenError:
            return None

    def _own_login(self) -> str:
        """Return who this token writes as; the token of a workflow may not ask, and writes as this app."""
        if self._login is None and self.connection.is_of_an_app:
            self._login = WORKFLOW_LOGIN
        if self._login is None:
            try:
                self._login = str(self.connection.get("/user", what="the token's own account", needs=READ)["login"])
            except ForbiddenError:
                self._login = WORKFLOW_LOGIN
        return self._login

    def may_be_own(self, login: str | None) -> bool:
        """Whether this token may write by a login; one that may not ask belongs to an app, and may be any app's."""
        own = self._own_login()
        return login == own or (own == WORKFLOW_LOGIN and str(login).endswith("[bot]"))

    def may_be_wedgates(self, login: str | None) -> bool:
        """Whether a job of wedgate's may write by a login: with this token, or a workflow's own."""
        return login == WORKFLOW_LOGIN or self.may_be_own(login)

    def versions_of(self, paths: Sequence[str]) -> Iterator[str]:
        """Yield the commits of the default branch that changed one of some files, the latest first, as they are asked
        for.

        ``ExternalSystemError`` behind ``VERSIONS`` of a file: there are more, and they are not read.
        """
        # Each list is in order; only which of two files was changed first is told by the time.
        listed = heapq.merge(*map(self._versions_of, paths), key=lambda version: version[0], reverse=True)
        seen = set()
        for _, sha in listed:
            if sha not in seen:
                seen.add(sha)
                yield sha

    def _versions_of(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield the time and the commit of each version of a file."""
        what, head = f"the history of {path}", self.default_head()
        listed = self.connection.pages(f"{self._base}/commits", what=what, needs=READ, path=path, sha=head)
        for number, found in enumerate(listed):
            if number == VERSIONS:
                raise ExternalSystemError(f"the last {VERSIONS} versions of {path} are read, and not those before them")
            yield self.connection.asked(what, READ, partial(_version_of, found))

    def date(self) -> datetime:
        """Return the forge's clock: the last ``Date`` received, moved on by the time since."""
        return self.connection.date()


def _version_of(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return when a commit was made, in UTC as GitHub writes it, and its id."""
    return str(found["commit"]["committer"]["date"]), str(found["sha"])


def _parts_of(comment: Mapping[str, Any]) -> _Parts:
    """Return the number of a comment, the login of its author, and its text."""
    user = comment.get("user")
    login = str(user["login"]) if isinstance(user, dict) and "login" in user else None
    return int(comment["id"]), login, str(comment.get("body") or "")


def _paths(files: Sequence[Mapping[str, Any]], *, at_most: int) -> tuple[str, ...]:
    if len(files) >= at_most:
        raise ExternalSystemError(f"GitHub lists only the first {at_most:,} changed files, so they are not all known")
    return tuple(dict.fromkeys(_names(files)))


def _changed(found: Mapping[str, Any]) -> ChangedPaths:
    files = found["files"]
    return ChangedPaths(
        paths=frozenset(_names(files)),
        is_whole=len(files) < _LISTED_AT_MOST,
        blobs={str(file["filename"]): str(file["sha"]) for file in files},
    )


def _names(files: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for file in files:
        yield str(file["filename"])
        if file.get("previous_filename"):
            yield str(file["previous_filename"])


def _not_usable(path: str, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError((Problem(file=path, line=0, column=0, what=what, remedy=remedy),))
