"""`runner schema`: the JSON Schemas that editors and programs check against."""

import json

import click

from runner.cli.options import Chosen, Command, manifest_options

_FILES = {"plan": "plan.schema.json", "x-runner": "x-runner.schema.json"}


@click.command("schema", cls=Command)
@manifest_options(argument=False)
@click.argument("name", type=click.Choice(["manifest", *_FILES]), default="manifest")
def command(chosen: Chosen, name: str) -> None:
    """Print a JSON Schema: of manifests with every provider's inputs (default), of `plan --json`, of x-runner objects.

    With -f, the schema of manifests knows the manifest's own providers too.

    \b
    Examples:
      runner schema > manifest.schema.json
      runner schema -f trailers.yaml > trailers.schema.json
      runner schema plan
    """
    from runner.api.schemas import schema_text

    if name in _FILES:
        click.echo(schema_text(_FILES[name]).rstrip("\n"))
        return
    from runner.cli.known import known_to
    from runner.report.explain_schema import editor_schema

    catalogue, used = known_to(chosen)
    schema = editor_schema(catalogue, used, complete=chosen.file is not None)
    click.echo(json.dumps(schema, ensure_ascii=False, indent=1))
