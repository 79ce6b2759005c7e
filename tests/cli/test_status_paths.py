"""What a pull request does to where things are: the ledger, the regions, and the files that the configuration names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from github_world import REPOSITORY, Link
from talk import CONFIG, H1, MERGED, Talk

from wedgate.adapters.forge.github import GithubForge
from wedgate.cli.sources import blob_id

OPEN = 'dates: ["2001-01-01"]'
NO_POLICY = re.compile(r"overrides:\n.*\n.*\n")


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A repository on an open day."""
    monkeypatch.chdir(tmp_path)
    with Talk.opened(tmp_path) as opened:
        opened.world.put("wedgate.yml", text_of(opened).encode())
        yield opened


def text_of(talk: Talk, policy: str = "longest: 4h") -> str:
    """Return a configuration that is open."""
    return CONFIG.format(policy=policy, remote=talk.server.url).replace("weekdays: monday..sunday", OPEN)


def proposes(talk: Talk, head: str | None = None, *others: str, base: str | None = None) -> None:
    """Let the pull request change the configuration, and other files."""
    default = talk.world.commits["a" * 40]
    if base is not None:
        default["wedgate.yml"] = base.encode()
    talk.world.commits[H1] = {**default, **({} if head is None else {"wedgate.yml": head.encode()})}
    talk.world.pulls[7].files = [*([] if head is None else [("wedgate.yml", None)]), *((name, None) for name in others)]


def answer(talk: Talk, **where: str) -> str:
    """Return what the status says, without what is said beside it; the pull request's own check says the same."""
    assert talk.run("schedule", "refresh", **where).exit_code == 0
    state, words = talk.status["state"], re.split(r"[ ,;(]", talk.status["description"].removeprefix("open: "))[0]
    assert (talk.looks().exit_code == 0) == (state == "success")
    return f"{state} {words}"


def test_a_renamed_service_leaves_no_freeze_behind(talk: Talk) -> None:
    """The ledger's branch is named after the service: without its ledger nothing would be frozen any more."""
    talk.says("erin", '/wedgate freeze for=8h reason="INC-1"')
    assert talk.deploys(MERGED).exit_code == 10
    renamed = text_of(talk).replace("service: venue-search", "service: venue-search-2")
    proposes(talk, renamed)
    assert answer(talk) == "failure config_loosened"
    assert "keeps the ledger elsewhere" in re.sub(r"\s+", " ", talk.looks().output)


def test_a_service_is_renamed_freely_where_the_ledger_stays(talk: Talk) -> None:
    """The place may be written out; it is the same one."""
    named = text_of(talk).replace("state: {kind: git,", "state: {kind: git, ref: refs/heads/wedgate/venue-search,")
    proposes(talk, named.replace("service: venue-search", "service: other"))
    assert answer(talk) == "success config_tightened"


def test_a_freeze_needs_no_policy_and_its_ledger_none_to_be_kept(talk: Talk) -> None:
    """Without `overrides:` anyone who may write freezes; taking `state:` away would end it."""
    base = NO_POLICY.sub("", text_of(talk))
    proposes(talk, None, "app.py", base=base)
    talk.says("zoe", "/wedgate freeze for=8h reason=INC")
    assert talk.deploys(MERGED).exit_code == 10
    proposes(talk, re.sub(r"state: .*\n", "", base))
    assert answer(talk) == "failure config_loosened"
    proposes(talk, base.replace("service: venue-search", "service: other"))
    assert answer(talk) == "failure config_loosened"


def test_a_freeze_without_a_policy_is_ended_by_whoever_may_write(talk: Talk) -> None:
    """Nobody else could: there are no approvers. A stranger may not, and hears who may."""
    talk.world.put("wedgate.yml", NO_POLICY.sub("", text_of(talk)).encode())
    talk.says("zoe", "/wedgate freeze for=8h reason=INC")
    talk.world.roles["frank"] = "read"
    refused = talk.says("frank", '/wedgate thaw reason="over"')
    assert (refused.exit_code, talk.deploys(MERGED).exit_code) == (11, 10)
    assert "frank may not thaw here; ask somebody with write access" in talk.answer
    assert talk.says("alice", '/wedgate thaw reason="over"').exit_code == 0
    assert talk.deploys(MERGED).exit_code == 0


@pytest.mark.parametrize("has_policy", [True, False])
@pytest.mark.parametrize("state", ["", "state: {kind: file, path: ledger}\n"], ids=["none", "a file that is forgotten"])
def test_a_first_ledger_takes_nothing_away(talk: Talk, state: str, *, has_policy: bool) -> None:
    """Where no use can be recorded no quorum could let it in; a file is none on a disk that goes with the job."""
    text = text_of(talk) if has_policy else NO_POLICY.sub("", text_of(talk))
    base = re.sub(r"state: .*\n", state, text)
    proposes(talk, text, base=base)
    assert answer(talk) == "success config_tightened"


