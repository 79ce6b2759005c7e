"""The events of GitHub by which a regression report reaches a workflow: `repository_dispatch`, and a comment.

GitHub hands a run its event in a file. Whoever sends a `repository_dispatch` needs a token that may write to the
repository's contents; GitHub has checked that, and says whose token it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wedgate.errors import UsageError

_REMEDY = "run this in a workflow for repository_dispatch or issue_comment, or name a file with --event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """A `repository_dispatch`: what it carries, and whose token sent it."""

    payload: object
    login: str
    number: int
    is_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A new comment: its number, who wrote it, and when GitHub took it."""

    comment: int
    login: str
    at: datetime


def report_event(path: Path) -> Dispatch | Said:
    """Read an event; ``UsageError`` for one of another kind."""
    try:
        event: Any = json.loads(path.read_text(encoding="utf-8"))
        if "client_payload" in event:
            return _dispatch(event)
        comment = event["comment"]
        if event["action"] != "created":
            raise UsageError(f"only new comments count, and this one was {ascii(event['action'])[:20]}")
        at = datetime.fromisoformat(str(comment["created_at"])).astimezone(UTC)
        return Said(comment=int(comment["id"]), login=str(comment["user"]["login"]), at=at)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} is no event that brings a report ({type(error).__name__}); {_REMEDY}") from None


def event_path(named: Path | None, environment: Mapping[str, str]) -> Path:
    """Return the file of the event that a run is for; ``UsageError`` outside of one."""
    path = str(named or environment.get("GITHUB_EVENT_PATH", ""))
    if not path:
        raise UsageError(f"there is no event: {_REMEDY}")
    return Path(path)


def _dispatch(event: Mapping[str, Any]) -> Dispatch:
    sender = event["sender"]
    return Dispatch(
        payload=event["client_payload"],
        login=str(sender["login"]),
        number=int(sender["id"]),
        is_person=sender["type"] == "User",
    )
