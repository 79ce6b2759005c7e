"""The use of a grant is shown in the comment, sooner or later, and no older ledger makes a used grant new again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from talk import H1, MERGED, Done, Talk

BRANCH = "refs/heads/wedgate/venue-search"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository on a closed day, with an override that two have approved."""
    monkeypatch.chdir(tmp_path)
    with Talk.granted(tmp_path) as opened:
        yield opened


def merge(talk: Talk) -> None:
    """Squash the pull request."""
    talk.world.pulls[7].state, talk.world.pulls[7].merged_as = "closed", MERGED


def use(talk: Talk, run: int = 900) -> None:
    """Deploy with a token that may read comments alone."""
    talk.world.may_comment = False
    assert talk.deploys(MERGED, run=run).exit_code == 0
    talk.world.may_comment = True
    assert "was used" not in talk.answer


@pytest.mark.parametrize("trouble", ["forbidden", "an error"])
def test_a_comment_that_could_not_be_written_is_said(talk: Talk, trouble: str) -> None:
    """The deployment goes on, its record stays JSON, and a warning in the log says what to do."""
    if trouble == "forbidden":
        talk.world.may_comment = False
    else:
        talk.world.failures["PATCH"] = "500"
    done = talk.deploys(MERGED)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["decision"] == "allow"
    (line,) = [each for each in done.output.splitlines() if each.startswith("::warning")]
    assert "the comment on pull request 7 does not show it" in line
    assert ("give the job `pull-requests: write`" in line) == (trouble == "forbidden")
    assert "wedgate refresh" in line


def test_a_comment_that_was_written_is_no_warning(talk: Talk) -> None:
    """Nothing is to be done."""
    done = talk.deploys(MERGED)
    assert done.exit_code == 0
    assert "::warning" not in done.output
    assert "The override was used" in talk.answer


def test_a_refresh_shows_what_was_used(talk: Talk) -> None:
    """On a pull request that is merged; once, and not for ever."""
    use(talk)
    merge(talk)
    assert talk.run("schedule", "refresh").exit_code == 0
    assert "The override was used" in talk.answer
    assert f"by `run:900` for `{MERGED}`" in talk.answer
    talk.world.asked.clear()
    assert talk.run("schedule", "refresh").exit_code == 0
    assert not [each for each in talk.world.asked if each.startswith("PATCH")]
    assert sum("issues/7/comments" in each for each in talk.world.asked) == 1


