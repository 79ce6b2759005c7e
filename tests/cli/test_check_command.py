"""`wedgate check` as it is typed: one answer in every format, exit codes, and what a runner is told."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from github_world import GithubWorld, Pull

from wedgate.cli.check import command
from wedgate.errors import UsageError
from wedgate.render.json import SCHEMA_PATH

REGIONS = """
version: 1
service: venue-search
regions:
  eu-central:
    markets:
      berlin: {zone: Europe/Berlin, country: DE}
      london: {zone: Europe/London, country: GB}
  us-east:
    markets:
      new-york: {zone: America/New_York, country: US}
"""
SATURDAY = REGIONS + "rules:\n  saturdays: {where: all, weekdays: saturday, effect: block, reason: weddings}\n"
ALWAYS = REGIONS + "rules:\n  always: {where: all, weekdays: monday..sunday, effect: block}\n"
ON_SATURDAY = "2026-06-06T12:00:00Z"
ON_FRIDAY = "2026-06-05T12:00:00Z"


@pytest.fixture
def world() -> Iterator[Any]:
    """Serve a GitHub."""
    with GithubWorld() as found:
        yield found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def ask(*arguments: str) -> tuple[int, Result]:
    """Run the command, and return its exit code."""
    result = CliRunner().invoke(command, list(arguments), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return int(result.return_value), result


def outputs_in(text: str) -> dict[str, str]:
    """Read GITHUB_OUTPUT as a runner does."""
    return {
        name: value for name, _, value in re.findall(r"^([\w-]+)<<(\S+)\n(.*?)\n\2$", text, re.MULTILINE | re.DOTALL)
    }


def test_open_is_0_and_closed_is_10(place: Path) -> None:
    """The two exit codes that a gate is for."""
    (place / "wedgate.yml").write_text(SATURDAY)
    assert ask("--at", ON_FRIDAY)[0] == 0
    assert ask("--at", ON_SATURDAY)[0] == 10


def test_the_text_says_where_why_and_until_when(place: Path) -> None:
    """Local time first, UTC beside it, and at last what to do."""
    (place / "wedgate.yml").write_text(SATURDAY)
    _, result = ask("--at", ON_SATURDAY)
    words = " ".join(result.output.split())
    assert "eu-central closed Sat 14:00 Berlin, Sat 13:00 London: saturdays: " in words
    assert "(weddings); opens Sun 7 Jun 00:00 in London (Sat 6 Jun 23:00 UTC)." in words
    assert "us-east closed Sat 08:00 New York" in words
    assert "Wait until Sun 7 Jun 00:00 in New York (04:00 UTC)." in words
    assert max(len(line) for line in result.output.splitlines()) <= 80


def test_the_text_says_what_closes_next(place: Path) -> None:
    """O03: the next closing, and its reason."""
    (place / "wedgate.yml").write_text(SATURDAY)
    for form in ("text", "markdown"):
        words = " ".join(ask("--at", ON_FRIDAY, "--format", form)[1].output.replace("\\", "").split())
        assert re.search(r"closes Sat 6 Jun 00:00 in New York \(04:00 UTC\), then saturdays: .*weddings", words)


def test_regions_that_are_never_open_together_are_told_so(place: Path) -> None:
    """Office hours of three continents do not meet; one of them opens next all the same."""
    (place / "wedgate.yml").write_text(
        "version: 1\nservice: s\nregions:\n"
        "  a: {markets: {x: {zone: Europe/Berlin, country: DE}}}\n"
        "  b: {markets: {y: {zone: America/Los_Angeles, country: US}}}\n"
        "  c: {markets: {z: {zone: Australia/Sydney, country: AU}}}\n"
        "rules:\n  office: {where: all, weekdays: monday..friday, time: '09:00..17:00', effect: allow}\n"
    )
    words = " ".join(ask("--at", "2026-06-02T15:00:00Z")[1].output.split())
    assert "Never all open at once before 2038-" in words
    assert "; b opens Tue 2 Jun 09:00 in Los Angeles (16:00 UTC): ask with `--region b`." in words
    assert "wedgate next" not in words


def test_advice_asks_the_same_file_and_region_again(place: Path) -> None:
    """What it says can be typed."""
    (place / "other.yml").write_text(SATURDAY)
    words = " ".join(ask("--at", ON_SATURDAY, "--config", "other.yml", "--region", "us-east")[1].output.split())
    assert "`wedgate next --config other.yml --region us-east --needs 3h`" in words


def test_what_is_left_and_what_was_asked_for_never_read_the_same(place: Path) -> None:
    """A day and ten minutes are not a day."""
    (place / "wedgate.yml").write_text(SATURDAY)
    words = " ".join(ask("--at", "2026-06-05T04:00:00Z", "--runway", "24h10m", "--region", "us-east")[1].output.split())
    assert "closes in 1 d, and 1 d 1 h were asked for" in words


def test_explain_lists_rules_that_do_not_match_too_with_date_offset_and_line(place: Path) -> None:
    """O08: the offset is the one valid on that date."""
    (place / "wedgate.yml").write_text(SATURDAY)
    for at, offset in (("2026-06-05T12:00:00Z", "+02:00"), ("2026-01-05T12:00:00Z", "+01:00")):
        words = " ".join(ask("--at", at, "--explain")[1].output.split())
        day = "Fri 2026-06-05" if "06" in at[5:7] else "Mon 2026-01-05"
        assert "saturdays block wedgate.yml:13" in words
        assert f"berlin: {day}, UTC{offset} in Europe/Berlin, does not match" in words


def test_explain_names_the_data_of_each_rule(place: Path) -> None:
    """The zone database by its version, a source by its own version and the last day it is complete for: the version
    is that of the holidays package that the tables were generated from."""
    content = SATURDAY.replace("country: US}", "country: US, subdivision: NY}")
    (place / "wedgate.yml").write_text(content + "  days: {where: us-east, holidays: public, effect: caution}\n")
    record = json.loads(ask("--at", ON_FRIDAY, "--explain", "--format", "json")[1].output)
    saturdays, days = (
        next(look for look in record["looks"] if look["rule"] == rule and look["market"] == "new-york")
        for rule in ("saturdays", "days")
    )
    zones = importlib.import_module("pytz").OLSON_VERSION
    assert saturdays["data"] == {"zones": zones, "sources": []}
    (source,) = days["data"]["sources"]
    assert (days["defined_at"], days["data"]["zones"]) == ("wedgate.yml:14", zones)
    assert source["name"] == "public holidays of US-NY"
    assert source["source"] == f"generated from holidays {record['inputs']['holidays']}"
    assert source["verified_until"] == "2035-12-31"
    text = ask("--at", ON_FRIDAY, "--explain", "--region", "us-east")[1].output
    assert max(len(line) for line in text.splitlines()) <= 80
    words = " ".join(text.split())
    assert f"Rules looked at in us-east, by zones {zones}:" in words
    assert "data: public holidays of US-NY: generated from holidays" in words
    markdown = ask("--at", ON_FRIDAY, "--explain", "--format", "markdown")[1].output
    assert "| wedgate.yml:14 |" in markdown
    assert "verified until 2035-12-31" in markdown


def test_a_date_beyond_the_holiday_data_is_not_open(place: Path) -> None:
    """V21: in 2041 a block by holidays counts as closed, a caution as caution, and the answer says what it lacks; in
    2035 the same days are known."""
    for effect, code, verdict, reason in (
        ("block", 10, "closed", "calendar_unverified"),
        ("caution", 0, "caution", "load_unverified"),
    ):
        rule = f"rules:\n  days: {{where: us-east, holidays: public, effect: {effect}}}\n"
        (place / "wedgate.yml").write_text(REGIONS + rule)
        asked = ("--region", "us-east", "--format", "json", "--at")
        found, result = ask(*asked, "2041-06-05T12:00:00Z")
        record = json.loads(result.output)
        assert (found, record["verdict"], record["reason_code"]) == (code, verdict, reason)
        assert any("does not cover this date" in words for words in record["not_verified"])
        assert json.loads(ask(*asked, "2035-06-05T12:00:00Z")[1].output)["verdict"] == "open"


@pytest.mark.parametrize(("at", "said"), [("2026-06-06T12:00:00", "has no offset"), ("saturday", "is not an instant")])
def test_an_instant_without_an_offset_is_refused(place: Path, at: str, said: str) -> None:
    """O10: no zone is assumed."""
    (place / "wedgate.yml").write_text(SATURDAY)
    with pytest.raises(UsageError, match=said):
        ask("--at", at)


@pytest.mark.parametrize("at", [ON_FRIDAY, ON_SATURDAY])
@pytest.mark.parametrize("content", [REGIONS, SATURDAY, ALWAYS], ids=["no-rules", "saturday", "always"])
def test_the_record_keeps_its_schema(place: Path, content: str, at: str) -> None:
    """Each kind of answer is valid against the committed schema."""
    (place / "wedgate.yml").write_text(content)
    _, result = ask("--at", at, "--format", "json", "--explain", "--runway", "1h")
    jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text())).validate(json.loads(result.output))


def test_trouble_keeps_the_schema_too(place: Path) -> None:
    """A closed answer without a calendar is a record like any other."""
    code, result = ask("--format", "json")
    assert code == 2
    record = json.loads(result.output)
    jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text())).validate(record)
    assert (record["verdict"], record["decision"]) == ("closed", "deny")


def test_the_same_question_has_the_same_answer_in_every_format(
    place: Path, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O06: verdict, opening and reason in text, JSON, Markdown, action outputs and summary."""
    content = REGIONS + "rules:\n  forever: {where: all, dates: 2020-01-01..2093-01-01, effect: block}\n"
    world.put("wedgate.yml", content.encode())
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_OUTPUT", str(place / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place / "summary"))
    (place / "summary").write_text("before\n")
    answers = {form: ask("--format", form) for form in ("text", "json", "markdown", "github")}
    assert {code for code, _ in answers.values()} == {10}
    outputs = outputs_in((place / "output").read_text())
    record, result = json.loads(answers["json"][1].output), json.loads(outputs["result"])
    for each in (record, result):
        assert (each["verdict"], each["next_open"], each["reason_code"]) == ("closed", None, "rule_blocks")
    assert outputs["verdict"] == "closed"
    assert outputs["decision"] == "deny"
    assert outputs["next-open"] == ""
    assert outputs["reason-code"] == "rule_blocks"
    summary = (place / "summary").read_text()
    assert summary.startswith("before\n###")
    for text in (answers["text"][1].output, answers["markdown"][1].output, answers["github"][1].output, summary):
        assert "closed" in text
        assert "forever" in text
        assert re.search("[Nn]o known opening before ", " ".join(text.split()))


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/New_York"])
def test_the_machines_zone_changes_nothing(place: Path, zone: str) -> None:
    """O07: the same record whatever TZ says."""
    (place / "wedgate.yml").write_text(SATURDAY)
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-m", "wedgate", "check", "--format", "json", "--at", ON_SATURDAY],
        env={"PATH": os.environ["PATH"], "HOME": str(place), "TZ": zone},
        cwd=place,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    record = json.loads(done.stdout)
    assert (record["at"], record["verdict"], record["next_open"]) == (ON_SATURDAY, "closed", "2026-06-07T04:00:00Z")


