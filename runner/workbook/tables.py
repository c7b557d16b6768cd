"""Tables of people: CSV, workbooks, JSON and YAML as rows that know where they stand.

Reading has two stages, as a manifest's `where` stands between them and is an expression, which this package
never sees: `read_rows` applies `file`, `sheet`, `header` and `fill_down`; the caller filters with `kept`;
then `shape` applies `unpivot` and `group_by`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.model.frozen import frozen
from runner.model.problem import Place, Problem
from runner.workbook.csv_rows import read_csv
from runner.workbook.findings import Findings, did_you_mean
from runner.workbook.grid import Grid, key_text, place_of_cell
from runner.workbook.header import headed_rows
from runner.workbook.rows import Row, RowPlaces, TableRow, place_of
from runner.workbook.sheet_scan import Oddity
from runner.workbook.unpivot import UnpivotSpec, unpivoted
from runner.workbook.xlsx_rows import read_xlsx

__all__ = [
    "Row", "RowPlaces", "Table", "TableRow", "TableSpec", "UnpivotSpec", "key_text", "place_of", "read_rows",
    "read_table", "shape", "table_spec",
]  # fmt: skip

_TEXT = (".csv", ".tsv", ".txt")
_TREES = (".json", ".yaml", ".yml")
_BOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")


@frozen
class TableSpec:
    """An entry of a manifest's `data:`, but for its `where`.

    `sheet` None is the first, `"*"` all. `header` is a row number from 1, or None: the first row that is not
    empty; `find` names a heading that the header row holds.
    """

    file: str
    sheet: str | tuple[str, ...] | None = None
    header: int | None = None
    find: str | None = None
    fill_down: tuple[str, ...] = ()
    unpivot: UnpivotSpec | None = None
    group_by: tuple[str, ...] = ()


@frozen
class Table:
    """Rows in their order. A row of a file of tables is a `TableRow`; of JSON and YAML it may be any value.

    `places` are where the rows stand; `keys` are the rows' own keys where the file holds a mapping; `groups`
    are rows by key after `group_by`. `problems` may also hold warnings.
    """

    rows: tuple[Any, ...] = ()
    places: Sequence[Place] = ()
    problems: tuple[Problem, ...] = ()
    keys: tuple[str, ...] | None = None
    groups: Mapping[str, tuple[Any, ...]] | None = None

    @property
    def value(self) -> list[Any] | dict[str, Any]:
        """What `data.<name>` is in expressions: rows by group, rows by key, or the list of rows."""
        if self.groups is not None:
            return {key: list(rows) for key, rows in self.groups.items()}
        if self.keys is not None:
            return dict(zip(self.keys, self.rows, strict=True))
        return list(self.rows)

    def kept(self, keep: Callable[[Any], bool]) -> "Table":
        """The table with only the rows for which `keep` holds; what a `where` does."""
        chosen = [index for index, row in enumerate(self.rows) if keep(row)]
        return replace(
            self,
            rows=tuple(self.rows[index] for index in chosen),
            places=(
                self.places.of(chosen)
                if isinstance(self.places, RowPlaces)
                else tuple(self.places[index] for index in chosen)
            ),
            keys=None if self.keys is None else tuple(self.keys[index] for index in chosen),
        )


def table_spec(raw: Mapping[str, Any]) -> TableSpec:
    """A spec from the YAML of a `data:` entry (or of `for_each: {file: …}`) whose shape was checked."""
    header = raw.get("header")
    sheet = raw.get("sheet")
    turn = raw.get("unpivot")
    return TableSpec(
        file=raw["file"],
        sheet=tuple(sheet) if isinstance(sheet, list) else sheet,
        header=header if isinstance(header, int) else None,
        find=str(header["find"]) if isinstance(header, Mapping) else None,
        fill_down=_names(raw.get("fill_down")),
        unpivot=UnpivotSpec(_names(turn["columns"]), turn["name"], turn["value"]) if turn else None,
        group_by=_names(raw.get("group_by")),
    )


def read_table(spec: TableSpec, folder: Path) -> Table:
    """The whole way for a table without `where`; `folder` is the manifest's."""
    return shape(read_rows(spec, folder), spec)


