"""The main job, end to end, on real parts: the demo is run once as a person runs it.

Slow (about 100 seconds, longer beside other tests): it is the proof that the parts fit. Nothing here looks at how
fast it was; the demo itself says what must have happened, and ends with 1 if it did not.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
from modules import module_at

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "examples" / "demo"
REGIONS = ("us-west", "eu-central", "asia-pacific", "us-east")

pytestmark = pytest.mark.timeout(360)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """Run the demo; its exit code and where it wrote."""
    out = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-X", "utf8", str(DEMO / "run.py"), "--out", str(out)]
    with (out / "stdout").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            code = process.wait(330)
        finally:
            if process.poll() is None:
                # The demo ends its own processes when it is asked to end.
                process.send_signal(signal.SIGTERM)
                process.wait(30)
    return code, out


@pytest.fixture(scope="module")
def transcript_module() -> ModuleType:
    return module_at(DEMO / "transcript.py")


def test_everything_that_was_expected_happened(played: tuple[int, Path]) -> None:
    code, out = played
    text = (out / "stdout").read_text(encoding="utf-8")
    assert code == 0, text
    assert "FAILED" not in text
    assert "expectations came true" in text


def test_the_transcript_has_every_part(played: tuple[int, Path]) -> None:
    text = (played[1] / "transcript.txt").read_text(encoding="utf-8")
    for part in ("== 1. A Saturday", "== 2. Wednesday", "== 3. 2027.24", "== 4. The bill"):
        assert part in text
    for said in ("wedding-saturday", "(exit code 10)", "promoted", "back on stable", "poisoned", "failed "):
        assert said in text
    assert all(region in text for region in REGIONS)


def test_the_report_is_a_page_with_every_region(played: tuple[int, Path]) -> None:
    text = (played[1] / "report.html").read_text(encoding="utf-8")
    parser = HTMLParser()
    parser.feed(text)
    parser.close()
    assert text.count('role="img"') == 3 * len(REGIONS)
    assert all(f"<figcaption>{region}</figcaption>" in text for region in REGIONS)


def test_no_process_of_the_demo_is_left(played: tuple[int, Path]) -> None:
    site = str(played[1] / "site").encode()
    left = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if site in command:
            left.append(command)
    assert left == []


def test_readme_shows_a_transcript_of_this_shape(played: tuple[int, Path], transcript_module: ModuleType) -> None:
    shown = transcript_module.in_readme((ROOT / "README.md").read_text(encoding="utf-8"))
    real = (played[1] / "transcript.txt").read_text(encoding="utf-8")
    assert shown, "README has no transcript; run examples/demo/transcript.py after `make demo`"
    assert transcript_module.shape(shown) == transcript_module.shape(real)
