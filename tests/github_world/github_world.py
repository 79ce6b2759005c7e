"""A small GitHub on loopback: one repository with commits, branches and pull requests, a clock, and ways to fail.

Shapes of answers follow GitHub's published REST API (repository, branch, contents, pull request, files, comparison),
reduced to what a gate reads.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

REPOSITORY = "acme/venue-search"


@dataclass(kw_only=True)
class Pull:
    """A pull request: the commit its branch is at, and its changed files as (path, former path or None)."""

    head: str
    files: list[tuple[str, str | None]] = field(default_factory=list)


@dataclass(kw_only=True)
class Comment:
    """A comment on a pull request, by a login."""

    number: int
    login: str
    body: str


class GithubWorld:
    """The state, and the server that shows it; ``failure`` applies to paths that contain its key."""

    def __init__(self) -> None:
        self.commits: dict[str, dict[str, bytes]] = {}
        self.branches = {"main": "a" * 40}
        self.commits["a" * 40] = {}
        self.pulls: dict[int, Pull] = {}
        self.comparisons: dict[tuple[str, str], list[tuple[str, str | None]]] = {}
        self.comments: dict[int, list[Comment]] = {}
        self.login: str | None = None
        """Who the token writes as; ``None``: the token of a workflow, which may not ask."""
        self.may_comment = True
        self.failures: dict[str, str] = {}
        self.shifted_seconds = 0.0
        self.asked: list[str] = []
        self.page_size = 100
        handler = type("Handler", (_Handler,), {"world": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> GithubWorld:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def put(self, path: str, content: bytes, *, ref: str | None = None) -> None:
        """Write a file at a commit, by default the one that main is at."""
        self.commits.setdefault(ref or self.branches["main"], {})[path] = content

    def environment(self) -> dict[str, str]:
        """Return what a runner of this world says."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": "a-token-of-the-test",
        }

    def date(self) -> datetime:
        """Return the world's clock."""
        return datetime.fromtimestamp(time.time() + self.shifted_seconds, UTC)

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        """Return status and body for a path below the repository."""
        parts = path.strip("/").split("/") if path.strip("/") else []
        if not parts:
            return 200, {"id": 1, "name": "venue-search", "full_name": REPOSITORY, "default_branch": "main",
                         "url": f"{self.url}/repos/{REPOSITORY}"}  # fmt: skip
        match parts:
            case ["branches", name] if name in self.branches:
                sha = self.branches[name]
                return 200, {"name": name, "protected": False, "commit": {"sha": sha, "url": f"{self.url}/c/{sha}"}}
            case ["contents", *rest]:
                return self._contents("/".join(rest), query.get("ref", ["main"])[0])
            case ["pulls", number] if int(number) in self.pulls:
                address = f"{self.url}/repos/{REPOSITORY}/pulls/{number}"
                issue = f"{self.url}/repos/{REPOSITORY}/issues/{number}"
                head = {"sha": self.pulls[int(number)].head}
                described = {"number": int(number), "url": address, "issue_url": issue, "head": head}
                return 200, {**described, "comments_url": f"{issue}/comments"}
            case ["pulls", number, "files"] if int(number) in self.pulls:
                page, size = int(query.get("page", ["1"])[0]), self.page_size
                return 200, [_file(*each) for each in self.pulls[int(number)].files[(page - 1) * size : page * size]]
            case ["issues", number, "comments"]:
                page, size = int(query.get("page", ["1"])[0]), self.page_size
                listed = self.comments.get(int(number), [])[(page - 1) * size : page * size]
                return 200, [self._comment(each) for each in listed]
            case ["compare", between]:
                base, _, head = between.partition("...")
                if (base, head) in self.comparisons:
                    return 200, {"files": [_file(*each) for each in self.comparisons[(base, head)]]}
        return 404, {"message": "Not Found", "status": "404"}

    def write(self, path: str, body: str) -> tuple[int, Any]:
        """Add a comment to an issue, or edit one, as whoever the token belongs to."""
        if not self.may_comment:
            return 403, {"message": "Resource not accessible by integration"}
        match path.strip("/").split("/"):
            case ["issues", "comments", number]:
                (found,) = (each for listed in self.comments.values() for each in listed if each.number == int(number))
                found.body = body
                return 200, self._comment(found)
            case ["issues", number, "comments"]:
                count = sum(map(len, self.comments.values()))
                made = Comment(number=count + 1, login=self.login or "github-actions[bot]", body=body)
                self.comments.setdefault(int(number), []).append(made)
                return 201, self._comment(made)
        return 404, {"message": "Not Found"}

    def _comment(self, comment: Comment) -> dict[str, Any]:
        address = f"{self.url}/repos/{REPOSITORY}/issues/comments/{comment.number}"
        user = {"login": comment.login, "id": 1, "url": f"{self.url}/users/x"}
        return {"id": comment.number, "url": address, "body": comment.body, "user": user}

    def _contents(self, path: str, ref: str) -> tuple[int, Any]:
        files = self.commits.get(self.branches.get(ref, ref), {})
        if path in files:
            content = files[path]
            described = {"type": "file", "name": path.rpartition("/")[2], "path": path, "size": len(content)}
            if len(content) > 1_000_000:
                return 200, {**described, "encoding": "none", "content": ""}
            return 200, {**described, "encoding": "base64", "content": base64.encodebytes(content).decode()}
        inside = [name for name in files if name.startswith(f"{path}/")]
        if inside:
            return 200, [{"type": "file", "name": name, "path": name, "size": 1} for name in inside]
        return 404, {"message": "Not Found", "status": "404"}


