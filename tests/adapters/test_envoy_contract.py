"""The real Envoy keeps the contracts of targets and metric sources, and the documented configuration works."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from modules import module_at

from wedgate.adapters._envoy.routes import parse_response, render_routes
from wedgate.adapters.metrics.envoy import EnvoyMetrics
from wedgate.adapters.targets.envoy import EnvoyTarget
from wedgate.adapters.targets.interface import Capacity
from wedgate.rollout.values import Colour, Fence, TargetSettings, Weights

CONTRACTS = Path(__file__).resolve().parents[1] / "contract"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "envoy.md"

DEPLOY = "import sys, urllib.request; urllib.request.urlopen(f'http://{sys.argv[1]}/become/{sys.argv[2]}', timeout=5)"


targets: Any = module_at(CONTRACTS / "target_contract.py")
metrics: Any = module_at(CONTRACTS / "metrics_contract.py")


class TestEnvoyTarget(targets.TargetContract):
    """The Envoy target."""

    @pytest.fixture
    def target(self, region) -> EnvoyTarget:
        """A region whose green is empty."""
        region.services["blue"].digest = targets.RUNNING.digest
        region.services["green"].digest = None
        deploy = [sys.executable, "-c", DEPLOY, "{address}", "{digest}"]
        return EnvoyTarget(region.settings(deploy=deploy))


class TestEnvoyMetrics(metrics.MetricsContract):
    """Envoy's statistics."""

    @pytest.fixture
    def clock(self) -> Callable[[], datetime]:
        """The clock that Envoy lives by."""
        return lambda: datetime.now(UTC)

    @pytest.fixture
    def source(self, region) -> EnvoyMetrics:
        """A region with some traffic behind it."""
        for path in ("/", "/slow/15", "/500"):
            region.get(path)
        return EnvoyMetrics.beside(region.settings())

    @pytest.fixture
    def silent(self) -> EnvoyMetrics:
        """An admin interface that is not there."""
        return EnvoyMetrics(region="us-west", admin="http://127.0.0.1:1")


def block(language: str, after: str) -> str:
    """Return the first code block of a language after a heading of the page."""
    text = PAGE.read_text(encoding="utf-8").split(f"## {after}", 1)[1]
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_documented_configuration_is_the_one_that_is_started_here(envoy_edge) -> None:
    """The page and the module of the demo and the tests say the same."""
    documented = yaml.safe_load(block("yaml", "The smallest Envoy"))
    flush = documented.pop("stats_flush_interval")
    assert flush == "1s"
    expected = envoy_edge.bootstrap(
        "us-west",
        listen_port=8080,
        admin_port=9901,
        addresses={"blue": "127.0.0.1:8001", "green": "127.0.0.1:8002"},
        routes=Path("/srv/edge/us-west/routes/routes.json"),
    )
    expected.pop("stats_flush_interval")
    assert documented == expected


def test_the_documented_first_routes_are_the_rendered_ones() -> None:
    """The page and the renderer say the same."""
    assert parse_response(block("json", "The first routes file")) == parse_response(render_routes(Colour.BLUE))


def test_the_documented_files_start_an_envoy_that_wedgate_can_switch(envoy_edge, tmp_path: Path) -> None:
    """Page to process: the two blocks, with other ports and paths, are all that is needed."""
    edge = envoy_edge.EnvoyEdge("us-west", tmp_path)
    edge.routes.write_text(block("json", "The first routes file"))
    text = block("yaml", "The smallest Envoy").replace("/srv/edge/us-west/routes", str(edge.routes_directory))
    text = text.replace("port_value: 8080", f"port_value: {edge.listen_port}")
    text = text.replace("port_value: 9901", f"port_value: {edge.admin_port}")
    edge.configuration = tmp_path / "envoy.yaml"
    edge.configuration.write_text(text)
    try:
        edge.restart()
        options = {"admin": edge.admin, "routes": str(edge.routes)}
        target = EnvoyTarget(TargetSettings(kind="envoy", region="us-west", options=options))
        fence = Fence(epoch=1, revision=1, rollout="r-1")
        assert target.set_weights(Weights(blue=90, green=10), fence).fence == fence
    finally:
        edge.stop()


def test_capacity_is_the_endpoints_that_envoy_finds_healthy(region, envoy_edge: Any) -> None:
    """Of three endpoints two are dead: one of three. Without health checks nobody knows."""
    edge = region.edge
    target = EnvoyTarget(region.settings())
    assert target.capacity(Colour.BLUE) is None
    whole = edge.configuration.read_text()
    config = json.loads(whole)
    blue = next(each for each in config["static_resources"]["clusters"] if each["name"] == "blue")
    (alive,) = blue["load_assignment"]["endpoints"][0]["lb_endpoints"]
    dead = [_endpoint(envoy_edge.free_port()) for _ in range(2)]
    blue["load_assignment"]["endpoints"][0]["lb_endpoints"] = [alive, *dead]
    blue["health_checks"] = [
        {
            "timeout": "1s",
            "interval": "0.1s",
            "no_traffic_interval": "0.1s",
            "unhealthy_threshold": 1,
            "healthy_threshold": 1,
            "http_health_check": {"path": "/version"},
        }
    ]
    edge.configuration.write_text(json.dumps(config))
    edge.restart()
    try:
        deadline = time.monotonic() + 15
        while target.capacity(Colour.BLUE) != Capacity(ready=1, wanted=3):
            assert time.monotonic() < deadline, target.capacity(Colour.BLUE)
            time.sleep(0.02)
        assert target.capacity(Colour.GREEN) is None
    finally:
        edge.configuration.write_text(whole)
        edge.restart()


def _endpoint(port: int) -> dict[str, Any]:
    return {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}
