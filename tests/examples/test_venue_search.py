"""The service that the demo releases: its plans on a real PostgreSQL, its answers, its digest, its deploy command."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "venue-search"
ARGUMENTS = {"city": "City 17", "guests": 80, "day": date(2027, 6, 12)}


def plan(database: Any, version: str) -> str:
    """Ask PostgreSQL how it would search."""
    import psycopg

    query = (EXAMPLE / "releases" / version / "search.sql").read_text(encoding="utf-8")
    with psycopg.connect(database.address) as connection:
        return "\n".join(row[0] for row in connection.execute(f"EXPLAIN {query}", ARGUMENTS).fetchall())


def found(database: Any, version: str) -> list[Any]:
    """Search, and return the ids found."""
    import psycopg

    query = (EXAMPLE / "releases" / version / "search.sql").read_text(encoding="utf-8")
    with psycopg.connect(database.address) as connection:
        return [(row[0], row[3]) for row in connection.execute(query, ARGUMENTS).fetchall()]


@pytest.mark.parametrize("version", ["2027.22", "2027.23"])
def test_a_good_release_reaches_venues_by_the_index(database: Any, version: str) -> None:
    text = plan(database, version)
    assert "venues_by_city" in text
    assert "Seq Scan on venues" not in text


def test_the_bad_release_defeats_the_index_and_nothing_sleeps(database: Any) -> None:
    text = plan(database, "2027.24")
    assert "Seq Scan on venues" in text
    assert "venues_by_city" not in text
    assert not any("sleep" in path.read_text(encoding="utf-8") for path in EXAMPLE.glob("releases/*/*.sql"))


def test_every_release_finds_venues_at_the_same_prices(database: Any) -> None:
    prices = [[price for _, price in found(database, version)] for version in ("2027.22", "2027.23", "2027.24")]
    assert len(prices[0]) == 20
    assert prices[0] == sorted(prices[0])
    assert prices[0] == prices[1] == prices[2]


def test_there_are_at_least_three_hundred_thousand_rows(database: Any) -> None:
    import psycopg

    with psycopg.connect(database.address) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in ("venues", "bookings", "guests")
        ]
    assert sum(counts) >= 300_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(port: int, path: str) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, json.loads(response.read())
    finally:
        connection.close()


def test_deploying_replaces_what_runs_and_the_service_reports_its_digest(database: Any, tmp_path: Path) -> None:
    import releases

    old, new = (releases.build(version, tmp_path) for version in ("2027.22", "2027.23"))
    port = free_port()
    site = {"database": database.address, "ports": {"here": {"blue": port}}}
    (tmp_path / "site.json").write_text(json.dumps(site), encoding="utf-8")
    try:
        for digest in (old, new):
            command = [sys.executable, str(EXAMPLE / "deploy"), str(tmp_path), "here", "blue", digest]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            assert done.returncode == 0, done.stderr
            status, headers, body = get(port, "/version")
            assert (status, body) == (200, {"digest": digest, "colour": "blue"})
            assert headers["x-release"] == digest
        status, _, body = get(port, "/search?city=City+17&day=2027-06-12&guests=80")
        assert (status, len(body["venues"])) == (200, 20)
        assert get(port, "/healthz")[0] == 200
        assert get(port, "/search?city=City+17")[0] == 400
        assert get(port, "/elsewhere")[0] == 404
    finally:
        releases.stop_all(tmp_path)
    with pytest.raises(OSError, match="refused"):
        get(port, "/healthz")


def test_a_release_whose_files_were_changed_is_not_started(tmp_path: Path) -> None:
    import releases

    digest = releases.build("2027.22", tmp_path)
    (releases.release_directory(tmp_path, digest) / "search.sql").write_text("SELECT 1", encoding="utf-8")
    seat = releases.Seat(site=tmp_path, region="here", colour="blue", port=1, database="")
    with pytest.raises(SystemExit, match="its files were changed"):
        seat.start(digest)


def test_building_twice_gives_the_same_digest_and_other_queries_another(tmp_path: Path) -> None:
    import releases

    first = [releases.build(version, tmp_path / "one") for version in ("2027.22", "2027.23", "2027.24")]
    again = [releases.build(version, tmp_path / "two") for version in ("2027.22", "2027.23", "2027.24")]
    assert first == again
    assert len(set(first)) == 3
    assert releases.build("2027.22", tmp_path / "one") == first[0]


def test_a_record_that_outlived_its_process_never_ends_a_stranger(tmp_path: Path) -> None:
    import releases

    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "here-blue.pid").write_text(str(stranger.pid), encoding="ascii")
        releases.stop_all(tmp_path)
        assert stranger.poll() is None
        stranger.kill()
