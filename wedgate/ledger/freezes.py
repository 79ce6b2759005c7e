"""Which freezes a thaw ends: no more than was asked for, and where that is not clear, what there is to choose from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wedgate.ledger.audit import Frozen
from wedgate.ledger.copying import replace

ENTRIES, REGIONS = "freezes", "regions"
"""The keys of a thaw's entry that say which freezes it ends, and in which regions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thawing:
    """What a thaw ends: freezes, and the ``regions`` in which they hold no more; ``None`` for wherever they do."""

    freezes: tuple[Frozen, ...]
    regions: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Why a thaw ends nothing: ``what`` is in the way, and what to say. ``is_several``: more was meant than one."""

    what: str
    remedy: str
    is_several: bool = False

    def __str__(self) -> str:
        """Both phrases in one."""
        return f"{self.what}; {self.remedy}" if self.remedy else self.what


def where(frozen: Frozen) -> str:
    """Spell the regions in which a freeze holds."""
    if frozen.regions is not None:
        return ", ".join(frozen.held_of(frozen.regions))
    return f"every region but {', '.join(frozen.thawed)}" if frozen.thawed else "every region"


def choose(
    freezes: Iterable[Frozen],
    at: datetime,
    *,
    regions: Sequence[str] = (),
    entries: Sequence[int] = (),
    is_for_all: bool = False,
) -> Thawing | Unclear:
    """Return what a thaw ends of the freezes in force: those named, or the only one there is.

    Of freezes that overlap none is taken for another: they are named by ``entries`` (their numbers in the ledger), or
    all of them are meant (``is_for_all``). With ``regions`` nothing opens but these.
    """
    found = tuple(each for each in freezes if at < each.until)
    there_are = "; ".join(spell(each) for each in found)
    if not found:
        return Unclear(what="nothing is frozen", remedy="")
    missing = [entry for entry in entries if entry not in [each.entry for each in found]]
    if missing:
        return Unclear(what=f"there is no freeze {missing[0]} in force", remedy=f"there are: {there_are}")
    named = tuple(each for each in found if not entries or each.entry in entries)
    is_named = bool(entries) or is_for_all
    if not regions:
        if len(named) > 1 and not is_named:
            return Unclear(what=f"there are several freezes: {there_are}", remedy=_SAY_WHICH, is_several=True)
        return Thawing(freezes=named, regions=None)
    for region in regions:
        holding = [each for each in named if each.names(region)]
        if not holding:
            by = f" by {', '.join(str(each.entry) for each in named)}" if entries else ""
            return Unclear(what=f"{region} is not frozen{by}", remedy=f"there are: {there_are}")
        if len(holding) > 1 and not is_named:
            several = "; ".join(spell(each) for each in holding)
            what = f"{region} is frozen more than once: {several}"
            return Unclear(what=what, remedy=_SAY_WHICH, is_several=True)
    held = tuple(each for each in named if any(each.names(region) for region in regions))
    return Thawing(freezes=held, regions=tuple(sorted(set(regions))))


_SAY_WHICH = "say which: a region that only one of them holds, a freeze by its number, or all of them"


def spell(frozen: Frozen, until: Callable[[datetime], str] = lambda at: f"{at:%Y-%m-%d %H:%M:%S} UTC") -> str:
    """Spell a freeze on one line, with the number that names it."""
    number = "" if frozen.entry is None else f"{frozen.entry}: "
    return f"{number}{where(frozen)} by {frozen.by} until {until(frozen.until)} ({frozen.reason})"


def after_thaw(freezes: Sequence[Frozen], body: Mapping[str, object], at: datetime) -> tuple[Frozen, ...]:
    """Return the freezes that the entry of a thaw leaves; one that names none ends what there was when it was asked."""
    asked = body.get("asked")
    since = at if asked is None else datetime.fromisoformat(str(asked))
    entries, regions = body.get(ENTRIES), body.get(REGIONS)
    left = []
    for each in freezes:
        if not (each.since <= since if entries is None else each.entry in _list(entries)):
            left.append(each)
        elif regions is not None:
            less = replace(each, thawed=tuple(sorted({*each.thawed, *map(str, _list(regions))})))
            left += [less] if less.regions is None or less.held_of(less.regions) else []
    return tuple(left)


def _list(plain: object) -> Sequence[object]:
    if not isinstance(plain, Sequence) or isinstance(plain, str):
        raise ValueError(f"a list was expected, and {plain!r} stands there")
    return plain
