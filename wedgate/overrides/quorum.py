"""When enough people have approved: so many of them, from so many teams, each of them counted once for one team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wedgate.overrides.people import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval that counts; ``teams`` are those through which this person may approve here."""

    person: Person
    at: datetime
    comment: int = 0
    teams: frozenset[str] = frozenset()


def met_at(approvals: Sequence[Approval], *, needed: int, teams_needed: int) -> datetime | None:
    """Return the time of the approval with which the quorum is met, ``None`` if it is not; they come by time.

    A quorum of nobody is never met: a policy that needs none is no policy.
    """
    if needed < 1:
        return None
    people: list[Approval] = []
    for approval in approvals:
        if any(each.person.id == approval.person.id for each in people):
            continue
        people.append(approval)
        if reaches([each.teams for each in people], needed=needed, teams_needed=teams_needed):
            return approval.at
    return None


def reaches(people: Sequence[frozenset[str]], *, needed: int, teams_needed: int) -> bool:
    """Whether people of these teams are enough of them, and from enough teams."""
    return len(people) >= needed and (teams_needed <= 1 or teams_among(people) >= teams_needed)


def teams_among(people: Sequence[frozenset[str]]) -> int:
    """Return from how many teams people of these teams come if each stands for one of theirs (a largest matching)."""
    standing_for: dict[str, int] = {}

    def find(place: int, tried: set[str]) -> bool:
        for team in sorted(people[place] - tried):
            tried.add(team)
            if team not in standing_for or find(standing_for[team], tried):
                standing_for[team] = place
                return True
        return False

    return sum(find(place, set()) for place in range(len(people)))
