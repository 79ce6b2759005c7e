"""``wedgate rollback``: the rescue file and the targets are enough."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from wedgate.adapters.stores import locking
from wedgate.adapters.stores.file import FileStore
from wedgate.adapters.stores.rescue import load_rescue, save_rescue
from wedgate.adapters.stores.spool import FileSpool
from wedgate.adapters.stores.unusable import UnusableStore
from wedgate.adapters.targets.interface import FenceError
from wedgate.engine.beside import run_now
from wedgate.engine.book import Book, LeaseLostError
from wedgate.engine.recording import exposed_in, open_in, recorder_in, within
from wedgate.engine.returning import Means
from wedgate.engine.rollback import RollbackEnd, roll_back
from wedgate.errors import ConfigurationError, ExitCode, ExternalSystemError, RefusedError, UsageError
from wedgate.ledger.appending import Draft
from wedgate.render.rollout import render_status
from wedgate.rollout.state import RegionPhase
from wedgate.rollout.values import Colour, Fence, Release, Weights

MIN = timedelta(minutes=1)


def by_hand(world: Any, *regions: str, **how: Any) -> RollbackEnd:
    """Roll back as the command does, with nothing but the rescue file, the targets and a ledger to record in."""
    parts: dict[str, Any] = {
        "record": recorder_in(Book(world.store, world.spool)),
        "open_in": open_in(Book(world.store, world.spool)),
        "means": Means(pause=world.pause, run_beside=run_now),
        **how,
    }
    return roll_back(
        world.rescues[-1],
        lambda settings: world.targets[settings.region],
        clock=lambda: world.now,
        why="bookings fail",
        regions=regions,
        **parts,
    )


def test_done_rollout_goes_back_everywhere_and_is_recorded(world: Any) -> None:
    """All regions back, before and after told, exit 12; the digest is poisoned and stable is the last good again."""
    world.run()
    end = by_hand(world)
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert world.weights() == {"r1": 0, "r2": 0, "r3": 0, "r4": 0}
    assert end.regions[0].before == Weights(blue=0, green=100)
    assert end.regions[0].after == Weights(blue=100, green=0)
    book = Book(world.store, world.spool)
    state = book.refresh()
    assert state.good["r1"].release.digest == "sha256:old"
    with pytest.raises(RefusedError, match="rolled back by hand: bookings fail"):
        world.run()


def test_a_rollback_before_the_first_step_ends_the_rollout(world: Any) -> None:
    """All is on stable already, and whoever said so means that no tick raises anything a minute later."""
    world.start()
    world.tick(after=MIN)
    assert world.weights()["r1"] == 0
    end = by_hand(world)
    assert end.exit_code is ExitCode.DONE
    assert "was under way, and ends: recorded in the ledger" in end.recorded
    for _ in range(20):
        world.tick(after=MIN)
    assert {green for _, green in world.changes("r1")} == {0}
    with pytest.raises(RefusedError, match="poisoned"):
        world.run()
    # Once it is over there is nothing to say.
    assert by_hand(world).recorded == "nothing to record"


def test_a_rollback_that_cannot_read_the_ledger_says_so_and_why(world: Any) -> None:
    """Whether the rollout was under way is not known then; it is ended if it was, and nobody is told that it was."""
    world.start()

    def down() -> Any:
        raise ExternalSystemError("no route to the store")

    world.store.read = lambda *args, **kwargs: down()
    end = by_hand(world)
    assert end.exit_code is ExitCode.DONE
    assert "could not be read (" in end.recorded
    assert "no route to the store" in end.recorded
    assert "was under way, and ends" not in end.recorded
    del world.store.read
    world.tick(after=MIN)
    assert {green for _, green in world.changes("r1")} <= {0}


def test_a_rollback_settles_a_region_that_waits_for_a_person(world: Any) -> None:
    """The tick says to return its traffic; where that is done already, it must not go on asking."""
    world.start()
    while world.weights()["r1"] != 10:
        world.tick(after=MIN)
    world.targets["r1"].set_weights(Weights(blue=100, green=0), Fence(epoch=900, revision=0, rollout="somebody"))
    assert world.tick(after=MIN).exit_code is ExitCode.NEEDS_HUMAN
    assert by_hand(world, "r1").exit_code is ExitCode.DONE
    book = Book(world.store, world.spool)
    state = book.rollout(book.refresh().latest)
    assert state.is_over
    assert state.region("r1").phase is RegionPhase.ROLLED_BACK


def test_a_rollback_ends_what_it_cannot_read(world: Any) -> None:
    """Where the ledger is down the record waits in the spool, and ends the rollout with the next run."""
    world.start()
    world.tick(after=MIN)
    up, world.store = world.store, UnusableStore("the disk is gone")
    assert "until the next run writes it down" in by_hand(world).recorded
    world.store = up
    for _ in range(20):
        world.tick(after=MIN)
    assert {green for _, green in world.changes("r1")} == {0}


def test_only_the_region_asked_for(world: Any) -> None:
    """``--region`` leaves the others alone."""
    world.run()
    by_hand(world, "r2")
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 100, "r4": 100}
    with pytest.raises(UsageError, match="r9 is not in the rescue file"):
        by_hand(world, "r9")


def test_again_is_harmless(world: Any) -> None:
    """A second rollback finds all traffic on stable, and says so with exit 0."""
    world.run()
    by_hand(world)
    assert by_hand(world).exit_code is ExitCode.DONE


def test_run_that_is_still_going_cannot_raise_the_weights_again(world: Any) -> None:
    """A rollback in another terminal fences the run out."""

    def act(there: Any) -> None:
        if there.weights()["r1"] == 10:
            by_hand(there)

    world.on_pause.append(act)
    with pytest.raises(LeaseLostError):
        world.run()
    assert world.weights()["r1"] == 0
    book = Book(world.store, world.spool)
    state = book.rollout(book.refresh().latest)
    assert state is not None
    assert state.is_over
    assert state.region("r1").phase is RegionPhase.ROLLED_BACK
    assert book.state.running is None


def test_the_reason_that_a_person_gave_is_the_one_that_is_told(world: Any) -> None:
    """A run that looks between the switch and its record only sees that somebody was there, and writes that first."""
    write_down = recorder_in(Book(world.store, world.spool))
    late: list[Any] = []

    def act(there: Any) -> None:
        if there.weights()["r1"] == 10:
            roll_back(
                there.rescues[-1],
                lambda settings: there.targets[settings.region],
                clock=lambda: there.now,
                why="bookings fail",
                record=lambda *record: late.append(record) or "later",
            )

    world.on_pause.append(act)
    assert world.run().exit_code is ExitCode.ROLLED_BACK
    with pytest.raises(RefusedError, match="was found on stable, written by hand"):
        world.run()
    write_down(*late.pop())
    with pytest.raises(RefusedError, match="rolled back by hand: bookings fail"):
        world.run()


def test_ledger_out_of_order_keeps_the_record_for_later(world: Any) -> None:
    """The store cannot be written: weights first, the record waits and is written by the next run."""
    world.run()
    world.store.broken = "no space left on device"
    end = by_hand(world)
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert "kept in memory until the next run" in end.recorded
    world.store.broken = None
    world.now += MIN
    with pytest.raises(RefusedError, match="poisoned"):
        world.run()


def test_target_that_fails_does_not_keep_the_others_from_returning(world: Any) -> None:
    """One region out of reach: exit 20, the rest is back."""
    world.run()
    world.targets["r2"].fail("set_weights", "connection refused")
    end = by_hand(world)
    assert end.exit_code is ExitCode.EXTERNAL
    assert world.weights() == {"r1": 0, "r2": 100, "r3": 0, "r4": 0}
    assert "connection refused" in next(region.trouble for region in end.regions if region.region == "r2")


def test_target_that_cannot_be_read_is_written_all_the_same(world: Any) -> None:
    """What is in force is not needed to say what should be."""
    world.run()
    for target in world.targets.values():
        target.fail("weights", "timeout")
    by_hand(world)
    for target in world.targets.values():
        target.fail("weights", None)
    assert set(world.weights().values()) == {0}


def test_rescue_file_is_read_back_as_it_was_written(world: Any, tmp_path: Path) -> None:
    """Targets, releases, colours: everything by value."""
    world.run()
    save_rescue(tmp_path / "deep" / "rescue.json", world.rescues[0])
    assert load_rescue(tmp_path / "deep" / "rescue.json") == world.rescues[0]


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"schema_version": 2}', b"\xff", b"[" * 100_000])
def test_rescue_file_that_is_none_is_one_clear_error(tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty, newer, binary, absurd: the message names the file and what to do."""
    path = tmp_path / "rescue.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"rescue\.json: .*--rescue"):
        load_rescue(path)


