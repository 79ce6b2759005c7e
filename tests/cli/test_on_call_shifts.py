"""Who is on call changes while an override is asked for and in force: whoever was on call when they approved counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from talk import CONFIG, H1, MERGED, Talk

NAMED = "people: [alice, bob], teams: [acme/captains]"
SHIFT = timedelta(minutes=20)


class Rota:
    """A repository in which two are on call until the shift ends, and two others from then on."""

    def __init__(self, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.talk = talk
        self._later = timedelta(0)
        monkeypatch.setattr("wedgate.cli.wiring.utc_now", lambda: datetime.now(UTC) + self._later)
        now = datetime.now(UTC)
        end = now + SHIFT
        self.names((now - timedelta(hours=3), end, "@alice @bob"), (end, end + timedelta(hours=9), "@carol @frank"))
        self.appoints("on-call: oncall.ics")

    def appoints(self, approvers: str) -> None:
        """Say who may approve."""
        text = CONFIG.format(policy="longest: 4h", remote=self.talk.server.url).replace(NAMED, approvers)
        self.talk.world.put("wedgate.yml", text.encode())

    def names(self, *shifts: tuple[datetime, datetime, str]) -> None:
        """Write the calendar."""
        events = "".join(
            f"BEGIN:VEVENT\r\nUID:{place}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{start:%Y%m%dT%H%M%SZ}\r\n"
            f"DTEND:{end:%Y%m%dT%H%M%SZ}\r\nSUMMARY:{title}\r\nEND:VEVENT\r\n"
            for place, (start, end, title) in enumerate(shifts)
        )
        text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n"
        self.talk.world.put("oncall.ics", text.encode())

    def ends(self) -> None:
        """Let the shift end."""
        self._later = SHIFT + timedelta(minutes=1)
        self.talk.world.shifted_seconds = self._later.total_seconds()

    def says(self, who: str, words: str) -> str:
        """Let somebody comment now, and return wedgate's answer."""
        self.talk.says(who, words)
        return self.talk.answer

    def asks(self) -> str:
        """Let somebody ask now, and return the request's id."""
        answer = self.says("erin", f"/wedgate override {H1} regions=eu,us rules=saturday for=2h reason=down")
        return next(line for line in answer.splitlines() if line.startswith("/wedgate approve ")).split()[-1]


@pytest.fixture
def rota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rota]:
    """The repository at the end of a shift."""
    with Talk.opened(tmp_path) as opened:
        yield Rota(opened, monkeypatch)


def test_an_approval_counts_when_the_shift_is_over(rota: Rota) -> None:
    """The status says for two hours, and so it is."""
    request = rota.asks()
    for who in ("alice", "bob"):
        rota.says(who, f"/wedgate approve {H1} {request}")
    said = rota.talk.status["description"]
    assert "open by override of alice, bob until" in said
    rota.ends()
    assert rota.talk.run("schedule", "refresh").exit_code == 0
    assert rota.talk.status["description"].partition(" [")[0] == said.partition(" [")[0]
    assert rota.talk.deploys(MERGED).exit_code == 0


def test_one_of_each_shift_approve(rota: Rota) -> None:
    """Nobody has to ask anew; those of the new shift are named, and those of the old one come too late."""
    request = rota.asks()
    assert "alice, bob" in rota.says("alice", "/wedgate status")
    rota.says("alice", f"/wedgate approve {H1} {request}")
    rota.ends()
    answer = rota.says("bob", f"/wedgate approve {H1} {request}")
    assert "bob is not an approver of eu, us" in answer
    assert "carol, frank" in answer
    assert rota.talk.deploys(MERGED).exit_code == 10
    rota.says("carol", f"/wedgate approve {H1} {request}")
    assert rota.talk.deploys(MERGED).exit_code == 0


def test_an_approval_before_the_shift_does_not_count_later(rota: Rota) -> None:
    """It was refused, and stays so."""
    request = rota.asks()
    for who in ("carol", "frank"):
        rota.says(who, f"/wedgate approve {H1} {request}")
    rota.ends()
    assert rota.talk.deploys(MERGED).exit_code == 10


def test_the_next_shift_may_be_waited_for(rota: Rota) -> None:
    """One on call now and one later are two that can approve a request."""
    now = datetime.now(UTC)
    end = now + SHIFT
    rota.names((now - timedelta(hours=3), end, "@alice"), (end, end + timedelta(hours=9), "@carol"))
    request = rota.asks()
    rota.says("alice", f"/wedgate approve {H1} {request}")
    rota.ends()
    rota.says("carol", f"/wedgate approve {H1} {request}")
    assert rota.talk.deploys(MERGED).exit_code == 0


def test_whoever_is_taken_out_of_the_calendar_does_not_count(rota: Rota) -> None:
    """The calendar of now says who was on call then."""
    request = rota.asks()
    for who in ("alice", "bob"):
        rota.says(who, f"/wedgate approve {H1} {request}")
    now = datetime.now(UTC)
    rota.names((now - timedelta(hours=3), now + SHIFT, "@alice @carol"))
    assert rota.talk.deploys(MERGED).exit_code == 10


def test_whoever_is_named_besides_counts_at_any_time(rota: Rota) -> None:
    """A shift takes nothing away."""
    rota.appoints("people: [bob], on-call: oncall.ics")
    request = rota.asks()
    rota.says("alice", f"/wedgate approve {H1} {request}")
    rota.ends()
    rota.says("bob", f"/wedgate approve {H1} {request}")
    assert rota.talk.deploys(MERGED).exit_code == 0
