"""A rollout on a runner takes a grant: once, for its own regions and its own time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from talk import CONFIG, H1, MERGED, Talk

BY_ALICE = {"GITHUB_ACTOR": "alice", "GITHUB_ACTOR_ID": "101"}
BY_ZOE = {"GITHUB_ACTOR": "zoe", "GITHUB_ACTOR_ID": "107"}
ROLLOUT = """
rollout:
  waves: [[eu], [us]]
  reserve: 1s
  strategies:
    steady: {kind: canary, steps: [{weight: 50, bake: 3h}]}
    emergency: {kind: canary, steps: [{weight: 100, bake: 1s}]}
  choose: [{use: steady}]
  target: {kind: simulated, running: "sha256:old", path: regions.json}
judge: {slice: 1s, errors: {requests: 1}, latency-p95: {slices: 1}}
"""


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository on a closed day whose configuration has a rollout over both regions, adopted."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        text = CONFIG.format(policy="longest: 4h", remote=opened.server.url) + ROLLOUT
        opened.world.put("wedgate.yml", text.encode())
        (tmp_path / "wedgate.yml").write_text(text)
        (tmp_path / "regions.json").write_text(json.dumps({"*traffic": {"rate": 200}}))
        adopted = opened.run("workflow_dispatch", "rollout", "adopt", "--digest", "sha256:old", **BY_ALICE)
        assert adopted.exit_code == 0, adopted.output
        yield opened


def rolls(talk: Talk, commit: str, digest: str = "sha256:new") -> tuple[int, str]:
    """Run the rollout as a workflow's step does."""
    done = talk.run("workflow_dispatch", "rollout", "run", "--commit", commit, "--digest", digest)
    return done.exit_code, done.output


def test_a_rollout_goes_through_with_a_grant_and_its_emergency_strategy(talk: Talk) -> None:
    """Without approvals it is held; with them it goes, and the ledger says which rollout used them."""
    request = talk.asks(rest='regions=eu,us rules=saturday for=2h reason="checkout is down" strategy=emergency')
    code, output = rolls(talk, MERGED)
    assert code == 10, output
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    code, output = rolls(talk, MERGED)
    assert code == 0, output
    assert "strategy emergency" in output
    used = [entry["body"] for entry in talk.ledger() if entry["kind"] == "used"]
    assert [each["region"] for each in used] == ["eu", "us"]
    assert all(each["binding"].startswith("rollout:") for each in used)
    assert len({each["binding"] for each in used}) == 1


def test_a_second_rollout_does_not_get_the_grant_of_the_first(talk: Talk) -> None:
    """Single use: whatever its digest is, the same commit's next rollout needs approvals of its own."""
    request = talk.asks(rest="regions=eu,us rules=saturday for=2h reason=down strategy=emergency")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert rolls(talk, MERGED)[0] == 0
    code, output = rolls(talk, MERGED, "sha256:newer")
    assert code == 10, output
    assert [entry["kind"] for entry in talk.ledger()].count("used") == 2


def test_a_grant_that_ends_before_the_bake_does_opens_nothing(talk: Talk) -> None:
    """The steady strategy bakes for three hours, the grant is for two."""
    request = talk.asks()
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    code, output = rolls(talk, MERGED)
    assert code == 10, output
    assert "not enough runway" in output


def test_a_freeze_by_comment_holds_a_rollout_that_has_a_grant(talk: Talk) -> None:
    """The grant opens Saturday, not a freeze."""
    request = talk.asks(rest="regions=eu,us rules=saturday for=2h reason=down strategy=emergency")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    frozen = talk.says("erin", '/wedgate freeze for=1h reason="the provider is down"')
    assert frozen.exit_code == 0, frozen.output
    code, output = rolls(talk, MERGED)
    assert code == 10, output
    assert "frozen by erin" in output
    assert [entry["kind"] for entry in talk.ledger()].count("used") == 0


@pytest.mark.parametrize(
    "words",
    [
        ("rollout", "adopt", "--digest", "sha256:old"),
        ("rollout", "resume", "--reason", "x"),
        ("rollout", "abort", "--reason", "x"),
        ("rollout", "clear", "--digest", "sha256:bad", "--reason", "x"),
        ("thaw", "--reason", "x"),
    ],
)
def test_who_may_write_and_does_not_approve_may_stop_and_nothing_else(talk: Talk, words: tuple[str, ...]) -> None:
    """Only an approver opens again what was shut, by the policy of the default branch; anybody may freeze."""
    assert talk.run("workflow_dispatch", "freeze", "--reason", "INC-7", **BY_ZOE).exit_code == 0
    refused = talk.run("workflow_dispatch", *words, **BY_ZOE)
    assert refused.exit_code == 11
    assert "zoe may not" in refused.output
    by_alice = talk.run("workflow_dispatch", *words, **BY_ALICE)
    assert "may not" not in by_alice.output


def test_a_run_that_somebody_else_ran_again_gives_no_order(talk: Talk) -> None:
    """Whose order it is would not be clear."""
    again = talk.run("workflow_dispatch", "thaw", "--reason", "x", **BY_ALICE, GITHUB_TRIGGERING_ACTOR="zoe")
    assert again.exit_code == 11
    assert "start a new run" in again.output


def test_stopping_asks_nobody(talk: Talk) -> None:
    """The forge does not answer, and a freeze is written all the same."""
    talk.world.failures["/"] = "500"
    frozen = talk.run("workflow_dispatch", "freeze", "--reason", "INC-7", "--for", "2h", **BY_ZOE)
    assert frozen.exit_code == 0, frozen.output
    assert [entry["body"]["by"] for entry in talk.ledger() if entry["kind"] == "frozen"] == ["zoe"]
