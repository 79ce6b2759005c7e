"""Evidence from a command: it prints the counters of both colours as JSON, in the form of the file source.

Its own ``at`` is used, as of a file. The command gets no variables of wedgate's own environment but those that every
command needs and those that were asked for: the tokens of a runner are not its business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from wedgate.adapters._evidence.plain import parse_reading
from wedgate.adapters._service.command import ask, passed_on
from wedgate.judge.values import Reading


class CommandMetrics:
    """Evidence for one region. ``env`` names the variables of ``environment`` that the command asked for."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        region: str,
        limit: timedelta,
        env: Sequence[str] = (),
        environment: Mapping[str, str],
        baseline: str | None = None,
    ) -> None:
        self._argv = tuple(argv)
        self._region = region
        self._limit = limit
        self._baseline = baseline
        self._environment = {**passed_on(env, environment), "WEDGATE_REGION": region}

    def read(self, at: datetime) -> Reading:
        """Run the command; ``ExternalSystemError`` when it fails, takes too long, or prints something else."""
        what = f"{self._region}: the command for evidence"
        answer = ask(self._argv, b"", limit=self._limit, what=what, environment=self._environment)
        printed = f"{what}: what {self._argv[0]!r} printed"
        return parse_reading(answer, at=at, what=printed, baseline=self._baseline)
