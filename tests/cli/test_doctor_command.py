"""What `wedgate doctor` says of a repository: nothing set up, everything set up, and a token that sees too little."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from github_world import GithubWorld

from wedgate.cli.main import cli

CONFIG = """version: 1
service: venue-search
regions: {eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}}
rules: {saturday: {where: all, weekdays: saturday, effect: block}}
"""
POLICY = """overrides: {approvers: {teams: [acme/captains]}}
state: {kind: git, remote: "http://127.0.0.1:9/x.git"}
"""
SCOPES = "{contents: read, pull-requests: write, statuses: write, actions: read}"
STEPS = "steps: [{uses: org/wedgate@v1, with: {command: comment}}]"
CALLS = "uses: org/wedgate/.github/workflows/override.yml@v1"
OTHER_TOKEN = STEPS.replace("comment}", "comment, github-token: '${{ secrets.APP }}'}")
WORKFLOW = f"on: {{issue_comment: {{types: [created]}}}}\njobs: {{a: {{permissions: {SCOPES}, {STEPS}}}}}"
NO_STATUS = WORKFLOW.replace("statuses: write, ", "")
SHELL = "steps: [{run: wedgate comment, env: {GITHUB_TOKEN: '${{ TOKEN_OF }}'}}]"
REFRESH = (
    "on: {schedule: [{cron: '*/15 * * * *'}], merge_group: }\n"
    "permissions: {contents: read, pull-requests: write, statuses: write}\n"
    "jobs: {b: {steps: [{run: pip install wedgate}, {run: 'wedgate refresh'}]}}"
)
STATUS: dict[str, Any] = {
    "type": "required_status_checks",
    "parameters": {
        "required_status_checks": [{"context": "wedgate", "integration_id": 15368}],
        "strict_required_status_checks_policy": True,
    },
}


@pytest.fixture
def world() -> Iterator[GithubWorld]:
    """Serve a repository with a configuration and nothing else."""
    with GithubWorld() as found:
        found.put("wedgate.yml", CONFIG.encode())
        found.teams["acme/captains"] = ["alice", "bob", "carol"]
        yield found


def examine(world: GithubWorld) -> tuple[int, dict[str, str]]:
    """Return the exit code, and the health of each thing."""
    environment = {**world.environment(), "GITHUB_ACTIONS": "true"}
    done = CliRunner(env=environment).invoke(
        cli, ["doctor", "--format", "json"], obj={"debug": False}, standalone_mode=False
    )
    if done.exception is not None:
        raise done.exception
    plain = json.loads(done.stdout)
    return int(done.return_value), {each["what"]: each["health"] for each in plain["findings"]}


def set_up(world: GithubWorld) -> None:
    """Set everything up as the remedies say."""
    world.put("wedgate.yml", (CONFIG + POLICY).encode())
    world.put(".github/workflows/wedgate-override.yml", WORKFLOW.encode())
    world.put(".github/workflows/wedgate-refresh.yml", REFRESH.encode())
    world.rules["main"] = [STATUS]
    world.rules["wedgate/venue-search"] = [{"type": "deletion"}, {"type": "non_fast_forward"}]
    world.environments = ["production/eu"]


def test_a_repository_with_nothing_is_told_what_is_missing(world: GithubWorld) -> None:
    """The status, the workflow, the ledger and the approvers."""
    code, found = examine(world)
    assert code == 13
    assert {what for what, health in found.items() if health == "missing"} == {
        "the required status",
        "the workflow of comments",
        "the workflow that refreshes",
        "the ledger",
        "who may approve",
    }


def test_a_repository_that_is_set_up_is_well(world: GithubWorld) -> None:
    """By the very remedies."""
    set_up(world)
    code, found = examine(world)
    assert code == 0
    assert set(found.values()) == {"well"}


@pytest.mark.parametrize(
    ("what", "health"),
    [
        ("up to date", "advice"),
        ("the ledger", "advice"),
        ("the environments", "advice"),
        ("who may approve in eu", "advice"),
        ("who may approve", "unknown"),
    ],
)
def test_what_is_not_as_it_should_be_is_named(world: GithubWorld, what: str, health: str) -> None:
    """One thing at a time."""
    set_up(world)
    if what == "up to date":
        parameters = {**STATUS["parameters"], "strict_required_status_checks_policy": False}
        world.rules["main"] = [{**STATUS, "parameters": parameters}]
    elif what == "the ledger":
        world.rules["wedgate/venue-search"] = [{"type": "deletion"}]
    elif what == "the environments":
        world.environments = ["production/us"]
    elif what == "who may approve in eu":
        world.teams["acme/captains"] = ["alice", "bob"]
    else:
        world.may_read_teams = False
    assert examine(world)[1][what] == health


COMMENT, FRESH = "the workflow of comments", "the workflow that refreshes"


def with_workflow(world: GithubWorld, name: str, text: str) -> dict[str, str]:
    """Put one workflow in the place of what was set up, and examine it."""
    set_up(world)
    world.put(f".github/workflows/{name}", text.encode())
    return examine(world)[1]


@pytest.mark.parametrize(
    ("text", "health"),
    [
        ("# issue_comment\n# wedgate comment\non: {push: }\njobs: {}\n", "missing"),
        (WORKFLOW.replace("created", "edited"), "missing"),
        (WORKFLOW.replace("statuses: write, ", ""), "missing"),
        (WORKFLOW.replace("pull-requests: write", "pull-requests: read"), "missing"),
        (WORKFLOW.replace(SCOPES, "{}"), "missing"),
        (WORKFLOW.replace(SCOPES, "read-all"), "missing"),
        (WORKFLOW.replace(SCOPES, "write-all"), "well"),
        (WORKFLOW.replace("permissions", "name: x, defaults"), "advice"),
        (WORKFLOW.replace(STEPS, OTHER_TOKEN).replace("statuses: write, ", ""), "well"),
        (WORKFLOW.replace(STEPS, "steps: [{run: '# wedgate comment'}]"), "missing"),
        (WORKFLOW.replace(STEPS, CALLS), "well"),
        (WORKFLOW.replace(STEPS, OTHER_TOKEN.replace("secrets.APP", "secrets.GITHUB_TOKEN")), "well"),
        (NO_STATUS.replace(STEPS, OTHER_TOKEN.replace("secrets.APP", "secrets.GITHUB_TOKEN")), "missing"),
        (NO_STATUS.replace(STEPS, OTHER_TOKEN.replace("secrets.APP", "secrets.APP || github.token")), "missing"),
        (NO_STATUS.replace(STEPS, SHELL.replace("TOKEN_OF", "secrets.GITHUB_TOKEN")), "missing"),
        (NO_STATUS.replace(STEPS, SHELL.replace("TOKEN_OF", "secrets.APP")), "well"),
        (NO_STATUS.replace(STEPS, f"{CALLS}, secrets: {{token: '${{{{ secrets.GITHUB_TOKEN }}}}'}}"), "missing"),
        (NO_STATUS.replace(STEPS, f"{CALLS}, secrets: {{token: '${{{{ secrets.APP }}}}'}}"), "well"),
        (WORKFLOW.replace("comment}", "comment, config: services/pay/wedgate.yml}"), "missing"),
        (WORKFLOW.replace("comment}", "comment, config: .github/wedgate.yml}"), "well"),
        (WORKFLOW.replace("comment}", "comment, config: '${{ matrix.config }}'}"), "well"),
        (WORKFLOW.replace(STEPS, f"{CALLS}, with: {{config: services/pay/wedgate.yml}}"), "missing"),
        (WORKFLOW.replace(STEPS, "steps: [{run: wedgate comment --config services/pay/wedgate.yml}]"), "missing"),
        (WORKFLOW.replace("comment}", "comment, check-run: true}"), "missing"),
        (WORKFLOW.replace("comment}", "comment, check-run: true}").replace("statuses", "checks"), "well"),
        (WORKFLOW.replace(STEPS, "steps: [{run: wedgate comment --check-run}]").replace("statuses", "checks"), "well"),
        ("{not: yaml", "missing"),
        ("[issue_comment]", "missing"),
    ],
)  # fmt: skip
def test_the_workflow_of_comments_has_to_run_and_to_be_allowed_to(world: GithubWorld, text: str, health: str) -> None:
    """Words in a remark answer nobody; a job without a permission fails in the emergency."""
    assert with_workflow(world, "wedgate-override.yml", text)[COMMENT] == health


def test_a_workflow_that_calls_another_of_the_repository_answers(world: GithubWorld) -> None:
    """By what the one that it calls runs; with the permissions of the caller."""
    set_up(world)
    local = "on: {workflow_call: }\njobs: {c: {steps: [{run: wedgate comment}]}}"
    world.put(".github/workflows/local.yml", local.encode())
    calling = WORKFLOW.replace(STEPS, "uses: ./.github/workflows/local.yml")
    world.put(".github/workflows/wedgate-override.yml", calling.encode())
    assert examine(world)[1][COMMENT] == "well"
    world.put(".github/workflows/local.yml", local.replace("comment", "status").encode())
    assert examine(world)[1][COMMENT] == "missing"


@pytest.mark.parametrize(("token", "health"), [("GITHUB_TOKEN", "missing"), ("APP", "well"), (None, "missing")])
def test_a_workflow_that_is_called_goes_by_the_token_that_it_is_given(
    world: GithubWorld, token: str | None, health: str
) -> None:
    """The run's own goes by the permissions of the job, whatever the secret is called."""
    set_up(world)
    step = "{uses: org/wedgate@v1, with: {command: comment, github-token: '${{ secrets.token || github.token }}'}}"
    world.put(".github/workflows/local.yml", f"on: {{workflow_call: }}\njobs: {{c: {{steps: [{step}]}}}}".encode())
    secrets = "" if token is None else f", secrets: {{token: '${{{{ secrets.{token} }}}}'}}"
    calling = NO_STATUS.replace(STEPS, f"uses: ./.github/workflows/local.yml{secrets}")
    world.put(".github/workflows/wedgate-override.yml", calling.encode())
    assert examine(world)[1][COMMENT] == health