def _file(path: str, former: str | None) -> dict[str, Any]:
    described: dict[str, Any] = {"filename": path, "status": "renamed" if former else "modified", "sha": "f" * 40}
    return {**described, "previous_filename": former} if former else described


class _Handler(BaseHTTPRequestHandler):
    world: GithubWorld
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the world's clock for the Date header."""
        return format_datetime(self.world.date(), usegmt=True)

    def do_GET(self) -> None:
        """Answer, or fail as the world says."""
        address = urlsplit(self.path)
        path = unquote(address.path)
        self.world.asked.append(self.path)
        failure = next((how for part, how in self.world.failures.items() if part in self.path), None)
        if failure == "drop":
            self.close_connection = True
            self.connection.close()
            return
        if failure == "slow":
            time.sleep(1.5)
        if failure == "malformed":
            self._send(200, b"{not json")
            return
        if failure is not None and failure.isdigit():
            self._send(int(failure), json.dumps({"message": "made to fail"}).encode())
            return
        if path == "/user":
            known = {"login": self.world.login, "id": 1, "url": f"{self.world.url}/user"}
            answer = (200, known) if self.world.login else (403, {"message": "Resource not accessible by integration"})
            self._send(answer[0], json.dumps(answer[1]).encode())
            return
        status, body = self.world.answer(path.removeprefix(f"/repos/{REPOSITORY}"), parse_qs(address.query))
        page, size = int(parse_qs(address.query).get("page", ["1"])[0]), self.world.page_size
        more = ""
        if path.endswith(("/files", "/comments")) and isinstance(body, list) and len(body) == size:
            more = f'<{self.world.url}{path}?per_page={size}&page={page + 1}>; rel="next"'
        self._send(status, json.dumps(body).encode(), link=more)

    def do_POST(self) -> None:
        """Write, or fail as the world says."""
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.world.asked.append(f"{self.command} {self.path}")
        path = unquote(urlsplit(self.path).path).removeprefix(f"/repos/{REPOSITORY}")
        status, body = self.world.write(path, content["body"])
        self._send(status, json.dumps(body).encode())

    do_PATCH = do_POST  # noqa: N815 (the name that the server looks for)

    def _send(self, status: int, content: bytes, link: str = "") -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            if link:
                self.send_header("Link", link)
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            return
