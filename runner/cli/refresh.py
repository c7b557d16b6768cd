"""`runner refresh`: what the APIs say now of what the state knows."""

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option
from runner.cli.values import duration


@click.command("refresh", cls=Command)
@click.argument("globs", nargs=-1, metavar="[ADDRESS]...")
@manifest_options(argument=False)
@sandbox_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when anything differs.")
@click.option(
    "--lock-timeout", type=duration, default="0s", metavar="TIME", help="Wait so long for another run to end."
)
def command(globs: tuple[str, ...], chosen: Chosen, detailed_exitcode: bool, lock_timeout: float) -> int:
    """Ask the APIs about everything that has ended, and tell what differs from what the state knows.

    What has gone there, failed since, or changed; links that end before their files are here; and what is there and no
    state knows. With addresses (globs) only those, and lookups among them are asked anew. It only reads there, and
    notes here what it saw.

    \b
    Examples:
      runner refresh
      runner refresh 'dub/ep01/*'
      runner refresh --detailed-exitcode --json
    """
    from runner.cli.project import Project
    from runner.cli.wishes import held_addresses
    from runner.report.drift import drift_json, drift_text

    project = Project(chosen)
    screen = project.screen
    with project.opened() as work:
        from runner.cli.session import locked
        from runner.engine.running.desk import RunOptions

        options = RunOptions(command="refresh", lock_timeout=lock_timeout, loopback_only=bool(chosen.sandbox))
        with locked(work, options, screen) as session:
            only = {address for glob in globs for address in held_addresses(session.state, glob)}
            found = session.refresh(only or None)
    screen.answer(
        drift_text(found.drifts, found.looked, screen.look, verbose=screen.verbose),
        drift_json(found.drifts, found.looked),
    )
    return exits.CHANGES if detailed_exitcode and found.drifts else exits.DONE
