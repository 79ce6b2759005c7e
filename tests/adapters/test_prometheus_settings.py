"""Which codes are errors, which are none, and of which nobody knows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from wedgate.adapters._prometheus.settings import parse_settings

GRPC = {"requests": "calls_total", "errors": ["Unavailable", "Internal"], "successes": ["OK", "NotFound"]}


@pytest.mark.parametrize(
    ("metrics", "code", "is_error"),
    [
        ({}, "200", False),
        ({}, "404", False),
        ({}, "503", True),
        ({}, "5xx", True),
        ({}, "5XX", True),
        ({}, "4xx", False),
        ({}, "600", None),
        ({}, "0", None),
        ({}, "", None),
        ({}, "Unavailable", None),
        ({"errors": ["5xx", "499"]}, "4xx", None),
        ({"errors": ["503"]}, "5xx", None),
        ({"errors": ["503"]}, "500", False),
        ({"errors": ["5xx"], "successes": ["501"]}, "501", True),
        (GRPC, "Unavailable", True),
        (GRPC, "OK", False),
        (GRPC, "DeadlineExceeded", None),
        ({"successes": ["0"]}, "0", False),
    ],
)
def test_what_a_code_says(metrics: dict[str, Any], code: str, is_error: bool | None) -> None:
    """Errors come first; a class of codes of which some are errors says nothing."""
    settings = parse_settings({"metrics": metrics}, "eu", slice_length=timedelta(seconds=30))
    assert settings.is_error(code) is is_error


@pytest.mark.parametrize(
    ("metrics", "code", "is_refusal"),
    [
        ({}, "404", True),
        ({}, "4XX", True),
        ({}, "200", False),
        ({}, "503", False),
        ({"errors": ["5xx", "404"]}, "404", False),
        ({"errors": ["5xx", "404"]}, "401", True),
        ({"successes": ["404"]}, "404", False),
        ({"successes": ["4"]}, "4", False),
    ],
)
def test_what_a_refusal_is(metrics: dict[str, Any], code: str, is_refusal: bool) -> None:
    """A code of 4xx that is named neither as an error nor as a success."""
    settings = parse_settings({"metrics": metrics}, "eu", slice_length=timedelta(seconds=30))
    assert settings.is_refusal(code) is is_refusal
