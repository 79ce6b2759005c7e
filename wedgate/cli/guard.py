"""`wedgate guard`: the small process beside the targets that returns traffic when nobody watches it any more."""

from __future__ import annotations

import hmac
import json
import os
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wedgate.errors import ExitCode, ExternalSystemError, UsageError, WedgateError

if TYPE_CHECKING:
    from wedgate.cli.notify_wiring import Telling
    from wedgate.engine.guard import Guard, GuardParts, Looked
    from wedgate.render.metrics import Family

TOKEN = "WEDGATE_GUARD_TOKEN"  # noqa: S105 (the name of a variable)
SILENT_SECONDS = 10.0
"""How long a client may say nothing before it is let go: each holds a thread."""

LARGEST_REPORT = 1024 * 1024
ELSEWHERE = "there is /metrics, POST /report, and POST /alerts\n"
TELL_EVERY = 60.0
"""Seconds between two looks for what people were not told yet, where the guard itself did nothing."""


@click.command("guard")
@click.option("--interval", default="5s", show_default=True, help="How often to look.")
@click.option("--listen", help="Serve /metrics and take reports on this address, such as 127.0.0.1:9464.")
@click.option("--once", is_flag=True, help="Look once, and end.")
@click.option("--rescue", type=click.Path(path_type=Path, dir_okay=False), help="The rescue file; found by default.")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="The configuration; wedgate.yml here.")
def command(*, interval: str, listen: str | None, once: bool, rescue: Path | None, config: Path | None) -> ExitCode:
    """Return a candidate's traffic to stable when nobody has watched it for longer than `rollout.max-unwatched`.

    Let it run beside the targets, under something that starts it again. It never increases anything. What it guards is
    what the ledger has under way; where the ledger or the configuration cannot be used it goes by what it read last
    and by the rescue file, as `wedgate rollback` does. With --listen, POST /report takes a regression report from
    whoever has the token in WEDGATE_GUARD_TOKEN, and POST /alerts what Alertmanager's webhook sends. With --once it
    ends with 12 where it returned something, with 20 where it could not see everything, and with 0 otherwise.

    \b
    Examples:
      wedgate guard
      wedgate guard --listen 127.0.0.1:9464
      wedgate guard --once
    """
    from wedgate.cli.rollout import parse_wait
    from wedgate.engine.guard import Guard

    pause = parse_wait(interval, option="--interval").total_seconds()
    if not 0 < pause <= 60:
        raise UsageError(f"--interval {interval}: look at least once a minute")
    guard = Guard(_parts(config, rescue, is_once=once))
    seen = _Seen()
    blind = ""
    lock = threading.Lock()
    telling, told_at = _telling(config), -TELL_EVERY
    if listen is not None:
        _serve(listen, guard, seen, lock, config)
    while True:
        with lock:
            looked = seen.took(guard.look())
        _say(looked)
        if looked.trouble != blind:
            blind = looked.trouble
            words = f"the guard does not see everything: {blind}" if blind else "the guard sees everything again"
            click.echo(f"{looked.at:%Y-%m-%d %H:%M:%S}Z  {words}", err=True)
        urgent = looked.returned or looked.stuck
        if telling is not None and (urgent or time.monotonic() - told_at >= TELL_EVERY):
            _tell(telling, looked)
            told_at = time.monotonic()
        if once:
            if telling is not None:
                telling.finish()
            if looked.trouble and not looked.returned:
                return ExitCode.EXTERNAL
            return ExitCode.ROLLED_BACK if looked.returned else ExitCode.DONE
        time.sleep(pause)


def _telling(config: Path | None) -> Telling | None:
    """Return who tells people; a guard whose configuration cannot be read guards all the same, and says so."""
    from wedgate.cli.notify_wiring import Telling
    from wedgate.cli.rollout_wiring import find_and_load

    try:
        return Telling(find_and_load(config))
    except WedgateError as error:
        click.echo(f"nobody is told anything: {error}", err=True)
        return None


def _tell(telling: Telling, looked: Looked) -> None:
    """Tell what was found, without waiting for it."""
    from wedgate.rollout.notices import needs_human

    for region in looked.stuck:
        why = f"nobody watches the candidate and the guard cannot return its traffic; {looked.trouble}"
        telling.know(needs_human(looked.rollout, region, why))
    telling.poke()


class _Seen:
    """What the guard saw last, for whoever asks."""

    def __init__(self) -> None:
        self.last: Looked | None = None
        self.returns = 0

    def took(self, looked: Looked) -> Looked:
        """Keep what was seen."""
        self.last, self.returns = looked, self.returns + len(looked.returned)
        return looked

    def metrics(self) -> str:
        """Return everything in the text format of Prometheus: what the guard sees, and what the ledger says."""
        from wedgate import __version__
        from wedgate.render.metrics import counter, of_ledger, of_version, render_metrics

        returns = counter("wedgate_guard_returns_total", "Regions that the guard has returned.", [({}, self.returns)])
        families = [of_version(__version__), returns]
        if (last := self.last) is not None:
            families += _families(last)
            if last.ledger is not None:
                families += of_ledger(last.service, last.ledger, last.state, last.at)
        return render_metrics(families)


