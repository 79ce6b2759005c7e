"""Several pull requests with one head: by which of them the status of that commit goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from wedgate.adapters.forge.interface import CommitStatus, PullRequest, StatusState
from wedgate.gate.decision import Decision

_BEST_FIRST = (StatusState.SUCCESS, StatusState.ERROR, StatusState.FAILURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look at one pull request came to: the status for its head, and when that may be another.

    ``decision`` is ``None`` where it could not be known.
    """

    number: int
    head: str
    status: CommitStatus
    decision: Decision | None
    changes: tuple[datetime, ...] = ()


def by_head(pulls: Iterable[PullRequest], *, takes_forks: bool) -> dict[str, tuple[PullRequest, ...]]:
    """Return by which pull requests the status of each head goes, what no fork brings first.

    Anybody may open one from a fork, with the head of any other: it has no say where the policy takes no forks and
    another pull request has that head.
    """
    found: dict[str, list[PullRequest]] = {}
    for pull in sorted(pulls, key=lambda pull: pull.from_fork):
        found.setdefault(pull.head, []).append(pull)
    return {head: _with_a_say(those, takes_forks) for head, those in found.items()}


def _with_a_say(pulls: Sequence[PullRequest], takes_forks: bool) -> tuple[PullRequest, ...]:
    own = pulls if takes_forks else [pull for pull in pulls if not pull.from_fork]
    return tuple(own or pulls)


def best_of(looked: Iterable[Looked]) -> Looked:
    """Return the look that the status of a head goes by: one that lets it through, or else what is not known."""
    return min(looked, key=lambda each: (_BEST_FIRST.index(each.status.state), each.number))
