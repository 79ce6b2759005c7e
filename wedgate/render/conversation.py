"""Where an override stands, as the one comment that wedgate keeps on a pull request. Whatever people wrote is inert."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from wedgate.calendars.durations import spell_duration
from wedgate.calendars.values import Verdict
from wedgate.gate.decide import is_allowed
from wedgate.gate.decision import Decision, OverrideLook
from wedgate.gate.reasons import ReasonCode
from wedgate.gate.words import why
from wedgate.ledger.streams import LedgerState
from wedgate.overrides.anchors import anchor_in_comment
from wedgate.overrides.conversation import trouble_with_fork
from wedgate.overrides.grammar import USAGE
from wedgate.overrides.grants import Use
from wedgate.overrides.policy import OVERRIDABLE, OverridePolicy, Requirement
from wedgate.overrides.record import uses_in
from wedgate.overrides.refusals import Refusal, RefusalCode
from wedgate.overrides.requests import LIFE
from wedgate.overrides.standing import Change, RegionStanding, Standing
from wedgate.overrides.through import Closing, closing_of, closing_of_whole
from wedgate.render.markdown import fence_for, inert_text

LIMIT = 60_000
"""Characters. A comment may have 65,536 of them."""
_SHOWN = 10
"""Refusals and uses that are shown; the audit log has all of them."""
_TO_ASK = "Nobody has asked for an override that stands. To ask, copy this line and say why:"
_ANEW = "It was for one deployment. For another, once that one has ended, copy this line and say why:"
_BESIDES = "To ask for all that closes it now, copy this line and say why:"
_SHORT = "It lets nothing through where the gate asks for more runway than that: `wedgate init` writes `runway: 30m`."
_NAMES = 10
"""People that one list names; how many more there are is said."""
_ROWS = 40
_CELL = 400
"""Rows of a table, and characters of a cell: whatever a table leaves out, the lines to copy below it stay whole."""
_RUNWAY = timedelta(minutes=30)
"""What the gate that ``wedgate init`` writes asks for."""
_USUAL = timedelta(hours=4)
"""How long the line to copy asks for, where the policy lets it be so long."""


def render_conversation(
    change: Change,
    standing: Standing,
    decision: Decision,
    ledger: LedgerState | None,
    *,
    policy: OverridePolicy | None,
    closing: Mapping[str, Closing] | None = None,
    impossible: Mapping[str, Refusal] | None = None,
    done: Sequence[str] = (),
    refusals: Sequence[Refusal] = (),
    wants_help: bool = False,
    anchor: tuple[int, str] | None = None,
) -> str:
    """Return the comment, with a line end after the last line; ``refusals`` are those of the comment it answers.

    ``policy`` is the default branch's: the line to copy asks for nothing that it refuses. ``closing`` is what closes
    each region, where the decision alone does not say all of it, and ``impossible`` are regions in which too few are
    left to approve, whoever asks, each with why. ``anchor`` stands there already, and stays, whatever the ledger is.
    """
    lines = [change.place.marker, f"### {_headline(standing, decision, ledger)}", ""]
    if change.place.path:
        lines += [f"For {inert_text(change.place.path)}, and no other service of this repository.", ""]
    told = [*(f"- {inert_text(each)}" for each in done), *_refused(refusals)]
    lines += [*told, ""] if told else []
    lines += [*_gate(decision), ""]
    if standing.request is not None:
        lines += _request(standing, ledger, decision.at)
    shut = _shut_looks(standing, decision, ledger)
    if shut:
        lines += ["", "It is granted, and does not open:", "", *_by_words(shut)]
    if any(look.code != RefusalCode.NO_LEDGER for look in shut):
        lines += ["", *_how_to_ask(change, decision, policy, closing or {}, impossible or {}, _BESIDES)]
    is_used = standing.request is not None and bool(_uses_of(standing.request.id, ledger))
    if standing.request is None or ((is_used or _is_over(standing, decision.at)) and not is_allowed(decision)):
        lines += [] if standing.request is None else [""]
        words = _ANEW if is_used and not _is_over(standing, decision.at) else _TO_ASK
        lines += _how_to_ask(change, decision, policy, closing or {}, impossible or {}, words)
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
    text = "\n".join(lines) + "\n"
    if len(text) > LIMIT:
        text = text[:LIMIT] + "\n\n(shortened)\n"
    if anchor is None and ledger is not None and ledger.revision:
        anchor = ledger.revision, ledger.head
    if anchor is not None:
        # Whoever replaces the whole ledger would have to change this comment too.
        text += f"\n{anchor_in_comment(*anchor)}\n"
    return text


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
    if _shut_looks(standing, decision, ledger) and not any(look.is_granted for look in decision.overrides):
        return "⚠️ The override was granted, and opens nothing now"
    if standing.is_granted:
        return "⌛ The override is over" if _is_over(standing, decision.at) else "🔓 The override is granted"
    missing = max(region.missing for region in standing.regions)
    return f"⏳ The override needs {missing} more approval{'s' if missing != 1 else ''}"


def _shut_looks(standing: Standing, decision: Decision, ledger: LedgerState | None) -> list[OverrideLook]:
    """Return what a grant does not open of that which was asked for, each with why.

    Nothing of one that was used or is over: that is said in any case.
    """
    request = standing.request
    if request is None or not standing.is_granted or is_allowed(decision):
        return []
    if _is_over(standing, decision.at) or _uses_of(request.id, ledger):
        return []
    return [look for look in decision.overrides if not look.is_granted and look.region in request.override.regions]


def _by_words(looks: Sequence[OverrideLook]) -> list[str]:
    """Return a line for each reason, with the regions that it is of."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for look in looks:
        found.setdefault((look.words, look.code), []).append(look.region)
    return [
        f"- {inert_text(_people(regions))}: {inert_text(words)} (`{code}`)"
        for (words, code), regions in list(found.items())[:_SHOWN]
    ]


