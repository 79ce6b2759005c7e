"""The ledger in a file: torn lines, edits, full disks, read-only directories, and processes that race."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wedgate.adapters.stores.file import FileStore
from wedgate.adapters.stores.interface import RevisionConflictError, StoreUnreachableError
from wedgate.errors import ConfigurationError, ExternalSystemError
from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.chain import GENESIS, Entry

AT = datetime(2026, 6, 3, 12, tzinfo=UTC)


def following(store: FileStore, *texts: str) -> tuple[Entry, ...]:
    """Return entries that follow what the store holds."""
    known = store.read()
    drafts = [Draft(stream="journal", kind="said", at=AT, body={"text": text}) for text in texts]
    nonces = [os.urandom(4).hex() for _ in drafts]
    return chain_onto(drafts, revision=len(known), head=known[-1].hash if known else GENESIS, epoch=1, nonces=nonces)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """A ledger of three entries, appended one by one."""
    made = FileStore(tmp_path / "ledger.jsonl")
    for number in range(3):
        made.append(following(made, f"entry {number}"), revision=number)
    return made


@pytest.mark.parametrize("cut", [2, 40, 200])
def test_torn_last_line_is_left_out_said_and_cut_off_by_the_next_append(store: FileStore, cut: int) -> None:
    """An append that was never acknowledged disappears; everything before it stays."""
    kept = store.path.read_bytes()
    batch = following(store, "torn", "torn too")
    store.append(batch, revision=3)
    torn = store.path.read_bytes()
    store.path.write_bytes(torn[:-cut])
    assert len(store.read()) == 3
    assert "was cut off while it was written" in store.notices()[0]
    store.append(following(store, "after"), revision=3)
    assert store.path.read_bytes().startswith(kept)
    assert [entry.body["text"] for entry in store.read()][-1] == "after"
    assert store.notices() == ()


def test_lost_newline_alone_loses_no_entry(store: FileStore) -> None:
    """An editor that strips the last newline does not take an acknowledged entry with it."""
    store.path.write_bytes(store.path.read_bytes().rstrip(b"\n"))
    assert len(store.read()) == 3
    store.append(following(store, "after"), revision=3)
    assert len(store.read()) == 4


@pytest.mark.parametrize("line", [1, 2, 3])
def test_edited_entry_is_refused_by_name(store: FileStore, line: int) -> None:
    """A changed body is found, and the message names file, line and entry."""
    lines = store.path.read_text().splitlines()
    entry = json.loads(lines[line - 1])
    entry["body"]["text"] = "something else"
    lines[line - 1] = json.dumps(entry)
    store.path.write_text("\n".join(lines) + "\n")
    with pytest.raises(ConfigurationError, match=rf"ledger.jsonl:{line}:1: entry {line} does not follow"):
        store.read()
    with pytest.raises(ConfigurationError):
        store.append((), revision=3)


def test_append_after_an_edit_is_refused_although_the_store_knew_the_file(store: FileStore) -> None:
    """The store that wrote the last line does not build upon a file that somebody else has touched since."""
    more = following(store, "more")
    text = store.path.read_text()
    store.path.write_text(text.replace("entry 1", "entry one"))
    with pytest.raises(ConfigurationError, match="entry 2 does not follow"):
        store.append(more, revision=3)
    store.path.write_text(text)
    store.append(more, revision=3)


def test_append_does_not_read_what_it_knows(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long ledger is verified once, not with each line that its only writer adds, nor when it is looked at again."""
    store = FileStore(store.path)
    loaded: list[bool] = []
    load = FileStore._load
    monkeypatch.setattr(FileStore, "_load", lambda self: (loaded.append(True), load(self))[1])
    known = store.read()
    for number in range(3):
        draft = Draft(stream="journal", kind="said", at=AT, body={"text": str(number)})
        entries = chain_onto([draft], revision=len(known), head=known[-1].hash, epoch=1, nonces=[str(number)])
        store.append(entries, revision=len(known))
        known = (*known, *entries)
        assert store.read() == known
    assert loaded == [True]
    os.utime(store.path)
    assert store.read() == known
    assert loaded == [True, True]
    assert FileStore(store.path).read() == known


def test_what_another_store_appends_is_waited_for(store: FileStore) -> None:
    """Its own appends, and what it has read, are nothing to wait for."""
    store.read()
    store.append(following(store, "own"), revision=3)
    assert not store.wait(timedelta(milliseconds=20))
    other = FileStore(store.path)
    later = threading.Timer(0.1, lambda: other.append(following(other, "an order"), revision=4))
    later.start()
    try:
        assert store.wait(timedelta(seconds=60))
        assert store.wait(timedelta(0))
    finally:
        later.join()
    assert len(store.read()) == 5
    assert not store.wait(timedelta(milliseconds=20))


def test_a_ledger_that_is_gone_is_not_waited_for(store: FileStore) -> None:
    """The run then looks as often as where nothing can be waited for."""
    store.path.unlink()
    with pytest.raises(StoreUnreachableError, match="No such file"):
        store.wait(timedelta(seconds=60))


