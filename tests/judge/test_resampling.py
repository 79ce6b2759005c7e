"""A rehearsal tells how often rules alarm where nothing differs, and what they find."""

from __future__ import annotations

import random

import pytest

from wedgate.judge.resampling import DRAWS, WEDGATE, Arrangement, Rehearsal, rehearse


def shares(found: Rehearsal, rule: str, arrangement: Arrangement) -> dict[int, float]:
    """Return the false alarms of a rule by the values per arm."""
    return {
        rate.each: rate.share for rate in found.false_alarms if (rate.rule, rate.arrangement) == (rule, arrangement)
    }


def test_equal_values_alarm_nobody_and_show_every_slowdown_beyond_the_margin() -> None:
    """Without noise, 5 % are seen always and 2 % never: they are tolerated. Five values per arm are enough."""
    found = rehearse([0.25] * 40, seed=1)
    assert {rate.alarms for rate in found.false_alarms} == {0}
    assert {(rate.slowdown, rate.share) for rate in found.found} == {(1.02, 0), (1.05, 1), (1.1, 1), (1.25, 1)}
    assert (found.least_found(5), found.least_found(20)) == (1.05, 1.05)


def test_a_drift_alarms_in_blocks_and_not_in_turns() -> None:
    """A machine that gets slower by half over sixty runs: what was measured later looks worse, whatever the rule."""
    rng = random.Random(3)  # noqa: S311 - seeded on purpose
    found = rehearse([(1 + place / 120) * rng.lognormvariate(0, 0.005) for place in range(60)], seed=1)
    for rule in (WEDGATE, "Mann-Whitney, p below 0.05"):
        assert shares(found, rule, Arrangement.BLOCKS)[10] == 1
        assert shares(found, rule, Arrangement.TURNS)[10] <= 0.05


def test_a_beat_in_the_machine_does_not_meet_one_arm_alone() -> None:
    """Every second run takes a fifth longer: in turns by chance, and not by a fixed order, that alarms rarely."""
    rng = random.Random(6)  # noqa: S311 - seeded on purpose
    found = rehearse([(1 + place % 2 / 5) * rng.lognormvariate(0, 0.005) for place in range(60)], seed=1)
    assert all(share <= 0.08 for share in shares(found, WEDGATE, Arrangement.TURNS).values())


def test_only_noise_hides_slowdowns() -> None:
    """Where values differ by a third by themselves, five per arm show no 5 %."""
    rng = random.Random(4)  # noqa: S311 - seeded on purpose
    found = rehearse([rng.lognormvariate(0, 0.3) for _ in range(60)], seed=1)
    assert found.least_found(5) is None
    assert all(share <= 0.08 for share in shares(found, WEDGATE, Arrangement.TURNS).values())


def test_the_seed_decides_and_each_arm_has_its_size() -> None:
    """The same twice; another seed splits differently; up to half of the values per arm; few blocks are counted so."""
    rng = random.Random(5)  # noqa: S311 - seeded on purpose
    values = [rng.lognormvariate(0, 0.1) for _ in range(45)]
    one = rehearse(values, seed=1)
    assert one == rehearse(values, seed=1) != rehearse(values, seed=2)
    assert sorted({rate.each for rate in one.found}) == [5, 10, 20]
    assert {rate.splits for rate in one.false_alarms if rate.arrangement is Arrangement.TURNS} == {DRAWS}
    blocks = {rate.each: rate.splits for rate in one.false_alarms if rate.arrangement is Arrangement.BLOCKS}
    assert blocks == {5: 36, 10: 26, 20: 6}


def test_nine_values_are_too_few() -> None:
    """Five per arm are the least."""
    with pytest.raises(ValueError, match="9 values are too few"):
        rehearse([1.0] * 9, seed=1)
