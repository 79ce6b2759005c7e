"""The conversation in docs/overrides.md is what wedgate answers: each comment is worked out anew and compared.

``TRANSCRIPT=write`` writes the page's transcript anew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from override_story import H1, PEOPLE, SATURDAY, Story

from wedgate.cli.wiring import PinnedAlmanac
from wedgate.config.load import parse_configuration
from wedgate.engine.check import Gate
from wedgate.engine.parts import ConfigurationText, GateParts
from wedgate.gate.decision import ConfigOrigin, Decision
from wedgate.ledger.appending import chain_onto
from wedgate.ledger.streams import LedgerState, fold
from wedgate.overrides.anchors import MARKER
from wedgate.overrides.grants import Grant, Outgoing, grant_in
from wedgate.overrides.record import draft_of_use, news_of, uses_in
from wedgate.overrides.through import closing_of, let_through
from wedgate.render.conversation import render_conversation

CONFIG = b"""version: 1
service: venue-search
regions:
  eu-central: {markets: {berlin: {zone: Europe/Berlin, country: DE}}}
rules:
  saturday: {where: all, weekdays: saturday, effect: block, reason: weddings are today}
overrides:
  approvers: {people: [alice, bob, carol]}
"""
PAGE = Path("docs/overrides.md")
BEGIN, END = "<!-- transcript:begin -->", "<!-- transcript:end -->"


class Source:
    """The configuration of the default branch."""

    def fetch(self) -> ConfigurationText:
        """Return it."""
        return ConfigurationText(path="wedgate.yml", content=CONFIG, origin=ConfigOrigin.DEFAULT_BRANCH, ref="c" * 40)


class Scene:
    """The pull request with its ledger, and wedgate's one comment after each thing that was said."""

    def __init__(self) -> None:
        self.story = Story(regions=("eu-central",), rules=("saturday",))
        self.ledger = LedgerState()
        self.lines: list[str] = []

    def says(self, who: str, body: str) -> str:
        """Let somebody comment, and return what wedgate's comment says then."""
        self.story.says(who, body)
        self.note(news_of(self.story.standing(), self.story.change, self.ledger.audit, self.story.now))
        answer = self.answer()
        self.lines += [f"**{who}** writes at {self.story.now:%H:%M} UTC:", "", "```text", body, "```", ""]
        return answer

    def deploys(self) -> None:
        """Let the deployment of the squashed commit use the grant."""
        standing = self.story.standing()
        out = Outgoing(commit="d" * 40, tree="7" * 40, approved_tree="7" * 40, binding="run:4711")
        grant = grant_in(
            standing, "eu-central", out, self.closing(self.decide(self.story.now)), uses=(), at=self.story.now
        )
        assert isinstance(grant, Grant)
        self.note([draft_of_use(grant, out, self.story.now, {})])

    def note(self, drafts: Sequence[Any]) -> None:
        """Append to the ledger; the nonces are counted here, so that the page is the same each time."""
        nonces = [f"nonce-{self.ledger.revision + place}" for place in range(len(drafts))]
        entries = chain_onto(drafts, revision=self.ledger.revision, head=self.ledger.head, epoch=0, nonces=nonces)
        self.ledger = fold(entries, self.ledger)

    def decide(self, at: datetime) -> Decision:
        """Ask the calendar."""
        parse: Callable[[bytes, str], Any] = lambda content, name: parse_configuration(content, name=name)  # noqa: E731
        parts = GateParts(almanac=PinnedAlmanac(), clock=lambda: at, source=Source(), parse=parse)
        return Gate(parts).decide(None)

    def closing(self, decision: Decision) -> Any:
        """Return what closes the region."""
        return closing_of(decision.regions[0])

    def answer(self) -> str:
        """Return wedgate's comment."""
        story = self.story
        standing, decision = story.standing(), self.decide(story.now)
        uses = uses_in(self.ledger.audit)
        closing = self.closing(decision)
        found = {"eu-central": grant_in(standing, "eu-central", Outgoing(commit=H1), closing, uses=uses, at=story.now)}
        decision = let_through(decision, found, pull_request=story.change.number)
        text = render_conversation(story.change, standing, decision, self.ledger, policy=story.policy)
        assert text.startswith(MARKER)
        return text

    def shown(self, text: str) -> None:
        """Show wedgate's comment as a quotation."""
        body = text.removeprefix(MARKER).strip("\n")
        self.lines += ["**wedgate** answers:", "", *(f"> {line}".rstrip() for line in body.splitlines()), ""]


def transcript() -> str:
    """Return the whole conversation as Markdown."""
    scene = Scene()
    scene.shown(
        scene.says("erin", f'/wedgate override {H1} regions=eu-central rules=saturday for=4h reason="checkout is down"')
    )
    request = scene.story.standing().request
    assert request is not None
    scene.says("alice", f"/wedgate approve {H1} {request.id}")
    scene.shown(scene.says("bob", f"/wedgate approve {H1} {request.id}"))
    scene.deploys()
    scene.lines += [
        "The deployment of the squashed commit asks the gate, and goes through. The comment ends as a record:",
        "",
    ]
    scene.shown(scene.answer())
    return "\n".join(scene.lines).rstrip() + "\n"


def test_the_conversation_of_the_page_is_what_wedgate_answers(repository_root: Path) -> None:
    """From the request to the record."""
    assert set(PEOPLE) >= {"alice", "bob", "erin"}
    assert SATURDAY.strftime("%A") == "Saturday"
    path = repository_root / PAGE
    page = path.read_text(encoding="utf-8")
    head, _, rest = page.partition(BEGIN)
    old, _, tail = rest.partition(END)
    made = f"\n{transcript()}"
    if os.environ.get("TRANSCRIPT") == "write":
        path.write_text(f"{head}{BEGIN}{made}{END}{tail}", encoding="utf-8")
        old = made
    assert old == made


def test_the_picture_was_made_of_the_page_as_it_is(repository_root: Path) -> None:
    """It keeps the digest of the transcript; `tools/make_pictures.py override` makes it anew."""
    page = (repository_root / PAGE).read_text(encoding="utf-8")
    shown = page.partition(BEGIN)[2].partition(END)[0]
    picture = (repository_root / "docs" / "images" / "override.png").read_bytes()
    assert b"tEXttranscript\0" + hashlib.sha256(shown.encode()).hexdigest().encode() in picture
