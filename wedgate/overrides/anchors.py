"""Anchors of the ledger outside of it: its revision and head, where whoever replaces it would have to write as well."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

MARKER = "<!-- wedgate:override -->"
"""By this line, which nobody sees, wedgate's comment is found again."""
STATUS_DIGITS = 16
"""How many digits of the ledger's head a commit status has room for."""
_ANCHOR = re.compile(r"<sub>ledger: revision (\d{1,9}), `([0-9a-f]{64})`</sub>|\[ledger (\d{1,9}):([0-9a-f]{16})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerAnchor:
    """What somebody signs of a ledger: its revision and the hash there, of which service, by whom and when (UTC)."""

    service: str
    revision: int
    hash: str
    by: str
    at: str

    def canonical(self) -> bytes:
        """Return the bytes to sign: JSON in ASCII with sorted keys and no spaces, and a line end."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"


def anchor_in_comment(revision: int, head: str) -> str:
    """Return the anchor as it stands in wedgate's comment."""
    return f"<sub>ledger: revision {revision}, `{head}`</sub>"


def anchor_in_status(revision: int, head: str) -> str:
    """Return the anchor as it stands in a commit status."""
    return f"[ledger {revision}:{head[:STATUS_DIGITS]}]"


def anchors_in(text: str) -> tuple[tuple[int, str], ...]:
    """Return every anchor of a text: a revision, and the hash of its entry or the beginning of it."""
    found = (match.groups() for match in _ANCHOR.finditer(text))
    return tuple((int(first or third), second or fourth) for first, second, third, fourth in found)


def without_anchors(text: str) -> str:
    """Return a text without its anchors: a status says the same after the ledger has grown by something else."""
    return _ANCHOR.sub("", text).rstrip()


def anchors_of_comment(body: str) -> tuple[tuple[int, str], ...]:
    """Return the anchor of wedgate's own comment: its last line, and nothing that somebody said further up."""
    lines = body.rstrip().splitlines()
    return anchors_in(lines[-1]) if lines else ()


def is_another(hashes: Sequence[str], anchors: Iterable[tuple[int, str]]) -> bool:
    """Whether a ledger is not the one that was anchored: cut, or with another entry there, of whatever stream.

    ``hashes`` are those of its entries, in order from the first.
    """
    return any(not 0 < at <= len(hashes) or not hashes[at - 1].startswith(anchored) for at, anchored in anchors)
