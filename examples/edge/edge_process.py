"""One process in front of two colours on this machine, whatever program it is: started, awaited, ended.

The process belongs to whoever started it: it ends with ``stop()``, with the ``with`` block, or with the Python process.
"""

from __future__ import annotations

import atexit
import contextlib
import socket
import subprocess
import time
from pathlib import Path
from typing import Self


class EdgeProcess:
    """One process. The directory is its own; the port that it listens on stays over ``restart()``."""

    program = ""
    ready_seconds = 10.0

    def __init__(self, region: str, directory: Path, *, listen_port: int = 0) -> None:
        self.region = region
        self.directory = directory.resolve()
        self.listen_port = listen_port or free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.directory.mkdir(parents=True, exist_ok=True)
        atexit.register(self.stop)

    @property
    def url(self) -> str:
        """Where users reach the service."""
        return f"http://127.0.0.1:{self.listen_port}"

    @property
    def log(self) -> Path:
        """What the process says."""
        return self.directory / "edge.log"

    @property
    def process_id(self) -> int | None:
        """The running process, for a test that reloads it."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start, and wait until users are served; ``RuntimeError`` with the process's last words when they are not."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + self.ready_seconds
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                words = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
                self.stop()
                name = f"{self.program} of {self.region}"
                raise RuntimeError(f"{name} did not become ready; {self.log} ends with:\n{words}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End the process, by force after 5 seconds; nothing happens when it is not running."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def restart(self) -> None:
        """Stop and start again on the same port, with the files as they are now."""
        self.stop()
        self.start()

    def command(self) -> list[str]:
        """Return the command that starts the process."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Tell whether users are served."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.listen_port), timeout=1):
            return True
        return False

    def __enter__(self) -> Self:
        """Start, if it does not run yet."""
        if self._process is None:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
