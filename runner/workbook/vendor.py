"""The vendor's own workbook as a template: everything stays as it is but the rows below the headings.

The file is not opened and saved by a library, which would lose what that library does not know (pictures,
styles, validations): only the rows inside one part of the zip are exchanged.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from runner.model.errors import InvalidInput
from runner.model.problem import Place, Problem
from runner.workbook.columns import Target
from runner.workbook.findings import Findings
from runner.workbook.grid import Grid, is_blank, key_text, letters
from runner.workbook.sheet_scan import part_of
from runner.workbook.sheet_xml import row_xml, write_zip
from runner.workbook.template import Column, Template, folded
from runner.workbook.xlsx_rows import read_xlsx

_HEADER_WITHIN = 20
_DATA = re.compile(rb"<sheetData>(.*)</sheetData>", re.DOTALL)
_ROW = re.compile(rb"<row\b[^>]*?\sr=\"(\d+)\"[^>]*?(?:/>|>.*?</row>)", re.DOTALL)
_STYLED = re.compile(rb"<c\b(?=[^>]*\sr=\"([A-Z]+)\d+\")(?=[^>]*\ss=\"(\d+)\")")
_DIMENSION = re.compile(rb"<dimension\b[^>]*/>")
_MERGED = re.compile(rb"<mergeCell\b[^>]*?ref=\"[A-Z]+(\d+):[A-Z]+\d+\"[^>]*/>")
_MERGES = re.compile(rb"<mergeCells\b[^>]*>(.*?)</mergeCells>", re.DOTALL)
_CHAIN = "xl/calcChain.xml"


def vendor_template(name: str, folder: Path) -> Template:
    """The first sheet of the workbook, its headings as columns of any type.

    The headings stand in the first row with two texts or more. InvalidInput when the file cannot serve.
    """
    path = folder / name
    findings = Findings()
    if not path.is_file():
        raise InvalidInput(
            [Problem("missing-file", f"there is no template {name!r}", Place(name), "check the path")]
        )
    grid = next((grid for grid, _ in read_xlsx(path, name, None, findings)), None)
    if grid is None:
        raise InvalidInput(findings.close(name))
    at = _header_index(grid)
    if at is None:
        findings.add("no-header", "the template's first sheet has no headings", Place(name, sheet=grid.sheet))
        raise InvalidInput(findings.close(name))
    columns = _columns(grid, at, findings)
    template = Template(name, grid.sheet, columns, name, path.read_bytes(), grid.lines[at])
    if _DATA.search(_sheet(template)) is None:
        hint = "save it anew with a spreadsheet program"
        findings.add(
            "table-unreadable", "its XML is written in an unusual way", Place(name, sheet=grid.sheet), hint
        )
    if findings:
        raise InvalidInput(findings.close(name))
    return template


def filled_workbook(
    file: IO[bytes], template: Template, targets: Sequence[Target], body: Iterable[Sequence[Any]]
) -> None:
    """Write the vendor's file with the rows in place of those below its headings, styled like the first of them."""
    data = _sheet(template)
    found = _DATA.search(data)
    if found is None or template.base is None:
        raise ValueError("not a template made by vendor_template")
    rows = [(int(row[1]), row[0]) for row in _ROW.finditer(found[1])]
    kept = b"".join(text for number, text in rows if number <= template.header_row)
    below = [text for number, text in rows if number > template.header_row]
    styles = dict(_STYLED.findall(below[0])) if below else {}
    columns = [letters(target.column.position) for target in targets]
    marks = [f' s="{styles[at.encode()].decode()}"' if at.encode() in styles else "" for at in columns]

    def content() -> Iterator[bytes]:
        yield _DIMENSION.sub(b"", data[: found.start(1)]) + kept
        for number, values in enumerate(body, template.header_row + 1):
            yield row_xml(number, values, columns, marks).encode()
        yield _without_merges(data[found.end(1) :], template.header_row)

    write_zip(file, _exchanged(template, content(), computed=any(b"<f" in text for text in below)))


def _header_index(grid: Grid) -> int | None:
    for index, row in enumerate(grid.rows[:_HEADER_WITHIN]):
        if sum(isinstance(value, str) and bool(value.strip()) for value in row) >= 2:
            return index
    return next((index for index, row in enumerate(grid.rows) if not is_blank(row)), None)


def _columns(grid: Grid, at: int, findings: Findings) -> tuple[Column, ...]:
    columns: dict[str, Column] = {}
    for index, value in enumerate(grid.rows[at]):
        heading = key_text(value)
        if not heading:
            continue
        if folded(heading) in columns:
            where = grid.place(grid.lines[at], index)
            findings.add(
                "repeated-heading", f"the heading {heading!r} stands twice", where, "rename one of them"
            )
        columns.setdefault(folded(heading), Column(heading, position=grid.column + index))
    return tuple(columns.values())


def _sheet(template: Template) -> bytes:
    with zipfile.ZipFile(io.BytesIO(template.base or b"")) as archive:
        return archive.read(part_of(archive, template.sheet))


def _exchanged(template: Template, sheet: Iterable[bytes], *, computed: bool) -> dict[str, Iterable[bytes]]:
    """The base's parts with its sheet exchanged. Where formulas went, the order of computing goes: it names them."""
    with zipfile.ZipFile(io.BytesIO(template.base or b"")) as archive:
        part = part_of(archive, template.sheet)
        parts: dict[str, Iterable[bytes]] = {
            entry.filename: (archive.read(entry),) for entry in archive.infolist() if not entry.is_dir()
        }
    parts[part] = sheet
    if computed and _CHAIN in parts:
        del parts[_CHAIN]
        for name, tag in (
            ("[Content_Types].xml", b"Override"),
            ("xl/_rels/workbook.xml.rels", b"Relationship"),
        ):
            text = b"".join(parts[name])
            parts[name] = (re.sub(rb"<" + tag + rb"\b[^>]*calcChain\.xml\"[^>]*/>", b"", text),)
    return parts


def _without_merges(tail: bytes, header_row: int) -> bytes:
    """What follows the rows, without merged cells below the headings."""

    def kept(match: re.Match[bytes]) -> bytes:
        cells = [cell[0] for cell in _MERGED.finditer(match[1]) if int(cell[1]) <= header_row]
        return b"<mergeCells>" + b"".join(cells) + b"</mergeCells>" if cells else b""

    return _MERGES.sub(kept, tail)
