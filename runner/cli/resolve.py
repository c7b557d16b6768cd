"""`runner resolve`: a person says what came of a call."""

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option
from runner.model.errors import WrongUsage


@click.command("resolve", cls=Command)
@click.argument("address")
@manifest_options(argument=False)
@sandbox_option
@click.option("--adopt", "adopted", metavar="ID", help="It was done: this is what it made there.")
@click.option("--resend", is_flag=True, help="It was not done: send it again.")
@click.option(
    "--abandon", is_flag=True, help="Give that call up, whatever came of it; the next plan makes it anew."
)
def command(address: str, chosen: Chosen, adopted: str | None, resend: bool, abandon: bool) -> int:
    """Settle a call whose outcome only a person can know; look at the provider's own pages first.

    It needs no lock: what is said while a run is under way is taken in by the next one.

    \b
    Examples:
      runner resolve dub/ep01/fr-FR --adopt 8f1c
      runner resolve dub/ep01/fr-FR --resend
      runner resolve dub/ep01/fr-FR --abandon
    """
    from runner.cli.project import Project

    chosen_ways = [
        way for way, wanted in (("adopt", adopted), ("resend", resend), ("abandon", abandon)) if wanted
    ]
    if len(chosen_ways) != 1:
        raise WrongUsage("say one of --adopt ID, --resend, --abandon", "`runner show` tells what is known")
    project = Project(chosen)
    name, place = project.state_place()
    from runner.engine.run import resolve

    follows = resolve(place, name, address, chosen_ways[0], adopted)
    screen = project.screen
    value = {"version": 1, "address": address, "how": chosen_ways[0], "id": adopted or ""}
    screen.answer(f"{follows}. Carry on with: {screen.look.command('runner apply')}", value)
    return exits.DONE
