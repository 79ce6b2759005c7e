"""The rollout commands end to end on simulated regions: exit codes, what is printed, and what is left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from small_service import CLOSED_ON_SATURDAYS, NEW, green_in, put_simulated, run_to_its_code

from wedgate.adapters.stores.file import FileStore
from wedgate.cli import rollout_wiring
from wedgate.errors import ExitCode
from wedgate.rollout.values import Release

FRIDAY = datetime(2026, 6, 5, 18, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 6, 6, 18, 0, tzinfo=UTC)

Wedgate = Callable[..., Result]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """A clock that moves only when the engine pauses; set its one item."""
    now = [FRIDAY]

    def pause(self: object, duration: timedelta) -> None:
        now[0] += duration

    # A file that is waited for is waited for by the real clock.
    monkeypatch.delattr(FileStore, "wait")
    monkeypatch.setattr(rollout_wiring, "utc_now", lambda: now[0])
    monkeypatch.setattr(rollout_wiring.Interruption, "pause", pause)
    return now


@pytest.fixture
def wedgate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: list[datetime]) -> Wedgate:
    """Run a command in a fresh directory; an error of wedgate's is its exit code, as ``main`` makes it."""
    monkeypatch.chdir(tmp_path)
    Path("wedgate.yml").write_text(CLOSED_ON_SATURDAYS)
    put_simulated({"sha256:bad": {"errors": 0.4}})
    return run_to_its_code


def green() -> int:
    """Return the percent that green has."""
    return green_in(Path(".wedgate/simulated.json"))


def test_without_last_good_version_run_is_refused(wedgate: Wedgate) -> None:
    """Exit 11, and the command that helps."""
    result = wedgate("rollout", "run", *NEW)
    assert result.exit_code == ExitCode.REFUSED
    assert "wedgate rollout adopt --digest" in str(result.exception)


def test_adopt_refuses_what_does_not_run(wedgate: Wedgate) -> None:
    """Only what answers with all traffic can be adopted."""
    assert wedgate("rollout", "adopt", "--digest", "sha256:wish").exit_code == ExitCode.REFUSED
    assert wedgate("rollout", "adopt", "--digest", "sha256:old", "--colour", "green").exit_code == ExitCode.REFUSED
    assert wedgate("rollout", "adopt", "--digest", "sha256:old").exit_code == ExitCode.DONE


def test_good_release_is_done_and_rolled_back_by_hand(wedgate: Wedgate) -> None:
    """0 for done; status says so; ``wedgate rollback`` returns it with 12, and again with 0."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    result = wedgate("rollout", "run", *NEW)
    assert (result.exit_code, green()) == (ExitCode.DONE, 100)
    assert "PDT" in result.output
    status = json.loads(wedgate("rollout", "status", "--format", "json").output)
    assert status["rollout"]["status"] == "done"
    assert status["last_good"]["us-west"]["digest"] == "sha256:new"
    back = wedgate("rollback", "--reason", "bookings fail")
    assert (back.exit_code, green()) == (ExitCode.ROLLED_BACK, 0)
    assert "blue 0 / green 100 -> blue 100 / green 0" in back.output
    assert wedgate("rollback").exit_code == ExitCode.DONE
    assert wedgate("rollout", "run", *NEW).exit_code == ExitCode.REFUSED


def test_bad_release_is_rolled_back_with_the_numbers(wedgate: Wedgate) -> None:
    """Exit 12, the first step only, and the text says how many requests failed."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    result = wedgate("rollout", "run", "--commit", "1" * 40, "--digest", "sha256:bad")
    assert (result.exit_code, green()) == (ExitCode.ROLLED_BACK, 0)
    assert "errors: candidate failed" in result.output
    assert "step 2" not in result.output


def test_saturday_refuses_with_the_rule_and_the_hour_it_ends(wedgate: Wedgate, clock: list[datetime]) -> None:
    """Exit 10 on a Saturday in Los Angeles: the rule, and Sunday 00:00 PDT (07:00 UTC)."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    clock[0] = SATURDAY
    result = wedgate("rollout", "run", *NEW)
    assert (result.exit_code, green()) == (ExitCode.CLOSED, 0)
    assert "saturday" in result.output
    assert "until 2026-06-07 00:00:00 PDT (07:00Z)" in result.output
    clock[0] = SATURDAY + timedelta(days=1)
    assert wedgate("rollout", "run", *NEW).exit_code == ExitCode.DONE


def test_wait_goes_on_when_saturday_is_over(wedgate: Wedgate, clock: list[datetime]) -> None:
    """``--wait 1h``, half an hour before midnight, is enough to see Sunday."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    clock[0] = datetime(2026, 6, 7, 6, 30, tzinfo=UTC)
    assert wedgate("rollout", "run", *NEW, "--wait", "1h").exit_code == ExitCode.DONE
    assert clock[0] >= datetime(2026, 6, 7, 7, 0, tzinfo=UTC)


