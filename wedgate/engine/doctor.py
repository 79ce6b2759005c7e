"""Whether a repository is set up so that the gate holds and an emergency gets through, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wedgate.adapters.forge.interface import Conversations, Settings
from wedgate.config.configuration import Configuration
from wedgate.engine.doctor_workflows import WedgateJob, wedgate_jobs
from wedgate.engine.roster import Roster
from wedgate.errors import ExternalSystemError
from wedgate.overrides.people import Circle, Person
from wedgate.overrides.place import Place
from wedgate.overrides.policy import OverridePolicy

_ANSWERS = {"pull-requests": "write", "statuses": "write", "actions": "read"}
_REFRESHES = {"pull-requests": "write", "statuses": "write"}
_LEDGER_HERE, _LEDGER_ELSEWHERE = {"contents": "write"}, {"contents": "read"}
MOST_ASKED = 20
"""So many of a region are asked about by name."""


class Health(StrEnum):
    """How one thing is."""

    WELL = "well"
    MISSING = "missing"
    ADVICE = "advice"
    """It works as it is, and could be safer."""
    UNKNOWN = "unknown"
    """This token may not see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at, and what to do about it."""

    what: str
    health: Health
    words: str
    remedy: str = ""


def examine(
    configuration: Configuration,
    settings: Settings,
    conversations: Conversations,
    roster: Roster,
    read: Callable[[str, str], object],
    *,
    place: Place,
) -> Iterator[Finding]:
    """Yield everything that was looked at; what this token may not see is unknown, and says what it lacks.

    ``read`` makes plain data of a workflow, by the name of its file and its text: ``None`` of what cannot be read.
    """
    looks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("the required status", lambda: _status(settings, place.status)),
        ("the workflows", lambda: _workflows(configuration, settings, read, place)),
        ("the ledger", lambda: _ledger(configuration, settings)),
        ("who may approve", lambda: _approvers(configuration, conversations, roster)),
        ("the environments", lambda: _environments(configuration, settings)),
        ("forks", lambda: _forks(configuration, settings)),
    )
    for what, look in looks:
        try:
            yield from look()
        except ExternalSystemError as error:
            yield Finding(what=what, health=Health.UNKNOWN, words=str(error))


def _status(settings: Settings, status: str) -> Iterator[Finding]:
    branch = settings.default_branch()
    rules = settings.rules_of(branch)
    if status not in rules.statuses:
        yield Finding(
            what="the required status",
            health=Health.MISSING,
            words=f"no ruleset and no protection of {branch} requires the status `{status}`, so a closed gate keeps "
            "nobody from merging",
            remedy=f"Settings, Rules, Rulesets: for {branch}, require status checks to pass, and add `{status}`",
        )
        return
    yield Finding(what="the required status", health=Health.WELL, words=f"{branch} requires `{status}`")
    if status in rules.from_anybody:
        yield Finding(
            what="who may post it",
            health=Health.ADVICE,
            words=f"the rule takes `{status}` from anybody: who may write can post a green one by hand",
            remedy="in the same rule, choose GitHub Actions (or the app whose token posts it) as the source",
        )
    if rules.up_to_date is None:
        yield Finding(
            what="up to date",
            health=Health.UNKNOWN,
            words=f"this token is not shown whether the classic protection of {branch} asks branches to be up to date",
            remedy="let it require branches to be up to date before merging, or do so in a ruleset, which can be read",
        )
    elif not rules.up_to_date:
        yield Finding(
            what="up to date",
            health=Health.ADVICE,
            words="a branch may be merged that is behind: its squash has other content than was approved",
            remedy="in the same rule, require branches to be up to date before merging, or use a merge queue",
        )


def _workflows(
    configuration: Configuration, settings: Settings, read: Callable[[str, str], object], place: Place
) -> Iterator[Finding]:
    found = wedgate_jobs({name: read(name, text) for name, text in settings.workflows().items()})
    jobs, status = [job for job in found if job.is_for(place.path)], place.status
    named = f", with `config: {place.path}`" if place.path else ""
    state = configuration.state
    is_here = state is not None and state.kind == "git" and "remote" not in state.options
    yield from _jobs(
        "the workflow of comments",
        [job for job in jobs if job.command == "comment" and "issue_comment" in job.events],
        {**_ANSWERS, **(_LEDGER_HERE if is_here else _LEDGER_ELSEWHERE)},
        "answers comments",
        "no workflow of the default branch answers comments: /wedgate override would be talk",
        f"merge .github/workflows/wedgate-override.yml as `wedgate init` writes it{named}",
    )
    refreshing = [job for job in jobs if job.command == "refresh" and "schedule" in job.events]
    yield from _jobs(
        "the workflow that refreshes",
        refreshing,
        {**_REFRESHES, **_LEDGER_ELSEWHERE},
        f"keeps `{status}` true",
        f"no workflow of the default branch refreshes on a schedule: a green `{status}` stays when a window closes",
        f"merge .github/workflows/wedgate-refresh.yml as `wedgate init` writes it{named}",
    )
    rules = settings.rules_of(settings.default_branch())
    queued = (job for job in found if "merge_group" in job.events)
    posts = any(job.check == status or (job.command == "refresh" and job.is_for(place.path)) for job in queued)
    if rules.has_queue and status in rules.statuses and not posts:
        yield Finding(
            what="the merge queue",
            health=Health.MISSING,
            words=f"the queue waits for `{status}` on its own commits, and no workflow posts it there",
            remedy="add `merge_group:` to what starts .github/workflows/wedgate-refresh.yml",
        )


def _jobs(
    what: str, jobs: Sequence[WedgateJob], needed: Mapping[str, str], does: str, missing: str, remedy: str
) -> Iterator[Finding]:
    """Say whether some job does a thing, and may; the one that lacks the least is what it comes to."""
    if not jobs:
        yield Finding(what=what, health=Health.MISSING, words=missing, remedy=remedy)
        return
    job = min(jobs, key=lambda each: (len(each.lacks(needed)), each.permissions is None))
    place, lacks = f"{job.workflow} on the default branch", job.lacks(needed)
    if lacks:
        yield Finding(
            what=what,
            health=Health.MISSING,
            words=f"the job {job.name} of {place} may not do what it has to",
            remedy=f"under its `permissions:` write {', '.join(f'`{line}`' for line in lacks)}",
        )
    elif job.permissions is None and not job.own_token:
        lines = ", ".join(f"`{scope}: {level}`" for scope, level in job.needs(needed).items())
        yield Finding(
            what=what,
            health=Health.ADVICE,
            words=f"the job {job.name} of {place} states no `permissions:`, so a setting of the repository decides",
            remedy=f"write what it needs: {lines}",
        )
    else:
        yield Finding(what=what, health=Health.WELL, words=f"{place} {does}")


def _ledger(configuration: Configuration, settings: Settings) -> Iterator[Finding]:
    state = configuration.state
    if state is not None and state.kind == "postgres":
        words = "it is kept in PostgreSQL: who may write there is for the database to say"
        yield Finding(what="the ledger", health=Health.WELL, words=words)
        return
    if state is None or state.kind != "git":
        yield Finding(
            what="the ledger",
            health=Health.MISSING,
            words="a runner forgets its disk, and without a ledger no override can be used",
            remedy="add `state: {kind: git}` to wedgate.yml",
        )
        return
    ref = str(state.options.get("ref") or f"refs/heads/wedgate/{configuration.service}")
    branch = ref.removeprefix("refs/heads/")
    rules = settings.rules_of(branch)
    if rules.no_force_push and rules.no_deletion:
        yield Finding(what="the ledger", health=Health.WELL, words=f"{branch} can neither be rewritten nor deleted")
    elif False not in (rules.no_force_push, rules.no_deletion):
        yield Finding(
            what="the ledger",
            health=Health.UNKNOWN,
            words=f"this token is not shown whether the protection of {branch} allows force pushes and deletion",
            remedy=f"a ruleset for {branch} can be read: restrict deletions, block force pushes",
        )
    else:
        yield Finding(
            what="the ledger",
            health=Health.ADVICE,
            words=f"whoever may push can replace {branch} as a whole; only an anchor in a comment would show it",
            remedy=f"a ruleset for {branch}: restrict deletions, block force pushes",
        )


def _approvers(configuration: Configuration, conversations: Conversations, roster: Roster) -> Iterator[Finding]:
    policy = configuration.overrides
    if policy is None:
        yield Finding(
            what="who may approve",
            health=Health.MISSING,
            words="wedgate.yml has no `overrides:`, so nothing gets through a closed gate",
            remedy="add overrides: {approvers: {people: [...]}} (docs/reference/overrides.md)",
        )
        return
    for region in configuration.calendar.regions:
        circle = roster.circle_in(region.name)
        if circle.lost:
            yield Finding(
                what=f"who may approve in {region.name}",
                health=Health.MISSING,
                words="; ".join(circle.lost),
                remedy="correct it under `overrides:` in wedgate.yml: it counts nobody",
            )
        without = _without_write(circle, conversations)
        yield _quorum(region.name, policy, roster, tuple(name for name in circle.names() if name not in without))
        if without:
            yield Finding(
                what=f"who may approve in {region.name}",
                health=Health.ADVICE,
                words=f"{', '.join(without)} may not write to this repository, so their approval does not count",
                remedy="give the team write, or name others",
            )


def _quorum(region: str, policy: OverridePolicy, roster: Roster, names: tuple[str, ...]) -> Finding:
    """Say whether those who may approve are enough of them, from enough teams."""
    needed, teams = policy.needed_in(region), policy.teams_needed_in(region)
    what, from_teams = f"who may approve in {region}", f", from {teams} teams" if teams > 1 else ""
    who = ", ".join(names) or "nobody"
    if len(names) < needed:
        health, words = Health.MISSING, f"{needed} must approve, and there are {len(names)} who may ({who})"
    elif roster.out_of_reach((region,)):
        few = "not of so many" if teams > 1 else "too few"
        health, words = Health.MISSING, f"{needed} must approve{from_teams}, and those who may ({who}) are {few}"
    elif len(names) == needed:
        # Whoever asks, wrote or pushed the change does not count: one more than needed is the least.
        health, words = Health.ADVICE, f"{needed} must approve, and there are {len(names)} who may ({who})"
    else:
        return Finding(what=what, health=Health.WELL, words=f"{needed} of {len(names)} must approve{from_teams}")
    remedy = "name more people or teams: whoever has a part in the change does not count"
    return Finding(what=what, health=health, words=words, remedy=remedy)


def _without_write(circle: Circle, conversations: Conversations) -> tuple[str, ...]:
    """Return who is named and may not write; of a large circle only some are asked about."""
    known = {login: Person(id=number, login=login) for number, login in circle.logins.items()}
    return tuple(
        name
        for name in circle.names()[:MOST_ASKED]
        if not (conversations.role_of(known[name]) if name in known else conversations.role_by_login(name)).may_write
    )


def _environments(configuration: Configuration, settings: Settings) -> Iterator[Finding]:
    known = settings.environments()
    lacking = [
        region.name
        for region in configuration.calendar.regions
        if not any(name.rpartition("/")[2] == region.name for name in known)
    ]
    if lacking:
        yield Finding(
            what="the environments",
            health=Health.ADVICE,
            words=f"there is no environment for {', '.join(lacking)}: each region's credentials are safest in its own",
            remedy=f"Settings, Environments: add production/{lacking[0]}, and keep its secrets there",
        )
    else:
        yield Finding(what="the environments", health=Health.WELL, words="each region has its own")


def _forks(configuration: Configuration, settings: Settings) -> Iterator[Finding]:
    policy = configuration.overrides
    if policy is not None and policy.forks and settings.takes_forks():
        yield Finding(
            what="forks",
            health=Health.ADVICE,
            words="pull requests from forks may be let through, and who pushed them is not known to wedgate",
            remedy="write `forks: refuse`, and push what is urgent to a branch here",
        )
    else:
        yield Finding(what="forks", health=Health.WELL, words="a fork's commit is not let through")
