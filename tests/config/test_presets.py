"""Presets and what a region extends: rows become rules, are changed key by key, and go by their ids."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from wedgate.almanac.presets import preset_bytes, preset_names
from wedgate.calendars.values import Effect, Place, Rule
from wedgate.cli.lint import check
from wedgate.cli.preset import command
from wedgate.config.configuration import Configuration
from wedgate.config.load import load_configuration, parse_configuration
from wedgate.config.preset_file import parse_preset, read_preset
from wedgate.config.warnings import warnings_of
from wedgate.errors import ConfigurationError, ExternalSystemError, UsageError
from wedgate.render.presets import page_of_shipped

SHA = "0123456789abcdef0123456789abcdef01234567"
SHARED = f"acme/calendars//ops/fairs.yml@{SHA}"
FAIRS = b"""title: Fairs
version: 3
rules:
  spring-fair: {yearly: 03-06..03-07, effect: caution, confidence: high, source: "PLAT-1"}
  autumn-fair: {yearly: 10-02, load: 3, countries: DE, confidence: recalled, source: "the venue team"}
"""
HEAD = """version: 1
service: x
regions:
  east:
    extends: {east}
    markets: {{ny: {{zone: America/New_York, country: US, subdivision: NY}}}}
  west:
    extends: {west}
    markets: {{la: {{zone: America/Los_Angeles, country: US, subdivision: CA}}}}
