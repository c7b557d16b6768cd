"""A new workbook, with the same bytes from the same rows, on any day and any machine.

They are those that openpyxl 3.1 writes, but for the time of saving: its parts lie in `schemas/workbook/`, and the rows
are put in. openpyxl itself makes an element of each cell, which takes ten times as long, and its next version may write
something else. A digest that moved with the day, the machine or a version would look like changed input to paid work.
For the same reason the parts are stored: implementations of deflate differ in their output.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from runner.api.schemas import schema_text
from runner.workbook.grid import letters
from runner.workbook.sheet_xml import zipped

_PARTS = {
    "docProps/app.xml": "app.xml",
    "docProps/core.xml": "core.xml",
    "xl/theme/theme1.xml": "theme.xml",
    "xl/worksheets/sheet1.xml": "sheet.xml",
    "xl/styles.xml": "styles.xml",
    "_rels/.rels": "package.rels",
    "xl/workbook.xml": "workbook.xml",
    "xl/_rels/workbook.xml.rels": "workbook.rels",
    "[Content_Types].xml": "content_types.xml",
}
"""The parts of a workbook in their order, and the files of `schemas/workbook/` that they are made of."""

_WIDTH = 24
_AT_ONCE = 500
_MOST_TEXT = 32_767
_ESCAPED = re.compile(r"[&<>\r]|_x[0-9A-Fa-f]{4}_")
_UNDERSCORES = re.compile(r"_(x[0-9A-Fa-f]{4}_)")


def new_workbook(sheet: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with one sheet: bold headings in row 1, frozen, and the rows below. Text never becomes a formula."""
    parts: dict[str, Iterable[bytes]] = {}
    for part, file in _PARTS.items():
        text = schema_text(f"workbook/{file}")
        if file == "workbook.xml":
            text = text.replace("{name}", _escaped(sheet).replace('"', "&quot;"))
        parts[part] = _sheet(text, headings, rows) if file == "sheet.xml" else (text.encode(),)
    return zipped(parts)


def _sheet(text: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The sheet in pieces, as it may be large."""
    before, _, behind = text.partition("{rows}")
    widths = "".join(
        f'<col width="{_WIDTH}" customWidth="1" min="{number}" max="{number}" />'
        for number in range(1, len(headings) + 1)
    )
    bold = ' s="1"'
    titles = "".join(_text(f"{letters(at)}1", heading, bold) for at, heading in enumerate(headings, 1))
    yield f'{before.replace("{cols}", widths)}<row r="1">{titles}</row>'.encode()
    body = _rows(rows, len(headings))
    while chunk := "".join(islice(body, _AT_ONCE)):
        yield chunk.encode()
    yield behind.encode()


def _rows(rows: Iterable[Sequence[Any]], width: int) -> Iterator[str]:
    """The rows from the second on, as openpyxl writes them; None leaves no cell."""
    columns = [letters(index) for index in range(1, width + 1)]
    for number, values in enumerate(rows, 2):
        cells = [
            _text(f"{column}{number}", value) if type(value) is str else _number(f"{column}{number}", value)
            for column, value in zip(columns, values, strict=True)
            if value is not None
        ]
        yield f'<row r="{number}">{"".join(cells)}</row>'


def _text(at: str, value: str, style: str = "") -> str:
    """A cell that stays text, whatever it begins with."""
    if not value:
        return f'<c r="{at}"{style} t="inlineStr" />'
    if _ESCAPED.search(value):
        value = _escaped(value)
    stripped = value.strip()
    keep = ' xml:space="preserve"' if stripped and stripped != value else ""
    return f'<c r="{at}"{style} t="inlineStr"><is><t{keep}>{value}</t></is></c>'


def _number(at: str, value: float) -> str:
    kind = "b" if type(value) is bool else "n"
    return f'<c r="{at}" t="{kind}"><v>{value:.16g}</v></c>'


def _escaped(value: str) -> str:
    """Text inside an element. A spreadsheet program reads `_x000D_` as a carriage return, and `_x005F_` as `_`."""
    value = _UNDERSCORES.sub(r"_x005F_\1", value).replace("\r", "_x000D_")[:_MOST_TEXT]
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
