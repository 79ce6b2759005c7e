"""The status `wedgate` is posted where it says something new, and what a commit does not take keeps nobody waiting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from github_world import BOT, MOST_STATUSES, Pull
from talk import CONFIG, H1, Talk

OTHER = "8" * 40
EVERY_DAY, NEVER = "weekdays: monday..sunday", 'dates: ["2001-01-01"]'


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """Two pull requests in a repository on a closed day."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        opened.world.pulls[7].files = [("app.py", None)]
        opened.world.pulls[8] = Pull(head=OTHER, head_ref="other", files=[("app.py", None)])
        yield opened


def on(talk: Talk, day: str) -> None:
    """Let the calendar close some days."""
    text = CONFIG.format(policy="longest: 4h", remote=talk.server.url).replace(EVERY_DAY, day)
    talk.world.put("wedgate.yml", text.encode())


def days(first: int, last: int) -> str:
    """Return the days of a rule, counted from today."""
    now = datetime.now(UTC)
    return f'dates: ["{now + timedelta(days=first):%Y-%m-%d}..{now + timedelta(days=last):%Y-%m-%d}"]'


def fill(talk: Talk, state: str = "success", count: int = MOST_STATUSES) -> None:
    """Give the first pull request's head statuses."""
    given = {"sha": H1, "context": "wedgate", "state": state, "description": "open", "by": BOT}
    talk.world.statuses += [dict(given) for _ in range(count)]


def posted(talk: Talk) -> list[tuple[str, str]]:
    """Return the commits and states of all statuses."""
    return [(each["sha"][0], each["state"]) for each in talk.world.statuses]


def test_a_status_is_posted_where_it_says_something_new(talk: Talk) -> None:
    """Of many runs in an open window one posts; the next is that of the closing."""
    on(talk, NEVER)
    for _ in range(3):
        done = talk.run("schedule", "refresh")
        assert done.exit_code == 0
        assert "#7 bbbbbbbbbbbb: success: open" in done.output
    assert posted(talk) == [("b", "success"), ("8", "success")]
    on(talk, EVERY_DAY)
    for _ in range(2):
        assert talk.run("schedule", "refresh").exit_code == 0
    assert posted(talk)[2:] == [("b", "failure"), ("8", "failure")]


def test_the_time_until_which_it_holds_is_something_new(talk: Talk) -> None:
    """The same state with another end is posted."""
    for first in (2, 3):
        on(talk, days(first, 9))
        assert talk.run("schedule", "refresh", "--pull-request", "7").exit_code == 0
    assert posted(talk) == [("b", "success"), ("b", "success")]


@pytest.mark.parametrize(("own", "by"), [(None, "frank"), ("wedge", "frank"), ("wedge", "another-app[bot]")])
def test_what_somebody_else_posted_is_not_taken_for_ones_own(talk: Talk, own: str | None, by: str) -> None:
    """A rule may ask for the status of one account, whose last one was another."""
    on(talk, EVERY_DAY)
    talk.world.login = own
    talk.run("schedule", "refresh", "--pull-request", "7")
    same = dict(talk.status)
    talk.world.statuses += [{**same, "state": "success"}, {**same, "by": by}]
    talk.run("schedule", "refresh", "--pull-request", "7")
    assert (talk.status["by"], talk.status["state"], len(talk.world.statuses)) == (own or BOT, "failure", 4)


def test_statuses_that_cannot_be_read_are_posted(talk: Talk) -> None:
    """Who may write one may read them; whoever cannot posts as before."""
    talk.world.failures["/statuses?"] = "403"
    for _ in range(2):
        assert talk.run("schedule", "refresh", "--pull-request", "7").exit_code == 0
    assert posted(talk) == [("b", "failure"), ("b", "failure")]


def test_the_ledger_alone_fills_no_commit(talk: Talk) -> None:
    """What others say elsewhere moves the anchor: that is posted some times, and not for ever."""
    talk.says("erin", "/wedgate overide x")
    first = dict(talk.status)
    talk.says("erin", "/wedgate overide y")
    assert talk.status["description"] != first["description"]
    words, _, anchor = first["description"].partition(" [")
    assert anchor
    talk.world.statuses = [{**first, "description": f"{words} [{anchor}"} for _ in range(60)]
    talk.says("erin", "/wedgate overide z")
    assert len(talk.world.statuses) == 60


def test_nobody_fills_a_commit_with_statuses_by_asking(talk: Talk) -> None:
    """A thousand questions on an open day would keep the status green on the closed one."""
    on(talk, NEVER)
    for _ in range(3):
        assert talk.says("erin", "/wedgate status").exit_code == 0
    assert posted(talk) == [("b", "success")]


def test_a_commit_that_takes_no_more_keeps_no_other_waiting(talk: Talk) -> None:
    """The other one is closed, and the run says which was not, and what to do."""
    on(talk, EVERY_DAY)
    fill(talk)
    talk.world.statuses.append({"sha": OTHER, "context": "wedgate", "state": "success", "description": "open"})
    done = talk.run("schedule", "refresh")
    assert done.exit_code == 20
    assert posted(talk)[-1] == ("8", "failure")
    assert re.search(r"#7 bbbbbbbbbbbb: not posted \(failure: .*push a new commit", done.output)


def test_a_hundred_statuses_of_others_hide_ones_own(talk: Talk) -> None:
    """Then it is posted once more: nothing is known of the last one."""
    on(talk, NEVER)
    talk.run("schedule", "refresh", "--pull-request", "7")
    talk.world.statuses += [{**talk.status, "context": f"ci-{number}"} for number in range(100)]
    talk.run("schedule", "refresh", "--pull-request", "7")
    assert [each["context"] for each in talk.world.statuses].count("wedgate") == 2


