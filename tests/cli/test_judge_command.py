"""`wedgate judge` on files: exit codes, the three formats, the documented example, and files that are none."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from wedgate.cli.main import cli
from wedgate.errors import ConfigurationError, UsageError
from wedgate.judge.measurements import Measurements, Metric
from wedgate.judge.reading import Direction
from wedgate.judge.suite import ScoreSettings, SuiteSettings, judge_suite
from wedgate.render.judge_html import render_judgement_html

HEADER = "metric,value,unit,direction\n"


def write(path: Path, *, seed: int, slower: float = 1.0, names: tuple[str, ...] = ("search", "index")) -> Path:
    """Write ten values of each metric; the first one is slower."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose
    rows = [
        f"{name},{rng.gauss(100, 2) * (slower if place == 0 else 1):.4f},ms,lower-is-better\n"
        for place, name in enumerate(names)
        for _ in range(10)
    ]
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return path


def judge(*words: object) -> tuple[int, str]:
    """Run the command as in a terminal."""
    done = CliRunner().invoke(cli, ["judge", *map(str, words)], obj={"debug": False}, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return int(done.return_value), done.stdout


@pytest.mark.parametrize(("slower", "code", "word"), [(1.0, 0, "pass: 2 of 2"), (1.2, 10, "fail: 1 of 2")])
def test_the_exit_code_is_the_verdict(tmp_path: Path, slower: float, code: int, word: str) -> None:
    """A clean candidate passes, a slower one fails, and each metric has a line."""
    base, candidate = write(tmp_path / "a.csv", seed=1), write(tmp_path / "b.csv", seed=2, slower=slower)
    found, output = judge(base, candidate)
    assert (found, output.splitlines()[-1].startswith(word)) == (code, True)
    assert [line.split()[0] for line in output.splitlines()[:2]] == ["search", "index"]


def test_what_is_not_known_is_thirteen(tmp_path: Path) -> None:
    """Two values, and a metric that vanished."""
    few = tmp_path / "few.csv"
    few.write_text(f"{HEADER}search,1,ms,lower-is-better\nsearch,2,ms,lower-is-better\n")
    code, output = judge(few, few)
    assert (code, "not_enough_data" in output) == (13, True)
    code, output = judge(write(tmp_path / "a.csv", seed=1), write(tmp_path / "b.csv", seed=2, names=("search",)))
    assert (code, "what vanished" in output) == (13, True)


def test_a_directory_is_the_files_of_one_build(tmp_path: Path) -> None:
    """A file for each process, with one value in each."""
    for build, slower in (("base", 1.0), ("candidate", 1.3)):
        (tmp_path / build).mkdir()
        rng = random.Random(build)  # noqa: S311 - seeded on purpose
        for place in range(8):
            text = f"{HEADER}search,{rng.gauss(100, 2) * slower},ms,lower-is-better\n"
            (tmp_path / build / f"{place}.csv").write_text(text)
    code, output = judge(tmp_path / "base", tmp_path / "candidate")
    assert (code, "n 8 + 8" in output) == (10, True)


def test_the_last_line_says_on_what_its_share_of_false_alarms_rests(tmp_path: Path) -> None:
    """Times show an order; without them it may have been one after the other."""
    _, output = judge(write(tmp_path / "a.csv", seed=1), write(tmp_path / "b.csv", seed=2))
    share = "a candidate that is no worse fails in at most 5 % of cases"
    untold = "unless the machine changed in between: in which order was measured is not known"
    assert output.splitlines()[-1] == f"pass: 2 of 2 metrics; {share} {untold}"
    rng = random.Random(5)  # noqa: S311 - seeded on purpose
    for arm in (0, 1):
        rows = [
            f"search,{rng.gauss(100, 1)},ms,lower-is-better,2027-06-07T10:{2 * each + (arm + each) % 2:02}:00Z\n"
            for each in range(10)
        ]
        (tmp_path / f"{arm}.csv").write_text("".join(["metric,value,unit,direction,time\n", *rows]), encoding="utf-8")
    _, output = judge(tmp_path / "0.csv", tmp_path / "1.csv")
    assert output.splitlines()[-1] == f"pass: 1 of 1 metrics; {share}"


def test_survivors_pass_only_where_so_few_were_meant(tmp_path: Path) -> None:
    """Ten rows against six."""
    base, candidate = write(tmp_path / "a.csv", seed=1), write(tmp_path / "b.csv", seed=2)
    rows = candidate.read_text(encoding="utf-8").splitlines(keepends=True)
    candidate.write_text("".join([rows[0], *rows[1:7], *rows[11:17]]), encoding="utf-8")
    code, output = judge(base, candidate)
    assert (code, "the candidate has 6 values and the base 10" in output) == (13, True)
    assert judge(base, candidate, "--fewer-runs")[0] == 0


def test_one_commit_is_judged_against_itself_only_where_that_is_said(tmp_path: Path) -> None:
    """An artifact under the wrong name; and another compiler for the same source."""
    base = report_of(tmp_path / "a.json", seed=1, commit="a" * 40)
    candidate = report_of(tmp_path / "b.json", seed=2, commit="a" * 40)
    code, output = judge(base, candidate)
    assert (code, "both builds were measured of the commit aaaa" in output) == (13, True)
    assert judge(base, candidate, "--same-commit")[0] == 0


def test_the_data_say_everything_that_the_text_does(tmp_path: Path) -> None:
    """Numbers for a machine, and nothing in them that JSON does not have."""
    base, candidate = write(tmp_path / "a.csv", seed=1), write(tmp_path / "b.csv", seed=2, slower=1.2)

    def refuse(name: str) -> Any:
        raise AssertionError(name)

    plain = json.loads(judge(base, candidate, "--format", "json")[1], parse_constant=refuse)
    assert (plain["schema_version"], plain["outcome"]) == (1, "fail")
    search = plain["metrics"][0]
    assert search["lower"] > 1.02
    assert search["lower"] <= search["estimate"] <= search["upper"]
    assert (search["n"], search["unit"], search["decides"]) == ({"base": 10, "candidate": 10}, "ms", True)
    assert 10 < search["shift"]["lower"] < search["shift"]["estimate"] < search["shift"]["upper"] < 30
    assert search["larger_in_pairs"] == 1


def test_a_name_is_inert_in_markdown(tmp_path: Path) -> None:
    """A metric is called what somebody called it."""
    path = tmp_path / "a.csv"
    rows = "".join(f'"</td>|<b>x</b>",{value},ms,lower-is-better\n' for value in range(10, 20))
    path.write_text(HEADER + rows)
    output = judge(path, path, "--format", "markdown")[1]
    assert "<b>" not in output
    assert "</td>" not in output


def test_an_advisory_metric_decides_nothing(tmp_path: Path) -> None:
    """It is shown as that."""
    base, candidate = write(tmp_path / "a.csv", seed=1), write(tmp_path / "b.csv", seed=2, slower=1.2)
    code, output = judge(base, candidate, "--advisory", "search")
    assert code == 0
    assert "(advisory)" in output.splitlines()[0]


@pytest.mark.parametrize(
    "words",
    [
        ("--worse-by", "2"),
        ("--worse-by", "-1%"),
        ("--worse-by", "10%", "--missed", "5%"),
        ("--false-alarms", "0%"),
        ("--false-alarms", "50%"),
        ("--missed", "a lot"),
    ],
)
def test_odd_options_are_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    """One error that says what to write."""
    path = write(tmp_path / "a.csv", seed=1)
    with pytest.raises(UsageError, match="--"):
        judge(path, path, *words)


def test_an_unknown_advisory_metric_is_named(tmp_path: Path) -> None:
    """A misspelt name would let a metric decide that should not."""
    path = write(tmp_path / "a.csv", seed=1)
    with pytest.raises(UsageError, match="serch"):
        judge(path, path, "--advisory", "serch")


@pytest.mark.parametrize("text", ["", "hello", "{}", "metric,value\n1,2\n"])
def test_a_file_of_no_tool_is_named(tmp_path: Path, text: str) -> None:
    """With what wedgate reads."""
    good, odd = write(tmp_path / "a.csv", seed=1), tmp_path / "odd.txt"
    odd.write_text(text)
    with pytest.raises(ConfigurationError, match=r"odd\.txt"):
        judge(good, odd)
    with pytest.raises(ConfigurationError, match="missing"):
        judge(tmp_path / "missing", good)


def test_the_example_of_the_page_is_what_wedgate_says(tmp_path: Path, repository_root: Path) -> None:
    """The page's two files are made here, and its text is the command's."""
    page = (repository_root / "docs" / "judge.md").read_text(encoding="utf-8")
    shown = page.split("$ wedgate judge base.csv candidate.csv\n")[1].split("```")[0]
    rng = random.Random(4)  # noqa: S311 - seeded on purpose
    for name, slower in (("base", 1.0), ("candidate", 1.08)):
        rows = []
        for _ in range(10):
            rows.append(f"search,{rng.gauss(100, 3) * slower:.3f},ms,lower-is-better\n")
            rows.append(f"index,{rng.gauss(20, 0.3):.3f},s,lower-is-better\n")
            rows.append(f"rate,{rng.gauss(2000, 30) / slower:.1f},1/s,higher-is-better\n")
        (tmp_path / f"{name}.csv").write_text(HEADER + "".join(rows))
    assert judge(tmp_path / "base.csv", tmp_path / "candidate.csv")[1] == shown


def test_a_page_is_asked_for_by_its_format(tmp_path: Path) -> None:
    """Whole, and with the exit code of the verdict."""
    base, candidate = write(tmp_path / "a.csv", seed=1), write(tmp_path / "b.csv", seed=2, slower=1.2)
    code, output = judge(base, candidate, "--format", "html")
    assert code == 10
    assert output.startswith("<!doctype html>")
    assert output.endswith("</html>\n")


def test_a_runner_gets_annotations_and_its_answer_alone_on_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One error for the metric that failed, on standard error; the JSON stays JSON."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    base, candidate = write(tmp_path / "a.csv", seed=1), write(tmp_path / "b.csv", seed=2, slower=1.2)
    words = ["judge", str(base), str(candidate), "--format", "json"]
    done = CliRunner().invoke(cli, words, obj={"debug": False}, standalone_mode=False)
    assert json.loads(done.stdout)["outcome"] == "fail"
    assert [line[:8] for line in done.stderr.splitlines()] == ["::error "]
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert CliRunner().invoke(cli, words, obj={"debug": False}, standalone_mode=False).stderr == ""


def test_no_name_of_a_metric_commands_a_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that would be a command stands where the runner obeys none."""
    names = ("::set-output name=a::b", "##[error]c")
    base = write(tmp_path / "a.csv", seed=1, names=names)
    other = write(tmp_path / "other.csv", seed=2, names=names)
    assert judge(base, other)[1].startswith("::set-output")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    first, *_, last = judge(base, other)[1].splitlines()
    assert first.startswith("::stop-commands::")
    assert last == f"::{first.removeprefix('::stop-commands::')}::"
    plain, another = (write(tmp_path / f"{seed}.csv", seed=seed) for seed in (1, 2))
    assert "::" not in judge(plain, another)[1]


SCORED = """
score:
  pass: 90
  critical: [index]
  groups:
    pages: {weight: 10, metrics: ["sea*"]}
    rest: {weight: 90, metrics: [index]}
"""


def scored(tmp_path: Path, text: str, **names: tuple[str, ...]) -> tuple[int, str]:
    """Judge two metrics, of which the first one got worse, with settings."""
    settings = tmp_path / "judge.yml"
    settings.write_text(text)
    base, candidate = write(tmp_path / "a.csv", seed=1, **names), write(tmp_path / "b.csv", seed=2, slower=1.2, **names)
    return judge(base, candidate, "--settings", settings)


def test_a_score_decides_where_it_is_asked_for(tmp_path: Path) -> None:
    """A group of a tenth may fail; a critical metric may not."""
    code, output = scored(tmp_path, SCORED)
    assert (code, output.splitlines()[-1]) == (0, "pass: the score is 90 or more; score 90")
    code, output = scored(tmp_path, SCORED.replace("[index]\n  groups", "[search]\n  groups"))
    assert (code, output.splitlines()[-1]) == (10, "fail: search is critical, and its verdict is fail; score 0")
    plain = json.loads(
        judge(tmp_path / "a.csv", tmp_path / "b.csv", "--settings", tmp_path / "judge.yml", "--format", "json")[1]
    )
    assert plain["score"] == {"value": 0, "at_least": 0, "at_most": 0, "groups": {"pages": 0, "rest": 100}}


def test_a_critical_metric_is_marked_wherever_it_is_shown(tmp_path: Path) -> None:
    """In text, markdown, JSON, and on the page, where it comes first in its section and in the table; no other is."""
    _, output = scored(tmp_path, SCORED)
    assert [line.split()[0] for line in output.splitlines() if line.endswith(" (critical)")] == ["index"]
    files = (tmp_path / "a.csv", tmp_path / "b.csv", "--settings", tmp_path / "judge.yml", "--format")
    assert len(re.findall(r"^\|.*index.*\(critical\)", judge(*files, "markdown")[1], re.MULTILINE)) == 1
    plain = json.loads(judge(*files, "json")[1])
    assert {each["name"]: each["critical"] for each in plain["metrics"]} == {"search": False, "index": True}
    page = judge(*files, "html")[1]
    assert re.findall(r"<h3>.*?</span> (\w+) <strong class=\"critical\">critical: has to pass</strong></h3>", page) == [
        "index"
    ]
    assert page.count("index (critical)") == 1
    both = SuiteSettings(score=ScoreSettings(critical=frozenset({"b"})))
    metrics = tuple(
        Metric(name=name, unit="ms", direction=Direction.LOWER_IS_BETTER, values=(1.0, 1.01, 1.02) * 4)
        for name in "abc"
    )
    same = Measurements(metrics=metrics)
    found = render_judgement_html(judge_suite(same, same, both))
    names = re.findall(r"<h3><span[^>]*>[^<]*</span> (\w)", found)
    assert names == ["b", "a", "c"]


def test_a_margin_of_one_metric_is_its_own(tmp_path: Path) -> None:
    """What is a fail by the default is none by its own."""
    assert scored(tmp_path, 'margins: {search: {worse-by: "25%", missed: "40%"}}')[0] == 0
    assert scored(tmp_path, 'margins: {index: {worse-by: "25%", missed: "40%"}}')[0] == 10


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("advisory: [serch]", "serch"),
        ("margins: {serch: {missed: 20%}}", "serch"),
        ("score: {critical: [serch]}", "serch"),
        ("{advisory: [search], score: {critical: [search]}}", "advisory and critical"),
        ("score: {groups: {pages: {metrics: [serch]}}}", "pages"),
        ("score: {groups: {pages: {weight: 100, metrics: [search]}}}", "nothing is left for 'index'"),
        ("score: {groups: {pages: {weight: 50, metrics: [search, index]}}}", "come to 50 of 100"),
    ],
)
def test_settings_that_fit_no_metric_are_named(tmp_path: Path, text: str, words: str) -> None:
    """Misspelt, a critical metric would be none."""
    with pytest.raises(UsageError, match=words):
        scored(tmp_path, text)


@pytest.mark.parametrize("text", ["score: {pas: 90}", "[", "score: {pass: 90, pass: 95}"])
def test_odd_settings_are_placed_in_their_file(tmp_path: Path, text: str) -> None:
    """With line and column."""
    with pytest.raises(ConfigurationError, match=r"judge\.yml:[12]:\d+: "):
        scored(tmp_path, text)


def test_the_settings_of_the_page_are_read(repository_root: Path) -> None:
    """As they stand there."""
    from wedgate.config.nodes import parse_nodes
    from wedgate.judge.comparison import Margins
    from wedgate.judge.suite_settings import parse_suite_settings

    page = (repository_root / "docs" / "judge.md").read_text(encoding="utf-8")
    text = page.split("```yaml\n")[1].split("```")[0]
    found = parse_suite_settings(parse_nodes(text, name="judge.yml").data, Margins())
    assert found.score is not None
    assert [group.name for group in found.score.groups] == ["pages", "jobs"]
    assert found.margins_of["index"].at_least == 0.5


def test_settings_that_are_not_there_are_named(tmp_path: Path) -> None:
    """By the option that named them."""
    base = write(tmp_path / "a.csv", seed=1)
    with pytest.raises(UsageError, match=r"--settings .*nowhere\.yml"):
        judge(base, base, "--settings", tmp_path / "nowhere.yml")


def test_a_verdict_that_names_a_metric_steers_no_terminal(tmp_path: Path) -> None:
    """The name of a critical metric is somebody's text too."""
    name = "bell\x9b2J\u202e"
    code, output = scored(tmp_path, 'score: {critical: ["bell\\x9b2J\\u202e"]}', names=(name, "index"))
    assert (code, "bell" in output.splitlines()[-1]) == (10, True)
    assert not {"\x9b", "\u202e"} & set(output)


def report_of(path: Path, *, seed: int, **more: object) -> Path:
    """Write a measurement report of wedgate's own."""
    rng = random.Random(seed)  # noqa: S311 - seeded on purpose
    values = [rng.gauss(100, 2) for _ in range(10)]
    metric = {"name": "search", "unit": "ms", "direction": "lower-is-better", "values": values}
    path.write_text(json.dumps({"schema_version": 1, "kind": "measurements", "metrics": [metric], **more}))
    return path


def test_a_build_of_another_commit_than_claimed_is_refused(tmp_path: Path) -> None:
    """A stale baseline, or one that does not say what it is of, is compared with nothing."""
    base = report_of(tmp_path / "a.json", seed=1, commit="a" * 40)
    candidate = report_of(tmp_path / "b.json", seed=2, commit="b" * 40)
    assert judge(base, candidate, "--base-commit", "a" * 40, "--commit", "b" * 40)[0] == 0
    with pytest.raises(UsageError, match=r"the base was measured of a{40}, not of c{40}"):
        judge(base, candidate, "--base-commit", "c" * 40)
    with pytest.raises(UsageError, match=r"the candidate was measured of b{40}, not of a{40}"):
        judge(base, candidate, "--commit", "a" * 40)
    with pytest.raises(UsageError, match="the base's files name no commit"):
        judge(report_of(tmp_path / "c.json", seed=3), candidate, "--base-commit", "a" * 40)
    with pytest.raises(UsageError, match="takes the full commit"):
        judge(base, candidate, "--base-commit", "a" * 7)


def test_files_of_two_commits_are_no_build(tmp_path: Path) -> None:
    """One stale file among those of a directory is found."""
    folder = tmp_path / "base"
    folder.mkdir()
    for seed, commit in ((1, "a" * 40), (2, "b" * 40)):
        report_of(folder / f"{seed}.json", seed=seed, commit=commit)
    with pytest.raises(ConfigurationError, match="the files are of different commits"):
        judge(folder, report_of(tmp_path / "c.json", seed=3))


def test_a_base_from_another_machine_is_an_error(tmp_path: Path) -> None:
    """What is compared then is the machines."""
    base = report_of(tmp_path / "a.json", seed=1, environment={"cpu": "Xeon", "cpus": "2"})
    candidate = report_of(tmp_path / "b.json", seed=2, environment={"cpu": "EPYC", "cpus": "2"})
    code, output = judge(base, candidate)
    assert (code, "another machine (cpu: Xeon, and here EPYC)" in output) == (13, True)
    code, output = judge(base, report_of(tmp_path / "c.json", seed=2, environment={"cpu": "Xeon", "cpus": "2"}))
    assert code == 0


def test_a_metric_that_is_new_is_told_and_not_judged(tmp_path: Path) -> None:
    """It has nothing to be compared with; one that vanished meanwhile is an error all the same."""
    base = write(tmp_path / "a.csv", seed=1, names=("search",))
    code, output = judge(base, write(tmp_path / "b.csv", seed=2, names=("search", "fresh")))
    assert (code, "fresh: new, and not judged" in output) == (0, True)
    code, output = judge(base, write(tmp_path / "c.csv", seed=2, names=("fresh",)))
    assert (code, "what vanished" in output, "fresh: new" in output) == (13, True, True)


def test_the_history_is_drawn_into_the_page(tmp_path: Path) -> None:
    """What `report history add` keeps; a place without any is an error, whatever the form of the answer."""
    base, candidate = write(tmp_path / "a.csv", seed=1), write(tmp_path / "b.csv", seed=2)
    place = tmp_path / "perf"
    for number in range(3):
        words = ["report", "history", "add", str(place), str(base), "--build", str(number)]
        assert CliRunner().invoke(cli, words, standalone_mode=False).exception is None
    assert judge(base, candidate, "--format", "html", "--history", place)[1].count('<svg class="history"') == 2
    for form in ("html", "text"):
        with pytest.raises(UsageError, match="has no builds yet"):
            judge(base, candidate, "--format", form, "--history", tmp_path / "nothing")


@pytest.mark.parametrize("newest", [8, 3])
def test_an_accepted_shift_is_named_beside_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newest: int
) -> None:
    """In every form of the answer, who accepted it and why; it fails all the same, and nobody is suspected again."""
    monkeypatch.setenv("COLUMNS", "200")
    base, candidate = write(tmp_path / "a.csv", seed=1), write(tmp_path / "b.csv", seed=2, slower=1.2)
    place = tmp_path / "perf"
    for number in range(20 + newest):
        build = write(tmp_path / "build.csv", seed=number, slower=1.2 if number >= 20 else 1.0)
        words = ["report", "history", "add", str(place), str(build), "--build", f"b{number}"]
        assert CliRunner().invoke(cli, words, standalone_mode=False).exception is None
    history = ("--history", place)
    assert "accepted" not in judge(base, candidate, *history)[1]
    suspected = "may be a spike, or the start of a shift" if newest == 3 else "the level is a new one<"
    assert suspected in judge(base, candidate, *history, "--format", "html")[1]
    words = ["report", "history", "accept", str(place), "b20", "--metric", "search", "--reason", "checks <signatures>"]
    assert CliRunner().invoke(cli, words, standalone_mode=False).exception is None
    code, text = judge(base, candidate, *history)
    plain = judge(base, candidate, *history, "--format", "json")[1]
    markdown = judge(base, candidate, *history, "--format", "markdown")[1]
    page = judge(base, candidate, *history, "--format", "html")[1]
    said = re.search(r"^search: from b20 on it is at 1\d\d(\.\d)? ms instead of [\d.]+, accepted by ", text, re.M)
    assert (code, said is not None) == (10, True), text
    assert "the base is from before that: take a later one" in text
    assert text.splitlines()[-1].startswith("fail: 1 of 2 metrics")
    found = {each["name"]: each["accepted"] for each in json.loads(plain)["metrics"]}
    assert (found["search"]["build"], found["search"]["why"], found["index"]) == ("b20", "checks <signatures>", None)
    assert "- search: from b20 on it is at" in markdown
    assert "<strong>An accepted shift:</strong> from b20 on it is at" in page
    assert page.count("checks &lt;signatures&gt;") == 1
    assert suspected not in page
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    done = CliRunner().invoke(cli, ["judge", str(base), str(candidate), *map(str, history)], standalone_mode=False)
    assert done.stderr.startswith("::error title=wedgate judge%3A search fail::")
    assert "accepted by" in done.stderr.splitlines()[0]
