"""From a grid to rows under headings: finding the header, judging it, filling down."""

from collections.abc import Sequence
from typing import Any

from runner.model.problem import Place
from runner.workbook.findings import Findings, did_you_mean
from runner.workbook.grid import Grid, is_blank, key_text
from runner.workbook.rows import Layout, TableRow
from runner.workbook.sheet_scan import Oddity


def headed_rows(
    grid: Grid,
    oddities: Sequence[Oddity],
    header: int | None,
    find: str | None,
    fill_down: Sequence[str],
    findings: Findings,
) -> list[TableRow]:
    """The rows below the header, wholly empty ones left out, with `fill_down` applied."""
    at = _header_index(grid, header, find, findings)
    if at is None:
        return []
    headings = _headings(grid, at, oddities, findings)
    _judge_cells(grid, at, oddities, headings, findings)
    layout = Layout(grid.file, grid.sheet, {name: grid.column + index for name, index in headings.items()})
    _judge_fill(fill_down, headings, grid.place(grid.lines[at]), findings)
    width = max(headings.values(), default=-1) + 1
    names, columns = tuple(headings), tuple(headings.values())
    in_order = columns == tuple(range(len(columns)))
    above: dict[str, Any] = {}
    filled = [name for name in fill_down if name in headings]
    rows: list[TableRow] = []
    for index in range(at + 1, len(grid.rows)):
        cells = grid.rows[index]
        if is_blank(cells):
            continue
        if len(cells) < width:
            cells = [*cells, *[None] * (width - len(cells))]
        told = cells if in_order else [cells[column] for column in columns]
        row = TableRow(zip(names, told, strict=False), layout, grid.lines[index])
        for name in filled:
            if row[name] is None:
                row[name] = above.get(name)
            else:
                above[name] = row[name]
        rows.append(row)
    return rows


def _header_index(grid: Grid, header: int | None, find: str | None, findings: Findings) -> int | None:
    """Which of the grid's rows is the header; None, with a problem, when there is none."""
    if find is not None:
        wanted = find.strip()
        for index, row in enumerate(grid.rows):
            if any(key_text(value) == wanted for value in row):
                return index
        texts = [key_text(value) for row in grid.rows[:100] for value in row if isinstance(value, str)]
        hint = did_you_mean(wanted, texts[:500], "text")
        findings.add("no-header", f"no row holds the heading {find!r}", _sheet_place(grid), hint)
        return None
    if header is not None:
        at = next((index for index, line in enumerate(grid.lines) if line >= header), None)
        if at is not None and grid.lines[at] == header and not is_blank(grid.rows[at]):
            return at
        message = f"row {header} holds no headings"
        findings.add("no-header", message, _sheet_place(grid), "name the row of the headings in `header`")
        return None
    first = next((index for index, row in enumerate(grid.rows) if not is_blank(row)), None)
    if first is None:
        findings.add(
            "empty-table", "the table is empty", _sheet_place(grid), "fill it, or name another sheet"
        )
    return first


def _headings(grid: Grid, at: int, oddities: Sequence[Oddity], findings: Findings) -> dict[str, int]:
    """Heading → index of its column. Repeated and missing headings are problems, empty columns are not."""
    line = grid.lines[at]
    headings: dict[str, int] = {}
    given = [key_text(value) for value in grid.rows[at]]
    uncomputed = {odd.column - grid.column for odd in oddities if odd.row == line}
    for index, name in enumerate(given):
        if name in headings:
            first = grid.place(line, headings[name])
            hint = f"rename one of them; the first is {first.cell or 'on the same line'}"
            findings.add(
                "repeated-heading", f"the heading {name!r} stands twice", grid.place(line, index), hint
            )
        elif name:
            headings[name] = index
    widest = max((len(row) for row in grid.rows[at:]), default=0)
    for index in range(widest if grid.sheet else len(given)):
        if (index >= len(given) or not given[index]) and index not in uncomputed:
            _judge_unnamed(grid, at, index, findings)
    if not grid.sheet:
        _judge_long_lines(grid, at, findings)
    return headings


def _judge_unnamed(grid: Grid, at: int, index: int, findings: Findings) -> None:
    """A problem when something stands in a column without a heading; its first cell is told."""
    for below in range(at + 1, len(grid.rows)):
        row = grid.rows[below]
        if index < len(row) and not is_blank((row[index],)):
            message = f"the cell {str(row[index])[:40]!r} stands in a column without a heading"
            where = grid.place(grid.lines[below], index)
            findings.add("empty-heading", message, where, "name the column, or empty it")
            return


def _judge_long_lines(grid: Grid, at: int, findings: Findings) -> None:
    """A problem for each line of a text file with more cells than the header has."""
    width = len(grid.rows[at])
    for below in range(at + 1, len(grid.rows)):
        row = grid.rows[below]
        if len(row) > width and not is_blank(row[width:]):
            message = f"the line has {len(row)} cells, the header {width}"
            where = grid.place(grid.lines[below])
            findings.add("too-many-cells", message, where, "quote a cell that holds the separator")


def _judge_cells(
    grid: Grid, at: int, oddities: Sequence[Oddity], headings: dict[str, int], findings: Findings
) -> None:
    """Problems for cells in the table, or its header, whose value the file does not hold."""
    columns = {grid.column + index for index in headings.values()}
    for odd in oddities:
        if odd.row and (odd.row < grid.lines[at] or (odd.column not in columns and odd.row > grid.lines[at])):
            continue
        place = (
            grid.place(odd.row, odd.column - grid.column) if odd.row else Place(grid.file, sheet=grid.sheet)
        )
        if odd.error:
            findings.add(
                "cell-error", f"the cell shows the error {odd.error}", place, "mend the formula, or clear it"
            )
        else:
            findings.add(
                "formula-without-value",
                "the formula was never computed, so the file holds no value for it",
                place,
                "open the workbook in a spreadsheet program and save it, or paste the values",
            )


def _judge_fill(fill_down: Sequence[str], headings: dict[str, int], place: Place, findings: Findings) -> None:
    for name in fill_down:
        if name not in headings:
            hint = did_you_mean(name, headings, "heading")
            findings.add("unknown-column", f"`fill_down` names no heading {name!r}", place, hint)


def _sheet_place(grid: Grid) -> Place:
    return Place(grid.file, sheet=grid.sheet)
