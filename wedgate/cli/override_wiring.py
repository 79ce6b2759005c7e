"""Wires overrides: the forge's talk, the ledger, and what a run's environment says about the deployment."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from wedgate.cli.ledger_wiring import open_store, state_of
from wedgate.errors import UsageError

if TYPE_CHECKING:
    from wedgate.adapters._github.connection import Connection
    from wedgate.almanac.files import CalendarFiles
    from wedgate.calendars.tables import OccurrenceTable
    from wedgate.calendars.values import Span
    from wedgate.cli.wiring import RunnerGate
    from wedgate.config.configuration import Configuration
    from wedgate.engine.audit import AuditBook
    from wedgate.engine.overrides import OverrideParts, Overrides
    from wedgate.engine.roster import OnCall
    from wedgate.gate.decision import Decision

SHIFTS_BACK = timedelta(days=35)
"""So far back, and as long as a grant may last besides, it is asked who was on call: whoever approved was then."""
_MIDNIGHT = datetime.min.time()
LOOKING_EVENTS = ("pull_request", "pull_request_target", "merge_group")
"""Runs for these do not deploy: they look at a grant and leave it for the run that does. Every other run may deploy, a
scheduled one too, and one for a pull request that was merged, and so whatever opens for it is used."""


def override_parts(
    runner: RunnerGate, configuration: Configuration, environment: Mapping[str, str], clock: Callable[[], datetime]
) -> OverrideParts:
    """Wire everything that overrides touch."""
    from wedgate.adapters.forge.github_conversations import GithubConversations
    from wedgate.cli.other_services import rollouts_elsewhere
    from wedgate.engine.overrides import OverrideParts

    lasting = timedelta(0) if configuration.overrides is None else configuration.overrides.longest
    return OverrideParts(
        forge=runner.forge,
        conversations=GithubConversations(runner.forge.connection),
        configuration=configuration,
        ledger=audit_book(configuration, environment),
        repository=runner.forge.connection.repository,
        clock=clock,
        run_again=_run_again(environment),
        on_call=lambda location: on_call(location, runner.source, clock, lasting),
        almanac=runner.gate.almanac,
        place=runner.place,
        elsewhere=lambda: rollouts_elsewhere(runner, environment),
    )


def on_call(
    location: str, files: CalendarFiles, clock: Callable[[], datetime], lasting: timedelta = timedelta(0)
) -> OnCall:
    """Return the logins (``@login`` in a title) of a calendar's events; days and floating times are in UTC.

    ``lasting`` is how long a grant may last: whoever approved it was on call before that.

    A file that is broken, or not there, names nobody, and that is known. ``ExternalSystemError`` if nobody gives the
    calendar, or it is read from a copy that is more than a day old.
    """
    from wedgate.almanac.feeds import feed_table
    from wedgate.almanac.files import Shelf, Unread
    from wedgate.calendars.facts import FeedKey
    from wedgate.calendars.values import Span
    from wedgate.engine.roster import OnCall
    from wedgate.errors import ExternalSystemError
    from wedgate.overrides.requests import LIFE

    now = clock()
    is_file = "://" not in location
    content = files.read(location) if is_file else None
    is_known = is_file and (content.is_known if isinstance(content, Unread) else True)
    span = Span(start=now - SHIFTS_BACK - lasting, end=now + LIFE + timedelta(days=1))
    table = feed_table(FeedKey(location=location, max_age=timedelta(days=1)), span, Shelf(files, clock))
    if table.trouble is not None:
        trouble = f"who is on call is not known: {location}: {table.trouble}"
        if is_known:
            return OnCall(trouble=trouble)
        raise ExternalSystemError(trouble)
    shifts: dict[str, tuple[Span, ...]] = {}
    running: dict[str, None] = {}
    for shift, title in _shifts_in(table):
        for login in re.findall(r"(?<!\S)@([A-Za-z0-9_-]{1,39})(?![\w/-])", title):
            shifts[login.lower()] = (*shifts.get(login.lower(), ()), shift)
            if shift.start <= now < shift.end:
                running[login] = None
    return OnCall(logins=tuple(running), shifts=shifts)


def _shifts_in(table: OccurrenceTable) -> Iterator[tuple[Span, str]]:
    """Yield when the events of a calendar are, and their titles."""
    from wedgate.calendars.values import Span

    for day in table.days:
        first, behind = (datetime.combine(each, _MIDNIGHT, UTC) for each in (day.first, day.last + timedelta(days=1)))
        yield Span(start=first, end=behind), day.note
    for wall in table.walls:
        yield Span(start=wall.start.replace(tzinfo=UTC), end=wall.end.replace(tzinfo=UTC)), wall.note
    for instant in table.instants:
        yield Span(start=instant.start, end=instant.end), instant.note


def audit_book(configuration: Configuration, environment: Mapping[str, str] | None = None) -> AuditBook | None:
    """Return the ledger for the audit stream; ``None`` where none is kept that outlives a job.

    A file is none on a runner whose disk is thrown away with the job: every use would look like the first.
    """
    from wedgate.engine.audit import AuditBook

    found = os.environ if environment is None else environment
    if configuration.state is None or _forgets(configuration, found):
        return None
    store, _ = open_store(*state_of(configuration), configuration.service)
    return AuditBook(store, pause)


def ledger_kept(configuration: Configuration, environment: Mapping[str, str]) -> tuple[object, ...] | None:
    """Return where ``audit_book`` keeps the ledger, the same for two configurations that share one; ``None`` as there.

    That is no path of this machine for a ref or a database, and names the service only where the place depends on it.
    """
    if configuration.state is None or _forgets(configuration, environment):
        return None
    kind, options = state_of(configuration, environment)
    if kind == "git":
        return (kind, options["remote"], options["ref"])
    return (kind, options.get("url") or options["path"], configuration.service)


def is_gone(configuration: Configuration, environment: Mapping[str, str]) -> bool:
    """Whether the place of a ledger is known not to exist; one that only does not answer may come back."""
    from wedgate.adapters.stores.interface import StoreGoneError
    from wedgate.errors import ConfigurationError, ExternalSystemError
    from wedgate.ledger.plain import PlainError

    try:
        book = audit_book(configuration, environment)
        if book is not None:
            book.read()
    except StoreGoneError:
        return True
    except (ConfigurationError, ExternalSystemError, PlainError):
        return False
    return False


def trouble_of_proposed(
    configuration: Configuration, connection: Connection, pull_request: int, environment: Mapping[str, str]
) -> str | None:
    """Say why the ledger of a configuration that a pull request brings is not to be read; ``None`` if it was read.

    Whoever wrote it is not trusted yet: of a fork none is asked, and of another host none with the token.
    """
    from wedgate.adapters.forge.github_conversations import GithubConversations
    from wedgate.engine.audit import AuditBook
    from wedgate.errors import ConfigurationError, ExternalSystemError
    from wedgate.ledger.plain import PlainError

    if GithubConversations(connection).pull_request(pull_request).from_fork:
        return "names a ledger, and comes from a fork: bring that line in by a branch of this repository"
    kind, options = state_of(configuration, environment)
    own = f"{environment.get('GITHUB_SERVER_URL') or 'https://github.com'}/"
    try:
        is_own = kind != "git" or str(options["remote"]).startswith(own)
        store, _ = open_store(kind, options, configuration.service, with_token=is_own)
        AuditBook(store, pause).read()
    except (ConfigurationError, ExternalSystemError, PlainError) as error:
        return f"names a ledger that cannot be read: {error}"
    return None


def _forgets(configuration: Configuration, environment: Mapping[str, str]) -> bool:
    """Whether the ledger is a file on a disk that is thrown away with the job."""
    on_hosted = environment.get("GITHUB_ACTIONS") == "true" and environment.get("RUNNER_ENVIRONMENT") != "self-hosted"
    return on_hosted and configuration.state is not None and configuration.state.kind == "file"


def pause(duration: timedelta) -> None:
    """Wait between two tries to write the ledger."""
    time.sleep(duration.total_seconds())


def _run_again(environment: Mapping[str, str]) -> int | None:
    """Return the run if this is not its first attempt, or somebody else than who started it triggered it."""
    attempt, run = environment.get("GITHUB_RUN_ATTEMPT", "1"), environment.get("GITHUB_RUN_ID", "")
    actor, by = environment.get("GITHUB_ACTOR", ""), environment.get("GITHUB_TRIGGERING_ACTOR", "")
    is_again = attempt not in ("", "1") or (by not in ("", actor))
    return int(run) if is_again and run.isdigit() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What a run would deploy: a commit, and the run that a grant would be bound to (``None``: it only looks)."""

    commit: str
    binding: str | None
    pull_request: int | None


