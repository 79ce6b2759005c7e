"""How a suite is judged, from plain data: margins of single metrics, advisory ones, and a score (docs/judge.md)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from wedgate.judge.comparison import Margins
from wedgate.judge.reading import Place, Reader, is_finite, kind_of
from wedgate.judge.scoring import Thresholds
from wedgate.judge.suite import Group, ScoreSettings, SuiteSettings


def parse_suite_settings(plain: object, margins: Margins) -> SuiteSettings:
    """Return the settings that plain data spells, over the margins of all others; ``ReportError`` with all wrongs."""
    reader = _Reader()
    found = reader.object_at(plain, (), {"advisory", "margins", "score"})
    margins_at = reader.object_at(found.get("margins", {}), ("margins",))
    settings = SuiteSettings(
        margins=margins,
        margins_of={name: reader.margins(each, ("margins", name), margins) for name, each in margins_at.items()},
        advisory=frozenset(reader.names(found, "advisory", ())),
        score=reader.score(found["score"]) if "score" in found else None,
    )
    reader.finish()
    return settings


class _Reader(Reader):
    def object_at(self, plain: object, place: Place, keys: Collection[str] | None = None) -> dict[str, Any]:
        if not isinstance(plain, Mapping):
            self.wrong(place, f"expected an object, got {kind_of(plain)}", "write `name: value` pairs")
            return {}
        for key in plain if keys is not None else ():
            if key not in (keys or ()):
                self.wrong((*place, str(key)), "is not a setting", f"use one of {', '.join(sorted(keys or ()))}")
        return {str(key): value for key, value in plain.items()}

    def names(self, plain: Mapping[str, Any], key: str, place: Place) -> tuple[str, ...]:
        listed = plain.get(key, [])
        if not isinstance(listed, list):
            self.wrong((*place, key), f"expected a list, got {kind_of(listed)}", "write names of metrics: [search]")
            return ()
        found = [self.line(each, (*place, key, at)) for at, each in enumerate(listed)]
        return tuple(each for each in found if each is not None)

    def margins(self, plain: object, place: Place, default: Margins) -> Margins:
        found = self.object_at(plain, place, {"worse-by", "missed", "at-least"})
        changed = replace(
            default,
            worse_by=self.percent(found, "worse-by", place, default.worse_by),
            missed=self.percent(found, "missed", place, default.missed),
        )
        changed = self.at_least(found, place, changed)
        if changed.worse_by >= changed.missed:
            self.wrong(place, "`missed` is not more than `worse-by`", "write a larger `missed`")
        return changed

    def at_least(self, plain: Mapping[str, Any], place: Place, default: Margins) -> Margins:
        """Take a difference in a unit of its own, such as `0.5 ms`, or a number, which is in the base's."""
        value = plain.get("at-least")
        if not isinstance(value, str):
            return replace(default, at_least=self.amount(plain, "at-least", place, default.at_least))
        number, _, unit = value.strip().partition(" ")
        try:
            amount = float(number)
        except ValueError:
            amount = -1.0
        if not 0 <= amount < float("inf") or not unit.strip():
            self.wrong((*place, "at-least"), f"{value!r} is no amount", "write it with its unit, such as 0.5 ms")
            return default
        return replace(default, at_least=amount, at_least_unit=unit.strip())

    def percent(self, plain: Mapping[str, Any], key: str, place: Place, default: float) -> float:
        if key not in plain:
            return default
        text = plain[key]
        if isinstance(text, str) and text.endswith("%"):
            try:
                found = float(text.removesuffix("%")) / 100
            except ValueError:
                found = -1.0
            if 0 <= found < 1:
                return found
        self.wrong((*place, key), f"{text!r} is no percentage below 100%", "write it with its sign, such as 5%")
        return default

    def amount(
        self, plain: Mapping[str, Any], key: str, place: Place, default: float, most: float = float("inf")
    ) -> float:
        value = plain.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not is_finite(value):
            self.wrong((*place, key), f"expected a number, got {kind_of(value)}", "write a number")
            return default
        if not 0 <= value <= most:
            remedy = "write 0 or more" if most == float("inf") else f"write a number from 0 to {most:g}"
            self.wrong((*place, key), f"is {value:g}", remedy)
            return default
        return float(value)

    def score(self, plain: object) -> ScoreSettings:
        place: Place = ("score",)
        found = self.object_at(plain, place, {"pass", "marginal", "critical", "groups"})
        thresholds = Thresholds(
            pass_from=self.amount(found, "pass", place, Thresholds().pass_from, 100),
            marginal_from=self.amount(found, "marginal", place, Thresholds().marginal_from, 100),
        )
        if not 0 < thresholds.marginal_from <= thresholds.pass_from:
            self.wrong(place, "`marginal` is above `pass`, or 0", "write marginal: 75 and pass: 95")
        groups = self.object_at(found.get("groups", {}), ("score", "groups"))
        listed = tuple(self.group(name, each) for name, each in groups.items())
        given = [group.weight for group in listed if group.weight is not None]
        if sum(given) > 100 + 1e-9:
            self.wrong(("score", "groups"), f"the weights come to {sum(given):g}", "write weights that come to 100")
        critical = frozenset(self.names(found, "critical", place))
        return ScoreSettings(thresholds=thresholds, critical=critical, groups=listed)

    def group(self, name: str, plain: object) -> Group:
        place: Place = ("score", "groups", name)
        found = self.object_at(plain, place, {"weight", "metrics"})
        weight = self.amount(found, "weight", place, 0.0, 100) if "weight" in found else None
        metrics = self.names(found, "metrics", place)
        if not metrics:
            self.wrong((*place, "metrics"), "names no metric", 'write names of metrics: [search, "page *"]')
        return Group(name=name, weight=weight, metrics=metrics)
