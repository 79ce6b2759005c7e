"""Who holds the lease, and whether that run still works: one that does is never taken over.

A run renews its lease while it lives and gives it back when it ends. On the same machine a process that is gone is
known at once; on another one only silence tells, after ``LEASE_LASTS``.
"""

from __future__ import annotations

import functools
import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from wedgate.errors import RefusedError
from wedgate.ledger.streams import Lease, LedgerState
from wedgate.rollout.regions import CLOCKS_DIFFER

IsAlive: TypeAlias = Callable[[str], bool | None]

RENEW_EVERY = timedelta(minutes=1)
"""How often a run that has nothing else to write says that it is alive."""

LEASE_LASTS = timedelta(minutes=3)
"""How long after its last sign of life a run counts as alive where its process cannot be looked at."""


_BOOT = "/proc/sys/kernel/random/boot_id"
"""Where Linux says which start of which machine this is (random(4)); no other one has it."""


@functools.cache
def machine() -> str:
    """Return the name of this machine in leases: its host name, and of what start of it where the system says so.

    Hosted runners are machines of one image, and may all have one host name: the number of a process on one of them
    says nothing about another.
    """
    try:
        with open(_BOOT, encoding="ascii") as file:
            boot = file.read(8)
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}/{boot}"


def own_name() -> str:
    """Return this process's name in the lease: ``machine:pid``."""
    return f"{machine()}:{os.getpid()}"


def is_alive(who: str) -> bool | None:
    """Whether the process ``machine:pid`` runs; ``None`` when it is on another machine, or nobody can tell.

    A holder of this process's own name is an earlier process of the same number, or one in another container of the
    same name: nobody can tell.
    """
    there, _, pid = who.rpartition(":")
    if who == own_name() or there != machine() or not pid.isdigit() or os.name != "posix":
        return None
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def live_holder(state: LedgerState, at: datetime, is_alive: IsAlive) -> Lease | None:
    """Return the lease of a run that is alive, as far as can be known; ``None`` when there is none."""
    lease = state.lease
    if lease is None or lease.ended or not lease.is_of_run:
        return None
    lives = is_alive(lease.who)
    # What a clock that was ahead has written says nothing about when that was.
    is_ahead = at - lease.seen < -CLOCKS_DIFFER and lives is None
    return None if is_ahead or at - lease.seen > LEASE_LASTS or lives is False else lease


def refuse_while_held(state: LedgerState, at: datetime, is_alive: IsAlive) -> None:
    """Raise ``RefusedError`` while another run is alive; this one must not hold the lease yet."""
    lease = live_holder(state, at, is_alive)
    if lease is None:
        return
    what = f"rollout {state.running}" if state.running is not None else "a run"
    gone = ""
    if is_alive(lease.who) is None:
        gone = f"; if that machine is gone, run this again after {utc(lease.seen + LEASE_LASTS)}"
    raise RefusedError(
        f"{what} of {lease.who} is running there since {utc(lease.at)}; wait, or end it (Ctrl-C there, or "
        f"`wedgate rollback`){gone}"
    )


def utc(at: datetime) -> str:
    """Spell an instant of a text that concerns no single region."""
    return f"{at:%Y-%m-%d %H:%M:%SZ}"
