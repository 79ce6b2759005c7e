"""The status of a pull request where the people of the policy are not there, or a change takes them away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from talk import CONFIG, H1, Talk

NEVER = 'dates: ["2001-01-01"]'
EVERY_DAY = "weekdays: monday..sunday"
PEOPLE = "people: [alice, bob], teams: [acme/captains]"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository with an open pull request."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        yield opened


def text_of(talk: Talk, *, day: str = NEVER, policy: str = "longest: 4h", people: str = PEOPLE) -> str:
    """Return a configuration: open today where nothing else is said."""
    text = CONFIG.format(policy=policy, remote=talk.server.url)
    assert PEOPLE in text
    assert EVERY_DAY in text
    return text.replace(EVERY_DAY, day).replace(PEOPLE, people)


def changes(talk: Talk, head: str | None, *others: str, base: str | None = None) -> None:
    """Let the pull request change the configuration, and other files."""
    talk.world.pulls[7].files = [*([] if head is None else [("wedgate.yml", None)]), *((name, None) for name in others)]
    if base is not None:
        talk.world.put("wedgate.yml", base.encode())
    default = talk.world.commits["a" * 40]
    talk.world.commits[H1] = {**default, **talk.world.commits.get(H1, {}), "wedgate.yml": default["wedgate.yml"]}
    if head is not None:
        talk.world.put("wedgate.yml", head.encode(), ref=H1)


def status(talk: Talk) -> tuple[str, str, int]:
    """Let a refresh run, and return the status, its words, and the exit code of the pull request's own check."""
    done = talk.run("schedule", "refresh")
    assert done.exit_code == 0, done.output
    found = talk.status
    words = re.sub(r" \[.*|; ledger.*", "", found["description"])
    return found["state"], words, talk.looks().exit_code


def said(talk: Talk) -> str:
    """Return what the pull request's own check says, on one line."""
    return re.sub(r"\s+", " ", talk.looks().output)


LOOSENED = ("failure", 10)
OPEN = ("success", 0)


def outcome(talk: Talk) -> tuple[str, int]:
    """Return the status and the exit code of the pull request's own check."""
    state, _, code = status(talk)
    return state, code


def test_days_do_not_move_out_of_what_no_override_opens(talk: Talk) -> None:
    """The name stays untouchable, its days go to another rule; the other way round, or with both named, is stricter."""
    base = text_of(talk, day=EVERY_DAY, policy="untouchable: [saturday]")
    moved = base.replace("  saturday: {", '  saturday: {where: all, dates: ["2001-01-01"], effect: block}\n  sat: {')
    changes(talk, moved, base=base)
    assert outcome(talk) == LOOSENED
    assert "lets an override open what none opens in eu" in said(talk)
    changes(talk, moved.replace("[saturday]", "[saturday, sat]"))
    assert outcome(talk) == OPEN
    changes(talk, base, base=moved)
    assert outcome(talk) == OPEN


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJi"


@pytest.mark.parametrize(
    ("before", "after", "loosens"),
    [
        (f"alice,alice@work {KEY}\nalice,alice@home {KEY}\n", f"alice,alice@work {KEY}\n", True),
        (f"alice {KEY}\nalice@home {KEY}\n", f"alice {KEY}\n", True),
        (f"alice {KEY}\nALICE,alice@home {OTHER}\n", f"alice {KEY}\n", True),
        (f"alice {KEY}\nzoe {OTHER}\nalice,zoe {KEY}\n", f"alice {KEY}\nzoe {OTHER}\n", True),
        (f'alice {KEY}\nalice@home valid-before="20990101" {KEY}\n', f"alice {KEY}\n", True),
        (f"alice {KEY}\nalice {OTHER}\n", f"alice {KEY}\n", False),
        (f"alice {KEY}\nalice@home {KEY}\nzoe {OTHER}\n", f"zoe {OTHER}\n", False),
        (f"alice {KEY}\nzoe {OTHER}\n", "", False),
    ],
    ids=["a name", "a line of its own", "by a name", "two people", "an option", "a key", "a person", "everybody"],
)
def test_a_name_that_goes_while_its_owner_stays_loosens(talk: Talk, before: str, after: str, loosens: bool) -> None:
    """Whoever wrote the commit under the other name would count; who goes as a whole, or loses a key, does not."""
    base = text_of(talk, policy="signers: signers")
    talk.world.put("signers", before.encode())
    talk.world.put("signers", after.encode(), ref=H1)
    changes(talk, None, "signers", base=base)
    assert outcome(talk) == (LOOSENED if loosens else OPEN)
    if loosens:
        assert "takes names away in signers from people whose signatures go on counting" in said(talk)


