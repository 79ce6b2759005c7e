"""The page of a judgement: whole, escaped, the failed first, and readable for whoever looks at it, however."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from accessible import assert_accessible, on_each_screen

from wedgate.judge.accepted import name_accepted
from wedgate.judge.comparison import compare
from wedgate.judge.confirmation import confirm
from wedgate.judge.history import Build, BuildValue, MetricHistory, metric_histories
from wedgate.judge.history_lines import Acceptance
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction
from wedgate.judge.suite import SuiteJudgement, SuiteSettings, judge_suite
from wedgate.judge.values import Outcome
from wedgate.render.judge import spell_interval
from wedgate.render.judge_annotations import judgement_annotations
from wedgate.render.judge_html import render_judgement_html
from wedgate.render.judge_svg import MOST_DOTS, dots_strip, interval_strip


def build(seed: int, metrics: int, slower: dict[int, float]) -> Measurements:
    """Return ten values of each metric, and some of metrics that cannot be judged."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose

    def metric(name: str, *values: float, direction: Direction = Direction.LOWER_IS_BETTER) -> Metric:
        return Metric(name=name, unit="ms", direction=direction, values=values)

    found = [
        metric(f"bench {place}", *(rng.gauss(100, 2) * slower.get(place, 1.0) for _ in range(10)))
        for place in range(metrics)
    ]
    rates = (rng.gauss(500, 5) / slower.get(-1, 1.0) for _ in range(10))
    found.append(metric("rate", *rates, direction=Direction.HIGHER_IS_BETTER))
    found.append(metric("few", 1.0, 2.0))
    found.append(metric("noisy", *(rng.gauss(100, 25) for _ in range(10))))
    found.append(metric("gone" if seed == 1 else "fresh", *[1.0] * 10))
    return Measurements(metrics=tuple(found), left_out={"p99": "it is of all processes together"})


@pytest.fixture(scope="module")
def judgement() -> SuiteJudgement:
    """Two metrics that got worse, and one of each kind besides."""
    return judge_suite(build(1, 6, {}), build(2, 6, {3: 1.2, -1: 1.3}), SuiteSettings())


@pytest.fixture(scope="module")
def histories() -> tuple[MetricHistory, ...]:
    """Forty builds of two metrics; one of them shifts at the thirtieth, with a spike before."""
    rng = random.Random(3)  # noqa: S311 - seeded on purpose
    builds = []
    for place in range(40):
        times = {"bench 3": 1.2 if place >= 30 else 1.5 if place == 10 else 1.0, "rate": 1.0}
        values = tuple(
            BuildValue(
                name=name, unit="ms", direction=Direction.LOWER_IS_BETTER, value=rng.gauss(100, 1) * slower, count=10
            )
            for name, slower in times.items()
        )
        at = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=place)
        builds.append(Build(name=f"b<{place}>", at=at, commit=None, machine={}, values=values))
    return tuple(metric_histories(builds))


@pytest.fixture(scope="module")
def page(judgement: SuiteJudgement, histories: tuple[MetricHistory, ...]) -> str:
    """Its page, with an alarm asked again and what is known of earlier builds."""
    asked = confirm(judgement, (build(1, 6, {}), build(2, 6, {})), (build(1, 6, {}), build(3, 6, {3: 1.2})))
    return render_judgement_html(replace(judgement, confirmation=asked.confirmation), histories)


def test_the_page_needs_nothing_from_anywhere_and_runs_nothing(page: str, tree_of: Any) -> None:
    """No script at all, no address, no style but the one whose hash the policy names."""
    tree = tree_of(page)
    assert not {"script", "link", "img", "iframe", "object"} & {name for name, _, _ in tree.elements}
    assert not re.search(r"https?:|@import|url\((?!#)|javascript:", page)
    assert [name for name, attrs, _ in tree.elements if "style" in attrs] == []
    kinds = {kind for _, attrs, _ in tree.elements for kind in attrs.get("class", "").split()}
    assert {kind for kind in kinds if not re.search(rf"\.{kind}\b", page)} <= {"metric", "pass"}


def test_each_metric_has_its_history_with_the_shift(page: str, tree_of: Any) -> None:
    """A dot for each build but the spike, the shift as a mark and in words, and every number in a table."""
    assert page.count('<svg class="history"') == 2
    history = page[page.index('<svg class="history"') :].partition("</svg>")[0]
    assert history.count('<circle class="dot"') == 39
    assert history.count('<path class="spike"') == 1
    assert "at b&lt;30&gt;" in history
    assert "history: level 1" in page
    assert [page.count(mark) for mark in ("a build of the history", "a spike", "to a better one")] == [1, 1, 1]
    assert "<td>b&lt;30&gt;</td>" in page
    without = render_judgement_html(judge_suite(build(1, 2, {}), build(2, 2, {})))
    assert "history: " not in without
    assert "a spike" not in without


