"""Numbers as the judge writes them: short, with their unit, for a person who is paged at night."""

from __future__ import annotations

import math

from wedgate.judge.scoring import Score


def spell_ms(value: float) -> str:
    """Spell a latency: ``61 ms``, ``7.4 ms``, ``no answer`` when it is infinite."""
    if math.isinf(value):
        return "no answer"
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"


def spell_ratio(value: float) -> str:
    """Spell how many times: ``x8.7``, ``x1.10``."""
    if math.isinf(value):
        return "x infinite"
    return f"x{value:.2f}" if value < 2 else f"x{value:.1f}"


def spell_share(part: int, whole: int) -> str:
    """Spell a count with its share: ``12 of 400 (3.0 %)``."""
    return f"{part} of {whole} ({spell_percent(part / whole)})" if whole else f"{part} of {whole}"


def spell_percent(fraction: float) -> str:
    """Spell a fraction as percent: ``3.0 %``, ``0.03 %``, ``0 %``."""
    percent = 100 * fraction
    if percent == 0:
        return "0 %"
    return f"{percent:.1f} %" if percent >= 0.95 else f"{percent:.2g} %"


def spell_p(value: float) -> str:
    """Spell a probability: ``0.002``, ``0.41``, ``3e-09``."""
    return f"{value:.0e}" if value < 0.0001 else f"{value:.2g}"


def spell_score(score: Score) -> str:
    """Spell a score, and how far what is not known can move it: ``score 87.5 (75 to 100)``."""
    if score.at_least == score.at_most:
        return f"score {score.value:g}"
    return f"score {score.value:g} ({score.at_least:g} to {score.at_most:g})"
