"""What a change does to the calendar and to who may override it, by the files that the configuration names too.

What is not known opens nothing by itself: a page that only the change names is not fetched, since whoever wrote it is
not trusted yet, and a rule that is closed for not being known hides nothing that the change takes away beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from wedgate.calendars.facts import FeedKey, TableKey, markets_of, needs_in, needs_of
from wedgate.calendars.source_items import SHIPPED
from wedgate.calendars.tables import DatedSource
from wedgate.calendars.values import Calendar, Effect, Rule, Span
from wedgate.config.configuration import Configuration
from wedgate.engine.horizon import opened_from
from wedgate.engine.parts import Almanac, ProposedChange
from wedgate.overrides.code_owners import PATHS, Owners, owners_of
from wedgate.overrides.loosening import loosened
from wedgate.overrides.policy import Approvers, OverridePolicy
from wedgate.overrides.signers import people_of

_KRL = b"SSHKRL\n"

Sources = frozenset[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a change of the calendar opens in each region, and within what stretch; ``unknown``: what it may open."""

    spans: Mapping[str, tuple[Span, ...]]
    compared: Span
    unknown: tuple[str, ...] = ()


def what_opens(old: Calendar, new: Calendar, almanac: Almanac, changed: Almanac, at: datetime) -> Opened:
    """Return what ``new``, with the files that ``changed`` reads, opens of what ``old`` closes."""
    known, unknown = _without_new_pages(old, new)
    spans, compared = opened_from(old, known, almanac, at, changed=changed)
    if not spans:
        was, now = _known(old, almanac, at), _known(known, changed, at)
        if (was, now) != (old, known):
            # What is closed now because nobody knows better opens once it is known: it must not hide anything else.
            spans, compared = opened_from(was, now, almanac, at, changed=changed)
    return Opened(spans=spans, compared=compared, unknown=unknown)


def what_none_opened(
    base: Configuration, head: Configuration, almanac: Almanac, changed: Almanac, at: datetime
) -> Iterator[str]:
    """Say where a change lets an override open what none could: the days of an untouchable rule may go elsewhere."""
    was, now = (_untouchable_alone(each) for each in (base, head))
    if was.rules:
        spans = what_opens(was, now, almanac, changed, at).spans
        yield from (f"lets an override open what none opens in {region}" for region in spans)


def changed_files(base: Configuration, change: ProposedChange) -> tuple[str, ...]:
    """Return the files that a change touches of those which the configuration takes days or approvers from.

    With a configuration that moves, all that are looked for beside it are others.
    """
    beside = dict.fromkeys(_places(change, name) for name in _beside(base))
    touched = (now for was, now in beside if change.is_moved or change.changes(now))
    return (*touched, *(name for name in dict.fromkeys(_of_the_repository(base.overrides)) if change.changes(name)))


def led_astray(head: Configuration, change: ProposedChange) -> Iterator[str]:
    """Say which files that the configuration goes by, or itself, are links of which a change changes the target."""
    directory = PurePosixPath(change.path).parent
    beside = (str(directory / name) for name in _beside(head))
    for name in dict.fromkeys((change.path, *beside, *_of_the_repository(head.overrides))):
        if change.is_led_astray(name):
            yield f"changes what {name} says, which is a link: put the file itself there"


def mends(base: Configuration, head: Configuration) -> bool:
    """Whether a change makes it easier to be approved in some region: by fewer, from fewer teams, or by others."""
    names = [region.name for region in base.calendar.regions]
    return bool(
        set(loosened(base.overrides, head.overrides, names)) - set(loosened(base.overrides, head.overrides, ()))
    )


def fewer_left(base: Configuration, head: Configuration, change: ProposedChange) -> tuple[str, ...]:
    """Return the regions in which a change takes somebody away, or asks for more: too few may be left there."""
    old, new = base.overrides, head.overrides
    if old is None or new is None:
        return ()
    known = frozenset(region.name for region in base.calendar.regions)
    moved = any(map(change.changes, PATHS))
    return tuple(
        region.name
        for region in head.calendar.regions
        if region.name not in known
        or new.needed_in(region.name) > old.needed_in(region.name)
        or new.teams_needed_in(region.name) > old.teams_needed_in(region.name)
        or new.approvers_of(region.name) != old.approvers_of(region.name)
        or (moved and new.approvers_of(region.name).code_owners)
    )


def owners_file(read: Callable[[str], bytes | None]) -> str:
    """Return the file of owners that counts, of those that GitHub looks for; nothing where there is none."""
    return next((found for name in PATHS if (found := read(name)) is not None), b"").decode("utf-8", "replace")


def fills(base: Configuration, change: ProposedChange) -> bool:
    """Whether a change touches a file that says who may approve: who is on call, or who owns a path."""
    policy = base.overrides
    return policy is not None and (
        any(_is_another(change, *_places(change, name)) for name in _calls(_approvers(policy)))
        or (any(each.code_owners for each in _approvers(policy)) and any(map(change.changes, PATHS)))
    )


def weakened_files(base: Configuration, change: ProposedChange, without: Collection[str] = ()) -> Iterator[str]:
    """Say what a change to the files of the policy makes easier: who is on call, who owns, and whose keys count.

    ``without`` are regions in which it does not matter who may approve.
    """
    policy = base.overrides
    if policy is None:
        return
    names = (region.name for region in base.calendar.regions if region.name not in without)
    approvers = tuple(policy.approvers_of(name) for name in names)
    for name in dict.fromkeys(_calls(approvers)):
        if _is_another(change, *_places(change, name)):
            yield f"changes {name}, which says who is on call and may approve"
    yield from _more_owners(approvers, change)
    if policy.signers is not None:
        before, after = (_lines(change, policy.signers, which) for which in ("before", "after"))
        if not after <= before:
            yield f"adds to {policy.signers}, which says whose signatures count"
        elif not _people(after) <= _people(before):
            yield f"takes names away in {policy.signers} from people whose signatures go on counting"
        revoked = f"{policy.signers}.revoked"
        if _is_binary(change, revoked):
            yield f"changes {revoked}, whose keys cannot be compared: nobody sees which of them count again"
        elif not _lines(change, revoked, "before") <= _lines(change, revoked, "after"):
            yield f"takes away from {revoked}, which says whose signatures do not count"


