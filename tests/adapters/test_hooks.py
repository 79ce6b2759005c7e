"""Commands as hooks: what they see, how long they may take, and what is kept of what they print."""

from __future__ import annotations

import base64
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from wedgate.adapters.hooks.command import CommandHooks, inert
from wedgate.rollout.hooks import LONGEST_OUTPUT, HookCall, HookEnd
from wedgate.rollout.values import HookPoint, HookSettings

CALL = HookCall(
    point=HookPoint.BEFORE_SHIFT,
    service="venue-search",
    region="eu",
    rollout="r-1",
    commit="c" * 40,
    digest="sha256:new",
    colour="green",
    weight=25,
    why="a\0b",
)


def run(script: str, *, seconds: float = 20, env: tuple[str, ...] = (), **environment: str) -> HookEnd:
    """Run a Python script as hook."""
    command = (sys.executable, "-I", "-c", script)
    settings = HookSettings(command=command, limit=timedelta(seconds=seconds), env=env)
    return CommandHooks({CALL.point: settings}, environment).run(CALL)


def test_a_hook_sees_facts_the_usual_and_what_it_asked_for() -> None:
    """And no token that happens to be in wedgate's own environment."""
    secret = {"GITHUB_TOKEN": "geheim", "WEDGATE_GITHUB_TOKEN": "geheim"}
    mine = {"PATH": "/bin", "LC_ALL": "C.UTF-8", "LC_SECRET": "leak", "A_URL": "u", **secret}
    script = "import os; print(*sorted(f'{k}={v}' for k, v in os.environ.items()), sep=chr(10))"
    end = run(script, env=("A_URL", "NOT_SET"), **mine)
    assert end.trouble == ""
    assert end.output.splitlines() == [
        "A_URL=u",
        "LC_ALL=C.UTF-8",
        "PATH=/bin",
        "WEDGATE_COLOUR=green",
        f"WEDGATE_COMMIT={'c' * 40}",
        "WEDGATE_DIGEST=sha256:new",
        "WEDGATE_HOOK=before-shift",
        "WEDGATE_REGION=eu",
        "WEDGATE_ROLLOUT=r-1",
        "WEDGATE_SERVICE=venue-search",
        "WEDGATE_WEIGHT=25",
        "WEDGATE_WHY=ab",
    ]


def test_a_hook_that_hangs_is_killed_with_what_it_started() -> None:
    """At its limit; what it printed until then is kept."""
    child = "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
    began = time.monotonic()
    end = run(child, seconds=1.5, PATH=os.environ["PATH"])
    assert time.monotonic() - began < 4
    assert end.trouble.endswith("was not done after 1.5 s and was killed")
    assert end.took >= timedelta(seconds=1.5)
    until = time.monotonic() + 10
    while is_alive(int(end.output)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(int(end.output))


def is_alive(process: int) -> bool:
    """Whether a process runs, and is not only waited for by nobody."""
    stat = Path(f"/proc/{process}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_hook_that_fails_or_is_not_there_says_how() -> None:
    """Nothing is raised."""
    end = run("print('why'); raise SystemExit(3)")
    assert (end.output, end.trouble) == ("why", f"{sys.executable!r} exited with 3")
    settings = HookSettings(command=("/no/such/hook",), limit=timedelta(seconds=1))
    end = CommandHooks({CALL.point: settings}, {}).run(CALL)
    assert end.trouble == "cannot run '/no/such/hook': No such file or directory"


def test_output_is_bounded_inert_and_without_what_was_asked_for() -> None:
    """The end of it, without escapes, bells and carriage returns; a secret that it printed is blotted out."""
    end = run(
        "import os; print('x' * 9000); print('\\x1b[31mred\\x07 \\r\\0', os.environ['TOKEN'])",
        env=("TOKEN",),
        TOKEN="geheimnis",
    )
    assert len(end.output) == LONGEST_OUTPUT
    assert end.output.endswith("***")
    assert "geheimnis" not in end.output
    assert all(each.isprintable() or each == "\n" for each in end.output)
    assert inert(b"\xff\xfe a\n\n \t\nb\x1b]0;t\x07", []) == "\ufffd\ufffd a\nb ]0;t"
    assert inert(b"abc", ["b", ""]) == "abc"


def test_a_secret_is_blotted_out_however_it_was_printed() -> None:
    """A key of several lines comes out line by line, and encoded."""
    key = "-----BEGIN KEY-----\nMIIEvgIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n"
    printed = "indented:\n" + "".join(f"  {line}\r\n" for line in key.splitlines())
    assert inert(printed.encode(), [key]) == "indented:\n" + "\n".join(["  ***"] * 4)
    assert inert(base64.b64encode(key.encode()), [key]) == "***"
    assert inert(key.encode(), [key]) == "***"
