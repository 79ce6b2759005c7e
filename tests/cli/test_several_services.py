"""Several services in one repository: each has a status, a comment, anchors and requests of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from talk import H1, MERGED, Talk

from wedgate.adapters.stores.git import GitStore
from wedgate.engine.audit import AuditBook
from wedgate.ledger.appending import Draft
from wedgate.ledger.streams import Stream

SERVICE = """version: 1
service: {name}
regions:
  eu: {{markets: {{berlin: {{zone: Europe/Berlin, country: DE}}}}}}
rules:
  saturday: {{where: all, {when}, effect: block}}
overrides:
  approvers: {{people: [alice, bob]}}
state: {{kind: git, remote: "{remote}"}}
"""
SHOP, BLOG = "shop/wedgate.yml", "blog/wedgate.yml"
ALWAYS, NEVER = "weekdays: monday..sunday", 'dates: ["2001-01-01"]'


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository of two services without a configuration at its root."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        del opened.world.commits["a" * 40]["wedgate.yml"]
        yield opened


def set_up(talk: Talk, *, blog: str = NEVER) -> None:
    """Close the shop today, and the blog on some days."""
    for path, when in ((SHOP, ALWAYS), (BLOG, blog)):
        name = path.partition("/")[0]
        talk.world.put(path, SERVICE.format(name=name, when=when, remote=talk.server.url).encode())


def hear(talk: Talk, who: str, body: str) -> tuple[int, ...]:
    """Let somebody comment, and both workflows answer."""
    comment = talk.world.say(7, who, body)
    return tuple(talk.hears(comment.number, options=("--config", path)).exit_code for path in (SHOP, BLOG))


def own(talk: Talk) -> dict[str, str]:
    """Return wedgate's comments by the path that each is for."""
    bodies = [each.body for each in talk.world.comments[7] if each.login == "github-actions[bot]"]
    found = {re.findall(r"^For (\S+),", body, re.MULTILINE)[0]: body for body in bodies}
    assert len(found) == len(bodies)
    return found


def request_in(body: str) -> str:
    """Return the id of the request that a comment asks to approve."""
    (found,) = re.findall(r"^/wedgate approve \S+ (\S+)$", body, re.MULTILINE)
    return str(found)


def test_each_service_has_a_status_of_its_own(talk: Talk) -> None:
    """An open service turns no closed one green, whichever posts last, by a comment or by a refresh."""
    set_up(talk)
    assert hear(talk, "erin", "/wedgate status") == (0, 0)

    def shown() -> dict[str, str]:
        return {each["context"]: each["state"] for each in talk.world.statuses if each["sha"] == H1}

    expected = {f"wedgate ({SHOP})": "failure", f"wedgate ({BLOG})": "success"}
    assert shown() == expected
    talk.world.statuses.clear()
    for path in (SHOP, BLOG):
        assert talk.run("schedule", "refresh", "--config", path).exit_code == 0
        assert talk.run("schedule", "refresh", "--config", path, "--check-run").exit_code == 0
    assert shown() == expected
    assert {each["name"]: each["conclusion"] for each in talk.world.check_runs} == expected


def test_a_status_that_cannot_be_known_is_that_of_its_service(talk: Talk) -> None:
    """The error of one is not shown as another's."""
    set_up(talk)
    talk.world.failures["issues/7/comments"] = "500"
    assert talk.run("schedule", "refresh", "--config", SHOP).exit_code == 20
    assert (talk.status["context"], talk.status["state"]) == (f"wedgate ({SHOP})", "error")


def test_each_service_keeps_a_comment_of_its_own(talk: Talk) -> None:
    """None writes over another's answer, and each says whose it is."""
    set_up(talk)
    assert hear(talk, "erin", "/wedgate status") == (0, 0)
    assert hear(talk, "erin", "/wedgate status") == (0, 0)
    answers = own(talk)
    assert "The gate is closed" in answers[SHOP]
    assert "The gate is open" in answers[BLOG]


def test_an_approval_for_one_service_lets_no_other_through(talk: Talk) -> None:
    """One comment that both hear makes two requests; a vote is for one, and the other says nothing against it."""
    set_up(talk, blog=ALWAYS)
    assert hear(talk, "erin", f"/wedgate override {H1} regions=eu rules=saturday for=2h reason=x") == (0, 0)
    requests = {path: request_in(body) for path, body in own(talk).items()}
    assert requests[SHOP] != requests[BLOG]
    for who in ("alice", "bob"):
        assert hear(talk, who, f"/wedgate approve {H1} {requests[SHOP]}") == (0, 0)
    assert "needs 2 more approvals" in own(talk)[BLOG]
    # The anchor of the other's ledger says nothing of this one.
    assert talk.deploys(MERGED, "--config", BLOG).exit_code == 10
    done = talk.deploys(MERGED, "--config", SHOP)
    assert done.exit_code == 0, done.output
    assert "The override was used" in own(talk)[SHOP]
    assert "was used" not in own(talk)[BLOG]
    assert talk.deploys(MERGED, "--config", SHOP).exit_code == 10


