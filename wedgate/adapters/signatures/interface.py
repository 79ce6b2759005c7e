"""What signs a statement and tells who signed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Whose signature it is: the name in the file of signers, the key's fingerprint, and every name of that key."""

    principal: str
    key: str
    names: frozenset[str]


class Signatures(Protocol):
    """Who signed what."""

    def who_signed(self, content: bytes, signature: str, principal: str) -> Signed | None:
        """Return who signed ``content`` if that is ``principal``, by a key that is valid now; ``None`` if it is not.

        ``ExternalSystemError`` if the tool that verifies does not run.
        """
