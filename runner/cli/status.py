"""`runner status`: where everything stands."""

from typing import TYPE_CHECKING

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option

if TYPE_CHECKING:
    from runner.model.standing import Standing
    from runner.model.state_place import StatePlace


@click.command("status", cls=Command)
@manifest_options()
@sandbox_option
def command(chosen: Chosen) -> int:
    """Show where everything stands, from the journal alone: asks nobody, needs no lock, changes nothing.

    \b
    Examples:
      runner status
      runner status --sandbox
      runner status --json
    """
    from runner.cli.project import Project
    from runner.engine.state.states import read_standing
    from runner.model.standing import Standing
    from runner.report.status import MOST, status_json, status_text

    project = Project(chosen)
    screen = project.screen
    name, place = project.state_place()
    with read_standing(place, name) as reader:
        most = -1 if screen.verbose else MOST
        standing = reader.standing(most) if reader is not None else Standing(name)
        if screen.json_wanted:
            screen.pieces(status_json(standing, reader.instances() if reader is not None else ()))
        else:
            screen.text(status_text(standing, screen.look, _approved(place, standing)))
    return exits.DONE


def _approved(place: "StatePlace", standing: "Standing") -> frozenset[str]:
    """What was approved since the last run; nothing is read where nothing waits."""
    from runner.model.phase import Phase

    if not standing.count(Phase.GATED):
        return frozenset()
    from runner.engine.state.approvals import approvals
    from runner.engine.state.states import read_words

    return frozenset(one.address for one in approvals(read_words(place, standing.name)))
