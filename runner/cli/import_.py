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
@click.option("--id", default="", metavar="ID", help="What it has there, where the name alone does not tell.")
@click.option(
    "--lock-timeout", type=duration, default="0s", metavar="TIME", help="Wait so long for another run to end."
)
def command(chosen: Chosen, match: str, id: str, lock_timeout: float) -> int:
    """Take over what exists remotely already, found by the names that the manifest gives. Sends nothing, pays nothing.

    What was lost with a state file comes back this way; apply then waits for it and downloads it. Where several of one
    name are there, or none, `--id` says which is meant by one address.

    Exit 7: of some names several are there, and none of these was taken.

    \b
    Examples:
      runner import --match 'dub/*'
      runner import season.yaml --match 'dub/ep01/*'
      runner import --match dub/ep01/fr-FR --id 8f1c
    """
    from runner.cli.project import Project
    from runner.report.progress import LineReporter
    from runner.report.words import counted

    project = Project(chosen)
    screen = project.screen
    with project.opened() as work:
        from runner.cli.session import locked
        from runner.engine.importing import import_named, import_one
        from runner.engine.running.desk import RunOptions

        options = RunOptions(command="import", lock_timeout=lock_timeout, loopback_only=bool(chosen.sandbox))
        with locked(work, options, project.screen) as session:
            report = LineReporter(screen.aside, screen.look_aside).report
            found = import_one(session, match, id, report) if id else import_named(session, match, report)
    lines = [f"{address}  {taken}" for address, taken in found.taken.items()]
    for address, ids in found.unclear.items():
        others = ", ".join(found.others.get(address, ()))
        why = (
            f"what has its name there differs in {others}"
            if others
            else "its name does not tell which is meant"
        )
        lines.append(f"{address}  not taken over, as {why}: {', '.join(ids)}")
        lines.append("    " + screen.look.command(f"runner import --match '{address}' --id ID"))
    follow = f" Next: {screen.look.command('runner apply')}" if found.taken else ""
    screen.answer(
        "\n".join([*lines, f"{counted(len(found.taken), 'instance')} taken over.{follow}"]),
        {
            "version": 1,
            "imported": [{"address": address, "id": taken} for address, taken in found.taken.items()],
            "unclear": [{"address": address, "ids": list(ids)} for address, ids in found.unclear.items()],
        },
    )
    return exits.BLOCKED if found.unclear else exits.DONE
