"""A decision made earlier beside the one that is made now: the same, or which input changed and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from wedgate.calendars.values import Verdict
from wedgate.gate.decide import binding
from wedgate.gate.decision import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRegion:
    """What was answered for one region: reasons are codes with the rule they name."""

    verdict: Verdict
    reasons: frozenset[tuple[str, str | None]]
    next_open: datetime | None
    next_close: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A decision of before, as far as it can be asked again.

    ``inputs`` are those of the record by name, ``extends`` the digest of each calendar that the configuration extended
    and ``sources`` the version of each source, by name (``None``: the record does not say). ``is_bound``: it is what a
    machine was given for a hypothetical answer, closed whatever the calendar said.
    """

    at: datetime
    runway: timedelta | None
    regions: Mapping[str, RecordedRegion]
    verdict: Verdict
    inputs: Mapping[str, str | None]
    extends: Mapping[str, str] | None
    sources: Mapping[str, str] | None
    is_bound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was: its name, then and now in words (``None``: not there)."""

    name: str
    then: str | None
    now: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the replay found. ``verdicts`` are the differences that matter, ``others`` those of reasons and instants."""

    at: datetime
    verdict: Verdict
    inputs: tuple[Difference, ...]
    verdicts: tuple[Difference, ...]
    others: tuple[Difference, ...]

    @property
    def is_same(self) -> bool:
        """Whether every verdict is what it was."""
        return not self.verdicts


INPUTS = {
    "config_digest": "configuration",
    "config_origin": "where it was read",
    "config_ref": "commit it was read at",
    "config_path": "file it was read from",
    "zone_data": "zone data",
    "holidays": "holidays",
    "wedgate": "wedgate",
}
"""The inputs that a record names, and how they are called for a person."""


def compare(then: Recorded, decision: Decision) -> Replay:
    """Compare a recorded decision with the one that the same question gets now; regions that are gone count."""
    now = binding(decision) if then.is_bound else decision
    answers = {region.region: region for region in now.regions}
    verdicts: list[Difference] = []
    others: list[Difference] = []
    if now.verdict is not then.verdict:
        verdicts.append(Difference(name="all together", then=then.verdict.value, now=now.verdict.value))
    for name, before in then.regions.items():
        region = answers.get(name)
        if region is None:
            verdicts.append(Difference(name=name, then=before.verdict.value, now=None))
            continue
        if region.verdict is not before.verdict:
            verdicts.append(Difference(name=name, then=before.verdict.value, now=region.verdict.value))
        reasons = frozenset((reason.code.value, reason.rule) for reason in region.reasons)
        closes = None if region.answer is None else region.answer.next_close
        for what, first, second in (
            ("reasons", _reasons(before.reasons), _reasons(reasons)),
            ("next opening", _words(before.next_open), _words(region.next_open)),
            ("next closing", _words(before.next_close), _words(closes)),
        ):
            if first != second:
                others.append(Difference(name=f"{name}: {what}", then=first, now=second))
    return Replay(
        at=then.at,
        verdict=now.verdict,
        inputs=tuple(_changed_inputs(then, now)),
        verdicts=tuple(verdicts),
        others=tuple(others),
    )


def source_version(source: str, digest: str | None) -> str:
    """Return what tells one version of a source from another."""
    return source if digest is None else f"{source} ({digest})"


def _changed_inputs(then: Recorded, now: Decision) -> list[Difference]:
    found: list[Difference] = []
    for field, name in INPUTS.items():
        value = getattr(now.inputs, field)
        text = None if value is None else str(value)
        if text != then.inputs[field]:
            found.append(Difference(name=name, then=then.inputs[field], now=text))
    sources = {each.name: source_version(each.source, each.digest) for each in now.inputs.sources}
    for before, after in ((then.extends, now.inputs.extends), (then.sources, sources)):
        if before is not None:
            found += [
                Difference(name=name, then=before.get(name), now=after.get(name))
                for name in sorted({*before, *after})
                if before.get(name) != after.get(name)
            ]
    return found


def _reasons(reasons: frozenset[tuple[str, str | None]]) -> str:
    return ", ".join(sorted(code if rule is None else f"{code} by {rule}" for code, rule in reasons))


def _words(instant: datetime | None) -> str | None:
    return None if instant is None else f"{instant:%Y-%m-%dT%H:%M:%SZ}"
