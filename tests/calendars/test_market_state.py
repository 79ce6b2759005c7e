"""What is counted and what is named agree: a market is closed or careful exactly where a rule is named for it."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from wedgate.calendars.kinds import kind_named
from wedgate.calendars.market_state import Tally, findings_of
from wedgate.calendars.tracks import Role, Track
from wedgate.calendars.values import LoadThresholds, Place, Rule, Verdict

LOADS = (Decimal("0.5"), Decimal("0.7"), Decimal(1), Decimal(2), Decimal(4), Decimal(6), Decimal(8))
EVERY_DAY = kind_named("every-day")


class SoftKind(EVERY_DAY):  # type: ignore[misc, valid-type]
    """A kind whose source expires softly."""

    EXPIRES_SOFTLY = True


def track(role: Role, load: Decimal, *, unverified: bool, soft: bool) -> Track:
    kind = SoftKind() if soft else EVERY_DAY()
    rule = Rule(id="r", where=(Place(region="here"),), kind=kind)
    stated = load if role is Role.LOAD else Decimal(1)
    return Track(
        order=0, rule=rule, market="m", role=role, unverified=unverified, load=stated, runs=(), note_runs=tuple
    )


tracks = st.lists(
    st.builds(track, st.sampled_from(Role), st.sampled_from(LOADS), unverified=st.booleans(), soft=st.booleans()),
    max_size=6,
)
thresholds = st.builds(
    lambda low, step: LoadThresholds(caution_from=low, block_from=low + step),
    st.sampled_from(LOADS),
    st.sampled_from((Decimal(0), Decimal(1), Decimal(4))),
)


def state_of(active: list[Track], limits: LoadThresholds, *, has_allows: bool) -> tuple[Verdict, Decimal]:
    tally = Tally(active, has_allows=has_allows, thresholds=limits)
    return tally.state(sum({1 << sort for sort in tally.sort_of}))


@given(tracks, thresholds, st.booleans())
@example([track(Role.LOAD, Decimal(8), unverified=True, soft=True)], LoadThresholds(), False)
def test_the_verdict_is_that_of_the_rules_named(active: list[Track], limits: LoadThresholds, elsewhere: bool) -> None:
    allows = [each for each in active if each.role is Role.ALLOW and not each.unverified]
    allows += [track(Role.ALLOW, Decimal(1), unverified=False, soft=False)] if elsewhere else []
    found = findings_of(active, allows, limits)
    closes = any(each.closes for each in found)
    expected = Verdict.CLOSED if closes else Verdict.CAUTION if found else Verdict.OPEN
    assert state_of(active, limits, has_allows=bool(allows))[0] is expected


def test_the_surge_of_a_saturday_inside_a_season_is_its_own_load_and_a_lull_takes_some_of_it() -> None:
    season, surge = (track(Role.LOAD, Decimal(load), unverified=False, soft=False) for load in (4, 6))
    lull = track(Role.LOAD, Decimal("0.5"), unverified=False, soft=False)
    assert state_of([season], LoadThresholds(), has_allows=False) == (Verdict.CAUTION, 4)
    assert state_of([season, surge], LoadThresholds(), has_allows=False) == (Verdict.CLOSED, 6)
    assert state_of([season, surge, lull], LoadThresholds(), has_allows=False) == (Verdict.CAUTION, 3)
    unknown_lull = replace(lull, unverified=True)
    assert state_of([season, surge, unknown_lull], LoadThresholds(), has_allows=False) == (Verdict.CLOSED, 6)


def test_what_a_soft_source_does_not_know_asks_for_care_at_its_load_and_hides_nothing() -> None:
    soft = track(Role.LOAD, Decimal(8), unverified=True, soft=True)
    assert state_of([soft], LoadThresholds(), has_allows=False) == (Verdict.CAUTION, 8)
    known = track(Role.LOAD, Decimal(6), unverified=False, soft=False)
    assert state_of([soft, known], LoadThresholds(), has_allows=False) == (Verdict.CLOSED, 8)