def test_a_ledger_that_cannot_be_used_wakes_nobody_again_and_again(store: FileStore) -> None:
    """Neither one that nobody has read, nor one that was read and is broken; a change of it wakes still."""
    broken = FileStore(store.path)
    with pytest.raises(StoreUnreachableError, match="nothing was read"):
        broken.wait(timedelta(seconds=60))
    lines = store.path.read_text().splitlines(keepends=True)
    store.path.write_text(lines[0] + lines[2])
    with pytest.raises(ConfigurationError):
        broken.read()
    assert not broken.wait(timedelta(milliseconds=20))
    store.path.write_text("".join(lines))
    assert broken.wait(timedelta(0))
    assert len(broken.read()) == 3


def test_missing_entry_is_refused_by_name(store: FileStore) -> None:
    """A removed line is found where the next one does not follow."""
    lines = store.path.read_text().splitlines()
    store.path.write_text("\n".join([lines[0], lines[2]]) + "\n")
    with pytest.raises(ConfigurationError, match="entry 2 does not follow entry 1"):
        store.read()


@pytest.mark.parametrize("content", [b"\xff\xfe\n", b"[]\n", b"{}\n", b"null\n", b"\n", b"[" * 100_000 + b"\n"])
def test_garbage_is_refused_not_repaired(store: FileStore, content: bytes) -> None:
    """A complete line that is no entry is nobody's torn append."""
    store.path.write_bytes(store.path.read_bytes() + content)
    with pytest.raises(ConfigurationError, match="entry 4 cannot be read"):
        store.read()


def test_full_disk_loses_nothing_and_says_so(store: FileStore) -> None:
    """The file grows by a part of the line only; the append takes that back and fails with one message."""
    before = store.path.read_bytes()
    entries = following(store, "x" * 5000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 1000, hard))
    try:
        with pytest.raises(ExternalSystemError, match="the ledger cannot be written: File too large"):
            store.append(entries, revision=3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.path.read_bytes() == before
    store.append(entries, revision=3)


@pytest.mark.parametrize("place", ["directory", "file-as-directory"])
def test_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path, place: str) -> None:
    """A directory in the file's place, or a file in the directory's: an error of the outside, not a traceback."""
    if place == "directory":
        path = tmp_path / "ledger.jsonl"
        path.mkdir()
    else:
        (tmp_path / "state").write_text("")
        path = tmp_path / "state" / "ledger.jsonl"
    entry = chain_onto(
        [Draft(stream="journal", kind="said", at=AT, body={})], revision=0, head=GENESIS, epoch=1, nonces=["n"]
    )
    with pytest.raises(ExternalSystemError, match=str(path)):
        FileStore(path).append(entry, revision=0)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to read-only directories")
def test_read_only_directory_is_one_clear_error(store: FileStore) -> None:
    """Nothing is written, nothing is lost."""
    entries = following(store, "more")
    store.path.chmod(stat.S_IRUSR)
    store.path.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(ExternalSystemError, match="cannot be written"):
            store.append(entries, revision=3)
        assert len(store.read()) == 3
    finally:
        store.path.parent.chmod(0o755)


def _race(path: Path, name: str, count: int) -> None:
    """Append ``count`` entries, each after as many tries as it takes."""
    store = FileStore(path)
    done = 0
    while done < count:
        known = store.read()
        draft = Draft(stream="journal", kind="said", at=AT, body={"text": f"{name}-{done}"})
        head = known[-1].hash if known else GENESIS
        entry = chain_onto([draft], revision=len(known), head=head, epoch=1, nonces=[f"{name}{done}"])
        try:
            store.append(entry, revision=len(known))
        except RevisionConflictError:
            continue
        done += 1


def test_racing_processes_lose_no_acknowledged_entry(tmp_path: Path) -> None:
    """Four processes of ten appends: forty entries, one for each acknowledged append, in one unbroken chain."""
    path = tmp_path / "ledger.jsonl"
    context = multiprocessing.get_context("fork")
    racers = [context.Process(target=_race, args=(path, f"p{number}", 10)) for number in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)
    assert [racer.exitcode for racer in racers] == [0] * 4
    texts = [entry.body["text"] for entry in FileStore(path).read()]
    assert sorted(texts) == sorted(f"p{number}-{count}" for number in range(4) for count in range(10))


def test_a_place_that_is_no_directory_any_more_is_a_store_that_is_gone(tmp_path: Path) -> None:
    """A disk that went away answers in many ways; whoever drives a rollout learns one."""
    place = tmp_path / "state"
    store = FileStore(place / "ledger.jsonl")
    store.append(following(store, "one"), revision=0)
    assert store.read()
    place.rename(tmp_path / "elsewhere")
    place.write_text("a file")
    with pytest.raises(StoreUnreachableError, match="Not a directory"):
        store.read()