def test_a_refresh_forgets_what_was_used_long_ago(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A use is looked after for a day."""
    use(talk)
    merge(talk)
    monkeypatch.setattr("wedgate.cli.refresh.SHOWN_FOR", timedelta(0))
    talk.world.asked.clear()
    assert talk.run("schedule", "refresh").exit_code == 0
    assert not [each for each in talk.world.asked if "issues/7" in each]


@pytest.mark.parametrize("trouble", ["forbidden", "an error"])
def test_a_refresh_that_cannot_show_it_says_so(talk: Talk, trouble: str) -> None:
    """And the statuses of the others are posted all the same."""
    use(talk)
    if trouble == "forbidden":
        talk.world.may_comment = False
    else:
        talk.world.failures["PATCH"] = "500"
    talk.world.statuses.clear()
    done = talk.run("schedule", "refresh")
    assert done.exit_code == 20
    assert "pull-requests: write" in done.output or "the comment does not show the use" in done.output
    assert talk.status["sha"] == H1


def test_a_refresh_of_one_pull_request_shows_its_use_alone(talk: Talk) -> None:
    """What was named is what is done."""
    use(talk)
    talk.world.pulls[8] = talk.world.pulls[7]
    assert talk.run("schedule", "refresh", "--pull-request", "8").exit_code == 0
    assert "was used" not in talk.answer
    assert talk.run("schedule", "refresh", "--pull-request", "7").exit_code == 0
    assert "The override was used" in talk.answer


@pytest.mark.parametrize("is_merged", [False, True])
def test_a_status_shows_that_the_ledger_is_older_than_the_use(talk: Talk, *, is_merged: bool) -> None:
    """The comment could not be written at the use; a status was, and the ledger is pushed back to before it."""
    before = talk.server.git("rev-parse", BRANCH).strip()
    use(talk)
    if is_merged:
        merge(talk)
    talk.world.may_comment = False
    talk.run("schedule", "refresh")
    talk.world.may_comment = True
    talk.server.git("update-ref", BRANCH, before)
    done = talk.deploys(MERGED, run=901)
    assert done.exit_code == 10, done.output
    assert "a status of this commit by github-actions[bot] anchored" in done.output
    assert "used" not in [entry["kind"] for entry in talk.ledger()]


def test_statuses_of_other_names_do_not_hide_the_anchor(talk: Talk) -> None:
    """Whoever pushed the ledger back piles them up on the commit, two pages of them, one with an anchor that holds."""
    before = talk.server.git("rev-parse", BRANCH).strip()
    old = talk.status["description"]
    use(talk)
    talk.world.may_comment = False
    talk.run("schedule", "refresh")
    talk.world.may_comment = True
    talk.server.git("update-ref", BRANCH, before)
    other = {"sha": H1, "state": "success", "target_url": None, "by": "mallory"}
    talk.world.statuses.append({**other, "context": "wedgate", "description": old})
    talk.world.statuses += [{**other, "context": f"ci-{number}", "description": "x"} for number in range(200)]
    done = talk.deploys(MERGED, run=901)
    assert done.exit_code == 10, done.output
    assert "used" not in [entry["kind"] for entry in talk.ledger()]


def rewound(talk: Talk, *statuses: dict[str, Any], login: str | None = None, more: int = 0) -> Done:
    """Use a grant where check runs are posted and no statuses, push the ledger back to before it, and use it again.

    ``login`` is whose token deploys the second time, and ``more`` how many check runs stand before those that count.
    """
    before = talk.server.git("rev-parse", BRANCH).strip()
    use(talk)
    talk.world.may_comment = False
    talk.run("schedule", "refresh", "--check-run")
    talk.world.may_comment = True
    talk.world.statuses[:] = statuses
    talk.server.git("update-ref", BRANCH, before)
    talk.world.login = login
    for _ in range(more):
        posts(talk, "x", talk.world.app)
    return talk.deploys(MERGED, run=901)


def test_a_check_run_shows_that_the_ledger_is_older_than_the_use(talk: Talk) -> None:
    """It anchors the ledger as a status does, and whoever verifies the ledger looks there, too."""
    done = rewound(talk)
    assert done.exit_code == 10, done.output
    assert "a check run of this commit by github-actions[bot] anchored" in done.output
    (talk.directory / "wedgate.yml").write_bytes(talk.world.commits["a" * 40]["wedgate.yml"])
    verified = talk.run("push", "audit", "verify", "--commit", H1)
    assert verified.exit_code == 13, verified.output


def test_a_status_by_hand_keeps_no_check_run_from_being_read(talk: Talk) -> None:
    """Whoever pushes an older ledger may post its anchor, too: nobody asked the check runs behind that."""
    older = [each for each in talk.world.statuses if "[ledger " in each["description"]][-1]
    done = rewound(talk, {**older, "by": "erin"})
    assert done.exit_code == 10, done.output
    assert "a check run of this commit by github-actions[bot] anchored" in done.output


def test_check_runs_that_may_not_be_read_close_the_gate_where_no_status_is(talk: Talk) -> None:
    """With the permission that the job lacks; where a status anchors the ledger nobody needs it."""
    talk.world.may_read_checks = False
    done = rewound(talk)
    assert done.exit_code == 20
    assert "give the job `checks: read`" in done.output


def test_who_posts_statuses_needs_no_check_runs(talk: Talk) -> None:
    """A job without `checks: read` deploys as before."""
    talk.world.may_read_checks = False
    assert talk.deploys(MERGED).exit_code == 0


def test_a_person_believes_the_check_runs_of_the_workflow(talk: Talk) -> None:
    """The job that deploys has a token to read teams; no person can post check runs."""
    done = rewound(talk, login="zoe")
    assert done.exit_code == 10, done.output
    assert "a check run of this commit by github-actions[bot] anchored" in done.output


def test_check_runs_of_the_same_name_do_not_hide_the_anchor(talk: Talk) -> None:
    """A workflow of whoever pushed the ledger back piles them up on the commit."""
    done = rewound(talk, more=100)
    assert done.exit_code == 10, done.output
    assert talk.world.check_runs[-1]["output"]["title"] == "x"


def test_a_thousand_check_runs_are_read(talk: Talk) -> None:
    """As an earlier version piled them up in ten days: the one that anchors the ledger is found behind them."""
    done = rewound(talk, more=1000)
    assert done.exit_code == 10, done.output
    assert "a check run of this commit by github-actions[bot] anchored" in done.output


def test_more_check_runs_than_are_read_are_not_known(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing opens then."""
    monkeypatch.setattr("wedgate.adapters.forge.github_conversations.MOST_CHECKS", 200)
    done = rewound(talk, more=200)
    assert done.exit_code == 20
    assert "200 or more" in done.output


def posts(talk: Talk, title: str, by: str) -> None:
    """Let an app post a check run by wedgate's name."""
    output = {"title": title, "summary": "x"}
    talk.world.check_runs.append(
        {"name": "wedgate", "head_sha": H1, "conclusion": "success", "output": output, "by": by}
    )


def test_a_check_run_of_another_app_does_not_stop_an_override(talk: Talk) -> None:
    """Where wedgate's own anchor the ledger."""
    talk.run("schedule", "refresh", "--check-run")
    posts(talk, f"open [ledger 900:{'0' * 16}]", "other[bot]")
    talk.world.statuses.clear()
    talk.world.login = "machine"
    assert talk.deploys(MERGED).exit_code == 0


def test_where_only_another_app_anchors_it_is_not_known(talk: Talk) -> None:
    """It may be wedgate's own, in another job: a machine's token cannot tell, and says whose they are."""
    talk.run("schedule", "refresh", "--check-run")
    talk.world.check_runs[-1]["by"] = "other[bot]"
    talk.world.statuses.clear()
    talk.world.login = "machine"
    done = talk.deploys(MERGED)
    assert done.exit_code == 20
    assert "only check runs by other[bot] anchor the ledger" in done.output


def test_statuses_that_may_not_be_read_close_the_gate(talk: Talk) -> None:
    """With the permission that the job lacks; whoever only looks needs none."""
    talk.world.failures[f"GET /repos/acme/venue-search/commits/{H1}/statuses"] = "403"
    assert talk.looks().exit_code == 0
    done = talk.deploys(MERGED)
    assert done.exit_code == 20
    assert "give the job `statuses: read`" in done.output
    assert "used" not in [entry["kind"] for entry in talk.ledger()]


def test_an_answer_does_not_anchor_the_ledger_of_somebody_else(talk: Talk) -> None:
    """Whoever pushed an older one has wedgate answer, so that its comment and its status fit again."""
    before = talk.server.git("rev-parse", BRANCH).strip()
    assert talk.deploys(MERGED, run=900).exit_code == 0
    anchor = talk.answer.rstrip().splitlines()[-1]
    talk.server.git("update-ref", BRANCH, before)
    talk.world.statuses.clear()
    assert talk.says("zoe", "/wedgate status").exit_code == 0
    assert talk.run("schedule", "refresh").exit_code == 0
    assert talk.answer.rstrip().splitlines()[-1] == anchor
    assert not [each for each in talk.world.statuses if "[ledger" in each["description"]]
    assert talk.deploys(MERGED, run=901).exit_code == 10


def test_a_refresh_that_is_run_again_asks_nobody_by_whom(talk: Talk) -> None:
    """It deploys nothing, and its job may not read runs."""
    talk.world.failures["/actions/runs"] = "403"
    assert talk.run("schedule", "refresh", GITHUB_RUN_ATTEMPT="2").exit_code == 0
    assert talk.status["state"] == "success"
    assert talk.deploys(MERGED, GITHUB_RUN_ATTEMPT="2").exit_code == 20
