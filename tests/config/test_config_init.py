"""`wedgate init`: the starter is valid and says what it blocks; nothing is ever overwritten."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from wedgate.cli import init
from wedgate.config.load import load_configuration, parse_configuration
from wedgate.config.schema import committed_schema
from wedgate.config.warnings import warnings_of
from wedgate.errors import ConfigurationError, UsageError

FULL = (
    "wedgate.yml",
    ".wedgate/schema.json",
    ".wedgate/.gitignore",
    ".github/workflows/wedgate-gate.yml",
    ".github/workflows/wedgate-diff.yml",
    ".github/workflows/wedgate-rollout.yml",
    ".github/workflows/wedgate-rollback.yml",
    ".github/workflows/wedgate-plan.yml",
    ".github/workflows/wedgate-override.yml",
    ".github/workflows/wedgate-refresh.yml",
)
PERMISSIONS = {
    "wedgate-gate.yml": {"contents": "read"},
    "wedgate-rollout.yml": {
        "contents": "read",
        "actions": "write",
        "pull-requests": "read",
        "statuses": "read",
        "checks": "read",
    },
    "wedgate-rollback.yml": {"contents": "read"},
    "wedgate-plan.yml": {"contents": "read", "pull-requests": "write"},
    "wedgate-diff.yml": {"contents": "read", "pull-requests": "write"},
    "wedgate-override.yml": {
        "contents": "write",
        "pull-requests": "write",
        "statuses": "write",
        "actions": "read",
    },
    "wedgate-refresh.yml": {"contents": "read", "pull-requests": "write", "statuses": "write"},
}
"""The least that each job needs; nothing that comments on pull requests or posts statuses deploys."""


def run(*arguments: str) -> Result:
    """Run ``wedgate init``."""
    return CliRunner().invoke(init.command, list(arguments), standalone_mode=False)


def files_in(directory: Path) -> dict[str, bytes]:
    """Return every file under a directory."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_the_starter_is_valid_and_has_the_four_regions(tmp_path: Path) -> None:
    """Four regions of several markets each, a rollout for all of them, no warning."""
    assert run(str(tmp_path)).return_value == 0
    assert set(files_in(tmp_path)) == set(FULL)
    configuration = load_configuration(tmp_path / "wedgate.yml")
    assert [region.name for region in configuration.calendar.regions] == [
        "us-east",
        "us-west",
        "eu-central",
        "asia-pacific",
    ]
    assert all(len(region.markets) >= 2 for region in configuration.calendar.regions)
    assert configuration.rollout is not None
    assert set(configuration.rollout.strategies) == {"steady", "careful", "switch"}
    assert warnings_of(configuration) == ()


