"""The process that sends one message: ``python -m wedgate.adapters.notify.sending`` with JSON on its standard input."""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

from wedgate.adapters.notify.outcome import Outcome


def send(address: str, title: str, body: str) -> Outcome:
    """Send one message through Apprise, as plain text: nothing in it is an escape, a tag or a markup."""
    try:
        import apprise
    except ImportError:
        return Outcome.NO_APPRISE
    apprise.logger.disabled = True
    sender = apprise.Apprise()
    if not sender.add(address):
        return Outcome.BAD_ADDRESS
    sent = sender.notify(
        title=title, body=body, body_format=apprise.NotifyFormat.TEXT, interpret_escapes=False, match_always=False
    )
    return Outcome.SENT if sent else Outcome.NOT_SENT


def main() -> None:
    """Read what to send, send it, and end; whoever started this may be gone, so it ends by itself too."""
    told: dict[str, Any] = json.load(sys.stdin)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, float(told["within"]) + 1)
    sys.exit(int(send(str(told["address"]), str(told["title"]), str(told["body"]))))


if __name__ == "__main__":
    main()
