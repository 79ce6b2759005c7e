"""Validated plain data to ``Configuration``: the one builder, for a fresh file and for one remembered from before.

It imports neither pydantic nor YAML, so that a configuration which was validated once costs little to use again.
Defaults of sections that are left out are those of the value types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from wedgate.calendars.kinds import EVERY_DAY, RuleKind, kind_named
from wedgate.calendars.matches import Modifier
from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.spellings import MonthSet
from wedgate.calendars.values import (
    Calendar,
    ClockRange,
    Effect,
    LoadThresholds,
    Market,
    Place,
    Region,
    Rule,
    Verdict,
)
from wedgate.config.configuration import Configuration, EvidenceSettings, StateSettings
from wedgate.config.rule_keys import fields_of_kind, kind_keys_in
from wedgate.config.scalars import parse_duration, parse_load, parse_percent
from wedgate.config.templates import fill
from wedgate.gate.decision import Mode
from wedgate.judge.values import ErrorLimits, JudgeSettings, LatencyLimits
from wedgate.rollout.values import (
    Choice,
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


class RuleError(SpellingError):
    """A rule whose keys are each well spelled, but not together; ``rule`` is its id."""

    def __init__(self, rule: str, error: SpellingError) -> None:
        self.rule = rule
        super().__init__(error.what, error.remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """Normal plain data of one file, and the line of each rule; what is remembered between runs."""

    data: Plain
    lines: Mapping[str, int]


def build(validated: Validated, *, path: str, digest: str) -> Configuration:
    """Build the configuration; ``SpellingError`` when the data is not what validation left."""
    data = validated.data
    regions = tuple(_region(name, plain) for name, plain in data["regions"].items())
    rollout, judge = data.get("rollout"), data.get("judge", {})
    state = data.get("state")
    return Configuration(
        path=path,
        digest=digest,
        service=data["service"],
        mode=Mode(data.get("mode", Mode.ENFORCE)),
        calendar=Calendar(
            regions=regions,
            rules=tuple(build_rules(validated)),
            thresholds=_thresholds(data.get("loads", {})),
        ),
        rollout=_rollout(rollout, regions, judge) if rollout else None,
        judge=_judge(judge),
        evidence=_evidence(judge["evidence"]) if "evidence" in judge else None,
        state=StateSettings(kind=state["kind"], options=_options(state)) if state else None,
    )


def build_rules(validated: Validated) -> list[Rule]:
    """Build every rule; ``RuleError`` for the first whose keys do not go together."""
    names = tuple(validated.data["regions"])
    rules = []
    for rule_id, plain in validated.data.get("rules", {}).items():
        try:
            rules.append(build_rule(rule_id, plain, regions=names, line=validated.lines.get(rule_id)))
        except SpellingError as error:
            raise RuleError(rule_id, error) from None
    return rules


def build_rule(rule_id: str, plain: Plain, *, regions: tuple[str, ...], line: int | None) -> Rule:
    """Build one rule; ``SpellingError`` when its keys do not go together."""
    keys = kind_keys_in(dict(plain)) or (EVERY_DAY,)
    kind: Any = kind_named(keys[0])
    values = {field.attribute: field.parse(plain[field.key]) for field in fields_of_kind(keys[0]) if field.key in plain}
    made: RuleKind = kind(**values)
    for modifier in Modifier:
        refusal = made.refuses(modifier) if modifier.value in plain else None
        if refusal is not None:
            raise refusal
    where = regions if plain["where"] == ["all"] else plain["where"]
    return Rule(
        id=rule_id,
        where=tuple(_place(place) for place in where),
        kind=made,
        months=MonthSet.parse(plain["months"]) if "months" in plain else None,
        clock=ClockRange.parse(plain["time"]) if "time" in plain else None,
        zone=plain.get("zone"),
        effect=Effect(plain["effect"]) if "effect" in plain else None,
        load=parse_load(plain["load"]) if "load" in plain else None,
        reason=plain.get("reason"),
        line=line,
    )


def _place(text: str) -> Place:
    region, _, market = text.partition("/")
    return Place(region=region, market=market or None)


def _region(name: str, plain: Plain) -> Region:
    markets = tuple(
        Market(
            name=market,
            zone=options["zone"],
            country=options["country"],
            subdivision=options.get("subdivision"),
        )
        for market, options in plain["markets"].items()
    )
    return Region(name=name, markets=markets)


def _thresholds(plain: Plain) -> LoadThresholds:
    default = LoadThresholds()
    return LoadThresholds(
        caution_from=parse_load(plain["caution-from"]) if "caution-from" in plain else default.caution_from,
        block_from=parse_load(plain["block-from"]) if "block-from" in plain else default.block_from,
    )


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
        ),
        false_alarms=_percent(plain, "false-alarms", default.false_alarms),
    )


def _percent(plain: Plain, key: str, default: Decimal) -> Decimal:
    return parse_percent(plain[key]) if key in plain else default


def _evidence(plain: Plain) -> EvidenceSettings:
    return EvidenceSettings(kind=plain["kind"], options=_options(plain))


def _options(plain: Plain) -> dict[str, object]:
    return {key: value for key, value in plain.items() if key != "kind"}


def _rollout(plain: Plain, regions: tuple[Region, ...], judge: Plain) -> RolloutSettings:
    names = tuple(region.name for region in regions)
    strategies = {name: build_strategy(name, options) for name, options in plain["strategies"].items()}
    only = next(iter(strategies))
    return RolloutSettings(
        waves=tuple(tuple(wave) for wave in plain.get("waves", [[name] for name in names])),
        in_flight=plain.get("in-flight", 1),
        window_closes=WindowCloses(plain.get("window-closes", WindowCloses.HOLD)),
        reserve=parse_duration(plain.get("reserve", DEFAULT_RESERVE)),
        strategies=strategies,
        choose=tuple(_choice(line) for line in plain.get("choose", [{"use": only}])),
        targets={name: build_target(name, plain["target"]) for name in names},
        report_fails=ReportFails(judge.get("report-fails", ReportFails.ROLLBACK)),
    )


def build_strategy(name: str, plain: Plain) -> Strategy:
    """Build a strategy with every step spelled out: the last gives the candidate all traffic."""
    kind = StrategyKind(plain["kind"])
    if kind is StrategyKind.BLUE_GREEN:
        return Strategy(name=name, kind=kind, steps=(Step(weight=100, bake=parse_duration(plain["bake"])),))
    steps = [
        Step(weight=step["weight"], bake=parse_duration(step["bake"]) if "bake" in step else timedelta(0))
        for step in plain["steps"]
    ]
    if steps[-1].weight < 100:
        steps.append(Step(weight=100, bake=timedelta(0)))
    return Strategy(name=name, kind=kind, steps=tuple(steps))


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

    options: dict[str, object] = {key: filled(plain[key]) for key in ("admin", "routes") if key in plain}
    if plain["kind"] == "envoy":
        clusters = plain.get("clusters", {})
        options["clusters"] = {colour: filled(clusters.get(colour, colour)) for colour in ("blue", "green")}
    if "deploy" in plain:
        options["deploy"] = tuple(fill(word, region, place) for word in plain["deploy"])
    if "deploy-timeout" in plain:
        options["deploy-timeout"] = int(parse_duration(plain["deploy-timeout"]).total_seconds())
    if "verify" in plain:
        verify = {"field": "digest", **plain["verify"]}
        options["verify"] = {"url": filled(verify["url"]), "field": verify["field"]}
    addresses = {colour: place[colour].strip() for colour in ("blue", "green") if colour in place}
    if addresses:
        options["addresses"] = addresses
    return TargetSettings(kind=plain["kind"], region=region, options=options)
