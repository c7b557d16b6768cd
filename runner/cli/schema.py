"""`runner schema`: the JSON Schemas that editors and programs check against."""

import click

from runner.cli.options import Command

_FILES = {"manifest": "manifest.schema.json", "plan": "plan.schema.json", "x-runner": "x-runner.schema.json"}


@click.command("schema", cls=Command)
@click.argument("name", type=click.Choice(list(_FILES)), default="manifest")
def command(name: str) -> None:
    """Print a published JSON Schema: of manifests (default), of `plan --json`, or of provider documents.

    \b
    Examples:
      runner schema > manifest.schema.json
      runner schema plan
    """
    from runner.api.schemas import schema_text

    click.echo(schema_text(_FILES[name]).rstrip("\n"))
