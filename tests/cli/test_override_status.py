"""The status `wedgate` of a pull request takes in what it changes of the configuration, as its own check does."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from github_world import Pull
from talk import CONFIG, H1, MERGED, Talk

NEVER = 'dates: ["2001-01-01"]'
EVERY_DAY = "weekdays: monday..sunday"
BROKEN = b"version: 1\nrules: nonsense\n"
EVENT = (
    "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20980101T000000Z\r\nDTEND:20980103T000000Z\r\nEND:VEVENT\r\n"
)
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository on a closed day."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        yield opened


def text_of(talk: Talk, day: str = EVERY_DAY, policy: str = "longest: 4h") -> str:
    """Return a configuration that is closed on some days."""
    return CONFIG.format(policy=policy, remote=talk.server.url).replace(EVERY_DAY, day)


def changes(talk: Talk, head: str | bytes | None, *others: str, base: str | bytes | None = None) -> None:
    """Let the pull request change the configuration, and other files."""
    talk.world.pulls[7].files = [*([] if head is None else [("wedgate.yml", None)]), *((name, None) for name in others)]
    if base is not None:
        talk.world.put("wedgate.yml", base.encode() if isinstance(base, str) else base)
    default = talk.world.commits["a" * 40]
    talk.world.commits[H1] = {**default, **talk.world.commits.get(H1, {}), "wedgate.yml": default["wedgate.yml"]}
    if head is not None:
        talk.world.put("wedgate.yml", head.encode() if isinstance(head, str) else head, ref=H1)


def statuses(talk: Talk) -> tuple[str, str, int]:
    """Let somebody ask and a refresh run, and return both statuses with the exit code of the pull request's check."""
    assert talk.says("erin", "/wedgate check").exit_code == 0
    asked = talk.status["state"]
    done = talk.run("schedule", "refresh")
    assert done.exit_code == 0, done.output
    return asked, talk.status["state"], talk.looks().exit_code


def grant(talk: Talk, rules: str) -> None:
    """Let two people approve something in every region."""
    request = talk.asks(rest=f"regions=all rules={rules} for=1h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")


def line(talk: Talk) -> str:
    """Return the line to copy."""
    (found,) = [each for each in talk.answer.splitlines() if each.startswith("/wedgate override ")]
    return found


@pytest.mark.parametrize("others", [(), ("README.md",)], ids=["alone", "with another file"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("longest: 4h", "approvals: 1"),
        ("people: [alice, bob]", "people: [alice, bob, mallory]"),
        ("saturday: {where: all, ", "saturday: {where: eu, "),
        ("service: venue-search", "service: venue-search\nmode: observe"),
    ],
    ids=["fewer approvals", "more approvers", "fewer regions", "observe"],
)
def test_a_loosening_is_red_on_an_open_day_until_the_quorum_says_so(
    talk: Talk, old: str, new: str, others: tuple[str, ...]
) -> None:
    """By comment and by refresh, and with a harmless file beside it; the line to copy is the one that opens it."""
    base = text_of(talk, "weekdays: saturday").replace("weekdays: saturday", 'dates: ["2097-01-01"]')
    changes(talk, base.replace(old, new), *others, base=base)
    assert statuses(talk) == ("failure", "failure", 10)
    assert talk.status["description"] == "config_loosened"
    assert "needs the override quorum" in talk.answer
    asked = line(talk)
    assert "rules=config_loosened " in asked
    talk.says("erin", asked.replace('"..."', '"it is meant"'))
    request = next(each for each in talk.answer.splitlines() if each.startswith("/wedgate approve")).split()[-1]
    talk.says("alice", f"/wedgate approve {H1} {request}")
    assert talk.status["state"] == "failure"
    talk.says("bob", f"/wedgate approve {H1} {request}")
    assert talk.status["state"] == "success"
    assert talk.run("schedule", "refresh").exit_code == 0
    assert "open by override of alice, bob until" in talk.status["description"]
    assert talk.looks().exit_code == 0


