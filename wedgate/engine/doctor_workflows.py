"""What the workflows of a repository run of wedgate: on which events, and with which permissions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_REUSABLE = {"override.yml": "comment", "check.yml": "check"}
"""wedgate's own workflows that another one calls, and the command that each runs."""
_IN_A_SHELL = re.compile(r"^[^#\n]*\bwedgate[ \t]+(comment|refresh|check)\b", re.MULTILINE)
_LOCAL = "./.github/workflows/"
_LEVELS = ("none", "read", "write")


@dataclass(frozen=True, slots=True, kw_only=True)
class WedgateJob:
    """A job that runs wedgate.

    ``permissions`` are by scope; ``None`` where the workflow states none, so that the repository's setting decides.
    With ``own_token`` it does not go by the token that they are for.
    """

    workflow: str
    name: str
    command: str
    events: frozenset[str]
    permissions: Mapping[str, str] | None
    own_token: bool

    def lacks(self, needed: Mapping[str, str]) -> tuple[str, ...]:
        """Return the lines that its permissions lack, such as ``statuses: write``; none where they are not known."""
        if self.own_token or self.permissions is None:
            return ()
        given = self.permissions
        return tuple(
            f"{scope}: {level}"
            for scope, level in needed.items()
            if _LEVELS.index(given.get(scope, given.get("*", "none"))) < _LEVELS.index(level)
        )


def wedgate_jobs(workflows: Mapping[str, object]) -> tuple[WedgateJob, ...]:
    """Return the jobs of all workflows that run wedgate; they come as plain data by the names of their files.

    What is no workflow has none: GitHub does not run it either.
    """
    read = {name: _mapping(plain) for name, plain in workflows.items()}
    return tuple(job for name, workflow in read.items() for job in _jobs(name, workflow, read))


def _jobs(file: str, workflow: Mapping[str, Any], read: Mapping[str, Mapping[str, Any]]) -> Iterator[WedgateJob]:
    for name, plain in _mapping(workflow.get("jobs")).items():
        job = _mapping(plain)
        permissions = _permissions(job["permissions"] if "permissions" in job else workflow.get("permissions"))
        for command, own_token in dict.fromkeys(_commands(job, read)):
            yield WedgateJob(
                workflow=file,
                name=str(name),
                command=command,
                events=_events(workflow.get("on")),
                permissions=permissions,
                own_token=own_token,
            )


def _commands(job: Mapping[str, Any], read: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Yield each command that a job runs, and whether with a token of somebody's own."""
    called = str(job.get("uses", "")).partition("@")[0]
    own = bool(_mapping(job.get("secrets")).get("token"))
    command = _REUSABLE.get(called.rpartition("/")[2])
    if called.startswith(_LOCAL) and (local := read.get(called.removeprefix(_LOCAL))) is not None:
        for each in _mapping(local.get("jobs")).values():
            yield from ((name, own or token) for name, token in _commands({**_mapping(each), "uses": ""}, read))
    elif command is not None and "/.github/workflows/" in called:
        yield command, own
    steps = job.get("steps")
    for step in map(_mapping, steps if isinstance(steps, list) else ()):
        given = _mapping(step.get("with"))
        token = str(given.get("github-token", "${{ github.token }}"))
        if "wedgate" in str(step.get("uses", "")).partition("@")[0].lower() or "command" in given:
            yield str(given.get("command", "check")), "github.token" not in token
        for found in _IN_A_SHELL.findall(str(step.get("run", ""))):
            yield found, "GITHUB_TOKEN" in _mapping(step.get("env")) and "github.token" not in str(step.get("env"))


def _events(plain: Any) -> frozenset[str]:
    """Return what starts a workflow; of comments only where it is a new one that does."""
    if isinstance(plain, str):
        return frozenset((plain,))
    if isinstance(plain, list):
        return frozenset(map(str, plain))
    found = dict(_mapping(plain))
    types = _mapping(found.get("issue_comment")).get("types")
    if types is not None and "created" not in (types if isinstance(types, list) else [types]):
        found.pop("issue_comment")
    return frozenset(found)


def _permissions(plain: Any) -> Mapping[str, str] | None:
    if plain in ("read-all", "write-all"):
        return {"*": str(plain).removesuffix("-all")}
    if not isinstance(plain, dict):
        return None
    return {str(scope): str(level) for scope, level in plain.items() if level in _LEVELS}


def _mapping(plain: object) -> Mapping[str, Any]:
    return plain if isinstance(plain, dict) else {}
