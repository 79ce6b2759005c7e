#!/usr/bin/env python3
"""The main job, end to end, on real parts: `make demo`.

A Saturday refuses a deployment; a good release is promoted through four regions, each behind a real Envoy; a bad one
is caught at its first canary step and returned without one failed request. Ends with 1 if any of that did not happen.

usage: run.py [--out DIRECTORY]
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import bill  # noqa: E402 - the demo's own modules lie beside this file
import saturday  # noqa: E402
from chronicle import Chronicle, Teller  # noqa: E402
from expectations import Expectations  # noqa: E402
from parts import ShiftedClock, load, rollout_parts  # noqa: E402
from stage import REGIONS, Stage  # noqa: E402

from wedgate.engine.adopt import adopt  # noqa: E402
from wedgate.engine.rollout import RolloutEngine  # noqa: E402
from wedgate.errors import ExitCode  # noqa: E402
from wedgate.rollout.values import Colour, Release  # noqa: E402

BEFORE, GOOD, BAD = "2027.22", "2027.23", "2027.24"
WEDNESDAY = datetime(2027, 6, 9, 9, tzinfo=UTC)
AFTERWARDS_SECONDS = 4
"""How long the load goes on after the last act: what is wrong then would show."""

LONGEST_SECONDS = 300
"""A demo that hangs is ended, and has failed."""


class Demo:
    """The acts, in order."""

    def __init__(self, stage: Stage, teller: Teller) -> None:
        self.stage = stage
        self.teller = teller
        self.expectations = Expectations()
        self.clock = ShiftedClock()

    def run(self) -> bool:
        """Play every act; return whether all that was expected happened."""
        say = self.teller.say
        say("wedgate demo: real services over a real PostgreSQL, behind four real Envoys.")
        say("The clock is shifted to June 2027, so that it is a Saturday when we need one.")
        say()
        self.stage.open(versions=(BEFORE, GOOD, BAD), running=BEFORE, say=self.teller.working)
        names = {digest: version for version, digest in self.stage.digests.items()}
        self.chronicle = Chronicle(self.teller, self.clock, names, REGIONS)
        self.configuration = load(self.stage)
        self.parts = rollout_parts(self.stage, self.configuration, self.clock, self.chronicle.observe)
        self.stage.start_load()
        started = datetime.now(UTC)
        self.chronicle.begin(BEFORE, started)
        self.teller.working(f"{BEFORE} serves in every region, under a steady load")

        calendar = self.play_saturday()
        self.play_good()
        before = {region: self.stage.totals(region) for region in REGIONS}
        self.play_bad()
        time.sleep(AFTERWARDS_SECONDS)
        after = {region: self.stage.totals(region) for region in REGIONS}

        self.stage.stop_load()
        account = bill.Account(
            stage=self.stage,
            chronicle=self.chronicle,
            clock=self.clock,
            entries=self.parts.store.read(),
            started=started,
            ended=datetime.now(UTC),
            totals=(before, after),
            releases=(BEFORE, GOOD, BAD),
        )
        self.teller.head("4. The bill")
        bill.present(account, calendar, self.teller, self.expectations)
        return self.verdict()

    def play_saturday(self) -> saturday.CalendarMap:
        """Ask and try to deploy on a Saturday."""
        self.clock.shift_to(saturday.SATURDAY)
        self.teller.head("1. A Saturday in June: may we deploy?")
        saturday.ask_on_the_command_line(self.stage, self.teller, self.expectations)
        calendar = saturday.map_of(self.configuration)
        saturday.show_map(calendar, self.teller, self.expectations)
        adopted = adopt(self.parts, self.named(BEFORE))
        self.expectations.that("what runs is adopted in every region", len(adopted) == len(REGIONS), f"{adopted}")
        self.chronicle.release(GOOD)
        saturday.refuse_a_deployment(self.parts, self.named(GOOD), self.teller, self.expectations, GOOD)
        untouched = all(self.stage.totals(region)["green"] == 0 for region in REGIONS)
        self.expectations.that("the refused rollout gave nobody the new release", untouched)
        return calendar

    def play_good(self) -> None:
        """Roll the good release out on an open day."""
        self.clock.shift_to(WEDNESDAY)
        self.teller.head(f"2. Wednesday, {WEDNESDAY:%H:%M}Z: {GOOD} goes through four regions")
        end = RolloutEngine(self.parts).run(self.named(GOOD))
        self.teller.working(self.chronicle.shortened(end.text))
        self.expectations.that("the good release ends with 0, done", end.exit_code is ExitCode.DONE, end.text)
        for region in REGIONS:
            target = self.parts.open_target(self.parts.settings.targets[region])
            weights = target.weights().weights
            found = weights.green == 100 and target.digest(Colour.GREEN) == self.stage.digests[GOOD]
            self.expectations.that(f"{region} serves {GOOD} to everybody", found, f"{weights}")

    def play_bad(self) -> None:
        """Roll the bad release out; it must come back."""
        self.teller.head(f"3. {BAD} defeats an index: a search scans every venue")
        self.chronicle.release(BAD)
        end = RolloutEngine(self.parts).run(self.named(BAD))
        self.teller.working(self.chronicle.shortened(end.text))
        self.expectations.that(
            "the bad release ends with 12, rolled back", end.exit_code is ExitCode.ROLLED_BACK, end.text
        )
        for region in REGIONS:
            weights = self.parts.open_target(self.parts.settings.targets[region]).weights().weights
            self.expectations.that(f"{region} is back at 100/0", weights.green == 100, f"{weights}")

    def named(self, version: str) -> Release:
        """Return the release of a version. Its commit is made up: the demo releases files, not commits."""
        digest = self.stage.digests[version]
        return Release(commit=hashlib.sha256(digest.encode()).hexdigest()[:40], digest=digest)

    def verdict(self) -> bool:
        """Say what did not happen, or that all did."""
        say = self.teller.say
        say()
        for text, otherwise in self.expectations.broken:
            say(f"FAILED: {text}{f'; found: {otherwise}' if otherwise else ''}")
        kept, broken = len(self.expectations.kept), len(self.expectations.broken)
        if not broken:
            say(f"All {kept} expectations came true in {self.teller.seconds:.0f} s.")
        return not broken


def end_on_signals() -> None:
    """Let signals end the demo in peace: what has traffic goes back to stable, and every process ends."""

    def end(number: int, _: object) -> None:
        reason = "it took too long" if number == signal.SIGALRM else f"signal {signal.Signals(number).name}"
        print(f"\nthe demo is ended: {reason}; stopping every process", file=sys.stderr, flush=True)
        sys.exit(1 if number == signal.SIGALRM else 128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, end)
    signal.alarm(LONGEST_SECONDS)


def main() -> int:
    """Parse the command line, play, and clean up."""
    parser = argparse.ArgumentParser(description="The main job, end to end, on real parts.")
    parser.add_argument("--out", type=Path, default=ROOT / "demo-out", help="where everything is written")
    options = parser.parse_args()
    out = options.out.resolve()
    os.chdir(ROOT)
    # The deploy command finds the Python that has what the service needs.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    end_on_signals()
    teller = Teller(out / "transcript.txt")
    with contextlib.closing(teller), Stage(out) as stage:
        came_true = Demo(stage, teller).run()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
    return 0 if came_true else 1


if __name__ == "__main__":
    sys.exit(main())