def test_named_region_does_not_strand_the_others_at_their_share(world: Any) -> None:
    """The rollback ends the run that watched both; a region with a part of the traffic returns too."""
    world.run()
    fence = world.targets["r3"].weights().fence
    world.targets["r3"].set_weights(Weights(blue=90, green=10), fence)
    end = by_hand(world, "r2")
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 0, "r4": 100}
    assert [region.region for region in end.regions] == ["r2", "r3"]


def test_write_that_was_not_confirmed_is_recorded_and_poisons(world: Any) -> None:
    """Every target fails after the write was tried: exit 20, and the digest cannot be released again."""
    world.run()
    for target in world.targets.values():
        target.fail("set_weights", "not confirmed")
    assert by_hand(world).exit_code is ExitCode.EXTERNAL
    assert "sha256:new" in Book(world.store, world.spool).refresh().poisoned


def test_stable_that_does_not_answer_is_said_and_blocks_nothing(world: Any) -> None:
    """Where the right one cannot be deployed, traffic goes back all the same; exit 13 asks a person to look."""
    world.run()
    world.targets["r1"].answer(Colour.BLUE, "sha256:other")
    world.targets["r1"].fail("deploy", "no space left")
    end = by_hand(world, "r1")
    assert end.exit_code is ExitCode.NEEDS_HUMAN
    assert world.weights()["r1"] == 0
    assert "ANSWERS sha256:other, not sha256:old" in end.regions[0].stable


