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


def test_completion_offers_commands_with_their_help_and_imports_none_of_them() -> None:
    script = (
        "import sys; from runner.cli.main import main, run, COMMANDS\n"
        "from click.shell_completion import ShellComplete\n"
        "found = ShellComplete(main, {}, 'runner', '_RUNNER_COMPLETE').get_completions([], 's')\n"
        "assert [(one.value, one.help) for one in found] == [(n, a) for n, (_, a) in COMMANDS.items() if n[0] == 's']\n"
        "print([name for name in sys.modules if name.startswith('runner.')])"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "runner.cli.status" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "foreign"),
    [
        (["--help"], ("runner.model.frozen", "json", "sqlite3", "yaml", "asyncio", "dataclasses")),
        (
            ["status", "season.yaml"],
            ("yaml", "asyncio", "runner.model.event", "runner.api", "runner.compile", "rich"),
        ),
        (
            ["validate", "season.yaml"],
            ("openpyxl", "aiohttp", "asyncio", "starlette", "rich", "sqlite3", "runner.engine"),
        ),
    ],
)
def test_a_command_imports_only_what_it_needs(
    tmp_path: Path, arguments: list[str], foreign: tuple[str, ...]
) -> None:
    (tmp_path / "season.yaml").write_text(
        "version: 1\nname: season\njobs:\n"
        "  one: {uses: dubformer.translation, with: {project_id: 1, target_lang: fr-FR}}\n"
    )
    tried = f"import sys; from runner.cli.main import run; run({arguments!r}); print(*sys.modules, file=sys.stderr)"

    said = subprocess.run(
        [sys.executable, "-c", tried], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    loaded = said.stderr.split()
    assert [name for name in foreign if name in loaded] == []