def _families(looked: Looked) -> list[Family]:
    """Return what a look found."""
    from wedgate.render.metrics import gauge

    weights = [({"region": name}, weight) for name, weight in looked.weights.items() if weight is not None]
    unwatched = [({"region": name}, since.total_seconds()) for name, since in looked.unwatched.items()]
    stuck = [({"region": name}, name in looked.stuck) for name in looked.weights]
    return [
        gauge(
            "wedgate_guard_last_look_timestamp_seconds", "When the guard last looked.", [({}, looked.at.timestamp())]
        ),
        gauge(
            "wedgate_guard_blind",
            "Whether the ledger or the configuration cannot be read, or a person should look at a region.",
            [({}, bool(looked.trouble))],
        ),
        gauge("wedgate_guard_stuck", "Whether traffic should be back on stable and could not be returned.", stuck),
        gauge("wedgate_candidate_weight_percent", "The candidate's share, read from the target.", weights),
        gauge(
            "wedgate_candidate_unwatched_seconds", "For how long nobody has judged a candidate with traffic.", unwatched
        ),
    ]


def _parts(config: Path | None, rescue: Path | None, *, is_once: bool) -> GuardParts:
    from wedgate.adapters.stores.rescue import load_rescue
    from wedgate.cli.places import base_of_file
    from wedgate.cli.rollback import find_rescue
    from wedgate.cli.rollout_wiring import (
        Interruption,
        find_and_load,
        open_existing_target,
        rollout_parts,
        utc_now,
    )
    from wedgate.engine.guard import GuardParts
    from wedgate.engine.rollout_parts import RolloutParts
    from wedgate.rollout.rescue import Rescue

    def find() -> Rescue:
        if rescue is not None:
            return load_rescue(rescue)
        return find_rescue(Path.cwd() if config is None else base_of_file(config), config)[1]

    def wire() -> RolloutParts:
        configuration = find_and_load(config)
        return rollout_parts(config, configuration, interruption=Interruption(), observe=lambda progress: None)

    def say(text: str) -> None:
        click.echo(f"{utc_now():%Y-%m-%d %H:%M:%S}Z  {text}")

    return GuardParts(
        parts=wire, rescue=find, open_target=open_existing_target, clock=utc_now, say=say, is_once=is_once
    )


def _say(looked: Looked) -> None:
    for region in looked.returned:
        click.echo(f"{looked.at:%Y-%m-%d %H:%M:%S}Z  {region} was returned to stable: nobody had watched the candidate")


def _serve(listen: str, guard: Guard, seen: _Seen, lock: threading.Lock, config: Path | None) -> None:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise UsageError(f"--listen {listen}: write an address and a port, such as 127.0.0.1:9464")
    handler = _handler(guard, seen, lock, config)
    try:
        server = ThreadingHTTPServer((host, int(port)), handler)
    except OverflowError as error:
        raise UsageError(f"--listen {listen}: a port is a number up to 65535") from error
    except OSError as error:
        raise UsageError(f"--listen {listen}: {error.strerror or error}") from error
    threading.Thread(target=server.serve_forever, daemon=True).start()
    click.echo(f"listening on {host}:{server.server_address[1]}")


def _handler(guard: Guard, seen: _Seen, lock: threading.Lock, config: Path | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Metrics out, reports in."""

        timeout = SILENT_SECONDS

        def do_GET(self) -> None:
            """Answer with the metrics."""
            if self.path == "/metrics":
                self._answer(200, seen.metrics(), kind="text/plain; version=0.0.4; charset=utf-8")
            else:
                self._answer(404, ELSEWHERE)

        def do_POST(self) -> None:
            """Take a regression report or alerts, and act on them before answering."""
            token = os.environ.get(TOKEN, "")
            given = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if self.path not in ("/report", "/alerts"):
                self._answer(404, ELSEWHERE)
            elif not token:
                self._answer(403, f"no reports are taken here: set {TOKEN} where the guard runs\n")
            elif not hmac.compare_digest(given.encode(), token.encode()):
                self._answer(401, "the token is not the guard's\n")
            else:
                self._take(_give_report if self.path == "/report" else _give_alerts)

        def _take(self, give: Callable[[Any, Path | None], tuple[bool, str]]) -> None:
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdigit()) or int(length) > LARGEST_REPORT:
                self._answer(413, f"a report has a Content-Length of at most {LARGEST_REPORT} bytes\n")
                return
            try:
                is_order, given = give(json.loads(self.rfile.read(int(length))), config)
                if is_order:
                    with lock:
                        seen.took(guard.obey())
            except (ValueError, RecursionError) as error:
                self._answer(422, f"no regression report: {error}\n")
            except ExternalSystemError as error:
                # Whoever sends alerts tries again after this, and not after what is wrong with the alert.
                self._answer(503, f"{error}\n")
            except WedgateError as error:
                self._answer(409, f"{error}\n")
            else:
                self._answer(200, f"{given}\n")

        def _answer(self, status: int, text: str, *, kind: str = "text/plain") -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing of who asks for metrics."""

    return Handler


def _give_alerts(plain: Any, config: Path | None) -> tuple[bool, str]:
    from wedgate.cli.guard_alerts import give_alerts

    return give_alerts(plain, config)


def _give_report(plain: Any, config: Path | None) -> tuple[bool, str]:
    from wedgate.cli.report_giving import give_report
    from wedgate.judge.report import parse_report

    return True, give_report(parse_report(plain), config, by="a report")