def test_an_editor_finds_the_schema_without_a_network(tmp_path: Path) -> None:
    """The first line names a file that was written beside it."""
    run(str(tmp_path))
    first = (tmp_path / "wedgate.yml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./.wedgate/schema.json"
    assert (tmp_path / ".wedgate/schema.json").read_text() == committed_schema()


def test_minimal_is_one_region_and_the_gate(tmp_path: Path) -> None:
    """One region, Saturdays, no rollout."""
    assert run("--minimal", str(tmp_path)).return_value == 0
    assert set(files_in(tmp_path)) == set(FULL[:4])
    configuration = load_configuration(tmp_path / "wedgate.yml")
    assert len(configuration.calendar.regions) == 1
    assert [rule.id for rule in configuration.calendar.rules] == ["saturdays"]
    assert configuration.rollout is None


@pytest.mark.parametrize("name", [*FULL, ".github/wedgate.yml"])
def test_nothing_is_overwritten_and_then_nothing_is_written(tmp_path: Path, name: str) -> None:
    """One file that is there already is named, stays as it is, and no other is written; a dangling link counts."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"mine")
    with pytest.raises(UsageError, match="is there already; nothing was written") as raised:
        init.command.main([str(tmp_path)], standalone_mode=False)
    assert str(path) in str(raised.value)
    assert int(raised.value.exit_code) == 2
    assert files_in(tmp_path) == {name: b"mine"}
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError):
        init.command.main([str(tmp_path)], standalone_mode=False)
    assert files_in(tmp_path) == {}


def git(directory: Path, *words: str) -> str:
    """Run git in a directory, without the user's settings."""
    settings = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PATH": os.environ["PATH"]}
    return subprocess.run(
        ["git", *words], cwd=directory, env=settings, capture_output=True, text=True, check=True
    ).stdout


def test_the_ledger_outlives_a_job_and_its_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cleaned as a checkout on a runner cleans, the state is still there: it lies in the user's home, which a
    terminal has too."""
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    git(tmp_path, "init", "-q", "work")
    run(str(tmp_path / "work"))
    state = load_configuration(tmp_path / "work" / "wedgate.yml").state
    assert state is not None
    directory = Path(str(state.options["path"]))
    assert directory == tmp_path / "home/.local/state/wedgate"
    ledger = tmp_path / "work" / directory / "my-service.jsonl"
    ledger.parent.mkdir(parents=True)
    ledger.touch()
    git(tmp_path / "work", "clean", "-ffdx")
    assert ledger.exists()
    (job,) = workflows(tmp_path / "other")["wedgate-rollout.yml"]["jobs"].values()
    checkout = next(step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["clean"] is False


def test_a_home_that_nobody_has_is_refused() -> None:
    """`~` is never the name of a directory."""
    text = "version: 1\nservice: x\nregions: {eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}}\n"
    configuration = parse_configuration(f"{text}state: {{kind: file, path: ~nobody-of-that-name/x}}".encode(), name="f")
    with pytest.raises(ConfigurationError, match=r"state\.path: there is no home for '~nobody-of-that-name/x'"):
        assert configuration.state


def test_state_that_lies_in_the_checkout_is_not_committed(tmp_path: Path) -> None:
    """`git add .` takes what init wrote, and nothing of a ledger beside it."""
    git(tmp_path, "init", "-q", ".")
    run(str(tmp_path))
    (tmp_path / ".wedgate/state").mkdir()
    (tmp_path / ".wedgate/state/my-service.jsonl").touch()
    git(tmp_path, "add", ".")
    assert set(git(tmp_path, "diff", "--cached", "--name-only").splitlines()) == set(FULL)


def test_in_a_directory_of_a_repository_the_workflows_go_to_its_root(tmp_path: Path) -> None:
    """The forge looks for them there alone; they name the configuration, and two services do not share a lock."""
    (tmp_path / ".git").mkdir()
    for service in ("search", "booking"):
        directory = tmp_path / "services" / service
        assert run(str(directory)).return_value == 0
        assert set(files_in(directory)) == set(FULL[:3])
        deploy = load_configuration(directory / "wedgate.yml").rollout.targets["us-east"].options["deploy"]
        assert deploy[0] == f"./services/{service}/deploy"
    read = {path.name: yaml.safe_load(path.read_text()) for path in (tmp_path / ".github/workflows").iterdir()}
    assert len(read) == 14
    gate = read["wedgate-gate-services-search.yml"]["jobs"]["deploy"]
    assert gate["steps"][0]["with"]["config"] == "services/search/wedgate.yml"
    assert gate["steps"][-1]["run"] == './services/search/deploy "$REGION"'
    rollout = read["wedgate-rollout-services-search.yml"]["jobs"]["rollout"]
    assert rollout["steps"][-1]["with"]["config"] == "services/search/wedgate.yml"
    assert len({job["concurrency"]["group"] for each in read.values() for job in each["jobs"].values()}) == 14
    assert len({each["name"] for each in read.values()}) == 14
    woken = [
        read[f"wedgate-rollout-services-{service}.yml"][True]["repository_dispatch"]["types"]
        for service in ("search", "booking")
    ]
    assert woken == [["wedgate-rollout-services-search"], ["wedgate-rollout-services-booking"]]
    paths = read["wedgate-diff-services-search.yml"][True]["pull_request"]["paths"]
    assert paths == ["services/search/wedgate.yml"]


def test_a_relative_directory_finds_its_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the help shows it: `wedgate init services/venue-search` at the root of a clone."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run("services/venue-search").return_value == 0
    assert (tmp_path / ".github/workflows/wedgate-gate-services-venue-search.yml").exists()
    assert not (tmp_path / "services/venue-search/.github").exists()


def test_a_path_that_no_workflow_can_name_is_refused(tmp_path: Path) -> None:
    """A space or a quote in the path would be read by a shell."""
    (tmp_path / ".git").mkdir()
    with pytest.raises(UsageError, match="the workflows cannot name"):
        init.command.main([str(tmp_path / "a b")], standalone_mode=False)
    assert files_in(tmp_path) == {}


def test_a_rollout_starts_by_a_person_and_goes_on_by_itself(tmp_path: Path) -> None:
    """The digest is never required: the next run of a dispatch and the schedule have none, and go on."""
    workflow = workflows(tmp_path)["wedgate-rollout.yml"]
    starts = workflow[True]
    assert set(starts) == {"workflow_dispatch", "schedule", "repository_dispatch"}
    assert starts["workflow_dispatch"]["inputs"]["digest"]["required"] is False
    (job,) = workflow["jobs"].values()
    assert job["steps"][-1]["with"]["command"] == "run"
    assert job["steps"][-1]["with"]["budget"] == "5h"
    assert job["timeout-minutes"] < 360


def test_a_rollback_waits_for_nobody_and_nobody_stops_it(tmp_path: Path) -> None:
    """A group of its own for each run, no environment with reviewers, no runner that a rollout keeps busy."""
    written = workflows(tmp_path)
    (back,) = written["wedgate-rollback.yml"]["jobs"].values()
    (rollout,) = written["wedgate-rollout.yml"]["jobs"].values()
    assert "github.run_id" in back["concurrency"]["group"]
    assert "environment" not in back
    assert "needs" not in back
    assert back["runs-on"] != rollout["runs-on"]
    assert back["steps"][0]["continue-on-error"] is True


def test_a_disk_that_fills_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the third file cannot be written the first two are taken back, with their directories."""
    target, real = tmp_path / "new", Path.open

    def full(self: Path, *arguments: object, **options: object) -> object:
        if self.name == "wedgate-gate.yml" and arguments == ("x",):
            raise OSError(28, "No space left on device", str(self))
        return real(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(UsageError, match=r"wedgate-gate\.yml \(No space left on device\); nothing was written"):
        init.command.main([str(target)], standalone_mode=False)
    assert not target.exists()


def test_a_directory_that_cannot_be_written_gives_one_message(tmp_path: Path) -> None:
    """A read-only directory, or a file in its place."""
    (tmp_path / "file").write_text("")
    places = [tmp_path / "file"]
    if os.getuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        places.append(tmp_path / "locked")
    for place in places:
        with pytest.raises(UsageError, match=r"cannot write .*nothing was written"):
            init.command.main([str(place)], standalone_mode=False)


def test_it_says_rule_by_rule_what_it_blocks(tmp_path: Path) -> None:
    """Each rule of the starter stands under what it does."""
    output = run(str(tmp_path)).output
    closes, _, careful = output.partition("This asks for care:")
    for rule in ("saturdays", "booking-surge", "valentine", "new-year"):
        assert f"  {rule} " in closes
    for rule in ("high-season", "public-holidays"):
        assert f"  {rule} " in careful


def test_open_hours_are_counted_from_the_configuration() -> None:
    """A region in UTC closed on Saturdays and at load 6 for a day each week is open 120 of 168 hours."""
    text = """version: 1
service: x
regions:
  here: {markets: {utc: {zone: UTC, country: GB}}}
  there: {markets: {kolkata: {zone: Asia/Kolkata, country: IN}, utc: {zone: UTC, country: GB}}}
rules:
  a: {where: all, weekdays: saturday, effect: block}
  b: {where: here, weekdays: sunday, load: 6}
"""
    calendar = parse_configuration(text.encode(), name="f").calendar
    lines = init.open_hours(calendar, now=datetime(2027, 1, 4, 12, tzinfo=UTC))
    # Two days of seven; and one Saturday that lasts 24 hours and the 5.5 between Kolkata and Greenwich.
    assert [line.split() for line in lines[1:]] == [["here", "120"], ["there", "139"]]


def workflows(tmp_path: Path) -> dict[str, dict[str, object]]:
    """Write the starter and return its workflows."""
    run(str(tmp_path))
    return {path.name: yaml.safe_load(path.read_text()) for path in (tmp_path / ".github/workflows").glob("*.yml")}


def test_the_workflows_are_careful(tmp_path: Path) -> None:
    """No permission but the named ones, no credentials left behind, nothing cut in half, every action pinned."""
    for name, workflow in workflows(tmp_path).items():
        assert workflow["permissions"] == {}, name
        for job in workflow["jobs"].values():
            deploys = name in ("wedgate-gate.yml", "wedgate-rollout.yml")
            assert job["permissions"] == PERMISSIONS[name]
            assert bool(job.get("environment")) is deploys
            assert job["concurrency"]["cancel-in-progress"] is (name in ("wedgate-diff.yml", "wedgate-plan.yml"))
            for step in job["steps"]:
                assert "${{" not in step.get("run", ""), "values reach the shell through env only"
                used = step.get("uses", "")
                if used.startswith("actions/checkout@"):
                    assert step["with"]["persist-credentials"] is False
                if used and not used.startswith("org/wedgate@"):
                    assert len(used.partition("@")[2]) == 40


def test_the_gate_has_one_job_for_each_region_with_its_own_environment(tmp_path: Path, repository_root: Path) -> None:
    """The matrix names the regions of the starter, and the gate stands before everything else."""
    (job,) = workflows(tmp_path)["wedgate-gate.yml"]["jobs"].values()
    regions = [region.name for region in load_configuration(tmp_path / "wedgate.yml").calendar.regions]
    assert job["strategy"]["matrix"]["region"] == regions
    assert job["strategy"]["fail-fast"] is False
    assert "${{ matrix.region }}" in job["environment"]
    assert job["steps"][0]["uses"].startswith("org/wedgate@v1")
    assert set(job["steps"][0]["with"]) <= set(yaml.safe_load((repository_root / "action.yml").read_text())["inputs"])


@pytest.mark.needs_tool("actionlint")
def test_the_workflows_pass_actionlint(tmp_path: Path, tool_named: object) -> None:
    """A workflow that is pasted works as it stands."""
    run(str(tmp_path))
    paths = [str(path) for path in (tmp_path / ".github/workflows").glob("*.yml")]
    done = subprocess.run([str(tool_named("actionlint")), *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_workflows_pass_zizmor_but_for_the_version_of_wedgate_itself(tmp_path: Path, repository_root: Path) -> None:
    """Pedantic; the one finding left is ``org/wedgate@v1``, which the comment beside it tells to pin."""
    run(str(tmp_path))
    zizmor = shutil.which("zizmor", path=str(repository_root / ".venv/bin")) or shutil.which("zizmor")
    if zizmor is None:
        pytest.skip("zizmor is not installed")
    for path in (tmp_path / ".github/workflows").glob("*.yml"):
        path.write_text(path.read_text().replace("org/wedgate@v1 ", f"org/wedgate@{'a' * 40} "))
    command = [zizmor, "--offline", "--pedantic", "--no-progress", "--no-config", str(tmp_path / ".github")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
