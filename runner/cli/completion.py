"""`runner completion`: the script that lets a shell complete commands and options."""

import click

from runner.cli.options import Command


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      runner completion bash >> ~/.bashrc
      runner completion fish > ~/.config/fish/completions/runner.fish
    """
    from click.shell_completion import get_completion_class

    from runner.cli.main import main

    made = get_completion_class(shell)
    if made is not None:
        click.echo(made(main, {}, "runner", "_RUNNER_COMPLETE").source())
