"""GitHub as the gate sees it, through PyGithub: files of the default branch, changes, and its clock.

PyGithub is imported when the first question is asked. Its defaults are for bulk work (a pause before each request, ten
tries); a gate asks three things and must answer soon, so there is no pause and two tries more, and then an error.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

from wedgate.adapters.forge.interface import ForgeFile
from wedgate.errors import ConfigurationError, ExternalSystemError, Problem, WedgateError

if TYPE_CHECKING:
    from github import Github
    from github.Repository import Repository

Answer = TypeVar("Answer")

TIMEOUT_SECONDS = 10
RETRIES = 2
_FORBIDDEN = 403
_WORKFLOW_LOGIN = "github-actions[bot]"
_LISTED_AT_MOST = 300
"""The API lists at most so many files of a comparison, and does not say that there are more."""
_LISTED_OF_PULL_REQUEST = 3000
"""The same for the files of a pull request."""


class GithubForge:
    """One repository on GitHub. ``api_url`` is that of the runner (``GITHUB_API_URL``), ``repository`` owner/name."""

    def __init__(
        self, *, api_url: str, repository: str, token: str | None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._api_url = api_url
        self._name = repository
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._repository: Repository | None = None
        self._date: tuple[datetime, float] | None = None
        self._head: str | None = None

    def default_branch_file(self, paths: tuple[str, ...]) -> ForgeFile | None:
        """Fetch the first of ``paths`` that exists on the default branch, all at one commit."""
        if self._head is None:
            self._head = self._ask("the default branch", self._fetch_head)
        for path in paths:
            found = self.file_at(path, self._head)
            if found is not None:
                return found
        return None

    def file_at(self, path: str, ref: str) -> ForgeFile | None:
        """Fetch one file at a commit; ``ConfigurationError`` for a directory or something else that is no file."""
        return self._ask(f"the file {path}", lambda: self._fetch_file(path, ref))

    def changed_paths(self, pull_request: int) -> tuple[str, ...]:
        """Fetch the paths that a pull request changes, old names of moved files too."""

        def fetch() -> tuple[str, ...]:
            files = list(self._open().get_pull(pull_request).get_files())
            return _paths(files, at_most=_LISTED_OF_PULL_REQUEST)

        return self._ask(f"the files of pull request {pull_request}", fetch)

    def head_of(self, pull_request: int) -> str:
        """Fetch the commit that a pull request's branch is at."""
        return self._ask(f"pull request {pull_request}", lambda: str(self._open().get_pull(pull_request).head.sha))

    def changed_between(self, base: str, head: str) -> tuple[str, ...]:
        """Fetch the paths changed between two commits, old names of moved files too."""

        def fetch() -> tuple[str, ...]:
            return _paths(list(self._open().compare(base, head).files), at_most=_LISTED_AT_MOST)

        return self._ask(f"the changes from {base[:12]} to {head[:12]}", fetch)

    def keep_comment(self, pull_request: int, marker: str, body: str) -> bool:
        """Write or update the one comment with a marker; ``False`` where the token may not.

        A comment of anybody else that holds the marker is left alone, whatever the token could do to it.
        """
        from github import GithubException

        def keep() -> bool:
            pull = self._open().get_pull(pull_request)
            author = self._own_login()
            try:
                for comment in pull.get_issue_comments():
                    if marker in (comment.body or "") and comment.user is not None and comment.user.login == author:
                        if comment.body != body:
                            comment.edit(body)
                        return True
                pull.create_issue_comment(body)
            except GithubException as error:
                if error.status == _FORBIDDEN:
                    return False
                raise
            return True

        return self._ask(f"the comments of pull request {pull_request}", keep)

    def _own_login(self) -> str:
        """Return who this token writes as; the token of a workflow may not ask, and writes as this app."""
        from github import GithubException

        try:
            return str(self._client().get_user().login)
        except GithubException as error:
            if error.status == _FORBIDDEN:
                return _WORKFLOW_LOGIN
            raise

    def date(self) -> datetime:
        """Return the forge's clock: the last ``Date`` received, moved on by the time since."""
        if self._date is None:
            self._ask("its clock", lambda: self._open())
        if self._date is None:
            raise ExternalSystemError("GitHub answered without a Date, so this machine's clock cannot be compared")
        received, at = self._date
        return received + timedelta(seconds=time.monotonic() - at)

    def _open(self) -> Repository:
        if self._repository is None:
            self._repository = self._client().get_repo(self._name)
            self._note_date(self._repository.raw_headers)
        return self._repository

    def _client(self) -> Github:
        try:
            from github import Auth, Github
        except ImportError:
            raise ExternalSystemError(
                "PyGithub is not installed, so the default branch cannot be read; install wedgate[github]"
            ) from None
        from urllib3 import Retry

        return Github(
            auth=Auth.Token(self._token) if self._token else None,
            base_url=self._api_url,
            # PyGithub says int, and hands it on to requests, which takes fractions too.
            timeout=self._timeout_seconds,  # type: ignore[arg-type]
            per_page=100,
            seconds_between_requests=0,
            seconds_between_writes=0,
            retry=Retry(
                total=RETRIES,
                backoff_factor=0.1,
                status_forcelist=(500, 502, 503, 504),
                raise_on_status=False,
                respect_retry_after_header=False,
            ),
            user_agent="wedgate",
        )

    def _fetch_head(self) -> str:
        repository = self._open()
        return str(repository.get_branch(repository.default_branch).commit.sha)

    def _fetch_file(self, path: str, ref: str) -> ForgeFile | None:
        from github import UnknownObjectException

        repository = self._open()
        try:
            found = repository.get_contents(path, ref=ref)
        except UnknownObjectException:
            return None
        if isinstance(found, list) or found.type != "file":
            raise _not_usable(path, "this is not a plain file on the default branch", "put a plain file there")
        if found.encoding != "base64":
            raise _not_usable(path, "the file is larger than 1,000,000 bytes", "is this the right file?")
        self._note_date(found.raw_headers)
        return ForgeFile(path=path, content=found.decoded_content, ref=ref)

    def _note_date(self, headers: dict[str, Any]) -> None:
        value = headers.get("date") or headers.get("Date")
        if value:
            self._date = (parsedate_to_datetime(str(value)).astimezone(UTC), time.monotonic())

    def _ask(self, what: str, fetch: Callable[[], Answer]) -> Answer:
        """Turn whatever goes wrong in the client, the network or the answer into one error that names the question."""
        try:
            return fetch()
        except WedgateError:
            raise
        except Exception as error:
            raise ExternalSystemError(
                f"GitHub ({self._api_url}, {self._name}) did not answer for {what}: {_words_of(error)}"
            ) from error


def _paths(files: Iterable[Any], *, at_most: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    count = 0
    for count, file in enumerate(files, 1):  # noqa: B007 (the last count is what is wanted)
        found[str(file.filename)] = None
        if file.previous_filename:
            found[str(file.previous_filename)] = None
    if count >= at_most:
        raise ExternalSystemError(f"GitHub lists only the first {at_most:,} changed files, so they are not all known")
    return tuple(found)


def _not_usable(path: str, what: str, remedy: str) -> ConfigurationError:
    return ConfigurationError((Problem(file=path, line=0, column=0, what=what, remedy=remedy),))


def _words_of(error: Exception) -> str:
    """Return one line for an error of the client; it never holds the token, which travels in a header."""
    status = getattr(error, "status", None)
    if isinstance(status, int):
        data = getattr(error, "data", None)
        said = data.get("message") if isinstance(data, dict) else None
        hint = "; give the job `contents: read`" if status in (401, 403, 404) else ""
        return f"HTTP {status}{f' ({said})' if isinstance(said, str) else ''}{hint}"
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 200 else f"{words[:197]}..."
