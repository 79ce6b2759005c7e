"""The nearest valid word, so that a message about a wrong one says which was probably meant."""

from __future__ import annotations

from collections.abc import Iterable

_LISTED = 8
"""More words than these are not listed in a message; a person does not read them at night."""


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the valid word that looks most like ``word``, whatever its case; ``None`` if nothing does."""
    by_folded = {known.casefold(): known for known in words}
    folded = word.strip().casefold()
    for same in (folded, folded.replace("_", "-"), folded.replace(" ", "_"), folded.replace("-", "_")):
        if same in by_folded:
            return by_folded[same]
    from difflib import get_close_matches

    close = get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def remedy_for(word: str, words: Iterable[str], *, instead: str | None = None) -> str:
    """Say what to write instead of ``word``: the nearest valid word, or all of them when they are few."""
    known = tuple(words)
    near = nearest(word, known)
    if near is not None:
        return f"did you mean {near}?"
    if instead is not None:
        return instead
    if not known:
        return "there is none to choose from; delete it"
    shown = ", ".join(known[:_LISTED])
    return f"use one of {shown}{', ...' if len(known) > _LISTED else ''}" if len(known) > 1 else f"write {shown}"
