"""The history of a metric as a line of blocks, as a picture with a dot for each build, and as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from wedgate.judge.history import AcceptedShift, MetricHistory, newest
from wedgate.judge.history_lines import Acceptance, Build
from wedgate.judge.series import ChangePoint, SeriesSettings, Standing, builds_needed
from wedgate.judge.wording import spell_p
from wedgate.render.decision_words import clean

Suspect = tuple[str, str, str]
"""A commit: its id, who wrote it, and its subject."""

_BLOCKS = "▁▂▃▄▅▆▇█"
_LETTERS = "_.-=+*#@"
SHOWN = 60
"""Builds in a line of text."""
DRAWN = 400
"""Builds in a picture."""
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 240, 64, 16, 34, 34


def render_history(
    history: MetricHistory, suspects: Mapping[int, Sequence[Suspect] | None], *, unicode: bool = True
) -> str:
    """Return a metric in text: a line with a letter for each build, marks below it, and a line for each shift.

    ``suspects`` are the commits that came with the first build of a shift, by its place; ``None`` if not known.
    """
    shown = newest(history, SHOWN)
    lines = [history_words(history), f"  {_blocks(shown.values, unicode=unicode)}"]
    if (marks := _marks(shown)).strip():
        lines.append(f"  {marks}  ^ shift, ! spike")
    for change in history.found.change_points:
        lines.append(f"  {_change_words(history, change)}")
        if (taken := history.accepted_shift(change)) is not None:
            lines.append(f"    {_acceptance_words(taken)}")
        if (moved := history.machine_changed(change.first)) is not None:
            lines.append(f"    the machine changed with it: {clean(moved)}")
        lines += [f"    {each}" for each in _suspect_words(history, change, suspects.get(change.first))]
    if (taken := history.accepted_undecided) is not None:
        lines.append(f"  {_undecided_words(history, taken)}")
    if history.skipped:
        names = ", ".join(clean(build.name) for build in history.skipped[:3])
        lines.append(f"  left out, as their unit or direction is another: {len(history.skipped)} builds ({names})")
    return "\n".join([*lines, ""])


def plain_history(
    histories: Sequence[MetricHistory], suspects: Mapping[str, Mapping[int, Sequence[Suspect] | None]]
) -> dict[str, Any]:
    """Return metrics as plain data, ``schema_version`` 1."""
    return {
        "schema_version": 1,
        "kind": "history",
        "metrics": [_plain(each, suspects.get(each.name, {})) for each in histories],
    }


def draw_history(history: MetricHistory) -> str:
    """Return an SVG picture: a dot for each build, the level of each stretch, and a dashed line at each shift.

    What differs in colour differs in shape: a spike is a hollow diamond, a regression is marked by a triangle that
    points up, an improvement by one that points down.
    """
    title = escape(history_words(history))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}">'
        f"<title>{title}</title><style>{_style('')}</style>"
        f'<rect class="paper" width="{_WIDTH}" height="{_HEIGHT}"/>'
        f'<text class="title" x="{_LEFT}" y="20">{title}</text>{_shapes(history)}</svg>\n'
    )


def embed_history(history: MetricHistory) -> str:
    """Return the same picture for a page that has ``history_style`` in its own style sheet."""
    title = escape(history_words(history))
    return (
        f'<svg class="history" viewBox="0 {_TOP - 14} {_WIDTH} {_HEIGHT - _TOP + 14}" role="img" aria-label="{title}">'
        f"{_shapes(history)}</svg>"
    )


def history_style() -> str:
    """Return the style of pictures in a page, which touches nothing else there."""
    return "svg.history{display:block;width:100%;min-width:34rem}" + _style(".history ")


def history_legend() -> list[tuple[str, str]]:
    """Return the marks of a picture in a page, and what they mean."""
    marks = (
        ('<circle class="dot" cx="8" cy="8" r="2.6"/>', "a build of the history"),
        ('<path class="spike" d="M8 3l5 5l-5 5l-5-5z"/>', "a spike"),
        ('<line class="level" x1="0" x2="16" y1="8" y2="8"/>', "a level"),
        ('<path class="worse" d="M3 12l5-9l5 9z"/>', "a shift to a worse one"),
        ('<path class="better" d="M3 4l5 9l5-9z"/>', "to a better one"),
    )
    start = '<svg class="swatch" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><g class="history">'
    return [(f"{start}{mark}</g></svg>", words) for mark, words in marks]


def history_words(history: MetricHistory) -> str:
    """Say which level a metric has, and over how many builds."""
    return f"{clean(history.name)}: {standing_words(history)}"


def accepted_words(history: MetricHistory, told: AcceptedShift | None = None) -> list[str]:
    """Say of each shift that somebody accepted who did, when and why, but for one that was told."""
    known = None if told is None else told.acceptance
    found = [
        f"{_percent(change)} from {clean(history.builds[change.first].name)} on: {_acceptance_words(taken)}"
        for change in history.found.change_points
        if (taken := history.accepted_shift(change)) is not None and taken != known
    ]
    taken = history.accepted_undecided
    return found if taken is None or taken == known else [*found, _undecided_words(history, taken)]


def accepted_shift_words(shift: AcceptedShift) -> str:
    """Say which accepted shift lies between two builds, and what to do about it."""
    taken = shift.acceptance
    return (
        f"from {clean(taken.build)} on it is at {shift.after:.4g} {clean(shift.unit)} instead of {shift.before:.4g}, "
        f"{_acceptance_words(taken)}; the base is from before that: take a later one"
    )


def plain_accepted_shift(shift: AcceptedShift) -> dict[str, Any]:
    """Return it as plain data."""
    plain = {"build": shift.acceptance.build, "before": shift.before, "after": shift.after, "unit": shift.unit}
    return plain | (_plain_acceptance(shift.acceptance) or {})


def _shapes(history: MetricHistory) -> str:
    shown = newest(history, DRAWN)
    scale = _Scale(shown.values)
    edges = [0, *(each.first for each in shown.found.change_points), len(shown.values)]
    shapes = [_axis(shown, scale)]
    for start, stop in pairwise(edges):
        shapes.append(_level(shown, scale, start, stop))
    spikes = frozenset(shown.found.spikes)
    shapes += [_dot(shown, scale, place, is_spike=place in spikes) for place in range(len(shown.values))]
    shapes += [_shift(shown, scale, change) for change in shown.found.change_points]
    return "".join(shapes)


_LIGHT = (
    "text{font:12px system-ui,sans-serif;fill:#333}",
    ".title{font-weight:600;font-size:13px}",
    ".paper{fill:#fff}",
    ".dot{fill:#0072b2}",
    ".spike{fill:none;stroke:#0072b2;stroke-width:1.5}",
    ".level{stroke:#555;stroke-width:1.5}",
    ".axis{stroke:#ccc}",
    ".shift{stroke-dasharray:5 4;stroke-width:1.5}",
    ".worse{stroke:#d55e00;fill:#d55e00}",
    ".better{stroke:#009e73;fill:#009e73}",
)
_DARK = (
    "text{fill:#ddd}",
    ".paper{fill:#181818}",
    ".dot{fill:#56b4e9}",
    ".spike{stroke:#56b4e9}",
    ".level{stroke:#aaa}",
    ".axis{stroke:#444}",
    ".worse{stroke:#e69f00;fill:#e69f00}",
)


def _style(within: str) -> str:
    """Return the style sheet; ``within`` stands before every selector."""
    light, dark = ("".join(f"{within}{rule}" for rule in rules) for rules in (_LIGHT, _DARK))
    return f"{light}@media(prefers-color-scheme:dark){{{dark}}}"


class _Scale:
    """Where values and places stand in a picture."""

    def __init__(self, values: Sequence[float]) -> None:
        low, high = min(values, default=0.0), max(values, default=1.0)
        room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
        self.low, self.high, self._count = max(0.0, low - room), high + room, len(values)

    def x(self, place: float) -> float:
        return round(_LEFT + (place + 0.5) / max(1, self._count) * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def _axis(shown: MetricHistory, scale: _Scale) -> str:
    parts = []
    for value in (scale.low, (scale.low + scale.high) / 2, scale.high):
        y = scale.y(value)
        parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value:.4g}</text>')
    if shown.builds:
        first, last = shown.builds[0], shown.builds[-1]
        parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 10}">{_dated(first)}</text>')
        parts.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 10}" text-anchor="end">{_dated(last)}</text>')
    return "".join(parts)


def _dated(build: Build) -> str:
    return escape(f"{clean(build.name)[:40]} ({build.at:%Y-%m-%d})")


def _level(shown: MetricHistory, scale: _Scale, start: int, stop: int) -> str:
    if start == stop:
        return ""
    values = sorted(shown.values[start:stop])
    y = scale.y(values[len(values) // 2])
    return f'<line class="level" x1="{scale.x(start - 0.4)}" x2="{scale.x(stop - 0.6)}" y1="{y}" y2="{y}"/>'


def _dot(shown: MetricHistory, scale: _Scale, place: int, *, is_spike: bool) -> str:
    value, build = shown.values[place], shown.builds[place]
    x, y = scale.x(place), scale.y(value)
    title = f"<title>{escape(clean(build.name))}: {value:.6g} {escape(clean(shown.unit))}</title>"
    if is_spike:
        return f'<path class="spike" d="M{x} {y - 5}l5 5l-5 5l-5-5z">{title}</path>'
    return f'<circle class="dot" cx="{x}" cy="{y}" r="2.6">{title}</circle>'


def _shift(shown: MetricHistory, scale: _Scale, change: ChangePoint) -> str:
    x, kind = scale.x(change.first - 0.5), "worse" if change.worse else "better"
    arrow = f"M{x - 5} {_TOP + 8}l5-9l5 9z" if change.worse else f"M{x - 5} {_TOP - 1}l5 9l5-9z"
    words = f"{_percent(change)} at {clean(shown.builds[change.first].name)[:30]}"
    words += ", accepted" if shown.accepted_shift(change) is not None else ""
    anchor, text_x = ("start", x + 8) if x < _WIDTH * 0.7 else ("end", x - 8)
    return (
        f'<line class="shift {kind}" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
        f'<path class="{kind}" d="{arrow}"/>'
        f'<text x="{text_x}" y="{_TOP + 9}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def _blocks(values: Sequence[float], *, unicode: bool) -> str:
    letters = _BLOCKS if unicode else _LETTERS
    low, high = min(values, default=0.0), max(values, default=0.0)
    if high == low:
        return letters[0] * len(values)
    return "".join(letters[min(7, math.floor((value - low) / (high - low) * 8))] for value in values)


def _marks(shown: MetricHistory) -> str:
    shifts = {each.first for each in shown.found.change_points}
    spikes = frozenset(shown.found.spikes)
    return "".join(
        "^" if place in shifts else "!" if place in spikes else " " for place in range(len(shown.values))
    ).rstrip()


def standing_words(history: MetricHistory) -> str:
    """Say which level there is, over how many builds, and what the newest are."""
    found, count = history.found, len(history.values)
    level = "no level" if found.level is None else f"level {found.level:.4g} {clean(history.unit)}"
    words = {
        Standing.STEADY: "the newest build is like those before it",
        Standing.SHIFTED: "the level is a new one",
        Standing.UNDECIDED: f"the newest {found.undecided} may be a spike, or the start of a shift",
        Standing.YOUNG: f"too few to tell a shift, {builds_needed(SeriesSettings())} are needed",
    }[found.standing]
    if history.vanished:
        words = f"the newest {history.vanished} of all builds do not have it: what vanished was not shown to be good"
    elif history.accepted_undecided is not None:
        words = f"the newest {found.undecided} are away from it, which was accepted"
    elif found.standing is Standing.SHIFTED and history.accepted_shift(found.change_points[-1]) is not None:
        words = "the level is a new one, which was accepted"
    return f"{level}, {count} builds; {words}" if count else "no builds"


def _change_words(history: MetricHistory, change: ChangePoint) -> str:
    build = history.builds[change.first]
    kind = "worse" if change.worse else "better"
    commit = "" if build.commit is None else f", commit {build.commit[:12]}"
    return (
        f"{kind}, {_percent(change)}, from {clean(build.name)} on ({build.at:%Y-%m-%d %H:%MZ}{commit}): "
        f"{change.before:.4g} to {change.after:.4g} {clean(history.unit)}, p {spell_p(change.p)}"
    )


def _undecided_words(history: MetricHistory, accepted: Acceptance) -> str:
    return f"the newest {history.found.undecided}: {_acceptance_words(accepted)}"


def _acceptance_words(accepted: Acceptance) -> str:
    return f"accepted by {clean(accepted.by)} ({accepted.at:%Y-%m-%d %H:%MZ}): {clean(accepted.why)}"


def _percent(change: ChangePoint) -> str:
    return f"{100 * (change.ratio - 1):+.1f} %" if math.isfinite(change.ratio) else "more than any percentage"


def _suspect_words(history: MetricHistory, change: ChangePoint, suspects: Sequence[Suspect] | None) -> list[str]:
    before = history.builds[change.first - 1]
    if suspects is None:
        return [f"it came after {clean(before.name)}; which commits lie between is not known here"]
    return [f"{commit[:12]} {clean(author)}: {clean(subject)}" for commit, author, subject in suspects]


def _plain(history: MetricHistory, suspects: Mapping[int, Sequence[Suspect] | None]) -> dict[str, Any]:
    found = history.found
    return {
        "name": history.name,
        "unit": history.unit,
        "direction": history.direction.value,
        "builds": len(history.values),
        "left_out": [build.name for build in history.skipped],
        "level": found.level,
        "standing": found.standing.value,
        "undecided": found.undecided,
        "undecided_accepted": _plain_acceptance(history.accepted_undecided),
        "spikes": [history.builds[place].name for place in found.spikes],
        "shifts": [
            {
                "build": history.builds[each.first].name,
                "after_build": history.builds[each.first - 1].name,
                "at": history.builds[each.first].at.isoformat(),
                "commit": history.builds[each.first].commit,
                "worse": each.worse,
                "before": each.before,
                "after": each.after,
                "p": each.p,
                "machine_changed": history.machine_changed(each.first),
                "suspects": _plain_suspects(suspects.get(each.first)),
                "accepted": _plain_acceptance(history.accepted_shift(each)),
            }
            for each in found.change_points
        ],
    }


def _plain_acceptance(accepted: Acceptance | None) -> dict[str, str] | None:
    if accepted is None:
        return None
    return {"by": accepted.by, "at": accepted.at.isoformat(), "why": accepted.why}


def _plain_suspects(suspects: Sequence[Suspect] | None) -> list[dict[str, str]] | None:
    if suspects is None:
        return None
    return [{"commit": commit, "author": author, "subject": subject} for commit, author, subject in suspects]