def test_dry_run_prints_the_steps_and_changes_nothing(wedgate: Wedgate) -> None:
    """Every effect in order; no ledger entry, no rescue file, no weights."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    before = {path: path.read_bytes() for path in Path(".wedgate").iterdir()}
    text = wedgate("rollout", "run", *NEW, "--dry-run")
    assert text.exit_code == ExitCode.DONE
    assert "deploy sha256:new on green" in text.output
    plain = json.loads(wedgate("rollout", "run", *NEW, "--dry-run", "--format", "json").output)
    weights = [effect["weights"] for effect in plain["effects"] if effect["effect"] == "SetWeights"]
    assert weights == [{"blue": 90, "green": 10}, {"blue": 0, "green": 100}]
    assert {path: path.read_bytes() for path in Path(".wedgate").iterdir()} == before


@pytest.mark.parametrize("wait", ["soon", "", "-1h", "1", "1w", "9" * 30 + "d"])
def test_wait_that_is_no_duration_is_refused(wedgate: Wedgate, wait: str) -> None:
    """Exit 2, and what could be written."""
    assert wedgate("rollout", "run", *NEW, f"--wait={wait}").exit_code == ExitCode.USAGE


def test_unknown_region_and_missing_rescue_are_usage_errors(wedgate: Wedgate) -> None:
    """Exit 2 with the regions that exist; exit 2 without a rescue file."""
    result = wedgate("rollout", "run", *NEW, "--region", "us-wst")
    assert (result.exit_code, "us-west" in str(result.exception)) == (ExitCode.USAGE, True)
    assert wedgate("rollback").exit_code == ExitCode.USAGE


def test_broken_ledger_is_named_and_nothing_starts(wedgate: Wedgate) -> None:
    """Exit 2, file and line, weights untouched."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    Path(".wedgate/venue-search.jsonl").write_text("garbage\n")
    result = wedgate("rollout", "run", *NEW)
    assert result.exit_code == ExitCode.USAGE
    assert "venue-search.jsonl:1:1: entry 1 cannot be read" in str(result.exception)
    assert green() == 0


