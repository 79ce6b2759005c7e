"""Owners of a path: the last line that fits, with the patterns of GitHub's own documentation."""

from __future__ import annotations

import pytest

from wedgate.overrides.code_owners import Owners, owners_of

# The example of GitHub's page "About code owners", shortened; each expectation is what its comments say.
EXAMPLE = """# Each line is a file pattern followed by one or more owners.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com @docs-owner
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @log-owner
/apps/ @octocat
/apps/github
"""


@pytest.mark.parametrize(
    ("path", "people", "teams"),
    [
        ("wedgate.yml", ("global-owner1", "global-owner2"), ()),
        ("src/app.js", ("js-owner",), ()),
        ("main.go", (), ()),  # an address of mail can write no comment
        ("notes/a.txt", (), ("octo-org/octocats",)),
        ("build/logs/today.js", ("log-owner",), ()),
        ("build/other.js", ("js-owner",), ()),
        ("deeply/nested/logs/x.c", ("log-owner",), ()),
        ("docs/getting-started.md", ("doctocat",), ()),
        ("docs/build-app/x.md", ("doctocat",), ()),
        ("scripts/a.sh", ("doctocat", "octocat"), ()),
        ("apps/x.c", ("octocat",), ()),
        ("apps/github", (), ()),  # a line without owners takes them away
        ("apps/github/x.c", (), ()),
    ],
)
def test_the_example_of_the_documentation(path: str, people: tuple[str, ...], teams: tuple[str, ...]) -> None:
    """Each path of it."""
    assert owners_of(EXAMPLE, path) == Owners(people=people, teams=teams)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/*", "wedgate.yml", True),
        ("/*", "a/wedgate.yml", False),
        ("docs/*", "docs/a.md", True),
        ("docs/*", "docs/a/b.md", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a.c", "abc", False),
        ("wedgate.yml", "services/wedgate.yml", True),
        ("/wedgate.yml", "services/wedgate.yml", False),
        ("/a/**/z", "a/z", True),
        ("/a/**/z", "a/b/c/z", True),
    ],
)
def test_patterns(pattern: str, path: str, fits: bool) -> None:
    """Stars stay inside of a directory, two of them do not; a slash at the beginning is the root."""
    assert owners_of(f"{pattern} @alice", path) == Owners(people=("alice",) if fits else ())