def test_a_service_without_a_request_leaves_a_vote_to_the_one_that_has_it(talk: Talk) -> None:
    """What is meant for a service with other rules is asked of that one alone."""
    set_up(talk)
    blog = talk.world.commits["a" * 40][BLOG]
    talk.world.put(BLOG, blog.replace(b"saturday", b"sunday"))
    assert hear(talk, "erin", f"/wedgate override {H1} regions=eu rules=saturday for=2h reason=x") == (0, 11)
    assert hear(talk, "alice", f"/wedgate approve {H1} {request_in(own(talk)[SHOP])}") == (0, 0)
    assert "needs 1 more approval" in own(talk)[SHOP]


def test_a_vote_for_what_nobody_asked_is_refused_by_each(talk: Talk) -> None:
    """Only what another service shows is left to it."""
    set_up(talk, blog=ALWAYS)
    assert hear(talk, "erin", f"/wedgate override {H1} regions=eu rules=saturday for=2h reason=x") == (0, 0)
    assert hear(talk, "alice", f"/wedgate approve {H1} {'0' * 32}") == (11, 11)


def test_the_ledger_of_each_service_is_compared_with_its_own_anchors(talk: Talk) -> None:
    """Comments, statuses and deployments of the other services are of other ledgers."""
    set_up(talk, blog=ALWAYS)
    talk.world.brought_by[H1] = [7]
    assert hear(talk, "erin", f"/wedgate override {H1} regions=eu rules=saturday for=2h reason=x") == (0, 0)
    for path in (SHOP, BLOG):
        request = request_in(own(talk)[path])
        for who in ("alice", "bob"):
            hear(talk, who, f"/wedgate approve {H1} {request}")
    for path in (SHOP, BLOG):
        done = talk.deploys(H1, "--config", path, "--deployment", "production", run=900)
        assert done.exit_code == 0, done.output
    assert [each["environment"] for each in talk.world.deployments] == ["production/eu"] * 2
    for path in (SHOP, BLOG):
        place = talk.directory / path
        place.parent.mkdir()
        place.write_bytes(talk.world.commits["a" * 40][path])
        done = talk.run("push", "audit", "verify", "--pull-request", "7", "--config", path)
        assert done.exit_code == 0, done.output


def test_doctor_names_the_status_of_the_service(talk: Talk) -> None:
    """A rule that requires another service's status keeps nobody from merging this one."""
    set_up(talk)
    required = [{"context": f"wedgate ({SHOP})", "integration_id": 15368}, {"context": "wedgate"}]
    talk.world.rules["main"] = [
        {
            "type": "required_status_checks",
            "ruleset_source_type": "Repository",
            "ruleset_source": "acme/venue-search",
            "ruleset_id": 1,
            "parameters": {"strict_required_status_checks_policy": True, "required_status_checks": required},
        }
    ]

    def health(path: str) -> tuple[str, str]:
        found = json.loads(talk.run("push", "doctor", "--format", "json", "--config", path).stdout)["findings"]
        (status,) = [each for each in found if each["what"] == "the required status"]
        return status["health"], status["text"]

    assert health(SHOP) == ("well", f"main requires `wedgate ({SHOP})`")
    found, words = health(BLOG)
    assert found == "missing"
    assert f"`wedgate ({BLOG})`" in words


def test_a_configuration_of_the_root_keeps_the_plain_names(talk: Talk) -> None:
    """Beside the services of directories, and however its path is written."""
    set_up(talk)
    talk.configure()
    for options in ((), ("--config", "wedgate.yml")):
        comment = talk.world.say(7, "erin", "/wedgate status")
        assert talk.hears(comment.number, options=options).exit_code == 0
        assert talk.status["context"] == "wedgate"
    (body,) = [each.body for each in talk.world.comments[7] if each.login == "github-actions[bot]"]
    assert body.startswith("<!-- wedgate:override -->\n### ⛔ The gate is closed\n\n| region")


