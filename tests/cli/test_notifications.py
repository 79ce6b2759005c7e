"""Telling people, with real processes, the real Apprise and real servers on loopback: what arrives, and that a server
which hangs, refuses or is not there changes nothing about a rollback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from small_service import CONFIGURATION, NEW, REPORT, exposed, green_in, run_here
from small_service import run_process as wedgate

NOTIFY = "notify: [{to: env/WEDGATE_NOTIFY_URL}]\n"


def here(*words: str) -> int:
    """Run a command in this process, for what only prepares."""
    return int(run_here(*words).return_value)


def green(place: Path) -> int:
    """Return the percent that the candidate has."""
    return green_in(place / "regions.json")


@contextmanager
def taking() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve as a place where messages arrive; the address has a password, which nobody may print."""
    taken: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"json://user:geheim@127.0.0.1:{server.server_address[1]}/", taken
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"json://user:geheim@127.0.0.1:{listening.getsockname()[1]}/"


def rollback_until_said(place: Path, **more: str) -> tuple[float, float, int, str]:
    """Roll back; return the seconds until it said that all is done, until it ended, how, and everything it said."""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "wedgate", "rollback", "--reason", "bookings fail"],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **more},
    ) as process:
        assert process.stdout is not None
        said: list[str] = []
        done = 0.0
        for line in process.stdout:
            said.append(line)
            if "recorded in the ledger" in line:
                done = time.monotonic() - began
                assert green(place) == 0
        code = process.wait()
    return done, time.monotonic() - began, code, "".join(said)


def test_a_rollback_is_told_and_the_next_ticks_do_not_tell_it_again(tmp_path: Path) -> None:
    """By hand, with the real Apprise: one message, and no address in what is printed or in the ledger."""
    place = exposed(tmp_path / "a")
    (place / "wedgate.yml").write_text(CONFIGURATION + NOTIFY)
    with taking() as (address, taken):
        _, _, code, said = rollback_until_said(place, WEDGATE_NOTIFY_URL=address)
        assert code == 12
        for _ in range(2):
            tick = wedgate(place, "rollout", "tick", WEDGATE_NOTIFY_URL=address)
            assert tick.returncode == 0, tick.stderr
            said += tick.stdout + tick.stderr
    assert len(taken) == 1, taken
    assert taken[0]["title"] == "wedgate venue-search: rolled-back"
    assert taken[0]["message"].startswith("us-west was rolled back: sha256:new: rolled back by hand: bookings fail")
    ledger = (place / ".wedgate" / "venue-search.jsonl").read_text()
    assert '"claimed"' in ledger
    for text in (said, ledger):
        assert "geheim" not in text
        assert "json://" not in text


def test_a_rollback_takes_as_long_with_a_server_that_never_answers(tmp_path: Path) -> None:
    """Weights, record and exit code are those of a rollback that tells nobody; only the end comes after the limit."""
    plain = [rollback_until_said(exposed(tmp_path / f"plain{number}")) for number in range(3)]
    with silent() as address:
        told = []
        for number in range(3):
            place = exposed(tmp_path / f"told{number}")
            (place / "wedgate.yml").write_text(CONFIGURATION + NOTIFY)
            told.append(rollback_until_said(place, WEDGATE_NOTIFY_URL=address))
    assert [each[2] for each in (*plain, *told)] == [12] * 6
    best = min(each[0] for each in plain)
    assert min(each[0] for each in told) < best + 0.3, (plain, told)
    assert all(each[1] - each[0] < 8 for each in told)
    assert "env/WEDGATE_NOTIFY_URL was not told: there was no answer within 4 s" in told[0][3]
    assert "geheim" not in told[0][3]


def test_a_run_that_finds_a_regression_returns_traffic_first_and_tells_then(tmp_path: Path) -> None:
    """A server that hangs changes neither the exit code nor what the run says; where one answers, it hears why."""
    place = exposed(tmp_path / "a")
    (place / "wedgate.yml").write_text(CONFIGURATION + NOTIFY)
    (place / "report.json").write_text(json.dumps(REPORT))
    words = ("rollout", "run", *NEW, "--report", "report.json")
    with silent() as address:
        found = wedgate(place, *words, WEDGATE_NOTIFY_URL=address)
    assert (found.returncode, green(place)) == (12, 0), found.stderr
    assert "rolled back: us-west back on stable" in found.stdout
    assert "was not told" in found.stderr
    ledger = (place / ".wedgate" / "venue-search.jsonl").read_text()
    assert '"failed"' in ledger


