"""Commands out of comments: what is one, what is none, and what is said of what was meant as one."""

from __future__ import annotations

import time
import tracemalloc
from datetime import timedelta

import pytest

from wedgate.overrides.commands import Ask, Freeze, Override, Report, Rollback, Strategy, Thaw, Verb, Vote, Withdraw
from wedgate.overrides.grammar import LONGEST_BODY, forget_comments, read_comment

SHA = "0123456789abcdef0123456789abcdef01234567"
ID = "00112233445566778899aabbccddeeff"
ASK = f'/wedgate override {SHA} regions=us-east,eu-central rules=saturday for=4h reason="checkout is down"'
APPROVE = f"/wedgate approve {SHA} {ID}"


def only(body: str) -> object:
    """Return the one command of a comment."""
    read = read_comment(body)
    assert read.mistakes == ()
    ((_, command),) = read.commands
    return command


def mistake(body: str) -> str:
    """Return what is said of the one mistake of a comment."""
    read = read_comment(body)
    assert read.commands == ()
    (found,) = read.mistakes
    return str(found)


def test_a_request_is_read_whole() -> None:
    """Names are sorted, each once; the reason is as it stands."""
    assert only(ASK + " link=https://incidents.example/7 strategy=emergency") == Override(
        sha=SHA,
        regions=("eu-central", "us-east"),
        rules=("saturday",),
        duration=timedelta(hours=4),
        reason="checkout is down",
        link="https://incidents.example/7",
        strategy=Strategy.EMERGENCY,
    )


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (APPROVE, Vote(approves=True, sha=SHA, request=ID)),
        (APPROVE.upper().replace("/WEDGATE APPROVE", "/wedgate approve"), Vote(approves=True, sha=SHA, request=ID)),
        (f"/wedgate deny {SHA} {ID}", Vote(approves=False, sha=SHA, request=ID)),
        ("/wedgate withdraw", Withdraw()),
        (f"/wedgate withdraw {SHA} {ID}", Withdraw(sha=SHA, request=ID)),
        ("/wedgate status", Ask(verb=Verb.STATUS)),
        ("/wedgate help", Ask(verb=Verb.HELP)),
        ("/wedgate check", Ask(verb=Verb.CHECK)),
        ("/wedgate freeze for=2h reason=payments", Freeze(duration=timedelta(hours=2), reason="payments")),
        (
            "/wedgate freeze for=2h reason=x regions=eu",
            Freeze(duration=timedelta(hours=2), reason="x", regions=("eu",)),
        ),
        ("/wedgate thaw reason=over", Thaw(reason="over")),
        ("/wedgate rollback r-2027-06-05 reason=slow", Rollback(rollout="r-2027-06-05", reason="slow")),
        (f"/wedgate report {SHA} reason=slow", Report(commit=SHA, reason="slow")),
        (
            "/wedgate report sha256:9d3f regions=us,eu reason=slow link=https://example.org/1",
            Report(digest="sha256:9d3f", reason="slow", regions=("eu", "us"), link="https://example.org/1"),
        ),
    ],
)
def test_every_command_is_read(line: str, command: object) -> None:
    """Each verb by an example."""
    assert only(line) == command


@pytest.mark.parametrize(
    "body",
    [
        f"Looks good to me.\n{APPROVE}",
        f"   {APPROVE}   ",
        f"text\r\n{APPROVE}\r\nmore",
        f"text\r{APPROVE}",
        f"> quoted\n\n{APPROVE}",
        f"```\ncode\n```\n{APPROVE}",
        f"~~~~\n```\n~~~~\n{APPROVE}",
        f"<!-- a comment -->\n\n{APPROVE}",
        f"<details>\n\nlong\n\n</details>\n\n{APPROVE}",
        f"{APPROVE}\n\n> quoted",
        APPROVE.replace(" ", "\t"),
    ],
)
def test_a_command_is_the_first_token_of_a_line(body: str) -> None:
    """Whatever stands around it, where readers see it as the author's own text."""
    assert only(body) == Vote(approves=True, sha=SHA, request=ID)


