"""Property: a configuration printed back and read again is the same, whatever valid configuration it is."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from wedgate.config.configuration import Configuration
from wedgate.config.load import parse_configuration
from wedgate.config.spell import spell_configuration

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True).filter(lambda name: name != "all")
texts = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
durations = st.integers(1, 86_400).map(lambda seconds: f"{seconds}s")
percents = st.decimals("0.001", 100, places=3).map(lambda share: f"{share}%")
loads = st.one_of(st.integers(1, 20), st.floats(0.01, 50, allow_nan=False).map(lambda load: round(load, 3)))
zones = st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/New_York", "UTC", "Australia/Lord_Howe"])
countries = st.sampled_from([("NO", None), ("DE", "BE"), ("US", "NY"), ("SG", None)])
clocks = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda ends: ends[0] != ends[1])
weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
months = ["january", "february", "march", "april", "may", "june", "october", "december"]
days = st.tuples(st.integers(1, 12), st.integers(1, 28)).map(lambda day: f"{day[0]:02}-{day[1]:02}")
kinds = st.one_of(
    st.fixed_dictionaries({"weekdays": st.lists(st.sampled_from(weekdays), min_size=1, unique=True)}),
    st.fixed_dictionaries({"yearly": days}),
    st.fixed_dictionaries({"yearly": st.tuples(days, days).filter(lambda d: d[0] != d[1]).map("..".join)}),
    st.fixed_dictionaries({"dates": days.map(lambda day: f"2027-{day}")}),
    st.fixed_dictionaries(
        {"holidays": st.just("public")}, optional={"except": st.lists(texts, min_size=1, unique=True)}
    ),
    st.fixed_dictionaries({"months": st.lists(st.sampled_from(months), min_size=1, unique=True)}),
)


def clock(ends: tuple[int, int]) -> str:
    """Spell minutes of the day as a range of times."""
    return "..".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in ends)


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid wedgate.yml as plain data."""
    regions: dict[str, Any] = {}
    for region in draw(st.lists(names, min_size=1, max_size=3, unique=True)):
        markets = {}
        for market in draw(st.lists(names, min_size=1, max_size=2, unique=True)):
            country, subdivision = draw(countries)
            markets[market] = {"zone": draw(zones), "country": country}
            if subdivision and draw(st.booleans()):
                markets[market]["subdivision"] = subdivision
        regions[region] = {"markets": markets}
    places = [*regions, *(f"{region}/{market}" for region in regions for market in regions[region]["markets"])]
    rules = {}
    for name in draw(st.lists(names, max_size=4, unique=True)):
        rule = {"where": draw(st.one_of(st.just("all"), st.lists(st.sampled_from(places), min_size=1, unique=True)))}
        rule |= draw(kinds)
        rule |= draw(
            st.fixed_dictionaries(
                {}, optional={"time": clocks.map(clock), "zone": zones, "reason": texts, "load": loads}
            )
        )
        if "load" not in rule or draw(st.booleans()):
            rule["effect"] = draw(st.sampled_from(["block", "caution", "allow"]))
        rules[name] = rule
    low = draw(st.integers(1, 5))
    file: dict[str, Any] = {
        "version": 1,
        "service": draw(names),
        "mode": draw(st.sampled_from(["enforce", "observe"])),
        "regions": regions,
        "loads": {"caution-from": low, "block-from": low + draw(st.integers(0, 5))},
        "rules": rules,
        "judge": {
            "slice": draw(durations),
            "errors": {
                "worse-by": draw(percents),
                "never-above": draw(percents),
                "requests": draw(st.integers(1, 9999)),
            },
            "latency-p95": {
                "worse-by": draw(percents),
                "slices": draw(st.integers(1, 99)),
                **draw(st.sampled_from([{}, {"never-above-ms": 800}])),
            },
            "evidence": {"kind": "file", "path": "readings.json"},
            "noise-lasts": draw(durations),
            "cpu": {"worse-by": draw(percents), "fixed": draw(percents)},
            "memory": {"worse-by": draw(percents)},
            "false-alarms": draw(percents),
            "report-fails": draw(st.sampled_from(["rollback", "hold", "retreat"])),
        },
    }
    if draw(st.booleans()):
        file["rollout"] = draw(rollouts(list(regions)))
        file["state"] = {"kind": "file", "path": draw(texts)}
    return file


@st.composite
def rollouts(draw: st.DrawFn, regions: list[str]) -> dict[str, Any]:
    """Draw a rollout section for these regions, with words that differ between them."""
    weights = sorted(draw(st.sets(st.integers(1, 99), min_size=1, max_size=4)))
    canary = {"kind": "canary", "steps": [{"weight": weight, "bake": draw(durations)} for weight in weights]}
    order = draw(st.permutations(regions))
    rack = st.text("abc{}0 /:", max_size=6)
    return {
        "waves": [[region] for region in order[: draw(st.integers(1, len(order)))]],
        "in-flight": draw(st.integers(1, len(regions))),
        "reserve": draw(durations),
        "max-unwatched": draw(durations),
        "window-closes": draw(st.sampled_from(["hold", "finish", "retreat"])),
        "strategies": {
            "one": canary,
            "two": {"kind": "blue-green", "bake": draw(durations), "against": "limits"},
            "three": {"kind": "linear", "step": draw(st.integers(1, 99)), "bake": draw(durations)},
            "four": {"kind": "all-at-once"},
        },
        "choose": [
            {"verdict": "caution", "use": "two"},
            {"where": draw(st.sampled_from(regions)), "use": "one"},
            {"use": "one"},
        ],
        "target": {
            "kind": "envoy",
            "admin": "http://{region}:{port}",
            "routes": draw(st.sampled_from(["/srv/{region}.json", "/srv/{rack}", "/srv/x"])),
            "deploy": ["./deploy", "{digest}", "{rack}", "-{region}-", draw(st.sampled_from(["$x", "{colour}", " "]))],
            "verify": {"url": "http://{address}/{rack}", "field": draw(texts)},
            "deploy-timeout": draw(durations),
            "places": {
                region: {
                    "port": draw(st.integers(1, 9)),
                    "rack": draw(rack.filter(lambda text: "{" not in text and text.strip()))
                    + draw(st.sampled_from(["", "{colour}"])),
                    "blue": "127.0.0.1:1",
                    "green": draw(st.sampled_from(["127.0.0.1:2", "[::1]:3"])),
                }
                for region in regions
            },
        },
    }


def comparable(configuration: Configuration) -> tuple[object, ...]:
    """Return what a configuration says without what printing cannot keep: path, digest and lines."""
    rules = tuple(dataclasses.replace(rule, line=None) for rule in configuration.calendar.rules)
    calendar = dataclasses.replace(configuration.calendar, rules=rules)
    release = (configuration.rollout, configuration.judge, configuration.evidence, configuration.state)
    return configuration.service, configuration.mode, calendar, *release


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(files())
def test_printed_and_read_again_it_is_the_same(file: dict[str, Any]) -> None:
    """``parse(spell(c)) == c`` up to path, digest and lines, and what is printed twice is the same text."""
    read = parse_configuration(json.dumps(file, ensure_ascii=False).encode(), name="f")
    printed = spell_configuration(read)
    again = parse_configuration(printed.encode(), name="f")
    assert comparable(again) == comparable(read)
    assert spell_configuration(again) == printed
