"""`wedgate lint`: problems exit with 2, warnings with 0, and the last line says what was read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wedgate.cli.lint import command

HEAD = "version: 1\nservice: x\nregions: {eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}}\n"
TWICE = (
    "rules:\n  a: {where: all, weekdays: saturday, effect: block}\n  b: {where: eu, weekdays: [sat], effect: block}\n"
)
BROKEN = "rules:\n  a: {where: all, weekdays: satruday, effect: blok}\n"


@pytest.fixture
def lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Run lint in a directory of its own over one text."""
    monkeypatch.chdir(tmp_path)

    def run(text: str | None, *arguments: str) -> Result:
        if text is not None:
            (tmp_path / "wedgate.yml").write_text(text)
        return CliRunner().invoke(command, list(arguments), standalone_mode=False)

    return run


def test_a_clean_file_is_one_line(lint: object) -> None:
    """What was read, how many rules, regions and markets."""
    result = lint(HEAD)
    assert result.output == "wedgate: read wedgate.yml: 0 rules, 1 region, 1 market, nothing to complain about.\n"
    assert result.return_value == 0


def test_warnings_do_not_fail(lint: object) -> None:
    """A repeated rule is said with its line; the exit code stays 0."""
    result = lint(HEAD + TWICE)
    assert result.output.splitlines() == [
        "wedgate.yml:6:3: warning: rules.b: this rule repeats a; delete one of the two",
        "In the next 12 months, open hours of a week:",
        "  eu  144 h, always",
        "wedgate: read wedgate.yml: 2 rules, 1 region, 1 market, 1 warning.",
    ]
    assert result.return_value == 0


def test_problems_exit_with_2(lint: object) -> None:
    """All of them are printed."""
    result = lint(HEAD + BROKEN)
    assert len(result.output.splitlines()) == 3
    assert result.output.splitlines()[-1] == "wedgate: 2 problems in wedgate.yml; a gate with it stays closed."
    assert result.return_value == 2


def test_no_file_is_a_problem(lint: object) -> None:
    """An absent file says what to do; so does a file that was named."""
    assert "write one with `wedgate init`" in lint(None).output
    result = lint(None, "other.yml")
    assert "other.yml: there is no such file" in result.output
    assert result.return_value == 2


def test_annotations_cannot_be_forged(lint: object) -> None:
    """On a runner each is one workflow command at its line, and nothing from the file starts another."""
    forged = HEAD + 'rules:\n  "a\\n::set-output name=x::y": {where: all, weekdays: "x%\\n::error::y", effect: block}\n'
    for text, level in ((HEAD + BROKEN, "error"), (HEAD + TWICE, "warning"), (forged, "error")):
        lines = lint(text, "--format", "github").output.splitlines()
        assert all(line.startswith(f"::{level} file=wedgate.yml,line=") for line in lines[:-1])
        assert len(lines) > 1
        assert "::set-output" not in "".join(line[:3] for line in lines)
        assert lines[-1].startswith("wedgate: ")


def test_json_is_a_record(lint: object) -> None:
    """One object with a schema version, problems, warnings and what was read."""
    broken, warned = (json.loads(lint(text, "--format", "json").output) for text in (HEAD + BROKEN, HEAD + TWICE))
    assert broken["schema_version"] == warned["schema_version"] == 1
    assert [problem["line"] for problem in broken["problems"]] == [5, 5]
    assert broken["read"] is None
    assert warned["warnings"][0]["line"] == 6
    assert (warned["read"]["rules"], warned["read"]["regions"], warned["read"]["markets"]) == (2, 1, 1)


def test_what_a_rollout_probably_does_not_mean(lint: object) -> None:
    """A region in no wave, a strategy that nothing chooses and lines after one that always matches are warnings."""
    text = HEAD.replace("DE}}}}", "DE}}}, us: {markets: {ny: {zone: UTC, country: US}}}}") + (
        "rollout:\n  waves: [[eu]]\n  strategies: {s: {kind: blue-green, bake: 1h}, t: {kind: blue-green, bake: 2h}}\n"
        "  choose: [{use: s}, {use: s}]\n  target: {kind: simulated}\n"
    )
    output = lint(text).output
    assert "us is in no wave" in output
    assert "rollout.strategies.t: nothing chooses it" in output
    assert "matches always" in output


