"""The options of a command target in wedgate.yml as one checked value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from wedgate.adapters._service.settings import KNOWN as SERVICE
from wedgate.adapters._service.settings import Checks, ServiceSettings, is_words, parse_limit, parse_service
from wedgate.rollout.values import TargetSettings

KNOWN = ("kind", "command", "command-timeout", "fence-file", *SERVICE)
DEFAULT_LIMIT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSettings:
    """Which command is asked, for how long, who keeps the fence (``None``: the command), and the service behind it."""

    region: str
    command: tuple[str, ...]
    limit: timedelta
    fence_file: Path | None
    service: ServiceSettings


def parse_settings(settings: TargetSettings) -> CommandSettings:
    """Check the options of one target; ``ConfigurationError`` names everything that is wrong with them at once."""
    options, checks = settings.options, Checks(settings)
    checks.strangers("a command", KNOWN)
    command = options.get("command")
    if not is_words(command) or not command:
        remedy = 'write the command as a list: [./switch, "{region}"]'
        checks.wrong("command", f"expected a list of words, got {command!r}", remedy)
    limit = parse_limit(options.get("command-timeout", DEFAULT_LIMIT))
    if limit is None or limit <= timedelta(0):
        checks.wrong("command-timeout", "expected a duration", "write a number with a unit, such as 30s")
    fence_file = options.get("fence-file")
    if fence_file is not None and (not isinstance(fence_file, str | Path) or not str(fence_file)):
        remedy = "write where wedgate may keep the fence, or leave it out if the command keeps it"
        checks.wrong("fence-file", f"expected a path, got {fence_file!r}", remedy)
    service = parse_service(settings, checks)
    checks.finish()
    return CommandSettings(
        region=settings.region,
        command=tuple(command) if isinstance(command, list | tuple) else (),
        limit=limit or DEFAULT_LIMIT,
        fence_file=None if fence_file is None else Path(str(fence_file)),
        service=service,
    )
