"""Owners of a path: the last line that fits, with the patterns of GitHub's own documentation."""

from __future__ import annotations

import time

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


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (r"/pay\ ments/ @payments", "pay ments/api.py"),  # gitignore: a backslash takes the space as it is
        (r"/pay\ ments/a\ b.py @payments", "pay ments/a b.py"),
        ("/services/pay/ @payments", "services/pay"),
        ("/services/pay/ @payments", "services/pay/"),
        ("/services/pay/ @payments", "/services/pay"),
        ("/services/pay @payments", "services/pay/"),
        ("/services/pay/* @payments", "services/pay"),
        ("/services/pay/* @payments", "services/pay/"),
        ("/services/pay/** @payments", "services/pay"),
        ("pay/ @payments", "services/pay"),
        ("/a#b/ @payments # those of the till", "a#b/x"),
    ],
)
def test_the_line_of_a_path_is_not_lost(line: str, path: str) -> None:
    """Else an earlier and wider line says who may approve."""
    assert owners_of(f"* @everyone\n{line}\n", path) == Owners(people=("payments",))


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("/services/pay/api/ @payments", "services/pay"),
        (r"/pay\*/ @payments", "pays/x"),
        (r"/pay\ ments/ @payments", "pay/x"),
        ("/pay/* @payments", "pay/a/x"),
    ],
)
def test_a_line_of_something_else_does_not_count(line: str, path: str) -> None:
    """It may own a part of it, or a name like it."""
    assert owners_of(f"* @everyone\n{line}\n", path) == Owners(people=("everyone",))


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        (r"\#a", "#a"),
        (r"\#a", r"\#a"),
        (r"/x\#a", "x#a"),
        ("!x.py", "!x.py"),
        ("!x.py", "x.py"),
        ("[ab].py", "[ab].py"),
        ("[ab].py", "a.py"),
        ("/pay/[!a-c]x/", "pay/dx/y"),
        ("[]a].py", "].py"),
        ("[a.py", "[a.py"),
        ("![ab].py", "a.py"),
    ],
)
def test_a_pattern_that_does_not_work_there_gives_nobody_a_path(pattern: str, path: str) -> None:
    """GitHub's page: a backslash before `#`, `!` and `[ ]` do not work. Who owns it by each reading, owns it."""
    assert owners_of(f"* @alice\n{pattern} @mallory\n", path) == Owners()
    both = owners_of(f"* @alice @carol\n{pattern} @mallory @carol\n", path)
    is_exception = pattern.startswith("!") and path != pattern
    assert both == Owners(people=() if is_exception else ("carol",))


@pytest.mark.parametrize(("pattern", "path"), [(r"\#a", "b"), ("!x.py", "y.py"), ("[ab].py", "ab.py"), ("!", "a/b")])
def test_it_leaves_other_paths_as_they_are(pattern: str, path: str) -> None:
    """What no reading of it fits."""
    assert owners_of(f"* @alice\n{pattern} @mallory\n", path) == Owners(people=("alice",))


@pytest.mark.parametrize(("pattern", "path"), [(r"\[ab].py", "[ab].py"), (r"\!x.py", "!x.py"), (r"a\\#b", r"a\#b")])
def test_a_backslash_before_what_does_not_work_is_only_a_name(pattern: str, path: str) -> None:
    """All readings agree."""
    assert owners_of(f"* @alice\n{pattern} @mallory\n", path) == Owners(people=("mallory",))


@pytest.mark.parametrize(("more", "people"), [(-1, ("alice",)), (0, ())])
def test_a_file_of_three_megabytes_makes_nobody_an_owner(more: int, people: tuple[str, ...]) -> None:
    """GitHub does not load it."""
    line = "* @alice\n"
    text = line + "#" * (3_000_000 - len(line) + more)
    assert owners_of(text, "x.py") == Owners(people=people)


def test_many_brackets_take_no_time() -> None:
    """Whoever proposes a change of the file may write them."""
    started = time.process_time()
    assert owners_of("* @alice\n" + "[" * 1_000_000 + " @mallory\n", "x.py") == Owners(people=("alice",))
    assert time.process_time() - started < 10


@pytest.mark.parametrize("owner", ["bob", "@", "@a/b/c", "!bob"])
def test_a_line_that_github_passes_over_makes_nobody_an_owner(owner: str) -> None:
    """Nor does it leave the wider line as it is: whoever owns the path with it and without it does."""
    assert owners_of(f"* @everyone @alice\n/pay/ @alice {owner}\n", "pay/x") == Owners(people=("alice",))
    assert owners_of(f"* @everyone\n/pay/ @payments {owner}\n", "pay/x") == Owners()


def test_an_owner_in_two_spellings_is_one() -> None:
    """GitHub finds logins and teams in any case; the line that is spelled wrong takes nobody away by it either."""
    found = owners_of("* @Zoe @zoe @Acme/captains @acme/Captains\n", "wedgate.yml")
    assert found == Owners(people=("zoe",), teams=("acme/captains",))
    assert owners_of("* @Zoe\n* @zoe @@\n", "wedgate.yml") == Owners(people=("zoe",))
