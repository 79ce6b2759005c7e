"""SSH signatures by the ``ssh-keygen`` of this machine (OpenSSH 8.2 or later; format PROTOCOL.sshsig).

Intervals of validity and namespaces of ``allowed_signers`` are checked by ``ssh-keygen`` itself, against this moment;
so is a list of revoked keys.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from wedgate.adapters.signatures.interface import Signed
from wedgate.errors import ExternalSystemError, UsageError

NAMESPACE = "wedgate-override@v1"
TIMEOUT_SECONDS = 60
"""Long, because a key in hardware waits for a touch."""
_GOOD = re.compile(r'^Good "wedgate-override@v1" signature for (\S+) with \S+ key (SHA256:\S+)$', re.MULTILINE)


class SshSignatures:
    """Verifies against the bytes of an ``allowed_signers`` file and, if there is one, of a list of revoked keys."""

    def __init__(self, signers: bytes, revoked: bytes | None = None) -> None:
        self._signers = signers
        self._revoked = revoked

    def who_signed(self, content: bytes, signature: str, principal: str) -> Signed | None:
        """Return who signed, by ``ssh-keygen -Y verify``."""
        with tempfile.TemporaryDirectory(prefix="wedgate-signers-") as name:
            place = Path(name)
            (place / "signers").write_bytes(self._signers)
            (place / "signature").write_text(signature, encoding="utf-8")
            words = ["-Y", "verify", "-f", str(place / "signers"), "-I", principal, "-n", NAMESPACE]
            words += ["-s", str(place / "signature")]
            if self._revoked is not None:
                (place / "revoked").write_bytes(self._revoked)
                words += ["-r", str(place / "revoked")]
            done = _run(words, content)
        found = _GOOD.search(done.stdout.decode("utf-8", "replace"))
        if done.returncode != 0 or found is None or found[1] != principal:
            return None
        return Signed(principal=found[1], key=found[2])


def sign(content: bytes, key: Path) -> str:
    """Return the signature of ``content`` with a private key, or a public one whose private key an agent holds."""
    with tempfile.TemporaryDirectory(prefix="wedgate-sign-") as name:
        statement = Path(name) / "statement"
        statement.write_bytes(content)
        done = _run(["-q", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(statement)], b"")
        made = Path(f"{statement}.sig")
        if done.returncode != 0 or not made.exists():
            said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
            raise UsageError(f"{key}: ssh-keygen did not sign with it: {said or 'it said nothing'}")
        return made.read_text(encoding="utf-8")


def _run(words: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["ssh-keygen", *words], input=given, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except FileNotFoundError:
        raise ExternalSystemError("ssh-keygen is not installed; it comes with OpenSSH") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise ExternalSystemError(f"ssh-keygen did not end ({type(error).__name__})") from error
