"""`runner show`: everything that is known of one address."""

import click

from runner.cli import exits
from runner.cli.options import Chosen, Command, manifest_options, sandbox_option
from runner.model.errors import WrongUsage


@click.command("show", cls=Command)
@click.argument("address")
@manifest_options(argument=False)
@sandbox_option
def command(address: str, chosen: Chosen) -> int:
    """Show everything that is known of one address, from the journal alone.

    \b
    Examples:
      runner show dub/ep01/fr-FR
      runner show dub/ep01/fr-FR --json
    """
    from runner.cli.project import Project
    from runner.report.show import show_json, show_text

    project = Project(chosen)
    screen = project.screen
    state = project.state()
    held = state.instances.get(address)
    if held is None:
        from difflib import get_close_matches

        near = get_close_matches(address, state.instances, n=1)
        hint = f"did you mean `{near[0]}`?" if near else "`runner status --json` lists all"
        raise WrongUsage(f"the state knows nothing of `{address}`", hint)
    screen.answer(show_text(held, screen.look), show_json(held))
    return exits.DONE
