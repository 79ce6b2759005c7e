"""Change points in a history: what experts marked is found, what they did not mark is left alone.

The 25 series under ``sap_small_2021`` are the Performance Regression Data Set (small) of SAP SE (Bach, Lv, Le), CC BY
4.0: measurements of builds of a database, each series with the verdict of its experts.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wedgate.judge.reading import Direction
from wedgate.judge.series import SeriesSettings, Standing, find_change_points, read_history

DATA = Path(__file__).parent / "sap_small_2021"
LOWER, HIGHER = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER
VERDICTS = {
    row["Dataset"]: (row["Type"].strip(), int(row["Change Point"]))
    for row in csv.DictReader((DATA / "metadata/dataset_details.csv").read_text().splitlines(), delimiter=";")
}
REGRESSIONS = sorted(name for name, (kind, _) in VERDICTS.items() if kind == "regression")
CLEAN = sorted(set(VERDICTS) - set(REGRESSIONS))


def builds_of(name: str) -> tuple[list[int], list[float]]:
    """Return the index of each build's first measurement, and the median of its measurements."""
    builds: dict[str, list[tuple[int, float]]] = {}
    for row in csv.DictReader((DATA / "data" / name).read_text().splitlines()):
        builds.setdefault(row["GHC"], []).append((int(row["Index"]), float(row["Measurement"])))
    first = [rows[0][0] for rows in builds.values()]
    return first, [median(value for _, value in rows) for rows in builds.values()]


def level(count: int, around: float, rng: random.Random, spread: float = 0.01) -> list[float]:
    """Return values of one level."""
    return [around * rng.lognormvariate(0, spread) for _ in range(count)]


@pytest.fixture
def rng() -> random.Random:
    """Return the same chance every time."""
    return random.Random(20270605)  # noqa: S311 - seeded on purpose


@pytest.mark.parametrize("name", REGRESSIONS)
def test_a_regression_is_found_where_the_experts_marked_it(name: str) -> None:
    """Exactly one shift, a worse one, whose first build begins right after the index that was marked."""
    indices, values = builds_of(name)
    (found,) = find_change_points(values, direction=LOWER)
    assert indices[found.first] == VERDICTS[name][1] + 1
    assert found.worse


@pytest.mark.parametrize("name", CLEAN)
def test_no_shift_is_found_where_the_experts_marked_none(name: str) -> None:
    """Neither spikes, nor builds that differ, nor values that jump about are shifts: none in 2,785 builds."""
    assert find_change_points(builds_of(name)[1], direction=LOWER) == ()


@pytest.mark.parametrize("name", [name for name in CLEAN if VERDICTS[name][0] in ("Stable", "Spike")])
def test_a_shift_of_five_percent_is_found_in_what_was_calm(name: str) -> None:
    """The second half of a series that the experts called stable, or calm but for spikes, made 5 % slower."""
    values = builds_of(name)[1]
    half = len(values) // 2
    (found,) = find_change_points(values[:half] + [value * 1.05 for value in values[half:]], direction=LOWER)
    assert abs(found.first - half) <= 5


def test_histories_without_any_shift_alarm_less_than_once_in_ten_thousand_builds(rng: random.Random) -> None:
    """The builds of the clean series in random orders: 27,000 builds, so that two alarms would be too many."""
    alarms = builds = 0
    for _ in range(12):
        for name in CLEAN:
            values = builds_of(name)[1][:200]
            rng.shuffle(values)
            builds += len(values)
            alarms += len(find_change_points(values, direction=LOWER))
    assert builds > 27_000
    assert alarms <= 2


def test_a_slow_drift_is_no_shift(rng: random.Random) -> None:
    """A level that creeps up by a tenth over 200 builds has no build that did it."""
    values = [100 * (1 + place / 2000) * rng.lognormvariate(0, 0.01) for place in range(200)]
    assert find_change_points(values, direction=LOWER) == ()


def test_values_that_jump_more_often_than_before_are_no_new_level(rng: random.Random) -> None:
    """One build of seven takes 130 instead of 100, later three of four: the old level is still there."""
    values = [130.0 if place % 7 == 0 else 100.0 for place in range(70)]
    values += [100.0 if place % 4 == 0 else 130.0 for place in range(70)]
    values = [value * rng.lognormvariate(0, 0.01) for value in values]
    assert find_change_points(values, direction=LOWER) == ()


def test_a_shift_and_its_repair_do_not_hide_one_another(rng: random.Random) -> None:
    """Slower for fifteen builds, then as before: a regression and an improvement, each at its build."""
    values = level(60, 100, rng) + level(15, 112, rng) + level(60, 100, rng)
    found = find_change_points(values, direction=LOWER)
    assert [(each.first, each.worse) for each in found] == [(60, True), (75, False)]