def with_region(text: str) -> str:
    """Return a configuration with one region more, which the policy does not name."""
    return text.replace("rules:\n", "  ap: {markets: {sg: {zone: Asia/Singapore, country: SG}}}\nrules:\n")


def test_a_new_region_lets_nobody_new_end_a_freeze(talk: Talk) -> None:
    """Whoever may approve in any region may end freezes in all."""
    talk.says("zoe", "/wedgate freeze for=8h reason=INC")
    new = with_region(text_of(talk)).replace("  longest", "  approvers-in: {ap: {people: [frank, erin]}}\n  longest")
    proposes(talk, new)
    assert answer(talk) == "failure config_loosened"
    assert "lets frank, erin approve in ap" in re.sub(r"\s+", " ", talk.looks().output)


@pytest.mark.parametrize("policy", ["longest: 4h", "approvers-in: {ap: {people: [alice, bob]}}"])
def test_a_new_region_under_the_same_people_needs_nobody(talk: Talk, policy: str) -> None:
    """By the policy of every region, or by some of its people."""
    proposes(talk, with_region(text_of(talk, policy)))
    assert answer(talk) == "success config_tightened"
    proposes(talk, with_region(text_of(talk, "approvals: {ap: 1}")))
    assert answer(talk) == "failure config_loosened"


EVENT = (
    "BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:@alice\r\n"
    "DTSTART:20980101T000000Z\r\nDTEND:20980103T000000Z\r\nEND:VEVENT\r\n"
)
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n"
FAIRS = "calendars/fairs.ics"


def with_feed(talk: Talk) -> str:
    """Return a configuration that takes days from a feed beside it."""
    rule = f"  fairs: {{where: all, feed: {FAIRS}, expires: 2099-12-31, effect: block}}\n"
    return text_of(talk).replace("rules:\n", f"rules:\n{rule}")


def with_roster(talk: Talk) -> str:
    """Return a configuration that takes who is on call from a file beside it."""
    return text_of(talk).replace("people: [alice, bob]", f"people: [alice, bob], on-call: {FAIRS}")


def moves(talk: Talk, text: str, *others: str, beside: str | None) -> None:
    """Let the pull request move the configuration out of `.github`, and the file beside it, or find one there."""
    full, empty = CALENDAR.format(EVENT).encode(), CALENDAR.format("").encode()
    default = talk.world.commits["a" * 40]
    default.clear()
    default |= {".github/wedgate.yml": text.encode(), f".github/{FAIRS}": full}
    talk.world.pulls[7].files = [("wedgate.yml", ".github/wedgate.yml"), *((name, None) for name in others)]
    if beside == "moved":
        talk.world.pulls[7].files.append((FAIRS, f".github/{FAIRS}"))
        talk.world.commits[H1] = {"wedgate.yml": text.encode(), FAIRS: full}
    else:
        default |= {FAIRS: full if beside == "same" else empty}
        talk.world.commits[H1] = {**default, "wedgate.yml": text.encode()}
        del talk.world.commits[H1][".github/wedgate.yml"]


@pytest.mark.parametrize("others", [(), ("README.md",)], ids=["alone", "with another file"])
@pytest.mark.parametrize("named", [with_feed, with_roster])
def test_a_configuration_does_not_move_to_other_files(talk: Talk, named: Any, others: tuple[str, ...]) -> None:
    """What it names is beside it: an empty calendar that lay there before is another one."""
    moves(talk, named(talk), *others, beside="another")
    assert answer(talk) == "failure config_loosened"
    for beside in ("same", "moved"):
        moves(talk, named(talk), *others, beside=beside)
        assert answer(talk).startswith("success")


def links(talk: Talk, path: str, target: str, leads_to: str, *, ref: str | None = None) -> None:
    """Put a link into a commit, and a full calendar where it leads."""
    talk.world.put(path, Link(target.encode()), ref=ref)
    talk.world.put(leads_to, CALENDAR.format(EVENT).encode(), ref=ref)


