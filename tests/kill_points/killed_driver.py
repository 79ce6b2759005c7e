"""Drives a rollout by ticks, or runs a command; numbers the effects, and ends itself with SIGKILL at one of them.

usage: killed_driver.py POINT SIDE roll-out COMMIT DIGEST
       killed_driver.py POINT SIDE COMMAND...

The effects are whatever outlives the process: an append to the ledger, a record in the spool and its removal, the
rescue file, a deploy, weights. POINT counts them from 1, over the start and all ticks; 0 kills nowhere. SIDE is
``before`` or ``after``; with ``stopped`` the process stands still before the effect, and goes on when it is told to.
Everything else is the shipped command line, configuration and all: only store, spool, target and rescue file are
wrapped. Each effect is printed as it happens.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import click

from wedgate.adapters.stores import rescue
from wedgate.cli import ledger_wiring, rollback, rollout_wiring
from wedgate.cli import main as cli_main

TICKS = 40
BAKE_SECONDS = 1.02
"""How long to wait for what a tick that bakes waits for: a slice, which is a second."""

EFFECTS = {"append", "keep", "clear", "deploy", "set_weights"}


class Wrapped:
    """An object whose effects are numbered; everything else goes through as it is."""

    def __init__(self, inner: Any, points: Points) -> None:
        self._inner = inner
        self._points = points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._points.around(name, found) if name in EFFECTS else found


class Points:
    """Counts effects, and kills at the one asked for."""

    def __init__(self, point: int, side: str) -> None:
        self._point, self._side, self._count = point, side, 0

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return the call with its two sides."""

        def numbered(*arguments: Any, **more: Any) -> Any:
            self._count += 1
            number = self._count
            print(f"point {number}: {name} {_told(arguments)}", flush=True)
            self._reach(number, "before")
            result = call(*arguments, **more)
            self._reach(number, "after")
            return result

        return numbered

    def _reach(self, number: int, side: str) -> None:
        if (number, side) == (self._point, self._side):
            os.kill(os.getpid(), signal.SIGKILL)
        if (number, side, self._side) == (self._point, "before", "stopped"):
            os.kill(os.getpid(), signal.SIGSTOP)


def _told(arguments: tuple[Any, ...]) -> str:
    """Say what an effect is about."""
    first = arguments[0] if arguments else ""
    kinds = [str(each.kind) for each in first if hasattr(each, "kind")] if isinstance(first, (list, tuple)) else []
    return ", ".join(kinds) if kinds else str(first)[:60]


def wrap(points: Points) -> None:
    """Put the points around whatever the commands open from here on."""
    open_store, open_target, save = rollout_wiring.open_store, rollout_wiring.open_target, rescue.save_rescue

    def numbered_store(*arguments: Any) -> tuple[Any, Any]:
        store, spool = open_store(*arguments)
        return Wrapped(store, points), Wrapped(spool, points)

    for module in (ledger_wiring, rollout_wiring, rollback):
        module.open_store = numbered_store  # type: ignore[attr-defined]
    rollout_wiring.open_target = lambda settings: Wrapped(open_target(settings), points)  # type: ignore[assignment]
    rescue.save_rescue = points.around("save_rescue", save)


def roll_out(commit: str, digest: str) -> int:
    """Start, and tick until the rollout is over; return 0 then."""
    code, said = _call("rollout", "start", "--commit", commit, "--digest", digest)
    for _ in range(TICKS):
        if code:
            return code
        if "nothing to do" in said or said.startswith("done:"):
            return 0
        time.sleep(BAKE_SECONDS if "baking" in said else 0.0)
        print("tick", flush=True)
        code, said = _call("rollout", "tick")
    return 1


def _call(*words: str) -> tuple[int, str]:
    """Run one command as the command line does; return its exit code and what it said last."""
    said = [""]
    echo = click.echo

    def remember(message: Any = None, **more: Any) -> None:
        said[0] = str(message)
        echo(message, **more)

    click.echo = remember
    try:
        return int(cli_main.cli.main(list(words), standalone_mode=False, obj={"debug": False}) or 0), said[0]
    finally:
        click.echo = echo


def main(point: int, side: str, words: list[str]) -> int:
    """Do what is asked for, with numbered effects."""
    wrap(Points(point, side))
    return roll_out(*words[1:]) if words[0] == "roll-out" else _call(*words)[0]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
