"""`wedgate rollout status`: where the last rollout stands, by the journal alone, and however the journal is found."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.ledger_wiring import open_store, state_of
from wedgate.cli.places import base_of_file
from wedgate.cli.rollout_orders import config_option, refuse_unknown, region_option
from wedgate.cli.saying import say
from wedgate.errors import ConfigurationError, ExitCode, ExternalSystemError, UsageError, WedgateError

if TYPE_CHECKING:
    from wedgate.adapters.stores.interface import Store
    from wedgate.adapters.stores.spool import FileSpool
    from wedgate.config.configuration import Configuration
    from wedgate.ledger.streams import LedgerState
    from wedgate.rollout.state import RolloutState

WATCH_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Journal:
    """A ledger, the spool beside it, and the configuration where it was found by one."""

    store: Store
    spool: FileSpool
    configuration: Configuration | None = None


@click.command("status")
@click.option("--watch", is_flag=True, help="Look again every two seconds until the rollout is over; Ctrl-C ends it.")
@region_option
@config_option
@click.option(
    "--rescue",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Go by the ledger that this rescue file names; wedgate.yml is not looked at.",
)
@click.option(
    "--ledger", type=click.Path(path_type=Path, exists=True), help="A ledger's file, or the directory that it lies in."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def status(
    *,
    watch: bool,
    regions: tuple[str, ...],
    config: Path | None,
    rescue: Path | None,
    ledger: Path | None,
    form: str,
) -> ExitCode:
    """Say where the last rollout stands, from the journal alone; no target is asked.

    The journal is in the ledger that wedgate.yml names. Where that cannot be used, the rescue file of the last rollout
    says where it is; --rescue and --ledger name another.

    \b
    Examples:
      wedgate rollout status
      wedgate rollout status --watch
      wedgate rollout status --region us-west
      wedgate rollout status --format json
      wedgate rollout status --rescue .wedgate/venue-search.rescue.json
      wedgate rollout status --ledger /backup/venue-search.jsonl
    """
    if watch and form == "json":
        raise UsageError("--watch is for people; leave --format json out, or ask again yourself")
    if [config, rescue, ledger].count(None) < 2:
        raise UsageError("--config, --rescue and --ledger each name the ledger; leave all but one out")

    def look(*, is_first: bool = True) -> tuple[str, bool]:
        return _status_text(_journal(config, rescue, ledger, is_first=is_first), regions, form)

    if watch:
        with suppress(KeyboardInterrupt):
            _watch(look)
    else:
        click.echo(look()[0])
    return ExitCode.DONE


def _watch(look: Callable[..., tuple[str, bool]]) -> None:
    """Show what there is to see until the rollout is over, in one place where the terminal can do that.

    A ledger that does not answer for a while ends nothing, but at the first look.
    """
    in_place = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    seen, is_over = look()
    shown = ""
    text = seen
    while True:
        if text != shown:
            if in_place:
                click.clear()
            elif shown:
                click.echo()
            click.echo(text)
            shown = text
        if is_over:
            return
        time.sleep(WATCH_SECONDS)
        try:
            seen, is_over = look(is_first=False)
            text = seen
        except ExternalSystemError as error:
            text = f"{seen}\nthis is what was seen last; the ledger does not answer now: {error}"


def _journal(config: Path | None, rescue: Path | None, ledger: Path | None, *, is_first: bool) -> _Journal:
    """Find the ledger: the one that is named, or by the configuration, or else by a rescue file."""
    from wedgate.cli.rollout import telling_exposure
    from wedgate.cli.rollout_wiring import find_and_load

    if ledger is not None:
        return _of_file(ledger)
    if rescue is not None:
        return _of_rescue(rescue)
    try:
        with telling_exposure():
            configuration = find_and_load(config)
            store, spool = open_store(*state_of(configuration), configuration.service)
    except (UsageError, ConfigurationError) as error:
        found = _rescue_found(config)
        if found is None:
            raise
        if is_first:
            say(f"{error}", err=True)
            say(f"by the ledger that {found} names:", err=True)
        return _of_rescue(found)
    return _Journal(store=store, spool=spool, configuration=configuration)


def _rescue_found(config: Path | None) -> Path | None:
    """Return the newest rescue file here, if there is one that can be used."""
    from wedgate.cli.rollback import find_rescue

    try:
        return find_rescue(Path.cwd() if config is None else base_of_file(config), looks_by_configuration=False)[0]
    except WedgateError:
        return None


def _of_rescue(path: Path) -> _Journal:
    """Open the ledger that a rescue file names."""
    from wedgate.adapters.stores.rescue import load_rescue

    rescue = load_rescue(path)
    store, spool = open_store(rescue.store_kind, dict(rescue.store_options), rescue.service)
    return _Journal(store=store, spool=spool)


def _of_file(path: Path) -> _Journal:
    """Open a ledger's file, or the only one in a directory."""
    found = [path]
    if path.is_dir():
        found = [each for each in sorted(path.glob("*.jsonl")) if not each.name.endswith(".spool.jsonl")]
    if len(found) != 1:
        names = ", ".join(each.name for each in found) or "none"
        raise UsageError(f"--ledger {path}: name one ledger; there are: {names}")
    store, spool = open_store("file", {"path": str(found[0].parent)}, found[0].name.removesuffix(".jsonl"))
    return _Journal(store=store, spool=spool)


def _status_text(journal: _Journal, regions: Sequence[str], form: str) -> tuple[str, bool]:
    """Return where the last rollout stands, and whether it is over."""
    from wedgate.cli.rollout import telling_exposure
    from wedgate.cli.rollout_wiring import localiser, utc_now
    from wedgate.engine.book import Book
    from wedgate.render.rollout import narrowed, plain_status, render_json, render_status

    with telling_exposure():
        book = Book(journal.store, journal.spool)
        ledger = book.refresh()
        rollout = book.rollout(ledger.latest)
    if waiting := len(journal.spool.waiting()):
        files = " and ".join(str(path) for path in journal.spool.paths if path.exists())
        click.echo(
            f"{waiting} records wait in {files} and are not in what follows; the next run writes them down", err=True
        )
    for notice in book.notices():
        click.echo(notice, err=True)
    is_over = rollout is None or rollout.is_over
    if regions:
        _refuse_strangers(regions, rollout, ledger, journal.configuration)
        rollout, ledger = narrowed(rollout, ledger, regions)
    if form == "json":
        return render_json(plain_status(rollout, ledger, now=utc_now())), is_over
    local = localiser(journal.configuration)
    return render_status(rollout, ledger, now=utc_now(), localise=local), is_over


def _refuse_strangers(
    regions: Sequence[str], rollout: RolloutState | None, ledger: LedgerState, configuration: Configuration | None
) -> None:
    """Raise ``UsageError`` for a region that nobody knows."""
    if configuration is not None:
        refuse_unknown(configuration, regions)
        return
    known = set(ledger.good) | ({each.region for each in rollout.regions} if rollout is not None else set())
    for region in regions:
        if region not in known:
            raise UsageError(f"the ledger knows no region {region}; it knows {', '.join(sorted(known)) or 'none'}")
