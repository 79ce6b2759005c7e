"""Which lines of a Markdown comment a person means as commands: those that readers see as plain text of its author.

Quotes, code, HTML comments and raw HTML are not. Where Markdown is subtle, a line is rather left out than taken: what
is not seen as a command must not be one. One pass, in time linear in the length of the comment. The rules are those of
CommonMark 0.31 (sections 4.5, 4.6 and 5.1), as far as they decide what is shown as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Standing(Enum):
    """How a line that begins with a command stands in its comment."""

    LIVE = "live"
    """Plain text of the author: it counts."""
    CROWDED = "crowded"
    """Text above it in the same paragraph may swallow it (code, a link, a tag): it does not count, and that is said."""
    UNCLEAR = "unclear"
    """Markup further up may hide it, over empty lines too: it does not count, and that is said."""


@dataclass(frozen=True, slots=True)
class LiveLine:
    """A line (counted from 1) outside of quotes, code and raw HTML."""

    number: int
    text: str
    standing: Standing


_BREAK = re.compile(r"\r\n|\n|\r")
_HIDING = re.compile(
    "pre|code|script|style|textarea|template|details|blockquote|iframe|title|xmp|noembed|noframes|select|object|s|strike|tt"
)
"""Elements that browsers do not show (the HTML standard, 15.3.1 and 15.4), or that quote or take back their text."""
_STUCK = re.compile("svg|math|noscript|plaintext|datalist|dialog|rp|audio|video|canvas|progress|meter|del|q|samp|kbd")
"""Others of them, whose end does not count while another element is open, a paragraph too (13.2.6.4.7)."""
_BOUNDS = ("table", "td", "th", "caption", "marquee", "applet")
"""Elements that keep the end of what was open before them from counting (the HTML standard, 13.2.4.2)."""
_OVER_EMPTY_LINES = ("pre", "script", "style", "textarea")
"""Elements whose raw HTML does not end at an empty line."""
_BLOCKS = ("details", "blockquote", "table", "td", "th", "caption")
"""Elements whose ends are raw HTML wherever they begin a line."""
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*|(?<=/))|<!--|<!\[CDATA\[|<\?|<![a-z]", re.IGNORECASE | re.ASCII)
_ENDS = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}
_VALUE = r"""(?:[ \t]*+=[ \t]*+(?:"[^"]*+"|'[^']*+'|[^ \t"'=<>`]++))?+"""
_WHOLE_TAG = re.compile(
    rf"""<(?:[^"'<>]*+>|[a-z][a-z0-9-]*+(?:[ \t]++[a-z_:][a-z0-9_.:-]*+{_VALUE})*+[ \t]*+/?>)""",
    re.IGNORECASE | re.ASCII,
)
"""A tag that ends where it seems to, for browsers too: without quotation marks, or as CommonMark 6.6 spells it."""
_END_TAG = re.compile(r"</[a-z0-9-]+[ \t]*>", re.IGNORECASE | re.ASCII)
_AT_ONCE = re.compile(r"<[a-z][^\"'<>]*+>[^<]*+</([a-z]++)>", re.IGNORECASE | re.ASCII)
_INDENTED = re.compile(r" {4}| {0,3}\t")
_MARKERS = r"[ \t]*((?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]+|$))*"
_HTML = re.compile(r"(?:[ \t>]|[-*+][ \t]|[0-9]{1,9}[.)][ \t])*+<")
_QUOTE = re.compile(rf"{_MARKERS}>")
_LIST = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]|$)")
_FENCE = re.compile(rf"{_MARKERS}(`{{3,}}|~{{3,}})")
_LOOSE = re.compile(r"[`\\\[|$]")
"""Behind one of these a tag may be none, but code, a link's title, a formula or a table's."""
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
        self._open: list[str] = []
        self._over_empty_lines = 0
        self._quoted = False
        self._crowded = False
        self._has_list = False
        self._is_unclear = False
        self._is_html = False
        self._loose = False
        self._found: dict[str, int] = {}

    def read(self, line: str) -> Standing | None:
        """Return how a line stands, ``None`` if nothing in it counts, and go on behind it."""
        if self._fence:
            self._close_fence(line)
            return None
        is_empty = not line.strip(" \t")
        if is_empty:
            self._loose = False
            self._is_html = bool(self._sections) or self._over_empty_lines > 0
        if self._is_hidden:
            # Inside of raw HTML a fence may be one or not: a tag that ends behind its line does not count as the end.
            if not self._open_fence(line):
                self._look_for_tags(line)
            return None
        if is_empty:
            self._quoted = self._crowded = False
            return None
        if _QUOTE.match(line):
            self._quoted = True  # the lines behind it belong to the quote, until one is empty
            self._look_for_tags(line)
            return None
        if self._open_fence(line):
            self._quoted = self._crowded = False
            return None
        self._has_list = self._has_list or _LIST.match(line) is not None
        was_crowded = self._crowded
        self._look_for_tags(line)
        self._crowded = self._crowded or _SWALLOWS.search(line) is not None
        if self._quoted or _INDENTED.match(line):
            return None
        if self._is_unclear:
            return Standing.UNCLEAR
        return Standing.CROWDED if was_crowded else Standing.LIVE

    @property
    def _is_hidden(self) -> bool:
        return bool(self._sections or self._open)

    def _open_fence(self, line: str) -> bool:
        fence = _FENCE.match(line)
        if fence is None or (fence[2][0] == "`" and "`" in line[fence.end() :]):
            return False
        self._fence, self._fence_indent = fence[2], fence.start(2)
        ends_with_list = self._fence_indent and (fence[1] or self._has_list or _INDENTED.match(line))
        if ends_with_list or self._is_html:
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

        Where raw HTML ends is seen differently by Markdown and by browsers, and what is none looks like it: whatever
        opens counts as open, and an end counts where it is one for both.
        """
        # Inside of a section, or behind what is no tag in this line, nothing is an end.
        is_sure = not (self._sections or _INDENTED.match(line))
        was_html = self._is_html
        self._sections = {end for end in self._sections if end not in line}
        self._is_html = self._is_html or _HTML.match(line) is not None
        loose = _LOOSE.search(line)
        ends_to = len(line) if loose is None else loose.start()
        if self._loose or _QUOTE.match(line) or _LIST.match(line):
            ends_to = 0
        begins, ends_from, place = len(line) - len(line.lstrip(" ")), 0, 0
        self._found = {}
        while (found := _TAG.search(line, place)) is not None:
            place, at = found.end(), found.start()
            if found[2] is None:
                is_sure = False
                is_own_block = at == 0 and not was_html
                place = self._open_section(line, found, is_own_block, is_clear=ends_from <= at < ends_to)
                continue
            name, whole = found[2].lower(), _WHOLE_TAG.match(line, at)
            if whole is None:
                is_sure = False
                self._break_tag()
            at_once = _AT_ONCE.match(line, at, ends_to) if is_sure and at >= ends_from else None
            if at_once is not None and at_once[1].lower() == name:
                place = at_once.end()
            elif not found[1]:
                ends_from = max(ends_from, 0 if whole is None else whole.end())
                self._open_element(name)
            elif is_sure and at >= ends_from and (at < ends_to or (at == begins and name in _BLOCKS)):
                self._close_element(name, line, at)
        self._loose = self._loose or loose is not None

    def _break_tag(self) -> None:
        """See a tag that does not end in its line.

        Raw HTML ends at an empty line for Markdown; a browser goes on with the value of the tag's attribute, and shows
        nothing of it. In a paragraph it may be a tag of several lines, or text.
        """
        self._is_unclear = self._is_unclear or self._is_html
        self._loose = True

    def _open_element(self, name: str) -> None:
        hides = (_HIDING.fullmatch(name) or _STUCK.fullmatch(name)) is not None
        if self._quoted and (hides or name in _BOUNDS):
            self._is_unclear = True  # inside of one the quotation's own end may be none
        elif hides or (self._open and name in _BOUNDS):
            self._open.append(name)
            self._over_empty_lines += name in _OVER_EMPTY_LINES

    def _close_element(self, name: str, line: str, at: int) -> None:
        if self._open[-1:] == [name] and not _STUCK.fullmatch(name) and _END_TAG.match(line, at):
            self._open.pop()
            self._over_empty_lines -= name in _OVER_EMPTY_LINES

    def _open_section(self, line: str, found: re.Match[str], is_own_block: bool, *, is_clear: bool) -> int:
        """Open what ends otherwise than a tag, if it does not end in its line, and return where to go on.

        Only in a block of its own does it go on for Markdown, too, until its own end.
        """
        end = _ENDS.get(found[0].upper(), ">")
        place = found.end()
        closed = -1 if end in self._sections else self._next(line, end, place)
        if closed < 0:
            self._sections.add(end)
            self._is_unclear = self._is_unclear or (self._is_html and not is_own_block) or self._quoted
        elif end == "-->" and is_clear and not line.startswith((">", "->"), place):
            # For browsers this ends a comment, too.
            return place if 0 <= self._next(line, "--!>", place) < closed else closed + len(end)
        return place

    def _next(self, line: str, what: str, place: int) -> int:
        """Return where something stands next in the line, as ``find`` does: looked for once, however often asked."""
        at = self._found.get(what, 0)
        if 0 <= at < place:
            at = self._found[what] = line.find(what, place)
        return at