def deployment_of(environment: Mapping[str, str], commit: str | None) -> Deployment | None:
    """Return what a run would deploy; ``None`` where nothing says which commit."""
    from wedgate.adapters.forge.runner import change_event, merged_commit

    event, name, merged = (
        change_event(environment),
        environment.get("GITHUB_EVENT_NAME", ""),
        merged_commit(environment),
    )
    found = commit or merged or (event.head_sha if event is not None else environment.get("GITHUB_SHA", ""))
    if not found:
        return None
    run = environment.get("GITHUB_RUN_ID", "")
    looks = name in LOOKING_EVENTS and merged is None
    # Without the number of its run a deployment is one of its own, each time.
    binding = f"run:{run or secrets.token_hex(8)}"
    number = event.pull_request if event is not None else None
    return Deployment(commit=found.lower(), binding=None if looks else binding, pull_request=number)


def let_through_on_runner(
    decision: Decision, runner: RunnerGate, environment: Mapping[str, str], *, commit: str | None
) -> Decision:
    """Return the decision with freezes and overrides, on a runner whose default branch has a policy or a shared ledger.

    Whatever cannot be read closes the gate, with that reason first: not knowing is never permission.
    """
    from wedgate.cli.wiring import utc_now
    from wedgate.engine.overrides import Overrides
    from wedgate.errors import ConfigurationError, ExternalSystemError
    from wedgate.ledger.plain import PlainError
    from wedgate.overrides.grants import Outgoing

    deployment = deployment_of(environment, commit)
    if deployment is None or decision.hypothetical:
        return decision
    try:
        configuration = runner.configuration()
        if configuration is None:
            return decision
        if runner.gate.replaces_lost_ledger():
            return decision
        has_ledger = audit_book(configuration, environment) is not None
        if configuration.overrides is None and not has_ledger:
            return decision
        overrides = Overrides(override_parts(runner, configuration, environment, utc_now))
        decision = overrides.frozen(decision)
        outgoing = Outgoing(commit=deployment.commit, binding=deployment.binding)
        decision = overrides.through(decision, outgoing, pull_request=deployment.pull_request)
        if deployment.binding is not None and any(look.is_granted for look in decision.overrides):
            _show_use(runner, overrides, decision)
        return decision
    except (ConfigurationError, PlainError) as error:  # the ledger cannot be believed
        return _unread(decision, error)
    except ExternalSystemError as error:
        return _unread(decision, error)


