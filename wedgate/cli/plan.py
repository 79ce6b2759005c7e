"""`wedgate plan`: when a rollout would go where, what it waits for, and what would be better."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from wedgate.cli.options import duration_option, parse_instant, terminal_style
from wedgate.errors import ExitCode

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.engine.parts import Almanac
    from wedgate.engine.plan import PlanAnswer
    from wedgate.ledger.audit import Frozen
    from wedgate.render.plan import Local
    from wedgate.rollout.values import Migration


def _start(text: str) -> datetime:
    """Read --start."""
    return parse_instant(text, option="--start")


@click.command("plan")
@click.option("--release", default="", help="What is planned, for the headline.")
@click.option(
    "--start",
    type=_start,
    metavar="INSTANT",
    help="Begin at this instant instead of now.",
)
@click.option("--region", "regions", multiple=True, help="Only this region; may be repeated.")
@click.option(
    "--deploy",
    type=duration_option("--deploy"),
    default="2m",
    show_default=True,
    metavar="DURATION",
    help="How long a deploy and its read-back take in a region.",
)
@click.option("--optimise", type=click.Choice(("earliest-finish", "most-runway")), help="Compare every order of waves.")
@click.option(
    "--traffic", type=float, metavar="RATE", help="Requests per second in a region: are the bakes long enough?"
)
@click.option(
    "--migration",
    type=click.Choice(("none", "expand", "contract", "irreversible")),
    help="What the release does to the database: says what a rollback can promise then.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "markdown", "svg", "github")),
    default="text",
    help="`github`: on a runner, the summary, and the one comment of a pull request that is kept up to date.",
)
@click.option("--config", type=click.Path(path_type=Path), help="The configuration, instead of wedgate.yml here.")
def command(
    *,
    release: str,
    start: datetime | None,
    regions: tuple[str, ...],
    deploy: timedelta,
    optimise: str | None,
    traffic: float | None,
    migration: str | None,
    form: str,
    config: Path | None,
) -> ExitCode:
    """When would a rollout go where, if everything goes well, and what does it wait for?

    It plans as the engine decides: a region begins when its turn has come and its whole way fits before it closes, and
    not before the end of a freeze that the ledger knows.
    Exits with 0 when every region fits somewhere in the next sixty days, and with 10 when one does not.

    \b
    Examples:
      wedgate plan
      wedgate plan --start 2027-06-04T15:00:00+02:00 --optimise earliest-finish
      wedgate plan --traffic 40
      wedgate plan --release 1.5.0 --migration contract
      wedgate plan --format github
    """
    from wedgate.cli.wiring import utc_now
    from wedgate.engine.check import instant_to_answer
    from wedgate.engine.plan import make_plan
    from wedgate.errors import UsageError
    from wedgate.rollout.planner import Goal
    from wedgate.rollout.values import Migration

    if traffic is not None and not 0 < traffic < 1e9:
        raise UsageError(f"--traffic {traffic:g}: write requests per second, more than nothing")

    def plan_by(configuration: Configuration, almanac: Almanac, ledger_of: Configuration | None) -> PlanAnswer:
        freezes, unknown = _freezes(ledger_of)
        answer = make_plan(
            configuration,
            almanac,
            instant_to_answer(start or utc_now()),
            regions=regions,
            deploy=deploy,
            goal=None if optimise is None else Goal(optimise),
            rate=traffic,
            freezes=freezes,
        )
        return replace(answer, freezes_unknown=unknown)

    if form == "github":
        from wedgate.cli.plan_on_runner import tell_plan

        return tell_plan(os.environ, config, release, plan_by)
    from wedgate.cli.reading import read_configuration
    from wedgate.cli.wiring import almanac_for

    configuration = read_configuration(config, trust_clock=start is not None)
    if configuration is None:
        return ExitCode.DONE
    answer = plan_by(configuration, almanac_for(config), configuration)
    declared = None if migration is None else Migration(migration)
    click.echo(rendered(answer, configuration, form, release, declared))
    return code_of(answer)


def _freezes(configuration: Configuration | None) -> tuple[tuple[Frozen, ...], str | None]:
    """Return the freezes that a configuration's ledger knows, or why they are not known: a plan lets nothing go."""
    from wedgate.cli.freezes import freezes_known
    from wedgate.errors import WedgateError

    if configuration is None:
        return (), "the default branch has no configuration that could be read, and so names no ledger"
    try:
        return freezes_known(configuration), None
    except WedgateError as error:
        return (), str(error)


def code_of(answer: PlanAnswer) -> ExitCode:
    """Return the exit code for a plan: 10 when a region fits nowhere."""
    return ExitCode.DONE if (answer.better or answer.given).misfit is None else ExitCode.CLOSED


