"""Proxies that answer with what nobody expected: an error that names the region, and no other."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest

from wedgate.adapters._envoy import admin as admin_module
from wedgate.adapters._haproxy.runtime import RefusedError, Runtime
from wedgate.adapters.targets.envoy import EnvoyTarget
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Colour, TargetSettings

ENTRY = {"route": {"weighted_clusters": {"clusters": [{"name": "blue", "weight": "a"}, {"name": "green"}]}}}
ODD = (
    b"{}",
    b"[" * 100_000,
    b'{"stats": {}, "configs": 5}',
    b'{"stats": [1], "configs": [1, {"route_config": []}]}',
    json.dumps({"stats": [], "configs": [{"route_config": {"virtual_hosts": [{"routes": [ENTRY]}]}}]}).encode(),
)


@pytest.mark.parametrize("body", ODD, ids=["nothing", "deep", "other kinds", "no objects", "a weight in words"])
def test_an_odd_envoy_is_an_error_of_the_outside(body: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its weights cannot be read, and how many endpoints it has is not known or an error: never a traceback."""
    monkeypatch.setattr(admin_module, "get", lambda url, timeout: (200, body))
    options = {"admin": "http://127.0.0.1:9901", "routes": str(tmp_path / "routes.json")}
    options |= {"deploy": ["true"], "verify": {"url": "http://127.0.0.1:1/v", "field": "digest"}}
    target = EnvoyTarget(TargetSettings(kind="envoy", region="us-west", options=options))
    with pytest.raises(ExternalSystemError, match="us-west"):
        target.weights()
    with suppress(ExternalSystemError):
        assert target.capacity(Colour.BLUE) is None


def test_an_odd_haproxy_is_an_error_of_the_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A table without the column that says which servers take part, or a row cut short."""
    runtime = Runtime(tmp_path / "socket", variable="wedgate", region="us-west")
    monkeypatch.setattr(Runtime, "_ask", lambda self, command: "# pxname,svname,status\nb,s,UP\n")
    with pytest.raises(RefusedError, match="us-west"):
        runtime.servers_up("blue")
    monkeypatch.setattr(Runtime, "_ask", lambda self, command: "# act,status\n1\n1,UP\n")
    assert runtime.servers_up("blue") == (1, 2)
