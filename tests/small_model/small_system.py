"""Two processes of the small model over one target and one ledger, in every order in which they can meet.

A process takes the lease, looks at the weights, puts its fence there, says in the ledger that it began, and ticks; it
may stand still before each of its acts for as long as it likes and go on then, die, or end and give its lease back.
The other one may take the lease at any moment. What a process decided is a list of things still to be done, so that
every place where it can stand still is a state. What only a spool would keep is lost with the machine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

import small_model as model

After = Callable[[model.State, model.Event], tuple[model.State, model.Did]]


class Faults(NamedTuple):
    """What can go wrong beside processes that die, stand still and overtake one another.

    The lease is taken ``runs`` times: by one, by the other, by the first one again.
    """

    runs: int = 2
    report: bool = False
    shuts: bool = False
    time: bool = False
    refuses: bool = False
    late: bool = False


class World(NamedTuple):
    """What is true: traffic on the candidate and the fence beside it, what answers there, whether the window is shut.

    ``asked`` and ``passed`` say that since the last change of the weights the gate answered open, and the judge pass.
    ``coming`` are weights that a late balancer will take, with their fence.
    """

    weight: int = 0
    fence: int = 0
    is_new: bool = False
    shut: bool = False
    is_bad: bool = False
    asked: bool = False
    passed: bool = False
    coming: tuple[int, int] | None = None
    has_passed_time: bool = False


class Ledger(NamedTuple):
    """The journal as the state that it folds to, and the lease."""

    epoch: int = 0
    state: model.State = model.State()
    given_back: bool = True


class Process(NamedTuple):
    """A run: its epoch, where it believes the rollout stands, and what it is about to do."""

    epoch: int
    state: model.State
    todo: tuple[tuple[object, ...], ...]


class System(NamedTuple):
    """Everything."""

    world: World = World()
    ledger: Ledger = Ledger()
    processes: tuple[Process | None, Process | None] = (None, None)


class BrokenError(AssertionError):
    """Something that must never be true is."""


def reachable(after: After, faults: Faults) -> Iterator[tuple[System, str, System]]:
    """Yield every transition of the system: the state before, what happened, the state that follows."""
    first = System()
    seen, waiting = {first}, deque([first])
    while waiting:
        system = waiting.popleft()
        for what, then in _moves(system, after, faults):
            _check(system, what, then)
            yield system, what, then
            if then not in seen:
                seen.add(then)
                waiting.append(then)


def _moves(system: System, after: After, faults: Faults) -> Iterator[tuple[str, System]]:
    world, ledger = system.world, system.ledger
    for index, process in enumerate(system.processes):
        if process is None:
            if ledger.epoch < faults.runs and not model.is_over(ledger.state):
                epoch = ledger.epoch + 1
                todo = (("look",), ("began", ledger.given_back))
                taken = ledger._replace(epoch=epoch, given_back=False)
                yield "begins", _with(system, index, Process(epoch, ledger.state, todo), ledger=taken)
            continue
        yield "dies", _with(system, index, None)
        if process.todo:
            yield from _acts(system, index, process, after, faults)
            continue
        if model.is_over(process.state):
            yield "ends", _ended(system, index, process)
            continue
        yield "ticks", _fed(system, index, process, ("tick",), after)
        yield from _leaves(system, index, process, after)
    if faults.report and not world.is_bad:
        yield "the version turns bad", system._replace(world=world._replace(is_bad=True))
    if faults.shuts:
        yield "the window turns", system._replace(world=world._replace(shut=not world.shut))
    if world.coming is not None:
        arrived = world._replace(weight=world.coming[0], fence=world.coming[1], coming=None, asked=False, passed=False)
        yield "the balancer catches up", system._replace(world=arrived)
    if faults.time and not world.has_passed_time:
        yield "time passes", _older(system, after)


def _leaves(system: System, index: int, process: Process, after: After) -> Iterator[tuple[str, System]]:
    """End a tick: what was observed is written down, and the lease given back."""
    if process.state.phase == "rolling_back":
        return
    if model.is_exposed(process.state) and process.state.bakes:
        written = _fed(system, index, process, ("observed",), after)
        process = written.processes[index]
        if process is None:
            yield "leaves", written
            return
        system = written
    yield "leaves", _ended(system, index, process)


def _ended(system: System, index: int, process: Process) -> System:
    ledger = system.ledger
    given = ledger._replace(given_back=True) if ledger.epoch == process.epoch else ledger
    return _with(system, index, None, ledger=given)


def _older(system: System, after: After) -> System:
    def aged(state: model.State) -> model.State:
        return after(state, ("time",))[0]

    def todo(each: tuple[object, ...]) -> tuple[object, ...]:
        return ("record", aged(each[1])) if each[0] == "record" and isinstance(each[1], model.State) else each

    processes = tuple(
        each and each._replace(state=aged(each.state), todo=tuple(map(todo, each.todo))) for each in system.processes
    )
    return System(
        system.world._replace(has_passed_time=True),
        system.ledger._replace(state=aged(system.ledger.state)),
        (processes[0], processes[1]),
    )


def _acts(system: System, index: int, process: Process, after: After, faults: Faults) -> Iterator[tuple[str, System]]:
    """Do the next thing that a process is about to do, in each way in which it can end."""
    world = system.world
    act, rest = process.todo[0], process._replace(todo=process.todo[1:])
    name = str(act[0])

    def found(event: model.Event, then: World = world) -> System:
        return _fed(system._replace(world=then), index, rest, event, after)

    match name:
        case "look":
            fence = () if process.todo[1][1] else (("fence", world.weight),)
            todo = (*fence, *rest.todo, ("found", world.weight))
            yield "looks", _with(system, index, rest._replace(todo=todo))
        case "fence":
            if _holds_off(world, process):
                yield "is fenced off", _with(system, index, None)
            else:
                yield "puts its fence", _with(system, index, rest, world=_written(world, act[1], process.epoch))
        case "began":
            yield "says it began", found(("began", act[1], False))
        case "found":
            yield "takes in weights", found(("weights", act[1], "us"))
        case "record":
            yield "records", _recorded(system, index, rest, act[1])
        case "missed":
            yield "takes in a failure", found(("failed",))
        case "gate":
            yield (
                "asks the gate",
                found(
                    ("gate", "closed" if world.shut else "open"), world._replace(asked=world.asked or not world.shut)
                ),
            )
        case "deploy":
            if world.weight > 0:
                yield "may not deploy", found(("deployed", "failed"))
            else:
                yield "deploys", found(("deployed", "well"), world._replace(is_new=True))
        case "digest":
            yield "reads the digest", found(("digest", "new" if world.is_new else None))
        case "read":
            yield "reads the weights", found(("weights", world.weight, "us"))
        case "judge" if world.is_bad:
            yield "judges", found(("judged", "fail", False))
        case "judge":
            yield "has nothing to judge", _with(system, index, rest)
            yield "judges", found(("judged", "pass", True), world._replace(passed=True))
        case "set":
            yield from _sets(system, index, rest, act, faults)
        case _:
            raise AssertionError(act)


def _sets(
    system: System, index: int, rest: Process, act: tuple[object, ...], faults: Faults
) -> Iterator[tuple[str, System]]:
    """Write weights; a return is recorded afterwards, an increase was before."""
    world, weight, is_return = system.world, act[1], act[2] == "decrease"
    record = (("record", rest.state),) if is_return else ()

    def ended(then: World, how: tuple[object, ...]) -> System:
        return _with(system, index, rest._replace(todo=(*record, how, *rest.todo)), world=then)

    if _holds_off(world, rest):
        yield "is fenced off", _with(system, index, None)
        return
    written = _written(world, weight, rest.epoch)
    yield "sets weights", ended(written, ("found", weight))
    if faults.refuses:
        yield "is refused", ended(world, ("missed",))
        yield "is not answered", ended(written, ("missed",))
    if faults.late:
        assert isinstance(weight, int)
        yield "is late", ended(world._replace(coming=(weight, rest.epoch)), ("missed",))


def _holds_off(world: World, process: Process) -> bool:
    held = world.fence if world.coming is None else world.coming[1]
    return held > process.epoch


def _written(world: World, weight: object, epoch: int) -> World:
    assert isinstance(weight, int)
    changed = weight != world.weight
    asked, passed = (world.asked, world.passed) if not changed else (False, False)
    return world._replace(weight=weight, fence=epoch, coming=None, asked=asked, passed=passed)


def _fed(system: System, index: int, process: Process, event: model.Event, after: After) -> System:
    """Let a process take in an event: recorded before the world is touched, but for a return, which goes first."""
    then, did = after(process.state, event)
    todo = tuple(each for each in did if each[0] in _ACTS)
    if ("set", 0, "decrease") in todo:
        return _with(system, index, Process(process.epoch, then, (*todo, *process.todo)))
    moved = Process(process.epoch, then, (*todo, *process.todo))
    return _recorded(system, index, moved, then) if then != process.state else _with(system, index, moved)


_ACTS = ("gate", "deploy", "digest", "read", "judge", "set")


def _recorded(system: System, index: int, process: Process, state: object) -> System:
    """Write to the ledger; a process that lost its lease ends there."""
    assert isinstance(state, model.State)
    ledger = system.ledger
    if ledger.state == state:
        return _with(system, index, process)
    if ledger.epoch != process.epoch:
        return _with(system, index, None)
    return _with(system, index, process, ledger=ledger._replace(state=state))


def _with(
    system: System, index: int, process: Process | None, *, world: World | None = None, ledger: Ledger | None = None
) -> System:
    first, second = system.processes
    processes = (process, second) if index == 0 else (first, process)
    return System(world or system.world, ledger or system.ledger, processes)


def _check(before: System, what: str, then: System) -> None:
    """What must be true of the world, whatever the processes believe."""
    old, new = before.world, then.world
    if new.weight > 0 and not new.is_new:
        raise BrokenError(f"2: {what}: traffic on a version that is not there: {then}")
    if what == "deploys" and old.weight > 0:
        raise BrokenError(f"4: {what}: a colour with {old.weight} % is torn down: {before}")
    if what == "sets weights" and new.weight > old.weight:
        if not old.asked:
            raise BrokenError(f"6: the gate did not answer open since the last change: {before}")
        if old.weight > 0 and not old.passed and old.weight != 100:
            raise BrokenError(f"10: {old.weight} % was left without a pass: {before}")
    if new.fence < old.fence:
        raise BrokenError(f"1: {what}: an older process wrote after a newer one: {before}")
    over = before.ledger.state
    if model.is_over(over) and what != "time passes" and then.ledger.state != over:
        raise BrokenError(f"9: {what}: a rollout that was over went on: {before}")
    at_rest = then.processes == (None, None) and new.coming is None
    if at_rest and model.is_over(then.ledger.state):
        wanted = 100 if then.ledger.state.phase == "done" else 0
        if then.ledger.state.phase != "needs_human" and new.weight != wanted:
            raise BrokenError(f"11: over, and {new.weight} % on the candidate: {then}")