def test_a_team_without_anybody_is_one_that_nobody_can_ask(talk: Talk) -> None:
    """Two teams are needed and one is empty: the calendar decides about that, and no line to approve is offered."""
    talk.world.teams = {"acme/captains": ["alice", "bob", "carol"], "acme/sre": []}
    people = "teams: [acme/captains, acme/sre]"
    base = text_of(talk, policy="longest: 4h\n  from-teams: 2", people=people)
    changes(talk, base.replace("from-teams: 2", "from-teams: 1"), base=base)
    assert outcome(talk) == OPEN
    changes(talk, base.replace("from-teams: 2", "from-teams: 2\n  forks: allow"))
    assert outcome(talk) == LOOSENED
    talk.says("erin", f"/wedgate override {H1} regions=all rules=config_loosened for=1h reason=x")
    assert "/wedgate approve" not in talk.answer
    words = re.sub(r"\s+", " ", talk.answer)
    assert "eu needs 2 approvals from 2 teams, and those who could give one (alice, bob, carol) come from 1" in words
    talk.world.teams["acme/sre"] = ["frank"]
    changes(talk, base.replace("from-teams: 2", "from-teams: 1"), base=base)
    assert outcome(talk) == LOOSENED


def test_two_teams_of_many_are_asked_for_few_of_each(talk: Talk) -> None:
    """Three hundred of one team hide nobody of the other, and nobody is asked about who changes nothing."""
    team = [f"member-{number}" for number in range(300)]
    talk.world.roles |= dict.fromkeys(team, "write")
    talk.world.teams = {"acme/captains": team, "acme/sre": ["frank", "zoe"]}
    talk.world.roles["frank"] = "read"
    people = "teams: [acme/captains, acme/sre]"
    base = text_of(talk, policy="longest: 4h\n  from-teams: 2", people=people)
    changes(talk, base.replace("from-teams: 2", "from-teams: 1"), base=base)
    talk.world.asked.clear()
    assert outcome(talk) == LOOSENED
    assert len([each for each in talk.world.asked if "/permission" in each]) <= 2 * 4
    talk.world.roles["zoe"] = "read"
    assert outcome(talk) == OPEN


CAPTAINS = "teams: [acme/captains]"


@pytest.mark.parametrize(
    ("people", "strict"),
    [
        (CAPTAINS, ("longest: 4h", "longest: 4h\n  approvals: 4")),
        (CAPTAINS, ("longest: 4h", "longest: 4h\n  approvals: {default: 2, us: 4}")),
        ("teams: [acme/captains, acme/sre]", ("longest: 4h", "longest: 4h\n  from-teams: 2")),
        ("teams: [acme/captains, acme/sre]", ("teams: [acme/captains, acme/sre]", "teams: [acme/sre]")),
        ("people: [alice, bob, frank, zoe]", ("[alice, bob, frank, zoe]", "[bob, frank, zoe]")),
        ("teams: [acme/captains, acme/sre], code-owners: [src]", ("teams: [acme/captains, acme/sre]", "people: []")),
    ],
    ids=["more than there are", "in one region", "more teams", "a team", "a person", "all but owners"],
)
def test_what_leaves_too_few_to_ask_loosens(talk: Talk, people: str, strict: tuple[str, str]) -> None:
    """A change after which nobody's leave can be had any more: the next one would need nobody's."""
    if strict[1] == "people: []":
        strict = (f"{strict[0]}, ", "")
    talk.world.teams = {"acme/captains": ["alice", "bob", "carol"], "acme/sre": []}
    talk.world.roles |= {"frank": "read", "zoe": "read"}
    base = text_of(talk, people=people)
    changes(talk, base.replace(*strict), base=base)
    assert strict[0] in base
    assert outcome(talk) == LOOSENED
    assert "us, so that nobody can be asked about the next;" in said(talk)
    talk.world.teams = {"acme/captains": ["alice", "bob", "carol", "zoe"], "acme/sre": ["frank", "erin"]}
    talk.world.roles |= {"frank": "write", "zoe": "write"}
    talk.world.put("CODEOWNERS", b"src @alice @bob\n")
    assert outcome(talk) == OPEN


