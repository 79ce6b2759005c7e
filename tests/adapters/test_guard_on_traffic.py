"""The guard on live traffic through the real Envoy: a report brings it back, and no request fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

CONFIGURATION = """
version: 1
service: search
regions: {{us-west: {{markets: {{utc: {{zone: UTC, country: US}}}}}}}}
rollout:
  reserve: 1s
  strategies: {{half: {{kind: canary, steps: [{{weight: 50, bake: 10m}}]}}}}
  target:
    kind: envoy
    admin: "{admin}"
    routes: "{routes}"
    deploy: ["true", "{{digest}}"]
    verify: {{url: "http://{{address}}/version", field: build.digest}}
    places: {{us-west: {{blue: "{blue}", green: "{green}"}}}}
state: {{kind: file, path: .wedgate}}
"""
REPORT = {
    "schema_version": 1,
    "service": "search",
    "release": {"digest": "sha256:green"},
    "metrics": [{"name": "p95", "baseline": 7, "candidate": 61, "unit": "ms", "direction": "lower-is-better"}],
    "reporter": "bench",
    "reported_at": "2027-06-07T10:00:00Z",
}


def wedgate(place: Path, *words: str) -> None:
    """Run a command that must end well."""
    command = [sys.executable, "-m", "wedgate", *words]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_report_to_the_guard_brings_the_traffic_back_and_no_request_fails(region: Any, tmp_path: Path) -> None:
    """When the guard has answered, no request reaches the candidate any more; how fast it is, the benchmark says."""
    text = CONFIGURATION.format(
        admin=region.edge.admin,
        routes=region.edge.routes,
        blue=region.services["blue"].address,
        green=region.services["green"].address,
    )
    (tmp_path / "wedgate.yml").write_text(text)
    wedgate(tmp_path, "rollout", "adopt", "--digest", "sha256:blue")
    wedgate(tmp_path, "rollout", "start", "--commit", "1" * 40, "--digest", "sha256:green")
    for _ in range(8):
        wedgate(tmp_path, "rollout", "tick")
    command = [sys.executable, "-u", "-m", "wedgate", "guard", "--listen", "127.0.0.1:0"]
    environment = {**os.environ, "WEDGATE_GUARD_TOKEN": "open sesame"}
    with (
        region.under_load() as load,
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=environment) as guard,
    ):
        try:
            assert guard.stdout is not None
            url = f"http://{guard.stdout.readline().split()[-1]}/report"
            load.wait_for(len(load.answers) + 100)
            assert "green" in [body for _, body in load.answers]
            headers = {"Authorization": "Bearer open sesame"}
            request = urllib.request.Request(url, data=json.dumps(REPORT).encode(), headers=headers)
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (loopback)
                assert answer.status == 200
            before = len(load.answers)
            load.wait_for(before + 200)
        finally:
            guard.kill()
    # The answer on its way when the guard said so may still be the candidate's.
    assert {body for _, body in load.answers[before + 1 :]} == {"blue"}
    assert load.failures == []