def test_a_bake_that_can_never_pass_is_said(lint: object) -> None:
    """1 % over one region and two steps leaves 0.5 % a step, for which the judge's page says nine slices; twenty when
    the judge is told so."""
    text = HEAD + (
        "rollout:\n  strategies: {quick: {kind: canary, steps: [{weight: 5, bake: 7s}]}}\n  target: {kind: simulated}\n"
        "judge: {slice: 1s, latency-p95: {slices: 5}}\n"
    )
    short = lint(text)
    assert (
        "rollout.strategies.quick: 7s at 5 % are 7 slices of 1s, and no bake passes with fewer than 9;" in short.output
    )
    assert short.return_value == 0
    assert "slices" not in lint(text.replace("bake: 7s", "bake: 20s")).output
    assert "with fewer than 20; bake 20s or more" in lint(text.replace("slices: 5", "slices: 20")).output


def test_a_bake_at_100_percent_needs_slices_where_latency_has_a_ceiling(lint: object) -> None:
    """Without a ceiling nothing is judged by slices there."""
    text = HEAD + (
        "rollout:\n  strategies: {quick: {kind: blue-green, bake: 7s}}\n  target: {kind: simulated}\n"
        "judge: {slice: 1s, latency-p95: {slices: 20}}\n"
    )
    assert "slices" not in lint(text).output
    short = lint(text.replace("slices: 20", "slices: 20, never-above-ms: 800")).output
    assert "7s at 100 % are 7 slices of 1s, and no bake passes with fewer than 20; bake 20s or more" in short


ROLLOUT = """rules: {{weekly: {{where: all, weekdays: saturday, effect: block}}}}
rollout:
  waves: [[eu]]
  strategies: {{only: {{kind: canary, steps: {steps}}}}}
  choose: [{{use: only}}]
  target: {{kind: simulated, path: state.json}}
judge: {{evidence: {{kind: file, path: state.json}}}}
"""


@pytest.mark.parametrize(("bake", "fits"), [("5d", True), ("7d", False), ("300d", False)])
def test_a_bake_longer_than_every_window_of_the_year_is_said(lint: object, bake: str, fits: bool) -> None:
    """Six days lie between two Saturdays: what needs more would wait for ever."""
    output = lint(HEAD + ROLLOUT.format(steps=f"[{{weight: 50, bake: {bake}}}]")).output
    assert ("no rollout fits" in output) is not fits
    if not fits:
        # Six days, and the hour that autumn gives back.
        assert "it is open for 6d 1h at most" in output


@pytest.mark.parametrize(("steps", "is_said"), [("[{weight: 100}]", True), ("[{weight: 50, bake: 1h}]", False)])
def test_everything_at_once_by_another_name_is_said(lint: object, steps: str, is_said: bool) -> None:
    """A canary whose only step is everything is none."""
    assert ("all-at-once is dangerous" in lint(HEAD + ROLLOUT.format(steps=steps)).output) is is_said


TWO = HEAD.replace("regions: {eu:", "regions: {us: {markets: {new-york: {zone: America/New_York, country: US}}}, eu:")
FORKS = "overrides: {approvers: {people: [alice, bob]}, forks: %s%s}\n"


@pytest.mark.parametrize(
    ("forks", "never", "warns"),
    [
        ("allow", "", True),
        ("allow", ", never-count: [author, head-pusher]", True),
        ("allow", ", never-count: [requester, author]", False),
        ("refuse", "", False),
    ],
)
def test_forks_of_which_nothing_can_be_approved_are_named(lint: object, forks: str, never: str, *, warns: bool) -> None:
    """Each approval would be refused, since GitHub does not say who pushed to a fork."""
    result = lint(HEAD + FORKS % (forks, never))
    assert result.return_value == 0
    assert ("overrides.forks: nothing of a fork can be approved" in result.output) is warns


POLICY = "overrides: {approvers: {teams: [a/b, a/c]}, signers: .github/allowed_signers, from-teams: %s}\n"


@pytest.mark.parametrize(
    ("teams", "level", "where"),
    [
        ("2", "warning", "any region"),
        ("{default: 1, us: 2}", "note", "us"),
        ("{default: 2, us: 1}", "note", "eu"),
        ("1", None, ""),
    ],
)  # fmt: skip
def test_signatures_where_teams_are_asked_for_are_said(lint: object, teams: str, level: str | None, where: str) -> None:
    """A file of signers that is of no use anywhere is worth a change; one that is of some is only noted."""
    output = lint(TWO + POLICY % teams, "--notes").output
    words = f"overrides.signers: no signatures open {where}, because of `from-teams`"
    assert (f"{level}: {words}" in output) is (level is not None)
    assert ("overrides.signers" in output) is (level is not None)
