"""What a forge is to the gate: the default branch's files, a pull request's changes, and a clock to compare with.

Every implementation passes ``tests/contract/test_forge.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from wedgate.overrides.people import Comment, Person, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeFile:
    """A file as the forge holds it: its bytes and the commit it was read at."""

    path: str
    content: bytes
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedPaths:
    """The paths that a change touches, old names of moved files too; not ``is_whole``: some are not listed.

    ``blobs`` are git's ids of what the change makes of them; a link is one of its own, wherever it leads.
    """

    paths: frozenset[str]
    is_whole: bool = True
    blobs: Mapping[str, str] = field(default_factory=dict)

    def has(self, path: str) -> bool:
        """Whether a path is changed, for all that is known."""
        return path in self.paths or not self.is_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request now; ``head`` is the commit its branch ``head_ref`` is at, ``author`` ``None`` if deleted.

    ``merged_as`` is the commit that merging, squashing or rebasing made of it; ``None`` while it is not merged.
    ``merged_by`` is known of one that was asked for alone.
    """

    number: int
    head: str
    head_ref: str
    base_ref: str
    author: Person | None
    from_fork: bool
    is_open: bool
    merged_as: str | None = None
    merged_by: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Committers:
    """Who wrote or committed some commits, with whom their messages name as co-authors.

    ``logins`` (in lower case) are those named by a login without its number, and ``strangers`` are named by what no
    account is known for.
    """

    people: tuple[Person, ...] = ()
    logins: frozenset[str] = frozenset()
    strangers: tuple[str, ...] = ()


STATUS_LIMIT = 140
"""Characters that a forge shows of a status (GitHub's REST description of commit statuses)."""


class StatusState(StrEnum):
    """What a commit status may say."""

    SUCCESS = "success"
    FAILURE = "failure"
    PENDING = "pending"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStatus:
    """A commit status, which a branch rule may require; ``description`` is cut to ``STATUS_LIMIT`` characters.

    ``by`` is the login of whoever posted it, where it was read from the forge.
    """

    state: StatusState
    description: str
    context: str = "wedgate"
    url: str | None = None
    by: str | None = None

    @property
    def shown(self) -> str:
        """The description as the forge keeps it."""
        words = self.description
        return words if len(words) <= STATUS_LIMIT else f"{words[: STATUS_LIMIT - 3]}..."


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """A check run that has ended: the same answer as a status, with the whole decision as its summary in Markdown."""

    status: CommitStatus
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeGroup:
    """What a merge queue is about to bring to a branch: its commit, and the last pull request in it where known."""

    commit: str
    pull_request: int | None


class Conversations(Protocol):
    """The people and the talk of a repository. Calls raise ``ExternalSystemError``, naming what a token lacks.

    Every list is read to its last page, or is an error: half of the comments are not the comments.
    """

    def pull_request(self, number: int) -> PullRequest:
        """Fetch one pull request."""

    def open_pull_requests(self, base: str) -> tuple[PullRequest, ...]:
        """Fetch those that are open towards a branch."""

    def waiting_groups(self, base: str) -> tuple[MergeGroup, ...]:
        """Fetch the groups that a merge queue is about to bring to a branch."""

    def pull_requests_of(self, commit: str) -> tuple[PullRequest, ...]:
        """Fetch those that brought a commit, or have it."""

    def comments(self, number: int, since: datetime | None = None) -> tuple[Comment, ...]:
        """Fetch every comment of a pull request, or those alone that were written or changed since an instant."""

    def comment(self, number: int) -> Comment | None:
        """Fetch one comment; ``None`` if it is gone."""

    def role_of(self, person: Person) -> Role:
        """Fetch what somebody may do here now; ``NONE`` if the login is not this person's any more."""

    def role_by_login(self, login: str) -> Role:
        """Fetch what the person who has a login may do here now; ``NONE`` if it is nobody's, or a bot's."""

    def members_of(self, team: str) -> tuple[Person, ...] | None:
        """Fetch everybody in a team (``org/team``); ``None`` if it is known that there is no such team."""

    def pushers_of(self, pull_request: PullRequest) -> tuple[Person, ...]:
        """Fetch whoever pushed the head, to its branch or another, each time; nobody if that is not known."""

    def committers_of(self, number: int) -> Committers | None:
        """Fetch who wrote or committed the commits of a pull request; ``None`` if that is not known of every one."""

    def tree_of(self, commit: str) -> str:
        """Fetch the id of a commit's tree: the same for the same content."""

    def who_ran(self, run: int) -> tuple[Person, ...]:
        """Fetch who ran a workflow's run again, if somebody else than who started it."""

    def acknowledge(self, comment: int) -> bool:
        """React to a comment with eyes; ``False`` where the token may not."""

    def set_status(self, commit: str, status: CommitStatus) -> None:
        """Post a commit status. A commit takes so many of a context; then the error says to push a new one."""

    def latest_statuses(self, commit: str, context: str) -> tuple[CommitStatus, ...]:
        """Fetch those of a context that are among the latest hundred of a commit, the latest first."""

    def statuses_of(self, commit: str, context: str) -> tuple[CommitStatus, ...]:
        """Fetch the statuses of a context that a commit was given, the latest first."""

    def checks_of(self, commit: str, name: str) -> tuple[CommitStatus, ...] | None:
        """Fetch the check runs of a name that a commit was given; ``None`` where the token may not.

        Each is the status that it was posted as, ``by`` the app that posted it.
        """

    def latest_checks(self, commit: str, name: str) -> tuple[CommitStatus, ...] | None:
        """Fetch some check runs of a name, the latest first; ``None`` where the token may not.

        They are all where there are at most a hundred, and else the latest of each app and more than a hundred.
        """

    def set_check(self, commit: str, result: CheckResult) -> None:
        """Post a check run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment on the forge: what it is of, where, and what whoever made it wrote beside it."""

    id: int
    environment: str
    payload: Mapping[str, object]


