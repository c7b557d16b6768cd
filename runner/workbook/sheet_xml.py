"""Rows as the XML of a sheet, and files as a zip: the same bytes from the same values, on any machine.

Text is stored inline and marked as text, so that no cell can become a formula. The zip stores instead of
deflating: implementations of deflate differ in their output, and a digest that moved with the machine would
look like changed input to paid work.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runner.workbook.grid import letters

_EPOCH = (1980, 1, 1, 0, 0, 0)
_ROWS_A_WRITE = 2_000
_SPECIAL = re.compile(r"[&<>\r]|_x[0-9A-Fa-f]{4}_")
_SAID = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def row_xml(number: int, values: Sequence[Any], columns: Sequence[str], styles: Sequence[str] = ()) -> str:
    """One row: `columns` are letters of columns, `styles` their ` s="…"` attributes; None leaves no cell."""
    cells: list[str] = []
    for index, value in enumerate(values):
        if value is None:
            continue
        style = styles[index] if styles else ""
        at = f'<c r="{columns[index]}{number}"{style}'
        kind = type(value)
        if kind is str:
            said = _SPECIAL.sub(_escaped, value)
            keep = (
                ' xml:space="preserve"' if said[:1].isspace() or said[-1:].isspace() or "\n" in said else ""
            )
            cells.append(f'{at} t="inlineStr"><is><t{keep}>{said}</t></is></c>')
        elif kind is bool:
            cells.append(f'{at} t="b"><v>{int(value)}</v></c>')
        else:
            cells.append(f"{at}><v>{value!r}</v></c>")
    return f'<row r="{number}">{"".join(cells)}</row>'


def rows_xml(
    rows: Iterable[Sequence[Any]], first: int, width: int, styles: Sequence[str] = ()
) -> Iterable[bytes]:
    """The rows from row number `first` on, in chunks of UTF-8. `styles` apply to every row."""
    columns = tuple(letters(index + 1) for index in range(width))
    chunk: list[str] = []
    for number, values in enumerate(rows, first):
        chunk.append(row_xml(number, values, columns, styles))
        if len(chunk) == _ROWS_A_WRITE:
            yield "".join(chunk).encode()
            chunk = []
    yield "".join(chunk).encode()


def new_workbook(sheet: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook with one sheet: bold headings in row 1, frozen, and the rows below."""
    width = len(headings)
    bold = tuple(' s="1"' for _ in headings)
    columns = tuple(letters(index + 1) for index in range(width))

    def content() -> Iterable[bytes]:
        yield _SHEET_HEAD.replace("{width}", str(width)).encode()
        yield row_xml(1, headings, columns, bold).encode()
        yield from rows_xml(rows, 2, width)
        yield b"</sheetData></worksheet>"

    name = _SPECIAL.sub(_escaped, sheet).replace('"', "&quot;")
    book = _WORKBOOK.replace("{sheet}", name).encode()
    parts: Mapping[str, Iterable[bytes]] = {
        "[Content_Types].xml": (_TYPES,),
        "_rels/.rels": (_ROOT_RELS,),
        "xl/workbook.xml": (book,),
        "xl/_rels/workbook.xml.rels": (_BOOK_RELS,),
        "xl/styles.xml": (_STYLES,),
        "xl/worksheets/sheet1.xml": content(),
    }
    return zipped(parts)


def zipped(parts: Mapping[str, Iterable[bytes]]) -> bytes:
    """A zip of the parts in their order, with nothing in it that depends on the day or the machine."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, chunks in parts.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 0
            with archive.open(entry, "w", force_zip64=False) as part:
                for chunk in chunks:
                    part.write(chunk)
    return target.getvalue()


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    # A spreadsheet program reads _x000D_ as a carriage return: the underscore itself is written that way.
    return _SAID.get(found) or f"_x005F{found}"


_HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_FORMAT = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_SHEET_HEAD = (
    f'{_HEAD.decode()}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<cols><col min="1" max="{width}" width="24" customWidth="1"/></cols><sheetData>'
)
_WORKBOOK = (
    f'{_HEAD.decode()}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
_TYPES = (
    _HEAD
    + (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_FORMAT}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_FORMAT}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_FORMAT}.styles+xml"/></Types>'
    ).encode()
)
_ROOT_RELS = (
    _HEAD
    + (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ).encode()
)
_BOOK_RELS = (
    _HEAD
    + (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ).encode()
)
_STYLES = (
    _HEAD
    + (
        f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ).encode()
)
