"""``wedgate rollback``: needs only the rescue file and the targets."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.ledger_wiring import open_store, rescue_path, state_directory, state_of
from wedgate.cli.notify_wiring import tell_now
from wedgate.cli.places import STATE_DIRECTORY, base_of_file
from wedgate.cli.rollout_wiring import open_existing_target, utc_now
from wedgate.cli.saying import Voice, say
from wedgate.errors import ExitCode, ExternalSystemError, UsageError, WedgateError

if TYPE_CHECKING:
    from wedgate.adapters.stores.interface import Spool, Store
    from wedgate.engine.recording import Recorder
    from wedgate.engine.rollback import RegionReturn, RollbackEnd
    from wedgate.rollout.events import ReturnedByHand
    from wedgate.rollout.notices import Notice
    from wedgate.rollout.rescue import Rescue

LEDGER_SECONDS = 60.0
"""How long a rollback waits for the ledger, after the traffic is back; a lock, a server or git end earlier by
themselves, but a disk that hangs never does."""


@click.command()
@click.option(
    "--rescue", type=click.Path(path_type=Path, dir_okay=False), help="The rescue file that the rollout wrote."
)
@click.option(
    "--from-ledger", is_flag=True, help="Where the ledger can be read, go by it: it may know a later rollout."
)
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="Where to look: wedgate.yml need not be in order."
)
@click.option("--region", "regions", multiple=True, help="Only this region; may be given several times.")
@click.option("--reason", default="no reason given", help="Why; goes into the record and the poison list.")
@click.option("--at-once", is_flag=True, help="Everything in one call, whatever the old colour is able to take.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    *,
    rescue: Path | None,
    from_ledger: bool,
    config: Path | None,
    regions: tuple[str, ...],
    reason: str,
    at_once: bool,
    form: str,
) -> ExitCode:
    """Return all traffic to stable, now.

    Asks no calendar, no configuration and nobody else: the weights are written, read back, and then recorded if the
    ledger can be reached. Regions not named that have a part of the traffic return too: nobody watches them any
    more. Where there is no rescue file, as on a runner that is thrown away after each job, it goes by the ledger that
    wedgate.yml names; --from-ledger does so in any case, for machines of which another may have started the last
    rollout, and waits for the ledger's answer first.

    An old colour that is known to be gone is deployed first; one that is known to be too small gets at once what it
    can take, and the rest within 90 seconds; --at-once does without.

    Where all traffic was on stable already, a rollout that is under way ends all the same: no later run goes on with
    it.

    Ends with 12 when something was rolled back, 0 when all traffic was on stable already, 13 when the stable version
    does not answer as it should, 20 when a region could not be returned.

    \b
    Examples:
      wedgate rollback
      wedgate rollback --region us-west --reason "bookings fail"
      wedgate rollback --at-once
      wedgate rollback --rescue .wedgate/venue-search.rescue.json
      wedgate rollback --from-ledger
    """
    from wedgate.engine.rollback import roll_back
    from wedgate.rollout.promises import not_promised

    if rescue is not None and (from_ledger or config is not None):
        raise UsageError("--rescue names what to go by; leave --from-ledger and --config out")
    path, found = _rescue(rescue, config, from_ledger=from_ledger)
    voice = Voice(err=form == "json")

    def go(path: Path | str, found: Rescue) -> RollbackEnd:
        back = ", ".join(sorted({region.stable_release.digest for region in found.regions}))
        voice.say(f"rescue {path}: rollout {found.rollout} of {found.release.digest}, returns to {back}")
        if lost := not_promised(found.migration):
            voice.say(f"migration {found.migration}: {lost}")
        record, exposed, open_in = _records_of(found)
        return roll_back(
            found,
            open_existing_target,
            clock=utc_now,
            why=reason,
            regions=regions,
            record=record,
            exposed=exposed,
            open_in=open_in,
            observe=lambda region: voice.say(_line(region)),
            say=voice.say,
            at_once=at_once,
            is_named=rescue is not None,
        )

    end = go(path, found)
    if rescue is None and any(region.after is None and region.is_overtaken for region in end.regions):
        later = _in_ledger(Path.cwd() if config is None else base_of_file(config), config)
        if later is not None and later.rollout != found.rollout:
            found = later
            end = go("by the ledger", found)

    if form == "json":
        from wedgate.render.rollout import render_json

        regions_plain = [
            {
                "region": region.region,
                "before": None if region.before is None else {"blue": region.before.blue, "green": region.before.green},
                "after": None if region.after is None else {"blue": region.after.blue, "green": region.after.green},
                "trouble": region.trouble or None,
                "stable": region.stable or None,
                "first": region.first or None,
            }
            for region in end.regions
        ]
        plain = {"schema_version": 1, "exit_code": int(end.exit_code), "regions": regions_plain}
        voice.say(
            render_json({**plain, "recorded": end.recorded, "not_promised": not_promised(found.migration) or None}),
            err=False,
        )
    else:
        voice.say(end.recorded)
    if end.exit_code is not ExitCode.DONE:
        tell_now(config, *_notices(found, end, reason))
    return end.exit_code or voice.exit_code


def _records_of(
    rescue: Rescue,
) -> tuple[Recorder, Callable[[Rescue], Collection[str] | None], Callable[[Rescue], Collection[str] | None]]:
    """Return what writes a rollback down, what reads from the ledger which regions are exposed, and which not at rest.

    None takes longer than ``LEDGER_SECONDS``; a ledger that cannot even be opened is like one that is down.
    """

    # What it takes to record is imported when traffic is back already: a third of the time until then, on any machine.
    def record(rescue: Rescue, returned: ReturnedByHand, epoch: int) -> str:
        from wedgate.engine.book import Book
        from wedgate.engine.recording import recorder_in, within

        book = Book(*_opened(rescue))
        try:
            return within(LEDGER_SECONDS, lambda: recorder_in(book)(rescue, returned, epoch))
        except ExternalSystemError as error:
            return f"{error}; the record waits in the spool until the next run writes it down"

    def exposed(rescue: Rescue) -> Collection[str] | None:
        from wedgate.engine.book import Book
        from wedgate.engine.recording import exposed_in, within

        book = Book(*_opened(rescue))
        try:
            return within(LEDGER_SECONDS, lambda: exposed_in(book)(rescue))
        except ExternalSystemError:
            return None

    def open_regions(rescue: Rescue) -> Collection[str] | None:
        from wedgate.engine.book import Book
        from wedgate.engine.recording import open_in, within

        book = Book(*_opened(rescue))
        return within(LEDGER_SECONDS, lambda: open_in(book)(rescue))

    return record, exposed, open_regions


def _opened(rescue: Rescue) -> tuple[Store, Spool]:
    """Open the ledger that the rescue file names, and the spool beside it."""
    try:
        return open_store(rescue.store_kind, dict(rescue.store_options), rescue.service)
    except (WedgateError, KeyError) as error:
        from wedgate.adapters.stores.unusable import UnusableStore

        directory = rescue.store_options.get("path") or STATE_DIRECTORY
        return UnusableStore(str(error)), open_store("file", {"path": directory}, rescue.service)[1]


def _notices(rescue: Rescue, end: RollbackEnd, reason: str) -> list[Notice]:
    """Return what people should hear, whether the ledger could be written or not."""
    from wedgate.rollout.notices import needs_human, rolled_back

    found = []
    for each in end.regions:
        if each.after is None or each.stable:
            why = f"the rollback by hand: {each.trouble or each.stable}"
            found.append(needs_human(rescue.rollout, each.region, why))
        if each.changed:
            why = f"{rescue.release.digest}: rolled back by hand: {reason}"
            found.append(rolled_back(rescue.rollout, each.region, why))
    return found


def _line(region: RegionReturn) -> str:
    """Spell one region's return."""
    before = "unknown" if region.before is None else f"blue {region.before.blue} / green {region.before.green}"
    after = "FAILED" if region.after is None else f"blue {region.after.blue} / green {region.after.green}"
    trouble = "; ".join(filter(None, [region.first, region.trouble or region.stable]))
    return f"{region.region}: {before} -> {after}{f' ({trouble})' if trouble else ''}"


