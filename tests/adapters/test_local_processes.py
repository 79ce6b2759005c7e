"""Commands are run in fresh processes and measured by what the kernel counted, and none outlives its run."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from wedgate.adapters.processes.local import LocalLauncher, interrupted_by_ends, pinned, quiet_cpu
from wedgate.adapters.processes.machine import machine_facts, machine_state


def python(code: str) -> list[str]:
    """Return the words that run a line of Python."""
    return [sys.executable, "-I", "-S", "-c", code]


@pytest.fixture
def launcher() -> LocalLauncher:
    """Return one that is patient."""
    return LocalLauncher(timeout_seconds=60)


def test_waiting_takes_time_and_no_cpu(launcher: LocalLauncher) -> None:
    """A fifth of a second asleep is in the wall time, and not in the CPU time."""
    found = launcher.launch(python("import time; time.sleep(0.2); print('done')"))
    assert found.trouble is None
    assert found.wall_seconds >= 0.2
    assert found.cpu_seconds < 0.2
    assert found.output == "done\n"
    assert found.started.tzinfo is not None


def test_work_takes_cpu(launcher: LocalLauncher) -> None:
    """A process that counts its own CPU time up to a fifth of a second has used that much."""
    found = launcher.launch(python("import time\nwhile time.process_time() < 0.2: pass"))
    assert found.cpu_seconds >= 0.2


def test_peak_memory_is_the_commands_or_unknown(launcher: LocalLauncher) -> None:
    """What is larger than this process is seen; what needs less cannot be told from it, and is not told."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + (128 << 20)
    large = launcher.launch(python(f"x = bytearray({size})"))
    assert large.peak_bytes is not None
    assert size <= large.peak_bytes < size + (64 << 20)
    assert launcher.launch(["true"]).peak_bytes is None


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("raise SystemExit(3)", "it exited with 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "it was ended by SIGSEGV"),
    ],
)
def test_a_failure_says_how(launcher: LocalLauncher, code: str, trouble: str) -> None:
    """By its code, or by its signal; what it printed is kept."""
    found = launcher.launch(python(f"print('words', flush=True); {code}"))
    assert (found.trouble, found.output) == (trouble, "words\n")


def test_a_program_that_is_not_there_is_a_failure(launcher: LocalLauncher) -> None:
    """Not an exception."""
    assert (
        launcher.launch(["/no/such/program"]).trouble == "/no/such/program cannot be started: No such file or directory"
    )


def test_a_command_that_hangs_is_ended_with_its_children() -> None:
    """After the timeout nothing of it runs."""
    found = LocalLauncher(timeout_seconds=0.5).launch(["sh", "-c", "sleep 60 & echo $!; wait"])
    assert found.trouble == "it was not done after 0.5 s"
    assert found.wall_seconds < 30
    _assert_ends(int(found.output))


def test_what_a_command_leaves_behind_is_ended(launcher: LocalLauncher) -> None:
    """A child in the background would run beside the next measurement."""
    found = launcher.launch(["sh", "-c", "sleep 60 & echo $!"])
    _assert_ends(int(found.output))


def test_an_interrupt_before_it_is_waited_for_leaves_nothing(
    launcher: LocalLauncher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """^C while the clock of the time limit is being wound: the command is ended, and the program can end, too."""
    pids = tmp_path / "pids"
    start = threading.Timer.start

    def interrupted(timer: threading.Timer) -> None:
        start(timer)
        while not pids.is_file() or not pids.read_text().endswith("\n"):
            time.sleep(0.01)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Timer, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        launcher.launch(["sh", "-c", f"echo $$ >{pids}; sleep 60"])
    _assert_ends(int(pids.read_text()))
    assert not [each for each in threading.enumerate() if isinstance(each, threading.Timer) and not each.daemon]


def _assert_ends(pid: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _runs(pid):
        time.sleep(0.01)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_only_the_last_words_of_a_long_output_are_kept(launcher: LocalLauncher) -> None:
    """A mebibyte of them."""
    found = launcher.launch(python("print('x' * (3 << 20)); print('end')"))
    assert len(found.output) == 1 << 20
    assert found.output.endswith("end\n")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins nothing")
def test_commands_run_on_the_cpu_that_was_pinned(launcher: LocalLauncher) -> None:
    """The command sees one CPU, and afterwards this process has all of its own again."""
    before = os.sched_getaffinity(0)
    with pinned(max(before)):
        found = launcher.launch(python("import os; print(os.sched_getaffinity(0))"))
    assert found.output.strip() == str({max(before)})
    assert os.sched_getaffinity(0) == before
    assert quiet_cpu() in (None, max(before))


def test_the_machine_is_read_from_the_system_where_it_says_something(tmp_path: Path) -> None:
    """CPU, governor and the hottest zone from files as Linux has them; nothing from a system without them."""
    for name, text in {
        "proc/cpuinfo": "processor\t: 0\nmodel name\t: Large CPU @ 3 GHz\n",
        "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor": "powersave\n",
        "sys/class/thermal/thermal_zone0/temp": "41000\n",
        "sys/class/thermal/thermal_zone1/temp": "67400\n",
        "sys/class/thermal/thermal_zone2/temp": "not ready\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    facts = machine_facts(tmp_path, cpu=1)
    assert (facts["cpu"], facts["governor"]) == ("Large CPU @ 3 GHz", "powersave")
    assert machine_state(tmp_path)["temperature"] == "67"
    (tmp_path / "empty").mkdir()
    assert "governor" not in machine_facts(tmp_path / "empty")
    assert "temperature" not in machine_state(tmp_path / "empty")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_cancelled_job_leaves_no_command_running(launcher: LocalLauncher, tmp_path: Path, number: int) -> None:
    """It ends as ^C does; afterwards the signal does what it did before."""
    told, before = tmp_path / "pid", signal.getsignal(number)

    def cancel() -> None:
        while not (told.exists() and told.read_text().endswith("\n")):
            time.sleep(0.01)
        time.sleep(0.5)  # it has to be waited for
        os.kill(os.getpid(), number)

    signal.signal(number, lambda *_: None)  # without the guard the command goes on
    threading.Thread(target=cancel, daemon=True).start()
    try:
        with interrupted_by_ends(), pytest.raises(KeyboardInterrupt):
            launcher.launch(["sh", "-c", f"echo $$ > {told}; exec sleep 20"])
        assert signal.getsignal(number) is not signal.default_int_handler
    finally:
        signal.signal(number, before)
    _assert_ends(int(told.read_text()))
