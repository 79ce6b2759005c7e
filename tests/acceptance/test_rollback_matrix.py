"""``wedgate rollback`` whatever else is broken: the matrix of docs/reference/rollback.md, each cell a real process."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from broken_places import NOBODY_LISTENS, STATES, broken, environment_of, mounting, reason
from click.testing import CliRunner
from git_server import GitServer
from postgres_server import PostgresServer, wire_to
from small_service import quick_configuration
from store_places import REF, SERVICE, FilePlace, GitPlace, PostgresPlace

from wedgate.adapters.stores.rescue import load_rescue
from wedgate.adapters.targets.interface import FenceError
from wedgate.adapters.targets.simulated import SimulatedTarget
from wedgate.cli import main as cli_main
from wedgate.cli.ledger_wiring import open_store
from wedgate.engine.book import Book, LeaseLostError
from wedgate.engine.holder import own_name
from wedgate.errors import ExitCode
from wedgate.ledger.appending import Draft
from wedgate.ledger.streams import Stream, fold
from wedgate.rollout.journal import replay
from wedgate.rollout.state import RolloutStatus
from wedgate.rollout.values import Weights

KINDS = ("file", "git", "postgres")
CONFIGURATIONS = ("deleted", "garbage")
UNREACHABLE = ("the forge", "the package index")
LEASES = ("free", "held")

WORLD = {"us-west": {"colours": {"blue": "sha256:old", "green": None}}, "*traffic": {"rate": 200}}

# Without the package index nothing can be installed: only what wedgate cannot be without is there.
BARE = """
import sys

