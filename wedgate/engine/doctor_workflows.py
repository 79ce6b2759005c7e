"""What the workflows of a repository run of wedgate: on which events, and with which permissions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_REUSABLE = {"override.yml": "comment", "check.yml": "check"}
"""wedgate's own workflows that another one calls, and the command that each runs."""
_IN_A_SHELL = re.compile(r"^[^#\n]*\bwedgate[ \t]+(comment|refresh|check)\b([^\n;&|]*)", re.MULTILINE)
_CONFIG = re.compile(r"--config[= \t]+[\"']?([^\s\"']+)")
_EXPRESSION = "${{"
_RUNS_TOKEN = re.compile(r"github\s*(?:\.\s*token|\[\s*'token')|secrets\s*(?:\.\s*|\[\s*')github_token", re.IGNORECASE)
"""The token that a run has of itself: it goes by the permissions of the job."""
_SECRET = re.compile(r"secrets\s*\.\s*(\w+)")
_AT_THE_ROOT = ("wedgate.yml", ".github/wedgate.yml")
_LOCAL = "./.github/workflows/"
_LEVELS = ("none", "read", "write")


@dataclass(frozen=True, slots=True, kw_only=True)
class WedgateJob:
    """A job that runs wedgate.

    ``permissions`` are by scope; ``None`` where the workflow states none, so that the repository's setting decides.
    With ``own_token`` it does not go by the token that they are for. ``config`` is the path that it names: empty for
    that of the root or of ``.github``, ``None`` where an expression says it. ``check`` is the name of its own check.
    """

    workflow: str
    name: str
    command: str
    events: frozenset[str]
    permissions: Mapping[str, str] | None
    own_token: bool
    config: str | None = ""
    as_check_run: bool = False
    check: str = ""

    def is_for(self, path: str) -> bool:
        """Whether it is of the configuration at a path, as far as it can be told."""
        return self.config is None or self.config == path

    def lacks(self, needed: Mapping[str, str]) -> tuple[str, ...]:
        """Return the lines that its permissions lack, such as ``statuses: write``; none where they are not known."""
        if self.own_token or self.permissions is None:
            return ()
        given = self.permissions
        return tuple(
            f"{scope}: {level}"
            for scope, level in self.needs(needed).items()
            if _LEVELS.index(given.get(scope, given.get("*", "none"))) < _LEVELS.index(level)
        )

    def needs(self, needed: Mapping[str, str]) -> Mapping[str, str]:
        """Return what it needs where others need ``needed``: it posts a check run, if it is told to, and no status."""
        return {
            "checks" if self.as_check_run and scope == "statuses" else scope: each for scope, each in needed.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One command of a job, with what it is given."""

    command: str
    own_token: bool
    config: str | None
    as_check_run: bool


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
        env = {**_mapping(workflow.get("env")), **_mapping(job.get("env"))}
        for each in dict.fromkeys(_commands({**job, "env": env}, read)):
            yield WedgateJob(
                workflow=file,
                name=str(name),
                command=each.command,
                events=_events(workflow.get("on")),
                permissions=permissions,
                own_token=each.own_token,
                config=each.config,
                as_check_run=each.as_check_run,
                check=str(job.get("name", name)),
            )


def _commands(
    job: Mapping[str, Any], read: Mapping[str, Mapping[str, Any]], caller: Mapping[str, Any] | None = None
) -> Iterator[_Run]:
    """Yield each command that a job runs; ``caller`` is the job that calls its workflow, if one does."""
    called = str(job.get("uses", "")).partition("@")[0]
    command = _REUSABLE.get(called.rpartition("/")[2])
    if called.startswith(_LOCAL) and (local := read.get(called.removeprefix(_LOCAL))) is not None:
        for each in map(_mapping, _mapping(local.get("jobs")).values()):
            env = {**_mapping(local.get("env")), **_mapping(each.get("env"))}
            yield from _commands({**each, "uses": "", "env": env}, read, job)
    elif command is not None and "/.github/workflows/" in called:
        own = _is_own(str(_mapping(job.get("secrets")).get("token", "")), caller)
        yield _Run(command=command, own_token=own, config=_config(job, caller), as_check_run=False)
    steps = job.get("steps")
    for step in map(_mapping, steps if isinstance(steps, list) else ()):
        given = _mapping(step.get("with"))
        if "wedgate" in str(step.get("uses", "")).partition("@")[0].lower() or "command" in given:
            yield _Run(
                command=str(given.get("command", "check")),
                own_token=_is_own(str(given.get("github-token", "${{ github.token }}")), caller),
                config=_config(step, caller),
                as_check_run=str(given.get("check-run", "")).lower() == "true",
            )
        env = {**_mapping(job.get("env")), **_mapping(step.get("env"))}
        token = str(env.get("WEDGATE_GITHUB_TOKEN") or env.get("GITHUB_TOKEN") or "")
        for name, options in _IN_A_SHELL.findall(str(step.get("run", ""))):
            named = _CONFIG.search(options)
            yield _Run(
                command=name,
                own_token=_is_own(token, caller),
                config=_path("" if named is None else named[1], caller),
                as_check_run="--check-run" in options.split(),
            )


def _is_own(token: str, caller: Mapping[str, Any] | None) -> bool:
    """Whether a token is somebody's own for sure: the first of several that is there, and not that of the run."""
    passed = None if caller is None else caller.get("secrets")
    for each in token.split("||"):
        if _RUNS_TOKEN.search(each):
            return False
        named = _SECRET.search(each)
        if named is not None and caller is not None and passed != "inherit":
            if (given := _mapping(passed).get(named[1])) is not None:
                return _is_own(str(given), None)
        elif "||" not in token:
            return bool(each.strip())
    return False


def _config(step: Mapping[str, Any], caller: Mapping[str, Any] | None) -> str | None:
    return _path(str(_mapping(step.get("with")).get("config") or ""), caller)


def _path(config: str, caller: Mapping[str, Any] | None) -> str | None:
    """Return the path of a configuration as its place has it; what an expression says, the caller may know."""
    if _EXPRESSION in config:
        return None if caller is None else _config(caller, None)
    path = config.removeprefix("./")
    return "" if path in _AT_THE_ROOT else path


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