@pytest.mark.parametrize(
    "body",
    [
        f"please write {APPROVE}",
        f"> {APPROVE}",
        f"> quoted\n{APPROVE}",
        f">{APPROVE}",
        f"- {APPROVE}",
        f"    {APPROVE}",
        f"\t{APPROVE}",
        f"```\n{APPROVE}\n```",
        f"```\n{APPROVE}",
        f"~~~\n{APPROVE}\n~~~",
        f"````\n```\n{APPROVE}\n```\n````",
        f"```\n~~~\n{APPROVE}\n```",
        f"- ```\n  {APPROVE}\n  ```",
        f"1. ~~~\n{APPROVE}",
        f"```\n    ```\n{APPROVE}\n```",
        f"<!--\n{APPROVE}\n-->",
        f"<!-- {APPROVE} -->",
        f"<!-- \n\n{APPROVE}",
        f"<details>\n\n{APPROVE}\n\n</details>",
        f"<pre>\n{APPROVE}\n</pre>",
        f"<pre>\n</details>\n\n{APPROVE}\n</pre>",
        f"<details><details></details>\n\n{APPROVE}\n\n</details>",
        f"<details>\n\n```\n</details>\n```\n\n{APPROVE}\n\n</details>",
        f"<blockquote>\n\n{APPROVE}\n\n</blockquote>",
        f"<ruby><rp>\n\n{APPROVE}\n\n</rp></ruby>",
        f"<del>\n\n{APPROVE}\n\n</del>",
        f"<plaintext>\n\n{APPROVE}",
        f"<details>\n<table>\n</details>\n\n{APPROVE}",
        f"<details>\n\n| a |\n|---|\n| </details> |\n\n{APPROVE}",
        f"<details>\n\n[a](/b '</details>')\n\n{APPROVE}",
        f"<details>\n\n-     </details>\n\n{APPROVE}",
        f"<details>\n\n<i a='</details>'>\n\n{APPROVE}",
        f"<details>\n\n<!X\n</details>\n\n{APPROVE}",
        f"<details>\n\n<script>\n</details>\n</script>\n\n{APPROVE}",
        f"`<!--` <details> `-->`\n\n{APPROVE}",
        f"<!-- --!> <details> -->\n\n{APPROVE}",
        f"<ruby><rp>\n\nx</rp>\n\n{APPROVE}",  # for browsers the paragraph keeps it from ending
        f"<svg><desc></svg>\n\n{APPROVE}",
        f"<?php\n\n{APPROVE}\n\n?>",
        f"<![CDATA[\n\n{APPROVE}\n\n]]>",
        f"text\u2028{APPROVE}",
        f"text\x0b{APPROVE}",
        f"text\x85{APPROVE}",
        APPROVE.replace("/wedgate", "/wedgates"),
        APPROVE.replace("/wedgate", "wedgate"),
        APPROVE.replace("/wedgate", "\\/wedgate"),
        "",
        "\0",
    ],
)
def test_what_readers_do_not_see_as_the_authors_text_is_no_command(body: str) -> None:
    """And nothing is answered: it is a quotation, an example, or talk."""
    assert not read_comment(body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"use `x`\n{APPROVE}", "put an empty line before the command"),
        (f"`\n{APPROVE}\n`", "put an empty line before the command"),
        (f'see <a title="\n{APPROVE}\n">', "put an empty line before the command"),
        (f'[a]: /b "\n{APPROVE}\n"', "put an empty line before the command"),
        ("/wedgate", "the command is missing; write /wedgate help"),
        ("/wedgate aprove", 'there is no command "aprove"; did you mean "approve"?'),
        ("/wedgate APPROVE", 'did you mean "approve"?'),
        ("/Wedgate status", "type /wedgate anew"),
        ("/wedg\u0430te status", "type /wedgate anew"),  # a Cyrillic letter
        ("\u200b/wedgate status", "type /wedgate anew"),
        ("\u202e/wedgate status", "type /wedgate anew"),
        ("\uff0fwedgate status", "type /wedgate anew"),
        ("/wedgate\u00a0status", "type /wedgate anew"),
        ("/wedgate status\u200b", "cannot be seen (U+200B)"),
        (f"/wedgate approve {SHA}\u202e {ID}", "cannot be seen (U+202E)"),
        (f"/wedgate approve {SHA[:7]} {ID}", "write all 40 digits"),
        (f"/wedgate approve {SHA}", "a request's id (32 hexadecimal digits) is missing"),
        (f"/wedgate approve {SHA} {ID} {ID}", "is more than approve takes"),
        (f"/wedgate approve {ID} {SHA}", "write all 40 digits"),
        ("/wedgate approve", "the full commit id (40 hexadecimal digits) is missing"),
        (ASK.replace(" for=4h", ""), "for= is missing"),
        (ASK.replace("4h", "4"), 'for=: "4" is not a duration'),
        (ASK.replace("regions", "regoins"), 'override has no "regoins"; did you mean "regions"?'),
        (ASK + " for=2h", "for= is given twice"),
        (ASK.replace("us-east,eu", "us-east, eu"), "with no space between"),
        (ASK.replace("saturday", "sat\u00fcrday"), "is no name"),
        (ASK + " link=http://a.example", "is no address"),
        (ASK + ' link="https://a.example/`x`"', "is no address"),
        (ASK + " strategy=yolo", 'there is no strategy "yolo"'),
        (ASK[:-1], "cannot be read as an argument"),
        (ASK.replace("checkout is down", "x" * 1001), "longer than 1,000 characters"),
        (ASK.replace("checkout is down", "x" * 5000), "longer than 4,000 characters"),
        ("/wedgate freeze for=2h", "reason= is missing"),
        ("/wedgate status now", "is more than status takes"),
    ],
)
def test_what_was_meant_as_a_command_is_answered(body: str, said: str) -> None:
    """With what is wrong, and what to write."""
    assert said in mistake(body)


