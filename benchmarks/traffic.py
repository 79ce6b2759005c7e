"""Traffic for the benchmarks that switch it: two small services, and two generators, because each hides something.

wrk does not retry, so its errors are the failures; it sends as fast as it is answered, or throttled. vegeta is
open-loop, so its rate and latency are true, but it retries idempotent requests on a dropped connection. Which colour
answered is counted by the services themselves.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

BACKEND = """
import socket, struct, sys, threading, time
# One answer for each request; the instant of the last one is at /last, written by a plain loop without a framework.
import selectors
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024)
listener.setblocking(False)
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
answer = b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok"
last, count = 0.0, 0
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            peer, _ = listener.accept()
            peer.setblocking(False)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(peer, selectors.EVENT_READ)
            continue
        peer = key.fileobj
        try:
            data = peer.recv(65536)
        except OSError:
            data = b""
        if not data:
            selector.unregister(peer)
            peer.close()
            continue
        if data.startswith(b"GET /last "):
            body = f"{last!r} {count}".encode()
            peer.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(body) + body)
            continue
        if data.startswith(b"GET /version "):
            body = b'{"digest": "%s"}' % sys.argv[2].encode()
            peer.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(body) + body)
            continue
        last, count = time.time(), count + 1
        peer.sendall(answer)
"""


def attack(vegeta: str, url: str, directory: Path, rate: int, seconds: int) -> subprocess.Popen[str]:
    """Start vegeta at a steady rate, in requests a second; at 0 it sends as fast as it is answered."""
    command = [vegeta, "attack", "-rate", f"{rate}/1s", "-duration", f"{seconds}s", "-timeout", "5s"]
    command += ["-workers", "32", "-max-workers", "512", "-output", str(directory / "vegeta.bin")]
    if not rate:
        command[command.index("-max-workers") + 1] = "32"
    load = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
    assert load.stdin is not None
    load.stdin.write(f"GET {url}/\n")
    load.stdin.close()
    return load


def report_of(load: subprocess.Popen[str], vegeta: str, directory: Path) -> dict[str, Any]:
    """Wait for vegeta and return its report."""
    load.wait(30)
    command = [vegeta, "report", "-type=json", str(directory / "vegeta.bin")]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def others_in(plain: dict[str, Any]) -> int:
    """Return how many answers of vegeta's report were something else than 200."""
    return sum(count for code, count in plain["status_codes"].items() if code != "200")


def last_of(port: int) -> tuple[float, int]:
    """Ask a backend when it answered last, and how many requests it answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /last HTTP/1.1\r\nhost: bench\r\n\r\n")
        last, count = connection.recv(4096).rpartition(b"\r\n\r\n")[2].split()
    return float(last), int(count)


@contextmanager
def backend(port: int, digest: str = "") -> Iterator[None]:
    """Run a service that answers on ``port``, and at ``/version`` says which digest it is."""
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", BACKEND, str(port), digest])
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                last_of(port)
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("a backend of the benchmark did not come up") from None
                time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


def wrk_command(wrk: str, url: str, seconds: int) -> list[str]:
    """Return the command that loads ``url`` by 16 connections, each as fast as it is answered."""
    return [wrk, "-t1", "-c16", f"-d{seconds}s", "--timeout", "5s", "--latency", f"{url}/"]


def run_wrk(wrk: str, url: str, seconds: int) -> dict[str, float]:
    """Run wrk to its end and return what ``read_wrk`` reads."""
    done = subprocess.run(
        wrk_command(wrk, url, seconds), capture_output=True, text=True, check=True, timeout=seconds + 20
    )
    return read_wrk(done.stdout)


def read_wrk(text: str) -> dict[str, float]:
    """Read wrk's report: rate, requests, latencies in milliseconds, and every kind of error summed up."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if rate is None:
        raise RuntimeError(f"wrk reported no rate:\n{text}")
    sent = re.search(r"(\d+) requests in", text)
    found = {"rate": float(rate[1]), "requests": float(sent[1]) if sent else 0.0}
    for name in ("50", "99"):
        latency = re.search(rf"^\s+{name}%\s+([\d.]+)(us|ms|s)\s*$", text, re.MULTILINE)
        if latency:
            found[f"p{name}"] = float(latency[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[latency[2]]
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    others = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    found["failed"] = float(sum(int(n) for n in sockets.groups()) if sockets else 0) + float(others[1] if others else 0)
    return found


def program(name: str) -> str | None:
    """Find a program of `make tools`, or of the machine."""
    return shutil.which(name, path=str(ROOT / ".tools" / "bin")) or shutil.which(name)
