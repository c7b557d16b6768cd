"""A new workbook, written by openpyxl, with the same bytes from the same rows.

openpyxl notes the time of saving and deflates; implementations of deflate differ in their output, and a digest that
moved with the day or the machine would look like changed input to paid work. So its writer is given a zip that stores,
and dates nothing. For the same reason its version is held to 3.1 in pyproject.toml, and lxml, with which it writes
other bytes, is kept from it.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import IO, Any

from runner.workbook.sheet_xml import UndatedZip

_WIDTH = 24
_UNDERSCORES = re.compile(r"_(x[0-9A-Fa-f]{4}_)")
_NEVER = datetime(1980, 1, 1)


def new_workbook(file: IO[bytes], sheet: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a workbook with one sheet: bold headings in row 1, frozen, and the rows below. Text stays text."""
    os.environ["OPENPYXL_LXML"] = "False"  # looked at when it is imported
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = _NEVER
    page = book.create_sheet(sheet)
    page.freeze_panes = "A2"
    for index in range(1, len(headings) + 1):
        page.column_dimensions[get_column_letter(index)].width = _WIDTH

    def text(value: str) -> Any:
        """A cell that stays text, whatever it begins with."""
        cell = WriteOnlyCell(page)
        cell.value = _UNDERSCORES.sub(r"_x005F_\1", value).replace("\r", "_x000D_")
        cell.data_type = "s"
        return cell

    bold = [text(heading) for heading in headings]
    for cell in bold:
        cell.font = Font(bold=True)
    with _nameless(page), UndatedZip(file, "w") as archive:
        page.append(bold)
        for values in rows:
            page.append([text(value) if _special(value) else value for value in values])
        ExcelWriter(book, archive).save()


@contextmanager
def _nameless(page: Any) -> Iterator[None]:
    """Lets openpyxl write a page into a file without a name: its own would outlive a kill, and stay on a full disk."""
    from tempfile import TemporaryFile

    from openpyxl.worksheet._writer import WorksheetWriter

    with TemporaryFile("wb") as file:
        writer: Any = WorksheetWriter(page, file)
        writer.cleanup = lambda: None  # there is no name to remove
        page._writer = writer
        try:
            writer.write_top()
            yield
        finally:
            with suppress(OSError):  # after one that could not be written, neither can the ends of the page
                if page._rows is not None:
                    page._rows.close()
                writer.close()


def _special(value: Any) -> bool:
    """Whether openpyxl would take a text for something else: a formula, an error, an escape."""
    return isinstance(value, str) and (value[:1] in ("=", "#") or "_x" in value or "\r" in value)
