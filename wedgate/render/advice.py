"""What to do now, in one or two sentences: the last line of every answer."""

from __future__ import annotations

from wedgate.calendars.values import Verdict
from wedgate.gate.decide import words_of
from wedgate.gate.decision import ConfigOrigin, Decision, Mode, RegionDecision
from wedgate.gate.reasons import ReasonCode
from wedgate.render.local import local_words, market_of, utc_words

DEFAULT_PATHS = ("wedgate.yml", ".github/wedgate.yml")
"""The files that are read without ``--config``; render does not know the loader, which has them too."""

_TROUBLE = {
    ReasonCode.CONFIG_MISSING: "Write a starter with `wedgate init`, then ask again.",
    ReasonCode.CONFIG_INVALID: "Correct the configuration (`wedgate lint` checks it), then ask again.",
    ReasonCode.CONFIG_LOOSENED: "Get the override, or leave out what opens.",
    ReasonCode.CLOCK_UNTRUSTED: "Set the clock, then ask again.",
    ReasonCode.FORGE_UNREACHABLE: "Ask again when the forge answers; nothing opens until it does.",
}


def advice(decision: Decision) -> str:
    """Say what to do now; nothing here opens what the verdict closes."""
    code = decision.reasons[0].code
    if not decision.regions or code in (ReasonCode.CONFIG_LOOSENED, ReasonCode.CONFIG_INVALID):
        return _TROUBLE.get(code, "Go on: the change to the configuration alone may be merged.")
    if decision.verdict is Verdict.CLOSED:
        words = f"Wait until {opening_words(decision)}" if decision.next_open else no_opening_words(decision)
        open_then = [region.region for region in decision.regions if region.verdict is not Verdict.CLOSED]
        alone = " ".join(f"--region {name}" for name in open_then)
        when = "then" if decision.hypothetical else "now"
        also = f" Not closed {when}: {', '.join(open_then)} (`wedgate check {alone}`)." if open_then else ""
        is_pointless = decision.runway_needed is not None or decision.next_open is None
        longer = "" if is_pointless else f" For an opening long enough ask `wedgate next{_flags(decision)} --needs 3h`."
        words = f"{words}.{also}{longer}"
    elif decision.next_close is None:
        words = f"{_go(decision)}; nothing closes it before {_horizon(decision)}."
    else:
        left = words_of(decision.next_close - decision.at)
        words = f"{_go(decision)}, and be done in {left}: it closes {closing_words(decision)}."
    if decision.mode is Mode.OBSERVE:
        would = "would be stopped" if decision.verdict is Verdict.CLOSED else "would go on"
        words = f"Only observing (mode: observe): nothing is stopped; with `mode: enforce` this {would}. {words}"
    return words


def opening_words(decision: Decision) -> str:
    """Say when all the asked regions are open, by the clock of the region that opens last."""
    assert decision.next_open is not None
    last = [region for region in decision.regions if region.next_open == decision.next_open]
    region = (last or list(decision.regions))[0]
    return _instant(decision, region, decision.next_open)


def closing_words(decision: Decision) -> str:
    """Say when the first of the asked regions closes, by its own clock."""
    assert decision.next_close is not None
    first = [
        region
        for region in decision.regions
        if region.answer is not None and region.answer.next_close == decision.next_close
    ]
    return _instant(decision, (first or list(decision.regions))[0], decision.next_close)


def no_opening_words(decision: Decision) -> str:
    """Say that no opening is known, how far was looked, and which region opens alone."""
    opening = [(region.next_open, region) for region in decision.regions if region.next_open is not None]
    if not opening:
        return f"No known opening before {_horizon(decision)}"
    soonest, region = min(opening, key=lambda pair: pair[0])
    alone = f"{region.region} {'is open' if soonest == decision.at else f'opens {_instant(decision, region, soonest)}'}"
    return f"Never all open at once before {_horizon(decision)}; {alone}: ask with `--region {region.region}`"


def _flags(decision: Decision) -> str:
    """Return the options that ask the same place again: a file of another name, and the one region asked about."""
    path = decision.inputs.config_path
    is_named = decision.inputs.config_origin is ConfigOrigin.WORKING_FILE and path not in DEFAULT_PATHS
    config = f" --config {path}" if is_named else ""
    region = f" --region {decision.regions[0].region}" if len(decision.regions) == 1 else ""
    return f"{config}{region}"


def _go(decision: Decision) -> str:
    if decision.hypothetical:
        return "A deployment could go then"
    return "Deploy with care" if decision.verdict is Verdict.CAUTION else "Deploy now"


def _horizon(decision: Decision) -> str:
    return f"{decision.horizon:%Y-%m-%d}" if decision.horizon else "the end of what is known"


def _instant(decision: Decision, region: RegionDecision, instant: object) -> str:
    from datetime import datetime

    assert isinstance(instant, datetime)
    if region.answer is None:
        return utc_words(instant)
    return local_words(instant, market_of(region.answer, instant).zone, asked_at=decision.at)
