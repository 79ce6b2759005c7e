"""Wires the rollout engine: concrete targets, stores, evidence, the gate, the clock, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from wedgate.cli.ledger_wiring import base_of, open_store, rescue_path, state_directory, state_of
from wedgate.cli.places import STATE_DIRECTORY
from wedgate.cli.rollout_overrides import passages
from wedgate.errors import ConfigurationError, ExternalSystemError, Problem, UsageError, WedgateError

if TYPE_CHECKING:
    from wedgate.adapters.hooks.interface import Hooks
    from wedgate.adapters.metrics.interface import MetricSource
    from wedgate.adapters.targets.interface import Target
    from wedgate.config.configuration import Configuration, EvidenceSettings
    from wedgate.engine.progress import Progress
    from wedgate.engine.rollout_parts import Nowhere, Regression, RolloutParts
    from wedgate.gate.decision import RegionDecision
    from wedgate.rollout.rescue import Rescue
    from wedgate.rollout.values import HookSettings, Release, RolloutSettings, TargetSettings

EVIDENCE_TIMEOUT = timedelta(seconds=10)
"""How long one answer of a metric source may take unless the configuration says otherwise."""


class Interruption:
    """Ctrl-C and SIGTERM as something the engine asks about between two steps, never an exception inside one."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._why: str | None = None

    def why(self) -> str | None:
        """Return what interrupted the run, ``None`` while nothing did."""
        return self._why

    def pause(self, duration: timedelta) -> None:
        """Wait, but not past an interruption. Pauses that begin after it (between two tries to return traffic) last."""
        if self._event.wait(duration.total_seconds()):
            self._event.clear()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals over while a run is on; a second one changes nothing, the weights come first."""
        names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        before = {name: signal.signal(getattr(signal, name), self._interrupted) for name in names}
        try:
            yield
        finally:
            for name, previous in before.items():
                signal.signal(getattr(signal, name), previous)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        """Note the signal and wake the pause."""
        self._why = self._why or signal.Signals(number).name
        self._event.set()


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def find_and_load(config: Path | None) -> Configuration:
    """Load the configuration named, or the one found here; ``UsageError`` when there is none."""
    from wedgate.cli.sharing import SharedCalendars
    from wedgate.config.load import find_configuration, load_configuration

    path = config or find_configuration(Path.cwd())
    if path is None:
        raise UsageError(
            "no wedgate.yml here and no .github/wedgate.yml; write one with `wedgate init`, or use --config"
        )
    return load_configuration(path, shared=SharedCalendars())


def placed(settings: TargetSettings, base: Path) -> TargetSettings:
    """Return target settings that mean the same from every directory: their paths start from ``base``."""
    options = dict(settings.options)
    if settings.kind == "simulated":
        options["path"] = str(base / _simulated_path(settings))
    for key in ("routes", "weights", "fence-file", "socket"):
        text = options.get(key)
        # A socket without a slash is HOST:PORT.
        if isinstance(text, str) and text and (key != "socket" or "/" in text):
            options[key] = str(base / text)
    for key in ("deploy", "scale", "command"):
        words = options.get(key)
        if isinstance(words, list | tuple) and words and "/" in str(words[0]):
            options[key] = [str(base / str(words[0])), *words[1:]]
    return replace(settings, options=options)


def open_existing_target(settings: TargetSettings) -> Target:
    """Open a target to return traffic in: a simulated one must be there, not be invented by asking for it."""
    if settings.kind == "simulated" and not _simulated_path(settings).exists():
        raise ExternalSystemError(
            f"{settings.region}: {_simulated_path(settings).absolute()} is missing, where the simulated target lives"
        )
    return open_target(settings)


def open_target(settings: TargetSettings) -> Target:
    """Open the target that some settings describe; ``ConfigurationError`` for a kind that is not built in."""
    if settings.kind == "envoy":
        from wedgate.adapters.targets.envoy import EnvoyTarget

        return EnvoyTarget(settings)
    if settings.kind == "haproxy":
        from wedgate.adapters.targets.haproxy import HaproxyTarget

        return HaproxyTarget(settings)
    if settings.kind == "nginx":
        from wedgate.adapters.targets.nginx import NginxTarget

        return NginxTarget(settings)
    if settings.kind == "command":
        from wedgate.adapters.targets.command import CommandTarget

        return CommandTarget(settings)
    if settings.kind == "simulated":
        from wedgate.adapters.targets.simulated import SimulatedTarget

        running = settings.options.get("running")
        return SimulatedTarget(
            settings.region, path=_simulated_path(settings), running=None if running is None else str(running)
        )
    what = f"a target of kind {settings.kind} is not built in"
    remedy = "use kind: envoy, haproxy, nginx or command, or kind: simulated to try things out"
    raise ConfigurationError((Problem(file="rollout.target", line=0, column=0, what=what, remedy=remedy),))


def _simulated_path(settings: TargetSettings) -> Path:
    """Return the file in which a simulated target lives."""
    return Path(str(settings.options.get("path") or f"{STATE_DIRECTORY}/simulated.json"))


def open_metrics(configuration: Configuration, region: str) -> MetricSource:
    """Open the evidence of a region: what ``judge.evidence`` names, or the target's own statistics."""
    base = base_of(configuration)
    settings = placed(_rollout_of(configuration).targets[region], base)
    evidence = configuration.evidence
    kind = settings.kind if evidence is None else evidence.kind
    if kind == "file" and evidence is not None:
        from wedgate.adapters.metrics.file import FileMetrics

        path = base / str(evidence.options["path"]).replace("{region}", region)
        return FileMetrics(path, baseline=_baseline_of(evidence, region))
    if kind == "prometheus" and evidence is not None:
        return _open_prometheus(evidence.options, region, configuration.judge.slice_length)
    if kind == "command" and evidence is not None and "read" in evidence.options:
        return _open_command(evidence.options, region, base, _baseline_of(evidence, region))
    if kind == "envoy" and settings.kind == "envoy":
        return _open_envoy(settings, {} if evidence is None else evidence.options)
    if settings.kind == "simulated":
        from wedgate.adapters.metrics.simulated import SimulatedMetrics

        path = _simulated_path(settings)
        return SimulatedMetrics(open_target(settings), _script(path), path=path.with_name(f"{path.name}.traffic"))
    what = f"evidence of kind {kind} cannot be had from a target of kind {settings.kind}"
    raise ConfigurationError(
        (Problem(file="judge.evidence", line=0, column=0, what=what, remedy="write {kind: file, path: ...}"),)
    )


