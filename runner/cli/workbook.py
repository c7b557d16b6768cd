"""`runner workbook`: workbooks without any API."""

from pathlib import Path

import click

from runner.cli import exits
from runner.cli.options import Chosen, Command, manifest_options


@click.group("workbook")
def command() -> None:
    """Build workbooks without calling anybody."""


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
    from runner.compile.workbooks import workbooks

    held = project.state().instances
    books = workbooks(work, lambda address: held[address].outputs if address in held else None)
    folder.mkdir(parents=True, exist_ok=True)
    for book in books.built:
        (folder / book.name).write_bytes(book.content)
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
                    "sha256": book.sha256,
                }
                for book in books.built
            ],
            "unknown": [address for address, _ in books.unknown],
        },
    )
    return exits.DONE
