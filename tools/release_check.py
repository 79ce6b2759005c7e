"""Hold a release tag to the version and the changelog, before anything is built.

usage: release_check.py check TAG      fail unless tag, version and changelog agree
       release_check.py notes TAG      print the changelog's section of that version
       release_check.py newest MAJOR   print the latest release of v1 (or v2, ...) among the tags on standard input

Nothing is imported but the standard library, so that the first step of a release needs no installation.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

TAG = re.compile(r"v(?P<version>\d+\.\d+\.\d+)")
VERSION = re.compile(r"""^__version__ = ["'](?P<version>[^"']+)["']$""", re.MULTILINE)
HEADING = re.compile(r"^## \[(?P<version>[^]]+)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)


def version_of_tag(tag: str) -> str | None:
    """Return ``1.2.3`` for the tag ``v1.2.3``, and nothing for any other tag (``v1`` moves and is no release)."""
    match = TAG.fullmatch(tag)
    return match["version"] if match else None


def newest_of(major: str, refs: Iterable[str]) -> str | None:
    """Return the tag of the latest release of a major version; ``v1.10.0`` is later than ``v1.9.1``."""
    tags = (ref.strip().removeprefix("refs/tags/") for ref in refs)
    releases = [tag for tag in tags if version_of_tag(tag) and tag.startswith(f"{major}.")]
    return max(releases, key=lambda tag: [int(part) for part in tag[1:].split(".")], default=None)


def section_of(changelog: str, version: str) -> tuple[str | None, str] | None:
    """Return the date and the text of a version's section of a changelog in the manner of Keep a Changelog."""
    headings = list(HEADING.finditer(changelog))
    for index, heading in enumerate(headings):
        if heading["version"] == version:
            end = headings[index + 1].start() if index + 1 < len(headings) else len(changelog)
            return heading["date"], changelog[heading.end() : end].strip()
    return None


def problems_of(tag: str, root: Path) -> list[str]:
    """Return everything that keeps this tag from being released; nothing if it can be."""
    version = version_of_tag(tag)
    if version is None:
        return [f"{tag}: a release tag is spelled v1.2.3; delete it and tag again"]
    problems = []
    declared = VERSION.search((root / "wedgate" / "__init__.py").read_text(encoding="utf-8"))
    if declared is None or declared["version"] != version:
        found = declared["version"] if declared else "nothing"
        problems.append(f"wedgate/__init__.py: the tag says {version}, __version__ says {found}; make them agree")
    section = section_of((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    if section is None:
        problems.append(f"CHANGELOG.md: there is no heading for {version}; rename the unreleased section to it")
    elif section[0] is None:
        problems.append(f"CHANGELOG.md: the heading of {version} has no date; write ## [{version}] - YYYY-MM-DD")
    elif not section[1]:
        problems.append(f"CHANGELOG.md: the section of {version} is empty; say what changes for users")
    return problems


def main(arguments: list[str], root: Path) -> int:
    """Carry out one command and return its exit code: 0 agreed, 1 not, 2 wrong usage."""
    if len(arguments) != 2 or arguments[0] not in {"check", "notes", "newest"}:
        print(__doc__, file=sys.stderr)
        return 2
    command, tag = arguments
    if command == "newest":
        newest = newest_of(tag, sys.stdin)
        print(newest or f"no release of {tag} is among the tags", file=sys.stdout if newest else sys.stderr)
        return 0 if newest else 1
    problems = problems_of(tag, root)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    if command == "notes":
        section = section_of((root / "CHANGELOG.md").read_text(encoding="utf-8"), tag.removeprefix("v"))
        print(section[1] if section else "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent.parent))
