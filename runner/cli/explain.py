"""`runner explain`: what a provider, a use or an input is, from the provider documents."""

import click

from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options
from runner.report.words import quoted


@click.command("explain", cls=Command)
@manifest_options(argument=False)
@click.argument("topic", default="")
def command(chosen: Chosen, topic: str) -> None:
    """Print what can be used: all providers, one of them, one use, or one input and what is inside of it.

    With -f, the manifest's own providers are known too. Asks nobody.

    \b
    Examples:
      runner explain
      runner explain dubformer
      runner explain dubformer.project
      runner explain dubformer.project.with.mixing_mode
      runner explain -f trailers.yaml acme.render --json
    """
    from runner.cli.known import known_to
    from runner.report.explain import explain
    from runner.report.explain_text import page_text

    screen = chosen.screen(f"-f {quoted(str(chosen.file))}" if chosen.file is not None else "")
    catalogue, _ = known_to(chosen)
    page = explain(catalogue, topic)
    screen.answer(page_text(page, screen.look), {"version": 1, **page.json()})
