"""Where an override stands, as the one comment that wedgate keeps on a pull request. Whatever people wrote is inert."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from wedgate.gate.decide import is_allowed
from wedgate.gate.decision import Decision
from wedgate.gate.words import why
from wedgate.ledger.streams import LedgerState
from wedgate.overrides.anchors import MARKER, anchor_in_comment
from wedgate.overrides.grammar import USAGE
from wedgate.overrides.grants import Use
from wedgate.overrides.record import uses_in
from wedgate.overrides.refusals import Refusal
from wedgate.overrides.standing import Change, RegionStanding, Standing
from wedgate.render.markdown import fence_for, inert_text

LIMIT = 60_000
"""Characters. A comment may have 65,536 of them."""
_SHOWN = 10
"""Refusals and uses that are shown; the audit log has all of them."""


def render_conversation(
    change: Change,
    standing: Standing,
    decision: Decision,
    ledger: LedgerState | None,
    *,
    done: Sequence[str] = (),
    refusals: Sequence[Refusal] = (),
    wants_help: bool = False,
) -> str:
    """Return the comment, with a line end after the last line; ``refusals`` are those of the comment it answers."""
    lines = [MARKER, f"### {_headline(standing, decision, ledger)}", ""]
    told = [*(f"- {inert_text(each)}" for each in done), *_refused(refusals)]
    lines += [*told, ""] if told else []
    lines += [*_gate(decision), ""]
    if standing.request is not None:
        lines += _request(change, standing, ledger)
    else:
        lines += _how_to_ask(change, decision)
    if wants_help:
        lines += ["", "#### Commands", "", "Each in a line of its own:", "", "```text", *USAGE.values(), "```"]
    older = [each for each in standing.refusals if each not in refusals and not each.from_outside]
    if older:
        lines += [
            "",
            "<details><summary>What did not count</summary>",
            "",
            *_refused(older[-_SHOWN:]),
            "",
            "</details>",
        ]
    if ledger is not None and ledger.revision:
        # The anchor: whoever replaces the whole ledger would have to change this comment too.
        lines += ["", anchor_in_comment(ledger.revision, ledger.head)]
    text = "\n".join(lines) + "\n"
    return text if len(text) <= LIMIT else text[: LIMIT - 40] + "\n\n(shortened)\n"


def _headline(standing: Standing, decision: Decision, ledger: LedgerState | None) -> str:
    request = standing.request
    if request is None:
        return "✅ The gate is open" if is_allowed(decision) else "⛔ The gate is closed"
    if standing.is_withdrawn:
        return "⏹️ The override was withdrawn"
    if standing.denials:
        return f"🚫 The override was denied by {inert_text(', '.join(each.login for each in standing.denials))}"
    if _uses_of(request.id, ledger):
        return "📦 The override was used"
    if standing.is_granted:
        return "🔓 The override is granted"
    missing = max(region.missing for region in standing.regions)
    return f"⏳ The override needs {missing} more approval{'s' if missing != 1 else ''}"


def _gate(decision: Decision) -> list[str]:
    """Say what the gate says of this commit now, region by region."""
    if not decision.regions:
        return [f"- `{reason.code}`: {inert_text(reason.text)}" for reason in decision.reasons]
    rows = (
        f"| {inert_text(region.region)} | {region.verdict.value} | {inert_text(why(region))} |"
        for region in decision.regions
    )
    return ["| region | now | why |", "|---|---|---|", *rows]


def _request(change: Change, standing: Standing, ledger: LedgerState | None) -> list[str]:
    request = standing.request
    assert request is not None
    override = request.override
    lines = [
        f"**{inert_text(request.requester.login)}** asked at {_at(request.at)} to let `{override.sha}` through "
        f"`{', '.join(override.rules)}` in `{', '.join(override.regions)}`, "
        f"for {_hours(override.duration.total_seconds())} after the last approval needed.",
        "",
    ]
    if override.strategy.value != "normal":
        lines += [f"Strategy: `{override.strategy.value}`.", ""]
    if override.reason:
        fence = fence_for(override.reason)
        lines += ["Reason:", "", f"{fence}text", override.reason, fence, ""]
    if override.link:
        lines += [f"Link: `{override.link}`", ""]
    lines += ["| region | approvals | by | still may | until |", "|---|---|---|---|---|"]
    lines += [_region(region) for region in standing.regions]
    if standing.stands and not standing.is_granted:
        lines += ["", "To approve, deny, or take it back, copy one of these lines:", "", "```text"]
        lines += [f"/wedgate {verb} {override.sha} {request.id}" for verb in ("approve", "deny", "withdraw")]
        lines += ["```"]
    uses = _uses_of(request.id, ledger)
    if uses:
        lines += ["", "Used:", ""]
        lines += [f"- {inert_text(each.region)} by `{each.binding}` for `{each.commit}`{_when(each)}" for each in uses]
    return lines


def _region(region: RegionStanding) -> str:
    by = ", ".join(each.person.login for each in region.approvals) or "nobody yet"
    teams = f" from {region.teams_needed} teams" if region.teams_needed > 1 else ""
    until = "" if region.expires is None else _at(region.expires)
    still = "" if region.granted_at is not None else ", ".join(region.may_approve) or "nobody"
    cells = (region.region, f"{len(region.approvals)} of {region.needed}{teams}", by, still, until)
    return f"| {' | '.join(inert_text(cell) for cell in cells)} |"


def _how_to_ask(change: Change, decision: Decision) -> list[str]:
    """Return the line to copy for what closes the gate now, with the reason left to write."""
    if is_allowed(decision):
        return ["There is nothing to override."]
    regions = [look.region for look in decision.overrides] or [region.region for region in decision.regions]
    rules = sorted({reason.rule or reason.code.value for reason in decision.reasons})
    where, what = ",".join(regions) or "all", ",".join(rules)
    line = f'/wedgate override {change.head} regions={where} rules={what} for=4h reason="..."'
    return [
        "Nobody has asked for an override that stands. To ask, copy this line and say why:",
        "",
        "```text",
        line,
        "```",
    ]


def _refused(refusals: Iterable[Refusal]) -> list[str]:
    return [
        f"- {f'{inert_text(each.who)}: ' if each.who else ''}{inert_text(str(each))} (`{each.code.value}`)"
        for each in list(refusals)[:_SHOWN]
    ]


def _uses_of(request: str, ledger: LedgerState | None) -> list[Use]:
    return [] if ledger is None else [use for use in uses_in(ledger.audit) if use.request == request][:_SHOWN]


def _when(use: Use) -> str:
    return "" if use.at is None else f" at {_at(use.at)}"


def _at(instant: datetime) -> str:
    return f"{instant:%a %Y-%m-%d %H:%M:%S} UTC"


def _hours(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    minutes = f" {rest // 60} min" if rest else ""
    return f"{hours} h{minutes}" if hours else minutes.strip()
