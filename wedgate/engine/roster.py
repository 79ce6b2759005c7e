"""Who may do what in one repository: what the policy says of people, teams, owners and who is on call, read anew.

Whatever was asked is not asked again by the same roster.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from wedgate.adapters.forge.interface import Conversations, Forge
from wedgate.calendars.values import Span
from wedgate.config.configuration import Configuration
from wedgate.overrides.code_owners import PATHS, owners_of
from wedgate.overrides.people import Circle, Comment, Person, Role, circle_of
from wedgate.overrides.policy import WITHOUT_POLICY, Approvers, Audience, Duty, NamedPerson, OverridePolicy
from wedgate.overrides.quorum import reaches, teams_among
from wedgate.overrides.standing import Rulebook

MOST_PEOPLE = 40
"""So many strangers' permissions are asked for one pull request; whoever comes later has none. Approvers, and whom the
forge counts among the members and collaborators, are always asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """The logins that a calendar names for this moment; none where it names nobody, with its ``trouble`` if any.

    ``shifts`` are when it names whom, by login in lower case: some weeks back, and a day ahead.
    """

    logins: tuple[str, ...] = ()
    shifts: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    trouble: str | None = None


class Roster:
    """The people of one repository, as its configuration names them and the forge knows them."""

    def __init__(
        self,
        configuration: Configuration,
        forge: Forge,
        conversations: Conversations,
        on_call: Callable[[str], OnCall],
        *,
        owners: str | None = None,
    ) -> None:
        """``on_call`` returns who is on call by a calendar; ``ExternalSystemError`` if that is not known.

        ``owners``: the file of owners, where another than the default branch's counts.
        """
        self._configuration = configuration
        self._forge = forge
        self._conversations = conversations
        self._asks_who_is_on_call = on_call
        self._code_owners = owners
        self._teams: dict[str, tuple[Person, ...] | None] = {}
        self._calls: dict[str, OnCall] = {}
        self._roles: dict[int, Role] = {}
        self._by_login: dict[str, Role] = {}

    def book(self) -> Rulebook:
        """Return the policy and whom it names, with what is known by now of what people may do here."""
        calendar, policy = self._configuration.calendar, self._configuration.overrides
        circles = _Circles(tuple(region.name for region in calendar.regions), self.circle_in)
        rules = tuple(rule.id for rule in calendar.rules)
        return Rulebook(policy=policy, circles=circles, rules=rules, roles=dict(self._roles))

    def learn(self, people: Iterable[Person], *, insiders: Collection[int], book: Rulebook) -> bool:
        """Ask what some people may do here, and say whether there was anybody new; of too many strangers none more.

        ``insiders`` are the numbers of those whom the forge counts among the members and collaborators.
        """
        unknown = [person for person in people if person.id not in self._roles]
        for person in unknown:
            is_named = any(circle.knows(person) for circle in book.circles.values())
            # Strangers in numbers must not keep those who are named, or belong here, from being heard.
            asks = is_named or person.id in insiders or len(self._roles) < MOST_PEOPLE
            self._roles[person.id] = self._conversations.role_of(person) if asks else Role.NONE
        return bool(unknown)

    def has_part(self, comment: Comment) -> bool:
        """Whether whoever wrote a comment is somebody here; strangers are not answered, and nothing is kept of them."""
        author = comment.author
        if comment.is_insider or author is None:
            return comment.is_insider
        named = any(circle.knows(author) for circle in self.book().circles.values())
        return named or self.role(author).may_write

    def may(self, person: Person, duty: Duty) -> bool:
        """Whether somebody may do something else than approve."""
        policy = self._configuration.overrides
        audience = WITHOUT_POLICY.get(duty) if policy is None else policy.may[duty]
        if audience in (None, Audience.SIGNERS) or not self.role(person).may_write:
            return False
        return audience is Audience.WRITE or any(circle.holds(person) for circle in self.book().circles.values())

    def circle_in(self, region: str) -> Circle:
        """Return who may approve in a region, read anew; nobody without a policy."""
        policy = self._configuration.overrides
        return Circle() if policy is None else self._circle(policy, region)

    def out_of_reach(self, regions: Iterable[str]) -> tuple[str, ...]:
        """Return the regions in which fewer are left of those who may approve than are needed, whoever asks.

        Whoever the policy names by number may have another login by now, and counts as there.
        """
        policy = self._configuration.overrides
        if policy is None:
            return ()
        return tuple(name for name in regions if not self._is_within_reach(name, policy))

    def _is_within_reach(self, region: str, policy: OverridePolicy) -> bool:
        needed, teams_needed = policy.needed_in(region), policy.teams_needed_in(region)
        circle, asked = self.circle_in(region), 0
        known = {login.lower() for login in circle.logins.values()}
        left: list[frozenset[str]] = []
        for number, login in (
            *circle.logins.items(),
            *((None, login) for login in sorted(circle.named - known)),
        ):
            teams = frozenset() if number is None else circle.members.get(number, frozenset())
            if len(left) >= needed and teams_among([*left, teams]) == teams_among(left):
                continue  # whoever adds no team to enough people is not asked about
            if asked >= MOST_PEOPLE:
                return True
            asked += 1
            if self._is_left(circle, number, login):
                left.append(teams)
            if reaches(left, needed=needed, teams_needed=teams_needed):
                return True
        return False

    def _is_left(self, circle: Circle, number: int | None, login: str) -> bool:
        if number is None:
            if login not in self._by_login:
                self._by_login[login] = self._conversations.role_by_login(login)
            return self._by_login[login].may_write
        person = Person(id=number, login=login)
        return not circle.teams_of(person) or self.role(person).may_write

    def role(self, person: Person) -> Role:
        """Return what somebody may do here, asked once."""
        if person.id not in self._roles:
            self._roles[person.id] = self._conversations.role_of(person)
        return self._roles[person.id]

    def _circle(self, policy: OverridePolicy, region: str) -> Circle:
        approvers = policy.approvers_of(region)
        people, teams = self._with_owners(approvers)
        calls = OnCall() if approvers.on_call is None else self._on_call(approvers.on_call)
        named = replace(approvers, people=(*approvers.people, *people))
        members = {team: self._members(team) for team in (*approvers.teams, *teams)}
        lost = tuple(f"the team {team} does not exist any more" for team, there in members.items() if there is None)
        lost += () if calls.trouble is None else (calls.trouble,)
        return replace(
            circle_of(named, {team: there or () for team, there in members.items()}),
            on_call=frozenset(map(str.lower, calls.logins)),
            shifts=calls.shifts,
            lost=lost,
        )

    def _with_owners(self, approvers: Approvers) -> tuple[tuple[NamedPerson, ...], tuple[str, ...]]:
        """Return the people and the teams that own the paths of the policy."""
        people: dict[str, None] = {}
        teams: dict[str, None] = {}
        for path in approvers.code_owners:
            owners = owners_of(self._owners_file(), path)
            people |= dict.fromkeys(owners.people)
            teams |= dict.fromkeys(owners.teams)
        return tuple(NamedPerson(login=login) for login in people), tuple(teams)

    def _owners_file(self) -> str:
        if self._code_owners is None:
            found = self._forge.default_branch_file(PATHS)
            self._code_owners = "" if found is None else found.content.decode("utf-8", "replace")
        return self._code_owners

    def _on_call(self, location: str) -> OnCall:
        if location not in self._calls:
            self._calls[location] = self._asks_who_is_on_call(location)
        return self._calls[location]

    def _members(self, team: str) -> tuple[Person, ...] | None:
        if team not in self._teams:
            self._teams[team] = self._conversations.members_of(team)
        return self._teams[team]


class _Circles(Mapping[str, Circle]):
    """The circle of each region, read when it is first asked for: where nobody is asked, nobody need be known."""

    def __init__(self, regions: tuple[str, ...], read: Callable[[str], Circle]) -> None:
        self._regions = regions
        self._read = read
        self._found: dict[str, Circle] = {}

    def __getitem__(self, region: str) -> Circle:
        if region not in self._regions:
            raise KeyError(region)
        if region not in self._found:
            self._found[region] = self._read(region)
        return self._found[region]

    def __iter__(self) -> Iterator[str]:
        return iter(self._regions)

    def __len__(self) -> int:
        return len(self._regions)