def test_the_record_is_in_the_spool_before_the_ledger_is_asked_anything(world: Any) -> None:
    """A ledger that never answers must not keep the record from being kept."""
    world.run()
    read, kept = world.store.read, []

    def slowly() -> Any:
        kept.append(len(world.spool.waiting()))
        return read()

    world.store.read = slowly
    by_hand(world)
    assert kept[0] > 0


def test_what_has_a_part_of_the_traffic_returns_before_the_ledger_is_asked_for_the_rest(world: Any) -> None:
    """Which regions are exposed is in the ledger, and that may take its time."""
    world.run()
    world.targets["r3"].set_weights(Weights(blue=90, green=10), world.targets["r3"].weights().fence)
    seen = []

    def exposed(rescue: Any) -> list[str]:
        seen.append(world.weights())
        return ["r4"]

    by_hand(world, "r2", exposed=exposed)
    assert seen == [{"r1": 100, "r2": 0, "r3": 0, "r4": 100}]
    assert world.weights() == {"r1": 100, "r2": 0, "r3": 0, "r4": 0}


@pytest.mark.parametrize("known", [True, False])
def test_a_region_not_named_that_does_not_answer_goes_by_the_ledger(world: Any, known: bool) -> None:
    """It was promoted long ago, or, where nobody can say, it may be in the middle of a bake that ends here."""
    world.run()
    world.targets["r1"].fail("weights", "timed out")
    by_hand(world, "r2", exposed=exposed_in(Book(world.store, world.spool)) if known else lambda rescue: None)
    world.targets["r1"].fail("weights", None)
    assert world.weights() == {"r1": 100 if known else 0, "r2": 0, "r3": 100, "r4": 100}


