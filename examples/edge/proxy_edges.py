"""A real HAProxy, or a real nginx, in front of two colours on this machine: what tests and benchmarks switch.

The configurations are those of docs/reference/haproxy.md and docs/reference/nginx.md. Both programs come from
`make tools`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path

from edge_process import EdgeProcess, free_port

from wedgate.adapters._haproxy.settings import DEFAULT_VARIABLE
from wedgate.adapters._haproxy.weights import render_weights
from wedgate.adapters._nginx.sets import replace_current
from wedgate.adapters._service.statements import Held
from wedgate.rollout.values import Colour, Weights

TOOLS = Path(__file__).resolve().parents[2] / ".tools" / "bin"


class HaproxyEdge(EdgeProcess):
    """One HAProxy, everything on blue at first."""

    program = "haproxy"

    def __init__(self, region: str, addresses: Mapping[str, str], *, directory: Path) -> None:
        super().__init__(region, directory)
        # The path of a socket may have 107 characters: directories of tests are longer.
        self._short = tempfile.TemporaryDirectory(prefix="wg-")
        self.weights.write_text(render_weights(DEFAULT_VARIABLE, 0), encoding="utf-8")
        self.configuration = self.directory / "haproxy.cfg"
        self.configuration.write_text(
            haproxy_configuration(listen_port=self.listen_port, socket=self.socket, addresses=addresses),
            encoding="utf-8",
        )

    @property
    def socket(self) -> Path:
        """The admin socket (``socket:`` of the target)."""
        return Path(self._short.name) / "admin.sock"

    @property
    def weights(self) -> Path:
        """The weights file (``weights:`` of the target)."""
        return self.directory / "weights.cfg"

    def is_ready(self) -> bool:
        """Tell whether users are served and the admin socket answers: it comes a few milliseconds later."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self.socket))
            return super().is_ready()
        return False

    def command(self) -> list[str]:
        """Return HAProxy's command."""
        return [found_program("haproxy"), "-db", "-f", str(self.configuration), "-f", str(self.weights)]


class NginxEdge(EdgeProcess):
    """One nginx, everything on blue at first."""

    program = "nginx"

    def __init__(self, region: str, addresses: Mapping[str, str], *, directory: Path) -> None:
        super().__init__(region, directory)
        self.status_port = free_port()
        self.weights.mkdir(exist_ok=True)
        replace_current(self.weights, Held(weights=Weights.giving(Colour.BLUE, 100), fence=None))
        (self.directory / "buckets.conf").write_text(nginx_buckets(), encoding="utf-8")
        self.configuration = self.directory / "nginx.conf"
        self.configuration.write_text(
            NGINX_AROUND.format(
                # Workers of root's nginx are another user by default, who may not look into root's directories.
                user="user root;\n" if os.geteuid() == 0 else "",
                http=nginx_configuration(
                    listen_port=self.listen_port,
                    status_port=self.status_port,
                    directory=self.directory,
                    addresses=addresses,
                ),
            ),
            encoding="utf-8",
        )

    @property
    def weights(self) -> Path:
        """The directory of sets (``weights:`` of the target)."""
        return self.directory / "weights"

    @property
    def read_back(self) -> str:
        """Where nginx answers with the weights (``read-back:`` of the target)."""
        return f"http://127.0.0.1:{self.status_port}/weights.json"

    def command(self) -> list[str]:
        """Return nginx's command."""
        return [found_program("nginx"), "-p", str(self.directory), "-e", "stderr", "-c", str(self.configuration)]


def haproxy_configuration(*, listen_port: int, socket: Path, addresses: Mapping[str, str]) -> str:
    """Return the smallest HAProxy configuration that works with wedgate: see docs/reference/haproxy.md."""
    return f"""global
    stats socket {socket} level admin mode 600
    hard-stop-after 30s
defaults
    mode http
    timeout connect 1s
    timeout client 30s
    timeout server 15s
frontend edge
    bind 127.0.0.1:{listen_port}
    use_backend green if {{ rand(100),sub(proc.wedgate_green) lt 0 }}
    default_backend blue
backend blue
    server blue {addresses["blue"]}
backend green
    server green {addresses["green"]}
"""


def nginx_configuration(*, listen_port: int, status_port: int, directory: Path, addresses: Mapping[str, str]) -> str:
    """Return what nginx's ``http`` needs to work with wedgate: see docs/reference/nginx.md."""
    return f"""include {directory}/buckets.conf;
upstream blue {{ server {addresses["blue"]}; keepalive 32; }}
upstream green {{ server {addresses["green"]}; keepalive 32; }}
server {{
    listen 127.0.0.1:{listen_port};
    location / {{
        set $wedgate_colour blue;
        if (-f {directory}/weights/current/$wedgate_bucket) {{ set $wedgate_colour green; }}
        proxy_pass http://$wedgate_colour;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
    }}
}}
server {{
    listen 127.0.0.1:{status_port};
    location = /weights.json {{ alias {directory}/weights/current/weights.json; }}
}}
"""


def nginx_buckets() -> str:
    """Return the block that puts each request into one of 100 buckets."""
    lines = [f"    1% {bucket};" for bucket in range(99)]
    return "\n".join(["split_clients $request_id $wedgate_bucket {", *lines, "    * 99;", "}"]) + "\n"


NGINX_AROUND = """{user}daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
access_log off;
keepalive_requests 1000000;
client_body_temp_path body;
proxy_temp_path proxy;
fastcgi_temp_path fastcgi;
uwsgi_temp_path uwsgi;
scgi_temp_path scgi;
{http}}}
"""


def found_program(name: str) -> str:
    """Return a program of `make tools`, or of the machine; ``FileNotFoundError`` when there is none."""
    found = shutil.which(name, path=str(TOOLS)) or shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed; run `make tools`")
    return found
