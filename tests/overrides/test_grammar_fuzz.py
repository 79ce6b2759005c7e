"""A great many generated comments: no crash, and no command that a renderer of Markdown would not show as text.

The renderer is markdown-it-py, an implementation of CommonMark that shares no code with wedgate. What it renders is
read by html5lib, too: what Markdown takes for text a browser may take for the value of an attribute, or fold away.
``WEDGATE_FUZZ`` says how many comments (``make fuzz``: 1,000,000).
"""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from wedgate.overrides.commands import Vote
from wedgate.overrides.grammar import LONGEST_BODY, forget_comments, read_comment

COUNT = int(os.environ.get("WEDGATE_FUZZ", "100000"))
PARTS = 4
SLOW_SECONDS = 0.5
pytestmark = pytest.mark.timeout(max(120, COUNT // 1000))
MARKDOWN = MarkdownIt("commonmark")
WITH_TABLES = MarkdownIt("commonmark").enable("table")
HIDING = ("pre", "code", "script", "style", "textarea", "template", "details", "blockquote", "rp", "noembed", "del")
HTML_PARTS = tuple(
    f"\n\n{before}{tag} {attribute}={quote}{after}"
    for before in ("", "", "- ", "> ", "<div>\n", "<b>x</b> ", "x ")
    for tag in ("<table", "<p", "</p", "<a href=x")
    for attribute in ("title", "alt", "a b", "")
    for quote in "\"'"
    for after in ("\n\n", "\n", "", f"{quote}>\n\n")
)
FOLDED_PARTS = tuple(
    f"<{name}>{gap}{before}</{name}>{after}"
    for name in ("details", "blockquote", "del", "pre", "rp")
    for gap in ("\n\n", "\n")
    for before in (
        "<!--\n", "<? ", "<!X ", "<table>\n", "| a |\n|---|\n| ", "[a](/b '", "`", "- ", "-     ", "<i a='",
        "<script>\n",        "<!--> <", "`<!--` <", "<!-- --!> <", "\\", "x ", "", "",
    )
    for after in ("\n\n", "\n\n", "'>\n\n", "')\n\n", "?>\n\n", "\n-->\n\n", " --> `x`\n\n")
)  # fmt: skip

PIECES = (
    "/wedgate", "/wedgate approve", "/wedgate deny", "/wedgate withdraw", "/wedgate override", "approve", "override",
    "a" * 40, "A" * 40, "a" * 39, "b" * 32, "b" * 31, "regions=eu", "rules=saturday", "for=4h", 'reason="x y"',
    'reason="', '"', "\\", "=", ",", "link=https://a.example/", "strategy=emergency", "@alice", "#7", "&#47;wedgate",
    "> ", ">", "```", "````", "~~~", "`", "``", "    ", "\t", "- ", "1. ", "* ", "# ", "***", "---", "===", "|",
    "[a]:", "[a](", ")", "![", "](", "<!--", "-->", "<!-->", "--!>", "<details>", "</details>", "<pre>", "</pre>",
    "<pre ", "<a b='", "'>", "<script>", "</script>", "<?", "?>", "<![CDATA[", "]]>", "<!X", "<div>", "</div>",
    "<b>", "</b>", "<blockquote>", "</blockquote>", "&lt;", "\\`", "\\<", "\r\n", "\r", "\n\n", "\u2028", "\u0085",
    "\x0b", "\x0c", "\x00", "\x1b[31m", "\u200b", "\u200d", "\u202e", "\u2066", "\ufeff", "\u00a0", "\u3000",
    "\uff0f", "\u0430", "\u0435", "\u0301", "\U0001f600", "\ud800", "\u201c", "\u201d", "\u201e", "x" * 200, "LGTM",
    "<rp>", "</rp>", "<del>", "<noembed>", "<p title=\"", "<table a='", "<img alt=\"x\">", "\">", "a=b", " =\"",
)  # fmt: skip


def comment_of(dice: random.Random) -> str:
    """Return a comment with one whole vote in it somewhere, of an id of its own."""
    request = f"{dice.getrandbits(128):032x}"
    vote = f"/wedgate approve {'a' * 40} {request}"
    pieces = [dice.choice(PIECES) for _ in range(dice.randrange(14))]
    if dice.random() < 0.2:
        pieces.insert(dice.randrange(len(pieces) + 1), dice.choice(dice.choice((HTML_PARTS, FOLDED_PARTS))))
    pieces.insert(dice.randrange(len(pieces) + 1), dice.choice(("\n", "\n\n", "\r\n", "", " ", "  ")) + vote)
    return "".join(dice.choice(("", "", "\n", "\n\n", " ")) + piece for piece in pieces)


def long_comment_of(dice: random.Random, length: int) -> str:
    """Return a comment of the same few pieces over and over, and another at its end that may close them all."""
    piece = "".join(dice.choice(PIECES) for _ in range(dice.choice((1, 1, 2, 3))))
    return f"{piece * (length // len(piece))}{dice.choice(PIECES)}"


def seconds_to_read(body: str) -> float:
    """Return the time of the processor that reading took, the least of three where it can be felt."""
    found: list[float] = []
    while len(found) < 3 and (not found or min(found) >= SLOW_SECONDS):
        forget_comments()
        start = time.process_time()
        read_comment(body)
        found.append(time.process_time() - start)
    return min(found)


def shown_lines(tokens: list[Token]) -> Iterator[str]:
    """Yield the lines that a reader sees as plain text outside of quotes and of elements that hide or quote."""
    quoted, hidden = 0, Counter[str]()
    for token in tokens:
        if token.type == "blockquote_open":
            quoted += 1
        elif token.type == "blockquote_close":
            quoted -= 1
        elif token.type == "html_block":
            count_tags(token.content, hidden)
        elif token.type == "inline":
            yield from shown_in(token, hidden, is_shown=quoted == 0)


def shown_in(inline: Token, hidden: Counter[str], *, is_shown: bool) -> Iterator[str]:
    """Yield the lines of one paragraph; text behind code, links and tags of the same line is not asked about."""
    line = ""
    for child in inline.children or ():
        if child.type in ("softbreak", "hardbreak"):
            yield line
            line = ""
        elif child.type == "html_inline":
            count_tags(child.content, hidden)
        elif child.type == "text" and is_shown and not hidden.total():
            line += child.content
    yield line


def count_tags(html: str, hidden: Counter[str]) -> None:
    """Follow the elements that are open."""
    for closes, name in re.findall(r"<(/?)([A-Za-z]+)", re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)):
        if name.lower() in HIDING:
            hidden[name.lower()] = max(0, hidden[name.lower()] + (-1 if closes else 1))


def text_of(element: Element) -> str:
    """Return the text that a browser shows of an element, in lines, without those inside that hide or quote it."""
    parts = [element.text or ""]
    for child in element:
        is_shown = isinstance(child.tag, str) and child.tag not in HIDING
        gap = "\n" if child.tag in ("p", "h1", "h2", "li", "ul", "ol", "div", "table", "td", "hr") else ""
        parts += [gap, text_of(child) if is_shown else "", gap, child.tail or ""]
    return "".join(parts)


def on_the_page(renderer: MarkdownIt, text: str) -> list[str]:
    """Return the lines of what a browser makes of a comment."""
    return text_of(html5lib.parse(f"<body>{renderer.render(text)}", namespaceHTMLElements=False)).splitlines()


def commands_of(lines: Iterable[str]) -> list[str]:
    """Return the lines that a reader takes for commands."""
    return [line.lower() for line in lines if line.split()[:1] == ["/wedgate"]]


def test_a_page_hides_what_the_tokens_of_markdown_show() -> None:
    """In the value of an attribute, and in what only seems to be closed."""
    body = '<p title="\n\n/wedgate approve\n\n<p title=">\n\n/wedgate deny\n'
    assert commands_of(shown_lines(MARKDOWN.parse(body))) == ["/wedgate approve", "/wedgate deny"]
    assert commands_of(on_the_page(MARKDOWN, body)) == ["/wedgate deny"]
    body = "<details>\n<table>\n</details>\n\n/wedgate approve\n"
    assert commands_of(shown_lines(MARKDOWN.parse(body))) == ["/wedgate approve"]
    assert commands_of(on_the_page(MARKDOWN, body)) == []


@pytest.mark.parametrize("part", range(PARTS))
def test_no_command_is_read_that_is_not_shown(part: int) -> None:
    """Of every vote that is read, the renderer shows the line; and reading never fails."""
    dice = random.Random(part)  # noqa: S311 (the same comments each time)
    read_votes = 0
    for _ in range(COUNT // PARTS):
        body = comment_of(dice)
        votes = [command for _, command in read_comment(body).commands if isinstance(command, Vote)]
        if not votes:
            continue
        read_votes += 1
        # Markdown puts a replacement character for zero bytes and broken surrogates; the vote holds neither.
        text = body.encode("utf-8", "replace").decode()
        seen = [commands_of(shown_lines(MARKDOWN.parse(text)))]
        if "<" in text:
            seen += [commands_of(on_the_page(renderer, text)) for renderer in (MARKDOWN, WITH_TABLES)]
        for vote in votes:
            assert all(any(vote.request in line for line in lines) for lines in seen), body
    # The generator would be worth nothing if it never made a vote that counts, or always did.
    assert COUNT // PARTS * 0.02 < read_votes < COUNT // PARTS * 0.6


def is_read_in_time(body_of: Callable[[int], str]) -> bool:
    """Whether twice the length takes no more than about twice the time, from where it can be felt."""
    whole = seconds_to_read(body_of(LONGEST_BODY))
    return whole < SLOW_SECONDS or whole < 3 * seconds_to_read(body_of(LONGEST_BODY // 2))


OPENERS = (
    "<!--", "<?", "<![CDATA[", "<!X", "<pre", "<pre ", "<a ", "<a b", "<a b='", '<a b="', "<a b=", "</", "</a",
    "<details>", "<details></details>", "<a></b>", "<!-- -->", "<? ?>", "`", "``", "[", "[a](", "> ", "- ", "1) ",
    "\\", "|", "$", "```\n", "<?\n", "<!--\n", "~~~\n", "   ```\n", "\n", "\r", " ", "\t",
    "/wedgate ", "/wedgate \n", "/wedgate approve\n", '/wedgate "',
)  # fmt: skip


@pytest.mark.parametrize("closes", ["", "-->", "--!> -->", "?>", "]]>", ">", "'>", '">'], ids=ascii)
def test_every_construct_is_read_in_linear_time(closes: str) -> None:
    """A stranger's comment of the longest that there is keeps nobody waiting: opened over and over, closed or not."""
    for piece in OPENERS:
        assert is_read_in_time(lambda length, piece=piece: piece * ((length - 4) // len(piece)) + closes), ascii(piece)  # type: ignore[misc]


def test_no_generated_comment_takes_long() -> None:
    """Of those that repeat themselves."""
    for number in range(max(20, COUNT // 2000)):
        found = is_read_in_time(lambda length, number=number: long_comment_of(random.Random(number), length - 250))  # type: ignore[misc] # noqa: S311
        assert found, ascii(long_comment_of(random.Random(number), 60))  # noqa: S311
