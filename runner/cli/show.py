"""`runner show`: everything that is known of one address."""

from pathlib import Path
from typing import Any

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option
from runner.model.errors import WrongUsage
from runner.model.state_place import StatePlace


@click.command("show", cls=Command)
@click.argument("address")
@manifest_options(argument=False)
@sandbox_option
def command(address: str, chosen: Chosen) -> int:
    """Show everything that is known of one address, from the journal alone; or a saved plan.

    \b
    Examples:
      runner show dub/ep01/fr-FR
      runner show dub/ep01/fr-FR --json
      runner show plan.json
    """
    from runner.cli.project import Project
    from runner.cli.saved import is_plan_file
    from runner.engine.state.approvals import foreseen_instance
    from runner.report.show import show_json, show_text

    if is_plan_file(Path(address)):
        return _plan(Path(address), chosen)
    project = Project(chosen)
    screen = project.screen
    name, place = project.state_place()
    held = foreseen_instance(place, name, address)
    if held is None:
        raise WrongUsage(f"the state knows nothing of `{address}`", _near(place, name, address))
    history = history_of(place, address)
    screen.answer(show_text(held, screen.look, history), show_json(held, history))
    return exits.DONE


def _near(place: StatePlace, name: str, address: str) -> str:
    """What to type instead."""
    from difflib import get_close_matches

    from runner.engine.state.states import read_addresses

    near = get_close_matches(address, read_addresses(place, name), n=1)
    return f"did you mean `{near[0]}`?" if near else "`runner status --json` lists all"


def _plan(file: Path, chosen: Chosen) -> int:
    """A saved plan, as it was made; nobody is asked and nothing is read beside it."""
    from runner.cli.saved import repeated_by
    from runner.report.plan_file import plan_of, read_plan_file
    from runner.report.plan_text import plan_text

    saved = read_plan_file(file)
    screen = chosen.screen(*repeated_by(file, saved))
    screen.answer(plan_text(plan_of(saved.shown), screen.look, verbose=screen.verbose), dict(saved.shown))
    return exits.DONE


def history_of(place: StatePlace, address: str) -> list[dict[str, Any]]:
    """Every event about the address, oldest first; requests are left out, they are long and not for people."""
    import json

    from runner.engine.state.states import read_events

    found = []
    for number, at, kind, data in read_events(place, address):
        fields = json.loads(data)
        fields.pop("call", None)
        found.append({"number": number, "at": at, "kind": kind, **fields})
    return found
