"""Reports of two builds: families of metrics, units, what vanished, what is new, and what was measured in blocks."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from wedgate.judge.arrangement import is_blocked
from wedgate.judge.comparison import Margins, compare
from wedgate.judge.measurements import Measurements, Metric, parse_measurements, plain_measurements, together
from wedgate.judge.reading import Direction
from wedgate.judge.suite import SuiteSettings, judge_suite
from wedgate.judge.values import Outcome

SAP = Path(__file__).resolve().parents[2] / "benchmarks" / "measurements" / "sap_same_build.json.gz"
START = datetime(2027, 6, 7, 10, tzinfo=UTC)


def metric(name: str = "search", *, seed: int, times: float = 1.0, count: int = 10, unit: str = "ms") -> Metric:
    """Return one metric of a quiet machine."""
    rng = random.Random(f"{name}{seed}")  # noqa: S311 - seeded on purpose
    values = tuple(rng.gauss(100, 2) * times for _ in range(count))
    return Metric(name=name, unit=unit, direction=Direction.LOWER_IS_BETTER, values=values)


def report(*metrics: Metric, **more: object) -> Measurements:
    """Return a report."""
    return Measurements(metrics=metrics, **more)  # type: ignore[arg-type]


def test_the_gravest_metric_is_the_verdict() -> None:
    """One that fails among many that pass."""
    names = ("a", "b", "c")
    base = report(*(metric(name, seed=1) for name in names))
    same = report(*(metric(name, seed=2) for name in names))
    assert judge_suite(base, same).outcome is Outcome.PASS
    worse = report(metric("a", seed=2), metric("b", seed=2, times=1.15), metric("c", seed=2))
    found = judge_suite(base, worse)
    assert found.outcome is Outcome.FAIL
    assert [each.comparison.outcome for each in found.results] == [Outcome.PASS, Outcome.FAIL, Outcome.PASS]


def test_what_is_advisory_is_shown_and_decides_nothing() -> None:
    """Not even where it fails."""
    base, worse = (
        report(metric("a", seed=1), metric("b", seed=1)),
        report(metric("a", seed=2), metric("b", seed=2, times=2)),
    )
    found = judge_suite(base, worse, SuiteSettings(advisory=frozenset(("b",))))
    assert found.outcome is Outcome.PASS
    assert found.results[1].comparison.outcome is Outcome.FAIL
    alone = judge_suite(base, worse, SuiteSettings(advisory=frozenset(("a", "b"))))
    assert (alone.outcome, alone.why) == (Outcome.NOT_ENOUGH_DATA, "no metric decides anything")


def test_a_suite_of_fifty_has_one_false_alarm_rate() -> None:
    """Two hundred clean releases of fifty metrics, each worse by the margin: the level allows ten, and chance some."""
    alarms = 0
    for release in range(200):
        base = report(*(metric(f"m{each}", seed=2 * release) for each in range(50)))
        candidate = report(*(metric(f"m{each}", seed=2 * release + 1, times=1.02) for each in range(50)))
        alarms += judge_suite(base, candidate).outcome is Outcome.FAIL
    assert alarms <= 18


@pytest.mark.parametrize("count", [10, 20, 30])
@pytest.mark.parametrize("family", [5, 10, 50])
def test_a_clean_suite_that_was_measured_one_after_the_other_is_rarely_alarmed_on(count: int, family: int) -> None:
    """Real builds against themselves, SAP's: what drifts in between does so in one metric of many nearly always.

    By the share of 600 metrics that fail at the suite's level, as if each drifted alone.
    """
    with gzip.open(SAP, "rt", encoding="utf-8") as stream:
        cases = json.load(stream)[str(count)]
    fails = sum(
        compare(case["x"][:count], case["x"][count:], direction=Direction.LOWER_IS_BETTER, family=family).outcome
        is Outcome.FAIL
        for case in cases
    )
    assert 1 - (1 - fails / len(cases)) ** family <= 0.05


def test_a_suite_that_was_measured_in_turns_keeps_what_it_finds() -> None:
    """Twenty values count as twenty there, and as nine of each elsewhere."""
    names = [f"m{each}" for each in range(50)]
    base = [metric(name, seed=1, count=20) for name in names]
    slow = [metric(name, seed=2, count=20, times=1.0 if name != "m7" else 1.055) for name in names]
    assert judge_suite(report(*base), report(*slow)).outcome is not Outcome.FAIL
    found = judge_suite(report(*map(partial(at_odd_minutes, 0), base)), report(*map(partial(at_odd_minutes, 1), slow)))
    assert found.outcome is Outcome.FAIL
    assert judge_suite(report(base[7]), report(slow[7])).outcome is Outcome.FAIL


def at_odd_minutes(arm: int, one: Metric) -> Metric:
    """Return a metric that was measured in turns with that of the other arm."""
    times = tuple(START + timedelta(minutes=2 * each + (each + arm) % 2) for each in range(len(one.values)))
    return replace(one, times=times)


def test_units_are_turned_into_one_another_and_others_are_not_guessed() -> None:
    """Seconds against milliseconds are compared; bytes against milliseconds are an error."""
    base = report(metric(seed=1))
    seconds = metric(seed=2)
    in_seconds = replace(seconds, unit="s", values=tuple(value / 1000 for value in seconds.values))
    assert judge_suite(base, report(in_seconds)).outcome is Outcome.PASS
    bytes_ = judge_suite(base, report(replace(seconds, unit="B")))
    assert (bytes_.outcome, bytes_.results[0].comparison.why) == (
        Outcome.ERROR,
        "the base is in ms, the candidate in B",
    )


@pytest.mark.parametrize(
    ("at_least", "unit", "expected", "words"),
    [
        (60.0, "ms", Outcome.PASS, "but for what is too small to matter (at-least: 0.06 s)"),
        (0.06, "s", Outcome.PASS, "but for what is too small to matter (at-least: 0.06 s)"),
        (0.06, None, Outcome.PASS, "but for what is too small to matter (at-least: 0.06 s)"),
        (0.06, "ms", Outcome.FAIL, "worse by more than 2 %"),
        (60.0, "MB", Outcome.ERROR, "at-least is in MB, the metric in s"),
    ],
)
def test_what_does_not_matter_has_a_unit(at_least: float, unit: str | None, expected: Outcome, words: str) -> None:
    """A third more of a tenth of a second, in a base that counts seconds; the line says what decided."""
    base = metric(seed=1, times=0.001, unit="s")
    margins = Margins(at_least=at_least, at_least_unit=unit)
    settings = SuiteSettings(margins_of={"search": margins})
    found = judge_suite(report(base), report(metric(seed=2, times=1.3)), settings).results[0].comparison
    assert (found.outcome, words in found.why) == (expected, True), found.why


def test_what_vanished_is_an_error_and_what_is_new_is_told() -> None:
    """A metric that the candidate does not have was not shown to be good."""
    base = report(metric("a", seed=1), metric("b", seed=1))
    found = judge_suite(base, report(metric("a", seed=2), metric("c", seed=2)))
    assert (found.outcome, found.new) == (Outcome.ERROR, ("c",))
    assert "what vanished" in found.results[1].comparison.why


def test_what_nobody_can_judge_is_told() -> None:
    """Once, whichever file holds it."""
    odd = {"x": "no direction"}
    base, candidate = report(metric(seed=1), left_out=odd), report(metric(seed=2), left_out=odd)
    assert judge_suite(base, candidate).left_out == ("x: no direction",)


def test_another_direction_or_machine_is_an_error() -> None:
    """Neither can be compared with the base."""
    base = report(metric(seed=1), environment={"cpu": "one"})
    turned = replace(metric(seed=2), direction=Direction.HIGHER_IS_BETTER)
    assert judge_suite(base, report(turned)).outcome is Outcome.ERROR
    elsewhere = judge_suite(base, report(metric(seed=2), environment={"cpu": "two"}))
    assert elsewhere.outcome is Outcome.ERROR
    assert "another machine (cpu: one, and here two)" in elsewhere.results[0].comparison.why
    assert judge_suite(base, report(metric(seed=2), environment={"cpu": "one"})).outcome is Outcome.PASS


def test_what_lost_its_distribution_is_not_judged() -> None:
    """A mean over everything is one number, and no measurement of a process."""
    lost = replace(metric(seed=2), aggregated="the summary keeps a mean alone")
    found = judge_suite(report(metric(seed=1)), report(lost))
    assert found.outcome is Outcome.NOT_ENOUGH_DATA
    assert "the summary keeps a mean alone" in found.results[0].comparison.why


def timed(values: Metric, places: list[int]) -> Metric:
    """Return a metric whose values were measured in these minutes."""
    return replace(values, times=tuple(START + timedelta(minutes=place) for place in places))


def test_one_after_the_other_is_not_enough_and_in_turns_is() -> None:
    """By the times: all of one arm first, and then the other, shows whatever drifted as well."""
    base, candidate = metric(seed=1), metric(seed=2, times=1.5)
    first, second = list(range(10)), list(range(10, 20))
    blocked = judge_suite(report(timed(base, first)), report(timed(candidate, second)))
    assert blocked.outcome is Outcome.NOT_ENOUGH_DATA
    assert "one was measured after the other" in blocked.results[0].comparison.why
    turns = judge_suite(report(timed(base, first)), report(timed(candidate, list(range(10)))))
    assert turns.outcome is Outcome.FAIL


@pytest.mark.parametrize("count", [2, 4, 10])
def test_an_arm_that_is_over_before_the_other_begins_is_blocked_however_few_there_are(count: int) -> None:
    """Four against four cannot reach one in a hundred; twenty minutes in between are enough to know."""
    first, later = ([START + timedelta(minutes=each + after) for each in range(count)] for after in (0, 20))
    assert is_blocked(first, later)
    assert is_blocked(later, first)
    assert is_blocked(first, [*later[1:], START + timedelta(seconds=1)]) is (count == 10)
    assert not is_blocked(first[:1] * count, first[:1] * count)
    if count == 4:
        base, worse = (
            replace(metric(seed=seed, count=4, times=times), times=tuple(at))
            for seed, times, at in ((1, 1.0, first), (2, 1.3, later))
        )
        assert judge_suite(report(base), report(worse)).outcome is Outcome.NOT_ENOUGH_DATA


def test_an_order_that_one_arm_does_not_tell_is_said() -> None:
    """Where the other one does; where none does there is nothing to say of one."""
    times = tuple(START + timedelta(minutes=each) for each in range(10))
    base, candidate = replace(metric(seed=1), times=times), metric(seed=2)
    found = judge_suite(report(base), report(candidate)).results[0].comparison
    assert found.why.endswith("in which order is not known, as the candidate has no times for all values")
    assert "order" not in judge_suite(report(metric(seed=1)), report(candidate)).results[0].comparison.why


@pytest.mark.parametrize("count", [5, 10, 30])
def test_a_random_order_is_rarely_called_blocked(count: int) -> None:
    """At most one in a hundred, by the exact test; three in three hundred, and chance a few more."""
    rng = random.Random(count)  # noqa: S311 - seeded on purpose
    called = 0
    for _ in range(300):
        places = rng.sample(range(2 * count), 2 * count)
        base, candidate = (
            timed(metric(seed=1, count=count), places[:count]),
            timed(metric(seed=2, count=count), places[count:]),
        )
        called += is_blocked(base.times, candidate.times)
    assert called <= 9


def test_a_judge_that_breaks_says_error() -> None:
    """An exception is no pass."""
    broken = SuiteSettings(margins=Margins(level=0.0))
    found = judge_suite(report(metric(seed=1)), report(metric(seed=2)), broken)
    assert found.outcome is Outcome.ERROR
    assert "a level lies between 0 and 1" in found.why


def test_files_of_one_build_are_one_report() -> None:
    """Each is of processes of its own; two commits or two machines are not one build."""
    one, two = report(metric(seed=1, count=1), commit="a" * 40), report(metric(seed=2, count=1), commit="a" * 40)
    assert len(together([one, two]).metrics[0].values) == 2
    with pytest.raises(ValueError, match="different commits"):
        together([one, report(metric(seed=2), commit="b" * 40)])
    with pytest.raises(ValueError, match="differ in cpu"):
        together([report(metric(seed=1), environment={"cpu": "x"}), report(metric(seed=1), environment={"cpu": "y"})])
    with pytest.raises(ValueError, match="in ms in one file and in s in another"):
        together([one, report(metric(seed=2, unit="s"))])


def test_files_with_times_say_that_both_were_measured_in_turns() -> None:
    """Then many values are surer than a few; without times they are not."""
    base, candidate = metric(seed=1, count=60), metric(seed=2, count=60, times=1.032)
    times = [tuple(START + timedelta(seconds=2 * place + arm) for place in range(60)) for arm in (0, 1)]
    told = judge_suite(report(replace(base, times=times[0])), report(replace(candidate, times=times[1])))
    assert told.outcome is Outcome.FAIL
    assert judge_suite(report(base), report(candidate)).outcome is not Outcome.FAIL


def test_times_that_are_all_the_same_tell_no_order() -> None:
    """Neither one after the other, nor in turns: what is judged is what is judged without times, and it says so."""
    base, candidate = metric(seed=1, count=60), metric(seed=2, count=60, times=1.032)
    same = (START,) * 60
    found = judge_suite(report(replace(base, times=same)), report(replace(candidate, times=same)))
    without = judge_suite(report(base), report(candidate))
    assert found.outcome is without.outcome is not Outcome.FAIL
    why = f"{without.results[0].comparison.why}; in which order is not known, as all times are the same"
    assert found.results[0].comparison.why == why


def crashed(seed: int, *, of: int, left: int) -> Measurements:
    """Return files of a build, one of each run, of which only ``left`` have ``checkout``."""
    runs = []
    for run in range(of):
        names = ("search", "checkout") if run < left else ("search",)
        runs.append(report(*(metric(name, seed=100 * seed + run, count=1) for name in names)))
    return together(runs)


def test_what_a_part_of_the_runs_lost_does_not_pass_for_the_rest() -> None:
    """A benchmark that crashed in five of ten processes; in as many of the base's files nothing is lost."""
    base = crashed(1, of=10, left=10)
    found = judge_suite(base, crashed(2, of=10, left=5))
    assert found.outcome is Outcome.NOT_ENOUGH_DATA
    said = {each.name: each.comparison.why for each in found.results}
    assert said["checkout"].startswith("5 of the candidate's 10 files do not have it")
    assert judge_suite(crashed(1, of=20, left=10), crashed(2, of=20, left=10)).outcome is Outcome.PASS
    on_purpose = SuiteSettings(fewer_runs=True)
    assert judge_suite(crashed(1, of=20, left=10), crashed(2, of=10, left=10), on_purpose).outcome is Outcome.PASS