def rendered(
    answer: PlanAnswer, configuration: Configuration, form: str, release: str, migration: Migration | None = None
) -> str:
    """Render a plan as ``form``, which is one of text, json, markdown and svg."""
    from wedgate.render.plan import plain_plan, render_json, render_markdown, render_svg, render_text
    from wedgate.render.rollout import plain_migration

    local = local_times(configuration)
    shown = answer.better or answer.given
    if form == "svg":
        return render_svg(shown, local, _dangers(answer))
    if form == "json":
        plain = {
            "schema_version": 1,
            "release": release or None,
            "migration": None if migration is None else plain_migration(migration),
            "plan": plain_plan(answer.given),
            "better": None if answer.better is None else plain_plan(answer.better),
            "latest_start_without_waiting": _iso(answer.latest_before),
            "next_start_without_waiting": _iso(answer.next_after),
            "frozen": [
                {
                    "regions": None if each.regions is None else list(each.regions),
                    "thawed": list(each.thawed),
                    "until": _iso(each.until),
                    "by": each.by,
                    "reason": each.reason,
                }
                for each in answer.freezes
            ],
            "frozen_unknown": answer.freezes_unknown,
            "short_bakes": [
                {
                    "strategy": each.strategy,
                    "weight_percent": each.weight,
                    "bake_seconds": each.bake.total_seconds(),
                    "needs_seconds": each.needs.total_seconds(),
                }
                for each in answer.short_bakes
            ],
            "dangers": _dangers(answer),
        }
        return render_json(plain)
    order = () if configuration.rollout is None else configuration.rollout.order
    head = f"plan of {release}" if release else "plan"
    lines = [f"{head}, from {answer.given.start:%Y-%m-%d %H:%M} UTC"]
    notes = _notes(answer, migration, order)
    if form == "markdown":
        return "\n".join([f"### {lines[0]}", "", render_markdown(shown, local), "", *notes])
    width = terminal_style().width
    wrapped = [line for note in notes for line in wrap(note, width, subsequent_indent="  ", break_on_hyphens=False)]
    return "\n".join([*lines, render_text(shown, local, width=width), *wrapped])


def _freeze_words(frozen: Frozen) -> str:
    """Say what is frozen, until when, by whom and why."""
    from wedgate.ledger.freezes import where

    are = "are" if frozen.regions is not None and len(frozen.held_of(frozen.regions)) > 1 else "is"
    return f"{where(frozen)} {are} frozen until {frozen.until:%Y-%m-%d %H:%M:%S} UTC by {frozen.by}: {frozen.reason}"


def _dangers(answer: PlanAnswer) -> list[str]:
    """Say which strategies of the plan are dangerous, in the words of `wedgate lint`."""
    from wedgate.rollout.strategies import AT_ONCE

    return [f"{name}: {AT_ONCE}" for name in answer.dangerous]


def _notes(answer: PlanAnswer, migration: Migration | None, order: tuple[tuple[str, str], ...]) -> list[str]:
    """Say what would be better, what cannot work, and what a rollback can promise."""
    from wedgate.render.plan import order_words
    from wedgate.rollout.guards import spell_duration
    from wedgate.rollout.ordering import EXACT_UP_TO, is_exact
    from wedgate.rollout.promises import promise

    notes = _dangers(answer)
    given, better = answer.given, answer.better
    if better is not None and not is_exact(given.waves):
        notes.append(f"beyond {EXACT_UP_TO} regions only the most promising orders are compared")
    if better is not None and better.waves == given.waves:
        allowed = " that rollout.order allows" if order else ""
        notes.append(f"no other order of the waves{allowed} is better")
    elif better is not None:
        sooner, later = given.end - better.end, better.end - given.end
        gain = f"is done {spell_duration(sooner)} earlier" if sooner > timedelta(0) else "leaves more runway"
        cost = f", and is done {spell_duration(later)} later" if later > timedelta(0) else ""
        notes.append(
            f"another order {gain}{cost}: {order_words(better.waves)} (the file has {order_words(given.waves)})"
        )
    planned = {name for wave in given.waves for name in wave}
    notes += [
        f"{then} comes after {first} (rollout.order): it starts only where {first} runs the release already"
        for first, then in order
        if then in planned and first not in planned
    ]
    notes += [_freeze_words(each) for each in answer.freezes]
    if answer.freezes_unknown is not None:
        notes.append(f"whether anything is frozen is not known: {answer.freezes_unknown}")
    # A freeze is none of the calendar's doing.
    wait = "until it opens" if answer.freezes else "for its calendar"
    notes += [
        f"{region.region} waits {spell_duration(region.waited)} {wait}"
        for region in (better or given).regions
        if region.waited
    ]
    if answer.latest_before is not None:
        notes.append(f"the latest start before, from which nothing waits: {answer.latest_before:%Y-%m-%d %H:%M} UTC")
    if answer.next_after is not None:
        notes.append(f"the next start from which nothing waits: {answer.next_after:%Y-%m-%d %H:%M} UTC")
    notes += [
        f"{each.strategy}: {spell_duration(each.bake)} at {each.weight} % is too short to say pass; it needs "
        f"{spell_duration(each.needs)}"
        for each in answer.short_bakes
    ]
    if migration is not None:
        notes.append(f"migration {migration}: {promise(migration)}")
        if migration.limits_rollback:
            notes.append(
                "it starts only with --accept-migration, and each region keeps its old colour until "
                "`wedgate rollout drain`"
            )
    return notes


def local_times(configuration: Configuration) -> Local:
    """Return what spells an instant in the time of a region's first market."""
    from wedgate.almanac.zones import zone

    zones = {region.name: zone(region.markets[0].zone) for region in configuration.calendar.regions}

    def spell(region: str, at: datetime) -> str:
        return f"{at.astimezone(zones[region]):%a %d %b %H:%M %Z}"

    return spell


def _iso(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"