def test_which_regions_are_exposed_is_not_known_without_a_ledger(world: Any) -> None:
    """One that cannot be read, and one that never heard of the rollout, say nothing."""
    world.run()
    rescue, book = world.rescues[-1], Book(world.store, world.spool)
    assert exposed_in(book)(rescue) == []
    assert exposed_in(book)(replace(rescue, rollout="another")) is None


def test_the_status_of_a_rollout_that_is_over_says_what_was_returned_since(world: Any) -> None:
    """Over stays over, and nobody may read from it that the new version still runs."""
    world.run()
    by_hand(world, "r2")
    book = Book(world.store, world.spool)
    ledger = book.refresh()
    said = render_status(book.rollout(ledger.latest), ledger).splitlines()
    regions = {line.split()[0]: line for line in said if line.startswith("  ")}
    assert regions["r2"].endswith("done; since then it runs sha256:old on blue")
    assert "since then" not in regions["r1"]


def test_a_ledger_that_hangs_is_waited_for_so_long_and_no_longer() -> None:
    """What it answers in time counts, an error too."""
    never = threading.Event()
    with pytest.raises(ExternalSystemError, match=r"has not answered for 0\.05 s"):
        within(0.05, never.wait)
    never.set()
    assert within(5, lambda: "recorded") == "recorded"
    with pytest.raises(UsageError):
        within(5, lambda: (_ for _ in ()).throw(UsageError("no")))


def test_what_waits_and_is_in_the_ledger_already_is_not_written_again(world: Any) -> None:
    """Both answers to an append were lost: it was carried out, and kept for later all the same, here even twice."""
    world.run()
    by_hand(world)
    entries = world.store.read()
    lost = [entry for entry in entries if entry.at == world.now and entry.stream != "lease"]
    drafts = [Draft(stream=entry.stream, kind=entry.kind, at=entry.at, body=entry.body) for entry in lost]
    new = Draft(stream="poison", kind="poisoned", at=world.now, body={"digest": "d", "why": "w", "rollout": "r"})
    world.spool.keep([*drafts, new])
    world.spool.keep([*drafts, new])
    book = Book(world.store, world.spool)
    assert len(drafts) > 2
    assert book.take_lease(world.now, above=0, who="next") == 1
    assert [entry.kind for entry in world.store.read()[len(entries) :]] == ["taken", "poisoned"]
    assert not book.has_kept


