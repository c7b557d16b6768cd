"""`runner destroy`: delete what the state knows."""

from typing import TYPE_CHECKING

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option
from runner.cli.values import duration
from runner.model.errors import WrongUsage

if TYPE_CHECKING:
    from runner.engine.run import Session
    from runner.model.plan import Plan
    from runner.model.wishes import Wishes


@click.command("destroy", cls=Command)
@manifest_options()
@sandbox_option
@click.option("--target", "targets", multiple=True, metavar="GLOB", help="Only these addresses.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Not these addresses.")
@click.option("--auto-approve", is_flag=True, help="Do not ask (for CI, and wherever there is no terminal).")
@click.option(
    "--lock-timeout", type=duration, default="0s", metavar="TIME", help="Wait so long for another run to end."
)
def command(
    chosen: Chosen,
    targets: tuple[str, ...],
    exclude: tuple[str, ...],
    auto_approve: bool,
    lock_timeout: float,
) -> int:
    """Show what would be deleted at the APIs, ask, and delete it. Files here stay; nothing is paid back.

    What an API offers no way to delete is kept, and said to be. `runner apply --prune` deletes only what left the
    manifest.

    \b
    Examples:
      runner destroy
      runner destroy --target 'dub/ep01/*'
    """
    from runner.cli.confirm import confirmed, shown
    from runner.cli.project import Project
    from runner.model.wishes import Wishes

    project = Project(chosen)
    wishes = Wishes(targets=targets, exclude=exclude)
    with project.opened() as work:
        from runner.cli.session import locked
        from runner.engine.running.desk import RunOptions

        options = RunOptions(
            command="destroy", wishes=wishes, lock_timeout=lock_timeout, loopback_only=bool(chosen.sandbox)
        )
        with locked(work, options, project.screen) as session:
            plan = _plan(session, wishes)
            shown(plan, project.screen)
            if plan.idle:
                return exits.of_plan(plan)
            if not auto_approve:
                confirmed("Delete this?", project.screen)
            from runner.cli.confirm import carried_out
            from runner.engine.removing import destroy

            return carried_out(lambda report: destroy(session, plan, report), plan, project.screen)


def _plan(session: "Session", wishes: "Wishes") -> "Plan":
    from runner.compile.planning.removal import destroy_plan
    from runner.model.wishes import Globs

    for glob in (*wishes.targets, *wishes.exclude):
        if not any(address in Globs([glob]) for address in session.state.instances):
            raise WrongUsage(
                f"`{glob}` names nothing that the state knows", "`runner status` lists what it knows"
            )
    return destroy_plan(session.work, session.state, wishes)
