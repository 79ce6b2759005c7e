"""Values that are made quickly are the values that ``dataclasses`` makes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import dataclass, field

import pytest

from wedgate.making import quick


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """What ``dataclasses`` makes."""

    kind: str
    value: int = 7
    items: list[int] = field(default_factory=list)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    """The same, made quickly."""

    kind: str
    value: int = 7
    items: list[int] = field(default_factory=list)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Even:
    """A value that looks at itself."""

    number: int

    def __post_init__(self) -> None:
        """Refuse what is odd."""
        if self.number % 2:
            raise ValueError("odd")


@pytest.mark.parametrize(
    "given",
    [{"kind": "a"}, {"kind": "a", "value": 0}, {"items": [1], "kind": "b"}, {"kind": "c", "value": 1, "items": ()}],
)
def test_it_has_the_same_fields(given: dict[str, object]) -> None:
    """Given ones, defaults, and what a factory makes, anew for each."""
    plain, made = Plain(**given), Quick(**given)  # type: ignore[arg-type]
    assert dataclasses.asdict(made) == dataclasses.asdict(plain)
    assert (type(made), repr(made)) == (Quick, repr(plain).replace("Plain", "Quick"))
    assert made == Quick(**given) == copy.deepcopy(made) == pickle.loads(pickle.dumps(made))  # type: ignore[arg-type]  # noqa: S301
    assert "items" in given or made.items is not Quick(kind="a").items


@pytest.mark.parametrize("given", [{}, {"kind": "a", "what": 1}])
def test_it_refuses_the_same(given: dict[str, object]) -> None:
    """A field that is missing, and one that it does not have."""
    for made in (Plain, Quick):
        with pytest.raises(TypeError, match=r"missing 1 required|unexpected keyword"):
            made(**given)


def test_it_is_frozen() -> None:
    """From the moment that it is filled."""
    made = Quick(kind="a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.value = 8  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.value
    assert hash(Even(number=2)) == hash(Even(number=2))


def test_it_looks_at_itself() -> None:
    """What is checked after it was filled is checked at each time, the first too."""
    for _ in range(2):
        with pytest.raises(ValueError, match="odd"):
            Even(number=3)
    assert Even(number=4).number == 4


def test_no_other_class_can_be_quick() -> None:
    """One without slots, and one whose fields may be given by their places."""

    @dataclass(frozen=True, kw_only=True)
    class Loose:
        number: int

    @dataclass(frozen=True, slots=True)
    class Placed:
        number: int

    for kind in (Loose, Placed):
        with pytest.raises(TypeError, match="slotted dataclass"):
            quick(kind)