def test_what_a_part_of_the_runs_lost_is_known_in_a_converted_report_too() -> None:
    """Six of twelve against eleven of twelve: as `report convert` writes several files, and as it reads them again."""
    builds = (crashed(1, of=12, left=11), crashed(2, of=12, left=6))
    assert judge_suite(*builds).outcome is Outcome.NOT_ENOUGH_DATA
    base, candidate = (parse_measurements(plain_measurements(each)) for each in builds)
    assert judge_suite(base, candidate) == judge_suite(*builds)
    assert judge_suite(together([base]), together([candidate])) == judge_suite(*builds)


def test_values_that_are_fewer_than_those_beside_them_do_not_pass() -> None:
    """In one file, where the base has as many of each; what fails by those that are left still fails."""
    base = report(metric("a", seed=1), metric("b", seed=1))
    found = judge_suite(base, report(metric("a", seed=2), metric("b", seed=2, count=6)))
    assert [each.comparison.outcome for each in found.results] == [Outcome.PASS, Outcome.NOT_ENOUGH_DATA]
    assert "has 6 values of it and the base 10, and of another metric it lost fewer" in found.results[1].comparison.why
    slow = judge_suite(base, report(metric("a", seed=2), metric("b", seed=2, count=6, times=1.3)))
    assert slow.results[1].comparison.outcome is Outcome.FAIL
    fewer = report(metric("a", seed=2, count=6), metric("b", seed=2, count=6))
    assert "another metric" not in judge_suite(base, fewer).results[1].comparison.why


