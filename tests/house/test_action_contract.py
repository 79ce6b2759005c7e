"""action.yml, the command line, the documents and the outputs written are one interface."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

# The option of `wedgate check` that carries each input; none where the action itself uses the input.
OPTION_OF_INPUT = {
    "command": None,
    "config": "--config",
    "regions": "--region",
    "runway": "--runway",
    "at": "--at",
    "check-run": None,
    "digest": None,
    "budget": None,
    "reason": None,
    "deployment": "--deployment",
    "state": None,
    "commit": "--commit",
    "explain": "--explain",
    "github-token": None,
}
OUTPUTS = ("verdict", "decision", "reason-code", "next-open", "granted", "rollback", "report", "result")


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    """Read the action's metadata."""
    loaded: dict[str, Any] = yaml.safe_load((Path(__file__).resolve().parents[2] / "action.yml").read_text())
    return loaded


def step(action: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the one step of a name."""
    (found,) = [step for step in action["runs"]["steps"] if step["name"] == name]
    return dict(found)


def test_every_input_has_an_option_and_every_option_exists(action: dict[str, Any]) -> None:
    """An input that nothing reads, or an option that is gone, is noticed."""
    assert set(action["inputs"]) == set(OPTION_OF_INPUT)
    command: click.Command = importlib.import_module("wedgate.cli.check").command
    options = {name for parameter in command.params for name in parameter.opts}
    script = step(action, "Ask wedgate")["run"]
    for option in filter(None, OPTION_OF_INPUT.values()):
        assert option in options
        assert re.search(rf"{option}\b", script)
    assert "--format" in options


def test_every_option_of_check_is_an_input_or_has_no_place_on_a_runner(action: dict[str, Any]) -> None:
    """A new option of the command line asks whether the action should have it."""
    command: click.Command = importlib.import_module("wedgate.cli.check").command
    options = {parameter.opts[-1] for parameter in command.params if isinstance(parameter, click.Option)}
    # Questions from a file are never about now, and so let no job go on.
    without_place = {"--batch", "--replay", "--format", "--help", "--color", "--colour"}
    assert options - set(OPTION_OF_INPUT.values()) <= without_place


def test_inputs_are_text_with_a_description_and_a_default(action: dict[str, Any]) -> None:
    """All inputs are strings to the runner; `required` is not enforced there, so nothing is required."""
    for name, given in action["inputs"].items():
        assert name == name.lower()
        assert "_" not in name
        assert given["description"]
        assert given["required"] is False
        assert isinstance(given["default"], str)


def test_every_input_reaches_the_step_through_the_environment(action: dict[str, Any]) -> None:
    """No expression is pasted into a script: a value cannot become a command."""
    for each in action["runs"]["steps"]:
        assert "${{" not in each.get("run", "")
    passed = step(action, "Ask wedgate")["env"].values()
    assert {f"${{{{ inputs.{name} }}}}" for name in action["inputs"]} == set(passed)


def test_outputs_come_from_the_step_that_asks(action: dict[str, Any]) -> None:
    """If nothing was asked, every output is empty, and none says that the gate is open."""
    assert tuple(action["outputs"]) == OUTPUTS
    for name, output in action["outputs"].items():
        assert output["value"] == f"${{{{ steps.gate.outputs.{name} }}}}"


def test_the_outputs_are_those_that_check_writes(action: dict[str, Any], repository_root: Path) -> None:
    """Each output's name stands in the code that writes GITHUB_OUTPUT."""
    sources = [path.read_text() for path in (repository_root / "wedgate").rglob("*.py")]
    writers = [source for source in sources if "write_outputs" in source or "next-open" in source]
    writers += [source for source in sources if "GITHUB_OUTPUT" in source]
    assert any("GITHUB_OUTPUT" in source for source in writers)
    for name in action["outputs"]:
        assert any(f'"{name}"' in source for source in writers), name


def test_python_runs_isolated_everywhere(action: dict[str, Any]) -> None:
    """Neither the workspace nor PYTHONPATH decides what is imported."""
    for name in ("Install wedgate", "Ask wedgate"):
        script = step(action, name)["run"]
        calls = re.findall(r'(?:^|\{ |exec )\s*"\$(?:python|BASE_PYTHON)" (\S+)', script, re.MULTILINE)
        assert calls
        assert set(calls) == {"-I"}
    assert '-I -X utf8 -m wedgate "${arguments[@]}"' in step(action, "Ask wedgate")["run"]
    assert step(action, "Set up Python")["with"]["update-environment"] is False


def test_everything_installed_is_held_to_a_hash(action: dict[str, Any]) -> None:
    """Whatever is installed comes from a lock, or is this repository itself."""
    script = step(action, "Install wedgate")["run"]
    installs = [line for line in script.splitlines() if re.search(r"^\s*(install|elif pip) ", line)]
    assert len(installs) == 3
    for line in installs:
        assert "--require-hashes --only-binary=:all:" in line or "--no-deps --no-build-isolation ." in line
    uv = [line for line in script.splitlines() if "uv pip install" in line]
    assert len(uv) == 2
    assert all("pip install --no-config " in line for line in uv), "a uv.toml in the workspace would steer it"


def test_the_action_writes_to_no_file_that_steers_later_steps(action: dict[str, Any]) -> None:
    """GITHUB_ENV and GITHUB_PATH stay as they are; data goes through outputs."""
    text = yaml.safe_dump(action)
    assert "GITHUB_ENV" not in text
    assert "GITHUB_PATH" not in text


@pytest.mark.parametrize("page", ["README.md"])
def test_the_tables_say_what_action_yml_says(action: dict[str, Any], repository_root: Path, page: str) -> None:
    """Every input and output has its row, with the same default and description."""
    rows = [line for line in (repository_root / page).read_text().splitlines() if line.startswith("| `")]
    expected = [
        f"| `{name}` | {'`' + given['default'] + '`' if given['default'] else 'none'} | {given['description']} |"
        for name, given in action["inputs"].items()
    ] + [f"| `{name}` | {given['description']} |" for name, given in action["outputs"].items()]
    assert [row for row in rows if row in expected] == expected


class FakeRunner:
    """Runs the asking step with a stand-in for Python that writes down its arguments."""

    def __init__(self, action: dict[str, Any], directory: Path, *, code: int = 10) -> None:
        self.directory = directory
        self.script = step(action, "Ask wedgate")["run"]
        binary = directory / "wedgate-venv" / "bin"
        binary.mkdir(parents=True)
        python = binary / "python"
        python.write_text(f"#!/usr/bin/env bash\nprintf '%s\\n' \"$@\" >'{directory}/arguments'\nexit {code}\n")
        python.chmod(0o755)

    def ask(self, **inputs: str) -> tuple[int, str, list[str] | None]:
        """Return the exit code, what was printed, and the arguments that wedgate got (none if it was not run)."""
        settings = {
            name: ""
            for name in (
                "COMMAND",
                "CONFIG",
                "REGIONS",
                "RUNWAY",
                "AT",
                "COMMIT",
                "CHECK_RUN",
                "DEPLOYMENT",
                "DIGEST",
                "BUDGET",
                "REASON",
                "STATE",
                "EXPLAIN",
            )
            if name not in inputs
        }
        given = {"COMMAND": "check", **inputs}
        # A file, as on a runner: a shell puts the last command of a `-c` in its own place by itself.
        script = self.directory / "step.sh"
        script.write_text(self.script)
        run = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
            cwd=self.directory,
            env={
                "PATH": "/usr/bin:/bin",
                "RUNNER_TEMP": str(self.directory),
                "GITHUB_SHA": "c" * 40,
                **{f"WEDGATE_{name}": value for name, value in {**settings, **given}.items()},
            },
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        record = self.directory / "arguments"
        arguments = record.read_text().splitlines() if record.exists() else None
        return run.returncode, run.stdout + run.stderr, arguments


@pytest.fixture
def runner(action: dict[str, Any], tmp_path: Path) -> FakeRunner:
    """Return a runner with nothing in its workspace."""
    return FakeRunner(action, tmp_path)


def test_the_exit_code_is_passed_on(runner: FakeRunner) -> None:
    """Closed is 10 here as in a terminal."""
    code, _, arguments = runner.ask()
    assert code == 10
    assert arguments == ["-I", "-X", "utf8", "-m", "wedgate", "check", "--format", "github"]


@pytest.mark.parametrize(
    "regions", ["eu-central us-east", "eu-central,us-east", "eu-central, us-east\n", "eu-central\nus-east"]
)
def test_regions_may_be_separated_by_spaces_commas_and_lines(runner: FakeRunner, regions: str) -> None:
    """Each region is one option, in the order given."""
    _, _, arguments = runner.ask(REGIONS=regions)
    assert arguments is not None
    assert arguments[8:] == ["--region=eu-central", "--region=us-east"]


def test_each_value_is_one_argument_that_cannot_become_an_option(runner: FakeRunner) -> None:
    """Spaces, quotes and leading dashes stay inside the value."""
    _, _, arguments = runner.ask(CONFIG="a b'\"$(id).yml", RUNWAY="--help", AT="2027-06-05T12:00:00Z", EXPLAIN="true")
    assert arguments is not None
    assert arguments[8:] == [
        "--config=a b'\"$(id).yml",
        "--runway=--help",
        "--at=2027-06-05T12:00:00Z",
        "--explain",
    ]


@pytest.mark.parametrize("command", ["comment", "refresh"])
def test_comment_and_refresh_take_the_file_alone(runner: FakeRunner, command: str) -> None:
    """Everything else they read from the event and the default branch."""
    _, _, arguments = runner.ask(COMMAND=command, CONFIG="a/wedgate.yml", EXPLAIN="false")
    assert arguments is not None
    assert arguments[5:] == [command, "--config=a/wedgate.yml"]
    _, _, arguments = runner.ask(COMMAND=command, CHECK_RUN="true")
    assert arguments is not None
    assert arguments[5:] == [command, "--check-run"]


def test_finish_takes_the_state_and_the_commit(runner: FakeRunner) -> None:
    """Of a job's last step."""
    _, _, arguments = runner.ask(COMMAND="finish", STATE="success", COMMIT="a" * 40, EXPLAIN="false")
    assert arguments is not None
    assert arguments[5:] == ["finish", "--state=success", f"--commit={'a' * 40}"]
    _, _, arguments = runner.ask(COMMAND="finish", STATE="success", CONFIG="a/wedgate.yml")
    assert arguments is not None
    assert arguments[5:] == ["finish", "--state=success", "--config=a/wedgate.yml"]


def test_diff_takes_the_file_and_the_regions(runner: FakeRunner) -> None:
    """And tells the pull request that the run is for."""
    _, _, arguments = runner.ask(COMMAND="diff", CONFIG="a/wedgate.yml", REGIONS="eu us", EXPLAIN="false")
    assert arguments is not None
    assert arguments[5:] == ["diff", "--pull-request", "--config=a/wedgate.yml", "--region=eu", "--region=us"]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"COMMAND": "plan", "REGIONS": "eu"}, ["plan", "--format", "github", "--region=eu"]),
        ({"COMMAND": "tick", "REGIONS": "eu us"}, ["rollout", "tick", "--region=eu", "--region=us"]),
        (
            {"COMMAND": "start", "DIGEST": "sha256:new", "CONFIG": "a.yml"},
            ["rollout", "start", "--config=a.yml", "--digest=sha256:new", f"--commit={'c' * 40}"],
        ),
        (
            {"COMMAND": "run", "DIGEST": "sha256:new", "COMMIT": "a" * 40, "BUDGET": "5h"},
            ["rollout", "run", "--digest=sha256:new", f"--commit={'a' * 40}", "--budget=5h", "--dispatch"],
        ),
        ({"COMMAND": "report", "CONFIG": "a.yml"}, ["report", "receive", "--config=a.yml"]),
        ({"COMMAND": "run", "BUDGET": "5h"}, ["rollout", "run", "--budget=5h", "--dispatch"]),
        (
            {"COMMAND": "rollback", "REASON": "bookings $(id) fail", "REGIONS": "eu"},
            ["rollback", "--from-ledger", "--reason=bookings $(id) fail", "--region=eu"],
        ),
    ],
)
def test_rollouts_are_driven_with_what_each_command_takes(
    runner: FakeRunner, inputs: dict[str, str], expected: list[str]
) -> None:
    """The commit is the run's where none is named; a run with a budget starts the next."""
    _, _, arguments = runner.ask(EXPLAIN="false", **{"CHECK_RUN": "false", **inputs})
    assert arguments is not None
    assert arguments[5:] == expected


