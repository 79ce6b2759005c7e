"""Collects what is wrong with a file, each complaint at the line and column of what it is about."""

from __future__ import annotations

from collections.abc import Sequence

from wedgate.config.nodes import Node
from wedgate.errors import Problem

Path = tuple[str | int, ...]


def spelled_path(path: Sequence[str | int]) -> str:
    """Spell a path in the file: ``regions.eu.markets.berlin.zone``, ``rollout.waves[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class Complaints:
    """Problems of one file, in the order of the file, each said once; ``noted`` are those of its reading."""

    def __init__(self, file: str, root: Node, noted: Sequence[Problem] = ()) -> None:
        self._file = file
        self._root = root
        self._found = {(problem.line, problem.column, problem.what): problem for problem in noted}
        self._elsewhere: list[Problem] = []
        self._redirected: dict[Path, Path] = {}

    def redirect(self, path: Path, to: Path) -> None:
        """Place complaints about ``path``, which the file does not hold, at what brought it in."""
        self._redirected[path] = to

    def include(self, problems: Sequence[Problem]) -> None:
        """Take over what is wrong with another file that this one brings in."""
        self._elsewhere.extend(problem for problem in problems if problem not in self._elsewhere)

    def value(self, path: Path, what: str, remedy: str) -> None:
        """Complain about the value at ``path``."""
        self._add(self._root.at(path), path, what, remedy)

    def key(self, path: Path, what: str, remedy: str) -> None:
        """Complain about the key at ``path``, or about the whole of what is under it."""
        self._add(self._root.key_at(path), path, what, remedy)

    def _add(self, node: Node, path: Path, what: str, remedy: str) -> None:
        if (brought := self._redirected.get(path[:2])) is not None:
            node = self._root.at(brought)
        where = spelled_path(path)
        text = f"{where}: {what}" if where else what
        problem = Problem(file=self._file, line=node.line, column=node.column, what=text, remedy=remedy)
        self._found.setdefault((node.line, node.column, text), problem)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything found so far, from the top of the file down, and then what is wrong elsewhere."""
        return (*(self._found[place] for place in sorted(self._found)), *self._elsewhere)

    def has(self, path: Path) -> bool:
        """Whether something at or under ``path`` was complained about."""
        prefix = spelled_path(path)
        return any(
            problem.what.startswith((f"{prefix}:", f"{prefix}.", f"{prefix}[")) for problem in self._found.values()
        )