def test_configuration_that_breaks_meanwhile_closes_the_gate(wedgate: Wedgate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is read anew before each increase; one that cannot be read is closed, and traffic goes back."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    pause = rollout_wiring.Interruption.pause

    def pause_and_break(self: rollout_wiring.Interruption, duration: timedelta) -> None:
        pause(self, duration)
        Path("wedgate.yml").write_text("version: 1\nregions: 3\n")

    monkeypatch.setattr(rollout_wiring.Interruption, "pause", pause_and_break)
    result = wedgate("rollout", "run", *NEW)
    assert (result.exit_code, green()) == (ExitCode.CLOSED, 0)
    assert "wedgate.yml:2:" in result.output


def test_a_rollout_by_ticks_in_processes_of_their_own(wedgate: Wedgate, clock: list[datetime]) -> None:
    """Start, then ticks: 0 each time, and the candidate keeps its traffic between them."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    started = wedgate("rollout", "start", *NEW)
    assert (started.exit_code, green()) == (ExitCode.DONE, 0)
    seen = []
    for _ in range(60):
        clock[0] += timedelta(seconds=30)
        result = wedgate("rollout", "tick")
        assert result.exit_code == ExitCode.DONE, result.output
        seen.append(green())
    assert sorted(seen) == seen
    assert set(seen) == {0, 10, 100}
    assert json.loads(wedgate("rollout", "status", "--format", "json").output)["rollout"]["status"] == "done"
    assert "no rollout is under way" in wedgate("rollout", "tick").output


def test_pause_resume_and_abort_are_obeyed_by_the_next_tick(wedgate: Wedgate, clock: list[datetime]) -> None:
    """Each says for which rollout it is; abort returns traffic at once."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    assert wedgate("rollout", "pause", "--reason", "x").exit_code == ExitCode.REFUSED
    wedgate("rollout", "start", *NEW)
    paused = wedgate("rollout", "pause", "--reason", "looking")
    assert paused.output.startswith("pause: rollout r-")
    for _ in range(5):
        clock[0] += timedelta(seconds=30)
        wedgate("rollout", "tick")
    assert green() == 0
    assert "looking" in wedgate("rollout", "status").output
    wedgate("rollout", "resume", "--reason", "fine")
    for _ in range(5):
        clock[0] += timedelta(seconds=30)
        wedgate("rollout", "tick")
    assert green() == 10
    aborted = wedgate("rollout", "abort", "--reason", "superseded")
    assert (aborted.exit_code, green()) == (ExitCode.ROLLED_BACK, 0)
    assert "superseded" in aborted.output
    assert wedgate("rollout", "run", *NEW).exit_code == ExitCode.DONE


def test_an_order_for_a_region_that_is_none_names_those_that_are(wedgate: Wedgate) -> None:
    """Exit 2."""
    result = wedgate("rollout", "pause", "--reason", "x", "--region", "us-eat")
    assert result.exit_code == ExitCode.USAGE
    assert "us-west" in str(result.exception)


def test_a_poisoned_digest_is_cleared_by_a_person_with_a_reason(wedgate: Wedgate) -> None:
    """Then it may be rolled out again; what is not poisoned cannot be cleared."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    bad = ("--commit", "1" * 40, "--digest", "sha256:bad")
    assert wedgate("rollout", "run", *bad).exit_code == ExitCode.ROLLED_BACK
    assert wedgate("rollout", "run", *bad).exit_code == ExitCode.REFUSED
    cleared = wedgate("rollout", "clear", "--digest", "sha256:bad", "--reason", "it was the database")
    assert cleared.exit_code == ExitCode.DONE
    assert "errors" in cleared.output
    assert wedgate("rollout", "clear", "--digest", "sha256:bad", "--reason", "x").exit_code == ExitCode.REFUSED
    assert wedgate("rollout", "run", *bad).exit_code == ExitCode.ROLLED_BACK


def test_freeze_holds_a_rollout_and_thaw_lets_it_go(wedgate: Wedgate, clock: list[datetime]) -> None:
    """It says until when, and who may end it how."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    frozen = wedgate("freeze", "--reason", "the provider is down", "--for", "4h", "--region", "us-west")
    assert frozen.exit_code == ExitCode.DONE
    assert "2026-06-05 22:00:00 UTC" in frozen.output
    held = wedgate("rollout", "run", *NEW)
    assert held.exit_code == ExitCode.CLOSED
    assert "the provider is down" in held.output
    assert "the provider is down" in wedgate("thaw", "--reason", "it is back").output
    assert wedgate("thaw", "--reason", "x").exit_code == ExitCode.REFUSED
    assert wedgate("rollout", "run", *NEW).exit_code == ExitCode.DONE


@pytest.mark.parametrize("words", [("--for", "0s"), ("--for", "3y"), ("--region", "mars")])
def test_a_freeze_that_makes_no_sense_is_refused(wedgate: Wedgate, words: tuple[str, ...]) -> None:
    """Exit 2, and what to write instead."""
    assert wedgate("freeze", "--reason", "x", *words).exit_code == ExitCode.USAGE


def test_status_shows_how_far_a_bake_is_and_what_waits(wedgate: Wedgate, clock: list[datetime]) -> None:
    """From the journal alone: observed time as it was written down, orders that nobody obeyed, freezes."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    wedgate("rollout", "start", *NEW)
    while green() == 0:
        clock[0] += timedelta(seconds=30)
        wedgate("rollout", "tick")
    for _ in range(10):
        clock[0] += timedelta(seconds=30)
        wedgate("rollout", "tick")
    wedgate("rollout", "pause", "--reason", "looking")
    wedgate("freeze", "--reason", "INC-7", "--for", "1h")
    text = wedgate("rollout", "status").output
    assert "step 1 of 2 [#########...........] 4m 30s of 10m" in text
    assert "(looking) waits for the next tick" in text
    assert "frozen: every region" in text
    assert "INC-7" in text
    plain = json.loads(wedgate("rollout", "status", "--format", "json").output)
    (region,) = plain["rollout"]["regions"]
    assert (region["step"], region["steps"], region["observed_seconds"], region["bake_seconds"]) == (1, 2, 270, 600)
    assert [line["given"]["order"] for line in plain["orders_waiting"]] == ["pause"]
    assert [each["reason"] for each in plain["frozen"]] == ["INC-7"]


def test_watching_ends_when_the_rollout_does(wedgate: Wedgate) -> None:
    """It prints where it stands, and does not wait for what is over."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    wedgate("rollout", "run", *NEW)
    assert wedgate("rollout", "status", "--watch").output.count("done") >= 1
    assert wedgate("rollout", "status", "--watch", "--format", "json").exit_code == ExitCode.USAGE


def test_a_migration_that_no_rollback_takes_back_is_accepted_seen_and_said(wedgate: Wedgate) -> None:
    """11 without the flag, then 13 until `drain`; the dry run, the status and the rollback say what is lost."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    declared = (*NEW, "--migration", "irreversible")
    refused = wedgate("rollout", "run", *declared)
    assert refused.exit_code == ExitCode.REFUSED
    assert "only a backup brings the old data back" in str(refused.exception)
    assert wedgate("rollout", "start", *declared).exit_code == ExitCode.REFUSED
    foreseen = wedgate("rollout", "run", *declared, "--dry-run")
    assert "each region keeps its old colour until `wedgate rollout drain`" in foreseen.output
    plain = json.loads(wedgate("rollout", "run", *declared, "--dry-run", "--format", "json").stdout)
    assert plain["migration"]["kind"] == "irreversible"
    end = wedgate("rollout", "run", *declared, "--accept-migration")
    assert (end.exit_code, green()) == (ExitCode.NEEDS_HUMAN, 100)
    assert "migration irreversible, accepted by" in wedgate("rollout", "status").output
    assert wedgate("rollout", "drain", "--reason", "seen").exit_code == ExitCode.DONE
    assert wedgate("rollout", "tick").exit_code == ExitCode.DONE
    assert json.loads(wedgate("rollout", "status", "--format", "json").output)["rollout"]["status"] == "done"
    back = wedgate("rollback", "--format", "json")
    assert (back.exit_code, green()) == (ExitCode.ROLLED_BACK, 0)
    assert "only a backup" in json.loads(back.stdout)["not_promised"]
    assert "only a backup" in wedgate("rollback").output


def test_a_migration_is_declared_of_a_release(wedgate: Wedgate) -> None:
    """Exit 2 where no release is named: what is under way keeps the declaration of its start."""
    assert wedgate("rollout", "run", "--migration", "contract").exit_code == ExitCode.USAGE


@pytest.mark.parametrize("words", [(), ("--migration", "expand"), ("--migration", "none")])
def test_there_is_nothing_to_accept_where_nothing_is_lost(wedgate: Wedgate, words: tuple[str, ...]) -> None:
    """Exit 2: a flag that is always given accepts nothing."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    result = wedgate("rollout", "run", *NEW, *words, "--accept-migration")
    assert result.exit_code == ExitCode.USAGE
    assert "leave it out" in str(result.exception)


def old_colour(**changes: object) -> None:
    """Change what the simulated region says of blue."""
    path = Path(".wedgate/simulated.json")
    everything = json.loads(path.read_text())
    for key, value in changes.items():
        everything["us-west"][key]["blue" if key != "fail" else "deploy"] = value
    path.write_text(json.dumps(everything))


def test_a_rollback_says_what_had_to_be_done_first(wedgate: Wedgate) -> None:
    """The old colour was torn down: it is deployed, and the line and the data say so."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    wedgate("rollout", "run", *NEW)
    old_colour(colours=None)
    back = wedgate("rollback", "--format", "json")
    assert (back.exit_code, green()) == (ExitCode.ROLLED_BACK, 0)
    assert json.loads(back.stdout)["regions"][0]["first"] == "sha256:old was deployed on blue first"
    assert "us-west: blue answers nothing healthy, not sha256:old: sha256:old is deployed on blue first" in back.stderr


def test_at_once_goes_to_what_is_there(wedgate: Wedgate) -> None:
    """20 where nothing answers and nothing can be deployed, and the traffic stays; 13 with the flag, and it goes."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    wedgate("rollout", "run", *NEW)
    old_colour(colours=None, fail="no such image")
    kept = wedgate("rollback")
    assert (kept.exit_code, green()) == (ExitCode.EXTERNAL, 100)
    assert "traffic stays on green, which answers" in kept.output
    assert (wedgate("rollback", "--at-once").exit_code, green()) == (ExitCode.NEEDS_HUMAN, 0)


@pytest.mark.parametrize(
    ("commit", "digest"), [("c" * 40, ""), ("", "sha256:new"), ("c" * 40, " "), ("a b", "sha256:new")]
)
def test_a_release_without_a_name_is_none(wedgate: Wedgate, commit: str, digest: str) -> None:
    """A colour that answers nothing would be verified by an empty digest."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    for words in (("run",), ("start",), ("adopt",)):
        result = wedgate("rollout", *words, "--commit", commit, "--digest", digest)
        assert result.exit_code == ExitCode.USAGE
        assert "write it without spaces, and not empty" in str(result.exception)
    assert green() == 0


def test_a_broken_report_starts_nothing_and_a_missing_one_is_said(wedgate: Wedgate) -> None:
    """A path that was misspelt would never roll anything back."""
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    Path("broken.json").write_text("{}")
    result = wedgate("rollout", "run", *NEW, "--report", "broken.json")
    assert result.exit_code == ExitCode.USAGE
    assert json.loads(wedgate("rollout", "status", "--format", "json").output)["rollout"] is None
    result = wedgate("rollout", "run", *NEW, "--report", "mispelt.json")
    assert result.exit_code == ExitCode.DONE
    assert "mispelt.json: there is no report yet" in result.output


def test_a_report_that_is_given_rolls_back_at_the_next_tick(wedgate: Wedgate, clock: list[datetime]) -> None:
    """By whoever may write the ledger; one about another release, or with nothing under way, is refused."""
    report = {
        "schema_version": 1,
        "service": "venue-search",
        "release": {"digest": NEW[NEW.index("--digest") + 1]},
        "metrics": [
            {"name": "p95", "baseline": 7, "candidate": 61, "unit": "ms", "direction": "lower-is-better"},
        ],
        "reporter": "alerts",
        "reported_at": "2026-06-05T18:00:00Z",
    }
    Path("report.json").write_text(json.dumps(report))
    wedgate("rollout", "adopt", "--digest", "sha256:old")
    assert wedgate("report", "give", "report.json").exit_code == ExitCode.REFUSED
    wedgate("rollout", "start", *NEW)
    for _ in range(20):
        clock[0] += timedelta(seconds=30)
        wedgate("rollout", "tick")
        if green():
            break
    assert green() > 0
    Path("other.json").write_text(json.dumps({**report, "release": {"digest": "sha256:another"}}))
    assert wedgate("report", "give", "other.json").exit_code == ExitCode.REFUSED
    assert wedgate("report", "give", "report.json").exit_code == ExitCode.DONE
    clock[0] += timedelta(seconds=30)
    assert wedgate("rollout", "tick").exit_code == ExitCode.ROLLED_BACK
    assert green() == 0


def benchmark_report(*, confirmed: bool) -> dict[str, object]:
    """Return a report that rests on a benchmark."""
    run = {"metrics": [{"name": "search", "outcome": "fail"}]}
    return {
        "schema_version": 1,
        "service": "venue-search",
        "release": {"digest": NEW[NEW.index("--digest") + 1]},
        "metrics": [
            {"name": "search", "baseline": 100, "candidate": 120, "unit": "ms", "direction": "lower-is-better"},
        ],
        "reporter": "wedgate",
        "reported_at": "2026-06-05T18:00:00Z",
        "benchmark": {"confirmed": confirmed, "runs": [run, run] if confirmed else [run]},
    }


def test_a_benchmark_rolls_back_only_once_fresh_runs_confirmed_it(wedgate: Wedgate, clock: list[datetime]) -> None:
    """Until then it pauses, status asks for the fresh runs, and the share stays; a confirmed one goes back."""

    def tick_with(*, confirmed: bool) -> Result:
        Path("report.json").write_text(json.dumps(benchmark_report(confirmed=confirmed)))
        given = wedgate("report", "give", "report.json")
        assert given.exit_code == ExitCode.DONE
        assert ("is paused; nothing goes back for it" in given.output) is not confirmed
        clock[0] += timedelta(seconds=30)
        return wedgate("rollout", "tick")

    wedgate("rollout", "adopt", "--digest", "sha256:old")
    wedgate("rollout", "start", *NEW)
    for _ in range(20):
        clock[0] += timedelta(seconds=30)
        wedgate("rollout", "tick")
        if green():
            break
    share = green()
    assert share > 0
    for _ in range(3):
        assert tick_with(confirmed=False).exit_code != ExitCode.ROLLED_BACK
    assert green() == share
    assert "wedgate bench run --confirm" in wedgate("rollout", "status").output
    assert tick_with(confirmed=True).exit_code == ExitCode.ROLLED_BACK
    assert green() == 0


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_run_is_told_whether_the_report_in_its_file_is_confirmed(tmp_path: Path, confirmed: bool) -> None:
    """What `rollout run --report` reads on every tick; what a person wrote, without a benchmark, never waits."""
    release = Release(commit="1" * 40, digest=NEW[NEW.index("--digest") + 1])
    path = tmp_path / "report.json"
    read = rollout_wiring.regressions_in(path, service="venue-search", release=release)
    path.write_text(json.dumps(benchmark_report(confirmed=confirmed)))
    assert [each.is_confirmed for each in read()] == [confirmed]
    path.write_text(json.dumps({k: v for k, v in benchmark_report(confirmed=confirmed).items() if k != "benchmark"}))
    assert [each.is_confirmed for each in read()] == [True]
