"""The whole emergency: stable is broken, it is Saturday in every region, and the fix is out before the grant ends.

Four regions, one deployment job each. Branches must be up to date, the pull request is squashed, and a run is killed
half-way. Beside it the ways out of what is broken: each with the required status on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from talk import H1, MERGED, Talk

REGIONS = ("us-east", "us-west", "eu-central", "asia-pacific")
CONFIG = """version: 1
service: venue-search
regions:
  us-east: {{markets: {{new-york: {{zone: America/New_York, country: US}}}}}}
  us-west: {{markets: {{los-angeles: {{zone: America/Los_Angeles, country: US}}}}}}
  eu-central: {{markets: {{berlin: {{zone: Europe/Berlin, country: DE}}}}}}
  asia-pacific: {{markets: {{singapore: {{zone: Asia/Singapore, country: SG}}}}}}
rules:
  saturday: {{where: all, weekdays: monday..sunday, effect: block}}
  fairs: {{where: eu-central, feed: calendars/fairs.ics, expires: 2020-01-01, effect: block}}
overrides:
  approvers: {{people: [{people}], teams: [acme/captains]}}
  approvals: {{default: 2, asia-pacific: 3}}
state: {{kind: git, remote: "{remote}"}}
"""
FEED = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """Return the repository on that Saturday; its service answers every request with an error."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as made:
        made.world.put("calendars/fairs.ics", FEED)
        write(made, "alice, bob")
        yield made


def write(talk: Talk, people: str) -> None:
    """Write the configuration of the default branch."""
    talk.world.put("wedgate.yml", CONFIG.format(people=people, remote=talk.server.url).encode())


def deploy(talk: Talk, run: int, *, attempt: int = 1, killed_after: int = len(REGIONS)) -> list[str]:
    """Run the deployment's jobs, each behind its own gate, and return the regions reached until it was killed."""
    reached = []
    for region in REGIONS[:killed_after]:
        done = talk.deploys(MERGED, "--region", region, run=run, GITHUB_RUN_ATTEMPT=str(attempt))
        if done.exit_code == 0:
            assert json.loads(done.stdout)["decision"] == "allow"
            reached.append(region)
    return reached


def test_the_fix_is_everywhere_before_the_grant_ends(talk: Talk) -> None:
    """Asked, approved by three, squashed, killed after two regions, run again by somebody else, and done."""
    assert deploy(talk, 100) == []
    rest = 'regions=all rules=saturday,calendar_unverified for=2h reason="every request fails"'
    request = talk.asks(rest=rest)
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.status["state"] == "failure"  # asia-pacific asks for a third
    assert deploy(talk, 101, killed_after=1) == ["us-east"]
    talk.says("carol", f"/wedgate approve {H1} {request}")
    assert "| asia-pacific | 3 of 3 | alice, bob, carol |" in talk.answer
    talk.world.runs[101] = ("erin", "frank")
    assert deploy(talk, 101, attempt=2) == list(REGIONS)
    assert deploy(talk, 102) == []  # another deployment needs another override
    talk.says("erin", "/wedgate status")
    assert talk.answer.count("`run:101`") == len(REGIONS)
    grants = [entry for entry in talk.ledger() if entry["kind"] == "used"]
    assert all(entry["at"] < entry["body"]["expires"] for entry in grants)
    assert {entry["body"]["matched_by"] for entry in grants} == {"tree"}


def test_a_branch_that_was_behind_is_another_content(talk: Talk) -> None:
    """Why branches must be up to date: its squash has somebody else's work in it, and the gate sees that."""
    request = talk.asks(rest="regions=us-east rules=saturday for=2h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    done = talk.deploys("e" * 40, "--region", "us-east")
    assert done.exit_code == 10
    assert "bring the branch up to date" in done.stdout


def test_an_expired_feed_has_its_way_out(talk: Talk) -> None:
    """What nobody can know any more is closed; who names it in the request opens it, and who does not, does not."""
    request = talk.asks(rest="regions=eu-central rules=saturday for=2h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.deploys(MERGED, "--region", "eu-central").exit_code == 10
    request = talk.asks(rest="regions=eu-central rules=saturday,calendar_unverified for=2h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.deploys(MERGED, "--region", "eu-central").exit_code == 0


def test_a_policy_that_cannot_be_met_says_so_and_is_met_again_by_its_team(talk: Talk) -> None:
    """Too few are left: the request is refused with who could; once the team has more people, the same words go."""
    write(talk, "alice")
    line = f"/wedgate override {H1} regions=us-east rules=saturday for=2h reason=x"
    talk.world.teams["acme/captains"] = []
    refused = talk.says("erin", line)
    assert refused.exit_code == 11
    assert "only 1 could give one (alice)" in talk.answer
    assert talk.status["state"] == "failure"
    talk.world.teams["acme/captains"] = ["carol", "zoe"]
    request = talk.asks(rest="regions=us-east rules=saturday for=2h reason=x")
    for who in ("carol", "zoe"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.status["state"] == "failure"  # the other regions stay closed
    assert talk.deploys(MERGED, "--region", "us-east").exit_code == 0