"""


def read(rules: str = "", *, east: str = "wedding/us-east", west: str = "wedding/us-east") -> Configuration:
    """Read a file of two regions that extend these, with these lines under ``rules:``."""
    text = HEAD.format(east=east, west=west) + (f"rules:\n{rules}" if rules else "")
    return parse_configuration(text.encode(), name="f", shared=lambda ref: FAIRS if str(ref) == SHARED else None)


def rule(configuration: Configuration, rule_id: str) -> Rule:
    """Return the rule of that id."""
    return next(each for each in configuration.calendar.rules if each.id == rule_id)


@pytest.mark.parametrize("name", preset_names())
def test_every_shipped_preset_is_valid(name: str) -> None:
    """Each passes the checks that a file from outside must pass, and reads the same without them."""
    checked = parse_preset(preset_bytes(name), name=name, file=name)
    assert checked == read_preset(name)
    assert checked.countries
    assert checked.description


def test_the_presets_that_the_configuration_page_promises_are_there() -> None:
    """Four regions of weddings, and two trades that know no weddings."""
    weddings = {f"wedding/{region}" for region in ("us-east", "us-west", "eu-central", "asia-pacific")}
    assert set(preset_names()) == weddings | {"retail", "finance-close"}


def test_what_is_only_recalled_never_closes_by_itself() -> None:
    """Rows of confidence ``recalled`` have no effect but caution, and a load below the one that blocks."""
    for name in preset_names():
        for row in read_preset(name).rows:
            if row.confidence == "recalled":
                assert row.rule.get("effect", "caution") == "caution", row.id
                assert row.rule.get("load", 1) < 6, row.id


def test_public_holidays_never_close() -> None:
    """As blocks they would close asia-pacific for a third of the year."""
    for name in preset_names():
        holidays = [row for row in read_preset(name).rows if "holidays" in row.rule]
        assert holidays, name
        assert all(row.rule["effect"] == "caution" for row in holidays), name


def test_rows_are_rules_before_the_files_own_in_the_order_of_the_preset() -> None:
    """The id is the preset's name and the row's; the origin says file, line, source and confidence."""
    configuration = read("  mine: {where: all, weekdays: monday, effect: block}\n", west="finance-close")
    ids = [each.id for each in configuration.calendar.rules]
    preset = read_preset("wedding/us-east")
    assert ids[: len(preset.rows)] == [f"wedding/us-east/{row.id}" for row in preset.rows]
    assert ids[len(preset.rows)].startswith("finance-close/")
    assert ids[-1] == "mine"
    origin = rule(configuration, "wedding/us-east/valentine").origin
    assert origin is not None
    line = preset_bytes("wedding/us-east").decode().splitlines()[origin.line - 1]
    assert (origin.file, line.strip(), origin.confidence) == ("wedding/us-east", "valentine:", "high")
    assert rule(configuration, "mine").origin is None


def test_a_preset_that_two_regions_extend_makes_one_rule_for_both() -> None:
    """Ids stay unique."""
    configuration = read()
    ids = [each.id for each in configuration.calendar.rules]
    assert len(ids) == len(set(ids))
    assert rule(configuration, "wedding/us-east/valentine").where == (Place(region="east"), Place(region="west"))


def test_a_change_replaces_the_keys_that_it_names_and_no_other() -> None:
    """``{load: 3}`` keeps the days; other days keep the load."""
    before = rule(read(), "wedding/us-east/high-season")
    less = rule(read("  wedding/us-east/high-season: {load: 3}\n"), before.id)
    later = rule(read("  wedding/us-east/high-season: {yearly: 05-01..09-30}\n"), before.id)
    assert (less.kind, less.load) == (before.kind, 3)
    assert (later.kind == before.kind, later.load) == (False, before.load)


def test_another_way_to_say_when_replaces_the_rows_own() -> None:
    """``dates`` takes the place of ``yearly``; padding and effect stay."""
    before = rule(read(), "wedding/us-east/valentine")
    changed = rule(read("  wedding/us-east/valentine: {dates: 2027-02-13}\n"), before.id)
    assert changed.kind.KEY == "dates"
    assert (changed.pad, changed.effect, changed.load) == (before.pad, Effect.BLOCK, before.load)


def test_a_change_names_its_line_and_keeps_its_origin() -> None:
    """So that an explanation points to both places."""
    changed = rule(read("  wedding/us-east/valentine: {load: 7}\n"), "wedding/us-east/valentine")
    assert changed.line == 11
    assert changed.origin is not None
    assert rule(read(), "wedding/us-east/valentine").line == 5


def test_a_change_may_narrow_a_row_to_a_market() -> None:
    """``where`` replaces the regions that extend."""
    changed = rule(read("  wedding/us-east/valentine: {where: west/la}\n"), "wedding/us-east/valentine")
    assert changed.where == (Place(region="west", market="la"),)


def test_a_row_is_switched_off_by_its_id() -> None:
    """It is no rule any more, and all others are."""
    ids = {each.id for each in read("  wedding/us-east/wedding-days: disabled\n").calendar.rules}
    assert {each.id for each in read().calendar.rules} - ids == {"wedding/us-east/wedding-days"}


def test_a_row_for_other_countries_is_absent() -> None:
    """``countries`` that no market of the region has: no rule, until a change names one that it has."""
    absent = "wedding/eu-central/christmas", "wedding/eu-central/registry-fridays"
    ids = {each.id for each in read(east="wedding/eu-central").calendar.rules}
    assert [row in ids for row in absent] == [True, False]
    widened = read(f"  {absent[1]}: {{countries: US}}\n", east="wedding/eu-central")
    assert rule(widened, absent[1]).where == (Place(region="east"),)


def test_a_shared_calendar_counts_at_its_commit() -> None:
    """Its rows have ids without the commit, and an origin with it; its content is recorded by digest."""
    configuration = read("  acme/calendars//ops/fairs.yml/spring-fair: {effect: block}\n", east=f"[{SHARED}, retail]")
    fair = rule(configuration, "acme/calendars//ops/fairs.yml/spring-fair")
    assert (fair.effect, fair.origin.file if fair.origin else None) == (Effect.BLOCK, SHARED)
    assert "acme/calendars//ops/fairs.yml/autumn-fair" not in {each.id for each in configuration.calendar.rules}
    assert configuration.extended[SHARED] == f"sha256:{hashlib.sha256(FAIRS).hexdigest()}"
    assert set(configuration.extended) == {SHARED, "retail", "wedding/us-east"}


def test_two_commits_of_one_shared_calendar_collide() -> None:
    """Their rows would have the same ids."""
    other = SHARED.replace(SHA, "f" * 40)
    with pytest.raises(ConfigurationError, match=r"f:8:14: .*the rows of acme/calendars//ops/fairs.yml collide"):
        read(east=SHARED, west=other)


def test_what_is_wrong_in_a_shared_calendar_is_said_at_its_own_lines() -> None:
    """Everything at once: a missing source, a where, an unknown key, a recalled block."""
    broken = (
        b"title: x\nversion: 1\nrules:\n  a: {yearly: 03-06, effect: block, confidence: recalled, source: y}\n"
        b"  b: {where: all, yearly: 03-6, load: 2, confidence: sure}\n  c: {yearly: 03-06, effects: block}\n"
        b"  d: {table: fairs.yml, effect: block, confidence: high, source: y}\n"
    )
    text = HEAD.format(east=SHARED, west="retail")
    with pytest.raises(ConfigurationError) as raised:
        parse_configuration(text.encode(), name="f", shared=lambda _: broken)
    found = {(problem.file, problem.line, problem.what.partition(":")[2].strip()) for problem in raised.value.problems}
    assert found >= {
        (SHARED, 4, "what is only recalled may not decide alone"),
        (SHARED, 5, "'source' is missing"),
        (SHARED, 5, "unknown word 'sure'"),
        (SHARED, 5, "a row is for the region that extends"),
        (SHARED, 6, "'confidence' is missing"),
        (SHARED, 6, "unknown key"),
        (SHARED, 7, "'fairs.yml' would be a file beside the configuration that extends"),
    }


def test_a_shared_calendar_that_is_not_there_is_an_error() -> None:
    """Nothing is left out in silence."""
    other = SHARED.replace("fairs", "fayres")
    with pytest.raises(ConfigurationError, match=r"f:5:14: .*has no file ops/fayres.yml"):
        read(east=other)


def test_a_shared_calendar_that_nobody_hands_out_is_an_error() -> None:
    """What keeps it from being fetched is not caught on the way."""

    def unreachable(_: object) -> bytes:
        raise ExternalSystemError("no answer")

    with pytest.raises(ExternalSystemError, match="no answer"):
        parse_configuration(HEAD.format(east=SHARED, west="retail").encode(), name="f", shared=unreachable)


def test_a_remembered_configuration_is_forgotten_with_its_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another content of a preset under the same file of the user is read anew."""
    assert rule(read(), "wedding/us-east/high-season").load == 4
    changed = preset_bytes("wedding/us-east").replace(
        b"yearly: 04-01..10-31, load: 4", b"yearly: 04-01..10-31, load: 3"
    )
    monkeypatch.setattr("wedgate.almanac.presets.preset_bytes", lambda _: changed)
    assert rule(read(), "wedding/us-east/high-season").load == 3


