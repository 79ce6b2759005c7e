"""The day lists that custom keeps: rokuyo, son-eomneun-nal, muhurta, or a table of one's own.

Two are arithmetic on a lunar calendar: the six rokuyo of the Japanese calendar go by (month + day) mod 6, and in Korea
no spirit hinders on lunar days that end in 9 or 0. Others are looked up. No day list of the Chinese almanac (tongshu)
is shipped: two libraries of it agree on a third of the days, and neither on a list that was printed in Hong Kong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Self

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.wording import nearest, plain, shown, texts_of

ROKUYO = ("tai-an", "shakku", "sensho", "tomobiki", "senbu", "butsumetsu")
"""The six days in the order of (lunar month + lunar day) mod 6."""
SON_EOMNEUN_NAL = "son-eomneun-nal"
SHIPPED = ("muhurta", "muhurta-season")
NAMES = (*ROKUYO, SON_EOMNEUN_NAL, *SHIPPED)

_FILE = r"[^:]*\.ya?ml"


class AuspiciousDays(tuple[str, ...]):
    """Names of day lists, or paths of tables beside the configuration; one or a list."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Read one of the names, the path of a table, or a list of them."""
        return cls(_name_of(text) for text in texts_of(raw, "list of days", example="tai-an or calendars/tongshu.yml"))

    def spell(self) -> object:
        """Write one name by itself, several as a list."""
        return plain(self)

    @classmethod
    def json_schema(cls) -> Mapping[str, object]:
        """Return the schema: a name that an editor can complete, a path, or a list of them."""
        one = {"anyOf": [{"enum": list(NAMES)}, {"type": "string", "pattern": rf"^{_FILE}$"}]}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def is_table(name: str) -> bool:
    """Whether a name is the path of a table."""
    return re.fullmatch(_FILE, name) is not None


def _name_of(text: str) -> str:
    if is_table(text):
        return text
    word = text.lower()
    if word == "tongshu":
        what = "no tongshu days are shipped, because almanacs contradict one another"
        raise SpellingError(what, "keep a table of the days you follow, and name it: auspicious: calendars/tongshu.yml")
    if word not in NAMES:
        raise SpellingError(f"{shown(text)} is not a list of days", nearest(word, NAMES))
    return word
