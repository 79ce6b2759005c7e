"""GitHub as a conversation: pull requests, comments, people and what they may do, and the status that answers.

Addresses and fields are those of GitHub's published REST description (api.github.com, version 2022-11-28).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from wedgate.adapters._github.connection import READ, Connection, ForbiddenError, NotFoundError, UnacceptableError
from wedgate.adapters.forge.interface import (
    CheckResult,
    CommitStatus,
    Committers,
    MergeGroup,
    PullRequest,
    StatusState,
)
from wedgate.errors import ExternalSystemError
from wedgate.overrides.co_authors import co_authors_in, no_reply_in
from wedgate.overrides.people import Comment, Person, Role

_PULLS = "give the job `pull-requests: read`"
_TEAMS = "a workflow's own token cannot read teams: give wedgate an app's (`members: read`), or one with `read:org`"
_OF_AN_APP = "not accessible by integration"
_STATUS = "give the job `statuses: write`"
_STATUSES = "give the job `statuses: read`"
_RUNS = "give the job `actions: read`"
_REACT = "give the job `pull-requests: write`"
_PUSHES = frozenset(("push", "force_push", "branch_creation", "pr_merge", "merge_queue_merge"))
_CHECKS = "give the job `checks: write`; only apps may, and a workflow's own token is one"
_FULL = "one commit takes 1,000 statuses of a name: if it has them, push a new commit"
_PAGE = 100
MOST_CHECKS = 10_000
"""So many check runs of a name are read; GitHub lists them without an end, of the last thousand suites."""
SUMMARY_LIMIT = 65_000


class GithubConversations:
    """The talk of one repository."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._base = f"/repos/{connection.repository}"
        address = urlsplit(connection.api_url)
        # A server of one's own has its API below its own name, and hands out addresses of that name.
        own = address.hostname if address.path.rstrip("/").endswith("/api/v3") else None
        self._mail_host = own or "github.com"
        self._shows_suspended = own is not None

    def pull_request(self, number: int) -> PullRequest:
        """Fetch one pull request."""
        what = f"pull request {number}"
        found = self._connection.get(f"{self._base}/pulls/{number}", what=what, needs=_PULLS)
        return self._connection.asked(what, _PULLS, lambda: _pull_request(found))

    def open_pull_requests(self, base: str) -> tuple[PullRequest, ...]:
        """Fetch those that are open towards a branch."""
        what = "the open pull requests"
        found = list(self._connection.pages(f"{self._base}/pulls", what=what, needs=_PULLS, state="open", base=base))
        return self._connection.asked(what, _PULLS, lambda: tuple(map(_pull_request, found)))

    def waiting_groups(self, base: str) -> tuple[MergeGroup, ...]:
        """Fetch the groups of the merge queue of a branch, by the branches that GitHub makes for them."""
        what = "the merge groups"
        refs = f"heads/gh-readonly-queue/{base}/pr-"
        found = self._connection.get(f"{self._base}/git/matching-refs/{quote(refs)}", what=what, needs=READ)
        return self._connection.asked(what, READ, lambda: tuple(map(_merge_group, found)))

    def pull_requests_of(self, commit: str) -> tuple[PullRequest, ...]:
        """Fetch those that brought a commit, or have it."""
        what = f"the pull requests of {commit[:12]}"
        path = f"{self._base}/commits/{commit}/pulls"
        found = list(self._connection.pages(path, what=what, needs=_PULLS))
        return self._connection.asked(what, _PULLS, lambda: tuple(map(_pull_request, found)))

    def comments(self, number: int, since: datetime | None = None) -> tuple[Comment, ...]:
        """Fetch the comments of a pull request; one that comes on two pages counts once."""
        what = f"the comments of pull request {number}"
        path = f"{self._base}/issues/{number}/comments"
        asked = {} if since is None else {"since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        found = list(self._connection.pages(path, what=what, needs=_PULLS, **asked))
        comments = self._connection.asked(what, _PULLS, lambda: [_comment(each) for each in found])
        return tuple({comment.id: comment for comment in comments}.values())

    def comment(self, number: int) -> Comment | None:
        """Fetch one comment by its number; ``None`` if it is gone."""
        what = f"the comment {number}"
        try:
            found = self._connection.get(f"{self._base}/issues/comments/{number}", what=what, needs=_PULLS)
        except NotFoundError:
            return None
        return self._connection.asked(what, _PULLS, lambda: _comment(found))

    def role_of(self, person: Person) -> Role:
        """Fetch what somebody may do here now; ``NONE`` if suspended, or if the login is not this person's any more."""
        return self._role(person.login, lambda user: user is not None and user.id == person.id)

    def role_by_login(self, login: str) -> Role:
        """Fetch what whoever has a login may do here now."""
        return self._role(login, lambda user: user is not None and user.is_human)

    def _role(self, login: str, fits: Callable[[Person | None], bool]) -> Role:
        what = f"what {login} may do"
        path = f"{self._base}/collaborators/{quote(login, safe='')}/permission"
        try:
            found = self._connection.get(path, what=what, needs=READ)
        except NotFoundError:
            return Role.NONE
        role = self._connection.asked(
            what, READ, lambda: _role(found) if fits(_person(found.get("user"))) else Role.NONE
        )
        return Role.NONE if role.may_write and self._is_suspended(login) else role

    def _is_suspended(self, login: str) -> bool:
        """Whether an account is suspended, or gone; on a server of one's own alone, where that takes no role away.

        On github.com whoever is suspended is in no organisation any more, and has no role by it.
        """
        if not self._shows_suspended:
            return False
        what = f"whether {login} is suspended"
        try:
            found = self._connection.get(f"/users/{quote(login, safe='')}", what=what, needs=READ)
        except NotFoundError:
            return True
        return self._connection.asked(what, READ, lambda: found.get("suspended_at") is not None)

    def members_of(self, team: str) -> tuple[Person, ...] | None:
        """Fetch everybody in a team, members of its child teams too; ``None`` if it is known that there is none.

        GitHub answers with 404 for a team that a token may not see, too.
        """
        organisation, _, slug = team.partition("/")
        what = f"the team {team}"
        path = f"/orgs/{quote(organisation, safe='')}/teams/{quote(slug, safe='')}/members"
        try:
            found = list(self._connection.pages(path, what=what, needs=_TEAMS))
        except NotFoundError:
            if self._is_gone(path.removesuffix("/members")) and self._sees_every_team(organisation):
                return None
            raise
        people = self._connection.asked(what, _TEAMS, lambda: [_person(each) for each in found])
        return tuple(person for person in people if person is not None)

    def _is_gone(self, path: str) -> bool:
        """Whether GitHub has nothing at a path, asked anew: a page of a list may be missing for another reason."""
        try:
            self._connection.get(path, what="the team", needs=_TEAMS)
        except NotFoundError:
            return True
        return False

    def _sees_every_team(self, organisation: str) -> bool:
        """Whether no team is hidden from the token: an app's that may read teams, or that of an owner.

        Another member's is not shown the secret teams that it is not in.
        """
        name = quote(organisation, safe="")
        try:
            self._connection.get(f"/orgs/{name}/teams", what="the teams", needs=_TEAMS, per_page=1)
        except (ForbiddenError, NotFoundError):
            return False
        try:
            own = self._connection.get(f"/user/memberships/orgs/{name}", what="the membership", needs=_TEAMS)
        except NotFoundError:
            return False
        except ForbiddenError as error:
            return _OF_AN_APP in str(error)
        return isinstance(own, dict) and (own.get("role"), own.get("state")) == ("admin", "active")

    def pushers_of(self, pull_request: PullRequest) -> tuple[Person, ...]:
        """Fetch whoever pushed the head; nobody for a fork's branch, which is kept elsewhere.

        Only the last hundred pushes to the branch are looked at: a head that none of them brought is of nobody known.
        Beside them count those who brought the same commit to another branch, by the last hundred of the repository,
        unless its own had it before.
        """
        if pull_request.from_fork:
            return ()
        what = f"who pushed {pull_request.head[:12]}"
        path, ref = f"{self._base}/activity", f"refs/heads/{pull_request.head_ref}"
        # A branch may be renamed, or made from another, by somebody who only passes on what is there.
        every = self._connection.get(path, what=what, needs=READ, per_page=100)
        found = [each for each in every if each.get("ref") == ref]
        if len(every) >= 100:  # there may be more of the branch
            found = self._connection.get(path, what=what, needs=READ, ref=ref, per_page=100)

        def brought(pushes: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [each for each in pushes if each["after"] == pull_request.head and each["activity_type"] in _PUSHES]

        def pushers() -> tuple[Person, ...]:
            own = brought(found)
            if own:
                first = min(map(_pushed_at, own))
                own += [each for each in brought(every) if _pushed_at(each) <= first]
            people = [_person(each.get("actor")) for each in own]
            # A push by an account that is gone may have been anybody's.
            known = [person for person in people if person is not None]
            return tuple(dict.fromkeys(known)) if len(known) == len(people) else ()

        return self._connection.asked(what, READ, pushers)

    def committers_of(self, number: int) -> Committers | None:
        """Fetch who wrote or committed the commits; ``None`` where GitHub knows no account, or lists not all (250).

        Co-authors are in the messages alone: their addresses are those of authors here, or ones that GitHub hands out.
        """
        what = f"the commits of pull request {number}"
        found = list(self._connection.pages(f"{self._base}/pulls/{number}/commits", what=what, needs=_PULLS))

        def committers() -> Committers | None:
            parts = [(each, part) for each in found for part in ("author", "committer")]
            people = {(str(each["commit"][part]["email"]).lower(), _person(each.get(part))) for each, part in parts}
            known = {address: person for address, person in people if person is not None}
            own = tuple(dict.fromkeys(_person(each.get(part)) for each, part in parts))
            if None in own or len(found) >= 250:
                return None
            named = dict.fromkeys(name for each in found for name in co_authors_in(str(each["commit"]["message"])))
            written = Committers(people=tuple(person for person in own if person is not None))
            return _with_co_authors(written, named, known, self._mail_host)

        return self._connection.asked(what, _PULLS, committers)

    def tree_of(self, commit: str) -> str:
        """Fetch the id of a commit's tree, once: it never becomes another."""
        trees = self._connection.trees
        if commit not in trees:
            what = f"the tree of {commit[:12]}"
            found = self._connection.get(f"{self._base}/git/commits/{commit}", what=what, needs=READ)
            trees[commit] = self._connection.asked(what, READ, lambda: str(found["tree"]["sha"]))
        return trees[commit]

    def who_ran(self, run: int) -> tuple[Person, ...]:
        """Fetch who ran a run again, if that is somebody else than who started it."""
        what = f"the run {run}"
        found = self._connection.get(f"{self._base}/actions/runs/{run}", what=what, needs=_RUNS)

        def again() -> tuple[Person, ...]:
            first, last = _person(found.get("actor")), _person(found.get("triggering_actor"))
            return () if last is None or (first is not None and first.id == last.id) else (last,)

        return self._connection.asked(what, _RUNS, again)

    def acknowledge(self, comment: int) -> bool:
        """React to a comment with eyes; ``False`` where the token may not, or the comment is gone."""
        path = f"{self._base}/issues/comments/{comment}/reactions"
        try:
            self._connection.send("POST", path, {"content": "eyes"}, what="a reaction", needs=_REACT)
        except (ForbiddenError, NotFoundError):
            return False
        return True

    def set_status(self, commit: str, status: CommitStatus) -> None:
        """Post a commit status; ``ExternalSystemError`` where the commit has as many as GitHub takes, among others."""
        body = {"state": status.state.value, "description": status.shown, "context": status.context}
        if status.url is not None:
            body["target_url"] = status.url
        try:
            self._connection.send("POST", f"{self._base}/statuses/{commit}", body, what="a status", needs=_STATUS)
        except UnacceptableError as error:
            raise ExternalSystemError(f"{error}; {_FULL}") from error

    def latest_statuses(self, commit: str, context: str) -> tuple[CommitStatus, ...]:
        """Fetch those of a context that are among the latest hundred, the latest first, in one request."""
        what = f"the statuses of {commit[:12]}"
        path = f"{self._base}/commits/{commit}/statuses"
        found = self._connection.get(path, what=what, needs=_STATUSES, per_page=100)
        every = self._connection.asked(what, _STATUSES, lambda: tuple(map(_status, found)))
        return tuple(each for each in every if each.context == context)

    def statuses_of(self, commit: str, context: str) -> tuple[CommitStatus, ...]:
        """Fetch the statuses of a context that a commit was given, the latest first."""
        what = f"the statuses of {commit[:12]}"
        found = list(self._connection.pages(f"{self._base}/commits/{commit}/statuses", what=what, needs=_STATUSES))
        every = self._connection.asked(what, _STATUSES, lambda: tuple(map(_status, found)))
        return tuple(each for each in every if each.context == context)

    def checks_of(self, commit: str, name: str) -> tuple[CommitStatus, ...] | None:
        """Fetch the check runs of a name, in one request for a hundred; ``None`` without `checks: read`.

        ``ExternalSystemError`` where there are ``MOST_CHECKS`` or more.
        """
        every: list[CommitStatus] = []
        for page in range(1, MOST_CHECKS // _PAGE + 1):
            found = self._listed_checks(commit, name, page=page)
            if found is None:
                return None
            every += (check for _, check in found.checks)
            if len(found.checks) < _PAGE:
                return tuple(every)
        what = f"the check runs of {commit[:12]}"
        raise ExternalSystemError(f"{what} are {MOST_CHECKS:,} or more, and not all are read: push a new commit")

    def latest_checks(self, commit: str, name: str) -> tuple[CommitStatus, ...] | None:
        """Fetch some check runs of a name, the latest first, in two requests at most; ``None`` as ``checks_of``.

        GitHub does not say in which order it lists them: the last one has the greatest number.
        """
        found = self._listed_checks(commit, name)
        if found is None:
            return None
        listed = dict(found.checks)
        if found.in_all > len(found.checks):
            latest = self._listed_checks(commit, name, which="latest")
            listed |= dict(latest.checks if latest is not None else ())
        return tuple(check for _, check in sorted(listed.items(), reverse=True, key=lambda each: each[0]))

    def _listed_checks(self, commit: str, name: str, *, page: int = 1, which: str = "all") -> _Checks | None:
        what, needs = f"the check runs of {commit[:12]}", "give the job `checks: read`"
        path = f"{self._base}/commits/{commit}/check-runs"
        asked = {"check_name": name, "filter": which, "per_page": _PAGE, **({"page": page} if page > 1 else {})}
        try:
            found = self._connection.get(path, what=what, needs=needs, **asked)
        except ForbiddenError:
            return None
        return self._connection.asked(what, needs, lambda: _checks(found))

    def set_check(self, commit: str, result: CheckResult) -> None:
        """Post a check run that has ended; its summary is cut to what GitHub takes."""
        status = result.status
        passes = status.state is StatusState.SUCCESS
        body: dict[str, object] = {
            "name": status.context,
            "head_sha": commit,
            "status": "completed",
            "conclusion": "success" if passes else "failure",
            "output": {"title": status.shown, "summary": result.summary[:SUMMARY_LIMIT]},
        }
        if status.url is not None:
            body["details_url"] = status.url
        self._connection.send("POST", f"{self._base}/check-runs", body, what="a check run", needs=_CHECKS)


def _with_co_authors(written: Committers, named: Iterable[str], known: Mapping[str, Person], host: str) -> Committers:
    """Return who wrote commits, with whom their messages name; ``known`` are the accounts of the authors' addresses."""
    people, logins, strangers = dict.fromkeys(written.people), set(), []
    for name in named:
        account = no_reply_in(name)
        if name in known:
            people[known[name]] = None
        elif account is None or account.host != host:
            strangers.append(name)
        elif account.number is None:
            logins.add(account.login)
        else:
            people[Person(id=account.number, login=account.login)] = None
    return Committers(people=tuple(people), logins=frozenset(logins), strangers=tuple(strangers))


def _pushed_at(push: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(str(push["timestamp"]).replace("Z", "+00:00"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checks:
    """A page of check runs, each with its number, and how many there are on all pages."""

    checks: tuple[tuple[int, CommitStatus], ...]
    in_all: int


def _checks(found: Mapping[str, Any]) -> _Checks:
    listed = tuple((int(each["id"]), _check(each)) for each in found["check_runs"])
    return _Checks(checks=listed, in_all=int(found["total_count"]))


def _check(found: Mapping[str, Any]) -> CommitStatus:
    app, passes = found.get("app") or {}, found.get("conclusion") == "success"
    return CommitStatus(
        state=StatusState.SUCCESS if passes else StatusState.FAILURE,
        description=str((found.get("output") or {}).get("title") or ""),
        context=str(found["name"]),
        by=f"{app.get('slug')}[bot]",
    )


def _status(found: Mapping[str, Any]) -> CommitStatus:
    return CommitStatus(
        state=StatusState(str(found["state"])),
        description=str(found.get("description") or ""),
        context=str(found["context"]),
        url=found.get("target_url"),
        by=(found.get("creator") or {}).get("login"),
    )


def _pull_request(found: Mapping[str, Any]) -> PullRequest:
    head, base = found["head"], found["base"]
    # A fork that was deleted has no repository any more: it is no less a fork for that.
    home = (head.get("repo") or {}).get("id")
    return PullRequest(
        number=int(found["number"]),
        head=str(head["sha"]),
        head_ref=str(head["ref"]),
        base_ref=str(base["ref"]),
        author=_person(found.get("user")),
        from_fork=home is None or home != base["repo"]["id"],
        is_open=found["state"] == "open",
        # Of one that is not merged it is a commit that GitHub made to try.
        merged_as=None if found.get("merged_at") is None else str(found["merge_commit_sha"]),
        merged_by=_person(found.get("merged_by")),
    )


def pull_request_queued_at(ref: str) -> int | None:
    """Return the last pull request in a merge group, by the branch that GitHub makes for it; ``None`` if unknown.

    The branch is ``gh-readonly-queue/BASE/pr-NUMBER-COMMIT`` ("Managing a merge queue" in GitHub's documentation).
    """
    named = re.search(r"/pr-([0-9]{1,9})-[0-9a-f]{40}$", ref)
    return int(named[1]) if named else None


def _merge_group(found: Mapping[str, Any]) -> MergeGroup:
    return MergeGroup(commit=str(found["object"]["sha"]), pull_request=pull_request_queued_at(str(found["ref"])))


def _comment(found: Mapping[str, Any]) -> Comment:
    return Comment(
        id=int(found["id"]),
        author=_person(found.get("user")),
        at=datetime.fromisoformat(str(found["created_at"]).replace("Z", "+00:00")),
        body=str(found.get("body") or ""),
        via_app=found.get("performed_via_github_app") is not None,
        edited=found["updated_at"] != found["created_at"],
        is_insider=found.get("author_association") in ("OWNER", "MEMBER", "COLLABORATOR"),
    )


def _person(found: object) -> Person | None:
    """Return an account; ``None`` for one that is gone (GitHub shows its stand-in ``ghost``)."""
    if not isinstance(found, dict) or found.get("login") == "ghost":
        return None
    return Person(id=int(found["id"]), login=str(found["login"]), is_human=found.get("type", "User") == "User")


def _role(found: Mapping[str, Any]) -> Role:
    names: Sequence[object] = (found.get("role_name"), found.get("permission"))
    return next((Role(str(name)) for name in names if name in tuple(Role)), Role.NONE)
