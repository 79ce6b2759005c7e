"""The shipped JSON Schema is the generated one, takes what the loader takes, and refuses what a schema can refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from wedgate.cli.schema import command
from wedgate.config.nodes import parse_nodes
from wedgate.config.schema import committed_schema, generate_schema
from wedgate.errors import ConfigurationError

HERE = Path(__file__).parent
SCHEMA: dict[str, Any] = json.loads(committed_schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# What only the loader knows: which zones, countries and subdivisions there are, names that refer to other parts of
# the file, order between values, what one key asks of another.
BEYOND_A_SCHEMA = frozenset(
    """
    choose-missing
    country-unknown
    evidence-baseline-colour
    evidence-baseline-envoy
    evidence-baseline-instances
    evidence-command-incomplete
    evidence-command-words
    evidence-envoy-codes
    evidence-envoy-path
    judge-usage-envoy
    evidence-prometheus-incomplete
    evidence-prometheus-url
    evidence-prometheus-values
    extends-no-forge
    in-flight
    loads-order
    order-in-no-wave
    order-in-one-wave
    order-without-waves
    overrides-dead-end
    overrides-impossible
    overrides-nobody
    overrides-teams
    places-reserved
    rollout-all-at-once-bake
    rollout-bake-missing
    rollout-canary-step
    rollout-linear-of-100
    rollout-linear-steps
    rollout-bake-zero
    rollout-blue-green-steps
    rollout-command-words
    rollout-envoy-incomplete
    rollout-haproxy-incomplete
    rollout-nginx-incomplete
    rollout-weights-fall
    rule-auspicious-effect
    rule-bridge-times
    rule-easter-order
    rule-lunar-order
    rule-feed-age
    rule-feed-outside
    rule-feed-password
    rule-feed-scheme
    rule-feed-webcal
    rule-market-alone
    rule-month-days-order
    rule-rrule-count
    rule-rrule-no-from
    rule-rrule-secondly
    rule-rrule-time
    rule-rrule-until-utc
    rule-table-outside
    rule-time-beside-weekly
    rule-unknown-market
    rule-unknown-region
    rule-where-twice
    state-path
    state-ref-of-postgres
    state-url-missing
    state-url-of-file
    subdivision-unknown
    target-of-another-kind
    target-scale-and-backends
    target-scale-of-no-colour
    templates
    waves
    zone-misspelt
    """.split()  # noqa: SIM905 - one a line, and no quotes
)


def starters() -> list[Path]:
    """Return the starters that ``wedgate init`` writes."""
    folder = Path(str(resources.files("wedgate.config") / "resources"))
    return sorted(folder.glob("starter*.yml"))


def test_the_shipped_schema_is_the_generated_one() -> None:
    """After a change of keys: ``python -m wedgate.config.schema > wedgate/config/resources/schema.json``."""
    assert committed_schema() == generate_schema()


def test_it_is_a_schema() -> None:
    """It keeps to its own dialect."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", [*starters(), *sorted((HERE / "positive").glob("*.yml"))], ids=lambda path: path.stem)
def test_it_accepts_what_the_loader_accepts(path: Path) -> None:
    """The starters and every good example."""
    assert [error.message for error in VALIDATOR.iter_errors(parse_nodes(path.read_text(), name="f").data)] == []


@pytest.mark.parametrize("path", sorted((HERE / "negative").glob("*.yml")), ids=lambda path: path.stem)
def test_it_refuses_what_a_schema_can_refuse(path: Path) -> None:
    """Every broken example, but those that need the loader; an exception that is none any more fails too."""
    try:
        data = parse_nodes(path.read_text(), name="f").data
    except ConfigurationError:
        return  # Not even YAML: an editor says so by itself.
    assert VALIDATOR.is_valid(data) == (path.stem in BEYOND_A_SCHEMA)


def described(plain: Any, path: str = "") -> Iterator[tuple[str, bool]]:
    """Yield every key of the schema and whether an editor has something to say about it."""
    if isinstance(plain, dict):
        for key, value in plain.get("properties", {}).items():
            target = value.get("$ref", "").removeprefix("#/$defs/")
            yield f"{path}.{key}", "description" in value or "description" in SCHEMA["$defs"].get(target, {})
        for key, value in plain.items():
            yield from described(value, f"{path}/{key}")


def test_an_editor_has_a_line_for_every_key() -> None:
    """Each key is described; the kinds' own keys as their kinds describe them."""
    kinds = set(SCHEMA["$defs"]["Rule"]["properties"])
    silent = [path for path, said in described(SCHEMA) if not said and path.rpartition(".")[2] not in kinds]
    assert silent == []


def test_the_command_prints_it() -> None:
    """``wedgate schema`` prints exactly the shipped file."""
    result = CliRunner().invoke(command, [], standalone_mode=False)
    assert result.output == committed_schema()
