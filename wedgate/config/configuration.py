"""What a valid wedgate.yml says, as one frozen value that the engine takes.

Nothing of pydantic or YAML survives into it: ``wedgate.config.load`` builds it from validated plain data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wedgate.calendars.values import Calendar
from wedgate.gate.decision import Mode
from wedgate.judge.values import JudgeSettings
from wedgate.rollout.values import RolloutSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSettings:
    """Where evidence comes from: a kind of ``wedgate.adapters.metrics`` and its options."""

    kind: str
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSettings:
    """Where the ledger is kept: a kind of ``wedgate.adapters.stores`` and its options."""

    kind: str
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One wedgate.yml. ``digest`` is ``sha256:`` of the file's bytes; ``path`` is how messages name the file."""

    path: str
    digest: str
    service: str
    mode: Mode
    calendar: Calendar
    rollout: RolloutSettings | None
    judge: JudgeSettings
    evidence: EvidenceSettings | None
    state: StateSettings | None
