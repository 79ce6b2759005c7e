"""``state: {kind: postgres}`` from end to end: the address comes from the environment and goes nowhere else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner, Result
from github_world import GithubWorld
from postgres_server import PASSWORD, PostgresServer, wire_to
from small_service import quick_configuration
from talk import H1, Talk

from wedgate.adapters.stores.postgres import PostgresStore
from wedgate.cli import main as cli_main
from wedgate.errors import ConfigurationError, ExternalSystemError
from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.audit import Act, Frozen
from wedgate.ledger.chain import GENESIS
from wedgate.ledger.plain import to_plain
from wedgate.ledger.streams import Stream

CONFIGURATION = quick_configuration(bake="1s", state="{kind: postgres, url: env/WEDGATE_DATABASE_URL}")
ADOPT = ("rollout", "adopt", "--digest", "sha256:old")
RUN = ("rollout", "run", "--commit", "2" * 40, "--digest", "sha256:new")


def call(*words: str) -> Result:
    """Run one command in the current directory."""
    return CliRunner().invoke(cli_main.cli, words, standalone_mode=False)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a configuration and one simulated region that runs the old version."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wedgate.yml").write_text(CONFIGURATION)
    (tmp_path / ".wedgate").mkdir()
    region = {"colours": {"blue": "sha256:old", "green": None}, "weights": {"blue": 100, "green": 0}}
    traffic = {"rate": 50}
    (tmp_path / ".wedgate" / "simulated.json").write_text(json.dumps({"us-west": region, "*traffic": traffic}))
    return tmp_path


def test_a_rollout_is_kept_in_the_database_and_the_password_nowhere(
    place: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Adopt, roll out, ask: the ledger is in the database; no file and no word has the address."""
    url = postgres_server.database()
    monkeypatch.setenv("GITHUB_WORKSPACE", str(place))
    with wire_to(postgres_server) as wire:
        monkeypatch.setenv("WEDGATE_DATABASE_URL", wire.url(url))
        outputs = [call(*ADOPT), call(*RUN), call("rollout", "status")]
    assert [result.exception for result in outputs] == [None] * 3, outputs
    kinds = {entry.kind for entry in PostgresStore(lambda: url, "venue-search").read()}
    assert {"taken", "claimed", "started", "good", "released"} <= kinds
    assert not (place / ".wedgate" / "venue-search.jsonl").exists()
    rescue = place / ".wedgate" / "venue-search.rescue.json"
    assert json.loads(rescue.read_text())["rescue"]["store_options"]["url"] == "env/WEDGATE_DATABASE_URL"
    assert "next job deletes" not in outputs[1].output, "the ledger is not in the checkout"
    written = [path.read_text() for path in place.rglob("*") if path.is_file()]
    assert not any(PASSWORD in text for text in [*written, *(result.output for result in outputs)])


def test_rollback_needs_no_database(
    place: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is not set here, or nobody answers there: traffic returns at once, and the record waits beside."""
    monkeypatch.setenv("WEDGATE_DATABASE_URL", postgres_server.database())
    assert call(*ADOPT).exception is None
    assert call(*RUN).exception is None
    world = place / ".wedgate" / "simulated.json"
    for address in ("", f"postgresql://wedgate:{PASSWORD}@127.0.0.1:9/fleet"):
        monkeypatch.setenv("WEDGATE_DATABASE_URL", address)
        found = json.loads(world.read_text())
        found["us-west"]["weights"] = {"blue": 90, "green": 10}
        world.write_text(json.dumps(found))
        back = call("rollback", "--reason", f"bookings fail with {address[:12]}")
        assert json.loads(world.read_text())["us-west"]["weights"] == {"blue": 100, "green": 0}
        assert "the ledger could not be written" in back.output
        assert PASSWORD not in back.output
        spool = place / ".wedgate" / "venue-search.spool.jsonl"
        assert f"bookings fail with {address[:12]}" in spool.read_text()
        assert not (place / ".wedgate" / "venue-search.jsonl").exists()


def test_address_that_is_not_set_is_said_by_its_name(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing, and what to do."""
    monkeypatch.delenv("WEDGATE_DATABASE_URL", raising=False)
    with pytest.raises(ConfigurationError, match="WEDGATE_DATABASE_URL is not set; set WEDGATE_DATABASE_URL to"):
        raise call(*ADOPT).exception or AssertionError


def test_database_that_is_down_is_one_line(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outside system failed: exit 20, host and database named, no password."""
    monkeypatch.setenv("WEDGATE_DATABASE_URL", f"postgresql://wedgate:{PASSWORD}@127.0.0.1:9/fleet")
    with pytest.raises(ExternalSystemError, match=r"127\.0\.0\.1:9, database fleet") as caught:
        raise call(*ADOPT).exception or AssertionError
    assert PASSWORD not in str(caught.value)


FLEET = """\
version: 1
service: venue-search
regions: {eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}}
state: {kind: postgres, url: env/WEDGATE_DATABASE_URL}
"""


def test_freeze_in_the_database_closes_the_gate_of_every_runner(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """No policy of overrides is needed; where the database does not answer, nothing is known, and it is closed."""
    url = postgres_server.database()
    with Talk.opened(tmp_path) as talk:
        talk.world.put("wedgate.yml", FLEET.encode())
        assert talk.deploys(H1, WEDGATE_DATABASE_URL=url).exit_code == 0
        since = datetime.now(UTC) - timedelta(minutes=1)
        until = since + timedelta(hours=2)
        frozen = Frozen(regions=None, until=until, reason="payments", by="zoe", since=since)
        draft = Draft(stream=Stream.AUDIT, kind=Act.FROZEN, at=since, body=cast("dict[str, object]", to_plain(frozen)))
        entries = chain_onto([draft], revision=0, head=GENESIS, epoch=0, nonces=["n"])
        PostgresStore(lambda: url, "venue-search").append(entries, revision=0)
        closed = talk.deploys(H1, WEDGATE_DATABASE_URL=url)
        assert (closed.exit_code, "frozen by zoe" in closed.stdout) == (10, True)
        down = talk.deploys(H1, WEDGATE_DATABASE_URL=f"postgresql://wedgate:{PASSWORD}@127.0.0.1:9/fleet")
        assert "ledger_unreachable" in down.stdout
        assert (down.exit_code, json.loads(down.stdout)["verdict"]) == (20, "closed")
        assert PASSWORD not in down.output


def test_doctor_takes_a_database_for_a_ledger_that_lasts() -> None:
    """It does not ask for a branch where the ledger is in a database."""
    with GithubWorld() as world:
        world.put("wedgate.yml", FLEET.encode())
        done = CliRunner(env={**world.environment(), "GITHUB_ACTIONS": "true"}).invoke(
            cli_main.cli, ["doctor", "--format", "json"], obj={"debug": False}, standalone_mode=False
        )
        (found,) = [each for each in json.loads(done.stdout)["findings"] if each["what"] == "the ledger"]
        assert found["health"] == "well"
