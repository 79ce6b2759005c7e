"""The freezes that the ledger of a configuration knows, for commands that ask without a rollout."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.engine.audit import AuditBook
    from wedgate.ledger.audit import Frozen


def ledger_here(configuration: Configuration) -> AuditBook | None:
    """Return the ledger that a configuration names, away from a runner; ``None`` where none is named or begun."""
    if configuration.state is None:
        from wedgate.cli.places import default_ledger

        if not default_ledger(Path(configuration.path), configuration.service).exists():
            return None
    from wedgate.cli.ledger_wiring import open_store, state_of
    from wedgate.cli.override_wiring import pause
    from wedgate.engine.audit import AuditBook

    store, _ = open_store(*state_of(configuration), configuration.service)
    return AuditBook(store, pause)


def freezes_known(configuration: Configuration, environment: Mapping[str, str] | None = None) -> tuple[Frozen, ...]:
    """Return the freezes that nobody has ended, none without a ledger.

    ``ExternalSystemError`` or ``ConfigurationError`` where there is one that cannot be read. On a runner the
    configuration must be the default branch's: a pull request must not say where its token is sent.
    """
    found = os.environ if environment is None else environment
    if found.get("GITHUB_ACTIONS") == "true":
        from wedgate.cli.override_wiring import audit_book

        book = audit_book(configuration, found)
    else:
        book = ledger_here(configuration)
    return () if book is None else book.read().freezes