def _is_over(standing: Standing, now: datetime) -> bool:
    """Whether nothing can come of a request any more: withdrawn, its grant at its end, or never granted in a day."""
    if standing.is_withdrawn or standing.request is None:
        return True
    if standing.is_granted:
        ends = [region.expires for region in standing.regions if region.expires is not None]
        return bool(ends) and max(ends) <= now
    return now - standing.request.at > LIFE


def _gate(decision: Decision) -> list[str]:
    """Say what the gate says of this commit now, region by region."""
    if not decision.regions:
        return [f"- `{reason.code}`: {inert_text(reason.text)}" for reason in decision.reasons]
    rows = [(region.region, region.verdict.value, why(region)) for region in decision.regions]
    return ["| region | now | why |", "|---|---|---|", *_rows(rows)]


def _request(standing: Standing, ledger: LedgerState | None, now: datetime) -> list[str]:
    request = standing.request
    assert request is not None
    override = request.override
    lines = [
        f"**{inert_text(request.requester.login)}** asked at {_at(request.at)} to let `{override.sha}` through "
        f"`{', '.join(override.rules)}` in `{', '.join(override.regions)}`, "
        f"for {_hours(override.duration.total_seconds())} after the last approval needed.",
        "",
    ]
    if override.duration < _RUNWAY:
        lines += [_SHORT, ""]
    if override.strategy.value != "normal":
        lines += [f"Strategy: `{override.strategy.value}`.", ""]
    if override.reason:
        fence = fence_for(override.reason)
        lines += ["Reason:", "", f"{fence}text", override.reason, fence, ""]
    if override.link:
        lines += [f"Link: `{override.link}`", ""]
    lines += ["| region | approvals | by | still may | until |", "|---|---|---|---|---|"]
    lines += _rows([_region(region) for region in standing.regions])
    words, verbs = _ways_on(standing, now)
    if words and not verbs:
        lines += ["", words]
    if verbs:
        lines += ["", words, "", "```text"]
        lines += [f"/wedgate {verb} {override.sha} {request.id}" for verb in verbs]
        lines += ["```"]
    uses = _uses_of(request.id, ledger)
    if uses:
        lines += ["", "Used:", ""]
        lines += [f"- {inert_text(each.region)} by `{each.binding}` for `{each.commit}`{_when(each)}" for each in uses]
    return lines


