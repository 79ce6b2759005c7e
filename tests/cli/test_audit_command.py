"""The audit log of a conversation: verified, shown, exported, told by month; and what a replaced chain looks like."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from override_story import Story

from wedgate.adapters.stores.file import FileStore
from wedgate.cli.main import cli
from wedgate.errors import ConfigurationError, UsageError
from wedgate.ledger.appending import Draft, chain_onto
from wedgate.ledger.audit import AuditLine, Frozen
from wedgate.ledger.chain import GENESIS
from wedgate.ledger.streams import Stream
from wedgate.overrides.grants import Grant, Outgoing
from wedgate.overrides.record import draft_of_freeze, draft_of_use, news_of

CONFIG = """version: 1
service: venue-search
regions: {eu: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}}
rules: {saturday: {where: all, weekdays: saturday, effect: block}}
state: {kind: file, path: ledger}
"""
H1 = "1" * 40
AT = datetime(2026, 6, 6, 12, tzinfo=UTC)


def write(store: FileStore, drafts: list[Draft]) -> None:
    """Append drafts, each by itself."""
    for draft in drafts:
        known = store.read()
        head = known[-1].hash if known else GENESIS
        nonces = [f"n{len(known)}"]
        store.append(chain_onto([draft], revision=len(known), head=head, epoch=0, nonces=nonces), revision=len(known))


@pytest.fixture
def override_story() -> Story:
    """Return a pull request on which nothing was said yet."""
    return Story()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory with a configuration, and stay in it."""
    (tmp_path / "wedgate.yml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ledger(place: Path, override_story: Story) -> Path:
    """Return the ledger of an override that was approved by two and used."""
    story = override_story
    request = story.asks(line='regions=eu rules=saturday for=4h reason="=checkout </details> is down"')
    story.approves("alice", request)
    story.approves("bob", request)
    story.approves("zoe", request)
    grant = story.grant()
    assert isinstance(grant, Grant)
    path = place / "ledger" / "venue-search.jsonl"
    out = Outgoing(commit=H1, binding="run:9")
    write(FileStore(path), [*news_of(story.standing(), story.change, (), AT), draft_of_use(grant, out, AT, {})])
    return path


def run(*words: str) -> tuple[int, str]:
    """Run a command as in a terminal."""
    done = CliRunner().invoke(cli, ["audit", *words], obj={"debug": False}, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return int(done.return_value), done.output


def test_a_whole_chain_is_verified(ledger: Path) -> None:
    """Five entries: asked, two approvals, one that did not count, the grant, the use."""
    code, output = run("verify")
    assert code == 0
    assert "6 entries" in output


def test_an_entry_that_was_edited_is_named(ledger: Path) -> None:
    """The chain breaks where somebody wrote."""
    ledger.write_text(ledger.read_text().replace('"login": "bob"', '"login": "eve"', 1))
    with pytest.raises(ConfigurationError, match="entry 3 does not follow entry 2"):
        run("verify")


def test_an_entry_that_was_taken_out_is_named(ledger: Path) -> None:
    """So it does where one is missing."""
    lines = ledger.read_text().splitlines(keepends=True)
    ledger.write_text("".join(lines[:1] + lines[2:]))
    with pytest.raises(ConfigurationError, match="entry 2 does not follow entry 1"):
        run("verify")


def test_a_chain_that_was_replaced_as_a_whole_is_caught_by_its_anchor(ledger: Path) -> None:
    """Every entry of it follows the one before, and yet it is another."""
    store = FileStore(ledger)
    anchors = [f"{entry.revision}:{entry.hash}" for entry in store.read()]
    assert run("verify", *(word for anchor in anchors for word in ("--anchor", anchor)))[0] == 0
    told = [Draft(stream=each.stream, kind=each.kind, at=each.at, body=dict(each.body)) for each in store.read()]
    ledger.unlink()
    write(store, told[:2])
    code, output = run("verify", "--anchor", anchors[5])
    assert code == 13
    assert "somebody replaced it" in output
    assert run("verify")[0] == 0  # the chain alone cannot show it


def test_the_log_is_shown_and_exported(ledger: Path) -> None:
    """A line for each entry; JSON Lines hold all of it; no cell of the table is a formula."""
    code, shown = run("show")
    assert code == 0
    assert [line.split()[2] for line in shown.splitlines()] == [
        *("requested", "approved", "approved", "granted", "refused", "used"),
    ]
    exported = [json.loads(line) for line in run("export")[1].splitlines()]
    assert [each["revision"] for each in exported] == [1, 2, 3, 4, 5, 6]
    assert exported[0]["body"]["reason"] == "=checkout </details> is down"
    table = list(csv.DictReader(io.StringIO(run("export", "--format", "csv")[1])))
    assert table[0]["reason"] == "'=checkout </details> is down"
    assert table[1]["who"] == "alice"
    assert {row["kind"] for row in table} == {"requested", "approved", "granted", "refused", "used"}


def test_the_page_of_a_month_says_who_why_how_long_and_what_happened(ledger: Path) -> None:
    """What an auditor asks for; another month has none of it."""
    code, page = run("report", "--month", "2026-06")
    assert code == 0
    assert "1 asked for, 1 used." in page
    assert "alice, bob" in page
    assert "used at 2026-06-06T12:00:00Z in eu by `run:9`" in page
    assert "```text\n=checkout </details> is down\n```" in page
    assert "0 asked for" in run("report", "--month", "2026-07")[1]
    with pytest.raises(UsageError, match="--month takes a month"):
        run("report", "--month", "\u0662\u0660\u0662\u0666-07")


def granted(story: Story) -> tuple[Grant, list[Draft]]:
    """Let two people approve; return the grant, and what is to be recorded."""
    request = story.asks(line="regions=eu rules=saturday for=4h reason=down")
    for who in ("alice", "bob"):
        story.approves(who, request)
    grant = story.grant()
    assert isinstance(grant, Grant)
    return grant, list(news_of(story.standing(), story.change, (), AT))


def test_what_is_used_a_month_later_is_on_both_pages(place: Path, override_story: Story) -> None:
    """Whoever reads the page of a month finds every use of it, each counted once."""
    grant, news = granted(override_story)
    use = draft_of_use(grant, Outgoing(commit=H1, binding="run:9"), datetime(2026, 7, 1, 0, 30, tzinfo=UTC), {})
    write(FileStore(place / "ledger" / "venue-search.jsonl"), [*news, use])
    june, july = (run("report", "--month", month)[1] for month in ("2026-06", "2026-07"))
    assert "1 asked for, 0 used." in june
    assert "0 asked for, 1 used." in july
    for page in (june, july):
        assert "used at 2026-07-01T00:30:00Z in eu by `run:9`" in page
    assert "0 asked for, 0 used." in run("report", "--month", "2026-08")[1]


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ({}, "what closed it was not recorded"),
        ({"closed_by": [], "next_open": None}, "nothing closed it"),
        ({"closed_by": ["saturday"]}, "closed by saturday, would have opened at no known time"),
    ],
)
def test_the_page_says_what_closed_as_far_as_it_was_recorded(
    place: Path, override_story: Story, why: dict[str, object], words: str
) -> None:
    """Earlier versions recorded nothing of what signatures opened; and they may be used on an open day."""
    grant, news = granted(override_story)
    use = draft_of_use(grant, Outgoing(commit=H1, binding="run:9"), AT, why)
    write(FileStore(place / "ledger" / "venue-search.jsonl"), [*news, use])
    assert f"(the same commit); {words}\n" in run("report", "--month", "2026-06")[1]


