"""What must hold between the keys of ``judge.evidence``: what each kind needs and has, and what it can be told.

Like ``references`` it reads plain data of any shape and leaves wrong types to ``shape``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wedgate.config.complaints import Complaints, Path
from wedgate.config.templates import words_in

_PATH: Path = ("judge", "evidence")
_NEEDED = {
    "file": {"path": "path: with the place of the file"},
    "prometheus": {"url": 'url: "http://prometheus:9090", where its API is'},
    "command": {"read": 'read: [./read-evidence, "{region}"]'},
}
_OWN = {
    "envoy": ("errors",),
    "file": ("path", "baseline"),
    "prometheus": ("url", "token", "match", "colours", "metrics", "instances", "baseline", "timeout"),
    "command": ("read", "env", "baseline", "timeout"),
}


def check_evidence(evidence: Mapping[str, Any], complaints: Complaints) -> None:
    """Complain about every key that is missing, out of place, or cannot mean anything."""
    kind = evidence.get("kind")
    if not isinstance(kind, str) or kind not in _OWN:
        return
    for key, example in _NEEDED.get(kind, {}).items():
        if key not in evidence:
            complaints.key(_PATH, f"{key!r} is missing", f"add {example}")
    for key in evidence:
        owners = [name for name, keys in _OWN.items() if key in keys]
        if owners and kind not in owners:
            complaints.key((*_PATH, key), f"{kind} has no {key}", f"delete it, or write kind: {' or '.join(owners)}")
    _check_url(evidence.get("url"), complaints)
    _check_colours(evidence.get("colours"), complaints)
    _check_baseline(evidence, complaints)
    _check_codes(evidence.get("errors"), complaints)
    for text, at in _templates(evidence):
        for word in words_in(text):
            if word != "region":
                complaints.value(at, f"unknown word {{{word}}}", "only {region} is filled in here")


def check_usage(judge: Mapping[str, Any], complaints: Complaints) -> None:
    """Complain about CPU and memory that are to be judged and that the evidence does not know."""
    plain = judge.get("evidence")
    evidence: Mapping[str, Any] = plain if isinstance(plain, dict) else {}
    kind, metrics = evidence.get("kind", "envoy"), evidence.get("metrics", {})
    for key, series in (("cpu", "process_cpu_seconds_total"), ("memory", "process_resident_memory_bytes")):
        if not isinstance(judge.get(key), dict):
            continue
        if kind == "envoy":
            what = f"Envoy's statistics do not know what the service uses of {key}"
            complaints.key(("judge", key), what, "take evidence of kind prometheus, command or file")
        elif kind == "prometheus" and isinstance(metrics, dict) and key not in metrics:
            what = f"no metric of {key} is named in evidence"
            complaints.key(("judge", key), what, f"add evidence: {{metrics: {{{key}: {series}}}}}")


def _check_url(url: object, complaints: Complaints) -> None:
    if not isinstance(url, str) or not url.strip():
        return
    at = (*_PATH, "url")
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", url.strip()):
        what = "this is not the address of a Prometheus"
        complaints.value(at, what, "write http:// or https:// and the host, without a question or a fragment")
    elif "@" in url.partition("://")[2].partition("/")[0]:
        complaints.value(at, "a password does not belong into this file", "write token: env/PROMETHEUS_TOKEN")


def _check_codes(codes: object, complaints: Complaints) -> None:
    """Complain about codes that no answer to a request has."""
    for index, code in enumerate(codes if isinstance(codes, list) else ()):
        if isinstance(code, str) and not re.fullmatch("[1-5xX][0-9xX]{2}", code):
            what = f"{code} is no code of HTTP"
            complaints.value((*_PATH, "errors", index), what, 'write three digits, such as "404" or 4xx')


def _check_colours(colours: object, complaints: Complaints) -> None:
    if isinstance(colours, dict) and colours.get("blue", "blue") == colours.get("green", "green"):
        what = "both colours have the same value"
        complaints.key((*_PATH, "colours"), what, "name two different values, for blue and for green")


def _check_baseline(evidence: Mapping[str, Any], complaints: Complaints) -> None:
    """Complain about a baseline that is one of the colours, and about a number of instances that nothing counts."""
    baseline, colours = evidence.get("baseline"), evidence.get("colours")
    if not isinstance(baseline, dict):
        return
    values = colours if evidence["kind"] == "prometheus" and isinstance(colours, dict) else {}
    if baseline.get("name") in (values.get("blue", "blue"), values.get("green", "green")):
        what = f"{baseline['name']} is a colour, and no baseline beside them"
        complaints.value((*_PATH, "baseline", "name"), what, "name what only the instances of the baseline have")
    if "instances" in baseline and evidence["kind"] != "prometheus":
        what = f"{evidence['kind']} counts no instances"
        complaints.key((*_PATH, "baseline", "instances"), what, "delete it, or write kind: prometheus")


def _templates(evidence: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """Yield each text in which ``{region}`` is filled in, with its path."""
    for key in ("path", "url", "read", "match", "colours", "baseline"):
        plain = evidence.get(key)
        inside: list[tuple[object, Path]] = [(plain, (*_PATH, key))]
        if isinstance(plain, list):
            inside = [(text, (*_PATH, key, index)) for index, text in enumerate(plain)]
        elif isinstance(plain, dict):
            inside = [(text, (*_PATH, key, name)) for name, text in plain.items()]
        yield from ((text, at) for text, at in inside if isinstance(text, str))
