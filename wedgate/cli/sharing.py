"""Where the calendars that an organisation shares come from: this machine's copy, else the forge.

A file at a commit cannot change, so a copy is as good as the original. Where nobody answers there is an error, never
a calendar with a part left out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from wedgate.errors import ConfigurationError, ExternalSystemError, SharedUnknownError

if TYPE_CHECKING:
    from wedgate.config.extends import SharedRef


class SharedCalendars:
    """Fetches shared calendars with the token and the API of an environment; ``offline``: copies only."""

    def __init__(self, environment: Mapping[str, str] | None = None, *, offline: bool = False) -> None:
        self._environment = os.environ if environment is None else environment
        self._offline = offline

    def __call__(self, ref: SharedRef) -> bytes | None:
        """Return the file's content; ``None`` if the commit has no such file, in a repository that can be read."""
        from wedgate.config.cache import recall_shared, remember_shared

        content = recall_shared(str(ref))
        if content is not None:
            return content
        if self._offline:
            raise SharedUnknownError(f"the shared calendar {ref} is not on this machine; `wedgate lint` fetches it")
        content = self._fetch(ref)
        if content is not None:
            remember_shared(str(ref), content)
        return content

    def _fetch(self, ref: SharedRef) -> bytes | None:
        from wedgate.adapters.forge.github import GithubForge

        said = self._environment.get
        token = said("WEDGATE_GITHUB_TOKEN") or said("GITHUB_TOKEN") or said("GH_TOKEN") or None
        api_url = said("GITHUB_API_URL") or "https://api.github.com"
        forge = GithubForge(api_url=api_url, repository=ref.repository, token=token)
        try:
            found = forge.file_at(ref.path, ref.commit)
            if found is None:
                # A repository that the token may not see looks to it as if it were not there.
                forge.connection.describe()
        except ConfigurationError:
            return None  # A directory, or what is too large for a calendar.
        except ExternalSystemError as error:
            hint = (
                f"the token must be allowed to read {ref.repository}" if token else "a private one needs GITHUB_TOKEN"
            )
            raise SharedUnknownError(f"the shared calendar {ref} cannot be had: {error} ({hint})") from error
        return None if found is None else found.content
