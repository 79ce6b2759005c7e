"""Overrides: that reading a comment grows with its length and no faster, and what one decision asks of a slow forge.

The forge is the double of the tests, with 1,000 comments, a team of 300 and 50 ms for each answer.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from wedgate.overrides.grammar import LONGEST_BODY, forget_comments, read_comment

NAME = "reading comments, and deciding about an override"
TESTS = Path(__file__).resolve().parents[1] / "tests"
SHAPES = {
    "open fences": "```\n~~~\n",
    "nested lists": "- 1. - 1. ",
    "quotes": "> > > /wedgate\n",
    "tags": "<details><pre></pre>",
    "comments": "<!-- <!-- --> ",
    "commands": "/wedgate override a=b c=d\n",
    "quotation marks": '/wedgate override reason="\\"',
    "look-alikes": "/wedg\u0430te\u200b\n",
}


def seconds_of(body: str) -> float:
    """Return the median time of some readings."""
    times = []
    for _ in range(7):
        forget_comments()
        began = time.perf_counter()
        read_comment(body)
        times.append(time.perf_counter() - began)
    return median(times)


def measure() -> Iterator[tuple[str, float, float | None]]:
    """Yield how much longer twice the length takes (2 is linear), the worst of all shapes, and the forge's numbers."""
    ratios = {}
    for name, piece in SHAPES.items():
        whole = (piece * (LONGEST_BODY // len(piece) + 1))[:LONGEST_BODY]
        ratios[name] = seconds_of(whole) / max(seconds_of(whole[: LONGEST_BODY // 2]), 1e-6)
    for name, ratio in ratios.items():
        yield f"{name}: 65,536 characters / 32,768", ratio, None
    yield "the worst of them (2 is linear)", max(ratios.values()), 3
    yield from _decision()


def _decision() -> Iterator[tuple[str, float, float | None]]:
    sys.path[:0] = [str(TESTS / name) for name in ("cast", "git_server", "github_world")]
    from talk import H1, MERGED, Done, Talk

    with tempfile.TemporaryDirectory() as name, Talk.opened(Path(name)) as talk:
        os.chdir(name)
        talk.world.teams["acme/captains"] = [f"member-{number}" for number in range(300)]
        talk.world.roles |= dict.fromkeys(talk.world.teams["acme/captains"], "write")
        request = talk.asks()
        for number in range(990):
            talk.world.say(7, "zoe", f"talk {number}")
        for who in ("member-7", "member-290"):
            talk.world.say(7, who, f"/wedgate approve {H1} {request}")
        talk.world.contract = None  # the tests hold requests to the description; here it would be timed
        talk.world.delay_seconds = 0.05
        talk.world.asked.clear()
        comment = talk.world.say(7, "erin", "/wedgate status")

        def deploys() -> Done:
            talk.world.pulls[7].merged_as = MERGED
            return talk.deploys(MERGED, run=900)

        runs = (
            ("one decision", talk.looks, 20),
            ("the answer to a comment", lambda: talk.hears(comment.number), None),
            ("the deployment that uses the grant, and shows it", deploys, None),
            ("the same run again", deploys, None),
        )
        for name, run, most in runs:
            talk.world.asked.clear()
            began = time.perf_counter()
            done = run()
            taken = time.perf_counter() - began
            assert done.exit_code == 0, done.output
            asked = [each for each in talk.world.asked if "/files" not in each]
            yield f"{name}, 1,000 comments, a team of 300: requests", len(asked), most
            yield "the same against 50 ms for each answer (seconds)", taken, 3 if most else None
        os.chdir(TESTS)
