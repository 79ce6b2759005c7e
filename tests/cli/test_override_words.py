"""What wedgate answers is what it takes: the line to copy, the ways on, the times of a freeze, and the anchors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from talk import H1, MERGED, Talk


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository on a closed day."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        yield opened


def commands(talk: Talk) -> list[str]:
    """Return the lines to copy of wedgate's comment."""
    return [line for line in talk.answer.splitlines() if line.startswith("/wedgate ")]


def granted(talk: Talk, rest: str = "regions=eu,us rules=saturday for=2h reason=down") -> str:
    """Bring an override to its approvals, and return its request."""
    request = talk.asks(rest=rest)
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    return request


@pytest.mark.parametrize(
    ("policy", "has"),
    [
        ("longest: 4h", "for=4h"),
        ("longest: 90m", "for=1h30m"),
        ("require: [reason, link]", "link=https://..."),
        ("require: [reason, link]\n  links: ['https://status.acme.example/']", "link=https://status.acme.example/..."),
    ],
)
def test_the_line_to_copy_is_one_that_wedgate_takes(talk: Talk, policy: str, has: str) -> None:
    """Whatever the policy asks for is in it, and nothing that the policy refuses."""
    talk.configure(policy)
    talk.says("erin", "/wedgate status")
    (line,) = commands(talk)
    assert has in line.split()
    line = line.replace('"..."', '"it is down"')
    if has.startswith("link="):
        assert talk.says("erin", line).exit_code == 11
        assert "ends with the three dots of the line to copy" in talk.answer
    done = talk.says("erin", line.replace("https://...", "https://status.example/7").replace("/...", "/7"))
    assert done.exit_code == 0, done.output
    assert "needs 2 more approvals" in talk.answer


@pytest.mark.parametrize("reason", ["...", "\u2026", ". . .", ".", "", " "])
def test_a_reason_that_says_nothing_is_none(talk: Talk, reason: str) -> None:
    """The line to copy as it stands, also as a telephone writes three dots."""
    done = talk.says("erin", f'/wedgate override {H1} regions=eu rules=saturday for=1h reason="{reason}"')
    assert done.exit_code == 11
    assert "reason_missing" in talk.answer


def test_no_line_is_offered_that_would_be_refused(talk: Talk) -> None:
    """Of a rule that no override opens, of a freeze, and where nobody may approve."""
    talk.configure("untouchable: [saturday]")
    talk.says("erin", "/wedgate status")
    assert commands(talk) == []
    assert "No override opens saturday." in talk.answer
    talk.configure()
    talk.says("zoe", "/wedgate freeze for=2h reason=down")
    assert commands(talk) == []
    assert "No override opens frozen. `/wedgate thaw` ends a freeze" in talk.answer
    text = talk.world.commits["a" * 40]["wedgate.yml"].decode()
    head, _, rest = text.partition("overrides:")
    talk.world.put("wedgate.yml", (head + rest[rest.index("state:") :]).encode())
    talk.says("erin", "/wedgate status")
    assert commands(talk) == []
    assert "has no `overrides:`" in talk.answer


@pytest.mark.parametrize(
    ("policy", "pusher", "words"),
    [
        ("longest: 4h", "alice", "eu needs 2 approvals, and only 1 could give one (bob)"),
        ("approvals: 3", "dave", "eu needs 3 approvals, and only 2 could give one (alice, bob)"),
    ],
)
def test_no_line_is_offered_where_too_few_are_left_whoever_asks(
    talk: Talk, policy: str, pusher: str, words: str
) -> None:
    """It says who is left, and what to do."""
    talk.world.teams["acme/captains"] = []
    talk.configure(policy)
    talk.world.pushes.append(("fix", H1, pusher))
    talk.says("erin", "/wedgate status")
    assert commands(talk) == []
    assert f"No override can be granted: {words}; add approvers" in talk.answer


def test_a_region_with_too_few_approvers_does_not_keep_the_other_from_being_asked_for(talk: Talk) -> None:
    """The line names the one in which enough are left."""
    talk.configure("approvals: {default: 2, us: 4}")
    talk.says("erin", "/wedgate status")
    (line,) = commands(talk)
    assert "regions=eu" in line.split()


def test_one_region_that_nothing_opens_does_not_keep_the_other_from_being_asked_for(talk: Talk) -> None:
    """The line names the one that an override can open."""
    talk.says("zoe", "/wedgate freeze regions=us for=2h reason=down")
    (line,) = commands(talk)
    assert "regions=eu" in line.split()
    assert "rules=saturday" in line.split()


def test_what_is_granted_can_be_stopped_by_a_line_to_copy(talk: Talk) -> None:
    """That is when a denial matters most; who denied is told how to take it back."""
    request = granted(talk)
    assert commands(talk) == [f"/wedgate {verb} {H1} {request}" for verb in ("deny", "withdraw")]
    assert talk.says("zoe", commands(talk)[0]).exit_code == 0
    assert commands(talk) == [f"/wedgate withdraw {H1} {request}"]
    assert talk.deploys(MERGED).exit_code == 10


