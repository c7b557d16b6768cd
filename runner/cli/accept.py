"""`runner accept`: finished work stays as it is although its inputs changed."""

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option
from runner.cli.values import duration
from runner.model.errors import WrongUsage


@click.command("accept", cls=Command)
@click.argument("glob")
@manifest_options(argument=False)
@sandbox_option
@click.option(
    "--lock-timeout", type=duration, default="0s", metavar="TIME", help="Wait so long for another run to end."
)
def command(glob: str, chosen: Chosen, lock_timeout: float) -> int:
    """Leave finished work as it is although its inputs changed: no longer blocked, nothing paid.

    Holds for the inputs as they are now; when they change once more, the plan asks again.

    \b
    Examples:
      runner accept 'dub/*'
      runner accept dub/ep01/fr-FR
    """
    from runner.cli.project import Project
    from runner.report.words import counted

    project = Project(chosen)
    screen = project.screen
    with project.opened() as work:
        from runner.cli.session import locked
        from runner.compile.planning.acceptance import acceptances
        from runner.compile.planning.select import unmatched
        from runner.engine.run import make_plan
        from runner.engine.running.desk import RunOptions

        options = RunOptions(command="accept", lock_timeout=lock_timeout, loopback_only=bool(chosen.sandbox))
        if unmatched(work.graph, [glob]):
            raise WrongUsage(f"no instance is called {glob}", "`runner plan --verbose` lists all")
        with locked(work, options, project.screen) as session:
            _, observed = make_plan(work, session.state, options)
            events = acceptances(work, session.state, glob, observed)
            session.journal.record_now(*events)
    addresses = [event.address for event in events]
    screen.answer(
        "\n".join([*addresses, f"{counted(len(addresses), 'instance')} accepted as finished."]),
        {"version": 1, "accepted": addresses},
    )
    return exits.DONE
