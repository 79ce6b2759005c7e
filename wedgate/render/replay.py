"""A replay for a person, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from wedgate.gate.replay import Difference, Replay
from wedgate.render.decision_words import clean, hanging
from wedgate.render.json import instant
from wedgate.render.local import utc_words


def render_replay(replay: Replay, *, width: int) -> str:
    """Return what a replay found as text, without a line end after the last line."""
    end = f"the same: {replay.verdict.value}" if replay.is_same else "not the same"
    lines = [f"asked again about {utc_words(replay.at)}: {end}"]
    for title, found in (
        ("Verdicts that are not what they were:", replay.verdicts),
        ("Reasons and instants that are not what they were:", replay.others),
        ("Inputs that changed since:", replay.inputs),
    ):
        if found:
            lines += ["", title]
            for each in found:
                words = f"{each.name}: {_shown(each.then)}, now {_shown(each.now)}"
                lines += hanging("  ", clean(words), 4, width)
    if not replay.inputs:
        lines += ["", "No input that the record names has changed."]
    return "\n".join(lines)


def render_replay_json(replay: Replay) -> str:
    """Return what a replay found as JSON text."""
    record = {
        "schema_version": 1,
        "at": instant(replay.at),
        "same": replay.is_same,
        "verdict": replay.verdict.value,
        "verdicts": _plain(replay.verdicts),
        "others": _plain(replay.others),
        "inputs": _plain(replay.inputs),
    }
    return json.dumps(record, indent=2)


def _plain(differences: Sequence[Difference]) -> list[dict[str, str | None]]:
    return [{"name": each.name, "then": each.then, "now": each.now} for each in differences]


def _shown(text: str | None) -> str:
    return "none" if text is None else text
