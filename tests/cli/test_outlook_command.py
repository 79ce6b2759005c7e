"""`wedgate outlook`: what it prints in each form, what it refuses, and the example of its page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

import wedgate
from wedgate.cli.main import cli
from wedgate.errors import UsageError
from wedgate.render.outlook_json import SCHEMA_PATH

ROOT = Path(__file__).resolve().parents[2]
STORIES = ROOT / "scenarios" / "wedgate.yml"
STARTER = Path(wedgate.__file__).parent / "config" / "resources" / "starter.yml"
PAGE = ROOT / "docs" / "reference" / "outlook.md"
ASKED = ("--releases", "3/week", "--year", "2027", "--every", "1d")


def outlook(*words: str, config: Path = STORIES) -> tuple[int, str]:
    """Run the command."""
    found = CliRunner().invoke(cli, ["outlook", "--config", str(config), *words], standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return int(found.return_value), found.output


@pytest.fixture
def never(tmp_path: Path) -> Path:
    """A configuration whose bakes are longer than any window of the year."""
    text = STORIES.read_text(encoding="utf-8")
    for bake in ("{weight: 10, bake: 20m}", "{weight: 1, bake: 30m}"):
        assert bake in text
        text = text.replace(bake, bake.replace("20m", "7d").replace("30m", "8d"))
    path = tmp_path / "wedgate.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_of_its_page_is_what_it_prints() -> None:
    """With the starter's file; all but the last line, which names the versions of the data."""
    _, output = outlook("--releases", "3/week", "--year", "2027", "--replicas", "12", config=STARTER)
    shown = re.search(r"<!-- outlook:begin -->\n```text\n(.*?)```\n<!-- outlook:end -->", PAGE.read_text(), re.DOTALL)
    assert shown is not None
    assert shown[1].rstrip() == output.rpartition("\n\n")[0], "put what it prints now between the marks of the page"


def test_the_page_names_the_schema_and_every_option() -> None:
    """What can be asked is documented."""
    text = PAGE.read_text(encoding="utf-8")
    assert f"wedgate/render/resources/{SCHEMA_PATH.name}" in text
    for option in (
        "--releases",
        "--year",
        "--region",
        "--deploy",
        "--every",
        "--replicas",
        "--peak-replicas",
        "--keep-old",
    ):
        assert option in text


@pytest.mark.parametrize("fits", [True, False])
def test_json_keeps_to_its_schema(fits: bool, never: Path) -> None:
    """Also where nothing fits: lengths that never end are null."""
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))
    jsonschema.Draft202012Validator.check_schema(validator.schema)
    code, output = outlook(*ASKED, "--format", "json", config=STORIES if fits else never)
    plain = json.loads(output)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(plain)] == []
    assert (code, plain["releases"]["misfit"] is None, plain["urgent_fix"]["never"]) == (
        (0, True, 0) if fits else (10, False, 365)
    )
    assert (plain["urgent_fix"]["worst_seconds"] is None) is not fits
    hours = plain["hours"][0]
    assert hours["open_seconds"] + hours["caution_seconds"] + hours["closed_seconds"] == 8760 * 3600


def test_what_fits_nowhere_ends_with_ten_and_says_what_to_shorten(never: Path) -> None:
    """Seven days and twenty minutes, the deploy and the reserve, into a window of six days."""
    code, output = outlook(*ASKED, config=never)
    words = " ".join(output.split())
    assert code == 10
    assert (
        "it needs 7d 42m in one piece, and the nearest window is 6d; shorten its bakes and the reserve by 1d 42m"
        in words
    )
    assert "none of them leads to every region" in words
    for form in ("markdown", "html"):
        code, output = outlook(*ASKED, "--format", form, config=never)
        assert code == 10
        assert "shorten its bakes" in output


def test_markdown_has_tables_and_folds_what_was_counted() -> None:
    """For a job summary."""
    _, output = outlook(*ASKED, "--format", "markdown")
    assert "| together |" in output
    assert "| saturday |" in output
    assert output.count("<details>") == output.count("</details>") == 1


@pytest.mark.parametrize("columns", ["60", "80", "100"])
def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """Eighty columns are what there is nearly everywhere."""
    monkeypatch.setenv("COLUMNS", columns)
    _, output = outlook(*ASKED, "--replicas", "12000", config=STARTER)
    assert max(map(len, output.splitlines())) <= int(columns)