def _open_envoy(settings: TargetSettings, options: Mapping[str, Any]) -> MetricSource:
    """Open the statistics of the Envoy that the target switches."""
    from wedgate.adapters.metrics.envoy import EnvoyMetrics

    return EnvoyMetrics.beside(settings, errors=options.get("errors", ()))


def _open_prometheus(options: Mapping[str, Any], region: str, slice_length: timedelta) -> MetricSource:
    """Open Prometheus as evidence; ``ExternalSystemError`` where its token is not set: then there is no evidence."""
    from wedgate.adapters._prometheus.client import PrometheusClient
    from wedgate.adapters._prometheus.settings import parse_settings
    from wedgate.adapters.metrics.prometheus import PrometheusMetrics

    token = None
    if "token" in options:
        name = str(options["token"]).removeprefix("env/")
        token = os.environ.get(name, "")
        if not token:
            raise ExternalSystemError(f"judge.evidence.token: {name} is not set; set it to the token for Prometheus")
    client = PrometheusClient(
        str(options["url"]).replace("{region}", region), token=token, timeout=_timeout_of(options).total_seconds()
    )
    settings = parse_settings(options, region, slice_length=slice_length)
    return PrometheusMetrics(client, settings, region=region)


def _open_command(options: Mapping[str, Any], region: str, base: Path, baseline: str | None) -> MetricSource:
    """Open a command as evidence; one with a slash is found from ``base``, wherever wedgate runs."""
    from wedgate.adapters.metrics.command import CommandMetrics

    first, *more = (str(word).replace("{region}", region) for word in options["read"])
    return CommandMetrics(
        (str(base / first) if "/" in first else first, *more),
        region=region,
        limit=_timeout_of(options),
        env=tuple(options.get("env", ())),
        environment=os.environ,
        baseline=baseline,
    )


