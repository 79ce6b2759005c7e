"""`wedgate doctor`: is the repository set up so that the gate holds, and an emergency gets through?"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from wedgate.errors import ExitCode


@click.command("doctor")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="How to print.")
@click.option("--config", type=click.Path(path_type=Path), help="The path of the configuration in the repository.")
def command(form: str, config: Path | None) -> ExitCode:
    """Look at the repository as it is, and say what is missing, with the setting or the line to change.

    Looks at the required status and who may post it, the workflows that answer comments and keep it true and what their
    jobs may do, the ledger's branch, who may approve, environments and forks. The clone (or GITHUB_REPOSITORY) says
    which repository, GITHUB_TOKEN reads it; what the token may not see is said to be unknown. Exits with 13 when
    something is missing.

    \b
    Examples:
      wedgate doctor
      GITHUB_REPOSITORY=acme/venue-search wedgate doctor
      wedgate doctor --format json
    """
    from wedgate.adapters.forge.github_settings import GithubSettings
    from wedgate.cli.conversing import Conversing
    from wedgate.engine.doctor import Health, examine

    talk = Conversing.open(config, os.environ)
    settings = GithubSettings(talk.forge.connection)
    parts = talk.parts
    roster = talk.overrides.roster
    found = list(examine(parts.configuration, settings, parts.conversations, roster, _plain, place=talk.place))
    if form == "json":
        plain = [
            {"what": each.what, "health": each.health.value, "text": each.words, "remedy": each.remedy}
            for each in found
        ]
        click.echo(json.dumps({"schema_version": 1, "findings": plain}, indent=2))
    else:
        for each in found:
            click.echo(f"{each.health.value:<8} {each.what}: {each.words}")
            if each.remedy:
                click.echo(f"{'':<8} {each.remedy}")
    missing = sum(each.health is Health.MISSING for each in found)
    unknown = sum(each.health is Health.UNKNOWN for each in found)
    click.echo(f"wedgate: {len(found)} things looked at, {missing} missing, {unknown} not known", err=form == "json")
    return ExitCode.NEEDS_HUMAN if missing else ExitCode.DONE


def _plain(name: str, text: str) -> object:
    """Return a workflow as plain data, ``None`` if it is no YAML."""
    from wedgate.config.nodes import parse_nodes
    from wedgate.errors import ConfigurationError

    try:
        return parse_nodes(text, name=name).data
    except ConfigurationError:
        return None
