"""Options that several commands share, each written once."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from runner.cli import exits
from runner.cli.chosen import SANDBOX_FRESH, SANDBOX_KEPT, Chosen
from runner.cli.outputs import Outputs
from runner.model.errors import InvalidInput, RunnerError, WrongUsage

F = TypeVar("F", bound=Callable[..., Any])

TELLING_BY_LINES = ("apply", "destroy")
"""Commands whose `--json` is a line an event; see `schemas/events.schema.json`."""


class Command(click.Command):
    """A command whose `--sandbox` may stand alone or as `--sandbox=fresh`, never eating the word after it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        spelled = [f"--sandbox={SANDBOX_KEPT}" if word == "--sandbox" else word for word in args[:end]]
        return super().parse_args(ctx, spelled + args[end:])


def manifest_options(*, argument: bool = True) -> Callable[[F], F]:
    """`FILE`, `-f`, `--var`, `--vars`, `--json`, `--no-color`, `--verbose`; the function gets one `chosen`.

    With several manifests it is called for each, and the worst exit code is theirs: one's trouble stays its own.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def gathered(*args: Any, **values: Any) -> Any:
            named, placed = values.pop("files"), values.pop("file", None)
            if placed is not None and named and set(named) != {placed}:
                raise click.UsageError(f"two manifests are named: {named[0]} and {placed}")
            stateful = "sandbox" in values
            chosen = _chosen((placed,) if placed is not None else named, values)
            if len(chosen) == 1:
                return _called(function, args, chosen[0], values)
            if stateful:
                _ensure_apart(chosen)
            return exits.worst([_apart(function, args, one, values) for one in chosen])

        made: Any = gathered
        for option in reversed(_MANIFEST_OPTIONS):
            made = option(made)
        return click.argument("file", required=False, type=_PATH)(made) if argument else made  # type: ignore[no-any-return]

    return decorate


def _chosen(named: tuple[Path, ...], values: dict[str, Any]) -> list[Chosen]:
    """What is chosen for each manifest that is named; None where the only one here is meant."""
    from runner.cli.find import manifests_of

    files: list[Path | None] = [*manifests_of(named)] or [None]
    made = Chosen(
        variables=values.pop("variables"),
        variable_files=values.pop("variable_files"),
        json=values.pop("as_json"),
        no_color=values.pop("no_color"),
        verbose=values.pop("verbose"),
        sandbox=values.pop("sandbox", None) or "",
        out_dir=values.pop("out_dir", None),
    )
    outputs = Outputs(
        values.pop("junit", None), values.pop("markdown", None), values.pop("annotations", None)
    )
    if len(files) == 1:
        return [replace(made, file=files[0], outputs=outputs)]
    names = _names([file for file in files if file])
    return [replace(made, file=file, outputs=outputs.of(name), several=True) for file, name in names.items()]


def _ensure_apart(chosen: list[Chosen]) -> None:
    """Raises WrongUsage where two of several manifests have one state: each would be the other's next version."""
    from runner.cli.project import Project

    held: list[tuple[object, Path | None]] = []
    for one in chosen:
        try:
            _, place = Project(one).state_place()
        except RunnerError:
            continue  # what is wrong with it is told when its turn comes
        for other, file in held:
            if other == place:
                raise WrongUsage(f"{file} and {one.file} have one state: {place}", "give each its own `name`")
        held.append((place, one.file))


def _names(files: list[Path]) -> dict[Path, str]:
    """What each of several manifests is called in the names of its files: with its folder where two are alike."""
    stems = [file.stem for file in files]
    return {
        file: file.stem if stems.count(file.stem) == 1 else "-".join(file.with_suffix("").parts[-2:])
        for file in files
    }


def _called(function: Callable[..., Any], args: Any, chosen: Chosen, values: dict[str, Any]) -> Any:
    try:
        return function(*args, chosen=chosen, **values)
    except InvalidInput as error:
        return _invalid(error, chosen)


