"""People and what they said, as the forge tells it. A person is a number: logins change hands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from wedgate.calendars.values import Span
from wedgate.overrides.policy import Approvers


class Role(StrEnum):
    """What somebody may do in the repository, weakest first; a custom role counts as the one that it is built on."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    @property
    def may_write(self) -> bool:
        """Whether it includes pushing."""
        return self in (Role.WRITE, Role.MAINTAIN, Role.ADMIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account: ``id`` is who it is, ``login`` what it is called now."""

    id: int
    login: str
    is_human: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment as it was read just now; ``author`` is ``None`` for a deleted account.

    ``via_app``: an app wrote it in somebody's name. ``edited``: it was changed after it was written. ``is_insider``:
    the forge counts the author among the owner, the members and the collaborators.
    """

    id: int
    author: Person | None
    at: datetime
    body: str
    via_app: bool = False
    edited: bool = False
    is_insider: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Who may approve for a region: members by number, with the teams each is in (empty for one named by the file).

    ``by_login`` are people that the file names without a number, in lower case. ``on_call`` are those on call now, and
    ``shifts`` when anybody was or will be, as far as the calendar was read, in lower case too. ``lost`` says which
    sources of people are not there any more, and so have nobody.
    """

    members: Mapping[int, frozenset[str]] = field(default_factory=dict)
    by_login: frozenset[str] = frozenset()
    on_call: frozenset[str] = frozenset()
    shifts: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    logins: Mapping[int, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()

    @property
    def named(self) -> frozenset[str]:
        """Who is in it now by login, in lower case."""
        return self.by_login | self.on_call

    def holds(self, person: Person) -> bool:
        """Whether somebody is in it now."""
        return person.id in self.members or person.login.lower() in self.named

    def held(self, person: Person, at: datetime) -> bool:
        """Whether somebody was in it: of those on call whoever was then, of all others whoever is now."""
        login = person.login.lower()
        is_there = person.id in self.members or login in self.by_login
        return is_there or any(shift.start <= at < shift.end for shift in self.shifts.get(login, ()))

    def knows(self, person: Person) -> bool:
        """Whether somebody is in it now, or at another time by a shift."""
        return self.holds(person) or person.login.lower() in self.shifts

    def teams_of(self, person: Person) -> frozenset[str]:
        """Return the teams through which somebody is in it."""
        return self.members.get(person.id, frozenset())

    def teams_of_login(self, login: str) -> frozenset[str]:
        """Return the teams of whoever is in it by a login, whatever its case."""
        numbers = (number for number, name in self.logins.items() if name.lower() == login.lower())
        return frozenset().union(*(self.members.get(number, frozenset()) for number in numbers))

    def names(self, *, without: frozenset[int] = frozenset(), within: Span | None = None) -> tuple[str, ...]:
        """Return who is in it, by login, without some numbers; of those on call who is now, or is ``within`` a time."""
        found = {login for number, login in self.logins.items() if number not in without}
        known = {login.lower() for login in self.logins.values()}
        named = self.named if within is None else self.by_login | self._on_call_within(within)
        return tuple(sorted(found | {login for login in named if login not in known}, key=str.lower))

    def _on_call_within(self, span: Span) -> frozenset[str]:
        return frozenset(
            login
            for login, shifts in self.shifts.items()
            if any(shift.start < span.end and span.start < shift.end for shift in shifts)
        )


def circle_of(approvers: Approvers, teams: Mapping[str, tuple[Person, ...]]) -> Circle:
    """Return the circle of what the file says, with the members of each team (and other source) that was asked."""
    members: dict[int, frozenset[str]] = {}
    logins: dict[int, str] = {}
    for person in approvers.people:
        if person.id is not None:
            members[person.id] = frozenset()
            logins[person.id] = person.login
    for team, people in teams.items():
        for each in people:
            if each.is_human:
                members[each.id] = members.get(each.id, frozenset()) | {team}
                logins[each.id] = each.login
    by_login = frozenset(person.login.lower() for person in approvers.people if person.id is None)
    return Circle(members=members, by_login=by_login, logins=logins)
