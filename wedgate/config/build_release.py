"""The release's half of a configuration: strategies, targets and judge, from validated plain data.

Kept from the gate's half so that `wedgate check` does not pay for a rollout that it never looks at.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from wedgate.calendars.durations import parse_duration
from wedgate.calendars.values import Verdict
from wedgate.config.build_state import options_of
from wedgate.config.configuration import EvidenceSettings, Release
from wedgate.config.scalars import parse_percent
from wedgate.config.templates import COMMANDS, TEMPLATES, fill
from wedgate.judge.values import ErrorLimits, JudgeSettings, LatencyLimits, UsageLimits
from wedgate.rollout.notices import Destination, Occasion
from wedgate.rollout.strategies import completed
from wedgate.rollout.values import (
    DEFAULT_UNWATCHED,
    Choice,
    HookPoint,
    HookSettings,
    ReportFails,
    RolloutSettings,
    Step,
    Strategy,
    StrategyKind,
    TargetSettings,
    WindowCloses,
)

Plain = Mapping[str, Any]

DEFAULT_RESERVE = "20m"


def build_release(data: Plain, regions: tuple[str, ...]) -> Release:
    """Build everything but the gate's half of a file that has these regions."""
    rollout, judge = data.get("rollout"), data.get("judge", {})
    return Release(
        rollout=_rollout(rollout, regions, judge) if rollout else None,
        judge=_judge(judge),
        evidence=EvidenceSettings(kind=judge["evidence"]["kind"], options=options_of(judge["evidence"]))
        if "evidence" in judge
        else None,
        notify=tuple(_destination(plain) for plain in data.get("notify", ())),
    )


def _destination(plain: Plain) -> Destination:
    return Destination(to=plain["to"], when=tuple(Occasion(word) for word in plain.get("when", tuple(Occasion))))


def _judge(plain: Plain) -> JudgeSettings:
    default = JudgeSettings()
    errors, latency = plain.get("errors", {}), plain.get("latency-p95", {})
    return JudgeSettings(
        slice_length=parse_duration(plain["slice"]) if "slice" in plain else default.slice_length,
        errors=ErrorLimits(
            worse_by=_percent(errors, "worse-by", default.errors.worse_by),
            never_above=_percent(errors, "never-above", default.errors.never_above),
            requests=errors.get("requests", default.errors.requests),
        ),
        latency=LatencyLimits(
            quantile=default.latency.quantile,
            worse_by=_percent(latency, "worse-by", default.latency.worse_by),
            slices=latency.get("slices", default.latency.slices),
            never_above_ms=latency.get("never-above-ms"),
        ),
        noise_lasts=parse_duration(plain["noise-lasts"]) if "noise-lasts" in plain else default.noise_lasts,
        cpu=_usage(plain["cpu"]) if "cpu" in plain else None,
        memory=_usage(plain["memory"]) if "memory" in plain else None,
        false_alarms=_percent(plain, "false-alarms", default.false_alarms),
    )


def _usage(plain: Plain) -> UsageLimits:
    return UsageLimits(
        worse_by=_percent(plain, "worse-by", UsageLimits().worse_by),
        fixed=parse_percent(plain["fixed"]) if "fixed" in plain else None,
    )


def _percent(plain: Plain, key: str, default: Decimal) -> Decimal:
    return parse_percent(plain[key]) if key in plain else default


def _rollout(plain: Plain, names: tuple[str, ...], judge: Plain) -> RolloutSettings:
    strategies = {name: build_strategy(name, options) for name, options in plain["strategies"].items()}
    only = next(iter(strategies))
    return RolloutSettings(
        waves=tuple(tuple(wave) for wave in plain.get("waves", [[name] for name in names])),
        order=tuple(
            (first, then) for line in plain.get("order", ()) for first in line["first"] for then in line["then"]
        ),
        in_flight=plain.get("in-flight", 1),
        window_closes=WindowCloses(plain.get("window-closes", WindowCloses.HOLD)),
        reserve=parse_duration(plain.get("reserve", DEFAULT_RESERVE)),
        strategies=strategies,
        choose=tuple(_choice(line) for line in plain.get("choose", [{"use": only}])),
        targets={name: build_target(name, plain["target"]) for name in names},
        report_fails=ReportFails(judge.get("report-fails", ReportFails.ROLLBACK)),
        max_unwatched=parse_duration(plain["max-unwatched"]) if "max-unwatched" in plain else DEFAULT_UNWATCHED,
        hooks={HookPoint(name): _hook(HookPoint(name), hook) for name, hook in plain.get("hooks", {}).items()},
    )


def _hook(point: HookPoint, plain: Plain) -> HookSettings:
    limit = parse_duration(plain["timeout"]) if "timeout" in plain else point.usual
    return HookSettings(command=tuple(plain["command"]), limit=limit, env=tuple(plain.get("env", ())))


def build_strategy(name: str, plain: Plain) -> Strategy:
    """Build a strategy with every step spelled out: the last gives the candidate all traffic."""
    kind = StrategyKind(plain["kind"])
    given = Strategy(name=name, kind=kind, steps=_steps(kind, plain), against_limits=plain.get("against") == "limits")
    return completed(given)


def _steps(kind: StrategyKind, plain: Plain) -> tuple[Step, ...]:
    bake = parse_duration(plain["bake"]) if "bake" in plain else timedelta(0)
    if kind is StrategyKind.CANARY:
        return tuple(
            Step(weight=step["weight"], bake=parse_duration(step["bake"]) if "bake" in step else timedelta(0))
            for step in plain["steps"]
        )
    return (Step(weight=plain.get("step", 100), bake=bake),)


def _choice(plain: Plain) -> Choice:
    return Choice(
        use=plain["use"],
        verdict=Verdict(plain["verdict"]) if "verdict" in plain else None,
        where=tuple(plain["where"]) if "where" in plain else None,
    )


def build_target(region: str, plain: Plain) -> TargetSettings:
    """Build one region's target with every template filled in but those that depend on the call."""
    place: Mapping[str, str] = plain.get("places", {}).get(region, {})

    def filled(text: str) -> str:
        return fill(text, region, place).strip()

    options: dict[str, object] = {key: filled(plain[key]) for key in TEMPLATES if key in plain}
    if plain["kind"] == "envoy":
        clusters = plain.get("clusters", {})
        options["clusters"] = {colour: filled(clusters.get(colour, colour)) for colour in ("blue", "green")}
    if "backends" in plain:
        backends = plain["backends"]
        options["backends"] = {colour: filled(backends.get(colour, colour)) for colour in ("blue", "green")}
    for key in COMMANDS:
        if key in plain:
            options[key] = tuple(fill(word, region, place) for word in plain[key])
        if f"{key}-timeout" in plain:
            options[f"{key}-timeout"] = int(parse_duration(plain[f"{key}-timeout"]).total_seconds())
    if "verify" in plain:
        verify = {"field": "digest", **plain["verify"]}
        options["verify"] = {"url": filled(verify["url"]), "field": verify["field"]}
    addresses = {colour: place[colour].strip() for colour in ("blue", "green") if colour in place}
    if addresses:
        options["addresses"] = addresses
    return TargetSettings(kind=plain["kind"], region=region, options=options)
