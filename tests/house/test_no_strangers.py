"""What must not be committed is not: registry hosts, machine paths, addresses, loose ends."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".json", ".txt", ".in", ".sh", ".cfg", ".ini", "", ".html", ".sql"}

# Written in pieces, so that this file does not hold what it looks for.
HOSTS = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "crates" + ".io", "proxy.golang" + ".org"]
HOSTS += ["deb.debian" + ".org", "repo1.maven" + ".org"]
PATTERNS = {
    "a package registry's host": re.compile("|".join(re.escape(host) for host in HOSTS)),
    "a path of one machine": re.compile(r"(?<![\w.$}/-])/(?:work|root)/|/tmp/(?:tmp\.|bash|pytest)"),
    "a loose end": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
    "an unspecific silencing of the type checker": re.compile(r"#\s*type:\s*ignore(?!\[)"),
    "a private address": re.compile(r"\b(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}\b(?!\.)"),
}


def committed_files(root: Path) -> list[Path]:
    """List the committed text files; generated locks hold hashes and nothing else of interest but hosts."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("this is no git work tree")
    paths = [root / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.suffix in TEXT and path.is_file()]


@pytest.mark.parametrize("what", PATTERNS)
def test_no_committed_file_holds(repository_root: Path, what: str) -> None:
    """One kind of stranger in one committed file fails here, with its place."""
    found = []
    for path in committed_files(repository_root):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if PATTERNS[what].search(line) and path != Path(__file__).resolve():
                found.append(f"{path.relative_to(repository_root)}:{number}: {line.strip()[:120]}")
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a package registry's host", "index = https://" + HOSTS[0] + "/simple"),
        ("a path of one machine", "cd /work" + "/main"),
        ("a loose end", "# TO" + "DO: later"),
        ("an unspecific silencing of the type checker", "x = 1  # type: " + "ignore"),
        ("a private address", "host = 10" + ".1.2.3"),
    ],
)
def test_the_search_finds_each_stranger(what: str, line: str) -> None:
    """The checks above can fail."""
    assert PATTERNS[what].search(line)