def test_what_was_lost_is_seen_beside_a_metric_of_which_the_base_has_another_number() -> None:
    """One more or one fewer of some other metric once switched the look at values off."""
    base = report(*(metric(name, seed=1, count=count) for name, count in (("a", 20), ("b", 20), ("c", 19))))
    lost = report(*(metric(name, seed=2, count=count) for name, count in (("a", 20), ("b", 8), ("c", 20))))
    found = judge_suite(base, lost)
    assert found.outcome is Outcome.NOT_ENOUGH_DATA
    assert [each.comparison.outcome for each in found.results] == [
        Outcome.PASS,
        Outcome.NOT_ENOUGH_DATA,
        Outcome.PASS,
    ]
    why = "the candidate has 8 values of it and the base 20, and of another metric it lost fewer"
    assert found.results[1].comparison.why.startswith(why)
    for counts in ((20, 20, 20), (10, 10, 10), (30, 30, 28)):
        kept = report(*(metric(name, seed=2, count=count) for name, count in zip("abc", counts, strict=True)))
        settings = SuiteSettings(fewer_runs=True)
        assert judge_suite(base, kept, settings).outcome is Outcome.PASS


def runs_of(count: int, *, seed: int) -> Measurements:
    """Return a build of so many files, each of one run."""
    return together([report(metric(seed=100 * seed + run, count=1)) for run in range(count)])


