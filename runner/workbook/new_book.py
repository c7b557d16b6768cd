"""A new workbook, with the same bytes from the same rows on any day and any machine.

The bytes are those that openpyxl 3.1 writes (tests/unit/workbook/test_new_book.py compares them), stored and without a
date. They are digested, and a digest that moved would look like changed input to paid work, so they stay as they are
although openpyxl, which takes a third of a second to import and forty microseconds a cell, is no longer asked for them.
All that does not depend on the rows lies in `schemas/workbook/`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from runner.api.schemas import schema_text
from runner.workbook.sheet_xml import zipped

_PARTS = {
    "docProps/app.xml": "app.xml",
    "docProps/core.xml": "core.xml",
    "xl/theme/theme1.xml": "theme1.xml",
    "xl/worksheets/sheet1.xml": "",
    "xl/styles.xml": "styles.xml",
    "_rels/.rels": "root_rels.xml",
    "xl/workbook.xml": "workbook.xml",
    "xl/_rels/workbook.xml.rels": "workbook_rels.xml",
    "[Content_Types].xml": "content_types.xml",
}
"""Part → its file in `schemas/workbook/`, in the order in which they stand in the zip."""

_TOP = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetPr>'
    '<outlinePr summaryBelow="1" summaryRight="1" /><pageSetUpPr /></sheetPr><sheetViews>'
    '<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen" />'
    '<selection pane="bottomLeft" activeCell="A1" sqref="A1" /></sheetView></sheetViews>'
    '<sheetFormatPr baseColWidth="8" defaultRowHeight="15" />'
)
_COLUMN = '<col width="24" customWidth="1" min="{0}" max="{0}" />'
_END = (
    '</sheetData><pageMargins left="0.75" right="0.75" top="1" bottom="1" header="0.5" footer="0.5" />'
    "</worksheet>"
)
_AT_ONCE = 500  # rows that become bytes together
_UNDERSCORES = re.compile(r"_(x[0-9A-Fa-f]{4}_)")
_SPECIAL = re.compile(r"[&<>\r]|_x[0-9A-Fa-f]{4}_")


def new_workbook(sheet: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with one sheet: bold headings in row 1, frozen, and the rows below. Text never becomes a formula.

    Cells are str, int, float, bool or None.
    """
    return zipped({name: _part(file, sheet, headings, rows) for name, file in _PARTS.items()})


def _part(file: str, sheet: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterable[bytes]:
    if not file:
        return _sheet(headings, rows)
    text = _fixed()[file]
    return (text.replace('name="SHEET"', f'name="{_attribute(sheet)}"').encode(),)


@lru_cache(maxsize=1)
def _fixed() -> Mapping[str, str]:
    """The parts that are the same in every workbook, but for the name of the sheet."""
    return {file: schema_text(f"workbook/{file}") for file in _PARTS.values() if file}


def _sheet(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    letters = [_letters(index) for index in range(1, len(headings) + 1)]
    widths = "".join(_COLUMN.format(index) for index in range(1, len(headings) + 1))
    yield f"{_TOP}{f'<cols>{widths}</cols>' if widths else ''}<sheetData>".encode()
    yield _row(1, headings, [f'<c r="{letter}' for letter in letters], ' s="1"').encode()
    numbered = enumerate(rows, 2)
    begins = [f'<c r="{letter}' for letter in letters]
    while some := [_row(number, values, begins) for number, values in islice(numbered, _AT_ONCE)]:
        yield "".join(some).encode()
    yield _END.encode()


def _row(number: int, values: Sequence[Any], begins: Sequence[str], style: str = "") -> str:
    """A row; `begins` are what its cells begin with, but for the number."""
    at = f'{number}"{style} t='
    cells = [f'<row r="{number}">']
    for begin, value in zip(begins, values, strict=False):
        kind = type(value)
        if kind is str:
            cells.append(f'{begin}{at}"inlineStr"{_text(value)}')
        elif kind is bool:
            cells.append(f'{begin}{at}"b"><v>{value:d}</v></c>')
        elif value is not None:
            cells.append(f'{begin}{at}"n"><v>{value:.16g}</v></c>')
    cells.append("</row>")
    return "".join(cells)


def _text(value: str) -> str:
    """The rest of a cell that holds a text."""
    if not value:
        return " />"
    if _SPECIAL.search(value):
        # A spreadsheet program reads _x000D_ as a carriage return: the underscore itself is written that way.
        value = _UNDERSCORES.sub(r"_x005F_\1", value).replace("\r", "_x000D_")
        value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    keep = ' xml:space="preserve"' if value != (bare := value.strip()) and bare else ""
    return f"><is><t{keep}>{value}</t></is></c>"


def _attribute(value: str) -> str:
    for character, said in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\r", "&#13;")):
        value = value.replace(character, said)
    return value.replace("\n", "&#10;").replace("\t", "&#09;")


def _letters(index: int) -> str:
    """The name of a column, the first being 1: A, …, Z, AA, …"""
    letters = ""
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
