"""What must have happened. One that did not makes the demo fail, and is named."""

from __future__ import annotations


class Expectations:
    """Collects what was expected and whether it came true."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.broken: list[tuple[str, str]] = []

    def that(self, text: str, came_true: bool, otherwise: str = "") -> None:
        """Note one expectation; ``otherwise`` says what was found instead."""
        if came_true:
            self.kept.append(text)
        else:
            self.broken.append((text, otherwise))