def test_rows_of_presets_are_told_apart_and_the_small_ones_are_summed_up(tmp_path: Path) -> None:
    """A name that is too long loses its beginning; twelve rules are listed, and what the others cost is one line."""
    text = STARTER.read_text(encoding="utf-8")
    for name in ("us-east", "us-west", "eu-central", "asia-pacific"):
        text = text.replace(f"  {name}:\n    markets:", f"  {name}:\n    extends: wedding/{name}\n    markets:")
    path = tmp_path / "wedgate.yml"
    path.write_text(text, encoding="utf-8")
    _, output = outlook(*ASKED, config=path)
    listed = output[output.index("Rules, hours") :].split("\n\n")[0]
    names = re.findall(r"^(\S+) +[█░]", listed, re.MULTILINE)
    assert len(names) == len(set(names)) == 12
    plain = json.loads(outlook(*ASKED, "--format", "json", config=path)[1])
    for name, rule in zip(names, plain["rules"][:12], strict=True):
        assert rule["id"].endswith(name.removeprefix("…"))
    assert "…" in listed
    rest = sum(rule["would_open_seconds"] for rule in plain["rules"][12:]) / 3600
    left = f"{len(plain['rules']) - 12} more close something; dropped one by one they would open {rest:.0f} h in all."
    assert left in " ".join(listed.split())
    assert max(map(len, output.splitlines())) <= 80


def test_what_several_rules_close_is_said(tmp_path: Path) -> None:
    """UTC's 52 Saturdays and twelve firsts, of which 1 May 2027 is both: 63 days closed, and one of them by two."""
    text = STORIES.read_text(encoding="utf-8")
    text = text.replace("zone: America/New_York", "zone: UTC").replace(
        "valentine: {where: all, yearly: 02-14, pad: {before: 6h}", "first: {where: all, month-days: 1"
    )
    path = tmp_path / "wedgate.yml"
    path.write_text(text, encoding="utf-8")
    _, output = outlook(*ASKED, "--region", "us-east", config=path)
    words = " ".join(output.split())
    assert "saturday costs most: 1,224 h are closed by it alone, and without it 1,224 h would be open." in words
    assert "Of 1,512 closed hours 24 are closed by several rules at once: no one of them opens those." in words


def test_replicas_can_be_said_for_each_region() -> None:
    """One number for all, and another one for one; the peak is the one that is said."""
    words = ("--replicas", "2", "--replicas", "us-east=30", "--peak-replicas", "60", "--keep-old", "1h")
    _, output = outlook(*ASKED, *words, "--format", "json")
    plain = json.loads(output)["replicas"]
    assert [(each["usual"], each["peak"]) for each in plain["regions"]] == [(2, 60), (2, 60), (30, 60), (2, 60)]
    assert plain["regions"][1]["static_hours"] == 60 * 8760
    assert plain["keep_old_seconds"] == 3600
    # 156 rollouts with 42 minutes of both colours, and an hour after each.
    assert plain["regions"][1]["both_colours_seconds"] == 156 * 102 * 60


def test_only_some_regions_may_be_asked_about() -> None:
    """Nothing is told of the others, and nothing of all together."""
    _, output = outlook(*ASKED, "--region", "us-east", "--format", "json")
    plain = json.loads(output)
    assert [each["region"] for each in plain["hours"]] == ["us-east"]
    assert plain["waves"] == [["us-east"]]
    assert {region for rule in plain["rules"] for region in rule["regions"]} == {"us-east"}


def test_it_writes_a_file_whole(tmp_path: Path) -> None:
    """A page, and nothing on the screen."""
    path = tmp_path / "outlook.html"
    code, output = outlook(*ASKED, "--format", "html", "--output", str(path))
    assert (code, output) == (0, "")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_without_a_year_it_is_this_one() -> None:
    """By the clock of the machine."""
    from wedgate.cli.wiring import utc_now

    before = utc_now().year
    _, output = outlook("--releases", "1/week", "--every", "1d", "--format", "json")
    assert json.loads(output)["span"]["start"][:4] in {f"{before}", f"{utc_now().year}"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--releases", "often"), "--releases: 'often' is not how often releases are made; write such as 3/week"),
        (
            ("--releases", "0/week"),
            "--releases: 0 releases per week cannot be looked at; write a number from 1 ",
        ),
        (("--year", "27"), "--year: '27' is not a year; write one such as 2027"),
        (("--year", "2100"), "--year: wedgate answers for the years 1970 to 2099, not for 2100"),
        (("--every", "1m"), "--every: 1m is not from 5m to 1d; write one such as 1h"),
        (("--region", "mars"), "region mars is in no wave"),
        (("--replicas", "many"), "--replicas: 'many' is no number of replicas; write such as 12"),
        (("--replicas", "0"), "--replicas: '0' is no number of replicas"),
        (("--replicas", "mars=3"), "--replicas: mars is no region of the waves asked about"),
        (("--replicas", "us-east=3"), "--replicas: nothing is said of eu-central; write eu-central=N"),
        (("--peak-replicas", "9"), "--peak-replicas needs --replicas"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], says: str) -> None:
    """Exit 2, with what to write."""
    with pytest.raises(UsageError) as caught:
        outlook(*ASKED, *words)
    assert str(caught.value).startswith(says)


def test_a_terminal_without_unicode_gets_other_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in it but ASCII, except the sign for times, which words are said with everywhere."""
    from wedgate.render.text import Style

    monkeypatch.setattr("wedgate.cli.outlook.terminal_style", lambda: Style(unicode=False))
    _, output = outlook(*ASKED)
    assert "#" * 8 in output
    assert set(filter(lambda mark: ord(mark) > 127, output)) <= {"×"}
