"""The command line as a whole: what it offers, how it refuses, what it costs to start."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from runner.cli.main import COMMANDS, main
from runner.cli.reference import commands, markdown

HEAVY = (
    "openpyxl",
    "jsonschema",
    "jinja2",
    "httpx",
    "aiohttp",
    "starlette",
    "uvicorn",
    "rich",
    "yaml",
    "asyncio",
)


def test_the_help_lists_every_command_with_its_short_help(runner) -> None:
    ended = runner("--help")

    assert ended.code == 0
    assert all(name in ended.out and about in ended.out for name, (_, about) in COMMANDS.items())


def test_the_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from runner.cli.main import run\n"
        "run(['--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"


def test_an_unknown_command_is_refused_with_a_guess(runner) -> None:
    ended = runner("aply")

    assert ended.code == 64
    assert "did you mean `runner apply`?" in ended.err


def test_an_unknown_option_is_wrong_usage(runner) -> None:
    assert runner("plan", "--nonsense").code == 64


def test_the_version_is_printed(runner) -> None:
    assert runner("--version").out.startswith("runner ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(runner, shell: str) -> None:
    assert "_RUNNER_COMPLETE" in runner("completion", shell).out


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_shows_examples(name: str, command: click.Command) -> None:
    assert f"runner {name}" in (command.help or "").split("Examples:")[1]


def test_every_command_and_option_is_documented_as_it_is() -> None:
    written = (Path(__file__).parents[3] / "docs" / "commands.md").read_text()

    assert written == markdown(), "run `make docs`"


def test_commands_come_in_the_order_of_the_list() -> None:
    assert main.list_commands(click.Context(main)) == list(COMMANDS)


@pytest.mark.parametrize("name", ["manifest", "plan", "x-runner"])
def test_schemas_are_printed(runner, name: str) -> None:
    assert '"https://json-schema.org/draft/2020-12/schema"' in runner("schema", name).out