def test_a_granted_loosening_is_green_on_a_closed_day(talk: Talk) -> None:
    """The calendar has no part in a change to the configuration alone."""
    changes(talk, text_of(talk, policy="longest: 8h"))
    assert statuses(talk) == ("failure", "failure", 10)
    grant(talk, "config_loosened")
    assert statuses(talk) == ("success", "success", 0)


def test_a_loosening_with_code_on_a_closed_day_needs_both_named(talk: Talk) -> None:
    """And the line to copy names both."""
    changes(talk, text_of(talk, policy="longest: 8h"), "app.py")
    assert statuses(talk) == ("failure", "failure", 10)
    assert "no time opens it" in re.sub(r"\s+", " ", talk.looks().output)
    assert talk.run("schedule", "refresh", "--check-run").exit_code == 0
    run = talk.world.check_runs[-1]
    assert (run["conclusion"], "config_loosened" in run["output"]["title"]) == ("failure", True)
    assert "needs the override quorum" in run["output"]["summary"]
    assert "rules=config_loosened,saturday " in line(talk)
    for rules, state in (
        ("config_loosened", "failure"),
        ("saturday", "failure"),
        ("config_loosened,saturday", "success"),
    ):
        grant(talk, rules)
        assert talk.status["state"] == state, rules
    assert talk.looks().exit_code == 0


def test_a_stricter_change_is_green_on_a_closed_day_and_red_with_code(talk: Talk) -> None:
    """What it does to the calendar says nothing about the code."""
    stricter = text_of(talk, policy="longest: 1h")
    changes(talk, stricter)
    assert statuses(talk) == ("success", "success", 0)
    assert talk.status["description"].startswith("open: config_tightened")
    changes(talk, stricter, "app.py")
    assert statuses(talk) == ("failure", "failure", 10)


def test_a_repair_is_green_and_no_more_than_a_repair(talk: Talk) -> None:
    """With the file of the default branch broken: alone it goes, with code or with an opening it does not."""
    good = text_of(talk)
    talk.world.put("wedgate.yml", good.encode(), ref="2" * 40)
    talk.world.history["wedgate.yml"] = ["a" * 40, "2" * 40]
    changes(talk, good, base=BROKEN)
    assert statuses(talk) == ("success", "success", 0)
    assert talk.status["description"].startswith("open: config_repaired")
    changes(talk, good, "app.py")
    assert statuses(talk) == ("failure", "failure", 2)
    changes(talk, text_of(talk, NEVER))
    assert statuses(talk) == ("failure", "failure", 10)
    changes(talk, "version: 1\n")
    assert statuses(talk) == ("failure", "failure", 2)


def test_the_line_of_a_broken_configuration_names_all_that_closes(talk: Talk) -> None:
    """On a closed day by the last valid version; once approved it is green."""
    talk.world.put("wedgate.yml", text_of(talk).encode(), ref="2" * 40)
    talk.world.history["wedgate.yml"] = ["a" * 40, "2" * 40]
    changes(talk, None, "app.py", base=BROKEN)
    assert statuses(talk)[:2] == ("failure", "failure")
    assert "rules=config_invalid,saturday " in line(talk)
    grant(talk, "config_invalid,saturday")
    assert statuses(talk) == ("success", "success", 0)


def test_a_change_that_breaks_the_configuration_is_red_on_an_open_day(talk: Talk) -> None:
    """Alone, with code, without the file, or with a directory in its place."""
    base = text_of(talk, NEVER)
    for head, others, code in ((BROKEN, (), 2), (BROKEN, ("app.py",), 2), (b"#" * 1_000_001, (), 2)):
        changes(talk, head, *others, base=base)
        assert statuses(talk) == ("failure", "failure", code)
    del talk.world.commits[H1]["wedgate.yml"]
    assert statuses(talk) == ("failure", "failure", 10)
    assert "deletes the configuration" in talk.answer
    talk.world.put("wedgate.yml/inside", b"x", ref=H1)
    assert statuses(talk) == ("failure", "failure", 2)


