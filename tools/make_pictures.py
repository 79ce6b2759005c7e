"""Make the pictures of the documentation anew: the calendar of the starter file, as a page in a browser and as SVG, its
outlook, a judgement of two builds, and the conversation of docs/overrides.md as people see it on a pull request.

`make_pictures.py override` makes the conversation alone. It keeps the digest of the transcript that it was made of: a
test compares it with the page's. Needs chromium (`make tools`). Dark is asked of the page through the engine's own
setting, and the narrow page is shown in a frame, because a window cannot be made as narrow as a telephone.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from wedgate import __version__  # noqa: E402
from wedgate.calendars.book import Book, DataVersions, lay_out  # noqa: E402
from wedgate.calendars.values import Span  # noqa: E402
from wedgate.cli.wiring import PinnedAlmanac  # noqa: E402
from wedgate.config.load import load_configuration  # noqa: E402
from wedgate.engine.horizon import timeline_for  # noqa: E402
from wedgate.render.calendar_html import render_calendar_html  # noqa: E402
from wedgate.render.calendar_svg import render_calendar_svg  # noqa: E402

STARTER = ROOT / "wedgate" / "config" / "resources" / "starter.yml"
IMAGES = ROOT / "docs" / "images"
# A script of the picture's own points at a date first: a Saturday in New York, or one in the last table.
POINT = "<script>document.querySelectorAll('.year td[tabindex]')[130].focus({preventScroll: true})</script>"
NARROW = (
    "<script>document.getElementById('region-3').scrollIntoView();"
    "document.querySelectorAll('#region-3 ~ .scroll td[tabindex]')[1].focus({preventScroll: true})</script>"
)


def book_of(start: datetime, end: datetime) -> Book:
    """Lay the starter's calendar out over a span."""
    configuration = load_configuration(STARTER)
    almanac = PinnedAlmanac()
    timeline = timeline_for(configuration.calendar, almanac, Span(start=start, end=end))
    versions = DataVersions(
        config_digest=configuration.digest,
        zone_data=almanac.zone_data_version(),
        holidays=almanac.holidays_version(),
        wedgate=__version__,
    )
    return lay_out(timeline, configuration.calendar, timeline.region_names, configuration.service, versions)


def outlook_page() -> str:
    """Return the page of the starter's outlook, as docs/reference/outlook.md asks for it."""
    from wedgate.cli.plan import local_times
    from wedgate.engine.outlook import make_outlook
    from wedgate.render.outlook_html import render_outlook_html
    from wedgate.rollout.outlook import parse_demand
    from wedgate.rollout.replicas import Fleet

    configuration = load_configuration(STARTER)
    outlook = make_outlook(
        configuration,
        PinnedAlmanac(),
        2027,
        demand=parse_demand("3/week"),
        wedgate_version=__version__,
        fleet=Fleet(base={region.name: 12 for region in configuration.calendar.regions}),
    )
    return render_outlook_html(outlook, local_times(configuration))


def judgement_page() -> str:
    """Return the page of a judgement: the two builds of docs/judge.md, with a history and a shift that was accepted."""
    import random

    from wedgate.judge.accepted import name_accepted
    from wedgate.judge.history import metric_histories
    from wedgate.judge.history_lines import Acceptance, Build, BuildValue
    from wedgate.judge.measurements import Measurements, Metric
    from wedgate.judge.reading import Direction
    from wedgate.judge.suite import judge_suite
    from wedgate.render.judge_html import render_judgement_html

    rng, builds = random.Random(4), []  # noqa: S311 - seeded on purpose
    for slower in (1.0, 1.08):
        rows = [(rng.gauss(100, 3) * slower, rng.gauss(20, 0.3), rng.gauss(2000, 30) / slower) for _ in range(10)]
        search, index, rate = zip(*rows, strict=True)
        lower, higher = Direction.LOWER_IS_BETTER, Direction.HIGHER_IS_BETTER
        builds.append(
            Measurements(
                metrics=(
                    Metric(name="rate", unit="1/s", direction=higher, values=rate),
                    Metric(name="search", unit="ms", direction=lower, values=search),
                    Metric(name="index", unit="s", direction=lower, values=index),
                )
            )
        )
    begun, kept = datetime(2027, 4, 1, 6, tzinfo=UTC), []
    for day in range(70):
        levels = {
            "search": 92 if day < 22 else 150 if day == 45 else 100,
            "rate": 1995 if day < 61 else 1850,
            "index": 20,
        }
        values = tuple(
            BuildValue(
                name=metric.name,
                unit=metric.unit,
                direction=metric.direction,
                value=rng.gauss(levels[metric.name], levels[metric.name] / 100),
                count=10,
            )
            for metric in builds[0].metrics
        )
        kept.append(Build(name=f"b{day + 100}", at=begun + timedelta(days=day), values=values))
    rate = BuildValue(name="rate", unit="1/s", direction=higher, value=1850.0, count=9)
    taken = Acceptance(
        build="b161", at=begun + timedelta(days=64, hours=5), by="ann", why="checks signatures now", values=(rate,)
    )
    histories = metric_histories(kept, [taken])
    return render_judgement_html(name_accepted(judge_suite(builds[0], builds[1]), histories), histories)


def photograph(page: Path, picture: Path, *, width: int, height: int | None = None, dark: bool = False) -> None:
    """Let chromium draw a page into a file: all of it, or its first ``height`` pixels."""
    height = height or height_of(page, width)
    _chromium(
        page, f"--blink-settings=preferredColorScheme={0 if dark else 1}", width, height, f"--screenshot={picture}"
    )