def test_held_ledger_lock_ends_the_wait_and_keeps_the_record(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody sits on the ledger's lock: weights are back, and the record waits in the spool."""
    monkeypatch.setattr(locking, "LOCK_SECONDS", 0.02)
    world.run()
    book = Book(FileStore(tmp_path / "l.jsonl"), FileSpool(tmp_path / "spool"))
    with locking.locked(tmp_path / "l.jsonl.lock"):
        end = roll_back(
            world.rescues[-1],
            lambda settings: world.targets[settings.region],
            clock=lambda: world.now,
            why="bookings fail",
            record=recorder_in(book),
        )
    assert set(world.weights().values()) == {0}
    assert "held by another process" in end.recorded
    assert book.has_kept


def test_a_fence_that_cannot_be_seen_yet_does_not_keep_a_rollback_back(world: Any) -> None:
    """A switch that was not confirmed holds a higher fence than any that can be read: the rollback goes above it."""
    world.run()
    target = world.targets["r1"]
    seen = target.weights
    held = Fence(epoch=5000, revision=48, rollout="r-later")
    target.set_weights(Weights(blue=0, green=100), held)
    target.weights = lambda: replace(seen(), fence=Fence(epoch=1, revision=1, rollout="r-before"))
    end = by_hand(world)
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert [each.trouble for each in end.regions] == [""] * 4
    assert seen().weights == Weights(blue=100, green=0)
    assert seen().fence.epoch == 5001


def test_a_writer_that_is_always_faster_ends_a_rollback_with_its_name(world: Any) -> None:
    """It does not try for ever."""
    world.run()
    target = world.targets["r1"]
    tries = []

    def set_weights(weights: Weights, fence: Fence, **more: Any) -> Any:
        tries.append(fence.epoch)
        raise FenceError("somebody is faster", held=Fence(epoch=fence.epoch + 5, revision=1, rollout="r-x"))

    target.set_weights = set_weights
    end = by_hand(world, "r1")
    assert end.exit_code is ExitCode.EXTERNAL
    assert "somebody is faster" in end.regions[0].trouble
    assert tries == sorted(tries)
    assert len(tries) < 10


def test_a_target_that_answers_nonsense_is_written_all_the_same(world: Any) -> None:
    """Whatever a look comes to, a return does not depend on it."""
    world.run()

    class Nonsense:
        """A target whose weights do not sum to a hundred when they are read first."""

        def __init__(self, real: Any) -> None:
            self._real, self._is_read = real, False

        def weights(self) -> Any:
            if not self._is_read:
                self._is_read = True
                raise ValueError("weights must be >= 0 and sum to 100, got blue=60, green=60")
            return self._real.weights()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    world.targets["r1"] = Nonsense(world.targets["r1"])
    end = by_hand(world, "r1")
    assert end.regions[0].after == Weights(blue=100, green=0)
    assert world.weights()["r1"] == 0


def test_an_older_rescue_file_gives_nothing_to_what_a_later_rollout_put_on_its_colour(world: Any) -> None:
    """Its stable colour is the candidate of today; who names the file means it."""
    world.run()
    old = world.rescues[-1]
    world.start(Release(commit="3" * 40, digest="sha256:third"))
    while world.weights()["r1"] == 100:
        world.tick(after=timedelta(seconds=30))
    kept = world.targets["r1"].weights()
    world.rescues.append(old)
    end = by_hand(world, "r1")
    assert (end.exit_code, end.regions[0].is_overtaken) == (ExitCode.EXTERNAL, True)
    assert "a later rollout has switched this region" in end.regions[0].trouble
    assert world.targets["r1"].weights() == kept


def test_whatever_the_ledger_comes_to_the_rollback_counts(make_world: Callable[..., Any]) -> None:
    """Traffic is back: an error that nobody thought of is told, and what was done is kept."""
    world = make_world(names=("r1",), waves=(("r1",),))
    world.start()
    while world.weights() != {"r1": 10}:
        world.tick(after=timedelta(seconds=30))

    def garbage() -> Any:
        raise RecursionError("maximum recursion depth exceeded")

    world.store.read = garbage
    end = by_hand(world)
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert "maximum recursion depth exceeded" in end.recorded
    assert world.weights() == {"r1": 0}


@pytest.mark.parametrize("regions", [(), ("r1",), ("r2",)])
@pytest.mark.parametrize("can_deploy", [True, False])
def test_a_silent_target_whose_old_colour_is_gone_gets_it_deployed_first(
    world: Any, regions: tuple[str, ...], can_deploy: bool
) -> None:
    """Its weights cannot be read and can be written: nothing goes to a colour on which nothing answers."""
    world.run()
    target = world.targets["r1"]
    target.put_digest(Colour.BLUE, None)
    target.fail("weights", "timed out")
    if not can_deploy:
        target.fail("deploy", "no such image")
    end = by_hand(world, *regions, exposed=lambda rescue: None)
    target.fail("weights", None)
    assert world.weights()["r1"] == (0 if can_deploy else 100)
    assert target.digest(Colour.BLUE) == ("sha256:old" if can_deploy else None)
    if not can_deploy:
        assert end.exit_code is ExitCode.EXTERNAL
        assert "could not be deployed" in next(each.trouble for each in end.regions if each.region == "r1")
