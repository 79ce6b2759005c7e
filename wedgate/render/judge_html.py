"""A judgement of measurements as one HTML page that needs nothing else: no network, no script, light and dark.

Every value is a dot; the two builds stand above one another on one scale, and under them the interval against the
margin. What failed comes first, what passed is folded. Colour says nothing that a shape or a word does not say too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from statistics import median

from wedgate.judge.history import AcceptedShift, MetricHistory
from wedgate.judge.reading import Direction
from wedgate.judge.shift import superiority
from wedgate.judge.suite import MetricResult, SuiteJudgement
from wedgate.judge.values import Outcome
from wedgate.judge.wording import spell_p
from wedgate.render.decision_words import clean
from wedgate.render.history import (
    DRAWN,
    accepted_shift_words,
    accepted_words,
    embed_history,
    history_legend,
    history_style,
    standing_words,
)
from wedgate.render.judge import shift_of, spell_confirmation, spell_interval, spell_verdict, spell_why, weight_words
from wedgate.render.judge_svg import MOST_DOTS, bounds_of, dots_strip, finite, interval_strip, interval_swatch, key
from wedgate.render.page import read_part, render_page
from wedgate.render.page_parts import render_axis, render_figure, render_legend, render_section, render_table

_ORDER = (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_ENOUGH_DATA, Outcome.MARGINAL, Outcome.PASS)
_TITLES = {
    Outcome.FAIL: "Worse than is tolerated",
    Outcome.ERROR: "No answer: something is wrong",
    Outcome.NOT_ENOUGH_DATA: "No answer: not enough data",
    Outcome.MARGINAL: "Neither shown to be worse nor to be as good",
    Outcome.PASS: "Passed",
}


def render_judgement_html(judgement: SuiteJudgement, histories: Iterable[MetricHistory] = ()) -> str:
    """Render the whole page, with the history of each metric that has one."""
    known = {each.name: each for each in histories}
    title = f"wedgate judge: {_words(judgement.outcome)}"
    groups = [
        (outcome, [each for each in judgement.results if each.comparison.outcome is outcome]) for outcome in _ORDER
    ]
    sections = (
        _head(title, judgement),
        _legend(judgement, known),
        *(_group(outcome, results, judgement, known) for outcome, results in groups if results),
        _others("new", "New, and not judged", judgement.new),
        _others("left-out", "Left out", judgement.left_out),
        _table([each for _, results in groups for each in results]),
    )
    body = "\n".join(part for part in sections if part)
    style = read_part("page.css") + read_part("strips.css") + read_part("judge.css")
    style += history_style() if known else ""
    return render_page(title, f"<main>\n{body}\n</main>", style=style)


def _head(title: str, judgement: SuiteJudgement) -> str:
    counts = [
        (_words(outcome), sum(each.comparison.outcome is outcome for each in judgement.results)) for outcome in _ORDER
    ]
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{count}</dd></div>" for name, count in counts)
    verdict = escape(clean(spell_verdict(judgement).removeprefix(f"{judgement.outcome.value}: ")))
    items = "".join(f"<li>{escape(clean(words))}</li>" for words in spell_confirmation(judgement))
    again = f'<ul class="plain">{items}</ul>\n' if items else ""
    return f'<header><h1>{escape(title)}</h1>\n<p>{verdict}</p>\n{again}<dl class="bill">{rows}</dl></header>'


def _legend(judgement: SuiteJudgement, histories: Mapping[str, MetricHistory]) -> str:
    if not any(each.base for each in judgement.results):
        return ""
    entries = [
        (key("base"), "a value of the base"),
        (key("candidate"), "a value of the candidate"),
        (key("median"), "median"),
        (interval_swatch("interval"), "where the ratio lies, with its estimate"),
        (interval_swatch("even"), "as the base"),
        (interval_swatch("tolerated"), "tolerated"),
        (interval_swatch("missed"), "must not be missed"),
    ]
    drawn = any(each.name in histories for each in judgement.results)
    return render_legend([*entries, *(history_legend() if drawn else [])])


def _group(
    outcome: Outcome, results: Sequence[MetricResult], judgement: SuiteJudgement, histories: Mapping[str, MetricHistory]
) -> str:
    # What has to pass is looked for first.
    ordered = sorted(results, key=lambda each: not each.is_critical)
    content = "".join(_metric(each, 2 * judgement.level, histories.get(each.name)) for each in ordered)
    if outcome is Outcome.PASS:
        count = "1 metric" if len(results) == 1 else f"{len(results)} metrics"
        content = f"<details><summary>{count} that passed</summary>{content}</details>"
    return render_section(f"outcome-{outcome.value}", _TITLES[outcome], content)


def _metric(result: MetricResult, level: float, history: MetricHistory | None) -> str:
    found = result.comparison
    shift = shift_of(result, level)
    apart = ""
    if shift is not None and found.rule is not None:
        apart = (
            f". Candidate minus base: {shift.estimate:+.4g} {result.unit} ({shift.lower:+.4g} to {shift.upper:+.4g}); "
            f"the candidate has the larger value in {100 * superiority(result.base, result.candidate):.0f} % of pairs"
        )
    weight = "" if result.decides else " (advisory: decides nothing)"
    if result.is_critical:
        weight = ' <strong class="critical">critical: has to pass</strong>'
    head = (
        f'<h3><span class="verdict {found.outcome.value}">{_words(found.outcome)}</span> '
        f"{escape(clean(result.name))}{weight}</h3>\n<p>{escape(clean(spell_why(found) + apart))}</p>\n"
    )
    if result.accepted is not None:
        head += f"<p><strong>An accepted shift:</strong> {escape(accepted_shift_words(result.accepted))}</p>\n"
    return f'<div class="metric">{head}{_pictures(result)}{_history(history, result.accepted)}</div>\n'


def _pictures(result: MetricResult) -> str:
    arms = [(name, finite(values)) for name, values in (("base", result.base), ("candidate", result.candidate))]
    if not all(values for _, values in arms):
        return ""
    bounds = bounds_of([value for _, values in arms for value in values])
    better = "lower is better" if result.direction is Direction.LOWER_IS_BETTER else "higher is better"
    unit = clean(result.unit)
    strips = "".join(
        render_figure(_arm_words(name, values, unit), dots_strip(name, values, bounds, _arm_words(name, values, unit)))
        for name, values in arms
    )
    axis = render_axis((_value(bounds[0], unit), better, _value(bounds[1], unit)))
    rows = [[name, ", ".join(f"{value:.6g}" for value in sorted(values))] for name, values in arms]
    values = render_table(f"values of {clean(result.name)} in {unit}", ("build", "values, the lowest first"), rows)
    return f"{strips}{axis}{_interval(result)}{values}"


def _history(history: MetricHistory | None, told: AcceptedShift | None) -> str:
    """Draw a history, and say which of its shifts were accepted but for the one that was told already."""
    if history is None or not history.values:
        return ""
    shown = f", the last {DRAWN} drawn" if len(history.values) > DRAWN else ""
    rows = [
        [clean(build.name), f"{build.at:%Y-%m-%d}", f"{value:.6g}"]
        for build, value in list(zip(history.builds, history.values, strict=True))[-DRAWN:]
    ]
    title = f"history of {clean(history.name)} in {clean(history.unit)}"
    picture = (
        f'<div class="scroll" role="region" aria-label="the picture: {escape(title)}" tabindex="0">'
        f"{embed_history(history)}</div>"
    )
    table = render_table(title, ("build", "date", "median"), rows)
    items = "".join(f"<li>{escape(words)}</li>" for words in accepted_words(history, told))
    taken = f'<ul class="plain">{items}</ul>\n' if items else ""
    return render_figure(f"history: {standing_words(history)}{shown}", picture) + taken + table


def _arm_words(name: str, values: Sequence[float], unit: str) -> str:
    shown = f", {MOST_DOTS} of them drawn" if len(values) > MOST_DOTS else ""
    return f"{name}: median {_value(median(values), unit)}, n {len(values)}{shown}"


def _interval(result: MetricResult) -> str:
    found = result.comparison
    if found.estimate is None or found.lower is None or found.upper is None:
        return ""
    if found.tolerated is None or found.missed is None:
        return ""
    what = "candidate over base" if result.direction is Direction.LOWER_IS_BETTER else "base over candidate"
    words = (
        f"{what}: {spell_interval(found)}; "
        f"tolerated up to x{found.tolerated:.4g}, must not be missed from x{found.missed:.4g}"
    )
    picture, ends = interval_strip(found.estimate, (found.lower, found.upper), (found.tolerated, found.missed), words)
    return render_figure(words, picture) + render_axis((f"x{ends[0]:.3g}", f"x{ends[1]:.3g}"))


def _others(ident: str, title: str, texts: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(clean(text))}</li>" for text in texts)
    return render_section(ident, title, f'<ul class="plain">{items}</ul>\n') if items else ""


def _table(results: Sequence[MetricResult]) -> str:
    if not results:
        return ""
    heads = ("metric", "verdict", "candidate / base", "p", "n", "rule")
    rows = [
        [
            clean(each.name) + weight_words(each),
            _words(each.comparison.outcome),
            spell_interval(each.comparison),
            "" if each.comparison.p is None else spell_p(each.comparison.p),
            f"{each.comparison.base} + {each.comparison.candidate}",
            "" if each.comparison.rule is None else each.comparison.rule.value,
        ]
        for each in results
    ]
    return render_section("numbers", "All metrics", render_table("all metrics as numbers", heads, rows))


def _words(outcome: Outcome) -> str:
    return outcome.value.replace("_", " ")


def _value(value: float, unit: str) -> str:
    return f"{value:.4g} {unit}"
