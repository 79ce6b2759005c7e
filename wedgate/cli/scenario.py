"""`wedgate scenario run`: stories about your configuration, told on a virtual clock by the engine that ships."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from wedgate.calendars.timeline import Timeline
    from wedgate.config.configuration import Configuration
    from wedgate.gate.decision import RegionDecision
    from wedgate.simulation.telling import Calendars, Told


@click.group("scenario")
def command() -> None:
    """Scenarios: what your calendars and strategies do in a story, before it happens.

    \b
    Examples:
      wedgate scenario run
      wedgate scenario run scenarios/saturday-reaches-auckland.yml --trace
    """


@command.command("run")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--trace", is_flag=True, help="Print everything that happened.")
def run(*, paths: tuple[Path, ...], trace: bool) -> ExitCode:
    """Tell scenarios (all in scenarios/ by default) and say which expectations were not met.

    Ends with 0 when all were met, and with 1 when one was not.

    \b
    Examples:
      wedgate scenario run
      wedgate scenario run scenarios/ --trace
    """
    from wedgate.simulation.scenario import read_scenario
    from wedgate.simulation.telling import tell

    files = _files(paths or (Path("scenarios"),))
    calendars = _calendars()
    missed = 0
    for path in files:
        told = tell(read_scenario(path), calendars)
        missed += bool(told.missed)
        _print(told, trace=trace)
    click.echo(f"{len(files) - missed} of {len(files)} scenarios hold")
    return ExitCode.UNEXPECTED if missed else ExitCode.DONE


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(each for each in path.glob("*.yml") if not each.name.startswith("wedgate"))
        elif path.exists():
            found.append(path)
        else:
            raise UsageError(
                f"there is no file or folder {path} here; name a scenario, or a folder of them "
                "(docs/reference/scenarios.md says how to write one)"
            )
    if not found:
        raise UsageError(
            f"no scenario in {', '.join(map(str, paths))}; see docs/reference/scenarios.md for how to write one"
        )
    return found


def _print(told: Told, *, trace: bool) -> None:
    mark = "FAILS" if told.missed else "holds"
    click.echo(f"{mark}  {told.scenario.path}: {told.scenario.name}")
    if trace:
        for line in told.trace:
            click.echo(f"       {line}")
    for missed in told.missed:
        click.echo(f"       {told.scenario.path}:{missed.line}: {missed.what}, found {missed.found}")


def _calendars() -> Calendars:
    """Wire the calendars of this installation."""
    from wedgate.simulation.telling import Calendars

    return Calendars(load=_load, ask=_Kept().ask, lasts=_lasts)


def _load(path: Path) -> Configuration:
    from wedgate.config.load import load_configuration

    return load_configuration(path)


class _Kept:
    """Asks calendars, and keeps each compiled: a story asks the same one every half a minute, for days."""

    def __init__(self) -> None:
        self._timelines: dict[str, tuple[Configuration, Timeline]] = {}

    def ask(self, configuration: Configuration, region: str, at: datetime, runway: timedelta | None) -> RegionDecision:
        """Answer for one region as ``wedgate check`` does."""
        from wedgate.cli.wiring import PinnedAlmanac
        from wedgate.engine.check import decide_regions, is_answered, timeline_to_answer
        from wedgate.gate.decide import Question

        question = Question(at=at, runway_needed=runway)
        of, timeline = self._timelines.get(region, (None, None))
        is_kept = of is configuration and timeline is not None and timeline.span.start <= at < timeline.span.end
        if timeline is None or not is_kept or not is_answered(timeline, (region,), question):
            timeline = timeline_to_answer(configuration.calendar, (region,), question, PinnedAlmanac())
            self._timelines[region] = configuration, timeline
        (decided,), _ = decide_regions(timeline, (region,), question)
        return decided


def _lasts(configuration: Configuration, region: str, at: datetime, until: datetime, rules: Sequence[str]) -> datetime:
    from wedgate.cli.wiring import PinnedAlmanac
    from wedgate.engine.lasting import granted_until

    return granted_until(configuration.calendar, PinnedAlmanac(), region, at, until, rules=rules)