def _untouchable_alone(configuration: Configuration) -> Calendar:
    policy, calendar = configuration.overrides, configuration.calendar
    untouchable = frozenset() if policy is None else policy.untouchable
    return replace(calendar, rules=tuple(rule for rule in calendar.rules if rule.id in untouchable))


def _without_new_pages(old: Calendar, new: Calendar) -> tuple[Calendar, tuple[str, ...]]:
    """Return ``new`` without the rules that take days from pages that ``old`` does not name."""
    trusted = {(page.location, page.allow_private) for rule in old.rules for page in _pages(old, rule)}
    rules: list[Rule] = []
    unknown: list[str] = []
    for rule in new.rules:
        strange = [page for page in _pages(new, rule) if (page.location, page.allow_private) not in trusted]
        if not strange:
            rules.append(rule)
        elif rule.effect is Effect.ALLOW:
            unknown.append(f"takes the open times of {rule.id} from {strange[0].location}, which is not read before")
    return replace(new, rules=tuple(rules)), tuple(unknown)


def _pages(calendar: Calendar, rule: Rule) -> Iterator[FeedKey]:
    for key in _sources(calendar, rule):
        if isinstance(key, FeedKey) and "://" in key.location:
            yield key


def _sources(calendar: Calendar, rule: Rule) -> Sources:
    return frozenset(key for market in markets_of(calendar, rule) for key in needs_in(rule, market).sources)


def _known(calendar: Calendar, almanac: Almanac, at: datetime) -> Calendar:
    """Return a calendar without the rules that take days from what cannot be read, or has ended."""
    facts = almanac.gather(needs_of(calendar), Span(start=at, end=at + timedelta(days=1)))
    shut = {
        key
        for key, table in facts.sources.items()
        if isinstance(table, DatedSource) and (table.trouble is not None or table.verified_until < at.date())
    }
    return replace(calendar, rules=tuple(rule for rule in calendar.rules if not _sources(calendar, rule) & shut))


def _beside(base: Configuration) -> Iterator[str]:
    """Name the files beside the configuration that it takes days, or who is on call, from."""
    for key in needs_of(base.calendar).sources:
        if isinstance(key, TableKey) and not key.path.startswith(SHIPPED):
            yield key.path
        elif isinstance(key, FeedKey) and "://" not in key.location:
            yield key.location
    if base.overrides is not None:
        yield from _calls(_approvers(base.overrides))


def _of_the_repository(policy: OverridePolicy | None) -> Iterator[str]:
    """Name the files that the policy names, or GitHub looks for, from the root of the repository."""
    if policy is None:
        return
    if any(approvers.code_owners for approvers in _approvers(policy)):
        yield from PATHS
    if policy.signers is not None:
        yield policy.signers
        yield f"{policy.signers}.revoked"


def _approvers(policy: OverridePolicy) -> tuple[Approvers, ...]:
    return (policy.approvers, *policy.approvers_in.values())


def _calls(approvers: Iterable[Approvers]) -> Iterator[str]:
    for each in approvers:
        if each.on_call is not None and "://" not in each.on_call:
            yield each.on_call


def _more_owners(approvers: Iterable[Approvers], change: ProposedChange) -> Iterator[str]:
    paths = dict.fromkeys(path for each in approvers for path in each.code_owners)
    if not paths or not any(map(change.changes, PATHS)):
        return
    before, after = owners_file(change.before), owners_file(change.after)
    for path in paths:
        was, now = owners_of(before, path), owners_of(after, path)
        added = sorted(_names(now) - _names(was))
        if added:
            yield f"makes {', '.join(added)} own {path} and approve"


def _names(owners: Owners) -> set[str]:
    return {*owners.people, *owners.teams}


def _people(lines: frozenset[bytes]) -> frozenset[frozenset[str]]:
    return people_of(b"\n".join(sorted(lines)))


def _places(change: ProposedChange, name: str) -> tuple[str, str]:
    """Return the paths in the repository of a file beside the configuration, without and with the change."""
    was, now = (PurePosixPath(path).parent for path in (change.base_path or change.path, change.path))
    return str(was / name), str(now / name)


def _is_another(change: ProposedChange, was: str, now: str) -> bool:
    """Whether a file says something else with the change; one that moved along with its content does not."""
    if was == now:
        return change.changes(now)
    content = change.before(was)
    return content is None or content != change.after(now)


def _is_binary(change: ProposedChange, path: str) -> bool:
    """Whether a list of revoked keys is one in OpenSSH's own form, before the change or with it (PROTOCOL.krl)."""
    if not change.changes(path):
        return False
    versions = (change.before(path) or b"", change.after(path) or b"")
    return versions[0] != versions[1] and any(each.startswith(_KRL) for each in versions)


def _lines(change: ProposedChange, path: str, which: str) -> frozenset[bytes]:
    if not change.changes(path):
        return frozenset()
    content = (change.before if which == "before" else change.after)(path) or b""
    return frozenset(line for each in content.splitlines() if (line := each.strip()) and not line.startswith(b"#"))
