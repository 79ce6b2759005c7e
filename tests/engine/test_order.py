"""`rollout.order` at the start of a rollout: no region begins before one that must run the release first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from wedgate.engine.dry_run import foresee
from wedgate.engine.rollout import RolloutEngine
from wedgate.errors import ExitCode, RefusedError


@pytest.fixture
def engine(make_world: Callable[..., Any]) -> tuple[Any, Callable[[], RolloutEngine]]:
    """Return a world in which r1 comes before r2 and r4, and what makes an engine for it."""
    world = make_world()

    def parts() -> Any:
        found = world.parts()
        return replace(found, settings=replace(found.settings, order=(("r1", "r2"), ("r1", "r4"))))

    world.ordered = parts
    return world, lambda: RolloutEngine(parts())


def test_a_region_does_not_begin_before_one_that_comes_first(engine: Any, new: Any) -> None:
    """Alone it is refused, with what to do, also dry; together, or afterwards, it goes."""
    world, made = engine
    with pytest.raises(RefusedError, match="r2 comes after r1"):
        made().run(new, regions=["r2", "r3"])
    with pytest.raises(RefusedError, match="--region r1 --region r4"):
        made().start(new, regions=["r4"])
    with pytest.raises(RefusedError, match="r2 comes after r1"):
        foresee(world.ordered(), new, regions=["r2"])
    assert made().run(new, regions=["r3"]).exit_code is ExitCode.DONE
    assert made().run(new, regions=["r1", "r2"]).exit_code is ExitCode.DONE
    assert made().run(new, regions=["r4"]).exit_code is ExitCode.DONE
    assert world.weights() == dict.fromkeys(world.names, 100)
