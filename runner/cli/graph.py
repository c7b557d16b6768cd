"""`runner graph`: what waits for what, as a drawing."""

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options
from runner.model.errors import WrongUsage


@click.command("graph", cls=Command)
@manifest_options()
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "dot"]),
    default="mermaid",
    help="For Markdown pages (mermaid, the default), or for Graphviz.",
)
@click.option("--instances", is_flag=True, help="A box for each instance instead of each job.")
@click.option(
    "--target", "targets", multiple=True, metavar="GLOB", help="Only these instances and what they need."
)
def command(chosen: Chosen, form: str, instances: bool, targets: tuple[str, ...]) -> int:
    """Draw what waits for what. Asks nobody.

    \b
    Examples:
      runner graph
      runner graph --format dot | dot -Tsvg > graph.svg
      runner graph --target 'dub/ep01/*'
    """
    from runner.cli.project import Project
    from runner.compile.planning.select import selected, unmatched
    from runner.model.wishes import Wishes
    from runner.report.graph import dot, drawing_json, instance_drawing, job_drawing, mermaid

    project = Project(chosen)
    work = project.work(offline=True)
    for glob in unmatched(work.graph, targets):
        raise WrongUsage(f"`--target {glob}` names no instance", "`runner graph --instances` shows all")
    if instances or targets:
        only = selected(work.graph, Wishes(targets=targets))
        drawing = instance_drawing(work.graph, work.manifest.jobs, only)
    else:
        drawing = job_drawing(work.graph, work.manifest.jobs)
    text = dot(drawing) if form == "dot" else mermaid(drawing)
    project.screen.answer(text, drawing_json(drawing))
    return exits.DONE
