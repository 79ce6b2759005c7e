"""Rollouts under a real runner: late, twice at once, run again, cancelled, killed, and rolled back in the middle.

The workflows are those that others call, and the command line, the gate, the ledger and the judge are those that ship.
Each run is a process of act with a home of its own, as it would be on a machine of its own.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from act_place import ActPlace, act_place
from click.testing import CliRunner

from wedgate.cli import main as cli_main
from wedgate.cli import rollout_wiring

pytestmark = [pytest.mark.needs_tool("act"), pytest.mark.timeout(600)]

NEW = "sha256:new"
RAISED = "blue 90 % / green 10 %"

MakePlace = Callable[..., ActPlace]


@pytest.fixture
def make_place(tmp_path: Path) -> Iterator[MakePlace]:
    """Make a repository that rolls out; without a budget each run is a tick."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(act_place(tmp_path / "place", **settings))


def test_twice_at_once_and_run_again(make_place: MakePlace) -> None:
    """While a run works, one of the schedule does nothing and says who works; a second start is refused; a re-run after
    the end does nothing. One deploy, one way up."""
    place = make_place(budget="60m", bake="60s")  # long enough for two more runs to begin meanwhile
    first = place.start_driving("workflow_dispatch", digest=NEW)
    first.until(RAISED)
    scheduled = place.start_driving()
    second = place.start_driving("workflow_dispatch", digest=NEW)
    late, refused, done = scheduled.done(), second.done(), first.done()
    assert (late.code, done.code) == (0, 0), (late.log, done.log)
    assert "nothing done: rollout r-" in late.log
    assert refused.code == 1
    assert "exit status 11" in refused.log
    assert "is running there since" in refused.log
    again = place.drive("workflow_dispatch", digest=NEW, GITHUB_RUN_ID="901", GITHUB_RUN_ATTEMPT="2")
    assert again.code == 0, again.log
    assert f"nothing to do: {NEW} already runs in us-west" in again.log
    assert place.writes() == [10, 100]
    assert [call[0] for call in place.region()["calls"]].count("deploy") == 1
    assert place.status()["status"] == "done"
    assert place.world.dispatched == []


def test_two_runs_of_the_schedule_in_the_same_instant(make_place: MakePlace) -> None:
    """Whoever is second ends with 0; between them the rollout is done once."""
    place = make_place(budget="60m")
    assert place.wedgate("rollout", "start", "--commit", "1" * 40, "--digest", NEW).returncode == 0
    runs = [place.start_driving(), place.start_driving()]
    ends = [run.done() for run in runs]
    assert [end.code for end in ends] == [0, 0], [end.log[-3000:] for end in ends]
    assert sum("| done: sha256:new runs in us-west" in end.log for end in ends) == 1
    idle = ("nothing done: ", "nothing to do: no rollout is under way")
    assert sum(any(text in end.log for text in idle) for end in ends) == 1
    assert place.writes() == [10, 100]
    assert place.status()["status"] == "done"


def test_a_run_hands_over_to_the_next_of_its_workflow(make_place: MakePlace) -> None:
    """Seven seconds each for a bake of eight: the forge was asked for the next run each time but the last."""
    place = make_place(budget="7s")
    runs = [place.drive("workflow_dispatch", digest=NEW)]
    while len(place.world.dispatched) == len(runs):
        assert place.world.dispatched[-1] == ("drive.yml", "main")
        runs.append(place.drive("workflow_dispatch"))
        assert len(runs) < 10
    assert {run.code for run in runs} == {0}, runs[-1].log
    assert len(runs) >= 2
    assert "started the next run of drive.yml on main" in runs[0].log
    assert place.writes() == [10, 100]
    assert place.status()["status"] == "done"


