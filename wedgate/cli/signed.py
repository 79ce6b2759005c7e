"""Wires overrides by signature: the signers of the default branch, who is excluded, and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wedgate.errors import ExternalSystemError, RefusedError, UsageError

if TYPE_CHECKING:
    from wedgate.config.configuration import Configuration
    from wedgate.ledger.appending import Draft
    from wedgate.ledger.streams import LedgerState
    from wedgate.overrides.conversation import Standing
    from wedgate.overrides.grants import Grant
    from wedgate.overrides.refusals import Refusal
    from wedgate.overrides.statements import Statement, Vote

DEFAULT_BRANCH = "refs/remotes/origin/HEAD"


def configuration_of_default_branch(config: Path | None) -> Configuration:
    """Return the default branch's configuration as the clone here has it: the working file has no say."""
    from wedgate.adapters.forge.git_copy import file_at_revision
    from wedgate.cli.sources import repository_paths
    from wedgate.cli.wiring import parser_for

    for path in repository_paths(config, str(Path.cwd())):
        content = file_at_revision(DEFAULT_BRANCH, path)
        if content is not None:
            return parser_for(None)(content, path)
    raise ExternalSystemError(
        "the clone here does not have the configuration of the default branch; "
        "fetch it, and let the clone know which it is: git remote set-head origin --auto"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What signed votes come to, for one commit."""

    standing: Standing
    statement: Statement
    commit: str
    configuration: Configuration

    @classmethod
    def of(
        cls, statement: Statement, votes: Sequence[tuple[Vote, str]], commit: str, configuration: Configuration
    ) -> Verification:
        """Verify every signature, and work out where the request stands."""
        from wedgate.adapters.forge.git_copy import file_at_revision, people_of
        from wedgate.adapters.signatures.ssh import SshSignatures
        from wedgate.cli.wiring import utc_now
        from wedgate.overrides.statements import CheckedVote, canonical, standing_of

        policy = configuration.overrides
        if policy is None or policy.signers is None:
            raise UsageError(f"{configuration.path} has no `overrides: {{signers: ...}}`, the file of who may sign")
        signers = file_at_revision(DEFAULT_BRANCH, policy.signers)
        if signers is None:
            raise ExternalSystemError(
                f"the clone here does not have {policy.signers} of the default branch; "
                "fetch it, and let the clone know which it is: git remote set-head origin --auto"
            )
        people = people_of(commit)
        if people is None:
            raise ExternalSystemError(f"the clone here does not know {commit[:12]}, and so not who wrote it; fetch it")
        signatures = SshSignatures(signers, file_at_revision(DEFAULT_BRANCH, f"{policy.signers}.revoked"))
        checked = []
        for vote, signature in votes:
            signed = signatures.who_signed(canonical(vote), signature, vote.by)
            if signed is None:
                raise RefusedError(
                    f"the signature of {ascii(vote.by)[:80]} is not good: it is not of this vote, or its key is not "
                    f"one that {policy.signers} of the default branch names for this now, or it was revoked"
                )
            checked.append(CheckedVote(vote=vote, key=signed.key))
        excluded = dict.fromkeys(people, "wrote or committed a part of it")
        excluded[statement.requester.lower()] = "asked for it"
        standing = standing_of(statement, checked, policy, excluded=excluded, now=utc_now())
        return cls(standing=standing, statement=statement, commit=commit, configuration=configuration)

    def grants(self, regions: Sequence[str], binding: str | None) -> dict[str, Grant | Refusal]:
        """Return what holds in each region; with a ``binding`` the use is recorded before this returns."""
        from wedgate.cli.override_wiring import audit_book

        book = audit_book(self.configuration)
        if binding is None:
            return self._granted(regions, None, None if book is None else book.read())
        if book is None:
            raise UsageError(f"{self.configuration.path} has no `state:`, and so no ledger to record a use in")
        found: dict[str, Grant | Refusal] = {}

        def decide(state: LedgerState) -> Sequence[Draft]:
            nonlocal found
            found = self._granted(regions, binding, state)
            return self._drafts(found, binding, state)

        book.transact(decide)
        return found

    def _granted(
        self, regions: Sequence[str], binding: str | None, ledger: LedgerState | None
    ) -> dict[str, Grant | Refusal]:
        from wedgate.cli.wiring import utc_now
        from wedgate.overrides.grants import Outgoing, grant_in
        from wedgate.overrides.record import uses_in
        from wedgate.overrides.refusals import Refusal, RefusalCode

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
        out = Outgoing(commit=self.commit, binding=binding)
        uses = uses_in(() if ledger is None else ledger.audit)
        return {name: grant_in(self.standing, name, out, (), uses=uses, at=utc_now()) for name in regions}

    def _drafts(self, found: dict[str, Grant | Refusal], binding: str, state: LedgerState) -> list[Draft]:
        from wedgate.cli.wiring import utc_now
        from wedgate.overrides.conversation import Change
        from wedgate.overrides.grants import Grant, Outgoing
        from wedgate.overrides.record import draft_of_use, news_of, uses_in

        now = utc_now()
        change = Change(repository=self.statement.repository, number=0, head=self.commit, author=None)
        recorded = {(use.request, use.region, use.binding) for use in uses_in(state.audit)}
        out = Outgoing(commit=self.commit, binding=binding)
        uses = [
            draft_of_use(each, out, now, {"by": "signatures"})
            for name, each in found.items()
            if isinstance(each, Grant) and (each.request.id, name, binding) not in recorded
        ]
        return [*news_of(self.standing, change, state.audit, now), *uses] if uses else []
