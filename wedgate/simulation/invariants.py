"""The thirteen invariants of a rollout, checked against what is true of the world after each thing that was done to it.

Nothing here asks the engine what it thinks: only the world, and the ledger as data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wedgate.ledger.chain import GENESIS, Entry
from wedgate.ledger.orders import Order
from wedgate.ledger.streams import LedgerState, Stream
from wedgate.rollout.state import RegionPhase, RolloutState
from wedgate.rollout.values import Colour, Migration, ReportFails, RolloutSettings, Weights
from wedgate.simulation.process import SLICE
from wedgate.simulation.world import NEW, OLD, STRANGER, Region, World


class ViolationError(BaseException):
    """An invariant does not hold. Not an ``Exception``: no code of the engine may catch it."""


@dataclass(slots=True)
class Seen:
    """What was asked and read of one region since its weights last changed."""

    digest: str | None = None
    asked_at: datetime | None = None
    open_until: datetime | None = None
    """Until when the gate's last answer said that it is open, or lets an override through; ``None``: for ever."""
    was_shut: bool = False
    was_open: bool = False
    """Whether the gate was ever found open since, with nothing frozen."""
    at: datetime | None = None
    entries: int = 0
    """The length of the ledger when the weights changed."""
    read_at: datetime | None = None
    covered: timedelta = timedelta(0)