def test_a_freeze_says_when_it_ends_and_not_that_it_opens_now(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a day that is open but for it, and within a closed time that is over before it."""
    text = talk.world.commits["a" * 40]["wedgate.yml"].decode()
    talk.world.put("wedgate.yml", text.replace("weekdays: monday..sunday", 'dates: ["2001-01-01"]').encode())
    talk.says("zoe", "/wedgate freeze for=2h reason=down")
    record = json.loads(talk.deploys(MERGED).stdout)
    until = next(entry["body"]["until"] for entry in talk.ledger() if entry["kind"] == "frozen")
    asked = until[:19] + "Z"
    assert record["next_open"] == asked
    assert {region["next_open"] for region in record["regions"]} == {asked}
    assert f"opens {asked[11:16]}" not in talk.status["description"]
    assert asked[11:16] in talk.status["description"]


def test_the_anchor_is_never_what_a_long_status_loses(talk: Talk) -> None:
    """A hundred and forty characters are little, and the anchor is what shows a ledger that was replaced."""
    names = [f"somebody-with-a-very-long-login-{number}" for number in range(4)]
    talk.world.teams["acme/captains"] = names
    talk.configure("approvals: 4")
    request = talk.asks()
    for name in names:
        talk.world.roles[name] = "write"
        talk.says(name, f"/wedgate approve {H1} {request}")
    description = talk.status["description"]
    last = talk.ledger()[-1]
    assert len(description) <= 140
    assert description.endswith(f"... [ledger {last['revision']}:{last['hash'][:16]}]")


@pytest.mark.parametrize(("runway", "code"), [("30m", 0), ("3h", 10)])
def test_a_grant_that_ends_within_the_runway_lets_nothing_through(talk: Talk, runway: str, code: int) -> None:
    """The gate must stay open for so long, by a grant as well as by the calendar."""
    granted(talk)
    done = talk.deploys(MERGED, "--runway", runway)
    assert done.exit_code == code
    looks = json.loads(done.stdout)["override"]
    assert {look.get("code") for look in looks} == ({None} if code == 0 else {"runway_short"})
    assert ("used" in [entry["kind"] for entry in talk.ledger()]) is (code == 0)


def test_the_anchor_of_a_machines_account_counts_too(talk: Talk) -> None:
    """It looks like a person; a stranger's comment that looks like wedgate's is none."""
    granted(talk)
    assert talk.deploys(MERGED, run=900).exit_code == 0
    (own,) = [each for each in talk.world.comments[7] if each.login == "github-actions[bot]"]
    own.login = "zoe"
    talk.server.git("update-ref", "-d", "refs/heads/wedgate/venue-search")
    done = talk.deploys(MERGED, run=901)
    assert done.exit_code == 10
    assert "somebody has replaced or cut it" in done.stdout
    own.login = "mallory"
    talk.world.roles["mallory"] = "read"
    talk.world.statuses.clear()  # which know of the ledger, too
    assert talk.deploys(MERGED, run=902).exit_code == 0


def test_a_deployment_anchors_the_ledger(talk: Talk) -> None:
    """For when comment and statuses are gone."""
    granted(talk)
    assert talk.deploys(MERGED, "--deployment", "production", run=9).exit_code == 0
    (talk.directory / "wedgate.yml").write_bytes(talk.world.commits["a" * 40]["wedgate.yml"])
    done = talk.run("push", "audit", "verify", "--commit", MERGED)
    assert done.exit_code == 0
    assert "2 anchors fit" in done.output
    talk.server.git("update-ref", "-d", "refs/heads/wedgate/venue-search")
    assert talk.run("push", "audit", "verify", "--commit", MERGED).exit_code == 13


def test_the_deployments_of_a_squash_are_those_of_its_pull_request(talk: Talk) -> None:
    """Whoever replaces the ledger deletes the comment and the statuses too. A merge that GitHub only tried is none."""
    granted(talk)
    assert talk.deploys(MERGED, "--deployment", "production", run=9).exit_code == 0
    (talk.directory / "wedgate.yml").write_bytes(talk.world.commits["a" * 40]["wedgate.yml"])
    talk.world.comments[7] = [each for each in talk.world.comments[7] if each.login != "github-actions[bot]"]
    talk.world.statuses.clear()
    verify = ("push", "audit", "verify", "--pull-request", "7")
    assert "wrote nothing there" in talk.run(*verify).output
    talk.world.pulls[7].merged_as = MERGED
    assert talk.run(*verify).exit_code == 0
    talk.server.git("update-ref", "-d", "refs/heads/wedgate/venue-search")
    assert talk.run(*verify).exit_code == 13


def test_a_scheduled_deployment_uses_the_grant(talk: Talk) -> None:
    """Else every night would go out under it."""
    granted(talk)
    codes = [talk.run("schedule", "check", "--commit", MERGED).exit_code for _ in range(2)]
    assert codes == [0, 10]


def test_somebody_elses_deployment_with_a_text_as_payload_is_in_nobodys_way(talk: Talk) -> None:
    """GitHub takes any text there."""
    granted(talk)
    assert talk.deploys(MERGED, "--deployment", "production", run=9).exit_code == 0
    theirs = {**talk.world.deployments[0], "id": 7, "environment": "theirs", "payload": "hello"}
    talk.world.deployments.append(theirs)
    assert talk.deploys(MERGED, "--deployment", "production", run=9).exit_code == 0


def test_a_deployment_without_the_number_of_its_run_is_one_of_its_own_each_time(talk: Talk) -> None:
    """It uses the grant, and a second one does not go through."""
    granted(talk)
    codes = [talk.run("push", "check", "--commit", MERGED, GITHUB_RUN_ID="").exit_code for _ in range(2)]
    assert codes == [0, 10]


@pytest.mark.parametrize(
    ("hours", "approves", "words"), [(5, True, "Its time is over."), (25, False, "more than a day")]
)
def test_what_is_over_is_asked_for_anew_by_a_line_to_copy(talk: Talk, hours: int, approves: bool, words: str) -> None:
    """A grant whose time is over, and a request that was never granted: neither can be stopped or approved."""
    ago = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours)
    talk.world.say(7, "erin", f"/wedgate override {H1} regions=eu,us rules=saturday for=2h reason=down", at=ago)
    request = json.loads(talk.run("", "override", "status", "--pull-request", "7", "--format", "json").stdout)[
        "request"
    ]
    for who in ("alice", "bob") if approves else ():
        talk.world.say(7, who, f"/wedgate approve {H1} {request['request']}", at=ago + timedelta(minutes=1))
    talk.says("erin", "/wedgate status")
    assert words in talk.answer
    (line,) = commands(talk)
    assert line.startswith(f"/wedgate override {H1} regions=eu,us rules=saturday ")
    assert talk.says("erin", line.replace('"..."', "again")).exit_code == 0
    assert "needs 2 more approvals" in talk.answer


def test_a_fork_whose_pusher_must_not_count_is_refused_when_it_is_asked_for(talk: Talk) -> None:
    """Not at each approval, with advice that never helps: nobody can be told from whoever pushed to a fork."""
    talk.configure("forks: allow")
    talk.world.pulls[7].from_fork = True
    assert talk.says("erin", f"/wedgate override {H1} regions=eu rules=saturday for=1h reason=x").exit_code == 11
    assert "GitHub does not say who pushed there" in talk.answer
    assert "push the commit to a branch of this repository" in talk.answer
    assert "/wedgate approve" not in talk.answer
    talk.configure("forks: allow\n  never-count: [requester, author]")
    request = talk.asks(rest="regions=eu rules=saturday for=1h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert "The override is granted" in talk.answer


@pytest.mark.parametrize("regions", [12, 120])
def test_the_line_to_copy_stays_whole_beside_a_large_team_and_many_regions(talk: Talk, regions: int) -> None:
    """What is long are lists; whoever is asked needs the line, and the number of a region's people is enough."""
    team = [f"firstname-lastname-{number:03}" for number in range(300)]
    talk.world.people |= {name: 10_000 + number for number, name in enumerate(team)}
    talk.world.roles |= dict.fromkeys(team, "write")
    talk.world.teams["acme/captains"] = team
    names = [f"region-of-the-north-{number:03}" for number in range(regions)]
    listed = "".join(f"  {name}: {{markets: {{berlin: {{zone: Europe/Berlin, country: DE}}}}}}\n" for name in names)
    text = talk.world.commits["a" * 40]["wedgate.yml"].decode()
    head, rules = text.partition("regions:\n")[0], text.partition("rules:")[2]
    policy = rules.replace("people: [alice, bob], ", "")
    talk.world.put("wedgate.yml", f"{head}regions:\n{listed}rules:{policy}".encode())
    request = talk.asks(rest="regions=all rules=saturday for=1h reason=x")
    lines = [f"/wedgate {verb} {H1} {request}" for verb in ("approve", "deny", "withdraw")]
    assert set(lines) <= set(talk.answer.splitlines())
    assert "(shortened)" not in talk.answer
    assert " and 290 more |" in talk.answer
    assert f"| and {regions - 40} more |||||" in talk.answer or regions < 40


def test_what_was_merged_while_its_branch_was_behind_is_asked_for_by_its_own_commit(talk: Talk) -> None:
    """A merged branch cannot be brought up to date: so goes what was merged on Friday, and an earlier release again."""
    squash = "e" * 40  # of another content than the head
    pull = talk.world.pulls[7]
    pull.state, pull.merged_as, pull.author = "closed", squash, "carol"
    assert talk.says("erin", "/wedgate status").exit_code == 0
    assert f"/wedgate override {squash} regions=eu,us rules=saturday" in talk.answer
    request = talk.asks(rest="regions=eu,us rules=saturday for=1h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    done = talk.deploys(squash)
    assert (done.exit_code, "the commit that merging made" in done.stdout) == (10, True)
    rest = "regions=eu,us rules=saturday for=1h reason=back"
    assert talk.says("erin", f"/wedgate override {'9' * 40} {rest}").exit_code == 11
    assert f"ask for {squash}" in talk.answer
    assert talk.says("erin", f"/wedgate override {squash} {rest}").exit_code == 0
    request = next(line for line in talk.answer.splitlines() if line.startswith("/wedgate approve ")).split()[-1]
    for who in ("carol", "alice", "bob"):
        talk.says(who, f"/wedgate approve {squash} {request}")
    assert "carol opened the pull request" in talk.answer
    pull.merged_by = "bob"  # a merge that is made and pushed by hand may bring anything
    assert talk.deploys(squash).exit_code == 10
    pull.merged_by = "zoe"
    assert "The override is granted" in talk.answer
    assert (talk.status["state"], talk.deploys(squash).exit_code) == ("success", 0)
    assert talk.deploys(squash).exit_code == 10


@pytest.mark.parametrize(
    ("asked", "words", "warns"), [("30s", "30 s", True), ("20m", "20 min", True), ("90m", "1 h 30 min", False)]
)
def test_how_long_it_is_for_is_said_and_that_it_may_be_too_short(
    talk: Talk, asked: str, words: str, *, warns: bool
) -> None:
    """Before two people approve what the gate that `wedgate init` writes would refuse for its runway."""
    talk.asks(rest=f"regions=eu rules=saturday for={asked} reason=x")
    assert f"for {words} after the last approval needed" in talk.answer
    assert ("asks for more runway" in talk.answer) is warns


def test_a_comment_of_a_person_that_anchors_another_ledger_is_named(talk: Talk) -> None:
    """Whoever may write can stop an override so; whoever looks into it has to know by which comment."""
    granted(talk)
    foreign = talk.world.say(7, "erin", f"<!-- wedgate:override -->\n<sub>ledger: revision 99, `{'a' * 64}`</sub>")
    done = talk.deploys(MERGED)
    assert done.exit_code == 10
    assert f"the comment {foreign.number} by erin (delete it, if that is not wedgate's account)" in done.stdout
    talk.world.comments[7].remove(foreign)
    assert talk.deploys(MERGED).exit_code == 0


ANCHOR = f"<!-- wedgate:override -->\n<sub>ledger: revision 99, `{'a' * 64}`</sub>"


@pytest.mark.parametrize(
    ("login", "body"),
    [(None, f"> mallory wrote\n{ANCHOR}"), ("machine", ANCHOR)],
    ids=["quoted", "as it is, where a machine's token tells whose it is"],
)
def test_a_bot_that_repeats_what_somebody_wrote_anchors_nothing(talk: Talk, login: str | None, body: str) -> None:
    """Else a stranger could stop every override through it."""
    granted(talk)
    talk.world.say(7, "translator[bot]", body)
    talk.world.login = login
    assert talk.deploys(MERGED).exit_code == 0


def test_the_comment_of_an_app_that_anchors_another_ledger_is_named(talk: Talk) -> None:
    """A token of an app cannot tell whose it is; whoever looks into it can."""
    granted(talk)
    foreign = talk.world.say(7, "translator[bot]", ANCHOR)
    done = talk.deploys(MERGED)
    assert done.exit_code == 10
    assert f"the comment {foreign.number} by translator[bot] (delete it" in done.stdout


def test_who_posted_the_status_that_anchors_another_ledger_is_named(talk: Talk) -> None:
    """It may be somebody else than wedgate."""
    granted(talk)
    talk.world.statuses.append({**talk.status, "description": f"x [ledger 99:{'a' * 16}]", "by": "preview-bot[bot]"})
    done = talk.deploys(MERGED)
    assert done.exit_code == 10
    assert "a status of this commit by preview-bot[bot] anchored" in done.stdout


def test_a_used_override_says_how_to_ask_for_another_deployment(talk: Talk) -> None:
    """The line to copy is there before its time is over, with the word that the first should have ended."""
    granted(talk)
    assert talk.deploys(MERGED).exit_code == 0
    talk.says("erin", "/wedgate status")
    assert "For another, once that one has ended" in talk.answer
    assert f"/wedgate override {H1} regions=eu,us rules=saturday" in talk.answer