def test_a_service_finishes_its_own_deployments_alone(talk: Talk) -> None:
    """One run deploys both: what became of one says nothing of the other."""
    set_up(talk)
    shop = talk.world.commits["a" * 40][SHOP]
    talk.world.put(SHOP, shop.replace(ALWAYS.encode(), NEVER.encode()))
    for path in (SHOP, BLOG):
        done = talk.deploys(MERGED, "--config", path, "--deployment", "production", run=9)
        assert done.exit_code == 0, done.output
    made = {each["payload"]["wedgate"]["config"]: each["id"] for each in talk.world.deployments}
    assert set(made) == {SHOP, BLOG}
    talk.world.deployment_states.clear()

    def finish(state: str, *words: str) -> list[tuple[int, str]]:
        talk.world.deployment_states.clear()
        done = talk.run("push", "finish", "--state", state, *words, GITHUB_SHA=MERGED, GITHUB_RUN_ID="9")
        assert done.exit_code == 0, done.output
        return list(talk.world.deployment_states)

    assert finish("failure", "--config", BLOG) == [(made[BLOG], "failure")]
    assert finish("success", "--config", SHOP) == [(made[SHOP], "success")]
    assert finish("success") == []


ROLLOUTS = {SHOP: "r-20260606T080000Z-aaaaaa", BLOG: "r-20260606T090000Z-bbbbbb"}
HEARS = "on: {{issue_comment: {{types: [created]}}}}\njobs: {{answer: {{steps: [{{with: {{config: {path}}}}}]}}}}\n"


def set_up_rollouts(talk: Talk) -> None:
    """Let each service have a rollout under way, and a workflow that answers comments."""
    set_up(talk)
    for path, rollout in ROLLOUTS.items():
        name = path.partition("/")[0]
        talk.world.put(f".github/workflows/{name}.yml", HEARS.format(path=path).encode())
        claim(talk, name, rollout)


def claim(talk: Talk, name: str, rollout: str) -> None:
    """Let a service have a rollout under way, by its ledger."""
    claimed = Draft(
        stream=Stream.CLAIMS, kind="claimed", at=datetime(2026, 6, 6, 8, tzinfo=UTC),
        body={"rollout": rollout, "regions": ["eu"]},
    )  # fmt: skip
    token = talk.world.environment()["GITHUB_TOKEN"]
    store = GitStore(talk.server.url, f"refs/heads/wedgate/{name}", token=token)
    AuditBook(store, lambda _: None).transact(lambda _: [claimed])


def roll_back(talk: Talk, rollout: str) -> dict[str, tuple[int, str]]:
    """Ask for a rollback, and return by the path of each service what its run ended with and handed over."""
    comment, found = talk.world.say(7, "alice", f"/wedgate rollback {rollout} reason=bad"), {}
    for path in (SHOP, BLOG):
        code = talk.hears(comment.number, options=("--config", path)).exit_code
        written = (talk.directory / "output").read_text()
        found[path] = code, written.partition("rollback<<")[2].splitlines()[1]
    return found


def test_a_rollback_returns_the_service_whose_rollout_it_names(talk: Talk) -> None:
    """Every service reads the comment; the one whose rollout it is hands it over, and answers."""
    set_up_rollouts(talk)
    assert roll_back(talk, ROLLOUTS[BLOG]) == {SHOP: (0, ""), BLOG: (0, ROLLOUTS[BLOG])}
    assert list(own(talk)) == [BLOG]


def test_a_rollout_that_no_service_knows_is_answered_once(talk: Talk) -> None:
    """With the id that was probably meant, by the first of the services."""
    set_up_rollouts(talk)
    assert roll_back(talk, "r-20260606T080000Z-aaaaab") == {SHOP: (0, ""), BLOG: (11, "")}
    (answer,) = own(talk).values()
    assert f'did you mean "{ROLLOUTS[SHOP]}"?' in answer


def test_a_ledger_that_cannot_be_read_keeps_no_rollback_back(talk: Talk) -> None:
    """Nobody knows whose it is then; and a service that reads its own says that it leaves it to the one that cannot."""
    set_up_rollouts(talk)
    blog = talk.world.commits["a" * 40][BLOG]
    talk.world.put(BLOG, re.sub(rb'remote: "[^"]*"', b'remote: "http://127.0.0.1:9/x.git"', blog))
    found = roll_back(talk, ROLLOUTS[BLOG])
    assert found[SHOP] == (11, "")
    assert any("knows it could not be read here" in each.body for each in talk.world.comments[7])
    assert found[BLOG] == (20, ROLLOUTS[BLOG])
    assert roll_back(talk, ROLLOUTS[SHOP]) == {SHOP: (0, ROLLOUTS[SHOP]), BLOG: (20, "")}


