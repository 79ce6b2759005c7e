"""`wedgate bench live`: how long noise lasts on live traffic, and how often the judge alarms where nothing differs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.options import duration_option
from wedgate.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.judge.values import Reading


@click.command("live")
@click.option("--region", metavar="NAME", help="Which region, if there are several.")
@click.option("--for", "lasting", metavar="DURATION", help="How long to read the evidence of the configuration.")
@click.option("--readings", type=click.Path(path_type=Path), metavar="FILE", help="Readings that were kept before.")
@click.option("--keep", type=click.Path(path_type=Path), metavar="FILE", help="Keep what is read, a line each.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration, instead of wedgate.yml here.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write everything to this file.")
def command(
    region: str | None,
    lasting: str | None,
    readings: Path | None,
    keep: Path | None,
    config: Path | None,
    json_file: Path | None,
) -> ExitCode:
    """Tell how long noise lasts that the colours do not share, and how often the judge would alarm.

    For a time in which both colours run the same version and both have traffic: nothing differs, so each alarm is a
    false one. Reads the evidence of the configuration once a slice, or readings that were kept: lines of JSON, each of
    the form that the file source has. ^C ends it with what was read.

    \b
    Examples:
      wedgate bench live --for 2h --keep identical.jsonl
      wedgate bench live --readings identical.jsonl --region us-west
    """
    from wedgate.cli.reading import read_configuration
    from wedgate.judge.identical import measure_identical
    from wedgate.judge.slices import slice_between
    from wedgate.render.identical import plain_identical, render_identical

    if (lasting is None) is (readings is None) or (keep is not None and lasting is None):
        raise UsageError("give either --for DURATION, which may --keep FILE, or --readings FILE")
    configuration = read_configuration(config, trust_clock=True)
    if configuration is None:
        return ExitCode.DONE
    rollout = configuration.rollout
    if rollout is None:
        raise UsageError("the configuration has no rollout, so there is nothing to judge")
    name = _region(region, list(rollout.targets))
    read = _kept(readings, configuration) if readings is not None else _live(configuration, name, lasting or "", keep)
    slices = [slice_between(before, after, stable="blue") for before, after in pairwise(read)]
    steps = max(len(strategy.steps) for strategy in rollout.strategies.values())
    level = configuration.judge.level_of_step(regions=len(rollout.targets), steps=steps)
    try:
        found = measure_identical(slices, configuration.judge, level=level)
    except ValueError as error:
        raise UsageError(f"{error}; read for longer") from None
    dropped = next((piece.trouble for piece in slices if piece.trouble is not None), None)
    click.echo(render_identical(found, configuration.judge, dropped=dropped), nl=False)
    if json_file is not None:
        from wedgate.cli.files import write_whole

        write_whole(json_file, json.dumps(plain_identical(found), indent=2) + "\n")
    return ExitCode.DONE


def _region(asked: str | None, names: list[str]) -> str:
    if asked is None and len(names) == 1:
        return names[0]
    if asked not in names:
        raise UsageError(f"--region: which one? There are {', '.join(names)}")
    return asked


def _kept(path: Path, configuration: Configuration) -> list[Reading]:
    from wedgate.adapters._evidence.recording import read_recording
    from wedgate.judge.values import BASELINE

    evidence = configuration.evidence
    baseline = BASELINE if evidence is not None and "baseline" in evidence.options else None
    try:
        with path.open(encoding="utf-8") as lines:
            return list(read_recording(lines, at=datetime.now(UTC), what=str(path), baseline=baseline))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None


def _live(configuration: Configuration, region: str, lasting: str, keep: Path | None) -> list[Reading]:
    """Read the evidence once a slice until the time is over, or somebody has had enough."""
    from wedgate.cli.rollout_wiring import open_metrics

    duration = duration_option("--for")(lasting)
    source = open_metrics(configuration, region)
    found: list[Reading] = []
    try:
        for _ in _beats(duration.total_seconds(), configuration.judge.slice_length.total_seconds()):
            found.append(source.read(datetime.now(UTC)))
            if keep is not None:
                _append(keep, found[-1:])
    except KeyboardInterrupt:
        click.echo(f"wedgate: {len(found)} readings were taken", err=True)
    return found


def _beats(seconds: float, every: float) -> Iterator[int]:
    """Yield at once, and then at equal distances until the time is over."""
    import time

    began = time.monotonic()
    for beat in range(int(seconds / every) + 1):
        time.sleep(max(0.0, began + beat * every - time.monotonic()))
        yield beat


def _append(path: Path, readings: Iterable[Reading]) -> None:
    from wedgate.adapters._evidence.recording import recorded

    try:
        with path.open("a", encoding="utf-8") as lines:
            lines.writelines(f"{recorded(reading)}\n" for reading in readings)
    except OSError as error:
        raise UsageError(f"--keep: cannot write {path}: {error}") from None
