"""A small GitHub on loopback: a repository with commits, people and pull requests, a clock, and ways to fail.

Each answer begins as the example that GitHub's published REST description gives for it (``answers.json``), with the
world's own state laid over it. Where the description itself is at hand, every request and every answer is held to it
(``github_contract``): a call that GitHub would refuse fails the test.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import posixpath
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from github_contract import Contract

REPOSITORY = "acme/venue-search"
ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text(encoding="utf-8"))
BOT = "github-actions[bot]"
Answer = tuple[int, Any]


@dataclass(kw_only=True)
class Pull:
    """A pull request: the commit its branch is at, its changed files as (path, former path or None), and its people."""

    head: str
    files: list[tuple[str, str | None]] = field(default_factory=list)
    author: str | None = "dave"
    head_ref: str = "fix"
    base_ref: str = "main"
    from_fork: bool = False
    state: str = "open"
    merged_as: str | None = None
    merged_by: str = "zoe"
    commits: list[tuple[str | None, ...]] = field(default_factory=lambda: [("dave", "dave")])
    """By author and committer, and with a message where one matters."""


class Link(bytes):
    """The content of a link: where it leads, from the directory that it is in."""


@dataclass(kw_only=True)
class Comment:
    """A comment on a pull request, by a login (``None``: an account that is gone)."""

    number: int
    login: str | None
    body: str
    at: datetime | None = None
    edited: bool = False
    via_app: bool = False
    updated: datetime | None = None


class GithubWorld:
    """The state, and the server that shows it; ``failure`` applies to paths that contain its key."""

    def __init__(self) -> None:
        self.commits: dict[str, dict[str, bytes]] = {}
        self.branches = {"main": "a" * 40}
        self.commits["a" * 40] = {}
        self.trees: dict[str, str] = {}
        self.cuts_trees = False
        """Whether a directory has more in it than is shown."""
        self._directories: dict[str, tuple[str, str]] = {}
        self._blobs: dict[str, bytes] = {}
        self.pulls: dict[int, Pull] = {}
        self.rules: dict[str, list[dict[str, Any]]] = {}
        """By branch, as GitHub lists them."""
        self.protections: dict[str, dict[str, Any]] = {}
        """Classic ones by branch, as GitHub shows them to this token."""
        self.environments: list[str] = []
        self.history: dict[str, list[str]] = {}
        self.committed: dict[str, datetime] = {}
        """The commits that changed a file, the latest first."""
        self.brought_by: dict[str, list[int]] = {}
        """The pull requests that a commit belongs to."""
        self.comparisons: dict[tuple[str, str], list[tuple[str, str | None]]] = {}
        self.comments: dict[int, list[Comment]] = {}
        self.people: dict[str, int] = {name: 101 + place for place, name in enumerate(PEOPLE)}
        self.roles: dict[str, str] = dict.fromkeys(PEOPLE, "write")
        self.hidden: set[str] = set()
        """Whose membership is private, and not shown to this token."""
        self.suspended: set[str] = set()
        """Who is suspended, on a server of one's own: it says so of the account alone, and the role stays."""
        self.teams: dict[str, list[str]] = {}
        self.limits: list[tuple[int, dict[str, str]]] = []
        """Status and headers of the next answers, which are beyond a rate limit."""
        self.pushes: list[tuple[str, str, str | None]] = []
        """Branch, commit and login, the latest last."""
        self.runs: dict[int, tuple[str, str]] = {}
        self.run_times: dict[int, tuple[datetime, datetime]] = {}
        """When a run was made, and when it was started."""
        self.statuses: list[dict[str, Any]] = []
        self.check_runs: list[dict[str, Any]] = []
        self.may_read_checks = True
        self.deployments: list[dict[str, Any]] = []
        self.deployment_states: list[tuple[int, str]] = []
        self.reactions: list[tuple[int, str]] = []
        self.login: str | None = None
        """Who the token writes as; ``None``: the token of a workflow, which may not ask."""
        self.app = BOT
        """Who it writes as where it may not ask."""
        self.edits_others = True
        """Whether the token of an app may change what another account wrote."""
        self.may_comment = True
        self.may_dispatch = True
        self.workflows: dict[str, bool] = {}
        """The workflows of the default branch by file name, and whether each has `workflow_dispatch`."""
        self.dispatched: list[tuple[str, str]] = []
        """Workflow and ref of the runs that were started."""
        self.may_read_teams = True
        self.membership: str | None = None
        """What a person's token is in every organisation; ``None``: the token of an app, which is no member."""
        self.failures: dict[str, str] = {}
        self.meanwhile: dict[str, Callable[[], object]] = {}
        """What happens once, just before a request with a text in it is answered."""
        self._saying = threading.Lock()
        self._deleted = 0
        self.heads_lie: dict[int, list[str]] = {}
        """Heads that a pull request shows first, one at each look."""
        self.shifted_seconds = 0.0
        self.delay_seconds = 0.0
        self.asked: list[str] = []
        self.page_size = 100
        self.contract = Contract.find()
        self.breaches: list[str] = []
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
        assert not self.breaches, "\n".join(self.breaches)

    def put(self, path: str, content: bytes, *, ref: str | None = None) -> None:
        """Write a file at a commit, by default the one that main is at."""
        self.commits.setdefault(ref or self.branches["main"], {})[path] = content

    def say(self, pull: int, login: str | None, body: str, **how: Any) -> Comment:
        """Let somebody comment, a second after the last comment or now."""
        with self._saying:
            last = max((each.at for listed in self.comments.values() for each in listed if each.at), default=None)
            at = how.pop("at", None) or self.date().replace(microsecond=0)
            number = 5001 + sum(map(len, self.comments.values())) + self._deleted
            comment = Comment(number=number, login=login, body=body, at=at if last is None else max(at, last), **how)
            self.comments.setdefault(pull, []).append(comment)
        return comment

    def merge(self, number: int) -> bool:
        """Merge a pull request into main, as it is, if every status that main's rules require is green on its head."""
        pull = self.pulls[number]
        latest = {status["context"]: status["state"] for status in self.statuses if status["sha"] == pull.head}
        required = [
            check["context"]
            for rule in self.rules.get("main", ())
            if rule["type"] == "required_status_checks"
            for check in rule["parameters"]["required_status_checks"]
        ]
        if any(latest.get(context) != "success" for context in required):
            return False
        home, changed = self.commits[self.branches["main"]], self.commits.get(pull.head, {})
        for path, former in pull.files:
            home.pop(former or path, None)
            home |= {path: changed[path]} if path in changed else {}
        pull.state = "closed"
        return True

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

    def answer(self, path: str, query: dict[str, list[str]]) -> Answer:
        """Return status and body for a path."""
        home = f"/repos/{REPOSITORY}"
        if path.startswith("/orgs/"):
            return self._members([unquote(part) for part in path.strip("/").split("/")], query)
        if path.startswith("/user/memberships/orgs/"):
            own = _example("membership", role=self.membership)
            return (200, own) if self.membership else (403, {"message": "Resource not accessible by integration"})
        if path.startswith("/users/"):
            name = _as_known(path.removeprefix("/users/"), self.people)
            return _missing() if name is None else (200, self._user(name, "user"))
        if path == "/user":
            known = self._user(self.login or "nobody", "user")
            return (200, known) if self.login else (403, {"message": "Resource not accessible by integration"})
        if not path.startswith(home):
            return _missing()
        parts = [unquote(part) for part in path.removeprefix(home).strip("/").split("/")]
        return self._of_code(parts, query) or self._of_talk(parts, query) or _missing()

    def _of_code(self, parts: list[str], query: dict[str, list[str]]) -> Answer | None:
        match parts:
            case [""]:
                return 200, self._repository()
            case ["branches", name] if name in self.branches:
                found = _example("branch", name=name, protected=name in self.protections)
                found["protection"] = copy.deepcopy(self.protections.get(name, found["protection"]))
                found["commit"]["sha"] = sha = self.branches[name]
                found["commit"]["commit"]["tree"]["sha"] = self.trees.get(sha, "0" * 40)
                return 200, found
            case ["contents", *rest]:
                return self._contents("/".join(rest), query.get("ref", ["main"])[0])
            case ["compare", between]:
                base, _, head = between.partition("...")
                files = self._between(base, head)
                if files is not None:
                    found = _example("compare", files=[_file(*each, self._blob(head, each[0])) for each in files[:300]])
                    found["base_commit"]["sha"] = self.branches.get(base, base)
                    return 200, found
            case ["git", "trees", sha]:
                ref, directory = self._directories.get(sha, (sha, ""))
                return 200, self._directory(ref, directory)
            case ["git", "matching-refs", *rest]:
                asked = f"refs/{'/'.join(rest)}"
                refs = {f"refs/heads/{name}": sha for name, sha in self.branches.items()}
                return 200, [_ref(ref, sha) for ref, sha in sorted(refs.items()) if ref.startswith(asked)]
            case ["git", "blobs", sha] if sha in self._blobs:
                content = base64.encodebytes(self._blobs[sha]).decode()
                return 200, _example("blob", sha=sha, encoding="base64", content=content, size=len(self._blobs[sha]))
            case ["git", "commits", sha] if sha in self.trees:
                found = _example("git_commit", sha=sha)
                found["tree"]["sha"] = self.trees[sha]
                return 200, found
            case ["deployments"]:
                own = [each for each in self.deployments if each["sha"] == query["sha"][0]]
                return 200, self._page(own, query)
            case ["commits", sha, "statuses"]:
                own = [status for status in reversed(self.statuses) if status["sha"] == sha]
                return 200, self._page([self._status(each) for each in own], query)
            case ["commits", sha, "check-runs"]:
                if not self.may_read_checks:
                    return 403, {"message": "Resource not accessible by integration"}
                own = [
                    {**_check_run(each, self.app), "id": 1000 + place}
                    for place, each in enumerate(self.check_runs)
                    if (each["name"], each["head_sha"]) == (query["check_name"][0], sha)
                ][::-1]
                if query["filter"] == ["latest"]:
                    own = list({each["app"]["slug"]: each for each in reversed(own)}.values())
                return 200, {"total_count": len(own), "check_runs": self._page(own, query)}
            case ["commits", sha, "pulls"]:
                return 200, [self._pull(number) for number in self.brought_by.get(sha, [])]
            case ["rules", "branches", name]:
                return 200, self.rules.get(name, [])
            case ["environments"]:
                made = [_example("environment", name=name) for name in self.environments]
                return 200, {"total_count": len(made), "environments": made}
            case ["commits"]:
                listed = self.history.get(query["path"][0], [])
                return 200, self._page([self._version(sha) for sha in listed], query)
            case ["activity"]:
                return 200, self._activity(query.get("ref", [""])[0])
            case ["actions", "runs", number] if int(number) in self.runs:
                first, last = (self._user(login) for login in self.runs[int(number)])
                found = _example("run", id=int(number), actor=first, triggering_actor=last)
                if int(number) in self.run_times:
                    created, started = (_instant(each) for each in self.run_times[int(number)])
                    found |= {"created_at": created, "run_started_at": started}
                return 200, found
        return None

    def _version(self, sha: str) -> dict[str, Any]:
        """Return a commit of a file's history, made when a test says so."""
        found = _example("pull_commit", sha=sha)
        if sha in self.committed:
            found["commit"]["committer"]["date"] = _instant(self.committed[sha])
        return found

    def _between(self, base: str, head: str) -> list[tuple[str, str | None]] | None:
        """Return what was said of two commits, or else what the pull requests change that the second one is of."""
        base = self.branches.get(base, base)
        if (base, head) in self.comparisons:
            return self.comparisons[(base, head)]
        own = [
            pull for number, pull in self.pulls.items() if head == pull.head or number in self.brought_by.get(head, ())
        ]
        known = base == self.branches["main"] and (head in self.commits or own)
        return [file for pull in own for file in pull.files] if known else None

    def _of_talk(self, parts: list[str], query: dict[str, list[str]]) -> Answer | None:
        match parts:
            case ["pulls"]:
                open_ones = [number for number, pull in self.pulls.items() if pull.state == "open"]
                return 200, self._page([self._pull(number) for number in open_ones], query)
            case ["pulls", number] if int(number) in self.pulls:
                return 200, self._pull(int(number), is_whole=True)
            case ["pulls", number, "files"] if int(number) in self.pulls:
                return 200, self._page([_file(*each) for each in self.pulls[int(number)].files], query)
            case ["pulls", number, "commits"] if int(number) in self.pulls:
                return 200, self._page([self._commit(*each) for each in self.pulls[int(number)].commits], query)
            case ["issues", number, "comments"]:
                shown = [self._comment(each) for each in self.comments.get(int(number), [])]
                since = query.get("since", [""])[0]
                return 200, self._page([each for each in shown if each["updated_at"] >= since], query)
            case ["issues", "comments", number]:
                found = self._find(int(number))
                return None if found is None else (200, self._comment(found))
            case ["collaborators", asked, "permission"] if (login := _as_known(asked, self.people)) is not None:
                role = self.roles.get(login, "none")
                folded = {"maintain": "write", "triage": "read"}.get(role, role)
                return 200, _example(
                    "permission", permission=folded, role_name=role, user=self._user(login, "permission")
                )
        return None

    def write(self, method: str, path: str, content: Any) -> Answer:
        """Change something, as whoever the token belongs to."""
        parts = path.removeprefix(f"/repos/{REPOSITORY}").strip("/").split("/")
        match parts:
            case ["issues", *_] if not self.may_comment:
                return 403, {"message": "Resource not accessible by integration"}
            case ["issues", "comments", number, "reactions"]:
                self.reactions.append((int(number), content["content"]))
                return 201, _example("reaction", content=content["content"])
            case ["issues", "comments", number] if method == "PATCH":
                found = self._find(int(number))
                if found is None:
                    return _missing()
                if not self.edits_others and found.login != (self.login or self.app):
                    return 403, {"message": "Resource not accessible by integration"}
                found.body, found.updated = content["body"], self.date()
                return 200, self._comment(found)
            case ["issues", "comments", number] if method == "DELETE":
                found = self._find(int(number))
                if found is None:
                    return _missing()
                next(listed for listed in self.comments.values() if found in listed).remove(found)
                self._deleted += 1
                return 204, None
            case ["issues", number, "comments"]:
                made = self.say(int(number), self.login or self.app, content["body"])
                return 201, self._comment(made)
            case ["deployments"]:
                number = 300 + len(self.deployments)
                made = _example("deployment", id=number, sha=content["ref"])
                made |= {key: content[key] for key in ("environment", "payload", "description", "ref")}
                self.deployments.append(made)
                return 201, made
            case ["deployments", number, "statuses"]:
                self.deployment_states.append((int(number), content["state"]))
                return 201, _example("deployment_status", state=content["state"])
            case ["actions", "workflows", name, "dispatches"] if name in self.workflows:
                if not self.may_dispatch:
                    return 403, {"message": "Resource not accessible by integration"}
                if not self.workflows[name] or content["ref"] not in self.branches:
                    return 422, {"message": "Workflow does not have 'workflow_dispatch' trigger"}
                self.dispatched.append((name, content["ref"]))
                return 204, None
            case ["check-runs"]:
                self.check_runs.append({**content, "by": self.app})
                return 201, _example("check_run", **{key: content[key] for key in ("name", "head_sha", "conclusion")})
            case ["statuses", sha]:
                given = [each for each in self.statuses if (each["sha"], each["context"]) == (sha, content["context"])]
                if len(given) >= MOST_STATUSES:
                    return 422, {"message": "Validation Failed", "errors": [TOO_MANY], "documentation_url": "x"}
                self.statuses.append({"sha": sha, **content, "by": self.login or self.app})
                return 201, self._status(self.statuses[-1])
        return _missing()

    def _find(self, number: int) -> Comment | None:
        return next((each for listed in self.comments.values() for each in listed if each.number == number), None)

    def _page(self, listed: list[Any], query: dict[str, list[str]]) -> list[Any]:
        page, size = int(query.get("page", ["1"])[0]), self.page_size
        return listed[(page - 1) * size : page * size]

    def _repository(self) -> dict[str, Any]:
        owner, name = REPOSITORY.split("/")
        found = _example("repository", id=1, name=name, full_name=REPOSITORY, default_branch="main")
        found["owner"]["login"] = owner
        return found

    def _pull(self, number: int, *, is_whole: bool = False) -> dict[str, Any]:
        pull = self.pulls[number]
        lies = self.heads_lie.get(number)
        found = _example("pull", number=number, state=pull.state, user=self._user(pull.author))
        found["head"] |= {"sha": lies.pop(0) if lies else pull.head, "ref": pull.head_ref}
        found["base"] |= {"ref": pull.base_ref}
        # While it is open, GitHub shows the commit of a merge that it tried.
        found["merge_commit_sha"] = pull.merged_as or "f" * 40
        found["merged_at"] = None if pull.merged_as is None else "2026-01-01T00:00:00Z"
        for part, home in (("head", 2 if pull.from_fork else 1), ("base", 1)):
            found[part]["repo"]["id"] = home
        found["merged_by"] = None if pull.merged_as is None else self._user(pull.merged_by)
        if not is_whole:
            for only_of_one in ONLY_OF_ONE:
                found.pop(only_of_one, None)
        return found

    def _comment(self, comment: Comment) -> dict[str, Any]:
        at = _instant(comment.at or datetime(2026, 1, 1, tzinfo=UTC))
        later = _instant((comment.at or datetime(2026, 1, 1, tzinfo=UTC)).replace(year=2099))
        found = _example("comment", id=comment.number, body=comment.body, user=self._user(comment.login), created_at=at)
        found["updated_at"] = later if comment.edited else at if comment.updated is None else _instant(comment.updated)
        is_shown = comment.login in self.roles and comment.login not in self.hidden
        found["author_association"] = "MEMBER" if is_shown else "NONE"
        found["performed_via_github_app"] = copy.deepcopy(APP) if comment.via_app else None
        return found

    def _commit(self, author: str | None, committer: str | None, message: str | None = "a fix") -> dict[str, Any]:
        people = [None if login is None else self._user(login) for login in (author, committer)]
        found = _example("pull_commit", author=people[0], committer=people[1])
        found["commit"]["message"] = message
        for part, login in (("author", author), ("committer", committer)):
            found["commit"][part]["email"] = f"{login or 'nobody'}@acme.example"
        return found

    def _status(self, given: dict[str, Any]) -> dict[str, Any]:
        shown = {key: given[key] for key in given if key not in ("sha", "by")}
        return _example("status", **shown, creator=self._user(given.get("by", BOT)))

    def _activity(self, ref: str) -> list[dict[str, Any]]:
        found = []
        first = datetime(2026, 1, 1, tzinfo=UTC)
        for place, (branch, after, login) in reversed([*enumerate(self.pushes)]):
            if ref in ("", f"refs/heads/{branch}"):
                actor = None if login is None else self._user(login)
                own = {"ref": f"refs/heads/{branch}", "after": after, "actor": actor, "activity_type": "push"}
                found.append(_example("activity", **own, timestamp=_instant(first + timedelta(seconds=place))))
        return found

    def _members(self, parts: list[str], query: dict[str, list[str]]) -> Answer:
        match parts:
            case ["orgs", organisation, "teams"] if self.may_read_teams:
                named = [name for name in self.teams if name.startswith(f"{organisation}/")]
                return 200, self._page(
                    [_example("team", slug=name.rpartition("/")[2]) for name in named],
                    query,
                )
            case ["orgs", organisation, "teams"]:
                return 403, {"message": "Resource not accessible by integration"}
            case ["orgs", organisation, "teams", team] if _as_known(f"{organisation}/{team}", self.teams) is not None:
                return 200, _example("team_full", slug=team.lower())
            case ["orgs", organisation, "teams", team, "members"] if (
                known := _as_known(f"{organisation}/{team}", self.teams)
            ) is not None:
                if not self.may_read_teams:
                    return 403, {"message": "Resource not accessible by integration"}
                return 200, self._page([self._user(login) for login in self.teams[known]], query)
        return _missing()

    def person(self, login: str) -> dict[str, Any]:
        """Return somebody as an event tells of them."""
        return self._user(login)

    def _user(self, login: str | None, example: str = "members") -> dict[str, Any]:
        name = "ghost" if login is None else login
        number = 10137 if login is None else self.people.setdefault(name, 1000 + len(self.people))
        found = copy.deepcopy(ANSWERS[example]["user"] if example == "permission" else ANSWERS[example])
        return {**found, "login": name, "id": number, "type": "Bot" if name.endswith("[bot]") else "User"}

    def _blob(self, ref: str, path: str) -> str:
        """Return git's id of a file."""
        content = self.commits.get(ref, {}).get(path, b"")
        return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()

    def _directory(self, ref: str, directory: str) -> dict[str, Any]:
        """Return what lies in a directory of a commit, and remember by which ids it can be asked for."""
        start = f"{directory}/" if directory else ""
        listed: dict[str, dict[str, Any]] = {}
        for path, content in self.commits.get(ref, {}).items():
            if path.startswith(start):
                name, _, below = path.removeprefix(start).partition("/")
                sha = hashlib.sha256(f"{ref}:{start}{name}".encode()).hexdigest()[:40]
                mode = "040000" if below else "120000" if isinstance(content, Link) else "100644"
                if below:
                    self._directories[sha] = (ref, f"{start}{name}")
                else:
                    self._blobs[sha] = content
                listed[name] = {"path": name, "mode": mode, "type": "tree" if below else "blob", "sha": sha}
        return _example("git_tree", sha=ref, tree=list(listed.values()), truncated=self.cuts_trees)

    def _contents(self, path: str, ref: str) -> Answer:
        files = self.commits.get(self.branches.get(ref, ref), {})
        if path in files:
            content = files[path]
            if isinstance(content, Link):
                # GitHub answers with what a link leads to, and does not say so.
                target = posixpath.normpath(posixpath.join(posixpath.dirname(path), content.decode()))
                return self._contents(target, ref)
            described = {"name": path.rpartition("/")[2], "path": path, "size": len(content)}
            if len(content) > 1_000_000:
                return 200, _example("file", **described, encoding="none", content="")
            return 200, _example("file", **described, encoding="base64", content=base64.encodebytes(content).decode())
        inside = [name for name in files if name.startswith(f"{path}/")]
        if inside:
            return 200, [_example("file", name=name.rpartition("/")[2], path=name, size=1) for name in inside]
        return _missing()