def test_a_remembered_configuration_is_the_same(own_cache: Path) -> None:
    """Rows, changes, digests and origins survive being remembered."""
    rules = "  wedding/us-east/valentine: {load: 7}\n  wedding/us-east/christmas: disabled\n"
    first = read(rules, east=f"[wedding/us-east, {SHARED}]")
    assert list(own_cache.glob("*.json"))
    assert read(rules, east=f"[wedding/us-east, {SHARED}]") == first


def test_lint_has_nothing_to_say_of_rows_that_nobody_here_wrote() -> None:
    """Two presets may have the same row; that is no mistake of the file that extends both."""
    configuration = read(west="[wedding/us-west, retail, finance-close]")
    now = datetime(2026, 11, 27, tzinfo=UTC)
    assert [str(problem) for problem in warnings_of(configuration, now=now) if "repeats" in problem.what] == []


def test_the_example_of_a_wedding_platform_has_no_problem() -> None:
    """Presets in four regions, own rules beside them, one row switched off: lint finds nothing wrong."""
    found = check(Path(__file__).parent / "positive" / "example-calendar.yml")
    problems, configuration = found.problems, found.configuration
    assert problems == ()
    assert configuration is not None
    ids = {each.id for each in configuration.calendar.rules}
    assert "wedding/us-east/memorial-day-sunday" in ids
    assert "wedding/us-east/labor-day-sunday" not in ids