def test_a_build_of_which_runs_left_nothing_does_not_pass_for_its_survivors() -> None:
    """Twelve of twenty crashed before they wrote anything; the same in one file, by its values."""
    found = judge_suite(runs_of(20, seed=1), runs_of(8, seed=2))
    assert found.outcome is Outcome.NOT_ENOUGH_DATA
    why = found.results[0].comparison.why
    assert why.startswith("the candidate has 8 files and the base 20: runs that crash leave nothing")
    assert "--fewer-runs" in why
    one = judge_suite(report(metric(seed=1, count=20)), report(metric(seed=2, count=8)))
    assert one.results[0].comparison.why.startswith("the candidate has 8 values and the base 20")
    assert judge_suite(runs_of(20, seed=1), report(metric(seed=2, count=8))).outcome is Outcome.NOT_ENOUGH_DATA
    slow = judge_suite(report(metric(seed=1, count=20)), report(metric(seed=2, count=8, times=1.3)))
    assert slow.outcome is Outcome.FAIL


def test_fewer_runs_of_the_candidate_pass_where_they_are_said_or_are_one_or_are_the_base_s() -> None:
    """Who measures a base once and keeps it has more of it on purpose."""
    said = SuiteSettings(fewer_runs=True)
    assert judge_suite(runs_of(20, seed=1), runs_of(8, seed=2), said).outcome is Outcome.PASS
    assert judge_suite(runs_of(20, seed=1), runs_of(19, seed=2)).outcome is Outcome.PASS
    assert judge_suite(runs_of(10, seed=1), runs_of(20, seed=2)).outcome is Outcome.PASS