@pytest.mark.parametrize(("command", "code", "expected"), [("rollback", 12, 0), ("rollback", 20, 20), ("tick", 12, 12)])
def test_a_rollback_that_returned_traffic_succeeded(
    action: dict[str, Any], tmp_path: Path, command: str, code: int, expected: int
) -> None:
    """It is what was asked for; a rollout that was rolled back failed."""
    assert FakeRunner(action, tmp_path, code=code).ask(COMMAND=command)[0] == expected


def test_a_signal_to_the_step_reaches_wedgate(action: dict[str, Any], tmp_path: Path) -> None:
    """A runner that cancels tells the process that it started: the shell must not stand between."""
    runner = FakeRunner(action, tmp_path)
    python = tmp_path / "wedgate-venv" / "bin" / "python"
    python.write_text(f"#!/usr/bin/env bash\necho $$ >'{tmp_path}/arguments'\n")
    started = tmp_path / "started"
    runner.script = f"echo $$ >'{started}'\n{runner.script}"
    _, _, ran_as = runner.ask(COMMAND="run")
    assert ran_as == started.read_text().splitlines()


@pytest.mark.parametrize("value", ["false", "False", "FALSE", ""])
def test_the_text_false_is_false(runner: FakeRunner, value: str) -> None:
    """V18: a boolean input is text, and any text would be true if it were asked for its truth."""
    _, _, arguments = runner.ask(EXPLAIN=value)
    assert arguments is not None
    assert "--explain" not in arguments


