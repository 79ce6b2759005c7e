"""Who gives an order, and whether the policy lets them: on a runner its actor, in a terminal whoever has the ledger."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from wedgate.errors import RefusedError

if TYPE_CHECKING:
    from wedgate.overrides.policy import Duty


def giver(duty: Duty, config: Path | None, environment: Mapping[str, str]) -> str:
    """Return who gives an order; ``RefusedError`` if a runner's actor may not, by the policy of the default branch.

    In a terminal nobody but the ledger's own access rights can say no. Stopping is never refused: whoever can start a
    workflow may write to the repository, and nothing that must be asked first may stand in its way.
    """
    from wedgate.adapters.forge.runner import is_runner
    from wedgate.overrides.policy import Duty

    if not is_runner(environment) or duty is Duty.STOP:
        return asker(environment)
    actor, by = environment.get("GITHUB_ACTOR", ""), environment.get("GITHUB_TRIGGERING_ACTOR", "")
    number = environment.get("GITHUB_ACTOR_ID", "")
    if by not in ("", actor):
        raise RefusedError(f"{by} ran this again for {actor}; start a new run, so that it is clear who asks")
    if not number.isdigit():
        raise RefusedError("the runner does not say whose run this is (GITHUB_ACTOR_ID)")
    refuse_unless_may(duty, actor, int(number), config, environment)
    return actor


def asker(environment: Mapping[str, str]) -> str:
    """Return the name of whoever asks, as far as it is known; nothing is checked."""
    from wedgate.adapters.forge.runner import is_runner

    if is_runner(environment):
        return environment.get("GITHUB_TRIGGERING_ACTOR") or environment.get("GITHUB_ACTOR") or "somebody"
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def refuse_unless_may(duty: Duty, login: str, number: int, config: Path | None, environment: Mapping[str, str]) -> None:
    """Raise ``RefusedError`` if the policy of the default branch does not let somebody do something."""
    from wedgate.cli.conversing import Conversing
    from wedgate.overrides.people import Person

    conversing = Conversing.open(config, environment)
    if conversing.parts.configuration.overrides is None:
        return  # whoever may write may do it, and whoever can start a workflow may write
    if not conversing.overrides.roster.may(Person(id=number, login=login), duty):
        raise RefusedError(
            f"{login} may not {duty.value} here; ask somebody who may (`overrides.may` in wedgate.yml says who)"
        )
