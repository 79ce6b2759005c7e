"""A request for an override, and its id: a digest of all of it, so that an approval cannot slide onto a wider one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from wedgate.overrides.commands import Override
from wedgate.overrides.people import Person
from wedgate.overrides.place import ROOT, Place

LIFE = timedelta(hours=24)
"""An approval that comes later than this after its request does not count: the emergency is another one by then."""
EARLY = timedelta(minutes=2)
"""How far the clock of somebody who signs may be ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for, when, and where: in a comment (its number), or by a signature (0)."""

    id: str
    override: Override
    requester: Person
    at: datetime
    comment: int = 0


def request_id_of(
    override: Override, *, repository: str, pull_request: int, requester: int, nonce: str, place: Place = ROOT
) -> str:
    """Return the id of a request: 32 hexadecimal digits of the SHA-256 of its canonical JSON.

    Of one comment that several services hear, each makes a request of its own, by its ``place``. ``nonce`` tells two
    equal requests apart: the number of the comment. Nobody chooses it, so nobody can look for two requests with one id.
    """
    said = [
        "wedgate-request-1",
        repository.lower(),
        pull_request,
        requester,
        nonce,
        override.sha,
        list(override.regions),
        list(override.rules),
        int(override.duration.total_seconds()),
        override.reason,
        override.link,
        override.strategy.value,
        *([place.path] if place.path else []),
    ]
    canonical = json.dumps(said, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:32]
