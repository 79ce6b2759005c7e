"""The picture of docs/judge.md: what is found of slowdowns of every size, for each number of values, and by others.

usage: judge_curve.py [--write]     prints the numbers; with --write it draws docs/images/judge-power.svg
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from judge_peers import measured
from judge_power import COUNTS, LEVELS, alarms, busy_machine, same_builds

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "judge-power.svg"
PERCENTS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25)
COLOURS = {5: "#56b4e9", 10: "#0072b2", 20: "#d55e00", 30: "#000000"}
"""Okabe and Ito's, told apart by the colour-blind; each line has its own dashes and its name at its end, too."""
DASHES = {5: "2 3", 10: "", 20: "7 3", 30: "10 3 2 3"}
CITED: dict[str, tuple[str, dict[int, float]]] = {
    "Kayenta (cited)": ("K", {0: 0.0, 2: 26, 5: 64, 10: 85}),
    "benchmatrix (cited)": ("X", {0: 0, 5: 4, 10: 78}),
    "Otava (cited)": ("O", {0: 2.0, 5: 63, 10: 84}),
}
"""Of whole tools with n = 10, in percent, as they came with the measurements; docs/judge.md says so. Not run here."""
Peers = dict[str, tuple[str, dict[int, float]]]
WIDE, HIGH, LEFT, TOP = 380, 300, 46, 56
Points = dict[int, dict[int, float]]


def curves() -> dict[str, Points]:
    """Return, by title and number of values, the share that fails at each slowdown in percent."""
    sap = {count: {each: alarms(same_builds(count, 1 + each / 100)) for each in PERCENTS} for count in COUNTS}
    sizes = {0: 1.0} | {round(100 * (size - 1)): size for size in LEVELS}
    busy = {
        count: {each: alarms(busy_machine(count, size, in_turns=True), in_turns=True) for each, size in sizes.items()}
        for count in COUNTS
    }
    return {"SAP HANA, one build against itself": sap, "a busy machine, in turns": busy}


def drawn(found: dict[str, Points], peers: Peers) -> str:
    """Return the picture."""
    wide = len(found) * (LEFT + WIDE + 40) + 10
    words = "Other rules with n = 10 on such builds of SAP's; behind each what it alarms on identical ones, in percent"
    high = TOP + HIGH + 74 + 18 * ((len(peers) + 1) // 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#1b1b1b" role="img">',
        "<title>Found slowdowns by their size, for 5, 10, 20 and 30 values of each build</title>",
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/>',
    ]
    for place, (title, points) in enumerate(found.items()):
        parts += _panel(title, points, 10 + place * (LEFT + WIDE + 40) + LEFT, peers if place == 0 else {})
    parts.append(f'<text x="{10 + LEFT}" y="{TOP + HIGH + 62}" fill="#595959">{words}</text>')
    for place, (name, (letter, shares)) in enumerate(peers.items()):
        x, y = 17 + LEFT + (LEFT + WIDE + 40) * (place % 2), TOP + HIGH + 84 + 18 * (place // 2)
        parts.append(f'{_mark(letter, x, y)}<text x="{x + 12}" y="{y + 4}">{name}: {shares[0]:.1f}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(title: str, points: Points, left: float, peers: Peers) -> list[str]:
    def x(percent: float) -> float:
        return left + WIDE * percent / PERCENTS[-1]

    def y(share: float) -> float:
        return TOP + HIGH * (1 - share / 100)

    parts = [f'<text x="{left}" y="22" font-size="14" font-weight="600">{title}</text>']
    parts += [f'<text x="{left}" y="40" fill="#595959">percent of pairs that fail; 2 % is tolerated</text>']
    for share in range(0, 101, 20):
        parts.append(f'<line x1="{left}" x2="{x(25):.1f}" y1="{y(share):.1f}" y2="{y(share):.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y(share) + 4:.1f}" text-anchor="end">{share}</text>')
    for percent in (0, 2, 5, 10, 15, 20, 25):
        parts.append(f'<text x="{x(percent):.1f}" y="{TOP + HIGH + 18}" text-anchor="middle">{percent}</text>')
    parts.append(f'<line x1="{x(2):.1f}" x2="{x(2):.1f}" y1="{TOP}" y2="{TOP + HIGH}" stroke="#8c8c8c"/>')
    parts.append(f'<text x="{x(12.5):.1f}" y="{TOP + HIGH + 34}" text-anchor="middle">slower by, in percent</text>')
    for count, shares in points.items():
        line = " ".join(f"{x(percent):.1f},{y(share):.1f}" for percent, share in shares.items())
        style = f'stroke="{COLOURS[count]}" stroke-width="2" stroke-dasharray="{DASHES[count]}"'
        parts.append(f'<polyline points="{line}" fill="none" {style}/>')
    for place, count in enumerate(points):
        at = y(42 + 7 * (len(points) - 1 - place))
        style = f'stroke="{COLOURS[count]}" stroke-width="2" stroke-dasharray="{DASHES[count]}"'
        parts.append(f'<line x1="{x(19):.1f}" x2="{x(21):.1f}" y1="{at - 4:.1f}" y2="{at - 4:.1f}" {style}/>')
        parts.append(f'<text x="{x(21.4):.1f}" y="{at:.1f}">n = {count}</text>')
    parts += [_mark(letter, x(percent) + aside, y(share)) for letter, percent, share, aside in _peers(peers)]
    return parts


def _peers(peers: Peers) -> Iterator[tuple[str, int, float, float]]:
    """Yield the marks of other rules, those that would hide one another a little aside; identical builds are words."""
    for percent in (2, 5, 10):
        before, aside = -100.0, 0.0
        found = sorted((shares[percent], letter) for letter, shares in peers.values() if percent in shares)
        for share, letter in found:
            aside = aside + 15 if share - before < 5 else 0.0
            before = share
            yield letter, percent, share, aside


def _mark(letter: str, x: float, y: float) -> str:
    circle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="#ffffff" fill-opacity="0.85" stroke="#595959"/>'
    return f'{circle}<text x="{x:.1f}" y="{y + 3.5:.1f}" text-anchor="middle" font-size="10">{letter}</text>'


def main() -> int:
    """Print the numbers, or draw them."""
    found = curves()
    for title, points in found.items():
        print(title)
        for count, shares in points.items():
            print(f"  n = {count}: " + ", ".join(f"+{each} % {share:.1f}" for each, share in shares.items()))
    if "--write" in sys.argv:
        PICTURE.write_text(drawn(found, measured() | CITED), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
