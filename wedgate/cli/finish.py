"""`wedgate finish`: say what the deployments of this run have come to."""

from __future__ import annotations

import os
from pathlib import Path

import click

from wedgate.errors import ExitCode, UsageError

_STATES = {"success": "success", "failure": "failure", "cancelled": "failure"}


@click.command("finish")
@click.option("--state", required=True, metavar="STATE", help="What the job came to: success, failure or cancelled.")
@click.option("--commit", metavar="SHA", help="The commit that went out, if not that of the run.")
@click.option("--config", type=click.Path(path_type=Path), help="The path of the configuration in the repository.")
def command(state: str, commit: str | None, config: Path | None) -> ExitCode:
    """Set the state of the deployments that `wedgate check --deployment` began in this run.

    For a last step with `if: always()`, and `state: ${{ job.status }}`. Of several services in a repository it says so
    of the one whose configuration is named, as for `wedgate check`.

    \b
    Examples:
      wedgate finish --state success
      wedgate finish --state failure --config services/venue-search/wedgate.yml
    """
    from wedgate.adapters.forge.github_deployments import GithubDeployments
    from wedgate.adapters.forge.interface import DeploymentState
    from wedgate.cli.conversing import run_url
    from wedgate.cli.override_wiring import commit_option, deployment_of
    from wedgate.cli.sources import place_of, repository_paths
    from wedgate.cli.wiring import open_forge
    from wedgate.engine.deployments import finish_deployments

    if state not in _STATES:
        raise UsageError(f"--state takes success, failure or cancelled, not {ascii(state)[:20]}")
    deployment = deployment_of(os.environ, commit_option(commit))
    if deployment is None or deployment.binding is None:
        raise UsageError("this run deploys nothing: there is no commit, or it was started by an event that only looks")
    own = finish_deployments(
        GithubDeployments(open_forge(os.environ).connection),
        commit=deployment.commit,
        binding=deployment.binding,
        state=DeploymentState(_STATES[state]),
        url=run_url(os.environ),
        place=place_of(repository_paths(config, os.environ.get("GITHUB_WORKSPACE", ""))),
    )
    for each in own:
        click.echo(f"{each.environment}: {_STATES[state]}")
    click.echo(f"wedgate: {len(own)} deployments of this run have their state")
    if not own:
        click.echo("wedgate: of several services in a repository, name the one that was deployed with --config")
    return ExitCode.DONE
