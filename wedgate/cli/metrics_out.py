"""Writes a service's metrics where a tick ends: a file for the node exporter, or a push to a gateway."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from wedgate.cli.ledger_wiring import open_store, state_of
from wedgate.errors import ExternalSystemError, UsageError, WedgateError

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.engine.afterwards import Job

PUSH_WITHIN = 2.0
"""Seconds that a gateway has to answer."""

metrics_file_option = click.option(
    "--metrics-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write metrics to this file: for the node exporter one that ends with .prom.",
)
metrics_push_option = click.option(
    "--metrics-push", metavar="URL", help="Push metrics to this Pushgateway; env/NAME for a variable that holds it."
)


annotations_option = click.option(
    "--annotations-out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write Grafana annotations to this file, a line of JSON for each step.",
)


def metrics_jobs(
    configuration: Configuration, file: Path | None, push: str | None, annotations: Path | None = None
) -> tuple[Job, ...]:
    """Return what writes metrics and annotations of a service where they are wanted; ``UsageError`` for no address."""
    jobs: list[Job] = []
    if annotations is not None:
        jobs.append(lambda: write_file(annotations, annotations_of(configuration)))
    if file is not None:
        jobs.append(lambda: write_file(file, metrics_of(configuration)))
    if push is not None:
        address = _address(push)
        jobs.append(lambda: push_to(address, configuration.service, metrics_of(configuration)))
    return tuple(jobs)


def metrics_of(configuration: Configuration, clock: Callable[[], datetime] | None = None) -> str:
    """Return the metrics of a service as its ledger has them now; of one that cannot be read, that alone."""
    from wedgate import __version__
    from wedgate.cli.rollout_wiring import utc_now
    from wedgate.engine.book import Book
    from wedgate.render.marks import of_marks
    from wedgate.render.metrics import of_ledger, of_reading, of_version, render_metrics
    from wedgate.rollout.marks import marks_of

    service = configuration.service
    store, spool = open_store(*state_of(configuration), service)
    book, now = Book(store, spool), (clock or utc_now)()
    families = [of_version(__version__)]
    try:
        ledger = book.refresh()
        found = of_ledger(service, ledger, book.rollout(ledger.latest), now)
        if ledger.latest is not None:
            found = (*found, of_marks(service, marks_of(ledger, rollout=ledger.latest)))
    except WedgateError:
        return render_metrics([*families, *of_reading(service, is_readable=False, waiting=len(spool.waiting()))])
    return render_metrics([*families, *of_reading(service, is_readable=True, waiting=len(spool.waiting())), *found])


def annotations_of(configuration: Configuration) -> str:
    """Return the annotations of a service as its ledger has them now."""
    from wedgate.engine.book import Book, unreadable
    from wedgate.ledger.plain import PlainError
    from wedgate.render.marks import grafana_annotations
    from wedgate.rollout.marks import marks_of

    service = configuration.service
    try:
        return grafana_annotations(service, marks_of(Book(*open_store(*state_of(configuration), service)).refresh()))
    except PlainError as error:
        raise unreadable(error) from None


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all: who reads it meanwhile sees the old one. ``ExternalSystemError`` if not."""
    name = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The node exporter reads what ends with .prom, so the file that is being written must not.
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        if name is not None:
            with suppress(OSError):
                os.unlink(name)
        raise ExternalSystemError(f"the metrics could not be written to {path}: {error.strerror or error}") from error


def push_to(address: str, service: str, text: str) -> None:
    """Put the metrics of a service in place of those it pushed before; no error says the address."""
    import requests

    from wedgate.render.metrics import CONTENT_TYPE

    url = f"{address.rstrip('/')}/metrics/job/wedgate/service/{quote(service, safe='')}"
    try:
        answer = requests.put(
            url,
            data=text.encode(),
            headers={"Content-Type": CONTENT_TYPE},
            timeout=PUSH_WITHIN,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        kind = "did not answer in time" if isinstance(error, requests.Timeout) else "could not be reached"
        raise ExternalSystemError(f"the metrics were not pushed: the gateway {kind}") from None
    if answer.status_code // 100 != 2:
        raise ExternalSystemError(f"the metrics were not pushed: the gateway answered {answer.status_code}")


def _address(push: str) -> str:
    name = push.removeprefix("env/") if push.startswith("env/") else None
    address = push if name is None else os.environ.get(name, "").strip()
    if not address.startswith(("http://", "https://")):
        what = f"{name} holds no address" if name is not None else "this is no address"
        raise UsageError(f"--metrics-push: {what}; write such as http://127.0.0.1:9091, or env/NAME for a variable")
    return address