def read_rows(spec: TableSpec, folder: Path) -> Table:
    """The rows of a file with `sheet`, `header`, `fill_down` applied. Faults are problems of the result."""
    findings = Findings()
    path = folder / spec.file
    suffix = path.suffix.lower()
    if not path.is_file():
        hint = did_you_mean(path.name, _beside(path), "file beside it")
        findings.add("missing-file", f"there is no file {spec.file!r}", Place(spec.file), hint)
        return Table(problems=findings.close(spec.file))
    try:
        if suffix in _TREES:
            table = _read_tree(path, spec, findings)
        elif suffix in (*_TEXT, *_BOOKS):
            table = _read_sheets(path, spec, findings)
        else:
            known = ", ".join((".csv", ".tsv", ".xlsx", ".json", ".yaml"))
            findings.add(
                "unknown-format", f"{suffix or 'no ending'!r} is no table", Place(spec.file), f"use {known}"
            )
            table = Table()
    except OSError as error:
        findings.add(
            "table-unreadable", f"the file cannot be read: {error.strerror or error}", Place(spec.file)
        )
        table = Table()
    if not table.rows and not findings:
        findings.add(
            "empty-table",
            "the table has no rows",
            Place(spec.file),
            "fill it, or take it out of the manifest",
        )
    return replace(table, problems=findings.close(spec.file))


def _read_sheets(path: Path, spec: TableSpec, findings: Findings) -> Table:
    rows: list[TableRow] = []
    grids: Iterable[tuple[Grid, tuple[Oddity, ...]]]
    if path.suffix.lower() in _TEXT:
        grid = read_csv(path, spec.file, spec.find, spec.header, findings)
        if spec.sheet is not None:
            findings.add("unknown-sheet", "a text file has no sheets", Place(spec.file), "take `sheet` out")
        grids = [(grid, ())] if grid is not None else []
    else:
        wanted = list(spec.sheet) if isinstance(spec.sheet, tuple) else spec.sheet
        grids = read_xlsx(path, spec.file, wanted, findings)
    for grid, oddities in grids:
        if spec.sheet == "*" and not grid.rows:
            continue
        rows.extend(headed_rows(grid, oddities, spec.header, spec.find, spec.fill_down, findings))
    return Table(tuple(rows), RowPlaces(rows))


def _read_tree(path: Path, spec: TableSpec, findings: Findings) -> Table:
    for name, given in (
        ("sheet", spec.sheet),
        ("header", spec.header or spec.find),
        ("fill_down", spec.fill_down),
    ):
        if given:
            message = f"`{name}` does not apply to a file of this kind"
            findings.add("unfit-option", message, Place(spec.file), "take it out")
    from runner.workbook.tree_rows import read_tree

    tree = read_tree(path, spec.file, findings)
    if tree is None:
        return Table()
    places = tuple(place_of_cell(spec.file, "", line, 1) for line in tree.lines)
    return Table(tree.rows, places, keys=tree.keys)


def shape(table: Table, spec: TableSpec) -> Table:
    """Applies `unpivot` and `group_by`; problems of reading stay."""
    if not table.rows or (spec.unpivot is None and not spec.group_by):
        return table
    findings = Findings()
    for row, place in zip(table.rows, table.places, strict=True):
        if not isinstance(row, Mapping):
            hint = "write each row as a mapping of columns to values"
            findings.add("not-a-row", "`unpivot` and `group_by` need rows with columns", place, hint)
    if not findings and spec.unpivot is not None:
        rows, places = unpivoted(table.rows, table.places, spec.unpivot, findings)
        table = replace(table, rows=rows, places=places, keys=None)
    if not findings and spec.group_by:
        table = replace(table, groups=_grouped(table, spec.group_by, findings))
    return replace(table, problems=(*table.problems, *findings.close(spec.file)))


def _grouped(table: Table, columns: Sequence[str], findings: Findings) -> dict[str, tuple[Any, ...]]:
    groups: dict[str, list[Any]] = {}
    parts_of: dict[str, tuple[str, ...]] = {}
    for column in columns:
        if not any(column in row for row in table.rows):
            hint = did_you_mean(column, table.rows[0], "column")
            findings.add("unknown-column", f"`group_by` names no column {column!r}", table.places[0], hint)
    if findings:
        return {}
    for row, place in zip(table.rows, table.places, strict=True):
        parts = tuple(key_text(row.get(column)) for column in columns)
        if "" in parts:
            name = columns[parts.index("")]
            hint = "fill the cell, name the column in `fill_down`, or leave the row out with `where`"
            findings.add(
                "empty-key", f"the row has no {name!r} to group by", place_of(row, name) or place, hint
            )
            continue
        key = "+".join(parts)
        if parts_of.setdefault(key, parts) != parts:
            findings.add("ambiguous-key", f"two groups are both called {key!r}", place, "rename one of them")
        groups.setdefault(key, []).append(row)
    return {key: tuple(rows) for key, rows in groups.items()}


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(name) for name in value) if isinstance(value, list | tuple) else (str(value),)


def _beside(path: Path) -> list[str]:
    try:
        return sorted(
            entry.name
            for entry in path.parent.iterdir()
            if entry.suffix.lower() in (*_TEXT, *_TREES, *_BOOKS)
        )
    except OSError:
        return []
