"""wedgate: a deployment gate for businesses whose worst hour is somebody's most important day.

For programs there is ``wedgate.load``; ``__all__`` is all of the interface, and every other module is private. What it
names is imported when it is first asked for, so that ``import wedgate`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wedgate.api import Answer, RegionAnswer, Schedule, Why, load
    from wedgate.calendars.merged import MergedTimeline
    from wedgate.calendars.values import Interval, Verdict
    from wedgate.errors import ConfigurationError, UsageError, WedgateError

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "ConfigurationError",
    "Interval",
    "MergedTimeline",
    "RegionAnswer",
    "Schedule",
    "UsageError",
    "Verdict",
    "WedgateError",
    "Why",
    "__version__",
    "load",
]

_PLACES = {
    "wedgate.api": ("Answer", "RegionAnswer", "Schedule", "Why", "load"),
    "wedgate.calendars.merged": ("MergedTimeline",),
    "wedgate.calendars.values": ("Interval", "Verdict"),
    "wedgate.errors": ("ConfigurationError", "UsageError", "WedgateError"),
}


def __getattr__(name: str) -> object:
    """Import one name of the interface."""
    from importlib import import_module

    for place, names in _PLACES.items():
        if name in names:
            found: object = getattr(import_module(place), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module 'wedgate' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the interface."""
    return sorted(__all__)
