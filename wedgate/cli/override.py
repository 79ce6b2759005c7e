"""`wedgate override`: ask, approve, deny and withdraw from a terminal, see where it stands, sign without a forge."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wedgate.cli.options import duration_option
from wedgate.cli.override_wiring import commit_option
from wedgate.errors import ConfigurationError, ExitCode, Problem, UsageError

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.overrides.commands import Override
    from wedgate.overrides.grants import Grant
    from wedgate.overrides.refusals import Refusal
    from wedgate.overrides.statements import Ballot, Statement, Vote

_PULL_REQUEST = click.option(
    "--pull-request", "number", type=int, required=True, help="The pull request to comment on."
)
_CONFIG = click.option(
    "--config", type=click.Path(path_type=Path), help="The configuration, instead of wedgate.yml here."
)
_FORM = click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="How to print.")
_REPOSITORY = click.option(
    "--repository", metavar="OWNER/NAME", help="The repository, instead of GITHUB_REPOSITORY or the clone's origin."
)
_SHOWN = 5


@click.group("override")
def command() -> None:
    """Emergency overrides from a terminal: the clone (or GITHUB_REPOSITORY) says where, your own GITHUB_TOKEN who.

    `--repository OWNER/NAME` says where before either.

    With a pull request a command writes the comment that you would write; the workflow answers there. Without a forge,
    `request` writes and signs a statement, others `sign` it, and `verify` says what the signatures come to.

    \b
    Examples:
      wedgate override request --pull-request 7 --commit SHA --region eu --rule saturday --for 4h --reason "it is down"
      wedgate override approve --pull-request 7 --commit SHA --request ID
      wedgate override status --pull-request 7
      wedgate override request --as erin --key KEY --commit SHA --region eu --rule saturday --for 4h --reason x > r.json
      wedgate override sign r.json --as alice@acme.example --key ~/.ssh/id_ed25519 > alice.json
      wedgate override verify r.json alice.json bob.json --commit SHA --region eu
    """


@command.command("request")
@click.option("--pull-request", "number", type=int, help="Ask in a comment on this pull request.")
@_FORM
@click.option("--as", "principal", help="Without a forge: who asks, as the file of signers has it.")
@click.option("--key", type=click.Path(path_type=Path), help="Without a forge: the SSH key of whoever asks.")
@click.option("--commit", required=True, help="The commit that goes out, all 40 digits.")
@click.option("--region", "regions", multiple=True, required=True, help="A region; may be repeated.")
@click.option(
    "--rule", "rules", multiple=True, required=True, help="A rule to open, or a reason code; may be repeated."
)
@click.option("--for", "duration", type=duration_option("--for"), required=True, metavar="DURATION", help="How long.")
@click.option("--reason", default="", help="Why, in a sentence.")
@click.option("--link", default="", help="The address of the incident.")
@click.option("--strategy", type=click.Choice(("normal", "emergency")), default="normal", help="How it is rolled out.")
@_REPOSITORY
@_CONFIG
def request(
    number: int | None,
    principal: str | None,
    key: Path | None,
    repository: str | None,
    config: Path | None,
    form: str,
    **asked: Any,
) -> ExitCode:
    """Ask for an override: in a comment (--pull-request), or as a statement that you sign (--as and --key).

    With --format json the comment that was written is told as JSON: its number, its line and what it asks for, the
    words for `override status --format json`, which has the request's id once the workflow has answered. A statement is
    JSON in any case.

    \b
    Examples:
      wedgate override request --pull-request 7 --commit SHA --region eu --rule saturday --for 4h --format json
      wedgate override request --pull-request 7 --commit SHA --region eu --rule saturday --for 4h --reason "it is down"
      wedgate override request --as erin --key KEY --commit SHA --region eu --rule saturday --for 4h --reason x > r.json
    """
    line = _line_of(asked)
    if len(line.splitlines()) > 1:
        raise UsageError("a request is one line: --reason, --link, --region and --rule take no line break")
    if (number is None) == (principal is None) or (principal is None) != (key is None):
        raise UsageError("give --pull-request to ask on the forge, or --as and --key to sign a statement")
    if number is not None:
        return _comment(number, line, repository, form)
    assert principal is not None
    assert key is not None
    from dataclasses import replace

    from wedgate.cli.repository import environment_for, repository_of
    from wedgate.cli.wiring import utc_now
    from wedgate.overrides.commands import Override
    from wedgate.overrides.grammar import LONGEST_BODY, read_comment
    from wedgate.overrides.statements import Ballot, Statement

    read = read_comment(line)
    if read.mistakes:
        raise UsageError(str(read.mistakes[0]))
    if not read.commands:
        raise UsageError(f"this is no request, as a comment is none that is longer than {LONGEST_BODY} characters")
    ((_, override),) = read.commands
    assert isinstance(override, Override)
    configuration = _configuration(config)
    # The statement names the regions: none is added to it later.
    override = replace(override, regions=_regions_of(override, configuration))
    _refuse_what_nobody_could_grant(override, configuration)
    statement = Statement(
        service=configuration.service,
        repository=repository_of(environment_for(repository, os.environ)),
        override=override,
        requester=principal,
        at=utc_now().replace(microsecond=0),
        nonce=secrets.token_hex(16),
    )
    _write_signed(statement, Ballot.ASK, principal, key)
    click.echo(f"wedgate: request {statement.id}: let others sign it with `wedgate override sign`", err=True)
    return ExitCode.DONE


def _regions_of(override: Override, configuration: Configuration) -> tuple[str, ...]:
    from wedgate.engine.check import regions_to_ask

    named = None if override.regions == ("all",) else override.regions
    return tuple(sorted(regions_to_ask(configuration.calendar, named)))


def _refuse_what_nobody_could_grant(override: Override, configuration: Configuration) -> None:
    """Refuse a request that the policy of the configuration here takes from nobody, before others sign it."""
    from wedgate.overrides.conversation import trouble_with_text
    from wedgate.overrides.statements import beyond_signatures

    policy = configuration.overrides
    if policy is None or policy.signers is None:
        raise UsageError(f"{configuration.path} has no `overrides: {{signers: ...}}`, the file of who may sign")
    trouble = beyond_signatures(override.regions, policy) or trouble_with_text(override, policy)
    if trouble is not None:
        raise UsageError(str(trouble))


def _line_of(asked: dict[str, Any]) -> str:
    """Return the line of a comment that asks for the same."""
    from wedgate.calendars.durations import spell_duration

    sha = commit_option(asked["commit"])
    regions, rules = ",".join(asked["regions"]), ",".join(asked["rules"])
    quoted = asked["reason"].replace("\\", "\\\\").replace('"', '\\"')
    line = f"/wedgate override {sha} regions={regions} rules={rules} for={spell_duration(asked['duration'])}"
    line += f' reason="{quoted}"' if quoted else ""
    line += f" link={asked['link']}" if asked["link"] else ""
    return line + (f" strategy={asked['strategy']}" if asked["strategy"] != "normal" else "")


def _vote(verb: str) -> click.Command:
    @command.command(verb)
    @_PULL_REQUEST
    @click.option("--commit", required=True, help="The commit, all 40 digits.")
    @click.option("--request", "request_id", required=True, help="The id that wedgate gave the request.")
    @_REPOSITORY
    def vote(number: int, commit: str, request_id: str, repository: str | None) -> ExitCode:
        return _comment(number, f"/wedgate {verb} {commit_option(commit)} {request_id}", repository)

    done = {
        "approve": "Approve a request",
        "deny": "Deny a request",
        "withdraw": "Take back what you said of a request",
    }
    example = f"wedgate override {verb} --pull-request 7 --commit SHA --request ID"
    vote.help = f"{done[verb]}, in a comment of your own.\n\n\b\nExamples:\n  {example}"
    return vote


approve, deny, withdraw = _vote("approve"), _vote("deny"), _vote("withdraw")


def _comment(number: int, line: str, repository: str | None, form: str = "text") -> ExitCode:
    """Write a comment as whoever the token belongs to, once it is sure that it is a command, and say so."""
    from wedgate.cli.repository import environment_for
    from wedgate.cli.wiring import open_forge
    from wedgate.overrides.grammar import read_comment

    read = read_comment(line)
    if read.mistakes or not read.commands:
        raise UsageError(str(read.mistakes[0]) if read.mistakes else "this is no command")
    connection = open_forge(environment_for(repository, os.environ)).connection
    path = f"/repos/{connection.repository}/issues/{number}/comments"
    made = connection.send("POST", path, {"body": line}, what="a comment", needs="use a token that may comment")
    if form == "json":
        click.echo(json.dumps(_plain_comment(number, line, made), indent=2))
    else:
        click.echo(f"wedgate: wrote on pull request {number}: {line}")
    return ExitCode.DONE


def _plain_comment(number: int, line: str, made: Any) -> dict[str, object]:
    """Return a request that was written as plain data, in the words of ``override status``."""
    from wedgate.overrides.commands import Override
    from wedgate.overrides.grammar import read_comment

    ((_, override),) = read_comment(line).commands
    assert isinstance(override, Override)
    return {
        "schema_version": 1,
        "pull_request": number,
        "comment": made["id"],
        "url": made["html_url"],
        "line": line,
        "commit": override.sha,
        "regions": list(override.regions),
        "rules": list(override.rules),
        "seconds": int(override.duration.total_seconds()),
        "reason": override.reason,
        "link": override.link,
        "strategy": override.strategy.value,
    }


@command.command("status")
@_PULL_REQUEST
@_FORM
@_REPOSITORY
@_CONFIG
def status(number: int, form: str, repository: str | None, config: Path | None) -> ExitCode:
    """Say where the override on a pull request stands, read anew. Nothing is written.

    Exits with 11 where it opens nothing now: not every region is granted, it was used, or its time is over.

    \b
    Examples:
      wedgate override status --pull-request 7
      wedgate override status --pull-request 7 --format json | jq .regions
    """
    from wedgate.cli.conversing import Conversing
    from wedgate.cli.repository import environment_for
    from wedgate.render.overrides import plain_status, render_status

    overrides = Conversing.open(config, environment_for(repository, os.environ)).overrides
    picture = overrides.picture(number)
    standing, uses, idle = picture.standing, overrides.uses(picture), overrides.idle(picture)
    if form == "json":
        click.echo(json.dumps(plain_status(standing, uses, idle), indent=2))
    else:
        click.echo(render_status(standing, uses, idle), nl=False)
    return ExitCode.REFUSED if idle else ExitCode.DONE


@command.command("sign")
@click.argument("request", type=click.Path(path_type=Path))
@click.option("--as", "principal", required=True, help="Who you are, as the file of signers has it.")
@click.option("--key", type=click.Path(path_type=Path), required=True, help="Your SSH key.")
@click.option("--deny", "denies", is_flag=True, help="Deny the request instead.")
@click.option("--withdraw", "takes_back", is_flag=True, help="Take back what you signed by this name before.")
def sign(request: Path, principal: str, key: Path, *, denies: bool, takes_back: bool) -> ExitCode:
    """Approve (or deny) a request by your SSH signature, and write the signed vote.

    With --withdraw it takes back what the same name has signed: a denial, the request, or an approval.

    What you sign is shown first, on standard error. The namespace is wedgate-override@v1, so that no signature of
    anything else passes for one.

    \b
    Examples:
      wedgate override sign r.json --as alice@acme.example --key ~/.ssh/id_ed25519 > alice.json
    """
    from wedgate.overrides.statements import Ballot

    asked, _ = _load_vote(request)
    _warn_of_what_nobody_grants(asked.statement)
    if denies and takes_back:
        raise UsageError("give --deny or --withdraw, not both")
    ballot = Ballot.DENY if denies else Ballot.WITHDRAW if takes_back else Ballot.APPROVE
    _write_signed(asked.statement, ballot, principal, key)
    return ExitCode.DONE


def _warn_of_what_nobody_grants(statement: Statement) -> None:
    """Say that no signatures grant a request, where the configuration here, if there is one, is of its service."""
    from contextlib import suppress

    from wedgate.errors import WedgateError
    from wedgate.overrides.statements import beyond_signatures

    with suppress(WedgateError):
        configuration = _configuration(None)
        policy = configuration.overrides
        if policy is not None and configuration.service == statement.service:
            beyond = beyond_signatures(statement.override.regions, policy)
            if beyond is not None:
                click.echo(f"wedgate: {beyond}", err=True)


def _write_signed(statement: Statement, ballot: Ballot, principal: str, key: Path) -> None:
    """Show what is signed on standard error, and write it with its signature."""
    from wedgate.adapters.signatures.ssh import sign as ssh_sign
    from wedgate.cli.wiring import utc_now
    from wedgate.overrides.statements import Vote, canonical, plain_statement

    vote = Vote(statement=statement, ballot=ballot, by=principal, at=utc_now().replace(microsecond=0))
    click.echo(json.dumps(plain_statement(vote), indent=2), err=True)
    signature = ssh_sign(canonical(vote), key)
    click.echo(json.dumps({"vote": plain_statement(vote), "signature": signature}, indent=2))


@command.command("verify")
@click.argument("request", type=click.Path(path_type=Path))
@click.argument("votes", nargs=-1, type=click.Path(path_type=Path))
@click.option("--commit", required=True, help="The commit that goes out, all 40 digits.")
@click.option("--region", "regions", multiple=True, required=True, help="A region; may be repeated.")
@click.option("--use", "binding", metavar="NAME", help="Use the grant for this deployment, and record that.")
@click.option("--base", help="The commit that runs now, where the one that goes out is on the default branch already.")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, file_okay=False),
    help="A directory for the ledger, while the one that wedgate.yml names cannot be reached.",
)
@_FORM
@_REPOSITORY
@_CONFIG
def verify(
    request: Path,
    votes: tuple[Path, ...],
    commit: str,
    regions: tuple[str, ...],
    binding: str | None,
    base: str | None,
    ledger: Path | None,
    form: str,
    repository: str | None,
    config: Path | None,
) -> ExitCode:
    """Say what signed votes come to: granted for a commit in some regions, or why not.

    The configuration, the file of signers (`overrides.signers`) and a list of revoked keys beside it (`.revoked` behind
    its name) are read from the default branch, as the clone here has it. Whoever wrote a commit that goes out, or
    asked, does not count, by whatever name; where `approvers` lists people, a signer has to be one of them. With --use
    the grant is used, once, for the deployment that is named. A statement that was signed for another repository grants
    nothing: which one this is, --repository says, or GITHUB_REPOSITORY, or the clone's origin. Exits with 11 when it is
    not granted.

    \b
    Examples:
      wedgate override verify r.json alice.json bob.json --commit SHA --region eu
      wedgate override verify r.json alice.json bob.json --commit SHA --region eu --use hotfix-7
    """
    from wedgate.cli.repository import environment_for, repository_of
    from wedgate.cli.signed import Verification, configuration_of_default_branch
    from wedgate.overrides.co_authors import shown
    from wedgate.overrides.grammar import NAME
    from wedgate.overrides.grants import Grant
    from wedgate.render.overrides import plain_standing, render_standing

    sha = commit_option(commit)
    assert sha is not None
    if binding is not None and not NAME.fullmatch(binding):
        raise UsageError(f"--use takes the name of a deployment, such as hotfix-7, not {ascii(binding)[:60]}")
    signed = [_load_vote(path) for path in votes]
    found = Verification.of(
        _load_vote(request),
        signed,
        sha,
        configuration_of_default_branch(config),
        repository=repository_of(environment_for(repository, os.environ)),
        base=commit_option(base),
        ledger=ledger,
    )
    standing, grants = found.grants(regions, binding)
    if found.strangers:
        names = ", ".join(map(shown, found.strangers[:_SHOWN])) + (" and more" if len(found.strangers) > _SHOWN else "")
        click.echo(
            f"wedgate: {names} wrote a part of it, and the file of signers has no such address: make sure that none of "
            "those who signed is meant",
            err=True,
        )
    if form == "json":
        plain = {**plain_standing(standing), "grants": {name: _plain(each) for name, each in grants.items()}}
        click.echo(json.dumps(plain, indent=2))
    else:
        click.echo(render_standing(standing), nl=False)
        for name, each in grants.items():
            words = f"granted until {each.expires:%Y-%m-%d %H:%M:%S} UTC" if isinstance(each, Grant) else str(each)
            click.echo(f"{name}: {words}")
    return ExitCode.DONE if all(isinstance(each, Grant) for each in grants.values()) else ExitCode.REFUSED


def _plain(found: Grant | Refusal) -> dict[str, Any]:
    from wedgate.overrides.refusals import Refusal

    if isinstance(found, Refusal):
        return {"granted": False, "code": found.code.value, "text": str(found)}
    return {"granted": True, "expires": found.expires.isoformat(), "matched_by": found.matched_by.value}


def _configuration(config: Path | None) -> Configuration:
    from wedgate.cli.rollout_wiring import find_and_load

    return find_and_load(config)


def _load(path: Path) -> Any:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        spelled = json.dumps(plain, ensure_ascii=False)
        spelled.encode()
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(path, f"it cannot be read: {error}") from error
    if "\\u0000" in spelled:
        raise _broken(path, "it holds a character that nobody can write")
    return plain


def _load_vote(path: Path) -> tuple[Vote, str]:
    from wedgate.ledger.plain import PlainError
    from wedgate.overrides.statements import parse_vote

    plain = _load(path)
    try:
        return parse_vote(plain["vote"]), str(plain["signature"])
    except (PlainError, KeyError, TypeError, OverflowError) as error:
        raise _broken(path, f"this is no signed vote: {error}") from error


def _broken(path: Path, what: str) -> ConfigurationError:
    remedy = "write it anew with `wedgate override request`, or `sign`"
    return ConfigurationError((Problem(file=str(path), line=0, column=0, what=what, remedy=remedy),))