def test_owners_that_go_leave_too_few_as_well(talk: Talk) -> None:
    """The file of owners alone changes; with enough of them left it is stricter."""
    base = text_of(talk, people="code-owners: [src]")
    talk.world.put("CODEOWNERS", b"src @alice @bob @carol\n")
    for owners, expected in ((b"src @alice\n", LOOSENED), (b"", LOOSENED), (b"src @alice @bob\n", OPEN)):
        talk.world.put("CODEOWNERS", owners, ref=H1)
        changes(talk, None, "CODEOWNERS", base=base)
        assert outcome(talk) == expected, owners


def test_a_repair_leaves_enough_to_ask(talk: Talk) -> None:
    """Repairing the file is no way to take the quorum away, which the last valid version had."""
    talk.world.teams["acme/captains"] = ["alice", "bob", "carol"]
    base = text_of(talk, people=CAPTAINS)
    talk.world.put("wedgate.yml", base.encode(), ref="2" * 40)
    talk.world.history["wedgate.yml"] = ["a" * 40, "2" * 40]
    changes(talk, base, base="version: 1\nrules: nonsense\n")
    assert outcome(talk) == OPEN
    changes(talk, base.replace("longest: 4h", "longest: 4h\n  approvals: 4"))
    assert outcome(talk) == LOOSENED


def test_who_is_left_is_not_asked_where_nobody_goes(talk: Talk) -> None:
    """A stricter change to something else asks for no team and no permission."""
    base = text_of(talk)
    changes(talk, base.replace("longest: 4h", "longest: 1h"), base=base)
    talk.world.asked.clear()
    assert talk.looks().exit_code == 0
    assert not any("/teams/" in each or "/permission" in each for each in talk.world.asked)


def test_whose_leave_is_left_is_not_known_is_closed(talk: Talk) -> None:
    """A team that cannot be read may have anybody in it, or nobody."""
    talk.world.teams["acme/captains"] = ["alice", "bob", "carol"]
    base = text_of(talk, people=CAPTAINS)
    changes(talk, base.replace("longest: 4h", "longest: 4h\n  approvals: 3"), base=base)
    assert talk.looks().exit_code == 0
    talk.world.may_read_teams = False
    assert talk.looks().exit_code == 20


def test_too_few_before_are_no_fewer_after(talk: Talk) -> None:
    """What was out of reach already is not taken away by a stricter change."""
    talk.world.teams["acme/captains"] = ["alice"]
    base = text_of(talk, people=CAPTAINS)
    changes(talk, base.replace("longest: 4h", "longest: 4h\n  approvals: 3"), base=base)
    assert outcome(talk) == OPEN


GONE = "the team acme/captains does not exist any more"


def test_a_team_that_is_gone_counts_nobody_and_keeps_nobody_out(talk: Talk) -> None:
    """Code goes by the calendar, what is asked names the team, and the name is corrected on an open day."""
    base = text_of(talk, people=CAPTAINS)
    talk.world.teams = {"acme/captains-new": ["carol", "frank"]}
    changes(talk, None, "app.py", base=base)
    assert outcome(talk) == OPEN
    changes(talk, base.replace("acme/captains", "acme/captains-new"))
    assert outcome(talk) == OPEN
    changes(talk, base.replace("longest: 4h", "longest: 9h"))
    assert outcome(talk) == LOOSENED
    talk.says("erin", f"/wedgate override {H1} regions=all rules=config_loosened for=1h reason=x")
    assert GONE in re.sub(r"\s+", " ", talk.answer)
    assert "/wedgate approve" not in talk.answer


