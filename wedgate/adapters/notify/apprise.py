"""Tells people through Apprise, in a process of its own for each destination.

A process can be ended from outside whatever the library or the server does, takes no turn away from the process that
watches traffic, and prints where nobody reads it. The address goes to it through a pipe: no list of processes shows it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from wedgate.adapters.notify.interface import Message
from wedgate.adapters.notify.outcome import Outcome

MISSING = "Apprise is not installed: pip install 'wedgate[notify]'"

_WORDS: Mapping[int, str] = {
    Outcome.SENT: "",
    Outcome.NOT_SENT: "the server did not take it",
    Outcome.BAD_ADDRESS: "what the variable holds is no address that Apprise knows (docs/reference/notifications.md)",
    Outcome.NO_APPRISE: MISSING,
}


def is_installed() -> bool:
    """Whether Apprise can be imported, without doing so."""
    return importlib.util.find_spec("apprise") is not None


class AppriseMessenger:
    """Sends through Apprise to the addresses that variables of ``environment`` hold."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def send(self, messages: Sequence[Message], *, within: timedelta) -> tuple[str, ...]:
        """Send all messages at the same time; what is not done ``within`` is ended."""
        until = time.monotonic() + within.total_seconds()
        started = [self._start(message, within) for message in messages]
        return tuple(each if isinstance(each, str) else _ended(each, until, within) for each in started)

    def _start(self, message: Message, within: timedelta) -> subprocess.Popen[bytes] | str:
        """Start the process that tells one message; return why it could not be started instead."""
        address = self._environment.get(message.to.removeprefix("env/"), "").strip()
        if not address:
            return f"{message.to.removeprefix('env/')} is not set"
        told = {"address": address, "title": message.title, "body": message.body, "within": within.total_seconds()}
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-X", "utf8", "-m", "wedgate.adapters.notify.sending"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            return f"cannot run {sys.executable}: {error.strerror}"
        assert process.stdin is not None
        with contextlib.suppress(OSError), process.stdin as pipe:
            pipe.write(json.dumps(told).encode())
        return process


def _ended(process: subprocess.Popen[bytes], until: float, within: timedelta) -> str:
    """Return how one process ended, ending it if it takes too long."""
    try:
        status = process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()
        return f"there was no answer within {within.total_seconds():g} s"
    return _WORDS.get(status, f"it could not be sent (Apprise ended with {status})")
