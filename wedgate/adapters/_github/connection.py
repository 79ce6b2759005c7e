"""One repository on GitHub: requests with bounded, jittered tries, all pages or an error, errors that say what to do.

PyGithub is imported when the first question is asked. Its defaults are for bulk work (a pause before each request, ten
tries); a gate asks few things and must answer soon.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from wedgate.adapters._github.limits import rate_limit_of
from wedgate.errors import ExternalSystemError, WedgateError

if TYPE_CHECKING:
    from github import Github

Answer = TypeVar("Answer")

TIMEOUT_SECONDS = 10
RETRIES = 2
MOST_PAGES = 100
READ = "give the job `contents: read`"
LONGEST_WAIT = timedelta(seconds=30)
"""So long in all a run waits for rate limits to end. Beyond that it ends, and says when to ask again."""
FORBIDDEN = 403
NOT_FOUND = 404
UNACCEPTABLE = 422


class NotFoundError(ExternalSystemError):
    """The forge has no such thing, or does not show it to this token."""


class ForbiddenError(ExternalSystemError):
    """The forge has it, and this token may not."""


class UnacceptableError(ExternalSystemError):
    """The forge understood, and does not take it."""


class Connection:
    """A repository: ``api_url`` is that of the runner (``GITHUB_API_URL``), also of GHES; ``repository`` owner/name."""

    def __init__(
        self,
        *,
        api_url: str,
        repository: str,
        token: str | None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.api_url = api_url
        self.repository = repository
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._pause = pause
        self._patience = LONGEST_WAIT
        self._client: Github | None = None
        self._date: tuple[datetime, float] | None = None
        self._described: Mapping[str, Any] | None = None
        self.trees: dict[str, str] = {}
        """The trees of commits, as far as they were told."""

    @property
    def is_of_an_app(self) -> bool:
        """Whether the token is known to be an app's, a workflow's own too, by the beginning that GitHub gives those."""
        return (self._token or "").startswith("ghs_")

    def describe(self) -> Mapping[str, Any]:
        """Return the repository as GitHub describes it, asked once."""
        if self._described is None:
            self._described = self.get(f"/repos/{self.repository}", what="the repository", needs=READ)
        return self._described

    def date(self) -> datetime:
        """Return the forge's clock: the last ``Date`` received, moved on by the time since."""
        if self._date is None:
            self.describe()
        if self._date is None:
            raise ExternalSystemError("GitHub answered without a Date, so this machine's clock cannot be compared")
        received, at = self._date
        return received + timedelta(seconds=time.monotonic() - at)

    def get(self, path: str, /, *, what: str, needs: str, **query: object) -> Any:
        """Return the body of one answer; ``needs`` says what to do where it is refused."""
        return self._request("GET", path, what=what, needs=needs, query=query)[1]

    def send(self, method: str, path: str, body: Mapping[str, object] | None, *, what: str, needs: str) -> Any:
        """Change something, and return the body of the answer."""
        return self._request(method, path, what=what, needs=needs, body=body)[1]

    def pages(self, path: str, /, *, what: str, needs: str, **query: object) -> Iterator[Any]:
        """Yield the items of every page.

        A page that is announced and cannot be read, and one that comes a second time, is an error: half of a list is
        not the list.
        """
        target: str | None = path
        asked: dict[str, object] = {"per_page": 100, **query}
        seen: set[str] = set()
        while target is not None:
            headers, items = self._request("GET", target, what=what, needs=needs, query=asked)
            if not isinstance(items, list):
                raise ExternalSystemError(f"GitHub ({self.api_url}) did not answer with a list for {what}")
            yield from items
            target, asked = _next_page(headers.get("link", "")), {}
            if target is not None and (target in seen or len(seen) >= MOST_PAGES):
                raise ExternalSystemError(f"GitHub ({self.api_url}) lists {what} in a circle, or without an end")
            seen.add(str(target))

    def asked(self, what: str, needs: str, fetch: Callable[[], Answer]) -> Answer:
        """Turn whatever goes wrong in the client, the network or the answer into one error that names the question."""
        try:
            return fetch()
        except WedgateError:
            raise
        except Exception as error:
            words = f"GitHub ({self.api_url}, {self.repository}) did not answer for {what}: {_words_of(error, needs)}"
            # Beyond a limit nothing is forbidden: whoever takes a refusal for an answer must not take this for one.
            status = None if rate_limit_of(error) is not None else getattr(error, "status", None)
            raise _KINDS.get(status or 0, ExternalSystemError)(words) from error

    def _request(
        self,
        method: str,
        path: str,
        *,
        what: str,
        needs: str,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> tuple[dict[str, str], Any]:
        if query:
            path = f"{path}?{urlencode({key: str(value) for key, value in query.items()})}"

        def fetch() -> tuple[dict[str, str], Any]:
            headers, data = self._exchange(method, path, None if body is None else dict(body))
            found = {key.lower(): str(value) for key, value in headers.items()}
            self._note_date(found)
            return found, data

        return self.asked(what, needs, fetch)

    def _exchange(self, method: str, path: str, body: dict[str, object] | None) -> tuple[Mapping[str, Any], Any]:
        """Ask once, and again behind each rate limit that ends soon: what is beyond one was not carried out."""
        while True:
            try:
                return self.client().requester.requestJsonAndCheck(method, path, input=body)
            except Exception as error:
                limit = rate_limit_of(error)
                if limit is None or limit.wait > self._patience:
                    raise
                self._patience -= limit.wait
                self._pause(limit.wait.total_seconds())

    def client(self) -> Github:
        """Return the client, made when it is first needed."""
        if self._client is None:
            self._client = self._open()
        return self._client

    def _open(self) -> Github:
        try:
            from github import Auth, Github
        except ImportError:
            raise ExternalSystemError(
                "PyGithub is not installed, so the default branch cannot be read; install wedgate[github]"
            ) from None
        from urllib3 import Retry

        return Github(
            auth=Auth.Token(self._token) if self._token else None,
            base_url=self.api_url,
            # PyGithub says int, and hands it on to requests, which takes fractions too.
            timeout=self._timeout_seconds,  # type: ignore[arg-type]
            per_page=100,
            seconds_between_requests=0,
            seconds_between_writes=0,
            retry=Retry(
                total=RETRIES,
                backoff_factor=0.1,
                backoff_jitter=0.1,
                status_forcelist=(500, 502, 503, 504),
                # What changes something is tried once: nobody knows whether it was carried out.
                allowed_methods=("GET",),
                raise_on_status=False,
                respect_retry_after_header=False,
            ),
            user_agent="wedgate",
        )

    def _note_date(self, headers: Mapping[str, str]) -> None:
        value = headers.get("date")
        if value:
            self._date = (parsedate_to_datetime(value).astimezone(UTC), time.monotonic())


_KINDS = {NOT_FOUND: NotFoundError, FORBIDDEN: ForbiddenError, UNACCEPTABLE: UnacceptableError}


def _next_page(link: str) -> str | None:
    """Return the address of the next page out of a ``Link`` header (RFC 8288), ``None`` on the last."""
    for part in link.split(","):
        address, _, parameters = part.partition(";")
        if 'rel="next"' in parameters:
            return address.strip().strip("<>")
    return None


def _words_of(error: Exception, needs: str) -> str:
    """Return one line for an error of the client; it never holds the token, which travels in a header."""
    status = getattr(error, "status", None)
    if not isinstance(status, int):
        words = " ".join(str(error).split()) or type(error).__name__
        return words if len(words) <= 200 else f"{words[:197]}..."
    data = getattr(error, "data", None)
    said = data.get("message") if isinstance(data, dict) else None
    told = f" ({' '.join(said.split())[:200]})" if isinstance(said, str) else ""
    limit = rate_limit_of(error)
    if limit is not None:
        return f"HTTP {status}{told}: its rate limit; ask again {limit.words()}"
    return f"HTTP {status}{told}{f'; {needs}' if status in (401, FORBIDDEN, NOT_FOUND) else ''}"
