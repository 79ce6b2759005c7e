"""`wedgate outlook`: what calendars and bakes mean for a year of releases, on one page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.options import duration_option, terminal_style
from wedgate.errors import ExitCode, UsageError
from wedgate.render.text import Style

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.rollout.outlook import Demand, Outlook
    from wedgate.rollout.replicas import Fleet

MOST_REPLICAS = 1_000_000


@click.command("outlook")
@click.option("--releases", required=True, metavar="N/PER", help="How often: 3/week, 1/day, 10/month, 150/year.")
@click.option("--year", metavar="YYYY", help="This year (of UTC) instead of the current one.")
@click.option("--region", "regions", multiple=True, help="Only this region; may be repeated.")
@click.option(
    "--deploy",
    type=duration_option("--deploy"),
    default="2m",
    show_default=True,
    metavar="DURATION",
    help="How long a deploy and its read-back take in a region.",
)
@click.option(
    "--every",
    type=duration_option("--every"),
    default="1h",
    show_default=True,
    metavar="DURATION",
    help="How far apart the starts of an urgent fix are that are tried.",
)
@click.option(
    "--replicas",
    multiple=True,
    metavar="N|REGION=N",
    help="Replicas of one colour for the usual traffic; without it, multiples of that.",
)
@click.option(
    "--peak-replicas",
    multiple=True,
    metavar="N|REGION=N",
    help="What a static fleet has all year; as many as the highest load of the year asks for by default.",
)
@click.option(
    "--keep-old",
    type=duration_option("--keep-old"),
    metavar="DURATION",
    help="For how long the old colour stays up after a promotion.",
)
@click.option("--format", "form", type=click.Choice(("text", "json", "markdown", "html")), default="text")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration, instead of wedgate.yml here.")
@click.option("--output", type=click.Path(path_type=Path), help="Write this file, whole or not at all.")
def command(
    *,
    releases: str,
    year: str | None,
    regions: tuple[str, ...],
    deploy: timedelta,
    every: timedelta,
    replicas: tuple[str, ...],
    peak_replicas: tuple[str, ...],
    keep_old: timedelta | None,
    form: str,
    config: Path | None,
    output: Path | None,
) -> ExitCode:
    """What do these calendars and bakes mean for a year: how much fits, how long does it take, what does it cost?

    Open hours, releases that fit, how long an urgent fix takes to reach every region, which rule costs most, and
    replica-hours by calendar against a static peak. Exits with 0, and with 10 when a release fits nowhere any more.

    \b
    Examples:
      wedgate outlook --releases 3/week --year 2027
      wedgate outlook --releases 1/day --region eu-central --every 15m
      wedgate outlook --releases 3/week --replicas 12 --replicas us-east=30 --peak-replicas 60
      wedgate outlook --releases 3/week --year 2027 --format html --output outlook.html
    """
    from wedgate import __version__
    from wedgate.cli.reading import read_configuration
    from wedgate.cli.wiring import almanac_for, utc_now
    from wedgate.engine.outlook import make_outlook

    demand = _demand(releases)
    wanted = utc_now().year if year is None else _year(year)
    configuration = read_configuration(config, trust_clock=year is not None)
    if configuration is None:
        return ExitCode.DONE
    outlook = make_outlook(
        configuration,
        almanac_for(config),
        wanted,
        demand=demand,
        wedgate_version=__version__,
        regions=regions,
        deploy=deploy,
        grid=every,
        fleet=_fleet(configuration, regions, replicas, peak_replicas, keep_old),
    )
    text = _rendered(outlook, configuration, form, terminal_style() if output is None else Style())
    if output is None:
        click.echo(text, nl=not text.endswith("\n"), color=True)
    else:
        from wedgate.cli.files import write_whole

        write_whole(output, text if text.endswith("\n") else f"{text}\n")
    return ExitCode.DONE if outlook.releases.misfit is None and not outlook.reach.never else ExitCode.CLOSED


def _rendered(outlook: Outlook, configuration: Configuration, form: str, style: Style) -> str:
    from wedgate.cli.plan import local_times

    local = local_times(configuration)
    if form == "json":
        from wedgate.render.outlook_json import render_outlook_json

        return render_outlook_json(outlook)
    if form == "markdown":
        from wedgate.render.outlook_markdown import render_outlook_markdown

        return render_outlook_markdown(outlook, local)
    if form == "html":
        from wedgate.render.outlook_html import render_outlook_html

        return render_outlook_html(outlook, local)
    from wedgate.render.outlook_text import render_outlook_text

    return render_outlook_text(outlook, local, style)


def _demand(text: str) -> Demand:
    from wedgate.calendars.spelling import SpellingError
    from wedgate.rollout.outlook import parse_demand

    try:
        return parse_demand(text)
    except SpellingError as error:
        raise UsageError(f"--releases: {error.what}; {error.remedy}") from None


def _year(text: str) -> int:
    if re.fullmatch(r"[0-9]{4}", text, re.ASCII) is None:
        raise UsageError(f"--year: {ascii(text)[:60]} is not a year; write one such as 2027")
    return int(text)


def _fleet(
    configuration: Configuration,
    regions: Sequence[str],
    replicas: Sequence[str],
    peak: Sequence[str],
    keep_old: timedelta | None,
) -> Fleet:
    from wedgate.rollout.replicas import Fleet

    waves = () if configuration.rollout is None else configuration.rollout.waves
    names = [name for wave in waves for name in wave if not regions or name in regions]
    base, static = _counts("--replicas", replicas, names), _counts("--peak-replicas", peak, names)
    if static is not None and base is None:
        raise UsageError("--peak-replicas needs --replicas: without it nothing is known of what a load asks for")
    return Fleet(base=base, peak=static, keep_old=keep_old or timedelta(0))


def _counts(option: str, given: Sequence[str], names: Sequence[str]) -> Mapping[str, int] | None:
    """Read ``12`` for every region and ``eu-central=30`` for one; a later word counts more than an earlier one."""
    counts: dict[str, int] = {}
    named: dict[str, int] = {}
    for text in given:
        region, _, number = text.rpartition("=")
        if re.fullmatch(r"[0-9]{1,7}", number.strip(), re.ASCII) is None or not 1 <= int(number) <= MOST_REPLICAS:
            raise UsageError(
                f"{option}: {ascii(text)[:60]} is no number of replicas; write such as 12, or {option} eu-central=12"
            )
        if region.strip():
            named[region.strip()] = int(number)
        else:
            counts = dict.fromkeys(names, int(number))
    return {**counts, **named} or None
