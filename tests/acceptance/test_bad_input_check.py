"""Bad input to `wedgate check`, as a person or a broken machine gives it: one clear message, the right exit code, no
traceback, and never `open`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """
version: 1
service: venue-search
regions:
  eu-central:
    markets:
      berlin: {zone: Europe/Berlin, country: DE}
rules:
  saturdays: {where: all, weekdays: saturday, effect: block}
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
COMMAND = [sys.executable, "-I", "-X", "utf8", "-m", "wedgate"]


def run(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run wedgate in a directory."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(directory), **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str], code: int, *said: str) -> None:
    """Assert the exit code, what is said, that there is no traceback, and that nothing says open."""
    everything = done.stdout + done.stderr
    assert done.returncode == code, everything
    assert "Traceback" not in everything
    assert ": open" not in everything
    for words in said:
        assert words in everything


def test_no_file(tmp_path: Path) -> None:
    """Closed, with the way out."""
    refused(run(tmp_path, "check"), 2, "closed", "config_missing", "wedgate init")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"# x\n" * 2_500_000, "larger"),
        (BOMB.encode(), "config_invalid"),
        (bytes(range(256)), "binary"),
        (GOOD.encode("utf-16"), "UTF-16"),
        (GOOD.replace("venue", "Gäste").encode("latin-1"), "UTF-8"),
        (b"version: 1\nrulez: {}\n", "rulez"),
    ],
    ids=["empty", "10-mb", "bomb", "binary", "utf-16", "latin-1", "unknown-key"],
)
def test_a_file_that_is_no_configuration(tmp_path: Path, content: bytes, said: str) -> None:
    """Closed with `config_invalid`, exit code 2."""
    (tmp_path / "wedgate.yml").write_bytes(content)
    done = run(tmp_path, "check")
    refused(done, 2, "closed", "config_invalid", said)
    assert len(done.stdout) < 20_000


def test_a_directory(tmp_path: Path) -> None:
    """A directory in the file's place is said to be one."""
    (tmp_path / "wedgate.yml").mkdir()
    refused(run(tmp_path, "check"), 2, "config_invalid", "directory")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--region", "eu-centrall"], "did you mean eu-central"),
        (["--at", "9999-06-06T12:00:00Z"], "from 1970 to 2099"),
        (["--at", "9999-12-31T23:59:59-12:00"], "from 1970 to 2099"),
        (["--at", "1969-06-06T12:00:00Z"], "from 1970 to 2099"),
        (["--at", "next tuesday"], "not an instant"),
        (["--runway", "3 fortnights"], "--runway: "),
        (["--config", "no/such/file.yml"], "no such file"),
        (["--format", "xml"], "xml"),
    ],
)
def test_a_question_that_cannot_be_asked(tmp_path: Path, arguments: list[str], said: str) -> None:
    """Exit code 2 and one message."""
    (tmp_path / "wedgate.yml").write_text(GOOD)
    refused(run(tmp_path, "check", *arguments), 2, said)


def test_an_instant_without_an_offset_shows_the_two_spellings_that_work(tmp_path: Path) -> None:
    """O10: both spellings are accepted when they are typed."""
    (tmp_path / "wedgate.yml").write_text(GOOD)
    spellings = ("2026-06-06T12:00:00Z", "2026-06-06T12:00:00+02:00")
    refused(run(tmp_path, "check", "--at", "2026-06-06T12:00:00"), 2, *spellings)
    for spelling in spellings:
        assert run(tmp_path, "check", "--at", spelling).returncode == 10


def test_what_a_stream_cannot_show_is_escaped(tmp_path: Path) -> None:
    """A reason in Japanese, and a terminal of 1995."""
    (tmp_path / "wedgate.yml").write_text(
        GOOD.replace("effect: block", "effect: block, reason: 結婚式"), encoding="utf-8"
    )
    for form in ("text", "markdown", "json", "github"):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "wedgate", "check", "--at", "2026-06-06T12:00:00Z", "--format", form],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONIOENCODING": "cp1252"},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 10, (form, done.stderr)
        assert b"\\u7d50\\u5a5a\\u5f0f" in done.stdout


@pytest.mark.parametrize(
    ("where", "said"), [(">&-", "standard output is closed"), ("> /dev/full", "could not be written")]
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_answer_that_cannot_be_told_is_no_success(tmp_path: Path, where: str, said: str, form: str) -> None:
    """1 and one message; on a Friday, when the gate is open."""
    (tmp_path / "wedgate.yml").write_text(GOOD)
    line = f'exec "$0" -I -X utf8 -m wedgate check --at 2026-06-05T12:00:00Z --format {form} {where}'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable], cwd=tmp_path, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert said in done.stderr


def test_a_pipe_in_the_files_place_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody will ever write to it."""
    os.mkfifo(tmp_path / "wedgate.yml")
    refused(run(tmp_path, "check"), 2, "config_invalid", "not a plain file", "No configuration was read")


@pytest.mark.parametrize("arguments", [["--region", "nowhere"], ["--at", "next tuesday"], ["--runway", "x"]])
def test_a_runner_is_told_of_a_question_that_cannot_be_asked(tmp_path: Path, arguments: list[str]) -> None:
    """The outputs deny, and the log has an annotation."""
    (tmp_path / "wedgate.yml").write_text(GOOD)
    output = tmp_path / "output"
    done = run(tmp_path, "check", "--format", "github", *arguments, GITHUB_OUTPUT=str(output))
    refused(done, 2, "::error title=wedgate::")
    assert re.findall(r"^(\w+)<<\S+\n(.*)\n", output.read_text(), re.MULTILINE) == [
        ("verdict", "closed"),
        ("decision", "deny"),
    ]


def test_a_broken_pipe_is_quiet(tmp_path: Path) -> None:
    """The reader of standard output is gone before anything is printed."""
    (tmp_path / "wedgate.yml").write_text(GOOD)
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "check"], cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    os.close(writing)
    assert done.returncode != 0
    assert done.stderr == ""


def test_an_output_file_that_cannot_be_written(tmp_path: Path) -> None:
    """The step fails, so that no later step takes missing outputs for an answer."""
    (tmp_path / "wedgate.yml").write_text(GOOD.replace("saturday", "[saturday, sunday]"))
    done = run(
        tmp_path, "check", "--format", "github", GITHUB_OUTPUT=str(tmp_path), GITHUB_STEP_SUMMARY=str(tmp_path / "s")
    )
    assert done.returncode == 20, done.stdout + done.stderr
    assert "GITHUB_OUTPUT cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_forge_that_is_not_there(tmp_path: Path) -> None:
    """A runner whose forge does not answer is told so: closed, exit code 20."""
    (tmp_path / "wedgate.yml").write_text(GOOD)
    runner = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": "http://127.0.0.1:9",
        "GITHUB_REPOSITORY": "acme/venue-search",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    refused(run(tmp_path, "check", "--format", "github", **runner), 20, "forge_unreachable")
    assert "decision<<" in (tmp_path / "output").read_text()
    assert "allow" not in (tmp_path / "output").read_text()