@pytest.mark.parametrize(
    ("text", "health"),
    [
        (REFRESH, "well"),
        (REFRESH.replace("schedule: [{cron: '*/15 * * * *'}]", "push: "), "missing"),
        (REFRESH.replace("statuses: write", "statuses: read"), "missing"),
    ],
)
def test_a_status_that_nobody_refreshes_is_named(world: GithubWorld, text: str, health: str) -> None:
    """A green one stays when the window closes."""
    assert with_workflow(world, "wedgate-refresh.yml", text)[FRESH] == health


def test_a_queue_that_would_wait_for_ever_is_named(world: GithubWorld) -> None:
    """It waits for the status on its own commits."""
    set_up(world)
    world.rules["main"] = [STATUS, {"type": "merge_queue"}]
    assert "the merge queue" not in examine(world)[1]
    world.put(".github/workflows/wedgate-refresh.yml", REFRESH.replace(", merge_group: ", "").encode())
    assert examine(world)[1]["the merge queue"] == "missing"
    other = "on: {merge_group: }\njobs: {NAME: {steps: [{run: wedgate check}]}}"
    world.put(".github/workflows/other.yml", other.replace("NAME", "gate").encode())
    assert examine(world)[1]["the merge queue"] == "missing"
    world.put(".github/workflows/other.yml", other.replace("NAME", "wedgate").encode())
    assert "the merge queue" not in examine(world)[1]