class DeploymentState(StrEnum):
    """What a deployment may have come to."""

    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILURE = "failure"


class Deployments(Protocol):
    """The deployments of a repository. Calls raise ``ExternalSystemError``, naming what a token lacks."""

    def begin(self, commit: str, environment: str, payload: Mapping[str, object], description: str) -> Deployment:
        """Create a deployment of a commit."""

    def those_of(self, commit: str) -> tuple[Deployment, ...]:
        """Fetch the deployments of a commit."""

    def set_state(self, deployment: Deployment, state: DeploymentState, description: str, url: str | None) -> None:
        """Say what a deployment has come to."""


class Runs(Protocol):
    """The workflow runs of a repository. Calls raise ``ExternalSystemError``, naming what a token lacks."""

    def dispatch(self, workflow: str, ref: str) -> None:
        """Start a run of a workflow, by the name of its file, as it is on a branch or a tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRules:
    """What the rules of a repository ask of a branch: required statuses, and whether its history may be rewritten.

    Statuses ``from_anybody`` are those of which no rule says which app has to post them. ``None``: a rule may ask for
    it, and this token is not shown whether it does.
    """

    statuses: frozenset[str] = frozenset()
    from_anybody: frozenset[str] = frozenset()
    has_queue: bool = False
    up_to_date: bool | None = False
    no_force_push: bool | None = False
    no_deletion: bool | None = False


class Settings(Protocol):
    """How a repository is set up. Calls raise ``ExternalSystemError``, naming what a token lacks."""

    def default_branch(self) -> str:
        """Fetch the name of the default branch."""

    def takes_forks(self) -> bool:
        """Fetch whether others can fork it and open pull requests from there."""

    def rules_of(self, branch: str) -> BranchRules:
        """Fetch what the rules ask of a branch, whether it exists yet or not."""

    def environments(self) -> tuple[str, ...]:
        """Fetch the names of its environments."""

    def workflows(self) -> dict[str, str]:
        """Fetch the workflows of the default branch: path and text."""


class Forge(Protocol):
    """A repository on a forge. Calls raise ``ExternalSystemError``; a file that does not exist is ``None``."""

    def default_branch_file(self, paths: tuple[str, ...]) -> ForgeFile | None:
        """Fetch the first of ``paths`` that exists on the default branch."""

    def file_at(self, path: str, ref: str) -> ForgeFile | None:
        """Fetch one file at a commit."""

    def way_to(self, path: str, ref: str) -> tuple[str, ...]:
        """Fetch which links a path goes over at a commit, and where they lead, all behind the path itself."""

    def changed_paths(self, pull_request: int) -> tuple[str, ...]:
        """Fetch the paths that a pull request changes, old names of moved files too: all pages or an error."""

    def default_head(self) -> str:
        """Fetch the commit that the default branch is at, once: one run is decided by one state of it."""

    def changed_by(self, commit: str) -> ChangedPaths:
        """Fetch the paths that a commit changes since it left the default branch's history, once, in one request."""

    def keep_comment(self, pull_request: int, marker: str, body: str, known: Sequence[Comment] | None = None) -> bool:
        """Write a comment that holds ``marker``, or bring the one that this token wrote earlier up to date.

        ``known`` are comments as they were read just now: where it is among them they are not read again. Returns
        whether it is there now: ``False`` for a token that may not write.
        """

    def may_be_own(self, login: str | None) -> bool:
        """Return whether this token may write by a login; one that may not ask may be any app's."""

    def may_be_wedgates(self, login: str | None) -> bool:
        """Return whether this token, or a workflow's own, may write by a login."""

    def versions_of(self, paths: Sequence[str]) -> Iterator[str]:
        """Yield the commits of the default branch that changed one of some files, the latest first, as they are asked
        for.

        Where there are more than are read, that is an error behind the last that is.
        """

    def date(self) -> datetime:
        """Return the forge's own clock, from the ``Date`` header of an answer just received."""
