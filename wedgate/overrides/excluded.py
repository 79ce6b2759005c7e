"""Whose approval never counts for a change, because they have a part in it, and whether enough people are left."""

from __future__ import annotations

from collections.abc import Mapping

from wedgate.calendars.values import Span
from wedgate.overrides.people import Circle, Person
from wedgate.overrides.policy import NeverCount
from wedgate.overrides.quorum import reaches, teams_among
from wedgate.overrides.refusals import Refusal, RefusalCode
from wedgate.overrides.standing import Change, Rulebook


def too_few_left(
    change: Change, book: Rulebook, region: str, requester: Person | None, *, within: Span | None = None
) -> Refusal | None:
    """Return why a region can never have its approvals, whoever else comes; ``None`` for one that may.

    Without a ``requester``: whoever asks, if that is nobody who could approve. Of those on call whoever is now counts,
    or whoever is at some time ``within`` which approvals count.
    """
    policy = book.policy
    assert policy is not None  # without one there is nothing to ask for
    needed, teams = policy.needed_in(region), policy.teams_needed_in(region)
    circle = book.circles[region]
    left = names_left(change, book, circle, excluded_from(change, book, requester), within=within)
    theirs = [circle.teams_of_login(name) if teams > 1 else frozenset() for name in left]
    if reaches(theirs, needed=needed, teams_needed=teams):
        return None
    names = ", ".join(left) or "nobody"
    what = f"{region} needs {needed} approvals, and only {len(left)} could give one ({names})"
    if len(left) >= needed:
        come = f"those who could give one ({names}) come from {teams_among(theirs)}"
        what = f"{region} needs {needed} approvals from {teams} teams, and {come}"
    return Refusal(
        code=RefusalCode.POLICY_IMPOSSIBLE,
        what="; ".join((what, *circle.lost)),
        remedy="add approvers to the team or to wedgate.yml: somebody asked, wrote or pushed this change",
    )


def excluded_from(
    change: Change, book: Rulebook, requester: Person | None
) -> dict[int, tuple[Person, RefusalCode, str]]:
    """Return whose approval never counts for a change, with the code and the words."""
    policy = book.policy
    assert policy is not None
    parts: list[tuple[NeverCount, tuple[Person | None, ...], RefusalCode, str]] = [
        (NeverCount.RE_RUNNER, change.re_runners, RefusalCode.RE_RAN, "ran this job again"),
        (NeverCount.COMMITTERS, change.committers or (), RefusalCode.OWN_COMMIT, "wrote a commit of it"),
        (NeverCount.HEAD_PUSHER, change.pushers, RefusalCode.OWN_PUSH, "pushed its last commit"),
        (NeverCount.AUTHOR, (change.author,), RefusalCode.OWN_CHANGE, "opened the pull request"),
        (NeverCount.REQUESTER, (requester,), RefusalCode.OWN_REQUEST, "asked for it"),
    ]
    found: dict[int, tuple[Person, RefusalCode, str]] = {}
    for kind, people, code, words in parts:
        if kind in policy.never_count:
            found |= {person.id: (person, code, words) for person in people if person is not None}
    return found


def names_left(
    change: Change,
    book: Rulebook,
    circle: Circle,
    gone: Mapping[int, tuple[Person, RefusalCode, str]],
    *,
    within: Span | None = None,
) -> tuple[str, ...]:
    """Return who is left in a circle, by login; a person that the file names by login is gone by login."""
    logins = {person.login.lower() for person, _, _ in gone.values()}
    if book.policy is not None and NeverCount.COMMITTERS in book.policy.never_count:
        logins |= change.co_author_logins
    names = circle.names(without=frozenset(gone), within=within)
    return tuple(name for name in names if name.lower() not in logins)