def test_a_hypothetical_answer_opens_nothing_on_a_runner(
    place: Path, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--at` never yields `open` as an action output, and the step fails."""
    world.put("wedgate.yml", SATURDAY.encode())
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_OUTPUT", str(place / "output"))
    code, result = ask("--format", "github", "--at", ON_FRIDAY)
    assert "::error title=wedgate::this step fails: --at is hypothetical" in result.output
    outputs = outputs_in((place / "output").read_text())
    assert code == 10
    assert (outputs["verdict"], outputs["decision"], outputs["reason-code"]) == ("closed", "deny", "hypothetical")
    assert '"open"' not in (place / "output").read_text()


def test_a_pull_request_that_deletes_saturday_from_its_checkout_stays_closed(
    place: Path, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a runner the checkout's file is not read at all."""
    (place / "wedgate.yml").write_text(REGIONS)
    world.put("wedgate.yml", ALWAYS.encode())
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    code, result = ask("--format", "json")
    assert code == 10
    assert json.loads(result.output)["inputs"]["config_origin"] == "default-branch"


@pytest.mark.parametrize(
    ("head", "moved", "files", "expected"),
    [
        (REGIONS, False, ["wedgate.yml"], ["config_loosened"]),
        (
            ALWAYS + "  more: {where: all, weekdays: monday, effect: block}\n",
            False,
            ["wedgate.yml"],
            ["config_tightened"],
        ),
        (ALWAYS, False, ["wedgate.yml", "app.py"], ["rule_blocks"]),
        (REGIONS, False, ["wedgate.yml", "app.py"], ["config_loosened", "rule_blocks"]),
        (REGIONS, False, [*(f"src/{n}.py" for n in range(300)), "wedgate.yml"], ["config_loosened", "rule_blocks"]),
        (ALWAYS, False, [f"src/{n}.py" for n in range(300)], ["rule_blocks"]),
        (REGIONS, True, ["wedgate.yml"], ["config_loosened"]),
    ],
    ids=["loosening", "tightening", "with code", "loosening with code", "too many files", "only code", "moved on"],
)
def test_a_pull_request_is_judged_by_its_change_and_the_calendar(
    place: Path, world: Any, monkeypatch: pytest.MonkeyPatch,
    head: str, moved: bool, files: list[str], expected: list[str],
) -> None:  # fmt: skip
    """With code beside it the calendar has to let it go as well; it is this commit that is asked about, wherever the
    branch is by now."""
    world.put("wedgate.yml", ALWAYS.encode())
    world.put("wedgate.yml", head.encode(), ref="b" * 40)
    world.pulls[7] = Pull(head="c" * 40 if moved else "b" * 40)
    world.comparisons["a" * 40, "b" * 40] = [(name, None) for name in files]
    event = {
        "number": 7,
        "repository": {"default_branch": "main"},
        "pull_request": {"number": 7, "base": {"ref": "main", "sha": "a" * 40}, "head": {"sha": "b" * 40}},
    }
    (place / "event.json").write_text(json.dumps(event))
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(place / "event.json"))
    record = json.loads(ask("--format", "json")[1].output)
    assert list(dict.fromkeys(reason["code"] for reason in record["reasons"])) == expected, "one for each local day"


def test_a_runners_clock_an_hour_off_is_not_trusted(place: Path, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The forge's Date is what it is compared with."""
    world.put("wedgate.yml", REGIONS.encode())
    world.shifted_seconds = 3600
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    code, result = ask("--format", "json")
    assert (code, json.loads(result.output)["reason_code"]) == (10, "clock_untrusted")


def test_observe_says_what_would_have_been_blocked_and_fails_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is asked; the exit code is 0, the outputs allow."""
    (place / "wedgate.yml").write_text(ALWAYS + "mode: observe\n")
    monkeypatch.setenv("GITHUB_OUTPUT", str(place / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place / "summary"))
    code, result = ask("--format", "github")
    outputs = outputs_in((place / "output").read_text())
    assert (code, outputs["verdict"], outputs["decision"]) == (0, "closed", "allow")
    assert "would have been blocked" in (place / "summary").read_text()
    assert "::error" not in result.output
    assert "::warning" in result.output


def test_what_a_rule_says_cannot_talk_to_the_runner(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reason with a workflow command and a forged output in it stays text."""
    hostile = '"x\\n::error::forged\\ndecision=allow </details> | @all `"'
    (place / "wedgate.yml").write_text(ALWAYS.replace("effect: block", f"effect: block, reason: {hostile}"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(place / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place / "summary"))
    code, result = ask("--format", "github")
    assert code in (2, 10)
    assert not re.search(r"^\s*::error::forged", result.output, re.MULTILINE)
    assert outputs_in((place / "output").read_text())["decision"] == "deny"
    assert (place / "summary").read_text().count("</details>") <= 2


def test_a_terminal_says_when_its_file_differs_from_the_default_branch(place: Path) -> None:
    """Compared with origin/HEAD of the clone; without git it is not known."""
    (place / "wedgate.yml").write_text(SATURDAY)

    def differs() -> bool | None:
        found: bool | None = json.loads(ask("--at", ON_FRIDAY, "--format", "json")[1].output)["inputs"][
            "differs_from_default_branch"
        ]
        return found

    assert differs() is None
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
    for arguments in (
        ["init", "-q"],
        ["add", "wedgate.yml"],
        ["commit", "-q", "-m", "x"],
        ["update-ref", "refs/remotes/origin/HEAD", "HEAD"],
    ):
        subprocess.run([*git, *arguments], cwd=place, check=True)
    assert differs() is False
    (place / "wedgate.yml").write_bytes(SATURDAY.replace("\n", "\r\n").encode())
    assert differs() is False
    (place / "wedgate.yml").write_text(REGIONS)
    assert differs() is True
    assert "differs from the default branch" in " ".join(ask("--at", ON_FRIDAY)[1].output.split())
    (place / "other.yml").write_text(SATURDAY)
    other = " ".join(ask("--at", ON_FRIDAY, "--config", "other.yml")[1].output.split())
    assert "differs from the default branch" in other
    (place / ".gitignore").write_text("other.yml\n")
    ignored = " ".join(ask("--at", ON_FRIDAY, "--config", "other.yml")[1].output.split())
    assert "default branch" not in ignored, "what git ignores is nobody's version of anything"
    subprocess.run([*git, "update-ref", "-d", "refs/remotes/origin/HEAD"], cwd=place, check=True)
    assert differs() is None
    assert "could not be compared with the default branch" in " ".join(ask("--at", ON_FRIDAY)[1].output.split())


OWN = """
adapters adapters.forge adapters.forge.git_copy adapters.forge.runner
almanac almanac.files almanac.gather almanac.holidays almanac.zones
calendars calendars.dated_items calendars.differences calendars.durations calendars.explain calendars.facts
calendars.items calendars.kinds calendars.kinds.weekdays calendars.local_time calendars.market_state
calendars.market_timeline calendars.matches calendars.merged calendars.month_day_items calendars.padding
calendars.rule_words calendars.sources calendars.spelling calendars.spellings calendars.tables calendars.timeline
calendars.tracks calendars.values calendars.weekday_items calendars.weekday_sets calendars.weekly_items
calendars.windows calendars.wording calendars.words
cli cli.check cli.freezes cli.main cli.options cli.places cli.sources cli.wiring
config config.build config.build_state config.cache config.configuration config.load config.nearest config.rule_keys
config.scalars config.schema_words config.source config.templates
engine engine.check engine.horizon engine.parts errors making
gate gate.change gate.clock gate.decide gate.decision gate.reasons gate.words
render render.advice render.decision_words render.local render.text
"""


def test_check_imports_nothing_heavy_once_the_configuration_is_known(place: Path) -> None:
    """The import budget: on the second run click is all that is not of the standard library, and no more than these
    modules of wedgate."""
    (place / "wedgate.yml").write_text(SATURDAY)
    program = (
        "import sys; sys.argv = ['wedgate', 'check', '--at', '2026-06-06T12:00:00Z', '--config', 'wedgate.yml']\n"
        "from wedgate.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "from importlib.metadata import packages_distributions\n"
        "known = set(packages_distributions())\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print('IMPORTED', *sorted(names & known))\n"
        "print('OWN', *sorted(name for name in sys.modules if name.startswith('wedgate.')))\n"
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-I", "-X", "utf8", "-c", program],
            cwd=place,
            env={"PATH": os.environ["PATH"], "HOME": str(place)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    imported = set(re.search(r"^IMPORTED (.*)$", done.stdout, re.MULTILINE)[1].split())  # type: ignore[index]
    own = set(re.search(r"^OWN (.*)$", done.stdout, re.MULTILINE)[1].split())  # type: ignore[index]
    site = {name for name in imported if not name.startswith("_")}
    assert site <= {"click", "wedgate"}, site
    assert own <= {f"wedgate.{name}" for name in OWN.split()}
