"""Events as GitHub sends them (the published examples) drive `wedgate comment` and what a run is for."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from github_world import GithubWorld, Pull

from wedgate.adapters.forge.runner import change_event
from wedgate.cli.main import cli
from wedgate.errors import UsageError

EXAMPLES = ".tools/npm/node_modules/@octokit/webhooks-examples/api.github.com/index.json"
pytestmark = pytest.mark.needs_file(EXAMPLES)
CONFIG = b"""version: 1
service: venue-search
regions: {eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}}
rules: {saturday: {where: all, weekdays: monday..sunday, effect: block}}
"""


@pytest.fixture
def world() -> Iterator[GithubWorld]:
    """Serve a repository with a pull request."""
    with GithubWorld() as found:
        found.put("wedgate.yml", CONFIG)
        found.pulls[1] = Pull(head="b" * 40)
        yield found


def examples(repository_root: Path, name: str) -> list[dict[str, Any]]:
    """Return the published events of a name."""
    every = json.loads((repository_root / EXAMPLES).read_text(encoding="utf-8"))
    (found,) = [each["examples"] for each in every if each["name"] == name]
    assert found
    return list(found)


def hear(world: GithubWorld, place: Path, event: dict[str, Any]) -> tuple[int, str]:
    """Run `wedgate comment` for an event."""
    path = place / "event.json"
    path.write_text(json.dumps(event))
    environment = {**world.environment(), "GITHUB_EVENT_NAME": "issue_comment", "GITHUB_EVENT_PATH": str(path)}
    done = CliRunner(env=environment).invoke(cli, ["comment"], obj={"debug": False}, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return int(done.return_value), done.output


def test_published_comments_are_none_of_its_business(world: GithubWorld, tmp_path: Path, repository_root: Path) -> None:
    """They are on issues; some are edited or deleted. Nothing is asked of the forge for them."""
    for event in examples(repository_root, "issue_comment"):
        code, output = hear(world, tmp_path, event)
        assert code == 0
        assert "nothing to do" in output
    assert world.asked == []


def test_a_published_comment_on_a_pull_request_is_answered(
    world: GithubWorld, tmp_path: Path, repository_root: Path
) -> None:
    """With a command in it, and the link that GitHub adds for a pull request; where the two differ it was edited."""
    (pull, *_) = examples(repository_root, "pull_request")
    links = {name: pull["pull_request"][name] for name in ("url", "html_url", "diff_url", "patch_url")}
    created = next(each for each in examples(repository_root, "issue_comment") if each["action"] == "created")
    freeze = "/wedgate freeze for=2h reason=x"
    for body, told, code in (
        ("/wedgate status", "/wedgate status", 0),
        (freeze, freeze, 11),
        ("/wedgate status", "/wedgate override everything", 11),
        ("just talk", "just talk", 0),
    ):
        event = copy.deepcopy(created)
        event["issue"]["pull_request"] = links
        event["comment"] |= {"id": world.say(1, "zoe", body).number, "body": told}
        event["comment"]["user"] |= {"login": "zoe", "id": world.person("zoe")["id"]}
        assert hear(world, tmp_path, event)[0] == code
    own = [each for each in world.comments[1] if each.login == "github-actions[bot]"]
    assert len(own) == 1
    assert len(world.reactions) == 3


@pytest.mark.parametrize("name", ["pull_request", "merge_group"])
def test_published_events_say_what_a_run_is_for(tmp_path: Path, repository_root: Path, name: str) -> None:
    """Those towards the default branch; the commits are those of the event."""
    found = 0
    for event in examples(repository_root, name):
        path = tmp_path / "event.json"
        path.write_text(json.dumps(event))
        change = change_event({"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)})
        if change is None:
            continue
        found += 1
        head = event["merge_group"]["head_sha"] if name == "merge_group" else event["pull_request"]["head"]["sha"]
        assert change.head_sha == head
    assert found > 0


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"action": "created"}', "not json"])
def test_what_is_no_event_is_named(tmp_path: Path, text: str | None) -> None:
    """No file, and a file of something else: one clear error."""
    path = tmp_path / "event.json"
    if text is not None:
        path.write_text(text)
    for words, said in (
        (["comment", "--event", str(path)], r"event\.json is no event"),
        (["comment"], "there is no event"),
    ):
        done = CliRunner(env={"GITHUB_EVENT_PATH": ""}).invoke(cli, words, obj={"debug": False}, standalone_mode=False)
        if text == "{}" and "--event" in words:
            assert "nothing to do" in done.output
            continue
        assert isinstance(done.exception, UsageError)
        assert re.search(said, str(done.exception))