def test_higher_is_better_turns_regressions_around(rng: random.Random) -> None:
    """What is an improvement of a duration is a regression of a throughput."""
    values = level(30, 100, rng) + level(30, 80, rng)
    (found,) = find_change_points(values, direction=HIGHER)
    assert (found.first, found.worse) == (30, True)
    assert found.ratio == pytest.approx(0.8, rel=0.01)


def test_an_old_level_no_longer_counts(rng: random.Random) -> None:
    """After a shift the new level is the base: going back to the old one later is news again."""
    values = level(40, 100, rng) + level(40, 130, rng)
    assert read_history(values, direction=LOWER).level == pytest.approx(130, rel=0.01)
    back = read_history([*values, *level(10, 100, rng)], direction=LOWER)
    assert [each.first for each in back.change_points] == [40, 80]
    assert (back.level, back.standing) == (pytest.approx(100, rel=0.01), Standing.SHIFTED)


def test_a_spike_is_named_and_moves_nothing(rng: random.Random) -> None:
    """Two builds far away are spikes: no change point, and the level is that of the others."""
    values = [*level(30, 100, rng), 160.0, 155.0, *level(30, 100, rng)]
    found = read_history(values, direction=LOWER)
    assert (found.change_points, found.spikes) == ((), (30, 31))
    assert found.standing is Standing.STEADY


def test_the_newest_builds_are_undecided_until_there_are_enough_of_them(rng: random.Random) -> None:
    """Up to four slower builds may be a spike; with the fifth they are a shift that began at the first."""
    base, slower = level(60, 100, rng), level(5, 120, rng)
    for count in (1, 4):
        found = read_history(base + slower[:count], direction=LOWER)
        assert (found.standing, found.undecided, found.change_points) == (Standing.UNDECIDED, count, ())
    found = read_history(base + slower, direction=LOWER)
    assert (found.standing, [each.first for each in found.change_points]) == (Standing.SHIFTED, [60])


def test_equal_values_and_short_histories_have_no_shift() -> None:
    """Nothing, one value, nine values, a hundred equal ones."""
    for values in ([], [1.0], [1.0] * 4 + [9.0] * 5, [0.0] * 100):
        assert find_change_points(values, direction=LOWER) == ()
    assert read_history([], direction=LOWER).level is None


def test_what_grows_from_nothing_is_a_shift() -> None:
    """From zero the ratio is infinite, and the shift is one."""
    (found,) = find_change_points([0.0] * 20 + [3.0] * 20, direction=LOWER)
    assert (found.first, found.ratio) == (20, float("inf"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_what_is_no_measurement_is_refused(value: float) -> None:
    """With its place."""
    with pytest.raises(ValueError, match="value 3 is"):
        find_change_points([1.0, 1.0, 1.0, value], direction=LOWER)


@given(seed=st.integers(0, 999), factor=st.floats(1e-9, 1e9), at=st.integers(5, 45))
@settings(max_examples=60, deadline=None)
def test_the_unit_changes_nothing(seed: int, factor: float, at: int) -> None:
    """The same history in another unit has the same change points, spikes and standing; also where values tie."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose
    values = [round(each, 1) for each in level(at, 10, rng) + level(50 - at, 11, rng)]
    one = read_history(values, direction=LOWER)
    other = read_history([value * factor for value in values], direction=LOWER)
    assert [each.first for each in one.change_points] == [each.first for each in other.change_points]
    assert (one.spikes, one.standing, one.undecided) == (other.spikes, other.standing, other.undecided)


def test_more_builds_may_be_asked_for(rng: random.Random) -> None:
    """``lasting`` builds make a level: with ten asked for, eight slower ones are none."""
    values = level(60, 100, rng) + level(8, 120, rng) + level(60, 100, rng)
    assert len(find_change_points(values, direction=LOWER)) == 2
    assert find_change_points(values, direction=LOWER, settings=SeriesSettings(lasting=10)) == ()


def test_newest_builds_that_are_no_shift_yet_in_a_long_history_are_undecided() -> None:
    """Among three thousand builds five are not enough to be sure; nobody calls them steady meanwhile."""
    rng = random.Random(1)  # noqa: S311 - seeded on purpose
    values = [100 * (1 + rng.gauss(0, 0.005)) for _ in range(3000)]
    for count in (1, 4, 5):
        found = read_history([*values, *[120.0 + each for each in range(count)]], direction=LOWER)
        assert (found.standing, found.undecided) == (Standing.UNDECIDED, count)
    found = read_history([*values, *[120.0 + each for each in range(6)]], direction=LOWER)
    assert [each.first for each in found.change_points] == [3000]