def begin_deployments_on_runner(
    decision: Decision,
    runner: RunnerGate,
    settings: Mapping[str, str],
    *,
    commit: str | None,
    environment: str,
) -> None:
    """Begin a deployment on the forge for each region that may go, in a run that deploys; elsewhere nothing."""
    from wedgate.adapters.forge.github_deployments import GithubDeployments
    from wedgate.cli.conversing import run_url
    from wedgate.engine.deployments import begin_deployments

    deployment = deployment_of(settings, commit)
    if deployment is None or deployment.binding is None or decision.hypothetical:
        return
    configuration = runner.configuration()
    book = None if configuration is None else audit_book(configuration, settings)
    begin_deployments(
        GithubDeployments(runner.forge.connection),
        decision,
        commit=deployment.commit,
        environment=environment,
        binding=deployment.binding,
        ledger=None if book is None else book.read(),
        url=run_url(settings),
        place=runner.place,
    )


def _show_use(runner: RunnerGate, overrides: Overrides, decision: Decision) -> None:
    """Bring wedgate's comment up to date with the use, and warn where it cannot be; the ledger has it in any case."""
    import click

    from wedgate.errors import WedgateError
    from wedgate.render.annotations import command as annotation
    from wedgate.render.conversation import render_conversation

    number = next(look.pull_request for look in decision.overrides if look.is_granted)
    assert number is not None
    trouble: str | None = None
    picture = overrides.used
    assert picture is not None  # something was granted, and so used
    try:
        policy = picture.book.policy
        body = render_conversation(picture.change, picture.standing, decision, picture.ledger, policy=policy)
        if not runner.forge.keep_comment(number, runner.place.marker, body, picture.comments):
            trouble = "this token may not comment; give the job `pull-requests: write`"
    except WedgateError as error:
        trouble = str(error)
    if trouble is not None:
        words = f"the override was used, and the comment on pull request {number} does not show it: {trouble}. "
        click.echo(annotation("warning", f"{words}`wedgate refresh` will write it there", title="wedgate"), err=True)


def _unread(decision: Decision, error: Exception) -> Decision:
    """Close what freezes and overrides could not be looked for; what was open may be frozen."""
    from dataclasses import replace

    from wedgate.adapters.stores.interface import StoreUnreachableError
    from wedgate.calendars.values import Verdict
    from wedgate.errors import ConfigurationError
    from wedgate.gate.decide import closed_for, with_regions
    from wedgate.gate.decision import Reason
    from wedgate.gate.reasons import ReasonCode
    from wedgate.ledger.plain import PlainError

    is_ledger = isinstance(error, ConfigurationError | PlainError | StoreUnreachableError)
    code = ReasonCode.LEDGER_UNREACHABLE if is_ledger else ReasonCode.FORGE_UNREACHABLE
    reason = Reason(code=code, text=f"freezes and overrides are not known: {error}")
    if decision.regions:
        return with_regions(decision, [closed_for(region, reason) for region in decision.regions])
    return replace(decision, verdict=Verdict.CLOSED, reasons=(reason, *decision.reasons))


def commit_option(value: str | None) -> str | None:
    """Return the commit that a command line names, in full; ``UsageError`` for anything else."""
    if value is None:
        return None
    if len(value) != 40 or not all(char in "0123456789abcdefABCDEF" for char in value):
        raise UsageError("--commit takes all 40 digits of a commit")
    return value.lower()
