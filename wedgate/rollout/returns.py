"""How much of the traffic the old colour takes when it goes back: all of it at once, wherever nothing known forbids it.

Two things can forbid it. The colour may be gone: then traffic stays where something answers until the old version is
deployed again. Or it may be too small: then it takes what it can at once, and the rest when it has grown. Not knowing
forbids nothing, because a rollback that waits for knowledge is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

ALL = 100
HALF = 50
"""A colour that has this percent of the traffic already gets the rest at once: it carries most of it."""

PART_WITHIN = timedelta(seconds=90)
"""How long the rest waits for a colour that is too small; then it goes all the same."""

VERIFY_WITHIN = timedelta(minutes=2)
"""How long a colour that was deployed again may take until it answers with its version."""

LOOK_AGAIN = timedelta(seconds=2)
"""How often is looked whether the old colour can take more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What goes back now: ``share`` is the percent that the old colour gets, and ``why`` says why that is not all.

    ``is_gone`` says that the colour has to be deployed first.
    """

    share: int = ALL
    why: str = ""
    is_gone: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether all traffic goes back at once."""
        return self.share == ALL


def way_of_capacity(*, colour: str, has: int, ready: int | None, needed: int | None, is_staged: bool = False) -> Way:
    """Return what a colour that ``has`` some percent can take with ``ready`` instances where all needs ``needed``.

    ``None`` is for what nobody knows. ``is_staged`` says that the colour was given its part on the way back. One that
    had half of the traffic before, or more than its instances should allow, shows that the count is no limit.
    """
    if ready is None or not needed or ready >= needed:
        return Way()
    share = ALL * ready // needed
    if not is_staged and (has >= HALF or share < has):
        return Way()
    return Way(share=max(share, has), why=f"{colour} has {ready} of the {needed} instances that all traffic needs")


def reason_gone(*, colour: str, wanted: str, found: str | None, other: str | None) -> str:
    """Return why the old colour counts as gone, empty if it does not.

    ``other`` is what answers on the colour that has the traffic: where nothing answers there either, the question may
    be what is broken, and there is nothing to lose.
    """
    if found == wanted or (found is None and other is None):
        return ""
    return f"{colour} answers {found or 'nothing healthy'}, not {wanted}"
