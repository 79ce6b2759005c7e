"""``wedgate rollback`` finds the right rescue file and returns traffic whatever else is broken."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from small_service import quick_configuration

from wedgate.adapters.stores import locking
from wedgate.adapters.stores.rescue import load_rescue, save_rescue
from wedgate.cli import main as cli_main
from wedgate.cli.rollout import warning_of_checkout
from wedgate.errors import ConfigurationError, ExitCode, RefusedError, UsageError

CONFIGURATION = quick_configuration(bake="1s", state="{kind: file, path: state}")


def call(*words: str) -> Result:
    """Run one command in the current directory."""
    return CliRunner().invoke(cli_main.cli, words, standalone_mode=False)


def call_or_raise(*words: str) -> Result:
    """Run one command; what it raises comes out."""
    result = call(*words)
    if result.exception is not None:
        raise result.exception
    return result


def weights(place: Path) -> dict[str, int]:
    """Return the weights in force."""
    found: dict[str, int] = json.loads((place / ".wedgate" / "simulated.json").read_text())["us-west"]["weights"]
    return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in which a rollout began and left the candidate with 10 %."""
    from wedgate.cli.rollout_wiring import Interruption, find_and_load, rollout_parts
    from wedgate.rollout.rescue import Rescue
    from wedgate.rollout.state import RegionPlan
    from wedgate.rollout.values import Colour, Release

    monkeypatch.chdir(tmp_path)
    (tmp_path / "wedgate.yml").write_text(CONFIGURATION)
    (tmp_path / ".wedgate").mkdir()
    regions = {
        "us-west": {"colours": {"blue": "sha256:old", "green": "sha256:new"}, "weights": {"blue": 90, "green": 10}}
    }
    (tmp_path / ".wedgate" / "simulated.json").write_text(json.dumps(regions))
    parts = rollout_parts(None, find_and_load(None), interruption=Interruption(), observe=lambda progress: None)
    old = Release(commit="1" * 40, digest="sha256:old")
    plan = RegionPlan(
        region="us-west", wave=0, stable=Colour.BLUE, stable_release=old, target=parts.settings.targets["us-west"]
    )
    parts.save_rescue(
        Rescue(
            service="venue-search",
            rollout="r-1",
            release=Release(commit="2" * 40, digest="sha256:new"),
            at=parts.clock(),
            epoch=1,
            regions=(plan,),
            store_kind=parts.store_kind,
            store_options=dict(parts.store_options),
        )
    )
    return tmp_path


