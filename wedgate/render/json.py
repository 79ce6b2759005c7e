"""A decision as JSON: the record of ``resources/decision.schema.json``, the same for every way of asking."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wedgate.calendars.values import MarketAnswer, RuleLook, SourceLook
from wedgate.gate.decide import is_allowed
from wedgate.gate.decision import Decision, Inputs, OverrideLook, Reason, RegionDecision
from wedgate.render.local import offset_words
from wedgate.render.looks import defined_at

SCHEMA_VERSION = 1
SCHEMA_PATH = Path(__file__).parent / "resources" / "decision.schema.json"


def render_json(decision: Decision, *, indent: int | None = 2) -> str:
    """Return the record as JSON text, in ASCII for every stream there is; without an indent it is one line."""
    return json.dumps(plain_decision(decision), indent=indent)


def plain_decision(decision: Decision) -> dict[str, Any]:
    """Return the record as plain data."""
    inputs = decision.inputs
    return {
        "schema_version": SCHEMA_VERSION,
        "at": instant(decision.at),
        "hypothetical": decision.hypothetical,
        "mode": decision.mode.value,
        "verdict": decision.verdict.value,
        "decision": "allow" if is_allowed(decision) else "deny",
        "reason_code": decision.reasons[0].code.value,
        "reasons": [plain_reason(reason) for reason in decision.reasons],
        "next_open": _maybe(decision.next_open),
        "next_close": _maybe(decision.next_close),
        "horizon": _maybe(decision.horizon),
        "runway_seconds": seconds(decision.runway),
        "runway_needed_seconds": seconds(decision.runway_needed),
        "regions": [_region(region) for region in decision.regions],
        "override": [_override(look) for look in decision.overrides] or None,
        "not_verified": list(decision.not_verified),
        "expiring": list(decision.expiring),
        "looks": [_look(look, decision.inputs) for look in decision.looks],
        "inputs": {
            "config_digest": inputs.config_digest,
            "config_origin": inputs.config_origin.value if inputs.config_origin else None,
            "config_path": inputs.config_path,
            "config_ref": inputs.config_ref,
            "differs_from_default_branch": inputs.differs_from_default_branch,
            "zone_data": inputs.zone_data,
            "holidays": inputs.holidays,
            "wedgate": inputs.wedgate,
            "extends": dict(inputs.extends),
            "sources": [_source(source) for source in inputs.sources],
        },
    }


def instant(value: datetime) -> str:
    """Spell an instant as everywhere in records: ``2026-06-06T12:00:00Z``."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(value: timedelta | None) -> int | None:
    """Return whole seconds."""
    return None if value is None else int(value.total_seconds())


def _maybe(value: datetime | None) -> str | None:
    return None if value is None else instant(value)


def plain_reason(reason: Reason) -> dict[str, Any]:
    """Return a reason as plain data."""
    return {"code": reason.code.value, "text": reason.text, "rule": reason.rule, "market": reason.market}


def _region(region: RegionDecision) -> dict[str, Any]:
    answer = region.answer
    return {
        "region": region.region,
        "verdict": region.verdict.value,
        "reasons": [plain_reason(reason) for reason in region.reasons],
        "load": None if answer is None else float(answer.load),
        "next_open": _maybe(region.next_open),
        "next_open_reasons": [plain_reason(reason) for reason in region.opens_after],
        "next_close": None if answer is None else _maybe(answer.next_close),
        "next_close_reasons": [plain_reason(reason) for reason in region.closes_for],
        "runway_seconds": None if answer is None else seconds(answer.runway),
        "markets": [] if answer is None else [_market(market) for market in answer.markets],
    }


def _override(look: OverrideLook) -> dict[str, Any]:
    return {
        "region": look.region,
        "granted": look.is_granted,
        "text": look.words,
        "code": look.code,
        "request": look.request,
        "pull_request": look.pull_request,
        "rules": list(look.rules),
        "approvers": list(look.approvers),
        "reason": look.reason,
        "granted_at": _maybe(look.granted_at),
        "expires": _maybe(look.expires),
        "matched_by": look.matched_by,
    }


def _market(market: MarketAnswer) -> dict[str, Any]:
    return {
        "market": market.market,
        "zone": market.zone,
        "local": market.local.isoformat(timespec="seconds"),
        "offset": offset_words(market.offset),
        "verdict": market.verdict.value,
        "load": float(market.load),
    }


def _look(look: RuleLook, inputs: Inputs) -> dict[str, Any]:
    origin = look.origin
    return {
        "rule": look.rule,
        "region": look.region,
        "market": look.market,
        "matched": look.matched,
        "zone": look.zone,
        "local_date": look.local_date.isoformat(),
        "offset": offset_words(look.offset),
        "effect": look.effect.value if look.effect else None,
        "load": None if look.load is None else float(look.load),
        "line": look.line,
        "defined_at": defined_at(look, inputs.config_path),
        "origin": None if origin is None else {name: getattr(origin, name) for name in _ORIGIN},
        "data": {"zones": inputs.zone_data, "sources": [_source(source) for source in look.sources]},
        "text": look.text,
    }


def _source(source: SourceLook) -> dict[str, Any]:
    readable = source.trouble is None
    return {
        "name": source.name,
        "source": source.source,
        "digest": source.digest,
        "verified_from": source.verified_from.isoformat() if readable else None,
        "verified_until": source.verified_until.isoformat() if readable else None,
        "trouble": source.trouble,
    }


_ORIGIN = ("file", "line", "source", "confidence")
