"""What a change of the policy makes easier: a pull request that does so needs the quorum that is there before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wedgate.calendars.durations import spell_duration
from wedgate.overrides.policy import Approvers, Audience, OverridePolicy


def loosened(old: OverridePolicy | None, new: OverridePolicy | None, regions: Iterable[str]) -> tuple[str, ...]:
    """Return in words what ``new`` makes easier than ``old``, each once; nothing where there was or will be none.

    A first policy is no loosening of one: the calendar decides about it, as about any other change. Taking a policy
    away counts, so that nobody makes room for a first one. ``regions`` are those of either side: a new one is compared
    with what the old policy says of every region without an entry of its own.
    """
    if old is None:
        return ()
    if new is None:
        return ("takes the policy of overrides away, so that the next one needs nobody's leave",)
    return tuple(dict.fromkeys((*_by_region(old, new, regions), *_everywhere(old, new))))


def _by_region(old: OverridePolicy, new: OverridePolicy, regions: Iterable[str]) -> Iterator[str]:
    for region in regions:
        before, after = old.needed_in(region), new.needed_in(region)
        if after < before:
            yield f"asks for {after} instead of {before} approvals in {region}"
        teams, fewer = old.teams_needed_in(region), new.teams_needed_in(region)
        if fewer < teams:
            yield f"asks for approvals from {fewer} instead of {teams} teams in {region}"
        added = _added(old.approvers_of(region), new.approvers_of(region))
        if added:
            yield f"lets {', '.join(added)} approve in {region}"


def _added(old: Approvers, new: Approvers) -> tuple[str, ...]:
    """Return who may approve and could not before; a login whose number was dropped is somebody else's to take."""
    known = {str(person).lower() for person in old.people}
    people = tuple(str(person) for person in new.people if str(person).lower() not in known)
    teams = tuple(team for team in new.teams if team not in old.teams)
    owners = tuple(f"the owners of {path}" for path in new.code_owners if path not in old.code_owners)
    calls = ("whoever is on call",) if new.on_call is not None and new.on_call != old.on_call else ()
    return (*people, *teams, *owners, *calls)


def _everywhere(old: OverridePolicy, new: OverridePolicy) -> Iterator[str]:
    for kind in sorted(old.never_count - new.never_count):
        yield f"lets the {kind.value} count"
    if new.longest > old.longest:
        yield f"lets a grant last {spell_duration(new.longest)} instead of {spell_duration(old.longest)}"
    for each in sorted(old.require - new.require):
        yield f"asks for no {each.value} any more"
    if old.links and not (new.links and all(link.startswith(old.links) for link in new.links)):
        yield "takes links from elsewhere"
    for rule in sorted(old.untouchable - new.untouchable):
        yield f"lets an override open {rule}"
    if new.forks and not old.forks:
        yield "lets forks in"
    for duty, audience in new.may.items():
        if audience is not old.may[duty] and audience is Audience.WRITE:
            yield f"lets anyone who may write {duty.value}"
        elif audience is not old.may[duty] and old.may[duty] is Audience.SIGNERS:
            yield f"lets {duty.value} without a signature"
    if new.signers is not None and new.signers != old.signers:
        yield "takes signatures from another file"
