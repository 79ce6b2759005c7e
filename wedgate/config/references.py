"""Names in one part of the file that refer to another: regions, markets, strategies, template words, subdivisions.

A pass of its own over the plain data, because a model with errors skips such checks, and everything wrong is said at
once. It therefore expects anything anywhere, and leaves to ``shape`` whatever is not of the right type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wedgate.calendars.spelling import SpellingError
from wedgate.calendars.spellings import Categories
from wedgate.config.complaints import Complaints, Path
from wedgate.config.nearest import nearest, remedy_for
from wedgate.config.templates import COMMANDS, LATE, TEMPLATES, words_in

_TEMPLATED: tuple[Path, ...] = (
    *((key,) for key in TEMPLATES),
    ("clusters", "blue"),
    ("clusters", "green"),
    ("backends", "blue"),
    ("backends", "green"),
    ("verify", "url"),
)


def check_references(data: object, complaints: Complaints) -> None:
    """Complain about every name that refers to nothing in this file."""
    file = _mapping(data)
    regions = {
        name: tuple(_mapping(_mapping(plain).get("markets"))) for name, plain in _mapping(file.get("regions")).items()
    }
    _check_subdivisions(file, complaints)
    for rule, plain in _mapping(file.get("rules")).items():
        path: Path = ("rules", rule, "where")
        for place, at in _texts(_mapping(plain).get("where"), path):
            if place != "all":
                _check_place(place, at, regions, complaints)
        for word, at in _texts(_mapping(plain).get("holidays"), ("rules", rule, "holidays")):
            _check_category(word, at, _countries_of(_mapping(plain), file), complaints)
    rollout = _mapping(file.get("rollout"))
    _check_waves(rollout, tuple(regions), complaints)
    _check_order(rollout, tuple(regions), complaints)
    _check_choices(rollout, tuple(regions), complaints)
    _check_target(_mapping(rollout.get("target")), tuple(regions), complaints)


def _mapping(plain: object) -> Mapping[str, Any]:
    return plain if isinstance(plain, dict) else {}


def _texts(plain: object, path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the texts of a text or a list with the path of each; anything else is not asked about."""
    if isinstance(plain, str):
        yield plain.strip(), path
    elif isinstance(plain, list):
        for index, element in enumerate(plain):
            if isinstance(element, str):
                yield element.strip(), (*path, index)


def _check_region(name: str, at: Path, regions: tuple[str, ...], complaints: Complaints) -> bool:
    if name in regions:
        return True
    complaints.value(at, f"unknown region {name!r}", remedy_for(name, regions))
    return False


def _check_place(place: str, at: Path, regions: Mapping[str, tuple[str, ...]], complaints: Complaints) -> None:
    region, slash, market = place.partition("/")
    if not slash:
        if region in regions:
            return
        # `where: singapore` means a market; say where it is.
        owner = next((name for name, markets in regions.items() if region in markets), None)
        remedy = f"did you mean {owner}/{region}?" if owner else remedy_for(region, (*regions, "all"))
        complaints.value(at, f"unknown region {region!r}", remedy)
    elif _check_region(region, at, tuple(regions), complaints) and market not in regions[region]:
        near = nearest(market, regions[region])
        remedy = f"did you mean {region}/{near}?" if near else remedy_for(market, regions[region])
        complaints.value(at, f"unknown market {market!r} in {region}", remedy)


def _check_subdivisions(file: Mapping[str, Any], complaints: Complaints) -> None:
    for region, plain in _mapping(file.get("regions")).items():
        for market, options in _mapping(_mapping(plain).get("markets")).items():
            country, subdivision = _mapping(options).get("country"), _mapping(options).get("subdivision")
            if not isinstance(country, str) or not isinstance(subdivision, str) or not subdivision.strip():
                continue
            from wedgate.almanac.holidays import countries, subdivisions

            if country.strip() not in countries():
                continue
            known = tuple(subdivisions(country.strip()))
            if subdivision.strip() not in known:
                what = f"{country.strip()} has no subdivision {subdivision.strip()!r}"
                remedy = remedy_for(subdivision, known) if known else "it has none; delete the key"
                complaints.value(("regions", region, "markets", market, "subdivision"), what, remedy)


