"""Cases drawn from the bugs of other systems: configurations that must be refused, one test for each id.

V04 (a region that is asked for) and V21 (holiday data that does not cover a date) are ``check``'s, V18 is about action
inputs. V06 and V16 are warnings of lint here, and V13 and V14 hold because no rule is spelled in cron.
"""

from __future__ import annotations

import dataclasses

import pytest

from wedgate.config.load import parse_configuration
from wedgate.config.warnings import warnings_of
from wedgate.errors import ConfigurationError

HEAD = "version: 1\nservice: x\nregions: {eu: {markets: {berlin: {zone: ZONE, country: DE}}}}\n"


def read(rules: str = "", *, zone: str = "Europe/Berlin", rest: str = "") -> object:
    """Read a small configuration with these rules."""
    text = HEAD.replace("ZONE", zone) + (f"rules:\n  {rules}\n" if rules else "") + rest
    return parse_configuration(text.encode(), name="f")


def refused(rules: str = "", **parts: str) -> str:
    """Return what is said about a configuration that must be refused."""
    with pytest.raises(ConfigurationError) as raised:
        read(rules, **parts)
    return str(raised.value)


def rule(keys: str) -> str:
    """Return one blocking rule with these keys."""
    return f"a: {{where: all, {keys}, effect: block}}"


