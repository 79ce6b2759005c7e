"""Whether a repository is set up so that the gate holds and an emergency gets through, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from wedgate.adapters.forge.interface import Conversations, Settings
from wedgate.config.configuration import Configuration
from wedgate.errors import ExternalSystemError
from wedgate.overrides.people import Circle, Person, Role
from wedgate.overrides.place import STATUS

_ANSWERING = ("command: comment", "/override.yml@", "wedgate comment")


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
    circle_of: Callable[[str], Circle],
    *,
    status: str = STATUS,
) -> Iterator[Finding]:
    """Yield everything that was looked at; what this token may not see is unknown, and says what it lacks."""
    looks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("the required status", lambda: _status(settings, status)),
        ("the workflow of comments", lambda: _workflow(settings)),
        ("the ledger", lambda: _ledger(configuration, settings)),
        ("who may approve", lambda: _approvers(configuration, conversations, circle_of)),
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
            words=f"no ruleset of {branch} requires the status `{status}`, so a closed gate keeps nobody from merging",
            remedy=f"Settings, Rules, Rulesets: for {branch}, require status checks to pass, and add `{status}`",
        )
        return
    yield Finding(what="the required status", health=Health.WELL, words=f"{branch} requires `{status}`")
    if not rules.up_to_date:
        yield Finding(
            what="up to date",
            health=Health.ADVICE,
            words="a branch may be merged that is behind: its squash has other content than was approved",
            remedy="in the same rule, require branches to be up to date before merging, or use a merge queue",
        )


def _workflow(settings: Settings) -> Iterator[Finding]:
    answering = [
        name
        for name, text in settings.workflows().items()
        if "issue_comment" in text and any(mark in text for mark in _ANSWERING)
    ]
    if answering:
        words = f"{', '.join(answering)} on the default branch answers comments"
        yield Finding(what="the workflow of comments", health=Health.WELL, words=words)
    else:
        yield Finding(
            what="the workflow of comments",
            health=Health.MISSING,
            words="no workflow of the default branch answers comments: /wedgate override would be talk",
            remedy="merge .github/workflows/wedgate-override.yml as `wedgate init` writes it",
        )


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
    else:
        yield Finding(
            what="the ledger",
            health=Health.ADVICE,
            words=f"whoever may push can replace {branch} as a whole; only an anchor in a comment would show it",
            remedy=f"a ruleset for {branch}: restrict deletions, block force pushes",
        )


def _approvers(
    configuration: Configuration, conversations: Conversations, circle_of: Callable[[str], Circle]
) -> Iterator[Finding]:
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
        circle, needed = circle_of(region.name), policy.needed_in(region.name)
        names = circle.names()
        if circle.lost:
            yield Finding(
                what=f"who may approve in {region.name}",
                health=Health.MISSING,
                words="; ".join(circle.lost),
                remedy="correct it under `overrides:` in wedgate.yml: it counts nobody",
            )
        if len(names) < needed + 1:
            # Whoever asks, wrote or pushed the change does not count: one more than needed is the least.
            health = Health.MISSING if len(names) < needed else Health.ADVICE
            yield Finding(
                what=f"who may approve in {region.name}",
                health=health,
                words=f"{needed} must approve, and there are {len(names)} who may ({', '.join(names) or 'nobody'})",
                remedy="name more people or teams: whoever has a part in the change does not count",
            )
        else:
            words = f"{needed} of {len(names)} must approve"
            yield Finding(what=f"who may approve in {region.name}", health=Health.WELL, words=words)
        yield from _without_write(region.name, circle, conversations)


def _without_write(region: str, circle: Circle, conversations: Conversations) -> Iterator[Finding]:
    """Yield who is named and may not write; of a large circle only its first twenty are asked about."""
    people = [Person(id=number, login=login) for number, login in list(circle.logins.items())[:20]]
    found = [person.login for person in people if conversations.role_of(person) in (Role.NONE, Role.READ, Role.TRIAGE)]
    if found:
        yield Finding(
            what=f"who may approve in {region}",
            health=Health.ADVICE,
            words=f"{', '.join(found)} may not write to this repository, so their approval does not count",
            remedy="give the team write, or name others",
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