def height_of(page: Path, width: int) -> int:
    """Return how high a page is at a width, in pixels."""
    asking = page.with_name(f"asking-{page.name}")
    script = "<script>document.title = 'height ' + document.documentElement.offsetHeight</script>"
    asking.write_text(page.read_text(encoding="utf-8") + script, encoding="utf-8")
    found = re.search(r"<title>height (\d+)", _chromium(asking, "--mute-audio", width, 800, "--dump-dom"))
    if found is None:
        raise RuntimeError(f"chromium did not say how high {page.name} is")
    return int(found[1]) + 2 * MARGIN


def _chromium(page: Path, setting: str, width: int, height: int, what: str) -> str:
    """Run chromium on a page, and return what it prints."""
    how = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", setting)
    return subprocess.run(
        ["chromium", *how, f"--window-size={width},{height}", what, page.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
        text=True,
    ).stdout


MARGIN = 16
"""Above and below a page that is shown as a whole."""
BEGIN, END = "<!-- transcript:begin -->", "<!-- transcript:end -->"
STYLE = """
body {font: 14px/1.5 system-ui, sans-serif; margin: 16px auto; max-width: 880px; color: #1f2328; background: #fff}
blockquote {border: 1px solid #d1d9e0; border-radius: 6px; margin: 4px 0 20px; padding: 8px 16px; background: #f6f8fa}
table {border-collapse: collapse; margin: 8px 0} td, th {border: 1px solid #d1d9e0; padding: 4px 10px; text-align: left}
pre {background: #eff1f3; border-radius: 6px; padding: 10px; overflow-wrap: anywhere; white-space: pre-wrap}
code {font: 12px ui-monospace, monospace} h3 {margin: 4px 0} sub {color: #59636e}
"""


def transcript() -> str:
    """Return the conversation of the documentation; a test keeps it true."""
    text = (ROOT / "docs" / "overrides.md").read_text(encoding="utf-8")
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)]


def remember(picture: Path, text: str) -> None:
    """Write into a picture what it was made of, as the digest of a text (PNG 1.2, section 4.2.3.1)."""
    content = b"transcript\0" + hashlib.sha256(text.encode()).hexdigest().encode()
    chunk = len(content).to_bytes(4, "big") + b"tEXt" + content + zlib.crc32(b"tEXt" + content).to_bytes(4, "big")
    drawn = picture.read_bytes()
    head = 8 + 25  # the signature, and IHDR, which is the first chunk
    picture.write_bytes(drawn[:head] + chunk + drawn[head:])


def draw_conversation(directory: str) -> None:
    """Draw the conversation of the documentation."""
    talk = Path(directory, "talk.html")
    talk.write_text(conversation(), encoding="utf-8")
    photograph(talk, IMAGES / "override.png", width=940)
    remember(IMAGES / "override.png", transcript())


def conversation() -> str:
    """Return the conversation of the documentation as a page."""
    from markdown_it import MarkdownIt

    # The browser here has no font with pictures in it; what they say is said in words beside them.
    shown = re.sub(r"[^\x00-\u2027\u2030-\u20ff] ?", "", transcript())
    body = MarkdownIt("commonmark").enable("table").render(shown)
    return f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{body}"


def main() -> int:
    """Write every picture, or the conversation alone; 1 without a browser."""
    if shutil.which("chromium") is None:
        print("wedgate: skipped the pictures: chromium is not installed; run `make tools`", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    if sys.argv[1:] == ["override"]:
        with tempfile.TemporaryDirectory() as directory:
            draw_conversation(directory)
        return 0
    # Half a day more at both ends, so that the year is whole in every zone.
    year = book_of(datetime(2026, 12, 31, 12, tzinfo=UTC), datetime(2028, 1, 1, 12, tzinfo=UTC))
    (IMAGES / "calendar.svg").write_text(
        render_calendar_svg(book_of(datetime(2027, 6, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))),
        encoding="utf-8",
    )
    text = render_calendar_html(year)
    policy = text[text.index("<meta http-equiv") : text.index('<meta name="viewport"')]
    text = text.replace(policy, "")
    with tempfile.TemporaryDirectory() as directory:
        page, narrow, frame = (Path(directory, f"{name}.html") for name in ("page", "narrow", "frame"))
        page.write_text(text.replace("</body>", f"{POINT}</body>"), encoding="utf-8")
        narrow.write_text(text.replace("</body>", f"{NARROW}</body>"), encoding="utf-8")
        inner = "<iframe src=narrow.html width=360 height=800 style='border:0'></iframe>"
        frame.write_text(f"<!doctype html><body style='margin:0'>{inner}", encoding="utf-8")
        draw_conversation(directory)
        outlook = Path(directory, "outlook.html")
        outlook.write_text(outlook_page(), encoding="utf-8")
        photograph(outlook, IMAGES / "outlook-light.png", width=1000, height=1900)
        photograph(outlook, IMAGES / "outlook-dark.png", width=1000, height=1000, dark=True)
        judgement = Path(directory, "judgement.html")
        judgement.write_text(judgement_page(), encoding="utf-8")
        photograph(judgement, IMAGES / "judge.png", width=900, height=1130)
        photograph(page, IMAGES / "calendar-light.png", width=1280, height=900)
        photograph(page, IMAGES / "calendar-dark.png", width=1280, height=900, dark=True)
        photograph(frame, IMAGES / "calendar-narrow.png", width=360, height=800)
    for picture in sorted(IMAGES.iterdir()):
        print(f"wedgate: {picture.relative_to(ROOT)}, {picture.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