@pytest.mark.parametrize(
    "inputs",
    [
        {"EXPLAIN": "yes"},
        {"COMMAND": "roll-back"},
        {"COMMAND": "k p"},
        {"COMMAND": ""},
        {"COMMAND": "tick", "DIGEST": "sha256:new"},
        {"COMMAND": "tick", "BUDGET": "5h"},
        {"COMMAND": "tick", "REASON": "x"},
        {"COMMAND": "rollback", "DIGEST": "sha256:new"},
        {"COMMAND": "rollback", "REASON": "x\n::warning::forged"},
        {"COMMAND": "run", "RUNWAY": "45m"},
        {"COMMAND": "plan", "COMMIT": "a" * 40},
        {"DIGEST": "sha256:new"},
        {"COMMAND": "diff", "RUNWAY": "45m"},
        {"COMMAND": "diff", "AT": "2027-06-05T12:00:00Z"},
        {"COMMAND": "diff", "EXPLAIN": "true"},
        {"COMMAND": "diff", "COMMIT": "a" * 40},
        {"COMMAND": "diff", "DEPLOYMENT": "production"},
        {"COMMAND": "comment", "STATE": "success"},
        {"COMMAND": "finish", "REGIONS": "eu", "STATE": "success"},
        {"COMMAND": "comment", "REGIONS": "eu"},
        {"COMMAND": "comment", "RUNWAY": "45m"},
        {"COMMAND": "refresh", "REGIONS": "eu"},
        {"CHECK_RUN": "true"},
        {"COMMAND": "comment", "CHECK_RUN": "maybe"},
        {"AT": "2027-06-05T12:00:00Z\ndecision=allow"},
        {"RUNWAY": "1h\n::set-output name=decision::allow"},
        {"CONFIG": "wedgate.yml\r::error::forged"},
        {"REGIONS": "eu-central\n::warning::forged"},
        {"REGIONS": "eu$(id)"},
        {"REGIONS": "*"},
        {"REGIONS": "eu;id"},
    ],
)
def test_what_cannot_be_meant_is_refused_and_not_repeated(runner: FakeRunner, inputs: dict[str, str]) -> None:
    """A refused value is not printed: whoever wrote it cannot talk to the runner."""
    (runner.directory / "a-file").touch()
    code, printed, arguments = runner.ask(**inputs)
    assert code == 2
    assert arguments is None
    assert printed.count("::") == 2
    assert "forged" not in printed
    assert "nothing was asked" in printed
