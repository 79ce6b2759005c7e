"""What is released is the built wheel, so the wheel is what is tried."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_the_wheel_alone_walks_a_newcomers_first_commands(repository_root: Path) -> None:
    """Built, installed into an empty environment from the lock, used in an empty directory: version, schema, init,
    lint, check, next."""
    run = subprocess.run(
        [sys.executable, "-I", repository_root / "tools" / "try_wheel.py"],
        cwd=repository_root,
        env={name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "was built, installed and used" in run.stdout
