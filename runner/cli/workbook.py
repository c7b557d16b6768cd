"""`runner workbook`: workbooks without any API."""

from pathlib import Path

import click

from runner.cli import exits
from runner.cli.chosen import Chosen
from runner.cli.options import Command, manifest_options


@click.group("workbook")
def command() -> None:
    """Build and read workbooks without calling anybody."""


@command.command("build", cls=Command)
@manifest_options()
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("workbooks"),
    show_default=True,
    help="The folder to write to.",
)
def build(chosen: Chosen, folder: Path) -> int:
    """Write the workbooks that the manifest's `workbook.file` and bulk jobs make, as far as they are known now.

    Calls nobody, publishes nothing. The same rows give the same bytes.

    \b
    Examples:
      runner workbook build
      runner workbook build season.yaml --out /tmp/look
    """
    from runner.cli.project import Project
    from runner.cli.screen import here
    from runner.report.words import counted

    project = Project(chosen)
    screen = project.screen
    work = project.work(offline=True)
    from runner.compile.planning.workbooks import workbooks
    from runner.engine.machine.files import write_whole

    held = project.state().instances
    books = workbooks(work, lambda address: held[address].outputs if address in held else None)
    folder.mkdir(parents=True, exist_ok=True)
    for book in books.built:
        write_whole(folder / book.name, book.content)
    for address, why in books.unknown:
        screen.aside(f"{address}: not written; {why}")
    lines = [
        f"{here((folder / book.name).absolute())}  {counted(book.rows, 'row')}  {book.address}"
        for book in books.built
    ]
    screen.answer(
        "\n".join([*lines, f"{counted(len(books.built), 'workbook')} written."]),
        {
            "version": 1,
            "workbooks": [
                {
                    "file": str(folder / book.name),
                    "address": book.address,
                    "rows": book.rows,
                    "sha256": book.content.sha256,
                }
                for book in books.built
            ],
            "unknown": [address for address, _ in books.unknown],
        },
    )
    return exits.DONE


@command.command("read", cls=Command)
@click.argument("table", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--sheet", "sheets", multiple=True, metavar="NAME", help="The sheet, by default the first; '*' is all."
)
@click.option(
    "--header", metavar="ROW|HEADING", help="The row of the headings, or a heading that stands in it."
)
@click.option("--json", "as_json", is_flag=True, help="Print for programs.")
def read(table: Path, sheets: tuple[str, ...], header: str | None, as_json: bool) -> int:
    """Print the rows of a table (xlsx, ods, csv, json, yaml) as YAML to paste into a manifest.

    Every text is quoted, so that it stays text. Formulas give the values that are stored with them.

    \b
    Examples:
      runner workbook read script.xlsx
      runner workbook read script.xlsx --sheet Dialogue --header "Line ID"
      runner workbook read script.xlsx --header 3 --json
    """
    from runner.cli.screen import Screen
    from runner.report.problems import problems_text
    from runner.workbook.as_yaml import rows_yaml
    from runner.workbook.tables import TableSpec, read_rows

    screen = Screen(json=as_json)
    number = int(header) if header is not None and header.isdecimal() else None
    sheet = sheets[0] if len(sheets) == 1 else sheets or None
    spec = TableSpec(str(table), sheet, number, header if number is None else None)
    found = read_rows(spec, Path.cwd())
    if found.problems:
        screen.aside(problems_text(found.problems, Path.cwd(), screen.look_aside))
    if any(not problem.warning for problem in found.problems):
        return exits.INVALID
    if as_json:
        screen.json({"version": 1, "rows": found.value})
    else:
        screen.text(rows_yaml(found.value).rstrip("\n"))
    return exits.DONE