@pytest.mark.parametrize(
    "above",
    [
        '<table title="',
        "<table title='",
        '- <table title="',
        '> 1. <p title="',
        "<table",
        '</table title="',
        '<table ="> <p title=">',  # for browsers the first tag ends before the second begins
        '<table a"> <p title=">',
        '<table b=c"> <p title=">',
        '<div>\nsee <p title="',
        '<b>\nsee <p title="',
        '<pre>\n\n</pre> see <p title="',
        '<!-- a\n--> see <p title="',
        '<div>\n```\n<p title="\n```',  # the empty line is missing, so the fence is none
        "<div>\n```\n<details>\n```",
        '<div><img alt="x"><p title="',
        "> <table>",  # the end of the quotation is none inside of a table
        "> see\nthe <table>",
        "> <!X\n\n<br>",
        "> <textarea>\n\n</textarea>",
        "<div>\n<!--\n\n-->",  # the end is text
        "- x\n\n  <!--\n\n-->",
    ],
)
def test_a_tag_that_goes_on_over_empty_lines_hides_what_follows(above: str) -> None:
    """A browser takes it into the value of an attribute, until somewhere a quotation mark comes."""
    assert "write the command in a comment of its own" in mistake(f"{above}\n\n{APPROVE}\n\n<p title=\">'>")
    assert read_comment(f"{above}\n\n> {APPROVE}").mistakes == ()


@pytest.mark.parametrize(
    "above",
    [
        '<img width="10" height="20" alt="a > b" src="https://a.example/x.png" />',
        "<br/>",
        "press <kbd>a</kbd>, see <del>b</del>",
        "<details>\n<summary>log</summary>\n<table><tr><td>x</td></tr></table>\n</details>",
        "<blockquote>quoted</blockquote>",
        "<p align=center>see</p>",
        "a <b and 'c",  # in a paragraph it is text
        "<https://a.example/>",
        "<details>\n<summary>log</summary>\n\n```\n<table title='\n```\n\n</details>",
        "```\n<table title='\n```",
    ],
)
def test_what_markup_ends_where_it_seems_to_hides_nothing(above: str) -> None:
    """A picture, a folded log, an address."""
    assert only(f"{above}\n\n{APPROVE}") == Vote(approves=True, sha=SHA, request=ID)


def test_a_long_line_of_tags_takes_no_time() -> None:
    """Linear: 65,536 characters of what is nearly a tag; comments alone took more than a second when it was not."""
    began = time.process_time()
    for piece in ("<a ", "<a b=", "<a b='c' ", "<a" + " " * 50, "<", "</", "<a b='", "<!--"):
        body = piece * (LONGEST_BODY // len(piece) - 10)
        assert read_comment(f"{body}\n").commands == ()
    assert time.process_time() - began < 1


def test_a_phones_quotation_marks_are_quotation_marks() -> None:
    """It types them by itself."""
    command = only(ASK.replace('"checkout is down"', "\u201ccheckout is down\u201d"))
    assert isinstance(command, Override)
    assert command.reason == "checkout is down"


def test_quotation_marks_and_backslashes_inside_of_a_text() -> None:
    """With a backslash before each."""
    command = only(ASK.replace("checkout is down", r"say \"x\" and \\"))
    assert isinstance(command, Override)
    assert command.reason == 'say "x" and \\'


def test_a_mistake_shows_nothing_that_could_be_markup() -> None:
    """What was typed is shown in plain letters, and short."""
    said = mistake("/wedgate </details>`@everyone`" + "x" * 100)
    assert not set("<`@") & set(said)
    assert len(said) < 200


def test_commands_of_one_comment_count_in_their_order_and_not_for_ever() -> None:
    """Ten of them; the next is told so."""
    read = read_comment("\n".join(["/wedgate status"] * 12))
    assert [line for line, _ in read.commands] == list(range(1, 11))
    (said,) = read.mistakes
    assert "at most 10 commands" in str(said)


def test_a_body_longer_than_the_forge_takes_holds_nothing() -> None:
    """It did not come from there."""
    assert read_comment("/wedgate status".ljust(LONGEST_BODY))
    assert not read_comment("/wedgate status".ljust(LONGEST_BODY + 1))


def test_what_is_remembered_of_long_comments_is_not_long() -> None:
    """Strangers may write thousands, each of four bytes a character: 1 GiB, if the bodies were kept."""
    forget_comments()
    tracemalloc.start()
    try:
        for number in range(50):
            read_comment(f"{number} ".ljust(LONGEST_BODY, "\U0001f600"))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 50 * 10_000


def test_what_is_remembered_of_commands_has_an_end() -> None:
    """However many comments there are, the newest thousand are remembered."""
    forget_comments()
    tracemalloc.start()
    try:
        for number in range(3_000):
            read_comment(f"/wedgate frieze {number} {'x' * 3_000}")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_100 * 2_000


def test_a_thousand_comments_are_each_read_once() -> None:
    """They are asked for their commands again and again in one run."""
    forget_comments()
    bodies = [f"/wedgate status\n{number}" for number in range(1_000)]
    first = [read_comment(body) for body in bodies]
    again = [read_comment(body) for body in bodies]
    assert all(one is other for one, other in zip(first, again, strict=True))