def _ways_on(standing: Standing, now: datetime) -> tuple[str, tuple[str, ...]]:
    """Return what may still be said of a request, in words and as verbs."""
    if standing.is_withdrawn:
        return "", ()
    if standing.denials:
        return "Whoever denied it can take that back with this line:", ("withdraw",)
    if _is_over(standing, now):
        why = (
            "Its time is over."
            if standing.is_granted
            else "It was asked for more than a day ago: nobody can approve it."
        )
        return why, ()
    if standing.is_granted:
        return "To stop it, copy the first line; to take back what you said yourself, the second:", ("deny", "withdraw")
    return "To approve, deny, or take it back, copy one of these lines:", ("approve", "deny", "withdraw")


def _rows(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return rows of a table, as many as fit beside what has to stand below it."""
    shown = [f"| {' | '.join(inert_text(_short(cell)) for cell in row)} |" for row in rows[:_ROWS]]
    left = len(rows) - _ROWS
    return [*shown, f"| and {left} more {'|' * len(rows[0])}"] if left > 0 else shown


def _short(cell: str) -> str:
    return cell if len(cell) <= _CELL else f"{cell[: _CELL - 3]}..."


def _people(names: Sequence[str]) -> str:
    left = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {left} more" if left > 0 else "")


def _region(region: RegionStanding) -> tuple[str, ...]:
    by = _people([each.person.login for each in region.approvals]) or "nobody yet"
    teams = f" from {region.teams_needed} teams" if region.teams_needed > 1 else ""
    until = "" if region.expires is None else _at(region.expires)
    still = "" if region.granted_at is not None else _people(region.may_approve) or "nobody"
    return region.region, f"{len(region.approvals)} of {region.needed}{teams}", by, still, until


def _how_to_ask(
    change: Change,
    decision: Decision,
    policy: OverridePolicy | None,
    closing: Mapping[str, Closing],
    impossible: Mapping[str, Refusal],
    words: str,
) -> list[str]:
    """Return the line to copy for what closes the gate now, with the reason left to write; or why none would do."""
    if is_allowed(decision):
        return ["There is nothing to override."]
    if policy is None:
        return ["Nobody may approve an override: wedgate.yml of the default branch has no `overrides:`."]
    fork = trouble_with_fork(change, policy)
    if fork is not None:
        return [f"No override for a fork: {inert_text(str(fork))}."]
    closed = {each.region: closing_of(each) for each in decision.regions if each.verdict is Verdict.CLOSED}
    closed = dict(closing) or closed or {"all": closing_of_whole(decision)}
    open_to_all = {region: why for region, why in closed.items() if not _shut(why, policy)}
    # One region that nothing opens does not keep the others from being asked for, unless all must be open at once.
    if not open_to_all or (len(open_to_all) < len(closed) and not decision.regions):
        shut = dict.fromkeys(name for why in closed.values() for name in _shut(why, policy))
        return [f"No override opens {inert_text(', '.join(shut))}.{_thaws(shut)}"]
    too_few = [refusal for region, refusal in impossible.items() if region in open_to_all or not decision.regions]
    open_to_all = {region: why for region, why in open_to_all.items() if region not in impossible}
    if too_few and not (open_to_all and decision.regions):
        return [f"No override can be granted: {inert_text(str(too_few[0]))}."]
    rules = sorted({rule or code for why in open_to_all.values() for code, rule in why})
    line = f"/wedgate override {change.goes_out} regions={','.join(open_to_all)} rules={','.join(rules)}"
    line += f' for={spell_duration(min(_USUAL, policy.longest))} reason="..."'
    if Requirement.LINK in policy.require:
        line += f" link={policy.links[0] if policy.links else 'https://'}..."
    return [
        words,
        "",
        "```text",
        line,
        "```",
    ]


def _shut(closing: Closing, policy: OverridePolicy) -> list[str]:
    """Return what of that which closes a region no request may name."""
    return [
        rule or code
        for code, rule in closing
        if (rule in policy.untouchable if rule is not None else code not in OVERRIDABLE)
    ]


def _thaws(shut: Iterable[str]) -> str:
    return " `/wedgate thaw` ends a freeze, by whoever may." if ReasonCode.FROZEN.value in shut else ""


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
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
