"""Rate limits of GitHub: what an answer says of when it may be asked again.

GitHub's REST description, "Rate limits": an answer beyond the primary limit has ``x-ratelimit-remaining: 0`` and the
end of it in ``x-ratelimit-reset`` (seconds since 1970); one beyond a secondary limit has ``retry-after`` (seconds), or
neither, and then a minute is to be waited. Both come as 403 or 429, and nothing was carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

UNSAID = timedelta(minutes=1)
_LONGEST = timedelta(days=1)
"""No limit of GitHub lasts longer; what says so is not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """A limit that was met: ``wait`` is how long it lasts, and ``resets`` when it ends by the forge's clock."""

    wait: timedelta
    resets: datetime | None

    def words(self) -> str:
        """Return when to ask again, for a person."""
        seconds = round(self.wait.total_seconds())
        told = f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} min"
        return f"in {told}" if self.resets is None else f"in {told}, at {self.resets:%H:%M:%S} UTC"


def rate_limit_of(error: Exception) -> RateLimit | None:
    """Return the limit that an error of the client says was met; ``None`` for any other error."""
    status = getattr(error, "status", None)
    headers = {str(key).lower(): str(value) for key, value in (getattr(error, "headers", None) or {}).items()}
    data = getattr(error, "data", None)
    said = str(data.get("message", "")) if isinstance(data, dict) else ""
    is_spent = headers.get("x-ratelimit-remaining") == "0"
    is_limit = status == 429 or is_spent or "retry-after" in headers or "rate limit" in said.lower()
    if status not in (403, 429) or not is_limit:
        return None
    now = _date(headers)
    wait = _seconds(headers.get("retry-after", ""))
    if wait is None and is_spent and now is not None and (end := _seconds(headers.get("x-ratelimit-reset", ""))):
        wait = end - now.timestamp()
    if wait is None or wait > _LONGEST.total_seconds():
        wait = UNSAID.total_seconds()
    # A second at least: the end is told in whole seconds, and may be over by the time that this is read.
    found = timedelta(seconds=max(wait, 1))
    return RateLimit(wait=found, resets=None if now is None else now + found)


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def _date(headers: Mapping[str, str]) -> datetime | None:
    """Return the forge's clock, because this machine's may be set otherwise."""
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
