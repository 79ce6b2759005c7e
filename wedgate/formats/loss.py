"""What a format cannot say: refused by name, never approximated."""

from __future__ import annotations

from datetime import datetime

from wedgate.errors import UsageError


class LossError(UsageError):
    """The format cannot say this calendar exactly; the text names the loss, where it is met first, and the remedy."""

    def __init__(self, form: str, loss: str, *, remedy: str, region: str | None = None, at: datetime | None = None):
        self.region = region
        self.at = at
        met = [f"region {region}" if region else "", f"at {at:%Y-%m-%dT%H:%M:%SZ}" if at else ""]
        place = " ".join(part for part in met if part)
        super().__init__(f"{form} cannot say {loss}{f' ({place})' if place else ''}; {remedy}")
