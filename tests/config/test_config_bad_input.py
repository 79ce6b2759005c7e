"""Files that are no configuration: one clear message each, exit code 2, and never a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wedgate.config.load import find_configuration, load_configuration, parse_configuration
from wedgate.errors import ConfigurationError

GOOD = b"version: 1\nservice: x\nregions: {eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}}\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty; write a starter with `wedgate init`"),
        (b" \n\n", "the file is empty"),
        (b"# nothing\n", "the file says nothing (comments only)"),
        (b"a: b\n" * 2_100_000, "the file is larger than 1,000,000 bytes"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "the file holds binary data"),
        (GOOD.decode().encode("utf-16"), "the file is UTF-16, not UTF-8; save it again as UTF-8"),
        (GOOD.decode().encode("utf-16-le"), "the file holds binary data"),
        (GOOD + "# Köln\n".encode("latin-1"), "f:4:4: the byte 0xf6 is not UTF-8 (the file may be Latin-1)"),
        (b"just text", "the file is 'just text', not keys with values"),
        (b"- a\n- b\n", "the file is a list, not keys with values"),
        (b"null", "the file is nothing, not keys with values"),
    ],
    ids=[
        "empty", "blank", "comments", "10-MB", "binary", "utf-16", "utf-16-unmarked", "latin-1", "text", "list", "null",
    ],
)  # fmt: skip
def test_what_is_no_configuration_gives_one_message(content: bytes, said: str) -> None:
    """One problem, with what to do."""
    with pytest.raises(ConfigurationError) as raised:
        parse_configuration(content, name="f")
    assert len(raised.value.problems) == 1
    assert str(raised.value).startswith("f")
    assert said in str(raised.value)
    assert raised.value.problems[0].remedy


def test_a_byte_order_mark_of_utf_8_is_fine() -> None:
    """Some editors write one; it changes nothing but the digest."""
    assert (
        parse_configuration(b"\xef\xbb\xbf" + GOOD, name="f").calendar == parse_configuration(GOOD, name="f").calendar
    )


def test_windows_line_ends_are_fine() -> None:
    """CRLF reads the same."""
    content = GOOD.replace(b"\n", b"\r\n")
    assert parse_configuration(content, name="f").calendar == parse_configuration(GOOD, name="f").calendar


def test_no_file_a_directory_and_an_unreadable_file(tmp_path: Path) -> None:
    """What cannot be opened is named, with what to do."""
    cases = [(tmp_path / "none.yml", "there is no such file"), (tmp_path, "this is a directory")]
    if os.getuid() != 0:
        locked = tmp_path / "locked.yml"
        locked.write_bytes(GOOD)
        locked.chmod(0)
        cases.append((locked, "may not be read"))
    for path, said in cases:
        with pytest.raises(ConfigurationError, match=said) as raised:
            load_configuration(path)
        assert len(raised.value.problems) == 1


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for a user who may read everything: the system's refusal becomes one message."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigurationError, match="this file may not be read; allow"):
        load_configuration(tmp_path / "wedgate.yml")


def test_a_path_with_a_zero_byte_is_refused() -> None:
    """Even a path that no system takes gives a message."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_configuration(Path("a\0b"))


def test_the_first_of_the_usual_places_is_found(tmp_path: Path) -> None:
    """wedgate.yml, then .github/wedgate.yml; nothing is nothing."""
    assert find_configuration(tmp_path) is None
    (tmp_path / ".github").mkdir()
    second = tmp_path / ".github" / "wedgate.yml"
    second.write_bytes(GOOD)
    assert find_configuration(tmp_path) == second
    (tmp_path / "wedgate.yml").symlink_to("nowhere")
    assert find_configuration(tmp_path) == tmp_path / "wedgate.yml"


def test_a_kind_that_is_a_list_is_one_message() -> None:
    """A value of the wrong type beside keys that depend on it."""
    target = b"rollout:\n  strategies: {s: {kind: blue-green, bake: 1h}}\n  target: {kind: [], path: x}\n"
    with pytest.raises(
        ConfigurationError, match=r"rollout\.target\.kind: expected one of envoy, haproxy, nginx, command, simulated"
    ) as raised:
        parse_configuration(GOOD + target, name="f")
    assert len(raised.value.problems) == 1
