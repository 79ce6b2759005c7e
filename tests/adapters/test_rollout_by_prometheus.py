"""A whole rollout by what Prometheus scraped of the real Envoy: a slow candidate goes back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_server import PrometheusServer

pytestmark = pytest.mark.needs_tool("prometheus")

CONFIGURATION = """
version: 1
service: search
regions: {{us-west: {{markets: {{utc: {{zone: UTC, country: US}}}}}}}}
rollout:
  reserve: 1s
  strategies: {{half: {{kind: canary, steps: [{{weight: 50, bake: 90s}}]}}}}
  target:
    kind: envoy
    admin: "{admin}"
    routes: "{routes}"
    deploy: ["true", "{{digest}}"]
    verify: {{url: "http://{{address}}/version", field: build.digest}}
    places: {{us-west: {{blue: "{blue}", green: "{green}"}}}}
judge:
  evidence: {{kind: prometheus, url: "{prometheus}"}}
  slice: 1s
  false-alarms: 10%
state: {{kind: file, path: .wedgate}}
"""


def test_a_slow_candidate_goes_back(region: Any, tmp_path: Path, tool_named: Callable[[str], Path]) -> None:
    """The run ends with 12, users' requests did not fail, and the words name the latency."""
    region.services["green"].delay_seconds = 0.12
    admin = region.edge.admin.removeprefix("http://")
    server = PrometheusServer(tool_named("prometheus"), tmp_path / "prometheus", [admin], path="/stats/prometheus")
    server.start()
    text = CONFIGURATION.format(
        admin=region.edge.admin,
        routes=region.edge.routes,
        blue=region.services["blue"].address,
        green=region.services["green"].address,
        prometheus=server.url,
    )
    (tmp_path / "wedgate.yml").write_text(text)

    def wedgate(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "wedgate", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110)

    try:
        assert wedgate("rollout", "adopt", "--digest", "sha256:blue").returncode == 0
        with region.under_load() as load, region.under_load(), region.under_load():
            done = wedgate("rollout", "run", "--commit", "1" * 40, "--digest", "sha256:green")
            before = len(load.answers)
            load.wait_for(before + 50)
    finally:
        server.stop()
    assert done.returncode == 12, done.stdout + done.stderr
    assert "latency-p95: candidate" in done.stdout
    assert load.failures == []
    assert {body for _, body in load.answers[before + 1 :]} == {"blue"}
