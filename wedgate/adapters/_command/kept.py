"""The fence that wedgate keeps for a command that cannot: what was asked for last, and what was in force before it.

While a change is not confirmed both are there, because the command may be interrupted before or after its work.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from wedgate.adapters._service import files
from wedgate.adapters._service.statements import Held, parse_json, parse_statement, plain_statement
from wedgate.rollout.values import Fence, Weights

MOST_EARLIER = 8
"""How many changes that were never confirmed are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was asked for last, and what else may be in force while that is not confirmed, the newest first."""

    asked: Held
    earlier: tuple[Held, ...] = ()

    def followed_by(self, wanted: Held) -> Kept:
        """Return what is kept once ``wanted`` was asked for as well."""
        earlier = tuple(held for held in (self.asked, *self.earlier) if held != wanted)
        return Kept(asked=wanted, earlier=earlier[:MOST_EARLIER])

    def fence_for(self, weights: Weights) -> Fence | None:
        """Return who wrote these weights: ``None`` when it was somebody else."""
        for held in (self.asked, *self.earlier):
            if held.weights == weights:
                return held.fence
        return None


def read_kept(path: Path) -> Kept | None:
    """Return what the file says; ``None`` when there is none, or nothing to be read from it."""
    text = files.read(path)
    try:
        plain = parse_json(text or "")
        earlier = plain.get("earlier") if isinstance(plain, dict) else None
        return Kept(
            asked=parse_statement(plain),
            earlier=tuple(parse_statement(held) for held in earlier) if isinstance(earlier, list) else (),
        )
    except ValueError:
        return None


def write_kept(path: Path, kept: Kept) -> None:
    """Replace the file durably; ``ExternalSystemError`` when that fails."""
    plain = {**plain_statement(kept.asked), "earlier": [plain_statement(held) for held in kept.earlier]}
    files.replace(path, json.dumps(plain, indent=1) + "\n")
