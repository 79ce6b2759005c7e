"""Alerts as Alertmanager's webhook sends them (version 4), as values: those that fire and name a release.

The release is named by labels or, where there is no such label, by annotations: ``service``, ``digest`` or ``commit``,
and ``region`` (one, or several with commas; none means everywhere).
Source: Alertmanager's documentation of ``webhook_config``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

VERSION = "4"
LONGEST = 500
"""Characters of an alert's words that are kept."""


class AlertError(ValueError):
    """Plain data that is no webhook of Alertmanager's, or whose alerts name no release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A firing alert about a release. ``regions`` is empty when it is about all of them."""

    name: str
    service: str
    digest: str | None
    commit: str | None
    regions: tuple[str, ...]
    text: str

    def is_about(self, *, commit: str, digest: str) -> bool:
        """Tell whether the alert is of this release: whatever it names agrees."""
        return self.commit in (None, commit) and self.digest in (None, digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """The alerts of a webhook that fire and name a release, and in words what is wrong with others beside them."""

    firing: tuple[Alert, ...]
    troubles: tuple[str, ...] = ()


def parse_alerts(plain: object) -> Alerts:
    """Return the firing alerts of a webhook that name a release; none when all are resolved.

    One that cannot be read takes none of the others with it: Alertmanager sends a group but once when it is refused.
    ``AlertError`` when it is no such webhook, or when there is nothing in it but what is wrong.
    """
    if not isinstance(plain, Mapping) or not isinstance(plain.get("alerts"), list):
        raise AlertError("expected what Alertmanager's webhook sends: an object with version, status and alerts")
    if plain.get("version") != VERSION:
        raise AlertError(f"version is {plain.get('version')!r}, expected {VERSION!r}")
    found: list[Alert] = []
    troubles: list[str] = []
    nameless: list[str] = []
    for place, alert in enumerate(plain["alerts"]):
        try:
            checked = _checked(alert, place)
            if checked["status"] != "firing":
                continue
            named = _named(checked)
        except AlertError as error:
            troubles.append(str(error))
            continue
        if named is None:
            nameless.append(_name(checked))
        else:
            found.append(named)
    if nameless and not found:
        names = ", ".join(sorted(set(nameless)))
        what = f"{names} names no release; give the rule the labels or annotations service, and digest or commit"
        troubles.append(what)
    if troubles and not found:
        raise AlertError("; ".join(troubles))
    return Alerts(firing=tuple(found), troubles=tuple(troubles))


def _checked(alert: object, place: int) -> Mapping[str, Any]:
    if not isinstance(alert, Mapping) or alert.get("status") not in ("firing", "resolved"):
        raise AlertError(f"alerts[{place}]: expected an object with the status firing or resolved")
    for key in ("labels", "annotations"):
        words = {} if alert.get(key) is None else alert[key]
        if not isinstance(words, Mapping) or not all(isinstance(each, str) for pair in words.items() for each in pair):
            raise AlertError(f"alerts[{place}].{key}: expected an object of texts")
    return alert


def _named(alert: Mapping[str, Any]) -> Alert | None:
    def word(key: str) -> str | None:
        return (_words(alert, "labels").get(key) or _words(alert, "annotations").get(key) or "").strip() or None

    service, digest, commit = word("service"), word("digest"), word("commit")
    if service is None or (digest is None and commit is None):
        return None
    if commit is not None and not re.fullmatch("[0-9a-f]{40}", commit := commit.lower()):
        raise AlertError(f"{_name(alert)} names the commit {_inert(commit)!r}; all 40 digits are needed")
    regions = tuple(region for each in (word("region") or "").split(",") if (region := each.strip()))
    return Alert(
        name=_name(alert), service=service, digest=digest, commit=commit, regions=regions, text=_text(alert, word)
    )


def _words(alert: Mapping[str, Any], key: str) -> Mapping[str, str]:
    found: Mapping[str, str] = alert.get(key) or {}
    return found


def _name(alert: Mapping[str, Any]) -> str:
    return _inert(_words(alert, "labels").get("alertname") or "an alert without a name")


def _text(alert: Mapping[str, Any], word: Callable[[str], str | None]) -> str:
    """Say in one line what the alert says, and where its rule is."""
    said = word("summary") or word("description") or word("message") or "no summary"
    source = alert.get("generatorURL")
    where = f" ({source})" if isinstance(source, str) and source.startswith(("http://", "https://")) else ""
    return _inert(f"alert {_name(alert)}: {said}{where}")


def _inert(text: str) -> str:
    """Return a text in one line without control characters, cut where it is very long."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
