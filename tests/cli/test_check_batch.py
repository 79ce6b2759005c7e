"""`wedgate check --batch`: each line is answered as `check` would, in order, and a bad line stops no other."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from wedgate.cli.check import command
from wedgate.errors import UsageError
from wedgate.render.batch import SCHEMA_PATH

CONFIG = """version: 1
service: venue-search
regions:
  eu:
    markets:
      berlin: {zone: Europe/Berlin, country: DE, subdivision: BE}
      london: {zone: Europe/London, country: GB, subdivision: ENG}
  us: {markets: {new-york: {zone: America/New_York, country: US, subdivision: NY}}}
  quiet: {markets: {tokyo: {zone: Asia/Tokyo, country: JP}}}
  windows: {markets: {oslo: {zone: Europe/Oslo, country: "NO"}}}
rules:
  saturdays: {where: [eu, us], weekdays: saturday, effect: block, reason: weddings}
  surge: {where: eu, weekdays: friday, time: 22:00..06:00, load: 7}
  holidays: {where: [eu, us], holidays: public, effect: caution}
  office: {where: us, weekdays: monday..friday, time: 09:00..17:00, effect: allow}
  first: {where: windows, dates: 2026-03-01, effect: allow}
  later: {where: windows, dates: 2026-08-01, effect: allow}
"""
FRIDAY = "2026-06-05T12:00:00Z"
SATURDAY = "2026-06-06T12:00:00Z"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a directory with a configuration."""
    (tmp_path / "wedgate.yml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return tmp_path


def ask(*arguments: str, input_: bytes | None = None) -> Result:
    """Run the command."""
    result = CliRunner().invoke(command, list(arguments), standalone_mode=False, input=input_)
    if result.exception is not None:
        raise result.exception
    return result


def batch(lines: Sequence[object]) -> tuple[int, list[dict[str, Any]]]:
    """Ask by standard input; every line that comes out keeps the schema."""
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    result = ask("--batch", "-", input_=text.encode())
    found = [json.loads(line) for line in result.stdout.splitlines()]
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text()))
    for record in found:
        schema.validate(record)
    return int(result.return_value), found


def test_every_line_is_answered_as_check_answers_it(place: Path) -> None:
    """Instants of six years (and one of 50 years later) in random order: verdicts, codes, rules, openings and closings
    are those of a check by itself."""
    draw = random.Random(4)  # noqa: S311
    start = datetime(2026, 1, 1, tzinfo=UTC)
    instants = [start + timedelta(minutes=draw.randrange(6 * 365 * 1440)) for _ in range(24)]
    # The first window is over, and named for a day more; nothing else changes between the two.
    instants[1:1] = [datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 10, 12, tzinfo=UTC)]
    instants += [datetime(2086, 5, 4, 3, tzinfo=UTC), datetime(2035, 12, 31, 22, 30, tzinfo=UTC)]
    questions = [
        {"id": number, "at": at.isoformat(), **({} if number % 3 else {"regions": ["us", "eu"]})}
        for number, at in enumerate(instants)
    ]
    code, answers = batch(questions)
    assert (code, [answer["id"] for answer in answers]) == (0, list(range(len(questions))))
    for question, answer in zip(questions, answers, strict=True):
        regions = [word for name in question.get("regions", ()) for word in ("--region", name)]
        record = json.loads(ask("--at", question["at"], "--format", "json", *regions).output)
        for key in ("at", "hypothetical", "verdict", "next_open", "next_close"):
            assert answer[key] == record[key], (question, key)
        assert [each["region"] for each in answer["regions"]] == [each["region"] for each in record["regions"]]
        for mine, told in zip(answer["regions"], record["regions"], strict=True):
            for key in ("verdict", "load", "next_open", "next_close"):
                assert mine[key] == told[key], (question, key)
            pairs = dict.fromkeys((reason["code"], reason["rule"]) for reason in told["reasons"])
            assert [(reason["code"], reason["rule"]) for reason in mine["reasons"]] == list(pairs), question


def test_a_bad_line_is_said_and_the_others_are_answered(place: Path) -> None:
    """With its number, and its id where it has one; the exit code is 2."""
    code, found = batch(
        [
            {"at": FRIDAY},
            "not json",
            "",
            {"at": "2026-06-06T12:00:00", "id": "naive"},
            {"at": SATURDAY, "regions": ["uss"]},
            {"at": SATURDAY, "regions": []},
            {"at": SATURDAY, "runway": "2h"},
            {"at": "2150-01-01T00:00:00Z"},
            [1],
            '{"at": NaN}',
            "[" * 50_000,
            {"at": SATURDAY, "regions": ["eu"]},
        ]
    )
    assert code == 2
    said = {record["line"]: record["error"] for record in found if "error" in record}
    assert sorted(said) == [2, 4, 5, 6, 7, 8, 9, 10, 11]
    for line, words in (
        (2, "no JSON"), (4, "has no offset"), (5, "did you mean us"), (6, "no list of names"), (7, "unknown key"),
        (8, "from 1970 to 2099"), (9, "no JSON object"), (10, "no value of JSON"), (11, "no JSON"),
    ):  # fmt: skip
        assert words in said[line]
    assert found[2]["id"] == "naive"
    assert (found[0]["regions"][0]["verdict"], found[-1]["verdict"]) == ("open", "closed")
    assert [each["region"] for each in found[-1]["regions"]] == ["eu"]


def test_on_a_runner_nothing_is_open_and_the_step_fails(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for `--at`: verdicts are closed, hypothetical comes first, and the exit code is 10."""
    (place / "questions").write_text(json.dumps({"at": FRIDAY}) + "\n" + json.dumps({"at": SATURDAY}))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setattr("wedgate.adapters.forge.runner.is_runner", lambda environment: False)
    result = ask("--batch", "questions")
    assert result.return_value == 10
    assert "this step fails: --batch is hypothetical" in result.stderr
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    for answer in answers:
        assert answer["verdict"] == "closed"
        for region in answer["regions"]:
            assert (region["verdict"], region["reasons"][0]["code"]) == ("closed", "hypothetical")
            assert "open" not in {reason["code"] for reason in region["reasons"]}
    assert answers[0]["regions"][0]["next_open"] is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--at", FRIDAY), "leave --at out"),
        (("--region", "eu", "--explain"), "leave --region, --explain out"),
        (("--replay", "x"), "leave --replay out"),
        (("--format", "json"), "has no format json"),
    ],
)
def test_what_does_not_fit_is_refused(place: Path, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ask("--batch", "-", *arguments, input_=b"")


def test_a_file_that_cannot_be_read_is_one_error(place: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.jsonl cannot be read"):
        ask("--batch", "none.jsonl")
    with pytest.raises(UsageError, match=r"cannot be read \(Is a directory\)"):
        ask("--batch", ".")


def test_without_a_configuration_nothing_is_answered(place: Path) -> None:
    (place / "wedgate.yml").unlink()
    with pytest.raises(Exception, match=r"there is no wedgate\.yml") as raised:
        ask("--batch", "-", input_=json.dumps({"at": FRIDAY}).encode())
    assert raised.value.exit_code == 2


def test_the_schema_knows_the_codes_of_the_record() -> None:
    """One list of reason codes, in both schemas."""
    batch_schema, decision_schema = (
        json.loads(SCHEMA_PATH.with_name(f"{name}.schema.json").read_text()) for name in ("batch", "decision")
    )
    for name in ("code", "instant", "verdict"):
        assert batch_schema["$defs"][name] == decision_schema["$defs"][name]
