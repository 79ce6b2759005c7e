"""Building and running releases of the venue search: a directory of files whose digest is its name.

A release is the service with one ``search.sql``; three of those lie in ``releases/``. What runs where is kept in a
*site*: a directory with ``site.json`` (ports, database), the built releases, and one file for each running process.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from fingerprint import digest_of  # noqa: E402 - a folder whose name has a hyphen is no package

HEALTHY_SECONDS = 30.0
"""How long a release may take until it answers; half a second is usual."""


def build(version: str, site: Path) -> str:
    """Build the release of ``releases/VERSION`` into the site and return its digest; the same again changes nothing."""
    source = HERE / "releases" / version / "search.sql"
    if not source.is_file():
        known = ", ".join(sorted(path.name for path in source.parent.parent.iterdir()))
        raise SystemExit(f"there is no release {version}; there are: {known}")
    staging = site / "releases" / f".{version}"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    for path in (HERE / "service.py", HERE / "fingerprint.py", source):
        shutil.copy(path, staging)
    digest = digest_of(staging)
    built = release_directory(site, digest)
    if built.exists():
        shutil.rmtree(staging)
    else:
        staging.rename(built)
    return digest


def release_directory(site: Path, digest: str) -> Path:
    """Return where a built release lies."""
    return site / "releases" / digest.removeprefix("sha256:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where one colour of one region runs."""

    site: Path
    region: str
    colour: str
    port: int
    database: str

    @classmethod
    def of(cls, site: Path, region: str, colour: str) -> Seat:
        """Look the seat up in ``site.json``; exit with one line when there is none."""
        try:
            plain: dict[str, Any] = json.loads((site / "site.json").read_text(encoding="utf-8"))
            port = plain["ports"][region][colour]
        except (OSError, ValueError, KeyError) as error:
            raise SystemExit(f"{site / 'site.json'} names no port for {colour} in {region} ({error})") from None
        return cls(site=site, region=region, colour=colour, port=port, database=plain["database"])

    @property
    def record(self) -> Path:
        """The file that names the process."""
        return self.site / "run" / f"{self.region}-{self.colour}.pid"

    def start(self, digest: str) -> None:
        """Stop what runs here and start the release; return when it answers with its digest."""
        directory = release_directory(self.site, digest)
        if not (directory / "service.py").is_file() or digest_of(directory) != digest:
            raise SystemExit(f"{digest} is not built here, or its files were changed; build it first")
        self.record.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            self.stop()
            log = self.record.with_suffix(".log")
            with log.open("ab") as output:
                command = [sys.executable, "-X", "utf8", str(directory / "service.py"), "--port", str(self.port)]
                process = subprocess.Popen(
                    [*command, "--colour", self.colour, "--database", self.database],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            self.record.write_text(str(process.pid), encoding="ascii")
            deadline = time.monotonic() + HEALTHY_SECONDS
            while self.digest() != digest:
                if process.poll() is not None or time.monotonic() > deadline:
                    words = log.read_text(encoding="utf-8", errors="replace")[-1000:]
                    self.stop()
                    raise SystemExit(f"{digest} did not become healthy on {self.colour} in {self.region}:\n{words}")
                time.sleep(0.05)

    def stop(self) -> None:
        """End what runs here: in peace, by force after 5 seconds; nothing happens when nothing runs."""
        try:
            pid = int(self.record.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        if not _is_of(pid, self.site):
            # A record may outlive its process, and the number be given to a stranger.
            self.record.unlink(missing_ok=True)
            return
        for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            deadline = time.monotonic() + seconds
            while is_running(pid) and time.monotonic() < deadline:
                time.sleep(0.01)
            if not is_running(pid):
                break
        self.record.unlink(missing_ok=True)

    def digest(self) -> str | None:
        """Ask what answers here for its digest; ``None`` when nothing does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/version")
            found = json.loads(connection.getresponse().read()).get("digest")
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()
        return found if isinstance(found, str) else None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with self.record.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def is_running(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not yet collected by its parent does not."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        # After the command's name in brackets: the state letter.
        state = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0]
        return state != "Z"
    except FileNotFoundError:
        pass
    if Path("/proc/self/stat").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _is_of(pid: int, site: Path) -> bool:
    """Tell whether a process runs a release of this site, where the system says what it runs."""
    if not Path("/proc/self/cmdline").exists():
        return is_running(pid)
    try:
        return str(site).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def stop_all(site: Path) -> None:
    """End every process that the site's records name."""
    for record in sorted((site / "run").glob("*.pid")):
        region, _, colour = record.stem.rpartition("-")
        Seat(site=site, region=region, colour=colour, port=0, database="").stop()
