"""`wedgate plan`: what it prints, in local time, and when it says no."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from wedgate.cli.main import cli
from wedgate.errors import UsageError

CONFIG = Path(__file__).parents[2] / "scenarios" / "wedgate.yml"
REGIONS = ["eu-central", "us-west", "us-east", "asia-pacific"]
FRIDAY = ("--start", "2026-03-13T11:45:00+01:00")


def plan(*words: str, config: Path = CONFIG) -> tuple[int, str]:
    """Run the command."""
    found = CliRunner().invoke(cli, ["plan", "--config", str(config), *words], standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return int(found.return_value), found.output


def test_a_friday_on_which_auckland_is_in_its_saturday() -> None:
    """Each region in its own time; the last waits for the end of Singapore's Saturday, at 16:00 UTC."""
    code, output = plan(*FRIDAY, "--release", "1.4.2")
    assert code == 0
    assert "plan of 1.4.2, from 2026-03-13 10:45 UTC" in output
    assert "Fri 13 Mar 11:45 CET  Fri 13 Mar 12:27 CET  11h 33m" in output
    assert "Sun 15 Mar 05:00 NZDT" in output
    assert "asia-pacific waits 1d 3h for its calendar" in output
    assert ", 1d 3h of it waiting\n" in output
    assert "done in 42m, and nothing waits\n" in plan(*FRIDAY, "--region", "eu-central")[1]
    # 126 minutes for three regions, and 62 for the last before 11:00 UTC.
    assert "the latest start before, from which nothing waits: 2026-03-13 07:52 UTC" in output
    assert "\u00b7" * 20 in output


def test_json_says_the_same_in_utc() -> None:
    """Steps with their weights; a weekday on which nothing waits."""
    code, output = plan("--start", "2026-03-10T09:00:00+01:00", "--format", "json", "--region", "eu-central")
    plain = json.loads(output)
    assert (code, plain["schema_version"], plain["plan"]["waited_seconds"]) == (0, 1, 0)
    (region,) = plain["plan"]["regions"]
    assert [(step["weight_percent"], step["start"]) for step in region["steps"]] == [
        (10, "2026-03-10T08:02:00Z"),
        (50, "2026-03-10T08:22:00Z"),
        (100, "2026-03-10T08:42:00Z"),
    ]
    assert region["closes"] == "2026-03-13T23:00:00Z"
    assert plain["next_start_without_waiting"] is None


def test_markdown_is_a_chart_that_github_draws() -> None:
    """Sections, steps, and the wait."""
    _, output = plan(*FRIDAY, "--format", "markdown")
    assert "```mermaid\ngantt" in output
    assert "section asia-pacific" in output
    assert "waits :done, 2026-03-13T12:51, 2026-03-14T16:00" in output
    assert output.count(":milestone") == 4


