"""`wedgate bench live`: readings in, how long noise lasts and how often the judge alarms out."""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wedgate.adapters._evidence.recording import read_recording, recorded
from wedgate.cli.main import cli
from wedgate.errors import ExitCode, ExternalSystemError, UsageError
from wedgate.judge.values import Bucket, ColourSample, Reading, Used

START = datetime(2026, 6, 7, 10, tzinfo=UTC)
CONFIG = """\
version: 1
service: search
regions:
  us-west: {markets: {seattle: {zone: America/Los_Angeles, country: US}}}
rollout:
  strategies: {careful: {kind: canary, steps: [{weight: 50, bake: 20m}]}}
  target: {kind: simulated}
judge: {slice: 1s, latency-p95: {slices: 8}}
state: {kind: file, path: state}
"""


def recording(phi: float, count: int, *, seed: int = 1) -> str:
    """Return readings a second apart of two colours that differ in nothing but noise that lasts."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose
    counts: dict[str, dict[float, int]] = {"blue": {}, "green": {}}
    noise = {colour: rng.gauss(0, 1) for colour in counts}
    lines = []
    for number in range(count + 1):
        colours = {}
        for colour, buckets in counts.items():
            colours[colour] = ColourSample(
                requests=sum(buckets.values()),
                errors=0,
                timeouts=0,
                latency=tuple(Bucket(lower_ms=low, upper_ms=low + 1, count=buckets[low]) for low in sorted(buckets)),
            )
            edge = float(round(1000 * math.exp(0.1 * noise[colour])))
            buckets[edge] = buckets.get(edge, 0) + 20
            noise[colour] = phi * noise[colour] + math.sqrt(1 - phi * phi) * rng.gauss(0, 1)
        lines.append(recorded(Reading(at=START + timedelta(seconds=number), since=START, colours=colours)))
    return "\n".join((*lines, ""))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a configuration."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wedgate.yml").write_text(CONFIG)
    return tmp_path


def live(*words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["bench", "live", "--config", "wedgate.yml", *words], standalone_mode=False)


def test_noise_that_lasts_is_measured_and_what_to_set_is_said(place: Path) -> None:
    """Neighbours correlate by 0.8: the level is broken without a margin, and the duration is named."""
    (place / "kept.jsonl").write_text(recording(0.8, 400))
    found = live("--readings", "kept.jsonl", "--json", "all.json")
    assert found.return_value is ExitCode.DONE, found.output
    plain = json.loads((place / "all.json").read_text())
    lasts = plain["noise_lasts_seconds"]
    assert 4 <= lasts <= 20
    assert f"set judge.noise-lasts: {lasts:.0f}s\n" in found.stdout
    assert "400 slices of 1s, from 2026-06-07T10:00:00+00:00" in found.stdout
    assert "noise-lasts not set, no margin: " in found.stdout
    # Without errors 0.5 % of errors: (1.645 sqrt(2 x 0.0025 x 0.9975) + 0.842 sqrt(0.005 x 0.995))^2 / 0.005^2.
    assert "errors: 0 of 16000 (0 %); 0.5 % more mostly show after 1233 requests on each colour" in found.stdout
    naive = next(rate for rate in plain["rates"] if not rate["with_margin"])
    assert naive["alarms"] / naive["bakes"] > plain["level"]
    assert (plain["kind"], plain["usable"], len(plain["rates"])) == ("identical", 400, 4)


def test_noise_that_does_not_last_needs_nothing(place: Path) -> None:
    """Neighbours that do not hang together."""
    (place / "kept.jsonl").write_text(recording(0.0, 200, seed=4))
    found = live("--readings", "kept.jsonl")
    assert "lasts no longer than a slice: judge.noise-lasts is not needed" in found.stdout


def test_the_evidence_of_the_configuration_is_read_and_kept(place: Path) -> None:
    """A reading each slice; what is kept says the same when it is read again."""
    (place / "wedgate.yml").write_text(
        CONFIG.replace("judge: {slice: 1s", "judge: {evidence: {kind: file, path: now.json}, slice: 1s")
    )
    (place / "now.json").write_text(recording(0.0, 0).strip())
    with pytest.raises(UsageError, match="0 of 1 slices have requests on both colours, and 12 are needed; read for"):
        CliRunner().invoke(
            cli,
            ["bench", "live", "--config", "wedgate.yml", "--for", "1s", "--keep", "kept.jsonl"],
            standalone_mode=False,
            catch_exceptions=False,
        )
    assert (place / "kept.jsonl").read_text().splitlines() == [(place / "now.json").read_text()] * 2


def test_readings_with_a_baseline_compare_with_it(place: Path) -> None:
    """Stable's own counters stand still: only against the baseline is there anything to compare."""
    evidence = "judge: {evidence: {kind: file, path: now.json, baseline: {name: fresh}}, slice: 1s"
    (place / "wedgate.yml").write_text(CONFIG.replace("judge: {slice: 1s", evidence))
    lines = [json.loads(line) for line in recording(0.0, 200, seed=4).splitlines()]
    for line in lines:
        line["colours"]["baseline"] = line["colours"]["blue"]
        line["colours"]["blue"] = lines[0]["colours"]["blue"]
    (place / "kept.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert live("--readings", "kept.jsonl").return_value is ExitCode.DONE
    for line in lines:
        del line["colours"]["baseline"]
    (place / "kept.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert isinstance(live("--readings", "kept.jsonl").exception, ExternalSystemError)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "give either --for DURATION"),
        (("--for", "1s", "--readings", "x"), "give either --for DURATION"),
        (("--readings", "x", "--keep", "y"), "give either --for DURATION"),
        (("--readings", "gone"), "cannot read gone"),
        (("--readings", "gone", "--region", "mars"), "--region: which one? There are us-west"),
    ],
)
def test_wrong_words(place: Path, words: tuple[str, ...], says: str) -> None:
    """One sentence each."""
    found = live(*words)
    assert isinstance(found.exception, UsageError)
    assert says in str(found.exception)


def test_a_line_that_is_no_reading_is_named(place: Path) -> None:
    """With its number."""
    (place / "kept.jsonl").write_text(recording(0.0, 1) + "\n{}\n")
    found = live("--readings", "kept.jsonl")
    assert isinstance(found.exception, ExternalSystemError)
    assert "kept.jsonl, line 4 lacks 'schema_version'" in str(found.exception)


def test_a_recording_is_what_was_read() -> None:
    """Usage and buckets too."""
    used = Used(cpu_seconds=1.5, cpu_off=0.02, memory_bytes=1e6)
    sample = ColourSample(
        requests=9, errors=2, timeouts=1, latency=(Bucket(lower_ms=1, upper_ms=2.5, count=8),), used=used
    )
    plain = ColourSample(requests=0, errors=0, timeouts=0, latency=())
    reading = Reading(at=START, since=START, colours={"blue": sample, "green": plain})
    assert list(read_recording([recorded(reading)], at=START, what="x")) == [reading]
