"""What must hold between the keys of ``rollout.target``: what each kind needs and has, and what it can be told.

Like ``references`` it reads plain data of any shape and leaves wrong types to ``shape``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wedgate.config.complaints import Complaints, Path
from wedgate.config.templates import LATE, words_in

_PATH: Path = ("rollout", "target")

_DEPLOYS = {
    "deploy": 'deploy: [./deploy, "{region}", "{colour}", "{digest}"]',
    "verify": "verify: {url: ..., field: digest}, where the running digest is read",
}
_NEEDED = {
    "envoy": {
        "admin": 'admin: "http://127.0.0.1:9901", Envoy\'s admin interface',
        "routes": "routes: with the path of the file that Envoy watches",
        **_DEPLOYS,
    },
    "haproxy": {
        "socket": "socket: /run/haproxy/admin.sock, HAProxy's admin socket",
        "weights": "weights: with the path of the file that HAProxy is started with, as another -f",
        **_DEPLOYS,
    },
    "nginx": {
        "weights": "weights: with the path of the directory in which nginx looks for `current`",
        "read-back": 'read-back: "http://127.0.0.1:8081/weights.json", where nginx serves current/weights.json',
        **_DEPLOYS,
    },
    "command": {"command": 'command: [./switch, "{region}"]'},
}
_OWN = {
    "envoy": ("admin", "routes", "clusters", "verify"),
    "haproxy": ("socket", "weights", "variable", "backends", "verify"),
    "nginx": ("weights", "read-back", "verify"),
    "command": ("command", "command-timeout", "fence-file", "verify"),
    "simulated": ("path", "running"),
}
_SILENT = ("haproxy", "nginx", "command")
"""Kinds that bring no evidence of their own."""

_BEFORE_ANY_CALL = ("socket", "weights", "variable", "read-back", "fence-file", "command")


def check_target(target: Mapping[str, Any], evidence: Mapping[str, Any], complaints: Complaints) -> None:
    """Complain about every key of the target that is missing, out of place, or cannot mean anything."""
    named = target.get("kind")
    kind = named if isinstance(named, str) else ""
    for key, example in _NEEDED.get(kind, {}).items():
        if key not in target:
            complaints.key(_PATH, f"{key!r} is missing", f"add {example}")
    if kind in _OWN:
        _check_own(kind, target, complaints)
    if kind in _SILENT and evidence.get("kind") in (None, "envoy"):
        remedy = "add judge: {evidence: {kind: prometheus, url: ...}}, or kind: command or file"
        complaints.value((*_PATH, "kind"), f"{kind} brings no evidence by which to judge", remedy)
    _check_values(target, complaints)
    deploy = target.get("deploy")
    if isinstance(deploy, list) and deploy:
        words = {word for text in deploy if isinstance(text, str) for word in words_in(text)}
        if "digest" not in words and "commit" not in words:
            what = "the command is not told what to deploy"
            complaints.key((*_PATH, "deploy"), what, 'pass "{digest}" or "{commit}", and "{colour}"')


def _check_own(kind: str, target: Mapping[str, Any], complaints: Complaints) -> None:
    for key in target:
        owners = [name for name, keys in _OWN.items() if key in keys]
        if owners and kind not in owners:
            complaints.key((*_PATH, key), f"{kind} has no {key}", f"delete it, or write kind: {' or '.join(owners)}")


def _check_values(target: Mapping[str, Any], complaints: Complaints) -> None:
    verify = target.get("verify")
    for at, url in (
        ((*_PATH, "admin"), target.get("admin")),
        ((*_PATH, "read-back"), target.get("read-back")),
        ((*_PATH, "verify", "url"), verify.get("url") if isinstance(verify, dict) else None),
    ):
        if isinstance(url, str) and url.strip() and not re.match(r"\s*(https?://|\{)", url):
            complaints.value(at, f"{url.strip()!r} is not a URL", f"write http://{url.strip()}")
    for key, what in (("clusters", "cluster"), ("backends", "backend")):
        named = target.get(key)
        if isinstance(named, dict) and named and named.get("blue", "blue") == named.get("green", "green"):
            complaints.key((*_PATH, key), f"both colours are the same {what}", f"name two different {key}")
    scale = target.get("scale")
    if isinstance(scale, list) and scale:
        words = {word for text in scale if isinstance(text, str) for word in words_in(text)}
        if words & {"digest", "commit"}:
            what = "a scale command is not told a version, because it must never change one"
            complaints.key((*_PATH, "scale"), what, 'pass "{colour}", and leave "{digest}" and "{commit}" out')
        elif not words & {"colour", "address"}:
            complaints.key((*_PATH, "scale"), "the command is not told which colour", 'pass "{colour}"')
    socket = target.get("socket")
    if isinstance(socket, str) and socket.strip() and not re.search(r"/|\{|.:\d+\s*$", socket):
        what = f"{socket.strip()!r} is neither a path nor HOST:PORT"
        complaints.value((*_PATH, "socket"), what, f"write ./{socket.strip()}, if it is a file here")
    variable = target.get("variable")
    if isinstance(variable, str) and variable.strip() and not re.fullmatch(r"\s*[A-Za-z_{}][\w{}-]*\s*", variable):
        what = f"{variable.strip()!r} is not the name of a variable"
        complaints.value((*_PATH, "variable"), what, "write letters, digits and _")
    for key in _BEFORE_ANY_CALL:
        _check_late(key, target.get(key), complaints)


def _check_late(key: str, plain: object, complaints: Complaints) -> None:
    """Complain about words that are filled in for a call, where no call is."""
    texts = plain if isinstance(plain, list) else [plain]
    for index, text in enumerate(texts):
        at: Path = (*_PATH, key, index) if isinstance(plain, list) else (*_PATH, key)
        for word in words_in(text) if isinstance(text, str) else ():
            if word in LATE:
                remedy = "leave it out: the question in JSON says it" if key == "command" else "write the text out"
                complaints.value(at, f"{{{word}}} is not filled in here", remedy)
