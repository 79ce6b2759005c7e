"""The guard as a process: metrics, reports with a token, and a look."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from small_service import REPORT, exposed, green_in
from small_service import run_process as wedgate


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A service whose candidate has 10 %, left by its last tick."""
    return exposed(tmp_path)


def green(place: Path) -> int:
    """Return the candidate's percent."""
    return green_in(place / "regions.json")


@contextmanager
def guarding(place: Path, **more: str) -> Iterator[str]:
    """Run the guard, and yield where it listens."""
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "wedgate", "guard", "--interval", "1s", "--listen", "127.0.0.1:0"],
        cwd=place,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **more},
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), line
            yield f"http://{line.split()[-1]}"
        finally:
            process.kill()


def ask(url: str, body: object = None, token: str = "") -> tuple[int, str]:
    """Ask the guard."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 (loopback)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_report_with_the_token_rolls_back_and_nobody_else_does(place: Path) -> None:
    """A forged report is a downgrade: without the token, with another, about another release nothing happens."""
    with guarding(place, WEDGATE_GUARD_TOKEN="open sesame") as url:
        deadline = time.monotonic() + 20
        while "wedgate_candidate_weight_percent" not in ask(f"{url}/metrics")[1]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        metrics = ask(f"{url}/metrics")[1]
        assert 'wedgate_candidate_weight_percent{region="us-west"} 10' in metrics
        assert ask(f"{url}/report", REPORT)[0] == 401
        assert ask(f"{url}/report", REPORT, "wrong")[0] == 401
        assert ask(f"{url}/report", {**REPORT, "release": {"digest": "sha256:other"}}, "open sesame")[0] == 422
        assert ask(f"{url}/report", {**REPORT, "service": "other"}, "open sesame")[0] == 422
        assert ask(f"{url}/report", {"nonsense": 1}, "open sesame")[0] == 422
        assert ask(f"{url}/elsewhere")[0] == 404
        assert green(place) == 10
        code, text = ask(f"{url}/report", REPORT, "open sesame")
        assert (code, green(place)) == (200, 0), text
    assert wedgate(place, "rollout", "status").stdout.count("poisoned: sha256:new") == 1


def test_an_alarm_of_a_benchmark_rolls_back_only_when_it_is_confirmed(place: Path) -> None:
    """Without fresh runs the guard pauses the rollout and says so; with them it goes back at once."""
    run = {"metrics": [{"name": metric["name"], "outcome": "fail"} for metric in REPORT["metrics"]]}
    with guarding(place, WEDGATE_GUARD_TOKEN="open sesame") as url:
        alarm = {**REPORT, "benchmark": {"confirmed": False, "runs": [run]}}
        code, text = ask(f"{url}/report", alarm, "open sesame")
        assert (code, green(place)) == (200, 10), text
        assert "is paused" in text
        forged = {**REPORT, "benchmark": {"confirmed": True, "runs": [run]}}
        assert ask(f"{url}/report", forged, "open sesame")[0] == 422
        assert green(place) == 10
        confirmed = {**REPORT, "benchmark": {"confirmed": True, "runs": [run, run]}}
        code, text = ask(f"{url}/report", confirmed, "open sesame")
        assert (code, green(place)) == (200, 0), text


def test_a_guard_without_a_token_takes_no_reports(place: Path) -> None:
    """It says what to set."""
    with guarding(place, WEDGATE_GUARD_TOKEN="") as url:
        code, text = ask(f"{url}/report", REPORT, "")
        assert code == 403
        assert "WEDGATE_GUARD_TOKEN" in text


def test_one_look_leaves_what_is_watched(place: Path) -> None:
    """It ends with 0; nonsense options end with 2."""
    assert wedgate(place, "guard", "--once").returncode == 0
    assert green(place) == 10
    assert wedgate(place, "guard", "--once", "--interval", "2h").returncode == 2
    assert wedgate(place, "guard", "--once", "--listen", "nowhere").returncode == 2
    far = wedgate(place, "guard", "--once", "--listen", "127.0.0.1:99999")
    assert (far.returncode, "up to 65535" in far.stderr) == (2, True)


def alerts(*alerts: dict[str, object]) -> dict[str, object]:
    """Return what Alertmanager documents its webhook to send, version 4."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="SearchIsSlow"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "wedgate",
        "groupLabels": {"alertname": "SearchIsSlow"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://127.0.0.1:9093",
        "alerts": list(alerts),
    }


def alert(status: str = "firing", **labels: str) -> dict[str, object]:
    """Return one alert."""
    named = {"alertname": "SearchIsSlow", "service": "venue-search", "digest": "sha256:new", **labels}
    return {
        "status": status,
        "labels": {key: value for key, value in named.items() if value},
        "annotations": {"summary": "p95 is 300 ms"},
        "startsAt": "2026-06-05T12:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://127.0.0.1:9090/graph",
        "fingerprint": "c0ffee",
    }


