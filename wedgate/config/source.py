"""Bytes of a configuration file to text: size, encoding and what is not a file at all, each with one clear message.

Everything here is asked before a parser sees the content, so that no parser meets 10 MB, UTF-16 or a picture.
"""

from __future__ import annotations

import codecs
import hashlib
from pathlib import Path

from wedgate.errors import ConfigurationError, Problem

MAX_BYTES = 1_000_000
"""A wedgate.yml for a hundred regions is some 100 kB; ten times that is not a configuration."""

_OTHER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def whole_file(name: str, what: str, remedy: str) -> ConfigurationError:
    """Return the error for a file that cannot be used as a whole."""
    return ConfigurationError((Problem(file=name, line=0, column=0, what=what, remedy=remedy),))


def digest_of(content: bytes) -> str:
    """Return ``sha256:`` and the hexadecimal digest of the file's bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def load_bytes(path: Path) -> bytes:
    """Read at most ``MAX_BYTES`` and one byte of ``path``; ``ConfigurationError`` when it cannot be read."""
    name = str(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise whole_file(name, "this is not a plain file", "name a plain file with --config")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise whole_file(
            name, "there is no such file", "name one that exists with --config, or leave it out to read wedgate.yml"
        ) from None
    except IsADirectoryError:
        raise whole_file(name, "this is a directory", "name the file in it, such as wedgate.yml") from None
    except PermissionError:
        raise whole_file(name, "this file may not be read", "allow its user to read it (chmod u+r)") from None
    except (OSError, ValueError) as error:
        raise whole_file(name, f"this file cannot be read ({error})", "name a plain file with --config") from None


def decode(content: bytes, *, name: str) -> str:
    """Return the text of a configuration: UTF-8, with or without a mark; ``ConfigurationError`` otherwise."""
    if len(content) > MAX_BYTES:
        raise whole_file(
            name, f"the file is larger than {MAX_BYTES:,} bytes", "is this the right file? keep data out of wedgate.yml"
        )
    for mark, encoding in _OTHER_MARKS:
        if content.startswith(mark):
            raise whole_file(name, f"the file is {encoding}, not UTF-8", "save it again as UTF-8")
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\0" in content:
        raise whole_file(name, "the file holds binary data, not text", "is this the right file?")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        what = f"the byte 0x{content[error.start]:02x} is not UTF-8 (the file may be Latin-1)"
        problem = Problem(file=name, line=line, column=column, what=what, remedy="save the file again as UTF-8")
        raise ConfigurationError((problem,)) from None
    if not text.strip():
        raise whole_file(name, "the file is empty", "write a starter with `wedgate init`, or delete the file")
    return text
