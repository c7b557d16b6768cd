"""`runner init`: a manifest to begin with."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli import exits
from runner.cli.options import Command
from runner.model.errors import RunnerError, WrongUsage

if TYPE_CHECKING:
    from runner.cli.screen import Screen
    from runner.compile.starter import Source

IGNORED = (".runner/", "out/", "published/")


@click.command("init", cls=Command)
@click.argument("name", required=False)
@click.option(
    "--from",
    "table",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Begin with the rows of this table: a producer's script, a bulk order, a list of episodes.",
)
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook, by default the first.")
@click.option(
    "--header", metavar="ROW|HEADING", help="The row of the headings, or a heading that stands in it."
)
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def command(
    name: str | None, table: Path | None, sheet: str | None, header: str | None, as_json: bool
) -> int:
    """Write a first manifest into this folder; it runs on the sandbox at once. Nothing that is there is changed.

    \b
    Examples:
      runner init
      runner init season-one
      runner init --from script.xlsx --header "Line ID"
    """
    from runner.cli.screen import Screen
    from runner.compile.starter import starter, starter_of

    screen = Screen(json=as_json)
    if table is None and (sheet or header):
        raise WrongUsage("--sheet and --header are of a table", "name it with --from")
    called = _name(name, table)
    file = f"{called}.yaml"
    if table is None:
        files = starter(called, file)
    else:
        source = _source(table, sheet, header, screen)
        if source is None:
            return exits.INVALID
        files = starter_of(called, file, source)
    if not Path(".gitignore").exists():
        files[".gitignore"] = "\n".join(IGNORED) + "\n"
    _write(files)
    told = [f"{each} written." for each in files]
    told += ["", "Check it:  runner validate", f"Try it:    runner apply {file} --sandbox --auto-approve"]
    screen.answer("\n".join(told), {"version": 1, "manifest": file, "files": list(files)})
    return exits.DONE


def _name(name: str | None, table: Path | None) -> str:
    """The manifest's name: the one given, else that of the table or of this folder."""
    if name is not None:
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
            raise WrongUsage(f"`{name}` cannot be a manifest's name", "letters, digits, `.`, `_` and `-` can")
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", (table.stem if table is not None else Path.cwd().name).lower()).strip(
        "-"
    )
    return plain or "season"


def _source(table: Path, sheet: str | None, header: str | None, screen: "Screen") -> "Source | None":
    """The table as `data:` would have it; None when it has problems, which have been told."""
    from runner.compile.starter import Source
    from runner.report.problems import problems_text
    from runner.workbook.rows import TableRow
    from runner.workbook.tables import TableSpec, read_rows

    number = int(header) if header is not None and header.isdecimal() else None
    heading = header if number is None else None
    file = (
        table.absolute().relative_to(Path.cwd()).as_posix()
        if table.absolute().is_relative_to(Path.cwd())
        else ""
    )
    if not file:
        raise WrongUsage(
            f"{table} is not in this folder", "copy it here: a manifest reads what stands beside it"
        )
    found = read_rows(TableSpec(file, sheet, number, heading), Path.cwd())
    if found.problems:
        screen.aside(problems_text(found.problems, Path.cwd(), screen.look_aside))
    if any(not problem.warning for problem in found.problems):
        return None
    rows = [row for row in found.rows if isinstance(row, TableRow) and any(row.values())]
    if not rows:
        raise WrongUsage(f"{table} has no rows under a heading", "name the row of the headings: --header 3")
    spec = {"file": file}
    spec |= {"sheet": sheet} if sheet else {}
    spec |= {"header": f"{number}"} if number else {}
    return Source({**spec, **({"header": {"find": heading}} if heading else {})}, tuple(rows[0]), rows)


def _write(files: dict[str, str]) -> None:
    there = [name for name in files if Path(name).exists()]
    if there:
        raise WrongUsage(f"{', '.join(there)} exists already", "give another name: runner init NAME")
    for name, text in files.items():
        try:
            with open(name, "x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise RunnerError(
                f"{name} cannot be written: {error.strerror}", "mend the folder's permissions"
            ) from error
