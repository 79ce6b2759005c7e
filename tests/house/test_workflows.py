"""The project's own workflows keep the rules that wedgate's documents give to others."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from wedgate.cli.init import starter_files

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# `org/wedgate@v1` is the one reference that stays a tag in what is pasted: the release's commit is not known there.
CONFIG = ROOT / "tests" / "house" / "zizmor-of-examples.yml"
USES = re.compile(r"uses:\s*(?P<action>[^@\s]+)@(?P<ref>\S+)(?:\s+#\s*(?P<comment>\S+))?")


def loaded(path: Path) -> dict[Any, Any]:
    """Read a workflow; YAML 1.1 reads the key `on` as true, which is of no interest here."""
    content: dict[Any, Any] = yaml.safe_load(path.read_text())
    return content


def documents_with_workflows() -> list[Path]:
    """List every document that shows a workflow to paste."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in pages if "```yaml" in page.read_text()]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_permissions_are_given_by_job_and_explained(path: Path) -> None:
    """Nothing at the top, only what is used in each job."""
    workflow = loaded(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert "permissions" in job, name
        assert "timeout-minutes" in job, name
    for line in path.read_text().splitlines():
        if re.match(r"\s+[a-z-]+: (read|write)\b", line):
            assert "#" in line, line


def test_every_action_is_pinned_by_commit_and_all_pins_of_one_agree() -> None:
    """A tag can be moved; two versions of one action are a leftover."""
    pins: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
    for path in [*WORKFLOWS, ROOT / "action.yml"]:
        for match in USES.finditer(path.read_text()):
            if match["action"] == "org/wedgate":
                # What others call runs in their repository, where this one is known by its tag.
                assert "workflow_call" in loaded(path).get(True, {}), path
                continue
            assert re.fullmatch(r"[0-9a-f]{40}", match["ref"]), match[0]
            assert re.fullmatch(r"v\d+\.\d+\.\d+", match["comment"] or ""), match[0]
            pins[match["action"]].add((match["ref"], match["comment"]))
    assert {action: pin for action, pin in pins.items() if len(pin) != 1} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_checkout_keeps_its_credentials(path: Path) -> None:
    """A token on disk is a token for every later step."""
    for job in loaded(path)["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_last_job_of_ci_waits_for_every_other_one() -> None:
    """A job that nobody waits for can fail unseen."""
    jobs = loaded(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert set(jobs["all-green"]["needs"]) == set(jobs) - {"all-green"}
    assert jobs["all-green"]["if"] == "always()"


def test_ci_covers_the_pythons_that_are_promised() -> None:
    """3.11 to 3.14, as pyproject.toml says."""
    jobs = loaded(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    assert jobs["check"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]
    text = (ROOT / "pyproject.toml").read_text()
    assert 'requires-python = ">=3.11,<3.15"' in text
    for minor in (11, 12, 13, 14):
        assert f'"Programming Language :: Python :: 3.{minor}"' in text


def test_a_release_is_gated_built_attested_published_and_only_then_announced() -> None:
    """Each job of a release waits for the one before it."""
    jobs = loaded(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    order = ["gate", "build", "attest", "publish", "announce"]
    assert list(jobs) == order
    for before, job in itertools.pairwise(order):
        assert jobs[job]["needs"] == before
    assert any(step.get("uses") == "./" for step in jobs["gate"]["steps"])


def test_what_a_release_tests_is_tested_on_every_change() -> None:
    """The tests beside the built wheel run in CI too: a release is not the first to see them fail."""
    texts = [(ROOT / ".github" / "workflows" / name).read_text() for name in ("ci.yml", "release.yml")]
    assert all(re.search(r"tools/try_wheel\.py .*--tests", text) for text in texts)
    away = [path for path in (ROOT / "tests").rglob("test_*.py") if path.parent.name != "house"]
    # Beside the wheel there is no package in the tree.
    assert [path.name for path in away if re.search(r"(root|ROOT) / .wedgate[^.\w-]", path.read_text())] == []


def announce(directory: Path, tag: str, released: list[str]) -> list[str]:
    """Run the step that moves the major tag, with a forge that knows these tags; return what it asked of the forge."""
    jobs = loaded(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    (script,) = [step["run"] for step in jobs["announce"]["steps"] if "run" in step]
    gh = directory / "gh"
    names = " ".join(f"refs/tags/{name}" for name in released)
    gh.write_text(
        '#!/usr/bin/env bash\nprintf "%s\\n" "$*" >>calls\n'
        f'case "$*" in *matching-refs*) printf "%s\\n" {names} ;; esac\n'
    )
    gh.chmod(0o755)
    (directory / "tools").mkdir()
    shutil.copy2(ROOT / "tools" / "release_check.py", directory / "tools")
    environment = {"PATH": f"{directory}:/usr/bin:/bin", "TAG": tag, "COMMIT": "c" * 40, "GH_REPO": "org/wedgate"}
    (directory / "python3").symlink_to(sys.executable)
    subprocess.run(["bash", "-c", script], cwd=directory, env=environment, check=True, capture_output=True, text=True)
    return (directory / "calls").read_text().splitlines()


@pytest.mark.parametrize(("tag", "moves"), [("v1.10.0", True), ("v1.9.1", False), ("v2.0.0", True), ("v0.9.9", False)])
def test_the_major_tag_never_moves_backwards(tmp_path: Path, tag: str, moves: bool) -> None:
    """A correction of an older minor is released, and v1 stays where it is; versions are compared as numbers."""
    calls = announce(tmp_path, tag, ["v1.9.0", "v1.9.1", "v1.10.0", "v1.10.0-rc1", "v1", "v2.0.0", "v0.9.10", "v0.9.9"])
    major = tag.partition(".")[0]
    assert calls[0].startswith(f"release create {tag} ")
    assert any(f"refs/tags/{major} " in f"{call} " and "PATCH" in call for call in calls) is moves


def test_this_repository_gates_itself_with_its_own_action() -> None:
    """What is offered to others is used here."""
    jobs = loaded(ROOT / ".github" / "workflows" / "wedgate.yml")["jobs"]
    ask, require = jobs["gate"]["steps"][1:]
    assert ask["uses"] == "./"
    # It is asked on days on which it is closed, too.
    assert ask["continue-on-error"] is True
    assert "outputs.verdict" in require["env"]["VERDICT"]
    assert (ROOT / ".github" / "wedgate.yml").is_file()


@pytest.mark.parametrize("page", documents_with_workflows(), ids=lambda path: path.name)
def test_examples_to_paste_keep_the_rules(page: Path) -> None:
    """A fenced example is valid YAML, passes no expression into a script, and never tests for `not closed`."""
    for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL):
        yaml.safe_load(block)
        for script in re.findall(r"^\s*(?:- )?run:(.*)$", block, re.MULTILINE):
            assert "${{" not in script
        assert "!= 'closed'" not in block
        assert "pull_request_target" not in block
        if "uses: actions/checkout" in block:
            assert "persist-credentials: false" in block


def test_the_hook_runs_a_command_that_exists() -> None:
    """.pre-commit-hooks.yaml offers wedgate-lint, isolated like the action."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["id"] == "wedgate-lint"
    assert hook["entry"] == "python -I -X utf8 -m wedgate lint"
    pattern = re.compile(hook["files"])
    assert pattern.search("wedgate.yml")
    assert pattern.search(".github/wedgate.yml")
    assert not pattern.search(".github/workflows/wedgate.yml")
    assert not pattern.search("wedgate.example.yml")


@pytest.mark.parametrize("options", [[], ["--minimal"]], ids=["whole", "minimal"])
def test_the_workflows_that_init_writes_are_as_good_as_ours(tmp_path: Path, options: list[str]) -> None:
    """What people paste passes the same linters, pedantically, and uses inputs that the action has."""
    scripts = Path(sys.executable).parent
    commands = (
        [sys.executable, "-I", "-X", "utf8", "-m", "wedgate", "init", *options],
        [scripts / "zizmor", "--offline", "--quiet", "--persona", "pedantic", "--config", CONFIG, "."],
        [scripts / "check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
    )
    for command in commands:
        written = sorted((tmp_path / ".github" / "workflows").glob("*.yml")) if "vendor" in str(command[-1]) else []
        run = subprocess.run(
            [str(word) for word in (*command, *written)], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
    # One line is excused: comments start a workflow in which nothing of the pull request is checked out or executed.
    excused = {
        path.name: path.read_text().count("zizmor: ignore")
        for path in (tmp_path / ".github" / "workflows").glob("*.yml")
        if "zizmor: ignore" in path.read_text()
    }
    assert excused == ({} if options else {"wedgate-override.yml": 1})
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    gates = 0
    for path in (tmp_path / ".github" / "workflows").glob("*.yml"):
        for job in loaded(path)["jobs"].values():
            for step in job["steps"]:
                if step.get("uses", "").startswith("org/wedgate@"):
                    gates += 1
                    assert set(step.get("with", {})) <= set(inputs)
                    assert not step.get("continue-on-error")
    assert gates


def test_the_readme_shows_the_gate_that_init_writes(tmp_path: Path) -> None:
    """Word for word, so that what is tested is what is pasted."""
    gate = starter_files(tmp_path, root=tmp_path, minimal=False)[tmp_path / ".github/workflows/wedgate-gate.yml"]
    assert f"```yaml\n{gate}```\n" in (ROOT / "README.md").read_text()


def test_updates_wait_a_week() -> None:
    """Most bad releases are withdrawn within days."""
    updates = loaded(ROOT / ".github" / "dependabot.yml")["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"github-actions", "pip"}
    assert all(update["cooldown"]["default-days"] >= 7 for update in updates)


CALLED = sorted(path for path in WORKFLOWS if "workflow_call" in (loaded(path).get(True) or {}))


def groups_of(path: Path) -> list[str]:
    """Return the concurrency groups of a workflow."""
    return [job["concurrency"]["group"] for job in loaded(path)["jobs"].values() if "concurrency" in job]


@pytest.mark.parametrize("path", CALLED, ids=lambda path: path.name)
def test_what_others_call_uses_inputs_that_there_are(path: Path) -> None:
    """Of the action, and its own; none reaches a script but through the environment."""
    inputs = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    own = loaded(path)[True]["workflow_call"].get("inputs", {})
    for name, given in own.items():
        assert given["description"], name
        assert "default" in given, name
    assert set(re.findall(r"inputs\.([a-z-]+)", path.read_text())) == set(own)
    for job in loaded(path)["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            if step.get("uses", "").startswith("org/wedgate@"):
                assert set(step.get("with", {})) <= set(inputs)
                assert not step.get("continue-on-error")


def test_no_comment_takes_the_place_of_another() -> None:
    """Of the runs that wait in a group all but the newest are dropped, and only a comment's own run freezes."""
    places = (ROOT / ".github/workflows/override.yml", ROOT / "wedgate/config/resources/wedgate-override.yml")
    for place in places:
        (group,) = re.findall(r"group: (.+)", place.read_text())
        assert group.endswith("-${{ github.event.comment.id }}")
        assert "cancel-in-progress: false" in place.read_text()


def test_a_rollback_shares_its_group_with_nothing_and_is_never_cancelled() -> None:
    """Not even with another rollback: a group in which it waits is one in which a newer run takes its place."""
    (rollback,) = groups_of(ROOT / ".github/workflows/rollback.yml")
    (rollout,) = groups_of(ROOT / ".github/workflows/rollout.yml")
    assert "github.run_id" in rollback
    assert not rollback.startswith(rollout.partition("${{")[0])
    for name in ("rollback", "rollout"):
        (job,) = loaded(ROOT / f".github/workflows/{name}.yml")["jobs"].values()
        assert job["concurrency"]["cancel-in-progress"] is False
    (job,) = loaded(ROOT / ".github/workflows/rollback.yml")["jobs"].values()
    assert "needs" not in job
    assert job["environment"] == "${{ inputs.environment }}"
    assert (
        loaded(ROOT / ".github/workflows/rollback.yml")[True]["workflow_call"]["inputs"]["environment"]["default"] == ""
    )


def test_the_start_of_a_release_is_not_replaced_by_a_tick() -> None:
    """A group holds one waiting run: a tick that comes later would cancel the start that waits."""
    (group,) = groups_of(ROOT / ".github/workflows/rollout.yml")
    assert "inputs.digest || 'tick'" in group


@pytest.mark.parametrize("name", ["check", "rollout"])
def test_what_may_use_a_grant_reads_what_anchors_the_ledger(name: str) -> None:
    """Comments, statuses and check runs: where only the last have an anchor, a use without them ends with 20."""
    (job,) = loaded(ROOT / ".github" / "workflows" / f"{name}.yml")["jobs"].values()
    given = {key: job["permissions"].get(key) for key in ("pull-requests", "statuses", "checks")}
    assert given.pop("pull-requests") in ("read", "write")
    assert given == {"statuses": "read", "checks": "read"}


def test_a_plan_may_write_a_comment_and_nothing_else() -> None:
    """And checks nothing out."""
    (job,) = loaded(ROOT / ".github/workflows/plan.yml")["jobs"].values()
    assert job["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert [step.get("uses") for step in job["steps"]] == ["org/wedgate@v1"]


@pytest.mark.parametrize(("code", "expected"), [(12, 0), (0, 0), (20, 20), (13, 13)])
def test_a_rollback_by_the_wedgate_of_the_machine(tmp_path: Path, code: int, expected: int) -> None:
    """Each value is one argument, whatever it holds; traffic that was returned is a success."""
    (job,) = loaded(ROOT / ".github/workflows/rollback.yml")["jobs"].values()
    (script,) = [step["run"] for step in job["steps"] if "run" in step]
    wedgate = tmp_path / "wedgate"
    wedgate.write_text(f"#!/usr/bin/env bash\nprintf '%s\\n' \"$@\" >'{tmp_path}/arguments'\nexit {code}\n")
    wedgate.chmod(0o755)
    given = {"WEDGATE": str(wedgate), "REASON": "it $(id) fails", "REGIONS": "eu, us", "CONFIG": "a b.yml"}
    run = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        env={"PATH": "/usr/bin:/bin", **given},
        check=False,
    )
    assert run.returncode == expected
    expected_words = [
        "rollback",
        "--from-ledger",
        "--reason=it $(id) fails",
        "--config=a b.yml",
        "--region=eu",
        "--region=us",
    ]
    assert (tmp_path / "arguments").read_text().splitlines() == expected_words
