"""A new workbook is what openpyxl writes, byte for byte, but for the time of saving."""

import io
import re
import subprocess
import sys
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from runner.workbook.new_book import new_workbook

ROWS: list[list[Any]] = [
    [1, "plain", True],
    [None, None, None],
    ["", " lead", "trail "],
    ["two\nlines", "a\tb", "\n"],
    ["   ", "é 🎬 \u2028", "a & b <c> \"d\" 'e'"],
    ["=1+1", "#N/A", "#REF!"],
    ["_x0041_", "a_x000D_b", "_x12"],
    ["a\rb", "\r\n", "end\r"],
    [0, -1, 10**15],
    [10**18, 2**53, -(2**53)],
    [0.1, 1 / 3, 0.1 + 0.2],
    [1e20, 1e-7, 123456789.123456789],
    [False, 2.5, -0.0],
    ["x" * 32_767, "&" * 32_767, "_x0041_" * 4_681],
    ["]]>", "&amp;", "<![CDATA["],
]


def by_openpyxl(sheet: str, headings: list[str], rows: list[list[Any]]) -> dict[str, bytes]:
    """The parts as openpyxl writes them, with each text marked as text and the time of saving taken out."""
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    page.freeze_panes = "A2"

    def cell(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(page)
        made.value = re.sub(r"_(x[0-9A-Fa-f]{4}_)", r"_x005F_\1", value).replace("\r", "_x000D_")
        made.data_type = "s"
        return made

    bold = [cell(heading) for heading in headings]
    for at, one in enumerate(bold, 1):
        one.font = Font(bold=True)
        page.column_dimensions[get_column_letter(at)].width = 24
    for row in [bold, *([cell(value) for value in row] for row in rows)]:
        page.append(row)
    saved = io.BytesIO()
    book.save(saved)
    return parts_of(saved.getvalue())


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    time = rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)"
    parts["docProps/core.xml"] = re.sub(time, rb"\1\2", parts["docProps/core.xml"])
    return parts


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(row)[:30])
def test_a_row_is_written_as_openpyxl_writes_it(row: list[Any]) -> None:
    sheet = "xl/worksheets/sheet1.xml"
    made = parts_of(new_workbook("Sheet", ["A", "B", "C"], [row]))
    assert made[sheet] == by_openpyxl("Sheet", ["A", "B", "C"], [row])[sheet]


def test_all_parts_are_written_as_openpyxl_writes_them() -> None:
    headings = ["A & B", "", " <c> ", "_x0041_", *(f"Column {number}" for number in range(60))]
    rows = [[ROWS[(at + column) % 13][column % 3] for column in range(len(headings))] for at in range(1_100)]
    made = parts_of(new_workbook('Lines & "so on"', headings, rows))
    wanted = by_openpyxl('Lines & "so on"', headings, rows)
    assert list(made) == list(wanted)
    for name in made.keys() - {"docProps/app.xml"}:  # which names the version
        assert made[name] == wanted[name], name


def test_a_workbook_without_rows_ends_behind_its_headings() -> None:
    assert (
        b"<is><t>A</t></is></c></row></sheetData><page"
        in parts_of(new_workbook("Sheet", ["A"], []))["xl/worksheets/sheet1.xml"]
    )


def test_a_workbook_is_made_without_openpyxl() -> None:
    asked = (
        "import sys; from runner.workbook.new_book import new_workbook as made; made('S', ['A'], [['b']]);"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked + "print('openpyxl' in sys.modules)"], stdout=subprocess.PIPE
    )
    assert done.stdout.strip() == b"False"
