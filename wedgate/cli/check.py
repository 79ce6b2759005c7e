"""`wedgate check`: may we deploy now, there? The answer as text, JSON, Markdown, or for a runner."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wedgate.calendars.values import Verdict
from wedgate.cli.options import duration_option, parse_instant, terminal_style
from wedgate.errors import ExitCode, ExternalSystemError, UsageError, WedgateError
from wedgate.gate.decide import is_allowed
from wedgate.gate.decision import Mode
from wedgate.gate.reasons import ReasonCode

if TYPE_CHECKING:
    from wedgate.engine.check import Gate
    from wedgate.gate.decision import Decision

FORMATS = ("text", "json", "markdown", "github")


class CheckCommand(click.Command):
    """Tells a runner of a question that could not be asked too, wherever that is found out."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the command line."""
        with _refusals_told(for_runner="github" in args or "--format=github" in args):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Answer."""
        with _refusals_told(for_runner=ctx.params["form"] == "github"):
            return super().invoke(ctx)


@contextmanager
def _refusals_told(*, for_runner: bool) -> Iterator[None]:
    """Write outputs that close the gate, and an annotation, for an error that leaves no decision to write."""
    try:
        yield
    except (WedgateError, click.UsageError) as error:
        if for_runner:
            from wedgate.adapters.forge.runner import write_outputs
            from wedgate.render.annotations import command as annotation

            words = error.format_message() if isinstance(error, click.UsageError) else str(error)
            click.echo(annotation("error", words, title="wedgate"))
            with suppress(ExternalSystemError):
                write_outputs(os.environ, {"verdict": "closed", "decision": "deny"})
        raise


@click.command("check", cls=CheckCommand)
@click.option(
    "--at", type=parse_instant, metavar="INSTANT", help="Ask about this instant (with its offset) instead of now."
)
@click.option("--region", "regions", multiple=True, help="Ask about this region alone; may be repeated.")
@click.option(
    "--runway",
    type=duration_option("--runway"),
    metavar="DURATION",
    help="How long the gate must stay open, such as 45m or 2h.",
)
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How to print: text by default.")
@click.option("--explain", is_flag=True, help="List every rule that was looked at.")
@click.option(
    "--batch", metavar="FILE", help="Answer every line of FILE (- for standard input): JSON Lines in, JSON Lines out."
)
@click.option(
    "--replay", metavar="FILE", help="Ask again what an earlier record (--format json) answered, and compare."
)
@click.option("--deployment", metavar="NAME", help="On a runner: begin a deployment NAME/REGION for each open region.")
@click.option("--commit", metavar="SHA", help="On a runner: the commit that goes out, if not that of the run.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration, instead of wedgate.yml here.")
def command(
    at: datetime | None,
    regions: tuple[str, ...],
    runway: timedelta | None,
    form: str,
    batch: str | None,
    replay: str | None,
    commit: str | None,
    deployment: str | None,
    config: Path | None,
    *,
    explain: bool,
) -> ExitCode:
    """May we deploy now, there? Ask the calendars.

    Exits with 0 when everything asked about is open (or open with caution), with 10 when something is closed, with 2
    when the command or the configuration cannot be used, and with 20 when the forge did not answer. On a runner the
    configuration is read from the default branch, and an answer for --at never lets a job go on. A freeze in the ledger
    that the configuration names closes what is open, here and there, for --at where the instant lies within its time;
    so does a ledger that cannot be read. On a runner an override that was approved for the commit opens what it names,
    once.

    With --batch 0 says that every line was answered, whatever the answers are, and 2 that some line is no question.
    With --replay 0 says that the verdicts are the same as then, and 13 that they are not.

    \b
    Examples:
      wedgate check
      wedgate check --region eu-central --runway 45m
      wedgate check --at 2027-06-05T12:00:00Z --explain
      wedgate check --format json | jq .next_open
      wedgate check --batch questions.jsonl
      wedgate check --replay decision.json
    """
    if batch is not None or replay is not None:
        asked = {
            "--commit": commit,
            "--deployment": deployment,
            "--at": at,
            "--region": regions,
            "--runway": runway,
            "--explain": explain,
        }
        return _answer_files(batch, replay, config, form, [name for name, value in asked.items() if value])
    from wedgate.cli.wiring import open_gate, open_runner

    if is_on_runner():
        from wedgate.cli.override_wiring import begin_deployments_on_runner, commit_option, let_through_on_runner

        outgoing = commit_option(commit)
        runner = open_runner(config, os.environ)
        decision = runner.gate.decide(regions, at=at, runway=runway, explain=explain)
        decision = let_through_on_runner(decision, runner, os.environ, commit=outgoing)
        if deployment is not None:
            begin_deployments_on_runner(decision, runner, os.environ, commit=outgoing, environment=deployment)
    else:
        gate = open_gate(config)
        decision = _frozen_here(gate, gate.decide(regions, at=at, runway=runway, explain=explain))
    if form == "json":
        from wedgate.render.json import render_json

        click.echo(render_json(decision))
    elif form == "markdown":
        from wedgate.render.markdown import render_markdown

        click.echo(render_markdown(decision), nl=False)
    elif form == "github":
        tell_runner(decision)
    else:
        from wedgate.render.text import render_text

        click.echo(render_text(decision, terminal_style()), color=True)
    on_runner = form == "github" or is_on_runner()
    code = exit_code_of(decision, binding=on_runner)
    if code is not exit_code_of(decision, binding=False):
        say_that_it_fails("--at", to_log=form == "github")
    return code


def _frozen_here(gate: Gate, decision: Decision) -> Decision:
    """Return the decision with the freezes of the ledger that the configuration names, where there is one.

    Of another instant, too: elsewhere than on GitHub a job may go on because of its exit code.
    """
    read = gate.read(trust_clock=decision.hypothetical) if decision.regions else None
    if not isinstance(read, tuple):
        return decision
    from wedgate.cli.freezes import ledger_here

    book = ledger_here(read[1])
    if book is None:
        return decision
    from wedgate.engine.frozen import with_freezes

    return with_freezes(decision, book, read[1].calendar, gate.almanac)


def _answer_files(batch: str | None, replay: str | None, config: Path | None, form: str, beside: list[str]) -> ExitCode:
    """Answer the questions of a file; what else is asked for beside it is refused."""
    option = "--batch" if batch is not None else "--replay"
    refused = [*beside, *(["--replay"] if batch is not None and replay is not None else [])]
    if refused:
        raise UsageError(f"{option} takes its questions from the file; leave {', '.join(refused)} out")
    if form in ("markdown", "github") or (batch is not None and form != "text"):
        raise UsageError(f"{option} has no format {form}; leave --format out")
    if batch is not None:
        from wedgate.cli.batch import answer_file

        code = answer_file(batch, config, on_runner=is_on_runner())
    else:
        from wedgate.cli.replay import replay_file

        assert replay is not None
        code = replay_file(replay, config, as_json=form == "json", on_runner=is_on_runner())
    if code is ExitCode.CLOSED:
        say_that_it_fails(option)
    return code


def is_on_runner() -> bool:
    """Whether a job may go on because of the exit code."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def say_that_it_fails(option: str, *, to_log: bool = False) -> None:
    """Say on a runner why a step fails whose answer may be open."""
    from wedgate.render.annotations import command as annotation

    words = f"this step fails: {option} is hypothetical, and nothing starts because of an answer for another instant"
    click.echo(annotation("error", words, title="wedgate"), err=not to_log)