def test_svg_is_well_formed_and_names_every_region() -> None:
    """With titles for whoever points at a bar, hours to read it by, what the shades mean, and colours for the dark."""
    _, output = plan(*FRIDAY, "--format", "svg")
    root = ET.fromstring(output)  # noqa: S314 (our own)
    texts = [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[0].startswith("plan, 2026-03-13 10:45 to 2026-03-14 ")
    assert [text for text in texts if text in REGIONS] == REGIONS
    assert [text for text in texts if text.endswith(":00")] == [
        *("Fri 12:00", "Fri 18:00", "Sat 00:00", "Sat 06:00", "Sat 12:00")
    ]
    assert texts[-6:] == ["waits for its calendar", "10 %", "50 %", "all", "promoted", "times in UTC"]
    assert "prefers-color-scheme:dark" in output
    titles = [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}title")]
    assert any("waits for its calendar" in title for title in titles)


def test_what_is_shorter_than_a_column_is_drawn_all_the_same() -> None:
    """Three regions are done within two hours, then the last waits for two days: each shows all its parts, in order."""
    _, output = plan("--start", "2027-02-12T08:00Z")
    drawn = {line[:14].strip(): line[15:] for line in output.splitlines() if line.endswith("|")}
    assert {name: line.strip("|").strip() for name, line in drawn.items() if name != "asia-pacific"} == dict.fromkeys(
        ("eu-central", "us-west", "us-east"), "=\u2591\u2592"
    )
    waits, work = drawn["asia-pacific"].strip("|").strip().rsplit("\u00b7", 1)
    assert set(waits) == {"\u00b7"}
    assert work == "=\u2591\u2592"
    assert {len(line) for line in drawn.values()} == {65}
    begins = [line.index("=") for line in drawn.values()]
    assert begins == sorted(begins)


def test_a_strategy_of_a_hundred_small_steps_is_drawn_within_its_line(tmp_path: Path) -> None:
    """What looks the same is one part, so that every shade has room."""
    path = changed(tmp_path, "steady: {kind: linear, step: 1, bake: 1m}")
    _, output = plan("--start", "2027-02-12T08:00Z", config=path)
    drawn = [line for line in output.splitlines() if line.endswith("|")]
    assert {len(line) for line in drawn} == {80}
    assert all(set("=\u2591\u2592\u2593") <= set(line) for line in drawn)


def test_all_at_once_is_called_dangerous_in_the_words_of_lint_and_its_look_is_counted(tmp_path: Path) -> None:
    """Two minutes for the deploy, and one until the judge has seen a slice: of each region, in every format."""
    path, words = changed(tmp_path, "steady: {kind: all-at-once}"), ("--start", "2027-02-09T08:00Z")
    said = "steady: all-at-once is dangerous: everybody gets the version before anybody judged it"
    linted = CliRunner().invoke(cli, ["lint", str(path)], standalone_mode=False).output
    assert said in linted
    _, text = plan(*words, config=path)
    assert said in " ".join(text.split())
    assert "done in 12m, and nothing waits" in text
    assert "\u2588" in next(line for line in text.splitlines() if line.startswith("eu-central     |"))
    assert said in plan(*words, "--format", "markdown", config=path)[1]
    plain = json.loads(plan(*words, "--format", "json", config=path)[1])
    assert plain["dangers"] == [said]
    assert plain["plan"]["regions"][0]["steps"] == [
        {"weight_percent": 100, "start": "2027-02-09T08:02:00Z", "end": "2027-02-09T08:03:00Z"}
    ]
    root = ET.fromstring(plan(*words, "--format", "svg", config=path)[1])  # noqa: S314 (our own)
    texts = [each for each in root.iter("{http://www.w3.org/2000/svg}text") if each.text == said]
    assert len(texts) == 1
    assert float(texts[0].attrib["y"]) < float(root.attrib["viewBox"].split()[3])
    assert json.loads(plan(*words, "--format", "json")[1])["dangers"] == []


def test_a_deploy_of_no_time_is_refused_without_a_word_about_keys() -> None:
    """It is an option."""
    with pytest.raises(UsageError, match="--deploy: the duration 0m is nothing; write a longer one") as refused:
        plan("--deploy", "0m")
    assert "key" not in str(refused.value)


def changed(tmp_path: Path, steady: str) -> Path:
    """Write the configuration of the scenarios with another usual strategy."""
    text = CONFIG.read_text(encoding="utf-8")
    path = tmp_path / "wedgate.yml"
    (line,) = [each for each in text.splitlines() if each.strip().startswith("steady:")]
    path.write_text(text.replace(line.strip(), steady), encoding="utf-8")
    return path


def test_what_fits_nowhere_ends_with_ten(tmp_path: Path) -> None:
    """And says by how much to shorten what."""
    text = CONFIG.read_text().replace("{weight: 10, bake: 20m}, {weight: 50, bake: 20m}", "{weight: 10, bake: 7d}")
    path = tmp_path / "wedgate.yml"
    path.write_text(text)
    code, output = plan(*FRIDAY, config=path)
    assert code == 10
    assert "eu-central     fits nowhere in the next sixty days" in output
    assert "done in" not in output
    assert "shorten its bakes" in output


def test_another_order_says_what_it_gains(tmp_path: Path) -> None:
    """On a Friday morning asia-pacific has to go first to be done today."""
    code, output = plan("--start", "2026-03-13T09:00:00+00:00", "--optimise", "earliest-finish")
    assert code == 0
    words = " ".join(output.split())
    assert "another order is done 1d 4h earlier: asia-pacific, then eu-central, then us-west and us-east" in words


def test_bakes_that_are_too_short_for_the_traffic_are_named() -> None:
    """A hundred requests at one percent of five a second take 2000 seconds."""
    _, output = plan(*FRIDAY, "--traffic", "5")
    assert "careful: 30m at 1 % is too short to say pass; it needs 33m 20s" in output
    assert "too short" not in plan(*FRIDAY, "--traffic", "500")[1]


@pytest.mark.parametrize("words", [("--region", "mars"), ("--traffic", "0"), ("--traffic", "nan")])
def test_what_makes_no_sense_is_refused(words: tuple[str, ...]) -> None:
    """Exit 2, with what to write."""
    with pytest.raises(UsageError):
        plan(*FRIDAY, *words)


@pytest.mark.parametrize("start", ["1969-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_a_start_beyond_what_can_be_answered_for_is_refused(start: str) -> None:
    """As every other command refuses it."""
    with pytest.raises(UsageError, match="answers for instants"):
        plan("--start", start)


def test_the_first_days_that_can_be_answered_for_can_be_planned() -> None:
    """What lies two weeks before them does not exist."""
    assert plan("--start", "1970-01-05T00:00:00Z")[0] == 0


def test_a_configuration_without_a_rollout_has_nothing_to_plan(tmp_path: Path) -> None:
    """It says so."""
    text = CONFIG.read_text()
    path = tmp_path / "wedgate.yml"
    path.write_text(text[: text.index("rollout:")])
    with pytest.raises(UsageError, match="nothing to plan"):
        plan(*FRIDAY, config=path)


def test_all_traffic_too_needs_requests_enough(tmp_path: Path) -> None:
    """A switch bakes at a hundred percent: 100 requests at one in a minute take 100 minutes."""
    text = CONFIG.read_text().replace(
        "{kind: canary, steps: [{weight: 10, bake: 20m}, {weight: 50, bake: 20m}]}", "{kind: blue-green, bake: 45m}"
    )
    path = tmp_path / "wedgate.yml"
    path.write_text(text)
    _, output = plan(*FRIDAY, "--traffic", "0.0166667", config=path)
    assert "steady: 45m at 100 % is too short to say pass; it needs 1h 40m" in output


@pytest.mark.parametrize(
    "steady",
    [
        "{kind: canary, against: limits, steps: [{weight: 50, bake: 2m}]}",
        "{kind: blue-green, against: limits, bake: 2m}",
    ],
)
def test_a_ceiling_of_latency_needs_its_slices_where_limits_alone_are_judged(tmp_path: Path, steady: str) -> None:
    """Twenty slices of a minute are twenty minutes; errors alone need none."""
    path = tmp_path / "wedgate.yml"
    canary = "{kind: canary, steps: [{weight: 10, bake: 20m}, {weight: 50, bake: 20m}]}"
    text = CONFIG.read_text().replace(canary, steady)
    path.write_text(text)
    assert "too short" not in plan(*FRIDAY, config=path)[1]
    path.write_text(text.replace("latency-p95: {slices: 8}", "latency-p95: {slices: 20, never-above-ms: 800}"))
    found = plan(*FRIDAY, config=path)[1]
    assert f"steady: 2m at {50 if 'canary' in steady else 100} % is too short to say pass; it needs 20m" in found


def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighty columns are what there is nearly everywhere."""
    monkeypatch.setenv("COLUMNS", "80")
    _, output = plan("--start", "2026-03-13T09:00:00+00:00", "--optimise", "earliest-finish", "--traffic", "5")
    assert max(map(len, output.splitlines())) <= 80


def test_a_better_order_that_fits_ends_with_nothing_to_complain_of(tmp_path: Path) -> None:
    """The file's order fits nowhere, because its last window comes too early; the other way round everything fits."""
    text = CONFIG.read_text().replace(
        "  saturday: {where: all, weekdays: saturday, effect: block}",
        "  early: {where: us-west, dates: 2026-03-13..2026-05-30, time: 10:00..24:00, effect: block}\n"
        "  never: {where: us-west, dates: 2026-03-14..2026-05-30, effect: block}",
    )
    path = tmp_path / "wedgate.yml"
    path.write_text(text)
    start = ("--start", "2026-03-13T15:20:00+00:00", "--region", "us-east", "--region", "us-west")
    swapped = path.read_text().replace("[us-west, us-east]", "[us-east], [us-west]")
    path.write_text(swapped)
    assert plan(*start, config=path)[0] == 10
    assert plan(*start, "--optimise", "earliest-finish", config=path)[0] == 0


@pytest.mark.parametrize(
    ("migration", "said", "limited"),
    [
        ("expand", "it works with the larger schema", False),
        ("contract", "until somebody puts the schema back", True),
        ("irreversible", "only a backup brings the old data back", True),
    ],
)
def test_a_plan_says_what_a_rollback_can_promise(migration: str, said: str, limited: bool) -> None:
    """In text and as data, and what it takes to start where something is lost."""
    words = ("--start", "2026-03-10T09:00:00+01:00", "--migration", migration)
    _, output = plan(*words)
    told = " ".join(output.split())
    assert said in told
    assert ("--accept-migration" in told) is limited
    assert said in plan(*words, "--format", "markdown")[1]
    plain = json.loads(plan(*words, "--format", "json")[1])["migration"]
    assert plain["kind"] == migration
    assert (plain["not_promised"] is not None) is limited
