"""A conversation on a pull request, from the request to the use, against GitHub's double and a real git server."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from github_world import REPOSITORY, Pull
from talk import CONFIG, H1, MERGED, Done, Talk


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """Open a pull request by dave, in a repository with two approvers by name and one by team."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as made:
        yield made


def test_the_whole_way_from_the_request_to_the_use(talk: Talk) -> None:
    """Red, asked, approved by two, green with their names, squashed, deployed once; the comment ends as a record."""
    request = talk.asks()
    assert "needs 2 more approvals" in talk.answer
    assert (talk.status["state"], talk.status["sha"], talk.status["context"]) == ("failure", H1, "wedgate")
    talk.says("alice", f"/wedgate approve {H1} {request}")
    assert "needs 1 more approval" in talk.answer
    assert talk.status["state"] == "failure"
    talk.says("carol", f"/wedgate approve {H1} {request}")
    assert "The override is granted" in talk.answer
    assert talk.status["state"] == "success"
    assert "override of alice, carol until" in talk.status["description"]

    done = talk.deploys(MERGED, run=900)
    record = json.loads(done.stdout)
    assert done.exit_code == 0, done.output
    assert record["decision"] == "allow"
    assert {each["matched_by"] for each in record["override"]} == {"tree"}
    assert talk.deploys(MERGED, run=900).exit_code == 0  # the same run again
    assert talk.deploys(MERGED, run=901).exit_code == 10
    assert "The override was used" in talk.answer
    assert "`run:900`" in talk.answer
    kinds = [entry["kind"] for entry in talk.ledger()]
    assert kinds == ["requested", "approved", "approved", "granted", "granted", "used", "used"]
    assert {number for number, _ in talk.world.reactions} >= {5001}


def test_an_apps_token_keeps_one_comment_from_request_to_use(talk: Talk) -> None:
    """It may not ask who it writes as, and the page tells everybody with teams to use one."""
    talk.world.app = "acme-wedgate[bot]"
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.deploys(MERGED).exit_code == 0
    assert "The override was used" in talk.answer  # there is one comment alone


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_a_run_for_a_merged_pull_request_is_a_deployment_and_uses_the_grant_once(talk: Talk, event: str) -> None:
    """Deploying on `closed` is widespread: a look would let it go out as often as anybody likes, without a record."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")

    def closes(run: str, *, merged: bool) -> int:
        pull = {"number": 7, "merged": merged, "merge_commit_sha": MERGED, "base": {"ref": "main", "sha": "a" * 40}}
        told = {"action": "closed", "number": 7, "pull_request": {**pull, "head": {"sha": H1}}}
        path = talk.directory / "closed.json"
        path.write_text(json.dumps({**told, "repository": {"default_branch": "main", "full_name": REPOSITORY}}))
        where = {"GITHUB_EVENT_PATH": str(path), "GITHUB_SHA": MERGED, "GITHUB_RUN_ID": run}
        return talk.run(event, "check", **where).exit_code

    assert closes("899", merged=False) == 0
    assert "used" not in {entry["kind"] for entry in talk.ledger()}
    assert [closes(run, merged=True) for run in ("900", "900", "901")] == [0, 0, 10]
    assert [entry["body"]["commit"] for entry in talk.ledger() if entry["kind"] == "used"] == [MERGED, MERGED]


def test_a_change_of_the_configuration_that_is_merged_is_deployed_by_the_calendar(talk: Talk) -> None:
    """What it changes was judged before it was merged."""
    talk.world.put("wedgate.yml", talk.world.commits["a" * 40]["wedgate.yml"] + b"# stricter\n", ref=H1)
    talk.world.pulls[7].files = [("wedgate.yml", None)]
    pull = {"number": 7, "merged": True, "merge_commit_sha": MERGED, "base": {"ref": "main"}, "head": {"sha": H1}}
    told = {"action": "closed", "number": 7, "pull_request": pull}
    path = talk.directory / "closed.json"
    path.write_text(json.dumps({**told, "repository": {"default_branch": "main", "full_name": REPOSITORY}}))
    done = talk.run("pull_request", "check", "--format", "json", GITHUB_EVENT_PATH=str(path), GITHUB_SHA=MERGED)
    assert (done.exit_code, "rule_blocks" in done.output) == (10, True)


def test_a_refresh_posts_every_open_pull_request_anew(talk: Talk) -> None:
    """One is granted, one is not, and one cannot be read: each has its own status, and the run says so."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    talk.world.pulls |= {8: Pull(head="8" * 40, head_ref="other"), 9: Pull(head="9" * 40, head_ref="third")}
    talk.world.failures["/issues/9/comments"] = "500"
    talk.world.statuses.clear()
    done = talk.run("schedule", "refresh")
    assert done.exit_code == 20
    states = {status["sha"]: status["state"] for status in talk.world.statuses}
    assert states == {H1: "success", "8" * 40: "failure", "9" * 40: "error"}
    assert [entry["kind"] for entry in talk.ledger()].count("used") == 0