def next_change(talk: Talk) -> datetime:
    """Return when a refresh wants to be run again."""
    done = talk.run("schedule", "refresh")
    found = re.search(r"this changes at (\S+)Z; refresh then", done.output)
    assert found, done.output
    return datetime.fromisoformat(f"{found[1]}+00:00")


def test_a_refresh_comes_back_at_the_end_of_a_grant(talk: Talk) -> None:
    """The calendar says Monday; the grant is over in an hour."""
    on(talk, days(-1, 9))
    request = talk.asks(rest="regions=all rules=saturday for=1h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    left = next_change(talk) - datetime.now(UTC)
    assert timedelta(minutes=58) < left <= timedelta(hours=1)


def test_a_refresh_comes_back_at_the_end_of_a_freeze_before_a_grant(talk: Talk) -> None:
    """The grant outlives the freeze: what is red now is green then, long before the calendar opens."""
    on(talk, days(-1, 9))
    request = talk.asks(rest="regions=all rules=saturday for=2h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    talk.says("erin", "/wedgate freeze for=30m reason=x")
    assert talk.status["state"] == "failure"
    left = next_change(talk) - datetime.now(UTC)
    assert timedelta(minutes=28) < left <= timedelta(minutes=30)


def test_a_refresh_in_an_open_window_comes_back_at_its_closing(talk: Talk) -> None:
    """Not now, which is the next instant that is open."""
    on(talk, days(3, 4))
    assert timedelta(days=1) < next_change(talk) - datetime.now(UTC) < timedelta(days=4)


def test_a_check_run_of_an_error_is_a_check_run(talk: Talk) -> None:
    """No commit status stays behind it, which nothing would ever clear."""
    talk.world.failures["/issues/7/comments"] = "500"
    assert talk.run("schedule", "refresh", "--check-run", "--pull-request", "7").exit_code == 20
    (run,) = talk.world.check_runs
    assert (run["name"], run["conclusion"], talk.world.statuses) == ("wedgate", "failure", [])
    assert "the comments of pull request 7" in run["output"]["summary"]
    assert len(run["output"]["title"]) <= 140
    talk.world.failures.clear()
    on(talk, NEVER)
    assert talk.run("schedule", "refresh", "--check-run", "--pull-request", "7").exit_code == 0
    assert [each["conclusion"] for each in talk.world.check_runs] == ["failure", "success"]


def test_a_commit_that_takes_no_more_is_answered_all_the_same(talk: Talk) -> None:
    """The comment has the line to copy; the run says what was not posted."""
    fill(talk)
    done = talk.says("erin", f"/wedgate override {H1} regions=eu rules=saturday for=1h reason=x")
    assert done.exit_code == 20
    assert "push a new commit" in done.output
    assert "/wedgate approve" in talk.answer


def test_a_comment_that_cannot_be_written_leaves_the_status_and_what_is_to_be_done(talk: Talk) -> None:
    """The rollback is handed on, and the status posted."""
    talk.world.failures["POST /repos/acme/venue-search/issues/7/comments"] = "500"
    assert talk.says("erin", "/wedgate rollback r-42 reason=errors").exit_code == 20
    assert "r-42" in (talk.directory / "output").read_text()
    assert posted(talk) == [("b", "failure")]


def checks(talk: Talk) -> list[tuple[str, str]]:
    """Return the check runs in order."""
    return [(each["conclusion"], each["output"]["title"]) for each in talk.world.check_runs]


def refresh_checks(talk: Talk) -> None:
    """Let a refresh post check runs of the pull request."""
    assert talk.run("schedule", "refresh", "--check-run", "--pull-request", "7").exit_code == 0


def test_a_check_run_that_stands_is_not_posted_again(talk: Talk) -> None:
    """Every fifteen minutes a head would have a thousand in ten days; what is new is posted."""
    on(talk, EVERY_DAY)
    for _ in range(3):
        refresh_checks(talk)
    assert len(checks(talk)) == 1
    for first in (2, 3):
        on(talk, days(first, 9))
        for _ in range(2):
            refresh_checks(talk)
    assert [conclusion for conclusion, _ in checks(talk)] == ["failure", "success", "success"]


def test_the_newest_check_run_counts_behind_a_hundred_others(talk: Talk) -> None:
    """And not the first that is listed."""
    on(talk, EVERY_DAY)
    refresh_checks(talk)
    own = talk.world.check_runs[-1]
    talk.world.check_runs[:] = [*({**own, "conclusion": "success"} for _ in range(150)), own]
    refresh_checks(talk)
    assert len(checks(talk)) == 151
    talk.world.check_runs[:] = [*(dict(own) for _ in range(150)), {**own, "conclusion": "success"}]
    refresh_checks(talk)
    assert [conclusion for conclusion, _ in checks(talk)[-2:]] == ["success", "failure"]


def test_the_ledger_alone_fills_no_commit_with_check_runs(talk: Talk) -> None:
    """As with statuses: its anchor alone is posted some times."""
    on(talk, EVERY_DAY)
    talk.hears(talk.world.say(7, "erin", "/wedgate overide x").number, options=("--check-run",))
    first = dict(talk.world.check_runs[-1])
    talk.hears(talk.world.say(7, "erin", "/wedgate overide y").number, options=("--check-run",))
    assert len(checks(talk)) == 2
    talk.world.check_runs[:] = [first for _ in range(60)]
    talk.hears(talk.world.say(7, "erin", "/wedgate overide z").number, options=("--check-run",))
    assert len(checks(talk)) == 60


def test_check_runs_that_cannot_be_read_are_posted(talk: Talk) -> None:
    """As statuses are."""
    on(talk, EVERY_DAY)
    talk.world.may_read_checks = False
    for _ in range(2):
        refresh_checks(talk)
    assert len(checks(talk)) == 2