def test_a_shift_that_was_accepted_is_told_once(
    judgement: SuiteJudgement, histories: tuple[MetricHistory, ...]
) -> None:
    """Where it explains the difference above the dots, else below the picture of the history."""
    (shifted, *_) = (each for each in histories if each.name == "bench 3")
    level = shifted.level_from("b<30>")
    assert level is not None
    taken = Acceptance(build="b<30>", at=datetime(2027, 2, 9, tzinfo=UTC), by="ann", why="<worth> it", values=(level,))
    known = [replace(shifted, accepted=(taken,))]
    explained = render_judgement_html(name_accepted(judgement, known), known)
    beside = render_judgement_html(judgement, known)
    for page, words in ((explained, "<strong>An accepted shift:</strong> from b&lt;30&gt; on"), (beside, "<li>+")):
        assert words in page
        assert page.count("accepted by ann (2027-02-09 00:00Z): &lt;worth&gt; it") == 1
    assert "the level is a new one, which was accepted" in beside


def test_the_page_says_what_fresh_runs_said(page: str) -> None:
    """Beside the verdict."""
    assert "<li>fresh runs: bench 3 fail x1." in page


def test_what_failed_comes_first_and_what_passed_is_folded(page: str, judgement: SuiteJudgement, tree_of: Any) -> None:
    """The gravest outcome has the first section."""
    assert {each.comparison.outcome for each in judgement.results} == set(Outcome)
    places = [page.index(f'id="outcome-{outcome}"') for outcome in ("fail", "error", "not_enough_data", "marginal")]
    assert places == sorted(places)
    head, passed = page.split('id="outcome-pass"')
    assert places[-1] < len(head)
    assert passed.index("<details>") < passed.index("bench 0")
    assert "bench 3" in head
    assert "bench 0" not in head


def test_every_value_is_a_dot_and_a_number(page: str, judgement: SuiteJudgement, tree_of: Any) -> None:
    """Ten dots for ten values, and the values themselves for those who cannot see them."""
    failed = next(each for each in judgement.results if each.name == "bench 3")
    article = page[page.index("</span> bench 3") :].split('<div class="metric">')[0]
    for arm, values in (("base", failed.base), ("candidate", failed.candidate)):
        path = re.search(rf'<path class="dot {arm}" d="([^"]*)"', article)
        assert path is not None
        assert path[1].count("M") == len(values)
        assert ", ".join(f"{value:.6g}" for value in sorted(values)) in article
    assert all(attrs.get("aria-hidden") or attrs["aria-label"] for attrs, _ in tree_of(page).named("svg"))
    cells = [text for _, text in tree_of(page).named("td")]
    assert {each.name for each in judgement.results} <= set(cells)


def test_a_dot_lies_where_its_value_does() -> None:
    """From the left edge to the right one; two that are the same stand above one another; the same every time."""
    picture = dots_strip("base", [0.0, 5.0, 10.0, 10.0], (0.0, 10.0), "words")
    path = re.search(r'd="([^"]*)"', picture)
    assert path is not None
    places = [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)h0", path[1])]
    assert [x for x, _ in places] == [25, 500, 975, 975]
    assert places[2][1] > places[3][1]
    assert picture == dots_strip("base", [0.0, 5.0, 10.0, 10.0], (0.0, 10.0), "words")
    many = dots_strip("base", [float(each) for each in range(5000)], (0.0, 4999.0), "words")
    assert many.count("h0") == 2 * MOST_DOTS


@pytest.mark.parametrize(
    ("candidate", "spelled"),
    [(1.7e308, r"x1\.7e\+308 \("), (3e7, r"x3e\+05 \("), (99999.0, r"x999\.990 \("), (0.0, r"x0\.000 \(")],
)
def test_an_enormous_ratio_is_spelled_in_a_few_letters(candidate: float, spelled: str) -> None:
    """Nobody reads three hundred digits."""
    base = [100.0] * 9 if candidate < 1e300 else [1.0] * 9
    text = spell_interval(compare(base, [candidate] * 9, direction=Direction.LOWER_IS_BETTER))
    assert re.match(spelled, text)
    assert len(text) < 50


def test_a_candidate_that_costs_something_where_the_base_costs_nothing_has_a_page() -> None:
    """No ratio of theirs is finite: the picture stands at its edge."""
    picture, ends = interval_strip(math.inf, (math.inf, math.inf), (1.02, 1.1), "words")
    assert ends[0] < 1 < 1.1 < ends[1]
    assert not re.search(r'(?:x[12]|d)="[^"]*(?:nan|inf)', picture)


