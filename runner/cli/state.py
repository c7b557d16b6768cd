"""`runner state`: what the state knows, changed by hand; nothing remote is touched."""

import click

from runner.cli import exits
from runner.cli.options import Chosen, Command, manifest_options, sandbox_option
from runner.cli.values import duration
from runner.model.errors import WrongUsage


@click.group("state")
def command() -> None:
    """Change what the state knows, not what exists."""


@command.command("mv", cls=Command)
@click.argument("old")
@click.argument("new")
@manifest_options(argument=False)
@sandbox_option
@click.option(
    "--lock-timeout", type=duration, default="0s", metavar="TIME", help="Wait so long for another run to end."
)
def move(old: str, new: str, chosen: Chosen, lock_timeout: float) -> int:
    """Say that what was known as OLD is NEW now: an item or a job was renamed in the manifest.

    \b
    Examples:
      runner state mv dub/ep1/fr-FR dub/ep01/fr-FR
    """
    from runner.cli.project import Project

    project = Project(chosen)
    screen = project.screen
    with project.opened() as work:
        from runner.cli.session import locked
        from runner.engine.desk import RunOptions
        from runner.model.event import Moved

        options = RunOptions(
            command="state mv", lock_timeout=lock_timeout, loopback_only=bool(chosen.sandbox)
        )
        with locked(work, options, project.screen) as session:
            _check(session.state.instances, work.graph.instances, old, new)
            session.journal.record_now(Moved(address=old, to=new))
    screen.answer(f"{old} is {new} now.", {"version": 1, "moved": {"from": old, "to": new}})
    return exits.DONE


def _check(held: object, wanted: object, old: str, new: str) -> None:
    if old not in held:  # type: ignore[operator]
        raise WrongUsage(f"the state knows nothing of `{old}`", "`runner status --json` lists all")
    if new in held:  # type: ignore[operator]
        raise WrongUsage(f"the state knows `{new}` already", f"`runner show {new}` tells what it is")
    if new not in wanted:  # type: ignore[operator]
        raise WrongUsage(f"the manifest has no `{new}`", "`runner plan` lists what it has")
