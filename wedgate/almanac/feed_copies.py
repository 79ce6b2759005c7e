"""The copies of pages that are kept between runs: what may be believed of them, and for how long.

They stand where remembered configurations stand (``wedgate.config.cache``), under the same conditions: never on a CI
runner, where an earlier step could have written them, and nowhere that others may write. A copy younger than ``FRESH``
is not asked about; an older one is asked about with its ETag, and used as it is, up to the age that the rule allows,
when the page cannot be had.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from wedgate.almanac.feed_events import FeedError, check_text
from wedgate.almanac.feed_fetch import Page, Unchanged, fetch_page
from wedgate.almanac.files import MAX_BYTES, Unread
from wedgate.calendars.facts import FeedKey
from wedgate.config.cache import is_own, own_directory

FRESH = timedelta(hours=1)
_HEAD_BYTES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A page as it was fetched at an instant."""

    page: Page
    fetched: datetime


def page_of(key: FeedKey, now: datetime) -> bytes | Unread:
    """Return the content of a page: from a fresh copy, from its server, or from an older copy within its age."""
    copy = _recall(key)
    age = None if copy is None else now - copy.fetched
    # A copy of the future was made by a clock that was wrong, and so was its age.
    if copy is None or age is None or age < timedelta(0):
        copy, age = None, None
    if copy is not None and age is not None and age < min(FRESH, key.max_age):
        return copy.page.content
    known = None if copy is None else copy.page
    found = fetch_page(
        key.location,
        allow_private=key.allow_private,
        etag=None if known is None else known.etag,
        modified=None if known is None else known.modified,
    )
    if isinstance(found, Unchanged):
        found = known or Unread("its server says that it has not changed since a copy that is not there")
    if isinstance(found, Page):
        try:
            check_text(found.content)
        except FeedError as error:
            found = Unread(str(error))
    if isinstance(found, Page):
        _remember(key, Copy(page=found, fetched=now))
        return found.content
    if copy is not None and age is not None and age <= key.max_age:
        return copy.page.content
    if copy is not None:
        return Unread(f"{found.trouble}, and its last copy, of {copy.fetched:%Y-%m-%d %H:%M} UTC, is too old")
    return found


def _recall(key: FeedKey) -> Copy | None:
    with contextlib.suppress(Exception):
        directory = own_directory()
        if directory is None:
            return None
        descriptor = os.open(directory / f"{_name(key)}.feed", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not is_own(os.fstat(descriptor)):
                return None
            head = json.loads(file.readline(_HEAD_BYTES))
            content = file.read(MAX_BYTES + 1)
        if head["location"] == key.location and head["digest"] == hashlib.sha256(content).hexdigest():
            page = Page(content=content, etag=head["etag"], modified=head["modified"])
            return Copy(page=page, fetched=datetime.fromisoformat(head["fetched"]))
    return None


def _remember(key: FeedKey, copy: Copy) -> None:
    with contextlib.suppress(Exception):
        directory = own_directory(create=True)
        if directory is None:
            return
        head = {
            "location": key.location,
            "fetched": copy.fetched.isoformat(),
            "etag": copy.page.etag,
            "modified": copy.page.modified,
            "digest": hashlib.sha256(copy.page.content).hexdigest(),
        }
        _write(directory, _name(key), json.dumps(head).encode() + b"\n" + copy.page.content)


def _write(directory: Path, name: str, content: bytes) -> None:
    temporary = directory / f".{name}.{os.getpid()}.tmp"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        temporary.replace(directory / f"{name}.feed")
    finally:
        temporary.unlink(missing_ok=True)


def _name(key: FeedKey) -> str:
    return hashlib.sha256(f"{key.allow_private} {key.location}".encode()).hexdigest()
