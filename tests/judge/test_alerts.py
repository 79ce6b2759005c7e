"""Alertmanager's webhook: which alerts name a release, and what is no webhook."""

from __future__ import annotations

from typing import Any

import pytest

from wedgate.judge.alerts import LONGEST, AlertError, parse_alerts

FIRING: dict[str, Any] = {"status": "firing", "labels": {"alertname": "Slow"}, "annotations": {}}


def hook(*alerts: Any) -> dict[str, Any]:
    """Return a webhook with these alerts."""
    return {"version": "4", "status": "firing", "alerts": list(alerts)}


def test_labels_count_and_annotations_where_there_is_no_label() -> None:
    """Regions come apart at commas; words are in one line, without control characters, and not endless."""
    (alert,) = parse_alerts(
        hook(
            {
                "status": "firing",
                "labels": {"alertname": "Slow", "service": "search", "digest": "sha256:a"},
                "annotations": {"digest": "other", "region": "eu, us,", "summary": f"a\n\x1b[31mb {'x' * 900}"},
                "generatorURL": "javascript:alert(1)",
            }
        )
    )
    assert (alert.name, alert.service, alert.digest, alert.commit) == ("Slow", "search", "sha256:a", None)
    assert alert.regions == ("eu", "us")
    assert alert.text.startswith("alert Slow: a [31mb xxx")
    assert len(alert.text) == LONGEST
    assert alert.is_about(commit="1" * 40, digest="sha256:a")
    assert not alert.is_about(commit="1" * 40, digest="other")


def test_resolved_alerts_are_none() -> None:
    """Also among others that fire."""
    named = {**FIRING, "labels": {"alertname": "Slow", "service": "search", "commit": "1" * 40}}
    assert parse_alerts(hook()) == ()
    assert parse_alerts(hook({**named, "status": "resolved"})) == ()
    assert len(parse_alerts(hook({**named, "status": "resolved"}, named, FIRING))) == 1


@pytest.mark.parametrize(
    ("plain", "says"),
    [
        (None, "Alertmanager's webhook"),
        ([], "Alertmanager's webhook"),
        ({"version": "4"}, "Alertmanager's webhook"),
        ({**hook(), "version": 4}, "version is 4"),
        (hook("x"), r"alerts\[0\]"),
        (hook({**FIRING, "status": "odd"}), r"alerts\[0\]"),
        (hook(FIRING, {**FIRING, "labels": {"a": 1}}), r"alerts\[1\]\.labels"),
        (hook({**FIRING, "annotations": None}), r"alerts\[0\]\.annotations"),
        (hook(FIRING), "Slow names no release"),
        (hook({**FIRING, "labels": {"service": "search"}}), "an alert without a name names no release"),
    ],
)
def test_what_is_no_alert_about_a_release_is_an_error(plain: Any, says: str) -> None:
    """One line that says what is wrong with it."""
    with pytest.raises(AlertError, match=says):
        parse_alerts(plain)
