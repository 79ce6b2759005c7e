"""The command group: finds the module of a command by name, and is the one place that prints errors and exits.

Commands are imported only when they are run, so that ``wedgate check`` does not pay for ``wedgate rollout``.
"""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys

import click

from wedgate import __version__
from wedgate.errors import ConfigurationError, ExitCode, WedgateError

COMMANDS = {
    "init": "Write a starter configuration and the workflows to paste.",
    "lint": "Check a configuration and say everything that is wrong with it.",
    "schema": "Print the JSON Schema of wedgate.yml.",
    "doctor": "Is the repository set up so that the gate holds, and an emergency gets through?",
    "preset": "The calendars that a region can extend: list and show them.",
    "check": "May we deploy now, there? Ask the calendars.",
    "next": "When does a region, a set or all of them open, and for how long?",
    "calendar": "See when regions are closed, careful and open: a month, a year, any span.",
    "diff": "What does a change of the configuration or of its data open or close?",
    "override": "Ask, approve, deny and sign in an emergency; see where it stands.",
    "comment": "Answer a comment on a pull request: override, approve, deny, and others.",
    "finish": "Say what the deployments of this run have come to.",
    "refresh": "Post the status of every open pull request anew.",
    "audit": "The audit log: verify, show, export, and the page of a month.",
    "plan": "When would a rollout go where, and what does it wait for?",
    "outlook": "What do calendars and bakes mean for a year of releases?",
    "rollout": "Roll a release out over the regions.",
    "rollback": "Return traffic to stable, now, with nothing but the rescue file.",
    "guard": "Return traffic when nobody watches it any more: a process beside the targets.",
    "notify": "Tell people what they were not told yet, or try out whether they can be.",
    "freeze": "Close the gate for a while, for checks and rollouts alike.",
    "thaw": "End a freeze, everywhere or in some regions.",
    "scenario": "Stories about your configuration, told by the real engine: run.",
    "report": "Reports of regressions and of measurements: validate, convert, show; their history.",
    "judge": "Is the candidate worse than the base, by what was measured of both?",
    "bench": "Measure two commands against one another, or one against itself: run, aa.",
}
"""Every command with its one line of help; its module is ``wedgate.cli.<name>``, the object ``command``."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"wedgate.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wedgate")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_context
def cli(ctx: click.Context, *, debug: bool) -> None:
    """wedgate: a deployment gate that knows when it is Saturday, and where.

    \b
    Examples:
      wedgate init                      write wedgate.yml for four regions
      wedgate check                     may we deploy now?
      wedgate check --at 2027-06-05T12:00:00Z
      wedgate next --needs 3h           the next opening long enough
    """
    ctx.obj = {"debug": debug}


def main() -> None:
    """Run the command line; print one message for what went wrong, and exit with its code."""
    debug = "--debug" in sys.argv or os.environ.get("RUNNER_DEBUG") == "1"
    is_heard = _prepare_output()
    try:
        code = cli.main(prog_name="wedgate", standalone_mode=False)
    except ConfigurationError as error:
        click.echo(str(error), err=True)
        count = len(error.problems)
        click.echo(f"wedgate: {count} problem{'s' if count != 1 else ''} found; nothing was done.", err=True)
        code = error.exit_code
    except WedgateError as error:
        if debug:
            raise
        click.echo(f"wedgate: {error}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("wedgate: interrupted.", err=True)
        code = ExitCode.UNEXPECTED
    except BrokenPipeError:
        # The reader went away: nothing more can be said.
        _discard_output()
        code = ExitCode.UNEXPECTED
    except OSError as error:
        if debug:
            raise
        if error.filename is None and error.errno in (errno.ENOSPC, errno.EBADF, errno.EIO, errno.EDQUOT):
            _discard_output()
            click.echo(f"wedgate: the answer could not be written ({error.strerror}); ask again", err=True)
        else:
            click.echo(f"wedgate: unexpected {type(error).__name__}: {error}; run again with --debug", err=True)
        code = ExitCode.UNEXPECTED
    except Exception as error:
        if debug:
            raise
        click.echo(f"wedgate: unexpected {type(error).__name__}: {error}; run again with --debug", err=True)
        code = ExitCode.UNEXPECTED
    if not is_heard:
        click.echo("wedgate: standard output is closed, so the answer was told to nobody", err=True)
        code = code or ExitCode.UNEXPECTED
    sys.exit(int(code or 0))


def _prepare_output() -> bool:
    """Make every character printable whatever the streams' encoding; return whether there is a standard output.

    A closed one does not stop what was asked for (a rollback has to run), but an answer that nobody can read is no
    success: it ends with 1, as a reader that goes away does.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout is not None:
        return True
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it stands until the process ends
    return False


def _discard_output() -> None:
    """Let Python write what it still holds to nowhere, so that it does not fail again at shutdown."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