def _baseline_of(evidence: EvidenceSettings, region: str) -> str | None:
    """Return how evidence calls the baseline of the candidate's age, where one is asked for."""
    plain: Any = evidence.options.get("baseline")
    return None if plain is None else str(plain["name"]).replace("{region}", region)


def _timeout_of(options: Mapping[str, Any]) -> timedelta:
    """Return how long one answer of a source may take."""
    from wedgate.calendars.durations import parse_duration

    return parse_duration(options["timeout"]) if "timeout" in options else EVIDENCE_TIMEOUT


def _script(path: Path) -> dict[str, Any]:
    """Return what the simulated traffic does: the ``*traffic`` part of the simulated target's file."""
    try:
        everything = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    script = everything.get("*traffic", {}) if isinstance(everything, dict) else {}
    return script if isinstance(script, dict) else {}


def gate_of(config: Path | None) -> Callable[[str, datetime, timedelta | None], RegionDecision]:
    """Return the gate as the engine asks it.

    The configuration that decides is fetched anew for each question: the working file in a terminal, the default
    branch's on a runner. What keeps it from being read closes the gate.
    """

    def ask(region: str, at: datetime, runway: timedelta | None) -> RegionDecision:
        from wedgate.calendars.values import Verdict
        from wedgate.cli.wiring import ask_region, open_gate
        from wedgate.engine.check import Trouble
        from wedgate.gate.decision import RegionDecision

        gate = open_gate(config)
        read = gate.read()
        if isinstance(read, Trouble):
            return RegionDecision(region=region, verdict=Verdict.CLOSED, reasons=read.reasons, answer=None)
        return ask_region(read[1], region, at, runway, gate.almanac)

    return ask


def never_of(config: Path | None) -> Callable[[RolloutSettings, Sequence[str]], Nowhere | None]:
    """Return what says that a way fits into no window of the year, by the configuration that decides.

    On a runner with a policy for overrides a window may be opened: there it holds, and goes on with one.
    """

    def ask(settings: RolloutSettings, regions: Sequence[str]) -> Nowhere | None:
        from wedgate.adapters.forge.runner import is_runner
        from wedgate.cli.wiring import open_gate
        from wedgate.engine.check import Trouble
        from wedgate.engine.never import fits_nowhere
        from wedgate.engine.rollout_parts import Nowhere

        gate = open_gate(config)
        read = gate.read()
        if isinstance(read, Trouble):
            return None
        calendar, may_be_opened = read[1].calendar, is_runner(os.environ) and read[1].overrides is not None
        known = {region.name for region in calendar.regions}
        text = fits_nowhere(calendar, gate.almanac, settings, [each for each in regions if each in known], utc_now())
        return None if text is None else Nowhere(text=text, may_be_opened=may_be_opened)

    return ask


