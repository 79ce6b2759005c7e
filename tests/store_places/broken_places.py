"""Ledgers that are broken for another process: down, read-only, full, corrupt, of a newer version; and whole again.

A disk that is full or read-only is a real one, mounted for that process alone. Where nothing can be mounted (an
unprivileged user on a machine without user namespaces), files that nobody may write to, and a bound on the length of a
file, take its place.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from git_server import TOKEN
from store_places import FilePlace, GitPlace, PostgresPlace

STATES = ("down", "read-only", "full", "corrupt", "newer")
"""What can be wrong with a ledger, in the words of docs/reference/rollback.md."""

NOBODY_LISTENS = "127.0.0.1:9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a command is run so that it finds the ledger broken: words before it, and what its environment adds."""

    words: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def broken(place: Any, state: str, temporary: Path) -> Iterator[Way]:
    """Break the ledger while the block runs; afterwards it is as it was. ``temporary`` is a directory to work in."""
    if state in ("corrupt", "newer"):
        kept: list[str] = []
        change = _corrupt if state == "corrupt" else _newer

        def keep(lines: list[str]) -> list[str]:
            kept.extend(lines)
            return change(lines)

        place.rewrite(keep)
        yield Way()
        place.rewrite(lambda lines: kept)
    elif isinstance(place, FilePlace):
        with _broken_file(place, state, temporary) as way:
            yield way
    elif state != "down":
        with place.refusing(state):
            yield Way()
    elif isinstance(place, GitPlace):
        place.server.is_down = True
        yield Way()
        place.server.is_down = False
    else:
        assert isinstance(place, PostgresPlace)
        yield Way(environment={"WEDGATE_DATABASE_URL": f"postgresql://wedgate@{NOBODY_LISTENS}/fleet"})


def environment_of(place: Any) -> dict[str, str]:
    """Return what a command needs in its environment to reach the ledger while it is whole."""
    if isinstance(place, GitPlace):
        return {"WEDGATE_GITHUB_TOKEN": TOKEN}
    return {"WEDGATE_DATABASE_URL": place.url} if isinstance(place, PostgresPlace) else {}


@functools.cache
def mounting() -> tuple[str, ...] | None:
    """Return the words that run a command with mounts of its own; ``None`` where that is not allowed."""
    words = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)))
    if shutil.which("unshare") is None:
        return None
    done = subprocess.run([*words, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    return words if done.returncode == 0 else None


def reason() -> str:
    """Return a reason for a rollback, longer than the room that a full disk has at the end of a file's last page."""
    return "bookings fail" + (" again" * 1000 if mounting() else "")


@contextmanager
def _broken_file(place: FilePlace, state: str, temporary: Path) -> Iterator[Way]:
    directory = place.path.parent
    if state == "down":
        away = temporary / "away"
        directory.rename(away)
        directory.write_text("no directory")
        yield Way()
        directory.unlink()
        away.rename(directory)
        return
    words = mounting()
    if words is not None:
        script = _READ_ONLY if state == "read-only" else _FULL
        yield Way(words=(*words, "sh", "-ec", script, "sh", str(directory)))
    elif state == "full":
        blocks = place.path.stat().st_size // 1024
        yield Way(words=("bash", "-ec", f'ulimit -f {blocks}; exec "$@"', "bash"))
    else:
        modes = {path: path.stat().st_mode for path in (directory, *directory.iterdir())}
        for path in modes:
            path.chmod(0o555 if path.is_dir() else 0o444)
        # Root minds no modes, as long as it may override them.
        bounded = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
        yield Way(words=bounded if os.geteuid() == 0 else ())
        for path, mode in modes.items():
            path.chmod(mode)


_READ_ONLY = 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; shift; exec "$@"'
_FULL = (
    'cp -a "$1" "$1.copy"; mount -t tmpfs -o size=128k none "$1"; cp -a "$1.copy/." "$1"; rm -r "$1.copy"; '
    'dd if=/dev/zero of="$1/others" bs=1k 2>/dev/null || true; shift; exec "$@"'
)


def _corrupt(lines: list[str]) -> list[str]:
    """Change one word of the first entry that has it."""
    place = next(number for number, line in enumerate(lines) if "sha256:old" in line)
    return [line.replace("sha256:old", "sha256:odd") if number == place else line for number, line in enumerate(lines)]


def _newer(lines: list[str]) -> list[str]:
    """Let each entry say more than this version knows."""

    def sealed(line: str) -> str:
        plain = json.loads(line)
        items = plain if isinstance(plain, list) else [plain]
        return json.dumps(
            [{**item, "sealed": True} for item in items] if len(items) > 1 else {**items[0], "sealed": True}
        )

    return [sealed(line) for line in lines]
