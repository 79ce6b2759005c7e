"""The protocol of the command target, version 1: one question and one answer, each a JSON object.

docs/reference/command-target.md is its description for those who write the other side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

from wedgate.adapters._service.command import ask
from wedgate.adapters._service.statements import parse_json, parse_weights
from wedgate.adapters.targets.interface import Capacity
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Fence, Weights

PROTOCOL = 1

Answer = Mapping[str, object]


class Asker:
    """One command, asked about one region."""

    def __init__(self, command: Sequence[str], *, region: str, addresses: Mapping[str, str]) -> None:
        self._command = command
        self._about = {"protocol": PROTOCOL, "region": region, "addresses": dict(addresses)}
        self._region = region

    def ask(self, call: str, values: Mapping[str, object], *, limit: timedelta, inherits: Sequence[int] = ()) -> Answer:
        """Ask one question; ``ExternalSystemError`` when the command fails or its answer is none.

        ``inherits`` are descriptors that the command gets as well.
        """
        question = json.dumps({**self._about, "call": call, **values}).encode() + b"\n"
        text = ask(self._command, question, limit=limit, what=self.what(call), inherits=inherits)
        try:
            plain = parse_json(text)
        except ValueError as error:
            raise self.odd(call, f"not JSON ({error}): {text[:200].decode('utf-8', 'replace')!r}") from None
        if not isinstance(plain, dict) or plain.get("protocol") != PROTOCOL or type(plain["protocol"]) is not int:
            raise self.odd(call, f'without "protocol": {PROTOCOL}, the one that this wedgate speaks')
        return plain

    def what(self, call: str) -> str:
        """Name one question, for messages."""
        return f"{self._region}: asking the command for {call}"

    def odd(self, call: str, why: str) -> ExternalSystemError:
        """Return the error of an answer that is none."""
        return ExternalSystemError(
            f"{self.what(call)}: {self._command[0]!r} answered {why}; see docs/reference/command-target.md"
        )


def plain_fence(fence: Fence) -> dict[str, object]:
    """Return a fence as plain data."""
    return {"rollout": fence.rollout, "epoch": fence.epoch, "revision": fence.revision}


def fence_of(plain: object) -> Fence | None:
    """Return a fence from plain data, ``None`` for null; ``ValueError`` when it is something else."""
    if plain is None:
        return None
    rollout, epoch, revision = (
        (plain.get("rollout"), plain.get("epoch"), plain.get("revision"))
        if isinstance(plain, dict)
        else (None, None, None)
    )
    if not isinstance(rollout, str) or type(epoch) is not int or type(revision) is not int:
        raise ValueError('a fence that is not {"rollout": text, "epoch": number, "revision": number}')
    return Fence(rollout=rollout, epoch=epoch, revision=revision)


def weights_of(answer: Answer) -> Weights:
    """Return the weights of an answer; ``ValueError`` when there are none."""
    return parse_weights(answer.get("weights"))


def digest_of(answer: Answer) -> str | None:
    """Return the digest of an answer, ``None`` for null; ``ValueError`` when it is something else."""
    digest = answer.get("digest")
    if "digest" not in answer or not (digest is None or (isinstance(digest, str) and digest)):
        raise ValueError('no {"digest": text}, nor null')
    return digest if isinstance(digest, str) else None


def capacity_of(answer: Answer) -> Capacity | None:
    """Return the capacity of an answer, ``None`` for null; ``ValueError`` when it is something else."""
    plain = answer.get("capacity")
    if "capacity" in answer and plain is None:
        return None
    ready, wanted = (plain.get("ready"), plain.get("wanted")) if isinstance(plain, dict) else (None, None)
    if type(ready) is not int or type(wanted) is not int or ready < 0 or wanted < 0:
        raise ValueError('no {"capacity": {"ready": number, "wanted": number}}, nor null')
    return Capacity(ready=ready, wanted=wanted)
