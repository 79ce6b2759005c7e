"""What is held and will never get through says so at the end of every run, with what to shorten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import Nowhere, RolloutParts
from wedgate.errors import ExitCode, ExternalSystemError, RefusedError
from wedgate.rollout.values import Release, RolloutSettings

NEW = Release(commit="1" * 40, digest="sha256:new")
HOUR = timedelta(hours=1)
TEXT = "bakes and reserve take 5h in r1, and it is open for 2h at most in the coming year; shorten them by 3h"


@pytest.fixture
def asked() -> list[tuple[timedelta, Sequence[str]]]:
    """Return the bakes of the shortest way and the regions that were asked about."""
    return []


def wired(world: Any, asked: list[Any], **answer: Any) -> RolloutParts:
    """Return parts of a world in which r1 is open two hours in three, and nothing ever fits."""
    for start in range(1, 100, 3):
        world.close("r1", start * HOUR, (start + 1) * HOUR)

    def ask(settings: RolloutSettings, regions: Sequence[str]) -> Nowhere:
        asked.append((settings.strategies["steady"].steps[0].bake, tuple(regions)))
        return Nowhere(text=TEXT, **answer)

    return replace(world.parts(), fits_nowhere=ask)


def test_it_is_refused_where_nothing_can_open_a_window(world: Any, asked: list[Any]) -> None:
    """Before anything is written down."""
    with pytest.raises(RefusedError, match="it would be held for ever: bakes and reserve take 5h"):
        RolloutEngine(wired(world, asked)).start(NEW)
    assert not [entry for entry in world.store.read() if entry.stream == "journal"]


def test_where_an_override_may_open_one_every_end_says_what_to_shorten(world: Any, asked: list[Any]) -> None:
    """A run, a tick and a start: none of them sends anybody away to come back when it is open."""
    world.steps = ((10, 240), (100, 0))
    parts = wired(world, asked, may_be_opened=True)
    end = RolloutEngine(parts).run(NEW)
    assert end.exit_code is ExitCode.CLOSED
    assert f"; it never gets through: {TEXT}; or let an override open it for long enough; " in end.text
    assert end.text.endswith("`wedgate rollout abort` ends this one, to start it shorter")
    assert "when it is open" not in end.text
    handed_over = RolloutEngine(parts).tick()
    assert handed_over.exit_code is ExitCode.DONE
    assert "it never gets through" in handed_over.text
    assert "the next tick goes on" not in handed_over.text
    assert asked[-1] == (timedelta(hours=4), ("r1",))
    shorter = replace(parts.settings.strategies["steady"], steps=())
    changed = replace(parts, settings=replace(parts.settings, strategies={"steady": shorter}))
    assert "it never gets through" in RolloutEngine(changed).tick().text
    assert asked[-1][0] == timedelta(hours=4), "what it was started with counts"


def test_without_an_answer_it_is_said_as_ever(world: Any, asked: list[Any]) -> None:
    """A calendar that cannot be read now is read by the next run."""

    def fails(settings: RolloutSettings, regions: Sequence[str]) -> None:
        raise ExternalSystemError("no calendar")

    world.steps = ((10, 240), (100, 0))
    RolloutEngine(wired(world, asked, may_be_opened=True)).start(NEW)
    end = RolloutEngine(replace(world.parts(), fits_nowhere=fails)).tick()
    assert end.text.endswith("the next tick goes on")
