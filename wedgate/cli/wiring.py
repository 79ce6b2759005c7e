"""Wires the gate: almanac, configuration, clock, and the forge where there is one."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from wedgate import __version__
from wedgate.engine.check import Gate
from wedgate.engine.check import ask_region as ask_region_of_almanac
from wedgate.engine.parts import Almanac, GateParts, ProposedChange
from wedgate.errors import SharedUnknownError

if TYPE_CHECKING:
    from wedgate.adapters.forge.github import GithubForge
    from wedgate.adapters.forge.runner import ChangeEvent
    from wedgate.almanac.files import CalendarFiles
    from wedgate.calendars.facts import Facts, Needs
    from wedgate.calendars.values import Span
    from wedgate.cli.sources import DefaultBranch
    from wedgate.config.configuration import Configuration
    from wedgate.config.extends import SharedRef
    from wedgate.gate.decision import RegionDecision
    from wedgate.overrides.place import Place


class PinnedAlmanac:
    """The almanac of this installation: pinned zones, holidays with their horizon, and the files and pages of a shelf.

    Without ``files``, every file that a rule names is in trouble, and the rule unverified.
    """

    def __init__(self, files: CalendarFiles | None = None, clock: Callable[[], datetime] | None = None) -> None:
        from wedgate.almanac.files import Shelf

        self._shelf = Shelf(files, clock)

    def with_files(self, files: CalendarFiles) -> PinnedAlmanac:
        """Return one that reads other files, and the same pages."""
        other = PinnedAlmanac(files)
        other._shelf = self._shelf.with_files(files)
        return other

    def gather(self, needs: Needs, span: Span) -> Facts:
        """Return the facts for a span."""
        from wedgate.almanac.gather import gather_facts

        return gather_facts(needs, span, self._shelf)

    def zone_data_version(self) -> str:
        """Return the version of the zone database."""
        from wedgate.almanac.zones import zone_data_version

        return zone_data_version()

    def holidays_version(self) -> str:
        """Return the version of the holiday data."""
        from wedgate.almanac.holidays import holidays_version

        return holidays_version()


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def ask_region(
    configuration: Configuration,
    region: str,
    at: datetime,
    runway: timedelta | None,
    almanac: Almanac | None = None,
) -> RegionDecision:
    """Ask the calendar of one configuration about one region, with the almanac of this installation."""
    return ask_region_of_almanac(configuration, region, at, runway, almanac=almanac or PinnedAlmanac())


def almanac_for(config: Path | None, environment: Mapping[str, str] | None = None) -> Almanac:
    """Return the almanac for the configuration of this place: it reads files where that configuration is read."""
    return open_gate(config, environment).almanac


def open_gate(config: Path | None, environment: Mapping[str, str] | None = None) -> Gate:
    """Return the gate for this place: the working file in a terminal, the default branch on a runner."""
    from wedgate.adapters.forge.runner import is_runner

    found = os.environ if environment is None else environment
    return open_runner(config, found).gate if is_runner(found) else Gate(_terminal_parts(config))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerGate:
    """The gate on a runner, with the forge and the source that it reads the default branch through."""

    gate: Gate
    forge: GithubForge
    source: DefaultBranch
    parse: Callable[[bytes, str], Configuration]
    """Raises ``SharedUnknownError`` for a shared calendar that is gone, too: it may have been there before."""
    last_valid: Callable[[], Configuration | None]
    gate_for: Callable[[ChangeEvent], Gate]
    """Returns the gate as the run for a change asks it, whatever this run is for."""
    place: Place

    def configuration(self) -> Configuration | None:
        """Return the configuration whose policy decides about overrides: the default branch's, or its last valid one.

        Where a calendar that it shares cannot be had, that closes at all times: whoever may approve is in the file
        itself. ``None`` where there never was one. ``ExternalSystemError`` where the forge does not say.
        """
        from wedgate.cli.sources import as_far_as_known

        text = self.source.fetch()
        found = None if text is None else as_far_as_known(text.content, text.path, self.parse)
        return self.last_valid() if found is None else found


def open_runner(config: Path | None, environment: Mapping[str, str], *, by_calendar: bool = False) -> RunnerGate:
    """Return the gate on a runner; ``by_calendar``: whatever this run is for, its change is not judged."""
    from wedgate.adapters.forge.runner import change_event
    from wedgate.cli.sources import DefaultBranch, last_valid, place_of, proposed_change, repository_paths

    forge = open_forge(environment)
    paths = repository_paths(config, environment.get("GITHUB_WORKSPACE", ""))
    event = None if by_calendar else change_event(environment)
    head = None if event is None or event.pull_request is None else event.head_sha
    source, parse = DefaultBranch(forge, paths, head=head), parser_for(environment)
    almanac, parse_before = PinnedAlmanac(source), parser_for(environment, is_earlier=True)

    def find_last_valid() -> Configuration | None:
        found = last_valid(forge.versions_of(paths), forge.file_at, paths, parse_before)
        return None if found is None else found[0]

    def gate_for(change: ChangeEvent | None) -> Gate:
        parts = GateParts(
            almanac=almanac,
            clock=utc_now,
            source=source,
            parse=parse,
            forge_date=forge.date,
            proposed_change=None if change is None else lambda: proposed_change(forge, change, source, almanac),
            last_valid=find_last_valid,
            out_of_reach=out_of_reach,
            ledger_of=ledger_of,
            has_lost_ledger=has_lost_ledger,
            ledger_trouble=lambda configuration: ledger_trouble(configuration, change),
            wedgate_version=__version__,
        )
        return Gate(parts)

    def out_of_reach(
        configuration: Configuration, regions: Collection[str], change: ProposedChange | None
    ) -> Collection[str]:
        from wedgate.cli.override_wiring import override_parts
        from wedgate.engine.overrides import Overrides
        from wedgate.engine.proposed import owners_file
        from wedgate.overrides.code_owners import PATHS

        moved = change is not None and any(map(change.changes, PATHS))
        owners = owners_file(change.after) if change is not None and moved else None
        overrides = Overrides(override_parts(runner, configuration, environment, utc_now), owners=owners)
        return overrides.roster.out_of_reach(regions)

    def ledger_of(configuration: Configuration) -> object | None:
        from wedgate.cli.override_wiring import ledger_kept

        return ledger_kept(configuration, environment)

    def has_lost_ledger(configuration: Configuration) -> bool:
        from wedgate.cli.override_wiring import is_gone

        kept = ledger_of(configuration)
        if kept not in lost:
            lost[kept] = is_gone(configuration, environment)
        return lost[kept]

    def ledger_trouble(configuration: Configuration, change: ChangeEvent | None) -> str | None:
        from wedgate.cli.override_wiring import trouble_of_proposed

        # Of a merge group each pull request was judged before.
        if change is None or change.pull_request is None or ledger_of(configuration) is None:
            return None
        return trouble_of_proposed(configuration, forge.connection, change.pull_request, environment)

    lost: dict[object, bool] = {}
    runner = RunnerGate(
        gate=gate_for(event),
        forge=forge,
        source=source,
        parse=parse_before,
        last_valid=find_last_valid,
        gate_for=gate_for,
        place=place_of(paths),
    )
    return runner


def _terminal_parts(config: Path | None) -> GateParts:
    from wedgate.cli.sources import WorkingFile

    source = WorkingFile(config)
    return GateParts(
        almanac=PinnedAlmanac(source),
        clock=utc_now,
        source=source,
        parse=parser_for(None),
        wedgate_version=__version__,
    )


def open_forge(environment: Mapping[str, str]) -> GithubForge:
    """Return the forge that the runner names, or in a terminal the clone; an error where neither does."""
    from wedgate.adapters.forge.github import GithubForge
    from wedgate.adapters.forge.runner import default_branch
    from wedgate.cli.repository import api_of, repository_of

    return GithubForge(
        api_url=api_of(environment),
        repository=repository_of(environment),
        token=environment.get("WEDGATE_GITHUB_TOKEN") or environment.get("GITHUB_TOKEN") or None,
        default_branch=default_branch(environment),
    )


def parser_for(
    environment: Mapping[str, str] | None, *, is_earlier: bool = False
) -> Callable[[bytes, str], Configuration]:
    """Return what turns bytes into a configuration; shared calendars are asked of the forge of an environment.

    ``is_earlier``: for a version that may have been valid in its time. A shared calendar that is not there is a
    ``SharedUnknownError``, and not a mistake in the bytes, and limits that came to be since do not count.
    """

    def shared(ref: SharedRef) -> bytes | None:
        from wedgate.cli.sharing import SharedCalendars

        found = SharedCalendars(environment)(ref)
        if found is None and is_earlier:
            raise SharedUnknownError(f"the shared calendar {ref} is not there any more")
        return found

    def parse(content: bytes, name: str) -> Configuration:
        from wedgate.config.load import parse_configuration

        return parse_configuration(content, name=name, shared=shared, is_earlier=is_earlier)

    return parse
