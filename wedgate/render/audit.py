"""The audit stream for people and for other programs: lines, JSON Lines, CSV, and the page of a month."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from wedgate.ledger.audit import Act, AuditLine
from wedgate.overrides.history import Told
from wedgate.render.decision_words import clean
from wedgate.render.json import instant
from wedgate.render.markdown import fence_for, inert_text

_COLUMNS = ("revision", "at", "kind", "pull_request", "request", "region", "who", "commit", "reason", "hash")


def render_audit_text(lines: Iterable[AuditLine]) -> str:
    """Return a line for each entry, oldest first."""
    # A break within an entry's text would begin a line of its own: an entry that is not there.
    return "".join(f"{line.revision:>6}  {instant(line.at)}  {line.kind:<9}  {clean(_words(line))}\n" for line in lines)


def render_audit_jsonl(lines: Iterable[AuditLine]) -> str:
    """Return each entry as one line of JSON with all that it holds."""
    return "".join(json.dumps(plain_line(line), sort_keys=True) + "\n" for line in lines)


def plain_line(line: AuditLine) -> dict[str, object]:
    """Return an entry as plain data."""
    return {
        "revision": line.revision,
        "at": instant(line.at),
        "kind": line.kind,
        "hash": line.hash,
        "body": dict(line.body),
    }


def render_audit_csv(lines: Iterable[AuditLine]) -> str:
    """Return a table with a heading (RFC 4180). No cell begins as a formula of a spreadsheet does."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for line in lines:
        body = line.body
        cells = (
            line.revision,
            instant(line.at),
            line.kind,
            body.get("pull_request") or "",
            body.get("request", ""),
            body.get("region") or " ".join(map(str, _list(body.get("regions")))),
            _who(body),
            body.get("commit", ""),
            body.get("reason") or body.get("what") or "",
            line.hash,
        )
        writer.writerow([_cell(each) for each in cells])
    return out.getvalue()