def test_a_status_that_anybody_may_post_is_named(world: GithubWorld) -> None:
    """A rule that names no source takes one that somebody with write access posts by hand."""
    set_up(world)
    parameters = {**STATUS["parameters"], "required_status_checks": [{"context": "wedgate"}]}
    world.rules["main"] = [{**STATUS, "parameters": parameters}]
    assert examine(world)[1]["who may post it"] == "advice"


def test_an_approver_who_may_not_write_is_named(world: GithubWorld) -> None:
    """The approval would not count, and nobody would know why."""
    set_up(world)
    world.roles["bob"] = "read"
    done = CliRunner(env=world.environment()).invoke(cli, ["doctor"], obj={"debug": False}, standalone_mode=False)
    assert "bob may not write to this repository" in done.output


def test_a_team_that_is_gone_is_named(world: GithubWorld) -> None:
    """It counts nobody, and somebody has to correct its name."""
    set_up(world)
    del world.teams["acme/captains"]
    done = CliRunner(env=world.environment()).invoke(cli, ["doctor"], obj={"debug": False}, standalone_mode=False)
    assert "the team acme/captains does not exist any more" in done.output


def name_approvers(world: GithubWorld, approvers: str) -> None:
    """Put others into the policy."""
    world.put("wedgate.yml", (CONFIG + POLICY).replace("{teams: [acme/captains]}", approvers).encode())