def test_a_service_without_a_ledger_returns_what_no_other_knows(talk: Talk) -> None:
    """It cannot know its own; another's it finds in the other's ledger, and what nobody knows the other answers."""
    set_up_rollouts(talk)
    blog = talk.world.commits["a" * 40][BLOG]
    talk.world.put(BLOG, re.sub(rb"(?m)^state:.*\n", b"", blog))
    assert roll_back(talk, ROLLOUTS[SHOP]) == {SHOP: (0, ROLLOUTS[SHOP]), BLOG: (0, "")}
    unknown = "r-20260606T080000Z-aaaaab"
    assert roll_back(talk, unknown) == {SHOP: (11, ""), BLOG: (0, unknown)}


def test_a_service_whose_workflow_is_gone_answers_for_nobody(talk: Talk) -> None:
    """What a remark in a workflow names is no service: the one that sorts first would have to answer."""
    set_up_rollouts(talk)
    attic = "attic/wedgate.yml"
    talk.world.put(attic, talk.world.commits["a" * 40][BLOG].replace(b"service: blog", b"service: attic"))
    talk.world.put(".github/workflows/blog.yml", f"{HEARS.format(path=BLOG)}# was config: {attic}\n".encode())
    assert roll_back(talk, "r-20260606T080000Z-aaaaab") == {SHOP: (0, ""), BLOG: (11, "")}


WRITTEN = {
    "matrix": "{strategy: {matrix: {service: [PATH, x]}}, steps: [{with: {config: '${{ matrix.service }}'}}]}",
    "matrix of a command": (
        "{strategy: {matrix: {include: [{at: PATH}]}}, steps: [{run: 'wedgate comment --config ${{ matrix.at }}'}]}"
    ),
    "quoted": '{steps: [{with: {"config": "PATH"}}]}',
    "folded": "\n    steps:\n      - with:\n          config: >-\n            PATH",
    "command": "{steps: [{run: 'wedgate comment --config=PATH'}]}",
    "called": "{uses: org/wedgate/.github/workflows/override.yml@v1, with: {config: ./PATH}}",
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_service_is_found_however_its_workflow_names_it(talk: Talk, how: str) -> None:
    """A service that another does not find has its rollouts taken for nobody's."""
    set_up_rollouts(talk)
    for path in (SHOP, BLOG):
        job = WRITTEN[how].replace("PATH", path)
        workflow = f"on: {{issue_comment: {{types: [created]}}}}\njobs:\n  answer: {job}\n"
        talk.world.put(f".github/workflows/{path.partition('/')[0]}.yml", workflow.encode())
    assert roll_back(talk, ROLLOUTS[BLOG]) == {SHOP: (0, ""), BLOG: (0, ROLLOUTS[BLOG])}


def test_a_path_that_is_computed_names_services_that_are_not_known(talk: Talk) -> None:
    """A service that finds no other does not take itself for the only one then."""
    set_up_rollouts(talk)
    for name in ("shop", "blog"):
        talk.world.put(f".github/workflows/{name}.yml", HEARS.format(path='"${{ vars.WHERE }}"').encode())
    assert roll_back(talk, ROLLOUTS[BLOG]) == {SHOP: (11, ""), BLOG: (0, ROLLOUTS[BLOG])}


def test_services_that_are_not_known_return_no_rollout_of_another(talk: Talk) -> None:
    """Where the forge does not list them, a service still knows its own."""
    set_up_rollouts(talk)
    talk.world.failures["contents/.github/workflows"] = "500"
    found = roll_back(talk, ROLLOUTS[BLOG])
    assert found == {SHOP: (11, ""), BLOG: (0, ROLLOUTS[BLOG])}


def test_a_ledger_that_was_cut_keeps_no_rollback_back(talk: Talk) -> None:
    """What is missing in it may be what is under way: wedgate's own words show that something is."""
    set_up_rollouts(talk)
    under_way = "r-20260606T110000Z-cccccc"
    before = talk.server.git("rev-parse", "refs/heads/wedgate/blog").strip()
    claim(talk, "blog", under_way)
    assert hear(talk, "erin", "/wedgate status") == (0, 0)
    talk.server.git("update-ref", "refs/heads/wedgate/blog", before)
    found = roll_back(talk, under_way)
    assert found[BLOG][1] == under_way
    # What its ledger does not know, and another's does, is still not its own.
    assert roll_back(talk, ROLLOUTS[SHOP]) == {SHOP: (0, ROLLOUTS[SHOP]), BLOG: (0, "")}
