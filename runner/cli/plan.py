"""`runner plan`: what apply would do."""

from typing import Any

import click

from runner.cli import exits
from runner.cli.options import Chosen, Command, manifest_options, plan_options, sandbox_option
from runner.cli.outputs import output_options


@click.command("plan", cls=Command)
@manifest_options()
@sandbox_option
@plan_options
@output_options
@click.option("--offline", is_flag=True, help="Ask nobody: no balances, names or lookups.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
def command(chosen: Chosen, offline: bool, detailed_exitcode: bool, **wished: Any) -> int:
    """Show what apply would do to each instance, why, and at what known cost. Changes nothing.

    Exit 0: a plan; 2: there are changes (--detailed-exitcode); 5: something is in doubt; 7: something is blocked.

    \b
    Examples:
      runner plan
      runner plan season.yaml --offline --json
      runner plan --replace 'dub/ep01/*'
    """
    from runner.cli.project import Project
    from runner.cli.wishes import checked, wishes_of
    from runner.report.plan_json import plan_json
    from runner.report.plan_text import plan_text

    project = Project(chosen)
    screen = project.screen
    wishes = wishes_of(**wished)
    with project.opened(offline=offline) as work:
        from runner.compile.moves import moved_state, moves
        from runner.engine.desk import RunOptions
        from runner.engine.run import make_plan, read_only_state

        checked(wishes, work.graph)
        held = read_only_state(work.state_path, work.manifest.name)
        state = moved_state(held, moves(work.manifest, work.graph, held))
        options = RunOptions(wishes=wishes, command="plan")
        plan, _ = make_plan(work, state, options, offline=offline)
    chosen.outputs.plan(work, plan, screen)
    screen.answer(plan_text(plan, screen.look, verbose=screen.verbose), plan_json(plan))
    return exits.of_plan(plan, detailed=detailed_exitcode)
