"""`runner schema`: the JSON Schemas that editors and programs check against."""

import json

import click

from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options

_FILES = {"events": "events.schema.json", "plan": "plan.schema.json", "x-runner": "x-runner.schema.json"}


@click.command("schema", cls=Command)
@manifest_options(argument=False)
@click.argument("name", type=click.Choice(["manifest", *_FILES]), default="manifest")
def command(chosen: Chosen, name: str) -> None:
    """Print a JSON Schema: of manifests with every provider's inputs (default), and of other things.

    plan: what `plan --json` prints and `plan --out` saves; events: each line of `apply --json`; x-runner: the object of
    that name in provider documents.

    With -f, the schema of manifests knows the manifest's own providers too.

    \b
    Examples:
      runner schema > manifest.schema.json
      runner schema -f trailers.yaml > trailers.schema.json
      runner schema events
    """
    from runner.api.openapi.schemas import schema_text

    if name == "events":  # whole in itself: the schema of plans travels inside
        events, plan = (json.loads(schema_text(_FILES[one])) for one in ("events", "plan"))
        events["$defs"]["plan"] = plan
        click.echo(json.dumps(events, ensure_ascii=False, indent=1))
        return
    if name in _FILES:
        click.echo(schema_text(_FILES[name]).rstrip("\n"))
        return
    from runner.cli.known import known_to
    from runner.report.explain_schema import editor_schema

    catalogue, used = known_to(chosen)
    schema = editor_schema(catalogue, used, complete=chosen.file is not None)
    click.echo(json.dumps(schema, ensure_ascii=False, indent=1))