def test_a_check_run_has_the_whole_decision(talk: Talk) -> None:
    """Where asked, instead of the status."""
    comment = talk.world.say(7, "erin", "/wedgate status")
    talk.hears(comment.number, options=("--check-run",))
    (run,) = talk.world.check_runs
    assert talk.world.statuses == []
    assert (run["name"], run["head_sha"], run["conclusion"]) == ("wedgate", H1, "failure")
    assert "saturday" in run["output"]["summary"]


def test_the_ledger_is_anchored_in_comment_and_status(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a ledger that was replaced as a whole is caught by either."""
    request = talk.asks()
    talk.says("alice", f"/wedgate approve {H1} {request}")
    assert "[ledger 2:" in talk.status["description"]
    (talk.directory / "wedgate.yml").write_bytes(talk.world.commits["a" * 40]["wedgate.yml"])
    assert talk.run("push", "audit", "verify", "--pull-request", "7").exit_code == 0
    talk.server.git("update-ref", "-d", "refs/heads/wedgate/venue-search")
    talk.world.comments[7] = [each for each in talk.world.comments[7] if each.login != "github-actions[bot]"]
    done = talk.run("push", "audit", "verify", "--pull-request", "7")
    assert done.exit_code == 13
    assert "somebody replaced it" in done.output


def test_each_region_has_a_deployment_with_its_state(talk: Talk) -> None:
    """Begun for what was let through, gone on with by a run again, and ended with the job; a closed region has none."""
    request = talk.asks(rest="regions=eu rules=saturday for=2h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    for _ in range(2):
        assert talk.deploys(MERGED, "--deployment", "production", run=9).exit_code == 10  # us is closed
    (made,) = talk.world.deployments
    assert (made["environment"], made["sha"]) == ("production/eu", MERGED)
    mark = made["payload"]["wedgate"]
    assert (mark["binding"], mark["request"]) == ("run:9", request)
    last = talk.ledger()[-1]
    assert mark["ledger"] == f"{last['revision']}:{last['hash']}"
    assert talk.run("push", "finish", "--state", "success", GITHUB_SHA=MERGED, GITHUB_RUN_ID="9").exit_code == 0
    assert talk.run("push", "finish", "--state", "failure", GITHUB_SHA=MERGED, GITHUB_RUN_ID="10").exit_code == 0
    assert talk.world.deployment_states == [(300, "in_progress"), (300, "in_progress"), (300, "success")]
    talk.looks()
    assert len(talk.world.deployments) == 1


def test_a_ledger_that_was_replaced_lets_nothing_through(talk: Talk) -> None:
    """Else a use or a denial could be made undone by a push to its branch."""
    request = talk.asks()
    talk.says("zoe", f"/wedgate deny {H1} {request}")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    talk.world.comments[7] = [each for each in talk.world.comments[7] if each.login != "zoe"]
    talk.server.git("update-ref", "-d", "refs/heads/wedgate/venue-search")
    done = talk.deploys(MERGED)
    assert done.exit_code == 10
    assert "somebody has replaced or cut it" in done.stdout


def test_strangers_are_neither_answered_nor_kept(talk: Talk) -> None:
    """Anybody may comment on a public pull request: it costs no entry, no answer, and nobody their override."""
    request = talk.asks()
    before = talk.ledger()
    for number in range(60):
        talk.world.say(7, f"troll-{number}", f"/wedgate override {H1} regions=eu rules=saturday for=1h reason=x")
    done = talk.says("troll-99", f"/wedgate deny {H1} {request}")
    assert done.exit_code == 0
    assert "no part in this repository" in done.output
    assert talk.ledger() == before
    for who in ("alice", "carol"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert "troll" not in talk.answer
    assert talk.deploys(MERGED).exit_code == 0


def test_a_member_whose_membership_is_private_may_ask(talk: Talk) -> None:
    """GitHub shows such an author as one from outside to a workflow's token: permission says it."""
    talk.world.hidden.add("erin")
    assert talk.asks("erin")


@pytest.mark.parametrize("hidden", [False, True])
def test_an_edited_approval_is_kept_whoever_shows_the_membership(talk: Talk, *, hidden: bool) -> None:
    """It is in the ledger and in the comment: whoever reads them has to know that it counts no more."""
    if hidden:
        talk.world.hidden.add("alice")
    request = talk.asks()
    approval = talk.world.say(7, "alice", f"/wedgate approve {H1} {request}")
    talk.hears(approval.number)
    assert "1 of 2" in talk.answer
    approval.edited = True
    talk.says("erin", "/wedgate status")
    assert "alice's comment was edited" in talk.answer
    assert [each["body"]["who"] for each in talk.ledger() if each["kind"] == "refused"] == ["alice"]


def test_a_merge_group_gets_a_status_of_its_own(talk: Talk) -> None:
    """The queue makes a commit of the same content; with somebody else's work in it, it is another."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    for commit, state in ((MERGED, "success"), ("e" * 40, "failure")):
        group = {"base_ref": "refs/heads/main", "base_sha": "a" * 40, "head_sha": commit}
        path = talk.directory / "group.json"
        path.write_text(json.dumps({"repository": {"default_branch": "main"}, "merge_group": group}))
        ref = f"refs/heads/gh-readonly-queue/main/pr-7-{'a' * 40}"
        done = talk.run("merge_group", "refresh", GITHUB_EVENT_PATH=str(path), GITHUB_REF=ref)
        assert done.exit_code == 0, done.output
        assert (talk.status["sha"], talk.status["state"]) == (commit, state)


@pytest.mark.parametrize(("now_on_call", "is_granted"), [("@bob and @zoe", True), ("bob", False), ("x@zoe", False)])
def test_who_is_on_call_may_approve(talk: Talk, now_on_call: str, is_granted: bool) -> None:
    """By a calendar beside the configuration; whoever it named yesterday may not."""
    event = "BEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{1}\r\nDTEND:{2}\r\n"
    event += "SUMMARY:{3}\r\nEND:VEVENT\r\n"
    events = event.format(1, "20200101T000000Z", "20990101T000000Z", now_on_call)
    events += event.format(2, "20200101T000000Z", "20200102T000000Z", "@zoe")
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n"
    talk.world.put("calendars/oncall.ics", text.encode())
    policy = text_of(talk, "longest: 4h").replace(
        "people: [alice, bob]", "people: [alice], on-call: calendars/oncall.ics"
    )
    talk.world.put("wedgate.yml", policy.encode())
    request = talk.asks()
    for who in ("alice", "zoe"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert (talk.deploys(MERGED).exit_code == 0) is is_granted


@pytest.mark.parametrize(
    ("event", "uses"),
    [
        ("push", True),
        ("workflow_dispatch", True),
        ("repository_dispatch", True),
        ("deployment", True),
        ("schedule", True),
        ("issue_comment", True),
        ("pull_request_target", False),
    ],
)
def test_a_run_that_deploys_uses_the_grant_and_others_look(talk: Talk, event: str, uses: bool) -> None:
    """By the event that started it."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    done = talk.run(event, "check", "--commit", MERGED)
    assert done.exit_code == 0, done.output
    assert ([entry["kind"] for entry in talk.ledger()].count("used") > 0) is uses


def test_a_ledger_that_a_hosted_runner_forgets_is_none(talk: Talk) -> None:
    """Every use would look like the first; on a runner of one's own the file stays."""
    kept = text_of(talk, "longest: 4h").replace("state:", "#").rstrip("\n") + "\nstate: {kind: file, path: ledger}\n"
    talk.world.put("wedgate.yml", kept.encode())
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    done = talk.deploys(MERGED)
    assert done.exit_code == 10
    assert "no_ledger" in done.stdout
    assert talk.deploys(MERGED, run=5, RUNNER_ENVIRONMENT="self-hosted").exit_code == 0
    assert talk.deploys(MERGED, run=6, RUNNER_ENVIRONMENT="self-hosted").exit_code == 10


def test_the_owners_of_a_path_may_approve(talk: Talk) -> None:
    """By the CODEOWNERS file of the default branch, people and teams."""
    named = "people: [alice, bob], teams: [acme/captains]"
    owned = text_of(talk, "longest: 4h").replace(named, "code-owners: [wedgate.yml]")
    talk.world.put("wedgate.yml", owned.encode())
    talk.world.put(".github/CODEOWNERS", b"* @zoe\nwedgate.yml @alice @acme/captains\n")
    request = talk.asks()
    talk.says("zoe", f"/wedgate approve {H1} {request}")
    talk.says("alice", f"/wedgate approve {H1} {request}")
    assert talk.deploys(MERGED).exit_code == 10
    talk.says("carol", f"/wedgate approve {H1} {request}")
    assert talk.deploys(MERGED).exit_code == 0


def test_looking_uses_nothing(talk: Talk) -> None:
    """A pull request's own check is green by the grant, and the deployment still may."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    looked = talk.looks()
    assert looked.exit_code == 0, looked.output
    assert [entry["kind"] for entry in talk.ledger()].count("used") == 0
    assert talk.deploys(MERGED).exit_code == 0


def test_a_branch_that_is_deleted_after_the_merge_takes_nothing_away(talk: Talk) -> None:
    """The forge may then no longer say who pushed the head: the ledger does, and that person still does not count."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    talk.world.pushes.clear()
    talk.world.pulls[7].state = "closed"
    assert talk.deploys(MERGED).exit_code == 0
    (asked,) = [entry for entry in talk.ledger() if entry["kind"] == "requested"]
    assert [each["login"] for each in asked["body"]["pushers"]] == ["dave"]


def test_whoever_pushed_the_head_to_another_branch_does_not_count(talk: Talk) -> None:
    """An approver brings a commit, and has somebody else make the pull request's branch of it."""
    talk.world.pushes.insert(0, ("draft", H1, "alice"))
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert "alice pushed its last commit" in talk.answer
    assert talk.deploys(MERGED).exit_code == 10


def test_who_brings_an_approved_commit_to_another_branch_has_approved_it_still(talk: Talk) -> None:
    """Its own branch had it before: nothing came with that push."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    talk.world.pushes.append(("main", H1, "alice"))
    pull = talk.world.pulls[7]
    pull.state, pull.merged_as, pull.merged_by = "closed", H1, "alice"
    talk.world.brought_by[H1] = [7]
    assert talk.deploys(H1).exit_code == 0


def test_the_pushers_of_what_was_asked_for_as_merged_are_known_later(talk: Talk) -> None:
    """The branch is deleted behind the request for the commit that merging made."""
    pull = talk.world.pulls[7]
    pull.state, pull.merged_as, pull.merged_by = "closed", MERGED, "dave"
    talk.says("erin", f"/wedgate override {MERGED} regions=eu,us rules=saturday for=2h reason=down")
    found = re.search(r"/wedgate approve \S+ (\S+)", talk.answer)
    assert found is not None
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {MERGED} {found[1]}")
    talk.world.pushes.clear()
    assert talk.deploys(MERGED).exit_code == 0


def test_other_content_is_not_covered(talk: Talk) -> None:
    """A merge that took somebody else's work with it needs approvals of its own."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    done = talk.deploys("e" * 40)
    assert done.exit_code == 10
    assert {each["code"] for each in json.loads(done.stdout)["override"]} == {"other_commit"}


def test_a_region_that_was_not_asked_for_stays_closed(talk: Talk) -> None:
    """eu goes, us does not."""
    request = talk.asks(rest="regions=eu rules=saturday for=2h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.deploys(MERGED, "--region", "us", run=7).exit_code == 10
    assert talk.deploys(MERGED, "--region", "eu", run=7).exit_code == 0
    assert talk.deploys(MERGED, run=7).exit_code == 10


@pytest.mark.parametrize(
    ("failing", "how"),
    [
        ("page=2", "502"),
        ("/comments?", "500"),
        ("/comments?", "cut"),
        ("/comments?", "malformed"),
        ("/comments?", "rate"),
        ("/comments?", "secondary"),
        ("/activity", "403"),
        ("/teams", "404"),
        ("/permission", "500"),
        ("/git/commits/", "404"),
        ("/pulls/7", "drop"),
        (f"/commits/{MERGED}/pulls", "500"),
        ("/issues/7/comments", "circle"),
    ],
)
def test_whatever_cannot_be_read_keeps_the_gate_shut(talk: Talk, failing: str, how: str) -> None:
    """A30 and its kin: half of the comments, of the team, of the people is not enough to open."""
    request = talk.asks()
    for number in range(110):
        talk.world.say(7, "zoe", f"talk {number}")
    for who in ("alice", "carol"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    talk.world.failures[failing] = how
    done = talk.deploys(MERGED)
    assert done.exit_code == 20, done.output
    assert json.loads(done.stdout)["decision"] == "deny"
    assert [entry["kind"] for entry in talk.ledger()].count("used") == 0
    talk.world.failures.clear()
    assert talk.deploys(MERGED).exit_code == 0


def test_a_team_that_cannot_be_read_names_the_token(talk: Talk) -> None:
    """No line of permissions gives a workflow's token that."""
    talk.world.may_read_teams = False
    result = talk.says("erin", f"/wedgate override {H1} regions=eu rules=saturday for=1h reason=x")
    assert result.exit_code == 20
    assert "read:org" in result.output


def test_a_ledger_that_cannot_be_written_opens_nothing(talk: Talk) -> None:
    """The use is in the ledger before anything opens because of it."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    talk.server.refuse_pushes = True
    done = talk.deploys(MERGED)
    assert done.exit_code == 20
    assert "contents: write" in done.stdout


def test_a_head_that_moves_while_it_is_looked_at_is_not_let_through(talk: Talk) -> None:
    """It shows H1 at the first look and something else at the second."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    talk.world.pulls[7].head = "9" * 40
    talk.world.heads_lie[7] = [H1, H1]
    done = talk.deploys(H1)
    assert done.exit_code == 10, done.output


def test_a_denial_stands_when_its_comment_is_gone(talk: Talk) -> None:
    """It was seen once."""
    request = talk.asks()
    talk.says("zoe", f"/wedgate deny {H1} {request}")
    assert "denied by zoe" in talk.answer
    talk.world.comments[7] = [each for each in talk.world.comments[7] if each.login != "zoe"]
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.status["state"] == "failure"
    assert talk.deploys(MERGED).exit_code == 10
    talk.says("zoe", "/wedgate withdraw")
    assert talk.deploys(MERGED).exit_code == 0


def test_a_re_runner_does_not_count_at_the_use(talk: Talk) -> None:
    """A08: carol runs erin's job again, so carol's own approval opens it no more."""
    request = talk.asks()
    for who in ("alice", "carol"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    talk.world.runs[555] = ("erin", "carol")
    assert talk.deploys(MERGED, run=555, GITHUB_RUN_ATTEMPT="2").exit_code == 10
    talk.world.runs[556] = ("erin", "frank")
    assert talk.deploys(MERGED, run=556, GITHUB_RUN_ATTEMPT="2").exit_code == 0


@pytest.mark.parametrize(("action", "is_pull"), [("edited", True), ("deleted", True), ("created", False)])
def test_other_events_are_none_of_its_business(talk: Talk, action: str, is_pull: bool) -> None:
    """A38: an edit, a deletion, an issue that is no pull request."""
    comment = talk.world.say(7, "erin", f"/wedgate override {H1} regions=eu rules=saturday for=1h reason=x")
    result = talk.hears(comment.number, action=action, is_pull=is_pull)
    assert result.exit_code == 0
    assert "nothing to do" in result.output
    assert talk.world.statuses == []
    assert len(talk.world.comments[7]) == 1


def test_talk_is_left_alone(talk: Talk) -> None:
    """No reaction, no comment, no status."""
    assert talk.says("zoe", "looks good, should i approve this?").exit_code == 0
    assert (talk.world.statuses, talk.world.reactions, len(talk.world.comments[7])) == ([], [], 1)


def test_a_mistyped_command_gets_the_nearest_right_one(talk: Talk) -> None:
    """And is answered with the line to copy, nothing else having changed."""
    result = talk.says("erin", "/wedgate overide please")
    assert result.exit_code == 11
    assert 'did you mean "override"?' in talk.answer.replace("\\", "")
    assert f"/wedgate override {H1} regions=eu,us rules=saturday for=4h" in talk.answer


def test_hostile_text_is_inert_everywhere(talk: Talk) -> None:
    """A42: no mention, no markup, no command for the runner."""
    reason = "</details> ``` ::set-output name=verdict::open @everyone <img src=x> [x](javascript:y)"
    result = talk.says("erin", f'/wedgate override {H1} regions=eu rules=saturday for=1h reason="{reason}"')
    assert result.exit_code == 0
    body = talk.answer
    fence = "````"
    assert f"{fence}text\n{reason}\n{fence}" in body
    assert body.replace(reason, "").count("<details>") == body.replace(reason, "").count("</details>")
    lines = result.output.splitlines()
    stops = [place for place, line in enumerate(lines) if line.startswith("::stop-commands::")]
    inside = next(place for place, line in enumerate(lines) if "::set-output" in line)
    assert stops
    assert stops[0] < inside


def test_a_freeze_closes_and_only_an_approver_thaws(talk: Talk) -> None:
    """Anyone who may write stops; ending it needs more. No override opens a freeze."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.says("zoe", "/wedgate freeze for=2h reason=payments").exit_code == 0
    # A decision is of a whole second: a freeze that began later in the same one would let it through.
    assert "." not in talk.ledger()[-1]["body"]["since"]
    done = talk.deploys(MERGED)
    assert done.exit_code == 10
    assert "frozen by zoe" in done.stdout
    assert talk.says("zoe", "/wedgate thaw reason=over").exit_code == 11
    talk.world.roles["alice"] = "read"
    assert talk.says("alice", "/wedgate thaw reason=over").exit_code == 11
    talk.world.roles["alice"] = "maintain"
    assert talk.says("alice", "/wedgate thaw reason=over").exit_code == 0
    assert talk.deploys(MERGED).exit_code == 0


def test_a_rollback_is_handed_to_the_workflow(talk: Talk) -> None:
    """A comment reaches no target; the next step of the workflow does."""
    talk.says("zoe", '/wedgate rollback r-42 reason="errors"')
    assert "rollback<<" in (talk.directory / "output").read_text()
    assert "r-42" in (talk.directory / "output").read_text()
    talk.world.roles["zoe"] = "triage"
    assert talk.says("zoe", '/wedgate rollback r-42 reason="errors"').exit_code == 11
    assert "r-42" not in (talk.directory / "output").read_text()


def test_what_was_handed_over_is_not_taken_back(talk: Talk) -> None:
    """Somebody edits the comment while the answer is worked out: the rollback was asked for, and is under way."""
    comment = talk.world.say(7, "zoe", '/wedgate rollback r-42 reason="errors"')
    talk.world.meanwhile["GET /repos/acme/venue-search/issues/7/comments"] = lambda: setattr(comment, "edited", True)
    assert talk.hears(comment.number).exit_code == 11
    written = (talk.directory / "output").read_text()
    assert written.count("rollback<<") == 1
    assert written.partition("rollback<<")[2].splitlines()[1] == "r-42"


def test_a_thousand_comments_and_a_team_of_three_hundred(talk: Talk) -> None:
    """One decision about a pull request asks at most twenty things."""
    talk.world.teams["acme/captains"] = [f"member-{number}" for number in range(300)]
    talk.world.roles |= dict.fromkeys(talk.world.teams["acme/captains"], "write")
    request = talk.asks()
    for number in range(990):
        talk.world.say(7, "zoe", f"talk {number}")
    for who in ("member-7", "member-290"):
        talk.world.say(7, who, f"/wedgate approve {H1} {request}")
    talk.world.asked.clear()
    assert talk.looks().exit_code == 0
    assert len(talk.world.asked) <= 20, talk.world.asked


def test_git_knows_who_wrote(talk: Talk) -> None:
    """The ledger is one commit for each thing that was recorded, by wedgate."""
    talk.asks()
    authors = subprocess.run(
        ["git", "-C", str(talk.server.repository), "log", "--format=%an", "refs/heads/wedgate/venue-search"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(authors.stdout.split()) == {"wedgate"}


def pull_changes(talk: Talk, content: str | None, *words: str, base: bytes | None = None) -> Done:
    """Let the pull request change nothing but the configuration, and run its own check."""
    talk.world.pulls[7].files = [("wedgate.yml", None)]
    if content is not None:
        talk.world.put("wedgate.yml", content.encode(), ref=H1)
    if base is not None:
        talk.world.put("wedgate.yml", base)
    return talk.looks(*words)


def text_of(talk: Talk, policy: str) -> str:
    """Return a configuration with another policy."""
    return CONFIG.format(policy=policy, remote=talk.server.url)


def test_a_weaker_policy_needs_the_quorum_that_is_there(talk: Talk) -> None:
    """Nobody lowers the bar for themselves; with the override they do."""
    weaker = text_of(talk, "longest: 8h").replace("people: [alice, bob]", "people: [alice, bob, dave]")
    closed = pull_changes(talk, weaker)
    assert closed.exit_code == 10
    assert "lets dave approve" in closed.output.replace("\n", " ").replace("  ", " ")
    request = talk.asks(rest="regions=all rules=config_loosened for=1h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert pull_changes(talk, weaker).exit_code == 0
    # A change is judged by what it changes: a runway is of the calendar, which has no part in it.
    assert pull_changes(talk, weaker, "--runway", "3h").exit_code == 0


def test_a_first_policy_is_decided_by_the_calendar(talk: Talk) -> None:
    """There is no quorum yet to let it in, and it must not come in while everything is closed."""
    without = text_of(talk, "longest: 4h").replace("overrides:\n", "x:\n")
    without = "\n".join(
        line for line in without.splitlines() if not line.startswith(("x:", "  approvers", "  longest"))
    )
    talk.world.put("wedgate.yml", without.encode())
    done = pull_changes(talk, text_of(talk, "longest: 4h"))
    assert done.exit_code == 10
    assert "saturday" in done.output


def test_a_stricter_policy_goes_by_itself(talk: Talk) -> None:
    """On a day on which everything is closed."""
    assert pull_changes(talk, text_of(talk, "longest: 1h")).exit_code == 0


def test_a_broken_configuration_is_repaired_without_a_quorum(talk: Talk) -> None:
    """The gate is closed, the last valid version is what a repair is compared with, and it may not open more."""
    good = "2" * 40
    talk.world.put("wedgate.yml", text_of(talk, "longest: 4h").encode(), ref=good)
    talk.world.history["wedgate.yml"] = ["a" * 40, good]
    repaired = pull_changes(talk, text_of(talk, "longest: 4h"), base=b"version: 1\nrules: nonsense\n")
    assert repaired.exit_code == 0, repaired.output
    looser = text_of(talk, "longest: 4h").replace("monday..sunday", "saturday")
    assert pull_changes(talk, looser).exit_code == 10


def test_a_broken_configuration_locks_nobody_out(talk: Talk) -> None:
    """The last valid version says who may approve that something goes out meanwhile."""
    good = "2" * 40
    talk.world.put("wedgate.yml", text_of(talk, "longest: 4h").encode(), ref=good)
    talk.world.history["wedgate.yml"] = ["a" * 40, good]
    talk.world.put("wedgate.yml", b"version: 1\nrules: nonsense\n")
    assert talk.deploys(MERGED).exit_code == 2
    request = talk.asks(rest="regions=all rules=config_invalid for=1h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    # It is a closed day by that version, too, and nobody has said that this may be opened.
    assert talk.deploys(MERGED).exit_code == 2
    request = talk.asks(rest="regions=all rules=config_invalid,saturday for=1h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert talk.says("zoe", "/wedgate freeze for=2h reason=payments").exit_code == 0
    assert talk.deploys(MERGED).exit_code == 2
    assert talk.says("alice", "/wedgate thaw reason=over").exit_code == 0
    short = talk.deploys(MERGED, "--runway", "3h")
    assert (short.exit_code, {look["code"] for look in json.loads(short.stdout)["override"]}) == (2, {"runway_short"})
    done = talk.deploys(MERGED, "--runway", "30m")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["reason_code"] == "overridden"


@pytest.mark.parametrize(
    ("trailer", "who"),
    [
        ("Bob <102+bob@users.noreply.github.com>", "bob"),
        ("Bob <102+former-login@users.noreply.github.com>", "bob"),
        ("Bob <bob@users.noreply.github.com>", "bob"),
        ("Zoe <ZOE@acme.example>", None),
        ("Bob <bob@home.example>", "everybody"),
        ("Bob <102+bob@users.noreply.git.home.example>", "everybody"),
    ],
)
def test_a_co_author_does_not_count_where_committers_do_not(talk: Talk, trailer: str, who: str | None) -> None:
    """By number, by an address with a login, and by an author's own; one whose account is not known stops all."""
    talk.configure("never-count: [requester, committers]")
    assert talk.world.people["bob"] == 102
    talk.world.pulls[7].commits = [("zoe", "zoe", "one"), ("dave", "dave", f"two\n\nCo-authored-by: {trailer}\n")]
    request = talk.asks()
    talk.says("alice", f"/wedgate approve {H1} {request}")
    done = talk.says("bob", f"/wedgate approve {H1} {request}")
    assert ("own_commit" in done.output) is (who is not None)
    assert (talk.looks().exit_code == 0) is (who is None)
    talk.says("carol", f"/wedgate approve {H1} {request}")
    assert (talk.looks().exit_code == 0) is (who != "everybody")
    if who == "everybody":
        assert "home.example as co-author, and which account that is is not known" in talk.answer


def test_a_terminal_says_what_a_person_would_write(talk: Talk) -> None:
    """Each command writes a comment as whoever the token belongs to; where it stands is read as text and as JSON."""
    words = ("--commit", H1, "--region", "eu", "--rule", "saturday", "--for", "2h", "--reason", 'it "is" down')

    def by(who: str, *command: str) -> Done:
        talk.world.login = who
        done = talk.run("", "override", *command)
        talk.world.login = None
        return done

    asked = by("erin", "request", "--pull-request", "7", "--format", "json", *words)
    assert asked.exit_code == 0
    comment = talk.world.comments[7][-1]
    told = json.loads(asked.stdout)
    assert (told["comment"], told["line"], told["pull_request"]) == (comment.number, comment.body, 7)
    assert comment.login == "erin"
    talk.hears(comment.number)
    status = talk.run("", "override", "status", "--pull-request", "7", "--format", "json")
    assert status.exit_code == 11
    plain = json.loads(status.stdout)
    assert plain["request"]["reason"] == 'it "is" down'
    same = ("commit", "regions", "rules", "seconds", "reason", "link", "strategy", "comment")
    assert {key: told[key] for key in same} == {key: plain["request"][key] for key in same}
    request = plain["request"]["request"]
    for who in ("alice", "bob"):
        by(who, "approve", "--pull-request", "7", "--commit", H1, "--request", request)
    status = talk.run("", "override", "status", "--pull-request", "7")
    assert status.exit_code == 0
    assert "2 of 2 approvals, by alice, bob" in status.stdout
    by("zoe", "deny", "--pull-request", "7", "--commit", H1, "--request", request)
    assert talk.run("", "override", "status", "--pull-request", "7").exit_code == 11
    assert by("zoe", "deny", "--pull-request", "7", "--commit", H1[:7], "--request", request).exit_code == 2