def test_who_is_left_of_a_policy_approves_where_a_team_is_gone(talk: Talk) -> None:
    """Two by name are enough: then it is their leave that a change of who may approve needs."""
    base = text_of(talk)
    talk.world.teams = {}
    changes(talk, base.replace("acme/captains", "acme/captains-new"), base=base)
    assert outcome(talk) == LOOSENED
    request = talk.asks(rest="regions=all rules=config_loosened for=1h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert outcome(talk) == OPEN


@pytest.mark.parametrize(
    ("may_read", "membership"), [(False, None), (True, "member")], ids=["no teams", "not the secret ones"]
)
def test_a_team_that_this_token_may_not_see_is_not_known(talk: Talk, may_read: bool, membership: str | None) -> None:
    """It may have anybody in it: nothing is decided by the calendar for that. Where nobody is asked it keeps nobody."""
    base = text_of(talk, people=CAPTAINS)
    talk.world.teams = {"acme/other": ["carol"]}
    talk.world.may_read_teams, talk.world.membership = may_read, membership
    changes(talk, base.replace("acme/captains", "acme/other"), base=base)
    assert talk.looks().exit_code == 20
    assert "the team acme/captains" in said(talk)
    assert talk.run("schedule", "refresh").exit_code == 20
    assert talk.status["state"] == "failure"
    changes(talk, None, "app.py")
    assert outcome(talk) == OPEN
    assert talk.says("erin", "/wedgate status").exit_code == 0


def test_an_owner_of_the_organisation_sees_every_team(talk: Talk) -> None:
    """A person's token is believed where it is an owner's."""
    base = text_of(talk, people=CAPTAINS)
    talk.world.teams, talk.world.membership = {"acme/other": ["carol"]}, "admin"
    changes(talk, base.replace("acme/captains", "acme/other"), base=base)
    assert outcome(talk) == OPEN


def test_a_team_whose_members_alone_are_not_found_is_not_gone(talk: Talk) -> None:
    """The team is there, so that who is in it is not known."""
    base = text_of(talk, people=CAPTAINS)
    talk.world.teams["acme/other"] = ["carol"]
    talk.world.failures["/teams/captains/members"] = "404"
    changes(talk, base.replace("acme/captains", "acme/other"), base=base)
    assert talk.looks().exit_code == 20


ROSTER = "calendars/oncall.ics"
FEED = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n"
CALLED = FEED.format(
    "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20200101T000000Z\r\nSUMMARY:@alice and @bob and @carol\r\n"
    "DTSTART:20200101T000000Z\r\nDTEND:20990101T000000Z\r\nEND:VEVENT\r\n"
)


@pytest.mark.parametrize("roster", ["broken", FEED.format(""), None], ids=["broken", "empty", "missing"])
def test_a_roster_that_names_nobody_is_mended_without_anybody(talk: Talk, roster: str | None) -> None:
    """By its file, or by people instead; code goes by the calendar; a roster that names enough needs their leave."""
    base = text_of(talk, people=f"on-call: {ROSTER}")
    if roster is not None:
        talk.world.put(ROSTER, roster.encode())
    talk.world.put(ROSTER, CALLED.encode(), ref=H1)
    changes(talk, None, "app.py", base=base)
    assert outcome(talk) == OPEN
    changes(talk, None, ROSTER)
    assert outcome(talk) == OPEN
    changes(talk, base.replace(f"on-call: {ROSTER}", "people: [alice, bob, carol]"))
    assert outcome(talk) == OPEN
    talk.world.put(ROSTER, CALLED.encode())
    talk.world.put(ROSTER, CALLED.replace("@carol", "@zoe").encode(), ref=H1)
    changes(talk, None, ROSTER)
    assert outcome(talk) == LOOSENED


def test_a_roster_that_cannot_be_read_is_named(talk: Talk) -> None:
    """Whoever asks is told why nobody is left; a roster that GitHub does not give is not known, and stays closed."""
    base = text_of(talk, people=f"on-call: {ROSTER}")
    talk.world.put(ROSTER, b"broken")
    changes(talk, base.replace("longest: 4h", "longest: 9h"), base=base)
    assert outcome(talk) == LOOSENED
    talk.says("erin", f"/wedgate override {H1} regions=all rules=config_loosened for=1h reason=x")
    assert f"who is on call is not known: {ROSTER}:" in talk.answer
    changes(talk, base.replace(f"on-call: {ROSTER}", "people: [alice, bob, carol]"))
    talk.world.failures[f"/contents/{ROSTER}"] = "500"
    assert talk.looks().exit_code == 20


def test_owners_of_what_nobody_owns_are_named_without_anybody(talk: Talk) -> None:
    """A region that had too few owners is mended by the file of owners."""
    base = text_of(talk, people="code-owners: [src]")
    talk.world.put("CODEOWNERS", b"docs @alice\n")
    talk.world.put("CODEOWNERS", b"src @alice @bob\n", ref=H1)
    changes(talk, None, "CODEOWNERS", base=base)
    assert outcome(talk) == OPEN
