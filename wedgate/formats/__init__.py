"""Other tools' files, written from the same closed stretches that a check answers from.

One module a format. What a format cannot say is split so that it stays exact, or refused by a ``LossError`` that names
the loss; nothing is approximated. Each file says on top for which span it is exact.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Protocol, cast

from wedgate.calendars.book import Book
from wedgate.errors import UsageError

FORMATS: tuple[str, ...] = (
    "argo-cd",
    "alertmanager",
    "keda",
    "gitlab",
    "aws-change-calendar",
    "google-cloud-deploy",
    "prometheus",
    "github-cron",
)


class Format(Protocol):
    """What a format's module has: a line of help, and the writer."""

    HELP: str

    def write(self, book: Book) -> str:
        """Write every region of the book; ``LossError`` for what the format cannot say."""


def write(name: str, book: Book, region: str | None = None) -> str:
    """Write a book, or one region of it, in a format of ``FORMATS``.

    ``LossError`` where the format cannot say it exactly; ``UsageError`` for an unknown format or region.
    """
    if region is not None:
        pages = tuple(pages for pages in book.regions if pages.name == region)
        if not pages:
            names = ", ".join(pages.name for pages in book.regions)
            raise UsageError(f'the calendar has no region "{region}"; name one of {names}')
        book = replace(book, regions=pages)
    return _format(name).write(book)


def describe(name: str) -> str:
    """Return one line of help; ``UsageError`` for an unknown format."""
    return _format(name).HELP


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise UsageError(f'"{name}" is not a format that wedgate writes; name one of {", ".join(FORMATS)}')
    return cast(Format, import_module(f"wedgate.formats.{name.replace('-', '_')}"))
