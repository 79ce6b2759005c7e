"""Tells a scenario: the engine that ships, the calendars of its configuration, a clock that jumps to what is next."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wedgate.adapters.targets.interface import Capacity
from wedgate.config.configuration import Configuration
from wedgate.engine.adopt import adopt
from wedgate.engine.audit import AuditBook
from wedgate.engine.beside import run_now
from wedgate.engine.book import Book
from wedgate.engine.orders import freeze, give_order, thaw
from wedgate.engine.recording import open_in, recorder_in
from wedgate.engine.returning import Means, ask_now, one_by_one
from wedgate.engine.rollback import roll_back
from wedgate.engine.rollout import RolloutEngine
from wedgate.engine.rollout_parts import Passage
from wedgate.errors import ExitCode, UsageError, WedgateError
from wedgate.gate.decision import RegionDecision
from wedgate.ledger.audit import Frozen
from wedgate.ledger.orders import Order
from wedgate.rollout.promises import Declared
from wedgate.rollout.rescue import Rescue
from wedgate.rollout.state import Plan, RolloutState
from wedgate.rollout.values import Colour, Migration, Release, RolloutSettings
from wedgate.simulation.process import DeadError, Process, ProcessSpool, ProcessStore, Unseeing
from wedgate.simulation.scenario import Expectation, Happening, Scenario
from wedgate.simulation.world import NEW, OLD, Region, World

AGAIN = timedelta(minutes=30)
"""How long after a run that ended with something left to do the same command is given again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """The calendars of a configuration, as the command line wires them.

    ``ask`` answers about a region; ``lasts`` says until when an override for some rules keeps a region open.
    """

    load: Callable[[Path], Configuration]
    ask: Callable[[Configuration, str, datetime, timedelta | None], RegionDecision]
    lasts: Callable[[Configuration, str, datetime, datetime, Sequence[str]], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An expectation that was not met: its line, what was expected, and what was found."""

    line: int
    what: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a scenario went."""

    scenario: Scenario
    missed: tuple[Missed, ...]
    trace: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An override while it holds."""

    rules: tuple[str, ...]
    until: datetime
    regions: tuple[str, ...] | None
    strategy: str | None


def tell(scenario: Scenario, calendars: Calendars) -> Told:
    """Run a scenario to its end. ``ConfigurationError`` where its configuration cannot be used."""
    teller = _Teller(scenario, calendars)
    teller.run()
    return Told(scenario=scenario, missed=tuple(teller.missed), trace=tuple(teller.world.trace))


class _Teller:
    """A world, what is still to happen in it, and what is still to be true."""

    def __init__(self, scenario: Scenario, calendars: Calendars) -> None:
        self.scenario = scenario
        self.calendars = calendars
        self.configuration = calendars.load(scenario.config)
        self.settings = _settings_of(self.configuration)
        names = tuple(self.settings.targets)
        self.world = World(random.Random(0), names, rate=scenario.rate, start=scenario.start.astimezone(UTC))  # noqa: S311
        _refuse_unknown(scenario, names)
        self.coming = list(scenario.events)
        self.expected = list(scenario.expectations)
        self.missed: list[Missed] = []
        self.grant: Grant | None = None
        self.down_until: datetime | None = None
        self.release: Release | None = None
        self.asked_regions: tuple[str, ...] = ()
        self.declared = Declared()
        self.exit: ExitCode | None = None
        self.rescues: list[Rescue] = []
        self.process: _ScenarioProcess | None = None
        self.book = AuditBook(self.world.store, lambda pause: None, self.world.known)
        self.count = 0

    def run(self) -> None:
        """Let everything happen, and check everything that is expected."""
        adopt(self._new_process("before").parts(), OLD)
        self.world.forget()
        while self.world.now < self.scenario.ends:
            self._catch_up()
            self._drive()
            rest = self._next() - self.world.now
            if self.release is not None and self.exit is None and self.down_until is None:
                rest = timedelta(seconds=1)
            self.advance(max(min(rest, AGAIN), timedelta(seconds=1)))
            if self._is_over():
                break
        self._catch_up()
        for expectation in self.expected:
            self._check(expectation)

    def advance(self, duration: timedelta) -> None:
        """Let time pass, and stop where something happens or is to be true."""
        end = self.world.now + duration
        stop = min(end, max(self._next(), self.world.now))
        self.world.advance(stop - self.world.now)
        self._catch_up()
        if self.world.now >= self.scenario.ends and self.process is not None:
            # The story is over, whatever is still on: no more time passes.
            self.process.alive = False

    def _next(self) -> datetime:
        """Return when something happens next, or is to be true."""
        times = [event.at for event in self.coming] + [each.at for each in self.expected if each.at is not None]
        return min([*(at for at in times if at > self.world.now), self.scenario.ends])

    def _catch_up(self) -> None:
        """Check what is to be true by now, then let happen what is due: a story says what was before it changed."""
        while True:
            due = [each.at for each in self.expected if each.at is not None and each.at <= self.world.now]
            event = self.coming[0] if self.coming and self.coming[0].at <= self.world.now else None
            if due and (event is None or min(due) <= event.at):
                self._check(self.expected.pop(0))
            elif event is not None:
                self.coming.pop(0)
                self._happens(event)
            else:
                return

    def _is_over(self) -> bool:
        state = self._state()
        rests = (state is None or state.is_over) and (self.release is None or self.exit is not None)
        return rests and not self.coming and all(each.at is None for each in self.expected)

    def _state(self) -> RolloutState | None:
        book = Book(self.world.store, self.world.spool, self.world.known)
        return book.rollout(book.refresh().latest)

    def _drive(self) -> None:
        """Give the command that rolls the release out, unless there is nobody who could, or nothing to do."""
        down = self.down_until is not None and self.world.now < self.down_until
        if self.release is None or down or self.exit in (ExitCode.DONE, ExitCode.ROLLED_BACK, ExitCode.NEEDS_HUMAN):
            return
        process = self.process = self._new_process(f"run {self.count + 1}")
        self.count += 1
        left = max(self.scenario.ends - self.world.now, timedelta(0))
        try:
            engine = RolloutEngine(process.parts(), self.declared)
            end = engine.run(self.release, regions=self.asked_regions, wait=left)
            self.exit = end.exit_code if process.why is None else None
            self.world.say(f"exit {int(end.exit_code)}: {end.text}")
        except DeadError:
            self.world.say("the runner is gone")
        except WedgateError as error:
            self.exit = error.exit_code
            self.world.say(f"exit {int(error.exit_code)}: {error}")
        self.process = None

    def _happens(self, event: Happening) -> None:
        """Let one thing happen."""
        takes, now = event.takes, self.world.now
        self.world.say(f"EVENT {event.kind} {', '.join(f'{key} {value}' for key, value in takes.items())}".rstrip())
        regions = _names(takes.get("regions"))
        match event.kind:
            case "release":
                digest, commit = str(takes.get("digest", NEW.digest)), str(takes.get("commit", NEW.commit))
                self.release, self.asked_regions = Release(commit=commit, digest=digest), regions
                migration = Migration(str(takes["migration"])) if "migration" in takes else None
                self.declared = Declared(migration=migration, accepted_by="zoe" if takes.get("accept") else None)
                self.world.settle()
                self.world.bad_digest = digest
                self.exit = None
                if self.process is not None:
                    self.process.why = "another release was started"
            case "goes-bad":
                self.world.settle()
                self.world.bad_from, self.world.bad_share = now, float(takes.get("errors", 0.3))
            case "recovers":
                self.world.settle()
                self.world.bad_from = None
            case "freeze":
                until, why = now + takes["for"], str(takes.get("reason", "a freeze"))
                frozen = Frozen(regions=regions or None, until=until, reason=why, by="zoe", since=now)
                freeze(self.book, frozen, known=tuple(self.world.regions))
            case "thaw":
                with self._refused_aloud():
                    thaw(self.book, by="zoe", why="thawed", at=now, regions=regions, is_for_all=True)
            case "grant":
                self.grant = Grant(
                    rules=_names(takes.get("rules")),
                    until=now + takes["for"],
                    regions=regions or None,
                    strategy=takes.get("strategy"),
                )
            case "revoke":
                self.grant = None
            case "runner-down":
                self.down_until = now + takes["for"]
                if self.process is not None:
                    self.process.alive = False
            case "evidence-down" | "balancer-down":
                for region in self._regions(regions):
                    if event.kind == "evidence-down":
                        region.silent_until = now + takes["for"]
                    else:
                        region.stuck_until = now + takes["for"]
            case "old-gone" | "old-small":
                for region in self._regions(regions):
                    self._old_changes(region, event)
            case "config":
                self.configuration = self.calendars.load(self.scenario.path.parent / str(takes.get("file")))
            case "rollback":
                self._return_by_hand(regions)
            case _:
                if event.kind == "drain":
                    # A run that ended because it waits for this is given again.
                    self.exit = None
                with self._refused_aloud():
                    why = str(takes.get("why", event.kind))
                    give_order(self.book, Order(event.kind), by="zoe", why=why, at=now, regions=regions)

    @contextmanager
    def _refused_aloud(self) -> Iterator[None]:
        """Put a refusal into the trace: the story goes on, as after a command that was given in vain."""
        try:
            yield
        except WedgateError as error:
            self.world.say(f"REFUSED {error}")

    def _old_changes(self, region: Region, event: Happening) -> None:
        """Let the colour with less traffic stop answering, or lose instances."""
        old = Colour.BLUE if region.weights.blue < region.weights.green else Colour.GREEN
        if event.kind == "old-gone":
            region.digests[old] = None
            return
        ready, wanted = int(event.takes.get("ready", 1)), int(event.takes.get("wanted", 10))
        region.capacity[old] = Capacity(ready=ready, wanted=wanted)

    def _return_by_hand(self, regions: Sequence[str]) -> None:
        process = self._new_process("by hand")
        book = Book(ProcessStore(process), ProcessSpool(process), self.world.known)
        end = roll_back(
            self.rescues[-1],
            process.open_target,
            clock=process.clock,
            why="rolled back in the story",
            regions=regions,
            say=self.world.say,
            record=recorder_in(book),
            open_in=open_in(book),
            means=Means(pause=process.pause, ask=ask_now, together=one_by_one, run_beside=run_now),
        )
        self.world.say(f"by hand: exit {int(end.exit_code)}")

    def _regions(self, names: Sequence[str]) -> list[Region]:
        return [region for name, region in self.world.regions.items() if not names or name in names]

    def _new_process(self, name: str) -> _ScenarioProcess:
        return _ScenarioProcess(
            world=self.world,
            settings=self.settings,
            at_point=lambda process, what: None,
            eyes=Unseeing(),
            name=name,
            others_live=False,
            rescues=self.rescues,
            judge=self.configuration.judge,
            teller=self,
        )

    def _check(self, expectation: Expectation) -> None:
        """Compare one expectation with what is, and remember what differs."""
        wanted = expectation.value
        for what, expected, found in self._found(expectation.kind, wanted):
            if expected != found:
                at = "at the end" if expectation.at is None else f"at {self.world.now:%Y-%m-%d %H:%M:%S}Z"
                what = f"{what} {at}: expected {expected}"
                self.missed.append(Missed(line=expectation.line, what=what, found=str(found)))
                self.world.say(f"MISSED {what}, found {found}")

    def _found(self, kind: str, wanted: Any) -> list[tuple[str, object, object]]:
        """Return what is expected and what is found, for each part of an expectation."""
        state = self._state()
        match kind:
            case "weights":
                return [
                    (f"weight of {name}", weight, self.world.regions[name].candidate) for name, weight in wanted.items()
                ]
            case "status":
                return [("status", wanted, None if state is None else str(state.status))]
            case "phases":
                return [
                    (f"phase of {name}", phase, None if state is None else str(state.region(name).phase))
                    for name, phase in wanted.items()
                ]
            case "gate":
                return [(f"gate of {name}", verdict, str(self._ask(name).verdict)) for name, verdict in wanted.items()]
            case "opens":
                return [(f"next opening of {name}", _utc(at), self._opens(name)) for name, at in wanted.items()]
            case "said" | "not-said":
                texts = [wanted] if isinstance(wanted, str) else wanted
                is_said = kind == "said"
                return [(f"{text!r} said", is_said, any(text in line for line in self.world.trace)) for text in texts]
            case _:
                return [("exit code", wanted, None if self.exit is None else int(self.exit))]

    def _ask(self, region: str) -> RegionDecision:
        return self.calendars.ask(self.configuration, region, self.world.now, None)

    def _opens(self, region: str) -> str | None:
        opens = self._ask(region).next_open
        return None if opens is None else f"{opens.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class _ScenarioProcess(Process):
    """A process whose gate is the configuration's, and whose time stops where the story goes on."""

    teller: _Teller | None = None
    why: str | None = None

    def parts(self) -> Any:
        """Return the engine's parts; another release ends the run that is on, as Ctrl-C would."""
        return replace(super().parts(), interrupted=lambda: self.why)

    def advance(self, duration: timedelta) -> None:
        """Let time pass until the story goes on."""
        assert self.teller is not None
        self.teller.advance(duration)
        self.needs_life()

    def ask_gate(self, region: str, at: datetime, runway: timedelta | None) -> RegionDecision:
        """Ask the calendar as it is configured now."""
        self.passes("gate")
        assert self.teller is not None
        return self.teller.calendars.ask(self.teller.configuration, region, at, runway)

    def let_through(self, decision: RegionDecision, plan: Plan, at: datetime) -> Passage | None:
        """Let a rollout through while an override holds that names every rule that closes."""
        teller = self.teller
        assert teller is not None
        grant = teller.grant
        if grant is None or at >= grant.until or (grant.regions is not None and decision.region not in grant.regions):
            return None
        if any(reason.code.value == "frozen" for reason in decision.reasons) and "frozen" not in grant.rules:
            return None
        until = teller.calendars.lasts(teller.configuration, decision.region, at, grant.until, grant.rules)
        return None if until <= at else Passage(until=until, words="an override", strategy=grant.strategy)


def _settings_of(configuration: Configuration) -> RolloutSettings:
    if configuration.rollout is None:
        raise UsageError(f"{configuration.path} has no `rollout:`, so there is nothing to tell a scenario of")
    return configuration.rollout


def _refuse_unknown(scenario: Scenario, known: Sequence[str]) -> None:
    """Raise ``UsageError`` for a region that the configuration does not have."""
    named = [(event.line, name) for event in scenario.events for name in _names(event.takes.get("regions"))]
    for each in scenario.expectations:
        if each.kind in ("weights", "phases", "gate", "opens") and isinstance(each.value, dict):
            named += [(each.line, str(name)) for name in each.value]
    for line, name in named:
        if name not in known:
            raise UsageError(f"{scenario.path}:{line}: there is no region {name}; there are {', '.join(known)}")


def _names(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    return tuple(str(each) for each in given) if isinstance(given, list) else (str(given),)


def _utc(text: object) -> str:
    return f"{datetime.fromisoformat(str(text)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
