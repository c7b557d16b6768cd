"""`runner plan`: what apply would do."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options, plan_options, sandbox_option
from runner.cli.outputs import output_options
from runner.model.errors import WrongUsage


@click.command("plan", cls=Command)
@manifest_options()
@sandbox_option
@plan_options
@output_options
@click.option("--offline", is_flag=True, help="Ask nobody: no balances, names or lookups.")
@click.option("--refresh", is_flag=True, help="First ask the APIs what has gone, failed or changed there.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the plan for `apply FILE`.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
def command(
    chosen: Chosen, offline: bool, refresh: bool, out: Path | None, detailed_exitcode: bool, **wished: Any
) -> int:
    """Show what apply would do to each instance, why, and at what known cost. Changes nothing.

    Exit 0: a plan; 2: there are changes (--detailed-exitcode); 5: something is in doubt; 7: something is blocked.

    \b
    Examples:
      runner plan
      runner plan season.yaml --offline --json
      runner plan --replace 'dub/ep01/*'
      runner plan --out plan.json --markdown plan.md
    """
    from runner.cli.project import Project
    from runner.cli.wishes import checked, wishes_of
    from runner.report.drift import drift_json, drift_text
    from runner.report.plan_file import shown_plan
    from runner.report.plan_text import plan_text

    if refresh and (offline or out is not None):
        raise WrongUsage(
            "--refresh asks the APIs beside the state", "run `runner refresh` first, then `runner plan`"
        )
    if out is not None and chosen.several:
        raise WrongUsage("--out saves the plan of one manifest", "plan them one by one")
    project = Project(chosen)
    screen = project.screen
    wishes = wishes_of(**wished)
    with project.opened(offline=offline) as work:
        from runner.compile.checks.moves import moved_pairs, moved_state, moves
        from runner.engine.run import drift, make_plan, seen_state
        from runner.engine.running.desk import RunOptions
        from runner.engine.state.inbox import foreseen_state

        held = foreseen_state(work.state_place, work.manifest.name)
        checked(wishes, work, held.instances)
        taken = moves(work.manifest, work.graph, held)
        state = moved_state(held, taken)
        options = RunOptions(wishes=wishes, command="plan")
        found = drift(work, state) if refresh else None
        if found is not None:
            state = seen_state(state, found)
        plan, observed = make_plan(work, state, options, offline=offline)
        plan = replace(plan, moved=moved_pairs(taken))
        if out is not None:
            from runner.cli.saved import write_plan

            write_plan(out, project, work, plan, (state, observed, wishes))
    chosen.outputs.plan(work, plan, screen)
    if found is not None and not screen.json_wanted:
        screen.text(drift_text(found.drifts, found.looked, screen.look, verbose=screen.verbose) + "\n")
    told = shown_plan(plan, screen.masked_value)
    if found is not None:
        told["drift"] = drift_json(found.drifts, found.looked)["drift"]
    screen.answer(plan_text(plan, screen.look, verbose=screen.verbose), told)
    return exits.of_plan(plan, detailed=detailed_exitcode)