def _rescue(named: Path | None, config: Path | None, *, from_ledger: bool) -> tuple[Path | str, Rescue]:
    """Return what to go by, and where it was found: the file that is named, or the one found here, or the ledger."""
    from wedgate.adapters.stores.rescue import load_rescue

    if named is not None:
        return named, load_rescue(named)
    start = Path.cwd() if config is None else base_of_file(config)
    in_ledger = _in_ledger(start, config) if from_ledger else None
    try:
        path, found = find_rescue(start, config)
    except UsageError:
        in_ledger = in_ledger or _in_ledger(start, config)
        if in_ledger is None:
            raise
        return "by the ledger", in_ledger
    if in_ledger is not None and in_ledger.rollout != found.rollout:
        return "by the ledger", in_ledger
    return path, found


def _in_ledger(start: Path, config: Path | None) -> Rescue | None:
    """Return the last rollout by the ledger that the configuration names; ``None``, after saying why, without one."""
    from wedgate.cli.rollout_wiring import find_and_load

    try:
        from wedgate.config.load import find_configuration
        from wedgate.engine.book import Book
        from wedgate.engine.recording import rescue_in, within

        configuration = find_and_load(config or find_configuration(start))
        kind, options = state_of(configuration)
        book = Book(*open_store(kind, options, configuration.service))
        return within(
            LEDGER_SECONDS,
            lambda: rescue_in(
                book, service=configuration.service, at=utc_now(), store_kind=kind, store_options=options
            ),
        )
    except Exception as error:
        # Whatever it is: with a rescue file at hand it must not be in the way, and without one it is told.
        say(f"the ledger cannot be gone by: {error}", err=True)
        return None


