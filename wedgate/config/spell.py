"""A configuration printed as the text of a wedgate.yml that reads back to the same configuration.

The target of each region was filled in when the file was read, so what differs between regions is printed as words of
``places``. Comments and lines are not part of a configuration and are not printed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from wedgate.calendars.durations import spell_duration
from wedgate.calendars.values import SATURDAY, Calendar, Market, Rule
from wedgate.calendars.weekday_sets import WeekdaySet
from wedgate.config.configuration import Configuration
from wedgate.config.extends import DISABLED
from wedgate.config.rule_keys import fields_of_kind, kind_keys
from wedgate.config.scalars import spell_load, spell_percent
from wedgate.config.templates import COMMANDS, TEMPLATES
from wedgate.judge.values import JudgeSettings, LatencyLimits, UsageLimits
from wedgate.rollout.values import Choice, HookSettings, RolloutSettings, Strategy, StrategyKind, TargetSettings


def spell_configuration(configuration: Configuration) -> str:
    """Return the YAML text; ``parse_configuration`` of it differs only in path, digest and the lines of rules."""
    return "\n".join(_lines(plain_configuration(configuration), 0)) + "\n"


def plain_configuration(configuration: Configuration) -> dict[str, Any]:
    """Return the configuration as the plain data of its file."""
    calendar, rollout = configuration.calendar, configuration.rollout
    plain: dict[str, Any] = {"version": 1, "service": configuration.service, "mode": configuration.mode.value}
    plain["regions"] = {
        region.name: {
            **_plain_extends(configuration.extends.get(region.name, ())),
            "markets": {market.name: _plain_market(market) for market in region.markets},
        }
        for region in calendar.regions
    }
    thresholds = calendar.thresholds
    plain["loads"] = {
        "caution-from": spell_load(thresholds.caution_from),
        "block-from": spell_load(thresholds.block_from),
    }
    # What is extended is not written out: its rows are where it says, and only what is changed of them is said here.
    changes = {row: _plain_change(change) for row, change in configuration.changes.items()}
    own = {rule.id: plain_rule(rule, calendar) for rule in calendar.rules if rule.origin is None}
    if changes or own:
        plain["rules"] = {**changes, **own}
    if rollout is not None:
        plain["rollout"] = _plain_rollout(rollout)
    plain["judge"] = _plain_judge(configuration.judge)
    if configuration.evidence is not None:
        plain["judge"]["evidence"] = {"kind": configuration.evidence.kind, **configuration.evidence.options}
    if rollout is not None:
        plain["judge"]["report-fails"] = rollout.report_fails.value
    if configuration.overrides is not None:
        from wedgate.config.build_overrides import plain_overrides

        plain["overrides"] = plain_overrides(configuration.overrides)
    if configuration.state is not None:
        plain["state"] = {"kind": configuration.state.kind, **configuration.state.options}
    if configuration.notify:
        plain["notify"] = [
            {"to": each.to, "when": [occasion.value for occasion in each.when]} for each in configuration.notify
        ]
    return plain


def _plain_extends(names: Sequence[str]) -> dict[str, Any]:
    return {"extends": names[0] if len(names) == 1 else list(names)} if names else {}


def _plain_change(change: Mapping[str, Any] | None) -> str | dict[str, Any]:
    if change is None:
        return DISABLED
    return {key: "all" if key == "where" and value == ["all"] else value for key, value in change.items()}


def _plain_market(market: Market) -> dict[str, Any]:
    plain = _present(market, only=("zone", "country", "subdivision"))
    if market.wedding_days != SATURDAY:
        plain["wedding-days"] = WeekdaySet(market.wedding_days).spell()
    return plain


def plain_rule(rule: Rule, calendar: Calendar) -> dict[str, Any]:
    """Return one rule as the plain data of its line."""
    places = [str(place) for place in rule.where]
    everywhere = [region.name for region in calendar.regions]
    plain: dict[str, Any] = {"where": "all" if places == everywhere else places[0] if len(places) == 1 else places}
    key = rule.kind.KEY
    if key in kind_keys():
        for field in fields_of_kind(key):
            value = getattr(rule.kind, field.attribute)
            if field.spell is not None and (field.required or value != field.default):
                plain[field.key] = field.spell(value)
    if rule.clock is not None:
        plain["time"] = rule.clock.spell()
    if rule.months is not None:
        from wedgate.calendars.spellings import MonthSet

        plain["months"] = MonthSet(rule.months).spell()
    if rule.effect is not None:
        plain["effect"] = rule.effect.value
    if rule.load is not None:
        plain["load"] = spell_load(rule.load)
    if rule.pad is not None:
        plain["pad"] = rule.pad.spell()
    if rule.bridge:
        plain["bridge"] = rule.bridge
    if rule.countries is not None:
        plain["countries"] = list(rule.countries)
    return {**plain, **_present(rule, only=("zone", "reason"))}


def _present(value: Any, *, only: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in only if getattr(value, name) is not None}


def _plain_judge(judge: JudgeSettings) -> dict[str, Any]:
    usage = {"cpu": judge.cpu, "memory": judge.memory}
    return {
        "slice": spell_duration(judge.slice_length),
        "errors": {
            "worse-by": spell_percent(judge.errors.worse_by),
            "never-above": spell_percent(judge.errors.never_above),
            "requests": judge.errors.requests,
        },
        "latency-p95": _latency(judge.latency),
        **({"noise-lasts": spell_duration(judge.noise_lasts)} if judge.noise_lasts else {}),
        **{key: _plain_usage(limits) for key, limits in usage.items() if limits is not None},
        "false-alarms": spell_percent(judge.false_alarms),
    }


def _latency(limits: LatencyLimits) -> dict[str, Any]:
    ceiling = {} if limits.never_above_ms is None else {"never-above-ms": limits.never_above_ms}
    return {"worse-by": spell_percent(limits.worse_by), "slices": limits.slices, **ceiling}


def _plain_usage(limits: UsageLimits) -> dict[str, Any]:
    fixed = {} if limits.fixed is None else {"fixed": spell_percent(limits.fixed)}
    return {"worse-by": spell_percent(limits.worse_by), **fixed}


def _plain_rollout(rollout: RolloutSettings) -> dict[str, Any]:
    hooks = {point.value: _plain_hook(hook) for point, hook in rollout.hooks.items()}
    return {
        "waves": [list(wave) for wave in rollout.waves],
        **({"order": [{"first": [first], "then": [then]} for first, then in rollout.order]} if rollout.order else {}),
        "in-flight": rollout.in_flight,
        "window-closes": rollout.window_closes.value,
        "reserve": spell_duration(rollout.reserve),
        "max-unwatched": spell_duration(rollout.max_unwatched),
        "strategies": {name: _plain_strategy(strategy) for name, strategy in rollout.strategies.items()},
        "choose": [_plain_choice(choice) for choice in rollout.choose],
        "target": _plain_target(rollout.targets),
        **({"hooks": hooks} if hooks else {}),
    }


def _plain_hook(hook: HookSettings) -> dict[str, Any]:
    env = {"env": list(hook.env)} if hook.env else {}
    return {"command": list(hook.command), "timeout": spell_duration(hook.limit), **env}


def _plain_strategy(strategy: Strategy) -> dict[str, Any]:
    kind: dict[str, Any] = {"kind": strategy.kind.value}
    against = {"against": "limits"} if strategy.against_limits else {}
    first = strategy.steps[0]
    if strategy.kind is not StrategyKind.CANARY:
        by = {"step": first.weight} if strategy.kind is StrategyKind.LINEAR else {}
        bake = {"bake": spell_duration(first.bake)} if first.bake else {}
        return {**kind, **by, **bake, **against}
    steps = [
        {"weight": step.weight, **({"bake": spell_duration(step.bake)} if step.bake else {})} for step in strategy.steps
    ]
    return {**kind, "steps": steps, **against}


def _plain_choice(choice: Choice) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    if choice.verdict is not None:
        plain["verdict"] = choice.verdict.value
    if choice.where is not None:
        plain["where"] = list(choice.where)
    return {**plain, "use": choice.use}


def _plain_target(targets: Mapping[str, TargetSettings]) -> dict[str, Any]:
    places: dict[str, dict[str, str]] = {region: {} for region in targets}
    first = next(iter(targets.values()))
    plain: dict[str, Any] = {"kind": first.kind}

    def template(word: str, texts: Mapping[str, str]) -> str:
        if len(set(texts.values())) == 1:
            return next(iter(texts.values()))
        for region, text in texts.items():
            places[region][word] = text
        return f"{{{word}}}"

    def option(*path: str) -> dict[str, Any] | None:
        found = {}
        for region, target in targets.items():
            value: Any = target.options
            for part in path:
                value = value.get(part) if isinstance(value, Mapping) else None
            if value is None:
                return None
            found[region] = value
        return found

    for key in TEMPLATES:
        if (texts := option(key)) is not None:
            plain[key] = template(key, texts)
    for key, parts in (("clusters", ("blue", "green")), ("backends", ("blue", "green")), ("verify", ("url", "field"))):
        if option(key) is not None:
            plain[key] = {part: template(f"{key}-{part}", option(key, part) or {}) for part in parts}
    for key in COMMANDS:
        if (commands := option(key)) is not None:
            words = range(len(next(iter(commands.values()))))
            plain[key] = [
                template(f"{key}-{index}", {region: command[index] for region, command in commands.items()})
                for index in words
            ]
        if (timeouts := option(f"{key}-timeout")) is not None:
            plain[f"{key}-timeout"] = spell_duration(timedelta(seconds=next(iter(timeouts.values()))))
    for region, target in targets.items():
        addresses: Any = target.options.get("addresses", {})
        places[region].update(addresses)
    filled = {region: place for region, place in places.items() if place}
    return {**plain, **({"places": filled} if filled else {})}


def _lines(plain: Mapping[str, Any], depth: int) -> list[str]:
    lines = []
    for key, value in plain.items():
        word = f"{'  ' * depth}{_scalar(key)}:"
        if isinstance(value, Mapping) and value:
            one_line = f"{word} {_flow(value)}"
            if depth and len(one_line) <= 118 and not any(isinstance(inner, Mapping) for inner in value.values()):
                lines.append(one_line)
            else:
                lines += [word, *_lines(value, depth + 1)]
        elif isinstance(value, list) and any(isinstance(element, Mapping) for element in value):
            lines += [word, *(f"{'  ' * (depth + 1)}- {_flow(element)}" for element in value)]
        else:
            lines.append(f"{word} {_flow(value)}")
    return lines


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(element) for element in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """Write a scalar plainly where YAML reads the same text back, else in double quotes."""
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _is_plain(value) else f'"{"".join(_escaped(character) for character in value)}"'


def _escaped(character: str) -> str:
    # Not JSON's escapes: its pairs of surrogates are no characters to YAML.
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08X}"


def _is_plain(text: str) -> bool:
    from wedgate.config.nodes import plain_scalar

    simple = text.isascii() and text[:1].isalnum() and all(char.isalnum() or char in "-_./%" for char in text)
    return simple and isinstance(plain_scalar(text), str)
