"""The runner of GitHub Actions: what it says in its environment, and the files through which it is told something.

Every value goes to ``GITHUB_OUTPUT`` between two copies of a random delimiter, so that a value with line breaks stays
one value; see "Multiline strings" in GitHub's reference of workflow commands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wedgate.errors import ExternalSystemError

SUMMARY_LIMIT = 1_000_000
"""GitHub drops a step's summary above 1 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEvent:
    """What the run was started for, where that is a change to a branch: a pull request, or a group to be merged.

    ``pull_request`` is ``None`` for a merge group, which brings all that its commit has beside the default branch.
    """

    pull_request: int | None
    head_sha: str


def is_runner(environment: Mapping[str, str]) -> bool:
    """Whether this is a job on a runner."""
    return environment.get("GITHUB_ACTIONS") == "true"


def change_event(environment: Mapping[str, str]) -> ChangeEvent | None:
    """Return the change that the run is for, ``None`` if it is for none or would not go to the default branch.

    One that is merged is none any more: see ``merged_commit``. An event file that cannot be read is no change: the
    calendar then decides.
    """
    kind = environment.get("GITHUB_EVENT_NAME", "")
    path = environment.get("GITHUB_EVENT_PATH", "")
    if kind not in ("pull_request", "pull_request_target", "merge_group") or not path:
        return None
    try:
        event: Any = json.loads(Path(path).read_text(encoding="utf-8"))
        default = event["repository"]["default_branch"]
        if kind == "merge_group":
            group = event["merge_group"]
            if group["base_ref"] != f"refs/heads/{default}":
                return None
            return ChangeEvent(pull_request=None, head_sha=str(group["head_sha"]))
        pull = event["pull_request"]
        if pull["base"]["ref"] != default or _is_merged(event):
            return None
        number = int(event.get("number") or pull["number"])
        return ChangeEvent(pull_request=number, head_sha=str(pull["head"]["sha"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def merged_commit(environment: Mapping[str, str]) -> str | None:
    """Return what merging a pull request made, in a run for that; ``None`` in every other."""
    if environment.get("GITHUB_EVENT_NAME", "") not in ("pull_request", "pull_request_target"):
        return None
    try:
        event: Any = json.loads(Path(environment.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
        return str(event["pull_request"]["merge_commit_sha"]) if _is_merged(event) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _is_merged(event: Any) -> bool:
    return event.get("action") == "closed" and event["pull_request"].get("merged") is True


def default_branch(environment: Mapping[str, str]) -> str | None:
    """Return the name of the default branch by the event of the run, ``None`` where it does not say."""
    try:
        event: Any = json.loads(Path(environment.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
        if event["repository"]["full_name"] != environment.get("GITHUB_REPOSITORY"):
            return None
        found = event["repository"]["default_branch"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) and found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWorkflow:
    """The workflow that a run belongs to: the name of its file, and the branch or tag at which it runs."""

    file: str
    ref: str


def own_workflow(environment: Mapping[str, str]) -> OwnWorkflow | None:
    """Return the workflow of this run; ``None`` where the runner does not say, or it runs at no branch or tag.

    In a workflow that is called it is the caller's, as ``GITHUB_WORKFLOW_REF`` is.
    """
    named = environment.get("GITHUB_WORKFLOW_REF", "")
    path, _, ref = named.removeprefix(f"{environment.get('GITHUB_REPOSITORY', '')}/").partition("@")
    folder, _, file = path.rpartition("/")
    kinds = [kind for kind in ("refs/heads/", "refs/tags/") if ref.startswith(kind)]
    if folder != ".github/workflows" or not file or not kinds:
        return None
    return OwnWorkflow(file=file, ref=ref.removeprefix(kinds[0]))


def write_outputs(environment: Mapping[str, str], outputs: Mapping[str, str]) -> str | None:
    """Append the outputs to ``GITHUB_OUTPUT``; return in words why they were not, where there is no such file.

    Raises ``ExternalSystemError`` when the runner names a file that cannot be written.
    """
    text = "".join(_heredoc(name, value) for name, value in outputs.items())
    return _append(environment, "GITHUB_OUTPUT", text, "no outputs were written")


def append_summary(environment: Mapping[str, str], markdown: str) -> str | None:
    """Append to ``GITHUB_STEP_SUMMARY``; return in words why not, where there is no such file or it is full."""
    content = markdown.encode("utf-8")
    if len(content) > SUMMARY_LIMIT:
        return "the summary is too large for the runner; see the log"
    return _append(environment, "GITHUB_STEP_SUMMARY", markdown, "no summary was written")


def _append(environment: Mapping[str, str], variable: str, text: str, otherwise: str) -> str | None:
    path = environment.get(variable, "")
    if not path:
        return f"{variable} is not set, so {otherwise}"
    try:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        raise ExternalSystemError(f"{variable} cannot be written ({error}), so {otherwise}") from error
    return None


def _heredoc(name: str, value: str, delimiter: str | None = None) -> str:
    """Return one output between two delimiters that the value cannot hold."""
    import secrets

    mark = delimiter or f"wedgate_{secrets.token_hex(16)}"
    if mark in value or mark in name:
        raise ExternalSystemError(f"the output {name} holds its own delimiter; nothing was written")
    return f"{name}<<{mark}\n{value}\n{mark}\n"
