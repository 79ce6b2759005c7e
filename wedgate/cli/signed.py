"""Wires overrides by signature: the signers of the default branch, who is excluded, and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wedgate.errors import ConfigurationError, ExternalSystemError, RefusedError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from wedgate.adapters.forge.interface import ForgeFile
    from wedgate.adapters.signatures.ssh import SshSignatures
    from wedgate.config.configuration import Configuration
    from wedgate.engine.audit import AuditBook
    from wedgate.ledger.appending import Draft
    from wedgate.ledger.streams import LedgerState
    from wedgate.overrides.grants import Grant, Outgoing
    from wedgate.overrides.policy import OverridePolicy
    from wedgate.overrides.refusals import Refusal
    from wedgate.overrides.standing import Standing
    from wedgate.overrides.statements import CheckedVote, Statement, Vote
    from wedgate.overrides.through import Closing

DEFAULT_BRANCH = "refs/remotes/origin/HEAD"


MOST_VERSIONS = 50
"""So many versions of a broken configuration are looked at for one that can be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """The configuration that decides, and the commit of the default branch that it is of.

    It is the last valid one where that of the branch is ``broken``, which closes every region.
    """

    configuration: Configuration
    commit: str | None
    broken: bool = False


def configuration_of_default_branch(config: Path | None) -> Deciding:
    """Return the default branch's configuration as the clone here has it: the working file has no say."""
    from wedgate.adapters.forge.git_copy import commit_of, versions_of
    from wedgate.cli.sources import first_of, last_valid, repository_paths
    from wedgate.cli.wiring import parser_for

    paths = repository_paths(config, str(Path.cwd()))
    found = first_of(_file_at, paths, DEFAULT_BRANCH)
    if found is None:
        raise ExternalSystemError(
            "the clone here does not have the configuration of the default branch; "
            "fetch it, and let the clone know which it is: git remote set-head origin --auto"
        )
    try:
        now = parser_for(None)(found.content, found.path)
        return Deciding(configuration=now, commit=commit_of(DEFAULT_BRANCH))
    except ConfigurationError:
        versions = versions_of(DEFAULT_BRANCH, paths, most=MOST_VERSIONS)
        last = last_valid(versions, _file_at, paths, parser_for(None, is_earlier=True))
        if last is None:
            raise
    return Deciding(configuration=last[0], commit=last[1], broken=True)


def _file_at(path: str, revision: str) -> ForgeFile | None:
    """Return a file as the clone here has it."""
    from wedgate.adapters.forge.git_copy import file_at_revision
    from wedgate.adapters.forge.interface import ForgeFile

    content = file_at_revision(revision, path)
    return None if content is None else ForgeFile(path=path, content=content, ref=revision)


