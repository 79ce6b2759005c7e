"""What keeps a history must do."""

from __future__ import annotations

from typing import Protocol


class HistoryStore(Protocol):
    """Keeps lines, in the order in which they were added; none is changed afterwards."""

    @property
    def name(self) -> str:
        """Return where it is, for messages."""

    def lines(self) -> tuple[str, ...]:
        """Return every line, without its end; none where there is no history yet."""

    def add(self, line: str) -> None:
        """Add a line, whole or not at all, whoever else adds one at the same time.

        ``ExternalSystemError`` if that cannot be done.
        """
