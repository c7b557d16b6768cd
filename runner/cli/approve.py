"""`runner approve`: a person lets what waits at an approval gate go on."""

from typing import TYPE_CHECKING, Any

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, sandbox_option

if TYPE_CHECKING:
    from runner.model.event import Approved
    from runner.model.plan import Change


@click.command("approve", cls=Command)
@click.argument("globs", metavar="GLOB…", nargs=-1, required=True)
@manifest_options(argument=False)
@sandbox_option
@click.option(
    "--by", "person", default="", metavar="NAME", help="Who approves, where a job types this for them."
)
def command(globs: tuple[str, ...], chosen: Chosen, person: str) -> int:
    """Approve what waits at its gate (`approve: true`): its call may go out.

    Holds for exactly what `runner plan` shows of it now: this generation, with these inputs. When either changes
    before it was sent, the plan asks again. A run that is under way takes it up; it needs no lock and asks nobody.
    `runner show ADDRESS` shows the inputs beforehand. Where nothing waits, nothing is approved, and the reason is told.

    \b
    Examples:
      runner approve dub/ep01/fr-FR
      runner approve 'dub/ep01/*' 'mix/ep01'
      runner approve 'dub/*' --json
      runner approve --by "$GITHUB_ACTOR" dub/ep01/fr-FR
    """
    from runner.cli.project import Project
    from runner.report.words import counted

    project = Project(chosen)
    screen = project.screen
    with project.opened(offline=True) as work:
        from runner.compile.checks.moves import moved_state, moves
        from runner.compile.planning.gates import approvable, reached
        from runner.compile.planning.plan import plan
        from runner.engine.observe import stands
        from runner.engine.state.approvals import approved_by_me, leave_approvals
        from runner.engine.state.inbox import foreseen_state
        from runner.engine.state.states import ensure_state
        from runner.model.observation import Observations

        held = foreseen_state(work.state_place, work.manifest.name)
        state = moved_state(held, moves(work.manifest, work.graph, held))
        made = plan(work, state, Observations(offline=True), reached(state, globs), stands(work))
        found = approvable(made, state, globs)
        given = [approved_by_me(one.address, one.generation, one.digest, person) for one in found]
        if not held.lineage:
            ensure_state(work.state_place, work.manifest.name)
        leave_approvals(work.state_place, given)
    lines = [f"{one.address}  {one.uses}{_again(one)}" for one in found]
    follows = f"{counted(len(found), 'instance')} approved. A run that is under way goes on with it; else: "
    screen.answer(
        "\n".join([*lines, follows + screen.look.command("runner apply")]),
        {"version": 1, "approved": [_json(one) for one in given]},
    )
    return exits.DONE


def _again(change: "Change") -> str:
    return f", generation {change.generation}" if change.generation > 1 else ""


def _json(one: "Approved") -> dict[str, Any]:
    return {
        "address": one.address,
        "generation": one.generation,
        "digest": one.digest,
        "by": one.by,
        "at": one.given,
    }
