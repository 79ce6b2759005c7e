"""Which lines of a Markdown comment a person means as commands: those that readers see as plain text of its author.

Quotes, code, HTML comments and raw HTML are not. Where Markdown is subtle, a line is rather left out than taken: what
is not seen as a command must not be one. One pass, in time linear in the length of the comment. The rules are those of
CommonMark 0.31 (sections 4.5, 4.6 and 5.1), as far as they decide what is shown as text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Standing(Enum):
    """How a line that begins with a command stands in its comment."""

    LIVE = "live"
    """Plain text of the author: it counts."""
    CROWDED = "crowded"
    """Text above it in the same paragraph may swallow it (code, a link, a tag): it does not count, and that is said."""


@dataclass(frozen=True, slots=True)
class LiveLine:
    """A line (counted from 1) outside of quotes, code and raw HTML."""

    number: int
    text: str
    standing: Standing


_BREAK = re.compile(r"\r\n|\n|\r")
_HIDING = "pre|code|script|style|textarea|template|details|blockquote|svg|math|iframe|noscript|title|xmp"
_TAG = re.compile(rf"<(/?)({_HIDING})(?![a-z0-9-])|<!--(?!-?>)|<!\[CDATA\[|<\?|<![a-z]", re.IGNORECASE)
_ENDS = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}
_INDENTED = re.compile(r" {4}| {0,3}\t")
_MARKERS = r"[ \t]*((?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]+|$))*"
_QUOTE = re.compile(rf"{_MARKERS}>")
_LIST = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]|$)")
_FENCE = re.compile(rf"{_MARKERS}(`{{3,}}|~{{3,}})")
_CODE = re.compile(r"^(?: {4}| {0,3}\t)|[`\\]")
_SWALLOWS = re.compile(r"[`<\[\\]")
"""A paragraph with one of these may go on over the end of its line: a code span, a tag, a link's title."""


def live_lines(body: str) -> Iterator[LiveLine]:
    """Yield the lines that count, and those that would if nothing stood above them in their paragraph."""
    reader = _Reader()
    for number, text in enumerate(_BREAK.split(body), 1):
        standing = reader.read(text)
        if standing is not None:
            yield LiveLine(number, text, standing)


class _Reader:
    """Where in a comment one is: inside a fence, inside raw HTML, behind a quote, or in a paragraph."""

    def __init__(self) -> None:
        self._fence = ""
        self._fence_indent = 0
        self._sections: set[str] = set()
        self._open: Counter[str] = Counter()
        self._quoted = False
        self._crowded = False
        self._has_list = False
        self._is_unclear = False

    def read(self, line: str) -> Standing | None:
        """Return how a line stands, ``None`` if nothing in it counts, and go on behind it."""
        if self._fence:
            self._close_fence(line)
            return None
        if self._is_hidden:
            # Inside of raw HTML a fence may be one or not: a tag that ends behind its line does not count as the end.
            if not self._open_fence(line):
                self._look_for_tags(line)
            return None
        if not line.strip(" \t"):
            self._quoted, self._crowded = False, self._is_unclear
            return None
        if _QUOTE.match(line):
            self._quoted = True  # the lines behind it belong to the quote, until one is empty
            self._look_for_tags(line)
            return None
        if self._open_fence(line):
            self._quoted, self._crowded = False, self._is_unclear
            return None
        self._has_list = self._has_list or _LIST.match(line) is not None
        was_crowded = self._crowded
        self._look_for_tags(line)
        self._crowded = self._crowded or _SWALLOWS.search(line) is not None
        if self._quoted or _INDENTED.match(line):
            return None
        return Standing.CROWDED if was_crowded else Standing.LIVE

    @property
    def _is_hidden(self) -> bool:
        return bool(self._sections) or self._open.total() > 0

    def _open_fence(self, line: str) -> bool:
        fence = _FENCE.match(line)
        if fence is None or (fence[2][0] == "`" and "`" in line[fence.end() :]):
            return False
        self._fence, self._fence_indent = fence[2], fence.start(2)
        if self._fence_indent and (fence[1] or self._has_list or _INDENTED.match(line)):
            # It ends with its list, too, or is none: from here on it takes a renderer to say what is code.
            self._is_unclear = True
        return True

    def _close_fence(self, line: str) -> None:
        rest = line.lstrip(" ")
        closes = rest.rstrip(" \t")
        if len(line) - len(rest) > self._fence_indent + 3:
            return
        if len(closes) >= len(self._fence) and closes == self._fence[0] * len(closes):
            self._fence = ""

    def _look_for_tags(self, line: str) -> None:
        """Follow what opens and closes in a line.

        Where a comment of several lines, a declaration, an instruction or a CDATA section ends is seen differently by
        Markdown and by browsers: whatever opens inside of one counts as open.
        """
        self._sections = {end for end in self._sections if end not in line}
        code = _CODE.search(line)
        is_code_from = len(line) if code is None else code.start()
        place = 0
        # Where each kind ends next: looked for once, however many open before it.
        ends: dict[str, int] = {}
        while (found := _TAG.search(line, place)) is not None:
            place = found.end()
            if found[2]:
                name = found[2].lower()
                if not found[1]:
                    self._open[name] += 1
                elif self._open[name] and found.start() < is_code_from:
                    self._open[name] -= 1
                continue
            end = _ENDS.get(found[0].upper(), ">")
            closed = ends.get(end, 0)
            if 0 <= closed < place:
                closed = ends[end] = line.find(end, place)
            if closed < 0:
                self._sections.add(end)
            elif end == "-->":
                place = closed + len(end)
