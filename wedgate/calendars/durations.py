"""How a duration is spelled, in the configuration and in a comment alike: ``15m``, ``1h30m``, ``7d``."""

from __future__ import annotations

import re
from datetime import timedelta

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import shown

DURATION_PATTERN = "^(?=[0-9])([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$"

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_SPELLED_DURATION = "write a number with d, h, m or s, such as 15m, 1h30m or 7d"
_LONGEST = timedelta(days=366)


def parse_duration(raw: object) -> timedelta:
    """Read ``15m``, ``1h30m``, ``7d``, ``30s``: longer than nothing, at most 366 days."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        what = f"a duration needs a unit, got {shown(raw)}"
        raise SpellingError(
            what, f"write {raw}m for minutes, or {raw}s, {raw}h, {raw}d" if raw > 0 else _SPELLED_DURATION
        )
    if not isinstance(raw, str):
        raise SpellingError(f"expected a duration, got {shown(raw)}", _SPELLED_DURATION)
    text = raw.strip().replace(" ", "")
    if not re.fullmatch(DURATION_PATTERN, text):
        raise SpellingError(f"{shown(raw)} is not a duration", _better_duration(text))
    seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([dhms])", text))
    if seconds == 0:
        raise SpellingError(f"the duration {text} is nothing", "write a longer one, such as 15m, or leave it out")
    if seconds > _LONGEST.total_seconds():
        raise SpellingError(f"the duration {text} is longer than 366 days", "write a shorter one")
    return timedelta(seconds=seconds)


def _better_duration(text: str) -> str:
    weeks = re.fullmatch(r"(\d{1,3})w(?:eeks?)?", text)
    if weeks:
        return f"write {int(weeks[1]) * 7}d"
    words = re.fullmatch(r"(\d{1,6})(s|m|h|d)[a-z]+", text.lower())
    if words:
        return f"write {words[1]}{words[2]}"
    signed = re.fullmatch(r"[-+](\d{1,6}[dhms])", text)
    if signed:
        return f"write {signed[1]}; a duration has no sign"
    return _SPELLED_DURATION


def spell_duration(duration: timedelta) -> str:
    """Spell a duration in whole seconds in its shortest form: ``1h30m``."""
    rest = int(duration.total_seconds())
    if rest % 86400 == 0:
        return f"{rest // 86400}d"
    parts = []
    for unit, seconds in (("h", 3600), ("m", 60), ("s", 1)):
        if rest >= seconds:
            parts.append(f"{rest // seconds}{unit}")
            rest %= seconds
    return "".join(parts)
