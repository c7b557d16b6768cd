"""`runner status`: where everything stands."""

import click

from runner.cli import exits
from runner.cli.options import Chosen, Command, manifest_options, sandbox_option


@click.command("status", cls=Command)
@manifest_options()
@sandbox_option
def command(chosen: Chosen) -> int:
    """Show where everything stands, from the journal alone: asks nobody, needs no lock, changes nothing.

    \b
    Examples:
      runner status
      runner status --sandbox
      runner status --json
    """
    from runner.cli.project import Project
    from runner.report.status import status_json, status_text

    project = Project(chosen)
    screen = project.screen
    state = project.state()
    screen.answer(status_text(state, screen.look, verbose=screen.verbose), status_json(state))
    return exits.DONE
