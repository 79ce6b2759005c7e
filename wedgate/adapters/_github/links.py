"""Links in a repository on GitHub: its API follows one without a word, and lists a change only where it was made."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from posixpath import dirname, join, normpath
from typing import Any

from wedgate.adapters._github.connection import READ, Connection
from wedgate.errors import ExternalSystemError

MOST_LINKS = 3
"""How many links one path may go over, each of which is two requests or more: as many as no honest one does."""
_LINK, _DIRECTORY = "120000", "040000"


class GithubLinks:
    """The directories of commits, each fetched once."""

    def __init__(self, connection: Connection, base: str) -> None:
        self._connection = connection
        self._base = base
        self._trees: dict[str, Mapping[str, tuple[str, str]]] = {}

    def way_to(self, path: str, ref: str) -> tuple[str, ...]:
        """Return a path, and behind it each link that it goes over at a commit and what this leads to.

        It ends where a link leads out of the repository or back. ``ExternalSystemError`` for a path of more links than
        are followed: what lies behind them is not known.
        """
        way = [normpath(path)]
        while (found := self._first_link(way[-1], ref)) is not None:
            link, sha = found
            target = normpath(join(dirname(link), self._target_of(link, sha), way[-1][len(link) + 1 :]))
            is_over = target in way or target.startswith(("/", ".."))
            way += (link, target)
            if is_over:
                break
            if len(way) > 2 * MOST_LINKS:
                raise ExternalSystemError(f"{path} goes over more than {MOST_LINKS} links; put the file itself there")
        return tuple(dict.fromkeys(way))

    def _first_link(self, path: str, ref: str) -> tuple[str, str] | None:
        """Return where a path comes to a link, and the link's id."""
        tree, been = ref, ""
        for part in path.split("/"):
            mode, sha = self._tree(tree, been).get(part, ("", ""))
            been = join(been, part)
            if mode == _LINK:
                return been, sha
            if mode != _DIRECTORY:
                return None
            tree = sha
        return None

    def _tree(self, sha: str, path: str) -> Mapping[str, tuple[str, str]]:
        if sha not in self._trees:
            what = f"the directory {path or 'at the top'}"
            found = self._connection.get(f"{self._base}/git/trees/{sha}", what=what, needs=READ)
            self._trees[sha] = self._connection.asked(what, READ, lambda: _entries(found, what))
        return self._trees[sha]

    def _target_of(self, link: str, sha: str) -> str:
        what = f"the link {link}"
        found = self._connection.get(f"{self._base}/git/blobs/{sha}", what=what, needs=READ)
        content = self._connection.asked(what, READ, lambda: base64.b64decode(found["content"]))
        return content.decode("utf-8", "replace")


def _entries(found: Any, what: str) -> Mapping[str, tuple[str, str]]:
    if found["truncated"]:
        raise ExternalSystemError(f"GitHub lists only a part of {what}, so whether a file is a link is not known")
    return {str(each["path"]): (str(each["mode"]), str(each["sha"])) for each in found["tree"]}
