"""Declared migrations: said before the start, kept in its record, and no old colour goes unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from wedgate.adapters.stores.rescue import load_rescue, save_rescue
from wedgate.engine.adopt import adopt
from wedgate.engine.book import Book
from wedgate.engine.recording import rescue_in
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import Regression, RunEnd
from wedgate.errors import ExitCode, RefusedError
from wedgate.judge.values import Outcome
from wedgate.ledger.orders import Order
from wedgate.render.rollout import plain_status, render_status
from wedgate.rollout.notices import Occasion, notices_of
from wedgate.rollout.promises import Declared, not_promised, promise, refusal_to_start
from wedgate.rollout.state import RegionPhase, RolloutState, RolloutStatus
from wedgate.rollout.values import Migration, Release, ReportFails

LIMITED = [Migration.CONTRACT, Migration.IRREVERSIBLE]
OLD = Release(commit="0" * 40, digest="sha256:old")
NEW = Release(commit="1" * 40, digest="sha256:new")
NEXT = Release(commit="2" * 40, digest="sha256:next")


def run(world: Any, migration: Migration | None, *, by: str | None = "zoe", release: Release = NEW) -> RunEnd:
    """Run the engine with a declaration."""
    return RolloutEngine(world.parts(), Declared(migration=migration, accepted_by=by)).run(release)


def state_of(world: Any) -> RolloutState:
    """Return where the last rollout stands."""
    book = Book(world.store, world.spool)
    state = book.rollout(book.refresh().latest)
    assert state is not None
    return state


@pytest.mark.parametrize("migration", LIMITED)
def test_what_a_rollback_cannot_promise_must_be_accepted_before_the_start(world: Any, migration: Migration) -> None:
    """Exit 11, the sentence says what will not work, and nothing was touched: no lease, no deploy, no rescue file."""
    before = Book(world.store, world.spool).refresh().revision
    with pytest.raises(RefusedError, match="--accept-migration") as refused:
        run(world, migration, by=None)
    assert not_promised(migration) in str(refused.value)
    assert Book(world.store, world.spool).refresh().revision == before
    assert world.rescues == []
    assert world.targets["r1"].calls() == []


@pytest.mark.parametrize("migration", [None, Migration.NONE, Migration.EXPAND])
def test_what_a_rollback_can_promise_needs_no_word(world: Any, migration: Migration | None) -> None:
    """Both versions work with what was only added to: it starts, and drains by itself."""
    assert run(world, migration, by=None).exit_code is ExitCode.DONE
    assert not not_promised(migration or Migration.NONE)
    assert state_of(world).plan.migration is (migration or Migration.NONE)


@pytest.mark.parametrize("migration", LIMITED)
def test_the_old_colour_stays_in_every_region_until_somebody_has_seen_it(world: Any, migration: Migration) -> None:
    """Every region is promoted and none is done: exit 13 and the command; then done, and only then the last good."""
    end = run(world, migration)
    assert end.exit_code is ExitCode.NEEDS_HUMAN
    assert "wedgate rollout drain" in end.text
    assert world.weights() == {"r1": 100, "r2": 100, "r3": 100, "r4": 100}
    assert {region.phase for region in state_of(world).regions} == {RegionPhase.PROMOTED}
    assert Book(world.store, world.spool).refresh().good["r1"].release.digest == "sha256:old"
    assert run(world, None).exit_code is ExitCode.NEEDS_HUMAN
    world.order(Order.DRAIN)
    assert run(world, None).exit_code is ExitCode.DONE
    state = state_of(world)
    assert (state.status, state.plan.accepted_by) == (RolloutStatus.DONE, "zoe")
    assert state.region("r1").drained_by == "zoe: because"
    assert Book(world.store, world.spool).refresh().good["r1"].release.digest == "sha256:new"


def test_a_region_that_is_promoted_later_has_not_been_seen(world: Any) -> None:
    """The order is for what stood there to be looked at; ticks call a person once nothing else can move."""

    def act(there: Any) -> None:
        if there.weights()["r2"] == 10 and not ordered:
            ordered.append(True)
            there.order(Order.DRAIN)

    ordered: list[bool] = []
    world.on_pause.append(act)
    assert run(world, Migration.CONTRACT).exit_code is ExitCode.NEEDS_HUMAN
    phases = {region.region: region.phase for region in state_of(world).regions}
    assert phases == {"r1": RegionPhase.DONE, **dict.fromkeys(("r2", "r3", "r4"), RegionPhase.PROMOTED)}
    world.order(Order.DRAIN, regions=["r2"])
    world.tick(after=timedelta(minutes=1))
    assert world.tick(after=timedelta(minutes=1)).exit_code is ExitCode.NEEDS_HUMAN
    assert state_of(world).region("r2").phase is RegionPhase.DONE
    assert state_of(world).region("r3").phase is RegionPhase.PROMOTED


def test_the_next_release_does_not_take_the_old_colour_unseen(world: Any) -> None:
    """It would be deployed where the old version still is: exit 11. Adopting, or asking for the old one, is no way
    round."""
    run(world, Migration.IRREVERSIBLE)
    for release in (NEXT, OLD):
        with pytest.raises(RefusedError, match="r1, r2, r3, r4 keep their old colour"):
            run(world, None, release=release)
    with pytest.raises(RefusedError, match="wedgate rollout drain"):
        adopt(world.parts(), NEW)
    assert world.targets["r1"].digest(state_of(world).plan.regions[0].stable) == "sha256:old"
    world.order(Order.DRAIN)
    run(world, None)
    assert run(world, None, release=NEXT).exit_code is ExitCode.DONE


def test_it_goes_on_under_the_declaration_of_its_start(world: Any) -> None:
    """Without a word it goes on; with another one it is refused, and no candidate keeps traffic unwatched."""

    def leave(there: Any) -> None:
        if there.weights()["r1"] == 50:
            there.on_pause.clear()
            there.interrupt_at = there.now

    world.on_pause.append(leave)
    assert run(world, Migration.CONTRACT).exit_code is ExitCode.UNEXPECTED
    world.interrupt_at = None
    with pytest.raises(RefusedError, match="was started with --migration contract, not expand"):
        run(world, Migration.EXPAND)
    assert world.weights()["r1"] == 0
    assert run(world, None, by=None).exit_code is ExitCode.NEEDS_HUMAN
    assert state_of(world).plan.migration is Migration.CONTRACT


@pytest.mark.parametrize("migration", LIMITED)
def test_a_regression_returns_traffic_all_the_same_and_says_what_is_lost(
    make_world: Callable[..., Any], migration: Migration
) -> None:
    """A rollback is never blocked: all traffic is back, exit 12, and the sentence is in what is said and in the end."""
    world = make_world(verdicts={"all": Outcome.FAIL})
    end = run(world, migration)
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert set(world.weights().values()) == {0}
    assert not_promised(migration) in end.text
    assert [said.why for said in world.said if said.what == "not promised"] == [not_promised(migration)]


def test_a_late_regression_returns_what_waits_to_drain(make_world: Callable[..., Any]) -> None:
    """With `report-fails: retreat` a promoted region still has its old colour to go back to."""
    world = make_world(report_fails=ReportFails.RETREAT)
    run(world, Migration.CONTRACT)
    world.regressions.append(Regression(region=None, why="bookings are lost"))
    assert run(world, None).exit_code is ExitCode.ROLLED_BACK
    assert set(world.weights().values()) == {0}


def test_an_abort_leaves_what_is_promoted_and_says_that_it_waits(world: Any) -> None:
    """It is no way round either: the region is not done before it was seen."""
    run(world, Migration.CONTRACT)
    world.order(Order.ABORT)
    end = world.tick()
    assert end.exit_code is ExitCode.ROLLED_BACK
    assert "wedgate rollout drain" in end.text
    with pytest.raises(RefusedError, match="keep their old colour"):
        run(world, None, release=NEXT)


def test_the_start_the_status_and_the_rescue_file_keep_it(world: Any, tmp_path: Path) -> None:
    """In the journal's START, as text, as data, and in what a rollback without a ledger reads."""
    run(world, Migration.IRREVERSIBLE)
    book = Book(world.store, world.spool)
    ledger = book.refresh()
    state = state_of(world)
    event: Any = ledger.journals[state.plan.rollout][0].body["event"]
    assert (event["plan"]["migration"], event["plan"]["accepted_by"]) == ("irreversible", "zoe")
    text = render_status(state, ledger)
    assert f"migration irreversible, accepted by zoe: {promise(Migration.IRREVERSIBLE)}" in text
    assert "r1, r2, r3, r4 keep their old colour" in text
    plain: Any = plain_status(state, ledger)["rollout"]
    assert plain["migration"]["not_promised"] == not_promised(Migration.IRREVERSIBLE)
    assert {region["awaits_drain"] for region in plain["regions"]} == {True}
    save_rescue(tmp_path / "rescue.json", world.rescues[-1])
    assert load_rescue(tmp_path / "rescue.json").migration is Migration.IRREVERSIBLE


