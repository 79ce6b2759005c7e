"""Everything that runs during the demo: one PostgreSQL, eight services, four Envoys, one load; and the end of it all.

Every process is a child in a group of its own or has its record in the site, so that ``close()`` ends it whatever
happened before. All addresses are on the loopback, all ports are free ones.
"""

from __future__ import annotations

import atexit
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
for folder in (HERE, HERE.parent / "venue-search", HERE.parent / "edge"):
    # Folders with a hyphen in their name are no packages.
    sys.path.insert(0, str(folder))

import releases  # noqa: E402
from database import Database  # noqa: E402
from envoy_edge import EnvoyEdge  # noqa: E402
from load import Request, read_record  # noqa: E402

REGIONS = ("us-west", "eu-central", "asia-pacific", "us-east")
COLOURS = ("blue", "green")
RATE = 50.0
"""Requests per second and region: two cores hold it with room for a slow query."""

TIMEOUT_SECONDS = 10.0
"""How long an Envoy waits for a service."""

Say = Callable[[str], None]


class Stage:
    """The running parts of the demo, below ``out``."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.site = out / "site"
        self.configuration = out / "wedgate.yml"
        self.edges: dict[str, EnvoyEdge] = {}
        self.digests: dict[str, str] = {}
        self._database: Database | None = None
        self._load: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    def open(self, *, versions: tuple[str, ...], running: str, say: Say) -> None:
        """Start everything but the load: ``running`` serves on both colours, Envoys send all traffic to blue."""
        self._clear()
        say("starting PostgreSQL and generating venues, bookings and guests")
        self._database = Database.start()
        rows = self._database.fill()
        say(f"{rows:,} rows; building {len(versions)} releases, starting {len(REGIONS)} Envoys and 8 services")
        self.digests = {version: releases.build(version, self.site) for version in versions}
        free = _free_ports(len(REGIONS) * 4)
        ports = {region: {colour: next(free) for colour in COLOURS} for region in REGIONS}
        site = {"database": self._database.address, "ports": ports}
        (self.site / "site.json").write_text(json.dumps(site, indent=1), encoding="utf-8")
        seats = [(region, colour) for region in REGIONS for colour in COLOURS]
        with ThreadPoolExecutor(len(REGIONS)) as pool:
            edges = [pool.submit(self._start_edge, region, ports[region], next(free), next(free)) for region in REGIONS]
            services = [pool.submit(self.deploy, region, colour, running) for region, colour in seats]
            for waiting in (*edges, *services):
                waiting.result()
        self._write_configuration(ports)

    def deploy(self, region: str, colour: str, version: str) -> None:
        """Put a release on one colour of one region, as the deploy command does."""
        releases.Seat.of(self.site, region, colour).start(self.digests[version])

    def start_load(self) -> None:
        """Begin to send searches through every Envoy."""
        addresses = [f"{region}=127.0.0.1:{edge.listen_port}" for region, edge in self.edges.items()]
        command = [sys.executable, str(HERE / "load.py"), "--out", str(self.record), "--rate", f"{RATE:g}"]
        self._load = subprocess.Popen([*command, *addresses], stdin=subprocess.DEVNULL, start_new_session=True)

    def stop_load(self) -> None:
        """Send no more, and wait for the answers that are due; ``RuntimeError`` when the load had died before."""
        process, self._load = self._load, None
        if process is None:
            return
        if process.poll() is not None:
            raise RuntimeError(f"the load ended by itself with {process.returncode}")
        process.terminate()
        process.wait(30)

    @property
    def record(self) -> Path:
        """Where the load writes down its requests."""
        return self.out / "requests.tsv"

    def requests(self) -> Iterator[Request]:
        """Read the requests so far."""
        return read_record(self.record)

    def totals(self, region: str) -> Mapping[str, int]:
        """Return how many requests Envoy itself has sent to each colour of a region."""
        from wedgate.adapters._envoy.admin import Admin

        plain = Admin(self.edges[region].admin, region=region).fetch(
            "/stats?format=json&filter=%5Ecluster%5C.(blue%7Cgreen)%5C.upstream_rq_total%24"
        )
        found = {stat["name"].split(".")[1]: int(stat["value"]) for stat in plain["stats"]}
        return {colour: found[colour] for colour in COLOURS}

    def close(self) -> None:
        """End every process; nothing happens the second time."""
        load, self._load = self._load, None
        if load is not None and load.poll() is None:
            load.kill()
            load.wait()
        edges, self.edges = self.edges, {}
        for edge in edges.values():
            edge.stop()
        releases.stop_all(self.site)
        database, self._database = self._database, None
        if database is not None:
            database.stop()

    def __enter__(self) -> Stage:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _clear(self) -> None:
        """Take away what an earlier run left, its processes included."""
        releases.stop_all(self.site)
        for name in ("site", "ledger"):
            shutil.rmtree(self.out / name, ignore_errors=True)
        for name in ("requests.tsv", "report.html", "wedgate.yml", "rescue.json"):
            (self.out / name).unlink(missing_ok=True)
        self.site.mkdir(parents=True)

    def _start_edge(self, region: str, ports: Mapping[str, int], listen: int, admin: int) -> None:
        self.edges[region] = EnvoyEdge.started(
            region,
            blue_address=f"127.0.0.1:{ports['blue']}",
            green_address=f"127.0.0.1:{ports['green']}",
            directory=self.site / "edge" / region,
            listen_port=listen,
            admin_port=admin,
            timeout_seconds=TIMEOUT_SECONDS,
        )

    def _write_configuration(self, ports: Mapping[str, Mapping[str, int]]) -> None:
        """Write the demo's wedgate.yml with the places of this run."""
        text = (HERE / "wedgate.yml").read_text(encoding="utf-8")
        head, _, _ = text.partition("    places:\n")
        lines = ["    places:"]
        for region in REGIONS:
            place: dict[str, Any] = {"site": str(self.site), "admin": self.edges[region].admin.removeprefix("http://")}
            place |= {colour: f"127.0.0.1:{ports[region][colour]}" for colour in COLOURS}
            lines.append(f"      {region}: {json.dumps(place)}")
        head = head.replace("path: demo-out/ledger", f"path: {json.dumps(str(self.out / 'ledger'))}")
        self.configuration.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


def _free_ports(count: int) -> Iterator[int]:
    """Return loopback ports that are free now, all different: they are held until all are known."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return iter([probe.getsockname()[1] for probe in probes])
    finally:
        for probe in probes:
            probe.close()