def signatures_of(configuration: Configuration, *, namespace: str) -> SshSignatures:
    """Return what checks signatures against the file of signers of the default branch, as the clone here has it."""
    from wedgate.adapters.forge.git_copy import file_at_revision
    from wedgate.adapters.signatures.ssh import SshSignatures

    policy = configuration.overrides
    if policy is None or policy.signers is None:
        raise UsageError(f"{configuration.path} has no `overrides: {{signers: ...}}`, the file of who may sign")
    signers = file_at_revision(DEFAULT_BRANCH, policy.signers)
    if signers is None:
        raise ExternalSystemError(
            f"the clone here does not have {policy.signers} of the default branch; "
            "fetch it, and let the clone know which it is: git remote set-head origin --auto"
        )
    revoked = file_at_revision(DEFAULT_BRANCH, f"{policy.signers}.revoked")
    return SshSignatures(signers, revoked, namespace=namespace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What signed votes come to, for one commit."""

    checked: tuple[CheckedVote, ...]
    """Whoever asked, and the votes; the signature of each is good."""
    people: frozenset[str]
    """Addresses of who wrote what goes out."""
    statement: Statement
    commit: str
    deciding: Deciding
    ledger: Path | None = None
    """A directory for the ledger, where the one that the configuration names cannot be reached."""
    repository: str
    """The repository here, as ``repository_of`` knows it: what is signed for another one does not count."""
    strangers: tuple[str, ...] = ()
    """Addresses of who wrote it that the file of signers does not have."""
    trees: tuple[str | None, str | None] = (None, None)
    """The tree of the commit, and of the one that was asked for; ``None`` for one that the clone does not know."""

    @property
    def configuration(self) -> Configuration:
        """The configuration that decides."""
        return self.deciding.configuration

    @classmethod
    def of(
        cls,
        asked: tuple[Vote, str],
        votes: Sequence[tuple[Vote, str]],
        commit: str,
        deciding: Deciding,
        *,
        repository: str,
        base: str | None = None,
        ledger: Path | None = None,
    ) -> Verification:
        """Verify every signature, the one of whoever asked too."""
        from wedgate.adapters.forge.git_copy import tree_of
        from wedgate.adapters.signatures.ssh import OVERRIDE
        from wedgate.overrides.co_authors import names_of
        from wedgate.overrides.statements import Ballot, CheckedVote, by_nobody, canonical

        signatures = signatures_of(deciding.configuration, namespace=OVERRIDE)
        policy = deciding.configuration.overrides
        assert policy is not None  # it names the signers
        people = _writers_of(commit, base)
        request, _ = asked
        if request.ballot is not Ballot.ASK or request.by != request.statement.requester:
            raise RefusedError("the request is not signed by whoever asks; write it with `wedgate override request`")
        checked = []
        for vote, signature in (asked, *votes):
            signed = signatures.who_signed(canonical(vote), signature, vote.by)
            if signed is None:
                raise RefusedError(
                    f"the signature of {ascii(vote.by)[:80]} is not good: it is not of this vote, or its key is not "
                    f"one that {policy.signers} of the default branch names for this now, or it was revoked"
                )
            checked.append(CheckedVote(vote=vote, key=signed.key, names=signed.names))
        if (nobody := by_nobody(checked[0])) is not None:
            raise RefusedError(f"who asked is not known: {nobody}")
        approved = request.statement.override.sha
        trees = tree_of(commit), tree_of(approved)
        # A squash may name nobody of those who wrote what it is of.
        if commit != approved and trees[0] is not None and trees[0] == trees[1]:
            people |= _writers_of(approved, base)
        known = signatures.everybody()
        return cls(
            checked=tuple(checked),
            people=people,
            statement=request.statement,
            commit=commit,
            deciding=deciding,
            ledger=ledger,
            trees=trees,
            repository=repository,
            strangers=tuple(sorted(each for each in people if not names_of([each]) & known)),
        )

    def grants(self, regions: Sequence[str], binding: str | None) -> tuple[Standing, dict[str, Grant | Refusal]]:
        """Return where the request stands, and what holds in each region.

        With a ``binding`` the use is recorded before this returns.
        """
        book = self._book()
        if binding is None:
            ledger = None if book is None else book.read()
            standing = self._standing(ledger)
            return standing, self._granted(standing, regions, None, ledger)
        if book is None:
            raise UsageError(f"{self.configuration.path} has no `state:`, and so no ledger to record a use in")
        found: tuple[Standing, dict[str, Grant | Refusal]] | None = None

        def decide(state: LedgerState) -> Sequence[Draft]:
            nonlocal found
            standing = self._standing(state)
            found = standing, self._granted(standing, regions, binding, state)
            return self._drafts(*found, binding, state)

        book.transact(decide)
        assert found is not None  # it is decided before it is written
        return found

    def _standing(self, ledger: LedgerState | None) -> Standing:
        """Work out where the request stands, by the votes and by what the ledger has of earlier ones."""
        from wedgate.cli.wiring import utc_now
        from wedgate.overrides.record import seen_in
        from wedgate.overrides.statements import standing_of

        policy = self.configuration.overrides
        assert policy is not None  # it names the signers
        seen = None if ledger is None else seen_in(ledger.audit)
        asked, *votes = self.checked
        return standing_of(asked, votes, policy, authors=self.people, now=utc_now(), seen=seen)

    def _book(self) -> AuditBook | None:
        from wedgate.cli.ledger_wiring import open_store
        from wedgate.cli.override_wiring import audit_book, pause
        from wedgate.engine.audit import AuditBook

        if self.ledger is None:
            return audit_book(self.configuration)
        store, _ = open_store("file", {"path": str(self.ledger)}, self.configuration.service)
        return AuditBook(store, pause)

    def _granted(
        self, standing: Standing, regions: Sequence[str], binding: str | None, ledger: LedgerState | None
    ) -> dict[str, Grant | Refusal]:
        from dataclasses import replace

        from wedgate.cli.wiring import utc_now
        from wedgate.overrides.grants import Grant, grant_in
        from wedgate.overrides.record import seen_in, uses_in
        from wedgate.overrides.refusals import Refusal, RefusalCode
        from wedgate.overrides.statements import beyond_signatures

        policy = self.configuration.overrides
        assert policy is not None
        override = self.statement.override
        touched = sorted(set(override.rules) & policy.untouchable)
        if touched or override.duration > policy.longest or self.statement.service != self.configuration.service:
            what = (
                f"no override opens {touched[0]}" if touched else "it is asked for longer, or elsewhere, than allowed"
            )
            code = RefusalCode.UNTOUCHABLE if touched else RefusalCode.TOO_LONG
            refusal = Refusal(code=code, what=what, remedy="ask for less; `overrides:` of wedgate.yml says what")
            return dict.fromkeys(regions, refusal)
        now = utc_now()
        trouble = self._trouble(policy)
        if trouble is not None:
            return dict.fromkeys(regions, trouble)
        out = self._outgoing(binding)
        lines = () if ledger is None else ledger.audit
        uses, told = uses_in(lines), seen_in(lines).expiries
        found: dict[str, Grant | Refusal] = {}
        for name in regions:
            closing, _ = self._closing(name, ledger, now)
            if (beyond := beyond_signatures((name,), policy)) is not None:
                found[name] = beyond
                continue
            grant = grant_in(standing, name, out, closing, uses=uses, at=now, untouchable=policy.untouchable)
            if isinstance(grant, Grant):
                grant = replace(grant, expires=min(grant.expires, told.get((grant.request.id, name), grant.expires)))
                if now >= grant.expires:
                    what = f"the override was over at {grant.expires:%Y-%m-%d %H:%M:%S} UTC"
                    found[name] = Refusal(code=RefusalCode.EXPIRED, what=what, remedy="ask anew")
                    continue
            found[name] = grant
        return found

    def _outgoing(self, binding: str | None) -> Outgoing:
        from wedgate.overrides.grants import Outgoing

        tree, approved = self.trees
        return Outgoing(commit=self.commit, tree=tree, approved_tree=approved, binding=binding)

    def _closing(self, region: str, ledger: LedgerState | None, now: datetime) -> tuple[Closing, datetime | None]:
        """Return what closes a region, and when it would open by itself, as far as that is known."""
        from wedgate.calendars.values import Verdict
        from wedgate.cli.wiring import ask_region
        from wedgate.gate.reasons import ReasonCode
        from wedgate.overrides.through import closing_of, frozen_region

        freezes = () if ledger is None else ledger.freezes
        decision = frozen_region(ask_region(self.configuration, region, now, None), freezes, now)
        closing = closing_of(decision) if decision.verdict is Verdict.CLOSED else ()
        if self.deciding.broken:
            return ((ReasonCode.CONFIG_INVALID.value, None), *closing), None
        return closing, decision.next_open

    def _trouble(self, policy: OverridePolicy) -> Refusal | None:
        """Return why a statement is not in order."""
        from wedgate.overrides.conversation import trouble_with_text
        from wedgate.overrides.policy import OVERRIDABLE
        from wedgate.overrides.refusals import Refusal, RefusalCode

        if self.repository.lower() != self.statement.repository.lower():
            what = f"the statement is for {self.statement.repository or 'no repository'}, and this is {self.repository}"
            return Refusal(code=RefusalCode.OTHER_REQUEST, what=what, remedy="sign one for this repository")
        rules = {rule.id for rule in self.configuration.calendar.rules}
        unknown = [name for name in self.statement.override.rules if name not in rules and name not in OVERRIDABLE]
        if unknown:
            what = f'there is no rule "{unknown[0]}"'
            return Refusal(code=RefusalCode.UNKNOWN_RULE, what=what, remedy="name the rules that close")
        return trouble_with_text(self.statement.override, policy)

    def _drafts(
        self, standing: Standing, found: dict[str, Grant | Refusal], binding: str, state: LedgerState
    ) -> list[Draft]:
        from wedgate.cli.wiring import utc_now
        from wedgate.overrides.grants import Grant
        from wedgate.overrides.record import draft_of_use, news_of, uses_in
        from wedgate.overrides.standing import Change

        now = utc_now()
        change = Change(repository=self.statement.repository, number=0, head=self.commit, author=None)
        recorded = {(use.request, use.region, use.binding) for use in uses_in(state.audit)}
        out = self._outgoing(binding)
        uses = [
            draft_of_use(each, out, now, self._why(name, state, now))
            for name, each in found.items()
            if isinstance(each, Grant) and (each.request.id, name, binding) not in recorded
        ]
        # What was denied or taken back is written down whatever else comes of it: it stands from then on.
        is_told = uses or standing.denials or standing.withdrawals
        return [*news_of(standing, change, state.audit, now), *uses] if is_told else []

    def _why(self, region: str, state: LedgerState, now: datetime) -> dict[str, object]:
        """Return what the gate said of a region without the grant, and the inputs that decided."""
        from wedgate import __version__
        from wedgate.almanac.zones import zone_data_version

        closing, next_open = self._closing(region, state, now)
        return {
            "by": "signatures",
            "repository": self.statement.repository,
            "closed_by": [rule or code for code, rule in closing],
            "next_open": None if next_open is None else next_open.isoformat(),
            "config_digest": self.configuration.digest,
            "config_ref": self.deciding.commit,
            "zone_data": zone_data_version(),
            "wedgate": __version__,
        }


def _writers_of(commit: str, base: str | None) -> frozenset[str]:
    """Return the addresses of who wrote what goes out with a commit; an error if the clone does not know them."""
    from wedgate.adapters.forge.git_copy import people_of

    people = people_of(commit, base)
    if people is None:
        raise ExternalSystemError(
            f"the clone here does not know who wrote what goes out with {commit[:12]}: fetch it, with the "
            "whole history (git fetch --unshallow); where it is on the default branch already and no merge, name "
            "the commit that runs now with --base"
        )
    return people
