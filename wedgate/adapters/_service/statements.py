"""What stands for weights on disk: the shares and who wrote them, as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass

from wedgate.adapters._service.fences import fence_in
from wedgate.rollout.values import Fence, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Weights, and who wrote them (``None``: nobody that wedgate knows)."""

    weights: Weights
    fence: Fence | None


def plain_weights(weights: Weights) -> dict[str, int]:
    """Return weights as plain data."""
    return {"blue": weights.blue, "green": weights.green}


def parse_weights(plain: object) -> Weights:
    """Return weights from plain data; ``ValueError`` says what is wrong with it."""
    blue, green = (plain.get("blue"), plain.get("green")) if isinstance(plain, dict) else (None, None)
    if type(blue) is not int or type(green) is not int:
        raise ValueError('it has no {"weights": {"blue": ..., "green": ...}} in whole percent')
    return Weights(blue=blue, green=green)


def plain_statement(held: Held) -> dict[str, object]:
    """Return a statement as plain data; without a fence, nobody has rolled out yet."""
    return {"weights": plain_weights(held.weights), "fence": held.fence and str(held.fence)}


def parse_statement(plain: object) -> Held:
    """Return a statement from plain data; ``ValueError`` says what is wrong with it."""
    if not isinstance(plain, dict):
        raise ValueError("it is not a JSON object")
    fence = plain.get("fence")
    return Held(weights=parse_weights(plain.get("weights")), fence=fence_in(fence) if isinstance(fence, str) else None)


def parse_json(text: str | bytes) -> object:
    """Return JSON as plain data; ``ValueError`` when it is none."""
    try:
        plain: object = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return plain