def started_long_ago(place: ActPlace, monkeypatch: pytest.MonkeyPatch, ago: timedelta) -> None:
    """Start a rollout some hours ago, and tick until its candidate has traffic; nobody has come since."""
    now = [datetime.now(UTC) - ago]
    monkeypatch.setattr(rollout_wiring, "utc_now", lambda: now[0])
    monkeypatch.setattr("wedgate.cli.wiring.utc_now", lambda: now[0])
    monkeypatch.chdir(place.workspace)
    monkeypatch.setenv("GITHUB_TOKEN", "a-token-of-the-test")
    words: tuple[str, ...] = ("rollout", "start", "--commit", "1" * 40, "--digest", NEW)
    for _ in range(10):
        result = CliRunner().invoke(cli_main.cli, words, standalone_mode=False)
        assert result.return_value == 0, result.output
        words = ("rollout", "tick")
        now[0] += timedelta(seconds=1)
        if place.green() == 10:
            return
    pytest.fail("the candidate has no traffic")


def test_a_tick_of_the_schedule_that_comes_hours_late(make_place: MakePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody watched the candidate for five hours: it goes back first, and later ticks begin the region again."""
    place = make_place()
    started_long_ago(place, monkeypatch, timedelta(hours=5))
    late = place.drive()
    assert late.code == 0, late.log
    assert "nobody watched" in late.log
    assert place.green() == 0
    assert place.status()["status"] == "running"
    for _ in range(4):
        assert place.drive("repository_dispatch").code == 0
        if place.green() == 10:
            break
    assert place.writes() == [10, 0, 10]


def test_a_run_that_comes_hours_late_goes_back_and_then_on(
    make_place: MakePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one run: back to stable, the region anew, done."""
    place = make_place(budget="60m")
    started_long_ago(place, monkeypatch, timedelta(hours=5))
    late = place.drive()
    assert late.code == 0, late.log
    assert "nobody watched" in late.log
    assert place.writes() == [10, 0, 10, 100]
    assert place.status()["status"] == "done"


def test_a_cancelled_runner_leaves_a_state_from_which_the_next_goes_on(make_place: MakePlace) -> None:
    """act kills its steps at once, in the moment in which the ledger does not know of the traffic yet."""
    place = make_place(budget="60m")
    run = place.start_driving("workflow_dispatch", digest=NEW)
    run.until(RAISED)
    run.process.send_signal(signal.SIGINT)
    assert run.done().code != 0
    assert place.green() in (0, 10)
    after = place.drive()
    assert after.code == 0, after.log
    assert place.status()["status"] == "done"
    assert place.writes()[-2:] == [10, 100]


@pytest.mark.parametrize(("number", "left"), [(signal.SIGTERM, 0), (signal.SIGKILL, 10)])
def test_a_wedgate_that_is_told_to_end_in_the_middle(make_place: MakePlace, number: signal.Signals, left: int) -> None:
    """As GitHub's runner does it: asked to end, it returns what is in motion; killed, it cannot. The next goes on."""
    place = make_place(budget="60m")
    run = place.start_driving("workflow_dispatch", digest=NEW)
    run.until(RAISED)
    os.kill(place.driver(), number)
    ended = run.done()
    assert ended.code == 1
    assert place.green() == left
    assert ("interrupted: " in ended.log) is (number is not signal.SIGKILL)
    after = place.drive()
    assert after.code == 0, after.log
    assert place.status()["status"] == "done"
    assert place.writes()[-2:] == [10, 100]


def test_a_rollback_wins_over_a_rollout_that_is_running(make_place: MakePlace) -> None:
    """Traffic is back while the other still runs; that one ends with 13, writes nothing more, and nobody goes on."""
    place = make_place(budget="60m", bake="120s")
    run = place.start_driving("workflow_dispatch", digest=NEW)
    run.until(RAISED)
    back = place.start("workflow_dispatch", "back.yml").done()
    assert back.code == 0, back.log
    assert "us-west: blue 90 / green 10 -> blue 100 / green 0" in back.log
    assert "recorded in the ledger" in back.log
    assert place.green() == 0
    ended = run.done()
    assert ended.code == 1
    assert "exit status 13" in ended.log or "exit status 12" in ended.log, ended.log[-3000:]
    assert place.writes() == [10, 0]
    idle = place.drive()
    assert idle.code == 0
    assert "no rollout is under way" in idle.log
    refused = place.drive("workflow_dispatch", digest=NEW)
    assert "exit status 11" in refused.log, refused.log[-3000:]
    assert "bookings fail" in refused.log, refused.log
    assert place.writes() == [10, 0]
    again = place.start("workflow_dispatch", "back.yml").done()
    assert again.code == 0, again.log


def reported(digest: str, **changes: Any) -> dict[str, Any]:
    """Return the event that brings a report about a digest."""
    metric = {"name": "search p95", "baseline": 7, "candidate": 61, "unit": "ms", "direction": "lower-is-better"}
    report = {
        "schema_version": 1, "service": "venue-search", "release": {"digest": digest}, "metrics": [metric],
        "reporter": "booking-alerts", "reported_at": datetime.now(UTC).isoformat(), **changes,
    }  # fmt: skip
    sender = {"login": "zoe", "id": 107, "type": "User"}
    return {"action": "wedgate-report", "client_payload": report, "sender": sender}


def test_a_report_that_comes_as_an_event_makes_a_running_rollout_go_back(make_place: MakePlace) -> None:
    """The run that is alive obeys, the run of the event waits for it and says how long each stage took."""
    place = make_place(budget="60m", bake="120s")
    run = place.start_driving("workflow_dispatch", digest=NEW)
    run.until(RAISED)
    asked = datetime.now(UTC).replace(microsecond=0)
    place.world.runs[902] = ("zoe", "zoe")
    place.world.run_times[902] = (asked, asked)
    told = place.start("repository_dispatch", "reports.yml", reported(NEW), GITHUB_RUN_ID="902").done()
    assert told.code == 0, told.log
    assert place.green() == 0
    ended = run.done()
    assert "exit status 12" in ended.log, ended.log[-3000:]
    assert "reported by a report, sent by zoe: search p95 61 ms against 7 ms" in ended.log
    assert place.writes() == [10, 0]
    for stage in ("reported", "run created", "run started", "report read", "rollback begun", "traffic restored"):
        assert re.search(rf"{stage} +20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ", told.log), told.log
    assert re.search(r"\d+\.\d s in all", told.log)


def test_a_report_that_comes_while_nobody_drives_is_obeyed_by_its_own_run(make_place: MakePlace) -> None:
    """Between two ticks; one about another release is refused, and changes nothing."""
    place = make_place(bake="120s")
    assert place.wedgate("rollout", "start", "--commit", "1" * 40, "--digest", NEW).returncode == 0
    for _ in range(6):
        assert place.wedgate("rollout", "tick").returncode == 0
        if place.green() == 10:
            break
    other = place.start("repository_dispatch", "reports.yml", reported("sha256:other")).done()
    assert other.code == 1
    assert "exit status 11" in other.log
    assert "it is about another release than sha256:new" in other.log
    assert place.green() == 10
    told = place.start("repository_dispatch", "reports.yml", reported(NEW)).done()
    assert told.code == 0, told.log
    assert place.writes() == [10, 0]
    assert place.status()["status"] == "halted"


def test_a_report_in_a_comment_is_seen_through_by_the_second_job(make_place: MakePlace) -> None:
    """The two jobs of the documentation: the first writes it into the ledger, the second returns the traffic; after a
    report that is refused there is no second job."""
    from github_world import Pull

    place = make_place(bake="120s")
    place.add_documented("said", "docs/reference/report.md", "    needs: answer", "issue_comment")
    world = place.world
    world.pulls[7] = Pull(head="b" * 40)
    assert place.wedgate("rollout", "start", "--commit", "1" * 40, "--digest", NEW).returncode == 0
    for _ in range(6):
        assert place.wedgate("rollout", "tick").returncode == 0
        if place.green() == 10:
            break

    def says(body: str) -> Any:
        comment = world.say(7, "zoe", body)
        assert comment.at is not None
        said = {"id": comment.number, "body": body, "user": {"login": "zoe"}, "created_at": comment.at.isoformat()}
        event = {"action": "created", "issue": {"number": 7, "pull_request": {"url": "x"}}, "comment": said}
        return place.start("issue_comment", "said.yml", event).done()

    refused = says('/wedgate report sha256:other reason="search is slow"')
    assert (refused.code, place.green()) == (1, 10)
    assert "exit status 11" in refused.log, refused.log[-3000:]
    assert "Take the report" not in refused.log
    told = says(f'/wedgate report {NEW} reason="search is slow"')
    assert told.code == 0, told.log[-3000:]
    assert (place.writes(), place.status()["status"]) == ([10, 0], "halted")
    (answer,) = [each for each in world.comments[7] if each.login == "github-actions[bot]"]
    assert "zoe reported a regression" in answer.body
    answered, taken = (told.log.index(step) for step in ("Main Answer the comment", "Main Take the report"))
    assert answered < taken < told.log.index("traffic restored  20")
    assert re.search(r"\d+\.\d s in all", told.log)


def pull_request_event(head: str) -> dict[str, Any]:
    """Return what a workflow is told of a pull request."""
    refs = {"base": {"ref": "main", "sha": "a" * 40}, "head": {"ref": "fix", "sha": head}}
    return {"number": 7, "pull_request": {"number": 7, **refs}}


def test_the_plan_is_one_comment_and_for_a_fork_a_summary(make_place: MakePlace) -> None:
    """Planned again after a push there is still one; a fork's token may not comment, and nothing fails."""
    from github_world import Pull

    place = make_place()
    place.world.pulls[7] = Pull(head="b" * 40, files=[("search.py", None)])
    for _ in range(2):
        run = place.start("pull_request", "planned.yml", pull_request_event("b" * 40)).done()
        assert run.code == 0, run.log
    (comment,) = place.world.comments[7]
    assert "gantt" in comment.body
    place.world.comments.clear()
    place.world.may_comment = False
    run = place.start("pull_request", "planned.yml", pull_request_event("b" * 40)).done()
    assert run.code == 0, run.log
    assert "may not comment" in run.log
    assert place.world.comments == {}


def test_the_called_gate_and_the_called_answer_to_comments(make_place: MakePlace) -> None:
    """Closed, asked for, approved by two, used once: as with the pasted workflows."""
    from github_world import Pull

    place = make_place(rules="{saturday: {where: all, weekdays: monday..sunday, effect: block}}")
    world, head = place.world, "b" * 40
    world.pulls[7] = Pull(head=head)
    world.pushes.append(("fix", head, "dave"))
    world.trees |= {head: "7" * 40, place.head: "7" * 40}
    world.brought_by[place.head] = [7]

    def says(who: str, body: str) -> None:
        comment = world.say(7, who, body)
        issue = {"number": 7, "pull_request": {"url": "x"}}
        event = {"action": "created", "issue": issue, "comment": {"id": comment.number, "body": body}}
        run = place.start("issue_comment", "comments.yml", event).done()
        assert run.code == 0, run.log[-3000:]

    def asks() -> Any:
        return place.start("push", "gate.yml", {"ref": "refs/heads/main", "after": place.head}).done()

    closed = asks()
    assert closed.code == 1
    assert "exit status 10" in closed.log
    says("erin", f'/wedgate override {head} regions=us-west rules=saturday for=4h reason="checkout is down"')
    (answer,) = [each for each in world.comments[7] if each.login == "github-actions[bot]"]
    line = next(line for line in answer.body.splitlines() if line.startswith("/wedgate approve"))
    says("alice", line)
    says("bob", line)
    assert world.statuses[-1]["state"] == "success"
    opened = asks()
    assert opened.code == 0, opened.log[-3000:]
    assert asks().code == 1
