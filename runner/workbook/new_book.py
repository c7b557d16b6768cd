"""A new workbook, written by openpyxl, with the same bytes from the same rows.

openpyxl notes the time of saving and deflates; implementations of deflate differ in their output, and a digest that
moved with the day or the machine would look like changed input to paid work. So the parts are packed anew: stored, in
their order, without a date. (Its version is held to 3.1 in pyproject.toml, for the same reason.)
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from runner.workbook.sheet_xml import zipped

_WIDTH = 24
_UNDERSCORES = re.compile(r"_(x[0-9A-Fa-f]{4}_)")
_SAVED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")
_NEVER = rb"\g<1>1980-01-01T00:00:00Z\g<2>"


def new_workbook(sheet: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with one sheet: bold headings in row 1, frozen, and the rows below. Text never becomes a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
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
    page.append(bold)
    for values in rows:
        page.append([text(value) if _special(value) else value for value in values])
    saved = io.BytesIO()
    book.save(saved)
    return zipped(dict(_parts(saved)))


def _special(value: Any) -> bool:
    """Whether openpyxl would take a text for something else: a formula, an error, an escape."""
    return isinstance(value, str) and (value[:1] in ("=", "#") or "_x" in value or "\r" in value)


def _parts(saved: io.BytesIO) -> Iterator[tuple[str, Iterable[bytes]]]:
    with zipfile.ZipFile(saved) as archive:
        for entry in archive.infolist():
            content = archive.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _SAVED.sub(_NEVER, content)
            yield entry.filename, (content,)
