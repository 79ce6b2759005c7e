"""A quorum that nobody can ever give is an error; one that the forge may know to be possible is none."""

from __future__ import annotations

import pytest

from wedgate.config.load import parse_configuration
from wedgate.errors import ConfigurationError

HEAD = b"""version: 1
service: x
regions: {eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}}
rules: {saturday: {where: all, weekdays: saturday, effect: block}}
overrides: """


def trouble(overrides: str) -> str:
    """Return what is wrong with a policy; nothing if it is in order."""
    try:
        parse_configuration(HEAD + overrides.encode(), name="wedgate.yml")
    except ConfigurationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "people",
    ['["alice:7", "alice"]', '["alice:7", "Alice"]', '["alice:7", "bob:7"]', '["alice:7", "bob:7", "bob", "alice"]'],
)
def test_one_account_in_two_spellings_is_one_person(people: str) -> None:
    """By number, or by a login whose number is said beside it."""
    assert "eu needs 2 approvals, and only 1 person may ever approve" in trouble(f"{{approvers: {{people: {people}}}}}")
    assert trouble(f"{{approvers: {{people: {people}}}, approvals: 1}}") == ""


def test_an_earlier_version_is_held_to_no_more_than_it_was() -> None:
    """It may be the last that could be used."""
    text = HEAD + b'{approvers: {people: ["alice:7", "alice"]}}'
    assert parse_configuration(text, name="wedgate.yml", is_earlier=True).overrides is not None


@pytest.mark.parametrize("people", ['["alice:7", "alice:8"]', '["alice:7", "bob"]', "[alice, bob]"])
def test_two_accounts_are_two_people(people: str) -> None:
    """A number is who is meant, whatever its login was."""
    assert trouble(f"{{approvers: {{people: {people}}}}}") == ""


@pytest.mark.parametrize(
    ("approvers", "words"),
    [
        ("code-owners: [src]", ""),
        ("teams: [acme/a], code-owners: [src]", ""),
        ("on-call: oncall.ics", "eu needs approvals from 2 teams, and 0 are named"),
        ("teams: [acme/a], on-call: oncall.ics", "eu needs approvals from 2 teams, and 1 are named"),
    ],
)
def test_owners_may_be_teams(approvers: str, words: str) -> None:
    """How many CODEOWNERS names is asked when somebody asks; who is on call is of no team."""
    found = trouble(f"{{approvers: {{{approvers}}}, from-teams: 2}}")
    assert (words in found) if words else found == ""