MOST_STATUSES = 1000
"""So many GitHub takes for one commit and context."""
TOO_MANY = {
    "resource": "Status",
    "code": "custom",
    "message": "This SHA and context has reached the maximum number of statuses.",
}
PEOPLE = ("alice", "bob", "carol", "dave", "erin", "frank", "zoe")
ONLY_OF_ONE = (
    "merged", "mergeable", "rebaseable", "mergeable_state", "merged_by", "comments", "review_comments",
    "maintainer_can_modify", "commits", "additions", "deletions", "changed_files",
)  # fmt: skip
APP = {
    "id": 7, "node_id": "x", "owner": ANSWERS["members"], "name": "an app", "description": "", "slug": "an-app",
    "external_url": "https://app.example", "html_url": "https://app.example", "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z", "permissions": {}, "events": [],
}  # fmt: skip


def _example(answer: str, /, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(ANSWERS[answer])
    return {**found, **changes}


def _check_run(posted: Mapping[str, Any], app: str) -> dict[str, Any]:
    made = _example("check_run", **{key: posted[key] for key in ("name", "head_sha", "conclusion")})
    made["app"] = {**made["app"], "slug": str(posted.get("by", app)).removesuffix("[bot]")}
    made["output"] = {**made["output"], **posted["output"]}
    return made


def _as_known(name: str, known: Iterable[str]) -> str | None:
    """Return a login or a team as it is known: GitHub finds both in any case."""
    return next((each for each in known if each.lower() == name.lower()), None)


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _missing() -> Answer:
    return 404, {"message": "Not Found", "status": "404"}


def _ref(ref: str, sha: str) -> dict[str, Any]:
    found = _example("matching_ref", ref=ref)
    found["object"]["sha"] = sha
    return found


def _file(path: str, former: str | None, sha: str = "f" * 40) -> dict[str, Any]:
    found = _example("pull_file", filename=path, status="renamed" if former else "modified", sha=sha)
    return {**found, "previous_filename": former} if former else found


class _Handler(BaseHTTPRequestHandler):
    world: GithubWorld
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet, for which nothing waits

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the world's clock for the Date header."""
        return format_datetime(self.world.date(), usegmt=True)

    def do_GET(self) -> None:
        """Answer, or fail as the world says."""
        world, address = self.world, urlsplit(self.path)
        path, query = address.path, parse_qs(address.query)
        world.asked.append(self.path)
        self._let_others()
        time.sleep(world.delay_seconds)
        if self._fails():
            return
        asked = path.removeprefix(ENTERPRISE)
        status, body = world.answer(asked, query)
        self._check(asked, query, None, status, body)
        if path != asked and asked.startswith("/users/") and status == 200:
            # The description of github.com does not have it; that of a server of one's own does.
            body["suspended_at"] = "2026-01-01T00:00:00Z" if body["login"] in world.suspended else None
        page, size = int(query.get("page", ["1"])[0]), world.page_size
        more = ""
        if path.endswith(PAGED) and isinstance(body, list) and len(body) == size and self._goes_on(asked, query, page):
            following = 1 if self._failure() == "circle" else page + 1
            onward = urlencode({**query, "per_page": [size], "page": [following]}, doseq=True)
            more = f'<{world.url}{path}?{onward}>; rel="next"'
        self._send(status, json.dumps(body).encode(), link=more)

    def _goes_on(self, path: str, query: dict[str, list[str]], page: int) -> bool:
        return bool(self.world.answer(path, {**query, "page": [str(page + 1)]})[1])

    def do_POST(self) -> None:
        """Write, or fail as the world says."""
        length = int(self.headers.get("Content-Length") or 0)
        content = json.loads(self.rfile.read(length)) if length else None
        self.world.asked.append(f"{self.command} {self.path}")
        self._let_others()
        time.sleep(self.world.delay_seconds)
        if self._fails():
            return
        path = unquote(urlsplit(self.path).path).removeprefix(ENTERPRISE)
        status, body = self.world.write(self.command, path, content)
        self._check(path, {}, content, status, body)
        self._send(status, b"" if body is None else json.dumps(body).encode())

    do_PATCH = do_POST  # noqa: N815 (the name that the server looks for)
    do_DELETE = do_POST  # noqa: N815

    def _let_others(self) -> None:
        asked = f"{self.command} {self.path}"
        for part in [part for part in self.world.meanwhile if part in asked]:
            self.world.meanwhile.pop(part)()

    def _check(self, path: str, query: dict[str, list[str]], content: Any, status: int, body: Any) -> None:
        if self.world.contract is not None:
            self.world.breaches += self.world.contract.breaches(self.command, path, query, content, status, body)

    def _failure(self) -> str | None:
        asked = f"{self.command} {self.path}"
        return next((how for part, how in self.world.failures.items() if part in asked), None)

    def _fails(self) -> bool:
        """Fail in one of many ways, and say whether that was the answer."""
        failure = self._failure()
        if failure == "slow":
            time.sleep(1.5)
        if failure == "drop":
            self.close_connection = True
            self.connection.close()
        elif failure == "cut":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'[{"id": 1')
            self.close_connection = True
        elif failure == "malformed":
            self._send(200, b"{not json")
        elif failure in ("rate", "secondary"):
            end = str(int(self.world.date().timestamp()) + 2400)
            primary = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": end}
            named = primary if failure == "rate" else {"Retry-After": "60"}
            self._send(403, json.dumps({"message": "API rate limit exceeded"}).encode(), **named)
        elif failure is None and self.world.limits:
            status, named = self.world.limits.pop(0)
            self._send(status, json.dumps({"message": "You have exceeded a secondary rate limit"}).encode(), **named)
        elif failure is not None and failure.isdigit():
            self._send(int(failure), json.dumps({"message": "made to fail"}).encode())
        else:
            return False
        return True

    def _send(self, status: int, content: bytes, link: str = "", **headers: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            for name, value in headers.items():
                self.send_header(name, value)
            if link:
                self.send_header("Link", link)
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            return


ENTERPRISE = "/api/v3"
"""What stands before every path on a server of one's own (GHES)."""
PAGED = ("/files", "/comments", "/members", "/commits", "/pulls", "/deployments", "/statuses")
