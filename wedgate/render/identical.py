"""A stretch of identical versions as words: how long noise lasts, what to set, and how often the judge alarmed."""

from __future__ import annotations

from typing import Any

from wedgate.calendars.durations import spell_duration
from wedgate.judge.identical import AlarmRate, Identical
from wedgate.judge.values import JudgeSettings
from wedgate.judge.wording import spell_percent


def render_identical(found: Identical, settings: JudgeSettings, *, dropped: str | None) -> str:
    """Return the lines; ``dropped`` is why the first slice that is not used is not."""
    unused = found.slices - found.usable
    lost = f", {unused} dropped ({dropped})" if unused else ""
    lines = [
        f"{found.usable} slices of {spell_duration(found.slice_length)}{lost}, from {found.start.isoformat()} to "
        f"{found.end.isoformat()}",
        f"neighbours correlate by {found.correlation:.2f}; chance gives {found.by_chance:.2f} at most",
        _advice(found, settings),
        f"false alarms, where nothing differs; stated is a level of {spell_percent(float(found.level))} for a step:",
    ]
    return "\n".join((*lines, *(f"  {_rate(rate, settings)}" for rate in found.rates), ""))


def plain_identical(found: Identical) -> dict[str, Any]:
    """Return it as plain data, durations in seconds."""
    return {
        "schema_version": 1,
        "kind": "identical",
        "start": found.start.isoformat(),
        "end": found.end.isoformat(),
        "slices": found.slices,
        "usable": found.usable,
        "slice_seconds": found.slice_length.total_seconds(),
        "correlation": found.correlation,
        "correlation_by_chance": found.by_chance,
        "noise_lasts_seconds": found.noise_lasts.total_seconds(),
        "level": float(found.level),
        "rates": [
            {
                "noise_lasts_seconds": rate.noise_lasts.total_seconds(),
                "with_margin": rate.with_margin,
                "slices": rate.slices,
                "bakes": rate.bakes,
                "alarms": rate.alarms,
                "at_most": rate.at_most,
            }
            for rate in found.rates
        ],
    }


def _advice(found: Identical, settings: JudgeSettings) -> str:
    if not found.noise_lasts:
        return "noise that the colours do not share lasts no longer than a slice: judge.noise-lasts is not needed"
    words = f"noise that the colours do not share lasts {spell_duration(found.noise_lasts)}"
    if settings.noise_lasts >= found.noise_lasts:
        return f"{words}; judge.noise-lasts is long enough"
    return f"{words}: set judge.noise-lasts: {spell_duration(found.noise_lasts)}"


def _rate(rate: AlarmRate, settings: JudgeSettings) -> str:
    lasts = f"noise-lasts {spell_duration(rate.noise_lasts)}" if rate.noise_lasts else "noise-lasts not set"
    margin = f"margin {spell_percent(float(settings.latency.worse_by))}" if rate.with_margin else "no margin"
    if not rate.bakes:
        return f"{lasts}, {margin}: not known, a bake takes {rate.slices} slices"
    return (
        f"{lasts}, {margin}: {rate.alarms} of {rate.bakes} bakes of {rate.slices} slices "
        f"({spell_percent(rate.alarms / rate.bakes)}, at most {spell_percent(rate.at_most)})"
    )
