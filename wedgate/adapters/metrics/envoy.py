"""Evidence from Envoy's own statistics: cumulative counters and latency histograms of both clusters.

What counts as what, seen on Envoy 1.40:

- requests: ``upstream_rq_completed``, every request that got an answer, Envoy's own included.
- errors: ``upstream_rq_5xx``, which includes Envoy's 504 for a timeout and its 503 for a connection that failed or
  broke before the answer; plus answers that broke off in their middle, which Envoy counts as 200 and shows only as
  connections destroyed with a request on them. A connection that broke before the answer is in both counters, so
  only those above the number of 503 are added: nothing counts twice, at the price of missing some. Other codes count
  where they are named.
- latency: ``upstream_rq_time`` in whole milliseconds, rounded down; a bucket is therefore at least 1 ms wide here.
  Requests that timed out are not in it; they are given apart as timeouts.

Histograms are published once per ``stats_flush_interval`` (5 s unless set) while counters are immediate: set it to a
tenth of the judge's slice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from wedgate.adapters._envoy.admin import Admin
from wedgate.adapters._envoy.settings import parse_settings
from wedgate.errors import ExternalSystemError
from wedgate.judge.values import Bucket, ColourSample, Reading
from wedgate.rollout.values import Colour, TargetSettings

_COUNTERS = (
    "upstream_rq_completed",
    "upstream_rq_5xx",
    "upstream_rq_503",
    "upstream_rq_timeout",
    "upstream_cx_destroy_remote_with_active_rq",
    "upstream_rq_rx_reset",
)
_CODES = "upstream_rq_[1-4][0-9][0-9]"
_REFUSAL = re.compile("4[0-9][0-9]")
_HISTOGRAM = "upstream_rq_time"


class EnvoyMetrics:
    """Evidence for one region from the Envoy that serves it. ``errors`` are codes that are failures beside 5xx; an
    ``x`` in them stands for any digit."""

    def __init__(
        self, *, region: str, admin: str, clusters: Mapping[Colour, str] | None = None, errors: Iterable[str] = ()
    ) -> None:
        self._admin = Admin(admin.rstrip("/"), region=region)
        self._clusters = clusters or {colour: colour.value for colour in Colour}
        # Those of 5xx have a counter of their own, which counts always.
        self._errors = tuple(re.compile(f"(?!5){code.lower().replace('x', '[0-9]')}") for code in errors)

    @classmethod
    def beside(cls, settings: TargetSettings, *, errors: Iterable[str] = ()) -> EnvoyMetrics:
        """Read from the same Envoy that this target switches."""
        found = parse_settings(settings)
        return cls(region=found.region, admin=found.admin, clusters=found.clusters, errors=errors)

    def read(self, at: datetime) -> Reading:
        """Read counters and histograms of both clusters; ``ExternalSystemError`` when they cannot be had whole."""
        uptime = timedelta(seconds=self._admin.uptime_seconds())
        names = "|".join(name.replace(".", r"\.") for name in self._clusters.values())
        query = quote(rf"^cluster\.({names})\.({'|'.join((*_COUNTERS, _CODES, _HISTOGRAM))})$")
        plain = self._admin.fetch(f"/stats?format=json&histogram_buckets=detailed&filter={query}")
        try:
            colours = {colour.value: _sample(plain, name, self._errors) for colour, name in self._clusters.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise ExternalSystemError(
                f"{self._admin.region}: the statistics of Envoy at {self._admin.url} cannot be read "
                f"({type(error).__name__}: {error}); are the clusters named {' and '.join(self._clusters.values())}?"
            ) from error
        return Reading(at=at, since=at - uptime, colours=colours)


def _sample(plain: Mapping[str, Any], cluster: str, codes: Sequence[re.Pattern[str]]) -> ColourSample:
    prefix = f"cluster.{cluster}."
    values = {stat["name"]: stat["value"] for stat in plain["stats"] if "name" in stat}
    # Counters of status classes appear with the first such answer; those of the cluster are there from the start.
    timeouts = int(values[prefix + "upstream_rq_timeout"])
    requests = int(values.get(prefix + "upstream_rq_completed", 0))
    broken = sum(int(values[prefix + name]) for name in _COUNTERS[-2:])
    cut_off = max(0, broken - int(values.get(prefix + "upstream_rq_503", 0)))
    answers = {name.removeprefix(f"{prefix}upstream_rq_"): value for name, value in values.items()}
    named = sum(int(count) for code, count in answers.items() if any(each.fullmatch(code) for each in codes))
    refused = sum(
        int(count)
        for code, count in answers.items()
        if _REFUSAL.fullmatch(code) and not any(each.fullmatch(code) for each in codes)
    )
    errors = min(requests, int(values.get(prefix + "upstream_rq_5xx", 0)) + named + cut_off)
    return ColourSample(
        requests=requests,
        errors=errors,
        timeouts=timeouts,
        latency=_buckets(plain["stats"], prefix + _HISTOGRAM),
        refused=refused,
    )


def _buckets(stats: list[Mapping[str, Any]], name: str) -> tuple[Bucket, ...]:
    details = [entry for stat in stats if "histograms" in stat for entry in stat["histograms"]["details"]]
    found: dict[float, Bucket] = {}
    for total in next((entry["totals"] for entry in details if entry["name"] == name), []):
        # Envoy multiplies its edges out in binary: 110 arrives as 110.00000000000001, past the next bucket's edge.
        lower = round(float(total["lower_bound"]), 6)
        # Envoy measures whole milliseconds: [7, 7.1) holds everything that took from 7 to just under 8.
        upper = max(round(lower + float(total["width"]), 6), math.floor(lower) + 1.0)
        found[lower] = Bucket(lower_ms=lower, upper_ms=upper, count=int(total["count"]))
    return tuple(found[lower] for lower in sorted(found))