REFUSED = {
    "V01": [(refused, {"zone": "Europe/Berlni"}, "did you mean Europe/Berlin?")],
    "V02": [(refused, {"zone": zone}, "the zone") for zone in ("EST", "PST", "CST", "+8", "UTC+8", "'+08:00'")],
    "V03": [(refused, {"zone": "europe/berlin"}, "did you mean Europe/Berlin?")],
    "V05": [(refused, {"rules": "a: {weekdays: saturday, effect: block}"}, "'where' is missing")],
    "V07": [(refused, {"rules": rule("time: 17:31..17:31")}, "starts where it ends")],
    "V08": [
        (refused, {"rules": rule("time: 08:00..24:01")}, "time"),
        (refused, {"rules": rule("time: 24:00..06:00")}, "time"),
        (refused, {"rules": rule("time: 08:00..")}, "time"),
        (refused, {"rules": rule("time: 08:00")}, "time"),
    ],
    "V09": [(refused, {"rules": rule(f"time: {time}..23:00")}, "time") for time in ("01:99", "99:99")],
    "V10": [
        (refused, {"rules": rule("weekdays: blurgsday")}, "weekday"),
        (refused, {"rules": rule("weekdays: 1")}, "weekdays"),
        (refused, {"rules": rule("weekdays: '1'")}, "weekday"),
        (refused, {"rules": rule("months: martius")}, "month"),
    ],
    "V11": [
        *((refused, {"rules": rule(f"yearly: {day}")}, "yearly") for day in ("01-00", "01-50", "01--5", "13-01")),
        *((refused, {"rules": rule(f"month-days: {days}")}, "month-days")
          for days in (0, 50, -50, "20..10", "10..-25", "-15..5", "last 0", "last 50")),
    ],
    "V12": [(refused, {"rules": rule("dates: 2022-01-01..2020-01-01")}, "dates")],
    "V13": [
        (refused, {"rules": rule("cron: '0 24 * * *'")}, "rules.a.cron: unknown key"),
        (refused, {"rules": rule("cron: '0 0 * * 7'")}, "rules.a.cron: unknown key"),
        (refused, {"rules": rule("weekdays: '0 24 * * *'")}, "weekdays"),
    ],
    "V14": [
        (refused, {"rules": rule("schedule: '0 0 0 * *'")}, "rules.a.schedule: unknown key"),
        (refused, {"rules": rule("time: '0 0 0 * * *'")}, "time"),
    ],
    "V15": [
        (refused, {"rest": f"judge: {{slice: {duration}}}\n"}, "judge.slice") for duration in ("1w", "3a", "0h", "-1h")
    ],
    "V17": [
        (refused, {"rest": "timezone: Europe/Berlin\n"}, "unknown key"),
        (refused, {"rules": rule("timeZone: Europe/Berlin, weekdays: saturday")}, "did you mean zone?"),
        (refused, {"rules": rule("holliday: public")}, "did you mean holidays?"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    """The file is refused, and the message names the field or the nearest word."""
    for ask, parts, said in REFUSED[case]:
        assert said in ask(**parts), parts


def test_v06_the_same_rule_twice_is_a_warning() -> None:
    """Two rules that differ in their id alone: lint names both."""
    text = "a: {where: all, weekdays: saturday, effect: block}\n  b: {where: eu, weekdays: [sat], effect: block}"
    (warning,) = warnings_of(read(text))
    assert "rules.b: this rule repeats a" in str(warning)
    assert warning.line == 6


def test_v08_a_day_may_end_at_24_00() -> None:
    """``24:00`` is a legal end."""
    assert read(rule("time: 18:00..24:00")).calendar.rules[0].clock.end is None


def test_v15_days_have_their_plain_meaning() -> None:
    """``7d`` is seven times 24 hours, ``1h30m`` ninety minutes."""
    assert read(rest="judge: {slice: 7d}\n").judge.slice_length.total_seconds() == 7 * 86400
    assert read(rest="judge: {slice: 1h30m}\n").judge.slice_length.total_seconds() == 5400


def test_v16_a_rule_that_never_matches_is_a_warning() -> None:
    """30 February is valid, and said; 29 February is not worth a word."""
    (warning,) = warnings_of(read(rule("yearly: 02-30")))
    assert "rules.a: this rule never matches" in str(warning)
    (warning,) = warnings_of(read(rule("yearly: 02-14, months: [march]")))
    assert "never matches" in str(warning)
    assert warnings_of(read(rule("yearly: 02-29"))) == ()


def test_v19_spaces_around_values_do_not_matter() -> None:
    """A quoted value with spaces reads as without them."""
    spaced = "a: {where: ' eu ', weekdays: ' saturday ', time: ' 08:00..12:00 ', effect: ' block ', reason: ' x '}"
    plain = "a: {where: eu, weekdays: saturday, time: 08:00..12:00, effect: block, reason: x}"
    assert read(spaced).calendar == read(plain).calendar
    assert read(zone="' Europe/Berlin '").calendar == read().calendar


def test_v20_one_broken_rule_shuts_the_gate_and_names_all_that_is_broken() -> None:
    """Good rules do not rescue a file with a broken one, and every broken one is named."""
    text = "\n  ".join(
        [
            "good: {where: all, weekdays: saturday, effect: block}",
            "bad1: {where: all, weekdays: satruday, effect: block}",
            "bad2: {where: us, weekdays: sunday, effect: block}",
        ]
    )
    said = refused(text)
    assert "rules.bad1.weekdays" in said
    assert "rules.bad2.where" in said
    assert "good" not in said


def test_v22_editing_one_field_leaves_the_others() -> None:
    """Another effect changes nothing else of the rule, its zone included."""
    text = "a: {where: eu, weekdays: saturday, time: 08:00..12:00, zone: Asia/Tokyo, load: 2, reason: x, effect: block}"
    before = read(text).calendar.rules[0]
    after = read(text.replace("block", "caution")).calendar.rules[0]
    assert dataclasses.replace(after, effect=before.effect) == before
    assert after.effect != before.effect


def complaints(rules: str, **parts: str) -> list[str]:
    """Return what is said about a configuration that must be refused, line by line."""
    return refused(rules, **parts).splitlines()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("holidays: bank", "f:5:29: rules.a.holidays: DE has no bank holidays (eu/berlin); it has catholic, public"),
        ("holidays: [public, armed_forces]", "f:5:38: rules.a.holidays[1]: DE has no armed_forces holidays"),
        ("holidays: Catholics", '"catholics" is not a holiday category; did you mean "catholic"?'),
    ],
)
def test_a_category_that_a_country_does_not_have_is_found_before_it_is_asked(keys: str, said: str) -> None:
    """The position is the word's, and the message names the markets; the holidays package lists no bank holidays for
    Germany."""
    (line,) = complaints(rule(keys))
    assert said in line


def test_a_category_matters_only_where_the_rule_is() -> None:
    """Japan has bank holidays in the package's own list; a rule for it alone is fine."""
    text = HEAD.replace("ZONE", "Europe/Berlin").replace("DE}}}}", "DE}, tokyo: {zone: Asia/Tokyo, country: JP}}}}")
    for where, refuses in (("eu/tokyo", False), ("eu/berlin", True), ("eu", True)):
        rules = f"rules:\n  a: {{where: {where}, holidays: bank, effect: block}}\n"
        if refuses:
            with pytest.raises(ConfigurationError, match=r"DE has no bank holidays \(eu/berlin\)"):
                parse_configuration((text + rules).encode(), name="f")
        else:
            parse_configuration((text + rules).encode(), name="f")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("dates: [2020-01-01, 2020-01-01]", "rules.a.dates[1]: '2020-01-01' is named twice; delete one of the two"),
        ("weekdays: [saturday, Sat]", "rules.a.weekdays[1]: 'Sat' is named twice"),
        ("yearly: [02-14, 12-24, 02-14]", "rules.a.yearly[2]: '02-14' is named twice"),
        ("weekdays: sunday, months: [june, jun]", "rules.a.months[1]: 'jun' is named twice"),
        ("holidays: [public, public]", "rules.a.holidays[1]: 'public' is named twice"),
    ],
)
def test_the_same_item_twice_in_one_rule_is_refused(keys: str, said: str) -> None:
    """However it is spelled: one of the two was meant to be something else."""
    (line,) = complaints(rule(keys))
    assert said in line


def test_a_double_key_and_a_tag_hide_nothing() -> None:
    """Everything wrong is said at once: the first value is kept, the tag passed over, and the rest is checked."""
    text = (
        "a: {where: all, weekdays: !day saturday, effect: blok}\n"
        "  b: {where: eu, where: us, weekdays: satruday, load: !!int 4}\n"
        "  a: {where: nowhere}"
    )
    said = [line.partition(";")[0] for line in complaints(text)]
    assert said == [
        "f:5:29: the tag !day means nothing here",
        "f:5:52: rules.a.effect: unknown word 'blok'",
        "f:6:18: the key 'where' is given twice, first in line 6",
        'f:6:39: rules.b.weekdays: "satruday" is not a weekday',
        "f:6:55: the tag tag:yaml.org,2002:int means nothing here",
        "f:7:3: the key 'a' is given twice, first in line 5",
    ]
