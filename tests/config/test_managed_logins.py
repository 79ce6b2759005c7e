"""Logins of managed users: GitHub puts an underscore and the enterprise's short code behind the name."""

import pytest

from wedgate.calendars.spelling import SpellingError
from wedgate.cli.repository import PUBLIC_API, repository_at
from wedgate.config.override_scalars import parse_logins


@pytest.mark.parametrize("login", ["mona-lisa_octo", "octo_admin", "mona_octo:1234"])
def test_the_login_of_a_managed_user_is_one(login: str) -> None:
    """An underscore may stand once, before the short code."""
    assert parse_logins([login]) == [login]


@pytest.mark.parametrize("login", ["_octo", "mona_", "mona__octo", "mo_na_octo", "mona_oc-to"])
def test_an_underscore_elsewhere_is_no_login(login: str) -> None:
    """What no account can be called is refused."""
    with pytest.raises(SpellingError, match="not a login"):
        parse_logins([login])


def test_a_managed_user_may_own_a_repository() -> None:
    """A fork or a repository of a managed user is found by its address."""
    assert repository_at("git@github.com:mona_octo/shop.git", PUBLIC_API) == "mona_octo/shop"