def test_each_kind_is_refused_or_not_by_what_it_takes_away() -> None:
    """By hand: of the four, two take something from the old version."""
    refused = {kind: refusal_to_start(Declared(migration=kind), digest="d") is not None for kind in Migration}
    assert refused == {
        Migration.NONE: False,
        Migration.EXPAND: False,
        Migration.CONTRACT: True,
        Migration.IRREVERSIBLE: True,
    }
    assert refusal_to_start(Declared(migration=Migration.CONTRACT, accepted_by="zoe"), digest="d") is None


def test_a_region_that_waits_to_drain_is_told_once_as_one_that_needs_a_person(world: Any) -> None:
    """Whoever is told of people that are needed hears of it; after the drain there is nothing to tell."""
    run(world, Migration.CONTRACT)
    book = Book(world.store, world.spool)
    told = notices_of(book.refresh(), [state_of(world)], world.now)
    assert {notice.occasion for notice in told} == {Occasion.NEEDS_HUMAN}
    assert len({notice.key for notice in told}) == len(told) == 4
    assert "r1 needs a human: sha256:new: its migration is contract" in told[0].text
    world.order(Order.DRAIN)
    run(world, None)
    assert notices_of(book.refresh(), [state_of(world)], world.now) == ()


def test_a_rescue_made_from_the_ledger_knows_the_migration(world: Any) -> None:
    """Where there is no rescue file a rollback says the same."""
    run(world, Migration.IRREVERSIBLE)
    book = Book(world.store, world.spool)
    made = rescue_in(book, service="venue-search", at=world.now, store_kind="file", store_options={})
    assert made is not None
    assert made.migration is Migration.IRREVERSIBLE
