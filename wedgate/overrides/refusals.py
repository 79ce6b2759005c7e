"""Why a request, a vote or the use of a grant is refused: a code that is never renamed, and the sentence for a person.

``docs/reference/overrides.md`` explains each code; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RefusalCode(StrEnum):
    """snake_case, stable across versions."""

    NOT_UNDERSTOOD = "not_understood"
    NOT_A_PERSON = "not_a_person"
    EDITED = "edited"
    HEAD_MOVED = "head_moved"
    UNKNOWN_REGION = "unknown_region"
    UNKNOWN_RULE = "unknown_rule"
    UNTOUCHABLE = "untouchable"
    TOO_LONG = "too_long"
    REASON_MISSING = "reason_missing"
    LINK_MISSING = "link_missing"
    FORK = "fork"
    NO_PERMISSION = "no_permission"
    NO_POLICY = "no_policy"
    POLICY_IMPOSSIBLE = "policy_impossible"
    PUSHER_UNKNOWN = "pusher_unknown"
    NO_REQUEST = "no_request"
    OTHER_REQUEST = "other_request"
    REQUEST_EXPIRED = "request_expired"
    NOT_AN_APPROVER = "not_an_approver"
    OWN_REQUEST = "own_request"
    OWN_CHANGE = "own_change"
    OWN_PUSH = "own_push"
    OWN_COMMIT = "own_commit"
    RE_RAN = "re_ran"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    NOT_APPROVED = "not_approved"
    EXPIRED = "expired"
    OTHER_COMMIT = "other_commit"
    OTHER_REGION = "other_region"
    OTHER_RULE = "other_rule"
    RUNWAY_SHORT = "runway_short"
    USED = "used"
    NO_LEDGER = "no_ledger"
    OTHER_RELEASE = "other_release"
    UNKNOWN_ROLLOUT = "unknown_rollout"
    NOT_FROZEN = "not_frozen"
    SEVERAL_FREEZES = "several_freezes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What was refused to whom and why, and what to do; ``comment`` is the comment it answers, if it is one.

    Every text is safe to show: names in it are names of the configuration, or were checked letter by letter.
    """

    code: RefusalCode
    what: str
    remedy: str
    who: str | None = None
    comment: int | None = None
    line: int | None = None
    from_outside: bool = False
    """Whether it answers somebody who has no part in the repository: nothing is kept of it."""

    def __str__(self) -> str:
        """One sentence."""
        return f"{self.what}; {self.remedy}"
