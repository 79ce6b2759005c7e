"""Trailers: whom a commit's message names as a co-author, and what an address says of an account."""

from __future__ import annotations

from time import process_time

import pytest

from wedgate.overrides.co_authors import NoReply, co_authors_in, names_of, no_reply_in, shown


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("fix (#7)\n\nCo-authored-by: Bob <bob@acme.example>", ("bob@acme.example",)),
        ("fix\r\n\r\nco-authored-by : Bob <Bob@ACME.example>\r\n", ("bob@acme.example",)),
        # A squash merge puts the messages of all commits into one, with trailers between them.
        ("x\n\n* a\n\nCo-authored-by: B <b@x>\n\n* b\nCO-AUTHORED-BY: C <c@x>\nCo-authored-by: <b@x>", ("b@x", "c@x")),
        ("fix\n\nCo-authored-by: Bob\n  <bob@x>\nSigned-off-by: Zoe <zoe@x>", ("bob@x",)),
        ("fix\n\nCo-authored-by: B <b@x>, C <c@x>", ("b@x", "c@x")),
        ("fix\n\nCo-authored-by: bob@x", ("bob@x",)),
        ("fix\n\nCo-authored-by: Bob", ("bob",)),
        ("fix\n\nCo-authored-by:", ()),
        ("fix\n\n> Co-authored-by: Bob <bob@x>", ()),
        ("Mention Co-authored-by: Bob <bob@x> in the docs", ()),
        ("fix\n\nReviewed-by: Bob <bob@x>", ()),
    ],
)  # fmt: skip
def test_whom_trailers_name(message: str, expected: tuple[str, ...]) -> None:
    """Whatever the case, the line ends and the paragraph; an address where there is one, and else the words."""
    assert co_authors_in(message) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("101+alice@users.noreply.github.com", NoReply(number=101, login="alice", host="github.com")),
        ("Alice@users.noreply.github.com", NoReply(number=None, login="alice", host="github.com")),
        ("9+robot[bot]@users.noreply.github.com", NoReply(number=9, login="robot[bot]", host="github.com")),
        ("7+alice@users.noreply.git.acme.example", NoReply(number=7, login="alice", host="git.acme.example")),
        ("noreply@github.com", None),
        ("alice@users.noreply.github.com.", NoReply(number=None, login="alice", host="github.com.")),
        ("1+2+alice@users.noreply.github.com", None),
        ("x@alice@users.noreply.github.com", None),
        ("alice@users.noreply.github.com@evil.example", None),
        ("١+alice@users.noreply.github.com", None),
    ],
)  # fmt: skip
def test_what_an_address_of_the_forge_says(address: str, expected: NoReply | None) -> None:
    """The number and the login, and for which forge; any other address says nothing."""
    assert no_reply_in(address) == expected


def test_a_login_counts_as_a_name_of_its_address() -> None:
    """Whoever signs by a login is known by it."""
    found = names_of(["9+Alice@users.noreply.github.com", "Bob@x"])
    assert found == {"9+alice@users.noreply.github.com", "alice", "bob@x"}


def test_what_a_trailer_says_is_inert_where_it_is_shown() -> None:
    """It is text that anybody may write."""
    hostile = "</details>`|::set-output name=x::\x1b[31m\u202e@everyone\n" + "a" * 99
    assert shown(hostile) == "??details?????set-output?name?x????31m?@everyone?aaaaaaaa..."
    (found,) = co_authors_in(f"fix\n\nCo-authored-by: {hostile}")
    assert len(shown(found)) <= 60


def test_a_long_message_takes_time_in_proportion() -> None:
    """Sixty-five thousand characters of brackets, blanks and trailers; a quadratic reading would take minutes."""
    for text in ("<" * 65_000, "<a" * 32_000, " " * 65_000, "co-authored-by" * 4_600, "\n ".join(["x"] * 20_000)):
        co_authors_in(f"fix\n\nCo-authored-by:{text}")
    assert len(co_authors_in("\n".join(f"Co-authored-by: A <a{number}@x>" for number in range(20_000)))) == 20_000


def test_many_folded_lines_take_time_in_proportion() -> None:
    """Two megabytes under one trailer: to copy what came before with each line would take some 15 s."""
    text = "fix\n\nCo-authored-by: a\n" + " b\n" * 800_000
    began = process_time()
    assert co_authors_in(text) == ("a" + " b" * 800_000,)
    assert process_time() - began < 5
