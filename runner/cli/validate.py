"""`runner validate`: everything that is wrong with a manifest, and nothing else happens."""

from pathlib import Path

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options
from runner.cli.outputs import output_options


@click.command("validate", cls=Command)
@manifest_options()
@output_options
def command(chosen: Chosen) -> int:
    """Find everything that is wrong with a manifest, its tables, files and provider documents, in one pass.

    Asks nobody, needs no credentials, changes nothing. Exit 0: valid; 3: there are problems.

    \b
    Examples:
      runner validate
      runner validate season.yaml --var languages='[fr-FR]'
      runner validate -f season.yaml --json
    """
    from runner.cli.project import Project
    from runner.report.problems import problem_json, problems_text
    from runner.report.words import counted

    project = Project(chosen)
    screen = project.screen
    work, problems = project.check(offline=True, building=False)
    if screen.json_wanted:
        told = [problem_json(problem, Path.cwd()) for problem in problems]
        screen.json({"version": 1, "valid": work is not None, "manifest": project.shown, "problems": told})
    elif problems:
        screen.text(problems_text(problems, Path.cwd(), screen.look))
    chosen.outputs.problems(project.shown, problems, screen)
    if work is None:
        return exits.INVALID
    if not screen.json_wanted:
        jobs, instances = counted(len(work.manifest.jobs), "job"), counted(len(work.graph), "instance")
        screen.text(f"{project.shown} is valid: {jobs}, {instances}.")
    return exits.DONE