FALSE = "     9  2026-06-06T12:00:00Z  denied     #7 forged by carol"


def test_no_text_of_an_entry_is_an_entry_of_its_own(ledger: Path) -> None:
    """A reason may hold line breaks, where it comes from the shell or from a signed statement."""
    store = FileStore(ledger)
    frozen = Frozen(
        regions=None, until=AT + timedelta(hours=1), reason=f"x\n{FALSE}\r\n{FALSE}\u2028{FALSE}", by="erin", since=AT
    )
    write(store, [draft_of_freeze(frozen)])
    shown = run("show")[1]
    assert len(shown.splitlines()) == 7
    assert not any(line.startswith(FALSE) for line in shown.splitlines())


def test_no_name_or_link_of_an_entry_ends_its_line_of_the_page(ledger: Path) -> None:
    """The name of a deployment and a link stand in code, which a backtick would end."""
    forged = "x`\n\n# Overrides in 2026-12\n\n![](https://evil.example/) `"
    store = FileStore(ledger)
    (asked,) = (each for each in store.read() if each.kind == "requested")
    bodies = {"requested": {**asked.body, "request": "f" * 32, "link": forged}}
    bodies["used"] = {**next(each.body for each in store.read() if each.kind == "used")}
    bodies["used"] |= {"request": "f" * 32, "binding": forged}
    write(store, [Draft(stream=Stream.AUDIT, kind=kind, at=AT, body=body) for kind, body in bodies.items()])
    page = run("report", "--month", "2026-06")[1]
    assert "# Overrides in 2026-12" not in page.splitlines()
    plain = re.sub("`[^`\n]*`", "", page.replace("```", ""))
    assert "evil.example" in page
    assert "evil.example" not in plain


def test_without_a_ledger_it_says_what_to_add(place: Path) -> None:
    """A configuration without `state:` keeps none."""
    (place / "wedgate.yml").write_text(CONFIG.replace("state:", "#"))
    with pytest.raises(Exception, match="add state"):
        run("show")


def test_the_end_of_a_grant_is_recorded(override_story: Story) -> None:
    """By whoever looks first after it."""
    story = override_story
    request = story.asks()
    for who in ("alice", "bob"):
        story.approves(who, request)
    expires = story.grant().expires  # type: ignore[union-attr]
    kinds = [draft.kind for draft in news_of(story.standing(), story.change, (), expires - timedelta(seconds=1))]
    assert "expired" not in kinds
    kinds = [draft.kind for draft in news_of(story.standing(), story.change, (), expires)]
    assert kinds[-1] == "expired"


def test_what_the_ledger_has_is_not_written_again(override_story: Story) -> None:
    """The same standing twice is news once."""
    story = override_story
    story.approves("alice", story.asks())
    first = news_of(story.standing(), story.change, (), AT)
    assert [draft.kind for draft in first] == ["requested", "approved"]
    lines = [
        AuditLine(revision=place, kind=draft.kind, at=draft.at, body=draft.body, hash="")
        for place, draft in enumerate(first, 1)
    ]
    assert news_of(story.standing(), story.change, lines, AT) == ()
