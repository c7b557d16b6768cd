"""`runner import`: what exists remotely already becomes known to the state."""

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option
from runner.cli.values import duration


@click.command("import", cls=Command)
@manifest_options()
@sandbox_option
@click.option("--match", required=True, metavar="GLOB", help="The addresses to take over, as in 'dub/*'.")
@click.option(
    "--lock-timeout", type=duration, default="0s", metavar="TIME", help="Wait so long for another run to end."
)
def command(chosen: Chosen, match: str, lock_timeout: float) -> int:
    """Take over what exists remotely already, found by the names that the manifest gives. Sends nothing, pays nothing.

    What was lost with a state file comes back this way; apply then waits for it and downloads it.

    \b
    Examples:
      runner import --match 'dub/*'
      runner import season.yaml --match 'dub/ep01/*'
    """
    from runner.cli.project import Project
    from runner.report.progress import LineReporter
    from runner.report.words import counted

    project = Project(chosen)
    screen = project.screen
    with project.opened() as work:
        from runner.cli.session import locked
        from runner.engine.desk import RunOptions
        from runner.engine.run import import_existing

        options = RunOptions(command="import", lock_timeout=lock_timeout, loopback_only=bool(chosen.sandbox))
        with locked(work, options, project.screen) as session:
            found = import_existing(session, match, LineReporter(screen.aside, screen.look_aside).report)
    lines = [f"{address}  {identity}" for address, identity in found]
    follow = f" Next: {screen.look.command('runner apply')}" if found else ""
    screen.answer(
        "\n".join([*lines, f"{counted(len(found), 'instance')} taken over.{follow}"]),
        {"version": 1, "imported": [{"address": address, "id": identity} for address, identity in found]},
    )
    return exits.DONE
