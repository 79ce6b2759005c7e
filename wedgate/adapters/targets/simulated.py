"""A region without a data plane: colours, digests and weights in memory or in one JSON file.

The file lets separate processes share a region (tests that kill one of them, a first try without Envoy). It keeps
every promise of a real target: absolute weights in one call, read back, fenced. ``fail`` makes a call fail, for
tests: ``{"deploy": "text"}``; a call listed there raises with that text until it is taken out. ``capacity`` says how
many instances a colour has: ``{"blue": {"ready": 3, "wanted": 10}}``; a deploy and a scale make all of them ready.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wedgate.adapters._simulated.files import replace_file
from wedgate.adapters.stores.locking import locked
from wedgate.adapters.targets.interface import Capacity, FenceError, WeightsReading, refuse_changed, refuse_live
from wedgate.errors import ExternalSystemError
from wedgate.rollout.values import Colour, Fence, Release, Weights


class SimulatedTarget:
    """One simulated region. With ``path`` its state lives in that file, keyed by region.

    ``running`` is the digest that blue answers with as long as nothing was deployed there.
    """

    def __init__(self, region: str, *, path: Path | None = None, running: str | None = None) -> None:
        self._region = region
        self._path = path
        self._start = {
            "colours": {"blue": running, "green": None},
            "weights": {"blue": 100, "green": 0},
            "fence": None,
            "capacity": {"blue": None, "green": None},
            "fail": {},
            "calls": [],
        }
        self._memory: dict[str, Any] = {}

    @property
    def region(self) -> str:
        """The region that this target serves."""
        return self._region

    def deploy(self, colour: Colour, release: Release) -> None:
        """Let ``colour`` answer with the release's digest."""
        with self._changing("deploy") as state:
            refuse_live(_reading_of(state), colour, self._region)
            state["colours"][colour.value] = release.digest
            _make_ready(state, colour)
            state["calls"].append(["deploy", colour.value, release.digest])

    def digest(self, colour: Colour) -> str | None:
        """Return the digest that answers on ``colour``."""
        digest = self._reading("digest")["colours"][colour.value]
        return None if digest is None else str(digest)

    def capacity(self, colour: Colour) -> Capacity | None:
        """Return what ``put_capacity`` said, ``None`` before."""
        found = self._reading("capacity")["capacity"][colour.value]
        return None if found is None else Capacity(ready=found["ready"], wanted=found["wanted"])

    def scale(self, colour: Colour) -> bool:
        """Make every instance of ``colour`` ready; ``False`` where there are none to speak of."""
        with self._changing("scale") as state:
            state["calls"].append(["scale", colour.value])
            return _make_ready(state, colour)

    def weights(self) -> WeightsReading:
        """Return the weights in force and who wrote them."""
        return _reading_of(self._reading("weights"))

    def set_weights(self, weights: Weights, fence: Fence, *, over: WeightsReading | None = None) -> WeightsReading:
        """Write absolute weights; ``FenceError`` when a newer writer was here."""
        with self._changing("set_weights") as state:
            held = _reading_of(state).fence
            if held is not None and (fence.epoch, fence.revision) < (held.epoch, held.revision):
                words = f"{self._region}: {held} wrote the weights since; {fence} may not write any more"
                raise FenceError(words, held=held)
            refuse_changed(self._region, over, _reading_of(state))
            state["weights"] = {"blue": weights.blue, "green": weights.green}
            state["fence"] = {"epoch": fence.epoch, "revision": fence.revision, "rollout": fence.rollout}
            state["calls"].append(["set_weights", weights.blue, weights.green])
            return _reading_of(state)

    def put_capacity(self, colour: Colour, capacity: Capacity | None) -> None:
        """Say how many instances a colour has."""
        with self._changing(None) as state:
            state["capacity"][colour.value] = capacity and {"ready": capacity.ready, "wanted": capacity.wanted}

    def put_digest(self, colour: Colour, digest: str | None) -> None:
        """Let a colour answer with something else, or nothing, behind wedgate's back."""
        with self._changing(None) as state:
            state["colours"][colour.value] = digest

    def fail(self, call: str, why: str | None) -> None:
        """Make a call (``deploy``, ``digest``, ``set_weights`` and so on) fail with ``why``; ``None`` mends it."""
        with self._changing(None) as state:
            state["fail"].pop(call, None)
            if why:
                state["fail"][call] = why

    def put(self, weights: Weights) -> None:
        """Change the weights behind wedgate's back, as a person with a shell would."""
        with self._changing(None) as state:
            state["weights"] = {"blue": weights.blue, "green": weights.green}
            state["fence"] = None

    def answer(self, colour: Colour, digest: str | None) -> None:
        """Let a colour answer with another digest, as if somebody had deployed there behind wedgate's back."""
        with self._changing(None) as state:
            state["colours"][colour.value] = digest

    def calls(self) -> list[list[Any]]:
        """Return every change that was asked for, in order."""
        return list(self._reading(None)["calls"])

    def _reading(self, call: str | None) -> dict[str, Any]:
        """Return the state, or fail as the state says."""
        state = self._load()
        self._fail_if_told(state, call)
        return state

    @contextmanager
    def _changing(self, call: str | None) -> Iterator[dict[str, Any]]:
        """Change the state under the lock; nothing is kept when the change raises."""
        if self._path is None:
            state = self._load()
            self._fail_if_told(state, call)
            yield state
            self._memory = state
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self._path.with_name(self._path.name + ".lock")):
                everything = self._load_file()
                state = self._merged(everything)
                self._fail_if_told(state, call)
                yield state
                everything[self._region] = state
                replace_file(self._path, json.dumps(everything, indent=1))
        except OSError as error:
            raise ExternalSystemError(f"{self._path}: {error.strerror or error}") from error

    def _load(self) -> dict[str, Any]:
        """Return a copy of this region's state."""
        return self._merged({self._region: self._memory} if self._path is None else self._load_file())

    def _merged(self, everything: dict[str, Any]) -> dict[str, Any]:
        """Return this region's state with what is missing filled in."""
        merged: dict[str, Any] = json.loads(json.dumps({**self._start, **everything.get(self._region, {})}))
        return merged

    def _load_file(self) -> dict[str, Any]:
        """Return what the file says about every region."""
        if self._path is None:
            return {}
        try:
            everything: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ExternalSystemError(f"{self._path}: the simulated target cannot be read: {error}") from error
        return everything

    def _fail_if_told(self, state: dict[str, Any], call: str | None) -> None:
        """Fail as a test asked for."""
        if call is not None and (why := state["fail"].get(call)):
            raise ExternalSystemError(f"{self._region}: {call}: {why}")


def _make_ready(state: dict[str, Any], colour: Colour) -> bool:
    """Let every instance of a colour be ready, and say whether it has instances."""
    found = state["capacity"][colour.value]
    if found is None:
        return False
    found["ready"] = found["wanted"]
    return True


def _reading_of(state: dict[str, Any]) -> WeightsReading:
    """Return the weights of a state as a reading."""
    try:
        fence = state["fence"]
        return WeightsReading(
            weights=Weights(blue=state["weights"]["blue"], green=state["weights"]["green"]),
            fence=None
            if fence is None
            else Fence(epoch=fence["epoch"], revision=fence["revision"], rollout=fence["rollout"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ExternalSystemError(f"the file of the simulated target holds no weights: {error}") from error