def find_rescue(start: Path, config: Path | None = None, *, looks_by_configuration: bool = True) -> tuple[Path, Rescue]:
    """Return the newest rescue file to be found from ``start``: where wedgate.yml keeps its state, or under .wedgate.

    Raises ``UsageError`` when there is none, or there are files of several services: which to return must not be
    guessed. A file that cannot be used is said and left out; a configuration likewise.
    """
    from wedgate.adapters.stores.rescue import load_rescue

    paths = {path.resolve() for path in (start / STATE_DIRECTORY).rglob("*.rescue.json")}
    if looks_by_configuration:
        paths |= {path.resolve() for path in _configured(config or start)}
    found: list[tuple[Path, Rescue]] = []
    for path in sorted(paths):
        try:
            found.append((path, load_rescue(path)))
        except WedgateError as error:
            say(f"left out: {error}", err=True)
    names = ", ".join(str(path) for path, _ in found)
    hint = "name the one to use with --rescue (`wedgate rollout run` writes it at its start)"
    if not found:
        raise UsageError(f"no rescue file here; {hint}")
    if len({rescue.service for _, rescue in found}) > 1:
        raise UsageError(f"rescue files of several services: {names}; {hint}")
    return max(found, key=lambda each: each[1].at)


def _configured(start: Path) -> list[Path]:
    """Return the rescue file beside the state that wedgate.yml names; nothing when the file cannot be used."""
    try:
        from wedgate.cli.sharing import SharedCalendars
        from wedgate.config.load import find_configuration, load_configuration

        path = find_configuration(start) if start.is_dir() else start
        if path is None or not path.exists():
            return []
        configuration = load_configuration(path, shared=SharedCalendars(offline=True))
        wanted = rescue_path(state_directory(*state_of(configuration)), configuration.service)
    except Exception as error:
        # Whatever it is, a library that could not be installed included: it must not be in the way.
        say(f"the configuration cannot be used to find a rescue file, and is not needed: {error}", err=True)
        return []
    return [wanted] if wanted.exists() else []
