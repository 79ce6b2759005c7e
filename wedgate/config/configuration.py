"""What a valid wedgate.yml says, as one frozen value that the engine takes.

Nothing of pydantic or YAML survives into it: ``wedgate.config.load`` builds it from validated plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wedgate.calendars.values import Calendar
from wedgate.gate.decision import Mode

if TYPE_CHECKING:
    from wedgate.judge.values import JudgeSettings
    from wedgate.overrides.policy import OverridePolicy
    from wedgate.rollout.notices import Destination
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
class Release:
    """What only a rollout needs: how a release goes through the regions (``None`` for a gate only), how it is judged,
    where evidence comes from (``None`` when the file does not say), and who is told."""

    rollout: RolloutSettings | None
    judge: JudgeSettings
    evidence: EvidenceSettings | None
    notify: tuple[Destination, ...] = ()


@dataclass(frozen=True, kw_only=True)  # no slots: what is built on demand is kept in the instance
class Configuration:
    """One wedgate.yml. ``digest`` is ``sha256:`` of the file's bytes; ``path`` is how messages name the file.

    ``build_release`` makes the release's half from validated data when it is first asked for: `wedgate check` never
    asks.
    """

    path: str
    digest: str
    service: str
    mode: Mode
    calendar: Calendar
    build_release: Callable[[], Release] = field(compare=False, repr=False)
    build_state: Callable[[], StateSettings | None] = field(compare=False, repr=False)
    build_overrides: Callable[[], OverridePolicy | None] = field(compare=False, repr=False)
    extends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What each region extends; the rows of it are rules of the calendar, with their origin."""
    changes: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    """What the file lays over rows, by id; ``None``: switched off."""
    extended: Mapping[str, str] = field(default_factory=dict)
    """``sha256:`` of the content of each calendar that is extended, by its name."""

    @cached_property
    def _release(self) -> Release:
        return self.build_release()

    @cached_property
    def overrides(self) -> OverridePolicy | None:
        """Who may let a commit through in an emergency; ``None`` when the file does not say, and so nobody may."""
        return self.build_overrides()

    @property
    def rollout(self) -> RolloutSettings | None:
        """How a release goes through the regions; ``None`` for a gate only."""
        return self._release.rollout

    @property
    def judge(self) -> JudgeSettings:
        """How a release is judged."""
        return self._release.judge

    @property
    def evidence(self) -> EvidenceSettings | None:
        """Where evidence comes from; ``None`` when the file does not say."""
        return self._release.evidence

    @cached_property
    def state(self) -> StateSettings | None:
        """Where the ledger is kept; ``None`` when the file does not say."""
        return self.build_state()

    @property
    def notify(self) -> tuple[Destination, ...]:
        """Where people are told what happened; nowhere when the file does not say."""
        return self._release.notify
