"""Which series are evidence: names, labels and units, from the options of ``judge.evidence``.

Where nothing is said they are those of Envoy's own metrics at ``/stats/prometheus``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wedgate.judge.values import BASELINE
from wedgate.rollout.values import Colour

WHOLE_MS = "whole-ms"
UNITS = {"s": 1000.0, "ms": 1.0, WHOLE_MS: 1.0}
"""Milliseconds in each unit; ``whole-ms`` were rounded down before they were put into a bucket."""

_ENVOY = {
    "requests": "envoy_cluster_upstream_rq",
    "code-label": "envoy_response_code",
    "timeouts": "envoy_cluster_upstream_rq_timeout",
    "latency": "envoy_cluster_upstream_rq_time",
    "unit": WHOLE_MS,
}
_OTHERS = {"code-label": "code", "unit": "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """Which series hold what of a region. ``timeouts``, ``latency``, ``cpu`` and ``memory`` are ``None``
    where there are none.

    ``colours`` has the value of ``colour_label`` for blue, green and, where one is asked for, the baseline.
    ``errors`` are values of the label ``code_label``, and so are ``successes``, beside the codes of HTTP below 600; an
    ``x`` among digits stands for any digit. ``instances`` says
    how many series each metric of a colour has, codes and buckets aside: how many proxies are scraped.
    """

    match: Mapping[str, str]
    colour_label: str
    colours: Mapping[str, str]
    requests: str
    code_label: str
    errors: tuple[str, ...]
    successes: tuple[str, ...]
    timeouts: str | None
    latency: str | None
    cpu: str | None
    memory: str | None
    unit: str
    instances: Mapping[str, int]
    window: timedelta

    @property
    def selector(self) -> str:
        """Return what selects all of the series, of all colours, in one question."""
        names = [self.requests, self.timeouts, self.cpu, self.memory]
        names += [] if self.latency is None else [f"{self.latency}_bucket", self.latency]
        parts = [
            f"__name__=~{json.dumps('|'.join(name for name in names if name))}",
            f"{self.colour_label}=~{json.dumps('|'.join(map(_quoted, self.colours.values())), ensure_ascii=False)}",
            *(f"{label}={json.dumps(value, ensure_ascii=False)}" for label, value in self.match.items()),
        ]
        return "{" + ", ".join(parts) + "}"

    def is_error(self, code: str) -> bool | None:
        """Tell whether an answer with this code is an error; ``None`` where the code says nothing that is known."""
        written = code.lower()
        if any(_means(pattern, code) or pattern == written for pattern in self.errors):
            return True
        if any(_means(pattern, code) or pattern == written for pattern in self.successes):
            return False
        if re.fullmatch("[1-5]xx", written):
            # A class of codes of which some may be errors is neither.
            return None if any(_may_mean(pattern, written) for pattern in self.errors) else False
        return False if re.fullmatch("[1-5][0-9][0-9]", code) else None

    def is_refusal(self, code: str) -> bool:
        """Tell whether an answer with this code is of 4xx, and named neither as an error nor as a success."""
        written = code.lower()
        if re.fullmatch("4(xx|[0-9][0-9])", written) is None or self.is_error(code):
            return False
        return not any(_means(pattern, code) or pattern == written for pattern in self.successes)


def parse_settings(options: Mapping[str, Any], region: str, *, slice_length: timedelta) -> SeriesSettings:
    """Return the settings for a region. ``options`` were checked with the configuration."""
    plain = options.get("metrics", {})
    metrics = {**(_ENVOY if "requests" not in plain else _OTHERS), **plain}
    colours = options.get("colours", {})
    values = {colour.value: colours.get(colour.value, colour.value) for colour in Colour}
    instances = dict.fromkeys(values, options.get("instances", 1))
    if "baseline" in options:
        values[BASELINE] = options["baseline"]["name"]
        instances[BASELINE] = options["baseline"].get("instances", 1)
    return SeriesSettings(
        match={label: _filled(value, region) for label, value in options.get("match", {}).items()},
        colour_label=colours.get("label", "envoy_cluster_name" if "requests" not in plain else "colour"),
        colours={colour: _filled(value, region) for colour, value in values.items()},
        requests=metrics["requests"],
        code_label=metrics["code-label"],
        errors=tuple(metrics.get("errors", ("5xx",))),
        successes=tuple(metrics.get("successes", ())),
        timeouts=metrics.get("timeouts"),
        latency=metrics.get("latency"),
        cpu=metrics.get("cpu"),
        memory=metrics.get("memory"),
        unit=metrics["unit"],
        instances=instances,
        # A reading must see everything that was scraped since the one before it, two slices ago at most, even late.
        window=max(timedelta(minutes=5), 3 * slice_length + timedelta(minutes=2)),
    )


def _filled(text: str, region: str) -> str:
    return text.replace("{region}", region)


def _quoted(text: str) -> str:
    """Return a text for a regular expression of Prometheus that matches it alone."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def _means(pattern: str, code: str) -> bool:
    if not re.fullmatch(r"[0-9x]+", pattern):
        return pattern == code
    return len(pattern) == len(code) and all(
        digit == mark or (mark == "x" and digit in "0123456789") for mark, digit in zip(pattern, code, strict=True)
    )


def _may_mean(pattern: str, codes: str) -> bool:
    """Tell whether a pattern stands for some of a class of codes such as ``4xx``."""
    return len(pattern) == len(codes) and pattern[0] in (codes[0], "x")
