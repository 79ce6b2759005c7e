"""Alertmanager's webhook: which alerts name a release, and what is no webhook."""

from __future__ import annotations

from typing import Any

import pytest

from wedgate.judge.alerts import LONGEST, AlertError, Alerts, parse_alerts

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
    ).firing
    assert (alert.name, alert.service, alert.digest, alert.commit) == ("Slow", "search", "sha256:a", None)
    assert alert.regions == ("eu", "us")
    assert alert.text.startswith("alert Slow: a [31mb xxx")
    assert len(alert.text) == LONGEST
    assert alert.is_about(commit="1" * 40, digest="sha256:a")
    assert not alert.is_about(commit="1" * 40, digest="other")


def test_resolved_alerts_are_none() -> None:
    """Also among others that fire."""
    named = {**FIRING, "labels": {"alertname": "Slow", "service": "search", "commit": "1" * 40}}
    assert parse_alerts(hook()) == Alerts(firing=())
    assert parse_alerts(hook({**named, "status": "resolved"})) == Alerts(firing=())
    assert len(parse_alerts(hook({**named, "status": "resolved"}, named, FIRING)).firing) == 1


def test_what_is_wrong_with_one_takes_no_other_with_it() -> None:
    """Alertmanager does not send a group again that was refused: the alert beside it would be lost."""
    labels = {"alertname": "Slow", "service": "search", "commit": "A" * 40}
    good = {"status": "firing", "labels": labels, "annotations": None}
    short = {**good, "labels": {**labels, "alertname": "Short", "commit": "abc123"}}
    found = parse_alerts(hook("x", {**FIRING, "labels": {"a": 1}}, short, good))
    assert [alert.commit for alert in found.firing] == ["a" * 40]
    assert len(found.troubles) == 3
    assert "Short names the commit 'abc123'; all 40 digits are needed" in found.troubles


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
        (hook({**FIRING, "annotations": "x"}), r"alerts\[0\]\.annotations"),
        (hook({**FIRING, "labels": {"service": "search", "commit": "abc"}}), "all 40 digits are needed"),
        (hook(FIRING), "Slow names no release"),
        (hook({**FIRING, "labels": {"service": "search"}}), "an alert without a name names no release"),
    ],
)
def test_what_is_no_alert_about_a_release_is_an_error(plain: Any, says: str) -> None:
    """One line that says what is wrong with it."""
    with pytest.raises(AlertError, match=says):
        parse_alerts(plain)