@pytest.fixture(params=["missing", "unwritable", "corrupt", "locked"])
def broken_store(request: pytest.FixtureRequest, place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Break the ledger in one way."""
    monkeypatch.setattr(locking, "LOCK_SECONDS", 0.02)
    ledger = place / "state" / "venue-search.jsonl"
    if request.param == "unwritable":
        ledger.mkdir()
    elif request.param == "corrupt":
        ledger.write_text("garbage\n")
    elif request.param == "locked":
        with locking.locked(ledger.with_name(ledger.name + ".lock")):
            yield
        return
    yield


@pytest.mark.usefixtures("broken_store")
@pytest.mark.parametrize("configuration", [None, ": garbage ["])
def test_weights_come_back_whatever_is_broken(place: Path, configuration: str | None) -> None:
    """Store missing, unwritable, corrupt or locked; configuration deleted or garbage: all traffic on stable."""
    if configuration is None:
        (place / "wedgate.yml").unlink()
    else:
        (place / "wedgate.yml").write_text(configuration)
    result = call("rollback", "--reason", "bookings fail")
    assert result.return_value == ExitCode.ROLLED_BACK, result.output
    assert weights(place) == {"blue": 100, "green": 0}
    assert "rollout r-1 of sha256:new, returns to sha256:old" in result.output


@pytest.mark.parametrize("lost", [True, False])
def test_next_run_goes_on_after_a_rollback_whose_ledger_was_lost(place: Path, lost: bool) -> None:
    """What waited in the spool, or began a new ledger, is taken in: the poison counts, and nothing else stops."""
    ledger = place / "state" / "venue-search.jsonl"
    if lost:
        ledger.mkdir()
    assert call("rollback", "--reason", "bookings fail").return_value == ExitCode.ROLLED_BACK
    if lost:
        ledger.rmdir()
    assert call("rollout", "adopt", "--digest", "sha256:old").return_value == ExitCode.DONE
    assert "no rollout" in call_or_raise("rollout", "status").output
    with pytest.raises(RefusedError, match="bookings fail"):
        call_or_raise("rollout", "run", "--commit", "2" * 40, "--digest", "sha256:new")
    result = call("rollout", "run", "--commit", "3" * 40, "--digest", "sha256:newer", "--dry-run")
    assert result.exception is None, result.exception


def test_rollback_means_the_same_from_elsewhere(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are pinned absolute, and no simulated region is invented where the command is typed."""
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    result = call("rollback", "--rescue", "../state/venue-search.rescue.json")
    assert result.return_value == ExitCode.ROLLED_BACK
    assert weights(place) == {"blue": 100, "green": 0}
    assert list(elsewhere.iterdir()) == []


def test_missing_simulated_target_is_an_error(place: Path) -> None:
    """Nothing there is not the same as all on stable."""
    (place / ".wedgate" / "simulated.json").unlink()
    assert call("rollback").return_value == ExitCode.EXTERNAL


def test_newest_rescue_file_of_a_service_wins_and_two_services_are_refused(place: Path) -> None:
    """An old file under .wedgate does not hide the one beside the configured state."""
    from dataclasses import replace
    from datetime import timedelta

    new = load_rescue(place / "state" / "venue-search.rescue.json")
    stale = place / ".wedgate" / "deep" / "venue-search.rescue.json"
    save_rescue(stale, replace(new, rollout="r-0", at=new.at - timedelta(days=1)))
    assert "rollout r-1 of" in call("rollback").output
    save_rescue(stale.with_name("other.rescue.json"), replace(new, service="other"))
    assert isinstance(call("rollback").exception, UsageError)


def test_exposure_is_said_beside_a_broken_configuration_or_ledger(place: Path) -> None:
    """``status`` fails as before, and says where the killed run left traffic and what returns it."""
    (place / "state" / "venue-search.jsonl").write_text("garbage\n")
    broken_ledger = call("rollout", "status")
    (place / "wedgate.yml").write_text(": garbage [")
    for result in (broken_ledger, call("rollout", "status"), call("rollout", "run", "--commit", "1", "--digest", "d")):
        assert isinstance(result.exception, ConfigurationError)
        assert "us-west blue 90 % / green 10 %" in result.output
        assert "sha256:new: wedgate rollback --rescue " in result.output


def test_status_says_that_records_wait(place: Path) -> None:
    """What is in the spool is not in the ledger yet, so a status from the ledger alone is not the whole truth."""
    (place / "state" / "venue-search.jsonl").mkdir()
    call("rollback")
    (place / "state" / "venue-search.jsonl").rmdir()
    assert "records wait in" in call("rollout", "status").output


def test_state_inside_the_checkout_is_warned_of(tmp_path: Path) -> None:
    """The next checkout deletes it; outside, or without a runner, there is nothing to say."""
    environment = {"GITHUB_WORKSPACE": str(tmp_path)}
    assert "next job deletes" in warning_of_checkout(tmp_path / ".wedgate", environment)
    assert warning_of_checkout(tmp_path.parent / "state", environment) == ""
    assert warning_of_checkout(tmp_path, {}) == ""


def begin_elsewhere(place: Path, digest: str) -> None:
    """Start a rollout as another machine would, with the same ledger: what it leaves here is the ledger alone."""
    kept = {path: path.read_bytes() for path in place.rglob("*.rescue.json")}
    call_or_raise("rollout", "adopt", "--digest", "sha256:old")
    call_or_raise("rollout", "start", "--commit", "3" * 40, "--digest", digest)
    for path in place.rglob("*.rescue.json"):
        path.unlink()
    for path, content in kept.items():
        path.write_bytes(content)
    target = place / ".wedgate" / "simulated.json"
    regions = json.loads(target.read_text())
    regions["us-west"] |= {"weights": {"blue": 90, "green": 10}, "fence": None}
    regions["us-west"]["colours"]["green"] = digest
    target.write_text(json.dumps(regions))


@pytest.mark.parametrize("words", [(), ("--from-ledger",), ("--config", "wedgate.yml")])
def test_without_a_rescue_file_the_ledger_knows_the_way_back(place: Path, words: tuple[str, ...]) -> None:
    """As on a runner that is thrown away after each job."""
    (place / "state" / "venue-search.rescue.json").unlink()
    (place / ".wedgate" / "venue-search.rescue.json").unlink()
    target = place / ".wedgate" / "simulated.json"
    target.write_text(target.read_text().replace('"green": 10', '"green": 0').replace('"blue": 90', '"blue": 100'))
    begin_elsewhere(place, "sha256:newer")
    result = call_or_raise("rollback", "--reason", "bookings fail", *words)
    assert result.return_value == ExitCode.ROLLED_BACK, result.output
    assert weights(place) == {"blue": 100, "green": 0}
    assert "rescue by the ledger: rollout r-" in result.output
    assert "of sha256:newer, returns to sha256:old" in result.output
    assert "recorded in the ledger" in result.output


def test_the_ledger_knows_a_later_rollout_than_the_rescue_file_here(place: Path) -> None:
    """Asked, it is gone by; a machine that keeps an old rescue file does not return to what that one says."""
    target = place / ".wedgate" / "simulated.json"
    target.write_text(target.read_text().replace('"green": 10', '"green": 0').replace('"blue": 90', '"blue": 100'))
    begin_elsewhere(place, "sha256:newer")
    assert "rollout r-1 of sha256:new," in call_or_raise("rollback").output
    assert "of sha256:newer, returns" in call_or_raise("rollback", "--from-ledger").output


@pytest.mark.usefixtures("broken_store")
def test_a_ledger_that_cannot_be_read_does_not_keep_the_rescue_file_from_being_used(place: Path) -> None:
    """Asked for the ledger, it says why not, and goes by the file."""
    result = call("rollback", "--from-ledger")
    assert result.return_value == ExitCode.ROLLED_BACK, result.output
    assert weights(place) == {"blue": 100, "green": 0}


def test_a_configuration_says_where_to_look_even_when_it_is_gone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rescue file lies beside it."""
    (place / "elsewhere").mkdir()
    monkeypatch.chdir(place / "elsewhere")
    (place / "wedgate.yml").unlink()
    assert call_or_raise("rollback", "--config", "../wedgate.yml").return_value == ExitCode.ROLLED_BACK
    assert weights(place) == {"blue": 100, "green": 0}


def test_a_file_that_is_named_is_what_is_gone_by(place: Path) -> None:
    """Exit 2 for two different answers to one question."""
    for other in (("--from-ledger",), ("--config", "wedgate.yml")):
        with pytest.raises(UsageError, match="leave --from-ledger and --config out"):
            call_or_raise("rollback", "--rescue", "x.json", *other)
    assert weights(place) == {"blue": 90, "green": 10}


def test_what_only_records_is_not_imported_before_traffic_is_back() -> None:
    """Each module that is needed later would delay the switch; the engine of rollouts is half of all of them."""
    script = "import sys, wedgate.cli.rollback, wedgate.engine.rollback; print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    late = ("wedgate.engine.tick", "wedgate.engine.recording", "wedgate.rollout.events", "pydantic", "yaml", "requests")
    assert [name for name in late if name in found] == []