def test_a_guard_that_returns_traffic_tells_it(tmp_path: Path) -> None:
    """Nobody watched: the region is held, and people hear of it."""
    place = exposed(tmp_path / "a", CONFIGURATION.replace("  reserve: 1m\n", "  reserve: 1m\n  max-unwatched: 2s\n"))
    text = (place / "wedgate.yml").read_text()
    (place / "wedgate.yml").write_text(text + NOTIFY)
    with taking() as (address, taken):
        code, until = 0, time.monotonic() + 60
        while code == 0 and time.monotonic() < until:
            code = wedgate(place, "guard", "--once", WEDGATE_NOTIFY_URL=address).returncode
    assert (code, green(place)) == (12, 0)
    assert [each["title"] for each in taken] == ["wedgate venue-search: held"]
    assert "us-west is held: " in taken[0]["message"]


def test_what_was_refused_is_told(tmp_path: Path) -> None:
    """A rollout of a digest that is poisoned: exit 11, and one message a day."""
    place = exposed(tmp_path / "a")
    assert wedgate(place, "rollback").returncode == 12
    (place / "wedgate.yml").write_text(CONFIGURATION + "notify: [{to: env/CHAT, when: [refused]}]\n")
    with taking() as (address, taken):
        for _ in range(2):
            assert wedgate(place, "rollout", "run", *NEW, CHAT=address).returncode == 11
    assert [each["title"] for each in taken] == ["wedgate venue-search: refused"]
    assert "sha256:new" in taken[0]["message"]


def test_notify_tells_what_waits_and_tries_destinations_out(tmp_path: Path) -> None:
    """`wedgate notify --test` says for each whether it arrived, and ends with 20 when one did not."""
    place = exposed(tmp_path / "a")
    assert wedgate(place, "notify").returncode == 2
    assert wedgate(place, "rollback").returncode == 12
    (place / "wedgate.yml").write_text(CONFIGURATION + "notify: [{to: env/CHAT}, {to: env/PAGER}]\n")
    with taking() as (address, taken):
        test = wedgate(place, "notify", "--test", CHAT=address)
        assert test.returncode == 20
        assert test.stdout.splitlines() == ["env/CHAT: sent", "env/PAGER: PAGER is not set"]
        assert "geheim" not in test.stdout + test.stderr
        told = wedgate(place, "notify", CHAT=address)
        assert told.returncode == 0, told.stderr
        assert told.stderr.count("PAGER is not set") == 2, told.stderr
    assert [each["title"] for each in taken] == ["wedgate venue-search: a test", "wedgate venue-search: rolled-back"]


def test_without_apprise_lint_and_start_warn_once_and_a_rollback_goes_on(tmp_path: Path) -> None:
    """A warning, what to install, and the same exit codes."""
    place = exposed(tmp_path / "a")
    (place / "wedgate.yml").write_text(CONFIGURATION + NOTIFY)
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'apprise' else find(name, *more)\n"
    )
    more = {"PYTHONPATH": str(hidden), "WEDGATE_NOTIFY_URL": "json://127.0.0.1:1/"}
    warning = "Apprise is not installed, so nobody is told anything; pip install 'wedgate[notify]'"
    lint = wedgate(place, "lint", **more)
    assert (lint.returncode, lint.stdout.count(warning)) == (0, 1), lint.stdout
    tick = wedgate(place, "rollout", "tick", **more)
    assert (tick.returncode, tick.stderr.count(warning)) == (0, 1), tick.stderr
    _, _, code, said = rollback_until_said(place, **more)
    assert (code, said.count(warning)) == (12, 1), said


@pytest.mark.parametrize("text", ["not yaml: [", "version: 1\n"])
def test_a_rollback_needs_no_configuration_to_go_on(tmp_path: Path, text: str) -> None:
    """One that cannot be read tells nobody, and changes nothing."""
    place = exposed(tmp_path / "a")
    (place / "wedgate.yml").write_text(text)
    _, _, code, said = rollback_until_said(place)
    assert code == 12, said


def test_a_source_that_ends_soon_is_told_once(tmp_path: Path) -> None:
    """A feed of the calendar whose days were checked for two weeks more; the second look tells nothing."""
    place = exposed(tmp_path / "a")
    ends = datetime.now(UTC).date() + timedelta(days=14)
    feed = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
    (place / "fairs.ics").write_text(feed, newline="")
    rules = f"rules: {{fairs: {{where: all, feed: fairs.ics, expires: {ends}, effect: caution}}}}\n"
    (place / "wedgate.yml").write_text(CONFIGURATION + rules + "notify: [{to: env/CHAT, when: [source-expires]}]\n")
    with taking() as (address, taken):
        for _ in range(2):
            told = wedgate(place, "notify", CHAT=address)
            assert told.returncode == 0, told.stderr
    assert [each["title"] for each in taken] == ["wedgate venue-search: source-expires"]
    assert "fairs.ics" in taken[0]["message"]
    assert f"until {ends}" in taken[0]["message"]
