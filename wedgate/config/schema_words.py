"""Pieces of JSON Schema that several keys share."""

from __future__ import annotations

from wedgate.calendars.durations import DURATION_PATTERN
from wedgate.config.scalars import (
    DATABASE_PATTERN,
    LABEL_PATTERN,
    METRIC_PATTERN,
    NAME_PATTERN,
    PERCENT_PATTERN,
    REF_PATTERN,
    VARIABLE_PATTERN,
)
from wedgate.config.templates import PLACE_PATTERN

NAME = {"type": "string", "pattern": NAME_PATTERN}
TEXT = {"type": "string", "minLength": 1}
ARGUMENT = {"type": ["string", "number"]}
COUNT = {"type": "integer", "minimum": 1}
WEIGHT = {"type": "integer", "minimum": 1, "maximum": 100}
BRIDGE = {"type": "integer", "minimum": 1, "maximum": 4}
_COUNTRY_OR_PART = {"type": "string", "pattern": "^[A-Z]{2}(-[A-Z0-9]{1,3})?$"}
COUNTRIES = {"anyOf": [_COUNTRY_OR_PART, {"type": "array", "minItems": 1, "items": _COUNTRY_OR_PART}]}
COUNTRY = {"type": "string", "pattern": "^[A-Z]{2}$"}
PLACE_WORD = {"type": "string", "pattern": PLACE_PATTERN}
DURATION = {"type": "string", "pattern": DURATION_PATTERN, "examples": ["15m", "1h30m", "7d"]}
REF = {"type": "string", "pattern": REF_PATTERN}
DATABASE = {"type": "string", "pattern": DATABASE_PATTERN, "examples": ["env/WEDGATE_DATABASE_URL"]}
VARIABLE = {"type": "string", "pattern": VARIABLE_PATTERN, "examples": ["env/WEDGATE_NOTIFY_URL"]}
LABEL = {"type": "string", "pattern": LABEL_PATTERN}
METRIC = {"type": "string", "pattern": METRIC_PATTERN}
TOKEN = {"type": "string", "pattern": VARIABLE_PATTERN, "examples": ["env/PROMETHEUS_TOKEN"]}
PERCENT = {"type": "string", "pattern": PERCENT_PATTERN, "examples": ["0.5%", "10%"]}
LOAD = {"type": "number", "exclusiveMinimum": 0, "maximum": 10_000}
ZONE = {"type": "string", "pattern": "^(UTC|GMT|[A-Z][A-Za-z_]+(/[A-Za-z_-]+)+)$", "examples": ["Europe/Berlin"]}

_PLACE = f"{NAME_PATTERN[:-1]}(/{NAME_PATTERN[1:-1]})?$"
WHERE = {
    "description": "`all`, a region, `region/market`, or a list of them.",
    "anyOf": [
        {"type": "string", "pattern": _PLACE},
        {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": _PLACE}},
    ],
    "examples": ["all"],
}
NAMES = {
    "anyOf": [
        {"type": "string", "pattern": NAME_PATTERN},
        {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": NAME_PATTERN}},
    ]
}
