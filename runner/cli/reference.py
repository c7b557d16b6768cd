"""`docs/commands.md`, made from the commands themselves: `python -m runner.cli.reference > docs/commands.md`."""

import inspect
from collections.abc import Iterator

import click

from runner.cli.main import COMMANDS, main

_HEAD = """# Commands

Made from the program by `make docs`. Results go to stdout, progress and remarks to stderr; `--json` is for programs.
Every command that reads a manifest takes `-f FILE`, by default the only manifest in the working directory.

| exit | meaning |
| --- | --- |
| 0 | done, or nothing to do |
| 1 | some work failed or timed out; the rest is done and recorded |
| 2 | `plan --detailed-exitcode`: there are changes |
| 3 | the manifest, a provider document or a data file is invalid |
| 4 | the state is locked or cannot be used |
| 5 | something is in doubt and needs `resolve` |
| 6 | the saved plan is stale or was applied |
| 7 | something is blocked: a budget, a missing consent or approval, a remote thing of the same name |
| 64 | wrong usage of the command line |
| 130 | interrupted |

Where several hold: 130, 4, 3, 6, 5, 7, 1, 0.
"""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups replaced by what is in them."""
    context = click.Context(main, info_name="runner")
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {child}", command.commands[child]) for child in sorted(command.commands))
        else:
            yield name, command


def markdown() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(name, command) for name, command in commands())])


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"runner {name}")
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"## {name}", "", "```text", f"runner {name} {usage}".rstrip(), "```", ""]
    lines += _prose(inspect.cleandoc(command.help or ""))
    records = [
        parameter.get_help_record(context)
        for parameter in command.params
        if isinstance(parameter, click.Option)
    ]
    shown = [record for record in records if record is not None]
    if shown:
        lines += ["| option | |", "| --- | --- |"]
        lines += [
            f"| `{option.replace('|', chr(92) + '|')}` | {about.replace('|', chr(92) + '|')} |"
            for option, about in shown
        ]
        lines.append("")
    return "\n".join(lines)


def _prose(help_text: str) -> list[str]:
    """The help's paragraphs; those that click must not wrap are examples or lists, and stand as they are."""
    lines: list[str] = []
    for paragraph in help_text.split("\n\n"):
        if paragraph.startswith("\b"):
            body = paragraph.removeprefix("\b").strip("\n").split("\n")
            body = body[1:] if body[0].startswith("Examples") else body
            lines += ["```text", *(line.strip() for line in body), "```", ""]
        else:
            lines += [" ".join(paragraph.split()), ""]
    return lines


if __name__ == "__main__":
    click.echo(markdown(), nl=False)
