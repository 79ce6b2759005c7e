"""SSH signatures by the ``ssh-keygen`` of this machine (OpenSSH 8.2 or later; format PROTOCOL.sshsig).

Intervals of validity and namespaces of ``allowed_signers`` are checked by ``ssh-keygen`` itself, against this moment;
so is a list of revoked keys.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import subprocess
import tempfile
from pathlib import Path

from wedgate.adapters.signatures.interface import Signed
from wedgate.errors import ExternalSystemError, UsageError
from wedgate.overrides.signers import lines_of

OVERRIDE = "wedgate-override@v1"
LEDGER = "wedgate-ledger@v1"
REPORT = "wedgate-report@v1"
"""Namespaces: a signature of one kind of thing never passes for one of the other."""
TIMEOUT_SECONDS = 60
"""Long, because a key in hardware waits for a touch."""
_GOOD = re.compile(r'^Good "(\S+)" signature for (\S+) with \S+ key (SHA256:\S+)$', re.MULTILINE)


class SshSignatures:
    """Verifies against the bytes of an ``allowed_signers`` file and, if there is one, of a list of revoked keys."""

    def __init__(self, signers: bytes, revoked: bytes | None = None, *, namespace: str = OVERRIDE) -> None:
        self._signers = signers
        self._revoked = revoked
        self._namespace = namespace

    def who_signed(self, content: bytes, signature: str, principal: str) -> Signed | None:
        """Return who signed, by ``ssh-keygen -Y verify``."""
        with tempfile.TemporaryDirectory(prefix="wedgate-signers-") as name:
            place = Path(name)
            (place / "signers").write_bytes(self._signers)
            (place / "signature").write_text(signature, encoding="utf-8")
            words = ["-Y", "verify", "-f", str(place / "signers"), "-I", principal, "-n", self._namespace]
            words += ["-s", str(place / "signature")]
            if self._revoked is not None:
                (place / "revoked").write_bytes(self._revoked)
                words += ["-r", str(place / "revoked")]
            done = _run(words, content)
        found = _GOOD.search(done.stdout.decode("utf-8", "replace"))
        if done.returncode != 0 or found is None or (found[1], found[2]) != (self._namespace, principal):
            return None
        return Signed(principal=principal, key=found[3], names=self._names_of(found[3]))

    def _names_of(self, fingerprint: str) -> frozenset[str]:
        """Return every name of whoever holds a key: those of its lines, and of other lines that share one with them.

        None for a key that no line has, such as one that a certificate brought: whose it is, only the certificate says.
        """
        lines = self._lines()
        names: set[str] = set().union(*(own for own, key in lines if key == fingerprint))
        while True:
            known = {name.lower() for name in names}
            more = set().union(*(own for own, _ in lines if known & {name.lower() for name in own}))
            if more <= names:
                return frozenset(names)
            names |= more

    def everybody(self) -> frozenset[str]:
        """Return every name that the file has, in lower case."""
        return frozenset(name.lower() for own, _ in self._lines() for name in own)

    def _lines(self) -> list[tuple[frozenset[str], str]]:
        """Return the names and the key's fingerprint of each line."""
        return [(names, _fingerprint(key)) for names, key in lines_of(self._signers)]


def sign(content: bytes, key: Path, *, namespace: str = OVERRIDE) -> str:
    """Return the signature of ``content`` with a private key, or a public one whose private key an agent holds."""
    with tempfile.TemporaryDirectory(prefix="wedgate-sign-") as name:
        statement = Path(name) / "statement"
        statement.write_bytes(content)
        done = _run(["-q", "-Y", "sign", "-f", str(key), "-n", namespace, str(statement)], b"")
        made = Path(f"{statement}.sig")
        if done.returncode != 0 or not made.exists():
            said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
            raise UsageError(f"{key}: ssh-keygen did not sign with it: {said or 'it said nothing'}")
        return made.read_text(encoding="utf-8")


def _fingerprint(key: str) -> str:
    """Return the fingerprint as ``ssh-keygen`` writes it; nothing for what is no key."""
    try:
        digest = hashlib.sha256(base64.b64decode(key, validate=True)).digest()
    except binascii.Error:
        return ""
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _run(words: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", *words], input=given, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except FileNotFoundError:
        raise ExternalSystemError("ssh-keygen is not installed; it comes with OpenSSH") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise ExternalSystemError(f"ssh-keygen did not end ({type(error).__name__})") from error