def test_an_alert_about_the_release_rolls_back_and_no_other_does(place: Path) -> None:
    """Resolved, about another release, without a release, without the token: nothing happens, and it is said."""
    with guarding(place, WEDGATE_GUARD_TOKEN="open sesame") as url:
        for body, token, code, says in [
            (alerts(alert()), "", 401, "token"),
            (alerts(alert()), "wrong", 401, "token"),
            (alerts(alert("resolved")), "open sesame", 200, "every alert is resolved"),
            (alerts(alert(digest="sha256:old")), "open sesame", 200, "no alert is about a release"),
            (alerts(alert(service="other")), "open sesame", 200, "no alert is about a release"),
            (alerts(alert(commit="2" * 40)), "open sesame", 200, "no alert is about a release"),
            (alerts(alert(region="us-wst")), "open sesame", 422, "us-wst"),
            (alerts(alert(digest="")), "open sesame", 422, "SearchIsSlow names no release"),
            ({**alerts(alert()), "version": "5"}, "open sesame", 422, "version"),
            (REPORT, "open sesame", 422, "Alertmanager"),
        ]:
            answer = ask(f"{url}/alerts", body, token)
            assert (answer[0], says in answer[1]) == (code, True), answer
        assert green(place) == 10
        about = alert(digest="", commit="1" * 40, region="us-west")
        code, text = ask(
            f"{url}/alerts", alerts(alert("resolved"), alert(digest=""), alert(region="us-wst"), about), "open sesame"
        )
        assert "not obeyed: SearchIsSlow names the region 'us-wst'" in text
        assert (code, green(place)) == (200, 0), text
        # Alertmanager repeats what still fires.
        assert ask(f"{url}/alerts", alerts(about), "open sesame")[0] == 200
    status = wedgate(place, "rollout", "status").stdout
    assert status.count("poisoned: sha256:new") == 1
    assert "alert SearchIsSlow: p95 is 300 ms" in status


def test_a_client_that_says_nothing_is_let_go(place: Path) -> None:
    """Whether it has a token or not: it would hold a thread for ever; and a digit that is none is no length."""
    with guarding(place, WEDGATE_GUARD_TOKEN="open sesame") as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=30) as silent:
            assert silent.recv(1) == b""
        with socket.create_connection((host, int(port)), timeout=30) as odd:
            head = "POST /report HTTP/1.1\r\nAuthorization: Bearer open sesame\r\nContent-Length: \u00b2\r\n\r\n"
            odd.sendall(head.encode("latin-1"))
            assert b" 413 " in odd.recv(100)


def test_a_guard_whose_ledger_cannot_be_written_asks_for_another_try(place: Path) -> None:
    """Alertmanager tries again after a 5xx, and after nothing else."""
    with guarding(place, WEDGATE_GUARD_TOKEN="open sesame") as url:
        ledger = next((place / ".wedgate").glob("*.jsonl"))
        content = ledger.read_bytes()
        ledger.unlink()
        ledger.mkdir()
        assert ask(f"{url}/alerts", alerts(alert()), "open sesame")[0] == 503
        ledger.rmdir()
        ledger.write_bytes(content)
        assert ask(f"{url}/alerts", alerts(alert()), "open sesame")[0] == 200
    assert green(place) == 0


@pytest.mark.needs_tool("prometheus-alertmanager")
def test_the_real_alertmanager_rolls_back(place: Path, tmp_path: Path, tool_named: Callable[[str], Path]) -> None:
    """As the documentation says to configure it: an alert comes in there, and the candidate has no traffic."""
    with guarding(place, WEDGATE_GUARD_TOKEN="open sesame") as url, socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
        found.close()
        (tmp_path / "token").write_text("open sesame")
        receiver = {
            "name": "wedgate",
            "webhook_configs": [
                {
                    "url": f"{url}/alerts",
                    "http_config": {"authorization": {"credentials_file": str(tmp_path / "token")}},
                }
            ],
        }
        route = {"receiver": "wedgate", "group_wait": "0s", "group_by": ["..."]}
        (tmp_path / "alertmanager.yml").write_text(json.dumps({"route": route, "receivers": [receiver]}))
        words = [
            str(tool_named("prometheus-alertmanager")),
            f"--config.file={tmp_path / 'alertmanager.yml'}",
            f"--storage.path={tmp_path / 'alerts'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        with (tmp_path / "log").open("w") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:
            try:
                labels = {"alertname": "SearchIsSlow", "service": "venue-search", "digest": "sha256:new"}
                firing = [{"labels": labels, "annotations": {"summary": "p95 is 300 ms"}}]
                deadline = time.monotonic() + 60
                while not is_taken(f"http://127.0.0.1:{port}/api/v2/alerts", firing):
                    assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                    time.sleep(0.1)
                while green(place) != 0:
                    assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                    time.sleep(0.1)
            finally:
                process.kill()
    assert "alert SearchIsSlow: p95 is 300 ms" in wedgate(place, "rollout", "status").stdout


def is_taken(url: str, body: object) -> bool:
    """Post something, and tell whether it was taken; not when nobody listens yet."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers=headers)  # noqa: S310 (loopback)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False
