"""Commands about a pull request, typed in a clone as the documents have them, with nothing but a token."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from github_world import REPOSITORY
from talk import H1, Done, Talk

from wedgate.cli.main import cli
from wedgate.cli.repository import remote_of, repository_at, repository_of
from wedgate.errors import ExternalSystemError, UsageError, WedgateError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "overrides.md"
LINES = re.findall(r"^\$ wedgate (.* --pull-request 7.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
PUBLIC, OWN = "https://api.github.com", "https://ghe.acme.example/api/v3"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository with a request in it, and a clone to type in."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        opened.asks()
        clone = tmp_path / "clone"
        clone.mkdir()
        (clone / "wedgate.yml").write_bytes(opened.world.commits["a" * 40]["wedgate.yml"])
        for words in (["init", "-q"], ["remote", "add", "origin", opened.server.url]):
            subprocess.run(["git", "-C", str(clone), *words], check=True, capture_output=True)
        monkeypatch.chdir(clone)
        yield opened


def types(talk: Talk, line: str, **more: str | None) -> Done:
    """Type a command in a terminal."""
    environment: dict[str, str | None] = {**talk.environment, "GITHUB_ACTIONS": None, "GITHUB_REPOSITORY": None, **more}
    found = CliRunner(env=environment).invoke(cli, shlex.split(line), obj={"debug": False}, standalone_mode=False)
    if isinstance(found.exception, WedgateError):
        return Done(int(found.exception.exit_code), f"{found.output}{found.exception}", found.stdout)
    if found.exception is not None:
        raise found.exception
    return Done(int(found.return_value), found.output, found.stdout)


def test_the_documents_have_lines_to_type() -> None:
    """Asking, approving, looking, and comparing the ledger."""
    verbs = {" ".join(line.split()[:2]) for line in LINES}
    assert verbs == {"override request", "override approve", "override status", "audit verify"}


@pytest.mark.parametrize("line", LINES)
def test_what_the_documents_say_works_as_it_is_typed(talk: Talk, line: str) -> None:
    """In a clone, with a token: the repository is that of its origin."""
    typed = line.replace("SHA", H1).replace("ID", "0" * 32).replace("eu-central", "eu")
    done = types(talk, typed)
    # The request that is there has not been approved yet.
    assert done.exit_code == (11 if "status" in line else 0), done.output


def test_doctor_knows_the_repository_of_a_clone(talk: Talk) -> None:
    """Nothing is set up there yet."""
    done = types(talk, "doctor")
    assert done.exit_code == 13, done.output
    assert "the required status" in done.output


@pytest.mark.parametrize("line", LINES)
def test_away_from_a_clone_it_says_which_variable_to_set(
    talk: Talk, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is how the command was called that is wrong: 2, not 20."""
    away = tmp_path / "away"
    away.mkdir()
    (away / "wedgate.yml").write_bytes(talk.world.commits["a" * 40]["wedgate.yml"])
    monkeypatch.chdir(away)
    typed = line.replace("SHA", H1).replace("ID", "0" * 32)
    done = types(talk, typed, GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert done.exit_code == 2, done.output
    assert "set GITHUB_REPOSITORY=owner/name" in done.output


def test_an_origin_on_another_server_is_none(talk: Talk) -> None:
    """A token goes to the server that is asked, about nothing that only has the same name elsewhere."""
    elsewhere = "https://git.elsewhere.example/acme/venue-search.git"
    subprocess.run(["git", "remote", "set-url", "origin", elsewhere], check=True)
    done = types(talk, "override status --pull-request 7")
    assert done.exit_code == 2
    assert "`origin` is at git.elsewhere.example, and 127.0.0.1 does not serve it" in done.output
    assert "set GITHUB_REPOSITORY=owner/name" in done.output


@pytest.mark.parametrize(
    "line",
    [
        f"override approve --pull-request 7 --commit {H1} --request {'0' * 32}",
        "override status --pull-request 7",
    ],
)
def test_a_repository_that_is_named_is_asked(talk: Talk, line: str) -> None:
    """Before the clone's own, which is another here."""
    origin = talk.server.url.replace("venue-search", "elsewhere")
    subprocess.run(["git", "remote", "set-url", "origin", origin], check=True)
    done = types(talk, f"{line} --repository {REPOSITORY}")
    assert done.exit_code == (11 if "status" in line else 0), done.output


@pytest.mark.parametrize(
    ("environment", "origin", "expected"),
    [
        ({}, "git@github.com:acme/a.git", "git@github.com:acme/a.git"),
        ({"GITHUB_REPOSITORY": "acme/A"}, "git@github.com:acme/a.git", "git@github.com:acme/a.git"),
        ({"GITHUB_REPOSITORY": "acme/b"}, "git@github.com:acme/a.git", "https://github.com/acme/b.git"),
        ({"GITHUB_REPOSITORY": "acme/b"}, "/srv/mirror", "/srv/mirror"),
        (
            {"GITHUB_REPOSITORY": "acme/b", "GITHUB_API_URL": OWN},
            "git@ghe.acme.example:acme/a.git",
            "https://ghe.acme.example/acme/b.git",
        ),
        ({"GITHUB_REPOSITORY": "acme/b", "GITHUB_ACTIONS": "true"}, None, "https://github.com/acme/b.git"),
        ({}, None, None),
    ],
)
def test_the_ledger_is_that_of_the_repository_that_is_asked(
    environment: dict[str, str], origin: str | None, expected: str | None
) -> None:
    """Its address is the clone's own where that is the repository, so that it is reached as the clone is."""
    assert remote_of(environment, origin) == expected


def test_a_runner_takes_nothing_from_its_checkout(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the environment alone says which repository it is."""
    assert talk.server.url
    with pytest.raises(ExternalSystemError, match="GITHUB_REPOSITORY is not set"):
        repository_of({"GITHUB_ACTIONS": "true", "GITHUB_API_URL": talk.world.url})
    assert repository_of({"GITHUB_API_URL": talk.world.url}) == REPOSITORY
    assert repository_of({"GITHUB_API_URL": talk.world.url, "GITHUB_REPOSITORY": "o/n"}) == "o/n"
    with pytest.raises(UsageError):
        repository_of({"GITHUB_API_URL": PUBLIC})


@pytest.mark.parametrize(
    ("address", "api", "expected"),
    [
        ("https://github.com/acme/venue-search.git", PUBLIC, REPOSITORY),
        ("https://github.com/acme/venue-search", PUBLIC, REPOSITORY),
        ("https://x-access-token:t@github.com/acme/venue-search/", PUBLIC, REPOSITORY),
        ("git@github.com:acme/venue-search.git", PUBLIC, REPOSITORY),
        ("github.com:acme/venue.search", PUBLIC, "acme/venue.search"),
        ("ssh://git@github.com/acme/venue-search.git", PUBLIC, REPOSITORY),
        ("ssh://git@ssh.github.com:443/acme/venue-search.git", PUBLIC, REPOSITORY),
        ("git@ghe.acme.example:acme/venue-search.git", OWN, REPOSITORY),
        ("https://GHE.acme.example/acme/venue-search", OWN, REPOSITORY),
        ("https://acme.ghe.com/acme/venue-search", "https://api.acme.ghe.com", REPOSITORY),
        ("https://github.com/acme/venue-search.git", OWN, None),
        ("git@ghe.acme.example:acme/venue-search.git", PUBLIC, None),
        ("https://github.com.evil.example/acme/venue-search", PUBLIC, None),
        ("https://evil.example/github.com/acme/venue-search", PUBLIC, None),
        ("https://github.com/acme", PUBLIC, None),
        ("https://github.com/acme/venue/search", PUBLIC, None),
        ("/srv/git/acme/venue-search.git", PUBLIC, None),
        ("../acme/venue-search", PUBLIC, None),
        ("file:///acme/venue-search", PUBLIC, None),
        ("https://[broken/acme/venue-search", PUBLIC, None),
    ],
)
def test_an_address_says_its_repository_where_its_server_is_asked(address: str, api: str, expected: str | None) -> None:
    """In each form that git takes, and in no other."""
    assert repository_at(address, api) == expected
