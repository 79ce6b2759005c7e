"""Wires telling people: the destinations of a configuration, Apprise, and the thread in which it is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wedgate.cli.ledger_wiring import open_store, state_of
from wedgate.errors import RefusedError

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.engine.afterwards import Afterwards, Job
    from wedgate.engine.notify import Teller
    from wedgate.engine.progress import Progress
    from wedgate.engine.rollout_parts import RolloutParts
    from wedgate.rollout.notices import Notice


def say(text: str) -> None:
    """Say what went wrong with what is done afterwards; it changes nothing else."""
    click.echo(f"warning: {text}", err=True)


def _say_of_notify(text: str) -> None:
    say(f"notify: {text}")


def open_teller(configuration: Configuration, *, insists: bool = True) -> Teller:
    """Open the teller of a configuration's destinations, with a ledger of its own to read and write."""
    from wedgate.adapters.notify.apprise import AppriseMessenger
    from wedgate.cli.override_wiring import pause
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.notify import Teller, TellerParts

    store, spool = open_store(*state_of(configuration), configuration.service)
    return Teller(
        TellerParts(
            service=configuration.service,
            destinations=configuration.notify,
            store=store,
            spool=spool,
            messenger=AppriseMessenger(os.environ),
            clock=utc_now,
            say=_say_of_notify,
            pause=pause,
            more=lambda at: expiring_sources(configuration, at),
            insists=insists,
        )
    )


def expiring_sources(configuration: Configuration, at: datetime) -> Sequence[Notice]:
    """Return what there is to tell about sources of dates that end, or have ended."""
    from wedgate.calendars.sources import expiring
    from wedgate.config.year_ahead import look_ahead
    from wedgate.rollout.notices import source_expires

    if not any("source-expires" in each.when for each in configuration.notify):
        return ()
    return [
        source_expires(words) for words in expiring(configuration.calendar, look_ahead(configuration, at).facts, at)
    ]


def warnings_of_notify(
    configuration: Configuration, environment: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """Return what keeps people from being told, and what to do: Apprise is missing, or (where an environment is given)
    a variable is not set."""
    from wedgate.adapters.notify.apprise import is_installed

    if not configuration.notify:
        return []
    if not is_installed():
        return [("Apprise is not installed, so nobody is told anything", "pip install 'wedgate[notify]'")]
    names = [each.to.removeprefix("env/") for each in configuration.notify]
    missing = [name for name in names if environment is not None and not environment.get(name)]
    return [
        (f"{name} is not set, so nothing is told there", f"set {name} to an address of Apprise") for name in missing
    ]


class Telling:
    """People are told of what a command does, beside it and for a moment after it; nothing waits for more than that.

    ``jobs`` are done at the same moments, before people are told.
    """

    def __init__(self, configuration: Configuration, jobs: Sequence[Job] = (), *, insists: bool = True) -> None:
        from wedgate.engine.afterwards import Afterwards

        for what, remedy in warnings_of_notify(configuration, os.environ):
            _say_of_notify(f"{what}; {remedy}")
        self.teller = open_teller(configuration, insists=insists) if configuration.notify else None
        tells = () if self.teller is None else (self.teller.tell,)
        self._afterwards: Afterwards = Afterwards((*jobs, *tells), say=say)
        self.poke: Callable[[], None] = self._afterwards.poke
        self.finish: Callable[[], None] = self._afterwards.finish

    def know(self, notice: Notice) -> None:
        """Take in something that the ledger does not say."""
        if self.teller is not None:
            self.teller.know(notice)

    @contextmanager
    def of(self, parts: RolloutParts) -> Iterator[RolloutParts]:
        """Give parts that tell people of what they observe; at the end what is left is told, a refusal too."""
        from wedgate.cli.rollout_wiring import utc_now
        from wedgate.rollout.notices import refused

        def observe(progress: Progress) -> None:
            parts.observe(progress)
            self.poke()

        try:
            yield replace(parts, observe=observe)
        except RefusedError as error:
            self.know(refused(str(error), utc_now()))
            raise
        finally:
            self.finish()


def tell_now(config: Path | None, *known: Notice) -> None:
    """Tell what is to be told after a command that needs no configuration, or did its work with one: never raises."""
    from wedgate.engine.afterwards import Afterwards

    def tell() -> None:
        from wedgate.cli.sharing import SharedCalendars
        from wedgate.config.load import find_configuration, load_configuration

        path = config or find_configuration(Path.cwd())
        if path is None:
            return
        configuration = load_configuration(path, shared=SharedCalendars(offline=True))
        if not configuration.notify:
            return
        for what, remedy in warnings_of_notify(configuration, os.environ):
            _say_of_notify(f"{what}; {remedy}")
        teller = open_teller(configuration, insists=bool(known))
        for notice in known:
            teller.know(notice)
        teller.tell()

    Afterwards((tell,), say=say).finish()
