"""What of this machine decides how long something takes, as far as it can be read without rights."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path


def machine_facts(root: Path = Path("/"), *, cpu: int | None = None) -> dict[str, str]:
    """Return what does not change during a run: name, CPU, how many, the governor of ``cpu`` or of the first."""
    found = {"machine": platform.node(), "cpu": _model(root), "cpus": str(os.cpu_count() or "")}
    found["governor"] = _text(root / f"sys/devices/system/cpu/cpu{cpu or 0}/cpufreq/scaling_governor")
    return {name: value for name, value in found.items() if value}


def machine_state(root: Path = Path("/")) -> dict[str, str]:
    """Return what does: the load average over a minute, and the highest temperature in degrees Celsius."""
    found = {}
    with suppress(OSError, AttributeError):
        found["load"] = f"{os.getloadavg()[0]:.2f}"
    degrees = []
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*/temp")):
        with suppress(ValueError):
            degrees.append(int(_text(zone)) / 1000)
    if degrees:
        found["temperature"] = f"{max(degrees):.0f}"
    return found


def _model(root: Path) -> str:
    for line in _text(root / "proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