def _apart(function: Callable[..., Any], args: Any, chosen: Chosen, values: dict[str, Any]) -> int:
    """One manifest of several: whatever is wrong with it is told, and the others are gone on with."""
    if not chosen.json:
        click.echo(f"== {chosen.file} ==", err=True)
    try:
        code = _called(function, args, chosen, values)
    except RunnerError as error:
        hint = f" — {error.hint}" if error.hint else ""
        click.echo(f"runner: {error.message}{hint}", err=True)
        return exits.of_error(error)
    return code if isinstance(code, int) else exits.DONE


def _invalid(error: InvalidInput, chosen: Chosen) -> int:
    """Prints every problem in the form that was asked for."""
    from runner.report.problems import problem_json, problems_text

    screen = chosen.screen()
    if chosen.json:
        told = {
            "version": 1,
            "valid": False,
            "problems": [problem_json(one, Path.cwd()) for one in error.problems],
        }
        by_lines = click.get_current_context().info_name in TELLING_BY_LINES
        screen.json({"type": "problems", **told} if by_lines else told, line=by_lines)
    else:
        screen.aside(problems_text(error.problems, Path.cwd(), screen.look_aside))
    chosen.outputs.problems(_name(chosen), error.problems, screen)
    return exits.INVALID


def _name(chosen: Chosen) -> str:
    return str(chosen.file) if chosen.file is not None else "the manifest"


_PATH = click.Path(path_type=Path)
_MANIFEST_OPTIONS = (
    click.option(
        "-f",
        "--file",
        "files",
        multiple=True,
        type=_PATH,
        metavar="FILE",
        help="The manifest, by default the only one here; several, or a folder of them, one after the other.",
    ),
    click.option(
        "--var", "variables", multiple=True, metavar="NAME=VALUE", help="Set one of the manifest's vars."
    ),
    click.option(
        "--vars",
        "variable_files",
        multiple=True,
        type=_PATH,
        metavar="FILE",
        help="Set vars from a YAML or JSON file.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print for programs."),
    click.option("--no-color", is_flag=True, help="Print without colours (as NO_COLOR does)."),
    click.option("-v", "--verbose", is_flag=True, help="List everything, however long."),
)


def sandbox_option(function: F) -> F:
    """`--sandbox`, `--sandbox=fresh`."""
    option = click.option(
        "--sandbox",
        type=click.Choice([SANDBOX_KEPT, SANDBOX_FRESH]),
        metavar="[=fresh]",
        help="Work with the sandbox and its own state; =fresh forgets both first.",
    )
    made: F = option(function)
    return made


def plan_options(function: F) -> F:
    """What is consented to (`--replace`, `--retry-failed`, `--new-state`) and selected (`--target`, `--limit` …)."""
    made: Any = function
    for option in reversed(_PLAN_OPTIONS):
        made = option(made)
    return made  # type: ignore[no-any-return]


_PLAN_OPTIONS = (
    click.option(
        "--out-dir",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="Save files below this folder instead of the manifest's.",
    ),
    click.option(
        "--limit",
        type=click.IntRange(min=1),
        metavar="N",
        help="Only the first N items of each job, with what follows from them.",
    ),
    click.option(
        "--target", "targets", multiple=True, metavar="GLOB", help="Only these addresses and what they need."
    ),
    click.option("--exclude", "exclude", multiple=True, metavar="GLOB", help="Not these addresses."),
    click.option(
        "--label",
        "labels",
        multiple=True,
        metavar="NAME=VALUE",
        help="Only what carries this label, and what it needs.",
    ),
    click.option(
        "--only-failed", is_flag=True, help="Only what failed, was refused or given up, and what it needs."
    ),
    click.option(
        "--prune", is_flag=True, help="Delete at the APIs what left the manifest (of --target, if given)."
    ),
    click.option("--retry-failed", is_flag=True, help="Pay once more for what failed there."),
    click.option(
        "--replace",
        multiple=True,
        metavar="GLOB",
        help="Pay once more for these, where their inputs changed or they failed.",
    ),
    click.option(
        "--new-state",
        is_flag=True,
        help="Send although things of the same name exist that this state does not know.",
    ),
)