def _countries_of(rule: Mapping[str, Any], file: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the markets a rule is for by their country, for the countries that the almanac knows."""
    from wedgate.almanac.holidays import countries

    places = {place for place, _ in _texts(rule.get("where"), ())}
    only = {country.partition("-")[0] for country, _ in _texts(rule.get("countries"), ())}
    found: dict[str, list[str]] = {}
    for region, plain in _mapping(file.get("regions")).items():
        for market, options in _mapping(_mapping(plain).get("markets")).items():
            country = _mapping(options).get("country")
            named = places & {"all", region, f"{region}/{market}"}
            if only and country not in only:
                continue
            if named and isinstance(country, str) and country.strip() in countries():
                found.setdefault(country.strip(), []).append(f"{region}/{market}")
    return found


def _check_category(word: str, at: Path, countries: Mapping[str, list[str]], complaints: Complaints) -> None:
    """Complain about a category that not every country of the rule has: the almanac has no table to ask there."""
    from wedgate.almanac.holidays import categories

    try:
        (category,) = Categories.parse(word)
    except SpellingError:
        return  # No country has it; ``shape`` says so.
    for country, markets in countries.items():
        known = categories(country)
        if category not in known:
            what = f"{country} has no {category} holidays ({', '.join(markets)})"
            near = nearest(category, known)
            said = f"did you mean {near}?" if near else f"it has {', '.join(known)}"
            complaints.value(at, what, f"{said}; or give the other markets a rule of their own")


def _check_waves(rollout: Mapping[str, Any], regions: tuple[str, ...], complaints: Complaints) -> None:
    waves = rollout.get("waves")
    if not isinstance(waves, list):
        return
    seen: set[str] = set()
    for index, wave in enumerate(waves):
        here: set[str] = set()
        for name, at in _texts(wave, ("rollout", "waves", index)):
            if name in seen:
                complaints.value(at, f"{name} is in an earlier wave already", "name every region once")
            elif _check_region(name, at, regions, complaints):
                here.add(name)
        seen |= here


def _check_order(rollout: Mapping[str, Any], regions: tuple[str, ...], complaints: Complaints) -> None:
    """Complain about waves that break the order; so no line can contradict another, because the waves keep to all."""
    waves = _wave_places(rollout, regions)
    for index, line in enumerate(rollout["order"] if isinstance(rollout.get("order"), list) else ()):
        path: Path = ("rollout", "order", index)
        firsts, thens = (
            [(name, at) for name, at in _texts(_mapping(line).get(key), (*path, key))] for key in ("first", "then")
        )
        known = [_check_region(name, at, regions, complaints) for name, at in (*firsts, *thens)]
        for name, at in (*firsts, *thens):
            if name in regions and name not in waves:
                complaints.value(at, f"{name} is in no wave", "add it to rollout.waves, or delete it here")
                known.append(False)
        if all(known):
            _check_line(firsts, thens, waves, complaints)


def _check_line(
    firsts: Sequence[tuple[str, Path]],
    thens: Sequence[tuple[str, Path]],
    waves: Mapping[str, tuple[int, Path | None]],
    complaints: Complaints,
) -> None:
    for then, at in thens:
        place, in_waves = waves[then]
        if then in dict(firsts):
            complaints.value(at, f"{then} is before itself", "name it once in this line")
            continue
        late = next((first for first, _ in firsts if waves[first][0] >= place), None)
        if late is not None and not complaints.has(in_waves or at):
            what = f"{then} is in wave {place + 1}, and rollout.order has {late} (wave {waves[late][0] + 1}) first"
            complaints.value(in_waves or at, what, f"put {then} into a wave after that of {late}, or change the order")


def _wave_places(rollout: Mapping[str, Any], regions: tuple[str, ...]) -> Mapping[str, tuple[int, Path | None]]:
    """Return the wave of each region, and where the file says so; by default they go one by one."""
    waves = rollout.get("waves")
    if not isinstance(waves, list):
        return {name: (index, None) for index, name in enumerate(regions)}
    return {
        name: (index, at)
        for index, wave in reversed(list(enumerate(waves)))
        for name, at in _texts(wave, ("rollout", "waves", index))
    }


def _check_choices(rollout: Mapping[str, Any], regions: tuple[str, ...], complaints: Complaints) -> None:
    lines, strategies = rollout.get("choose"), tuple(_mapping(rollout.get("strategies")))
    if not isinstance(lines, list):
        return
    for index, line in enumerate(lines):
        path: Path = ("rollout", "choose", index)
        for name, at in _texts(_mapping(line).get("where"), (*path, "where")):
            _check_region(name, at, regions, complaints)
        use = _mapping(line).get("use")
        if isinstance(use, str) and use.strip() not in strategies:
            complaints.value((*path, "use"), f"unknown strategy {use.strip()!r}", remedy_for(use, strategies))


def _check_target(target: Mapping[str, Any], regions: tuple[str, ...], complaints: Complaints) -> None:
    base: Path = ("rollout", "target")
    places = _mapping(target.get("places"))
    for region, place in places.items():
        if region not in regions:
            complaints.key((*base, "places", region), f"unknown region {region!r}", remedy_for(region, regions))
        for word, text in _mapping(place).items():
            for inner in words_in(text) if isinstance(text, str) else ():
                if inner not in LATE:
                    what = f"{{{inner}}} is not filled in inside of places"
                    complaints.value((*base, "places", region, word), what, "write the text out")
    for text, at in _templates(target, base):
        for word in dict.fromkeys(words_in(text)):
            _check_word(word, at, regions, places, complaints)


def _templates(target: Mapping[str, Any], base: Path) -> Iterator[tuple[str, Path]]:
    for path in _TEMPLATED:
        plain: Any = target
        for part in path:
            plain = _mapping(plain).get(str(part))
        yield from _texts(plain if isinstance(plain, str) else None, (*base, *path))
    for key in COMMANDS:
        yield from _texts(target.get(key), (*base, key))


def _check_word(
    word: str, at: Path, regions: tuple[str, ...], places: Mapping[str, Any], complaints: Complaints
) -> None:
    if word == "region" or word in LATE - {"address"}:
        return
    needed = ("blue", "green") if word == "address" else (word,)
    without = [name for name in regions if not all(key in _mapping(places.get(name)) for key in needed)]
    if not without:
        return
    if word == "address":
        what = f"{{address}} needs the addresses of both colours, which {', '.join(without)} lacks"
        complaints.value(at, what, f"add blue: and green: to rollout.target.places.{without[0]}")
        return
    if len(without) < len(regions):
        remedy = f"add {word}: to rollout.target.places.{without[0]}"
        complaints.value(at, f"{{{word}}} has no value in {', '.join(without)}", remedy)
        return
    known = {"region", *LATE, *(key for place in places.values() for key in _mapping(place))}
    near = nearest(word, known)
    remedy = (
        f"did you mean {{{near}}}?"
        if near not in (None, word)
        else f"add {word}: to every region of rollout.target.places"
    )
    complaints.value(at, f"unknown word {{{word}}}", remedy)
