"""Where forks are let in, and nothing of a fork could ever be approved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wedgate.config.complaint_places import about_file
from wedgate.errors import Problem
from wedgate.overrides.policy import NeverCount

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration


def warnings_of_forks(configuration: Configuration) -> list[Problem]:
    """Return a warning where whoever pushed must not count, and no forge says who pushed to a fork."""
    policy = configuration.overrides
    if policy is None or not policy.forks or NeverCount.HEAD_PUSHER not in policy.never_count:
        return []
    what = "overrides.forks: nothing of a fork can be approved: nobody knows who pushed there, and that is head-pusher"
    remedy = "leave head-pusher out of `never-count`, or write forks: refuse and ask for a branch of this repository"
    return [about_file(configuration, what, remedy)]