def exit_code_of(decision: Decision, *, binding: bool) -> ExitCode:
    """Return the exit code of a decision; ``binding`` where a job goes on because of it."""
    code = decision.reasons[0].code
    if decision.mode is Mode.OBSERVE:
        return ExitCode.DONE
    if code in (ReasonCode.FORGE_UNREACHABLE, ReasonCode.LEDGER_UNREACHABLE):
        return ExitCode.EXTERNAL
    if code in (ReasonCode.CONFIG_INVALID, ReasonCode.CONFIG_MISSING):
        return ExitCode.USAGE
    is_open = is_allowed(decision) if binding else decision.verdict is not Verdict.CLOSED
    return ExitCode.DONE if is_open else ExitCode.CLOSED


def tell_runner(decision: Decision) -> None:
    """Print for the log, annotate, and write outputs and summary.

    The outputs are written last: a summary that cannot be written must not leave outputs that let a job go on.
    """
    from dataclasses import replace

    from wedgate.adapters.forge.runner import append_summary, write_outputs
    from wedgate.render.annotations import annotations_of, inert
    from wedgate.render.markdown import render_markdown
    from wedgate.render.outputs import outputs_of
    from wedgate.render.text import render_text

    click.echo(inert(render_text(decision, replace(terminal_style(), width=100))), color=True)
    for line in annotations_of(decision):
        click.echo(line)
    notes = (
        append_summary(os.environ, render_markdown(decision)),
        write_outputs(os.environ, outputs_of(decision)),
    )
    for note in notes:
        if note is not None:
            click.echo(f"wedgate: {note}")
