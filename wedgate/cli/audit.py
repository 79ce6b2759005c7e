"""`wedgate audit`: verify the ledger, show and export its audit stream, and write the page of a month."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.override_wiring import commit_option
from wedgate.errors import ConfigurationError, ExitCode, Problem, RefusedError, UsageError

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.ledger.streams import LedgerState

_CONFIG = click.option(
    "--config", type=click.Path(path_type=Path), help="The configuration, instead of wedgate.yml here."
)
_ANCHOR = re.compile(r"(\d{1,9}):([0-9a-f]{64})")


@click.group("audit")
def command() -> None:
    """The audit log: who asked for what, who approved, what was refused, what was used.

    \b
    Examples:
      wedgate audit verify --pull-request 7
      wedgate audit sign --as alice --key ~/.ssh/id_ed25519 > anchor.json
      wedgate audit show
      wedgate audit export --format csv > audit.csv
      wedgate audit report --month 2026-11
    """


@command.command("verify")
@click.option("--anchor", "anchors", multiple=True, metavar="REVISION:HASH", help="What the ledger said at a revision.")
@click.option("--pull-request", "numbers", multiple=True, type=int, help="Compare with what wedgate wrote on this one.")
@click.option("--commit", "commits", multiple=True, help="Compare with the statuses and deployments of this commit.")
@click.option(
    "--signed", "signed", multiple=True, type=click.Path(path_type=Path), help="Compare with a file of `audit sign`."
)
@_CONFIG
def verify(
    anchors: tuple[str, ...],
    numbers: tuple[int, ...],
    commits: tuple[str, ...],
    signed: tuple[Path, ...],
    config: Path | None,
) -> ExitCode:
    """Check the chain of the whole ledger, and that it is the one that was anchored elsewhere.

    The chain shows an entry that was edited or taken out, by its number. That somebody replaced all of it, only an
    anchor shows: wedgate writes revision and head into its comment on each pull request, into each status and into each
    deployment (--pull-request reads all three, for its head and for the commit that merging or squashing made of it;
    --commit the last two). You can keep your own (--anchor), or signed ones (--signed), which whoever may push to the
    ledger cannot write. Exits with 13 when an anchor does not fit, with 2 when the chain does not.

    \b
    Examples:
      wedgate audit verify
      wedgate audit verify --pull-request 7 --pull-request 12
      wedgate audit verify --commit SHA --anchor 12:9f86d081...
    """
    configuration = _configuration(config)
    known = [(f"--anchor {text}", *_anchor(text)) for text in anchors]
    known += [(str(path), *_signed_anchor(path, configuration)) for path in signed]
    if numbers or commits:
        known += _anchors_on_the_forge(numbers, [commit_option(each) or "" for each in commits], config)
    hashes = _hashes(configuration)
    wrong = [
        f"{name}: revision {revision} had the hash {value[:16]}..., and here it is "
        f"{hashes[revision - 1][:16] + '...' if 1 <= revision <= len(hashes) else 'not there'}"
        for name, revision, value in known
        if not 1 <= revision <= len(hashes) or not hashes[revision - 1].startswith(value)
    ]
    for each in wrong:
        click.echo(each)
    if wrong:
        click.echo(
            "wedgate: this is not the ledger that was anchored: somebody replaced it; find out who may push to it"
        )
        return ExitCode.NEEDS_HUMAN
    head = hashes[-1] if hashes else "nothing yet"
    click.echo(f"wedgate: {len(hashes)} entries, each follows the one before; {len(known)} anchors fit; head {head}")
    return ExitCode.DONE


@command.command("sign")
@click.option("--as", "principal", required=True, help="Who you are, as the file of signers has it.")
@click.option("--key", type=click.Path(path_type=Path), required=True, help="Your SSH key.")
@_CONFIG
def sign(principal: str, key: Path, config: Path | None) -> ExitCode:
    """Sign the head of the ledger as it is now, and write the anchor: keep it where the ledger's writers cannot.

    The namespace is wedgate-ledger@v1; `overrides.signers` of wedgate.yml names the file of signers that
    `audit verify --signed` checks it against.

    \b
    Examples:
      wedgate audit sign --as alice --key ~/.ssh/id_ed25519 > ledger-2026-11.json
      wedgate audit verify --signed ledger-2026-11.json
    """
    from dataclasses import asdict

    from wedgate.adapters.signatures.ssh import LEDGER
    from wedgate.adapters.signatures.ssh import sign as ssh_sign
    from wedgate.overrides.anchors import LedgerAnchor

    configuration = _configuration(config)
    hashes = _hashes(configuration)
    if not hashes:
        raise UsageError("the ledger is empty: there is nothing to sign yet")
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    anchor = LedgerAnchor(service=configuration.service, revision=len(hashes), hash=hashes[-1], by=principal, at=at)
    signature = ssh_sign(anchor.canonical(), key, namespace=LEDGER)
    click.echo(json.dumps({"anchor": asdict(anchor), "signature": signature}, indent=2))
    return ExitCode.DONE


@command.command("show")
@click.option("--request", help="The entries of one request alone, by the beginning of its id.")
@_CONFIG
def show(request: str | None, config: Path | None) -> ExitCode:
    """Show the audit stream, a line for each entry, oldest first.

    \b
    Examples:
      wedgate audit show
      wedgate audit show --request 00112233
    """
    from wedgate.render.audit import render_audit_text
    from wedgate.render.decision_words import clean

    lines = _ledger(_configuration(config)).audit
    chosen = [line for line in lines if request is None or str(line.body.get("request", "")).startswith(request)]
    for text in render_audit_text(chosen).splitlines():
        click.echo(clean(text))
    if not chosen:
        click.echo("wedgate: nothing was recorded", err=True)
    return ExitCode.DONE


@command.command("export")
@click.option("--format", "form", type=click.Choice(("jsonl", "csv")), default="jsonl", help="jsonl by default.")
@_CONFIG
def export(form: str, config: Path | None) -> ExitCode:
    """Write the audit stream for another program.

    \b
    Examples:
      wedgate audit export > audit.jsonl
      wedgate audit export --format csv > audit.csv
    """
    from wedgate.render.audit import render_audit_csv, render_audit_jsonl

    lines = _ledger(_configuration(config)).audit
    click.echo(render_audit_csv(lines) if form == "csv" else render_audit_jsonl(lines), nl=False)
    return ExitCode.DONE


@command.command("report")
@click.option("--month", metavar="YYYY-MM", help="The month in UTC; this one by default.")
@_CONFIG
def report(month: str | None, config: Path | None) -> ExitCode:
    """Write the page of a month in Markdown: every override, who, why, how long, and what happened after.

    It has what was asked for, granted or used in that month: a request over the end of a month is on both pages, whole.

    \b
    Examples:
      wedgate audit report --month 2026-11 > overrides-2026-11.md
    """
    from wedgate.overrides.history import history_of
    from wedgate.render.audit import in_month, render_month, told_in

    asked = month or f"{datetime.now(UTC):%Y-%m}"
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", asked):
        raise UsageError(f"--month takes a month such as 2026-11, not {ascii(asked)[:20]}")
    ledger = _ledger(_configuration(config))
    told = told_in(history_of(ledger.audit), asked)
    page = render_month(asked, told, in_month(ledger.audit, asked), revision=ledger.revision, head=ledger.head)
    click.echo(page, nl=False)
    return ExitCode.DONE


def _configuration(config: Path | None) -> Configuration:
    from wedgate.cli.rollout_wiring import find_and_load

    return find_and_load(config)


def _ledger(configuration: Configuration) -> LedgerState:
    from wedgate.cli.override_wiring import audit_book

    book = audit_book(configuration)
    if book is None:
        raise UsageError(f"{configuration.path} has no `state:`, and so no ledger; add state: {{kind: git}}")
    return book.read()


def _hashes(configuration: Configuration) -> list[str]:
    """Return the hash of every entry, of all streams; the store verifies their chain."""
    from wedgate.cli.ledger_wiring import open_store, state_of

    if configuration.state is None:
        raise UsageError(f"{configuration.path} has no `state:`, and so no ledger; add state: {{kind: git}}")
    store, _ = open_store(*state_of(configuration), configuration.service)
    return [entry.hash for entry in store.read()]


def _anchor(text: str) -> tuple[int, str]:
    found = _ANCHOR.fullmatch(text)
    if found is None:
        raise UsageError("--anchor takes REVISION:HASH, the number of an entry and its 64 digits")
    return int(found[1]), found[2]


def _signed_anchor(path: Path, configuration: Configuration) -> tuple[int, str]:
    """Return what a signed anchor says of the ledger, once its signature is good and it is of this service."""
    from wedgate.adapters.signatures.ssh import LEDGER
    from wedgate.cli.signed import signatures_of
    from wedgate.overrides.anchors import LedgerAnchor

    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        anchor = LedgerAnchor(**plain["anchor"])
        text = (anchor.service, anchor.hash, anchor.by, plain["signature"])
        fits = all(isinstance(each, str) and each.isascii() and "\0" not in each for each in text)
        if not (isinstance(anchor.revision, int) and fits):
            raise TypeError("a number or a text is missing, or holds what nobody writes")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        remedy = "write it anew with `wedgate audit sign`"
        what = f"this is no signed anchor: {error}"
        raise ConfigurationError((Problem(file=str(path), line=0, column=0, what=what, remedy=remedy),)) from error
    signatures = signatures_of(configuration, namespace=LEDGER)
    if signatures.who_signed(anchor.canonical(), plain["signature"], anchor.by) is None:
        raise RefusedError(f"{path}: the signature of {ascii(anchor.by)[:80]} is not good: it proves nothing")
    if anchor.service != configuration.service:
        raise RefusedError(f"{path}: it is of the ledger of {anchor.service}, and this is {configuration.service}")
    return anchor.revision, anchor.hash


def _anchors_on_the_forge(
    numbers: Sequence[int], commits: Sequence[str], config: Path | None
) -> list[tuple[str, int, str]]:
    """Return what wedgate's own comments, statuses and deployments say of the ledger, each with where it stands."""
    from wedgate.adapters.forge.github_deployments import GithubDeployments
    from wedgate.cli.conversing import Conversing
    from wedgate.engine.deployments import anchors_of_deployments
    from wedgate.overrides.anchors import anchors_in

    talk = Conversing.open(config, os.environ)
    conversations = talk.parts.conversations
    deployments = GithubDeployments(talk.forge.connection)
    found: list[tuple[str, int, str]] = []
    places: list[tuple[str, str]] = []
    for number in numbers:
        name, pull_request = f"pull request {number}", conversations.pull_request(number)
        found += [(name, *anchor) for anchor in talk.overrides.anchors(conversations.comments(number))]
        # What was deployed is what the merge made of it.
        places += [(name, commit) for commit in (pull_request.head, pull_request.merged_as) if commit is not None]
    places += [(f"commit {commit[:12]}", commit) for commit in commits]
    for name, commit in places:
        posted = conversations.statuses_of(commit, talk.place.status)
        checks = conversations.checks_of(commit, talk.place.status) or ()
        for status in (*posted, *checks):
            found += [(name, *anchor) for anchor in anchors_in(status.description)]
        found += [(name, *anchor) for anchor in anchors_of_deployments(deployments.those_of(commit), talk.place)]
    if not found:
        what, remedy = "wedgate wrote nothing there that anchors the ledger", "name a pull request with an override"
        place = ", ".join(dict.fromkeys(name for name, _ in places))
        raise ConfigurationError((Problem(file=place, line=0, column=0, what=what, remedy=remedy),))
    return found