def with_feed(talk: Talk, location: str = "calendars/fairs.ics", *, more: str = "") -> str:
    """Return a configuration that takes days from a feed, and is open today."""
    rule = f"  fairs: {{where: all, feed: {location}, expires: 2099-12-31, effect: block{more}}}\n"
    return text_of(talk, NEVER).replace("rules:\n", f"rules:\n{rule}")


def feed(events: str = EVENT) -> bytes:
    """Return a feed."""
    return CALENDAR.format(events).encode()


def test_a_change_to_a_file_that_the_configuration_names_is_judged_too(talk: Talk) -> None:
    """Taking its days away opens them; adding some does not, and leaves the answer to the calendar."""
    talk.world.put("calendars/fairs.ics", feed())
    talk.world.put("calendars/fairs.ics", feed(""), ref=H1)
    changes(talk, None, "calendars/fairs.ics", base=with_feed(talk))
    assert statuses(talk) == ("failure", "failure", 10)
    assert "opens 1 stretch of time in eu (Wed 2098-01-01 00:00 to Fri 01-03 00:00 UTC)" in talk.answer
    grant(talk, "config_loosened")
    assert statuses(talk) == ("success", "success", 0)
    talk.world.put("calendars/fairs.ics", feed(EVENT + EVENT.replace("2098", "2096").replace("UID:1", "UID:2")), ref=H1)
    changes(talk, None, "calendars/fairs.ics")
    assert statuses(talk) == ("success", "success", 0)
    assert "config" not in talk.status["description"]


def test_days_are_not_taken_away_by_another_file_or_page(talk: Talk) -> None:
    """An empty file that comes with the change is read, and a page that only the change names opens what it may."""
    talk.world.put("calendars/fairs.ics", feed())
    talk.world.put("calendars/none.ics", feed(""), ref=H1)
    changes(talk, with_feed(talk, "calendars/none.ics"), "calendars/none.ics", base=with_feed(talk))
    assert statuses(talk) == ("failure", "failure", 10)
    private = f"{talk.world.url}/fairs.ics"
    changes(talk, with_feed(talk, f'"{private}"', more=", allow-private: true"))
    assert statuses(talk) == ("failure", "failure", 10)
    assert not any("fairs.ics" in each and "contents" not in each for each in talk.world.asked), (
        "nobody is led anywhere"
    )


def test_what_is_closed_for_not_being_known_hides_nothing(talk: Talk) -> None:
    """A feed that has expired closes everything; a Saturday that is taken away behind it is taken away."""
    expired = with_feed(talk).replace("2099-12-31", "2020-01-01").replace(NEVER, EVERY_DAY)
    talk.world.put("calendars/fairs.ics", feed())
    changes(talk, expired.replace(EVERY_DAY, NEVER), base=expired)
    assert statuses(talk) == ("failure", "failure", 10)
    changes(talk, expired.replace("longest: 4h", "longest: 1h"))
    assert statuses(talk) == ("success", "success", 0)


def test_a_file_that_cannot_be_read_is_closed(talk: Talk) -> None:
    """Not knowing is no permission: what the change is, its configuration, or a file that this names."""
    talk.world.put("calendars/fairs.ics", feed())
    talk.world.put("calendars/fairs.ics", feed(""), ref=H1)
    changes(talk, text_of(talk, policy="longest: 1h"))
    talk.world.failures["/compare/"] = "500"
    done = talk.run("schedule", "refresh")
    assert (done.exit_code, talk.status["state"]) == (20, "failure")
    assert talk.status["description"].startswith("forge_unreachable")
    talk.world.failures = {f"wedgate.yml?ref={H1}": "500"}
    assert (talk.run("schedule", "refresh").exit_code, talk.status["state"]) == (20, "failure")
    talk.world.failures = {f"fairs.ics?ref={H1}": "500"}
    changes(talk, None, "calendars/fairs.ics", base=with_feed(talk))
    assert (talk.run("schedule", "refresh").exit_code, talk.status["state"]) == (20, "failure")
    assert talk.says("erin", "/wedgate check").exit_code == 0
    assert talk.status["state"] == "failure"
    assert talk.looks().exit_code == 20


