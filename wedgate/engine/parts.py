"""What the gate is built from: interfaces and callables, wired by the command line or a virtual world."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wedgate.calendars.facts import Facts, Needs
from wedgate.calendars.values import Span
from wedgate.config.configuration import Configuration
from wedgate.gate.decision import ConfigOrigin


class Almanac(Protocol):
    """Where dated facts come from, and which versions of them."""

    def gather(self, needs: Needs, span: Span) -> Facts:
        """Return the facts for a span of time; what a source does not cover is marked in them."""

    def zone_data_version(self) -> str:
        """Return the version of the zone database, such as ``2026f``."""

    def holidays_version(self) -> str:
        """Return the version of the holiday data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationText:
    """The bytes of the configuration that decides, and where they come from.

    ``ref`` is the commit for a file of the default branch. ``differs`` says whether a working file is not the
    default branch's; ``None``: that does not arise, or could not be found out (``incomparable``).
    """

    path: str
    content: bytes
    origin: ConfigOrigin
    ref: str | None = None
    differs: bool | None = None
    incomparable: bool = False


class ConfigurationSource(Protocol):
    """Where the configuration is read."""

    def fetch(self) -> ConfigurationText | None:
        """Return the configuration's text, ``None`` if there is no such file.

        Raises ``ConfigurationError`` when the file cannot be read, ``ExternalSystemError`` when the forge does not
        answer.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedChange:
    """What a pull request makes of the configuration, and of the files that it names; ``None``: there is no file.

    ``is_all``: it changes nothing else, so the calendar is not asked. ``changes`` says whether it changes a file, by
    its path in the repository, and ``before`` and ``after`` return such a file without and with the change. ``almanac``
    reads files as the change has them (``None``: as the gate's own does). ``base_path`` is where the file is without
    the change, and ``path`` with it (``None``: in the same place); files beside it are looked for beside each.
    ``is_led_astray`` says whether a file is a link, and the change one of what it leads to.
    """

    path: str
    base: bytes | None
    head: bytes | None
    is_all: bool = True
    changes: Callable[[str], bool] = lambda path: False
    before: Callable[[str], bytes | None] = lambda path: None
    after: Callable[[str], bytes | None] = lambda path: None
    almanac: Almanac | None = None
    base_path: str | None = None
    is_led_astray: Callable[[str], bool] = lambda path: False

    @property
    def is_moved(self) -> bool:
        """Whether the file is elsewhere with the change, and so whatever it names beside it."""
        return self.base_path not in (None, self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateParts:
    """Everything that the gate touches.

    ``parse`` turns bytes and the name for messages into a configuration (``ConfigurationError``, and
    ``ExternalSystemError`` when a shared calendar that it extends cannot be had). ``forge_date``
    returns the forge's clock where there is a forge. ``proposed_change`` returns the change to be judged when the
    gate runs for a pull request that changes anything, else ``None``. ``last_valid`` returns the
    last valid configuration of the default branch's history (``None``: none is found). ``out_of_reach`` returns
    those of some regions in which too few are left of those who may approve by a configuration's policy, with the
    owners by a change's file where there is a change. ``ledger_of`` returns where the ledger of a configuration really
    is, to be compared; ``None`` where none is kept. ``has_lost_ledger`` says whether that place is known not to exist
    any more, and ``ledger_trouble`` why the ledger that a change names cannot be read (``None``: it can).
    """

    almanac: Almanac
    clock: Callable[[], datetime]
    source: ConfigurationSource
    parse: Callable[[bytes, str], Configuration]
    forge_date: Callable[[], datetime] | None = None
    proposed_change: Callable[[], ProposedChange | None] | None = None
    last_valid: Callable[[], Configuration | None] | None = None
    out_of_reach: Callable[[Configuration, Collection[str], ProposedChange | None], Collection[str]] = (
        lambda configuration, regions, change: ()
    )
    ledger_of: Callable[[Configuration], object | None] = lambda configuration: (
        None if configuration.state is None else (configuration.state, configuration.service)
    )
    has_lost_ledger: Callable[[Configuration], bool] = lambda configuration: False
    ledger_trouble: Callable[[Configuration], str | None] = lambda configuration: None
    wedgate_version: str = ""
