"""Workbooks as grids, read by python-calamine."""

import datetime
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from runner.model.problem import Place
from runner.workbook.findings import Findings, did_you_mean
from runner.workbook.grid import Grid
from runner.workbook.sheet_scan import Oddity, Scan, scan_sheet, too_big

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_ZIPPED = (".xlsx", ".xlsm")
_EXACT = 2**53
_DAMAGED = (KeyError, zipfile.BadZipFile, ElementTree.ParseError, zlib.error, EOFError, RuntimeError)
"""What zipfile and the XML parser raise for damaged or encrypted files."""


def read_xlsx(
    path: Path, file: str, wanted: str | Sequence[str] | None, findings: Findings
) -> Iterator[tuple[Grid, tuple[Oddity, ...]]]:
    """The wanted sheets (None: the first; "*": all) as grids, each with its oddities."""
    from python_calamine import CalamineError, PasswordError, load_workbook

    try:
        book = load_workbook(path)
    except PasswordError:
        findings.add(
            "table-unreadable", "the workbook is encrypted", Place(file), "save it without a password"
        )
        return
    except CalamineError as error:
        findings.add(
            "table-unreadable", f"not a readable workbook: {error}", Place(file), "open it and save it anew"
        )
        return
    with book:
        for name in _chosen(book, wanted, file, findings):
            scan = _scan(path, name, file, findings)
            if scan is None:
                continue
            try:
                sheet = book.get_sheet_by_name(name)
            except CalamineError as error:
                place = Place(file, sheet=name)
                findings.add(
                    "table-unreadable",
                    f"the sheet cannot be read: {error}",
                    place,
                    "open it and save it anew",
                )
                continue
            yield _grid(sheet, file), scan.oddities


def _chosen(
    book: "CalamineWorkbook", wanted: str | Sequence[str] | None, file: str, findings: Findings
) -> Iterator[str]:
    from python_calamine import SheetTypeEnum

    sheets = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    if wanted is None:
        yield from sheets[:1]
    elif wanted == "*":
        yield from sheets
    else:
        for name in [wanted] if isinstance(wanted, str) else wanted:
            if name in sheets:
                yield name
            else:
                hint = did_you_mean(name, sheets, "sheet")
                findings.add("unknown-sheet", f"there is no sheet {name!r}", Place(file), hint)


def _scan(path: Path, sheet: str, file: str, findings: Findings) -> Scan | None:
    if path.suffix.lower() not in _ZIPPED:
        return Scan()
    place = Place(file, sheet=sheet)
    try:
        with zipfile.ZipFile(path) as archive:
            if too_big(archive):
                findings.add("table-too-big", "the workbook unpacks to more than 1 GiB", place, "split it")
                return None
            scan = scan_sheet(archive, sheet)
    except _DAMAGED as error:
        findings.add("table-unreadable", f"not a proper workbook: {error}", place, "open it and save it anew")
        return None
    if scan.far is not None:
        rows, columns = scan.far
        findings.add(
            "table-too-big",
            f"the sheet spans {rows:,} rows and {columns:,} columns",
            place,
            "a stray cell far away is the usual cause: delete the empty rows and columns, and save",
        )
        return None
    return scan


def _grid(sheet: "CalamineSheet", file: str) -> Grid:
    start = sheet.start
    if start is None:
        return Grid(file, sheet.name, (), ())
    # Every row keeps its number: calamine's area starts at the first cell that is not empty.
    rows = [[_value(value) for value in row] for row in sheet.to_python(skip_empty_area=True)]
    first = start[0] + 1
    return Grid(file, sheet.name, rows, range(first, first + len(rows)), start[1] + 1)


def _value(value: Any) -> Any:
    """A cell as a plain value: whole numbers are int, dates and times ISO text, durations `h:mm:ss`."""
    kind = type(value)
    if kind is str:
        return value if value != "" else None
    if kind is float:
        return int(value) if value.is_integer() and abs(value) <= _EXACT else value
    if kind is datetime.timedelta:
        return _spelled(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value


def _spelled(length: datetime.timedelta) -> str:
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