@pytest.mark.parametrize(
    ("policy", "path", "before", "after", "words"),
    [
        (
            "people: [alice], on-call: calendars/oncall.ics",
            "calendars/oncall.ics",
            CALENDAR.format(""),
            "y",
            "says who is on call",
        ),
        (
            "people: [alice], code-owners: [src]",
            ".github/CODEOWNERS",
            "src @bob\n",
            "src @bob @zoe\n",
            "makes zoe own src",
        ),
        ("people: [alice], code-owners: [src]", "CODEOWNERS", None, "src @zoe\n", "makes zoe own src"),
        ("people: [alice, bob]", "signers", "alice a\n", "alice a\nzoe b\n", "whose signatures count"),
        ("people: [alice, bob]", "signers.revoked", "key a\n", "", "takes away from signers.revoked"),
    ],
    ids=["on call", "another owner", "a first owner", "a key", "a key that was revoked"],
)
def test_a_change_to_who_may_approve_is_judged_wherever_it_stands(
    talk: Talk, policy: str, path: str, before: str | None, after: str, words: str
) -> None:
    """The roster, the owners and the keys are part of the policy; the other way round needs nobody."""
    base = text_of(talk, NEVER, policy="signers: signers").replace("people: [alice, bob]", policy)
    base = base.replace("approvers: {", "approvers: {teams: [acme/captains], ").replace(
        ", teams: [acme/captains]}", "}"
    )
    if before is not None:
        talk.world.put(path, before.encode())
    talk.world.put(path, after.encode(), ref=H1)
    changes(talk, None, path, base=base)
    assert talk.run("schedule", "refresh").exit_code == 0
    assert talk.status["state"] == "failure"
    assert talk.looks().exit_code == 10
    assert words in re.sub(r"\s+", " ", talk.looks().output)
    if before is not None and "call" not in words:
        talk.world.put(path, after.encode())
        talk.world.put(path, before.encode(), ref=H1)
        assert talk.run("schedule", "refresh").exit_code == 0
        assert talk.status["state"] == "success"


def test_a_status_is_of_its_commit_wherever_the_branch_is(talk: Talk) -> None:
    """A head that moves while it is looked at, or a pull request to another branch, gets no green for it."""
    base = text_of(talk, NEVER)
    changes(talk, base.replace("longest: 4h", "approvals: 1"), base=base)
    talk.world.comparisons["a" * 40, H1] = talk.world.pulls[7].files
    talk.world.pulls[7].base_ref = "dev"
    assert talk.says("erin", "/wedgate check").exit_code == 0
    assert talk.status["state"] == "failure"
    talk.world.pulls[7] = Pull(head="9" * 40)
    talk.world.heads_lie[7] = [H1, H1]
    assert talk.run("schedule", "refresh").exit_code == 0
    assert (talk.status["sha"], talk.status["state"]) == (H1, "failure")


def test_a_merge_group_is_judged_by_what_it_adds(talk: Talk) -> None:
    """A loosening in the queue is red until its quorum is there, which covers the same content."""
    base = text_of(talk, NEVER)
    changes(talk, base.replace("longest: 4h", "approvals: 1"), base=base)
    talk.world.commits[MERGED] = talk.world.commits[H1]

    def queued() -> str:
        group = {"base_ref": "refs/heads/main", "base_sha": "a" * 40, "head_sha": MERGED}
        path = talk.directory / "group.json"
        path.write_text(json.dumps({"repository": {"default_branch": "main"}, "merge_group": group}))
        ref = f"refs/heads/gh-readonly-queue/main/pr-7-{'a' * 40}"
        for command in ("refresh", "check"):
            done = talk.run("merge_group", command, GITHUB_EVENT_PATH=str(path), GITHUB_REF=ref, GITHUB_SHA=MERGED)
        assert (talk.status["sha"], done.exit_code == 0) == (MERGED, talk.status["state"] == "success")
        return str(talk.status["state"])

    assert queued() == "failure"
    grant(talk, "config_loosened")
    assert queued() == "success"
    talk.world.comparisons["a" * 40, MERGED] = [("app.py", None)]
    assert queued() == "success"


