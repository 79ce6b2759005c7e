"""What holds for every kind of report: each mistake has its place, and parser and schema agree."""

from __future__ import annotations

import jsonschema
import pytest
from report_kinds import MEASUREMENTS, REGRESSION, ReportKind

from wedgate.judge.reading import ReportError

KINDS = (MEASUREMENTS, REGRESSION)
BAD = [pytest.param(kind, *bad, id=f"{kind.name} {bad[0]} {bad[1]!r}") for kind in KINDS for bad in kind.bad]
FINE = [pytest.param(kind, *fine, id=f"{kind.name} {fine[0]}") for kind in KINDS for fine in kind.fine]


@pytest.mark.parametrize(("kind", "path", "value", "says"), BAD)
def test_what_is_wrong_is_named_by_its_place(kind: ReportKind, path: str, value: object, says: str) -> None:
    """Each mistake is refused with its place; none of them is overlooked."""
    with pytest.raises(ReportError) as caught:
        kind.parse(kind.changed(path, value))
    assert str(caught.value).startswith(says)
    assert len(caught.value.complaints) == 1


@pytest.mark.parametrize(("kind", "path", "value", "says"), BAD)
def test_the_schema_refuses_what_the_parser_refuses(kind: ReportKind, path: str, value: object, says: str) -> None:
    """An editor that knows the schema marks the same mistakes."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(kind.changed(path, value), kind.schema(), format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize(("kind", "path", "value"), FINE)
def test_parser_and_schema_agree_on_what_is_good(kind: ReportKind, path: str, value: object) -> None:
    """What may be left out may be left out, and what may be added may be added, in both."""
    jsonschema.validate(kind.changed(path, value), kind.schema())
    kind.parse(kind.changed(path, value))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_schema_is_a_schema(kind: ReportKind) -> None:
    """The committed file is valid JSON Schema."""
    jsonschema.Draft202012Validator.check_schema(kind.schema())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("plain", [None, [], "text", 5, float("nan"), {}])
def test_anything_else_is_refused(kind: ReportKind, plain: object) -> None:
    """Plain data of any other kind is a report error and no other exception."""
    with pytest.raises(ReportError):
        kind.parse(plain)
