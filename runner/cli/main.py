"""`runner`: the group of all commands, and the one place where a process gets its exit code.

Commands are imported when they are called, so that `runner --help` and completion are instant.
"""

import contextlib
import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from runner.cli import exits
from runner.cli.interrupts import catch_signals, open_streams, reader_has_gone, silence
from runner.model.errors import RunnerError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "init": ("init", "Write a first manifest, from nothing or from a table."),
    "validate": ("validate", "Find everything that is wrong with a manifest."),
    "plan": ("plan", "Show what apply would do, why, and at what known cost."),
    "apply": ("apply", "Do what the plan shows; carry on where the last run ended."),
    "status": ("status", "Show where everything stands, from the journal alone."),
    "show": ("show", "Show everything that is known of one address."),
    "resolve": ("resolve", "Settle a call whose outcome only a person can know."),
    "import": ("import_", "Take over what exists remotely already."),
    "approve": ("approve", "Let what waits at an approval gate go on."),
    "accept": ("accept", "Leave finished work as it is although its inputs changed."),
    "refresh": ("refresh", "Tell where the APIs differ from what the state knows."),
    "destroy": ("destroy", "Delete at the APIs what the state knows."),
    "cancel": ("cancel", "End the work that runs for one address."),
    "state": ("state", "Change what the state knows, not what exists."),
    "workbook": ("workbook", "Build and read workbooks without calling anybody."),
    "sandbox": ("sandbox", "Serve the APIs on this machine, for tests and trials."),
    "explain": ("explain", "Show what a provider, a use or an input is."),
    "schema": ("schema", "Print the JSON Schema that an editor checks manifests with."),
    "report": ("report", "Tell what was paid, by job, label or month."),
    "graph": ("graph", "Draw what waits for what, for Markdown or Graphviz."),
    "completion": ("completion", "Print the completion script of a shell."),
}
"""Command → module in this package and help in one line."""


class LazyGroup(click.Group):
    """A group whose commands are imported when one of them is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"runner.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean `runner {near[0]}`?" if near else ""
            ctx.fail(f"there is no command `{args[0]}`{hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        named = [(name, about) for name, (_, about) in COMMANDS.items() if name.startswith(incomplete)]
        found = [CompletionItem(name, help=about) for name, about in named]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from runner import __version__

        click.echo(f"runner {__version__}")
        ctx.exit()


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with: runner validate, runner plan, runner apply --sandbox",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)
def main() -> None:
    """Declare remote media work in YAML, review the plan and its price, pay once, resume always."""


def run(args: list[str] | None = None) -> int:
    """Runs one command line and returns its exit code; whatever must be said has been said."""
    try:
        code: Any = main.main(args=args, prog_name="runner", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        error.show()
        return exits.USAGE
    except click.ClickException as error:
        error.show()
        return exits.FAILED
    except (click.Abort, KeyboardInterrupt):
        with contextlib.suppress(OSError):  # a terminal that has gone is told nothing
            click.echo("Stopped.", err=True)
        return exits.INTERRUPTED
    except RunnerError as error:
        _say(error)
        return exits.of_error(error)
    except OSError as error:
        if not reader_has_gone(error):
            raise
        silence()
        return exits.FAILED
    return code if isinstance(code, int) else exits.DONE


def _say(error: RunnerError) -> None:
    hint = f" — {error.hint}" if error.hint else ""
    click.echo(f"runner: {error.message}{hint}", err=True)


def entry() -> None:
    """The console script."""
    gc.set_threshold(20_000, 20, 50)  # by default a start looks through all that was imported a hundred times
    open_streams()
    catch_signals()
    code = run()
    gc.freeze()  # what is left goes with the process: nobody need look through it for what could go sooner
    sys.exit(code)


if __name__ == "__main__":
    entry()
