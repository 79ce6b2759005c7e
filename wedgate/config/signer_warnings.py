"""Where no number of signatures lets anything through, although the file names signers: regions that ask for teams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wedgate.config.complaint_places import about_file
from wedgate.errors import Problem

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration

_REMEDY = "a signature says nothing of teams: ask for teams in other regions alone, or know that these have no such way"


def warnings_of_signers(configuration: Configuration) -> list[Problem]:
    """Return a warning where that is so in every region: the file of signers is of no use then."""
    return _found(configuration, everywhere=True)


def notes_of_signers(configuration: Configuration) -> list[Problem]:
    """Return a note where that is so in some regions."""
    return _found(configuration, everywhere=False)


def _found(configuration: Configuration, *, everywhere: bool) -> list[Problem]:
    policy = configuration.overrides
    if policy is None or policy.signers is None:
        return []
    names = [region.name for region in configuration.calendar.regions]
    beyond = [name for name in names if policy.teams_needed_in(name) > 1]
    if not beyond or (beyond == names) is not everywhere:
        return []
    where = "any region" if everywhere else ", ".join(beyond)
    return [
        about_file(configuration, f"overrides.signers: no signatures open {where}, because of `from-teams`", _REMEDY)
    ]
