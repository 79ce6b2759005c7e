"""Real files of every tool, cut short and spoiled byte by byte, through the commands: an answer, or one clear error."""

from __future__ import annotations

import gzip
import json
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from wedgate.cli.main import cli
from wedgate.errors import ConfigurationError, ExitCode

FILES = Path(__file__).resolve().parents[1] / "benchmark_files"
NAMES = sorted(str(each.relative_to(FILES)) for each in FILES.rglob("*") if each.is_file())
THOROUGH = bool(os.environ.get("WEDGATE_THOROUGH"))
SPOILED = 400 if THOROUGH else 12
MEGABYTES = (16, 1024) if THOROUGH else (8, 64)


def spoiled(content: bytes, chance: random.Random) -> bytes:
    """Return bytes that are cut, doubled, overwritten, or have a stretch taken out or put in."""
    begin = chance.randrange(len(content) + 1)
    end = min(len(content), begin + chance.randrange(1, 200))
    match chance.randrange(6):
        case 0:
            return content[:begin]
        case 1:
            return content[:begin] + chance.randbytes(8) + content[end:]
        case 2:
            return content[:begin] + content[end:]
        case 3:
            return content + content[begin:]
        case 4:
            return content[:begin] + content[begin:end] * 3 + content[end:]
    return (
        content[:begin]
        + chance.choice((b"\0", b"\xff\xfe", b"\r", b"1e999", b"-", b'"', b"]", b"\n\n"))
        + content[begin:]
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_spoiled_file_is_an_answer_or_one_error(tmp_path: Path, name: str) -> None:
    """Exit 0 or one of the verdict's, or the one problem with its file and what to do; never anything else."""
    chance = random.Random(name)  # noqa: S311 - seeded on purpose
    content, path = (FILES / name).read_bytes(), tmp_path / Path(name).name
    for _ in range(SPOILED):
        made = spoiled(content, chance)
        path.write_bytes(gzip.compress(made)[: -chance.randrange(1, 20)] if chance.random() < 0.1 else made)
        for words in (["report", "convert", path], ["judge", FILES / name, path], ["report", "show", path]):
            found = CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)
            if found.exception is None:
                assert found.return_value in (ExitCode.DONE, ExitCode.CLOSED, ExitCode.NEEDS_HUMAN)
                continue
            assert isinstance(found.exception, ConfigurationError), (words, found.exc_info)
            assert len(found.exception.problems) >= 1
            assert all(problem.what and problem.remedy for problem in found.exception.problems)


def points(megabytes: int) -> Iterator[str]:
    """Yield what k6 writes of a long run."""
    yield '{"type":"Metric","data":{"type":"trend","contains":"time"},"metric":"http_req_duration"}\n'
    at = size = 0
    while size < megabytes << 20:
        line = (
            '{"metric":"http_req_duration","type":"Point","data":{"time":"2027-06-07T10:00:00Z","value":'
            f'{10 + at % 49_999 / 1000},"tags":{{"expected_response":"true","status":"200","url":"/{at}"}}}}}}\n'
        )
        at, size = at + 1, size + len(line)
        yield line


@pytest.mark.timeout(600)
def test_memory_does_not_grow_with_a_stream(tmp_path: Path) -> None:
    """A file that is eight times as long takes no more memory, by what the kernel counted (a gigabyte if thorough)."""
    peaks = []
    for megabytes in MEGABYTES:
        path = tmp_path / f"{megabytes}.json"
        with path.open("w") as file:
            file.writelines(points(megabytes))
        words = [sys.executable, "-m", "wedgate", "report", "convert", str(path)]
        output = tmp_path / "converted.json"
        with output.open("wb") as stream:
            process = os.posix_spawn(
                sys.executable, words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, stream.fileno(), 1)]
            )
            _, status, used = os.wait4(process, 0)
        assert status == 0
        assert json.loads(output.read_text())["metrics"][0]["name"] == "http_req_duration p50"
        peaks.append(used.ru_maxrss)
        path.unlink()
    assert peaks[1] < peaks[0] + 8 * 1024