class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in (*sys.stdlib_module_names, "wedgate", "click"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Bare())
from wedgate.__main__ import main
main()
"""
PYTHON = (sys.executable, "-I", "-X", "utf8")

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "rollback.md"


class Stage:
    """A directory in which a rollout left its candidate with 10 %, with its ledger; put back as it was for each case.

    Paths are pinned absolute in a rescue file, so it is always the same directory.
    """

    def __init__(self, kind: str, root: Path, ledger: Any) -> None:
        self.kind = kind
        self.root = root
        self.directory = root / "checkout"
        self.temporary = root / "temporary"
        self.ledger = ledger
        self._number = itertools.count(1)
        self.directory.mkdir()
        (self.directory / ".wedgate").mkdir()
        (self.directory / ".wedgate" / "simulated.json").write_text(json.dumps(WORLD))
        (self.directory / "wedgate.yml").write_text(quick_configuration(bake="10m", state=self._state()))
        self.temporary.mkdir()
        self._begin()
        self._kept = [path for path in (self.directory, root / "acme") if path.exists()]
        for path in self._kept:
            shutil.copytree(path, root / "kept" / path.name)

    def reset(self) -> None:
        """Put everything back as the rollout left it."""
        for path in (*self._kept, self.temporary):
            shutil.rmtree(path)
        for path in self._kept:
            shutil.copytree(self.root / "kept" / path.name, path)
        self.temporary.mkdir()
        if isinstance(self.ledger, PostgresPlace):
            self.ledger.start_again()

    def run(
        self, *words: str, around: Any = (), more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program in the directory, with nothing of this process's environment but where programs are."""
        environment = {"PATH": os.environ["PATH"], "TMPDIR": str(self.temporary), "HOME": str(self.temporary)}
        return subprocess.run(
            [*around, *words],
            cwd=self.directory,
            env={**environment, **environment_of(self.ledger), **(more or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def book(self) -> Book:
        """Open the ledger as the command does, with the spool's second place where the command's is."""
        rescue = load_rescue(self.directory / ".wedgate" / f"{SERVICE}.rescue.json")
        return Book(*open_store(rescue.store_kind, dict(rescue.store_options), SERVICE))

    def target(self) -> SimulatedTarget:
        """Open the target."""
        return SimulatedTarget("us-west", path=self.directory / ".wedgate" / "simulated.json")

    def spools(self) -> list[Path]:
        """Return the files in which records wait."""
        return sorted(path for path in self.root.rglob("*.spool.jsonl") if "kept" not in path.parts)

    def _state(self) -> str:
        if self.kind == "git":
            return f"{{kind: git, remote: {self.ledger.server.url}, ref: {REF}}}"
        return (
            "{kind: postgres, url: env/WEDGATE_DATABASE_URL}"
            if self.kind == "postgres"
            else "{kind: file, path: state}"
        )

    def _begin(self) -> None:
        words = (*PYTHON, "-m", "wedgate", "rollout")
        release = ("--commit", "2" * 40, "--digest", "sha256:new")
        for step in (("adopt", "--digest", "sha256:old"), ("start", *release), ("tick",), ("tick",)):
            done = self.run(*words, *step)
            assert done.returncode == 0, done.stdout + done.stderr
        assert self.target().weights().weights == Weights(blue=90, green=10)


@pytest.fixture(scope="module", params=KINDS)
def built_stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Stage]:
    """One stage for each kind of store."""
    root = tmp_path_factory.mktemp(request.param)
    if request.param == "git":
        with GitServer(root) as server:
            yield Stage("git", root, GitPlace(server))
    elif request.param == "postgres":
        with wire_to(postgres_server) as wire:
            yield Stage("postgres", root, PostgresPlace(postgres_server, wire))
    else:
        yield Stage("file", root, FilePlace(root / "checkout" / "state" / f"{SERVICE}.jsonl"))


@pytest.fixture
def stage(built_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The stage as the rollout left it; this process finds ledger and spool where the command does."""
    built_stage.reset()
    monkeypatch.chdir(built_stage.directory)
    monkeypatch.setattr(tempfile, "tempdir", str(built_stage.temporary))
    for name, value in environment_of(built_stage.ledger).items():
        monkeypatch.setenv(name, value)
    return built_stage


@pytest.mark.parametrize("lease", LEASES)
@pytest.mark.parametrize("unreachable", UNREACHABLE)
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@pytest.mark.parametrize("state", STATES)
def test_weights_come_back_and_the_record_is_not_lost(
    stage: Stage, state: str, configuration: str, unreachable: str, lease: str
) -> None:
    """All traffic on stable, whoever held the lease is out, and the next tick on the whole ledger writes it down."""
    holder = stage.book()
    if lease == "held":
        holder.take_lease(datetime.now(UTC), above=0, who=own_name())
    else:
        holder.refresh()
        holder.epoch = holder.state.epoch
    raised = holder.fence(str(holder.state.latest))
    _spoil(stage.directory / "wedgate.yml", configuration)
    with broken(stage.ledger, state, stage.temporary) as way:
        command, environment = _command(unreachable)
        done = stage.run(
            *command, "rollback", "--reason", reason(), around=way.words, more={**environment, **way.environment}
        )
        found = stage.target().weights()
    assert done.returncode == ExitCode.ROLLED_BACK, done.stdout + done.stderr
    assert found.weights == Weights(blue=100, green=0)
    assert "us-west: blue 90 / green 10 -> blue 100 / green 0\n" in done.stdout
    _is_told(stage, state, unreachable, done.stdout)
    with pytest.raises(FenceError):
        stage.target().set_weights(Weights(blue=50, green=50), raised)
    if configuration == "deleted":
        # The configuration is put back for the tick, so the other half would only say the same again.
        _is_written_down_by_the_next_tick(stage, lease)


def _spoil(path: Path, configuration: str) -> None:
    if configuration == "deleted":
        path.unlink()
    else:
        path.write_text(": garbage [")


def _command(unreachable: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the command, and the environment, of a machine from which something cannot be reached."""
    if unreachable == "the forge":
        api = {"GITHUB_API_URL": f"http://{NOBODY_LISTENS}", "GITHUB_SERVER_URL": f"http://{NOBODY_LISTENS}"}
        runner = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/venue-search", "GITHUB_TOKEN": "none"}
        return (*PYTHON, "-m", "wedgate"), {**api, **runner}
    return (*PYTHON, "-c", BARE), {}


def _is_told(stage: Stage, state: str, unreachable: str, said: str) -> None:
    """What the document says of this cell is what the command says; and where the record waits."""
    assert "the ledger could not be written" in said
    spools = stage.spools()
    assert [f"kept in {path}" in said for path in spools] == [True], said
    words = documented()[state][stage.kind]
    if stage.kind == "postgres" and unreachable == "the package index":
        words = "psycopg is not installed"
    elif stage.kind == "file" and state in ("read-only", "full") and mounting() is None:
        words = "cannot be written"
    assert words in said, said


def _is_written_down_by_the_next_tick(stage: Stage, lease: str) -> None:
    """The ledger is back, and so is the configuration: the record is there once, and nothing waits any more."""
    if lease == "held":
        holder = stage.book()
        holder.epoch = holder.refresh().epoch
        holder.append([Draft(stream=Stream.LEASE, kind="released", at=datetime.now(UTC), body={})])
    (stage.directory / "wedgate.yml").write_bytes((stage.root / "kept" / "checkout" / "wedgate.yml").read_bytes())
    ticked = CliRunner().invoke(cli_main.cli, ["rollout", "tick"], standalone_mode=False)
    assert "an earlier run could not write" in ticked.output, (ticked.output, ticked.exception)
    entries = stage.ledger.open().read()
    ledger = fold(entries)
    (journal,) = ledger.journals.values()
    assert [line.kind for line in journal].count("returned_by_hand") == 1
    assert [entry.kind for entry in entries].count("poisoned") == 1
    rollout = replay(journal)
    assert rollout is not None
    assert rollout.status is RolloutStatus.HALTED
    assert (ledger.claims, set(ledger.poisoned)) == ({}, {"sha256:new"})
    assert stage.spools() == []
    assert stage.target().weights().weights == Weights(blue=100, green=0)


@pytest.mark.parametrize("lease", LEASES)
def test_with_a_whole_ledger_it_is_recorded_at_once_and_the_holder_is_out(stage: Stage, lease: str) -> None:
    """The first row of the document: nothing waits, and who held the lease writes nothing any more."""
    holder = stage.book()
    holder.refresh()
    if lease == "held":
        holder.take_lease(datetime.now(UTC), above=0, who=own_name())
    done = stage.run(*PYTHON, "-m", "wedgate", "rollback")
    assert done.returncode == ExitCode.ROLLED_BACK, done.stdout + done.stderr
    assert documented()["whole"][stage.kind] in done.stdout
    assert stage.spools() == []
    assert "sha256:new" in fold(stage.ledger.open().read()).poisoned
    with pytest.raises(LeaseLostError):
        holder.append([Draft(stream=Stream.LEASE, kind="renewed", at=datetime.now(UTC), body={})])


def documented() -> dict[str, dict[str, str]]:
    """Return the table of the document: what is said, by state of the ledger and kind of store."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("## The matrix")[2].partition("\n## ")[0]
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    head, _, *body = rows
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in body}


def test_the_document_has_every_row_and_column_of_the_matrix() -> None:
    """What is documented is what is tested, neither more nor less."""
    table = documented()
    assert tuple(table) == ("whole", *STATES)
    assert {tuple(row) for row in table.values()} == {KINDS}
    text = re.sub(r"\s+", " ", DOCUMENT.read_text(encoding="utf-8"))
    for words in (*UNREACHABLE, "configuration deleted or garbage", "the lease free or held"):
        assert words in text


@pytest.mark.parametrize("output", ["full", "gone", "both full"])
def test_whoever_cannot_be_told_traffic_returns_all_the_same(stage: Stage, output: str) -> None:
    """A log on a full disk, a reader that went away: the first line cannot be printed, and that stops nothing."""
    words = [*PYTHON, "-m", "wedgate", "rollback"]
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(stage.temporary), **environment_of(stage.ledger)}
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full", "wb") as full, os.fdopen(writer, "wb") as gone:
        out = gone if output == "gone" else full
        err = full if output == "both full" else subprocess.DEVNULL
        done = subprocess.run(
            words, cwd=stage.directory, env=environment, stdout=out, stderr=err, timeout=60, check=False
        )
    assert done.returncode == ExitCode.ROLLED_BACK
    assert stage.target().weights().weights == Weights(blue=100, green=0)
    assert "sha256:new" in fold(stage.ledger.open().read()).poisoned


def test_a_ledger_of_a_kind_that_is_not_known_is_not_begun_elsewhere(stage: Stage) -> None:
    """A newer wedgate keeps it somewhere: the record waits in the spool, and is not said to be in the ledger."""
    (stage.directory / "wedgate.yml").unlink()
    for path in stage.directory.rglob("*.rescue.json"):
        path.write_text(path.read_text().replace(f'"store_kind": "{stage.kind}"', '"store_kind": "etcd"'))
    done = stage.run(*PYTHON, "-m", "wedgate", "rollback")
    assert done.returncode == ExitCode.ROLLED_BACK, done.stdout + done.stderr
    assert "state of kind etcd is not built in" in done.stdout
    assert [f"kept in {path}" in done.stdout for path in stage.spools()] == [True]
    assert not (stage.directory / ".wedgate" / f"{SERVICE}.jsonl").exists()
