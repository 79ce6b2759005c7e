"""Marks of rollouts and freezes, out of the ledger of real runs; and their forms for Grafana and Prometheus."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from wedgate.judge.values import Outcome
from wedgate.ledger.audit import AuditLine, Frozen
from wedgate.ledger.freezes import Thawing
from wedgate.ledger.streams import LedgerState, fold
from wedgate.overrides.record import draft_of_freeze, draft_of_thaw
from wedgate.render.marks import grafana_annotations, of_marks
from wedgate.render.metrics import render_metrics
from wedgate.rollout.marks import MarkKind, marks_of

MIN = timedelta(minutes=1)

DOCUMENTED = {"dashboardUID": str, "panelId": int, "time": int, "timeEnd": int, "tags": list, "text": str}
"""What the body of POST /api/annotations may hold, by Grafana's documentation of its HTTP API."""


def test_a_rollout_that_ends_well_is_marked_from_its_start_to_its_promotions(world: Any) -> None:
    """Each step once, in order, with the shares that were read back."""
    world.run()
    ledger = fold(world.store.read())
    marks = marks_of(ledger, rollout=ledger.latest)
    assert [mark.kind for mark in marks if mark.region is None] == [MarkKind.START]
    assert marks[0].kind is MarkKind.START
    for region in sorted({mark.region for mark in marks if mark.region}):
        mine = [mark for mark in marks if mark.region == region]
        shares = [candidate for _, candidate in world.changes(region) if candidate]
        assert [mark.text for mark in mine if mark.kind is MarkKind.SHIFT] == [
            f"{region} from {before} to {after} %" for before, after in zip([0, *shares], shares, strict=False)
        ]
        assert [mark.kind for mark in mine].count(MarkKind.PROMOTE) == 1
        assert mine[-1].kind is MarkKind.PROMOTE
        assert MarkKind.ROLLBACK not in {mark.kind for mark in mine}
    assert list(marks) == sorted(marks, key=lambda mark: mark.at)


def test_a_rollback_lasts_until_stable_has_everything(world: Any) -> None:
    """It says why, and from what share."""
    world.verdicts["all"] = Outcome.FAIL
    world.run()
    ledger = fold(world.store.read())
    found = [mark for mark in marks_of(ledger) if mark.kind is MarkKind.ROLLBACK]
    assert len(found) == 1
    assert found[0].until is not None
    assert found[0].until >= found[0].at
    assert "goes back from" in found[0].text
    assert "said fail" in found[0].text


def test_marks_keep_the_order_of_the_journal_when_a_clock_goes_back(world: Any) -> None:
    """The rollback was written by a machine whose clock is an hour behind: it is marked no earlier than the shift."""
    world.verdicts["all"] = Outcome.FAIL
    world.run()
    ledger = fold(world.store.read())
    ((name, lines),) = ledger.journals.items()
    middle = next(place for place, line in enumerate(lines) if line.at >= marks_of(ledger)[-1].at)
    behind = [replace(line, at=line.at - timedelta(hours=1)) for line in lines[middle:]]
    found = marks_of(replace(ledger, journals={name: (*lines[:middle], *behind)}))
    assert [mark.kind for mark in found] == [mark.kind for mark in marks_of(ledger)]
    assert found[-1].kind is MarkKind.ROLLBACK


def test_a_freeze_lasts_until_it_was_thawed(noon: datetime) -> None:
    """Or until its own end."""
    froze = [
        Frozen(regions=regions, until=noon + until, reason="a fair", by="alice", since=noon + since)
        for regions, since, until in (
            (None, 0 * MIN, 60 * MIN),
            (("r1",), MIN, 2 * MIN),
            (("r1", "r2"), 4 * MIN, 10 * MIN),
        )
    ]
    thawing = Thawing(freezes=tuple(replace(each, entry=place) for place, each in enumerate(froze[:2])), regions=None)
    thawed = draft_of_thaw(thawing, "bob", "it is over", noon + 5 * MIN)
    drafts = [*map(draft_of_freeze, froze[:2]), thawed, draft_of_freeze(froze[2])]
    audit = [
        AuditLine(revision=place, kind=draft.kind, at=draft.at, body=draft.body, hash="")
        for place, draft in enumerate(drafts)
    ]
    found = marks_of(LedgerState(audit=tuple(audit)))
    assert {mark.kind for mark in found} == {MarkKind.FREEZE}
    assert [(mark.region, mark.until) for mark in found] == [
        (None, noon + 5 * MIN),
        ("r1", noon + 2 * MIN),
        (None, noon + 10 * MIN),
    ]
    assert [mark.text for mark in found][::2] == [
        "everything is frozen by alice: a fair",
        "r1, r2 is frozen by alice: a fair",
    ]


def test_annotations_are_what_grafana_documents(world: Any) -> None:
    """A body of one request each: only documented fields, milliseconds, and nothing that a terminal obeys."""
    world.verdicts["all"] = Outcome.FAIL
    world.run()
    marks = marks_of(fold(world.store.read()))
    lines = grafana_annotations("search", marks).splitlines()
    assert len(lines) == len(marks)
    for line, mark in zip(lines, marks, strict=True):
        plain = json.loads(line)
        assert set(plain) <= set(DOCUMENTED)
        assert {"time", "tags", "text"} <= set(plain)
        assert all(type(value) is DOCUMENTED[key] for key, value in plain.items())
        assert plain["time"] == round(mark.at.timestamp() * 1000)
        assert plain["tags"][:3] == ["wedgate", "service:search", f"kind:{mark.kind.value}"]
        assert plain["text"].startswith(f"search {mark.kind.value}: ")
    assert any(json.loads(line).get("timeEnd", 0) > 0 for line in lines)


def test_prometheus_has_the_last_mark_of_each_kind(world: Any) -> None:
    """An instant in seconds, by region."""
    world.run()
    ledger = fold(world.store.read())
    marks = marks_of(ledger, rollout=ledger.latest)
    text = render_metrics([of_marks("search", marks)])
    last = max(mark.at for mark in marks if (mark.kind, mark.region) == (MarkKind.SHIFT, "r1"))
    wanted = f'{{service="search",rollout="{ledger.latest}",kind="shift",region="r1"}} {last.timestamp():.0f}'
    assert wanted in text
    assert text.count('kind="start"') == 1