def share(*values: float, way: Direction = Direction.LOWER_IS_BETTER) -> Measurements:
    """Return the share of requests that failed in each run."""
    return report(Metric(name="failed", unit="ratio", direction=way, values=values))


@pytest.mark.parametrize("failed", [1.0, 0.5, 0.06])
def test_a_share_that_rose_over_all_runs_does_not_pass(failed: float) -> None:
    """Two of ten runs in which every request failed: by the order of runs alone it would pass."""
    found = judge_suite(share(*[0.0] * 10), share(*[0.0] * 8, failed, failed))
    assert found.outcome is Outcome.MARGINAL
    assert found.results[0].comparison.why == f"over all runs together it is {20 * failed:.3g} %, and the base's 0 %"
    assert judge_suite(share(*[0.0] * 10), share(*[0.0] * 8, 0.01, 0.01)).outcome is Outcome.PASS
    assert judge_suite(share(*[failed] * 10), share(*[0.0] * 10)).outcome is Outcome.PASS


@pytest.mark.parametrize("bad", [2, 1])
def test_a_share_that_succeeded_and_fell_does_not_pass(bad: int) -> None:
    """As k6 writes its checks: more is better. A slight fall that no order of runs shows is one, too."""
    way = Direction.HIGHER_IS_BETTER
    for fell in (0.0, 0.94):
        found = judge_suite(share(*[1.0] * 10, way=way), share(*[1.0] * (10 - bad), *[fell] * bad, way=way))
        assert found.outcome is Outcome.MARGINAL
        words = f"over all runs together it is {100 - 10 * bad * (1 - fell):.3g} %, and the base's 100 %"
        assert found.results[0].comparison.why in (
            words,
            f"{bad} of its values are worse than the base's worst by 10 %",
        )
    assert judge_suite(share(*[0.5] * 10, way=way), share(*[1.0] * 10, way=way)).outcome is Outcome.PASS


