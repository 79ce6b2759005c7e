"""`wedgate schema`: print the JSON Schema of wedgate.yml, for an editor or a validator of one's own."""

from __future__ import annotations

import click

from wedgate.errors import ExitCode


@click.command("schema")
def command() -> ExitCode:
    """Print the JSON Schema of wedgate.yml.

    An editor that understands the first line of the starter completes keys from it.

    \b
    Examples:
      wedgate schema > .wedgate/schema.json
      check-jsonschema --schemafile .wedgate/schema.json wedgate.yml
    """
    from wedgate.config.schema import committed_schema

    click.echo(committed_schema(), nl=False)
    return ExitCode.DONE