@dataclass(slots=True)
class Checker:
    """Watches one world. Raises ``ViolationError`` with the number of the invariant, and what was found."""

    world: World
    settings: RolloutSettings
    migration: Migration = Migration.NONE
    seen: dict[str, Seen] = field(default_factory=dict)
    ledger: LedgerState = field(default_factory=LedgerState)
    obeyed: dict[str, int] = field(default_factory=dict)
    """The last order that each rollout has obeyed, by its journal."""
    given_up: dict[str, set[str]] = field(default_factory=dict)
    """The regions in which each rollout was ended by an order that it has obeyed."""
    broken: str | None = None
    """The first that was found: what raises it may end in an error of the engine, which settles what it can first."""
    drains: int = 0
    """How often somebody said that old colours may go."""
    settled: dict[str, int] = field(default_factory=dict)
    """Under which epoch a process that ended well looked after each region last."""
    head: str = GENESIS
    length: int = 0
    epoch: int = 0
    claimed: dict[str, str] = field(default_factory=dict)
    regression: str | None = None
    """A regression that is held, and that nobody has set aside since: nothing may increase."""
    strangers: dict[str, datetime] = field(default_factory=dict)
    """Regions in which somebody else gave the candidate traffic, and when; nothing was given back since."""
    late: str | None = None
    """A candidate that this process went on to watch, although nobody had for too long before it."""

    def of(self, region: str) -> Seen:
        """Return what was seen of a region."""
        seen = self.seen.get(region)
        if seen is None:
            seen = self.seen[region] = Seen()
        return seen

    # What the engine asks.

    def asked(self, region: Region, at: datetime, *, began: datetime, ahead: timedelta) -> None:
        """The gate was asked about a region at ``began``; a clock may jump before it answers.

        Whoever's clock is ``ahead`` cannot know that a freeze has not ended yet.
        """
        if at != began:
            return
        seen = self.of(region.name)
        self._follow()
        opens, closes, granted = region.shut(at), region.closes(at), self.world.granted_until
        has_grant = granted is not None and at < granted
        frozen = region.frozen_until is not None and at + ahead < region.frozen_until
        seen.asked_at, seen.was_shut = at, frozen or (opens is not None and not has_grant)
        seen.was_open = seen.was_open or not seen.was_shut
        seen.open_until = closes
        if has_grant and closes is not None and granted is not None:
            seen.open_until = max(granted, closes)

    def read_digest(self, region: Region, colour: Colour, digest: str | None) -> None:
        """A digest was read back."""
        if colour is Colour.GREEN:
            self.of(region.name).digest = digest

    def read_evidence(self, region: Region) -> None:
        """A reading was had: the time since the last one is covered, if that is not too long ago."""
        seen, now = self.of(region.name), self.world.now
        unwatched = self._unwatched(seen) if region.weights.green else timedelta(0)
        if unwatched > self.settings.max_unwatched + 2 * SLICE and self._is_watched_over(region):
            self.late = f"{region.name} kept {region.candidate} % after {unwatched} without anybody"
        if seen.read_at is not None and now - seen.read_at <= 2 * SLICE:
            seen.covered += now - seen.read_at
        seen.read_at = now

    # What the engine does.

    def switched(self, region: Region, before: Weights) -> None:
        """Weights changed, or a version was put on a colour."""
        is_old = region.digests[Colour.BLUE] == OLD.digest
        if region.weights.green < before.green and not is_old:
            self._broken(11, f"{region.name} returned to {region.digests[Colour.BLUE] or 'a colour that is gone'}")
        if region.weights.of(Colour.BLUE) > 0 and not is_old:
            self._broken(4, f"{region.name}: a version was deployed on blue, which has traffic")
        if min(region.weights.blue, region.weights.green) < 0 or region.weights.blue + region.weights.green != 100:
            self._broken(3, f"{region.name}: {region.weights}")
        is_strangers = region.fence is not None and region.fence.rollout == STRANGER
        if region.name in self.strangers and not is_strangers:
            self._wrote_over_a_stranger(region, before)
        if region.weights == before:
            return
        if is_strangers:
            self.strangers[region.name] = self.world.now
            self.seen[region.name] = Seen()
            return
        self.strangers.pop(region.name, None)
        if region.weights.green > before.green:
            self._increased(region, before)
        self.seen[region.name] = Seen(at=self.world.now, entries=len(self.world.store.read()))

    def _wrote_over_a_stranger(self, region: Region, before: Weights) -> None:
        """Check that a person did it, who returns whatever there is, or a regression, or that nobody came for too long.

        None of these raises anything, and none puts its fence on what a stranger wrote.
        """
        if region.fence is not None and region.fence.is_by_hand:
            return
        self._follow()
        is_bad = self.world.bad_from is not None or any(line.given.order is Order.REPORT for line in self.ledger.orders)
        was_left = self.world.now - self.strangers[region.name] >= self.settings.max_unwatched
        if region.weights.green or not (is_bad or was_left):
            self._broken(1, f"{region.name}: what somebody else wrote was written over: {before} by {region.fence}")

    def deployed(self, region: Region, colour: Colour) -> None:
        """A version is about to be put on a colour."""
        if region.weights.of(colour) > 0:
            self._broken(4, f"{region.name}: {colour} has {region.weights.of(colour)} % and is torn down")
        self.of(region.name).digest = None

    def _increased(self, region: Region, before: Weights) -> None:
        seen, weight = self.of(region.name), region.weights.green
        self._follow()
        settled = self.settled.get(region.name, 0)
        if region.fence is not None and region.fence.epoch < settled:
            self._broken(1, f"{region.name}: raised by {region.fence}, after a tick of epoch {settled} ended there")
        if seen.digest != NEW.digest:
            self._broken(2, f"{region.name}: the digest read back last was {seen.digest}")
        if seen.asked_at is None:
            self._broken(6, f"{region.name}: the gate was not asked since the last change")
        elif seen.was_shut:
            self._broken(6, f"{region.name}: increased although the gate was closed")
        else:
            bake = self._bake_of(weight)
            if seen.open_until is not None and seen.open_until < seen.asked_at + bake:
                self._broken(6, f"{region.name}: closes {seen.open_until:%H:%M:%S}, before the bake of {bake} ends")
        if region.name in self.given_up.get(self.ledger.latest or "", ()):
            self._broken(9, f"{region.name}: increased although the rollout was ended there")
        if NEW.digest in self.ledger.poisoned:
            self._broken(6, f"{region.name}: the digest is poisoned")
        if self.regression is not None:
            self._broken(6, f"{region.name}: increased while a regression is held: {self.regression}")
        if before.green > 0:
            self._evidence_was_good(region, before.green, seen)
        self._in_order(region, weight)

    def _evidence_was_good(self, region: Region, weight: int, seen: Seen) -> None:
        bake = self._bake_of(weight)
        passed = [
            entry
            for entry in self.world.store.read()[seen.entries :]
            if entry.stream == Stream.JOURNAL and entry.kind == "judged" and _is_pass(entry, region.name)
        ]
        if not passed:
            self._broken(10, f"{region.name}: left {weight} % without a final pass")
        if seen.covered < bake:
            self._broken(12, f"{region.name}: {seen.covered} of a bake of {bake} were covered by readings")

    def _in_order(self, region: Region, weight: int) -> None:
        ours = [each for each in self.world.regions.values() if each.name not in self.strangers]
        moving = [each.name for each in ours if 0 < each.candidate < 100]
        if len(moving) > self.settings.in_flight:
            self._broken(7, f"in flight: {', '.join(moving)}")
        wave = next(index for index, wave in enumerate(self.settings.waves) if region.name in wave)
        for earlier in (name for names in self.settings.waves[:wave] for name in names):
            if self.world.regions[earlier].candidate < 100:
                self._broken(7, f"{region.name} is at {weight} % before {earlier} is promoted")

    # At rest.

    def after_process(self, regions: Sequence[str], *, ended_well: bool, was_hindered: bool) -> None:
        """A process ended that was there for some regions: the ledger is a chain, and no candidate was left there that
        nobody has watched for too long."""
        state = self.state()
        obeyed = 0 if state is None else self.obeyed.get(state.plan.rollout, 0)
        if state is not None and obeyed > state.obeyed:
            self._broken(8, f"order {obeyed} is in the journal, and would be obeyed again")
        if ended_well and not was_hindered:
            self.while_running(regions)

    def looked_after(self, regions: Sequence[str], who: str) -> None:
        """A process that held the lease as ``who`` ended well, and was there for some regions."""
        self._follow()
        lease, state = self.ledger.lease, self.state()
        if lease is not None and lease.who == who and state is not None:
            there = [name for name in regions if name in state.plan.places and not self._needs_human(name)]
            self.settled |= dict.fromkeys(there, lease.epoch)

    def while_running(self, regions: Sequence[str]) -> None:
        """A process has done what there is to do now in some regions: no candidate there has had traffic for too long
        that nobody watched."""
        if self.late is not None:
            self._broken(13, self.late)
        for region in map(self.world.regions.__getitem__, regions):
            unwatched = self._unwatched(self.of(region.name)) if region.weights.green else timedelta(0)
            if unwatched > self.settings.max_unwatched + 2 * SLICE and self._is_watched_over(region):
                self._broken(13, f"{region.name} is at {region.candidate} %, unwatched for {unwatched}")

    def after_return(self, regions: Mapping[str, Region]) -> None:
        """A rollback by hand ended: stable has all traffic wherever the new version had any."""
        for region in regions.values():
            if region.candidate > 0 and region.name not in self.strangers:
                self._broken(5, f"{region.name} is at {region.candidate} % after a rollback by hand")

    def after_everything(self, before: Mapping[str, Weights], state: RolloutState | None) -> None:
        """The rollout is over, and was ticked again: nothing may have changed."""
        self._follow()
        for region in self.world.regions.values():
            if region.weights != before[region.name]:
                self._broken(8, f"{region.name} changed although the rollout is over")
            if region.name in self.strangers:
                continue
            if 0 < region.candidate < 100 and not self._needs_human(region.name):
                self._broken(11, f"{region.name} was left at {region.candidate} % by a rollout that is over")
        if self.state() != state:
            self._broken(9, "a rollout that is over went on")

    def state(self) -> RolloutState | None:
        """Return where the last rollout stands, by the ledger."""
        self._follow()
        return self.world.known.rollout(self.ledger, self.ledger.latest or "")

    def _follow(self) -> None:
        """Take in what was appended since, and check that it continues the chain."""
        entries = self.world.store.read()
        if len(entries) == self.length and (not self.length or entries[-1].hash == self.head):
            return
        if len(entries) < self.length or (self.length and entries[self.length - 1].hash != self.head):
            self._broken(9, "the ledger was cut or replaced")
        for entry in entries[self.length :]:
            if entry.previous != self.head or entry.revision != self.length + 1:
                self._broken(9, f"entry {entry.revision} does not follow the one before it")
            if entry.epoch < self.epoch:
                self._broken(1, f"entry {entry.revision} was written under epoch {entry.epoch}, after a later one")
            if entry.stream == Stream.JOURNAL:
                self._orders(entry)
                self._regressions(entry)
            elif entry.stream == Stream.CLAIMS:
                self._claims(entry)
            elif entry.stream in (Stream.ORDERS, Stream.HISTORY):
                self._drains(entry)
            self.head, self.length, self.epoch = entry.hash, entry.revision, entry.epoch
        self.ledger = self.world.known.ledger(entries)

    def _claims(self, entry: Entry) -> None:
        """Check that no region is claimed by two rollouts."""
        regions, rollout = entry.body["regions"], str(entry.body["rollout"])
        if entry.kind != "claimed":
            self.claimed = {region: holder for region, holder in self.claimed.items() if holder != rollout}
            return
        for region in map(str, regions if isinstance(regions, list | tuple) else ()):
            held = self.claimed.setdefault(region, rollout)
            if held != rollout:
                self._broken(1, f"{region} was claimed while {held} has it")

    def _orders(self, entry: Entry) -> None:
        """Remember the last order that a rollout has obeyed, and the regions in which one has ended it."""
        if entry.kind != "ordered":
            return
        event = entry.body.get("event")
        if isinstance(event, Mapping):
            rollout, revision = str(entry.body["rollout"]), event.get("revision")
            if isinstance(revision, int):
                self.obeyed[rollout] = max(self.obeyed.get(rollout, 0), revision)
            regions = event.get("regions")
            if event.get("order") == "abort" and isinstance(regions, list | tuple):
                self.given_up.setdefault(rollout, set()).update(map(str, regions))

    def _regressions(self, entry: Entry) -> None:
        """Remember a regression that is held until a person goes on, where that is what follows one."""
        event = entry.body.get("event")
        if self.settings.report_fails is not ReportFails.HOLD or not isinstance(event, Mapping):
            return
        is_moving = any(0 < region.candidate < 100 for region in self.world.regions.values())
        if entry.kind == "judged" and _outcome(entry) == "fail":
            self.regression = f"judged in {event.get('region')}"
        elif entry.kind == "ordered" and event.get("order") == "report" and is_moving:
            self.regression = "reported"
        elif event.get("order") == "resume" or (entry.kind == "run_began" and event.get("anew")):
            self.regression = None

    def _drains(self, entry: Entry) -> None:
        """Check that no old colour goes unseen after a migration that no rollback takes back."""
        if entry.stream == Stream.ORDERS and entry.kind == "drain":
            self.drains += 1
        is_new = entry.stream == Stream.HISTORY and entry.body.get("rollout") is not None
        if is_new and self.migration.limits_rollback and not self.drains:
            self._broken(4, f"{entry.body.get('region')} gave up its old colour, and nobody had seen the migration")
        if is_new:
            self._gives_up(self.world.regions[str(entry.body["region"])], str(entry.body["rollout"]))

    def _gives_up(self, region: Region, rollout: str) -> None:
        """Check that an old colour goes only after its gate was open, in a rollout that is not halted."""
        state = self.world.known.rollout(self.ledger, rollout)
        has_all = region.candidate == 100 and state is not None and state.halted is None
        if has_all and not self.of(region.name).was_open:
            self._broken(4, f"{region.name} gave up its old colour, and its gate was never open since its last step")

    def _unwatched(self, seen: Seen) -> timedelta:
        """Return since when nobody looked at a candidate; nothing where it has had the same traffic all along."""
        return timedelta(0) if seen.at is None else self.world.now - (seen.read_at or seen.at)

    def _is_watched_over(self, region: Region) -> bool:
        """Whether somebody must watch a candidate that has traffic: not once it is promoted, or somebody else has it.

        What goes back already may have to wait until the old colour can take it, or until its balancer answers.
        """
        state = self.state()
        if state is None or region.name not in state.plan.places:
            return region.candidate < 100
        if region.candidate == 100:
            return state.region(region.name).phase in _WATCHED
        if not self._needs_human(region.name):
            return True
        return state.region(region.name).returning is None and region.name not in self.strangers

    def _needs_human(self, region: str) -> bool:
        """Whether the engine called a person for a region: then it touches nothing there, by its own rule."""
        state = self.state()
        return state is not None and state.region(region).phase is RegionPhase.NEEDS_HUMAN

    def _bake_of(self, weight: int) -> timedelta:
        strategy = next(iter(self.settings.strategies.values()))
        return next((step.bake for step in strategy.steps if step.weight == weight), timedelta(0))

    def _broken(self, number: int, what: str) -> None:
        self.broken = self.broken or f"invariant {number}: {what}"
        raise ViolationError(self.broken)


_WATCHED = (RegionPhase.SHIFTING, RegionPhase.BAKING, RegionPhase.HELD)


def _is_pass(entry: Entry, region: str) -> bool:
    event = entry.body.get("event")
    if not isinstance(event, Mapping) or event.get("region") != region or not event.get("final"):
        return False
    return _outcome(entry) == "pass"


def _outcome(entry: Entry) -> object:
    """Return what was judged."""
    event = entry.body.get("event")
    judgement = event.get("judgement") if isinstance(event, Mapping) else None
    return judgement.get("outcome") if isinstance(judgement, Mapping) else None
