"""The spool keeps records when the ledger cannot, and never trusts a file that somebody else put there."""

from __future__ import annotations

import os
import resource
from datetime import UTC, datetime
from pathlib import Path

from wedgate.adapters.stores.spool import FileSpool
from wedgate.ledger.appending import Draft

DRAFT = Draft(stream="poison", kind="poisoned", at=datetime(2026, 6, 3, tzinfo=UTC), body={"why": "Größe"})


def test_drafts_wait_in_order_until_they_are_cleared(tmp_path: Path) -> None:
    """Kept twice, both come back, and clearing removes the file."""
    spool = FileSpool(tmp_path / "deep" / "spool.jsonl")
    assert spool.keep([DRAFT]) == str(tmp_path / "deep" / "spool.jsonl")
    spool.keep([DRAFT, DRAFT])
    assert spool.waiting() == (DRAFT, DRAFT, DRAFT)
    assert os.stat(tmp_path / "deep" / "spool.jsonl").st_mode & 0o777 == 0o600
    spool.clear()
    assert spool.waiting() == ()


def test_second_place_is_used_when_the_first_cannot_be(tmp_path: Path) -> None:
    """A file in the directory's place: the record goes to the second path, and is found there."""
    (tmp_path / "state").write_text("")
    spool = FileSpool(tmp_path / "state" / "spool.jsonl", tmp_path / "second.jsonl")
    assert spool.keep([DRAFT]) == str(tmp_path / "second.jsonl")
    assert spool.waiting() == (DRAFT,)


def test_nowhere_to_write_is_said_not_raised(tmp_path: Path) -> None:
    """The spool never stands in the way of a rollback."""
    (tmp_path / "state").write_text("")
    assert FileSpool(tmp_path / "state" / "spool.jsonl").keep([DRAFT]) is None


def test_links_and_torn_lines_are_not_read(tmp_path: Path) -> None:
    """A link is somebody else's idea; a torn line was never acknowledged."""
    real = tmp_path / "real.jsonl"
    FileSpool(real).keep([DRAFT])
    (tmp_path / "link.jsonl").symlink_to(real)
    assert FileSpool(tmp_path / "link.jsonl").waiting() == ()
    assert FileSpool(tmp_path / "link.jsonl").keep([DRAFT]) is None
    real.write_text(real.read_text() + "[" * 100_000 + "\n" + '{"stream": "poi')
    assert FileSpool(real).waiting() == (DRAFT,)


def test_what_is_kept_after_a_torn_line_is_a_line_of_its_own(tmp_path: Path) -> None:
    """A process died while it wrote: the next record, which is acknowledged, must not end in the torn one."""
    spool = FileSpool(tmp_path / "spool.jsonl")
    spool.keep([DRAFT])
    with (tmp_path / "spool.jsonl").open("a") as file:
        file.write('{"stream": "poi')
    assert spool.keep([DRAFT]) is not None
    assert spool.waiting() == (DRAFT, DRAFT)


def test_a_disk_that_is_full_in_the_middle_leaves_the_spool_as_it_was(tmp_path: Path) -> None:
    """Half a record is taken back, so that nothing of what was not acknowledged is found later."""
    spool = FileSpool(tmp_path / "spool.jsonl")
    spool.keep([DRAFT])
    before = (tmp_path / "spool.jsonl").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, hard))
    try:
        assert spool.keep([DRAFT]) is None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "spool.jsonl").read_bytes() == before