def regressions_in(path: Path | None, *, service: str, release: Release) -> Callable[[], Sequence[Regression]]:
    """Return the reader of a regression report that may not be there yet; a broken one is an error, not silence.

    A report about another service or release concerns nobody here.
    """

    def read() -> Sequence[Regression]:
        from wedgate.engine.rollout_parts import Regression
        from wedgate.judge.report import parse_report

        if path is None or not path.exists():
            return ()
        try:
            report = parse_report(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            remedy = "check it with `wedgate report validate`"
            problem = Problem(file=str(path), line=0, column=0, what=f"no regression report: {error}", remedy=remedy)
            raise ConfigurationError((problem,)) from error
        if not report.is_about(service=service, commit=release.commit, digest=release.digest):
            return ()
        return tuple(
            Regression(region=region, why=report.text, is_confirmed=report.is_confirmed)
            for region in report.regions or (None,)
        )

    return read


def rollout_parts(
    config: Path | None,
    configuration: Configuration,
    *,
    interruption: Interruption,
    observe: Callable[[Progress], None],
    report: Path | None = None,
    release: Release | None = None,
) -> RolloutParts:
    """Wire everything that a rollout touches."""
    from wedgate.adapters.stores.rescue import load_rescue, save_rescue
    from wedgate.engine.rollout_parts import RolloutParts
    from wedgate.judge.live import judge_live
    from wedgate.judge.slices import slice_between

    base = base_of(configuration)
    kind, options = state_of(configuration)
    directory = state_directory(kind, options)
    store, spool = open_store(kind, options, configuration.service)
    settings = _rollout_of(configuration)
    targets = {region: placed(target, base) for region, target in settings.targets.items()}

    def save(pinned: Rescue) -> str:
        where = save_rescue(rescue_path(directory, configuration.service), pinned)
        beside = rescue_path(base / STATE_DIRECTORY, configuration.service)
        if beside.resolve() != Path(where).resolve():
            # A copy where a rollback looks even when no configuration says where the state lies.
            with suppress(ExternalSystemError):
                save_rescue(beside, pinned)
        return where

    def rescued() -> str | None:
        try:
            return load_rescue(rescue_path(directory, configuration.service)).rollout
        except WedgateError:
            return None

    return RolloutParts(
        service=configuration.service,
        settings=replace(settings, targets=targets),
        judge=configuration.judge,
        store=store,
        listen=getattr(store, "wait", None),
        spool=spool,
        open_target=open_target,
        open_metrics=lambda region: open_metrics(configuration, region),
        ask_gate=gate_of(config),
        let_through=passages(config, os.environ),
        fits_nowhere=never_of(config),
        clock=utc_now,
        pause=interruption.pause,
        observe=observe,
        save_rescue=save,
        rescued=rescued,
        slice_between=slice_between,
        judge_live=judge_live,
        interrupted=interruption.why,
        reports=tuple if release is None else regressions_in(report, service=configuration.service, release=release),
        is_fleet=kind == "postgres",
        hooks=_hooks(settings, base),
        repository=os.environ.get("GITHUB_REPOSITORY", ""),
        store_kind=kind,
        store_options=tuple(options.items()),
    )


def _hooks(settings: RolloutSettings, base: Path) -> Hooks:
    """Return the hooks of a configuration; a command with a slash is found from ``base``, wherever wedgate runs."""
    from wedgate.adapters.hooks.command import CommandHooks

    def found(hook: HookSettings) -> HookSettings:
        first, *more = hook.command
        return replace(hook, command=(str(base / first) if "/" in first else first, *more))

    return CommandHooks({point: found(hook) for point, hook in settings.hooks.items()}, os.environ)


def _rollout_of(configuration: Configuration) -> Any:
    """Return the rollout settings; ``UsageError`` where the file has none."""
    if configuration.rollout is None:
        raise UsageError(f"{configuration.path} has no `rollout:`; say how traffic is switched there (see the example)")
    return configuration.rollout


def localiser(configuration: Configuration | None) -> Callable[[str | None, datetime], str]:
    """Return the speller of instants in each region's own local time (its first market's) and in UTC."""

    def spell(region: str | None, at: datetime) -> str:
        from wedgate.almanac.zones import zone

        if configuration is None or region is None:
            return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
        try:
            name = configuration.calendar.region(region).markets[0].zone
        except (KeyError, IndexError):
            return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
        local = at.astimezone(zone(name))
        return f"{local:%Y-%m-%d %H:%M:%S %Z} ({at.astimezone(UTC):%H:%MZ})"

    return spell
