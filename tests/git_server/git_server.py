"""A real git server on loopback: `git http-backend` behind a small HTTP server, with a token to ask for."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

TOKEN = "a-token-of-the-test"


class GitServer:
    """One bare repository at ``url``. ``lose_answers`` drops so many answers to pushes after they were carried out,
    and calls ``after_loss`` before the connection ends. While ``is_down`` no request is answered at all."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repository = root / "acme" / "venue-search.git"
        self.repository.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", "--bare", str(self.repository)], check=True)
        subprocess.run(["git", "-C", str(self.repository), "config", "http.receivepack", "true"], check=True)
        self.lose_answers = 0
        self.after_loss: Callable[[], object] = bool
        self.refuse_pushes = False
        self.is_down = False
        handler = type("Handler", (_Handler,), {"world": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/acme/venue-search.git"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> GitServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def git(self, *arguments: str, given: str | None = None) -> str:
        """Run git in the server's own repository."""
        words = ["git", "-C", str(self.repository), "-c", "user.name=x", "-c", "user.email=x@x.example", *arguments]
        return subprocess.run(words, check=True, capture_output=True, text=True, input=given).stdout.strip()


class _Handler(BaseHTTPRequestHandler):
    world: GitServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet, for which nothing waits

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        """Run the CGI program."""
        if self.world.is_down:
            self.close_connection = True
            return
        address = urlsplit(self.path)
        wanted = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self._answer("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="git"')], b"")
            return
        is_push = address.path.endswith("/git-receive-pack")
        if self.world.refuse_pushes and "receive-pack" in self.path:
            self._answer("403 Forbidden", [], b"Write access to repository not granted.")
            return
        body = self._body()
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.world.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": address.path,
            "QUERY_STRING": address.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "wedgate",
        }
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=environment, check=False)
        if is_push and self.world.lose_answers > 0:
            self.world.lose_answers -= 1
            self.world.after_loss()
            self.close_connection = True
            self.connection.close()
            return
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
        status = next((value for name, value in fields if name == "Status"), "200 OK")
        self._answer(status, [(name, value) for name, value in fields if name != "Status"], content)

    do_POST = do_GET  # noqa: N815 (the name that the server looks for)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: str, fields: list[tuple[str, str]], content: bytes) -> None:
        code, _, words = status.partition(" ")
        self.send_response(int(code), words)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
