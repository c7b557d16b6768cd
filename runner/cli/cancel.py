"""`runner cancel`: end what runs at an API."""

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option
from runner.cli.values import duration


@click.command("cancel", cls=Command)
@click.argument("address")
@manifest_options(argument=False)
@sandbox_option
@click.option("--auto-approve", is_flag=True, help="Do not ask (for CI, and wherever there is no terminal).")
@click.option(
    "--lock-timeout", type=duration, default="0s", metavar="TIME", help="Wait so long for another run to end."
)
def command(address: str, chosen: Chosen, auto_approve: bool, lock_timeout: float) -> int:
    """End the work that runs for one address: cancelled there, or deleted where that is the only way.

    It counts as failed from then on: nothing is ordered anew without consent (`runner apply --retry-failed`).

    \b
    Examples:
      runner cancel transcript/ep01
    """
    from runner.cli.confirm import confirmed
    from runner.cli.project import Project
    from runner.engine.removing import cancel, cancellable

    project = Project(chosen)
    with project.opened() as work:
        from runner.cli.session import locked
        from runner.engine.running.desk import RunOptions

        options = RunOptions(command="cancel", lock_timeout=lock_timeout, loopback_only=bool(chosen.sandbox))
        with locked(work, options, project.screen) as session:
            state, way = cancellable(work, session.state.instances, address)
            if not auto_approve:
                told = f"{address} runs there as {state.id}; what is paid is not paid back."
                confirmed(f"{told} {way.capitalize()} it?", project.screen)
            reason = cancel(session, address, lambda progress: None)
    if reason:
        project.screen.aside(f"{address} is not cancelled: {reason}")
        return exits.FAILED
    project.screen.answer(f"{address} is cancelled.", {"version": 1, "cancelled": address, "id": state.id})
    return exits.DONE