def test_a_share_in_percent_is_one_and_how_busy_something_is_is_none() -> None:
    """Errors rise from nothing to 1 %; a processor at half of its power may be at 51 %."""

    def percent(*values: float) -> Measurements:
        return report(Metric(name="bad", unit="%", direction=Direction.LOWER_IS_BETTER, values=values))

    found = judge_suite(percent(*[0.1] * 10), percent(*[0.1] * 9, 8.0))
    assert found.outcome is Outcome.MARGINAL
    assert found.results[0].comparison.why == "over all runs together it is 0.89 %, and the base's 0.1 %"
    assert judge_suite(percent(*[50.0] * 10), percent(*[50.7] * 10)).outcome is Outcome.PASS
    assert judge_suite(percent(*[0.1] * 10), percent(*[0.1] * 9, 4.0)).outcome is Outcome.PASS


def test_a_value_just_above_the_whole_does_not_make_a_share_something_else() -> None:
    """A division that rounds up."""
    found = judge_suite(share(*[0.0] * 20), share(*[0.0] * 17, 1.0, 1.0, 1.0000001))
    assert found.outcome is Outcome.MARGINAL
    times = judge_suite(share(*[3.0] * 20), share(*[3.02] * 20))
    assert times.outcome is Outcome.PASS


@pytest.mark.parametrize("unit", ["errors", "ms", "B"])
def test_what_never_happened_in_the_base_and_did_in_the_candidate_does_not_pass(unit: str) -> None:
    """A count of errors: most runs have none, and by their order nothing rose."""

    def counted(*values: float) -> Measurements:
        return report(Metric(name="errors", unit=unit, direction=Direction.LOWER_IS_BETTER, values=values))

    found = judge_suite(counted(*[0.0] * 20), counted(*[0.0] * 16, *[500.0] * 4))
    assert found.outcome is Outcome.MARGINAL
    assert found.results[0].comparison.why == "the base is 0 in every run, and 4 of the candidate's 20 are not"
    assert judge_suite(counted(*[0.0] * 20), counted(*[0.0] * 19, 1.0)).outcome is Outcome.MARGINAL
    small = SuiteSettings(margins=Margins(at_least=2.0))
    assert judge_suite(counted(*[0.0] * 20), counted(*[0.0] * 19, 1.0), small).outcome is Outcome.PASS
    assert judge_suite(counted(*[0.0] * 20), counted(*[0.0] * 20)).outcome is Outcome.PASS


