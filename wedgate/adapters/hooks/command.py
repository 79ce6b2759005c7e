"""Hooks as commands: no shell, a time limit, an environment with what was asked for, and output that can do no harm.

A hook does not get what else is in wedgate's own environment: the tokens of a runner are not its business. The values
of the variables that it asked for do not come back out: they are blotted out of what it printed, whole, line by line
and in base64. What else a hook makes of a secret is its own affair.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

from wedgate.adapters._service.command import hear, passed_on
from wedgate.rollout.hooks import LONGEST_OUTPUT, HookCall, HookEnd
from wedgate.rollout.values import HookPoint, HookSettings

SHORTEST_SECRET = 4
"""Characters from which the value of a variable is blotted out: a shorter one would blot out half of every word."""


class CommandHooks:
    """Runs the commands of ``settings`` with what they need of ``environment``."""

    def __init__(self, settings: Mapping[HookPoint, HookSettings], environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._environment = environment

    def points(self) -> Collection[HookPoint]:
        """Return the points that have a command."""
        return self._settings.keys()

    def limit(self, point: HookPoint) -> timedelta:
        """Return how long the command may take."""
        return self._settings[point].limit

    def run(self, call: HookCall) -> HookEnd:
        """Run the command; ``trouble`` says how it failed, was killed, or could not be run."""
        settings = self._settings[call.point]
        began = time.monotonic()
        environment = {**passed_on(settings.env, self._environment), **facts_of(call)}
        trouble, raw = hear(settings.command, limit=settings.limit, environment=environment)
        took = timedelta(seconds=round(time.monotonic() - began, 3))
        return HookEnd(took=took, output=inert(raw, self._secrets(settings)), trouble=trouble)

    def _secrets(self, settings: HookSettings) -> list[str]:
        return [self._environment[name] for name in settings.env if name in self._environment]


def facts_of(call: HookCall) -> dict[str, str]:
    """Return what a hook is told, as variables."""
    return {
        "WEDGATE_HOOK": call.point.value,
        "WEDGATE_SERVICE": call.service,
        "WEDGATE_REGION": call.region,
        "WEDGATE_ROLLOUT": call.rollout,
        "WEDGATE_COMMIT": call.commit,
        "WEDGATE_DIGEST": call.digest,
        "WEDGATE_COLOUR": call.colour,
        "WEDGATE_WEIGHT": str(call.weight),
        "WEDGATE_WHY": call.why.replace("\0", ""),
    }


def inert(raw: bytes, secrets: Collection[str]) -> str:
    """Return the end of an output without control characters and without the values of ``secrets``."""
    text = raw.decode("utf-8", errors="replace")
    for spelled in sorted({each for secret in secrets for each in _spellings(secret)}, key=len, reverse=True):
        text = text.replace(spelled, "***")
    lines = ("".join(each if each.isprintable() else " " for each in line).rstrip() for line in text.splitlines())
    kept = "\n".join(line for line in lines if line)
    return kept if len(kept) <= LONGEST_OUTPUT else f"…{kept[-LONGEST_OUTPUT + 1 :]}"


def _spellings(secret: str) -> Iterator[str]:
    """Yield how a secret may stand in an output: a key of several lines is often printed line by line."""
    encoded = base64.b64encode(secret.encode("utf-8", errors="surrogateescape")).decode("ascii")
    for each in (secret, *secret.splitlines(), encoded):
        if len(each.strip()) >= SHORTEST_SECRET:
            yield each.strip()
