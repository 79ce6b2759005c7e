"""The command target: the documented command keeps the contract, odd answers are errors, and the fence is kept."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from modules import module_at

from wedgate.adapters._service import files
from wedgate.adapters.targets import command as command_module
from wedgate.adapters.targets.command import CommandTarget
from wedgate.adapters.targets.interface import Capacity, FenceError, WeightsReading
from wedgate.errors import ConfigurationError, ExternalSystemError
from wedgate.rollout.values import Colour, Fence, Release, TargetSettings, Weights

CONTRACT = Path(__file__).resolve().parents[1] / "contract" / "target_contract.py"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "command-target.md"

TEN = Weights(blue=90, green=10)
BACK = Weights(blue=100, green=0)
RELEASE = Release(commit="c" * 40, digest="sha256:new")


contract = module_at(CONTRACT)


def fence(epoch: int, revision: int = 1, rollout: str = "venue-search-7") -> Fence:
    """Return one fence."""
    return Fence(epoch=epoch, revision=revision, rollout=rollout)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return the state of the documented command: everything on blue, nobody's fence."""
    path = tmp_path / "state.json"
    digests = {"blue": contract.RUNNING.digest}
    path.write_text(json.dumps({"digests": digests, "weights": {"blue": 100, "green": 0}, "fence": None}))
    return path


