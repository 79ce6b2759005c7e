"""What the ledger says of a service, and what a guard sees, in the text format of Prometheus.

Everything but the guard's own counts is worked out from the ledger, so that any process can write it, and a count does
not begin again with each. Ages are written as instants: what is read later is older.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from wedgate.ledger.audit import Act
from wedgate.ledger.streams import LedgerState
from wedgate.ledger.told import Telling
from wedgate.rollout.events import HookRan
from wedgate.rollout.journal import KINDS
from wedgate.rollout.state import RegionPhase, RegionState, RolloutState, RolloutStatus
from wedgate.rollout.values import HookPoint

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_HOOK_RAN = next(name for name, kind in KINDS.items() if kind is HookRan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric with its samples: labels and a value each."""

    name: str
    help: str
    kind: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


def render_metrics(families: Iterable[Family]) -> str:
    """Return families as text; one without a sample is left out."""
    lines = []
    for family in families:
        if family.samples:
            lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
            lines += [f"{family.name}{_labels(labels)} {_number(value)}" for labels, value in family.samples]
    return "".join(f"{line}\n" for line in lines)


def of_version(version: str) -> Family:
    """Return the version that wrote what follows."""
    return gauge("wedgate_build_info", "The version of wedgate that wrote these metrics.", [({"version": version}, 1)])


def of_reading(service: str, *, is_readable: bool, waiting: int) -> tuple[Family, ...]:
    """Return whether the ledger could be read, and how many records wait to be written into it."""
    here = {"service": service}
    return (
        gauge("wedgate_ledger_up", "Whether the ledger could be read.", [(here, is_readable)]),
        gauge("wedgate_spool_records", "Records that wait to be written into the ledger.", [(here, waiting)]),
    )


def of_ledger(service: str, ledger: LedgerState, rollout: RolloutState | None, now: datetime) -> tuple[Family, ...]:
    """Return what the ledger of a service says; ``rollout`` is the latest one."""
    here = {"service": service}
    return (
        *_of_counts(here, ledger),
        *_of_leave(here, ledger, rollout, now),
        *(() if rollout is None else _of_rollout(here, ledger, rollout, now)),
    )


def _of_counts(here: Mapping[str, str], ledger: LedgerState) -> tuple[Family, ...]:
    acts = [line.kind for line in ledger.audit]
    failed = dict.fromkeys(HookPoint, 0)
    for lines in ledger.journals.values():
        for line in lines:
            event = line.body.get("event") if line.kind == _HOOK_RAN else None
            if isinstance(event, Mapping) and event.get("trouble") and event.get("point") in failed:
                failed[HookPoint(str(event["point"]))] += 1
    untold = sum(mark.kind is Telling.FAILED for mark in ledger.told.values())
    hooks = [({**here, "point": point.value}, count) for point, count in failed.items() if count]
    return (
        gauge("wedgate_ledger_entries", "Entries of the ledger.", [(here, ledger.revision)]),
        counter("wedgate_rollouts_total", "Rollouts that were started.", [(here, len(ledger.journals))]),
        counter(
            "wedgate_rollbacks_total",
            "Rollouts that were rolled back, by a regression or by hand.",
            [(here, len(ledger.rolled_back))],
        ),
        *(
            counter(f"wedgate_overrides_{act}_total", f"Overrides that were {act}.", [(here, acts.count(act))])
            for act in (Act.REQUESTED, Act.REFUSED, Act.GRANTED, Act.USED)
        ),
        counter("wedgate_hooks_failed_total", "Hooks that failed or took too long.", hooks),
        gauge("wedgate_notices_untold", "Messages that a destination did not take.", [(here, untold)]),
    )


def _of_leave(
    here: Mapping[str, str], ledger: LedgerState, rollout: RolloutState | None, now: datetime
) -> tuple[Family, ...]:
    """Return what keeps rollouts from going on, and when somebody last worked on one."""
    freezes = [each for each in ledger.freezes if each.since <= now < each.until]
    regions = dict.fromkeys([*ledger.good, *(() if rollout is None else (each.region for each in rollout.regions))])
    frozen = [
        ({**here, "region": region}, any(each.holds(region, now) for each in freezes)) for region in sorted(regions)
    ]
    lease = ledger.lease
    seen = [] if lease is None else [(here, lease.seen.timestamp())]
    # A rollback by hand takes the lease from whoever had it, and works on nothing.
    held = lease is not None and not lease.ended and lease.who.rpartition(":")[2].isdigit()
    return (
        gauge("wedgate_poisoned_digests", "Digests that must not be rolled out.", [(here, len(ledger.poisoned))]),
        gauge("wedgate_freezes", "Freezes in force.", [(here, len(freezes))]),
        gauge("wedgate_region_frozen", "Whether a freeze holds the region.", frozen),
        gauge("wedgate_lease_held", "Whether a run holds the lease and has not given it back.", [(here, held)]),
        gauge("wedgate_last_run_timestamp_seconds", "When a tick or run last wrote into the ledger.", seen),
    )


def _of_rollout(
    here: Mapping[str, str], ledger: LedgerState, rollout: RolloutState, now: datetime
) -> tuple[Family, ...]:
    plan = rollout.plan
    named = {**here, "rollout": plan.rollout, "commit": plan.release.commit, "digest": plan.release.digest}
    started = [(here, line.at.timestamp()) for line in ledger.journals.get(plan.rollout, ())[:1]]
    statuses = [({**here, "status": each.value}, each is rollout.status) for each in RolloutStatus]
    places = [({**here, "region": each.region}, each) for each in rollout.regions]
    phases = [
        ({**labels, "phase": phase.value}, region.phase is phase) for labels, region in places for phase in RegionPhase
    ]
    held = [
        ({**labels, "kind": region.hold.kind.value}, _seconds(now - region.hold.since))
        for labels, region in places
        if region.hold is not None
    ]
    return (
        gauge("wedgate_rollout_info", "The latest rollout.", [(named, 1)]),
        gauge("wedgate_rollout_started_timestamp_seconds", "When the latest rollout was started.", started),
        gauge("wedgate_rollout_status", "Where the latest rollout stands: 1 for its status.", statuses),
        gauge("wedgate_region_phase", "Where a region of the latest rollout stands: 1 for its phase.", phases),
        gauge(
            "wedgate_region_weight_percent",
            "The candidate's share of a region's traffic as it was last read back.",
            [(labels, region.weight) for labels, region in places],
        ),
        gauge("wedgate_region_held_seconds", "For how long a region has been held, and why.", held),
        gauge(
            "wedgate_region_paused",
            "Whether somebody told the region to wait.",
            [(labels, region.paused is not None) for labels, region in places],
        ),
        gauge(
            "wedgate_region_unwatched_seconds",
            "For how long nobody has judged a candidate that has traffic, by the ledger.",
            [(labels, _seconds(since)) for labels, region in places if (since := _unwatched(region, now)) is not None],
        ),
    )


def _unwatched(region: RegionState, now: datetime) -> timedelta | None:
    return now - region.watched_at if region.is_exposed and region.watched_at is not None else None


def gauge(name: str, help: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Family:
    """Return a metric that goes up and down."""
    return Family(name=name, help=help, kind="gauge", samples=tuple(samples))


def counter(name: str, help: str, samples: Iterable[tuple[Mapping[str, str], float]]) -> Family:
    """Return a metric that only goes up."""
    return Family(name=name, help=help, kind="counter", samples=tuple(samples))


def _seconds(duration: timedelta) -> float:
    return max(0.0, duration.total_seconds())


def _labels(labels: Mapping[str, str]) -> str:
    spelled = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{spelled}}}" if spelled else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.3f}"
