"""The ledger on a git ref against a real git server: lost answers, refused pushes, killed writers, other hands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from git_server import TOKEN, GitServer

from wedgate.adapters.stores.git import GitStore
from wedgate.adapters.stores.interface import RevisionConflictError
from wedgate.errors import ConfigurationError, ExternalSystemError
from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.chain import GENESIS, Entry, broken_at

AT = datetime(2026, 6, 3, 12, tzinfo=UTC)
REF = "refs/heads/wedgate/venue-search"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    """Serve an empty repository."""
    with GitServer(tmp_path) as found:
        yield found


def store_of(server: GitServer, **settings: str) -> GitStore:
    """Open the ledger as another process would."""
    return GitStore(server.url, REF, **{"token": TOKEN, **settings})


def append(store: GitStore, text: str, nonce: str = "n") -> tuple[Entry, ...]:
    """Append one entry behind what is there."""
    known = store.read()
    draft = Draft(stream="audit", kind="said", at=AT, body={"text": text})
    head = known[-1].hash if known else GENESIS
    entries = chain_onto([draft], revision=len(known), head=head, epoch=0, nonces=[nonce])
    store.append(entries, revision=len(known))
    return entries


def test_each_append_is_one_commit_that_starts_no_workflow(server: GitServer) -> None:
    """The tree holds the ledger and nothing else."""
    store = store_of(server)
    append(store, "one")
    append(store, "two")
    assert server.git("rev-list", "--count", REF) == "2"
    assert server.git("ls-tree", "--name-only", REF) == "ledger.jsonl"
    assert "[skip ci]" in server.git("log", "-1", "--format=%B", REF)


def test_an_append_whose_answer_was_lost_counts_once(server: GitServer) -> None:
    """The push was carried out and the connection broke: the ref is looked at, and it is ours."""
    store = store_of(server)
    append(store, "one")
    server.lose_answers = 1
    append(store, "two")
    assert [entry.body["text"] for entry in store_of(server).read()] == ["one", "two"]


def test_a_push_that_is_refused_names_the_permission(server: GitServer) -> None:
    """Nothing was written, and the job's line is named."""
    server.refuse_pushes = True
    with pytest.raises(ExternalSystemError, match="contents: write"):
        append(store_of(server), "one")
    server.refuse_pushes = False
    assert store_of(server).read() == ()


def test_without_a_token_nothing_is_read_and_nobody_is_asked(server: GitServer) -> None:
    """No prompt, no password of this machine, and no empty ledger in the place of one that cannot be read."""
    with pytest.raises(ExternalSystemError, match="could not be read"):
        GitStore(server.url, REF).read()
    with pytest.raises(ExternalSystemError) as caught:
        store_of(server, token="a-wrong-token").read()
    assert "a-wrong-token" not in str(caught.value)


def test_a_server_that_is_not_there_is_no_empty_ledger(tmp_path: Path) -> None:
    """An address where nobody listens."""
    with pytest.raises(ExternalSystemError):
        GitStore("http://127.0.0.1:9/acme/x.git", REF, token=TOKEN).read()


def test_an_entry_that_was_edited_is_named(server: GitServer) -> None:
    """Somebody pushed a ledger of their own: the chain says where it breaks."""
    store = store_of(server)
    append(store, "one")
    append(store, "two")
    text = server.git("show", f"{REF}:ledger.jsonl").replace('"one"', '"uno"')
    blob = server.git("hash-object", "-w", "--stdin", given=text + "\n")
    tree = server.git("mktree", given=f"100644 blob {blob}\tledger.jsonl\n")
    server.git("update-ref", REF, server.git("commit-tree", tree, "-m", "x"))
    with pytest.raises(ConfigurationError, match="entry 1 does not follow entry 0"):
        store_of(server).read()


def test_two_who_read_the_same_are_one_who_writes(server: GitServer) -> None:
    """Between the look and the push somebody else was faster: the server refuses, and that is told as a conflict."""
    one, two = store_of(server), store_of(server)
    append(one, "one")
    entries = chain_onto(
        [Draft(stream="audit", kind="said", at=AT, body={})], revision=0, head=GENESIS, epoch=0, nonces=["x"]
    )
    two.read = lambda: ()  # type: ignore[method-assign]
    with pytest.raises(RevisionConflictError, match="somebody else has written"):
        two.append(entries, revision=0)


WRITER = """
import random, sys, time
sys.path[:0] = {paths!r}
from test_git_store import append, store_of
from wedgate.adapters.stores.interface import RevisionConflictError
class Server: url = {url!r}
store = store_of(Server)
number = 0
while True:
    try:
        append(store, f"{{sys.argv[1]}}-{{number}}", nonce=f"{{sys.argv[1]}}-{{number}}")
        number += 1
        print(number, flush=True)
        time.sleep(random.uniform(0.5, 1))  # let the others win, too
    except RevisionConflictError:
        time.sleep(random.uniform(0, 0.2))
"""


def test_writers_that_are_killed_anywhere_leave_a_whole_chain(server: GitServer) -> None:
    """Three processes append, each killed at some moment: the chain is whole, and holds all that anyone was told."""
    here = Path(__file__).resolve()
    program = WRITER.format(paths=[str(here.parent), str(here.parents[1] / "git_server")], url=server.url)
    writers = [
        subprocess.Popen([sys.executable, "-c", program, f"w{name}"], stdout=subprocess.PIPE, text=True)
        for name in range(3)
    ]
    told = dict.fromkeys(range(3), 0)
    for name, writer in enumerate(writers):
        assert writer.stdout is not None
        for _ in range(name + 1):
            told[name] = int(writer.stdout.readline())
        time.sleep(0.01 * name)
        os.kill(writer.pid, signal.SIGKILL)
        told[name] = max([told[name], *(int(line) for line in writer.stdout.read().split())])
        writer.wait()
        writer.stdout.close()
    entries = store_of(server).read()
    assert broken_at(entries) is None
    texts = [entry.body["text"] for entry in entries]
    assert len(texts) == len(set(texts))
    for name, count in told.items():
        own = [text for text in texts if str(text).startswith(f"w{name}-")]
        assert own[:count] == [f"w{name}-{number}" for number in range(count)]
        assert len(own) <= count + 1
    append(store_of(server), "after")