def test_a_merge_group_that_waits_is_asked_for_again(talk: Talk) -> None:
    """A window that closes while the queue waits turns its status red; of another branch's queue nothing is said."""
    closed = text_of(talk)
    talk.world.put("wedgate.yml", closed.replace(EVERY_DAY, NEVER).encode())
    talk.world.commits[MERGED] = talk.world.commits["a" * 40]
    talk.world.branches[f"gh-readonly-queue/main/pr-7-{'a' * 40}"] = MERGED
    talk.world.branches[f"gh-readonly-queue/main-2/pr-7-{'a' * 40}"] = "8" * 40
    talk.world.branches["gh-readonly-queue-old"] = "8" * 40

    def refreshed() -> list[str]:
        talk.world.statuses.clear()
        done = talk.run("schedule", "refresh")
        assert done.exit_code == 0, done.output
        assert f"merge group of #7 {MERGED[:12]}" in done.output
        assert {each["sha"] for each in talk.world.statuses} == {H1, MERGED}
        return [each["state"] for each in talk.world.statuses if each["sha"] == MERGED]

    assert refreshed() == ["success"]
    talk.world.put("wedgate.yml", closed.encode())
    assert refreshed() == ["failure"]
    talk.world.statuses.clear()
    talk.world.failures[f"statuses/{MERGED}"] = "500"
    done = talk.run("schedule", "refresh")
    assert (done.exit_code, [each["sha"] for each in talk.world.statuses]) == (20, [H1])


def test_a_merge_group_is_judged_by_all_that_it_brings(talk: Talk) -> None:
    """A queue may merge a red group below a green one, so what an earlier pull request loosens is red in both."""
    base, first, second = text_of(talk, NEVER), "7" * 40, "8" * 40
    changes(talk, base.replace("longest: 4h", "approvals: 1"), base=base)
    talk.world.pulls[8] = Pull(head="9" * 40, head_ref="other", files=[("app.py", None)])
    loosened = talk.world.commits[H1]
    talk.world.commits |= {first: loosened, second: {**loosened, "app.py": b"x"}, "9" * 40: {"app.py": b"x"}}
    talk.world.comparisons[first, second] = [("app.py", None)]
    talk.world.comparisons["a" * 40, second] = [("app.py", None), ("wedgate.yml", None)]

    def queued() -> str:
        group = {"base_ref": "refs/heads/main", "base_sha": first, "head_sha": second}
        path = talk.directory / "group.json"
        path.write_text(json.dumps({"repository": {"default_branch": "main"}, "merge_group": group}))
        ref = f"refs/heads/gh-readonly-queue/main/pr-8-{first}"
        for command in ("refresh", "check"):
            done = talk.run("merge_group", command, GITHUB_EVENT_PATH=str(path), GITHUB_REF=ref, GITHUB_SHA=second)
        latest = [each for each in talk.world.statuses if each["sha"] == second][-1]
        assert (done.exit_code == 0) == (latest["state"] == "success")
        return f"{latest['state']} {latest['description']}"

    assert queued().startswith("failure config_loosened")
    # What its own quorum let in covers the first group, and not the second with something else in it.
    grant(talk, "config_loosened")
    assert queued().startswith("failure config_loosened")
    talk.world.branches["main"] = first
    talk.world.comparisons.pop(("a" * 40, second))
    assert queued().startswith("success")


def test_one_bad_configuration_keeps_no_other_pull_request_waiting(talk: Talk) -> None:
    """Each has its status; a stranger's comes last."""
    base = text_of(talk, NEVER)
    changes(talk, BROKEN, base=base)
    talk.world.pulls = {
        7: Pull(head=H1, files=[("wedgate.yml", None)], from_fork=True),
        8: Pull(head="8" * 40, head_ref="other", files=[("app.py", None)]),
    }
    assert talk.run("schedule", "refresh").exit_code == 0
    assert [(each["sha"], each["state"]) for each in talk.world.statuses] == [("8" * 40, "success"), (H1, "failure")]


