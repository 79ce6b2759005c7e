"""Teams and logins are the same in capitals: GitHub finds them by either, and one in two spellings counts once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from talk import CONFIG, H1, MERGED, Talk

NAMED = "people: [alice, bob], teams: [acme/captains]"


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    """A repository on a closed day, with a team of two and one of one."""
    with Talk.opened(tmp_path) as opened:
        opened.world.teams |= {"acme/captains": ["alice", "bob"], "acme/sre": ["carol"]}
        yield opened


def appoint(talk: Talk, approvers: str, owners: str, policy: str = "longest: 4h") -> None:
    """Say who may approve, in both files."""
    text = CONFIG.format(policy=policy, remote=talk.server.url).replace(NAMED, approvers)
    talk.world.put("wedgate.yml", text.encode())
    talk.world.put("CODEOWNERS", f"wedgate.yml {owners}\n".encode())


@pytest.mark.parametrize("owner", ["@acme/captains", "@Acme/captains", "@acme/Captains"])
@pytest.mark.parametrize("named", ["acme/captains", "ACME/captains"])
def test_a_team_in_two_spellings_is_one_of_two_teams(talk: Talk, named: str, owner: str) -> None:
    """Two of one team are not enough; with one of the other team they are."""
    appoint(talk, f"teams: [{named}, acme/sre], code-owners: [wedgate.yml]", owner, "from-teams: 2")
    request = talk.asks()
    for who in ("alice", "bob"):
        assert talk.says(who, f"/wedgate approve {H1} {request}").exit_code == 0
    assert talk.deploys(MERGED).exit_code == 10
    talk.says("carol", f"/wedgate approve {H1} {request}")
    assert talk.deploys(MERGED).exit_code == 0


def test_a_login_in_two_spellings_is_one_person(talk: Talk) -> None:
    """In both files, and whoever asked does not count under the other one."""
    appoint(talk, 'people: [Alice, "BOB:102", Erin], code-owners: [wedgate.yml]', "@ALICE @bob @erin")
    request = talk.asks("erin")
    assert "alice, bob" in talk.answer.lower()
    assert "erin" not in talk.answer.lower().partition("may approve")[2]
    for _ in range(2):
        talk.says("alice", f"/wedgate approve {H1} {request}")
    talk.says("erin", f"/wedgate approve {H1} {request}")
    assert talk.deploys(MERGED).exit_code == 10
    talk.says("bob", f"/wedgate approve {H1} {request}")
    assert talk.deploys(MERGED).exit_code == 0