def test_a_build_is_not_judged_against_its_own_values() -> None:
    """A mixed-up artifact would pass; values that do not vary may be the same."""
    base = report(metric("a", seed=1), metric("b", seed=1))
    found = judge_suite(base, base)
    assert found.outcome is Outcome.ERROR
    assert "the candidate's values are the base's own" in found.why
    assert judge_suite(base, report(metric("a", seed=1), metric("b", seed=2))).outcome is Outcome.PASS
    still = report(replace(metric("a", seed=1), values=(3.0,) * 10))
    assert judge_suite(still, still).outcome is Outcome.PASS


def of_values(values: list[float], unit: str = "ms", **more: object) -> Measurements:
    """Return a report of one metric."""
    one = Metric(name="search", unit=unit, direction=Direction.LOWER_IS_BETTER, values=tuple(values))
    return report(one, **more)


@pytest.mark.parametrize("count", [6, 12, 40])
def test_a_build_is_not_judged_against_its_own_values_in_another_order_number_or_unit(count: int) -> None:
    """Files are read in another order, one of them is lost, a tool writes seconds."""
    values = list(metric(seed=1, count=count).values)
    others = [
        of_values(values[::-1]),
        of_values(sorted(values)),
        of_values([value / 1000 for value in values], "s"),
        of_values([value * 1000 for value in sorted(values)], "us"),
        of_values(values[1:]),
        of_values([*values, 101.3]),
    ]
    for other in others:
        found = judge_suite(of_values(values), other)
        assert found.outcome is Outcome.ERROR
        assert "the candidate's values are the base's own" in found.why


def test_values_that_are_coarse_are_alike_and_not_the_same() -> None:
    """Whole milliseconds of two builds, two thousand times: one in a thousand pairs may have all the same."""
    rng = random.Random(5)  # noqa: S311 - seeded on purpose
    same = 0
    for _ in range(2000):
        base, other = ([float(round(rng.gauss(100, 3))) for _ in range(10)] for _ in range(2))
        same += judge_suite(of_values(base), of_values(other)).outcome is Outcome.ERROR
    assert same <= 4
    # One metric that a seed decides, beside one that was measured.
    seeded = metric("allocations", seed=1)
    base, other = report(metric(seed=1), seeded), report(metric(seed=2), seeded)
    assert judge_suite(base, other).outcome is Outcome.PASS


def test_one_commit_is_not_judged_against_itself_unless_that_is_said() -> None:
    """Two files of the base, given as both: a build that got slower would pass."""
    base, other = (report(metric(seed=seed), commit="a" * 40) for seed in (1, 2))
    found = judge_suite(base, other)
    assert found.outcome is Outcome.ERROR
    assert found.why == f"both builds were measured of the commit {'a' * 40}; --same-commit says that it was meant"
    assert judge_suite(base, other, SuiteSettings(same_commit=True)).outcome is Outcome.PASS
    assert judge_suite(base, replace(other, commit="b" * 40)).outcome is Outcome.PASS
    assert judge_suite(base, replace(other, commit=None)).outcome is Outcome.PASS


def test_a_machine_that_only_one_build_names_is_told() -> None:
    """Nobody knows whether it was the same."""
    base = of_values(list(metric(seed=1).values), environment={"machine": "one", "cpu": "large", "load": "1"})
    other = report(metric(seed=2))
    assert judge_suite(base, other).left_out == ("the machine: the candidate does not say its machine and cpu",)
    assert judge_suite(other, base).left_out == ("the machine: the base does not say its machine and cpu",)
    partly = replace(other, environment={"cpu": "large"})
    assert judge_suite(base, partly).left_out == ("the machine: the candidate does not say its machine",)
    assert judge_suite(other, report(metric(seed=3))).left_out == ()
    assert judge_suite(base, partly).outcome is Outcome.PASS