def words_of(world: GithubWorld) -> tuple[int, str]:
    """Return the exit code, and what is printed."""
    done = CliRunner(env=world.environment()).invoke(cli, ["doctor"], obj={"debug": False}, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return int(done.return_value), done.output


def test_teams_that_cannot_be_had_are_missing(world: GithubWorld) -> None:
    """Two are asked for, and one of them is empty: nothing could ever be granted."""
    set_up(world)
    world.teams["acme/sre"] = []
    name_approvers(world, "{teams: [acme/captains, acme/sre]}, from-teams: 2")
    code, words = words_of(world)
    assert code == 13
    assert "2 must approve, from 2 teams, and those who may (alice, bob, carol) are not of so many" in words
    world.teams["acme/sre"] = ["frank"]
    code, words = words_of(world)
    assert (code, "2 of 4 must approve, from 2 teams" in words) == (0, True)


@pytest.mark.parametrize(("readers", "health"), [(1, "advice"), (2, "missing"), (3, "missing")])
def test_people_by_login_who_may_not_write_are_named(world: GithubWorld, readers: int, health: str) -> None:
    """Whoever is named by login alone is asked about as the members of a team are."""
    set_up(world)
    named = ["dave", "erin", "zoe"]
    world.roles |= dict.fromkeys(named[:readers], "read")
    name_approvers(world, f"{{people: [{', '.join(named)}]}}")
    code, words = words_of(world)
    assert f"{', '.join(named[:readers])} may not write to this repository" in words
    assert f"{health:<8} who may approve in eu: 2 must approve, and there are {3 - readers} who may" in words
    assert code == (13 if health == "missing" else 0)


def classic(**more: Any) -> dict[str, Any]:
    """Return a classic protection as readers are shown it, which requires the status of GitHub Actions."""
    checks = [{"context": "wedgate", "app_id": 15368}]
    required = {"enforcement_level": "everyone", "contexts": ["wedgate"], "checks": checks}
    return {"enabled": True, "required_status_checks": {**required, **more}}


def test_a_classic_protection_requires_the_status_too(world: GithubWorld) -> None:
    """Without any ruleset; whether branches have to be up to date is not shown to everybody."""
    set_up(world)
    world.rules["main"] = []
    assert examine(world)[1]["the required status"] == "missing"
    world.protections["main"] = classic()
    code, words = words_of(world)
    assert code == 0
    assert "well     the required status: main requires `wedgate`" in words
    assert "unknown  up to date:" in words
    assert "who may post it" not in words


@pytest.mark.parametrize(
    ("given", "what", "health"),
    [
        ({"strict": True}, "up to date", None),
        ({"strict": False}, "up to date", "advice"),
        ({"checks": [{"context": "wedgate", "app_id": None}]}, "who may post it", "advice"),
        ({"checks": [{"context": "wedgate", "app_id": -1}]}, "who may post it", "advice"),
        ({"checks": []}, "who may post it", "advice"),
        ({"checks": [], "contexts": ["ci"]}, "the required status", "missing"),
        ({"enforcement_level": "off"}, "the required status", "missing"),
    ],
)
def test_what_a_classic_protection_shows_is_read(
    world: GithubWorld, given: dict[str, Any], what: str, health: str | None
) -> None:
    """By the fields of its required checks."""
    set_up(world)
    world.rules["main"] = []
    world.protections["main"] = classic(**given)
    assert examine(world)[1].get(what) == health


def test_a_ruleset_and_a_classic_protection_add_up(world: GithubWorld) -> None:
    """One requires the status, the other says the rest."""
    set_up(world)
    world.protections["main"] = classic(checks=[], contexts=["ci"])
    assert set(examine(world)[1].values()) == {"well"}


@pytest.mark.parametrize(
    ("shown", "health"),
    [
        ({}, "unknown"),
        ({"allow_force_pushes": {"enabled": False}, "allow_deletions": {"enabled": False}}, "well"),
        ({"allow_force_pushes": {"enabled": True}, "allow_deletions": {"enabled": False}}, "advice"),
    ],
)
def test_a_classic_protection_of_the_ledger(world: GithubWorld, shown: dict[str, Any], health: str) -> None:
    """It forbids both unless it says otherwise, which not everybody is shown."""
    set_up(world)
    world.rules["wedgate/venue-search"] = []
    world.branches["wedgate/venue-search"] = "a" * 40
    world.protections["wedgate/venue-search"] = {"enabled": True, **shown}
    assert examine(world)[1]["the ledger"] == health