@pytest.mark.parametrize(
    ("path", "target", "leads_to"),
    [
        (FAIRS, "../data/fairs.ics", "data/fairs.ics"),
        (FAIRS, "other.ics", "calendars/other.ics"),
        ("calendars", "data", "data/fairs.ics"),
    ],
    ids=["a file", "a file beside it", "a directory"],
)
def test_what_a_link_leads_to_is_not_emptied_unseen(talk: Talk, path: str, target: str, leads_to: str) -> None:
    """The forge lists the target alone, and answers for the link with what it leads to."""
    talk.world.put("wedgate.yml", with_feed(talk).encode())
    links(talk, path, target, leads_to)
    proposes(talk, None, "app.py")
    assert answer(talk) == "success open" or path == "calendars"
    proposes(talk, None, leads_to)
    talk.world.put(leads_to, CALENDAR.format("").encode(), ref=H1)
    assert answer(talk) == "failure config_loosened"
    assert f"what {FAIRS} says, which is a link: put the file itself there" in re.sub(r"\s+", " ", talk.looks().output)


@pytest.mark.parametrize("named", ["wedgate.yml", ".github/CODEOWNERS", "signers", "signers.revoked"])
def test_no_file_of_the_policy_is_changed_behind_a_link(talk: Talk, named: str) -> None:
    """Nor is the configuration."""
    policy = "signers: signers\n  approvers-in: {us: {people: [alice, bob], code-owners: [src]}}"
    text = text_of(talk, policy)
    talk.world.put("wedgate.yml", text.encode())
    content = talk.world.commits["a" * 40].get(named, b"src @alice\n")
    talk.world.put(named, Link(b"shared/it" if "/" not in named else b"../shared/it"))
    talk.world.put("shared/it", content)
    proposes(talk, None, "app.py")
    assert answer(talk) == "success open"
    proposes(talk, None, "shared/it")
    assert answer(talk) == "failure config_loosened"


def test_a_link_is_made_by_the_quorum_and_unmade_by_anyone(talk: Talk) -> None:
    """The branch may lag behind what the new link leads to; the file itself is judged by what it says."""
    talk.world.put("wedgate.yml", with_feed(talk).encode())
    talk.world.put(FAIRS, CALENDAR.format(EVENT).encode())
    proposes(talk, None, FAIRS)
    links(talk, FAIRS, "../data/fairs.ics", "data/fairs.ics", ref=H1)
    assert answer(talk) == "failure config_loosened"
    links(talk, FAIRS, "../data/fairs.ics", "data/fairs.ics")
    proposes(talk, None, FAIRS)
    talk.world.put(FAIRS, CALENDAR.format(EVENT).encode(), ref=H1)
    assert answer(talk) == "success open"


@pytest.mark.parametrize("target", ["../../elsewhere.ics", "/etc/fairs.ics", "fairs.ics", "../nothing.ics"])
def test_a_link_that_leads_nowhere_ends_somewhere(talk: Talk, target: str) -> None:
    """Out of the repository, to itself, to nothing: the rule is not known and closed, and nothing loops."""
    world = GithubForge(api_url=talk.world.url, repository=REPOSITORY, token=None)
    talk.world.put(FAIRS, Link(target.encode()))
    assert world.way_to(FAIRS, "a" * 40)[0] == FAIRS
    assert len(talk.world.asked) <= 4


def test_a_path_of_more_links_than_are_followed_is_not_known(talk: Talk) -> None:
    """The last may lead to what the change empties; the file itself in its place is judged again."""
    talk.world.put("wedgate.yml", with_feed(talk).encode())
    for number in range(4):
        talk.world.put(FAIRS if number == 0 else f"calendars/{number}", Link(str(number + 1).encode()))
    talk.world.put("calendars/4", CALENDAR.format(EVENT).encode())
    proposes(talk, None, "calendars/4")
    talk.world.put("calendars/4", CALENDAR.format("").encode(), ref=H1)
    done = talk.run("schedule", "refresh")
    assert (done.exit_code, talk.status["state"]) == (20, "failure")
    assert "put the file itself there" in re.sub(r"\s+", " ", talk.looks().output)
    proposes(talk, None, FAIRS)
    talk.world.put(FAIRS, CALENDAR.format(EVENT).encode(), ref=H1)
    assert answer(talk) == "success open"


def test_a_directory_that_is_listed_in_part_is_not_known(talk: Talk) -> None:
    """It may hold a link that is not shown."""
    talk.world.cuts_trees = True
    proposes(talk, None, "app.py")
    assert talk.run("schedule", "refresh").exit_code == 20
    assert talk.status["description"].startswith("forge_unreachable")


def test_a_file_has_the_id_that_git_gives_it() -> None:
    """Known to everybody who has seen an empty repository, and from the Git book ("Git Objects")."""
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert blob_id(b"test content\n") == "d670460b4b4aece5915caf5c68d12f560a9fe3e4"