def test_a_thousand_comments_a_team_of_three_hundred_and_a_thousand_files(talk: Talk) -> None:
    """The status of a pull request that changes the configuration, and more, takes twenty requests at most."""
    team = [f"member-{number}" for number in range(300)]
    talk.world.teams["acme/captains"] = team
    talk.world.roles |= dict.fromkeys(team, "write")
    changes(talk, text_of(talk, policy="longest: 8h"), *(f"src/{number}.py" for number in range(1000)))
    request = talk.asks(rest="regions=all rules=config_loosened,saturday for=1h reason=x")
    for number in range(990):
        talk.world.say(7, "zoe", f"talk {number}")
    for who in ("member-7", "member-290"):
        talk.world.say(7, who, f"/wedgate approve {H1} {request}")
    talk.world.asked.clear()
    assert talk.looks().exit_code == 0
    assert len(talk.world.asked) <= 20, talk.world.asked
    talk.world.asked.clear()
    assert talk.run("schedule", "refresh", "--pull-request", "7").exit_code == 0
    assert talk.status["state"] == "success"
    # Beside them the repository and its default branch once, and each pull request's head, which others have that head,
    # its last status and another.
    assert len(talk.world.asked) <= 20 + 6, talk.world.asked


def test_a_status_holds_until_the_first_closing(talk: Talk) -> None:
    """One region is let through for four hours; another is open by the calendar, and closes at its midnight."""
    now = datetime.now(UTC)
    zone = ZoneInfo("America/New_York")
    # The zone whose midnight is next within the four hours, whenever this runs.
    zone = next(
        each
        for name in (
            "America/New_York",
            "Asia/Tokyo",
            "Europe/Berlin",
            "Pacific/Honolulu",
            "Asia/Karachi",
            "America/Noronha",
        )
        if timedelta(minutes=5) < _midnight(now, each := ZoneInfo(name)) - now < timedelta(hours=8)
    )
    midnight = _midnight(now, zone)
    rules = (
        f"  every: {{where: eu, {EVERY_DAY}, effect: block}}\n"
        f'  later: {{where: us, dates: ["{midnight.astimezone(zone):%Y-%m-%d}"], effect: block}}\n'
    )
    text = text_of(talk, NEVER, policy="longest: 12h").replace("rules:\n", f"rules:\n{rules}")
    talk.world.put("wedgate.yml", text.replace("America/New_York, country: US", f"{zone.key}, country: US").encode())
    request = talk.asks(rest="regions=eu rules=every for=10h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert f"until {midnight:%a %d %b %H:%M} UTC" in talk.status["description"]


def test_a_status_holds_until_what_the_grant_does_not_open(talk: Talk) -> None:
    """A rule that was not named closes the region again before the grant ends."""
    now = datetime.now(UTC)
    begins = (now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    clock = f"{begins:%H:%M}..{begins + timedelta(minutes=30):%H:%M}"
    text = (
        text_of(talk)
        .replace("zone: Europe/Berlin", "zone: UTC")
        .replace("rules:\n", f'rules:\n  nightly: {{where: eu, {EVERY_DAY}, time: "{clock}", effect: block}}\n')
    )
    talk.world.put("wedgate.yml", text.encode())
    request = talk.asks(rest="regions=eu,us rules=saturday for=4h reason=x")
    for who in ("alice", "bob"):
        talk.says(who, f"/wedgate approve {H1} {request}")
    assert f"until {begins:%a %d %b %H:%M} UTC" in talk.status["description"]


def _midnight(now: datetime, zone: ZoneInfo) -> datetime:
    local = now.astimezone(zone)
    return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


LINE = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD0Vq1 alice\n"
OLD, BEFORE, NOW = "0" * 40, "1" * 40, "a" * 40


def placed(talk: Talk, stale: str, valid: str, *, moved: bool) -> str:
    """Have had a version, then another one, moved or not, and a broken one now; return where it is."""
    world, at = talk.world, ".github/wedgate.yml" if moved else "wedgate.yml"
    world.commits[NOW].pop("wedgate.yml", None)
    world.put("wedgate.yml", stale.encode(), ref=OLD)
    world.put(at, valid.encode(), ref=BEFORE)
    world.put(at, BROKEN)
    world.history = {at: [NOW, BEFORE, OLD]}
    if moved:
        world.history = {"wedgate.yml": [BEFORE, OLD], at: [NOW, BEFORE]}
    world.committed = {
        sha: datetime(2026, 6, 1, tzinfo=UTC) - timedelta(days=days)
        for sha, days in ((OLD, 900), (BEFORE, 90), (NOW, 1))
    }
    return at


def repaired(talk: Talk, at: str, text: str) -> str:
    """Propose a repair; return the status."""
    talk.world.commits[H1] = {}
    talk.world.put(at, text.encode(), ref=H1)
    talk.world.pulls[7].files = [(at, None)]
    assert talk.run("schedule", "refresh").exit_code == 0
    return str(talk.status["state"])


@pytest.mark.parametrize("moved", [False, True])
def test_a_repair_that_loosens_needs_the_quorum(talk: Talk, moved: bool) -> None:
    """Years ago one approval was enough."""
    one, three = (text_of(talk, NEVER, policy=f"approvals: {number}") for number in (1, 3))
    assert repaired(talk, placed(talk, one, three, moved=moved), one) == "failure"


@pytest.mark.parametrize("moved", [False, True])
def test_the_very_version_of_before_needs_nobody(talk: Talk, moved: bool) -> None:
    """Those who could approve years ago are gone."""
    now = text_of(talk, NEVER)
    gone = now.replace("people: [alice, bob]", "people: [gone-1, gone-2]").replace(", teams: [acme/captains]", "")
    assert repaired(talk, placed(talk, gone, now, moved=moved), now) == "success"


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """Return a talk under a policy of its own."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as found:
        yield found


@pytest.mark.parametrize("moved", [False, True])
def test_a_grant_needs_as_many_as_before_it_was_broken(opened: Talk, moved: bool) -> None:
    """One of three is no quorum, although one was years ago."""
    text = CONFIG.format(policy="approvals: APP", remote=opened.server.url)
    placed(opened, text.replace("APP", "1"), text.replace("APP", "3"), moved=moved)
    request = opened.asks(rest="regions=eu,us rules=saturday,config_invalid for=2h reason=down")
    opened.says("alice", f"/wedgate approve {H1} {request}")
    assert opened.deploys(MERGED).exit_code == 2
    assert "1 of 3" in opened.answer


def krl(comment: bytes) -> bytes:
    """Return a list of revoked keys in which there is none, with a comment (PROTOCOL.krl of OpenSSH)."""
    head = b"SSHKRL\n\0" + struct.pack(">IQQQ", 1, 1, 0, 0)
    return head + struct.pack(">I", 0) + struct.pack(">I", len(comment)) + comment


@pytest.mark.parametrize("before", [LINE, krl(LINE)], ids=["lines", "own-form"])
def test_a_list_of_revoked_keys_that_cannot_be_compared_needs_the_quorum(talk: Talk, before: bytes) -> None:
    """It may say in a comment what it revoked before, and revoke nobody."""
    base = text_of(talk, NEVER, policy="signers: signers")
    talk.world.put("signers.revoked", before)
    talk.world.put("signers.revoked", krl(b"\n" + before + b"\n"), ref=H1)
    changes(talk, None, "signers.revoked", base=base)
    assert talk.run("schedule", "refresh").exit_code == 0
    assert talk.status["state"] == "failure"
    assert "changes signers.revoked, whose keys cannot be compared" in " ".join(talk.looks().output.split())
