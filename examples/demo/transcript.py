#!/usr/bin/env python3
"""The transcript of the demo in README.md: put there from a run, and compared with later runs by its shape.

usage: transcript.py [TRANSCRIPT]     put demo-out/transcript.txt (or the file named) between README's markers

Times, counts and percentages differ from run to run, and so does the order of regions that move together, and how
often a bake is extended. The shape is what is left: the lines as a set, in each part.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
README = ROOT / "README.md"
BEGIN, END = "<!-- demo:begin -->", "<!-- demo:end -->"

VOLATILE = re.compile(
    r"extended|not_enough_data|marginal|as above|[▁▂▃▄▅▆▇!]|^\s+0s |wedgate\.yml|long enough ask|--needs"
)
"""Lines that a run has or does not have, those that the path of a file wraps, and the timeline itself."""


def in_readme(text: str) -> str:
    """Return the transcript that README shows."""
    between = text.partition(BEGIN)[2].partition(END)[0].strip()
    return between.removeprefix("```text\n").removesuffix("```").rstrip("\n")


def put_into(readme: str, transcript: str) -> str:
    """Return README with a transcript between its markers; ``ValueError`` when they are missing."""
    if BEGIN not in readme or END not in readme:
        raise ValueError(f"README has no {BEGIN} and {END}")
    head, _, rest = readme.partition(BEGIN)
    tail = rest.partition(END)[2]
    return f"{head}{BEGIN}\n```text\n{transcript.strip()}\n```\n{END}{tail}"


def unwrapped(transcript: str) -> list[str]:
    """Join lines that were wrapped: they go on under the text of the line before."""
    lines: list[str] = []
    for line in transcript.splitlines():
        if lines and re.match(r"\s{9,23}\S", line) and re.match(r"\s*\d+\.\d+s  ", lines[-1]):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line.rstrip())
    return lines


def shape(transcript: str) -> dict[str, set[str]]:
    """Return the lines of each part without what differs from run to run."""
    parts: dict[str, set[str]] = {}
    part = parts.setdefault("", set())
    for line in unwrapped(transcript):
        if line.startswith("== "):
            part = parts.setdefault(line, set())
        elif line.strip() and not VOLATILE.search(line):
            part.add(_without_numbers(line))
    return parts


def _without_numbers(line: str) -> str:
    """Replace what differs from run to run by ``#``."""
    line = re.sub(r"^\s*\d+\.\d+s  ", "", line)
    line = re.sub(r"r-\d{8}T\d{6}Z-[0-9a-f]{6}", "r-#", line)
    line = re.sub(r"Read \S+;", "Read #;", line)
    line = re.sub(r"pictures: \S+", "pictures: #", line)
    line = re.sub(r"(passed|weights: .*back to stable): .*", r"\1: #", line)
    line = re.sub(r"must not be rolled out again: .*", "must not be rolled out again: #", line)
    line = re.sub(r"^(all\s+halted|rolled back): .*", r"\1: #", line)
    line = re.sub(r"0 ms: none came after it", "#", line)
    # Dates and hours of the calendar are the demo's own and must stay; what was measured must not.
    if re.match(r"  (requests|served by \d|verdict|95th)", line) or re.match(r"All \d+ ", line):
        line = re.sub(r"\d[\d.,]*( ms| s| %)?", "#", line)
        line = re.sub(r"\s+", " ", line)
    return line.strip()


def main() -> None:
    """Write README anew."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "demo-out" / "transcript.txt"
    readme = README.read_text(encoding="utf-8")
    README.write_text(put_into(readme, source.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