@pytest.fixture
def documented(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., CommandTarget]:
    """Return the maker of targets whose command is the documented one; with ``forgets`` it does not keep the fence."""
    (script,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.setenv("SWITCH_STATE", str(state))

    def make(*, forgets: bool = False, **options: object) -> CommandTarget:
        text = script
        if forgets:
            text = text.replace(', "fence": state["fence"]}', "}").replace(
                '= state["fence"], question["fence"]', '= None, question["fence"]'
            )
            assert text != script
            options["fence-file"] = str(tmp_path / "fence.json")
        (tmp_path / "switch").write_text(text)
        return target_of([sys.executable, str(tmp_path / "switch")], **options)

    return make


def target_of(command: list[str], **options: object) -> CommandTarget:
    """Return a target with this command."""
    return CommandTarget(TargetSettings(kind="command", region="us-west", options={"command": command, **options}))


def saying(answer: object, *, code: int = 0, words: str = "", **options: object) -> CommandTarget:
    """Return a target whose command says this, whatever it is asked."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    script = f"import sys; sys.stdin.read(); print({text!r}); print({words!r}, file=sys.stderr); sys.exit({code})"
    return target_of([sys.executable, "-c", script], **options)


class TestCommandThatKeepsTheFence(contract.TargetContract):  # type: ignore[misc,name-defined]
    """The documented command."""

    @pytest.fixture
    def target(self, documented: Callable[..., CommandTarget]) -> CommandTarget:
        """A region whose green is empty."""
        return documented()


class TestCommandWhoseFenceIsKept(contract.TargetContract):  # type: ignore[misc,name-defined]
    """The documented command without its fence, which wedgate keeps in a file."""

    @pytest.fixture
    def target(self, documented: Callable[..., CommandTarget]) -> CommandTarget:
        """A region whose green is empty."""
        return documented(forgets=True)


@pytest.mark.parametrize("forgets", [False, True])
@pytest.mark.parametrize("older", [fence(3, 9), fence(4, 1), fence(4, 2, rollout="another")])
def test_a_lower_fence_is_refused(documented: Callable[..., CommandTarget], older: Fence, forgets: bool) -> None:
    """A lower epoch, a lower revision, or a stranger with the same numbers writes nothing; the text names both."""
    target = documented(forgets=forgets)
    target.set_weights(TEN, fence(4, 2))
    with pytest.raises(FenceError) as caught:
        target.set_weights(BACK, older)
    assert str(older) in str(caught.value)
    assert str(fence(4, 2)) in str(caught.value)
    assert caught.value.held == fence(4, 2)
    assert documented(forgets=forgets).weights() == WeightsReading(weights=TEN, fence=fence(4, 2))


@pytest.mark.parametrize("forgets", [False, True])
def test_many_writers_at_once_end_on_the_highest_fence(documented: Callable[..., CommandTarget], forgets: bool) -> None:
    """Whoever comes late with a lower fence is refused, and nothing of theirs stays."""
    target, refused = documented(forgets=forgets), []

    def write(revision: int) -> None:
        try:
            target.set_weights(Weights(blue=100 - revision, green=revision), fence(1, revision))
        except FenceError:
            refused.append(revision)

    threads = [threading.Thread(target=write, args=(revision,)) for revision in (3, 1, 4, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert 4 not in refused
    assert target.weights() == WeightsReading(weights=Weights(blue=96, green=4), fence=fence(1, 4))


def test_what_is_asked_is_what_is_documented(tmp_path: Path) -> None:
    """Every field of every question, as the page lists them."""
    script = (
        "import json, sys; question = json.load(sys.stdin); file = open(sys.argv[1], 'a');"
        "asked = open(sys.argv[1]).read(); green = 10 if 'set_weights' in asked else 0;"
        "file.write(json.dumps(question) + '\\n'); print(json.dumps({'protocol': 1, 'digest': None, 'capacity': None,"
        "'weights': {'blue': 100 - green, 'green': green},"
        "'fence': {'rollout': 'venue-search-7', 'epoch': 3, 'revision': 2}}))"
    )
    addresses = {"blue": "127.0.0.1:1", "green": "127.0.0.1:2"}
    target = target_of([sys.executable, "-c", script, str(tmp_path / "asked")], addresses=addresses)
    target.deploy(Colour.GREEN, RELEASE)
    assert target.digest(Colour.BLUE) is None
    assert target.capacity(Colour.GREEN) is None
    target.set_weights(TEN, fence(3, 2))
    about = {"protocol": 1, "region": "us-west", "addresses": addresses}
    green, blue = ({"colour": name, "address": address} for name, address in reversed(addresses.items()))
    written = {"rollout": "venue-search-7", "epoch": 3, "revision": 2}
    assert [json.loads(line) for line in (tmp_path / "asked").read_text().splitlines()] == [
        {**about, "call": "weights"},
        {**about, "call": "deploy", **green, "release": {"commit": "c" * 40, "digest": "sha256:new"}},
        {**about, "call": "digest", **blue},
        {**about, "call": "capacity", **green},
        {**about, "call": "set_weights", "weights": {"blue": 90, "green": 10}, "fence": written},
        {**about, "call": "weights"},
    ]


def test_capacity_is_what_the_command_says() -> None:
    """Instances that could serve, and that are wanted."""
    assert saying({"protocol": 1, "capacity": {"ready": 2, "wanted": 3}}).capacity(Colour.BLUE) == Capacity(
        ready=2, wanted=3
    )


WHOLE = {"protocol": 1, "weights": {"blue": 100, "green": 0}, "fence": None}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", "answered not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("done", "answered not JSON .*'done"),
        ([], 'without "protocol": 1'),
        ({**WHOLE, "protocol": 2}, 'without "protocol": 1'),
        ({**WHOLE, "protocol": True}, 'without "protocol": 1'),
        ({"protocol": 1, "fence": None}, "in whole percent"),
        ({**WHOLE, "weights": {"blue": 0, "green": 0}}, "sum to 100"),
        ({**WHOLE, "weights": {"blue": 99.5, "green": 0.5}}, "in whole percent"),
        ({**WHOLE, "fence": "search/1/2"}, "a fence that is not"),
        ({**WHOLE, "fence": {"rollout": "x", "epoch": 1}}, "a fence that is not"),
        ({"protocol": 1, "weights": {"blue": 100, "green": 0}}, "no fence, nor null; .*give fence-file"),
    ],
)
def test_an_answer_that_is_none_is_an_error(answer: object, said: str) -> None:
    """It names the call and what was wrong, and points to the page."""
    with pytest.raises(ExternalSystemError, match=said) as caught:
        saying(answer).weights()
    assert "us-west: asking the command for weights" in str(caught.value)
    assert "docs/reference/command-target.md" in str(caught.value)


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("digest", {"protocol": 1}),
        ("digest", {"protocol": 1, "digest": ""}),
        ("digest", {"protocol": 1, "digest": 7}),
        ("capacity", {"protocol": 1}),
        ("capacity", {"protocol": 1, "capacity": {"ready": -1, "wanted": 2}}),
        ("capacity", {"protocol": 1, "capacity": {"ready": 1}}),
    ],
)
def test_what_a_command_does_not_say_is_not_taken_for_nothing(call: str, answer: object) -> None:
    """``null`` is "not known" or "nothing runs there"; a field that is missing or odd is an error."""
    with pytest.raises(ExternalSystemError, match=f"asking the command for {call}"):
        getattr(saying(answer), call)(Colour.BLUE)


def test_an_answer_that_is_too_long_is_an_error() -> None:
    """A command that prints without end is not read without end."""
    with pytest.raises(ExternalSystemError, match="more than 1 MiB"):
        target_of([sys.executable, "-c", "print('x' * 3_000_000)"]).weights()


def test_a_failure_shows_the_last_lines_of_the_error_output() -> None:
    """Not of the answer; and where there are none, those of the answer."""
    words = "\n".join(f"line {number}" for number in range(5000))
    with pytest.raises(ExternalSystemError, match=r"exited with 3; its last lines:\n  line 4988\n(.|\n)*line 4999$"):
        saying(WHOLE, code=3, words=words).weights()
    with pytest.raises(ExternalSystemError, match=r"exited with 3; its last lines:\n  no such thing"):
        saying("no such thing", code=3).weights()
    with pytest.raises(ExternalSystemError, match=r"cannot run './no-such-command'"):
        target_of(["./no-such-command"]).weights()


@pytest.mark.parametrize("call", ["weights", "deploy"])
def test_a_command_that_takes_too_long_is_killed_with_what_it_started(tmp_path: Path, call: str) -> None:
    """Each call by its own limit."""
    script = (
        "import json, subprocess, sys, time; question = json.load(sys.stdin);"
        f"question['call'] == {call!r} or sys.exit(print(json.dumps({WHOLE!r})));"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid)); print('hm', file=sys.stderr, flush=True);"
        "time.sleep(60)"
    )
    limits = {"command-timeout": 1 if call == "weights" else 60, "deploy-timeout": 1 if call == "deploy" else 60}
    target = target_of([sys.executable, "-c", script], **limits)
    with pytest.raises(ExternalSystemError, match=r"was not done after 1 s and was killed(.|\n)*hm"):
        target.weights() if call == "weights" else target.deploy(Colour.GREEN, RELEASE)
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_weights_that_do_not_come_in_force_are_not_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that says it is done and reports other weights is an error that names both."""
    monkeypatch.setattr(command_module, "CONFIRM_SECONDS", 0.05)
    with pytest.raises(ExternalSystemError, match=r"blue 90 / green 10 of .*/1/1, but .* reports blue 100 / green 0"):
        saying(WHOLE).set_weights(TEN, fence(1))


def test_weights_that_come_in_force_late_are_waited_for(tmp_path: Path) -> None:
    """A load balancer that applies late is asked again."""
    script = (
        "import json, sys, pathlib; call = json.load(sys.stdin)['call']; times = pathlib.Path(sys.argv[1]);"
        "asked = len(times.read_text()) if times.exists() else 0; green = 10 if asked > 2 else 0;"
        "times.write_text('x' * (asked + (call == 'weights')));"
        "print(json.dumps({'protocol': 1, 'weights': {'blue': 100 - green, 'green': green}}))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "times")]
    target = target_of(command, **{"fence-file": str(tmp_path / "fence.json")})
    assert target.set_weights(TEN, fence(1)) == WeightsReading(weights=TEN, fence=fence(1))


def test_a_kept_fence_is_there_before_the_command_is_asked(
    documented: Callable[..., CommandTarget], state: Path
) -> None:
    """A change that ended half way keeps older writers out; both what was and what was asked for are known."""
    target = documented(forgets=True)
    target.set_weights(TEN, fence(1))
    whole = state.read_text()
    state.write_text("broken")
    with pytest.raises(ExternalSystemError, match="exited with 1"):
        target.set_weights(Weights(blue=50, green=50), fence(1, 2))
    state.write_text(whole)
    assert target.weights() == WeightsReading(weights=TEN, fence=fence(1))
    with pytest.raises(FenceError):
        target.set_weights(BACK, fence(1))
    state.write_text(whole.replace("90", "50").replace("10}", "50}"))
    assert target.weights() == WeightsReading(weights=Weights(blue=50, green=50), fence=fence(1, 2))
    assert target.set_weights(BACK, fence(1, 3)).weights == BACK
    state.write_text(whole)
    assert target.weights() == WeightsReading(weights=TEN, fence=None)


@pytest.mark.parametrize(
    "content", ["", "garbage", "[]", "{}", '{"weights": {"blue": 1, "green": 99}, "earlier": [1]}']
)
def test_a_broken_fence_file_does_not_stop_a_rollback(
    documented: Callable[..., CommandTarget], tmp_path: Path, content: str
) -> None:
    """It is written anew."""
    (tmp_path / "fence.json").write_text(content)
    target = documented(forgets=True)
    assert target.weights().fence is None
    assert target.set_weights(BACK, fence(1)) == WeightsReading(weights=BACK, fence=fence(1))


def test_the_other_targets_deploy_and_verify_go_first(tmp_path: Path) -> None:
    """Where they are given, the command is asked for weights alone."""
    script = f"open({str(tmp_path / 'deployed')!r}, 'w').write('yes')"
    target = saying(
        {**WHOLE, "digest": "sha256:the-command-says"},
        deploy=[sys.executable, "-c", script, "{digest}"],
        verify={"url": "http://127.0.0.1:1/version"},
    )
    target.deploy(Colour.GREEN, RELEASE)
    assert (tmp_path / "deployed").read_text() == "yes"
    assert target.digest(Colour.GREEN) is None


def test_options_are_checked_all_at_once() -> None:
    """Everything wrong with the options is named in one message."""
    options = {"command": "./switch", "command-timeout": "soon", "fence-file": 3, "admin": "x", "addresses": 1}
    with pytest.raises(ConfigurationError) as caught:
        CommandTarget(TargetSettings(kind="command", region="us-west", options=options))
    for name in ("command: ", "command-timeout: ", "fence-file: ", "admin: ", "addresses: "):
        assert f"rollout.target of us-west: {name}" in str(caught.value)


def is_running(process: int) -> bool:
    """Tell whether a process is there and not a zombie."""
    try:
        os.kill(process, 0)
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


SLOW = """
import json, sys, time
from pathlib import Path
here, question = Path(sys.argv[1]), json.load(sys.stdin)
if question["call"] == "set_weights":
    if question["weights"]["green"] == 10:
        (here / "begun").touch()
        time.sleep(2)
    (here / "weights").write_text(json.dumps(question["weights"]))
print(json.dumps({"protocol": 1, "weights": json.loads((here / "weights").read_text())}))
"""

RAISES = """
import sys
from wedgate.adapters.targets.command import CommandTarget
from wedgate.rollout.values import Fence, TargetSettings, Weights
options = {"command": [sys.executable, sys.argv[1] + "/slow", sys.argv[1]], "fence-file": sys.argv[1] + "/fence.json"}
target = CommandTarget(TargetSettings(kind="command", region="us-west", options=options))
target.set_weights(Weights(blue=90, green=10), Fence(epoch=5, revision=1, rollout="venue-search-7"))
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_a_command_whose_wedgate_was_killed_is_waited_for(tmp_path: Path) -> None:
    """It still sets 10 % when somebody rolls back: the rollback comes after it, and is what stays in force."""
    (tmp_path / "slow").write_text(SLOW)
    (tmp_path / "weights").write_text(json.dumps({"blue": 100, "green": 0}))
    tick = subprocess.Popen([sys.executable, "-c", RAISES, str(tmp_path)], cwd=Path(__file__).resolve().parents[2])
    deadline = time.monotonic() + 30
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    tick.send_signal(signal.SIGKILL)
    tick.wait()
    target = target_of(
        [sys.executable, str(tmp_path / "slow"), str(tmp_path)], **{"fence-file": str(tmp_path / "fence.json")}
    )
    target.set_weights(BACK, fence(1005, 0))
    time.sleep(2.5)
    assert json.loads((tmp_path / "weights").read_text()) == {"blue": 100, "green": 0}


def test_weights_of_somebody_else_do_not_hide_which_fence_is_refused(
    documented: Callable[..., CommandTarget], state: Path
) -> None:
    """A run takes its lease above the fence in the file, whoever wrote the weights that are in force."""
    target = documented(forgets=True)
    target.set_weights(BACK, fence(1004, 0))
    state.write_text(json.dumps({**json.loads(state.read_text()), "weights": {"blue": 90, "green": 10}}))
    found = target.weights()
    assert (found.weights, found.fence, found.highest) == (TEN, None, 1004)


LEAVES_A_CHILD = """
import json, subprocess, sys
from pathlib import Path
here, question = Path(sys.argv[1]), json.load(sys.stdin)
if question["call"] == "set_weights" and question["weights"]["green"] == 10:
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    child = subprocess.Popen(["sleep", "60"], start_new_session=True, close_fds=False, **quiet)
    (here / "child").write_text(str(child.pid))
    sys.exit("no connection")
print(json.dumps({"protocol": 1, "weights": {"blue": 100, "green": 0}}))
"""


def test_what_a_failed_command_left_behind_does_not_hold_a_rollback_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ssh does, which keeps a connection open: the child has inherited the lock."""
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.2)
    (tmp_path / "leaves").write_text(LEAVES_A_CHILD)
    command = [sys.executable, str(tmp_path / "leaves"), str(tmp_path)]
    target = target_of(command, **{"fence-file": str(tmp_path / "fence.json"), "command-timeout": "2s"})
    try:
        with pytest.raises(ExternalSystemError, match="no connection"):
            target.set_weights(TEN, fence(5))
        assert is_running(int((tmp_path / "child").read_text()))
        target.set_weights(BACK, fence(1005, 0))
    finally:
        os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)
