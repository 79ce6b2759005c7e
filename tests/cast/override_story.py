"""A pull request by dave, asked about by erin, with alice, bob and carol as approvers: the cast of the A cases."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from wedgate.overrides.conversation import hear
from wedgate.overrides.grants import Grant, Outgoing, Use, grant_in
from wedgate.overrides.people import Circle, Comment, Person, Role, circle_of
from wedgate.overrides.policy import Approvers, NamedPerson, OverridePolicy
from wedgate.overrides.refusals import Refusal, RefusalCode
from wedgate.overrides.standing import Change, Rulebook, Seen, Standing

H1, H2 = "1" * 40, "2" * 40
SATURDAY = datetime(2026, 6, 6, 10, tzinfo=UTC)
NAMES = ("alice", "bob", "carol", "dave", "erin", "frank", "zoe")
PEOPLE = {name: Person(id=number, login=name) for number, name in enumerate(NAMES, 101)}
CLOSED = [("rule_blocks", "saturday")]


@dataclass
class Story:
    """A pull request that goes on: people write, things happen, and at any time one can ask where it stands."""

    policy: OverridePolicy = field(
        default_factory=lambda: OverridePolicy(
            approvers=Approvers(people=tuple(NamedPerson(login=name) for name in ("alice", "bob", "carol")))
        )
    )
    now: datetime = SATURDAY
    comments: list[Comment] = field(default_factory=list)
    regions: tuple[str, ...] = ("eu", "us")
    rules: tuple[str, ...] = ("saturday", "surge", "new-year")
    roles: dict[int, Role] = field(default_factory=lambda: {person.id: Role.WRITE for person in PEOPLE.values()})
    circles: dict[str, Circle] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    uses: list[Use] = field(default_factory=list)
    change: Change = field(
        default_factory=lambda: Change(
            repository="acme/venue-search", number=7, head=H1, author=PEOPLE["dave"], pushers=(PEOPLE["dave"],)
        )
    )

    def says(self, who: str | Person | None, body: str, **how: Any) -> Comment:
        """Let somebody comment a minute later."""
        self.now += timedelta(minutes=1)
        author = PEOPLE[who] if isinstance(who, str) else who
        comment = Comment(id=1000 + len(self.comments), author=author, at=self.now, body=body, **how)
        self.comments.append(comment)
        return comment

    def asks(self, who: str = "erin", *, sha: str | None = None, line: str = "") -> str:
        """Let somebody ask for the head, or another commit, and return the id of the request that stands then."""
        rest = line or 'regions=eu rules=saturday for=4h reason="checkout is down"'
        self.says(who, f"/wedgate override {sha or self.change.head} {rest}")
        request = self.standing().request
        return "0" * 32 if request is None else request.id

    def approves(self, who: str | Person, request: str, *, sha: str | None = None, **how: Any) -> Comment:
        """Let somebody approve a request for the head, or another commit."""
        return self.says(who, f"/wedgate approve {sha or self.change.head} {request}", **how)

    def edit(self, comment: Comment, **changes: Any) -> None:
        """Change a comment that was written before."""
        self.comments[self.comments.index(comment)] = replace(comment, edited=True, **changes)

    def moves(self, **changes: Any) -> None:
        """Change the pull request."""
        self.change = replace(self.change, **changes)

    def standing(self) -> Standing:
        """Work out where things stand now."""
        circles = {
            region: self.circles.get(region, circle_of(self.policy.approvers_of(region), {})) for region in self.regions
        }
        book = Rulebook(policy=self.policy, circles=circles, rules=self.rules, roles=self.roles)
        return hear(self.change, self.comments, book, seen=self.seen, now=self.now)

    def grant(self, region: str = "eu", *, at: datetime | None = None, **outgoing: Any) -> Grant | Refusal:
        """Ask for the grant with which the head, or another commit, may go to a region now."""
        out = Outgoing(**{"commit": self.change.head, "binding": "run:1", **outgoing})
        return grant_in(self.standing(), region, out, CLOSED, uses=self.uses, at=at or self.now)

    def is_granted(self, region: str = "eu", **asked: Any) -> bool:
        """Whether it may."""
        return isinstance(self.grant(region, **asked), Grant)

    def refused(self, region: str = "eu", **asked: Any) -> RefusalCode:
        """Return why it may not."""
        grant = self.grant(region, **asked)
        assert isinstance(grant, Refusal), grant
        return grant.code

    def codes(self) -> set[RefusalCode]:
        """Return the codes of everything that was refused in comments."""
        return {refusal.code for refusal in self.standing().refusals}

    def approved(self, region: str = "eu") -> list[str]:
        """Return who is counted in a region."""
        place = self.standing().region(region)
        return [] if place is None else [approval.person.login for approval in place.approvals]