@pytest.mark.parametrize("limits", [(0.99, 1.05), (0.99, math.inf), (-math.inf, 40.0), (0.0, 0.1)])
def test_an_interval_stays_in_its_picture(limits: tuple[float, float]) -> None:
    """What lies beyond the scale ends at its edge; the margins are always there."""
    picture, ends = interval_strip(1.02, limits, (1.02, 1.1), "words")
    for place in re.findall(r'x[12]="([-\w.]+)"', picture):
        assert 0 <= float(place) <= 1000
    assert ends[0] < 1 < 1.1 < ends[1] <= 2
    assert 'class="tolerated"' in picture
    assert 'class="missed"' in picture


def test_words_of_a_file_stay_words(judgement: SuiteJudgement, evil: str, tree_of: Any) -> None:
    """Names and units break out of nothing."""
    changed = tuple(replace(each, name=f"name{evil}", unit=f"unit{evil}") for each in judgement.results)
    strange = replace(judgement, results=changed, new=(f"new{evil}",), left_out=(f"left{evil}",), why=f"why{evil}")
    tree = tree_of(render_judgement_html(strange))
    assert {"img", "script"} & {name for name, _, _ in tree.elements} == set()
    assert any(f"name{evil}" == text for _, text in tree.named("td"))


def test_odd_values_have_a_page(tree_of: Any) -> None:
    """None, infinite, enormous and all the same."""
    for values in ((), (math.inf,) * 5, (1.7e308,) * 10, (0.0,) * 10, (5e-324, 1.7e308) * 5):
        build = Measurements(
            metrics=(Metric(name="odd", unit="ms", direction=Direction.LOWER_IS_BETTER, values=tuple(values)),)
        )
        judged = judge_suite(build, build)
        assert judged.results
        text = render_judgement_html(judged)
        tree_of(text)
        assert not re.search(r'(?:x[12]|d)="[^"]*(?:nan|inf)', text)
    nothing = render_judgement_html(SuiteJudgement(outcome=Outcome.ERROR, results=(), level=0.05, why="it broke"))
    assert "it broke" in nothing


def test_each_failed_metric_is_one_error_for_the_runner(judgement: SuiteJudgement) -> None:
    """What vanished is a warning, and what passed nothing."""
    lines = judgement_annotations(judgement)
    assert [line.split("::")[1].split(" ")[0] for line in lines] == ["error", "error", "warning"]
    assert "bench 3" in lines[0]
    assert "gone" in lines[2]
    advisory = judge_suite(build(1, 6, {}), build(2, 6, {3: 1.2}), SuiteSettings(advisory=frozenset(("bench 3",))))
    assert [line[:9] for line in judgement_annotations(advisory)] == ["::warning", "::warning"]
    broken = SuiteJudgement(outcome=Outcome.ERROR, results=(), level=0.05, why="it\nbroke")
    assert judgement_annotations(broken) == ("::error title=wedgate judge::error: it broke",)


def test_an_annotation_starts_no_other_command(judgement: SuiteJudgement) -> None:
    """A metric is called what somebody called it."""
    name = "a\n::error::b,file=c%0A::stop-commands::d"
    changed = replace(
        judgement,
        results=tuple(
            replace(each, name=name, comparison=replace(each.comparison, why=f"\x1b{name}"))
            for each in judgement.results
        ),
    )
    lines = judgement_annotations(changed)
    assert len(lines) == len(judgement_annotations(judgement)) > 0
    for line in lines:
        assert len(line.splitlines()) == 1
        assert line.isprintable()
        assert "%0A" not in line
        assert line.count(",file=") == line.split("::", 2)[2].count(",file=")


def test_a_runner_shows_ten_of_each_level() -> None:
    """The rest stands in the answer."""
    slower = dict.fromkeys(range(30), 1.5)
    lines = judgement_annotations(judge_suite(build(1, 30, {}), build(2, 30, slower)))
    assert sum(line.startswith("::error ") for line in lines) == 10


@on_each_screen
def test_axe_finds_nothing_wrong(page: str, asked_in_browser: Callable[..., Any], dark: bool, width: int) -> None:
    """WCAG 2 A and AA and the best practices, everything unfolded, in light and dark, wide and narrow."""
    assert_accessible(page, asked_in_browser, width=width, dark=dark, passes=15)


@pytest.mark.needs_tool("chromium")
def test_two_hundred_metrics_are_a_page_of_those_that_failed(
    asked_in_browser: Callable[..., Any], tree_of: Any
) -> None:
    """At 320 pixels nothing scrolls sideways, and what passed takes no room until it is unfolded."""
    judged = judge_suite(build(1, 200, {}), build(2, 200, {7: 1.3, 90: 1.3}))
    page = render_judgement_html(judged)
    assert len(page) < 1_500_000
    script = """const root = document.documentElement, folded = root.scrollHeight;
    document.querySelector("#outcome-pass ~ details").open = true;
    answer([innerWidth, root.scrollWidth <= root.clientWidth, folded < 6000, root.scrollHeight > 20 * folded]);"""
    assert asked_in_browser(page, script, width=320) == [320, True, True, True]
