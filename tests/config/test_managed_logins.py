"""Logins of managed users: GitHub puts an underscore and the enterprise's short code behind the name."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from wedgate.almanac.files import WorkingFiles
from wedgate.calendars.spelling import SpellingError
from wedgate.cli.override_wiring import on_call
from wedgate.cli.repository import PUBLIC_API, repository_at
from wedgate.config.override_scalars import parse_logins
from wedgate.overrides.co_authors import no_reply_in


@pytest.mark.parametrize(
    "login",
    [
        "mona-lisa_octo",
        "octo_admin",
        "mona_octo:1234",
        "a" * 39,
        "a" * 34 + "_octo",
        "a" * 34 + "_octo:1234",
        "a-" * 19 + "a",
    ],
)
def test_the_login_of_a_managed_user_is_one(login: str) -> None:
    """An underscore may stand once, before the short code; all of it has at most 39 characters."""
    assert parse_logins([login]) == [login]


@pytest.mark.parametrize(
    "login",
    [
        "_octo",
        "mona_",
        "mona__octo",
        "mo_na_octo",
        "mona_oc-to",
        "a" * 40,
        "a" * 35 + "_octo",
        "a" * 35 + "_octo:1234",
        "a-" * 20 + "a",
    ],
)
def test_an_underscore_elsewhere_is_no_login(login: str) -> None:
    """What no account can be called is refused."""
    with pytest.raises(SpellingError, match="not a login"):
        parse_logins([login])


@pytest.mark.parametrize(
    ("title", "logins"),
    [
        ("@mona_octo", ("mona_octo",)),
        ("primary: @mona-lisa_octo, then @bob", ("mona-lisa_octo", "bob")),
        ("@" + "a" * 34 + "_octo", ("a" * 34 + "_octo",)),
        ("@" + "a" * 35 + "_octo", ()),
        ("mail mona@octo_admin", ()),
        ("@octo/mona_team", ()),
    ],
)
def test_a_managed_user_may_be_on_call(tmp_path: Path, title: str, logins: tuple[str, ...]) -> None:
    """The title of what goes on now names them."""
    feed = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
        f"DTSTART:20261128T000000Z\r\nDTEND:20261129T000000Z\r\nSUMMARY:{title.replace(',', chr(92) + ',')}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    (tmp_path / "on-call.ics").write_text(feed, newline="")
    found = on_call("on-call.ics", WorkingFiles(tmp_path), lambda: datetime(2026, 11, 28, 12, tzinfo=UTC))
    assert found.trouble is None
    assert found.logins == logins


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("77+mona_octo@users.noreply.github.com", (77, "mona_octo")),
        ("mona_octo@users.noreply.github.com", (None, "mona_octo")),
        ("77+Mona-Lisa_Octo@users.noreply.ghe.acme.example", (77, "mona-lisa_octo")),
        ("77+" + "a" * 40 + "@users.noreply.github.com", None),
    ],
)
def test_a_managed_user_may_be_a_co_author(address: str, expected: tuple[int | None, str] | None) -> None:
    """By the address that the forge hands out."""
    found = no_reply_in(address)
    assert (found and (found.number, found.login)) == expected


def test_a_managed_user_may_own_a_repository() -> None:
    """A fork or a repository of a managed user is found by its address."""
    assert repository_at("git@github.com:mona_octo/shop.git", PUBLIC_API) == "mona_octo/shop"
