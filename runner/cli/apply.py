"""`runner apply`: do what the plan shows."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.confirm import confirmed, done, shown, told
from runner.cli.options import Command, manifest_options, plan_options, sandbox_option
from runner.cli.outputs import output_options
from runner.cli.values import duration
from runner.model.errors import WrongUsage

if TYPE_CHECKING:
    from runner.cli.project import Project
    from runner.engine.run import Session
    from runner.model.saved import SavedPlan
    from runner.model.wishes import Wishes


@click.command("apply", cls=Command)
@manifest_options()
@sandbox_option
@plan_options
@output_options
@click.option("--auto-approve", is_flag=True, help="Do not ask (for CI, and wherever there is no terminal).")
@click.option(
    "--no-wait", is_flag=True, help="Send what can be sent, wait for nothing; a later apply carries on."
)
@click.option(
    "--max-time",
    type=duration,
    metavar="TIME",
    help="End after this time, as in 50m; a later apply carries on.",
)
@click.option(
    "--parallelism",
    type=click.IntRange(min=1),
    metavar="N",
    help="At most so many calls at once, over all providers; each also keeps its own max_in_flight.",
)
@click.option("--listen", default="", metavar="HOST:PORT", help="Hear notifications of the APIs here.")
@click.option("--public-url", default="", metavar="URL", help="How the APIs reach --listen.")
@click.option("--overwrite", is_flag=True, help="Let downloads replace files that no state recorded.")
@click.option(
    "--lock-timeout", type=duration, default="0s", metavar="TIME", help="Wait so long for another run to end."
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0.1),
    default=60.0,
    metavar="N",
    help="Sandbox: so many times faster than the world (60).",
)
@click.option(
    "--faults",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Sandbox: the faults to inject.",
)
def command(
    chosen: Chosen,
    auto_approve: bool,
    no_wait: bool,
    max_time: float | None,
    parallelism: int | None,
    listen: str,
    public_url: str,
    overwrite: bool,
    lock_timeout: float,
    speed: float,
    faults: Path | None,
    **wished: Any,
) -> int:
    """Show the plan, ask, do it, and wait until all work has ended and its files are here.

    What is paid for is recorded before it is sent: stop it at any time, and the next apply carries on.
    With a plan that `runner plan --out` saved, exactly that plan is carried out, without asking.

    What waits for approval (`approve: true`) is asked about on a terminal when its turn has come, while all else goes
    on; with --auto-approve or --no-wait, and without a terminal, it is left to `runner approve`.

    \b
    Exit 0: done, or nothing to do; 1: some work failed; 3: the manifest is invalid; 4: the state cannot be used;
    5: something is in doubt; 6: the saved plan is stale or was applied; 7: something is blocked; 130: stopped.

    \b
    Examples:
      runner apply
      runner apply season.yaml --sandbox --auto-approve
      runner apply --limit 3
      runner apply plan.json
      runner apply --retry-failed --replace 'dub/ep01/*'
    """
    from runner.cli.project import SandboxWishes
    from runner.cli.wishes import checked, wishes_of

    if faults is not None and not chosen.sandbox:
        raise WrongUsage("--faults is for the sandbox", "add --sandbox")
    project, wishes, saved = _meant(chosen, wishes_of(**wished))
    with project.opened(sandbox=SandboxWishes(speed, faults)) as work:
        from runner.cli.session import locked
        from runner.engine.running.desk import RunOptions

        options = RunOptions(
            wishes=wishes,
            command="apply",
            no_wait=no_wait,
            max_time=max_time,
            lock_timeout=lock_timeout,
            overwrite=overwrite,
            parallelism=parallelism,
            listen=listen,
            public_url=public_url,
            speed=speed if project.chosen.sandbox else 1.0,
            loopback_only=bool(project.chosen.sandbox),
        )
        with locked(work, options, project.screen, saved) as session:
            if saved is None:
                checked(wishes, work, session.state.instances)
            return _apply(session, project, saved, auto_approve, asking=not (auto_approve or no_wait))


def _meant(chosen: Chosen, wishes: "Wishes") -> "tuple[Project, Wishes, SavedPlan | None]":
    """The manifest that is meant; where a saved plan is named, that of the plan, with what it was made with."""
    from runner.cli.project import Project
    from runner.cli.saved import chosen_by, is_plan_file, plan_in

    if chosen.file is None or not is_plan_file(chosen.file):
        return Project(chosen), wishes, None
    saved = plan_in(chosen.file, wishes)
    project = Project(chosen_by(chosen.file, saved, chosen))
    project.variables = dict(saved.variables)
    return project, saved.wishes, saved


def _apply(
    session: "Session", project: "Project", saved: "SavedPlan | None", auto_approve: bool, *, asking: bool
) -> int:
    from runner.cli.approver import terminal_approver
    from runner.cli.saved import same
    from runner.engine.gate_upkeep import stands_still

    screen, outputs = project.screen, project.chosen.outputs
    plan = session.plan() if saved is None else session.carry(saved)
    if saved is not None:
        same(saved, plan, screen)
    shown(plan, screen)
    approver = terminal_approver(screen) if asking else None
    if plan.idle or (
        saved is None and approver is None and stands_still(session.work, plan, session.journal)
    ):
        outputs.plan(session.work, plan, screen)
        return exits.of_plan(plan)
    if not auto_approve and saved is None:  # a saved plan was reviewed
        confirmed("Do this?", screen)
    result = done(lambda report: session.apply(plan, report, approver), plan, screen, approver)
    outputs.result(session.work, plan, result, screen)
    return told(result, screen)
