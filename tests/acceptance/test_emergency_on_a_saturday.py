"""The whole emergency: stable is broken, it is Saturday in every region, and the fix is out before the grant ends.

Four regions, one deployment job each. Branches must be up to date, the pull request is squashed, and a run is killed
half-way. Beside it the ways out of what is broken: each with the required status on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from github_world import Pull
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
REQUIRED = {
    "type": "required_status_checks",
    "ruleset_id": 1,
    "ruleset_source": "acme/venue-search",
    "ruleset_source_type": "Repository",
    "parameters": {
        "required_status_checks": [{"context": "wedgate"}],
        "strict_required_status_checks_policy": True,
    },
}
FEED = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """Return the repository on that Saturday; its service answers every request with an error."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as made:
        made.world.put("calendars/fairs.ics", FEED)
        made.world.rules["main"] = [REQUIRED]
        write(made, "alice, bob")
        yield made


def write(talk: Talk, people: str) -> None:
    """Write the configuration of the default branch."""
    talk.world.put("wedgate.yml", text_of(people, talk).encode())


def text_of(people: str, talk: Talk) -> str:
    """Return a configuration."""
    return CONFIG.format(people=people, remote=talk.server.url)


def proposes(talk: Talk, content: bytes, *, path: str = "wedgate.yml") -> None:
    """Let the pull request change one file, with the branch up to date."""
    talk.world.commits[H1] = {**talk.world.commits["a" * 40], path: content}
    talk.world.pulls[7] = Pull(head=H1, files=[(path, None)])


def merges(talk: Talk) -> bool:
    """Refresh the status on schedule, and merge if it lets one."""
    assert talk.run("schedule", "refresh").exit_code == 0
    return talk.world.merge(7)


def grant(talk: Talk, rules: str) -> None:
    """Let everybody who may approve that some rules are let through in every region."""
    request = talk.asks(rest=f"regions=all rules={rules} for=2h reason=x")
    for who in ("alice", "bob", "carol"):
        talk.says(who, f"/wedgate approve {H1} {request}")


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
    assert not merges(talk)
    rest = 'regions=all rules=saturday,calendar_unverified for=2h reason="every request fails"'
    request = talk.asks(rest=rest)
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.status["state"] == "failure"  # asia-pacific asks for a third
    assert not merges(talk)
    talk.says("carol", f"/wedgate approve {H1} {request}")
    assert "| asia-pacific | 3 of 3 | alice, bob, carol |" in talk.answer
    assert merges(talk)
    assert deploy(talk, 101, killed_after=2) == ["us-east", "us-west"]
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
    assert not merges(talk)
    grant(talk, "saturday,calendar_unverified")
    assert merges(talk)
    assert talk.deploys(MERGED, "--region", "eu-central").exit_code == 0


@pytest.mark.parametrize("path", ["wedgate.yml", "calendars/fairs.ics"])
def test_a_feed_is_renewed_by_the_quorum(talk: Talk, path: str) -> None:
    """Once it is known again, days are open that nobody knew of: the one who renews it does not decide that alone."""
    days = [f'"{datetime.now(UTC) + timedelta(days=day):%Y-%m-%d}"' for day in (-1, 0, 1)]
    text = text_of("alice, bob", talk).replace("weekdays: monday..sunday", f"dates: [{', '.join(days)}]")
    talk.world.put("wedgate.yml", text.encode())
    if path == "wedgate.yml":
        proposes(talk, text.replace("2020-01-01", "2099-12-31").encode())
        rules = "config_loosened"
    else:
        talk.world.put("wedgate.yml", text.replace(", expires: 2020-01-01", "").encode())
        talk.world.put("calendars/fairs.ics", b"gone")
        proposes(talk, FEED, path=path)
        rules = "config_loosened,saturday,calendar_unverified"  # the file is not the configuration: the day counts too
    assert not merges(talk)
    grant(talk, rules)
    assert merges(talk)


def test_a_broken_configuration_is_repaired_by_a_pull_request_alone(talk: Talk) -> None:
    """On that Saturday, without anybody's leave; code does not go with it, and the day is closed as before."""
    good = text_of("alice, bob", talk).encode()
    talk.world.put("wedgate.yml", good, ref="2" * 40)
    talk.world.history["wedgate.yml"] = ["a" * 40, "2" * 40]
    talk.world.put("wedgate.yml", b"version: 1\nrules: nonsense\n")
    proposes(talk, b"a fix", path="search.py")
    assert not merges(talk)
    assert talk.status["description"].startswith("config_invalid")
    assert talk.deploys(MERGED).exit_code == 2
    proposes(talk, good)
    assert merges(talk)
    assert talk.world.commits["a" * 40]["wedgate.yml"] == good
    assert talk.deploys(MERGED).exit_code == 10


def test_code_goes_out_while_the_configuration_is_broken(talk: Talk) -> None:
    """By the quorum of the last valid version, and with what closes the day by it named."""
    talk.world.put("wedgate.yml", text_of("alice, bob", talk).encode(), ref="2" * 40)
    talk.world.history["wedgate.yml"] = ["a" * 40, "2" * 40]
    talk.world.put("wedgate.yml", b"version: 1\nrules: nonsense\n")
    proposes(talk, b"a fix", path="search.py")
    talk.says("erin", "/wedgate status")
    assert "rules=config_invalid,fairs,saturday " in talk.answer
    grant(talk, "config_invalid,saturday,calendar_unverified")
    assert merges(talk)
    assert talk.deploys(MERGED).exit_code == 0


def test_a_loosening_that_is_meant_is_merged_by_the_quorum(talk: Talk) -> None:
    """And not before it, on whatever day."""
    open_days = text_of("alice, bob", talk).replace("weekdays: monday..sunday", 'dates: ["2001-01-01"]')
    proposes(talk, open_days.encode())
    assert not merges(talk)
    grant(talk, "config_loosened")
    assert merges(talk)
    assert deploy(talk, 100) == ["us-east", "us-west", "asia-pacific"]


def test_a_stricter_calendar_is_merged_on_that_saturday(talk: Talk) -> None:
    """It needs nobody; with code beside it, it does."""
    stricter = text_of("alice, bob", talk).replace(
        "  saturday:", '  more: {where: all, dates: ["2097-01-01"], effect: block}\n  saturday:'
    )
    proposes(talk, stricter.encode())
    talk.world.pulls[7].files.append(("search.py", None))
    assert not merges(talk)
    proposes(talk, stricter.encode())
    assert merges(talk)


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
    assert not merges(talk)
    talk.world.teams["acme/captains"].append("bob")
    request = talk.asks(rest="regions=all rules=saturday,calendar_unverified for=2h reason=x")
    for who in ("carol", "zoe", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert merges(talk)