def render_month(month: str, told: Sequence[Told], frozen: Sequence[AuditLine], *, revision: int, head: str) -> str:
    """Return the page of a month in Markdown: every override, who, why, how long, and what happened after."""
    asked = sum(is_in(each.at, month) for each in told)
    used = sum(any(is_in(at, month) for at, _ in each.uses) for each in told)
    lines = [f"# Overrides in {month}", "", f"{asked} asked for, {used} used.", ""]
    if told:
        lines += [
            "| when | commit | regions | rules | asked by | approved by | outcome |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [_row(each) for each in told]
    for each in told:
        lines += ["", *_story(each)]
    if frozen:
        lines += ["", "## Freezes", ""]
        lines += [f"- {instant(line.at)}: {inert_text(_words(line))}" for line in frozen]
    lines += ["", f"Ledger: revision {revision}, head `{head}`."]
    return "\n".join(lines) + "\n"


def _row(told: Told) -> str:
    body = told.body
    cells = (
        instant(told.at),
        str(body.get("commit", ""))[:12],
        ", ".join(map(str, _list(body.get("regions")))),
        ", ".join(map(str, _list(body.get("rules")))),
        _who(body),
        ", ".join(dict.fromkeys(told.approvals)) or "nobody",
        told.outcome.value,
    )
    return f"| {' | '.join(inert_text(cell) for cell in cells)} |"


def _story(told: Told) -> list[str]:
    body = told.body
    reason = str(body.get("reason") or "no reason was given")
    fence = fence_for(reason)
    where = f"pull request {body['pull_request']}" if body.get("pull_request") else "by signatures"
    lines = [f"## {told.request[:12]}, {where}", "", f"{fence}text", reason, fence, ""]
    if body.get("link"):
        lines.append(f"- link: {_code(body['link'])}")
    lines += [f"- denied by {inert_text(who)}" for who in told.denials]
    lines += [f"- withdrawn by {inert_text(who)}" for who in told.withdrawn]
    lines += [
        f"- granted in {inert_text(str(grant['region']))} from {grant['granted']} to {grant['expires']}"
        for grant in told.grants
    ]
    lines += [
        f"- used at {instant(at)} in {inert_text(str(use['region']))} by {_code(use['binding'])} "
        f"for {_code(use['commit'])} (the same {use['matched_by']}); "
        f"{_closed(use)}"
        for at, use in told.uses
    ]
    return lines


def _closed(use: Mapping[str, Any]) -> str:
    """Spell what closed a region when its grant was used; earlier versions did not record it for signatures."""
    if "closed_by" not in use:
        return "what closed it was not recorded"
    if not (closing := _list(use["closed_by"])):
        return "nothing closed it"
    until = use.get("next_open") or "at no known time"
    return f"closed by {inert_text(', '.join(map(str, closing)))}, would have opened {until}"


def told_in(told: Iterable[Told], month: str) -> list[Told]:
    """Return the requests of which something belongs into a month (``YYYY-MM``, UTC): asked for, granted or used."""
    return [each for each in told if any(is_in(at, month) for at in _instants(each))]


def _instants(told: Told) -> tuple[datetime, ...]:
    granted = (datetime.fromisoformat(str(grant["granted"])).astimezone(UTC) for grant in told.grants)
    return (told.at, *granted, *(at for at, _ in told.uses))


def in_month(lines: Iterable[AuditLine], month: str) -> tuple[AuditLine, ...]:
    """Return the entries of freezes in a month (``YYYY-MM``, UTC)."""
    return tuple(line for line in lines if line.kind in (Act.FROZEN, Act.THAWED) and is_in(line.at, month))


def is_in(at: datetime, month: str) -> bool:
    """Whether an instant lies in a month of UTC."""
    return f"{at:%Y-%m}" == month


def _words(line: AuditLine) -> str:
    body: Mapping[str, Any] = line.body
    request = str(body.get("request", ""))[:12]
    where = f"#{body['pull_request']} " if body.get("pull_request") else ""
    match line.kind:
        case Act.REQUESTED:
            what = f"{', '.join(_list(body['rules']))} in {', '.join(_list(body['regions']))}: {body.get('reason', '')}"
            return f"{where}{request} by {_who(body)}: {what}"
        case Act.GRANTED:
            return f"{where}{request} in {body['region']} until {body['expires']}"
        case Act.USED:
            return f"{where}{request} in {body['region']} by {body['binding']} for {str(body['commit'])[:12]}"
        case Act.REFUSED:
            return f"{where}{body.get('who') or ''}: {body['what']} ({body['code']})"
        case Act.FROZEN:
            regions = ", ".join(_list(body.get("regions"))) or "every region"
            return f"{regions} by {body['by']} until {body['until']}: {body['reason']}"
        case Act.THAWED:
            regions = f" in {', '.join(_list(body.get('regions')))}" if body.get("regions") else ""
            return f"{_freezes(body)}{regions} by {body['by']}: {body['reason']}"
        case _:
            return f"{where}{request} by {_who(body)} {body.get('what', '')}".rstrip()


def _who(body: Mapping[str, Any]) -> str:
    person = body.get("person")
    if isinstance(person, Mapping):
        return str(person.get("login", ""))
    return ", ".join(str(each["login"]) for each in _list(body.get("approvers"))) or str(
        body.get("who") or body.get("by") or ""
    )


def _freezes(body: Mapping[str, Any]) -> str:
    """Spell which freezes a thaw ended; one of before they had numbers ended all."""
    if "freezes" not in body:
        return "every freeze"
    entries = ", ".join(str(each) for each in _list(body["freezes"]))
    return f"freeze {entries}" if entries else "nothing"


def _code(value: object) -> str:
    """Return a text as code that nothing in it ends."""
    return "`" + clean(str(value)).replace("`", "'") + "`"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _cell(value: object) -> str:
    text = " ".join(str(value).split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
