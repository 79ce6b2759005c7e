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
    for days in (2, 3):
        on(talk, f'dates: ["{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"]')
        assert talk.run("schedule", "refresh", "--pull-request", "7").exit_code == 0
    assert posted(talk) == [("b", "success"), ("b", "success")]


@pytest.mark.parametrize("by", ["frank", "another-app[bot]"])
def test_what_somebody_else_posted_is_not_taken_for_ones_own(talk: Talk, by: str) -> None:
    """A rule may ask for the status of one account, whose last one was another."""
    on(talk, EVERY_DAY)
    talk.world.login = "wedge"
    talk.run("schedule", "refresh", "--pull-request", "7")
    same = dict(talk.status)
    assert same["by"] == "wedge"
    talk.world.statuses += [{**same, "state": "success"}, {**same, "by": by}]
    talk.run("schedule", "refresh", "--pull-request", "7")
    assert (talk.status["by"], talk.status["state"], len(talk.world.statuses)) == ("wedge", "failure", 4)


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