def test_a_row_applies_to_the_regions_that_it_reaches() -> None:
    """Of two regions that extend a preset, a row for the countries of one is a rule of that one alone."""
    text = HEAD.format(east="wedding/eu-central", west="wedding/eu-central")
    text = text.replace("country: US, subdivision: CA", "country: AT")
    found = rule(parse_configuration(text.encode(), name="f"), "wedding/eu-central/registry-fridays")
    assert found.where == (Place(region="west"),)


def run(*arguments: str) -> str:
    """Return what `wedgate preset` prints."""
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.output


def test_the_page_is_the_generated_one(repository_root: Path) -> None:
    """After a change of rows: ``make presets``."""
    page = (repository_root / "docs" / "reference" / "presets.md").read_text(encoding="utf-8")
    assert page == page_of_shipped()


def test_list_names_every_preset_and_what_it_closes() -> None:
    """As text and as JSON."""
    text, plain = run("list"), json.loads(run("list", "--format", "json"))
    assert all(name in text for name in preset_names())
    closing = {each["name"]: [row["id"] for row in each["rows"] if row["closes"]] for each in plain["presets"]}
    assert "retail/black-friday-week" in closing["retail"]
    assert "retail/returns-week" not in closing["retail"]


def test_show_says_when_what_source_and_whom_a_row_reaches(tmp_path: Path) -> None:
    """With a configuration its markets, and what it changed; a row without a market says so."""
    config = tmp_path / "wedgate.yml"
    rules = "rules:\n  wedding/eu-central/valentine: {load: 7}\n  wedding/eu-central/new-year: disabled\n"
    config.write_text(HEAD.format(east="wedding/eu-central", west="retail") + rules)
    assert load_configuration(config).calendar.rules
    plain = json.loads(run("show", "wedding/eu-central", "--config", str(config), "--format", "json"))
    rows = {row["id"].rpartition("/")[2]: row for row in plain["presets"][0]["rows"]}
    assert (rows["valentine"]["reaches"], rows["valentine"]["state"]) == (["east/ny"], "changed")
    assert (rows["new-year"]["reaches"], rows["new-year"]["state"]) == ([], "switched off")
    assert rows["registry-fridays"]["reaches"] == []
    assert "Stat. Landesamt BW" in rows["registry-fridays"]["source"]
    text = run("show", "wedding/eu-central", "--row", "registry-fridays", "--config", str(config))
    assert "no market of this configuration" in text
    assert "friday, 08:00..16:00, in may..september" in text


def test_show_says_until_when_a_source_knows() -> None:
    """China's holidays are decided a year at a time; Japan's are law until the horizon of all tables."""
    plain = json.loads(run("show", "wedding/asia-pacific", "--row", "public-holidays", "--format", "json"))
    known = plain["presets"][0]["rows"][0]["known_until"]
    assert (known["CN"], known["JP"]) == ("2026-12-31", "2035-12-31")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "wedding/us-eastt"), "did you mean wedding/us-east?"),
        (("show", "wedding/us-east", "--row", "valentin"), "did you mean valentine?"),
        (("show", "acme/calendars//x.yml@main"), "full SHA of a commit"),
    ],
)
def test_show_names_the_nearest(arguments: tuple[str, ...], said: str) -> None:
    """One clear error."""
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        run(*arguments)
